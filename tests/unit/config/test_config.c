/* SPDX-License-Identifier: Apache-2.0 */
/* test_config.c - what a file sets, what it leaves alone, and who gave a key its value. */
#include "engine/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/config/small_config.h"

static const char *const names[] = {
    "engine.size", "engine.cores", "engine.deep.orders", "engine.deep.markets",
    "log.wait",    "log.loud",     "log.mode",           "log.name",
    "log.path"};
static const char *const defaults[] = {"32",    "off",  "5",   "5",   "off",
                                       "false", "fast", "log", "/log"};

static void config_init__no_file__has_all_defaults(void **state)
{
    struct small small;

    (void)state;
    small_init(&small);
    assert_int_equal(small.config.key_count, BTX_COUNT_OF(names));
    for (size_t i = 0; i < BTX_COUNT_OF(names); i++) {
        assert_string_equal(small.config.keys[i].setting->name, names[i]);
        assert_string_equal(small_show(&small, names[i]), defaults[i]);
        assert_int_equal(small.config.keys[i].origin, BTX_CONFIG_DEFAULT);
    }
    assert_string_equal(small.config.keys[0].about, "About engines.");
    assert_null(small.config.keys[1].about);
    assert_string_equal(small.config.keys[2].about, "Deep.");
}

/* Nothing said is nothing wrong: each default was chosen for that. */
static void config_parse__nothing_in_it__keeps_the_defaults(void **state)
{
    static const char *const files[] = {
        "",
        "\n",
        "# Only a comment.\n",
        "---\n",
        "---\n...\n",
        "{}\n",
        "engine:\nlog:\n",
        "engine:\n  # size: 64\n  deep:\nlog: {}\n",
        "\xef\xbb\xbf",
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(files); i++) {
        struct small small;

        print_message("file %zu\n", i);
        assert_int_equal(small_parse(&small, files[i]), BTX_OK);
        assert_int_equal(small.config.error_count, 0);
        for (size_t j = 0; j < BTX_COUNT_OF(names); j++) {
            assert_string_equal(small_show(&small, names[j]), defaults[j]);
            assert_int_equal(small.config.keys[j].origin, BTX_CONFIG_DEFAULT);
            assert_int_equal(small.config.keys[j].line, 0);
        }
    }
}

static void config_parse__every_key__sets_it_and_knows_its_line(void **state)
{
    static const char file[] = "# The engine.\n"
                               "engine:\n"
                               "  size: 64 # events\n"
                               "  cores: [2, 3]\n"
                               "  deep:\n"
                               "    orders: 1\n"
                               "    markets: 9\n"
                               "\n"
                               "log:\n"
                               "  wait: 5 min\n"
                               "  loud: true\n"
                               "  mode: slow\n"
                               "  name: 'abc'\n"
                               "  path: /var/log\n";
    static const char *const values[] = {"64",   "2,3",  "1",   "9",       "5 min",
                                         "true", "slow", "abc", "/var/log"};
    static const uint32_t lines[] = {3, 4, 6, 7, 10, 11, 12, 13, 14};
    struct small small;

    (void)state;
    assert_int_equal(small_parse(&small, file), BTX_OK);
    for (size_t i = 0; i < BTX_COUNT_OF(names); i++) {
        const struct btx_config_key *key = &small.config.keys[i];

        assert_string_equal(small_show(&small, names[i]), values[i]);
        assert_int_equal(key->origin, BTX_CONFIG_FILE);
        assert_int_equal(key->line, lines[i]);
    }
    assert_int_equal(small.config.keys[0].column, 9);
    assert_int_equal(small.config.keys[2].column, 13);
}

/* The same in other spellings of YAML, and as Windows writes files. */
static void config_parse__other_spellings__mean_the_same(void **state)
{
    static const char *const files[] = {
        "{engine: {size: 64, deep: {orders: 1}}, log: {name: \"abc\"}}",
        "\"engine\":\n  'size': 64\n  deep: {orders: 1}\nlog:\n  name: abc\n",
        "---\r\nlog:\r\n  name: abc\r\nengine:\r\n  size: 64\r\n"
        "  deep:\r\n    orders: 1\r\n...\r\n",
        "\xef\xbb\xbf"
        "engine:\n  deep:\n    orders: 1\n  size: 64\nlog:\n  name: abc",
        "%YAML 1.1\n---\nengine:\n    size:\n        64\n    deep:\n        orders: 1\nlog:\n"
        "    name: \"a\\x62c\"\n",
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(files); i++) {
        struct small small;

        print_message("file %zu\n", i);
        assert_int_equal(small_parse(&small, files[i]), BTX_OK);
        assert_int_equal(small.values.size, 64);
        assert_int_equal(small.deep.orders, 1);
        assert_string_equal(small.values.name, "abc");
        assert_int_equal(small.deep.markets, 5);
    }
}

