/* SPDX-License-Identifier: Apache-2.0 */
/* test_command_refusals.c - what is refused, each with the sentence that a person gets to read. */
#include "engine/text/command_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct refusal {
    const char *line;
    size_t length; /* a line may have zeros in it */
    const char *sentence;
};

#define ROW(line, sentence)                                                                        \
    {                                                                                              \
        line, sizeof(line) - 1, sentence                                                           \
    }

/* Lines that are well but for what is put in. */
#define TICK(text) "{\"cmd\":\"Tick\",\"t\":" text "}"
#define OPEN(text) "{\"cmd\":\"OpenAccount\",\"t\":1,\"account\":" text "}"
#define SEQUENCE(text) "{\"cmd\":\"Deposit\",\"t\":1,\"account\":1,\"amount\":1,\"cseq\":" text "}"
#define AMOUNT(text) "{\"cmd\":\"Deposit\",\"t\":1,\"account\":1,\"amount\":" text "}"
#define PRICE(text)                                                                                \
    "{\"cmd\":\"ReplaceOrder\",\"t\":1,\"account\":1,\"order\":1,\"price\":" text "}"
#define POST_ONLY(text)                                                                            \
    "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":2,\"side\":\"BACK\","                \
    "\"price\":2,\"size\":1,\"post_only\":" text "}"
#define REF(text)                                                                                  \
    "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":2,\"side\":\"BACK\","                \
    "\"price\":2,\"size\":1,\"ref\":" text "}"
#define PLACE(text) "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":2," text "}"
#define DESCRIBE(text) "{\"cmd\":\"DescribeMarket\",\"t\":1,\"market\":1,\"text\":" text "}"
#define BINARY(text)                                                                               \
    "{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"BINARY\",\"tick\":0.01,"              \
    "\"min_size\":1,\"commission\":0," text "}"
#define WINNERS(text) "{\"cmd\":\"SettleMarket\",\"t\":1,\"market\":1,\"winners\":" text "}"

#define WANT_TIME "t: want an integer from 0 to 9223372036854775807, got "
#define WANT_ACCOUNT "account: want an integer from 0 to 18446744073709551615, got "
#define WANT_WINNER "winners: want an integer from 0 to 18446744073709551615, got "
#define WANT_SEQUENCE "cseq: want an integer from 1 to 18446744073709551615, got "
#define WANT_AMOUNT "amount: want a number from -922337203685477.5808 to 922337203685477.5807, got "
#define WANT_PRICE "price: want a number from 0 to 42949672.95, got "
#define WANT_EXPIRES "expires: want an integer from 0 to 9223372036854775807, got "
#define WANT_VERSION "if_version: want an integer from 0 to 18446744073709551615, got "
#define WANT_DELAY "bet_delay: want an integer from 0 to 18446744073709551615, got "
#define WANT_FACTOR "factor: want a number from -922337203685477.5808 to 922337203685477.5807, got "
#define WANT_TEXT "text: want a string of at most 8192 bytes of UTF-8, got "
#define WANT_REF "ref: want a string of at most 64 printable ASCII characters, got "

