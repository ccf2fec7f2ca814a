/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/base/attributes.h"
#include "tls/table.h"

enum { ENTRIES = 5000 };

static struct btx_table_entry entries[ENTRIES];

/* Whatever is added and removed, in whatever order: what is there is found, nothing else is. */
static void table_find__after_adding_and_removing__finds_what_is_there(void **state)
{
    struct btx_table table;

    (void)state;
    btx_table_init(&table, 12345);
    assert_null(btx_table_find(&table, 1, 1));
    for (uint64_t i = 0; i < ENTRIES; i++) {
        entries[i].key[0] = i / 7;
        entries[i].key[1] = i % 7;
        assert_true(btx_table_add(&table, &entries[i]));
    }
    for (uint64_t i = 0; i < ENTRIES; i += 3)
        btx_table_remove(&table, &entries[i]);
    assert_int_equal(table.count, ENTRIES - (ENTRIES + 2) / 3);
    for (uint64_t i = 0; i < ENTRIES; i++)
        assert_ptr_equal(btx_table_find(&table, i / 7, i % 7), i % 3 == 0 ? NULL : &entries[i]);
    assert_null(btx_table_find(&table, 0, 7));
    assert_true(btx_table_add(&table, &entries[0]));
    assert_ptr_equal(btx_table_find(&table, 0, 0), &entries[0]);
    btx_table_done(&table);
    btx_table_done(&table);
    assert_null(btx_table_find(&table, 0, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_find__after_adding_and_removing__finds_what_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