/* YAML would make numbers, truth and nothing of these words; here they are what they look like. */
static void config_parse__words_that_yaml_converts__are_texts(void **state)
{
    static const char *const texts[] = {"null", "true", "no", "on", "nan"};

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(texts); i++) {
        struct small small;
        char file[64];

        (void)snprintf(file, sizeof file, "log:\n  name: %s\n", texts[i]);
        assert_int_equal(small_parse(&small, file), BTX_OK);
        assert_string_equal(small.values.name, texts[i]);
    }
}

static void config_parse__cores__in_each_form(void **state)
{
    static const char *const files[] = {
        "engine:\n  cores: 7,2\n", "engine:\n  cores: [7, 2]\n", "engine:\n  cores: [7,2,]\n",
        "engine:\n  cores:\n    - 7\n    - 2\n", "engine: {cores: [7, 2]}\n"};

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(files); i++) {
        struct small small;

        print_message("file %zu\n", i);
        assert_int_equal(small_parse(&small, files[i]), BTX_OK);
        assert_string_equal(small_show(&small, "engine.cores"), "7,2");
    }
}

/* ---- Options ---- */

static void config_set__before_a_file__overrules_it(void **state)
{
    static const char file[] = "engine:\n  size: 64\n  deep:\n    orders: 2\nlog:\n  name: abc\n";
    struct btx_config_key *key;
    struct small small;

    (void)state;
    small_init(&small);
    key = btx_config_find(&small.config, "engine.size");
    assert_int_equal(btx_config_set(key, "16", &small.fault), BTX_OK);
    assert_int_equal(
        btx_config_set(btx_config_find(&small.config, "log.name"), "option", &small.fault), BTX_OK);
    assert_int_equal(
        btx_config_parse(&small.config, "betex.yaml", file, strlen(file), &small.fault), BTX_OK);
    assert_int_equal(small.values.size, 16);
    assert_string_equal(small.values.name, "option");
    assert_int_equal(small.deep.orders, 2);
    assert_int_equal(key->origin, BTX_CONFIG_OPTION);
    assert_int_equal(key->line, 2);
}

/* What is read only to be judged goes nowhere: not even beside a value. */
static void config_set__each_key_before_a_file__keeps_all_values(void **state)
{
    static const char file[] =
        "engine: {size: 16, cores: [1, 2, 3], deep: {orders: 1, markets: 1}}\n"
        "log: {wait: 1 s, loud: true, mode: slow, name: file, path: /f}\n";
    struct small small;

    (void)state;
    small_init(&small);
    for (size_t i = 0; i < BTX_COUNT_OF(names); i++)
        assert_int_equal(btx_config_set(&small.config.keys[i], defaults[i], &small.fault), BTX_OK);
    assert_int_equal(
        btx_config_parse(&small.config, "betex.yaml", file, strlen(file), &small.fault), BTX_OK);
    for (size_t i = 0; i < BTX_COUNT_OF(names); i++) {
        assert_string_equal(small_show(&small, names[i]), defaults[i]);
        assert_int_equal(small.config.keys[i].origin, BTX_CONFIG_OPTION);
    }
}

/* A file is right or wrong by itself. */
static void config_set__of_a_key_that_the_file_has_wrong__does_not_mend_the_file(void **state)
{
    static const char file[] = "engine:\n  size: 65\n";
    struct small small;

    (void)state;
    small_init(&small);
    assert_int_equal(
        btx_config_set(btx_config_find(&small.config, "engine.size"), "16", &small.fault), BTX_OK);
    assert_int_equal(
        btx_config_parse(&small.config, "betex.yaml", file, strlen(file), &small.fault),
        BTX_FAULT_CONFIG);
    assert_string_equal(small.fault.text,
                        "betex.yaml:2:9: engine.size: want a power of two, 16..64, got '65'");
    assert_int_equal(small.values.size, 16);
}

