/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_file.c - files that are there, are not, or are something else. */
#include "engine/config/config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/config/small_config.h"

/* A pipe is as good as a file: whoever makes configurations by a program needs no file for it. */
static enum btx_fault_code read_pipe(struct small *small, const char *text, size_t length_bytes)
{
    enum btx_fault_code code;
    static char path[32];
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    assert_true(fcntl(fds[1], F_SETPIPE_SZ, 1 << 17) >= (int)length_bytes);
    assert_int_equal(write(fds[1], text, length_bytes), length_bytes);
    close(fds[1]);
    (void)snprintf(path, sizeof path, "/dev/fd/%d", fds[0]);
    small_init(small);
    code = btx_config_read(&small->config, path, &small->fault);
    close(fds[0]);
    return code;
}

static void config_read__pipe__is_read_to_its_end(void **state)
{
    static const char text[] = "engine:\n  size: 64\n";
    struct small small;

    (void)state;
    assert_int_equal(read_pipe(&small, text, strlen(text)), BTX_OK);
    assert_int_equal(small.values.size, 64);
}

static void config_read__more_than_a_file_may_have__is_refused(void **state)
{
    static char text[BTX_CONFIG_FILE_BYTES_MAX + 100];
    struct small small;

    (void)state;
    memset(text, '#', sizeof text);
    assert_int_equal(read_pipe(&small, text, BTX_CONFIG_FILE_BYTES_MAX), BTX_OK);
    assert_int_equal(read_pipe(&small, text, sizeof text), BTX_FAULT_CONFIG);
    assert_non_null(strstr(small.fault.text, ":1:1: the file is longer than 65536 bytes"));
}

static void config_read__no_such_file__is_a_fault_of_the_configuration(void **state)
{
    struct small small;

    (void)state;
    small_init(&small);
    assert_int_equal(btx_config_read(&small.config, "no/such.yaml", &small.fault),
                     BTX_FAULT_CONFIG);
    assert_string_equal(small.fault.text, "no/such.yaml: cannot open: No such file or directory");
}

static void config_read__folder__is_a_fault_of_reading(void **state)
{
    struct small small;

    (void)state;
    small_init(&small);
    assert_int_equal(btx_config_read(&small.config, "/", &small.fault), BTX_FAULT_IO);
    assert_string_equal(small.fault.text, "/: cannot read: Is a directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_read__pipe__is_read_to_its_end),
        cmocka_unit_test(config_read__more_than_a_file_may_have__is_refused),
        cmocka_unit_test(config_read__no_such_file__is_a_fault_of_the_configuration),
        cmocka_unit_test(config_read__folder__is_a_fault_of_reading),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
