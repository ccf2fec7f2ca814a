/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_completions.c - which words of the table of verbs may come next. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "admin/ctl_prompt.h"
#include "admin/verb_table.h"

/* The word of @pattern number @index, its length in *ret_length; NULL when there is none or it is a
 * placeholder. */
static const char *word_of(const char *pattern, size_t index, size_t *ret_length)
{
    for (;; index--) {
        *ret_length = strcspn(pattern, " ");
        if (*ret_length == 0 || *pattern == '<' || *pattern == '[')
            return NULL;
        if (index == 0)
            return pattern;
        pattern += *ret_length;
        pattern += *pattern == ' ' ? 1 : 0;
    }
}

static bool begins_with(const char *pattern, const char *const *arguments, size_t argument_count)
{
    for (size_t i = 0; i < argument_count; i++) {
        size_t length;
        const char *word = word_of(pattern, i, &length);

        if (word == NULL || strlen(arguments[i]) != length ||
            strncmp(word, arguments[i], length) != 0)
            return false;
    }
    return true;
}

static bool is_there(char (*words)[32], size_t count, const char *word, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == length && strncmp(words[i], word, length) == 0)
            return true;
    }
    return false;
}

size_t btx_ctl_completions(const char *const *arguments, size_t argument_count, const char *prefix,
                           char (*ret_words)[32], size_t words_max)
{
    size_t count = 0;

    for (size_t i = 0; i < BTX_VERB_COUNT && count < words_max; i++) {
        const char *pattern = btx_verb_table[i].pattern;
        const char *word;
        size_t length;

        if (!begins_with(pattern, arguments, argument_count))
            continue;
        word = word_of(pattern, argument_count, &length);
        if (word == NULL || strncmp(word, prefix, strlen(prefix)) != 0 ||
            is_there(ret_words, count, word, length))
            continue;
        (void)snprintf(ret_words[count++], 32, "%.*s", (int)length, word);
    }
    return count;
}