static void config_set__wrong_value__changes_nothing(void **state)
{
    struct btx_config_key *key;
    struct small small;

    (void)state;
    small_init(&small);
    key = btx_config_find(&small.config, "engine.size");
    assert_int_equal(btx_config_set(key, "17", &small.fault), BTX_FAULT_CONFIG);
    assert_string_equal(small.fault.text, "want a power of two, 16..64, got '17'");
    assert_int_equal(small.values.size, 32);
    assert_int_equal(key->origin, BTX_CONFIG_DEFAULT);
}

static void config_find__no_such_key__is_null(void **state)
{
    struct small small;

    (void)state;
    small_init(&small);
    assert_null(btx_config_find(&small.config, "engine"));
    assert_null(btx_config_find(&small.config, "engine.siz"));
    assert_null(btx_config_find(&small.config, ""));
}

/* ---- Rules across keys ---- */

static const struct btx_setting *row(struct small *small, const char *name)
{
    return btx_config_find(&small->config, name)->setting;
}

static void config_refuse__key_of_the_file__is_at_its_place(void **state)
{
    struct small small;

    (void)state;
    assert_int_equal(small_parse(&small, "engine:\n  deep: {orders: 3, markets: 4}\n"), BTX_OK);
    btx_config_refuse(&small.config, row(&small, "engine.deep.markets"),
                      row(&small, "engine.deep.orders"), "want at most 3, got '4'");
    assert_string_equal(small_error(&small, 0),
                        "betex.yaml:2:30: engine.deep.markets: want at most 3, got '4'");
    assert_int_equal(btx_config_fault(&small.config, &small.fault), BTX_FAULT_CONFIG);
}

/* Who sees the place sees what he wrote, and not what he never heard of. */
static void config_refuse__default_against_the_file__is_at_the_place_of_the_other(void **state)
{
    struct small small;

    (void)state;
    assert_int_equal(small_parse(&small, "engine:\n  deep: {orders: 3}\n"), BTX_OK);
    btx_config_refuse(&small.config, row(&small, "engine.deep.markets"),
                      row(&small, "engine.deep.orders"), "want at most 3, got '5'");
    assert_string_equal(
        small_error(&small, 0),
        "betex.yaml:2:18: engine.deep.markets: want at most 3, got '5', its default");
}

static void config_refuse__option__is_at_no_place_of_its_own(void **state)
{
    struct btx_config_key *key;
    struct small small;

    (void)state;
    assert_int_equal(small_parse(&small, "engine:\n  deep: {orders: 3, markets: 2}\n"), BTX_OK);
    key = btx_config_find(&small.config, "engine.deep.markets");
    assert_int_equal(btx_config_set(key, "4", &small.fault), BTX_OK);
    btx_config_refuse(&small.config, key->setting, row(&small, "engine.deep.orders"),
                      "want at most 3, got '4'");
    assert_string_equal(
        small_error(&small, 0),
        "betex.yaml:2:18: engine.deep.markets: want at most 3, got '4', its option");
    btx_config_refuse(&small.config, key->setting, NULL, "want another, got '4'");
    assert_string_equal(small_error(&small, 1), "engine.deep.markets: want another, got '4'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_init__no_file__has_all_defaults),
        cmocka_unit_test(config_parse__nothing_in_it__keeps_the_defaults),
        cmocka_unit_test(config_parse__every_key__sets_it_and_knows_its_line),
        cmocka_unit_test(config_parse__other_spellings__mean_the_same),
        cmocka_unit_test(config_parse__words_that_yaml_converts__are_texts),
        cmocka_unit_test(config_parse__cores__in_each_form),
        cmocka_unit_test(config_set__before_a_file__overrules_it),
        cmocka_unit_test(config_set__each_key_before_a_file__keeps_all_values),
        cmocka_unit_test(config_set__of_a_key_that_the_file_has_wrong__does_not_mend_the_file),
        cmocka_unit_test(config_set__wrong_value__changes_nothing),
        cmocka_unit_test(config_find__no_such_key__is_null),
        cmocka_unit_test(config_refuse__key_of_the_file__is_at_its_place),
        cmocka_unit_test(config_refuse__default_against_the_file__is_at_the_place_of_the_other),
        cmocka_unit_test(config_refuse__option__is_at_no_place_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
