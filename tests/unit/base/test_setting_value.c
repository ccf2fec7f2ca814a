/* SPDX-License-Identifier: Apache-2.0 */
/* test_setting_value.c - settings of every kind go into the folder's struct and come out again. */
#include "engine/base/setting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct values {
    uint64_t number;
    uint64_t word;
    char text[9];
    char after_text;
    char path[33];
    char after_path;
    struct btx_setting_cores cores;
};

static const char *const words[] = {"required", "preferred", "off", NULL};
static const struct btx_setting number = {.name = "a.number",
                                          .unit = BTX_SETTING_BYTES,
                                          .minimum = 1,
                                          .maximum = 4096,
                                          .fallback = 512,
                                          .offset_bytes = offsetof(struct values, number)};
static const struct btx_setting word = {.name = "a.word",
                                        .unit = BTX_SETTING_WORD,
                                        .words = words,
                                        .fallback = 1,
                                        .offset_bytes = offsetof(struct values, word)};
static const struct btx_setting text = {.name = "a.text",
                                        .unit = BTX_SETTING_TEXT,
                                        .minimum = 2,
                                        .maximum = 8,
                                        .alphabet = "a-z0-9_-",
                                        .fallback_text = "betex",
                                        .offset_bytes = offsetof(struct values, text)};
static const struct btx_setting any_text = {.name = "a.any_text",
                                            .unit = BTX_SETTING_TEXT,
                                            .minimum = 0,
                                            .maximum = 8,
                                            .fallback_text = "",
                                            .offset_bytes = offsetof(struct values, text)};
static const struct btx_setting path = {.name = "a.path",
                                        .unit = BTX_SETTING_PATH,
                                        .maximum = 32,
                                        .fallback_text = "/run/a.sock",
                                        .offset_bytes = offsetof(struct values, path)};
static const struct btx_setting cores = {.name = "a.cores",
                                         .unit = BTX_SETTING_CORES,
                                         .minimum = 2,
                                         .maximum = 3,
                                         .fallback_text = "off",
                                         .off = true,
                                         .offset_bytes = offsetof(struct values, cores)};
static const struct btx_setting many_cores = {.name = "a.many_cores",
                                              .unit = BTX_SETTING_CORES,
                                              .minimum = 1,
                                              .maximum = BTX_SETTING_CORES_MAX,
                                              .fallback_text = "0",
                                              .offset_bytes = offsetof(struct values, cores)};

