/* SPDX-License-Identifier: Apache-2.0 */
/* test_readme.c - the reference in README.md is what counters.def says.
 * To bring it up to date, put the output of "status_demo reference" between its two marks. */
#include "reference.h"

#include "engine/base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_BYTES = 256 * 1024 };

static void readme__reference__is_what_the_table_says(void **state)
{
    static char readme[TEXT_BYTES];
    static char reference[TEXT_BYTES];
    FILE *file = fopen("engine/status/README.md", "r");
    struct btx_writer out;
    size_t length;
    char *begin;
    char *end;

    (void)state;
    assert_non_null(file);
    length = fread(readme, 1, sizeof readme - 1, file);
    readme[length] = '\0';
    assert_int_equal(fclose(file), 0);
    btx_writer_init(&out, reference, sizeof reference - 1);
    reference_put(&out);
    assert_false(out.overflowed);

    begin = strstr(readme, REFERENCE_BEGIN);
    assert_non_null(begin);
    begin += strlen(REFERENCE_BEGIN);
    end = strstr(begin, REFERENCE_END);
    assert_non_null(end);
    *end = '\0';
    assert_string_equal(begin, reference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readme__reference__is_what_the_table_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
