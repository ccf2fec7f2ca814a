/* SPDX-License-Identifier: Apache-2.0 */
/* test_wal_settings.c - a log that starts can keep its promises: what could not is refused, with
 * the number that would do. */
#include "engine/wal/wal_settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/limits.h"
#include "engine/wal/sizing.h"

/* The manual promises them. */
static void settings_default__all__are_as_documented_and_valid(void **state)
{
    static const char *const texts[BTX_WAL_SETTING_COUNT][2] = {
        {"wal.max_commit_bytes", "4 MiB"},       {"wal.max_segment_events", "5000"},
        {"wal.min_segment_age", "5 s"},          {"wal.max_segment_age", "off"},
        {"wal.segment_map_size_bytes", "1 GiB"}, {"wal.zero_ahead_bytes", "off"},
        {"wal.low_space_bytes", "4 GiB"},        {"wal.stop_bytes", "1 GiB"},
        {"wal.unsafe_filesystem", "false"},
    };
    struct btx_wal_settings settings;
    struct btx_fault fault = {0};

    (void)state;
    memset(&settings, 0xa5, sizeof settings);
    btx_wal_settings_default(&settings);
    for (size_t i = 0; i < BTX_WAL_SETTING_COUNT; i++) {
        const struct btx_setting *setting =
            btx_setting_find(btx_wal_settings, BTX_WAL_SETTING_COUNT, texts[i][0]);
        char text[BTX_SETTING_TEXT_BYTES];

        print_message("%s\n", texts[i][0]);
        assert_non_null(setting);
        btx_setting_print(setting, *btx_setting_value(setting, &settings), text);
        assert_string_equal(text, texts[i][1]);
        assert_true(strlen(setting->help) > 0);
    }
    assert_int_equal(btx_wal_ring_setting.fallback, 32768);
    assert_int_equal(btx_wal_settings_check(&settings, btx_wal_ring_setting.fallback, &fault),
                     BTX_OK);
    assert_int_equal(btx_wal_settings_check(&settings, 0, &fault), BTX_OK);
}

/* Each row has a field of its own: a wrong offset would set something else. */
static void settings_rows__each__is_another_field(void **state)
{
    struct btx_wal_settings settings;

    (void)state;
    for (size_t i = 0; i < BTX_WAL_SETTING_COUNT; i++)
        *btx_setting_value(&btx_wal_settings[i], &settings) = i + 1;
    assert_int_equal(settings.max_commit_bytes, 1);
    assert_int_equal(settings.max_segment_events, 2);
    assert_int_equal(settings.min_segment_age_ns, 3);
    assert_int_equal(settings.max_segment_age_ns, 4);
    assert_int_equal(settings.segment_map_size_bytes, 5);
    assert_int_equal(settings.zero_ahead_bytes, 6);
    assert_int_equal(settings.low_space_bytes, 7);
    assert_int_equal(settings.stop_bytes, 8);
    assert_int_equal(settings.unsafe_filesystem, 9);
}

#define MIB UINT64_C(1048576)