static void setting_read__well_formed__is_shown_in_the_shortest_form(void **state)
{
    static const struct {
        const struct btx_setting *setting;
        const char *text;
        const char *shown; /* NULL: the same */
    } rows[] = {
        {&number, "1 KiB", NULL},
        {&number, "2048", "2 KiB"},
        {&word, "required", NULL},
        {&word, "preferred", NULL},
        {&word, "off", NULL},
        {&text, "a_", NULL},
        {&text, "abc-xyz9", NULL},
        {&any_text, "", NULL},
        {&any_text, " 'a\"#~", NULL},
        {&path, "/", NULL},
        {&path, "/a", NULL},
        {&path, "/a/.b/..c/d..", NULL},
        {&path, "/2345678901234567890123456789012", NULL},
        {&cores, "off", NULL},
        {&cores, "2,3", NULL},
        {&cores, "1023, 0,17", "1023,0,17"},
        {&cores, "0002,03", "2,3"},
        {&many_cores, "7", NULL},
        {&many_cores,
         "1008,1009,1010,1011,1012,1013,1014,1015,1016,1017,1018,1019,1020,1021,1022,"
         "1023",
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        char shown[BTX_SETTING_SHOWN_BYTES];
        struct btx_fault fault = {0};
        struct values values;

        memset(&values, 0x5a, sizeof values);
        print_message("%s '%s'\n", rows[i].setting->name, rows[i].text);
        assert_int_equal(btx_setting_read(rows[i].setting, rows[i].text, &values, &fault), BTX_OK);
        btx_setting_show(rows[i].setting, &values, shown);
        assert_string_equal(shown, rows[i].shown == NULL ? rows[i].text : rows[i].shown);
        assert_int_equal(values.after_text, 0x5a);
        assert_int_equal(values.after_path, 0x5a);
    }
}

static void setting_read__anything_else__says_what_is_wanted(void **state)
{
    static const struct {
        const struct btx_setting *setting;
        const char *text;
        const char *sentence;
    } rows[] = {
        {&number, "0", "want 1..4 KiB, got '0'"},
        {&number, "off", NULL},
        {&word, "on", "want required, preferred or off, got 'on'"},
        {&word, "Required", NULL},
        {&word, "require", NULL},
        {&word, "", NULL},
        {&word, "1", NULL},
        {&text, "a", "want 2..8 characters of a-z0-9_-, got 'a'"},
        {&text, "", NULL},
        {&text, "abcdefghi", NULL},
        {&text, "abC", NULL},
        {&text, "ab:", NULL},
        {&text, "ab`", NULL},
        {&any_text, "tab\t", "want 0..8 characters of printable ASCII, got 'tab?'"},
        {&any_text, "\x7f", NULL},
        {&any_text, "\xc3\xa4", NULL},
        {&path, "a", "want an absolute path of at most 32 characters, without '..', got 'a'"},
        {&path, "", NULL},
        {&path, "/a/", NULL},
        {&path, "//a", NULL},
        {&path, "/a//b", NULL},
        {&path, "/..", NULL},
        {&path, "/a/../b", NULL},
        {&path, "/a/..", NULL},
        {&path, "/./a", NULL},
        {&path, "/a/.", NULL},
        {&path, "/a\nb", NULL},
        {&path, "/\xc3\xa4", NULL},
        {&path, "/23456789012345678901234567890123", NULL},
        {&cores, "2", "want off or 2..3 different CPU cores of 0..1023, as in '2,3', got '2'"},
        {&cores, "1,2,3,4", NULL},
        {&cores, "2,2", NULL},
        {&cores, "2,1024", NULL},
        {&cores, "2,18446744073709551618", NULL},
        {&cores, "", NULL},
        {&cores, ",", NULL},
        {&cores, "2,", NULL},
        {&cores, "2 ,3", NULL},
        {&cores, "2,  3", NULL},
        {&cores, "2-3", NULL},
        {&cores, "[2, 3]", NULL},
        {&cores, "-1,2", NULL},
        {&many_cores, "off", NULL},
        {&many_cores, "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", NULL},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_fault fault = {0};
        struct values before;
        struct values values;

        memset(&before, 0x5a, sizeof before);
        values = before;
        print_message("%s '%s'\n", rows[i].setting->name, rows[i].text);
        assert_int_equal(btx_setting_read(rows[i].setting, rows[i].text, &values, &fault),
                         BTX_FAULT_CONFIG);
        assert_memory_equal(&values, &before, sizeof values);
        if (rows[i].sentence != NULL)
            assert_string_equal(fault.text, rows[i].sentence);
    }
}

/* The order says which thread gets which core. */
static void setting_read__cores__keeps_their_order(void **state)
{
    struct values values = {0};

    (void)state;
    assert_int_equal(btx_setting_read(&cores, "5,2", &values, NULL), BTX_OK);
    assert_int_equal(values.cores.count, 2);
    assert_int_equal(values.cores.cores[0], 5);
    assert_int_equal(values.cores.cores[1], 2);
}

/* What a longer text left behind would be found in digests and shared memory. */
static void setting_read__shorter_text__leaves_nothing_behind(void **state)
{
    static const char wanted[9] = "ab";
    struct values values = {0};

    (void)state;
    assert_int_equal(btx_setting_read(&text, "abcdefgh", &values, NULL), BTX_OK);
    assert_int_equal(btx_setting_read(&text, "ab", &values, NULL), BTX_OK);
    assert_memory_equal(values.text, wanted, sizeof wanted);
}

static void setting_defaults__every_kind__is_what_show_default_says(void **state)
{
    const struct btx_setting table[] = {number, word, text, path, cores};
    struct values values;

    (void)state;
    memset(&values, 0x5a, sizeof values);
    btx_setting_defaults(table, BTX_COUNT_OF(table), &values);
    for (size_t i = 0; i < BTX_COUNT_OF(table); i++) {
        char shown[BTX_SETTING_SHOWN_BYTES];
        char fallback[BTX_SETTING_SHOWN_BYTES];

        btx_setting_show(&table[i], &values, shown);
        btx_setting_show_default(&table[i], fallback);
        assert_string_equal(shown, fallback);
    }
    assert_int_equal(values.number, 512);
    assert_int_equal(values.word, 1);
    assert_string_equal(values.path, "/run/a.sock");
}

static void setting_kind__each__has_a_name(void **state)
{
    (void)state;
    assert_string_equal(btx_setting_kind(&number), "bytes");
    assert_string_equal(btx_setting_kind(&word), "word");
    assert_string_equal(btx_setting_kind(&text), "text");
    assert_string_equal(btx_setting_kind(&path), "path");
    assert_string_equal(btx_setting_kind(&cores), "CPU cores");
    assert_string_equal(btx_setting_units(&number), "KiB, MiB, GiB, TiB");
    assert_string_equal(btx_setting_units(&word), "");
    assert_true(btx_setting_is_number(&word));
    assert_false(btx_setting_is_number(&text));
}

static void setting_print_bounds__words_that_do_not_fit__are_cut(void **state)
{
    char bounds[15];

    (void)state;
    btx_setting_print_bounds(&word, bounds, sizeof bounds);
    assert_string_equal(bounds, "required, pref");
}

static void setting_print_bounds__one_length_only__is_one_number(void **state)
{
    struct btx_setting setting = text;
    char bounds[BTX_SETTING_BOUNDS_BYTES];

    (void)state;
    setting.minimum = setting.maximum;
    btx_setting_print_bounds(&setting, bounds, sizeof bounds);
    assert_string_equal(bounds, "8 characters of a-z0-9_-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_read__well_formed__is_shown_in_the_shortest_form),
        cmocka_unit_test(setting_read__anything_else__says_what_is_wanted),
        cmocka_unit_test(setting_read__cores__keeps_their_order),
        cmocka_unit_test(setting_read__shorter_text__leaves_nothing_behind),
        cmocka_unit_test(setting_defaults__every_kind__is_what_show_default_says),
        cmocka_unit_test(setting_kind__each__has_a_name),
        cmocka_unit_test(setting_print_bounds__words_that_do_not_fit__are_cut),
        cmocka_unit_test(setting_print_bounds__one_length_only__is_one_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
