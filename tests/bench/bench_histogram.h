/* SPDX-License-Identifier: Apache-2.0 */
/* bench_histogram.h - how often which duration was seen, to within 1 in 128, in constant memory.
 *
 * So that a run of a minute can note the time of each of its events without writing a list that
 * would take part in what is measured. */
#ifndef BTX_BENCH_HISTOGRAM_H
#define BTX_BENCH_HISTOGRAM_H

#include <stdint.h>

/* Values below 128 have a place each; above, each doubling has 128 places. */
#define BTX_BENCH_HISTOGRAM_STEP_BITS 7
#define BTX_BENCH_HISTOGRAM_PLACES                                                                 \
    ((64 - BTX_BENCH_HISTOGRAM_STEP_BITS + 1) << BTX_BENCH_HISTOGRAM_STEP_BITS)

/* Start with {0}. */
struct btx_bench_histogram {
    uint64_t counts[BTX_BENCH_HISTOGRAM_PLACES];
    uint64_t count;
    uint64_t maximum; /* Exact. */
};

/* The place of @value. */
static inline uint32_t btx_bench_histogram_place(uint64_t value)
{
    if (value < (UINT64_C(1) << BTX_BENCH_HISTOGRAM_STEP_BITS)) {
        return (uint32_t)value;
    }
    const uint32_t shift = 63u - (uint32_t)__builtin_clzll(value) - BTX_BENCH_HISTOGRAM_STEP_BITS;
    return (shift << BTX_BENCH_HISTOGRAM_STEP_BITS) + (uint32_t)(value >> shift);
}

/* Note @value once. */
static inline void btx_bench_histogram_add(struct btx_bench_histogram *histogram, uint64_t value)
{
    histogram->counts[btx_bench_histogram_place(value)]++;
    histogram->count++;
    histogram->maximum = value > histogram->maximum ? value : histogram->maximum;
}

/* The least value that at least @per_mille of those noted do not exceed, rounded up to the end of
 * its place but never beyond the maximum; 0 when nothing was noted. */
uint64_t btx_bench_histogram_value(const struct btx_bench_histogram *histogram, uint32_t per_mille);

#endif
