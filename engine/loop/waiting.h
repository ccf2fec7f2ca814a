/* SPDX-License-Identifier: Apache-2.0 */
/* waiting.h - what a thread does that finds nothing to do, and that nobody wakes: the matcher,
 * whose producers are other processes and may not be relied upon.
 *
 * With a core of its own it looks again at once.  Where others want the core it gives it to them:
 * a few looks, then its turn, then sleeps that grow, so that an idle engine costs little and a busy
 * one never sleeps. */
#ifndef BTX_LOOP_WAITING_H
#define BTX_LOOP_WAITING_H

#include <stdbool.h>
#include <stdint.h>

struct btx_waiting {
    bool owns_core; /* nobody else wants the core */
    uint32_t idle;  /* turns in a row that found nothing */
};

/* Whether a thread may have a core to itself: where there are cores for the other threads of the
 * engine and for its clients besides. */
static inline bool btx_waiting_may_spin(uint64_t cores)
{
    return cores >= 4;
}

/* There was something to do. */
static inline void btx_waiting_worked(struct btx_waiting *waiting)
{
    waiting->idle = 0;
}

/* There was nothing: wait as long as it is worth, at most 200 us. */
void btx_waiting_idle(struct btx_waiting *waiting);

#endif
