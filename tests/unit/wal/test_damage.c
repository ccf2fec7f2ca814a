/* SPDX-License-Identifier: Apache-2.0 */
/* test_damage.c - the sentence that an operator reads about damage, and searches for. */
#include "engine/wal/damage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct btx_wal_damage a_damage(uint64_t page, uint64_t batch, uint64_t seq)
{
    return (struct btx_wal_damage){
        .segment = "NAME.mdb",
        .page = page,
        .batch = batch,
        .offset_bytes = 128,
        .seq = seq,
        .why = "CRC is wrong",
    };
}

static void damage_print__what_is_known__named_and_nothing_else(void **state)
{
    static const struct {
        uint64_t page;
        uint64_t batch;
        uint64_t seq;
        const char *text;
    } rows[] = {
        {17, 5, 812, "segments/NAME.mdb: page 17, batch 5, byte 128, seq 812: CRC is wrong"},
        {BTX_WAL_NOWHERE, 5, 812, "segments/NAME.mdb: batch 5, byte 128, seq 812: CRC is wrong"},
        {0, BTX_WAL_NOWHERE, 0, "segments/NAME.mdb: page 0: CRC is wrong"},
        {17, BTX_WAL_NOWHERE, 3, "segments/NAME.mdb: page 17, seq 3: CRC is wrong"},
        {BTX_WAL_NOWHERE, BTX_WAL_NOWHERE, 3, "segments/NAME.mdb: seq 3: CRC is wrong"},
        {BTX_WAL_NOWHERE, BTX_WAL_NOWHERE, 0, "segments/NAME.mdb: CRC is wrong"},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        const struct btx_wal_damage damage = a_damage(rows[i].page, rows[i].batch, rows[i].seq);
        char text[200];

        btx_wal_damage_print(&damage, text, sizeof text);
        assert_string_equal(text, rows[i].text);
    }
}

/* Whoever gives a small buffer gets a short text, and no byte behind it. */
static void damage_print__buffers_of_every_size__cut_and_never_overrun(void **state)
{
    const struct btx_wal_damage damage = a_damage(17, 5, 812);
    char whole[200];

    (void)state;
    btx_wal_damage_print(&damage, whole, sizeof whole);
    for (size_t size_bytes = 1; size_bytes <= strlen(whole) + 1; size_bytes++) {
        char text[200];

        memset(text, 'x', sizeof text);
        btx_wal_damage_print(&damage, text, size_bytes);
        assert_int_equal(strlen(text), size_bytes - 1);
        assert_memory_equal(text, whole, size_bytes - 1);
        for (size_t i = size_bytes; i < sizeof text; i++)
            assert_int_equal(text[i], 'x');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_print__what_is_known__named_and_nothing_else),
        cmocka_unit_test(damage_print__buffers_of_every_size__cut_and_never_overrun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
