/* SPDX-License-Identifier: Apache-2.0 */
/* test_command_text.c - what is accepted: every command, every spelling that JSON allows, numbers
 * to the edges of their ranges; and that the written form is the one that was promised. */
#include "engine/text/command_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct btx_command_text text;
static union btx_command_space space;
static char out[BTX_COMMAND_TEXT_BYTES_MAX + 64];

/* The line is decoded from a copy of just its size, so that a sanitizer sees every read beyond. */
static const char *decode(const char *line, union btx_command_space *ret_space)
{
    const size_t length = strlen(line);
    char *copy = malloc(length + 1);
    const char *sentence;

    assert_non_null(copy);
    memcpy(copy, line, length + 1);
    sentence = btx_command_text_decode(&text, copy, length, ret_space);
    free(copy);
    return sentence;
}

static void assert_decodes(const char *line)
{
    const char *sentence;

    memset(&space, 0xa5, sizeof space);
    sentence = decode(line, &space);
    if (sentence != NULL)
        fail_msg("%s: %s", line, sentence);
    assert_null(btx_record_check(&space, sizeof space));
}

/* @line is accepted and says what @canonical says, which is written as the encoder writes. */
static void assert_accepted_as(const char *line, const char *canonical)
{
    size_t length;

    assert_decodes(line);
    length = btx_command_text_encode(&space.command, out);
    out[length] = '\0';
    assert_int_equal(strcspn(out, "\n") + 1, length);
    out[strcspn(out, "\n")] = '\0';
    assert_string_equal(out, canonical);
}

