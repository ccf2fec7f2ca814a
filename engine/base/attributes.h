/* SPDX-License-Identifier: Apache-2.0 */
/* attributes.h - the compiler attributes and small macros that the tree uses.
 * Written for gcc and clang, the two compilers that must build it. */
#ifndef BTX_BASE_ATTRIBUTES_H
#define BTX_BASE_ATTRIBUTES_H

/* The result must be looked at; a result that may be ignored is cast to void with the reason. */
#define BTX_MUST_USE __attribute__((warn_unused_result))

/* Argument @format is a printf format for the arguments from @arguments on (both from 1). */
#define BTX_PRINTF(format, arguments) __attribute__((__format__(__printf__, format, arguments)))

/* The function does not come back. */
#define BTX_NORETURN __attribute__((noreturn))

/* A function of this file that is compiled into each of its callers; only where a profile says that
 * it matters. */
#define BTX_ALWAYS_INLINE __attribute__((always_inline)) static inline

/* A function that stays out of its callers, so that their usual way needs no room for it; only
 * where a profile says that it matters. */
#define BTX_NOINLINE __attribute__((noinline))

/* The function is hardly ever called: kept out of line and away from the hot pages. */
#define BTX_COLD __attribute__((cold, noinline))

/* What a condition nearly always is; only where a profile says that it matters. */
#define BTX_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define BTX_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* Elements of an array.  For a pointer it would be wrong: the compilers warn of that. */
#define BTX_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
