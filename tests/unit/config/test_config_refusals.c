/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_refusals.c - every mistake is named with its place, and what would be right. */
#include "engine/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/config/small_config.h"

#define PLACE(line, column) "betex.yaml:" #line ":" #column ": "
#define CORES "want off or 1..3 different CPU cores of 0..1023, as in '2,3', got "

static const struct {
    const char *file;
    const char *errors[4]; /* All of them, in order. */
} rows[] = {
    /* Values. */
    {"engine:\n  size: 30\n", {PLACE(2, 9) "engine.size: want a power of two, 16..64, got '30'"}},
    {"engine: {size: 0x10, deep: {orders: 1e0}}",
     {PLACE(1, 16) "engine.size: want a power of two, 16..64, got '0x10'",
      PLACE(1, 37) "engine.deep.orders: want 1..9, got '1e0'"}},
    {"engine:\n  deep:\n    orders: 0\n    markets: 10\n",
     {PLACE(3, 13) "engine.deep.orders: want 1..9, got '0'",
      PLACE(4, 14) "engine.deep.markets: want 1..9, got '10'"}},
    {"log:\n  wait: 5\n  loud: yes\n  mode: Fast\n",
     {PLACE(2, 9) "log.wait: want off or 1 s..1 h, got '5'",
      PLACE(3, 9) "log.loud: want true or false, got 'yes'",
      PLACE(4, 9) "log.mode: want fast or slow, got 'Fast'"}},
    {"log:\n  name: a\n  path: log\n",
     {PLACE(2, 9) "log.name: want 2..12 characters of a-z, got 'a'",
      PLACE(3, 9) "log.path: want an absolute path of at most 32 characters, without '..', got "
                  "'log'"}},
    {"log:\n  name: ''\n", {PLACE(2, 9) "log.name: want 2..12 characters of a-z, got ''"}},
    {"log:\n  name: \"a\\u001b[2J\"\n",
     {PLACE(2, 9) "log.name: want 2..12 characters of a-z, got 'a?[2J'"}},
    /* The wrong form of a value. */
    {"engine:\n  size:\n", {PLACE(2, 8) "engine.size: want a power of two, 16..64, got nothing"}},
    {"engine:\n  size: '32'\n",
     {PLACE(2, 9) "engine.size: want a power of two, 16..64, got a text in quotes"}},
    {"engine:\n  size: [32]\n",
     {PLACE(2, 9) "engine.size: want a power of two, 16..64, got a list"}},
    {"engine:\n  size:\n    deep:\n      orders: 3\n  deep:\n    orders: 0\n",
     {PLACE(3, 5) "engine.size: want a power of two, 16..64, got more keys",
      PLACE(6, 13) "engine.deep.orders: want 1..9, got '0'"}},
    {"log:\n  name: |\n    abc\n",
     {PLACE(2, 9) "log.name: want 2..12 characters of a-z, got a text on lines of its own"}},
    {"log:\n  name: >-\n    abc\n",
     {PLACE(2, 9) "log.name: want 2..12 characters of a-z, got a text on lines of its own"}},
    {"log:\n  name: ab\n    cd\n",
     {PLACE(2, 9) "log.name: want 2..12 characters of a-z, got 'ab cd'"}},
    {"engine:\n  cores: [2, '3']\n", {PLACE(2, 10) "engine.cores: want numbers in the list"}},
    {"engine:\n  cores: [2, [3]]\n", {PLACE(2, 10) "engine.cores: want numbers in the list"}},
    {"engine:\n  cores: [2, {3: 4}]\n", {PLACE(2, 10) "engine.cores: want numbers in the list"}},
    {"engine:\n  cores: [2, 2]\n", {PLACE(2, 10) "engine.cores: " CORES "'2,2'"}},
    {"engine:\n  cores: []\n", {PLACE(2, 10) "engine.cores: " CORES "''"}},
    {"engine:\n  cores: [off]\n  size: 16\n", {NULL}},
    {"engine:\n  cores: {a: 2}\n", {PLACE(2, 10) "engine.cores: " CORES "more keys"}},
    /* The wrong form of a section. */
    {"engine: 5\n",
     {PLACE(1, 9) "engine: want keys below it, each on a line of its own and indented, got a "
                  "value"}},
    {"engine: ''\n",
     {PLACE(1, 9) "engine: want keys below it, each on a line of its own and indented, got a "
                  "value"}},
    {"engine:\n  deep: [orders]\n",
     {PLACE(2, 9) "engine.deep: want keys below it, each on a line of its own and indented, got a "
                  "list"}},
    {"engine\n", {PLACE(1, 1) "want sections ('engine:') with keys below them, got a text"}},
    {"--- &a\n", {PLACE(1, 5) "want sections ('engine:') with keys below them, got a text"}},
    {"- engine\n", {PLACE(1, 1) "want sections ('engine:') with keys below them, got a list"}},
    /* Keys that there are not. */
    {"engine:\n  sizes: 5\n",
     {PLACE(2, 3) "engine.sizes: there is no such key (is engine.size meant?)"}},
    {"engin:\n  size: 5\n", {PLACE(1, 1) "engin: there is no such key (is engine meant?)"}},
    {"engine:\n  orders: 5\n",
     {PLACE(2, 3) "engine.orders: there is no such key (is engine.deep.orders meant?)"}},
    {"size: 32\n", {PLACE(1, 1) "size: there is no such key (is engine.size meant?)"}},
    {"log:\n  deep:\n    orders: 5\n",
     {PLACE(2, 3) "log.deep: there is no such key (is engine.deep meant?)"}},
    {"quorum:\n  voters: 5\n",
     {PLACE(1, 1) "quorum: there is no such key (betexctl config explain lists all)"}},
    {"Engine:\n  size: 5\n", {PLACE(1, 1) "Engine: there is no such key (is engine meant?)"}},
    {"engine.size: 32\n",
     {PLACE(1, 1) "engine.size: write the last word below the others, indented, not behind a "
                  "dot"}},
    {"engine:\n  deep.orders: 5\n",
     {PLACE(2, 3) "engine.deep.orders: write the last word below the others, indented, not behind "
                  "a dot"}},
    {"engine.deep:\n  orders: 0\n",
     {PLACE(1, 1) "engine.deep: write the last word below the others, indented, not behind a "
                  "dot"}},
    {"<<: {size: 32}\n",
     {PLACE(1, 1) "<<: there is no such key (betexctl config explain lists all)"}},
    {"'': 5\n", {PLACE(1, 1) "there is no such key (betexctl config explain lists all)"}},
    {"\"a\\e[2Jb\": 5\n",
     {PLACE(1, 1) "a?[2Jb: there is no such key (betexctl config explain lists all)"}},
    {"engine:\n  aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeee: 5\n",
     {PLACE(2, 3) "engine.aaaaaaaaaabbbbbbbbbbccccccccccddddddd...: there is no such key (betexctl "
                  "config explain lists all)"}},
    {"? [engine]\n: 5\nlog: 5\n",
     {PLACE(1, 3) "want a word as key, got a list or more keys",
      PLACE(3, 6) "log: want keys below it, each on a line of its own and indented, got a value"}},
    {"engine:\n  ? {a: b}\n  : {c: d}\n",
     {PLACE(2, 5) "engine: want a word as key, got a list or more keys"}},
    /* Twice. */
    {"engine:\n  size: 16\n  size: 32\n",
     {PLACE(3, 3) "engine.size: repeated: line 2 has it already"}},
    {"engine:\n  size: 1\n  size: [32]\n",
     {PLACE(2, 9) "engine.size: want a power of two, 16..64, got '1'",
      PLACE(3, 3) "engine.size: repeated: line 2 has it already"}},
    {"engine:\n  size: 16\nlog:\nengine:\n  cores: 2\n",
     {PLACE(4, 1) "engine: repeated: line 1 has it already"}},
    {"{log: {}, log: {}}\n", {PLACE(1, 11) "log: repeated: line 1 has it already"}},
    {"engine: {deep: {}, deep: {orders: 0}}\n",
     {PLACE(1, 20) "engine.deep: repeated: line 1 has it already"}},
    /* What YAML has and files here have not. */
    {"engine:\n  size: &a 32\n  deep: {orders: *a}\n",
     {PLACE(2, 9) "engine.size: anchors (&name) are not allowed here",
      PLACE(3, 18) "engine.deep.orders: aliases (*name) are not allowed here"}},
    {"engine: &a\n  size: 30\n", {PLACE(1, 9) "engine: anchors (&name) are not allowed here"}},
    {"engine:\n  cores: &a [2]\n",
     {PLACE(2, 10) "engine.cores: anchors (&name) are not allowed "
                   "here"}},
    {"engine:\n  cores: [2, &a 3]\n",
     {PLACE(2, 10) "engine.cores: anchors (&name) are not allowed here"}},
    {"&a engine:\n  size: 30\n", {PLACE(1, 1) "anchors (&name) are not allowed here"}},
    {"--- &a\nengine:\n  size: 30\n", {PLACE(1, 5) "anchors (&name) are not allowed here"}},
    {"engine:\n  size: !!int 32\n", {PLACE(2, 9) "engine.size: tags (!name) are not allowed here"}},
    {"engine: !x\n  size: 30\n", {PLACE(1, 9) "engine: tags (!name) are not allowed here"}},
    {"log:\n  name: ! ab\n", {PLACE(2, 9) "log.name: tags (!name) are not allowed here"}},
    {"log:\n  name: \"a\\0b\"\n", {PLACE(2, 9) "log.name: a zero byte in a text"}},
    /* What is no YAML; what was wrong before is told too. */
    {"engine:\n  size: 30\n  cores: 2\n\tdeep: 5\n",
     {PLACE(2, 9) "engine.size: want a power of two, 16..64, got '30'",
      PLACE(4, 1) "a tab (indent with spaces)"}},
    {"engine:\n  size: 32\n   deep: 5\n",
     {PLACE(2, 9) "engine.size: want a power of two, 16..64, got '32 deep'",
      PLACE(3, 8) "a ':' where no key can be (is a line before it indented wrongly, or does a text "
                  "want quotes?)"}},
    {"engine:\n  size: 32\n deep: 5\n",
     {PLACE(3, 2) "want a key here (is the line indented wrongly?), while parsing a block mapping "
                  "from line 1 on"}},
    {"engine:\n  size 32\n  deep: 5\n",
     {PLACE(2, 3) "engine: want keys below it, each on a line of its own and indented, got a "
                  "value",
      PLACE(3, 7) "a ':' where no key can be (is a line before it indented wrongly, or does a text "
                  "want quotes?)"}},
    {"engine: {size: 32\n",
     {PLACE(2, 1) "did not find expected ',' or '}', while parsing a flow mapping from line 1 on"}},
    {"log:\n  name: \"abc\n",
     {PLACE(3, 1) "found unexpected end of stream, while scanning a quoted scalar from line 2 "
                  "on"}},
    {"log:\n  name: @x\n",
     {PLACE(2, 9) "found character that cannot start any token, while scanning for the next token "
                  "from line 2 on"}},
    {"log: {}\n---\nlog: {}\n", {PLACE(2, 1) "a second document ('---'); want one"}},
    {"log: {}\n...\nx", {PLACE(3, 1) "nothing may follow here (is the line indented wrongly?)"}},
    /* What is no text. */
    {"log:\n  name: a\xff\n", {PLACE(2, 10) "byte 0xff is not UTF-8"}},
    {"# \xc3\xa4\xc3\n", {PLACE(1, 4) "byte 0xc3 is not UTF-8"}},
    {"\xff\xfel\n", {PLACE(1, 1) "byte 0xff is not UTF-8"}},
    {"log:\r\n# \x1b[2J\r\n", {PLACE(2, 3) "a control character (first byte 0x1b)"}},
    {"log:\r# \xc2\x85\n", {PLACE(2, 3) "a control character (first byte 0xc2)"}},
    {"# \xe2\x80\xa8\n", {PLACE(1, 3) "a control character (first byte 0xe2)"}},
    {"# \xef\xbf\xbf\n", {PLACE(1, 3) "a control character (first byte 0xef)"}},
};

