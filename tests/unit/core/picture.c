/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/core/picture.h"

#include "engine/base/bytes.h"

#define RUNNER BTX_FIXTURE_RUNNER
#define ONE BTX_FIXTURE_ONE

/* What goes into the bytes next, and whether in the format of the second stage. */
struct drawing {
    struct btx_writer writer;
    bool second_stage;
};

static void write_order(struct drawing *drawing, const struct btx_picture_order *order)
{
    struct btx_writer *writer = &drawing->writer;

    btx_writer_u64(writer, order->id);
    btx_writer_u64(writer, order->account);
    btx_writer_i64(writer, order->remaining);
    btx_writer_u32(writer, order->price);
    btx_writer_u8(writer, order->side);
    btx_writer_u8(writer, order->persistence);
    btx_writer_u8(writer, order->stp);
    btx_writer_u8(writer, order->tif);
    btx_writer_u8(writer, order->has_ref);
    btx_writer_u8(writer, order->ref_length);
    btx_writer_bytes(writer, order->ref, order->ref_length);
    if (drawing->second_stage)
        btx_writer_u64(writer, order->expires);
}

static void write_items(struct drawing *drawing, const struct btx_picture_item *items,
                        uint32_t count)
{
    struct btx_writer *writer = &drawing->writer;

    for (uint32_t i = 0; i < count; i++) {
        btx_writer_u64(writer, items[i].item);
        if (items[i].item == BTX_PICTURE_POSITION)
            btx_writer_u64(writer, items[i].account);
        if (items[i].item == BTX_PICTURE_CELL) {
            btx_writer_u64(writer, items[i].index);
            btx_writer_i128(writer, items[i].win);
            btx_writer_i128(writer, items[i].lose);
        }
        if (items[i].item == BTX_PICTURE_STAKE) {
            btx_writer_u64(writer, items[i].index);
            btx_writer_u64(writer, items[i].price);
            btx_writer_i128(writer, items[i].size);
        }
        if (items[i].item == BTX_PICTURE_ORDER)
            write_order(drawing, &items[i].order);
    }
}

static void write_held(struct drawing *drawing, const struct btx_picture_item *items,
                       uint32_t count)
{
    struct btx_writer *writer = &drawing->writer;

    for (uint32_t i = 0; i < count; i++) {
        btx_writer_u64(writer, items[i].item);
        if (items[i].item != BTX_PICTURE_ORDER)
            continue;
        btx_writer_u64(writer, items[i].index);
        write_order(drawing, &items[i].order);
        btx_writer_u64(writer, items[i].until);
        btx_writer_i64(writer, items[i].min_fill);
        btx_writer_u8(writer, items[i].post_only);
    }
}

static void write_market(struct drawing *drawing, const struct btx_picture_market *market)
{
    struct btx_writer *writer = &drawing->writer;

    btx_writer_u64(writer, market->id);
    btx_writer_u8(writer, market->kind);
    btx_writer_u8(writer, market->status);
    btx_writer_u8(writer, market->in_play);
    btx_writer_u8(writer, market->ladder);
    btx_writer_u32(writer, market->winners);
    btx_writer_u32(writer, market->tick);
    btx_writer_u32(writer, market->commission);
    btx_writer_i64(writer, market->min_size);
    if (drawing->second_stage) {
        btx_writer_u64(writer, market->version);
        btx_writer_u32(writer, market->bet_delay);
        btx_writer_u8(writer, market->reductions);
        btx_writer_u8(writer, market->implied);
        btx_writer_u16(writer, market->text_said);
        btx_writer_bytes(writer, market->text, market->text_bytes);
    }
    btx_writer_u64(writer, market->runner_count);
    for (uint64_t i = 0; i < market->runner_count && i < BTX_COUNT_OF(market->runners); i++)
        btx_writer_u64(writer, market->runners[i]);
    if (drawing->second_stage) {
        btx_writer_u64(writer, market->removed_said);
        for (uint32_t i = 0; i < market->removed_count; i++)
            btx_writer_u64(writer, market->removed[i]);
    }
    write_items(drawing, market->matched, market->matched_count);
    write_items(drawing, market->books, market->books_count);
    if (drawing->second_stage)
        write_held(drawing, market->held, market->held_count);
}

static void write_work(struct drawing *drawing, const struct btx_picture *picture)
{
    struct btx_writer *writer = &drawing->writer;

    btx_writer_u64(writer, picture->settling);
    btx_writer_u64(writer, picture->voiding);
    btx_writer_u64(writer, picture->settled_accounts);
    btx_writer_u64(writer, picture->settled_last);
    btx_writer_i128(writer, picture->settled_commission);
    btx_writer_i128(writer, picture->settled_pnl);
    btx_writer_u64(writer, picture->taker_item);
    if (picture->taker_item != BTX_PICTURE_END) {
        btx_writer_u64(writer, picture->taker_market);
        btx_writer_u64(writer, picture->taker_runner);
        write_order(drawing, &picture->taker);
    }
    btx_writer_u64(writer, picture->pending_said);
    btx_writer_bytes(writer, &picture->pending, picture->pending_bytes);
}

