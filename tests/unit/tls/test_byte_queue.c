/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tls/byte_queue.h"

/* Append @count words, each with its number. */
static void append_words(struct btx_byte_queue *queue, uint64_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t *word = btx_byte_queue_append(queue, sizeof *word);

        assert_non_null(word);
        assert_int_equal((uintptr_t)word % sizeof *word, 0);
        *word = first + i;
    }
}

/* Whatever is taken, also parts of words: what comes out is what went in, and words stay words. */
static void byte_queue_take__any_lengths__keeps_order_and_alignment(void **state)
{
    static const size_t takes[] = {3, 8, 1, 4096, 13, 16, 2047, 5};
    struct btx_byte_queue queue;
    uint64_t appended = 0;
    uint64_t taken = 0;

    (void)state;
    btx_byte_queue_init(&queue, 65536);
    for (size_t round = 0; round < 400; round++) {
        size_t take = takes[round % 8];

        append_words(&queue, appended, 100);
        appended += 100;
        if (take > btx_byte_queue_length(&queue))
            take = btx_byte_queue_length(&queue);
        for (size_t i = 0; i < take; i++, taken++) {
            const uint64_t word = taken / 8;

            assert_int_equal(btx_byte_queue_front(&queue)[i], ((const uint8_t *)&word)[taken % 8]);
        }
        btx_byte_queue_take(&queue, take);
        assert_int_equal(queue.taken_bytes, taken);
        if (btx_byte_queue_length(&queue) > 32768) {
            taken += btx_byte_queue_length(&queue);
            btx_byte_queue_take(&queue, btx_byte_queue_length(&queue));
        }
    }
    btx_byte_queue_done(&queue);
}

/* A limit is a limit, and a refusal changes nothing. */
static void byte_queue_append__over_the_limit__is_null(void **state)
{
    struct btx_byte_queue queue;

    (void)state;
    btx_byte_queue_init(&queue, 64);
    append_words(&queue, 0, 7);
    assert_null(btx_byte_queue_append(&queue, 16));
    assert_null(btx_byte_queue_append(&queue, SIZE_MAX));
    assert_int_equal(btx_byte_queue_length(&queue), 56);
    append_words(&queue, 7, 1);
    assert_null(btx_byte_queue_append(&queue, 1));
    btx_byte_queue_take(&queue, 64);
    append_words(&queue, 8, 8);
    btx_byte_queue_done(&queue);
}

/* A quiet connection costs nothing. */
static void byte_queue_trim__nothing_waits__gives_memory_back(void **state)
{
    struct btx_byte_queue queue;

    (void)state;
    btx_byte_queue_init(&queue, 4096);
    append_words(&queue, 0, 2);
    btx_byte_queue_trim(&queue);
    assert_int_equal(btx_byte_queue_length(&queue), 16);
    btx_byte_queue_take(&queue, 16);
    btx_byte_queue_trim(&queue);
    assert_null(queue.bytes);
    append_words(&queue, 2, 2);
    btx_byte_queue_done(&queue);
}

static void byte_queue_cut__what_was_appended_last__is_gone(void **state)
{
    struct btx_byte_queue queue;

    (void)state;
    btx_byte_queue_init(&queue, 4096);
    append_words(&queue, 0, 4);
    btx_byte_queue_take(&queue, 8);
    btx_byte_queue_cut(&queue, 8);
    assert_int_equal(btx_byte_queue_length(&queue), 8);
    assert_int_equal(*btx_byte_queue_front(&queue), 1);
    append_words(&queue, 9, 1);
    assert_int_equal(btx_byte_queue_front(&queue)[8], 9);
    btx_byte_queue_done(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(byte_queue_take__any_lengths__keeps_order_and_alignment),
        cmocka_unit_test(byte_queue_append__over_the_limit__is_null),
        cmocka_unit_test(byte_queue_trim__nothing_waits__gives_memory_back),
        cmocka_unit_test(byte_queue_cut__what_was_appended_last__is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