static void config_parse__mistakes__are_named_with_their_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        size_t count = 0;
        struct small small;

        while (count < BTX_COUNT_OF(rows[i].errors) && rows[i].errors[count] != NULL)
            count++;
        print_message("file %zu: %s\n", i, rows[i].file);
        assert_int_equal(small_parse(&small, rows[i].file), count == 0 ? BTX_OK : BTX_FAULT_CONFIG);
        for (size_t j = 0; j < count && j < small.config.error_count; j++)
            assert_string_equal(small_error(&small, j), rows[i].errors[j]);
        assert_int_equal(small.config.error_count, count);
    }
}

/* The fault is one line for a journal; the rest is for config check. */
static void config_parse__several_mistakes__the_fault_names_the_first(void **state)
{
    struct small small;

    (void)state;
    assert_int_equal(small_parse(&small, "engine:\n  size: 3\n"), BTX_FAULT_CONFIG);
    assert_string_equal(small.fault.text,
                        "betex.yaml:2:9: engine.size: want a power of two, 16..64, got '3'");
    assert_int_equal(small_parse(&small, "engine:\n  size: 3\n  deep: 4\n  x: 5\n"),
                     BTX_FAULT_CONFIG);
    assert_string_equal(small.fault.text,
                        "betex.yaml:2:9: engine.size: want a power of two, 16..64, got '3' (and 2 "
                        "more: betexctl config check FILE tells all)");
}