static void settings_check__out_of_bounds_or_against_each_other__says_what_would_do(void **state)
{
    static const struct {
        const char *name;
        uint64_t value;
        uint64_t ring_events;
        const char *sentence; /* NULL: fine */
    } rows[] = {
        {"wal.max_commit_bytes", 576 * 1024, 0, NULL},
        {"wal.max_commit_bytes", 576 * 1024 - 1, 0,
         "wal.max_commit_bytes: want 576 KiB..1 GiB, got '589823'"},
        {"wal.max_commit_bytes", 16 * MIB, 32768, NULL},
        {"wal.max_commit_bytes", 16 * MIB + 1024, 32768,
         "wal.max_commit_bytes: want at most 16 MiB for engine.ring_size 32768, got '16385 KiB'"},
        {"wal.max_commit_bytes", 4 * MIB, 4096,
         "wal.max_commit_bytes: want at most 2 MiB for engine.ring_size 4096, got '4 MiB'"},
        {"wal.max_commit_bytes", 16 * MIB + 1024, 0, NULL},
        {"wal.max_commit_bytes", 4 * MIB, 5000,
         "engine.ring_size: want a power of two, 4096..4194304, got '5000'"},
        {"wal.max_commit_bytes", 4 * MIB, 2048,
         "engine.ring_size: want a power of two, 4096..4194304, got '2048'"},
        {"wal.max_commit_bytes", 1024 * MIB, 0,
         "wal.segment_map_size_bytes: want at least 1048896 KiB for wal.max_commit_bytes 1 GiB, "
         "got '1 GiB'"},
        {"wal.max_segment_events", 0, 0, "wal.max_segment_events: want 1..1000000000000, got '0'"},
        {"wal.segment_map_size_bytes", 4 * MIB, 0,
         "wal.segment_map_size_bytes: want at least 4416 KiB for wal.max_commit_bytes 4 MiB, "
         "got '4 MiB'"},
        {"wal.segment_map_size_bytes", 4416 * 1024, 0, NULL},
        {"wal.segment_map_size_bytes", MIB, 0,
         "wal.segment_map_size_bytes: want 2 MiB..64 GiB, got '1 MiB'"},
        {"wal.segment_map_size_bytes", 8 * MIB + 5000, 0,
         "wal.segment_map_size_bytes: want a multiple of 4 KiB, such as 8196 KiB, got '8393608'"},
        {"wal.segment_map_size_bytes", 65536 * MIB, 0, NULL},
        {"wal.zero_ahead_bytes", 1024 * MIB, 0, NULL},
        {"wal.zero_ahead_bytes", 1025 * MIB, 0,
         "wal.zero_ahead_bytes: want at most 1 GiB for wal.segment_map_size_bytes 1 GiB, "
         "got '1025 MiB'"},
        {"wal.stop_bytes", 4096 * MIB, 0, NULL},
        {"wal.stop_bytes", 5120 * MIB, 0,
         "wal.stop_bytes: want at most 4 GiB for wal.low_space_bytes 4 GiB, got '5 GiB'"},
        {"wal.low_space_bytes", 0, 0,
         "wal.stop_bytes: want at most 0 for wal.low_space_bytes 0, got '1 GiB'"},
        {"wal.unsafe_filesystem", 2, 0, "wal.unsafe_filesystem: want true or false, got '2'"},
        {"wal.max_segment_age", 999, 0,
         "wal.max_segment_age: want off or 1 s..366 d, got '999 ns'"},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        const struct btx_setting *setting =
            btx_setting_find(btx_wal_settings, BTX_WAL_SETTING_COUNT, rows[i].name);
        struct btx_wal_settings settings;
        struct btx_fault fault = {0};

        btx_wal_settings_default(&settings);
        *btx_setting_value(setting, &settings) = rows[i].value;
        print_message("row %zu\n", i);
        assert_int_equal(btx_wal_settings_check(&settings, rows[i].ring_events, &fault),
                         rows[i].sentence == NULL ? BTX_OK : BTX_FAULT_CONFIG);
        assert_string_equal(fault.text, rows[i].sentence == NULL ? "" : rows[i].sentence);
    }
}

/* Following the advice must be enough, for each commit size that is allowed. */
static void settings_check__advice_taken__is_valid(void **state)
{
    (void)state;
    for (uint64_t commit_bytes = 576 * 1024; commit_bytes <= 1024 * MIB;
         commit_bytes += commit_bytes / 7 + 13) {
        struct btx_wal_settings settings;
        struct btx_fault fault = {0};

        btx_wal_settings_default(&settings);
        settings.max_commit_bytes = commit_bytes;
        settings.segment_map_size_bytes = btx_wal_map_bytes_min(commit_bytes);
        if (settings.segment_map_size_bytes < 2 * MIB)
            settings.segment_map_size_bytes = 2 * MIB;
        assert_int_equal(btx_wal_settings_check(&settings, 4194304, &fault), BTX_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_default__all__are_as_documented_and_valid),
        cmocka_unit_test(settings_rows__each__is_another_field),
        cmocka_unit_test(settings_check__out_of_bounds_or_against_each_other__says_what_would_do),
        cmocka_unit_test(settings_check__advice_taken__is_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
