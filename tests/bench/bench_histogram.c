/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_histogram.h"

/* The greatest value of @place. */
static uint64_t place_end(uint32_t place)
{
    const uint32_t steps = UINT32_C(1) << BTX_BENCH_HISTOGRAM_STEP_BITS;
    if (place < 2 * steps) {
        return place;
    }
    const uint32_t shift = (place >> BTX_BENCH_HISTOGRAM_STEP_BITS) - 1;
    const uint64_t first = (uint64_t)(steps + place % steps) << shift;
    return first + ((UINT64_C(1) << shift) - 1);
}

uint64_t btx_bench_histogram_value(const struct btx_bench_histogram *histogram, uint32_t per_mille)
{
    const uint64_t wanted = (histogram->count * per_mille + 999) / 1000;
    uint64_t seen = 0;
    for (uint32_t place = 0; place < BTX_BENCH_HISTOGRAM_PLACES; place++) {
        seen += histogram->counts[place];
        if (seen >= wanted && seen > 0) {
            const uint64_t end = place_end(place);
            return end < histogram->maximum ? end : histogram->maximum;
        }
    }
    return 0;
}
