/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_core_flow.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "tests/bench/baseline_book.h"

/* Capacities as an appliance would have them, not as small as the flow would allow: the sizes of
 * the core's tables follow from them, and so do its cache misses. */
#define CAPACITY_ACCOUNTS 100000u
#define CAPACITY_MARKETS 10000u
#define CAPACITY_RUNNERS 100000u
#define CAPACITY_ORDERS 1000000u
#define CAPACITY_POSITIONS 1000000u

/* Shared by all accounts: below BTX_MONEY_MAX, and more than any flow can reserve. */
#define FUNDS (BTX_MONEY_MAX / 10 * 9)
/* 2024-01-01, and a command every microsecond. */
#define START_NS UINT64_C(1704067200000000000)
#define STEP_NS 1000u
#define MIN_SIZE 100

uint32_t btx_bench_price(uint32_t index)
{
    /* rules.md 1: so many prices from the first on, so far apart, in 1/10 000. */
    static const struct {
        uint32_t count;
        uint32_t first;
        uint32_t step;
    } ranges[] = {
        {99, 10100, 100},    {50, 20000, 200},      {20, 30000, 500},    {20, 40000, 1000},
        {20, 60000, 2000},   {20, 100000, 5000},    {10, 200000, 10000}, {10, 300000, 20000},
        {10, 500000, 50000}, {91, 1000000, 100000},
    };
    for (size_t i = 0; i < BTX_COUNT_OF(ranges); i++) {
        if (index < ranges[i].count) {
            return ranges[i].first + index * ranges[i].step;
        }
        index -= ranges[i].count;
    }
    CHECK_UNREACHABLE();
}

uint64_t btx_bench_owner(const struct btx_bench_shape *shape, uint32_t order)
{
    /* Scattered, but by a rule, so that the CSV form need not name accounts. */
    const uint64_t mixed = (order * UINT64_C(0x9e3779b97f4a7c15)) ^ (order >> 7);
    return 1 + ((mixed * UINT64_C(0xbf58476d1ce4e5b9)) >> 32) % shape->accounts;
}

uint32_t btx_bench_books(const struct btx_bench_shape *shape)
{
    return shape->markets * shape->touched;
}

struct encoder {
    const struct btx_bench_shape *shape;
    union btx_command_space space;
    uint64_t *cseqs; /* Of each account. */
    uint8_t *at;
    uint64_t time_ns;
    uint64_t number;
};

/* Append the command in the encoder's space to its records. */
static void append(struct encoder *encoder)
{
    struct btx_command *command = &encoder->space.command;
    const size_t length_bytes = btx_record_length_bytes(&command->record);
    encoder->number++;
    encoder->time_ns += STEP_NS;
    command->number = encoder->number;
    command->record.time_ns = encoder->time_ns;
    CHECK(btx_record_check(encoder->space.bytes, sizeof encoder->space.bytes) == NULL);
    memcpy(encoder->at, encoder->space.bytes, length_bytes);
    encoder->at += length_bytes;
}

static void encode_account(struct encoder *encoder, uint64_t account)
{
    struct btx_open_account *open =
        (struct btx_open_account *)btx_command_begin(&encoder->space, BTX_COMMAND_OPEN_ACCOUNT);
    open->account = account;
    append(encoder);
    struct btx_funds_command *deposit =
        (struct btx_funds_command *)btx_command_begin(&encoder->space, BTX_COMMAND_DEPOSIT);
    deposit->account = account;
    deposit->amount = FUNDS / encoder->shape->accounts;
    deposit->transfer = 1;
    append(encoder);
}

static void encode_market(struct encoder *encoder, uint64_t market)
{
    struct btx_open_market *open =
        (struct btx_open_market *)btx_command_begin(&encoder->space, BTX_COMMAND_OPEN_MARKET);
    open->market = market;
    open->winners = 1;
    open->min_size = MIN_SIZE;
    open->runners_count = (uint16_t)encoder->shape->runners;
    open->kind = BTX_MARKET_KIND_ODDS;
    open->present = BTX_OPEN_MARKET_HAS_RUNNERS | BTX_OPEN_MARKET_HAS_WINNERS;
    uint64_t *runners = (uint64_t *)(void *)(open + 1);
    for (uint32_t i = 0; i < encoder->shape->runners; i++) {
        runners[i] = i + 1;
    }
    btx_command_set_length(&encoder->space, encoder->shape->runners * sizeof *runners);
    append(encoder);
}

static void encode_op(struct encoder *encoder, const struct btx_bench_op *op)
{
    const uint64_t account = btx_bench_owner(encoder->shape, op->order);
    encoder->cseqs[account]++;
    if (op->kind == BTX_BENCH_CANCEL) {
        struct btx_cancel_order *cancel =
            (struct btx_cancel_order *)btx_command_begin(&encoder->space, BTX_COMMAND_CANCEL_ORDER);
        cancel->account = account;
        cancel->order = op->order;
        cancel->cseq = encoder->cseqs[account];
    } else {
        struct btx_place_order *place =
            (struct btx_place_order *)btx_command_begin(&encoder->space, BTX_COMMAND_PLACE_ORDER);
        place->account = account;
        place->market = op->book / encoder->shape->touched + 1;
        place->runner = op->book % encoder->shape->touched + 1;
        place->price = btx_bench_price(op->price_index);
        place->size = (int64_t)op->size * 100;
        place->cseq = encoder->cseqs[account];
        place->side = op->side == BTX_SIDE_BACK ? BTX_ORDER_SIDE_BACK : BTX_ORDER_SIDE_LAY;
        place->present = BTX_PLACE_ORDER_HAS_RUNNER;
    }
    append(encoder);
}

