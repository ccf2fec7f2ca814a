/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - assertions that are always on: a CHECK that fails is a bug in this program.
 * Every folder uses it, the pure core too: it includes nothing of the system.  It is not for
 * refusals (values) nor for faults (fault.h): only for what cannot happen in correct code. */
#ifndef BTX_BASE_CHECK_H
#define BTX_BASE_CHECK_H

#include "engine/base/attributes.h"

/* Go on when @condition holds; else say where and what, and abort.  NDEBUG changes nothing.
 * The condition is evaluated exactly once. */
#define CHECK(condition)                                                                           \
    (BTX_LIKELY(condition) ? (void)0 : btx_check_failed(__FILE__, __LINE__, __func__, #condition))

/* The place that no correct program reaches, such as the end of a switch over all states. */
#define CHECK_UNREACHABLE() btx_check_failed(__FILE__, __LINE__, __func__, "reached")

/* Write "program: bug: file:line: function: condition" to stderr in one write and abort.
 * Only the macros call it.  Safe in a signal handler and in any thread; allocates nothing. */
BTX_NORETURN BTX_COLD void btx_check_failed(const char *file, int line, const char *function,
                                            const char *condition);

#endif
