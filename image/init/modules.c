/* SPDX-License-Identifier: Apache-2.0 */
/* modules.c - goes through the table of modules; it is short, and read a few hundred times. */
#include "image/init/modules.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { WORD_BYTES = 256 };

/* The next word of the line at *@cursor, which moves behind it; false at the end of the line. */
static bool word_next(const char **cursor, char ret_word[static WORD_BYTES])
{
    size_t length_bytes;

    *cursor += strspn(*cursor, " ");
    length_bytes = strcspn(*cursor, " \n");
    if (length_bytes == 0 || length_bytes >= WORD_BYTES)
        return false;
    memcpy(ret_word, *cursor, length_bytes);
    ret_word[length_bytes] = '\0';
    *cursor += length_bytes;
    return true;
}

/* The next line of the table after the one at @line; NULL after the last. */
static const char *line_next(const char *line)
{
    const char *end = strchr(line, '\n');

    return end != NULL && end[1] != '\0' ? end + 1 : NULL;
}

/* True when the line at @line begins with @kind; @ret_rest is behind it. */
static bool line_is(const char *line, const char *kind, const char **ret_rest)
{
    const size_t length_bytes = strlen(kind);

    *ret_rest = line + length_bytes;
    return strncmp(line, kind, length_bytes) == 0 && line[length_bytes] == ' ';
}

/* Keep the first fault: the others are often its consequences. */
static void keep_first(struct btx_fault *kept, const struct btx_fault *next)
{
    if (kept->code == BTX_OK)
        *kept = *next;
}

static void load_files(const struct btx_modules *modules, const char *name, struct btx_fault *kept)
{
    char word[WORD_BYTES];

    for (const char *line = modules->table; line != NULL; line = line_next(line)) {
        const char *rest;

        if (!line_is(line, "files", &rest) || !word_next(&rest, word) || strcmp(word, name) != 0)
            continue;
        while (word_next(&rest, word)) {
            struct btx_fault fault = {0};

            if (modules->load(word, modules->context, &fault) != BTX_OK)
                keep_first(kept, &fault);
        }
    }
}

enum btx_fault_code btx_modules_load_always(const struct btx_modules *modules,
                                            struct btx_fault *reterr_fault)
{
    struct btx_fault kept = {0};
    char name[WORD_BYTES];

    for (const char *line = modules->table; line != NULL; line = line_next(line)) {
        const char *rest;

        if (line_is(line, "always", &rest) && word_next(&rest, name))
            load_files(modules, name, &kept);
    }
    if (kept.code != BTX_OK)
        *reterr_fault = kept;
    return kept.code;
}

enum btx_fault_code btx_modules_load_for(const struct btx_modules *modules, const char *modalias,
                                         struct btx_fault *reterr_fault)
{
    struct btx_fault kept = {0};
    char pattern[WORD_BYTES];
    char name[WORD_BYTES];

    for (const char *line = modules->table; line != NULL; line = line_next(line)) {
        const char *rest;

        if (line_is(line, "alias", &rest) && word_next(&rest, pattern) && word_next(&rest, name) &&
            fnmatch(pattern, modalias, 0) == 0)
            load_files(modules, name, &kept);
    }
    if (kept.code != BTX_OK)
        *reterr_fault = kept;
    return kept.code;
}
