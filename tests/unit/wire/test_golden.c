/* SPDX-License-Identifier: Apache-2.0 */
/* test_golden.c - the bytes of every sample, sealed, are those of tests/golden and of the corpus.
 *
 * With BTX_GOLDEN_REWRITE set the files are written instead of compared: for a new type.  A
 * changed line of an old one means that old logs can no longer be read. */
#include "samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN_DIRECTORY "tests/golden"
#define CORPUS_DIRECTORY "tests/fuzz/corpus/fuzz_wire_decode"
#define TEXT_BYTES_MAX 16384u
#define LINE_BYTES 16u

struct member {
    const char *body;
    const char *name;
    size_t offset;
    size_t bytes;
};

static const struct member members[] = {
#define BODY(body, size_bytes)
#define MEMBER(body, member, offset, bytes, USE) {#body, #member, offset, bytes},
#define END(body)
#include "engine/wire/layout.def"
};

struct text {
    char bytes[TEXT_BYTES_MAX];
    size_t length;
};

/* One name, then its bytes, a line for each LINE_BYTES. */
static void write_bytes(struct text *text, const char *name, const uint8_t *record, size_t offset,
                        size_t length_bytes)
{
    for (size_t i = 0; i < length_bytes; i++) {
        if (i % LINE_BYTES == 0)
            text->length += (size_t)sprintf(text->bytes + text->length, "%5zu  %-22s", offset + i,
                                            i == 0 ? name : "");
        text->length += (size_t)sprintf(text->bytes + text->length, " %02x", record[offset + i]);
        if (i % LINE_BYTES == LINE_BYTES - 1 || i == length_bytes - 1)
            text->bytes[text->length++] = '\n';
        assert_true(text->length < TEXT_BYTES_MAX - 128);
    }
}

/* The members of @body; every frame begins where its outer struct does. */
static void write_members(struct text *text, const char *body, const uint8_t *record)
{
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const struct member *member = &members[i];

        if (strcmp(member->body, body) != 0)
            continue;
        if (strcmp(member->name, "record") == 0 || strcmp(member->name, "command") == 0)
            write_members(text, member->name, record);
        else
            write_bytes(text, member->name, record, member->offset, member->bytes);
    }
}

static const struct btx_term *name_of(const struct btx_sample *sample)
{
    switch (sample->kind) {
    case BTX_RECORD_COMMAND:
        return btx_command_name((enum btx_command_type)sample->type);
    case BTX_RECORD_EVENT:
        return btx_event_name((enum btx_event_type)sample->type);
    case BTX_RECORD_NOTE:
        return btx_note_name((enum btx_note_type)sample->type);
    }
    return NULL;
}

static void describe(struct text *text, const struct btx_sample *sample, const uint8_t *record,
                     size_t length_bytes)
{
    const size_t used_bytes = sample->body_bytes + sample->tail_bytes;

    text->length = (size_t)sprintf(text->bytes, "# %s, %zu bytes: offset, member, bytes in hex\n",
                                   name_of(sample)->text, length_bytes);
    write_members(text, sample->body_name, record);
    write_bytes(text, "(tail)", record, sample->body_bytes, sample->tail_bytes);
    write_bytes(text, "(zeros)", record, used_bytes, length_bytes - used_bytes);
    text->bytes[text->length] = '\0';
}

static void write_file(const char *path, const void *bytes, size_t length_bytes)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL)
        fail_msg("%s: cannot be written", path);
    assert_int_equal(fwrite(bytes, 1, length_bytes, file), length_bytes);
    assert_int_equal(fclose(file), 0);
}

/* @now is shown when the file differs. */
static void compare_file(const char *path, const void *bytes, size_t length_bytes, const char *now)
{
    static char found[TEXT_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    size_t found_bytes;

    if (file == NULL)
        fail_msg("%s: cannot be read; run from the top of the checkout", path);
    found_bytes = fread(found, 1, sizeof found, file);
    assert_int_equal(fclose(file), 0);
    if (found_bytes != length_bytes || memcmp(found, bytes, length_bytes) != 0)
        fail_msg("%s differs; the record now is:\n%s", path, now);
}

static void samples__sealed__are_the_golden_bytes(void **state)
{
    static struct text text;
    const bool rewrites = getenv("BTX_GOLDEN_REWRITE") != NULL;
    union btx_sample_space space;
    char path[256];

    (void)state;
    for (size_t i = 0; i < btx_samples_count; i++) {
        const size_t length_bytes = btx_sample_build(&btx_samples[i], &space);

        btx_record_seal(&space.record);
        describe(&text, &btx_samples[i], space.bytes, length_bytes);
        snprintf(path, sizeof path, GOLDEN_DIRECTORY "/%s.hex", btx_samples[i].name);
        if (rewrites)
            write_file(path, text.bytes, text.length);
        else
            compare_file(path, text.bytes, text.length, text.bytes);
    }
}

/* The fuzzer starts from valid records; stale seeds would only test the refusal. */
static void samples__sealed__are_the_seeds_of_the_fuzzer(void **state)
{
    const bool rewrites = getenv("BTX_GOLDEN_REWRITE") != NULL;
    union btx_sample_space space;
    char path[256];

    (void)state;
    for (size_t i = 0; i < btx_samples_count; i++) {
        const size_t length_bytes = btx_sample_build(&btx_samples[i], &space);

        btx_record_seal(&space.record);
        snprintf(path, sizeof path, CORPUS_DIRECTORY "/%s", btx_samples[i].name);
        if (rewrites)
            write_file(path, space.bytes, length_bytes);
        else
            compare_file(path, space.bytes, length_bytes, "not that of the seed");
    }
}

/* A type without golden bytes could change unseen. */
static void samples__every_type_of_the_lists__has_one(void **state)
{
    static const uint8_t types[][2] = {
#define COMMAND(number, NAME, Name, body, size, door) {BTX_RECORD_COMMAND, number},
#include "engine/wire/commands.def"
#define EVENT(number, NAME, Name, body, size) {BTX_RECORD_EVENT, number},
#include "engine/wire/events.def"
#define NOTE(number, NAME, Name, body, size) {BTX_RECORD_NOTE, number},
#include "engine/wire/notes.def"
    };
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t found = 0;

        for (size_t j = 0; j < btx_samples_count; j++)
            found += btx_samples[j].kind == types[i][0] && btx_samples[j].type == types[i][1];
        if (found == 0)
            fail_msg("kind %u type %u has no sample", types[i][0], types[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples__sealed__are_the_golden_bytes),
        cmocka_unit_test(samples__sealed__are_the_seeds_of_the_fuzzer),
        cmocka_unit_test(samples__every_type_of_the_lists__has_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
