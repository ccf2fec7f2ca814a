/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/wal_settings.h"

#include <assert.h>
#include <inttypes.h>

#include "engine/base/limits.h"
#include "engine/wal/sizing.h"
#include "engine/wal/wal_format.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)
#define SECOND_NS UINT64_C(1000000000)
#define DAY_NS (86400 * SECOND_NS)

/* The bounds of bounds: a commit is at most one value (README.md 1). */
#define COMMIT_BYTES_MIN (576 * KIB)
#define COMMIT_BYTES_MAX GIB
#define MAP_BYTES_MIN (2 * MIB)
static_assert(COMMIT_BYTES_MIN >= BTX_TX_BYTES_MAX, "a commit holds the largest tx");

enum {
    MAX_COMMIT_BYTES,
    MAX_SEGMENT_EVENTS,
    MIN_SEGMENT_AGE,
    MAX_SEGMENT_AGE,
    SEGMENT_MAP_SIZE_BYTES,
    ZERO_AHEAD_BYTES,
    LOW_SPACE_BYTES,
    STOP_BYTES,
    UNSAFE_FILESYSTEM,
    ROW_COUNT
};
static_assert((int)ROW_COUNT == (int)BTX_WAL_SETTING_COUNT, "one row for each setting");

#define AT(field) offsetof(struct btx_wal_settings, field)

const struct btx_setting btx_wal_settings[BTX_WAL_SETTING_COUNT] = {
    [MAX_COMMIT_BYTES] = {.name = "wal.max_commit_bytes",
                          .unit = BTX_SETTING_BYTES,
                          .minimum = COMMIT_BYTES_MIN,
                          .maximum = COMMIT_BYTES_MAX,
                          .fallback = 4 * MIB,
                          .offset_bytes = AT(max_commit_bytes),
                          .help = "The most that one group commit writes; it ends with a tx."},
    [MAX_SEGMENT_EVENTS] = {.name = "wal.max_segment_events",
                            .unit = BTX_SETTING_COUNT,
                            .minimum = 1,
                            .maximum = UINT64_C(1000000000000),
                            .fallback = 5000,
                            .offset_bytes = AT(max_segment_events),
                            .help = "Begin the next segment after so many events; a target, looked "
                                    "at after each commit."},
    [MIN_SEGMENT_AGE] = {.name = "wal.min_segment_age",
                         .unit = BTX_SETTING_DURATION,
                         .minimum = 0,
                         .maximum = DAY_NS,
                         .fallback = 5 * SECOND_NS,
                         .offset_bytes = AT(min_segment_age_ns),
                         .help = "Keep a segment at least so long, also over its target of events, "
                                 "unless its map runs short."},
    [MAX_SEGMENT_AGE] = {.name = "wal.max_segment_age",
                         .unit = BTX_SETTING_DURATION,
                         .minimum = SECOND_NS,
                         .maximum = 366 * DAY_NS,
                         .fallback = 0,
                         .off = true,
                         .offset_bytes = AT(max_segment_age_ns),
                         .help =
                             "Begin the next segment when this one holds events and is so old."},
    [SEGMENT_MAP_SIZE_BYTES] = {.name = "wal.segment_map_size_bytes",
                                .unit = BTX_SETTING_BYTES,
                                .minimum = MAP_BYTES_MIN,
                                .maximum = BTX_WAL_MAP_BYTES_MAX,
                                .fallback = GIB,
                                .offset_bytes = AT(segment_map_size_bytes),
                                .help = "The most that the file of a segment can grow to."},
    [ZERO_AHEAD_BYTES] = {.name = "wal.zero_ahead_bytes",
                          .unit = BTX_SETTING_BYTES,
                          .minimum = MIB,
                          .maximum = BTX_WAL_MAP_BYTES_MAX,
                          .fallback = 0,
                          .off = true,
                          .offset_bytes = AT(zero_ahead_bytes),
                          .help = "Zero so much of each next segment ahead of time; off: twice "
                                  "what the last one came to."},
    [LOW_SPACE_BYTES] = {.name = "wal.low_space_bytes",
                         .unit = BTX_SETTING_BYTES,
                         .minimum = 0,
                         .maximum = 1024 * TIB,
                         .fallback = 4 * GIB,
                         .offset_bytes = AT(low_space_bytes),
                         .help = "With less free space new orders are answered BUSY."},
    [STOP_BYTES] = {.name = "wal.stop_bytes",
                    .unit = BTX_SETTING_BYTES,
                    .minimum = 0,
                    .maximum = 1024 * TIB,
                    .fallback = GIB,
                    .offset_bytes = AT(stop_bytes),
                    .help = "With less free space nothing is taken."},
    [UNSAFE_FILESYSTEM] = {.name = "wal.unsafe_filesystem",
                           .unit = BTX_SETTING_SWITCH,
                           .minimum = 0,
                           .maximum = 1,
                           .fallback = 0,
                           .offset_bytes = AT(unsafe_filesystem),
                           .help = "Write the log on any filesystem, also where a second writer "
                                   "would not be noticed or a power cut loses it."},
};

const struct btx_setting btx_wal_ring_setting = {
    .name = "engine.ring_size",
    .unit = BTX_SETTING_COUNT,
    .minimum = 4096,
    .maximum = 4194304,
    .fallback = 32768,
    .power_of_two = true,
    .offset_bytes = 0,
    .help = "The event ring, in events of 512 bytes.",
};

