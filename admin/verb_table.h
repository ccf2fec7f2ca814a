/* SPDX-License-Identifier: Apache-2.0 */
/* verb_table.h - the rows of verbs.def as a table, and the options that they know. */
#ifndef BTX_ADMIN_VERB_TABLE_H
#define BTX_ADMIN_VERB_TABLE_H

#include "admin/ctl_request.h"
#include "admin/options.h"
#include "admin/verbs.h"
#include "engine/base/attributes.h"

enum btx_verb_name {
#define VERB(NAME, PLACE, function, ROLE, COMMAND, OPTIONS, pattern, summary, help) BTX_VERB_##NAME,
#include "admin/verbs.def"
    BTX_VERB_COUNT,
};

/* Indexed by enum btx_verb_name. */
extern const struct btx_verb btx_verb_table[BTX_VERB_COUNT];

static inline enum btx_verb_name btx_verb_name(const struct btx_verb *verb)
{
    return (enum btx_verb_name)(verb - btx_verb_table);
}

/* Read the options behind the words of @verb into @request, whose arguments are what is left of
 * @arguments, which is reordered.  Whether they are as many as the verb takes is not asked.
 * Faults: USAGE. */
BTX_MUST_USE enum btx_fault_code btx_verb_options_parse(const struct btx_verb *verb,
                                                        const char **arguments,
                                                        size_t argument_count,
                                                        struct btx_ctl_request *request,
                                                        struct btx_fault *reterr_fault);

/* The options of @verb, a line each, on standard output. */
void btx_verb_options_print(const struct btx_verb *verb);

#endif
