/* SPDX-License-Identifier: Apache-2.0 */
/* auditor_begin.c - which snapshot an auditor begins with.
 *
 * What is before it was compared by the auditor that wrote it: none is written behind a difference.
 * A snapshot is a short cut and nothing more, so that whatever is wrong with one, it is told, and
 * the one before it is tried. */
#include "engine/shadow/auditor_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine/core/view.h"
#include "engine/wal/snapshot.h"

/* Find the seal that the snapshot stands on. */
static enum btx_fault_code find_footing(const struct btx_auditor *auditor,
                                        const struct btx_wal_snapshot_header *header,
                                        struct btx_wal_seal *ret_seal,
                                        struct btx_fault *reterr_fault)
{
    const char *why;
    bool found = false;
    bool lost = false;

    if (btx_auditor_find_seal(auditor, header->segment, &found, &lost, ret_seal, reterr_fault) !=
        BTX_OK)
        return reterr_fault->code;
    why = found ? btx_snapshot_standing(header, ret_seal)
                : "the log has no seal yet of the segment that it stands on";
    if (why != NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "%s", why);
    return BTX_OK;
}

/* Whether the state that was taken up is that of the end of the segment. */
static enum btx_fault_code check_state(const struct btx_log_execution *execution,
                                       const struct btx_wal_seal *seal,
                                       struct btx_fault *reterr_fault)
{
    struct btx_core_view view;

    if (execution->state != BTX_EXECUTION_RUNNING)
        return btx_fault_set(reterr_fault, execution->code, 0, "%s", execution->why);
    btx_core_view(execution->exchange.core, &view);
    if (view.seq != seal->last_seq || view.tx != seal->last_tx)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "state: of another seq or tx");
    return BTX_OK;
}

/* Begin with the loaded @snapshot.  A fault says why not; nothing is taken up then. */
static enum btx_fault_code take_up(struct btx_auditor *auditor, const struct btx_snapshot *snapshot,
                                   struct btx_fault *reterr_fault)
{
    const struct btx_wal_snapshot_header *header = &snapshot->header;
    struct btx_core_capacity capacity;
    struct btx_wal_seal seal;

    if (find_footing(auditor, header, &seal, reterr_fault) != BTX_OK ||
        btx_auditor_capacity(auditor, header->segment, header->seq, &capacity, reterr_fault) !=
            BTX_OK)
        return reterr_fault->code;
    btx_log_execution_resume(&auditor->execution, snapshot, &capacity);
    if (check_state(&auditor->execution, &seal, reterr_fault) != BTX_OK) {
        btx_log_execution_done(&auditor->execution);
        return reterr_fault->code;
    }
    auditor->base = seal;
    auditor->seal = seal;
    auditor->done = seal.segment;
    auditor->base_seq = seal.last_seq;
    auditor->figures.seq = seal.last_seq;
    auditor->figures.snapshot_seq = header->seq;
    auditor->figures.snapshot_wall_ns = header->created_ns;
    auditor->figures.snapshot_bytes = sizeof *header + header->length_bytes;
    return BTX_OK;
}

/* Try the snapshot at @seq. */
static enum btx_fault_code try_snapshot(struct btx_auditor *auditor, uint64_t seq,
                                        struct btx_fault *reterr_fault)
{
    struct btx_snapshot snapshot = {0};
    enum btx_fault_code code;

    code = btx_snapshot_load(&snapshot, auditor->options.root, seq, reterr_fault);
    if (code == BTX_OK) {
        code = take_up(auditor, &snapshot, reterr_fault);
        btx_snapshot_unload(&snapshot);
    }
    return code;
}

/* A log whose first segments are gone begins with a snapshot. */
static enum btx_fault_code check_beginning(const struct btx_auditor *auditor,
                                           struct btx_fault *reterr_fault)
{
    const uint64_t first = auditor->segment_count == 0 ? 1 : auditor->segments[0].number;

    if (auditor->done + 1 >= first)
        return BTX_OK;
    return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                         "the log begins with segment %" PRIu64
                         ", and no snapshot that is good stands before it or behind it",
                         first);
}

enum btx_fault_code btx_auditor_begin(struct btx_auditor *auditor, struct btx_fault *reterr_fault)
{
    uint64_t *seqs;
    size_t count;

    if (btx_auditor_list(auditor, reterr_fault) != BTX_OK ||
        btx_snapshot_list(auditor->options.root, &seqs, &count, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    for (; count > 0 && auditor->done == 0; count--) {
        struct btx_fault why = {0};

        if (try_snapshot(auditor, seqs[count - 1], &why) != BTX_OK)
            btx_auditor_tell(auditor, BTX_AUDITOR_SNAPSHOT_REFUSED, seqs[count - 1], &why);
    }
    free(seqs);
    if (auditor->done == 0)
        btx_log_execution_begin(&auditor->execution, auditor->options.root, 0);
    return check_beginning(auditor, reterr_fault);
}
