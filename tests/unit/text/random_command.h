/* SPDX-License-Identifier: Apache-2.0 */
/* random_command.h - valid commands of every type, and other spellings of their lines, by seed. */
#ifndef BTX_TEXT_RANDOM_COMMAND_H
#define BTX_TEXT_RANDOM_COMMAND_H

#include "engine/wire/commands.h"

struct random_source {
    uint64_t state; /* the seed, to begin with */
};

/* A number below @bound, which is not 0. */
uint64_t btx_random_below(struct random_source *random, uint64_t bound);

/* A command that btx_command_check() accepts, of any type, with edge values more often than
 * chance would give them. */
void btx_random_command(struct random_source *random, union btx_command_space *space);

/* Write the members of @line, which ends in a newline, in another order, with white space and
 * escapes wherever JSON allows some, into the @size_bytes at @out; returns the length. */
size_t btx_random_spelling(struct random_source *random, const char *line, char *out,
                           size_t size_bytes);

#endif