/* One of each with everything it may have, and one with as little as it may; as written. */
static const char *const lines[] = {
    "{\"cmd\":\"OpenAccount\",\"t\":1,\"account\":18446744073709551615}",
    "{\"cmd\":\"Deposit\",\"t\":1,\"account\":1,\"amount\":0.5,\"cseq\":7}",
    "{\"cmd\":\"Deposit\",\"t\":1,\"account\":1,\"amount\":-3,\"transfer\":9}",
    "{\"cmd\":\"Deposit\",\"t\":1,\"account\":1,\"amount\":1000}",
    "{\"cmd\":\"Withdraw\",\"t\":1,\"account\":0,\"amount\":0,\"cseq\":18446744073709551615}",
    "{\"cmd\":\"Withdraw\",\"t\":1,\"account\":1,\"amount\":100.0001,\"transfer\":1}",
    "{\"cmd\":\"FreezeAccount\",\"t\":0,\"account\":2}",
    "{\"cmd\":\"UnfreezeAccount\",\"t\":9223372036854775807,\"account\":2}",
    "{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"ODDS\",\"runners\":[3,1,2],"
    "\"winners\":2,\"min_size\":0.01,\"commission\":0.05}",
    "{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"BINARY\",\"tick\":0.01,"
    "\"min_size\":1,\"commission\":0}",
    "{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"BINARY\",\"runners\":[],"
    "\"winners\":0,\"tick\":0,\"min_size\":-1,\"commission\":-1}",
    "{\"cmd\":\"SuspendMarket\",\"t\":1,\"market\":1}",
    "{\"cmd\":\"ResumeMarket\",\"t\":1,\"market\":1}",
    "{\"cmd\":\"TurnInPlay\",\"t\":1,\"market\":1}",
    "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":2,\"side\":\"LAY\","
    "\"price\":1000,\"size\":10}",
    "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":2,\"runner\":3,\"side\":\"BACK\","
    "\"price\":1.01,\"size\":0.01,\"tif\":\"FOK\",\"min_fill\":0.01,"
    "\"persistence\":\"PERSIST\",\"post_only\":true,\"stp\":\"CANCEL_MAKER\","
    "\"ref\":\"a-\\\"\\\\/ ~\",\"cseq\":44}",
    "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":2,\"runner\":0,\"side\":\"BUY\","
    "\"outcome\":\"YES\",\"price\":0.63,\"size\":25,\"tif\":\"IOC\",\"min_fill\":0,"
    "\"stp\":\"CANCEL_TAKER\",\"ref\":\"\"}",
    "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":2,\"side\":\"SELL\","
    "\"outcome\":\"NO\",\"price\":0,\"size\":-1}",
    "{\"cmd\":\"CancelOrder\",\"t\":1,\"account\":1,\"order\":2}",
    "{\"cmd\":\"CancelOrder\",\"t\":1,\"account\":1,\"order\":2,\"reduce_by\":0,\"cseq\":1}",
    "{\"cmd\":\"UpdateOrder\",\"t\":1,\"account\":1,\"order\":2,\"persistence\":\"LAPSE\"}",
    "{\"cmd\":\"UpdateOrder\",\"t\":1,\"account\":1,\"order\":2,\"persistence\":\"PERSIST\","
    "\"cseq\":3}",
    "{\"cmd\":\"ReplaceOrder\",\"t\":1,\"account\":1,\"order\":2,\"price\":4.1}",
    "{\"cmd\":\"ReplaceOrder\",\"t\":1,\"account\":1,\"order\":2,\"price\":4.1,\"size\":0,"
    "\"cseq\":3}",
    "{\"cmd\":\"CancelOrders\",\"t\":1}",
    "{\"cmd\":\"CancelOrders\",\"t\":1,\"account\":0,\"market\":0,\"runner\":0,"
    "\"side\":\"BACK\",\"cseq\":1}",
    "{\"cmd\":\"CancelOrders\",\"t\":1,\"side\":\"LAY\"}",
    "{\"cmd\":\"SettleMarket\",\"t\":1,\"market\":1,\"winners\":[]}",
    "{\"cmd\":\"SettleMarket\",\"t\":1,\"market\":1,\"winners\":[0,18446744073709551615,7]}",
    "{\"cmd\":\"SettleMarket\",\"t\":1,\"market\":1,\"result\":\"YES\"}",
    "{\"cmd\":\"SettleMarket\",\"t\":1,\"market\":1,\"result\":\"NO\"}",
    "{\"cmd\":\"VoidMarket\",\"t\":1,\"market\":1}",
    "{\"cmd\":\"ForgetMarket\",\"t\":1,\"market\":1}",
    "{\"cmd\":\"Tick\",\"t\":1}",
    "{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"ODDS\",\"runners\":[1,2],"
    "\"winners\":1,\"min_size\":0.01,\"commission\":0,\"bet_delay\":60001,"
    "\"reductions\":false,\"implied\":true,\"ladder\":\"FINEST\"}",
    "{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"BINARY\",\"tick\":0.01,"
    "\"min_size\":1,\"commission\":0,\"bet_delay\":0}",
    "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":2,\"side\":\"BACK\",\"price\":2,"
    "\"size\":1,\"expires\":0,\"if_version\":18446744073709551615,\"ref\":\"\",\"cseq\":1}",
    "{\"cmd\":\"ReplaceOrder\",\"t\":1,\"account\":1,\"order\":2,\"price\":4.1,"
    "\"if_version\":0}",
    "{\"cmd\":\"DescribeMarket\",\"t\":1,\"market\":1,\"text\":\"\"}",
    "{\"cmd\":\"DescribeMarket\",\"t\":1,\"market\":1,\"text\":"
    "\"\\b\\t\\n\\f\\r\\\"\\\\/\\u0000\\u001f\x7f Caf\xc3\xa9 \xf0\x9f\x90\x8e\"}",
    "{\"cmd\":\"SetBetDelay\",\"t\":1,\"market\":1,\"bet_delay\":18446744073709551615}",
    "{\"cmd\":\"RemoveRunner\",\"t\":1,\"market\":1,\"runner\":2,\"factor\":17.3501}",
    "{\"cmd\":\"RemoveRunner\",\"t\":1,\"market\":1,\"runner\":2,\"factor\":-1}",
};

static void command_text__every_command_as_written__is_written_the_same(void **state)
{
    uint32_t seen = 0;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_accepted_as(lines[i], lines[i]);
        seen |= UINT32_C(1) << space.command.record.type;
    }
    assert_int_equal(seen, (UINT32_C(2) << BTX_COMMAND_COUNT) - 2);
}

struct spelling {
    const char *line;
    const char *canonical;
};

