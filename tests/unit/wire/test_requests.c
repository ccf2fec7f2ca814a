/* SPDX-License-Identifier: Apache-2.0 */
/* test_requests.c - what operators ask of the engine: built, checked, kept out of logs. */
#include "engine/wire/requests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t types[] = {
#define REQUEST(number, NAME, Name) number,
#include "engine/wire/requests.def"
};

static struct btx_request *build(union btx_command_space *space)
{
    memset(space, 0xa5, sizeof *space);
    return btx_request_build(space, BTX_REQUEST_ROTATE, "alice", "wal rotate");
}

/* What check says about a copy that ends where the memory ends, for the sanitizer. */
static const char *check_copy(const union btx_command_space *space, size_t length_bytes)
{
    void *copy = malloc(length_bytes);
    const char *sentence;

    assert_non_null(copy);
    memcpy(copy, space, length_bytes);
    sentence = btx_request_check(copy, length_bytes);
    free(copy);
    return sentence;
}

static void request_build__each_type__is_valid_and_says_what_was_said(void **state)
{
    union btx_command_space space;

    (void)state;
    for (size_t i = 0; i < sizeof types; i++) {
        const struct btx_request *request;

        memset(&space, 0xa5, sizeof space);
        request = btx_request_build(&space, (enum btx_request_type)types[i], "alice", "drain");
        assert_null(check_copy(&space, btx_record_length_bytes(&request->command.record)));
        assert_int_equal(request->command.record.type, types[i]);
        assert_int_equal(request->command.record.length_units, 2);
        assert_string_equal(request->who, "alice");
        assert_int_equal(request->what_length, 5);
        assert_memory_equal(btx_request_what(request), "drain", 5);
    }
}

/* Names of users and arguments come from outside: they must not make a note that is refused. */
static void request_build__long_and_unprintable_texts__are_cut_and_replaced(void **state)
{
    char what[BTX_OPERATOR_ACTION_BYTES_MAX + 2];
    union btx_command_space space;
    const struct btx_request *request;

    (void)state;
    memset(what, '\x1b', sizeof what - 1);
    what[sizeof what - 1] = '\0';
    request = btx_request_build(&space, BTX_REQUEST_DRAIN,
                                "caf\xc3\xa9-caf\xc3\xa9-01234567890123456789012", what);
    assert_null(check_copy(&space, btx_record_length_bytes(&request->command.record)));
    assert_memory_equal(request->who, "caf\?\?-caf\?\?-01234567890123456789", 31);
    assert_int_equal(request->what_length, BTX_OPERATOR_ACTION_BYTES_MAX);
    assert_memory_equal(btx_request_what(request), "????????", 8);
}

/* A log with a request in it would be one that no later reader knows. */
static void record_check__request__is_no_record_of_a_log(void **state)
{
    union btx_command_space space;

    (void)state;
    build(&space);
    assert_string_equal(btx_record_check(&space, sizeof space), "type: unknown");
}

static void request_check__command__is_none(void **state)
{
    union btx_command_space space;

    (void)state;
    btx_command_begin(&space, BTX_COMMAND_TICK);
    assert_string_equal(btx_request_check(&space, sizeof space), "type: unknown");
}

struct spoiled {
    size_t offset;
    uint8_t value;
    const char *sentence;
};

static void request_check__each_thing_spoiled__is_named(void **state)
{
    static const struct spoiled rows[] = {
        {4, 0, "length: zero"},
        {4, 3, "length: more than there is"},
        {4, 1, "length: too short for its type"},
        {6, BTX_RECORD_NOTE, "kind: not that of commands"},
        {6, BTX_RECORD_COMMAND | BTX_RECORD_TX_END, "kind: not that of commands"},
        {7, 0, "type: unknown"},
        {7, 39, "type: unknown"},
        {7, 45, "type: unknown"},
        {7, 255, "type: unknown"},
        {31, 0x80, "time: out of range"},
        {46, 1, "shed, rules: not zero"},
        {47, 1, "shed, rules: not zero"},
        {48, 0x80, "who: not printable ASCII, padded with zeros"},
        {79, 'x', "who: not printable ASCII, padded with zeros"},
        {80, 41, "length: not that of its fields"},
        {81, 0xff, "length: not that of its fields"},
        {82, 1, "reserved: not zero"},
        {87, 1, "reserved: not zero"},
        {88, 0x1f, "what: not printable ASCII"},
        {98, 1, "padding: not zero"},
        {127, 1, "padding: not zero"},
    };
    union btx_command_space space;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        build(&space);
        space.bytes[rows[i].offset] = rows[i].value;
        assert_string_equal(check_copy(&space, 128), rows[i].sentence);
    }
}

static void request_check__longer_than_the_text_needs__refused(void **state)
{
    union btx_command_space space;

    (void)state;
    build(&space);
    memset(space.bytes + 128, 0, 64);
    space.command.record.length_units = 3;
    assert_string_equal(check_copy(&space, 192), "length: not that of its fields");
}

static void request_check__text_over_the_limit__refused(void **state)
{
    const size_t length = BTX_OPERATOR_ACTION_BYTES_MAX + 1;
    union btx_command_space space;
    struct btx_request *request = build(&space);

    (void)state;
    memset(space.bytes + sizeof *request, 0, sizeof space - sizeof *request);
    memset(request + 1, 'x', length);
    request->what_length = (uint16_t)length;
    space.command.record.length_units = btx_record_units(sizeof *request + length);
    assert_string_equal(check_copy(&space, btx_record_length_bytes(&space.command.record)),
                        "what: too long");
}

static void request_check__cut_anywhere__never_read_beyond(void **state)
{
    union btx_command_space space;

    (void)state;
    build(&space);
    for (size_t length = 1; length < 128; length++)
        assert_non_null(check_copy(&space, length));
}

/* Two programs of different age speak these numbers: written down a second time, on purpose. */
static void names_and_types__all_requests__are_those_of_the_format(void **state)
{
    static const char *const names[] = {"OperatorAction", "Rotate", "Snapshot", "Drain",
                                        "Shutdown"};

    (void)state;
    assert_int_equal(BTX_REQUEST_COUNT, 5);
    assert_true(BTX_REQUEST_TYPES == UINT64_C(0x1f) << 40);
    for (unsigned i = 0; i < 5; i++)
        assert_string_equal(btx_request_name((enum btx_request_type)(40 + i))->text, names[i]);
    for (unsigned type = 0; type < 256; type++)
        assert_int_equal(btx_request_is_type((uint8_t)type), type >= 40 && type <= 44);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_build__each_type__is_valid_and_says_what_was_said),
        cmocka_unit_test(request_build__long_and_unprintable_texts__are_cut_and_replaced),
        cmocka_unit_test(record_check__request__is_no_record_of_a_log),
        cmocka_unit_test(request_check__command__is_none),
        cmocka_unit_test(request_check__each_thing_spoiled__is_named),
        cmocka_unit_test(request_check__longer_than_the_text_needs__refused),
        cmocka_unit_test(request_check__text_over_the_limit__refused),
        cmocka_unit_test(request_check__cut_anywhere__never_read_beyond),
        cmocka_unit_test(names_and_types__all_requests__are_those_of_the_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
