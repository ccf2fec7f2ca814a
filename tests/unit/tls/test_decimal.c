/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/base/attributes.h"
#include "tls/decimal.h"

static const struct {
    const char *text;
    int64_t value;
} rows[] = {
    {"0", 0},
    {"1", 10000},
    {"2.5", 25000},
    {"0.0001", 1},
    {"-3.02", -30200},
    {"12.3456", 123456},
    {"100000000000000", INT64_C(1000000000000000000)},
};

/* What people write is what is printed, in its shortest form. */
static void decimal_read__shortest_forms__are_what_print_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        char text[BTX_DECIMAL_TEXT_BYTES];
        int64_t value;

        assert_true(btx_decimal_read(rows[i].text, &value));
        assert_int_equal(value, rows[i].value);
        assert_string_equal(btx_decimal_print(value, text), rows[i].text);
    }
    {
        char text[BTX_DECIMAL_TEXT_BYTES];

        assert_string_equal(btx_decimal_print(INT64_MIN, text), "-922337203685477.5808");
    }
}

/* A price that was meant otherwise is no price. */
static void decimal_read__what_is_no_decimal__is_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        ".",
                                        "1.",
                                        ".5",
                                        "1.23456",
                                        "1e3",
                                        "1,5",
                                        " 1",
                                        "1 ",
                                        "+1",
                                        "--1",
                                        "0x10",
                                        "1.2.3",
                                        "100000000000001",
                                        "99999999999999999999999"};

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(wrong); i++) {
        int64_t value = 77;

        print_message("'%s'\n", wrong[i]);
        assert_false(btx_decimal_read(wrong[i], &value));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal_read__shortest_forms__are_what_print_writes),
        cmocka_unit_test(decimal_read__what_is_no_decimal__is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
