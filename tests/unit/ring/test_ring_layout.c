/* SPDX-License-Identifier: Apache-2.0 */
/* test_ring_layout.c - the tables of engine/ring/README.md are the structs. */
#include "engine/ring/ring_layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/attributes.h"

struct row {
    const char *title; /* of the table */
    const char *member;
    size_t offset;
    size_t bytes;
};

#define ROW(title, type, member)                                                                   \
    {                                                                                              \
        title, #member, offsetof(struct type, member), sizeof(((struct type *)0)->member)          \
    }

static const struct row rows[] = {
    ROW("btx_event_page", btx_event_page, magic),
    ROW("btx_event_page", btx_event_page, layout_version),
    ROW("btx_event_page", btx_event_page, unit_bytes),
    ROW("btx_event_page", btx_event_page, capacity_bytes),
    ROW("btx_event_page", btx_event_page, incarnation),
    ROW("btx_event_page", btx_event_page, claimed),
    ROW("btx_event_page", btx_event_page, published),
    ROW("btx_event_page", btx_event_page, durable),
    ROW("btx_event_page", btx_event_page, mark),
    ROW("btx_event_page", btx_event_page, pair),
    ROW("btx_engine_page", btx_engine_page, magic),
    ROW("btx_engine_page", btx_engine_page, layout_version),
    ROW("btx_engine_page", btx_engine_page, unit_bytes),
    ROW("btx_engine_page", btx_engine_page, ring_bytes),
    ROW("btx_engine_page", btx_engine_page, command_types),
    ROW("btx_engine_page", btx_engine_page, accounts_max),
    ROW("btx_engine_page", btx_engine_page, length_bytes_max),
    ROW("btx_engine_page", btx_engine_page, incarnation),
    ROW("btx_engine_page", btx_engine_page, producer),
    ROW("btx_engine_page", btx_engine_page, kind),
    ROW("btx_engine_page", btx_engine_page, head),
    ROW("btx_engine_page", btx_engine_page, state),
    ROW("btx_producer_page", btx_producer_page, tail),
    ROW("btx_producer_page", btx_producer_page, waits_for),
};

/* Whether the table under the heading that names @row->title has its line. */
static bool readme_has(FILE *file, const struct row *row)
{
    char line[512];
    char wanted[128];
    bool inside = false;

    rewind(file);
    (void)snprintf(wanted, sizeof(wanted), "| %zu | %zu | %s |", row->offset, row->bytes,
                   row->member);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] == '#')
            inside = strstr(line, row->title) != NULL;
        else if (inside && strncmp(line, wanted, strlen(wanted)) == 0)
            return true;
    }
    return false;
}

/* Who writes a reader from the page alone must get the same bytes. */
static void readme_tables__each_member__is_there(void **state)
{
    FILE *file = fopen("engine/ring/README.md", "r");

    (void)state;
    assert_non_null(file);
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++)
        if (!readme_has(file, &rows[i]))
            fail_msg("no line | %zu | %zu | %s | under %s", rows[i].offset, rows[i].bytes,
                     rows[i].member, rows[i].title);
    (void)fclose(file);
}

/* Accounts are whole pages, so that the records behind them can be mapped twice. */
static void producer_region_records_offset__any_number_of_accounts__is_whole_pages(void **state)
{
    (void)state;
    assert_int_equal(btx_producer_region_records_offset(0), 4096);
    assert_int_equal(btx_producer_region_records_offset(1), 8192);
    assert_int_equal(btx_producer_region_records_offset(512), 8192);
    assert_int_equal(btx_producer_region_records_offset(513), 12288);
    assert_int_equal(btx_producer_region_records_offset(BTX_RING_ACCOUNTS_MAX), 4096 + 262144);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readme_tables__each_member__is_there),
        cmocka_unit_test(producer_region_records_offset__any_number_of_accounts__is_whole_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
