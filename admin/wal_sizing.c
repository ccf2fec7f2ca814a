/* SPDX-License-Identifier: Apache-2.0 */
/* wal_sizing.c - betex-wal sizing: settings, their bounds, and what they can reach. */
#include "admin/wal_request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/json.h"
#include "admin/sizing_reach.h"
#include "admin/table.h"
#include "admin/terminal.h"
#include "admin/units.h"
#include "engine/base/limits.h"
#include "engine/settings/settings.h"
#include "engine/wal/sizing.h"
#include "engine/wal/wal_format.h"
#include "engine/wal/wal_settings.h"

#define WORST_EVENTS UINT64_C(32768)
#define RATE_DEFAULT UINT64_C(500000)
#define RATE_MAX UINT64_C(1000000000)
#define EVENT_BYTES_DEFAULT UINT64_C(192)
#define SMALL_EVENT_BYTES UINT64_C(128)
#define NS_IN_S UINT64_C(1000000000)
#define S_IN_DAY UINT64_C(86400)

/* Whether it is one of those that sizing is about. */
static bool is_sized(const struct btx_setting *setting)
{
    return strncmp(setting->name, "wal.", 4) == 0 ||
           strcmp(setting->name, btx_wal_ring_setting.name) == 0;
}

static enum btx_fault_code take_setting(struct btx_config *config, const char *text,
                                        struct btx_fault *reterr_fault)
{
    const char *equals = strchr(text, '=');
    struct btx_config_key *key;
    char name[BTX_CONFIG_NAME_BYTES];

    if (equals == NULL || equals == text)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "'%s': want KEY=VALUE", text);
    (void)snprintf(name, sizeof name, "%.*s", (int)(equals - text), text); /* Cut finds nothing. */
    key = btx_config_find(config, name);
    if (key == NULL || !is_sized(key->setting))
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "'%s': not a setting (betex-wal sizing shows all of them)", name);
    if (btx_config_set(key, equals + 1, reterr_fault) != BTX_OK)
        return btx_fault_wrap(reterr_fault, "%s", name);
    return BTX_OK;
}

/* The settings: those of the command line, of the file, or defaults.  The rules across them are
 * judged later: that they do not go together is an answer. */
static enum btx_fault_code take_settings(struct btx_sizing_plan *plan,
                                         const struct btx_wal_request *request,
                                         struct btx_fault *reterr_fault)
{
    static struct btx_settings settings;
    static struct btx_config config;
    enum btx_fault_code code = BTX_OK;

    btx_settings_init(&settings, &config);
    for (size_t i = 0; code == BTX_OK && i < request->argument_count; i++)
        code = take_setting(&config, request->arguments[i], reterr_fault);
    if (code == BTX_OK && request->config != NULL)
        code = btx_config_read(&config, request->config, reterr_fault);
    plan->settings = settings.wal;
    plan->ring_events = settings.engine.ring_events;
    return code;
}

static enum btx_fault_code take_number(const struct btx_option_number *number, const char *name,
                                       uint64_t minimum, uint64_t maximum, uint64_t *value,
                                       struct btx_fault *reterr_fault)
{
    if (!number->given)
        return BTX_OK;
    if (number->value < minimum || number->value > maximum)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--%s: want %" PRIu64 "..%" PRIu64 ", got %" PRIu64, name, minimum,
                             maximum, number->value);
    *value = number->value;
    return BTX_OK;
}

static enum btx_fault_code make_plan(struct btx_sizing_plan *plan,
                                     const struct btx_wal_request *request,
                                     struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    plan->rate = RATE_DEFAULT;
    plan->event_bytes = EVENT_BYTES_DEFAULT;
    code = take_number(&request->rate, "rate", 1, RATE_MAX, &plan->rate, reterr_fault);
    if (code == BTX_OK)
        code = take_number(&request->bytes, "bytes", BTX_RECORD_UNIT_BYTES, BTX_RECORD_BYTES_MAX,
                           &plan->event_bytes, reterr_fault);
    return code == BTX_OK ? take_settings(plan, request, reterr_fault) : code;
}

