/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/verbs.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/attributes.h"

enum { PATTERN_COLUMNS = 30 };

/* The word of a pattern at @at, and its length; behind the last one 0. */
static size_t word_length(const char *at)
{
    return strcspn(at, " ");
}

static const char *next_word(const char *at)
{
    at += word_length(at);
    return *at == ' ' ? at + 1 : at;
}

static bool is_placeholder(const char *at)
{
    return *at == '<' || *at == '[';
}

static bool is_word(const char *at, const char *argument)
{
    const size_t length = word_length(at);

    return strlen(argument) == length && strncmp(at, argument, length) == 0;
}

/* How many words of the pattern @arguments begin with.  *ret_whole: all that it has. */
static size_t match(const char *pattern, const char *const *arguments, size_t argument_count,
                    bool *ret_whole)
{
    size_t count = 0;

    while (*pattern != '\0' && !is_placeholder(pattern) && count < argument_count &&
           is_word(pattern, arguments[count])) {
        pattern = next_word(pattern);
        count++;
    }
    *ret_whole = *pattern == '\0' || is_placeholder(pattern);
    return count;
}

const struct btx_verb *btx_verbs_find(const struct btx_verb *verbs, size_t verb_count,
                                      const char *const *arguments, size_t argument_count,
                                      size_t *ret_word_count)
{
    for (size_t i = 0; i < verb_count; i++) {
        bool is_whole;
        const size_t count = match(verbs[i].pattern, arguments, argument_count, &is_whole);

        if (is_whole) {
            *ret_word_count = count;
            return &verbs[i];
        }
    }
    return NULL;
}

static bool is_open_ended(const char *pattern)
{
    const size_t length = strlen(pattern);

    return length > 3 && strcmp(pattern + length - 3, "...") == 0;
}

bool btx_verb_takes(const struct btx_verb *verb, size_t count)
{
    size_t minimum = 0;
    size_t maximum = 0;

    for (const char *at = verb->pattern; *at != '\0'; at = next_word(at)) {
        minimum += *at == '<' ? 1 : 0;
        maximum += is_placeholder(at) ? 1 : 0;
    }
    return count >= minimum && (count <= maximum || is_open_ended(verb->pattern));
}

/* Whether @pattern begins with all of @arguments. */
static bool begins(const char *pattern, const char *const *arguments, size_t argument_count)
{
    bool is_whole;

    return match(pattern, arguments, argument_count, &is_whole) == argument_count;
}

enum btx_fault_code btx_verbs_refuse(const struct btx_verb *verbs, size_t verb_count,
                                     const char *program, const char *const *arguments,
                                     size_t argument_count, struct btx_fault *reterr_fault)
{
    char list[384] = "";
    size_t length = 0;
    size_t common = 0;

    for (size_t i = 0; i < verb_count; i++) {
        bool is_whole;
        const size_t count = match(verbs[i].pattern, arguments, argument_count, &is_whole);

        common = count > common ? count : common;
    }
    for (size_t i = 0; common != 0 && i < verb_count && length < sizeof list; i++) {
        if (begins(verbs[i].pattern, arguments, common))
            length += (size_t)snprintf(list + length, sizeof list - length, "%s%s %s",
                                       length == 0 ? "" : "; ", program, verbs[i].pattern);
    }
    if (argument_count == 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "want %s VERB... (see --help)",
                             program);
    if (common == 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "'%s': not a verb (see --help)",
                             arguments[0]);
    if (common == argument_count)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "%s: want more: %s",
                             arguments[common - 1], list);
    return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "'%s': not a verb of %s: want %s",
                         arguments[common], arguments[common - 1], list);
}

size_t btx_verbs_print(const struct btx_verb *verbs, size_t verb_count,
                       const char *const *arguments, size_t argument_count)
{
    size_t printed = 0;

    for (size_t i = 0; i < verb_count; i++) {
        if (!begins(verbs[i].pattern, arguments, argument_count))
            continue;
        if (strlen(verbs[i].pattern) <= PATTERN_COLUMNS)
            printf("  %-*s %s\n", PATTERN_COLUMNS, verbs[i].pattern, verbs[i].summary);
        else
            printf("  %s\n  %-*s %s\n", verbs[i].pattern, PATTERN_COLUMNS, "", verbs[i].summary);
        printed++;
    }
    return printed;
}
