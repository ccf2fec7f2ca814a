/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/status/histogram.h"

#include "engine/base/check.h"

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

/* A copy may come from bytes that nobody vouches for, so the sum is not trusted to fit. */
static void count_again(struct btx_histogram *histogram)
{
    histogram->count = 0;
    for (uint32_t i = 0; i < BTX_HISTOGRAM_BUCKETS; i++)
        histogram->count = add_saturated(histogram->count, histogram->counts[i]);
}

void btx_histogram_copy(const struct btx_histogram_shared *shared,
                        struct btx_histogram *ret_histogram)
{
    /* Counts first: pairs with the release in btx_histogram_record(). */
    for (uint32_t i = 0; i < BTX_HISTOGRAM_BUCKETS; i++)
        ret_histogram->counts[i] = atomic_load_explicit(&shared->counts[i], memory_order_acquire);
    ret_histogram->sum_ns = atomic_load_explicit(&shared->sum_ns, memory_order_relaxed);
    ret_histogram->max_ns = atomic_load_explicit(&shared->max_ns, memory_order_relaxed);
    count_again(ret_histogram);
}

uint64_t btx_histogram_limit(uint32_t index)
{
    const uint32_t steps = 1u << BTX_HISTOGRAM_STEPS_LOG2;

    CHECK(index < BTX_HISTOGRAM_BUCKETS);
    if (index < steps)
        return (uint64_t)index + 1;
    return (uint64_t)(index % steps + steps + 1) << (index / steps - 1);
}

void btx_histogram_merge(struct btx_histogram *histogram, const struct btx_histogram *other)
{
    for (uint32_t i = 0; i < BTX_HISTOGRAM_BUCKETS; i++)
        histogram->counts[i] = add_saturated(histogram->counts[i], other->counts[i]);
    histogram->sum_ns = add_saturated(histogram->sum_ns, other->sum_ns);
    if (other->max_ns > histogram->max_ns)
        histogram->max_ns = other->max_ns;
    count_again(histogram);
}

void btx_histogram_subtract(struct btx_histogram *histogram, const struct btx_histogram *earlier)
{
    uint64_t limit_ns = 0;

    for (uint32_t i = 0; i < BTX_HISTOGRAM_BUCKETS; i++) {
        uint64_t *count = &histogram->counts[i];

        *count = *count > earlier->counts[i] ? *count - earlier->counts[i] : 0;
        if (*count != 0)
            limit_ns = btx_histogram_limit(i);
    }
    histogram->sum_ns =
        histogram->sum_ns > earlier->sum_ns ? histogram->sum_ns - earlier->sum_ns : 0;
    if (histogram->max_ns <= earlier->max_ns && limit_ns < histogram->max_ns)
        histogram->max_ns = limit_ns;
    count_again(histogram);
}

uint64_t btx_histogram_quantile(const struct btx_histogram *histogram, uint32_t per_million)
{
    const uint64_t million = 1000000;
    uint64_t wanted;
    uint64_t seen = 0;

    CHECK(per_million <= million);
    if (histogram->count == 0)
        return 0;
    /* count * per_million / million, rounded up, without a product that does not fit. */
    wanted = histogram->count / million * per_million +
             (histogram->count % million * per_million + million - 1) / million;
    if (wanted == 0)
        wanted = 1;
    for (uint32_t i = 0; i + 1 < BTX_HISTOGRAM_BUCKETS; i++) {
        seen = add_saturated(seen, histogram->counts[i]);
        if (seen >= wanted) {
            const uint64_t limit_ns = btx_histogram_limit(i);

            return limit_ns < histogram->max_ns ? limit_ns : histogram->max_ns;
        }
    }
    return histogram->max_ns;
}

uint64_t btx_histogram_count_up_to(const struct btx_histogram *histogram, uint32_t power)
{
    uint64_t count = 0;
    uint32_t end;

    CHECK(power < BTX_HISTOGRAM_LIMIT_LOG2);
    end = btx_histogram_bucket(UINT64_C(1) << power) + 1;
    for (uint32_t i = 0; i < end; i++)
        count = add_saturated(count, histogram->counts[i]);
    return count;
}

uint64_t btx_histogram_mean(const struct btx_histogram *histogram)
{
    return histogram->count != 0 ? histogram->sum_ns / histogram->count : 0;
}
