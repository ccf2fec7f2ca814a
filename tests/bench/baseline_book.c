/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/baseline_book.h"

#include "engine/base/check.h"

#define ALIGNMENT 64u

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t orders_bytes(uint32_t order_count)
{
    return aligned(((size_t)order_count + 1) * sizeof(struct btx_baseline_order));
}

static size_t levels_bytes(uint32_t book_count)
{
    return aligned((size_t)book_count * BTX_BASELINE_PRICES * sizeof(struct btx_baseline_level));
}

static size_t books_bytes(uint32_t book_count)
{
    return aligned((size_t)book_count * sizeof(struct btx_baseline_book));
}

size_t btx_baseline_memory_bytes(uint32_t order_count, uint32_t book_count)
{
    return orders_bytes(order_count) + levels_bytes(book_count) + books_bytes(book_count) +
           BTX_BASELINE_TRADES * sizeof(struct btx_baseline_trade);
}

void btx_baseline_init(struct btx_baseline *baseline, void *memory, uint32_t order_count,
                       uint32_t book_count)
{
    uint8_t *at = memory;
    baseline->orders = (struct btx_baseline_order *)(void *)at;
    at += orders_bytes(order_count);
    baseline->levels = (struct btx_baseline_level *)(void *)at;
    at += levels_bytes(book_count);
    baseline->books = (struct btx_baseline_book *)(void *)at;
    at += books_bytes(book_count);
    baseline->trades = (struct btx_baseline_trade *)(void *)at;
    baseline->trade_count = 0;
    baseline->order_count = order_count;
    baseline->book_count = book_count;
    for (uint32_t i = 0; i < book_count; i++) {
        baseline->books[i].best_lay = -1;
        baseline->books[i].best_back = (int32_t)BTX_BASELINE_PRICES;
    }
}

static void report(struct btx_baseline *baseline, uint32_t maker, uint32_t taker, uint32_t size,
                   uint32_t price_index)
{
    baseline->trades[baseline->trade_count % BTX_BASELINE_TRADES] =
        (struct btx_baseline_trade){maker, taker, size, price_index};
    baseline->trade_count++;
}

/* Match up to @size against the queue of one level, oldest first; returns what is left. */
static uint32_t match_level(struct btx_baseline *baseline, struct btx_baseline_level *level,
                            uint32_t price_index, uint32_t size, uint32_t taker)
{
    uint32_t maker = level->head;
    while (maker != 0) {
        struct btx_baseline_order *order = &baseline->orders[maker];
        if (order->size > size) {
            report(baseline, maker, taker, size, price_index);
            order->size -= size;
            size = 0;
            break;
        }
        /* Size 0: cancelled by a mark. */
        if (order->size > 0) {
            report(baseline, maker, taker, order->size, price_index);
            size -= order->size;
            order->size = 0;
        }
        maker = order->next;
        if (size == 0) {
            break;
        }
    }
    level->head = maker;
    if (maker == 0) {
        level->tail = 0;
    } else {
        baseline->orders[maker].previous = 0;
    }
    return size;
}

static void rest(struct btx_baseline *baseline, uint32_t level_index, uint32_t size, uint32_t order)
{
    struct btx_baseline_level *level = &baseline->levels[level_index];
    baseline->orders[order] = (struct btx_baseline_order){
        .size = size, .next = 0, .previous = level->tail, .level = level_index};
    if (level->tail == 0) {
        level->head = order;
    } else {
        baseline->orders[level->tail].next = order;
    }
    level->tail = order;
}

void btx_baseline_place(struct btx_baseline *baseline, uint32_t book, enum btx_side side,
                        uint32_t price_index, uint32_t size, uint32_t order)
{
    struct btx_baseline_book *best = &baseline->books[book];
    struct btx_baseline_level *levels = &baseline->levels[book * BTX_BASELINE_PRICES];
    const int32_t limit = (int32_t)price_index;

    /* A best price that is stale is moved beyond the limit before anything rests at the limit, so
     * a level never holds live orders of both sides. */
    if (side == BTX_SIDE_BACK) {
        while (best->best_lay >= limit) {
            const int32_t price = best->best_lay;
            size = match_level(baseline, &levels[price], (uint32_t)price, size, order);
            if (size == 0) {
                return;
            }
            best->best_lay--;
        }
        best->best_back = limit < best->best_back ? limit : best->best_back;
    } else {
        while (best->best_back <= limit) {
            const int32_t price = best->best_back;
            size = match_level(baseline, &levels[price], (uint32_t)price, size, order);
            if (size == 0) {
                return;
            }
            best->best_back++;
        }
        best->best_lay = limit > best->best_lay ? limit : best->best_lay;
    }
    rest(baseline, book * BTX_BASELINE_PRICES + price_index, size, order);
}

void btx_baseline_cancel_unlink(struct btx_baseline *baseline, uint32_t order)
{
    struct btx_baseline_order *gone = &baseline->orders[order];
    struct btx_baseline_level *level = &baseline->levels[gone->level];
    if (gone->size == 0) {
        return;
    }
    gone->size = 0;
    if (gone->previous == 0) {
        level->head = gone->next;
    } else {
        baseline->orders[gone->previous].next = gone->next;
    }
    if (gone->next == 0) {
        level->tail = gone->previous;
    } else {
        baseline->orders[gone->next].previous = gone->previous;
    }
}

int32_t btx_baseline_best(struct btx_baseline *baseline, uint32_t book, enum btx_side side)
{
    struct btx_baseline_book *best = &baseline->books[book];
    const struct btx_baseline_level *levels = &baseline->levels[book * BTX_BASELINE_PRICES];
    CHECK(book < baseline->book_count);
    if (side == BTX_SIDE_LAY) {
        while (best->best_lay >= 0 && levels[best->best_lay].head == 0) {
            best->best_lay--;
        }
        return best->best_lay;
    }
    while (best->best_back < (int32_t)BTX_BASELINE_PRICES && levels[best->best_back].head == 0) {
        best->best_back++;
    }
    return best->best_back < (int32_t)BTX_BASELINE_PRICES ? best->best_back : -1;
}
