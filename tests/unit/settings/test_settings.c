/* SPDX-License-Identifier: Apache-2.0 */
/* test_settings.c - the table as a whole: its rows, its defaults, its rules, its example. */
#include "engine/settings/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/exchange/exchange.h"

static struct btx_settings settings;
static struct btx_config config;

/* The file is read from the top of the checkout, where tests run. */
#define EXAMPLE "engine/settings/betex.yaml.example"

static enum btx_fault_code judge(const char *file, struct btx_fault *reterr_fault)
{
    btx_settings_init(&settings, &config);
    if (btx_config_parse(&config, "betex.yaml", file, strlen(file), reterr_fault) != BTX_OK)
        return reterr_fault->code;
    return btx_settings_check(&settings, &config, reterr_fault);
}

/* ---- Rows ---- */

static void settings_rows__all__are_well_made(void **state)
{
    (void)state;
    btx_settings_init(&settings, &config);
    for (size_t i = 0; i < config.key_count; i++) {
        const struct btx_setting *setting = config.keys[i].setting;
        const size_t length = strlen(setting->help);

        print_message("%s\n", setting->name);
        assert_int_equal(strspn(setting->name, "abcdefghijklmnopqrstuvwxyz0123456789_."),
                         strlen(setting->name));
        assert_non_null(strchr(setting->name, '.'));
        assert_ptr_equal(btx_config_find(&config, setting->name), &config.keys[i]);
        /* A sentence, which fits wherever it is printed. */
        assert_true(length > 5 && length < 200);
        assert_int_equal(setting->help[length - 1], '.');
        /* None is both a key and a section. */
        for (size_t j = 0; j < config.key_count; j++) {
            const char *name = config.keys[j].setting->name;

            assert_false(strncmp(name, setting->name, strlen(setting->name)) == 0 &&
                         name[strlen(setting->name)] == '.');
        }
    }
}

/* A new section says what it is for. */
static void settings_rows__first_of_each_section__has_an_introduction(void **state)
{
    char before[BTX_CONFIG_NAME_BYTES] = "";

    (void)state;
    btx_settings_init(&settings, &config);
    for (size_t i = 0; i < config.key_count; i++) {
        const char *name = config.keys[i].setting->name;
        const size_t length = (size_t)(strrchr(name, '.') - name);

        if (strlen(before) != length || strncmp(name, before, length) != 0)
            assert_non_null(config.keys[i].about);
        (void)snprintf(before, sizeof before, "%.*s", (int)length, name);
    }
}

/* Two keys that shared a field would overrule each other in silence. */
static void settings_rows__each__is_a_field_of_its_own(void **state)
{
    (void)state;
    btx_settings_init(&settings, &config);
    for (size_t i = 0; i < config.key_count; i++) {
        const struct btx_config_key *key = &config.keys[i];
        const char *value = (const char *)key->values + key->setting->offset_bytes;

        assert_true(value >= (const char *)&settings &&
                    value < (const char *)&settings + sizeof settings);
        for (size_t j = 0; j < i; j++)
            assert_ptr_not_equal(value, (const char *)config.keys[j].values +
                                            config.keys[j].setting->offset_bytes);
    }
}

/* ---- Defaults ---- */

static void settings_init__all__are_as_documented(void **state)
{
    (void)state;
    btx_settings_init(&settings, &config);
    assert_string_equal(settings.exchange.name, "betex");
    assert_string_equal(settings.exchange.currency, "EUR");
    assert_int_equal(settings.engine.cores.count, 0);
    assert_int_equal(settings.engine.hugepages, BTX_HUGEPAGES_REQUIRED);
    assert_int_equal(settings.engine.ring_events, 32768);
    assert_int_equal(settings.wal.max_segment_events, 5000);
    assert_int_equal(settings.snapshot.interval_ns, UINT64_C(60000000000));
    assert_string_equal(settings.admin.socket, "/run/betex/admin.sock");
    assert_string_equal(settings.admin.view_group, "betex-view");
    assert_string_equal(settings.admin.operator_group, "betex-operator");
}

static void settings_init__capacities__are_those_of_an_exchange(void **state)
{
    struct btx_core_capacity capacity;

    (void)state;
    btx_settings_init(&settings, &config);
    capacity = btx_settings_capacity(&settings);
    assert_memory_equal(&capacity, &btx_exchange_capacity_default, sizeof capacity);
}

static void settings_capacity__each_key__is_its_capacity(void **state)
{
    struct btx_core_capacity capacity;
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(judge("engine: {capacities: {accounts: 1, markets: 2, runners: 3, orders: 4, "
                           "positions: 5, stakes: 6, description_bytes: 7}}",
                           &fault),
                     BTX_OK);
    capacity = btx_settings_capacity(&settings);
    assert_int_equal(capacity.accounts, 1);
    assert_int_equal(capacity.markets, 2);
    assert_int_equal(capacity.runners, 3);
    assert_int_equal(capacity.orders, 4);
    assert_int_equal(capacity.positions, 5);
    assert_int_equal(capacity.stakes, 6);
    assert_int_equal(capacity.description_bytes, 7);
}