/* A file of nothing but mistakes fills no memory and no screen. */
static void config_parse__more_mistakes_than_are_kept__are_counted(void **state)
{
    char file[40 * 8 + 1] = "";
    struct small small;

    (void)state;
    for (size_t i = 0; i < 25; i++)
        (void)snprintf(file + strlen(file), sizeof file - strlen(file), "k%zu: 1\n", i);
    assert_int_equal(small_parse(&small, file), BTX_FAULT_CONFIG);
    assert_int_equal(small.config.error_count, BTX_CONFIG_ERRORS_MAX);
    assert_int_equal(small.config.errors_left_out, 5);
    assert_string_equal(
        small_error(&small, 19),
        PLACE(20, 1) "k19: there is no such key (betexctl config explain lists all)");
    assert_non_null(strstr(small.fault.text, "(and 24 more: "));
}

/* ---- Limits ---- */

/* Read @count times @piece between @before and @after. */
static enum btx_fault_code parse_repeated(struct small *small, const char *before,
                                          const char *piece, size_t count, const char *after)
{
    static char file[2 * BTX_CONFIG_FILE_BYTES_MAX];
    size_t length = strlen(before);

    memcpy(file, before, length);
    for (size_t i = 0; i < count; i++) {
        assert_true(length + strlen(piece) + strlen(after) < sizeof file);
        memcpy(file + length, piece, strlen(piece));
        length += strlen(piece);
    }
    memcpy(file + length, after, strlen(after) + 1);
    return small_parse(small, file);
}