void btx_wal_settings_default(struct btx_wal_settings *settings)
{
    btx_setting_defaults(btx_wal_settings, BTX_WAL_SETTING_COUNT, settings);
}

static enum btx_fault_code check_bounds(const struct btx_setting *setting, uint64_t value,
                                        struct btx_wal_conflict *ret_conflict,
                                        struct btx_fault *reterr_fault)
{
    *ret_conflict = (struct btx_wal_conflict){.setting = setting};
    return btx_setting_check(setting, value, reterr_fault);
}

/* "want RELATION LIMIT for OTHER OTHER_VALUE, got 'VALUE'". */
static enum btx_fault_code refuse(int row, uint64_t value, const char *relation, uint64_t limit,
                                  const struct btx_setting *other, uint64_t other_value,
                                  struct btx_wal_conflict *ret_conflict,
                                  struct btx_fault *reterr_fault)
{
    const struct btx_setting *setting = &btx_wal_settings[row];
    char value_text[BTX_SETTING_TEXT_BYTES];
    char limit_text[BTX_SETTING_TEXT_BYTES];
    char other_text[BTX_SETTING_TEXT_BYTES];

    btx_setting_print(setting, value, value_text);
    btx_setting_print(setting, limit, limit_text);
    btx_setting_print(other, other_value, other_text);
    *ret_conflict = (struct btx_wal_conflict){.setting = setting, .other = other};
    return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0, "want %s %s for %s %s, got '%s'",
                         relation, limit_text, other->name, other_text, value_text);
}

static enum btx_fault_code check_map(const struct btx_wal_settings *settings,
                                     struct btx_wal_conflict *ret_conflict,
                                     struct btx_fault *reterr_fault)
{
    const uint64_t map_bytes = settings->segment_map_size_bytes;
    const uint64_t map_bytes_min = btx_wal_map_bytes_min(settings->max_commit_bytes);

    if (map_bytes < map_bytes_min)
        return refuse(SEGMENT_MAP_SIZE_BYTES, map_bytes, "at least", map_bytes_min,
                      &btx_wal_settings[MAX_COMMIT_BYTES], settings->max_commit_bytes, ret_conflict,
                      reterr_fault);
    if (map_bytes % BTX_WAL_PAGE_BYTES != 0) {
        ret_conflict->setting = &btx_wal_settings[SEGMENT_MAP_SIZE_BYTES];
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0,
                             "want a multiple of 4 KiB, such as %" PRIu64 " KiB, got '%" PRIu64 "'",
                             map_bytes / BTX_WAL_PAGE_BYTES * (BTX_WAL_PAGE_BYTES / KIB),
                             map_bytes);
    }
    if (settings->zero_ahead_bytes > map_bytes)
        return refuse(ZERO_AHEAD_BYTES, settings->zero_ahead_bytes, "at most", map_bytes,
                      &btx_wal_settings[SEGMENT_MAP_SIZE_BYTES], map_bytes, ret_conflict,
                      reterr_fault);
    return BTX_OK;
}

static enum btx_fault_code check_ring(const struct btx_wal_settings *settings, uint64_t ring_events,
                                      struct btx_wal_conflict *ret_conflict,
                                      struct btx_fault *reterr_fault)
{
    const uint64_t ring_bytes = ring_events * BTX_WAL_RING_EVENT_BYTES;
    enum btx_fault_code code;

    code = check_bounds(&btx_wal_ring_setting, ring_events, ret_conflict, reterr_fault);
    if (code == BTX_OK && settings->max_commit_bytes > ring_bytes)
        code = refuse(MAX_COMMIT_BYTES, settings->max_commit_bytes, "at most", ring_bytes,
                      &btx_wal_ring_setting, ring_events, ret_conflict, reterr_fault);
    return code;
}

enum btx_fault_code btx_wal_settings_judge(const struct btx_wal_settings *settings,
                                           uint64_t ring_events,
                                           struct btx_wal_conflict *ret_conflict,
                                           struct btx_fault *reterr_fault)
{
    struct btx_wal_settings values = *settings;
    enum btx_fault_code code = BTX_OK;

    for (size_t i = 0; code == BTX_OK && i < BTX_WAL_SETTING_COUNT; i++)
        code = check_bounds(&btx_wal_settings[i], *btx_setting_value(&btx_wal_settings[i], &values),
                            ret_conflict, reterr_fault);
    if (code == BTX_OK && ring_events != 0)
        code = check_ring(settings, ring_events, ret_conflict, reterr_fault);
    if (code == BTX_OK)
        code = check_map(settings, ret_conflict, reterr_fault);
    if (code == BTX_OK && settings->stop_bytes > settings->low_space_bytes)
        code = refuse(STOP_BYTES, settings->stop_bytes, "at most", settings->low_space_bytes,
                      &btx_wal_settings[LOW_SPACE_BYTES], settings->low_space_bytes, ret_conflict,
                      reterr_fault);
    return code;
}

enum btx_fault_code btx_wal_settings_check(const struct btx_wal_settings *settings,
                                           uint64_t ring_events, struct btx_fault *reterr_fault)
{
    struct btx_wal_conflict conflict;
    struct btx_fault fault = {0};

    if (btx_wal_settings_judge(settings, ring_events, &conflict, &fault) == BTX_OK)
        return BTX_OK;
    return btx_fault_set(reterr_fault, fault.code, 0, "%s: %s", conflict.setting->name, fault.text);
}
