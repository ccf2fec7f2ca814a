/* SPDX-License-Identifier: Apache-2.0 */
/* test_int128.c - taking a wide integer apart and putting it together. */
#include "engine/base/int128.h"

#include "engine/base/attributes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Negative sums are stored too: the low half must not borrow from the high one by itself. */
static void i128_halves__known_values__have_these_halves(void **state)
{
    const struct {
        btx_i128 value;
        int64_t high;
        uint64_t low;
    } rows[] = {
        {0, 0, 0},
        {1, 0, 1},
        {-1, -1, UINT64_MAX},
        {(btx_i128)UINT64_MAX + 1, 1, 0},
        {-(btx_i128)UINT64_MAX - 1, -1, 0},
        {BTX_I128_MAX, INT64_MAX, UINT64_MAX},
        {BTX_I128_MIN, INT64_MIN, 0},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        print_message("row %zu\n", i);
        assert_true(btx_i128_high(rows[i].value) == rows[i].high);
        assert_true(btx_i128_low(rows[i].value) == rows[i].low);
        assert_true(btx_i128_from_halves(rows[i].high, rows[i].low) == rows[i].value);
    }
}

static void i128_limits__both_ends__span_the_whole_range(void **state)
{
    (void)state;
    assert_true(BTX_I128_MAX > 0);
    assert_true(BTX_I128_MIN < 0);
    assert_true(BTX_I128_MAX + BTX_I128_MIN == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i128_halves__known_values__have_these_halves),
        cmocka_unit_test(i128_limits__both_ends__span_the_whole_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
