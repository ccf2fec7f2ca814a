/* SPDX-License-Identifier: Apache-2.0 */
/* test_layout.c - README.md says where every member of every body is. */
#include "engine/wire/commands.h"
#include "engine/wire/events.h"
#include "engine/wire/notes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define README_PATH "engine/wire/README.md"
#define README_BYTES_MAX 65536u

struct member {
    const char *body;
    const char *name;
    size_t offset;
    size_t bytes;
};

static const struct member members[] = {
#define BODY(body, size_bytes)
#define MEMBER(body, member, offset, bytes, USE) {#body, #member, offset, bytes},
#define END(body)
#include "engine/wire/layout.def"
};

static char readme[README_BYTES_MAX];

static int read_readme(void **state)
{
    FILE *file = fopen(README_PATH, "rb");
    size_t length;

    (void)state;
    if (file == NULL) {
        print_error(README_PATH ": cannot be read; run from the top of the checkout\n");
        return -1;
    }
    length = fread(readme, 1, sizeof readme - 1, file);
    readme[length] = '\0';
    return fclose(file);
}

/* Who writes a reader has only the README: a row that is not in it, or is wrong, misleads. */
static void readme__each_member__has_its_row(void **state)
{
    char heading[96];
    char row[128];

    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const struct member *member = &members[i];
        const char *section;
        const char *end;
        const char *found;

        snprintf(heading, sizeof heading, "\n#### btx_%s ", member->body);
        section = strstr(readme, heading);
        if (section == NULL) {
            fail_msg("README.md has no section btx_%s", member->body);
            return;
        }
        end = strstr(section + strlen(heading), "\n#");
        snprintf(row, sizeof row, "\n| %zu | %zu | %s |", member->offset, member->bytes,
                 member->name);
        found = strstr(section, row);
        if (found == NULL || (end != NULL && found > end))
            fail_msg("README.md, btx_%s: want the row '%s'", member->body, row + 1);
    }
}

/* A member called reserved that nobody checks would carry stale bytes into the log. */
static void layout__members_called_reserved__are_marked_so(void **state)
{
    static const char *const uses[] = {
#define BODY(body, size_bytes)
#define MEMBER(body, member, offset, bytes, USE) #USE,
#define END(body)
#include "engine/wire/layout.def"
    };
    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const bool is_called_so = strncmp(members[i].name, "reserved", 8) == 0;

        assert_int_equal(is_called_so, strcmp(uses[i], "RESERVED") == 0);
    }
}

/* The bits are written by name and checked by row number: HAS_n of the lists. */
static void present__named_bits__are_those_of_the_rows(void **state)
{
    (void)state;
    assert_int_equal(BTX_OPEN_MARKET_HAS_RUNNERS, 1 << 0);
    assert_int_equal(BTX_OPEN_MARKET_HAS_WINNERS, 1 << 1);
    assert_int_equal(BTX_OPEN_MARKET_HAS_TICK, 1 << 2);
    assert_int_equal(BTX_OPEN_MARKET_HAS_BET_DELAY, 1 << 3);
    assert_int_equal(BTX_OPEN_MARKET_HAS_REDUCTIONS, 1 << 4);
    assert_int_equal(BTX_OPEN_MARKET_HAS_IMPLIED, 1 << 5);
    assert_int_equal(BTX_OPEN_MARKET_HAS_LADDER, 1 << 6);
    assert_int_equal(BTX_PLACE_ORDER_HAS_RUNNER, 1 << 0);
    assert_int_equal(BTX_PLACE_ORDER_HAS_MIN_FILL, 1 << 1);
    assert_int_equal(BTX_PLACE_ORDER_HAS_REF, 1 << 2);
    assert_int_equal(BTX_PLACE_ORDER_HAS_EXPIRES, 1 << 3);
    assert_int_equal(BTX_PLACE_ORDER_HAS_IF_VERSION, 1 << 4);
    assert_int_equal(BTX_CANCEL_ORDER_HAS_REDUCE_BY, 1 << 0);
    assert_int_equal(BTX_REPLACE_ORDER_HAS_SIZE, 1 << 0);
    assert_int_equal(BTX_REPLACE_ORDER_HAS_IF_VERSION, 1 << 1);
    assert_int_equal(BTX_CANCEL_ORDERS_HAS_ACCOUNT, 1 << 0);
    assert_int_equal(BTX_CANCEL_ORDERS_HAS_MARKET, 1 << 1);
    assert_int_equal(BTX_CANCEL_ORDERS_HAS_RUNNER, 1 << 2);
    assert_int_equal(BTX_CANCEL_ORDERS_HAS_SIDE, 1 << 3);
    assert_int_equal(BTX_SETTLE_MARKET_HAS_WINNERS, 1 << 0);
    assert_int_equal(BTX_MARKET_OPENED_HAS_TICK, 1 << 0);
    assert_int_equal(BTX_ORDER_ACCEPTED_HAS_REF, 1 << 0);
    assert_int_equal(BTX_ORDER_HELD_HAS_REF, 1 << 0);
    assert_int_equal(BTX_ORDER_HELD_HAS_MIN_FILL, 1 << 1);
    assert_int_equal(BTX_COMMAND_REJECTED_HAS_ACCOUNT, 1 << 0);
    assert_int_equal(BTX_COMMAND_REJECTED_HAS_MARKET, 1 << 1);
    assert_int_equal(BTX_COMMAND_REJECTED_HAS_ORDER, 1 << 2);
    assert_int_equal(BTX_COMMAND_REJECTED_HAS_REF, 1 << 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readme__each_member__has_its_row),
        cmocka_unit_test(layout__members_called_reserved__are_marked_so),
        cmocka_unit_test(present__named_bits__are_those_of_the_rows),
    };
    return cmocka_run_group_tests(tests, read_readme, NULL);
}
