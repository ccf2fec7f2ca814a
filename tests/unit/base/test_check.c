/* SPDX-License-Identifier: Apache-2.0 */
/* test_check.c - a failed CHECK ends the process with one clear line, in every kind of build. */
#include "engine/base/check.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { OUTPUT_BYTES = 4096 };

/* What a child that ran @body left behind: its stderr as text, and how it ended. */
struct ending {
    char output[OUTPUT_BYTES];
    int wait_status;
};

static void run_in_child(struct ending *ending, void (*body)(void))
{
    int pipe_fds[2];
    size_t length = 0;
    pid_t child;

    assert_int_equal(pipe(pipe_fds), 0);
    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};

        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(pipe_fds[1], STDERR_FILENO);
        body();
        _exit(0);
    }
    (void)close(pipe_fds[1]);
    for (;;) {
        ssize_t count = read(pipe_fds[0], ending->output + length, OUTPUT_BYTES - 1 - length);

        if (count <= 0)
            break;
        length += (size_t)count;
    }
    ending->output[length] = '\0';
    (void)close(pipe_fds[0]);
    assert_int_equal(waitpid(child, &ending->wait_status, 0), child);
}

static void check_false_body(void)
{
    CHECK(1 + 1 == 3);
}

static void check_true_body(void)
{
    CHECK(1 + 1 == 2);
}

static void check_unreachable_body(void)
{
    CHECK_UNREACHABLE();
}

static size_t condition_length;

static void check_long_body(void)
{
    char condition[OUTPUT_BYTES];

    memset(condition, 'c', condition_length);
    condition[condition_length] = '\0';
    btx_check_failed("file.c", 2147483647, "function", condition);
}

/* Release builds define NDEBUG, and this test runs in them too. */
static void check__condition_false__says_where_and_aborts(void **state)
{
    struct ending ending;

    (void)state;
    run_in_child(&ending, check_false_body);

    assert_true(WIFSIGNALED(ending.wait_status));
    assert_int_equal(WTERMSIG(ending.wait_status), SIGABRT);
    assert_non_null(strstr(ending.output, ": bug: "));
    assert_non_null(strstr(ending.output, "test_check.c:"));
    assert_non_null(strstr(ending.output, ": check_false_body: 1 + 1 == 3\n"));
}

static void check__condition_true__goes_on_silently(void **state)
{
    struct ending ending;

    (void)state;
    run_in_child(&ending, check_true_body);

    assert_true(WIFEXITED(ending.wait_status));
    assert_int_equal(WEXITSTATUS(ending.wait_status), 0);
    assert_string_equal(ending.output, "");
}

/* A condition with a side effect, evaluated twice, would itself be a bug. */
static void check__side_effect__happens_once(void **state)
{
    int count = 0;

    (void)state;
    CHECK(++count == 1);

    assert_int_equal(count, 1);
}

/* A comparison inside must not be torn apart by the macro (an anti-pattern of style.md 4). */
static void check__compound_condition__is_taken_whole(void **state)
{
    int left = 2;
    int right = 2;

    (void)state;
    CHECK(left == right || left > right);
    CHECK(left == 3 ? right == 3 : right == 2);
}

static void check_unreachable__reached__aborts(void **state)
{
    struct ending ending;

    (void)state;
    run_in_child(&ending, check_unreachable_body);

    assert_true(WIFSIGNALED(ending.wait_status));
    assert_non_null(strstr(ending.output, ": check_unreachable_body: reached\n"));
}

/* The line is put together in a fixed buffer: what is too long is cut, and still is a line. */
static void check_failed__conditions_around_the_buffer_length__are_cut_to_it(void **state)
{
    static const size_t line_bytes_max = 1024;
    struct ending ending;
    size_t prefix_length;

    (void)state;
    condition_length = 0;
    run_in_child(&ending, check_long_body);
    prefix_length = strlen(ending.output) - 1;
    assert_non_null(strstr(ending.output, ": bug: file.c:2147483647: function: \n"));
    for (size_t length = line_bytes_max - 2; length <= line_bytes_max + 2; length++) {
        size_t expected = length < line_bytes_max ? length : line_bytes_max;

        condition_length = length - prefix_length - 1;
        run_in_child(&ending, check_long_body);
        print_message("line of %zu bytes\n", length);
        assert_true(WIFSIGNALED(ending.wait_status));
        assert_int_equal(strlen(ending.output), expected);
        assert_string_equal(ending.output + expected - 2, "c\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check__condition_false__says_where_and_aborts),
        cmocka_unit_test(check__condition_true__goes_on_silently),
        cmocka_unit_test(check__side_effect__happens_once),
        cmocka_unit_test(check__compound_condition__is_taken_whole),
        cmocka_unit_test(check_unreachable__reached__aborts),
        cmocka_unit_test(check_failed__conditions_around_the_buffer_length__are_cut_to_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
