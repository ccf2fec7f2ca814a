/* SPDX-License-Identifier: Apache-2.0 */
/* test_note_text.c - every note against its documented line, letter by letter. */
#include "engine/text/note_text.h"
#include "tests/unit/wire/samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FRAME "{\"seq\":1234,\"tx\":567,\"t\":1790000000123456789,"

struct note_case {
    const char *sample;
    const char *line;
};

static const struct note_case cases[] = {
    {"note_engine_started",
     FRAME "\"note\":\"EngineStarted\",\"epoch\":9,\"rules_version\":1,\"shard\":0,"
           "\"capacity_accounts\":100000,\"capacity_markets\":5000,\"capacity_runners\":50000,"
           "\"capacity_orders\":2000000,\"capacity_positions\":1000000,"
           "\"capacity_stakes\":0,\"capacity_description_bytes\":0,\"configuration_sha256\":"
           "\"11223300000000000000000000000000000000000000000000000000000000ff\","
           "\"image\":\"betex 0.1.0\",\"host\":\"appliance-1\"}\n"},
    {"note_engine_started_second",
     FRAME "\"note\":\"EngineStarted\",\"epoch\":9,\"rules_version\":2,\"shard\":0,"
           "\"capacity_accounts\":100000,\"capacity_markets\":5000,\"capacity_runners\":50000,"
           "\"capacity_orders\":2000000,\"capacity_positions\":1000000,"
           "\"capacity_stakes\":4000000,\"capacity_description_bytes\":67108864,"
           "\"configuration_sha256\":"
           "\"11223300000000000000000000000000000000000000000000000000000000ff\","
           "\"image\":\"betex 0.1.0\",\"host\":\"appliance-1\"}\n"},
    {"note_state_digest",
     FRAME "\"note\":\"StateDigest\",\"sha256\":"
           "\"44556600000000000000000000000000000000000000000000000000000000ee\","
           "\"rules_version\":1}\n"},
    {"note_operator_action",
     FRAME "\"note\":\"OperatorAction\",\"who\":\"alice\",\"what\":\"market suspend 2002\"}\n"},
    {"note_clean_stop", FRAME "\"note\":\"CleanStop\"}\n"},
};

/* Scripts depend on every byte of these lines. */
static void note_text_encode__every_note__exactly_the_documented_line(void **state)
{
    static union btx_sample_space space;
    static char out[BTX_NOTE_TEXT_BYTES_MAX];

    uint32_t seen = 0;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)btx_sample_build(btx_sample_find(cases[i].sample), &space);
        seen |= UINT32_C(1) << space.record.type;
        out[btx_note_text_encode(&space.record, out)] = '\0';
        assert_string_equal(out, cases[i].line);
    }
    assert_int_equal(seen, (UINT32_C(2) << BTX_NOTE_COUNT) - 2);
}

/* Both halves of each byte, in the right order. */
static void note_text_encode__digest_of_many_digits__each_digit(void **state)
{
    static union btx_sample_space space;
    static char out[BTX_NOTE_TEXT_BYTES_MAX];
    struct btx_state_digest *note = (void *)&space;

    (void)state;
    (void)btx_sample_build(btx_sample_find("note_state_digest"), &space);
    for (unsigned i = 0; i < sizeof note->sha256; i++)
        note->sha256[i] = (uint8_t)(0x1f + 7 * i);
    out[btx_note_text_encode(&space.record, out)] = '\0';
    assert_non_null(strstr(out, "\"sha256\":\"1f262d343b424950575e656c737a81888f969da4abb2b9c0"
                                "c7ced5dce3eaf1f8\","));
}

/* A padded text that fills its field has no zero: what lies behind the field must not show. */
static void note_text_encode__texts_fill_their_fields__printed_to_their_ends(void **state)
{
    static union btx_sample_space space;
    static char out[BTX_NOTE_TEXT_BYTES_MAX + 64];
    struct btx_engine_started *note = (void *)&space;
    char *image;

    (void)state;
    (void)btx_sample_build(btx_sample_find("note_engine_started"), &space);
    memset(note->image, 'i', sizeof note->image);
    memset(note->host, 'h', sizeof note->host);
    out[btx_note_text_encode(&space.record, out)] = '\0';
    image = strstr(out, "\"image\":\"");
    assert_non_null(image);
    image += strlen("\"image\":\"");
    assert_int_equal(strspn(image, "i"), sizeof note->image);
    image += sizeof note->image + strlen("\",\"host\":\"");
    assert_int_equal(strspn(image, "h"), sizeof note->host);
    assert_string_equal(image + sizeof note->host, "\"}\n");
}

/* The room that the header promises is enough: all quotes, each of which takes two bytes. */
static void note_text_encode__longest_operator_action__stays_in_its_room(void **state)
{
    static union btx_sample_space space;
    static char out[BTX_NOTE_TEXT_BYTES_MAX + 64];
    struct btx_operator_action *note = (void *)&space;
    char what[BTX_OPERATOR_ACTION_BYTES_MAX];
    size_t length;

    (void)state;
    memset(what, '"', sizeof what);
    (void)btx_sample_build(btx_sample_find("note_operator_action"), &space);
    memset(note->who, '\\', sizeof note->who);
    note->what_length = sizeof what;
    btx_sample_set_tail(&space, sizeof *note, what, sizeof what);
    space.record.seq = UINT64_MAX;
    space.record.tx = UINT64_MAX;
    space.record.time_ns = BTX_TIME_NS_MAX;
    assert_null(btx_record_check(&space, btx_record_length_bytes(&space.record)));
    memset(out, 0x5a, sizeof out);
    length = btx_note_text_encode(&space.record, out);
    assert_true(length + 32 <= BTX_NOTE_TEXT_BYTES_MAX);
    assert_memory_equal(out + length - 5, "\\\"\"}\n", 5);
    for (size_t i = BTX_NOTE_TEXT_BYTES_MAX; i < sizeof out; i++)
        assert_int_equal(out[i], 0x5a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(note_text_encode__every_note__exactly_the_documented_line),
        cmocka_unit_test(note_text_encode__digest_of_many_digits__each_digit),
        cmocka_unit_test(note_text_encode__texts_fill_their_fields__printed_to_their_ends),
        cmocka_unit_test(note_text_encode__longest_operator_action__stays_in_its_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
