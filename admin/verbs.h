/* SPDX-License-Identifier: Apache-2.0 */
/* verbs.h - commands of several words by a table: each row's pattern is its grammar and its usage.
 *
 * A pattern is words, then "<placeholder>" for what must be given, then "[placeholder]" for what
 * may be, "config explain [key]"; with "..." behind the last one, any number of it. */
#ifndef BTX_ADMIN_VERBS_H
#define BTX_ADMIN_VERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/roles.h"
#include "engine/base/fault.h"

/* Who does it. */
enum btx_verb_place { BTX_VERB_LOCAL, BTX_VERB_SERVER };

struct btx_verb {
    const char *pattern;
    unsigned options; /* bits of the options that it knows */
    const char *summary;
    const char *help; /* paragraphs behind the options, examples last */
    enum btx_verb_place place;
    enum btx_role role; /* SERVER: what it wants */
    uint8_t command;    /* enum btx_command_type that it hands in; 0: none */
};

/* The row whose words @arguments begin with, and how many words that are; NULL: none. */
const struct btx_verb *btx_verbs_find(const struct btx_verb *verbs, size_t verb_count,
                                      const char *const *arguments, size_t argument_count,
                                      size_t *ret_word_count);

/* Whether @count arguments are as many as the pattern has places for. */
bool btx_verb_takes(const struct btx_verb *verb, size_t count);

/* Why @arguments are no verb.  Faults: USAGE, always; names the verbs that begin likewise. */
enum btx_fault_code btx_verbs_refuse(const struct btx_verb *verbs, size_t verb_count,
                                     const char *program, const char *const *arguments,
                                     size_t argument_count, struct btx_fault *reterr_fault);

/* A line for each verb that begins with the @argument_count words, on standard output; returns how
 * many there are. */
size_t btx_verbs_print(const struct btx_verb *verbs, size_t verb_count,
                       const char *const *arguments, size_t argument_count);

#endif
