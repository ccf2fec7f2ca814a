/* SPDX-License-Identifier: Apache-2.0 */
/* test_filesystem_kind.c - what is on a partition, by its first bytes. */
#include "image/wal_disk/filesystem_kind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct sample {
    const char *name;
    bool allowed;
    struct {
        size_t offset;
        const char *bytes;
        size_t length_bytes;
    } marks[3];
};

#define EXT_MAGIC                                                                                  \
    {                                                                                              \
        1080, "\x53\xef", 2                                                                        \
    }

static const struct sample samples[] = {
    {"no filesystem", false, {{0, "", 0}}},
    {"ext4", true, {EXT_MAGIC, {1116, "\x3c", 1}, {1120, "\xc2\x02", 2}}},
    {"ext4 without a journal", false, {EXT_MAGIC, {1116, "\x38", 1}, {1120, "\xc2", 1}}},
    {"ext2 or ext3", false, {EXT_MAGIC, {1116, "\x3c", 1}, {1120, "\x06", 1}}},
    {"XFS", true, {{0, "XFSB", 4}}},
    {"something that is neither ext4 nor XFS", false, {{0, "LUKS", 4}}},
    {"something that is neither ext4 nor XFS", false, {{8191, "\x01", 1}}},
};

static void kind_of__known_superblocks__name_and_whether_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(samples); i++) {
        uint8_t head[BTX_FILESYSTEM_HEAD_BYTES] = {0};
        enum btx_filesystem_kind kind;

        for (size_t j = 0; j < BTX_COUNT_OF(samples[i].marks); j++) {
            if (samples[i].marks[j].length_bytes > 0)
                memcpy(head + samples[i].marks[j].offset, samples[i].marks[j].bytes,
                       samples[i].marks[j].length_bytes);
        }
        kind = btx_filesystem_kind_of(head);
        print_message("%s\n", samples[i].name);
        assert_string_equal(btx_filesystem_kind_name(kind), samples[i].name);
        assert_int_equal(btx_filesystem_kind_allowed(kind), samples[i].allowed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kind_of__known_superblocks__name_and_whether_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
