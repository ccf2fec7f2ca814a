/* SPDX-License-Identifier: Apache-2.0 */
/* test_histogram.c - what histograms say, against exact values of the same data. */
#include "engine/status/histogram.h"

#include "engine/base/attributes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { VALUES = 20000 };

struct fixture {
    struct btx_histogram_shared shared;
    struct btx_histogram copy;
    struct btx_histogram other;
    uint64_t values[VALUES];
    uint64_t random;
};

static int setup(void **state)
{
    struct fixture *fixture = aligned_alloc(128, (sizeof *fixture + 127) / 128 * 128);

    if (fixture == NULL)
        return -1;
    memset((void *)fixture, 0, sizeof *fixture);
    fixture->random = 0x9e3779b97f4a7c15u;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static uint64_t next_random(struct fixture *fixture)
{
    fixture->random ^= fixture->random << 13;
    fixture->random ^= fixture->random >> 7;
    fixture->random ^= fixture->random << 17;
    return fixture->random;
}

static int compare(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;

    return (*left > *right) - (*left < *right);
}

/* Every bucket: its limit is its last value, and the next value is in the next bucket. */
static void bucket__every_limit__is_the_last_value_of_its_bucket(void **state)
{
    uint64_t below = 0;

    (void)state;
    for (uint32_t i = 0; i < BTX_HISTOGRAM_BUCKETS; i++) {
        const uint64_t limit = btx_histogram_limit(i);

        assert_true(limit > below);
        assert_int_equal(btx_histogram_bucket(limit), i);
        assert_int_equal(btx_histogram_bucket(below + 1), i);
        /* The widest error: a value just above the limit below is given as this limit. */
        assert_true((limit - (below + 1)) * 64 <= below + 1);
        below = limit;
    }
    assert_int_equal(below, UINT64_C(1) << BTX_HISTOGRAM_LIMIT_LOG2);
    assert_int_equal(btx_histogram_bucket(0), 0);
    assert_int_equal(btx_histogram_bucket(below + 1), BTX_HISTOGRAM_BUCKETS - 1);
    assert_int_equal(btx_histogram_bucket(UINT64_MAX), BTX_HISTOGRAM_BUCKETS - 1);
}

/* Durations over twelve powers of two and more; each quantile against the sorted values. */
static void quantile__random_values__is_within_one_64th_above_the_exact_one(void **state)
{
    static const uint32_t per_million[] = {0,      1,      1000,   100000, 250000, 500000,
                                           750000, 900000, 990000, 999000, 999900, 1000000};
    struct fixture *fixture = *state;

    for (unsigned powers = 1; powers <= 40; powers += 3) {
        memset((void *)&fixture->shared, 0, sizeof fixture->shared);
        for (size_t i = 0; i < VALUES; i++) {
            const uint64_t shift = 64 - 1 - next_random(fixture) % powers;

            fixture->values[i] = next_random(fixture) >> shift;
            btx_histogram_record(&fixture->shared, fixture->values[i]);
        }
        btx_histogram_copy(&fixture->shared, &fixture->copy);
        qsort(fixture->values, VALUES, sizeof fixture->values[0], compare);

        assert_int_equal(fixture->copy.count, VALUES);
        assert_int_equal(fixture->copy.max_ns, fixture->values[VALUES - 1]);
        for (size_t i = 0; i < BTX_COUNT_OF(per_million); i++) {
            const uint64_t rank = (VALUES * (uint64_t)per_million[i] + 999999) / 1000000;
            const uint64_t exact = fixture->values[rank == 0 ? 0 : rank - 1];
            const uint64_t given = btx_histogram_quantile(&fixture->copy, per_million[i]);

            assert_true(given >= exact);
            assert_true(given - exact <= exact / 64 || given <= 1);
        }
    }
}

static void quantile__nothing_recorded__is_zero(void **state)
{
    struct fixture *fixture = *state;

    btx_histogram_copy(&fixture->shared, &fixture->copy);

    assert_int_equal(fixture->copy.count, 0);
    assert_int_equal(btx_histogram_quantile(&fixture->copy, 500000), 0);
    assert_int_equal(btx_histogram_quantile(&fixture->copy, 1000000), 0);
    assert_int_equal(btx_histogram_mean(&fixture->copy), 0);
}

/* A machine that slept for a day: out of range, but the maximum is still told. */
static void quantile__value_beyond_the_last_bucket__is_the_maximum(void **state)
{
    const uint64_t day_ns = UINT64_C(86400000000000);
    struct fixture *fixture = *state;

    btx_histogram_record(&fixture->shared, 10);
    btx_histogram_record(&fixture->shared, day_ns);
    btx_histogram_copy(&fixture->shared, &fixture->copy);

    assert_int_equal(btx_histogram_quantile(&fixture->copy, 500000), 10);
    assert_int_equal(btx_histogram_quantile(&fixture->copy, 500001), day_ns);
    assert_int_equal(fixture->copy.sum_ns, day_ns + 10);
    assert_int_equal(btx_histogram_mean(&fixture->copy), (day_ns + 10) / 2);
}

/* Prometheus counts up to and including a limit. */
static void count_up_to__powers_of_two__is_exact(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < VALUES; i++) {
        fixture->values[i] = next_random(fixture) >> (20 + next_random(fixture) % 43);
        if (i % 3 == 0)
            fixture->values[i] = UINT64_C(1) << i % 44;
        btx_histogram_record(&fixture->shared, fixture->values[i]);
    }
    btx_histogram_copy(&fixture->shared, &fixture->copy);

    for (uint32_t power = 0; power < BTX_HISTOGRAM_LIMIT_LOG2; power++) {
        uint64_t exact = 0;

        for (size_t i = 0; i < VALUES; i++)
            exact += fixture->values[i] <= UINT64_C(1) << power;
        assert_int_equal(btx_histogram_count_up_to(&fixture->copy, power), exact);
    }
}