static void add_row(struct btx_table *table, const struct btx_setting *setting, uint64_t value)
{
    char text[BTX_SETTING_TEXT_BYTES];
    char bounds[128];

    btx_setting_print(setting, value, text);
    btx_table_cell(table, "%s", setting->name);
    btx_table_cell(table, "%s", text);
    btx_setting_print(setting, setting->fallback, text);
    btx_table_cell(table, "%s", text);
    btx_setting_print_bounds(setting, bounds, sizeof bounds);
    btx_table_cell(table, "%s", bounds);
}

static enum btx_fault_code print_settings(struct btx_sizing_plan *plan,
                                          struct btx_fault *reterr_fault)
{
    static const struct btx_column columns[] = {
        {"SETTING", true}, {"VALUE", false}, {"DEFAULT", false}, {"BOUNDS", true}};
    struct btx_table table = {.columns = columns, .column_count = BTX_COUNT_OF(columns)};
    enum btx_fault_code code;

    add_row(&table, &btx_wal_ring_setting, plan->ring_events);
    for (size_t i = 0; i < BTX_WAL_SETTING_COUNT; i++)
        add_row(&table, &btx_wal_settings[i],
                *btx_setting_value(&btx_wal_settings[i], &plan->settings));
    code = btx_table_print(&table, stdout, reterr_fault);
    btx_table_done(&table);
    return code;
}

static enum btx_fault_code print_capacities(const struct btx_sizing_plan *plan,
                                            struct btx_fault *reterr_fault)
{
    static const struct btx_column columns[] = {{"ONE SEGMENT TAKES ABOUT", true},
                                                {"IN FULL COMMITS", false},
                                                {"IN COMMITS OF ONE EVENT", false}};
    const uint64_t sizes[] = {SMALL_EVENT_BYTES, plan->event_bytes, BTX_RECORD_BYTES_MAX};
    struct btx_table table = {.columns = columns, .column_count = BTX_COUNT_OF(columns)};
    enum btx_fault_code code;

    for (size_t i = 0; i < BTX_COUNT_OF(sizes); i++) {
        btx_table_cell(&table, "events of %" PRIu64 " bytes", sizes[i]);
        btx_table_cell(&table, "%" PRIu64, btx_sizing_full(plan, sizes[i]));
        btx_table_cell(&table, "%" PRIu64, btx_sizing_single(plan, sizes[i]));
    }
    code = btx_table_print(&table, stdout, reterr_fault);
    btx_table_done(&table);
    return code;
}

static enum btx_fault_code print_cases(const struct btx_sizing_plan *plan,
                                       struct btx_fault *reterr_fault)
{
    static const struct btx_column columns[] = {{"WORST: GREATEST EVENTS", true},
                                                {"RECORDS", false},
                                                {"FULL COMMITS", false},
                                                {"ONE A COMMIT", false},
                                                {"SEGMENTS", false}};
    const uint64_t counts[] = {WORST_EVENTS, plan->settings.max_segment_events};
    struct btx_table table = {.columns = columns, .column_count = BTX_COUNT_OF(columns)};
    enum btx_fault_code code;

    for (size_t i = 0; i < BTX_COUNT_OF(counts); i++) {
        const struct btx_sizing_case sized = btx_sizing_case(plan, counts[i], BTX_RECORD_BYTES_MAX);

        btx_table_cell(&table, "%" PRIu64 " of %" PRIu64 " bytes", sized.count, sized.event_bytes);
        btx_table_cell(&table, "%s", btx_units_bytes(sized.payload_bytes).text);
        btx_table_cell(&table, "%s", btx_units_bytes(sized.full_bytes).text);
        btx_table_cell(&table, "%s", btx_units_bytes(sized.single_bytes).text);
        btx_table_cell(&table, "%" PRIu64, sized.segments);
    }
    code = btx_table_print(&table, stdout, reterr_fault);
    btx_table_done(&table);
    return code;
}

