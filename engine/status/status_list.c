/* SPDX-License-Identifier: Apache-2.0 */
/* status_list.c - figures one below the other, with what each of them says. */
#include "engine/status/status_format.h"
#include "engine/status/status_text.h"

#include "engine/base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Wide enough for any name with a label; values mostly up to 34, help behind them. */
enum { NAME_COLUMNS = 28, VALUE_COLUMNS = 34 };

struct value {
    char text[3 * sizeof(struct btx_status_short)];
};

/* A moment, and how long ago it is or until it comes. */
static struct value format_moment(uint64_t time_ns, uint64_t now_ns)
{
    struct value value;

    (void)snprintf(
        value.text, sizeof value.text, "%s%s%s%s", btx_status_format_time(time_ns).text,
        time_ns < now_ns ? ", " : ", in ",
        btx_status_format_duration(time_ns < now_ns ? now_ns - time_ns : time_ns - now_ns).text,
        time_ns < now_ns ? " ago" : "");
    return value;
}

static struct value format_value(const struct btx_status_reading *reading,
                                 const struct btx_status_row *row, uint64_t number)
{
    const char *word = btx_status_word(row->unit, number);
    struct btx_status_short text = btx_status_format_count(number);
    struct value value;

    if (number == BTX_STATUS_ABSENT)
        word = "-";
    else if (row->unit == BTX_STATUS_UNIT_SWITCH && number <= 1)
        word = number != 0 ? "yes" : "no";
    else if (row->unit == BTX_STATUS_UNIT_TIME || row->unit == BTX_STATUS_UNIT_DEADLINE)
        return format_moment(number, reading->wall_ns);
    else if (row->unit == BTX_STATUS_UNIT_NS)
        text = btx_status_format_duration(number);
    else if (row->unit == BTX_STATUS_UNIT_BYTES)
        text = btx_status_format_bytes(number);
    else if (row->unit == BTX_STATUS_UNIT_NUMBER) /* as other commands want it typed */
        (void)snprintf(text.text, sizeof text.text, "%" PRIu64, number);
    (void)snprintf(value.text, sizeof value.text, "%s", word != NULL ? word : text.text);
    return value;
}

static void put_line(struct btx_writer *out, const char *name, const char *value, const char *help)
{
    btx_status_put(out, "%-*s  %-*s  %s\n", NAME_COLUMNS, name, VALUE_COLUMNS, value, help);
}

/* One line for each slot that means something: those of REASON and COMMAND that counted. */
static void put_row(struct btx_writer *out, const struct btx_status_reading *reading,
                    const struct btx_status_row *row)
{
    const uint32_t first = row->each == BTX_STATUS_EACH_COMMAND ? BTX_STATUS_REASON_SLOTS : 0;

    if (row->each == BTX_STATUS_EACH_ONE) {
        put_line(out, row->name, format_value(reading, row, reading->slots[row->slot]).text,
                 row->help);
        return;
    }
    for (uint32_t i = 0; i < row->slot_count; i++) {
        const uint64_t number = reading->slots[row->slot + i];
        char label[BTX_STATUS_TEXT_BYTES];
        char name[BTX_STATUS_TEXT_BYTES + 64];

        if (number == 0 || number == BTX_STATUS_ABSENT)
            continue;
        btx_status_printable(label, sizeof label,
                             row->each == BTX_STATUS_EACH_PRODUCER
                                 ? reading->texts[BTX_STATUS_TEXT_PRODUCER_NAME + i]
                                 : reading->labels[first + i]);
        if (label[0] == '\0')
            (void)snprintf(label, sizeof label, "#%" PRIu32, i);
        (void)snprintf(name, sizeof name, "%s %s", row->name, label);
        put_line(out, name, format_value(reading, row, number).text, row->help);
    }
}

static void put_part(struct btx_writer *out, const struct btx_status_reading *reading,
                     enum btx_status_part part)
{
    char text[BTX_STATUS_TEXT_BYTES];

    btx_status_put(out, "%s%s, in %s: %s\n", out->length_bytes != 0 ? "\n" : "",
                   btx_status_parts[part].name, btx_status_parts[part].process,
                   btx_status_parts[part].help);
    for (unsigned i = 0; i < BTX_STATUS_COMMON_COUNT; i++) {
        const struct btx_status_row *row = &btx_status_commons[i];
        const uint64_t silence_ns = btx_status_silence_ns(reading, part);

        if (i == BTX_STATUS_COMMON_HEARTBEAT) {
            (void)snprintf(text, sizeof text, "%s ago",
                           btx_status_format_duration(silence_ns).text);
            put_line(out, row->name, text, row->help);
        } else {
            const uint32_t slot = btx_status_common_slot(part, (enum btx_status_common)i);

            put_line(out, row->name, format_value(reading, row, reading->slots[slot]).text,
                     row->help);
        }
    }
    btx_status_printable(text, sizeof text, reading->texts[BTX_STATUS_TEXT_FAULT + (unsigned)part]);
    if (text[0] != '\0')
        put_line(out, "last_fault_text", text, "");
    for (uint32_t i = 1; i < btx_status_text_row_count; i++) { /* the first row is the faults */
        const struct btx_status_text_row *row = &btx_status_texts[i];

        if (row->part != part || row->each != BTX_STATUS_EACH_ONE)
            continue;
        btx_status_printable(text, sizeof text, reading->texts[row->text]);
        put_line(out, row->name, text[0] != '\0' ? text : "-", row->help);
    }
    for (uint32_t i = 0; i < btx_status_row_count; i++) {
        if (btx_status_rows[i].part == part)
            put_row(out, reading, &btx_status_rows[i]);
    }
}

void btx_status_put_list(struct btx_writer *out, const struct btx_status_reading *reading,
                         uint64_t parts)
{
    CHECK(parts >> BTX_STATUS_PART_COUNT == 0);
    for (unsigned part = 0; part < BTX_STATUS_PART_COUNT; part++) {
        if (parts >> part & 1u && btx_status_has(reading, (enum btx_status_part)part))
            put_part(out, reading, (enum btx_status_part)part);
    }
}
