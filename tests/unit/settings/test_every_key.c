/* SPDX-License-Identifier: Apache-2.0 */
/* test_every_key.c - each key of the table is taken at its bounds, and refused beyond them. */
#include "engine/settings/settings.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct btx_settings settings;
static struct btx_config config;

/* Read a file with the key number @index and @value, as the file has it.  Rules across keys are
 * not judged. */
static enum btx_fault_code parse(size_t index, const char *value, struct btx_fault *reterr_fault)
{
    char file[1024] = "";
    size_t length = 0;
    const char *word;
    unsigned indent = 0;

    btx_settings_init(&settings, &config);
    word = config.keys[index].setting->name;
    for (const char *dot; (dot = strchr(word, '.')) != NULL; word = dot + 1, indent += 2)
        length += (size_t)snprintf(file + length, sizeof file - length, "%*s%.*s:\n", (int)indent,
                                   "", (int)(dot - word), word);
    length += (size_t)snprintf(file + length, sizeof file - length, "%*s%s: %s\n", (int)indent, "",
                               word, value);
    assert_true(length < sizeof file);
    return btx_config_parse(&config, "betex.yaml", file, length, reterr_fault);
}

static void expect_taken(size_t index, const char *value, const char *shown)
{
    char text[BTX_SETTING_SHOWN_BYTES];
    struct btx_fault fault = {0};

    print_message("%s: %s\n", config.keys[index].setting->name, value);
    assert_int_equal(parse(index, value, &fault), BTX_OK);
    assert_int_equal(config.keys[index].origin, BTX_CONFIG_FILE);
    btx_setting_show(config.keys[index].setting, config.keys[index].values, text);
    assert_string_equal(text, shown);
}

/* The place (of nothing: right behind the colon), the key, what would do, and what it got (NULL:
 * whatever, for what is cut). */
static void expect_refused(size_t index, const char *value, const char *got)
{
    char bounds[BTX_SETTING_BOUNDS_BYTES];
    struct btx_fault fault = {0};
    char wanted[BTX_FAULT_TEXT_BYTES];
    const struct btx_setting *setting;
    unsigned dots = 0;

    print_message("%s: %s\n", config.keys[index].setting->name, value);
    assert_int_equal(parse(index, value, &fault), BTX_FAULT_CONFIG);
    assert_int_equal(config.error_count, 1);
    setting = config.keys[index].setting;
    for (const char *dot = setting->name; (dot = strchr(dot, '.')) != NULL; dot++)
        dots++;
    btx_setting_print_bounds(setting, bounds, sizeof bounds);
    (void)snprintf(wanted, sizeof wanted, "betex.yaml:%u:%zu: %s: want %s, got %s", dots + 1,
                   2 * dots + strlen(strrchr(setting->name, '.') + 1) + (*value == '\0' ? 2 : 3),
                   setting->name, bounds, got == NULL ? "" : got);
    if (got == NULL)
        fault.text[strlen(wanted)] = '\0';
    assert_string_equal(fault.text, wanted);
}

static void refuse_quoted(size_t index, const char *text)
{
    char got[BTX_FAULT_TEXT_BYTES];

    (void)snprintf(got, sizeof got, "'%s'", text);
    expect_refused(index, text, got);
}

/* ---- Kinds ---- */

static void try_number(size_t index, const struct btx_setting *setting)
{
    const bool in_ns = setting->unit == BTX_SETTING_DURATION;
    char text[BTX_SETTING_TEXT_BYTES];
    char shown[BTX_SETTING_TEXT_BYTES];
    const uint64_t bounds[] = {setting->minimum, setting->maximum};
    const uint64_t beyond[] = {setting->minimum - 1, setting->maximum + 1};

    for (size_t i = 0; i < BTX_COUNT_OF(bounds); i++) {
        btx_setting_print(setting, bounds[i], shown);
        expect_taken(index, shown, shown);
        (void)snprintf(text, sizeof text, "%" PRIu64 "%s", bounds[i], in_ns ? " ns" : "");
        expect_taken(index, text, shown);
    }
    for (size_t i = 0; i < BTX_COUNT_OF(beyond); i++) {
        (void)snprintf(text, sizeof text, "%" PRIu64 "%s", beyond[i], in_ns ? " ns" : "");
        if (i == 1 || (setting->minimum != 0 && !(setting->off && beyond[i] == 0)))
            refuse_quoted(index, text);
    }
    refuse_quoted(index, "-1");
    refuse_quoted(index, "1e3");
    refuse_quoted(index, "99999999999999999999999");
    refuse_quoted(index, in_ns ? "5" : "5 s");
    if (setting->power_of_two)
        refuse_quoted(index, "4097");
}

