/* SPDX-License-Identifier: Apache-2.0 */
/* test_flow.c - the real-flow test is only as good as what it reads and compares with. */
#include "tests/flow/flow_ladder.h"
#include "tests/flow/flow_run.h"
#include "tests/flow/flow_text.h"

#include "engine/base/attributes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static const char *parse(const char *line, struct btx_flow_ladder *ret_ladder)
{
    return btx_flow_ladder_parse(line, strlen(line), ret_ladder);
}

/* Decimals must come out exact: a rounded size would make an unequal book look equal. */
static void flow_ladder_parse__decimals__are_exact(void **state)
{
    struct btx_flow_ladder ladder;

    (void)state;
    assert_null(parse("{\"after\":6295,\"runner\":37947503,\"back\":[[1.01,0.0001],[1000,12.5]],"
                      "\"lay\":[]}",
                      &ladder));

    assert_int_equal(ladder.after, 6295);
    assert_int_equal(ladder.runner, 37947503);
    assert_int_equal(ladder.level_count[BTX_SIDE_BACK], 2);
    assert_int_equal(ladder.level_count[BTX_SIDE_LAY], 0);
    assert_int_equal(ladder.levels[BTX_SIDE_BACK][0].price, 10100);
    assert_int_equal(ladder.levels[BTX_SIDE_BACK][0].size, 1);
    assert_int_equal(ladder.levels[BTX_SIDE_BACK][1].price, 10000000);
    assert_int_equal(ladder.levels[BTX_SIDE_BACK][1].size, 125000);
}

/* A ladder that is read wrongly would be compared wrongly: nothing is guessed. */
static void flow_ladder_parse__anything_else__is_refused(void **state)
{
    static const char *const lines[] = {
        "",
        "{}",
        "{\"after\":1,\"runner\":2,\"back\":[],\"lay\":[]",
        "{\"after\":1,\"runner\":2,\"back\":[],\"lay\":[]} ",
        "{\"after\": 1,\"runner\":2,\"back\":[],\"lay\":[]}",
        "{\"after\":01,\"runner\":2,\"back\":[],\"lay\":[]}",
        "{\"after\":-1,\"runner\":2,\"back\":[],\"lay\":[]}",
        "{\"after\":1.0,\"runner\":2,\"back\":[],\"lay\":[]}",
        "{\"after\":1234567890123456789,\"runner\":2,\"back\":[],\"lay\":[]}",
        "{\"runner\":2,\"after\":1,\"back\":[],\"lay\":[]}",
        "{\"after\":1,\"runner\":2,\"back\":[[2,1],],\"lay\":[]}",
        "{\"after\":1,\"runner\":2,\"back\":[[2]],\"lay\":[]}",
        "{\"after\":1,\"runner\":2,\"back\":[[2,1,1]],\"lay\":[]}",
        "{\"after\":1,\"runner\":2,\"back\":[[2,0]],\"lay\":[]}",
        "{\"after\":1,\"runner\":2,\"back\":[[2,1.]],\"lay\":[]}",
        "{\"after\":1,\"runner\":2,\"back\":[[2,1.00001]],\"lay\":[]}",
        "{\"after\":1,\"runner\":2,\"back\":[[2,1e2]],\"lay\":[]}",
        "{\"after\":1,\"runner\":2,\"back\":[[2,.5]],\"lay\":[]}",
        "{\"after\":1,\"runner\":2,\"back\":[[1001,1]],\"lay\":[]}",
        "{\"after\":1,\"runner\":2,\"back\":[],\"lay\":[[2,1],[2,1]]}",
        "{\"after\":1,\"runner\":2,\"back\":[],\"lay\":[[3,1],[2,1]]}",
    };
    struct btx_flow_ladder ladder;

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(lines); i++) {
        if (parse(lines[i], &ladder) == NULL)
            fail_msg("accepted: %s", lines[i]);
    }
}

static const char *const book_commands[] = {
    "{\"cmd\":\"OpenAccount\",\"t\":1,\"account\":1}",
    "{\"cmd\":\"Deposit\",\"t\":1,\"account\":1,\"amount\":1000}",
    "{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":5,\"kind\":\"ODDS\",\"runners\":[7,8],"
    "\"winners\":1,\"min_size\":1,\"commission\":0}",
    "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":5,\"runner\":7,\"side\":\"BACK\","
    "\"price\":3,\"size\":2}",
    "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":5,\"runner\":7,\"side\":\"BACK\","
    "\"price\":3,\"size\":4}",
    "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":5,\"runner\":7,\"side\":\"BACK\","
    "\"price\":4,\"size\":1}",
    "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":5,\"runner\":7,\"side\":\"LAY\","
    "\"price\":2,\"size\":9}",
    "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":5,\"runner\":7,\"side\":\"LAY\","
    "\"price\":1.5,\"size\":8}",
};

static const struct btx_core_capacity capacity = {
    .accounts = 10, .markets = 10, .runners = 10, .orders = 10, .positions = 10};

/* Executes book_commands. */
static void open_book(struct btx_flow_run *run)
{
    struct btx_fault fault = {0};

    assert_int_equal(btx_flow_run_open(run, &capacity, &fault), BTX_OK);
    for (size_t i = 0; i < BTX_COUNT_OF(book_commands); i++) {
        assert_int_equal(
            btx_flow_run_decode(run, book_commands[i], strlen(book_commands[i]), &fault), BTX_OK);
        assert_int_equal(btx_flow_run_execute(run, &fault), BTX_OK);
    }
}