/* Programs of all kinds write these lines: what JSON allows must do. */
static void command_text_decode__other_spellings__mean_the_same(void **state)
{
    static const struct spelling spellings[] = {
        /* White space, at every place where there may be some. */
        {" \t\r\n{ \t\r\n\"cmd\" \t\r\n: \t\r\n\"Tick\" \t\r\n, \t\r\n\"t\" : 1 \t\r\n} \t\r\n",
         "{\"cmd\":\"Tick\",\"t\":1}"},
        {"{\"cmd\":\"Tick\",\"t\":1}\r", "{\"cmd\":\"Tick\",\"t\":1}"},
        {"{\"cmd\":\"Tick\",\"t\":1 }", "{\"cmd\":\"Tick\",\"t\":1}"},
        {"{\"cmd\":\"SettleMarket\",\"t\":1,\"market\":1,\"winners\":[ 1 , 2 ]}",
         "{\"cmd\":\"SettleMarket\",\"t\":1,\"market\":1,\"winners\":[1,2]}"},
        {"{\"cmd\":\"SettleMarket\",\"t\":1,\"market\":1,\"winners\":[ ]}",
         "{\"cmd\":\"SettleMarket\",\"t\":1,\"market\":1,\"winners\":[]}"},
        /* Any order, also of "cmd" and "t". */
        {"{\"t\":5,\"cmd\":\"Tick\"}", "{\"cmd\":\"Tick\",\"t\":5}"},
        {"{\"account\":1,\"amount\":2.5,\"t\":3,\"cseq\":4,\"cmd\":\"Deposit\"}",
         "{\"cmd\":\"Deposit\",\"t\":3,\"account\":1,\"amount\":2.5,\"cseq\":4}"},
        {"{\"winners\":[1,2],\"market\":1,\"t\":3,\"cmd\":\"SettleMarket\"}",
         "{\"cmd\":\"SettleMarket\",\"t\":3,\"market\":1,\"winners\":[1,2]}"},
        {"{\"cmd\":\"CancelOrder\",\"order\":1,\"account\":2,\"t\":3}",
         "{\"cmd\":\"CancelOrder\",\"t\":3,\"account\":2,\"order\":1}"},
        {"{\"ref\":\"}],\\\"\",\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":1,"
         "\"side\":\"LAY\",\"price\":2,\"size\":1}",
         "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":1,\"side\":\"LAY\",\"price\":2,"
         "\"size\":1,\"ref\":\"}],\\\"\"}"},
        /* Escapes, in keys and words too. */
        {"{\"\\u0063md\":\"T\\u0069ck\",\"\\u0074\":1}", "{\"cmd\":\"Tick\",\"t\":1}"},
        {"{\"cmd\":\"UpdateOrder\",\"t\":1,\"account\":1,\"orde\\u0072\":2,"
         "\"persistence\":\"\\u004cAPSE\"}",
         "{\"cmd\":\"UpdateOrder\",\"t\":1,\"account\":1,\"order\":2,\"persistence\":\"LAPSE\"}"},
        {"{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":1,\"side\":\"LAY\",\"price\":2,"
         "\"size\":1,\"ref\":\"\\u0041\\u007E\\\"\\\\\\/z\"}",
         "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":1,\"side\":\"LAY\",\"price\":2,"
         "\"size\":1,\"ref\":\"A~\\\"\\\\/z\"}"},
        /* A description may have any escape, and is written with as few as JSON allows. */
        {"{\"cmd\":\"DescribeMarket\",\"t\":1,\"market\":1,\"text\":"
         "\"\\u0022\\u005c\\/\\u0008\\u0009\\u000A\\u000c\\u000d\\u0000\\u001F\\u007f\"}",
         "{\"cmd\":\"DescribeMarket\",\"t\":1,\"market\":1,\"text\":"
         "\"\\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f\x7f\"}"},
        {"{\"cmd\":\"DescribeMarket\",\"t\":1,\"market\":1,\"text\":"
         "\"\\u0080\\u00E9\\u20ac\\uFFFF\\ud83d\\uDC0E\\uDBFF\\udfff\"}",
         "{\"cmd\":\"DescribeMarket\",\"t\":1,\"market\":1,\"text\":"
         "\"\xc2\x80\xc3\xa9\xe2\x82\xac\xef\xbf\xbf\xf0\x9f\x90\x8e\xf4\x8f\xbf\xbf\"}"},
        {"{\"text\":\"}],\\\"\",\"market\":7,\"cmd\":\"DescribeMarket\",\"t\":1}",
         "{\"cmd\":\"DescribeMarket\",\"t\":1,\"market\":7,\"text\":\"}],\\\"\"}"},
        /* The default of what has a bit of its own is not the same as its absence. */
        {"{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"ODDS\",\"runners\":[1,2],"
         "\"winners\":1,\"ladder\":\"CLASSIC\",\"implied\":false,\"bet_delay\":0,\"min_size\":1,"
         "\"commission\":0}",
         "{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"ODDS\",\"runners\":[1,2],"
         "\"winners\":1,\"min_size\":1,\"commission\":0,\"bet_delay\":0,\"implied\":false,"
         "\"ladder\":\"CLASSIC\"}"},
        /* What is not said and what is the default are the same. */
        {"{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":1,\"side\":\"LAY\",\"price\":2,"
         "\"size\":1,\"tif\":\"GTC\",\"persistence\":\"LAPSE\",\"post_only\":false,"
         "\"stp\":\"NONE\"}",
         "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":1,\"side\":\"LAY\",\"price\":2,"
         "\"size\":1}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++)
        assert_accepted_as(spellings[i].line, spellings[i].canonical);
}

struct decimal_case {
    const char *text;
    int64_t value;
};

/* No decimal may go through a floating-point number: the edges would show it. */
static void command_text_decode__decimals__exact(void **state)
{
    static const struct decimal_case cases[] = {
        {"0", 0},
        {"-0", 0},
        {"0.0", 0},
        {"-0.0000", 0},
        {"0.0001", 1},
        {"-0.0001", -1},
        {"0.1", 1000},
        {"0.10", 1000},
        {"1.0000", 10000},
        {"0.3", 3000},
        {"0.29", 2900},
        {"1.005", 10050},
        {"12345678", 123456780000},
        {"12345678.9", 123456789000},
        {"123456789.01", 1234567890100},
        {"922337203685477.5807", INT64_MAX},
        {"-922337203685477.5808", INT64_MIN},
        {"900719925474.0993", 9007199254740993},
        {"100000000000", BTX_MONEY_MAX},
    };
    char line[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct btx_funds_command command;

        snprintf(line, sizeof line, "{\"cmd\":\"Deposit\",\"t\":1,\"account\":1,\"amount\":%s}",
                 cases[i].text);
        assert_decodes(line);
        memcpy(&command, &space, sizeof command);
        if (command.amount != cases[i].value)
            fail_msg("%s: got %lld", cases[i].text, (long long)command.amount);
    }
}

/* Prices are unsigned, and finer and greater than any ladder: the core judges those. */
static void command_text_decode__prices__exact(void **state)
{
    static const struct decimal_case cases[] = {
        {"0", 0},
        {"0.0001", 1},
        {"1.01", 10100},
        {"1000", 10000000},
        {"42949672.95", 429496729500},
        {"42949672.9499", 429496729499},
    };
    char line[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct btx_replace_order command;

        snprintf(line, sizeof line,
                 "{\"cmd\":\"ReplaceOrder\",\"t\":1,\"account\":1,\"order\":1,\"price\":%s}",
                 cases[i].text);
        assert_decodes(line);
        memcpy(&command, &space, sizeof command);
        assert_int_equal(command.price, cases[i].value);
    }
}

/* Digits are read eight at a time: every length of number, and what may stand behind it. */
static void command_text_decode__integers_of_every_length__exact(void **state)
{
    static const char *const behind[] = {"}", " }", ",\"t\":1}", "\t,\"t\":1}"};
    static const char digits[] = "12345678901234567890";
    char line[128];

    (void)state;
    for (int length = 1; length <= 20; length++) {
        for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
            struct btx_open_account command;

            snprintf(line, sizeof line, "{\"cmd\":\"OpenAccount\",%s\"account\":%.*s%s",
                     i < 2 ? "\"t\":1," : "", length, digits, behind[i]);
            assert_decodes(line);
            memcpy(&command, &space, sizeof command);
            snprintf(line, sizeof line, "%.*s", length, digits);
            assert_true(command.account == strtoull(line, NULL, 10));
        }
    }
}

/* The source of a command is for the caller to fill in, and whatever was in the room is gone. */
static void command_text_decode__any_line__leaves_the_source_zero(void **state)
{
    (void)state;
    assert_decodes("{\"cmd\":\"OpenAccount\",\"t\":12,\"account\":3}");
    assert_int_equal(space.command.record.time_ns, 12);
    assert_int_equal(space.command.record.crc, 0);
    assert_int_equal(space.command.record.seq, 0);
    assert_int_equal(space.command.record.tx, 0);
    assert_int_equal(space.command.number, 0);
    assert_int_equal(space.command.incarnation, 0);
    assert_int_equal(space.command.producer, 0);
    assert_int_equal(space.command.shed, 0);
    assert_int_equal(space.command.rules, 0);
}

/* A ref is copied with all the room that it may have: nothing of what follows may stay. */
static void command_text_decode__refs_of_every_length__no_byte_more(void **state)
{
    char line[256];
    char ref[BTX_REF_BYTES_MAX + 1] = "";

    (void)state;
    for (size_t length = 0; length <= BTX_REF_BYTES_MAX; length++) {
        struct btx_place_order command;

        memset(ref, '!', length);
        ref[length] = '\0';
        snprintf(line, sizeof line,
                 "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":1,\"side\":\"LAY\","
                 "\"price\":2,\"size\":1,\"ref\":\"%s\",\"cseq\":12345}",
                 ref);
        assert_decodes(line);
        memcpy(&command, &space, sizeof command);
        assert_int_equal(command.ref_length, length);
        assert_int_equal(command.present, BTX_PLACE_ORDER_HAS_REF);
        assert_int_equal(command.cseq, 12345);
        assert_memory_equal(space.bytes + sizeof command, ref, length);
    }
}

/* The longest description, each byte of it an escape, is read, and written in the room that was
 * promised; one of plain bytes too. */
static void command_text__longest_description__read_and_written(void **state)
{
    static const char *const parts[] = {"\\u0001", "x", "\\\\", "\xc3\xa9"};
    static const size_t part_bytes[] = {1, 1, 1, 2};
    static char line[BTX_COMMAND_LINE_BYTES_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct btx_describe_market command;
        size_t length = (size_t)snprintf(line, sizeof line,
                                         "{\"cmd\":\"DescribeMarket\",\"t\":9223372036854775807,"
                                         "\"market\":18446744073709551615,\"text\":\"");

        for (size_t bytes = 0; bytes < BTX_DESCRIPTION_BYTES_MAX; bytes += part_bytes[i])
            length += (size_t)snprintf(line + length, sizeof line - length, "%s", parts[i]);
        snprintf(line + length, sizeof line - length, "\"}");

        assert_decodes(line);
        memcpy(&command, &space, sizeof command);
        assert_int_equal(command.text_length, BTX_DESCRIPTION_BYTES_MAX);
        memset(out, 0x5a, sizeof out);
        length = btx_command_text_encode(&space.command, out);
        assert_true(length + 32 <= BTX_COMMAND_TEXT_BYTES_MAX);
        assert_int_equal(length - 1, strlen(line));
        assert_memory_equal(out, line, length - 1);
        for (size_t j = BTX_COMMAND_TEXT_BYTES_MAX; j < sizeof out; j++)
            assert_int_equal(out[j], 0x5a);
    }
}

/* The longest list is read and written, in the room that was promised. */
static void command_text__longest_list__read_and_written(void **state)
{
    static char line[BTX_COMMAND_LINE_BYTES_MAX];
    struct btx_settle_market command;
    size_t length = (size_t)snprintf(line, sizeof line,
                                     "{\"cmd\":\"SettleMarket\",\"t\":9223372036854775807,"
                                     "\"market\":18446744073709551615,\"winners\":[");

    (void)state;
    for (unsigned i = 0; i < BTX_LIST_IDS_MAX; i++)
        length += (size_t)snprintf(line + length, sizeof line - length, "%s18446744073709551615",
                                   i != 0 ? "," : "");
    snprintf(line + length, sizeof line - length, "]}");

    assert_decodes(line);
    memcpy(&command, &space, sizeof command);
    assert_int_equal(command.winners_count, BTX_LIST_IDS_MAX);
    memset(out, 0x5a, sizeof out);
    length = btx_command_text_encode(&space.command, out);
    assert_true(length + 32 <= BTX_COMMAND_TEXT_BYTES_MAX);
    assert_memory_equal(out, line, length - 1);
    for (size_t i = BTX_COMMAND_TEXT_BYTES_MAX; i < sizeof out; i++)
        assert_int_equal(out[i], 0x5a);
}

/* A line of the greatest length is read, whatever fills it. */
static void command_text_decode__longest_line__read(void **state)
{
    static char line[BTX_COMMAND_LINE_BYTES_MAX + 1];

    (void)state;
    memset(line, ' ', sizeof line);
    memcpy(line, "{\"cmd\":\"Tick\",\"t\":1", 19);
    line[BTX_COMMAND_LINE_BYTES_MAX - 1] = '}';
    assert_null(btx_command_text_decode(&text, line, BTX_COMMAND_LINE_BYTES_MAX, &space));
    assert_string_equal(
        btx_command_text_decode(&text, line, BTX_COMMAND_LINE_BYTES_MAX + 1, &space),
        "a line of more than 65536 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_text__every_command_as_written__is_written_the_same),
        cmocka_unit_test(command_text_decode__other_spellings__mean_the_same),
        cmocka_unit_test(command_text_decode__decimals__exact),
        cmocka_unit_test(command_text_decode__prices__exact),
        cmocka_unit_test(command_text_decode__integers_of_every_length__exact),
        cmocka_unit_test(command_text_decode__any_line__leaves_the_source_zero),
        cmocka_unit_test(command_text_decode__refs_of_every_length__no_byte_more),
        cmocka_unit_test(command_text__longest_description__read_and_written),
        cmocka_unit_test(command_text__longest_list__read_and_written),
        cmocka_unit_test(command_text_decode__longest_line__read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
