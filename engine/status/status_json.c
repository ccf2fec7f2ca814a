/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/status/status_format.h"
#include "engine/status/status_text.h"

#include "engine/base/check.h"

#include <inttypes.h>
#include <stdio.h>

/* One JSON object being written: knows whether a comma is due. */
struct json {
    struct btx_writer *out;
    bool follows;
};

static void put_key(struct json *json, const char *key, const char *suffix)
{
    char text[128];

    if (json->follows)
        btx_status_put(json->out, ",");
    json->follows = true;
    if (key == NULL)
        return;
    (void)snprintf(text, sizeof text, "%s%s", key, suffix);
    btx_status_put_quoted(json->out, text);
    btx_status_put(json->out, ":");
}

static void begin(struct json *json, const char *key, const char *bracket)
{
    put_key(json, key, "");
    btx_status_put(json->out, "%s", bracket);
    json->follows = false;
}

static void end(struct json *json, const char *bracket)
{
    btx_status_put(json->out, "%s", bracket);
    json->follows = true;
}

static void put_number(struct json *json, const char *key, const char *suffix, uint64_t value)
{
    put_key(json, key, suffix);
    if (value == BTX_STATUS_ABSENT)
        btx_status_put(json->out, "null");
    else
        btx_status_put(json->out, "%" PRIu64, value);
}

static void put_text(struct json *json, const char *key, const char *value)
{
    put_key(json, key, "");
    btx_status_put_quoted(json->out, value);
}

static const char *unit_suffix(enum btx_status_unit unit)
{
    switch (unit) {
    case BTX_STATUS_UNIT_BYTES:
        return "_bytes";
    case BTX_STATUS_UNIT_NS:
        return "_ns";
    case BTX_STATUS_UNIT_TIME:
    case BTX_STATUS_UNIT_DEADLINE:
        return "_time_ns";
    case BTX_STATUS_UNIT_BEAT:
        return "_age_ns";
    case BTX_STATUS_UNIT_COUNT:
    case BTX_STATUS_UNIT_NUMBER:
    case BTX_STATUS_UNIT_SWITCH:
    case BTX_STATUS_UNIT_FAULT_CODE:
    case BTX_STATUS_UNIT_ENGINE_STATE:
    case BTX_STATUS_UNIT_PART_STATE:
    case BTX_STATUS_UNIT_PRODUCER_STATE:
    case BTX_STATUS_UNIT_SPACE_LEVEL:
    case BTX_STATUS_UNIT_LOCK_STATE:
    case BTX_STATUS_UNIT_KERNEL_VIEW:
    case BTX_STATUS_UNIT_AUDIT_RESULT:
    case BTX_STATUS_UNITS:
        return "";
    }
    CHECK_UNREACHABLE();
}

/* One slot of @row. */
static void put_figure(struct json *json, const char *key, const struct btx_status_row *row,
                       uint64_t value)
{
    const char *word = btx_status_word(row->unit, value);

    if (word != NULL) {
        put_text(json, key, word);
    } else if (row->unit == BTX_STATUS_UNIT_SWITCH && value <= 1) {
        put_key(json, key, "");
        btx_status_put(json->out, value != 0 ? "true" : "false");
    } else {
        put_number(json, key, unit_suffix(row->unit), value);
    }
}

/* What a page calls the values of REASON and COMMAND; those without a name only when they count. */
static void put_labelled(struct json *json, const struct btx_status_reading *reading,
                         const struct btx_status_row *row)
{
    const uint32_t first = row->each == BTX_STATUS_EACH_REASON ? 0 : BTX_STATUS_REASON_SLOTS;

    begin(json, row->name, "{");
    for (uint32_t i = 0; i < row->slot_count; i++) {
        const uint64_t value = reading->slots[row->slot + i];
        char number[16];

        (void)snprintf(number, sizeof number, "#%" PRIu32, i);
        if (reading->labels[first + i][0] != '\0')
            put_number(json, reading->labels[first + i], "", value);
        else if (value != 0)
            put_number(json, number, "", value);
    }
    end(json, "}");
}

