/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - work in a process of its own, so that it may be killed, crash or hang. */
#ifndef BTX_CRASH_CHILD_H
#define BTX_CRASH_CHILD_H

#include <stdbool.h>
#include <stdint.h>

/* Do @work in a forked child; its result, 0..255, is the exit status and is returned.  -N: it died
 * of signal N (SIGALRM: it took longer than @seconds_max). */
int btx_child_run(int (*work)(void *context), void *context, unsigned int seconds_max);

/* The number that the environment variable @name says, @fallback without one. */
uint64_t btx_environment_number(const char *name, uint64_t fallback);

/* Whether this is a build in which everything takes long: sanitizers, no optimisation. */
bool btx_environment_is_slow(void);

/* Whether a writer's helper thread may run beside hooks of the simulated disk: they look at what is
 * the other thread's, which does no harm, but not to who looks for races. */
bool btx_environment_has_threads(void);

#endif
