/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c - one record is one line, whatever is in it. */
#include "engine/base/log.h"

#include "engine/base/attributes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Sunday, 2001-09-09T01:46:40.123Z. */
#define WALL_NS UINT64_C(1000000000123456789)

struct fixture {
    struct btx_clock_manual manual;
    struct btx_log log;
    int read_fd;
    char output[2 * BTX_LOG_LINE_BYTES];
};

static int setup(void **state)
{
    static struct fixture fixture;
    int pipe_fds[2];

    if (pipe(pipe_fds) != 0)
        return -1;
    btx_clock_manual_init(&fixture.manual, WALL_NS, 0);
    btx_log_init(&fixture.log, "betexd", &fixture.manual.clock);
    fixture.log.fd = pipe_fds[1];
    fixture.log.journal = true;
    fixture.read_fd = pipe_fds[0];
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    (void)close(fixture->read_fd);
    return 0;
}

/* Everything written until now; the log cannot be used after it. */
static const char *output_of(struct fixture *fixture)
{
    size_t length = 0;
    ssize_t count;

    (void)close(fixture->log.fd);
    do {
        count =
            read(fixture->read_fd, fixture->output + length, sizeof(fixture->output) - 1 - length);
        if (count > 0)
            length += (size_t)count;
    } while (count > 0);
    fixture->output[length] = '\0';
    return fixture->output;
}

static void log__journal__begins_with_the_syslog_level(void **state)
{
    struct fixture *fixture = *state;
    struct btx_log_line line;

    btx_log_begin(&line, &fixture->log, BTX_LOG_WARNING, "disk is slow");
    btx_log_u64(&line, "wait_ms", UINT64_MAX);
    btx_log_i64(&line, "step_ns", INT64_MIN);
    btx_log_end(&line);

    assert_string_equal(output_of(fixture), "<4>disk is slow wait_ms=18446744073709551615 "
                                            "step_ns=-9223372036854775808\n");
}

static void log__terminal__begins_with_time_program_and_level(void **state)
{
    struct fixture *fixture = *state;
    struct btx_log_line line;

    fixture->log.journal = false;
    btx_log_begin(&line, &fixture->log, BTX_LOG_NOTICE, "started");
    btx_log_end(&line);

    assert_string_equal(output_of(fixture), "2001-09-09T01:46:40.123Z betexd: notice: started\n");
}

/* The one that matters: a client's name must not become a line of its own. */
static void log_text__hostile_value__stays_inside_its_quotes(void **state)
{
    struct fixture *fixture = *state;
    struct btx_log_line line;

    btx_log_begin(&line, &fixture->log, BTX_LOG_INFO, "session opened");
    btx_log_text(&line, "peer", "a\n<0>forged k=\"v\" \\ \t\x1b[2J\x7f\xc2\x9b");
    btx_log_end(&line);

    assert_string_equal(output_of(fixture),
                        "<6>session opened peer=\"a\\n<0>forged k=\\\"v\\\" \\\\ \\x09\\x1b[2J\\x7f"
                        "\\xc2\\x9b\"\n");
}

static void log_bytes__zero_byte_inside__is_escaped(void **state)
{
    struct fixture *fixture = *state;
    struct btx_log_line line;

    btx_log_begin(&line, &fixture->log, BTX_LOG_INFO, "m");
    btx_log_bytes(&line, "raw", "a\0b", 3);
    btx_log_end(&line);

    assert_string_equal(output_of(fixture), "<6>m raw=\"a\\x00b\"\n");
}

static void log_text__plain_empty_and_absent_values__are_told_apart(void **state)
{
    struct fixture *fixture = *state;
    struct btx_log_line line;

    btx_log_begin(&line, &fixture->log, BTX_LOG_INFO, "m");
    btx_log_text(&line, "path", "/a/b-c_d.e:1,2;3@4%5+6");
    btx_log_text(&line, "empty", "");
    btx_log_text(&line, "absent", NULL);
    btx_log_text(&line, "spaced", "a b");
    btx_log_text(&line, "pair", "a=b");
    btx_log_end(&line);

    assert_string_equal(output_of(fixture),
                        "<6>m path=/a/b-c_d.e:1,2;3@4%5+6 empty=\"\" absent=- spaced=\"a b\" "
                        "pair=\"a=b\"\n");
}

static void log__less_urgent_than_the_level__writes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct btx_log_line line;

    fixture->log.level = BTX_LOG_NOTICE;
    btx_log_begin(&line, &fixture->log, BTX_LOG_INFO, "hidden");
    btx_log_text(&line, "key", "value");
    btx_log_end(&line);
    btx_log_begin(&line, &fixture->log, BTX_LOG_NOTICE, "shown");
    btx_log_end(&line);

    assert_string_equal(output_of(fixture), "<5>shown\n");
}