static void write_counters(struct drawing *drawing, const struct btx_picture *picture)
{
    struct btx_writer *writer = &drawing->writer;

    btx_writer_bytes(writer, picture->magic, sizeof picture->magic);
    btx_writer_u32(writer, picture->format);
    btx_writer_u32(writer, picture->rules_version);
    btx_writer_u64(writer, picture->shard);
    btx_writer_u64(writer, picture->seq);
    btx_writer_u64(writer, picture->tx);
    btx_writer_u64(writer, picture->time_ns);
    btx_writer_u64(writer, picture->next_order);
    if (drawing->second_stage)
        btx_writer_u64(writer, picture->removals);
}

struct btx_bytes btx_picture_write(const struct btx_picture *picture, struct btx_fixture *fixture)
{
    const size_t room_bytes = 32768;
    uint8_t *bytes = btx_fixture_room(fixture, room_bytes);
    struct drawing drawing = {.second_stage = picture->second_stage};
    struct btx_writer *writer = &drawing.writer;

    btx_writer_init(writer, bytes, room_bytes);
    write_counters(&drawing, picture);
    btx_writer_u64(writer, picture->accounts_said);
    for (uint32_t i = 0; i < picture->account_count; i++) {
        btx_writer_u64(writer, picture->accounts[i].id);
        btx_writer_i128(writer, picture->accounts[i].balance);
        btx_writer_u64(writer, picture->accounts[i].cseq);
        btx_writer_u64(writer, picture->accounts[i].transfer);
        btx_writer_u64(writer, picture->accounts[i].frozen);
    }
    btx_writer_u64(writer, picture->markets_said);
    for (uint32_t i = 0; i < picture->market_count; i++)
        write_market(&drawing, &picture->markets[i]);
    write_work(&drawing, picture);
    assert_false(writer->overflowed);
    return (struct btx_bytes){.bytes = bytes, .length_bytes = writer->length_bytes};
}

/* The odds market: account 1 has laid and account 2 backed 4 at 2.5, and both have an order. */
static void draw_market(struct btx_picture_market *market, const struct btx_scene *scene)
{
    *market = (struct btx_picture_market){
        .id = BTX_SCENE_MARKET,
        .kind = 0,
        .winners = 1,
        .min_size = 100,
        .runner_count = 3,
        .runners = {RUNNER, RUNNER + 1, RUNNER + 2},
        .matched = {{.item = BTX_PICTURE_POSITION, .account = 1},
                    {.item = BTX_PICTURE_CELL, .index = 0, .win = -6 * ONE, .lose = 4 * ONE},
                    {.item = BTX_PICTURE_POSITION, .account = 2},
                    {.item = BTX_PICTURE_CELL, .index = 0, .win = 6 * ONE, .lose = -4 * ONE},
                    {.item = BTX_PICTURE_END}},
        .matched_count = 5,
        .books_count = 5,
    };
    market->books[0] = (struct btx_picture_item){
        .item = BTX_PICTURE_ORDER,
        .order = {
            .id = scene->lay, .account = 1, .remaining = 10 * ONE, .price = 20000, .side = 1}};
    market->books[1] = (struct btx_picture_item){
        .item = BTX_PICTURE_ORDER,
        .order = {
            .id = scene->back, .account = 2, .remaining = 20 * ONE, .price = 30000, .side = 0}};
}

void btx_picture_of_scene(struct btx_picture *picture, const struct btx_scene *scene)
{
    const struct btx_core *core = scene->fixture.core;

    *picture = (struct btx_picture){
        .magic = {'B', 'T', 'X', 'S', 'T', 'A', 'T', 'E'},
        .second_stage = core->rules_version >= 2,
        .format = core->rules_version,
        .rules_version = core->rules_version,
        .seq = core->seq,
        .tx = core->tx,
        .time_ns = core->time_ns,
        .next_order = 5,
        .accounts_said = 4,
        .accounts = {{.id = 0},
                     {.id = 1, .balance = 1002 * ONE, .cseq = 10, .transfer = 20},
                     {.id = 2, .balance = 1000 * ONE},
                     {.id = 3, .balance = 1000 * ONE, .frozen = 1}},
        .account_count = 4,
        .markets_said = 3,
        .market_count = 3,
    };
    draw_market(&picture->markets[0], scene);
    picture->markets[1] = (struct btx_picture_market){.id = BTX_SCENE_BINARY,
                                                      .kind = 1,
                                                      .winners = 1,
                                                      .tick = 10,
                                                      .min_size = ONE,
                                                      .runner_count = 1,
                                                      .runners = {1},
                                                      .matched_count = 1,
                                                      .books_count = 1};
    picture->markets[2] = (struct btx_picture_market){.id = BTX_SCENE_CLOSED,
                                                      .status = 2,
                                                      .winners = 1,
                                                      .min_size = 100,
                                                      .runner_count = 2,
                                                      .runners = {RUNNER, RUNNER + 1},
                                                      .matched_count = 1,
                                                      .books_count = 2};
    for (int i = 0; i < 3; i++) {
        picture->markets[i].version = 1;
        picture->markets[i].held_count = 1;
    }
}
