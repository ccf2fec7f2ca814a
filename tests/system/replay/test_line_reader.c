/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/line_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 10 };

/* A reader of a pipe's one end; tests write to the other. */
struct fixture {
    struct btx_line_reader reader;
    struct btx_fault fault;
    int write_fd; /* -1: closed */
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    int fds[2];

    assert_non_null(fixture);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    fixture->write_fd = fds[1];
    assert_int_equal(
        btx_line_reader_open(&fixture->reader, fds[0], LINE_BYTES_MAX, &fixture->fault), BTX_OK);
    *state = fixture;
    return 0;
}

static void end_input(struct fixture *fixture)
{
    if (fixture->write_fd >= 0)
        close(fixture->write_fd);
    fixture->write_fd = -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    end_input(fixture);
    close(fixture->reader.fd);
    btx_line_reader_close(&fixture->reader);
    free(fixture);
    return 0;
}

static void put(const struct fixture *fixture, const char *text)
{
    assert_int_equal(write(fixture->write_fd, text, strlen(text)), strlen(text));
}

static void fill(struct fixture *fixture)
{
    assert_int_equal(btx_line_reader_fill(&fixture->reader, &fixture->fault), BTX_OK);
}

static enum btx_line_result take(struct fixture *fixture)
{
    const char *line;
    size_t length_bytes;

    return btx_line_reader_take(&fixture->reader, &line, &length_bytes);
}

static void assert_takes(struct fixture *fixture, const char *wanted)
{
    const char *line;
    size_t length_bytes;

    assert_int_equal(btx_line_reader_take(&fixture->reader, &line, &length_bytes), BTX_LINE_TAKEN);
    assert_int_equal(length_bytes, strlen(wanted));
    assert_memory_equal(line, wanted, length_bytes);
}

/* Empty lines count, and the last line needs no feed: line numbers in messages depend on it. */
static void line_reader_take__several_lines__in_order_with_numbers(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, "one\n\nthree\nfour");
    end_input(fixture);
    fill(fixture);
    assert_takes(fixture, "one");
    assert_takes(fixture, "");
    assert_takes(fixture, "three");
    assert_int_equal(fixture->reader.line_number, 3);
    assert_int_equal(take(fixture), BTX_LINE_NONE);
    fill(fixture);
    assert_true(fixture->reader.ended);
    assert_takes(fixture, "four");
    assert_int_equal(fixture->reader.line_number, 4);
    assert_int_equal(take(fixture), BTX_LINE_NONE);
}

/* A writer may cut its lines anywhere. */
static void line_reader_take__byte_by_byte__whole_lines_only(void **state)
{
    static const char text[] = "alpha\nbeta\n";
    struct fixture *fixture = *state;
    unsigned lines = 0;

    for (size_t i = 0; i < sizeof text - 1; i++) {
        assert_int_equal(write(fixture->write_fd, text + i, 1), 1);
        fill(fixture);
        if (text[i] == '\n')
            assert_takes(fixture, lines++ == 0 ? "alpha" : "beta");
        assert_int_equal(take(fixture), BTX_LINE_NONE);
    }
    assert_int_equal(lines, 2);
}

/* Many blocks, so that lines are cut at every place of the buffer's end. */
static void line_reader_take__more_than_the_buffer__nothing_lost(void **state)
{
    enum { LINE_COUNT = 200000 };
    struct fixture *fixture = *state;
    unsigned taken = 0;
    const pid_t writer = fork();

    assert_true(writer >= 0);
    if (writer == 0) {
        FILE *stream = fdopen(fixture->write_fd, "w");

        for (unsigned i = 0; stream != NULL && i < LINE_COUNT; i++)
            fprintf(stream, "%u\n", i * 7);
        _exit(stream != NULL && fclose(stream) == 0 ? 0 : 1);
    }
    end_input(fixture);
    while (!fixture->reader.ended) {
        const char *line;
        size_t length_bytes;

        fill(fixture);
        while (btx_line_reader_take(&fixture->reader, &line, &length_bytes) == BTX_LINE_TAKEN) {
            char wanted[16];

            snprintf(wanted, sizeof wanted, "%u\n", taken++ * 7);
            assert_memory_equal(line, wanted, length_bytes + 1);
        }
    }
    assert_int_equal(taken, LINE_COUNT);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
}

