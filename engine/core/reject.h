/* SPDX-License-Identifier: Apache-2.0 */
/* reject.h - refusing a command, private to this folder. */
#ifndef BTX_CORE_REJECT_H
#define BTX_CORE_REJECT_H

#include "engine/core/tx.h"

/* No reason to refuse. */
#define ACCEPTABLE ((enum btx_reject)BTX_REJECT_COUNT)

/* Emit CommandRejected with those of its fields that the command carried (rules.md 8), and
 * consume its cseq or transfer.  Returns true, as a finished command does. */
bool btx_reject_command(struct run *run, enum btx_reject reason);

/* The account that the command of @run names, when it exists and @cseq (0: none) and @transfer
 * (0: none) are new to it.  Else NULL, and the command has been refused. */
struct account *btx_account_or_reject(struct run *run, uint64_t id, uint64_t cseq,
                                      uint64_t transfer);

#endif