static const struct refusal refusals[] = {
    /* No command at all. */
    ROW("", "empty line: want a command"),
    ROW(" \011 ", "empty line: want a command"),
    ROW("{}", "cmd: missing"),
    ROW("{ }", "cmd: missing"),
    ROW("null", "byte 1: want '{', got 'n'"),
    ROW("[]", "byte 1: want '{', got '['"),
    ROW("\"Tick\"", "byte 1: want '{', got '\"'"),
    ROW("7", "byte 1: want '{', got '7'"),
    ROW("\000", "byte 1: want '{', got '\\x00'"),
    ROW("\357\273\277{\"cmd\":\"Tick\",\"t\":1}", "byte 1: want '{', got '\\xef'"),
    ROW("{'cmd':\"Tick\"}", "byte 2: want the name of a field in quotes, got '''"),
    ROW("{cmd:\"Tick\"}", "byte 2: want the name of a field in quotes, got 'c'"),
    ROW("# comment", "byte 1: want '{', got '#'"),
    ROW("{", "byte 2: want the name of a field in quotes, got the end of the line"),
    ROW("{\"", "byte 2: a string without an end"),
    ROW("{\"t\":1}", "cmd: missing"),
    /* The object and what joins its members. */
    ROW("{\"cmd\":\"Tick\",\"t\":1", "byte 20: want ',' or '}', got the end of the line"),
    ROW("{\"cmd\":\"Tick\",\"t\":1,",
        "byte 21: want the name of a field in quotes, got the end of the line"),
    ROW("{\"cmd\":\"Tick\",\"t\":1,}", "byte 21: want the name of a field in quotes, got '}'"),
    ROW("{\"cmd\":\"Tick\",,\"t\":1}", "byte 15: want the name of a field in quotes, got ','"),
    ROW("{,\"cmd\":\"Tick\",\"t\":1}", "byte 2: want the name of a field in quotes, got ','"),
    ROW("{\"cmd\":\"Tick\" \"t\":1}", "byte 15: want ',' or '}', got '\"'"),
    ROW("{\"cmd\":\"Tick\";\"t\":1}", "byte 14: want ',' or '}', got ';'"),
    ROW("{\"cmd\":\"Tick\",\"t\"}", "byte 18: want ':', got '}'"),
    ROW("{\"cmd\":\"Tick\",\"t\" 1}", "byte 19: want ':', got '1'"),
    ROW("{\"cmd\":\"Tick\",\"t\"=1}", "byte 18: want ':', got '='"),
    ROW("{\"cmd\":\"Tick\",\"t\":1}}", "byte 21: want nothing behind the command, got '}'"),
    ROW("{\"cmd\":\"Tick\",\"t\":1},", "byte 21: want nothing behind the command, got ','"),
    ROW("{\"cmd\":\"Tick\",\"t\":1} {\"cmd\":\"Tick\",\"t\":2}",
        "byte 22: want nothing behind the command, got '{'"),
    ROW("{\"cmd\":\"Tick\",\"t\":1}\000", "byte 21: want nothing behind the command, got '\\x00'"),
    ROW("{\"cmd\":\"Tick\",\"t\":1\000}", "byte 20: want ',' or '}', got '\\x00'"),
    ROW("{\"cmd\":\"Tick\",\"t\":1,\"", "byte 21: a string without an end"),
    ROW("{\"cmd\":\"Tick\",\"t", "byte 15: a string without an end"),
    ROW("{\"cmd\":\"Tick\",\"t\":", WANT_TIME "the end of the line"),
    ROW("{\"cmd\"", "byte 7: want ':', got the end of the line"),
    ROW("{\"cmd\":", "cmd: want the name of a command, got the end of the line"),
    ROW("{\"cmd\":\"Tick", "byte 8: a string without an end"),
    ROW("{\"cmd\":\"Tick\"", "byte 14: want ',' or '}', got the end of the line"),
    ROW("{\"cmd\":\"Tick\"}x", "byte 15: want nothing behind the command, got 'x'"),
    ROW("{\"t\":1,\"cmd\"", "byte 13: want ':', got the end of the line"),
    ROW("{\"t\":1,\"cmd\":", "cmd: want the name of a command, got the end of the line"),
    ROW("{\"t\":[1,{\"cmd\":\"Tick\"}", "byte 23: want ',' or '}', got the end of the line"),
    ROW("{\"t\" 1,\"cmd\":\"Tick\"}", "byte 6: want ':', got '1'"),
    ROW("{\"t\":1 \"cmd\":\"Tick\"}", "byte 8: want ',' or '}', got '\"'"),
    ROW("{\"t\":\"1,\"cmd\":\"Tick\"}", "byte 10: want ',' or '}', got 'c'"),
    ROW("{\"t\":\"1\"x,\"cmd\":\"Tick\"}", "byte 9: want ',' or '}', got 'x'"),
    ROW("{\"t\":[1]x,\"cmd\":\"Tick\"}", "byte 9: want ',' or '}', got 'x'"),
    ROW("{\"t\":[1}],\"cmd\":\"Tick\"}", "byte 9: want ',' or '}', got ']'"),
    ROW("{\"t\":{\"cmd\":\"Tick\"}}", "cmd: missing"),
    ROW("{\"t\":[\"]\",{\"a\":[]}],\"cmd\":\"Tick\"}", WANT_TIME "a list"),
    ROW("{\"t\":[\"\\q\"],\"cmd\":\"Tick\"}", "byte 8: no such escape in JSON"),
    /* The name of the command. */
    ROW("{\"cmd\":\"tick\",\"t\":1}", "cmd: want the name of a command, got 'tick'"),
    ROW("{\"cmd\":\"Ticks\",\"t\":1}", "cmd: want the name of a command, got 'Ticks'"),
    ROW("{\"cmd\":\"Tic\",\"t\":1}", "cmd: want the name of a command, got 'Tic'"),
    ROW("{\"cmd\":\"\",\"t\":1}", "cmd: want the name of a command, got ''"),
    ROW("{\"cmd\":null,\"t\":1}", "cmd: want the name of a command, got null"),
    ROW("{\"cmd\":5,\"t\":1}", "cmd: want the name of a command, got 5"),
    ROW("{\"cmd\":Tick,\"t\":1}", "cmd: want the name of a command, got Tick"),
    ROW("{\"cmd\":[\"Tick\"],\"t\":1}", "cmd: want the name of a command, got a list"),
    ROW("{\"cmd\":\"Tick\\u0000\",\"t\":1}", "cmd: want the name of a command, got 'Tick\\u0000'"),
    ROW("{\"cmd\":\"Tick\",\"t\":1,\"cmd\":\"Tick\"}", "cmd: given twice"),
    ROW("{\"t\":1,\"cmd\":\"Tick\",\"cmd\":\"Tick\"}", "cmd: given twice"),
    ROW("{\"cmd\":\"Tick\",\"cmd\":\"Tock\",\"t\":1}", "cmd: given twice"),
    ROW("{\"cmd\":\"PlaceOrderPlaceOrderPlaceOrderPlaceOrderPlaceOrder\",\"t\":1}",
        "cmd: want the name of a command, got 'PlaceOrderPlaceOrderPlaceOrderPlaceOrder...'"),
    /* Fields that are missing, unknown or there twice. */
    ROW("{\"cmd\":\"Tick\"}", "t: missing"),
    ROW("{\"cmd\":\"OpenAccount\",\"account\":1}", "t: missing"),
    ROW("{\"cmd\":\"OpenAccount\",\"t\":1}", "account: missing"),
    ROW("{\"cmd\":\"OpenAccount\"}", "t: missing"),
    ROW("{\"cmd\":\"Deposit\",\"t\":1,\"amount\":1}", "account: missing"),
    ROW("{\"cmd\":\"Deposit\",\"t\":1,\"account\":1}", "amount: missing"),
    ROW("{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"BINARY\",\"tick\":0.01,\"min_siz"
        "e\":1}",
        "commission: missing"),
    ROW("{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"tick\":0.01,\"min_size\":1,\"commission\""
        ":0}",
        "kind: missing"),
    ROW("{\"cmd\":\"UpdateOrder\",\"t\":1,\"account\":1,\"order\":1}", "persistence: missing"),
    ROW("{\"cmd\":\"Tick\",\"t\":1,\"account\":1}", "'account': Tick has no such field"),
    ROW("{\"cmd\":\"Tick\",\"t\":1,\"T\":1}", "'T': Tick has no such field"),
    ROW("{\"cmd\":\"Tick\",\"t\":1,\"\":1}", "'': Tick has no such field"),
    ROW("{\"cmd\":\"Tick\",\"t\":1,\"end\":true}", "'end': Tick has no such field"),
    ROW("{\"cmd\":\"Deposit\",\"t\":1,\"account\":1,\"amount\":1,\"price\":2}",
        "'price': Deposit has no such field"),
    ROW("{\"cmd\":\"FreezeAccount\",\"t\":1,\"account\":1,\"cseq\":2}",
        "'cseq': FreezeAccount has no such field"),
    ROW("{\"cmd\":\"CancelOrders\",\"t\":1,\"account\":1,\"disconnect\":true}",
        "'disconnect': CancelOrders has no such field"),
    ROW("{\"cmd\":\"Tick\",\"t\":1,\"\303\251\033\\n\":1}",
        "byte 24: a control character in a string"),
    ROW("{\"cmd\":\"Tick\",\"t\":1,\"\303\251\\u001b\\n\\\"\177\":1}",
        "'\\xc3\\xa9\\u001b\\n\\\"\\x7f': Tick has no such field"),
    ROW("{\"cmd\":\"Tick\",\"t\":1,\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
        "\":1}",
        "'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...': Tick has no such field"),
    ROW("{\"cmd\":\"Tick\",\"t\":1,\"t\":1}", "t: given twice"),
    ROW("{\"cmd\":\"Tick\",\"t\":1,\"t\":null}", "t: given twice"),
    ROW("{\"cmd\":\"Deposit\",\"t\":1,\"account\":1,\"account\":1,\"amount\":1}",
        "account: given twice"),
    ROW("{\"cmd\":\"Deposit\",\"account\":1,\"t\":1,\"account\":2,\"amount\":1}",
        "account: given twice"),
    ROW("{\"cmd\":\"Deposit\",\"t\":1,\"account\":1,\"amount\":1,\"\\u0061mount\":1}",
        "amount: given twice"),
    ROW(PLACE("\"side\":\"BACK\",\"price\":2"), "size: missing"),
    ROW(PLACE("\"price\":2,\"size\":1"), "side: missing"),
    /* Times: integers below 2^63. */
    ROW(TICK("-1"), WANT_TIME "-1"),
    ROW(TICK("01"), "t: want a number without leading zeros, got 01"),
    ROW(TICK("00"), "t: want a number without leading zeros, got 00"),
    ROW(TICK("1.0"), WANT_TIME "1.0"),
    ROW(TICK("1.5"), WANT_TIME "1.5"),
    ROW(TICK("1e3"), "t: want a number without an exponent, got 1e3"),
    ROW(TICK("1E+3"), "t: want a number without an exponent, got 1E+3"),
    ROW(TICK("\"1\""), WANT_TIME "'1'"),
    ROW(TICK("null"), WANT_TIME "null"),
    ROW(TICK("true"), WANT_TIME "true"),
    ROW(TICK("[1]"), WANT_TIME "a list"),
    ROW(TICK("{\"t\":1}"), WANT_TIME "an object"),
    ROW(TICK(""), WANT_TIME "nothing"),
    ROW(TICK("+1"), WANT_TIME "+1"),
    ROW(TICK("0x10"), WANT_TIME "0x10"),
    ROW(TICK("1_000"), WANT_TIME "1_000"),
    ROW(TICK("9223372036854775808"), WANT_TIME "9223372036854775808"),
    ROW(TICK("18446744073709551616"), WANT_TIME "18446744073709551616"),
    ROW(TICK("99999999999999999999999999999"), WANT_TIME "99999999999999999999999999999"),
    ROW(TICK("--1"), WANT_TIME "--1"),
    ROW(TICK("1-"), WANT_TIME "1-"),
    ROW(TICK("1a"), WANT_TIME "1a"),
    ROW(TICK("NaN"), WANT_TIME "NaN"),
    ROW(TICK("-"), WANT_TIME "-"),
    ROW(TICK("1.e"), WANT_TIME "1.e"),
    ROW(TICK("1..0"), WANT_TIME "1..0"),
    ROW(TICK(" "), WANT_TIME "nothing"),
    /* Ids and counts: unsigned integers of 64 bits. */
    ROW(OPEN("-0"), WANT_ACCOUNT "-0"),
    ROW(OPEN("-1"), WANT_ACCOUNT "-1"),
    ROW(OPEN("18446744073709551616"), WANT_ACCOUNT "18446744073709551616"),
    ROW(OPEN("18446744073709551620"), WANT_ACCOUNT "18446744073709551620"),
    ROW(OPEN("20000000000000000000"), WANT_ACCOUNT "20000000000000000000"),
    ROW(OPEN("100000000000000000000"), WANT_ACCOUNT "100000000000000000000"),
    ROW(OPEN("000"), "account: want a number without leading zeros, got 000"),
    ROW(OPEN("1.0"), WANT_ACCOUNT "1.0"),
    ROW(OPEN("1e0"), "account: want a number without an exponent, got 1e0"),
    ROW(OPEN("null"), WANT_ACCOUNT "null"),
    ROW(OPEN("\"7\""), WANT_ACCOUNT "'7'"),
    ROW(OPEN("false"), WANT_ACCOUNT "false"),
    ROW(OPEN("12345678x"), WANT_ACCOUNT "12345678x"),
    ROW(OPEN("1234567890123456x"), WANT_ACCOUNT "1234567890123456x"),
    ROW(OPEN("1 2"), "byte 40: want ',' or '}', got '2'"),
    /* Sequences: from 1 on. */
    ROW(SEQUENCE("0"), WANT_SEQUENCE "0"),
    ROW(SEQUENCE("-1"), WANT_SEQUENCE "-1"),
    ROW(SEQUENCE("1.0"), WANT_SEQUENCE "1.0"),
    ROW(SEQUENCE("18446744073709551616"), WANT_SEQUENCE "18446744073709551616"),
    ROW(SEQUENCE("null"), WANT_SEQUENCE "null"),
    ROW(SEQUENCE("\"\""), WANT_SEQUENCE "''"),
    ROW("{\"cmd\":\"Deposit\",\"t\":1,\"account\":1,\"amount\":1,\"transfer\":0}",
        "transfer: want an integer from 1 to 18446744073709551615, got 0"),
    /* Decimals: at most four places, no exponent. */
    ROW(AMOUNT("2.00001"), "amount: want a number with at most 4 decimals, got 2.00001"),
    ROW(AMOUNT("1.00000"), "amount: want a number with at most 4 decimals, got 1.00000"),
    ROW(AMOUNT("0.00000000"), "amount: want a number with at most 4 decimals, got 0.00000000"),
    ROW(AMOUNT("1e5"), "amount: want a number without an exponent, got 1e5"),
    ROW(AMOUNT("1E-2"), "amount: want a number without an exponent, got 1E-2"),
    ROW(AMOUNT("-1.5e0"), "amount: want a number without an exponent, got -1.5e0"),
    ROW(AMOUNT(".5"), "amount: want a number, got .5"),
    ROW(AMOUNT("5."), "amount: want a number, got 5."),
    ROW(AMOUNT("-"), "amount: want a number, got -"),
    ROW(AMOUNT("+5"), "amount: want a number, got +5"),
    ROW(AMOUNT("--5"), "amount: want a number, got --5"),
    ROW(AMOUNT("01"), "amount: want a number without leading zeros, got 01"),
    ROW(AMOUNT("-01.5"), "amount: want a number without leading zeros, got -01.5"),
    ROW(AMOUNT("00.5"), "amount: want a number without leading zeros, got 00.5"),
    ROW(AMOUNT("1,5"), "byte 47: want the name of a field in quotes, got '5'"),
    ROW(AMOUNT("1.2.3"), "amount: want a number, got 1.2.3"),
    ROW(AMOUNT("NaN"), "amount: want a number, got NaN"),
    ROW(AMOUNT("Infinity"), "amount: want a number, got Infinity"),
    ROW(AMOUNT("-Infinity"), "amount: want a number, got -Infinity"),
    ROW(AMOUNT("0x1p3"), "amount: want a number, got 0x1p3"),
    ROW(AMOUNT("\"5\""), "amount: want a number, got '5'"),
    ROW(AMOUNT("null"), "amount: want a number, got null"),
    ROW(AMOUNT("true"), "amount: want a number, got true"),
    ROW(AMOUNT("[5]"), "amount: want a number, got a list"),
    ROW(AMOUNT(""), "amount: want a number, got nothing"),
    ROW(AMOUNT("922337203685477.5808"), WANT_AMOUNT "922337203685477.5808"),
    ROW(AMOUNT("-922337203685477.5809"), WANT_AMOUNT "-922337203685477.5809"),
    ROW(AMOUNT("922337203685478"), WANT_AMOUNT "922337203685478"),
    ROW(AMOUNT("1844674407370955.1615"), WANT_AMOUNT "1844674407370955.1615"),
    ROW(AMOUNT("1844674407370955.1616"), WANT_AMOUNT "1844674407370955.1616"),
    ROW(AMOUNT("18446744073709551615"), WANT_AMOUNT "18446744073709551615"),
    ROW(AMOUNT("99999999999999999999999"), WANT_AMOUNT "99999999999999999999999"),
    ROW(AMOUNT("1.12345x"), "amount: want a number, got 1.12345x"),
    ROW(AMOUNT("1.x"), "amount: want a number, got 1.x"),
    ROW(AMOUNT("1.2x"), "amount: want a number, got 1.2x"),
    /* Prices: as decimals, but not negative. */
    ROW(PRICE("-2"), WANT_PRICE "-2"),
    ROW(PRICE("-0"), WANT_PRICE "-0"),
    ROW(PRICE("-0.0001"), WANT_PRICE "-0.0001"),
    ROW(PRICE("42949672.9501"), WANT_PRICE "42949672.9501"),
    ROW(PRICE("42949673"), WANT_PRICE "42949673"),
    ROW(PRICE("1844674407370955.1615"), WANT_PRICE "1844674407370955.1615"),
    ROW(PRICE("2.00001"), "price: want a number with at most 4 decimals, got 2.00001"),
    ROW(PRICE("1e1"), "price: want a number without an exponent, got 1e1"),
    ROW(PRICE("\"2\""), "price: want a number, got '2'"),
    ROW(PRICE("null"), "price: want a number, got null"),
    ROW(PRICE("02"), "price: want a number without leading zeros, got 02"),
    /* Words. */
    ROW(PLACE("\"side\":\"back\",\"price\":2,\"size\":1"),
        "side: want BACK, LAY, BUY or SELL, got 'back'"),
    ROW(PLACE("\"side\":\"BACK \",\"price\":2,\"size\":1"),
        "side: want BACK, LAY, BUY or SELL, got 'BACK '"),
    ROW(PLACE("\"side\":\"\",\"price\":2,\"size\":1"), "side: want BACK, LAY, BUY or SELL, got ''"),
    ROW(PLACE("\"side\":BACK,\"price\":2,\"size\":1"),
        "side: want BACK, LAY, BUY or SELL, got BACK"),
    ROW(PLACE("\"side\":null,\"price\":2,\"size\":1"),
        "side: want BACK, LAY, BUY or SELL, got null"),
    ROW(PLACE("\"side\":0,\"price\":2,\"size\":1"), "side: want BACK, LAY, BUY or SELL, got 0"),
    ROW(PLACE("\"side\":\"BACKBACK\",\"price\":2,\"size\":1"),
        "side: want BACK, LAY, BUY or SELL, got 'BACKBACK'"),
    ROW(PLACE("\"side\":\"BACK\\\",\"price\":2,\"size\":1"),
        "side: want BACK, LAY, BUY or SELL, got 'BACK\\\",'"),
    ROW(PLACE("\"side\":\"BACK\",\"price\":2,\"size\":1,\"tif\":\"gtc\""),
        "tif: want GTC, IOC or FOK, got 'gtc'"),
    ROW(PLACE("\"side\":\"BACK\",\"price\":2,\"size\":1,\"tif\":\"GTD\""),
        "tif: want GTC, IOC or FOK, got 'GTD'"),
    ROW(PLACE("\"side\":\"BACK\",\"price\":2,\"size\":1,\"persistence\":\"KEEP\""),
        "persistence: want LAPSE or PERSIST, got 'KEEP'"),
    ROW(PLACE("\"side\":\"BACK\",\"price\":2,\"size\":1,\"stp\":\"CANCEL\""),
        "stp: want NONE, CANCEL_MAKER or CANCEL_TAKER, got 'CANCEL'"),
    ROW(PLACE("\"side\":\"BACK\",\"price\":2,\"size\":1,\"stp\":false"),
        "stp: want NONE, CANCEL_MAKER or CANCEL_TAKER, got false"),
    ROW(PLACE("\"side\":\"BUY\",\"outcome\":\"NONE\",\"price\":2,\"size\":1"),
        "outcome: want YES or NO, got 'NONE'"),
    ROW(PLACE("\"side\":\"BUY\",\"outcome\":\"yes\",\"price\":2,\"size\":1"),
        "outcome: want YES or NO, got 'yes'"),
    ROW("{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"FANCY\",\"min_size\":1,\"commiss"
        "ion\":0}",
        "kind: want ODDS or BINARY, got 'FANCY'"),
    ROW("{\"cmd\":\"CancelOrders\",\"t\":1,\"side\":\"BUY\"}", "side: want BACK or LAY, got 'BUY'"),
    /* Truth values. */
    ROW(POST_ONLY("1"), "post_only: want true or false, got 1"),
    ROW(POST_ONLY("0"), "post_only: want true or false, got 0"),
    ROW(POST_ONLY("\"true\""), "post_only: want true or false, got 'true'"),
    ROW(POST_ONLY("null"), "post_only: want true or false, got null"),
    ROW(POST_ONLY("True"), "post_only: want true or false, got True"),
    ROW(POST_ONLY("TRUE"), "post_only: want true or false, got TRUE"),
    ROW(POST_ONLY("truee"), "post_only: want true or false, got truee"),
    ROW(POST_ONLY("tru"), "post_only: want true or false, got tru"),
    ROW(POST_ONLY("falsey"), "post_only: want true or false, got falsey"),
    ROW(POST_ONLY("fals"), "post_only: want true or false, got fals"),
    /* Refs. */
    ROW(REF("5"), WANT_REF "5"),
    ROW(REF("null"), WANT_REF "null"),
    ROW(REF("abc"), WANT_REF "abc"),
    ROW(REF("[\"a\"]"), WANT_REF "a list"),
    ROW(REF("\"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\""),
        WANT_REF "'rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr...'"),
    ROW(REF("\"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\\u0041\""),
        WANT_REF "'rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr...'"),
    ROW(REF("\"\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u00"
            "41\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u00"
            "41\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u00"
            "41\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u00"
            "41\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u00"
            "41\\u0041\\u0041\\u0041\\u0041\\u0041\""),
        WANT_REF "'\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u00...'"),
    ROW(REF("\"\303\251\""), WANT_REF "'\\xc3\\xa9'"),
    ROW(REF("\"\\u00e9\""), WANT_REF "'\\u00e9'"),
    ROW(REF("\"\\u007f\""), WANT_REF "'\\u007f'"),
    ROW(REF("\"\177\""), WANT_REF "'\\x7f'"),
    ROW(REF("\"\\n\""), WANT_REF "'\\n'"),
    ROW(REF("\"\\u0000\""), WANT_REF "'\\u0000'"),
    ROW(REF("\"\\ud83d\\ude00\""), WANT_REF "'\\ud83d\\ude00'"),
    /* Descriptions. */
    ROW(DESCRIBE("5"), WANT_TEXT "5"),
    ROW(DESCRIBE("null"), WANT_TEXT "null"),
    ROW(DESCRIBE("[\"a\"]"), WANT_TEXT "a list"),
    ROW(DESCRIBE("{\"name\":\"a\"}"), WANT_TEXT "an object"),
    ROW(DESCRIBE("\"\377\""), "text: not UTF-8"),
    ROW(DESCRIBE("\"a\303\""), "text: not UTF-8"),
    ROW(DESCRIBE("\"\377\",\"runner\":1"), "text: not UTF-8"),
    ROW(DESCRIBE("\"\303\\u00a9\""), "text: not UTF-8"),
    ROW(DESCRIBE("\"\300\200\""), "text: not UTF-8"),
    ROW(DESCRIBE("\"\355\240\200\""), "text: not UTF-8"),
    ROW(DESCRIBE("\"\364\220\200\200\""), "text: not UTF-8"),
    ROW(DESCRIBE("\"\\ud800\""), "byte 50: half a surrogate pair"),
    ROW(DESCRIBE("\"a\011b\""), "byte 51: a control character in a string"),
    ROW(DESCRIBE("\"a\000b\""), "byte 51: a control character in a string"),
    ROW(DESCRIBE("\"a\\0\""), "byte 51: no such escape in JSON"),
    ROW(DESCRIBE("\"a"), "byte 49: a string without an end"),
    ROW(DESCRIBE("\"a\"b"), "byte 52: want ',' or '}', got 'b'"),
    ROW(DESCRIBE("\"a\",\"text\":\"a\""), "text: given twice"),
    ROW("{\"cmd\":\"DescribeMarket\",\"t\":1,\"market\":1}", "text: missing"),
    ROW("{\"cmd\":\"DescribeMarket\",\"t\":1,\"text\":\"\"}", "market: missing"),
    /* Strings that are none. */
    ROW(REF("\"a"), "byte 89: a string without an end"),
    ROW(REF("\"a\\\""), "byte 89: a string without an end"),
    ROW(REF("\"a\011b\""), "byte 91: a control character in a string"),
    ROW(REF("\"a\037b\""), "byte 91: a control character in a string"),
    ROW(REF("\"a\000b\""), "byte 91: a control character in a string"),
    ROW(REF("\"\\x41\""), "byte 90: no such escape in JSON"),
    ROW(REF("\"\\\""), "byte 89: a string without an end"),
    ROW(REF("\"\\u12\""), "byte 90: want four hexadecimal digits behind \\u"),
    ROW(REF("\"\\u12G4\""), "byte 90: want four hexadecimal digits behind \\u"),
    ROW(REF("\"\\uD83D\""), "byte 90: half a surrogate pair"),
    ROW(REF("\"\\uD83Dx\""), "byte 90: half a surrogate pair"),
    ROW(REF("\"\\uD83D\\u0041\""), "byte 90: half a surrogate pair"),
    ROW(REF("\"\\ude00\\udc00\""), "byte 90: half a surrogate pair"),
    ROW(REF("\"\\ud83d\\ue000\""), "byte 90: half a surrogate pair"),
    ROW(REF("\"\\ud83d\\udbff\""), "byte 90: half a surrogate pair"),
    ROW(REF("\"\\ude00\""), "byte 90: half a surrogate pair"),
    ROW(REF("'a'"), WANT_REF "'a'"),
    /* Moments, versions, delays and factors. */
    ROW(PLACE("\"side\":\"BACK\",\"price\":2,\"size\":1,\"expires\":9223372036854775808"),
        WANT_EXPIRES "9223372036854775808"),
    ROW(PLACE("\"side\":\"BACK\",\"price\":2,\"size\":1,\"expires\":-1"), WANT_EXPIRES "-1"),
    ROW(PLACE("\"side\":\"BACK\",\"price\":2,\"size\":1,\"expires\":1.0"), WANT_EXPIRES "1.0"),
    ROW(PLACE("\"side\":\"BACK\",\"price\":2,\"size\":1,\"expires\":null"), WANT_EXPIRES "null"),
    ROW(PLACE("\"side\":\"BACK\",\"price\":2,\"size\":1,\"if_version\":18446744073709551616"),
        WANT_VERSION "18446744073709551616"),
    ROW(PLACE("\"side\":\"BACK\",\"price\":2,\"size\":1,\"if_version\":\"1\""), WANT_VERSION "'1'"),
    ROW(PRICE("2,\"if_version\":-1"), WANT_VERSION "-1"),
    ROW(PRICE("2,\"expires\":1"), "'expires': ReplaceOrder has no such field"),
    ROW("{\"cmd\":\"SetBetDelay\",\"t\":1,\"market\":1}", "bet_delay: missing"),
    ROW("{\"cmd\":\"SetBetDelay\",\"t\":1,\"market\":1,\"bet_delay\":-1}", WANT_DELAY "-1"),
    ROW("{\"cmd\":\"SetBetDelay\",\"t\":1,\"market\":1,\"bet_delay\":0.5}", WANT_DELAY "0.5"),
    ROW("{\"cmd\":\"RemoveRunner\",\"t\":1,\"market\":1,\"runner\":1}", "factor: missing"),
    ROW("{\"cmd\":\"RemoveRunner\",\"t\":1,\"market\":1,\"factor\":1}", "runner: missing"),
    ROW("{\"cmd\":\"RemoveRunner\",\"t\":1,\"market\":1,\"runner\":1,\"factor\":0.00001}",
        "factor: want a number with at most 4 decimals, got 0.00001"),
    ROW("{\"cmd\":\"RemoveRunner\",\"t\":1,\"market\":1,\"runner\":1,\"factor\":1e15}",
        "factor: want a number without an exponent, got 1e15"),
    ROW("{\"cmd\":\"RemoveRunner\",\"t\":1,\"market\":1,\"runner\":1,\"factor\":1000000000000000}",
        WANT_FACTOR "1000000000000000"),
    ROW(BINARY("\"bet_delay\":60.5"), WANT_DELAY "60.5"),
    ROW(BINARY("\"reductions\":1"), "reductions: want true or false, got 1"),
    ROW(BINARY("\"implied\":\"true\""), "implied: want true or false, got 'true'"),
    ROW(BINARY("\"ladder\":\"finest\""), "ladder: want CLASSIC or FINEST, got 'finest'"),
    ROW(BINARY("\"ladder\":null"), "ladder: want CLASSIC or FINEST, got null"),
    /* Lists. */
    ROW(WINNERS("1"), "winners: want a list of integers, got 1"),
    ROW(WINNERS("\"1\""), "winners: want a list of integers, got '1'"),
    ROW(WINNERS("null"), "winners: want a list of integers, got null"),
    ROW(WINNERS("{}"), "winners: want a list of integers, got an object"),
    ROW(WINNERS("[1,]"), WANT_WINNER "nothing"),
    ROW(WINNERS("[,1]"), WANT_WINNER "nothing"),
    ROW(WINNERS("[1 2]"), "byte 53: want ',' or ']', got '2'"),
    ROW(WINNERS("[1;2]"), WANT_WINNER "1;2"),
    ROW(WINNERS("[1"), "byte 52: want ',' or ']', got '}'"),
    ROW(WINNERS("[1,"), WANT_WINNER "nothing"),
    ROW(WINNERS("["), WANT_WINNER "nothing"),
    ROW(WINNERS("[1,2"), "byte 54: want ',' or ']', got '}'"),
    ROW(WINNERS("[[1]]"), WANT_WINNER "a list"),
    ROW(WINNERS("[{}]"), WANT_WINNER "an object"),
    ROW(WINNERS("[null]"), WANT_WINNER "null"),
    ROW(WINNERS("[1.0]"), WANT_WINNER "1.0"),
    ROW(WINNERS("[-1]"), WANT_WINNER "-1"),
    ROW(WINNERS("[\"1\"]"), WANT_WINNER "'1'"),
    ROW(WINNERS("[01]"), "winners: want a number without leading zeros, got 01"),
    ROW(WINNERS("[1e2]"), "winners: want a number without an exponent, got 1e2"),
    ROW(WINNERS("[18446744073709551616]"), WANT_WINNER "18446744073709551616"),
    ROW(WINNERS("[1]]"), "byte 53: want ',' or '}', got ']'"),
    ROW(WINNERS("[1]x"), "byte 53: want ',' or '}', got 'x'"),
    /* Fields that do not go together. */
    ROW("{\"cmd\":\"Deposit\",\"t\":1,\"account\":1,\"amount\":1,\"cseq\":1,\"transfer\":1}",
        "transfer: not together with cseq"),
    ROW("{\"cmd\":\"Withdraw\",\"t\":1,\"account\":1,\"amount\":1,\"cseq\":1,\"transfer\":1}",
        "transfer: not together with cseq"),
    ROW("{\"cmd\":\"CancelOrders\",\"t\":1,\"cseq\":1}", "cseq: needs an account"),
    ROW("{\"cmd\":\"CancelOrders\",\"t\":1,\"account\":1,\"runner\":1}", "runner: needs a market"),
    ROW("{\"cmd\":\"SettleMarket\",\"t\":1,\"market\":1}", "winners: missing, or a result"),
    ROW("{\"cmd\":\"SettleMarket\",\"t\":1,\"market\":1,\"winners\":[],\"result\":\"NO\"}",
        "result: not together with winners"),
    ROW("{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"BINARY\",\"min_size\":1,\"commis"
        "sion\":0}",
        "tick: missing, BINARY needs it"),
    ROW("{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"ODDS\",\"runners\":[1,2],\"winne"
        "rs\":1,\"tick\":0.01,\"min_size\":1,\"commission\":0}",
        "tick: not with ODDS"),
    ROW("{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"ODDS\",\"winners\":1,\"min_size"
        "\":1,\"commission\":0}",
        "runners: missing, ODDS needs them"),
    ROW("{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":1,\"kind\":\"ODDS\",\"runners\":[1,2],\"min_s"
        "ize\":1,\"commission\":0}",
        "winners: missing, ODDS needs it"),
    ROW(BINARY("\"reductions\":false"), "reductions, implied, ladder: not with BINARY"),
    ROW(BINARY("\"implied\":false"), "reductions, implied, ladder: not with BINARY"),
    ROW(BINARY("\"ladder\":\"CLASSIC\""), "reductions, implied, ladder: not with BINARY"),
    ROW(BINARY("\"bet_delay\":1,\"ladder\":\"FINEST\""),
        "reductions, implied, ladder: not with BINARY"),
    ROW(PLACE("\"side\":\"BUY\",\"price\":2,\"size\":1"), "outcome: missing, BUY and SELL need it"),
    ROW(PLACE("\"side\":\"BACK\",\"outcome\":\"YES\",\"price\":2,\"size\":1"),
        "outcome: not with BACK and LAY"),
};