static void config_parse__file_at_its_longest__is_read_and_no_longer_one(void **state)
{
    struct small small;

    (void)state;
    assert_int_equal(parse_repeated(&small, "", "#", BTX_CONFIG_FILE_BYTES_MAX, ""), BTX_OK);
    assert_int_equal(parse_repeated(&small, "", "#", BTX_CONFIG_FILE_BYTES_MAX + 1, ""),
                     BTX_FAULT_CONFIG);
    assert_string_equal(small_error(&small, 0), PLACE(1, 1) "the file is longer than 65536 bytes");
}

static void config_parse__deepest_and_one_deeper__are_told_apart(void **state)
{
    struct small small;

    (void)state;
    assert_int_equal(parse_repeated(&small, "x: ", "[", 7, "]]]]]]]"), BTX_FAULT_CONFIG);
    assert_int_equal(small.config.error_count, 1);
    assert_int_equal(parse_repeated(&small, "x: ", "[", 8, "]]]]]]]]"), BTX_FAULT_CONFIG);
    assert_int_equal(small.config.error_count, 2);
    assert_string_equal(small_error(&small, 1), PLACE(1, 11) "more than 8 levels");
    assert_int_equal(parse_repeated(&small, "x: ", "[", 60000, ""), BTX_FAULT_CONFIG);
    assert_int_equal(parse_repeated(&small, "", "- ", 30000, ""), BTX_FAULT_CONFIG);
    assert_int_equal(parse_repeated(&small, "", "{", 60000, ""), BTX_FAULT_CONFIG);
}

static void config_parse__most_nodes_and_one_more__are_told_apart(void **state)
{
    struct small small;

    (void)state;
    /* The root, x, the list and its items. */
    assert_int_equal(parse_repeated(&small, "x: [", "1,", 4093, "]"), BTX_FAULT_CONFIG);
    assert_string_equal(small_error(&small, 0),
                        PLACE(1, 1) "x: there is no such key (betexctl config explain lists all)");
    assert_int_equal(small.config.error_count, 1);
    assert_int_equal(parse_repeated(&small, "x: [", "1,", 4094, "]"), BTX_FAULT_CONFIG);
    assert_string_equal(small_error(&small, 1), PLACE(1, 8191) "more than 4096 keys and values");
}

static void config_parse__longest_text_and_one_longer__are_told_apart(void **state)
{
    struct small small;

    (void)state;
    assert_int_equal(parse_repeated(&small, "log:\n  name: ", "a", 512, "\n"), BTX_FAULT_CONFIG);
    assert_string_equal(small_error(&small, 0),
                        PLACE(2, 9) "log.name: want 2..12 characters of a-z, got "
                                    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaa...'");
    assert_int_equal(parse_repeated(&small, "log:\n  name: ", "a", 513, "\n"), BTX_FAULT_CONFIG);
    assert_string_equal(small_error(&small, 0), PLACE(2, 9) "log.name: longer than 512 bytes");
    assert_int_equal(parse_repeated(&small, "engine:\n  cores: [1", ",111111111111111111", 30, "]"),
                     BTX_FAULT_CONFIG);
    assert_string_equal(small_error(&small, 0), PLACE(2, 10) "engine.cores: the list is too long");
    assert_int_equal(parse_repeated(&small, "? ", "a", 600, "\n: 5\n"), BTX_FAULT_CONFIG);
    assert_string_equal(small_error(&small, 0), PLACE(1, 3) "longer than 512 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_parse__mistakes__are_named_with_their_places),
        cmocka_unit_test(config_parse__several_mistakes__the_fault_names_the_first),
        cmocka_unit_test(config_parse__more_mistakes_than_are_kept__are_counted),
        cmocka_unit_test(config_parse__file_at_its_longest__is_read_and_no_longer_one),
        cmocka_unit_test(config_parse__deepest_and_one_deeper__are_told_apart),
        cmocka_unit_test(config_parse__most_nodes_and_one_more__are_told_apart),
        cmocka_unit_test(config_parse__longest_text_and_one_longer__are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
