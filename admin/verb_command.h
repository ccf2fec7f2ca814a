/* SPDX-License-Identifier: Apache-2.0 */
/* verb_command.h - the command of the exchange that a changing verb hands in.
 *
 * Placeholders of a verb's pattern are fields of its command, and "field=value" gives any other.
 * What is written becomes the line that the text form would have, and its decoder judges it, so
 * that there is one grammar of fields and one set of sentences about them. */
#ifndef BTX_ADMIN_VERB_COMMAND_H
#define BTX_ADMIN_VERB_COMMAND_H

#include <stddef.h>

#include "admin/verbs.h"
#include "engine/text/command_text.h"

/* Build the command of @verb, which has one, from as many @arguments as it takes, in @space; its
 * time and source are 0.  NULL, or a sentence for the operator, valid until the next call with the
 * same @text.  Words may be in small letters, lists are "1,2,3", and a dash in a field's name is as
 * good as an underscore. */
BTX_MUST_USE const char *btx_verb_command_build(const struct btx_verb *verb,
                                                const char *const *arguments, size_t argument_count,
                                                struct btx_command_text *text,
                                                union btx_command_space *space);

/* Call @take for each field of the command of @verb that its pattern has no placeholder for. */
void btx_verb_command_fields(const struct btx_verb *verb,
                             void (*take)(void *context, const char *field), void *context);

#endif