static struct btx_command_text text;
static union btx_command_space space;

/* The sentence on the line of @length bytes, decoded from a copy of just its size, so that a
 * sanitizer sees every read beyond. */
static const char *decode(const char *line, size_t length)
{
    char *copy = malloc(length != 0 ? length : 1);
    const char *sentence;

    assert_non_null(copy);
    memcpy(copy, line, length);
    sentence = btx_command_text_decode(&text, copy, length, &space);
    free(copy);
    return sentence;
}

static void assert_refused(const char *line, size_t length, const char *expected)
{
    const char *sentence = decode(line, length);

    if (sentence == NULL)
        fail_msg("%s: accepted, want '%s'", line, expected);
    else if (strcmp(sentence, expected) != 0)
        fail_msg("%s: '%s', want '%s'", line, sentence, expected);
}

static void command_text_decode__every_bad_line__refused_with_its_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        assert_refused(refusals[i].line, refusals[i].length, refusals[i].sentence);
}

/* A space before the line sends it the general way from its start: the sentence must not depend
 * on how far the fast way came.  Only positions move on. */
static void command_text_decode__bad_lines_the_general_way__the_same_sentence(void **state)
{
    char spaced[1024] = " ";
    char expected[512];

    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const char *sentence = refusals[i].sentence;
        int position;
        int consumed;

        assert_true(refusals[i].length < sizeof spaced);
        memcpy(spaced + 1, refusals[i].line, refusals[i].length + 1);
        if (sscanf(sentence, "byte %d%n", &position, &consumed) == 1)
            snprintf(expected, sizeof expected, "byte %d%s", position + 1, sentence + consumed);
        else
            snprintf(expected, sizeof expected, "%s", sentence);
        assert_refused(spaced, refusals[i].length + 1, expected);
    }
}