static void put_figures(struct json *json, const struct btx_status_reading *reading)
{
    begin(json, "figures", "{");
    for (uint32_t i = 0; i < btx_status_row_count; i++) {
        const struct btx_status_row *row = &btx_status_rows[i];

        if (!btx_status_has(reading, row->part))
            continue;
        if (row->each == BTX_STATUS_EACH_ONE)
            put_figure(json, row->name, row, reading->slots[row->slot]);
        else if (row->each != BTX_STATUS_EACH_PRODUCER)
            put_labelled(json, reading, row);
    }
    end(json, "}");
}

/* A command ring that somebody has or had. */
static void put_producers(struct json *json, const struct btx_status_reading *reading)
{
    begin(json, "producers", "[");
    for (uint32_t k = 0; k < BTX_STATUS_PRODUCER_SLOTS; k++) {
        const uint64_t state = reading->slots[BTX_STATUS_PRODUCER_STATE + k];

        if (state == BTX_STATUS_ABSENT || state == BTX_STATUS_PRODUCER_FREE)
            continue;
        begin(json, NULL, "{");
        put_number(json, "ring", "", k);
        put_text(json, "producer_name", reading->texts[BTX_STATUS_TEXT_PRODUCER_NAME + k]);
        for (uint32_t i = 0; i < btx_status_row_count; i++) {
            const struct btx_status_row *row = &btx_status_rows[i];

            if (row->each == BTX_STATUS_EACH_PRODUCER)
                put_figure(json, row->name, row, reading->slots[row->slot + k]);
        }
        end(json, "}");
    }
    end(json, "]");
}

static void put_parts(struct json *json, const struct btx_status_reading *reading)
{
    begin(json, "parts", "{");
    for (unsigned part = 0; part < BTX_STATUS_PART_COUNT; part++) {
        if (!btx_status_has(reading, (enum btx_status_part)part))
            continue;
        begin(json, btx_status_parts[part].name, "{");
        put_text(json, "process", btx_status_parts[part].process);
        put_key(json, "silent", "");
        btx_status_put(json->out, btx_status_part_life(reading, (enum btx_status_part)part) ==
                                          BTX_STATUS_LIFE_SILENT
                                      ? "true"
                                      : "false");
        for (unsigned i = 0; i < BTX_STATUS_COMMON_COUNT; i++) {
            const uint64_t value = reading->slots[btx_status_common_slot(
                (enum btx_status_part)part, (enum btx_status_common)i)];

            put_figure(json, btx_status_commons[i].name, &btx_status_commons[i],
                       i == BTX_STATUS_COMMON_HEARTBEAT
                           ? btx_status_silence_ns(reading, (enum btx_status_part)part)
                           : value);
        }
        put_text(json, "last_fault", reading->texts[BTX_STATUS_TEXT_FAULT + part]);
        end(json, "}");
    }
    end(json, "}");
}

static void put_texts(struct json *json, const struct btx_status_reading *reading)
{
    begin(json, "texts", "{");
    for (uint32_t i = 1; i < btx_status_text_row_count; i++) { /* the first row is the faults */
        const struct btx_status_text_row *row = &btx_status_texts[i];

        if (row->each == BTX_STATUS_EACH_ONE && btx_status_has(reading, row->part))
            put_text(json, row->name, reading->texts[row->text]);
    }
    end(json, "}");
}

static void put_rates(struct json *json, const struct btx_status_reading *reading,
                      const struct btx_status_reading *earlier)
{
    begin(json, "rates", "{");
    for (uint32_t i = 0; i < btx_status_row_count; i++) {
        const struct btx_status_row *row = &btx_status_rows[i];
        char suffix[32];

        if (row->kind != BTX_STATUS_COUNTER || row->each == BTX_STATUS_EACH_PRODUCER ||
            !btx_status_has(reading, row->part))
            continue;
        (void)snprintf(suffix, sizeof suffix, "%s_per_s", unit_suffix(row->unit));
        put_number(json, row->name, suffix, btx_status_rate(reading, earlier, row));
    }
    end(json, "}");
}

