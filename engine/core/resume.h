/* SPDX-License-Identifier: Apache-2.0 */
/* resume.h - whether a pending command can go on in the present state, private to this folder.
 *
 * Live it always can.  After a log or a snapshot, whose records may be anything, it is checked
 * before step goes on with it. */
#ifndef BTX_CORE_RESUME_H
#define BTX_CORE_RESUME_H

#include "engine/core/state.h"

/* Whether a command has begun that events have not ended. */
bool btx_resume_in_work(const struct btx_core *core);

/* Whether the state is one that the pending command, at least one tx of it done, leaves. */
bool btx_resume_fits(struct btx_core *core);

#endif
