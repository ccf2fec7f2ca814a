/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/list.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "admin/console/keys.h"

static struct btx_list list_of(size_t count, size_t rows)
{
    struct btx_list list = {0};

    btx_list_fit(&list, count, rows);
    return list;
}

static void key__down_below_what_is_seen__scrolls(void **state)
{
    struct btx_list list = list_of(5, 3);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(btx_list_key(&list, BTX_KEY_DOWN));
    assert_int_equal(list.chosen, 3);
    assert_int_equal(list.top, 1);
    assert_true(btx_list_key(&list, 'k'));
    assert_int_equal(list.chosen, 2);
    assert_int_equal(list.top, 1);
}

static void key__at_the_ends__stays(void **state)
{
    struct btx_list list = list_of(2, 3);

    (void)state;
    assert_true(btx_list_key(&list, BTX_KEY_UP));
    assert_int_equal(list.chosen, 0);
    assert_true(btx_list_key(&list, BTX_KEY_END));
    assert_true(btx_list_key(&list, BTX_KEY_DOWN));
    assert_int_equal(list.chosen, 1);
}

static void key__pages__leave_one_row_of_the_last(void **state)
{
    struct btx_list list = list_of(100, 10);

    (void)state;
    assert_true(btx_list_key(&list, ' '));
    assert_int_equal(list.chosen, 9);
    assert_true(btx_list_key(&list, BTX_KEY_PAGE_DOWN));
    assert_int_equal(list.chosen, 18);
    assert_true(btx_list_key(&list, BTX_KEY_PAGE_UP));
    assert_true(btx_list_key(&list, '-'));
    assert_int_equal(list.chosen, 0);
    assert_int_equal(list.top, 0);
}

static void key__that_means_nothing__not_taken(void **state)
{
    struct btx_list list = list_of(3, 3);

    (void)state;
    assert_false(btx_list_key(&list, 'x'));
}

static void key__in_an_empty_list__chooses_none(void **state)
{
    struct btx_list list = list_of(0, 3);

    (void)state;
    assert_true(btx_list_key(&list, BTX_KEY_DOWN));
    assert_true(btx_list_key(&list, BTX_KEY_END));
    assert_int_equal(list.chosen, 0);
}

static void fit__the_list_shrinks__the_last_is_chosen_and_no_row_empty(void **state)
{
    struct btx_list list = list_of(100, 10);

    (void)state;
    (void)btx_list_key(&list, BTX_KEY_END);
    btx_list_fit(&list, 12, 10);
    assert_int_equal(list.chosen, 11);
    assert_int_equal(list.top, 2);
}

static void fit__more_room__shows_what_is_above(void **state)
{
    struct btx_list list = list_of(30, 5);

    (void)state;
    (void)btx_list_key(&list, BTX_KEY_END);
    btx_list_fit(&list, 30, 25);
    assert_int_equal(list.chosen, 29);
    assert_int_equal(list.top, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key__down_below_what_is_seen__scrolls),
        cmocka_unit_test(key__at_the_ends__stays),
        cmocka_unit_test(key__pages__leave_one_row_of_the_last),
        cmocka_unit_test(key__that_means_nothing__not_taken),
        cmocka_unit_test(key__in_an_empty_list__chooses_none),
        cmocka_unit_test(fit__the_list_shrinks__the_last_is_chosen_and_no_row_empty),
        cmocka_unit_test(fit__more_room__shows_what_is_above),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
