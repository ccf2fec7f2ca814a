/* SPDX-License-Identifier: Apache-2.0 */
/* test_examples.c - the worked examples that lie beside the checkout: every command is read,
 * and written so that reading it again gives the same record. */
#include "engine/text/command_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>

#define FOLDER "../shared/data/examples"
#define SUFFIX ".commands.jsonl"

enum { FILES = 16, SKIPPED = 77 };

static struct btx_command_text text;
static union btx_command_space space;
static union btx_command_space again;
static char out[BTX_COMMAND_TEXT_BYTES_MAX];

static int is_commands(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name);

    return length > strlen(SUFFIX) && strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0;
}

static void assert_line(const char *name, unsigned number, const char *line, size_t length_bytes)
{
    const char *sentence = btx_command_text_decode(&text, line, length_bytes, &space);
    size_t length;

    if (sentence != NULL)
        fail_msg("%s:%u: %s", name, number, sentence);
    length = btx_command_text_encode(&space.command, out);
    sentence = btx_command_text_decode(&text, out, length - 1, &again);
    if (sentence != NULL)
        fail_msg("%s:%u: read again: %s", name, number, sentence);
    assert_memory_equal(&again, &space, btx_record_length_bytes(&space.command.record));
}

static unsigned assert_file(const char *name)
{
    char path[512];
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    unsigned number = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", FOLDER, name);
    file = fopen(path, "r");
    assert_non_null(file);
    while ((length = getline(&line, &size, file)) > 0) {
        assert_int_equal(line[length - 1], '\n');
        assert_line(name, ++number, line, (size_t)length - 1);
    }
    free(line);
    fclose(file);
    return number;
}

static void command_text__every_example__read_and_written(void **state)
{
    struct dirent **entries;
    const int count = scandir(FOLDER, &entries, is_commands, alphasort);
    unsigned lines = 0;

    (void)state;
    assert_int_equal(count, FILES);
    for (int i = 0; i < count; i++) {
        lines += assert_file(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    assert_true(lines > 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_text__every_example__read_and_written),
    };
    DIR *folder = opendir(FOLDER);

    if (folder == NULL) {
        printf("skipped: the worked examples are not at %s\n", FOLDER);
        return SKIPPED;
    }
    closedir(folder);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
