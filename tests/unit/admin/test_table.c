/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct btx_column columns[] = {{"NO", false}, {"NAME", true}, {"REMARK", true}};

/* What @table prints, freed by the caller. */
static char *print(const struct btx_table *table)
{
    struct btx_fault fault = {0};
    char *text = NULL;
    size_t length_bytes = 0;
    FILE *out = open_memstream(&text, &length_bytes);

    assert_non_null(out);
    assert_int_equal(btx_table_print(table, out, &fault), BTX_OK);
    (void)fclose(out);
    return text;
}

/* Columns are as wide as their widest cell or title; nothing trails the last one. */
static void table_print__cells_of_many_widths__aligned(void **state)
{
    struct btx_table table = {.columns = columns, .column_count = 3};
    char *text;

    (void)state;
    btx_table_cell(&table, "%d", 1);
    btx_table_cell(&table, "x");
    btx_table_cell(&table, "-");
    btx_table_remark(&table, "it is %s", "so");
    btx_table_cell(&table, "%d", 12345);
    btx_table_cell(&table, "a longer one");
    btx_table_cell(&table, "fine");
    text = print(&table);
    assert_string_equal(text, "   NO  NAME          REMARK\n"
                              "    1  x             -\n"
                              "    it is so\n"
                              "12345  a longer one  fine\n");
    free(text);
    btx_table_done(&table);
    btx_table_done(&table);
}

/* Short cells stand below the ends of long titles, at the side that their column says. */
static void table_print__title_wider_than_cells__decides_the_width(void **state)
{
    static const struct btx_column wide[] = {{"NUMBER", false}, {"A NAME", true}, {"X", true}};
    struct btx_table table = {.columns = wide, .column_count = 3};
    char *text;

    (void)state;
    btx_table_cell(&table, "7");
    btx_table_cell(&table, "a");
    btx_table_cell(&table, "-");
    text = print(&table);
    assert_string_equal(text, "NUMBER  A NAME  X\n"
                              "     7  a       -\n");
    free(text);
    btx_table_done(&table);
}

/* A list without rows still says what its columns would be. */
static void table_print__no_rows__titles_alone(void **state)
{
    struct btx_table table = {.columns = columns, .column_count = 3};
    char *text;

    (void)state;
    text = print(&table);
    assert_string_equal(text, "NO  NAME  REMARK\n");
    free(text);
    btx_table_done(&table);
}

/* Memory grows with the rows: the first ones must still be there. */
static void table_print__many_rows__all_of_them(void **state)
{
    struct btx_table table = {.columns = columns, .column_count = 3};
    size_t lines = 0;
    char *text;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        btx_table_cell(&table, "%d", i);
        btx_table_cell(&table, "name");
        btx_table_cell(&table, "-");
    }
    text = print(&table);
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 10001);
    assert_non_null(strstr(text, "\n   0  name  -\n"));
    assert_non_null(strstr(text, "\n9999  name  -\n"));
    free(text);
    btx_table_done(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_print__cells_of_many_widths__aligned),
        cmocka_unit_test(table_print__title_wider_than_cells__decides_the_width),
        cmocka_unit_test(table_print__no_rows__titles_alone),
        cmocka_unit_test(table_print__many_rows__all_of_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