static void encode(struct btx_bench_flow *flow)
{
    const struct btx_bench_shape *shape = &flow->shape;
    struct encoder encoder = {.shape = shape, .time_ns = START_NS};
    encoder.cseqs = calloc((size_t)shape->accounts + 1, sizeof *encoder.cseqs);
    /* The greatest of what is encoded. */
    flow->setup = aligned_alloc(64, shape->accounts * (size_t)256 +
                                        shape->markets * (size_t)BTX_COMMAND_BYTES_MAX);
    flow->commands = aligned_alloc(64, shape->commands * (size_t)BTX_BENCH_COMMAND_BYTES);
    CHECK(encoder.cseqs != NULL && flow->setup != NULL && flow->commands != NULL);

    encoder.at = flow->setup;
    for (uint32_t i = 1; i <= shape->accounts; i++) {
        encode_account(&encoder, i);
    }
    for (uint32_t i = 1; i <= shape->markets; i++) {
        encode_market(&encoder, i);
    }
    flow->setup_bytes = (size_t)(encoder.at - flow->setup);

    encoder.at = flow->commands;
    for (uint32_t i = 0; i < shape->commands; i++) {
        encode_op(&encoder, &flow->ops[i]);
    }
    flow->commands_bytes = (size_t)(encoder.at - flow->commands);
    CHECK(flow->commands_bytes == shape->commands * (size_t)BTX_BENCH_COMMAND_BYTES);
    free(encoder.cseqs);
}

/* Count what order @op did, whose trades are those from number @first on. */
static void count_order(struct btx_bench_flow *flow, const struct btx_baseline *book,
                        struct btx_bench_op *op, uint64_t first, uint32_t *resting)
{
    /* While it is decided, the incoming order is live as well. */
    if (*resting + 1 > flow->resting_max) {
        flow->resting_max = *resting + 1;
    }
    op->kind = book->trade_count == first ? BTX_BENCH_PASSIVE : BTX_BENCH_CROSSING;
    for (uint64_t i = first; i < book->trade_count; i++) {
        const struct btx_baseline_trade *trade = &book->trades[i % BTX_BASELINE_TRADES];
        flow->volume += trade->size;
        if (book->orders[trade->maker].size == 0) {
            (*resting)--;
        }
    }
    if (book->orders[op->order].size > 0) {
        (*resting)++;
    }
}

/* Returns false when the trades of an order do not fit the book's report. */
static bool count(struct btx_bench_flow *flow)
{
    struct btx_baseline book;
    const uint32_t books = btx_bench_books(&flow->shape);
    void *memory = calloc(1, btx_baseline_memory_bytes(flow->shape.commands, books));
    uint32_t resting = 0;
    bool fits = true;
    CHECK(memory != NULL);
    btx_baseline_init(&book, memory, flow->shape.commands, books);
    for (uint32_t i = 0; i < flow->shape.commands && fits; i++) {
        struct btx_bench_op *op = &flow->ops[i];
        if (op->kind == BTX_BENCH_CANCEL) {
            const bool is_live = book.orders[op->order].size > 0;
            flow->dead += is_live ? 0 : 1;
            resting -= is_live ? 1 : 0;
            btx_baseline_cancel_unlink(&book, op->order);
        } else {
            const uint64_t first = book.trade_count;
            btx_baseline_place(&book, op->book,
                               op->side == BTX_SIDE_BACK ? BTX_SIDE_BACK : BTX_SIDE_LAY,
                               op->price_index, op->size, op->order);
            fits = book.trade_count - first <= BTX_BASELINE_TRADES;
            count_order(flow, &book, op, first, &resting);
            flow->orders++;
        }
        flow->kinds[op->kind]++;
    }
    flow->trades = book.trade_count;
    flow->resting_end = resting;
    free(memory);
    return fits;
}

static uint32_t greater(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

bool btx_bench_flow_finish(struct btx_bench_flow *flow, const struct btx_bench_shape *shape,
                           struct btx_bench_op *ops)
{
    *flow = (struct btx_bench_flow){.shape = *shape, .ops = ops};
    if (!count(flow)) {
        return false;
    }
    encode(flow);
    const uint64_t pairs = (uint64_t)shape->accounts * shape->markets;
    const uint32_t pairs_max = pairs < shape->commands ? (uint32_t)pairs : shape->commands;
    flow->capacity = (struct btx_core_capacity){
        .accounts = greater(CAPACITY_ACCOUNTS, shape->accounts),
        .markets = greater(CAPACITY_MARKETS, shape->markets),
        .runners = greater(CAPACITY_RUNNERS, shape->markets * shape->runners),
        .orders = greater(CAPACITY_ORDERS, flow->resting_max),
        .positions = greater(CAPACITY_POSITIONS, pairs_max),
    };
    return true;
}

void btx_bench_flow_init(struct btx_bench_flow *flow, const struct btx_bench_shape *shape)
{
    struct btx_bench_op *ops = calloc(shape->commands, sizeof *ops);
    CHECK(ops != NULL);
    btx_bench_generate(shape, ops);
    CHECK(btx_bench_flow_finish(flow, shape, ops));
}

void btx_bench_flow_done(struct btx_bench_flow *flow)
{
    free(flow->ops);
    free(flow->setup);
    free(flow->commands);
    flow->ops = NULL;
    flow->setup = NULL;
    flow->commands = NULL;
}