/* A line cut off anywhere, as by a full disk, is refused, and its sentence can be printed. */
static void command_text_decode__line_cut_anywhere__refused(void **state)
{
    static const char line[] =
        "{\"cmd\":\"PlaceOrder\",\"t\":1627622512278000000,\"account\":191,\"market\":185781277,"
        "\"runner\":40364042,\"side\":\"BUY\",\"outcome\":\"NO\",\"price\":5.5,\"size\":2.94,"
        "\"tif\":\"FOK\",\"min_fill\":1,\"persistence\":\"LAPSE\",\"post_only\":false,"
        "\"stp\":\"NONE\",\"ref\":\"a\\u0041\",\"cseq\":12345678}";

    (void)state;
    assert_null(decode(line, sizeof line - 1));
    for (size_t length = 0; length < sizeof line - 1; length++) {
        const char *sentence = decode(line, length);

        assert_non_null(sentence);
        assert_true(strlen(sentence) > 0 && strlen(sentence) < BTX_COMMAND_TEXT_ERROR_BYTES);
    }
}

/* Every byte in every place: no sentence may carry it on unless it can be printed. */
static void command_text_decode__any_byte_anywhere__sentence_is_printable(void **state)
{
    static const char line[] = "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":1,"
                               "\"side\":\"LAY\",\"price\":2.5,\"size\":1,\"ref\":\"ab\"}";
    char changed[sizeof line];

    (void)state;
    memcpy(changed, line, sizeof line);
    for (size_t i = 0; i < sizeof line - 1; i++) {
        for (int byte = 0; byte < 256; byte++) {
            const char *sentence;

            changed[i] = (char)byte;
            sentence = decode(changed, sizeof line - 1);
            for (; sentence != NULL && *sentence != '\0'; sentence++)
                assert_in_range((unsigned char)*sentence, 0x20, 0x7e);
        }
        changed[i] = line[i];
    }
}

