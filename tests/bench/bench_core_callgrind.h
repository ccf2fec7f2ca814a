/* SPDX-License-Identifier: Apache-2.0 */
/* bench_core_callgrind.h - instructions per command, counted by valgrind: the same every time. */
#ifndef BTX_BENCH_CORE_CALLGRIND_H
#define BTX_BENCH_CORE_CALLGRIND_H

#include <stdint.h>

#include "engine/base/fault.h"

/* Run this program again under valgrind, once for each measured loop, with @arguments (ended by
 * NULL, the program's own name first) and --once, and print what it counted per command.  The
 * profile of the core stays in @directory.  Faults: IO when valgrind is not there or fails. */
BTX_MUST_USE enum btx_fault_code btx_bench_callgrind(char *const *arguments, const char *directory,
                                                     uint32_t commands,
                                                     struct btx_fault *reterr_fault);

#endif
