/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLAIM_BYTES = 1000, CLAIM_COUNT = 3000 };

/* Byte @index of a stream in which every stretch of the length of a claim is different. */
static char stream_byte(size_t index)
{
    return (char)('a' + (index * 7 + index / 1009) % 26);
}

static void write_stream(struct btx_output *output)
{
    struct btx_fault fault = {0};
    size_t index = 0;

    for (size_t i = 0; i < CLAIM_COUNT; i++) {
        char *room;

        assert_int_equal(btx_output_claim(output, CLAIM_BYTES, &room, &fault), BTX_OK);
        /* Less than was claimed, as every encoder does. */
        for (size_t j = 0; j < i % CLAIM_BYTES; j++)
            room[j] = stream_byte(index++);
        btx_output_commit(output, i % CLAIM_BYTES);
    }
    assert_int_equal(btx_output_flush(output, &fault), BTX_OK);
}

/* True when @fd gives the whole stream and then ends. */
static bool is_stream(int fd)
{
    size_t wanted_bytes = 0;
    size_t index = 0;
    char block[4096];
    ssize_t got;

    for (size_t i = 0; i < CLAIM_COUNT; i++)
        wanted_bytes += i % CLAIM_BYTES;
    while ((got = read(fd, block, sizeof block)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (block[i] != stream_byte(index++))
                return false;
        }
    }
    return got == 0 && index == wanted_bytes;
}

/* Nothing lost, doubled or turned round at the borders of the blocks. */
static void output_claim__many_blocks__every_byte_in_order(void **state)
{
    char path[] = "/tmp/btx-output-XXXXXX";
    const int fd = mkstemp(path);
    struct btx_output output = {0};
    struct btx_fault fault = {0};

    (void)state;
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(btx_output_open(&output, fd, CLAIM_BYTES, &fault), BTX_OK);
    write_stream(&output);
    btx_output_close(&output);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);

    assert_true(is_stream(fd));

    close(fd);
}

/* A pipe takes a part of a block, or nothing when somebody made it non-blocking. */
static void output_flush__non_blocking_pipe__waits_for_the_reader(void **state)
{
    struct btx_output output = {0};
    struct btx_fault fault = {0};
    int status = 0;
    int fds[2];
    pid_t reader;

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    reader = fork();
    assert_true(reader >= 0);
    if (reader == 0) {
        close(fds[1]);
        _exit(is_stream(fds[0]) ? 0 : 1);
    }
    close(fds[0]);
    assert_int_equal(btx_output_open(&output, fds[1], CLAIM_BYTES, &fault), BTX_OK);
    write_stream(&output);
    btx_output_close(&output);
    close(fds[1]);

    assert_int_equal(waitpid(reader, &status, 0), reader);
    assert_int_equal(status, 0);
}

/* Flushes one byte to @fd and returns what came of it. */
static enum btx_fault_code flush_to(int fd)
{
    struct btx_output output = {0};
    struct btx_fault fault = {0};
    enum btx_fault_code code;
    char *room;

    assert_int_equal(btx_output_open(&output, fd, CLAIM_BYTES, &fault), BTX_OK);
    assert_int_equal(btx_output_claim(&output, 1, &room, &fault), BTX_OK);
    room[0] = 'x';
    btx_output_commit(&output, 1);
    code = btx_output_flush(&output, &fault);
    assert_int_equal(fault.code, code);
    /* The bytes are dropped: nobody writes them a second time. */
    assert_int_equal(btx_output_flush(&output, &fault), BTX_OK);
    btx_output_close(&output);
    return code;
}

/* A full disk has a status of its own, because an operator does something else about it. */
static void output_flush__full_disk__is_its_own_fault(void **state)
{
    const int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(flush_to(fd), BTX_FAULT_DISK_FULL);
    close(fd);
}

/* A reader that has gone is told to the caller; the program does not die of it. */
static void output_flush__reader_gone__is_a_fault(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    close(fds[0]);
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(flush_to(fds[1]), BTX_FAULT_IO);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_claim__many_blocks__every_byte_in_order),
        cmocka_unit_test(output_flush__non_blocking_pipe__waits_for_the_reader),
        cmocka_unit_test(output_flush__full_disk__is_its_own_fault),
        cmocka_unit_test(output_flush__reader_gone__is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
