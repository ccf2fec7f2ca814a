/* SPDX-License-Identifier: Apache-2.0 */
/* test_command_random.c - any valid command, written and read, is the same command, however its
 * line is spelled.  BTX_PROPERTY_RUNS says how many are tried. */
#include "engine/text/command_text.h"
#include "random_command.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct btx_command_text text;
static union btx_command_space command;
static union btx_command_space decoded;
static char line[BTX_COMMAND_TEXT_BYTES_MAX];
static char spelled[BTX_COMMAND_LINE_BYTES_MAX];
static uint64_t runs = 20000;

static void assert_decodes_to_command(uint64_t seed, const char *bytes, size_t length)
{
    const char *sentence;

    memset(&decoded, 0xa5, sizeof decoded);
    sentence = btx_command_text_decode(&text, bytes, length, &decoded);
    if (sentence != NULL)
        fail_msg("seed %" PRIu64 ": %s: %.*s", seed, sentence, (int)length, bytes);
    if (memcmp(&decoded, &command, btx_record_length_bytes(&command.command.record)) != 0)
        fail_msg("seed %" PRIu64 ": another command: %.*s", seed, (int)length, bytes);
}

static void command_text__random_commands__read_as_they_were_written(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= runs; seed++) {
        struct random_source random = {seed};
        size_t length;

        btx_random_command(&random, &command);
        assert_null(btx_record_check(&command, sizeof command));
        length = btx_command_text_encode(&command.command, line);
        assert_true(length <= sizeof line - 32);
        assert_decodes_to_command(seed, line, length - 1);
    }
}

static void command_text__random_spellings__read_as_the_same_command(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= runs; seed++) {
        struct random_source random = {seed};
        size_t length;

        btx_random_command(&random, &command);
        assert_true(btx_command_text_encode(&command.command, line) > 0);
        length = btx_random_spelling(&random, line, spelled, sizeof spelled);
        assert_decodes_to_command(seed, spelled, length);
    }
}

/* Whether the line may have any letter at @p: in a ref or a text, and outside of strings where
 * numbers and what joins the members are (the table of refusals is about those). */
static bool is_free(const char *p)
{
    const char *ref = strstr(line, ",\"ref\":");
    const char *text_field = strstr(line, ",\"text\":");
    bool in_string = false;

    if (ref != NULL && p >= ref + strlen(",\"ref\":"))
        return true;
    if (text_field != NULL && p >= text_field + strlen(",\"text\":"))
        return true;
    for (const char *q = line; q < p; q++)
        in_string ^= *q == '"';
    return !in_string || *p == '"';
}

/* Keys and words are compared eight bytes at a time: every one of them must count. */
static void command_text__any_letter_of_a_key_or_word_changed__refused(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= runs / 20; seed++) {
        struct random_source random = {seed};
        size_t length;

        btx_random_command(&random, &command);
        length = btx_command_text_encode(&command.command, line);
        for (size_t i = 0; i < length && i < 512; i++) {
            const char letter = line[i];

            if (is_free(line + i))
                continue;
            line[i] = (char)(letter ^ 1 << btx_random_below(&random, 5));
            if (btx_command_text_decode(&text, line, length - 1, &decoded) == NULL)
                fail_msg("seed %" PRIu64 ": accepted: %.*s", seed, (int)length, line);
            line[i] = letter;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_text__random_commands__read_as_they_were_written),
        cmocka_unit_test(command_text__random_spellings__read_as_the_same_command),
        cmocka_unit_test(command_text__any_letter_of_a_key_or_word_changed__refused),
    };
    const char *wanted = getenv("BTX_PROPERTY_RUNS");

    if (wanted != NULL)
        runs = strtoull(wanted, NULL, 10);
    printf("seeds 1 to %" PRIu64 "\n", runs);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