static void try_words(size_t index, const struct btx_setting *setting)
{
    static const char *const switches[] = {"true", "false", NULL};
    const bool is_switch = setting->unit == BTX_SETTING_SWITCH;
    const char *const *words = is_switch ? switches : setting->words;

    for (size_t i = 0; words[i] != NULL; i++)
        expect_taken(index, words[i], words[i]);
    refuse_quoted(index, "0");
    refuse_quoted(index, "1");
    refuse_quoted(index, "yes");
    refuse_quoted(index, "True");
}

/* A text of @length times @character, with the first one @first. */
static const char *text_of(uint64_t length, char first, char character)
{
    static char text[2 * BTX_SETTING_CHARACTERS_MAX];

    memset(text, character, length);
    text[0] = first;
    text[length] = '\0';
    return text;
}

static void try_text(size_t index, const struct btx_setting *setting)
{
    const bool is_path = setting->unit == BTX_SETTING_PATH;
    const char first = is_path ? '/' : setting->alphabet == NULL ? 'x' : setting->alphabet[0];
    const uint64_t minimum = is_path ? 1 : setting->minimum;
    const char last = is_path ? 'x' : first;
    const char *text = text_of(minimum, first, last);

    expect_taken(index, text, text);
    text = text_of(setting->maximum, first, last);
    expect_taken(index, text, text);
    expect_refused(index, text_of(setting->maximum + 1, first, last), NULL);
    if (minimum > 1)
        refuse_quoted(index, text_of(minimum - 1, first, last));
    expect_refused(index, "''", "''");
    expect_refused(index, "", "nothing");
    expect_refused(index, "\"/x\\n\"", "'/x?'");
    expect_refused(index, "/\xc3\xa4", "'/?\?'");
}

static void try_cores(size_t index, const struct btx_setting *setting)
{
    char text[2 * BTX_SETTING_CHARACTERS_MAX];
    size_t length = 0;

    expect_taken(index, "0", "0");
    expect_taken(index, "[1023, 0]", "1023,0");
    expect_taken(index, "off", "off");
    refuse_quoted(index, "1024");
    refuse_quoted(index, "3,3");
    refuse_quoted(index, "2-3");
    for (uint64_t i = 0; i < setting->maximum; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%" PRIu64,
                                   i == 0 ? "" : ",", i);
    expect_taken(index, text, text);
    (void)snprintf(text + length, sizeof text - length, ",%" PRIu64, setting->maximum);
    expect_refused(index, text, NULL);
}

static void config_parse__each_key_at_and_beyond_its_bounds__is_taken_or_refused(void **state)
{
    size_t key_count;

    (void)state;
    btx_settings_init(&settings, &config);
    key_count = config.key_count;
    assert_int_not_equal(key_count, 0);
    for (size_t i = 0; i < key_count; i++) {
        const struct btx_setting *setting = config.keys[i].setting;

        if (setting->unit == BTX_SETTING_SWITCH || setting->unit == BTX_SETTING_WORD)
            try_words(i, setting);
        else if (btx_setting_is_number(setting))
            try_number(i, setting);
        else if (setting->unit == BTX_SETTING_CORES)
            try_cores(i, setting);
        else
            try_text(i, setting);
    }
}

/* A value of a wrong form is refused for every key, and nothing of it is kept. */
static void config_parse__each_key_with_a_wrong_form__is_refused(void **state)
{
    size_t key_count;

    (void)state;
    btx_settings_init(&settings, &config);
    key_count = config.key_count;
    for (size_t i = 0; i < key_count; i++) {
        char fallback[BTX_SETTING_SHOWN_BYTES];
        char text[BTX_SETTING_SHOWN_BYTES];

        expect_refused(i, "{a: b}", "more keys");
        expect_refused(i, "|\n       x", "a text on lines of its own");
        expect_refused(i, "", "nothing");
        if (config.keys[i].setting->unit != BTX_SETTING_CORES)
            expect_refused(i, "[1]", "a list");
        if (config.keys[i].setting->unit != BTX_SETTING_TEXT &&
            config.keys[i].setting->unit != BTX_SETTING_PATH)
            expect_refused(i, "'1'", "a text in quotes");
        btx_setting_show_default(config.keys[i].setting, fallback);
        btx_setting_show(config.keys[i].setting, config.keys[i].values, text);
        assert_string_equal(text, fallback);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_parse__each_key_at_and_beyond_its_bounds__is_taken_or_refused),
        cmocka_unit_test(config_parse__each_key_with_a_wrong_form__is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