/* What a file may say, the core can hold. */
static void settings_capacity__greatest__is_one_that_the_core_takes(void **state)
{
    struct btx_core_capacity capacity;

    (void)state;
    btx_settings_init(&settings, &config);
    for (size_t i = 0; i < config.key_count; i++) {
        struct btx_config_key *key = &config.keys[i];

        if (strncmp(key->setting->name, "engine.capacities.", 18) == 0)
            *btx_setting_value(key->setting, key->values) = key->setting->maximum;
    }
    capacity = btx_settings_capacity(&settings);
    assert_int_not_equal(btx_core_memory_bytes(&capacity), 0);
}

/* ---- Rules across keys ---- */

static void settings_check__keys_that_do_not_go_together__are_refused_at_their_place(void **state)
{
    static const struct {
        const char *file;
        const char *error; /* NULL: fine */
    } rows[] = {
        {"", NULL},
        {"wal:\n  max_commit_bytes: 16 MiB\n", NULL},
        {"wal:\n  max_commit_bytes: 17 MiB\n",
         "betex.yaml:2:21: wal.max_commit_bytes: want at most 16 MiB for engine.ring_size 32768, "
         "got '17 MiB'"},
        {"wal:\n  max_commit_bytes: 17 MiB\nengine:\n  ring_size: 65536\n", NULL},
        {"engine:\n  ring_size: 4096\n",
         "betex.yaml:2:14: wal.max_commit_bytes: want at most 2 MiB for engine.ring_size 4096, got "
         "'4 MiB', its default"},
        {"engine:\n  ring_size: 4096\nwal:\n  max_commit_bytes: 2 MiB\n", NULL},
        {"wal:\n  segment_map_size_bytes: 4 MiB\n",
         "betex.yaml:2:27: wal.segment_map_size_bytes: want at least 4416 KiB for "
         "wal.max_commit_bytes 4 MiB, got '4 MiB'"},
        {"wal:\n  stop_bytes: 2 GiB\n  low_space_bytes: 1 GiB\n",
         "betex.yaml:2:15: wal.stop_bytes: want at most 1 GiB for wal.low_space_bytes 1 GiB, got "
         "'2 GiB'"},
        {"wal:\n  low_space_bytes: 512 MiB\n",
         "betex.yaml:2:20: wal.stop_bytes: want at most 512 MiB for wal.low_space_bytes 512 MiB, "
         "got '1 GiB', its default"},
        {"wal:\n  segment_map_size_bytes: 33554433\n",
         "betex.yaml:2:27: wal.segment_map_size_bytes: want a multiple of 4 KiB, such as 32768 "
         "KiB, got '33554433'"},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_fault fault = {0};

        print_message("row %zu\n", i);
        assert_int_equal(judge(rows[i].file, &fault),
                         rows[i].error == NULL ? BTX_OK : BTX_FAULT_CONFIG);
        assert_string_equal(fault.text, rows[i].error == NULL ? "" : rows[i].error);
    }
}

/* ---- The example ---- */

static void settings_read__example__has_every_key_at_its_default(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    btx_settings_init(&settings, &config);
    assert_int_equal(btx_settings_read(&settings, &config, EXAMPLE, &fault), BTX_OK);
    for (size_t i = 0; i < config.key_count; i++) {
        char fallback[BTX_SETTING_SHOWN_BYTES];
        char text[BTX_SETTING_SHOWN_BYTES];

        print_message("%s\n", config.keys[i].setting->name);
        assert_int_equal(config.keys[i].origin, BTX_CONFIG_FILE);
        btx_setting_show_default(config.keys[i].setting, fallback);
        btx_setting_show(config.keys[i].setting, config.keys[i].values, text);
        assert_string_equal(text, fallback);
    }
}

static void settings_read__no_file__is_a_fault(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    btx_settings_init(&settings, &config);
    assert_int_equal(btx_settings_read(&settings, &config, "no/such.yaml", &fault),
                     BTX_FAULT_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_rows__all__are_well_made),
        cmocka_unit_test(settings_rows__first_of_each_section__has_an_introduction),
        cmocka_unit_test(settings_rows__each__is_a_field_of_its_own),
        cmocka_unit_test(settings_init__all__are_as_documented),
        cmocka_unit_test(settings_init__capacities__are_those_of_an_exchange),
        cmocka_unit_test(settings_capacity__each_key__is_its_capacity),
        cmocka_unit_test(settings_capacity__greatest__is_one_that_the_core_takes),
        cmocka_unit_test(settings_check__keys_that_do_not_go_together__are_refused_at_their_place),
        cmocka_unit_test(settings_read__example__has_every_key_at_its_default),
        cmocka_unit_test(settings_read__no_file__is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