static void log_fault__with_os_error__names_code_and_reason(void **state)
{
    struct fixture *fixture = *state;
    struct btx_log_line line;
    struct btx_fault fault = {0};

    (void)btx_fault_set(&fault, BTX_FAULT_IO, EIO, "reading 'x'");
    btx_log_begin(&line, &fixture->log, BTX_LOG_ERROR, "stopped");
    btx_log_fault(&line, &fault);
    btx_log_end(&line);

    assert_string_equal(output_of(fixture), "<3>stopped fault=IO os_error=5 "
                                            "why=\"reading 'x': Input/output error\"\n");
}

/* Whatever the length: one line, closed quotes, a mark, and never past the buffer. */
static void log_text__values_of_every_length__always_end_well(void **state)
{
    struct fixture *fixture = *state;
    char value[BTX_LOG_LINE_BYTES + 100];
    struct btx_log_line line;

    for (size_t length = BTX_LOG_LINE_BYTES - 100; length < sizeof(value); length++) {
        const char *end = NULL;

        memset(value, '\n', length);
        value[length] = '\0';
        btx_log_begin(&line, &fixture->log, BTX_LOG_INFO, "m");
        /* Escapes are two bytes wide: vary where the last one meets the end of the buffer. */
        btx_log_text(&line, length % 2 == 0 ? "k" : "kk", value);
        btx_log_text(&line, "later", "left out");
        assert_true(line.length_bytes <= sizeof(line.text));
        assert_true(line.truncated);
        line.text[line.length_bytes] = '\0';
        end = strrchr(line.text, '"');
        assert_non_null(end);
        assert_string_equal(end, "\"");
        assert_null(strstr(line.text, "later"));
    }
    btx_log_end(&line);
    assert_non_null(strstr(output_of(fixture), "\\n\" truncated=yes\n"));
    assert_ptr_equal(strchr(fixture->output, '\n'), fixture->output + strlen(fixture->output) - 1);
}

/* Fill the line field by field: the last one in is whole or cut, never a key without a value. */
static void log_u64__more_fields_than_fit__line_is_marked(void **state)
{
    struct fixture *fixture = *state;
    struct btx_log_line line;
    const char *output;

    btx_log_begin(&line, &fixture->log, BTX_LOG_INFO, "m");
    for (int i = 0; i < 1000; i++)
        btx_log_u64(&line, "number", 7);
    btx_log_end(&line);

    output = output_of(fixture);
    assert_true(strlen(output) <= BTX_LOG_LINE_BYTES);
    assert_non_null(strstr(output, " number=7 truncated=yes\n"));
}

static void log_begin__message_with_a_newline__stays_one_line(void **state)
{
    struct fixture *fixture = *state;
    struct btx_log_line line;

    btx_log_begin(&line, &fixture->log, BTX_LOG_INFO, "two\nlines");
    btx_log_end(&line);

    assert_string_equal(output_of(fixture), "<6>two\\nlines\n");
}

/* A child whose stderr was redirected inherits the variable, but is not read by the journal. */
static void log_init__journal_stream__must_be_this_very_stream(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    char text[64];
    struct btx_log log;

    assert_int_equal(fstat(STDERR_FILENO, &status), 0);
    (void)snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)status.st_dev,
                   (uintmax_t)status.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", text, 1), 0);
    btx_log_init(&log, "betexd", &fixture->manual.clock);
    assert_true(log.journal);

    assert_int_equal(setenv("JOURNAL_STREAM", "1:1", 1), 0);
    btx_log_init(&log, "betexd", &fixture->manual.clock);
    assert_false(log.journal);

    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    btx_log_init(&log, "betexd", &fixture->manual.clock);
    assert_false(log.journal);
    (void)output_of(fixture);
}

static void log_level_from_name__names__are_the_levels(void **state)
{
    struct fixture *fixture = *state;
    enum btx_log_level level;

    for (unsigned int i = 0; i < BTX_LOG_LEVEL_COUNT; i++) {
        assert_true(btx_log_level_from_name(btx_log_level_name((enum btx_log_level)i), &level));
        assert_int_equal(level, i);
    }
    assert_false(btx_log_level_from_name("loud", &level));
    (void)output_of(fixture);
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(log__journal__begins_with_the_syslog_level),
        LOG_TEST(log__terminal__begins_with_time_program_and_level),
        LOG_TEST(log_text__hostile_value__stays_inside_its_quotes),
        LOG_TEST(log_bytes__zero_byte_inside__is_escaped),
        LOG_TEST(log_text__plain_empty_and_absent_values__are_told_apart),
        LOG_TEST(log__less_urgent_than_the_level__writes_nothing),
        LOG_TEST(log_fault__with_os_error__names_code_and_reason),
        LOG_TEST(log_text__values_of_every_length__always_end_well),
        LOG_TEST(log_u64__more_fields_than_fit__line_is_marked),
        LOG_TEST(log_begin__message_with_a_newline__stays_one_line),
        LOG_TEST(log_init__journal_stream__must_be_this_very_stream),
        LOG_TEST(log_level_from_name__names__are_the_levels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
