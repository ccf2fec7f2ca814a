/* SPDX-License-Identifier: Apache-2.0 */
/* test_record_text.c - lines of logs: the three kinds, and what a command's line says more. */
#include "engine/text/command_text.h"
#include "engine/text/note_text.h"
#include "engine/text/record_text.h"
#include "tests/unit/wire/samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static union btx_sample_space space;
static char out[BTX_RECORD_TEXT_BYTES_MAX + 64];

/* The line of the sample @name, with a zero behind it. */
static const char *line_of(const char *name)
{
    (void)btx_sample_build(btx_sample_find(name), &space);
    out[btx_record_text_encode(&space.record, out)] = '\0';
    return out;
}

/* Who asked stands beside what was asked, which is as it was written. */
static void record_text_encode__command__its_source_around_its_own_line(void **state)
{
    (void)state;
    (void)btx_sample_build(btx_sample_find("command_cancel_order"), &space);
    space.record.seq = UINT64_MAX;
    ((struct btx_command *)&space)->number = 71;
    ((struct btx_command *)&space)->incarnation = 5;
    ((struct btx_command *)&space)->producer = 3;
    ((struct btx_command *)&space)->shed = 1;
    out[btx_record_text_encode(&space.record, out)] = '\0';
    assert_string_equal(out, "{\"seq\":18446744073709551615,\"tx\":567,\"t\":1790000000123456789,"
                             "\"producer\":3,\"incarnation\":5,\"number\":71,\"shed\":true,"
                             "\"command\":{\"cmd\":\"CancelOrder\",\"t\":1790000000123456789,"
                             "\"account\":1001,\"order\":31,\"reduce_by\":5,\"cseq\":44}}\n");
}

/* By which rules a command was decided is part of what a log says; the first had no name. */
static void record_text_encode__command_of_later_rules__says_which(void **state)
{
    (void)state;
    assert_non_null(strstr(line_of("command_tick_of_due"),
                           ",\"shed\":false,\"rules\":2,\"command\":{\"cmd\":\"Tick\","));
    assert_null(strstr(line_of("command_tick"), "rules"));
}

/* The one field without a text form of its own must not be lost in a dump. */
static void record_text_encode__cancel_for_a_lost_connection__says_so(void **state)
{
    (void)state;
    assert_non_null(strstr(line_of("command_cancel_orders_disconnect"),
                           ",\"disconnect\":true,\"command\":{\"cmd\":\"CancelOrders\","));
    assert_null(strstr(line_of("command_cancel_orders"), "disconnect"));
}

/* Events are to be the same bytes wherever they are printed, and so are notes. */
static void record_text_encode__every_sample__event_and_note_lines_unchanged(void **state)
{
    static char expected[BTX_EVENT_TEXT_BYTES_MAX];

    (void)state;
    for (size_t i = 0; i < btx_samples_count; i++) {
        size_t length = 0;

        (void)line_of(btx_samples[i].name);
        if (btx_samples[i].kind == BTX_RECORD_EVENT)
            length = btx_event_text_encode(&space.record, expected);
        if (btx_samples[i].kind == BTX_RECORD_NOTE)
            length = btx_note_text_encode(&space.record, expected);
        assert_memory_equal(out, expected, length);
        assert_int_equal(out[strlen(out) - 1], '\n');
    }
}

/* What stands behind "command": is what betex-replay reads, and gives the same command. */
static void record_text_encode__every_command__can_be_cut_out_and_read_again(void **state)
{
    static struct btx_command_text decoder;
    static union btx_command_space again;

    (void)state;
    for (size_t i = 0; i < btx_samples_count; i++) {
        const char *command;

        if (btx_samples[i].kind != BTX_RECORD_COMMAND)
            continue;
        command = strstr(line_of(btx_samples[i].name), "\"command\":");
        assert_non_null(command);
        command += strlen("\"command\":");
        assert_null(btx_command_text_decode(&decoder, command, strlen(command) - 2, &again));
        assert_int_equal(again.command.record.type, btx_samples[i].type);
    }
}

/* The longest text of which each byte takes an escape fits the room that the header promises, and
 * so does the longest list of the longest numbers. */
static void record_text_encode__longest_description__stays_in_its_room(void **state)
{
    static char description[BTX_DESCRIPTION_BYTES_MAX];
    struct btx_describe_market *command = (void *)&space;
    size_t length;

    (void)state;
    memset(description, 0x1f, sizeof description);
    (void)btx_sample_build(btx_sample_find("command_describe_market"), &space);
    command->market = UINT64_MAX;
    command->text_length = BTX_DESCRIPTION_BYTES_MAX;
    command->command.number = UINT64_MAX;
    command->command.incarnation = UINT32_MAX;
    command->command.producer = UINT16_MAX;
    command->command.rules = BTX_RULES_VERSION;
    btx_sample_set_tail(&space, sizeof *command, description, sizeof description);
    space.record.seq = UINT64_MAX;
    space.record.tx = UINT64_MAX;
    space.record.time_ns = BTX_TIME_NS_MAX;
    assert_null(btx_record_check(&space, btx_record_length_bytes(&space.record)));
    memset(out, 0x5a, sizeof out);
    length = btx_record_text_encode(&space.record, out);
    assert_true(length > sizeof description * 6);
    assert_true(length + 32 <= BTX_RECORD_TEXT_BYTES_MAX);
    assert_memory_equal(out + length - 10, "\\u001f\"}}\n", 10);
    for (size_t i = BTX_RECORD_TEXT_BYTES_MAX; i < sizeof out; i++)
        assert_int_equal(out[i], 0x5a);
}

static void record_text_encode__longest_command__stays_in_its_room(void **state)
{
    static uint64_t winners[BTX_LIST_IDS_MAX];
    struct btx_settle_market *command = (void *)&space;
    size_t length;

    (void)state;
    memset(winners, 0xff, sizeof winners);
    (void)btx_sample_build(btx_sample_find("command_settle_market"), &space);
    command->market = UINT64_MAX;
    command->winners_count = BTX_LIST_IDS_MAX;
    command->command.number = UINT64_MAX;
    command->command.incarnation = UINT32_MAX;
    command->command.producer = UINT16_MAX;
    btx_sample_set_tail(&space, sizeof *command, winners, sizeof winners);
    space.record.seq = UINT64_MAX;
    space.record.tx = UINT64_MAX;
    space.record.time_ns = BTX_TIME_NS_MAX;
    assert_null(btx_record_check(&space, btx_record_length_bytes(&space.record)));
    memset(out, 0x5a, sizeof out);
    length = btx_record_text_encode(&space.record, out);
    assert_true(length + 32 <= BTX_RECORD_TEXT_BYTES_MAX);
    assert_memory_equal(out + length - 24, "18446744073709551615]}}\n", 24);
    for (size_t i = BTX_RECORD_TEXT_BYTES_MAX; i < sizeof out; i++)
        assert_int_equal(out[i], 0x5a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_text_encode__command__its_source_around_its_own_line),
        cmocka_unit_test(record_text_encode__command_of_later_rules__says_which),
        cmocka_unit_test(record_text_encode__cancel_for_a_lost_connection__says_so),
        cmocka_unit_test(record_text_encode__every_sample__event_and_note_lines_unchanged),
        cmocka_unit_test(record_text_encode__every_command__can_be_cut_out_and_read_again),
        cmocka_unit_test(record_text_encode__longest_description__stays_in_its_room),
        cmocka_unit_test(record_text_encode__longest_command__stays_in_its_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