static void print_commit(const struct btx_sizing_plan *plan)
{
    const uint64_t commit_bytes = plan->settings.max_commit_bytes;
    const uint64_t commit_pages = btx_wal_commit_pages_max(commit_bytes, 0);
    const uint64_t ring_bytes = plan->ring_events * BTX_WAL_RING_EVENT_BYTES;

    printf("ring       %s, room for %" PRIu64 " of the greatest events (%u bytes);\n"
           "           %" PRIu64 " hugepages of 2 MiB for two incarnations\n",
           btx_units_bytes(ring_bytes).text, ring_bytes / BTX_RECORD_BYTES_MAX,
           BTX_RECORD_BYTES_MAX, btx_sizing_hugepages(plan));
    printf("commit     %s of records at most, by which a segment grows %" PRIu64 " pages (%s)\n"
           "           at most; it needs a map of %s\n",
           btx_units_bytes(commit_bytes).text, commit_pages,
           btx_units_bytes(commit_pages * BTX_WAL_PAGE_BYTES).text,
           btx_units_bytes(btx_wal_map_bytes_min(commit_bytes)).text);
}

static void print_rotation(const struct btx_sizing_plan *plan)
{
    const uint64_t second_bytes = plan->rate * plan->event_bytes;
    const struct btx_sizing_rotation rotation = btx_sizing_rotation(plan);

    printf("rate       %" PRIu64 " events/s of %" PRIu64 " bytes\n", plan->rate, plan->event_bytes);
    printf("rotation   every %s: %" PRIu64 " events, %s; decided by\n"
           "           %s; %" PRIu64 " segments a day\n",
           btx_units_duration(rotation.every_ns).text, rotation.events,
           btx_units_bytes(rotation.bytes).text, rotation.cause,
           S_IN_DAY * NS_IN_S / (rotation.every_ns == 0 ? 1 : rotation.every_ns));
    printf("disk       at least %s a second, %s a day\n", btx_units_bytes(second_bytes).text,
           btx_units_bytes(second_bytes * S_IN_DAY).text);
}

static enum btx_fault_code print_reach(const struct btx_sizing_plan *plan,
                                       struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    print_commit(plan);
    print_rotation(plan);
    printf("\n");
    code = print_capacities(plan, reterr_fault);
    if (code != BTX_OK)
        return code;
    printf("\n");
    return print_cases(plan, reterr_fault);
}

static void json_setting(struct btx_json *json, const struct btx_setting *setting, uint64_t value)
{
    char text[BTX_SETTING_TEXT_BYTES];

    btx_setting_print(setting, value, text);
    btx_json_begin_object(json, NULL);
    btx_json_text(json, "name", setting->name);
    btx_json_u64(json, "value", value);
    btx_json_text(json, "text", text);
    btx_json_u64(json, "default", setting->fallback);
    btx_json_u64(json, "minimum", setting->minimum);
    btx_json_u64(json, "maximum", setting->maximum);
    btx_json_text(json, "help", setting->help);
    btx_json_end_object(json);
}

static void json_case(struct btx_json *json, const struct btx_sizing_plan *plan, uint64_t count)
{
    const struct btx_sizing_case sized = btx_sizing_case(plan, count, BTX_RECORD_BYTES_MAX);

    btx_json_begin_object(json, NULL);
    btx_json_u64(json, "events", sized.count);
    btx_json_u64(json, "event_bytes", sized.event_bytes);
    btx_json_u64(json, "payload_bytes", sized.payload_bytes);
    btx_json_u64(json, "disk_bytes_full_commits", sized.full_bytes);
    btx_json_u64(json, "disk_bytes_single_commits", sized.single_bytes);
    btx_json_end_object(json);
}

