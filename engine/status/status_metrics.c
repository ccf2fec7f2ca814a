/* SPDX-License-Identifier: Apache-2.0 */
/* status_metrics.c - Prometheus' text format 0.0.4.
 *
 * Names follow its conventions: betex_<name>, base units (seconds, bytes) as a suffix, _total at
 * the end of counters.  Words become one sample for each word, of which one is 1.  All samples of a
 * metric stand together, below its HELP and TYPE. */
#include "engine/status/status_format.h"
#include "engine/status/status_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Histograms are given at each power of two between these: 256 ns and 17 s. */
enum { POWER_MIN = 8, POWER_MAX = 34 };

/* A metric's name with unit and _total. */
struct metric_name {
    char text[96];
};

static struct metric_name metric_name(const struct btx_status_row *row)
{
    const char *suffix = "";
    struct metric_name name;

    if (row->unit == BTX_STATUS_UNIT_BYTES)
        suffix = "_bytes";
    else if (row->unit == BTX_STATUS_UNIT_NS)
        suffix = "_seconds";
    else if (row->unit == BTX_STATUS_UNIT_TIME || row->unit == BTX_STATUS_UNIT_DEADLINE)
        suffix = "_timestamp_seconds";
    else if (row->unit == BTX_STATUS_UNIT_BEAT)
        suffix = "_age_seconds";
    (void)snprintf(name.text, sizeof name.text, "betex_%s%s%s", row->name, suffix,
                   row->kind == BTX_STATUS_COUNTER ? "_total" : "");
    return name;
}

static void put_head(struct btx_writer *out, const char *name, const char *help, const char *type)
{
    btx_status_put(out, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type);
}

static bool is_seconds(enum btx_status_unit unit)
{
    return unit == BTX_STATUS_UNIT_NS || unit == BTX_STATUS_UNIT_TIME ||
           unit == BTX_STATUS_UNIT_DEADLINE || unit == BTX_STATUS_UNIT_BEAT;
}

/* label="value", a literal and any text; "" when there is no label. */
struct labels {
    char label[16];
    char value[BTX_STATUS_TEXT_BYTES];
};

static void put_labels(struct btx_writer *out, const struct labels *labels, const char *more,
                       const char *more_value)
{
    const bool first = labels->label[0] != '\0';

    if (!first && more == NULL)
        return;
    btx_status_put(out, "{");
    if (first) {
        btx_status_put(out, "%s=", labels->label);
        btx_status_put_quoted(out, labels->value);
    }
    if (more != NULL) {
        btx_status_put(out, "%s%s=", first ? "," : "", more);
        btx_status_put_quoted(out, more_value);
    }
    btx_status_put(out, "}");
}

static void put_sample(struct btx_writer *out, const struct btx_status_row *row, uint64_t value,
                       const struct labels *labels)
{
    const struct metric_name name = metric_name(row);

    if (value == BTX_STATUS_ABSENT)
        return;
    if (btx_status_word_count(row->unit) != 0) {
        for (uint32_t i = 0; i < btx_status_word_count(row->unit); i++) {
            btx_status_put(out, "%s", name.text);
            put_labels(out, labels, "state", btx_status_word(row->unit, i));
            btx_status_put(out, " %d\n", value == i);
        }
        return;
    }
    btx_status_put(out, "%s", name.text);
    put_labels(out, labels, NULL, NULL);
    if (is_seconds(row->unit))
        btx_status_put(out, " %s\n", btx_status_format_seconds(value).text);
    else
        btx_status_put(out, " %" PRIu64 "\n", value);
}

/* Which ring, reason or command slot @index of @row is; false when nobody needs to know. */
static bool slot_labels(const struct btx_status_reading *reading, const struct btx_status_row *row,
                        uint32_t index, struct labels *labels)
{
    const uint64_t value = reading->slots[row->slot + index];
    uint32_t first = 0;

    memset(labels, 0, sizeof *labels);
    if (row->each == BTX_STATUS_EACH_ONE)
        return true;
    (void)snprintf(labels->label, sizeof labels->label, "%s", btx_status_each_label(row->each));
    if (row->each == BTX_STATUS_EACH_PRODUCER) {
        /* By number, since two rings may come to have the same name. */
        (void)snprintf(labels->value, sizeof labels->value, "%" PRIu32, index);
        return reading->slots[BTX_STATUS_PRODUCER_STATE + index] != BTX_STATUS_ABSENT &&
               reading->slots[BTX_STATUS_PRODUCER_STATE + index] != BTX_STATUS_PRODUCER_FREE;
    }
    if (row->each == BTX_STATUS_EACH_COMMAND)
        first = BTX_STATUS_REASON_SLOTS;
    if (reading->labels[first + index][0] != '\0') {
        (void)snprintf(labels->value, sizeof labels->value, "%s", reading->labels[first + index]);
        return true;
    }
    (void)snprintf(labels->value, sizeof labels->value, "#%" PRIu32, index);
    return value != 0;
}

