/* SPDX-License-Identifier: Apache-2.0 */
/* bench_core_generate.c - the mixed flow, from a seed, with integers only: the same everywhere.
 *
 * One tenth of the commands are crossing orders; the rest are passive orders and cancels, in such
 * proportion that the number of resting orders tends to shape.resting: from empty books cancels
 * start at none and reach about 43 in a hundred, passive orders 47.  (They cannot be equal: each
 * crossing order also takes nearly half an order off the books for good.)
 *  - A cancel picks any live order, each as likely as any other: old and new, near and far.
 *  - A passive order goes to the queue of its price.  Distances from the middle of the book halve
 *    every 4 ticks; 2 in 100 lie anywhere on their side, as the tapes of real markets have them at
 *    1.01 and 1000.  The middle wanders a tick at a time, so that best prices change.
 *  - A crossing order is GTC at the price it must reach: 82 in 100 take a part of the first order
 *    in the queue, 13 the whole of it, 3 two to eight orders, and 2 sweep a thin best price and
 *    rest with what is left.
 *  - Sizes are 1 to 20 with odd hundredths, doubled 0 to 4 times.
 *  - Books and accounts are drawn evenly, which is hard on caches: real ones are skewed. */
#include <stdlib.h>

#include "engine/base/check.h"
#include "tests/bench/baseline_book.h"
#include "tests/bench/bench_core_flow.h"

#define MIDDLE_START 120
#define MIDDLE_MIN 60
#define MIDDLE_MAX 180
#define SWEEP_ORDERS_MAX 16u

struct generator {
    const struct btx_bench_shape *shape;
    struct btx_baseline book; /* What the flow did so far. */
    void *book_memory;
    uint64_t random;
    int32_t *middles;      /* Price index, of each book. */
    uint32_t *order_books; /* Of each order. */
    uint32_t *live;        /* Numbers of live orders, in no order. */
    uint32_t *live_at;     /* Where in @live, of each order. */
    uint32_t live_count;
    uint32_t orders;
};

