/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/flow/flow_ladders.h"

#include <inttypes.h>
#include <string.h>

static enum btx_fault_code read_next(struct btx_flow_ladders *ladders,
                                     struct btx_fault *reterr_fault)
{
    const uint64_t after_before = ladders->next.after;
    const char *line;
    size_t length_bytes;
    const char *why;

    ladders->left = btx_flow_text_line(&ladders->text, &line, &length_bytes);
    if (!ladders->left)
        return BTX_OK;
    why = btx_flow_ladder_parse(line, length_bytes, &ladders->next);
    if (why == NULL && ladders->next.after < after_before)
        why = "the moments are not in order";
    if (why != NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "ladder %" PRIu64 ": %s",
                             ladders->compared_count + 1, why);
    return BTX_OK;
}

enum btx_fault_code btx_flow_ladders_open(struct btx_flow_ladders *ladders, const char *path,
                                          struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    memset(ladders, 0, sizeof *ladders);
    code = btx_flow_text_open(&ladders->text, path, reterr_fault);
    return code == BTX_OK ? read_next(ladders, reterr_fault) : code;
}

enum btx_fault_code btx_flow_ladders_check(struct btx_flow_ladders *ladders,
                                           struct btx_flow_run *run, uint64_t market,
                                           struct btx_fault *reterr_fault)
{
    const uint64_t now = run->command_count;

    if (!ladders->left || ladders->next.after != now)
        return BTX_OK;
    while (ladders->left && ladders->next.after == now) {
        const char *why = btx_flow_ladder_compare(&ladders->next, run->live.core, market);
        enum btx_fault_code code;

        if (why != NULL)
            return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0, "after command %" PRIu64 ": %s",
                                 now, why);
        ladders->compared_count++;
        code = read_next(ladders, reterr_fault);
        if (code != BTX_OK)
            return code;
    }
    return btx_flow_run_checkpoint(run, NULL, reterr_fault);
}

enum btx_fault_code btx_flow_ladders_end(const struct btx_flow_ladders *ladders,
                                         struct btx_fault *reterr_fault)
{
    if (ladders->left)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                             "there is a ladder for after command %" PRIu64 ", which never came",
                             ladders->next.after);
    if (ladders->compared_count == 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "there is no ladder");
    return BTX_OK;
}

void btx_flow_ladders_close(struct btx_flow_ladders *ladders)
{
    btx_flow_text_close(&ladders->text);
    ladders->left = false;
}
