/* SPDX-License-Identifier: Apache-2.0 */
/* test_description.c - texts in blocks: all of them come back, and the capacity is exact. */
#include "engine/core/description.h"

#include "engine/core/entities.h"
#include "tests/unit/core/fixture.h"

#define MARKETS 8u
#define BLOCK DESCRIPTION_BLOCK_BYTES

/* MARKETS markets, ids from 1, and room for @description_bytes. */
static void begin(struct btx_fixture *fixture, uint32_t description_bytes)
{
    const struct btx_core_capacity capacity = {.accounts = 1,
                                               .markets = MARKETS,
                                               .runners = 2 * MARKETS,
                                               .orders = 1,
                                               .positions = 1,
                                               .description_bytes = description_bytes};

    btx_fixture_open(fixture, &capacity, 0);
    for (uint64_t market = 1; market <= MARKETS; market++)
        btx_fixture_open_odds(fixture, market, 2, 1);
}

/* A text of @length_bytes that only @market has. */
static void make_text(char *text, uint64_t market, size_t length_bytes)
{
    for (size_t i = 0; i < length_bytes; i++)
        text[i] = (char)('A' + (market * 7 + i + i / BLOCK) % 26);
}

static void describe(struct btx_fixture *fixture, uint64_t market, size_t length_bytes)
{
    char text[BTX_DESCRIPTION_BYTES_MAX];

    make_text(text, market, length_bytes);
    assert_int_equal(btx_fixture_describe(fixture, market, text, length_bytes), BTX_REJECT_COUNT);
}

static void assert_described(const struct btx_fixture *fixture, uint64_t market,
                             size_t length_bytes)
{
    char text[BTX_DESCRIPTION_BYTES_MAX];
    char found[BTX_DESCRIPTION_BYTES_MAX];

    make_text(text, market, length_bytes);
    assert_int_equal(btx_core_view_description(fixture->core, market, found), length_bytes);
    if (length_bytes > 0)
        assert_memory_equal(found, text, length_bytes);
}

/* Around the ends of blocks a byte is lost most easily. */
static void description__each_length_around_a_block__comes_back(void **state)
{
    static const size_t lengths[] = {0,         1,         BLOCK - 1, BLOCK,
                                     BLOCK + 1, 2 * BLOCK, 8191,      BTX_DESCRIPTION_BYTES_MAX};
    struct btx_fixture fixture;

    (void)state;
    begin(&fixture, 8 * BTX_DESCRIPTION_BYTES_MAX);
    for (uint32_t turn = 0; turn < 2 * BTX_COUNT_OF(lengths); turn++) {
        for (uint64_t market = 1; market <= MARKETS; market++)
            describe(&fixture, market, lengths[(market + turn) % BTX_COUNT_OF(lengths)]);
        for (uint64_t market = 1; market <= MARKETS; market++)
            assert_described(&fixture, market, lengths[(market + turn) % BTX_COUNT_OF(lengths)]);
        assert_null(btx_core_verify(fixture.core));
    }
    btx_fixture_close(&fixture);
}

/* rules-2.md 2: CAPACITY counts bytes, and the text that is replaced makes way. */
static void description__at_the_capacity__not_a_byte_more_or_less(void **state)
{
    char text[BTX_DESCRIPTION_BYTES_MAX];
    struct btx_core_view view;
    struct btx_fixture fixture;

    (void)state;
    make_text(text, 2, sizeof text);
    begin(&fixture, 1000);
    assert_int_equal(btx_fixture_describe(&fixture, 2, text, 1001), BTX_REJECT_CAPACITY);
    describe(&fixture, 1, 400);
    assert_int_equal(btx_fixture_describe(&fixture, 2, text, 601), BTX_REJECT_CAPACITY);
    describe(&fixture, 2, 600);
    assert_int_equal(btx_fixture_describe(&fixture, 3, text, 1), BTX_REJECT_CAPACITY);
    assert_int_equal(btx_fixture_describe(&fixture, 2, text, 601), BTX_REJECT_CAPACITY);
    assert_described(&fixture, 2, 600); /* A refusal leaves the text alone. */
    describe(&fixture, 3, 0);           /* Nothing always fits. */
    describe(&fixture, 2, 599);
    describe(&fixture, 3, 1);
    btx_core_view(fixture.core, &view);
    assert_int_equal(view.used.description_bytes, 1000);
    assert_described(&fixture, 1, 400);
    btx_fixture_close(&fixture);
}

/* The most blocks for the fewest bytes: each text has one byte more than full blocks. */
static void description__texts_that_waste_the_most__all_fit(void **state)
{
    static const struct {
        uint32_t capacity;
        size_t lengths[MARKETS];
    } rows[] = {
        {MARKETS, {1, 1, 1, 1, 1, 1, 1, 1}},
        {MARKETS - 1, {1, 1, 1, 1, 1, 1, 1, 0}},
        {MARKETS + BLOCK, {1, 1, 1, BLOCK + 1, 1, 1, 1, 1}},
        {MARKETS * (BLOCK + 1),
         {BLOCK + 1, BLOCK + 1, BLOCK + 1, BLOCK + 1, BLOCK + 1, BLOCK + 1, BLOCK + 1, BLOCK + 1}},
        {MARKETS + 9 * BLOCK, {1, 4 * BLOCK + 1, 1, 1, 5 * BLOCK + 1, 1, 1, 1}},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_fixture fixture;

        begin(&fixture, rows[i].capacity);
        for (uint64_t market = 1; market <= MARKETS; market++)
            describe(&fixture, market, rows[i].lengths[market - 1]);
        for (uint64_t market = 1; market <= MARKETS; market++)
            assert_described(&fixture, market, rows[i].lengths[market - 1]);
        assert_int_equal(fixture.core->description_bytes, rows[i].capacity);
        btx_fixture_close(&fixture);
    }
}

/* A text lives as long as its market: a closed one keeps it, a forgotten one leaves its room. */
static void description__market_closed_and_forgotten__kept_then_gone(void **state)
{
    char text[100];
    struct btx_fixture fixture;

    (void)state;
    begin(&fixture, 500);
    make_text(text, 1, sizeof text);
    describe(&fixture, 1, 500);
    btx_fixture_on_market(&fixture, BTX_COMMAND_VOID_MARKET, 1);
    assert_described(&fixture, 1, 500);
    assert_int_equal(btx_fixture_describe(&fixture, 1, text, 1), BTX_REJECT_MARKET_CLOSED);
    btx_fixture_on_market(&fixture, BTX_COMMAND_FORGET_MARKET, 1);
    assert_int_equal(fixture.core->description_bytes, 0);
    assert_int_equal(fixture.core->description_blocks.used, 0);
    btx_fixture_open_odds(&fixture, 1, 2, 1);
    assert_described(&fixture, 1, 0); /* Not that of the one before. */
    describe(&fixture, 2, 500);
    btx_fixture_close(&fixture);
}

/* Without room for any, no text fits but the empty one. */
static void description__no_capacity__only_nothing_fits(void **state)
{
    struct btx_fixture fixture;

    (void)state;
    begin(&fixture, 0);
    assert_int_equal(btx_fixture_describe(&fixture, 1, "x", 1), BTX_REJECT_CAPACITY);
    describe(&fixture, 1, 0);
    btx_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(description__each_length_around_a_block__comes_back),
        cmocka_unit_test(description__at_the_capacity__not_a_byte_more_or_less),
        cmocka_unit_test(description__texts_that_waste_the_most__all_fit),
        cmocka_unit_test(description__market_closed_and_forgotten__kept_then_gone),
        cmocka_unit_test(description__no_capacity__only_nothing_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
