/* SPDX-License-Identifier: Apache-2.0 */
/* bench_core_flow.h - the order flow that core and baseline are measured with.
 *
 * Made whole before anything is measured: from a seed, or from a CSV file.  The same flow is kept
 * twice, as small operations for the baseline and as command records for the core.  How the mixed
 * flow is made is told in bench_core_generate.c. */
#ifndef BTX_BENCH_CORE_FLOW_H
#define BTX_BENCH_CORE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/core/core.h"

/* Every command of a flow, PlaceOrder without a ref and CancelOrder alike, takes two units. */
#define BTX_BENCH_COMMAND_BYTES 128u

enum btx_bench_kind {
    BTX_BENCH_PASSIVE,  /* A PlaceOrder that matches nothing. */
    BTX_BENCH_CROSSING, /* A PlaceOrder that matches. */
    BTX_BENCH_CANCEL,
    BTX_BENCH_KIND_COUNT,
};

struct btx_bench_op {
    uint32_t order; /* The number of the order placed or cancelled, from 1. */
    uint32_t size;  /* Hundredths; 0 for a cancel. */
    uint32_t book;
    uint16_t price_index; /* 0..349; a cancel has those of its order. */
    uint8_t side;         /* enum btx_side */
    uint8_t kind;         /* enum btx_bench_kind */
};

/* What a flow is like.  Markets have @runners each, of which the first @touched have books. */
struct btx_bench_shape {
    uint64_t seed;
    uint32_t commands;
    uint32_t accounts;
    uint32_t markets;
    uint32_t runners;
    uint32_t touched;
    uint32_t resting; /* Orders in all books together that the flow tends to. */
    bool huge_pages;
};

struct btx_bench_flow {
    struct btx_bench_shape shape;
    struct btx_bench_op *ops; /* shape.commands of them. */
    uint8_t *setup;           /* Records that open accounts and markets; not measured. */
    uint8_t *commands;        /* Records, one for each op. */
    size_t setup_bytes;
    size_t commands_bytes;
    uint32_t kinds[BTX_BENCH_KIND_COUNT];
    uint32_t orders; /* Placed. */
    uint32_t dead;   /* Cancels of orders that are no longer live: the core refuses them. */
    uint32_t resting_end;
    uint32_t resting_max;
    uint32_t padding;
    uint64_t trades;
    uint64_t volume; /* Matched size, hundredths. */
    struct btx_core_capacity capacity;
};

/* Price number @index of the odds ladder, in 1/10 000 as records carry it. */
uint32_t btx_bench_price(uint32_t index);

/* The account that owns order number @order, from 1. */
uint64_t btx_bench_owner(const struct btx_bench_shape *shape, uint32_t order);

/* Books of all markets together. */
uint32_t btx_bench_books(const struct btx_bench_shape *shape);

/* Fill @ops with shape->commands operations; the kinds of orders are left to the caller. */
void btx_bench_generate(const struct btx_bench_shape *shape, struct btx_bench_op *ops);

/* Make a flow from its seed. */
void btx_bench_flow_init(struct btx_bench_flow *flow, const struct btx_bench_shape *shape);

/* Make a flow of one book from a CSV file (README.md, "The CSV form"); of @shape, accounts and
 * pages count.  Faults: IO, INPUT with the line. */
BTX_MUST_USE enum btx_fault_code btx_bench_flow_read_csv(struct btx_bench_flow *flow,
                                                         const struct btx_bench_shape *shape,
                                                         const char *path,
                                                         struct btx_fault *reterr_fault);

/* Faults: IO; USAGE for a flow of several books, which the form cannot say. */
BTX_MUST_USE enum btx_fault_code btx_bench_flow_write_csv(const struct btx_bench_flow *flow,
                                                          const char *path,
                                                          struct btx_fault *reterr_fault);

/* What is left when the operations are there: find kinds and counts by running them through the
 * baseline, and make the records.  Takes @ops, which is malloc()ed.  Returns false when an order
 * makes more trades than the baseline reports (BTX_BASELINE_TRADES); @flow is then half made. */
BTX_MUST_USE bool btx_bench_flow_finish(struct btx_bench_flow *flow,
                                        const struct btx_bench_shape *shape,
                                        struct btx_bench_op *ops);

/* Give the memory back; the numbers stay. */
void btx_bench_flow_done(struct btx_bench_flow *flow);

#endif
