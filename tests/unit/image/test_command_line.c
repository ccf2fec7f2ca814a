/* SPDX-License-Identifier: Apache-2.0 */
/* test_command_line.c - roothash= among the words of the kernel's command line. */
#include "image/init/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void root_hash__among_other_words__found(void **state)
{
    char hash[BTX_ROOT_HASH_BYTES];

    (void)state;
    assert_true(btx_command_line_root_hash("quiet  roothash=" HASH " panic=10\n", hash));
    assert_string_equal(hash, HASH);
    assert_true(btx_command_line_root_hash("roothash=" HASH, hash));
}

static void root_hash__missing_or_wrong__refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "quiet",
        "roothash=",
        "xroothash=" HASH,
        "roothash=" HASH "0",
        "roothash=0011",
        "roothash=g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "roothash=A0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "roothash=" HASH " roothash=" HASH,
    };
    char hash[BTX_ROOT_HASH_BYTES];

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(wrong); i++) {
        print_message("'%s'\n", wrong[i]);
        assert_false(btx_command_line_root_hash(wrong[i], hash));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_hash__among_other_words__found),
        cmocka_unit_test(root_hash__missing_or_wrong__refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