/* The comparison must see every way in which a book can be wrong. */
static void flow_ladder_compare__any_difference__is_found(void **state)
{
    static const struct {
        const char *sides;
        bool equal;
    } rows[] = {
        {"\"back\":[[3,6],[4,1]],\"lay\":[[1.5,8],[2,9]]", true},
        {"\"back\":[[3,6],[4,1.01]],\"lay\":[[1.5,8],[2,9]]", false},
        {"\"back\":[[3,6],[4.1,1]],\"lay\":[[1.5,8],[2,9]]", false},
        {"\"back\":[[3,6]],\"lay\":[[1.5,8],[2,9]]", false},
        {"\"back\":[[3,6],[4,1]],\"lay\":[[1.5,8],[2,8]]", false},
        {"\"back\":[[3,6],[4,1]],\"lay\":[[1.5,8],[1.6,1],[2,9]]", false},
        {"\"back\":[[3,6],[4,1]],\"lay\":[]", false},
    };
    static struct btx_flow_run run;
    struct btx_flow_ladder ladder;
    char line[256];

    (void)state;
    open_book(&run);
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        snprintf(line, sizeof line, "{\"after\":8,\"runner\":7,%s}", rows[i].sides);
        assert_null(parse(line, &ladder));
        if ((btx_flow_ladder_compare(&ladder, run.live.core, 5) == NULL) != rows[i].equal)
            fail_msg("wrong answer for %s", rows[i].sides);
    }
    btx_flow_run_close(&run);
}

/* A checkpoint that cannot tell two states apart would prove nothing. */
static void flow_run_checkpoint__states_apart__is_found(void **state)
{
    static const char *const command = "{\"cmd\":\"CancelOrder\",\"t\":2,\"account\":1,"
                                       "\"order\":2}";
    static struct btx_flow_run run;
    struct btx_fault fault = {0};

    (void)state;
    open_book(&run);
    assert_int_equal(btx_flow_run_checkpoint(&run, NULL, &fault), BTX_OK);
    assert_int_equal(btx_flow_run_decode(&run, command, strlen(command), &fault), BTX_OK);
    assert_int_equal(btx_core_step(run.live.core, &run.command.command, &run.live.tx),
                     BTX_STEP_DONE);

    assert_int_equal(btx_flow_run_checkpoint(&run, NULL, &fault), BTX_FAULT_BUG);

    btx_flow_run_close(&run);
}

static void write_file(const char *path, const void *bytes, size_t length_bytes)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length_bytes, file), length_bytes);
    assert_int_equal(fclose(file), 0);
}

/* A new file's name; the caller removes it. */
static void name_file(char path[32])
{
    int fd;

    strcpy(path, "/tmp/btx-flow-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
}

/* A packed file that ends early must not pass for a shorter flow. */
static void flow_text_open__cut_short__is_a_fault(void **state)
{
    unsigned char packed[512];
    char path[32];
    struct btx_flow_text text = {0};
    struct btx_fault fault = {0};
    size_t length_bytes;
    gzFile file;
    FILE *again;

    (void)state;
    name_file(path);
    file = gzopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        gzprintf(file, "line %d\n", i * i);
    assert_int_equal(gzclose(file), Z_OK);
    assert_int_equal(btx_flow_text_open(&text, path, &fault), BTX_OK);
    btx_flow_text_close(&text);
    again = fopen(path, "rb");
    assert_non_null(again);
    length_bytes = fread(packed, 1, sizeof packed, again);
    fclose(again);
    assert_int_equal(length_bytes, sizeof packed);
    write_file(path, packed, length_bytes);

    assert_int_equal(btx_flow_text_open(&text, path, &fault), BTX_FAULT_CORRUPT);

    unlink(path);
}

/* Empty lines and a last line without a feed are lines: numbers of commands depend on it. */
static void flow_text_line__plain_file__gives_every_line(void **state)
{
    static const char *const wanted[] = {"one", "", "three"};
    char path[32];
    struct btx_flow_text text = {0};
    struct btx_fault fault = {0};
    const char *line;
    size_t length_bytes;

    (void)state;
    name_file(path);
    write_file(path, "one\n\nthree", 10);
    assert_int_equal(btx_flow_text_open(&text, path, &fault), BTX_OK);
    for (size_t i = 0; i < BTX_COUNT_OF(wanted); i++) {
        assert_true(btx_flow_text_line(&text, &line, &length_bytes));
        assert_int_equal(length_bytes, strlen(wanted[i]));
        assert_memory_equal(line, wanted[i], length_bytes);
    }
    assert_false(btx_flow_text_line(&text, &line, &length_bytes));
    btx_flow_text_close(&text);
    unlink(path);
}

/* A hash file that is none must not become a hash that nothing equals, or everything. */
static void flow_read_hash__no_hash__is_a_fault(void **state)
{
    char path[32];
    char hex[BTX_SHA256_HEX_BYTES];
    struct btx_fault fault = {0};

    (void)state;
    name_file(path);
    write_file(path, "", 0);
    assert_int_equal(btx_flow_read_hash(path, hex, &fault), BTX_FAULT_CORRUPT);
    write_file(path, "0123456789abcdef  name\n", 23);
    assert_int_equal(btx_flow_read_hash(path, hex, &fault), BTX_FAULT_CORRUPT);
    unlink(path);
    assert_int_equal(btx_flow_read_hash(path, hex, &fault), BTX_FAULT_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flow_ladder_parse__decimals__are_exact),
        cmocka_unit_test(flow_ladder_parse__anything_else__is_refused),
        cmocka_unit_test(flow_ladder_compare__any_difference__is_found),
        cmocka_unit_test(flow_run_checkpoint__states_apart__is_found),
        cmocka_unit_test(flow_text_open__cut_short__is_a_fault),
        cmocka_unit_test(flow_text_line__plain_file__gives_every_line),
        cmocka_unit_test(flow_read_hash__no_hash__is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
