/* SPDX-License-Identifier: Apache-2.0 */
/* command_line.h - what the kernel was started with (/proc/cmdline). */
#ifndef BTX_INIT_COMMAND_LINE_H
#define BTX_INIT_COMMAND_LINE_H

#include <stdbool.h>

#include "engine/base/attributes.h"

enum { BTX_ROOT_HASH_DIGITS = 64, BTX_ROOT_HASH_BYTES = BTX_ROOT_HASH_DIGITS + 1 };

/* The value of roothash= in @text, which must be there once and be 64 hexadecimal digits in lower
 * case: with two, the kernel's users would not agree on which is meant. */
BTX_MUST_USE bool btx_command_line_root_hash(const char *text,
                                             char ret_hash[static BTX_ROOT_HASH_BYTES]);

#endif