/* splitmix64: every seed is a good seed. */
static uint64_t random_next(struct generator *generator)
{
    generator->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = generator->random;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

static uint32_t random_below(struct generator *generator, uint32_t bound)
{
    return (uint32_t)(((random_next(generator) >> 32) * bound) >> 32);
}

static uint32_t random_size(struct generator *generator)
{
    const uint32_t base = 100 + random_below(generator, 1900);
    return base << random_below(generator, 5);
}

static void live_add(struct generator *generator, uint32_t order)
{
    generator->live_at[order] = generator->live_count;
    generator->live[generator->live_count] = order;
    generator->live_count++;
}

static void live_remove(struct generator *generator, uint32_t order)
{
    const uint32_t at = generator->live_at[order];
    generator->live_count--;
    generator->live[at] = generator->live[generator->live_count];
    generator->live_at[generator->live[at]] = at;
}

static struct btx_bench_op make_order(struct generator *generator, uint32_t book,
                                      enum btx_side side, uint32_t price_index, uint32_t size)
{
    generator->orders++;
    generator->order_books[generator->orders] = book;
    return (struct btx_bench_op){.order = generator->orders,
                                 .size = size,
                                 .book = book,
                                 .price_index = (uint16_t)price_index,
                                 .side = (uint8_t)side,
                                 .kind = BTX_BENCH_PASSIVE};
}

static struct btx_bench_op make_cancel(struct generator *generator)
{
    const uint32_t order = generator->live[random_below(generator, generator->live_count)];
    const uint32_t book = generator->order_books[order];
    const uint32_t price_index = generator->book.orders[order].level % BTX_BASELINE_PRICES;
    /* A LAY rests at or below the best LAY, a BACK above it. */
    const bool is_lay =
        (int32_t)price_index <= btx_baseline_best(&generator->book, book, BTX_SIDE_LAY);
    btx_baseline_cancel_unlink(&generator->book, order);
    live_remove(generator, order);
    return (struct btx_bench_op){.order = order,
                                 .size = 0,
                                 .book = book,
                                 .price_index = (uint16_t)price_index,
                                 .side = is_lay ? BTX_SIDE_LAY : BTX_SIDE_BACK,
                                 .kind = BTX_BENCH_CANCEL};
}

static int32_t random_distance(struct generator *generator)
{
    int32_t distance = 1 + (int32_t)random_below(generator, 4);
    for (uint64_t bits = random_next(generator); (bits & 1u) != 0; bits >>= 1) {
        distance += 4;
    }
    return distance;
}

static int32_t clamp(int32_t value, int32_t least, int32_t greatest)
{
    const int32_t raised = value < least ? least : value;
    return raised > greatest ? greatest : raised;
}

static struct btx_bench_op make_passive(struct generator *generator, uint32_t book)
{
    const int32_t last = (int32_t)BTX_BASELINE_PRICES - 1;
    const int32_t middle = generator->middles[book];
    const bool is_far = random_below(generator, 50) == 0;
    const enum btx_side side = random_below(generator, 2) == 0 ? BTX_SIDE_BACK : BTX_SIDE_LAY;
    int32_t price = 0;
    if (side == BTX_SIDE_LAY) {
        const int32_t best_back = btx_baseline_best(&generator->book, book, BTX_SIDE_BACK);
        price = is_far ? (int32_t)random_below(generator, (uint32_t)middle)
                       : middle - random_distance(generator);
        price = clamp(price, 0, best_back < 0 ? last : best_back - 1);
    } else {
        const int32_t best_lay = btx_baseline_best(&generator->book, book, BTX_SIDE_LAY);
        price = is_far ? middle + 1 + (int32_t)random_below(generator, (uint32_t)(last - middle))
                       : middle + random_distance(generator);
        price = clamp(price, best_lay + 1, last);
    }
    /* Only where a best price lies at the very end of the ladder. */
    price = clamp(price, 0, last);
    return make_order(generator, book, side, (uint32_t)price, random_size(generator));
}

/* Orders at the best price @level, at most SWEEP_ORDERS_MAX + 1, and their size. */
static uint32_t count_level(const struct generator *generator,
                            const struct btx_baseline_level *level, uint32_t *ret_size)
{
    uint32_t count = 0;
    uint32_t size = 0;
    for (uint32_t order = level->head; order != 0 && count <= SWEEP_ORDERS_MAX;
         order = generator->book.orders[order].next) {
        size += generator->book.orders[order].size;
        count++;
    }
    *ret_size = size;
    return count;
}

/* The price and size that take the first @count orders of the queue that starts at the level
 * @best and goes on @step levels further each time; fewer when there are no more. */
static void take_orders(const struct generator *generator, uint32_t book, int32_t best,
                        int32_t step, uint32_t count, uint32_t *ret_price, uint32_t *ret_size)
{
    const struct btx_baseline_level *levels = &generator->book.levels[book * BTX_BASELINE_PRICES];
    uint32_t size = 0;
    uint32_t price = (uint32_t)best;
    for (int32_t at = best; at >= 0 && at < (int32_t)BTX_BASELINE_PRICES && count > 0; at += step) {
        for (uint32_t order = levels[at].head; order != 0 && count > 0;
             order = generator->book.orders[order].next) {
            size += generator->book.orders[order].size;
            price = (uint32_t)at;
            count--;
        }
    }
    *ret_price = price;
    *ret_size = size;
}

/* @best is the best price of the side that @side takes from. */
static struct btx_bench_op make_crossing(struct generator *generator, uint32_t book,
                                         enum btx_side side, int32_t best)
{
    const struct btx_baseline_level *level =
        &generator->book.levels[book * BTX_BASELINE_PRICES + (uint32_t)best];
    const int32_t step = side == BTX_SIDE_BACK ? -1 : 1;
    const uint32_t first_size = generator->book.orders[level->head].size;
    const uint32_t dice = random_below(generator, 100);
    uint32_t price = (uint32_t)best;
    uint32_t size = first_size;
    if (dice < 82 && first_size >= 200) {
        size = first_size * (1 + random_below(generator, 3)) / 4;
    } else if (dice >= 98) {
        const uint32_t count = count_level(generator, level, &size);
        if (count <= SWEEP_ORDERS_MAX) {
            size += random_size(generator);
        } else {
            take_orders(generator, book, best, step, 2, &price, &size);
        }
    } else if (dice >= 95) {
        take_orders(generator, book, best, step, 2 + random_below(generator, 7), &price, &size);
    }
    return make_order(generator, book, side, price, size);
}

/* Run an order through the book and keep the list of live orders right. */
static void place(struct generator *generator, const struct btx_bench_op *op)
{
    struct btx_baseline *book = &generator->book;
    const uint64_t first = book->trade_count;
    btx_baseline_place(book, op->book, op->side == BTX_SIDE_BACK ? BTX_SIDE_BACK : BTX_SIDE_LAY,
                       op->price_index, op->size, op->order);
    CHECK(book->trade_count - first <= BTX_BASELINE_TRADES);
    for (uint64_t i = first; i < book->trade_count; i++) {
        const uint32_t maker = book->trades[i % BTX_BASELINE_TRADES].maker;
        if (book->orders[maker].size == 0) {
            live_remove(generator, maker);
        }
    }
    if (book->orders[op->order].size > 0) {
        live_add(generator, op->order);
    }
}

static struct btx_bench_op make_op(struct generator *generator)
{
    const struct btx_bench_shape *shape = generator->shape;
    const uint32_t book = random_below(generator, btx_bench_books(shape));
    if (random_below(generator, 10) == 0) {
        const enum btx_side side = random_below(generator, 2) == 0 ? BTX_SIDE_BACK : BTX_SIDE_LAY;
        const enum btx_side other = side == BTX_SIDE_BACK ? BTX_SIDE_LAY : BTX_SIDE_BACK;
        const int32_t best = btx_baseline_best(&generator->book, book, other);
        int32_t *middle = &generator->middles[book];
        if (random_below(generator, 16) == 0) {
            *middle = clamp(*middle + (side == BTX_SIDE_BACK ? -1 : 1), MIDDLE_MIN, MIDDLE_MAX);
        }
        if (best >= 0) {
            return make_crossing(generator, book, side, best);
        }
    }
    /* As likely as a passive order when there are as many as there should be. */
    if (random_below(generator, 2 * shape->resting) < generator->live_count) {
        return make_cancel(generator);
    }
    return make_passive(generator, book);
}

void btx_bench_generate(const struct btx_bench_shape *shape, struct btx_bench_op *ops)
{
    const uint32_t books = btx_bench_books(shape);
    struct generator generator = {.shape = shape, .random = shape->seed};
    generator.book_memory = calloc(1, btx_baseline_memory_bytes(shape->commands, books));
    generator.middles = calloc(books, sizeof *generator.middles);
    generator.order_books = calloc((size_t)shape->commands + 1, sizeof *generator.order_books);
    generator.live = calloc((size_t)shape->commands + 1, sizeof *generator.live);
    generator.live_at = calloc((size_t)shape->commands + 1, sizeof *generator.live_at);
    CHECK(generator.book_memory != NULL && generator.middles != NULL &&
          generator.order_books != NULL && generator.live != NULL && generator.live_at != NULL);
    btx_baseline_init(&generator.book, generator.book_memory, shape->commands, books);
    for (uint32_t i = 0; i < books; i++) {
        generator.middles[i] = MIDDLE_START;
    }
    for (uint32_t i = 0; i < shape->commands; i++) {
        ops[i] = make_op(&generator);
        if (ops[i].kind != BTX_BENCH_CANCEL) {
            place(&generator, &ops[i]);
        }
    }
    free(generator.live_at);
    free(generator.live);
    free(generator.order_books);
    free(generator.middles);
    free(generator.book_memory);
}