static void put_histogram(struct json *json, const struct btx_histogram *histogram)
{
    static const struct {
        const char *key;
        uint32_t per_million;
    } quantiles[] = {
        {"p50_ns", 500000}, {"p90_ns", 900000}, {"p99_ns", 990000}, {"p999_ns", 999000}};

    put_number(json, "count", "", histogram->count);
    put_number(json, "mean_ns", "", btx_histogram_mean(histogram));
    for (size_t k = 0; k < BTX_COUNT_OF(quantiles); k++)
        put_number(json, quantiles[k].key, "",
                   btx_histogram_quantile(histogram, quantiles[k].per_million));
    put_number(json, "max_ns", "", histogram->max_ns);
}

/* Of the interval, and since the start. */
static void put_histograms(struct json *json, const struct btx_status_reading *reading,
                           const struct btx_status_reading *earlier)
{
    begin(json, "histograms", "{");
    for (unsigned i = 0; i < BTX_STATUS_HISTOGRAM_COUNT; i++) {
        struct btx_histogram histogram;

        if (!btx_status_has(reading, btx_status_histograms[i].part))
            continue;
        btx_status_interval_histogram(reading, earlier, (enum btx_status_histogram)i, &histogram);
        begin(json, btx_status_histograms[i].name, "{");
        put_histogram(json, &histogram);
        begin(json, "since_start", "{");
        put_histogram(json, &reading->histograms[i]);
        end(json, "}");
        end(json, "}");
    }
    end(json, "}");
}

static void put_derived(struct json *json, const struct btx_status_reading *reading,
                        const struct btx_status_reading *earlier)
{
    begin(json, "derived", "{");
    put_number(json, "ring_fill_bytes", "", btx_status_ring_fill_bytes(reading));
    put_number(json, "low_space_in_s", "",
               btx_status_disk_left_s(reading, earlier, reading->slots[BTX_STATUS_LOW_SPACE]));
    put_number(json, "stop_space_in_s", "",
               btx_status_disk_left_s(reading, earlier, reading->slots[BTX_STATUS_STOP_SPACE]));
    end(json, "}");
}

static void put_line(void *context, const struct btx_status_line *line)
{
    static const char *const levels[] = {[BTX_STATUS_LEVEL_FINE] = "fine",
                                         [BTX_STATUS_LEVEL_LOOK] = "look",
                                         [BTX_STATUS_LEVEL_ACT] = "act"};
    struct json *json = context;

    begin(json, NULL, "{");
    put_text(json, "label", line->label);
    put_text(json, "level", levels[line->level]);
    put_text(json, "text", line->text);
    if (line->advice != NULL)
        put_text(json, "advice", line->advice);
    end(json, "}");
}

void btx_status_put_json(struct btx_writer *out, const struct btx_status_reading *reading,
                         const struct btx_status_reading *earlier)
{
    const struct btx_status_interval interval = btx_status_interval(reading, earlier);
    struct json json = {out, false};

    begin(&json, NULL, "{");
    put_number(&json, "time_ns", "", reading->wall_ns);
    put_text(&json, "version", reading->version);
    put_number(&json, "interval_ns", "", interval.duration_ns);
    put_key(&json, "since_start", "");
    btx_status_put(out, interval.since_start ? "true" : "false");
    put_parts(&json, reading);
    put_figures(&json, reading);
    put_producers(&json, reading);
    put_texts(&json, reading);
    put_derived(&json, reading, earlier);
    put_rates(&json, reading, earlier);
    put_histograms(&json, reading, earlier);
    begin(&json, "screen", "[");
    btx_status_judge(reading, earlier, put_line, &json);
    end(&json, "]");
    end(&json, "}\n");
}
