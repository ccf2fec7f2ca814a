/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_prompt.h - betexctl alone on a terminal: a prompt with completion and history. */
#ifndef BTX_ADMIN_CTL_PROMPT_H
#define BTX_ADMIN_CTL_PROMPT_H

#include <stddef.h>

#include "engine/base/fault.h"

/* Does what stands on one line of the prompt, and reports what goes wrong itself. */
typedef void (*btx_ctl_line)(const char **arguments, size_t argument_count);

/* Read lines and have them done until the end of input, "exit" or "quit".  Faults: MEMORY, IO. */
BTX_MUST_USE enum btx_fault_code btx_ctl_prompt(btx_ctl_line take, struct btx_fault *reterr_fault);

/* What may stand next behind the @argument_count words that @arguments are, beginning with
 * @prefix: fills @ret_words (each of the table of verbs, @word_size bytes) and returns how many.
 * For completion. */
size_t btx_ctl_completions(const char *const *arguments, size_t argument_count, const char *prefix,
                           char (*ret_words)[32], size_t words_max);

#endif
