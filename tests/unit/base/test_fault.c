/* SPDX-License-Identifier: Apache-2.0 */
/* test_fault.c - a fault keeps its code and a readable text on its way up. */
#include "engine/base/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* systemd units and scripts know these numbers. */
static void fault_exit_status__every_code__is_the_promised_number(void **state)
{
    (void)state;
    assert_int_equal(btx_fault_exit_status(BTX_OK), 0);
    assert_int_equal(btx_fault_exit_status(BTX_FAULT_USAGE), 2);
    assert_int_equal(btx_fault_exit_status(BTX_FAULT_INPUT), 2);
    assert_int_equal(btx_fault_exit_status(BTX_FAULT_CONFIG), 64);
    assert_int_equal(btx_fault_exit_status(BTX_FAULT_LOCKED), 65);
    assert_int_equal(btx_fault_exit_status(BTX_FAULT_CORRUPT), 66);
    assert_int_equal(btx_fault_exit_status(BTX_FAULT_DISK_FULL), 67);
    assert_int_equal(btx_fault_exit_status(BTX_FAULT_IO), 68);
    assert_int_equal(btx_fault_exit_status(BTX_FAULT_BUG), 70);
    assert_int_equal(btx_fault_exit_status(BTX_FAULT_MEMORY), 71);
    assert_int_equal(btx_fault_exit_status(BTX_FAULT_LAYOUT), 72);
    assert_int_equal(btx_fault_exit_status(BTX_FAULT_LIMIT), 73);
}

/* 1 means "the check failed" (interfaces.md 2), and what is not 0 to 125 collides with shells. */
static void fault_rows__every_code__has_name_sentence_and_usable_status(void **state)
{
    (void)state;
    for (unsigned int code = 0; code < BTX_FAULT_COUNT; code++) {
        int exit_status = btx_fault_exit_status((enum btx_fault_code)code);

        print_message("code %u\n", code);
        assert_true(strlen(btx_fault_name((enum btx_fault_code)code)) > 0);
        assert_true(strlen(btx_fault_sentence((enum btx_fault_code)code)) > 0);
        assert_true(exit_status != 1 && exit_status >= 0 && exit_status <= 125);
        assert_true((exit_status == 0) == (code == BTX_OK));
    }
    assert_string_equal(btx_fault_name(BTX_FAULT_DISK_FULL), "DISK_FULL");
}

static void fault_set__without_os_error__has_code_and_text(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_fault_set(&fault, BTX_FAULT_CONFIG, 0, "want %d..%d", 1, 9),
                     BTX_FAULT_CONFIG);

    assert_int_equal(fault.code, BTX_FAULT_CONFIG);
    assert_int_equal(fault.os_error, 0);
    assert_string_equal(fault.text, "want 1..9");
}

static void fault_set__with_os_error__spells_it_out_and_keeps_errno(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    errno = EAGAIN;
    (void)btx_fault_set(&fault, BTX_FAULT_DISK_FULL, ENOSPC, "writing '%s'", "a.log");

    assert_int_equal(fault.os_error, ENOSPC);
    assert_string_equal(fault.text, "writing 'a.log': No space left on device");
    assert_int_equal(errno, EAGAIN);
}

static void fault_set__os_error_that_no_system_has__still_gives_a_text(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    (void)btx_fault_set(&fault, BTX_FAULT_IO, 99999, "reading");

    assert_string_equal(fault.text, "reading: unknown system error");
}

/* A caller that only acts on the code passes no storage. */
static void fault_set__null_fault__returns_the_code(void **state)
{
    (void)state;
    assert_int_equal(btx_fault_set(NULL, BTX_FAULT_IO, EIO, "reading"), BTX_FAULT_IO);
}

static void fault_wrap__twice__outermost_context_first(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    (void)btx_fault_set(&fault, BTX_FAULT_IO, EIO, "reading page %d", 7);
    assert_int_equal(btx_fault_wrap(&fault, "opening segment %d", 3), BTX_FAULT_IO);
    assert_int_equal(btx_fault_wrap(&fault, "recovery"), BTX_FAULT_IO);

    assert_int_equal(fault.os_error, EIO);
    assert_string_equal(fault.text,
                        "recovery: opening segment 3: reading page 7: Input/output error");
}

/* A path or a value of a client may be of any length. */
static void fault_set__text_too_long__is_cut_and_ends_in_zero(void **state)
{
    struct btx_fault fault = {0};
    char text[2 * BTX_FAULT_TEXT_BYTES];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    (void)btx_fault_set(&fault, BTX_FAULT_IO, EIO, "%s", text);
    assert_int_equal(strlen(fault.text), BTX_FAULT_TEXT_BYTES - 1);

    (void)btx_fault_wrap(&fault, "outer");
    assert_int_equal(strlen(fault.text), BTX_FAULT_TEXT_BYTES - 1);
    assert_memory_equal(fault.text, "outer: xxx", 10);
    (void)btx_fault_wrap(&fault, "%s", text);
    assert_int_equal(strlen(fault.text), BTX_FAULT_TEXT_BYTES - 1);
    assert_int_equal(fault.text[0], 'x');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_exit_status__every_code__is_the_promised_number),
        cmocka_unit_test(fault_rows__every_code__has_name_sentence_and_usable_status),
        cmocka_unit_test(fault_set__without_os_error__has_code_and_text),
        cmocka_unit_test(fault_set__with_os_error__spells_it_out_and_keeps_errno),
        cmocka_unit_test(fault_set__os_error_that_no_system_has__still_gives_a_text),
        cmocka_unit_test(fault_set__null_fault__returns_the_code),
        cmocka_unit_test(fault_wrap__twice__outermost_context_first),
        cmocka_unit_test(fault_set__text_too_long__is_cut_and_ends_in_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
