/* SPDX-License-Identifier: Apache-2.0 */
#include "reference.h"

#include "engine/status/page.h"

#include <stdarg.h>
#include <stdio.h>

static void put(struct btx_writer *out, const char *format, ...) BTX_PRINTF(2, 3);

static void put(struct btx_writer *out, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    btx_writer_bytes(out, text, strlen(text));
}

static void put_row(struct btx_writer *out, const struct btx_status_row *row, uint32_t slot,
                    const char *plus)
{
    char each[32] = "";

    if (row->each != BTX_STATUS_EACH_ONE)
        (void)snprintf(each, sizeof each, " of each %s", btx_status_each_label(row->each));
    put(out, "| %s%u | %u | `%s` | %s%s | %s | %s |\n", plus, slot, row->slot_count, row->name,
        row->kind == BTX_STATUS_COUNTER ? "counter" : "gauge", each,
        btx_status_unit_name(row->unit), row->help);
}

static void put_places(struct btx_writer *out)
{
    put(out, "| at byte | bytes | what |\n|---|---|---|\n");
    put(out, "| 0 | %zu | header |\n", sizeof(struct btx_status_header));
    put(out, "| %zu | %zu | %zu slots of 8 |\n", offsetof(struct btx_status_shared, slots),
        sizeof(struct btx_status_places), BTX_STATUS_SLOT_COUNT);
    put(out, "| %zu | %zu | %d texts of %zu |\n", offsetof(struct btx_status_shared, texts),
        BTX_STATUS_TEXT_COUNT * sizeof(struct btx_status_text_shared), BTX_STATUS_TEXT_COUNT,
        sizeof(struct btx_status_text_shared));
    put(out, "| %zu | %zu | %d histograms of %zu |\n",
        offsetof(struct btx_status_shared, histograms),
        BTX_STATUS_HISTOGRAM_COUNT * sizeof(struct btx_histogram_shared),
        BTX_STATUS_HISTOGRAM_COUNT, sizeof(struct btx_histogram_shared));
    put(out, "| %zu | | end |\n\n", sizeof(struct btx_status_shared));
}

static void put_words(struct btx_writer *out)
{
    put(out, "\n| unit | its words, from 0 |\n|---|---|\n");
    for (unsigned unit = 0; unit < BTX_STATUS_UNITS; unit++) {
        const uint32_t count = btx_status_word_count((enum btx_status_unit)unit);

        if (count == 0)
            continue;
        put(out, "| %s | ", btx_status_unit_name((enum btx_status_unit)unit));
        for (uint32_t i = 0; i < count; i++)
            put(out, "%s%s", i == 0 ? "" : ", ", btx_status_word((enum btx_status_unit)unit, i));
        put(out, " |\n");
    }
}

void reference_put(struct btx_writer *out)
{
    put_places(out);
    put(out, "| part | in | first slot | what it does |\n|---|---|---|---|\n");
    for (unsigned i = 0; i < BTX_STATUS_PART_COUNT; i++)
        put(out, "| `%s` | %s | %u | %s |\n", btx_status_parts[i].name, btx_status_parts[i].process,
            btx_status_parts[i].slot, btx_status_parts[i].help);
    put(out,
        "\n| slot | slots | figure | kind | unit | what it says |\n|---|---|---|---|---|---|\n");
    for (unsigned i = 0; i < BTX_STATUS_COMMON_COUNT; i++)
        put_row(out, &btx_status_commons[i], i, "each part's +");
    for (uint32_t i = 0; i < btx_status_row_count; i++)
        put_row(out, &btx_status_rows[i], btx_status_rows[i].slot, "");
    put_words(out);
    put(out, "\n| text | texts | name | written by | what it says |\n|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < btx_status_text_row_count; i++) {
        const struct btx_status_text_row *row = &btx_status_texts[i];

        put(out, "| %u | %u | `%s` | %s | %s |\n", row->text, row->text_count, row->name,
            i == 0 ? "each" : btx_status_parts[row->part].name, row->help);
    }
    put(out, "\n| histogram | name | written by | what it measures |\n|---|---|---|---|\n");
    for (unsigned i = 0; i < BTX_STATUS_HISTOGRAM_COUNT; i++)
        put(out, "| %u | `%s` | %s | %s |\n", i, btx_status_histograms[i].name,
            btx_status_parts[btx_status_histograms[i].part].name, btx_status_histograms[i].help);
}