/* What --watch shows: the last interval, and not the three months before it. */
static void subtract__earlier_copy__leaves_what_came_between(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 1000; i++)
        btx_histogram_record(&fixture->shared, 1000000);
    btx_histogram_copy(&fixture->shared, &fixture->other);
    for (int i = 0; i < 10; i++)
        btx_histogram_record(&fixture->shared, 100);
    btx_histogram_copy(&fixture->shared, &fixture->copy);

    btx_histogram_subtract(&fixture->copy, &fixture->other);

    assert_int_equal(fixture->copy.count, 10);
    assert_int_equal(fixture->copy.sum_ns, 1000);
    assert_int_equal(btx_histogram_quantile(&fixture->copy, 500000), 100);
    assert_int_equal(fixture->copy.max_ns, 100);

    /* A new maximum is exact, though its bucket is wide. */
    btx_histogram_record(&fixture->shared, 123456789);
    btx_histogram_copy(&fixture->shared, &fixture->copy);
    btx_histogram_subtract(&fixture->copy, &fixture->other);
    assert_int_equal(fixture->copy.max_ns, 123456789);
    assert_int_equal(btx_histogram_quantile(&fixture->copy, 1000000), 123456789);

    /* Also one that is beyond the last bucket. */
    btx_histogram_record(&fixture->shared, UINT64_C(86400000000000));
    btx_histogram_copy(&fixture->shared, &fixture->copy);
    btx_histogram_subtract(&fixture->copy, &fixture->other);
    assert_int_equal(fixture->copy.max_ns, UINT64_C(86400000000000));
}

/* Not of the same run: no bucket becomes a number near 2^64. */
static void subtract__copy_with_more__counts_nothing(void **state)
{
    struct fixture *fixture = *state;

    btx_histogram_record(&fixture->shared, 50);
    btx_histogram_copy(&fixture->shared, &fixture->copy);
    btx_histogram_record(&fixture->shared, 50);
    btx_histogram_copy(&fixture->shared, &fixture->other);

    btx_histogram_subtract(&fixture->copy, &fixture->other);

    assert_int_equal(fixture->copy.count, 0);
    assert_int_equal(fixture->copy.sum_ns, 0);
    assert_int_equal(btx_histogram_quantile(&fixture->copy, 990000), 0);
}

static void merge__two_histograms__are_as_one(void **state)
{
    struct fixture *fixture = *state;
    struct btx_histogram_shared *both = aligned_alloc(128, sizeof *both);

    assert_non_null(both);
    memset((void *)both, 0, sizeof *both);
    for (size_t i = 0; i < VALUES; i++) {
        const uint64_t value = next_random(fixture) >> 40;

        btx_histogram_record(both, value);
        if (i % 2 == 0)
            btx_histogram_record(&fixture->shared, value);
    }
    btx_histogram_copy(&fixture->shared, &fixture->copy);
    btx_histogram_copy(both, &fixture->other);
    btx_histogram_subtract(&fixture->other, &fixture->copy);

    btx_histogram_merge(&fixture->copy, &fixture->other);

    btx_histogram_copy(both, &fixture->other);
    assert_memory_equal(&fixture->copy, &fixture->other, sizeof fixture->copy);
    free(both);
}

/* A copy from a page that lies: sums that do not fit stay at the maximum and nothing loops. */
static void copy__counts_that_overflow__saturate(void **state)
{
    struct fixture *fixture = *state;

    for (uint32_t i = 0; i < BTX_HISTOGRAM_BUCKETS; i++)
        atomic_store_explicit(&fixture->shared.counts[i], UINT64_MAX - i, memory_order_relaxed);
    atomic_store_explicit(&fixture->shared.max_ns, UINT64_MAX, memory_order_relaxed);
    btx_histogram_copy(&fixture->shared, &fixture->copy);

    assert_true(fixture->copy.count == UINT64_MAX);
    assert_true(btx_histogram_quantile(&fixture->copy, 999999) > 0);
    btx_histogram_copy(&fixture->shared, &fixture->other);
    btx_histogram_merge(&fixture->copy, &fixture->other);
    assert_true(fixture->copy.count == UINT64_MAX);
}

#define HISTOGRAM_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HISTOGRAM_TEST(bucket__every_limit__is_the_last_value_of_its_bucket),
        HISTOGRAM_TEST(quantile__random_values__is_within_one_64th_above_the_exact_one),
        HISTOGRAM_TEST(quantile__nothing_recorded__is_zero),
        HISTOGRAM_TEST(quantile__value_beyond_the_last_bucket__is_the_maximum),
        HISTOGRAM_TEST(count_up_to__powers_of_two__is_exact),
        HISTOGRAM_TEST(subtract__earlier_copy__leaves_what_came_between),
        HISTOGRAM_TEST(subtract__copy_with_more__counts_nothing),
        HISTOGRAM_TEST(merge__two_histograms__are_as_one),
        HISTOGRAM_TEST(copy__counts_that_overflow__saturate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