static void command_text_decode__list_too_long__refused(void **state)
{
    static char line[BTX_COMMAND_LINE_BYTES_MAX] =
        "{\"cmd\":\"SettleMarket\",\"t\":1,\"market\":1,\"winners\":[0";

    (void)state;
    for (unsigned i = 0; i < BTX_LIST_IDS_MAX; i++)
        memcpy(line + strlen(line), ",0", 3);
    memcpy(line + strlen(line), "]}", 3);
    assert_refused(line, strlen(line), "winners: want at most 1024 ids");
}

/* One byte more than a description may have, said raw, with an escape, and all in escapes: what is
 * longer than the decoder's room must not run over. */
static void command_text_decode__description_too_long__refused(void **state)
{
    static const char *const parts[] = {"x", "\\u0041", "\\u0000", "\\u00e9"};
    static const size_t part_bytes[] = {1, 1, 1, 2};
    static char line[BTX_COMMAND_LINE_BYTES_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t length = (size_t)snprintf(
            line, sizeof line, "{\"cmd\":\"DescribeMarket\",\"t\":1,\"market\":1,\"text\":\"");

        for (size_t bytes = 0; bytes <= BTX_DESCRIPTION_BYTES_MAX; bytes += part_bytes[i])
            length += (size_t)snprintf(line + length, sizeof line - length, "%s", parts[i]);
        snprintf(line + length, sizeof line - length, "\"}");
        assert_refused(line, strlen(line), "text: want at most 8192 bytes of UTF-8");
    }
}

