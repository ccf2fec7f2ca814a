/* SPDX-License-Identifier: Apache-2.0 */
/* rules_version.h - which rules decided a command of a log, private to this folder.
 *
 * Version 1 is rules.md.  Version 2 adds rules-2.md; what version 1 decides it decides alike, but
 * markets have a version that grows, and the state has more in it. */
#ifndef BTX_CORE_RULES_VERSION_H
#define BTX_CORE_RULES_VERSION_H

#include "engine/core/state.h"

/* How a command's record says @version: the first one, which knew of no other, as 0. */
static inline uint8_t rules_written(uint32_t version)
{
    return version == 1 ? 0 : (uint8_t)version;
}

static inline uint32_t rules_of(const struct btx_command *command)
{
    return command->rules == 0 ? 1 : command->rules;
}

/* Whether @command can be the next one of a log in the state of @core: by rules not older than
 * those of the command before it, and asking for nothing that they do not know.  NULL, or a
 * sentence. */
const char *btx_rules_wrong(const struct btx_core *core, const struct btx_command *command);

/* The same for an event, which is of the rules of @core. */
const char *btx_rules_wrong_event(const struct btx_core *core, const struct btx_record *event);

#endif
