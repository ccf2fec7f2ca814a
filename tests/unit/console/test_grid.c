/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct btx_grid grid;

static struct btx_pane pane_of(unsigned rows, unsigned columns)
{
    btx_grid_clear(&grid, rows, columns);
    return (struct btx_pane){.grid = &grid, .end_row = rows, .end_column = columns};
}

static void assert_row(unsigned row, const char *want)
{
    char text[BTX_GRID_COLUMNS_MAX + 1] = "";

    memcpy(text, grid.text[row], grid.columns);
    assert_string_equal(text, want);
}

static void clear__larger_than_a_grid__cut(void **state)
{
    (void)state;
    btx_grid_clear(&grid, 1000, 1000);
    assert_int_equal(grid.rows, BTX_GRID_ROWS_MAX);
    assert_int_equal(grid.columns, BTX_GRID_COLUMNS_MAX);
}

static void put__bytes_that_steer_a_terminal__question_marks(void **state)
{
    struct btx_pane pane = pane_of(1, 8);

    (void)state;
    btx_pane_put(&pane, 0, BTX_GRID_PLAIN, "a\x1b[\x9b\x7f\ny");
    assert_row(0, "a?[???y ");
}

static void put__outside_of_the_pane__cut(void **state)
{
    struct btx_pane pane = pane_of(2, 8);

    (void)state;
    pane.end_column = 6;
    pane.end_row = 1;
    pane.column = 2;
    btx_pane_put(&pane, 1, BTX_GRID_ACT, "%s", "abcdefgh");
    btx_pane_next(&pane);
    btx_pane_put(&pane, 0, BTX_GRID_ACT, "below");
    assert_row(0, "   abc  ");
    assert_row(1, "        ");
    assert_int_equal(grid.style[0][3], BTX_GRID_ACT);
    assert_int_equal(grid.style[0][6], BTX_GRID_PLAIN);
    assert_int_equal(btx_pane_rows_left(&pane), 0);
}

static void paragraph__longer_than_a_row__broken_at_spaces(void **state)
{
    struct btx_pane pane = pane_of(4, 12);

    (void)state;
    btx_pane_paragraph(&pane, BTX_GRID_LOOK, "one two %s", "three fourfivesixseven");
    assert_row(0, "one two     ");
    assert_row(1, "  three     ");
    assert_row(2, "  fourfivesi");
    assert_row(3, "  xseven    ");
    assert_int_equal(grid.style[1][11], BTX_GRID_LOOK);
    assert_int_equal(pane.row, 4);
}

static void paragraph__exactly_a_row__one_row(void **state)
{
    struct btx_pane pane = pane_of(2, 7);

    (void)state;
    btx_pane_paragraph(&pane, BTX_GRID_PLAIN, "one two");
    assert_row(0, "one two");
    assert_int_equal(pane.row, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clear__larger_than_a_grid__cut),
        cmocka_unit_test(put__bytes_that_steer_a_terminal__question_marks),
        cmocka_unit_test(put__outside_of_the_pane__cut),
        cmocka_unit_test(paragraph__longer_than_a_row__broken_at_spaces),
        cmocka_unit_test(paragraph__exactly_a_row__one_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
