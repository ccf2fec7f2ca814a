/* SPDX-License-Identifier: Apache-2.0 */
/* histogram.h - durations counted in buckets whose width grows with the value, as in HdrHistogram.
 *
 * 64 buckets for each power of two: a value is known to 1/64, under 1.6 %, from nanoseconds to
 * 4.8 hours, in 20 KiB.  Bucket i holds the values greater than the limit of bucket i - 1, up to
 * its own limit and including it; every power of two from 1 on is such a limit, so that sums up to
 * one are exact.  Greater values are in the last bucket; their maximum is kept as it is.
 *
 * One thread records into shared memory; anybody copies it out at any time.  All else works on
 * copies. */
#ifndef BTX_STATUS_HISTOGRAM_H
#define BTX_STATUS_HISTOGRAM_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define BTX_HISTOGRAM_STEPS_LOG2 6u  /* 64 buckets for each power of two */
#define BTX_HISTOGRAM_LIMIT_LOG2 44u /* the last limit: 2^44 ns are 4.9 hours */
#define BTX_HISTOGRAM_BUCKETS                                                                      \
    ((BTX_HISTOGRAM_LIMIT_LOG2 - BTX_HISTOGRAM_STEPS_LOG2 + 1u) << BTX_HISTOGRAM_STEPS_LOG2)

/* As it lies in shared memory.  Zeros are an empty one. */
struct btx_histogram_shared {
    alignas(128) _Atomic uint64_t sum_ns; /* of all values; wraps after 584 years of durations */
    _Atomic uint64_t max_ns;
    _Atomic uint64_t reserved[14];
    _Atomic uint64_t counts[BTX_HISTOGRAM_BUCKETS];
};
static_assert(offsetof(struct btx_histogram_shared, max_ns) == 8, "README.md: the page");
static_assert(offsetof(struct btx_histogram_shared, counts) == 128, "README.md: the page");
static_assert(sizeof(struct btx_histogram_shared) == 128 + 8 * BTX_HISTOGRAM_BUCKETS,
              "README.md: the page; no padding");

/* A copy. */
struct btx_histogram {
    uint64_t count; /* of all buckets; stays at its maximum when it would be greater */
    uint64_t sum_ns;
    uint64_t max_ns;
    uint64_t counts[BTX_HISTOGRAM_BUCKETS];
};

/* The bucket of @value_ns, below BTX_HISTOGRAM_BUCKETS.  0 shares the bucket of 1. */
static inline uint32_t btx_histogram_bucket(uint64_t value_ns)
{
    const uint64_t below = value_ns - (value_ns != 0); /* the limits are inclusive */
    const uint64_t capped = below < UINT64_C(1) << BTX_HISTOGRAM_LIMIT_LOG2
                                ? below
                                : (UINT64_C(1) << BTX_HISTOGRAM_LIMIT_LOG2) - 1;
    const uint32_t power =
        63u - (uint32_t)__builtin_clzll(capped | UINT64_C(1) << BTX_HISTOGRAM_STEPS_LOG2);
    const uint32_t shift = power - BTX_HISTOGRAM_STEPS_LOG2;

    return (shift << BTX_HISTOGRAM_STEPS_LOG2) + (uint32_t)(capped >> shift);
}

/* Count @value_ns.  The one writer; a few nanoseconds, no locked instruction: nobody else stores
 * here, so a load and a store are enough. */
static inline void btx_histogram_record(struct btx_histogram_shared *shared, uint64_t value_ns)
{
    _Atomic uint64_t *count = &shared->counts[btx_histogram_bucket(value_ns)];

    if (value_ns > atomic_load_explicit(&shared->max_ns, memory_order_relaxed))
        atomic_store_explicit(&shared->max_ns, value_ns, memory_order_relaxed);
    atomic_store_explicit(&shared->sum_ns,
                          atomic_load_explicit(&shared->sum_ns, memory_order_relaxed) + value_ns,
                          memory_order_relaxed);
    /* Release: who sees the value counted (acquire, btx_histogram_copy()) sees maximum and sum. */
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1,
                          memory_order_release);
}

/* Copy it out while it may be written.  Each bucket is as it was at some moment of the copy, count
 * is the sum of the buckets copied, and sum_ns and max_ns have in them all values counted, perhaps
 * a few more. */
void btx_histogram_copy(const struct btx_histogram_shared *shared,
                        struct btx_histogram *ret_histogram);

/* The greatest value that bucket @index (below BTX_HISTOGRAM_BUCKETS) holds; of the last one, the
 * greatest that it holds exactly. */
uint64_t btx_histogram_limit(uint32_t index);

/* Add @other. */
void btx_histogram_merge(struct btx_histogram *histogram, const struct btx_histogram *other);

/* What was recorded between two copies of the same histogram: take @earlier away.  The maximum is
 * exact when it rose between them, else the limit of the last bucket in use.  Where @earlier holds
 * more, as of another start of the engine, the bucket counts 0. */
void btx_histogram_subtract(struct btx_histogram *histogram, const struct btx_histogram *earlier);

/* The value that @per_million of all values do not exceed (0..1000000): at least the true one, and
 * less than 1/64 above it.  0 when nothing was recorded; 1000000 gives the maximum. */
uint64_t btx_histogram_quantile(const struct btx_histogram *histogram, uint32_t per_million);

/* How many values do not exceed 2^@power ns.  Exact; @power is at most
 * BTX_HISTOGRAM_LIMIT_LOG2 - 1. */
uint64_t btx_histogram_count_up_to(const struct btx_histogram *histogram, uint32_t power);

/* Their mean, rounded down; 0 when there are none. */
uint64_t btx_histogram_mean(const struct btx_histogram *histogram);

#endif
