/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/paragraph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *prefix, size_t columns, const char *text, const char *lines)
{
    char *printed = NULL;
    size_t length_bytes = 0;
    FILE *out = open_memstream(&printed, &length_bytes);

    assert_non_null(out);
    btx_paragraph_print(out, prefix, columns, text);
    (void)fclose(out);
    assert_string_equal(printed, lines);
    free(printed);
}

/* A comment that is one column too wide would be broken by the next who formats it. */
static void paragraph_print__words__fill_lines_up_to_the_column(void **state)
{
    (void)state;
    expect("# ", 9, "aa bbbb cc", "# aa bbbb\n# cc\n");
    expect("# ", 8, "aa bbbb cc", "# aa\n# bbbb\n# cc\n");
    expect("", 80, "aa bbbb cc", "aa bbbb cc\n");
    expect("  ", 4, "aaaaaa b", "  aaaaaa\n  b\n");
    expect("# ", 9, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paragraph_print__words__fill_lines_up_to_the_column),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