static void json_capacity(struct btx_json *json, const struct btx_sizing_plan *plan,
                          uint64_t event_bytes)
{
    btx_json_begin_object(json, NULL);
    btx_json_u64(json, "event_bytes", event_bytes);
    btx_json_u64(json, "events_full_commits", btx_sizing_full(plan, event_bytes));
    btx_json_u64(json, "events_single_commits", btx_sizing_single(plan, event_bytes));
    btx_json_end_object(json);
}

static void json_reach(struct btx_json *json, const struct btx_sizing_plan *plan)
{
    const uint64_t commit_bytes = plan->settings.max_commit_bytes;
    const struct btx_sizing_rotation rotation = btx_sizing_rotation(plan);

    btx_json_u64(json, "ring_bytes", plan->ring_events * BTX_WAL_RING_EVENT_BYTES);
    btx_json_u64(json, "hugepages_2mib", btx_sizing_hugepages(plan));
    btx_json_u64(json, "commit_pages_max", btx_wal_commit_pages_max(commit_bytes, 0));
    btx_json_u64(json, "map_bytes_min", btx_wal_map_bytes_min(commit_bytes));
    btx_json_begin_list(json, "segment_capacity");
    json_capacity(json, plan, SMALL_EVENT_BYTES);
    json_capacity(json, plan, plan->event_bytes);
    json_capacity(json, plan, BTX_RECORD_BYTES_MAX);
    btx_json_end_list(json);
    btx_json_begin_list(json, "worst_cases");
    json_case(json, plan, WORST_EVENTS);
    json_case(json, plan, plan->settings.max_segment_events);
    btx_json_end_list(json);
    btx_json_u64(json, "rate", plan->rate);
    btx_json_u64(json, "event_bytes", plan->event_bytes);
    btx_json_u64(json, "segment_every_ns", rotation.every_ns);
    btx_json_u64(json, "segment_events", rotation.events);
    btx_json_u64(json, "segment_bytes", rotation.bytes);
    btx_json_text(json, "segment_decided_by", rotation.cause);
    btx_json_u64(json, "day_bytes", plan->rate * plan->event_bytes * S_IN_DAY);
}

static void print_json(struct btx_sizing_plan *plan, const char *refused)
{
    struct btx_json json = {.out = stdout};

    btx_json_begin_object(&json, NULL);
    btx_json_begin_list(&json, "settings");
    json_setting(&json, &btx_wal_ring_setting, plan->ring_events);
    for (size_t i = 0; i < BTX_WAL_SETTING_COUNT; i++)
        json_setting(&json, &btx_wal_settings[i],
                     *btx_setting_value(&btx_wal_settings[i], &plan->settings));
    btx_json_end_list(&json);
    if (refused != NULL) {
        btx_json_text(&json, "refused", refused);
    } else {
        btx_json_null(&json, "refused");
        json_reach(&json, plan);
    }
    btx_json_end_object(&json);
    btx_json_end_line(&json);
}

enum btx_fault_code btx_wal_verb_sizing(const struct btx_wal_request *request, bool *ret_failed,
                                        struct btx_fault *reterr_fault)
{
    struct btx_fault refusal = {0};
    enum btx_fault_code code;
    struct btx_sizing_plan plan;

    code = make_plan(&plan, request, reterr_fault);
    if (code != BTX_OK)
        return code;
    *ret_failed = btx_wal_settings_check(&plan.settings, plan.ring_events, &refusal) != BTX_OK;
    if (request->json) {
        print_json(&plan, *ret_failed ? refusal.text : NULL);
        return BTX_OK;
    }
    code = print_settings(&plan, reterr_fault);
    if (code != BTX_OK)
        return code;
    printf("\n");
    if (*ret_failed)
        printf("%sREFUSED%s: %s\n", btx_colour_on(BTX_COLOUR_BAD), btx_colour_off(), refusal.text);
    else
        code = print_reach(&plan, reterr_fault);
    return code;
}