/* A name with escapes that is longer than any must be refused like any other. */
static void command_text_decode__long_string_with_an_escape__refused(void **state)
{
    static char line[BTX_DESCRIPTION_BYTES_MAX + 1024] = "{\"cmd\":\"Tick\",\"t\":1,\"\\u0041";

    (void)state;
    memset(line + strlen(line), 'n', BTX_DESCRIPTION_BYTES_MAX + 600);
    memcpy(line + strlen(line), "\":1}", 5);
    assert_refused(line, strlen(line),
                   "'\\u0041nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...': Tick has no such field");
}

/* A decoder is used for line after line: a bad one must leave nothing behind. */
static void command_text_decode__good_line_after_bad_ones__accepted(void **state)
{
    static const char good[] = "{\"cmd\":\"Tick\",\"t\":1}";
    static union btx_command_space expected;

    (void)state;
    assert_null(btx_command_text_decode(&text, good, sizeof good - 1, &expected));
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        assert_non_null(decode(refusals[i].line, refusals[i].length));
        assert_null(decode(good, sizeof good - 1));
        assert_memory_equal(&space, &expected, BTX_RECORD_UNIT_BYTES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_text_decode__every_bad_line__refused_with_its_sentence),
        cmocka_unit_test(command_text_decode__bad_lines_the_general_way__the_same_sentence),
        cmocka_unit_test(command_text_decode__line_cut_anywhere__refused),
        cmocka_unit_test(command_text_decode__any_byte_anywhere__sentence_is_printable),
        cmocka_unit_test(command_text_decode__list_too_long__refused),
        cmocka_unit_test(command_text_decode__description_too_long__refused),
        cmocka_unit_test(command_text_decode__long_string_with_an_escape__refused),
        cmocka_unit_test(command_text_decode__good_line_after_bad_ones__accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