/* The bound is exact, so that what the help says is true. */
static void line_reader_take__longest_line__taken(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, "0123456789\n9876543210");
    fill(fixture);
    assert_takes(fixture, "0123456789");
    assert_int_equal(take(fixture), BTX_LINE_NONE);
    end_input(fixture);
    fill(fixture);
    assert_takes(fixture, "9876543210");
}

/* One byte more is refused, under its own number, with its feed in sight or not. */
static void line_reader_take__longer_line__refused(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, "one\n01234567890");
    fill(fixture);
    assert_takes(fixture, "one");
    assert_int_equal(take(fixture), BTX_LINE_TOO_LONG);
    assert_int_equal(fixture->reader.line_number, 2);
}

static void line_reader_take__longer_line_with_feed__refused(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, "01234567890\ntwo\n");
    fill(fixture);
    assert_int_equal(take(fixture), BTX_LINE_TOO_LONG);
    assert_int_equal(fixture->reader.line_number, 1);
}

/* Binary input must not end a line early. */
static void line_reader_take__zero_bytes__are_bytes(void **state)
{
    static const char text[] = "a\0b\n";
    struct fixture *fixture = *state;
    const char *line;
    size_t length_bytes;

    assert_int_equal(write(fixture->write_fd, text, 4), 4);
    fill(fixture);
    assert_int_equal(btx_line_reader_take(&fixture->reader, &line, &length_bytes), BTX_LINE_TAKEN);
    assert_int_equal(length_bytes, 3);
    assert_memory_equal(line, text, 3);
}

/* Answers are flushed exactly when this says so. */
static void line_reader_would_wait__pipe__only_while_it_is_empty(void **state)
{
    struct fixture *fixture = *state;

    assert_true(btx_line_reader_would_wait(&fixture->reader));
    put(fixture, "x");
    assert_false(btx_line_reader_would_wait(&fixture->reader));
    fill(fixture);
    assert_true(btx_line_reader_would_wait(&fixture->reader));
    end_input(fixture);
    assert_false(btx_line_reader_would_wait(&fixture->reader));
}

/* Returns when the process @pid sleeps: then it waits for something. */
static void wait_until_sleeping(pid_t pid)
{
    char path[32];
    char state = 'R';

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    while (state != 'S') {
        FILE *stat = fopen(path, "r");

        if (stat == NULL || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
            return;
        fclose(stat);
    }
}

/* Another process that shares the pipe can make it non-blocking: no reason to fail or to spin. */
static void line_reader_fill__non_blocking__waits(void **state)
{
    struct fixture *fixture = *state;
    pid_t writer;

    assert_int_equal(fcntl(fixture->reader.fd, F_SETFL, O_NONBLOCK), 0);
    writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        wait_until_sleeping(getppid());
        _exit(write(fixture->write_fd, "late\n", 5) == 5 ? 0 : 1);
    }
    fill(fixture);
    assert_takes(fixture, "late");
    assert_int_equal(waitpid(writer, NULL, 0), writer);
}

/* A descriptor that cannot be read is a fault, not an empty input. */
static void line_reader_fill__directory__is_a_fault(void **state)
{
    struct btx_line_reader reader = {0};
    struct btx_fault fault = {0};
    const int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(btx_line_reader_open(&reader, fd, LINE_BYTES_MAX, &fault), BTX_OK);
    assert_int_equal(btx_line_reader_fill(&reader, &fault), BTX_FAULT_IO);
    assert_false(reader.ended);
    btx_line_reader_close(&reader);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(line_reader_take__several_lines__in_order_with_numbers),
        TEST(line_reader_take__byte_by_byte__whole_lines_only),
        TEST(line_reader_take__more_than_the_buffer__nothing_lost),
        TEST(line_reader_take__longest_line__taken),
        TEST(line_reader_take__longer_line__refused),
        TEST(line_reader_take__longer_line_with_feed__refused),
        TEST(line_reader_take__zero_bytes__are_bytes),
        TEST(line_reader_would_wait__pipe__only_while_it_is_empty),
        TEST(line_reader_fill__non_blocking__waits),
        cmocka_unit_test(line_reader_fill__directory__is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
