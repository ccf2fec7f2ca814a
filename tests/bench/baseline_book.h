/* SPDX-License-Identifier: Apache-2.0 */
/* baseline_book.h - the least that matches orders by price and time, to measure the core against.
 *
 * In the spirit of the QuantCup winner, written anew: static arrays, intrusive lists, an order's
 * number is its index, prices are indexes.  No accounts, funds, risk, events, ids to look up,
 * checks of input or recovery.  Several books share one array of orders. */
#ifndef BTX_BENCH_BASELINE_BOOK_H
#define BTX_BENCH_BASELINE_BOOK_H

#include <stddef.h>
#include <stdint.h>

#include "engine/wire/terms.h"

/* Prices of the odds ladder, indexes 0..349. */
#define BTX_BASELINE_PRICES 350u
/* The last trades, the one thing the book reports; a power of two. */
#define BTX_BASELINE_TRADES 1024u

struct btx_baseline_order {
    uint32_t size; /* Hundredths; 0: not live. */
    uint32_t next;
    uint32_t previous;
    uint32_t level; /* Index into all levels of all books. */
};

struct btx_baseline_level {
    uint32_t head; /* Order 0 is none. */
    uint32_t tail;
};

/* Highest LAY price and lowest BACK price with orders, or beyond it where cancels emptied levels:
 * matching moves them on.  -1 and BTX_BASELINE_PRICES: none. */
struct btx_baseline_book {
    int32_t best_lay;
    int32_t best_back;
};

struct btx_baseline_trade {
    uint32_t maker;
    uint32_t taker;
    uint32_t size;
    uint32_t price_index;
};

struct btx_baseline {
    struct btx_baseline_order *orders;
    struct btx_baseline_level *levels;
    struct btx_baseline_book *books;
    struct btx_baseline_trade *trades; /* Number n is at n % BTX_BASELINE_TRADES. */
    uint64_t trade_count;
    uint32_t order_count;
    uint32_t book_count;
    uint32_t padding;
};

/* Bytes of memory for books that see orders 1..@order_count. */
size_t btx_baseline_memory_bytes(uint32_t order_count, uint32_t book_count);

/* Begin with empty books in @memory, which is zeroed and stays the caller's. */
void btx_baseline_init(struct btx_baseline *baseline, void *memory, uint32_t order_count,
                       uint32_t book_count);

/* Match an order and let the rest of it rest.  @order is a number not yet used. */
void btx_baseline_place(struct btx_baseline *baseline, uint32_t book, enum btx_side side,
                        uint32_t price_index, uint32_t size, uint32_t order);

/* Take an order out of its queue; nothing when it is not live. */
void btx_baseline_cancel_unlink(struct btx_baseline *baseline, uint32_t order);

/* As QuantCup's winner cancels: only say that nothing is left, and let matching clear it away when
 * it comes there.  One store, but levels that are never matched fill up for ever. */
static inline void btx_baseline_cancel_mark(struct btx_baseline *baseline, uint32_t order)
{
    baseline->orders[order].size = 0;
}

/* The best price with orders of @side, or -1.  Exact where cancels unlink. */
int32_t btx_baseline_best(struct btx_baseline *baseline, uint32_t book, enum btx_side side);

#endif
