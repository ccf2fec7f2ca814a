/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_enter.c - the steps of a sandbox in their order, and what the log is told of it. */
#include "engine/service/sandbox.h"

enum btx_fault_code btx_sandbox_enter(const struct btx_sandbox *sandbox, const struct btx_log *log,
                                      struct btx_fault *reterr_fault)
{
    struct btx_log_line line;
    unsigned int abi;

    if (btx_sandbox_drop(&sandbox->limits, reterr_fault) != BTX_OK ||
        btx_sandbox_close_files(&sandbox->files, &abi, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    btx_log_begin(&line, log, abi == 0 ? BTX_LOG_WARNING : BTX_LOG_INFO,
                  btx_sandbox_files_sentence(abi));
    btx_log_end(&line);
    return btx_sandbox_close_calls(sandbox->profile, BTX_SANDBOX_KILL, reterr_fault);
}

void btx_sandbox_leave_out(const struct btx_log *log)
{
    struct btx_log_line line;

    btx_log_begin(&line, log, BTX_LOG_WARNING,
                  "without a sandbox, as the command line says: not for production");
    btx_log_end(&line);
}