static void put_row(struct btx_writer *out, const struct btx_status_reading *reading,
                    const struct btx_status_row *row)
{
    bool headed = false;

    for (uint32_t i = 0; i < row->slot_count; i++) {
        const uint64_t value = reading->slots[row->slot + i];
        struct labels labels;

        if (!slot_labels(reading, row, i, &labels) || value == BTX_STATUS_ABSENT)
            continue;
        if (!headed)
            put_head(out, metric_name(row).text, row->help,
                     row->kind == BTX_STATUS_COUNTER ? "counter" : "gauge");
        headed = true;
        put_sample(out, row, value, &labels);
    }
}

static void put_common(struct btx_writer *out, const struct btx_status_reading *reading,
                       enum btx_status_common common)
{
    const struct btx_status_row *row = &btx_status_commons[common];
    bool headed = false;

    for (unsigned part = 0; part < BTX_STATUS_PART_COUNT; part++) {
        const uint32_t slot = btx_status_common_slot((enum btx_status_part)part, common);
        const uint64_t value = common == BTX_STATUS_COMMON_HEARTBEAT
                                   ? btx_status_silence_ns(reading, (enum btx_status_part)part)
                                   : reading->slots[slot];
        struct labels labels = {.label = "part"};

        if (!btx_status_has(reading, (enum btx_status_part)part) || value == BTX_STATUS_ABSENT)
            continue;
        (void)snprintf(labels.value, sizeof labels.value, "%s", btx_status_parts[part].name);
        if (!headed)
            put_head(out, metric_name(row).text, row->help,
                     row->kind == BTX_STATUS_COUNTER ? "counter" : "gauge");
        headed = true;
        put_sample(out, row, value, &labels);
    }
}

static void put_histogram(struct btx_writer *out, const struct btx_status_histogram_row *row,
                          const struct btx_histogram *histogram)
{
    struct metric_name name;

    (void)snprintf(name.text, sizeof name.text, "betex_%s_seconds", row->name);
    put_head(out, name.text, row->help, "histogram");
    for (uint32_t power = POWER_MIN; power <= POWER_MAX; power++)
        btx_status_put(out, "%s_bucket{le=\"%s\"} %" PRIu64 "\n", name.text,
                       btx_status_format_seconds(UINT64_C(1) << power).text,
                       btx_histogram_count_up_to(histogram, power));
    btx_status_put(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name.text, histogram->count);
    /* A sum may be any number, also the one that means "absent" elsewhere. */
    btx_status_put(out, "%s_sum %s\n", name.text,
                   btx_status_format_seconds(histogram->sum_ns < BTX_STATUS_ABSENT
                                                 ? histogram->sum_ns
                                                 : BTX_STATUS_ABSENT - 1)
                       .text);
    btx_status_put(out, "%s_count %" PRIu64 "\n", name.text, histogram->count);
}

/* What is a text and does not change for long: as labels of a metric that is 1. */
static void put_info(struct btx_writer *out, const struct btx_status_reading *reading)
{
    put_head(out, "betex_info", "The program, its machine and its image", "gauge");
    btx_status_put(out, "betex_info{version=");
    btx_status_put_quoted(out, reading->version);
    btx_status_put(out, ",host=");
    btx_status_put_quoted(out, reading->texts[BTX_STATUS_TEXT_HOST]);
    btx_status_put(out, ",image=");
    btx_status_put_quoted(out, reading->texts[BTX_STATUS_TEXT_IMAGE]);
    btx_status_put(out, "} 1\n");
}

/* Which ring is whose, to be joined with the metrics that name rings by number. */
static void put_producer_info(struct btx_writer *out, const struct btx_status_reading *reading)
{
    bool headed = false;

    for (uint32_t k = 0; k < BTX_STATUS_PRODUCER_SLOTS; k++) {
        const uint64_t state = reading->slots[BTX_STATUS_PRODUCER_STATE + k];

        if (state == BTX_STATUS_ABSENT || state == BTX_STATUS_PRODUCER_FREE)
            continue;
        if (!headed)
            put_head(out, "betex_producer_info", "Whose command ring it is", "gauge");
        headed = true;
        btx_status_put(out, "betex_producer_info{producer=\"%" PRIu32 "\",name=", k);
        btx_status_put_quoted(out, reading->texts[BTX_STATUS_TEXT_PRODUCER_NAME + k]);
        btx_status_put(out, "} 1\n");
    }
}

void btx_status_put_metrics(struct btx_writer *out, const struct btx_status_reading *reading)
{
    if (btx_status_has(reading, BTX_STATUS_PART_MAIN))
        put_info(out, reading);
    for (unsigned i = 0; i < BTX_STATUS_COMMON_COUNT; i++)
        put_common(out, reading, (enum btx_status_common)i);
    for (uint32_t i = 0; i < btx_status_row_count; i++) {
        if (btx_status_has(reading, btx_status_rows[i].part))
            put_row(out, reading, &btx_status_rows[i]);
    }
    put_producer_info(out, reading);
    for (unsigned i = 0; i < BTX_STATUS_HISTOGRAM_COUNT; i++) {
        if (btx_status_has(reading, btx_status_histograms[i].part))
            put_histogram(out, &btx_status_histograms[i], &reading->histograms[i]);
    }
}
