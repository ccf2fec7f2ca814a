/* SPDX-License-Identifier: Apache-2.0 */
/* auditor_snapshot.c - the state at the end of a sealed segment becomes a snapshot; old ones go.
 *
 * One that fails is told and counted, and the next is tried when it is due.  Removed is only what
 * is older than several that stand on this log, and never the one that a log whose first segments
 * are gone begins behind. */
#include "engine/shadow/auditor_parts.h"

#include <stdlib.h>

#include "engine/core/view.h"
#include "engine/wal/snapshot.h"

/* Where the core's state goes. */
struct sink {
    struct btx_snapshot_writer writer;
    const struct btx_auditor_options *options;
    uint64_t length_bytes;
    uint64_t beat_bytes; /* at which length it said last that it is alive */
};

enum { BEAT_BYTES = 1 << 20 };

static void take_bytes(void *context, const void *bytes, size_t length_bytes)
{
    struct sink *sink = context;

    btx_snapshot_add(&sink->writer, bytes, length_bytes);
    sink->length_bytes += length_bytes;
    if (sink->length_bytes - sink->beat_bytes >= BEAT_BYTES) {
        sink->beat_bytes = sink->length_bytes;
        sink->options->beat(sink->options->context);
    }
}

static enum btx_fault_code write_snapshot(struct btx_auditor *auditor, uint64_t *ret_bytes,
                                          struct btx_fault *reterr_fault)
{
    struct btx_core *core = auditor->execution.exchange.core;
    struct sink sink = {.writer = {.fd = -1, .folder_fd = -1}, .options = &auditor->options};
    struct btx_core_view view;
    enum btx_fault_code code;

    btx_core_view(core, &view);
    code =
        btx_snapshot_begin(&sink.writer, auditor->options.root, &auditor->seal, view.rules_version,
                           btx_clock_wall_ns(auditor->options.clock), reterr_fault);
    if (code == BTX_OK) {
        btx_core_save(core, take_bytes, &sink);
        auditor->options.beat(auditor->options.context);
        code = btx_snapshot_end(&sink.writer, NULL, reterr_fault);
    }
    btx_snapshot_done(&sink.writer);
    *ret_bytes = sizeof(struct btx_wal_snapshot_header) + sink.length_bytes;
    return code;
}

/* Whether the log begins behind the snapshot at @seq. */
static bool is_beginning(const struct btx_auditor *auditor, uint64_t seq)
{
    return auditor->segment_count != 0 && auditor->segments[0].number != 1 &&
           auditor->segments[0].first_seq == seq + 1;
}

/* Remove all but the newest few of those that are not newer than the one just written: of that one
 * it is known for certain that it is good. */
static void remove_old(const struct btx_auditor *auditor)
{
    struct btx_fault fault = {0};
    uint64_t kept = 0;
    uint64_t *seqs;
    size_t count;

    if (btx_snapshot_list(auditor->options.root, &seqs, &count, &fault) != BTX_OK) {
        btx_auditor_tell(auditor, BTX_AUDITOR_SNAPSHOT_LEFT, 0, &fault);
        return;
    }
    for (; count > 0; count--) {
        const uint64_t seq = seqs[count - 1];

        if (seq > auditor->figures.snapshot_seq || kept++ < BTX_AUDITOR_SNAPSHOTS_KEPT ||
            is_beginning(auditor, seq))
            continue;
        if (btx_snapshot_remove(auditor->options.root, seq, &fault) == BTX_OK)
            btx_auditor_tell(auditor, BTX_AUDITOR_SNAPSHOT_REMOVED, seq, NULL);
        else
            btx_auditor_tell(auditor, BTX_AUDITOR_SNAPSHOT_LEFT, seq, &fault);
    }
    free(seqs);
}

void btx_auditor_snapshot(struct btx_auditor *auditor)
{
    struct btx_auditor_figures *figures = &auditor->figures;
    const struct btx_clock *clock = auditor->options.clock;
    const uint64_t seq = auditor->seal.last_seq;
    const uint64_t begin_ns = btx_clock_monotonic_ns(clock);
    struct btx_fault fault = {0};
    uint64_t bytes;

    if (figures->failed || auditor->in_segment || auditor->done == 0 ||
        auditor->execution.exchange.core == NULL || seq <= figures->snapshot_seq)
        return;
    if (write_snapshot(auditor, &bytes, &fault) == BTX_OK) {
        figures->snapshots++;
        figures->snapshot_seq = seq;
        figures->snapshot_wall_ns = btx_clock_wall_ns(clock);
        figures->snapshot_took_ns = btx_clock_monotonic_ns(clock) - begin_ns;
        figures->snapshot_bytes = bytes;
        btx_auditor_tell(auditor, BTX_AUDITOR_SNAPSHOT_WRITTEN, seq, NULL);
        remove_old(auditor);
    } else {
        figures->snapshot_failures++;
        btx_auditor_tell(auditor, BTX_AUDITOR_SNAPSHOT_FAILED, seq, &fault);
    }
    auditor->snapshot_due_ns =
        btx_clock_monotonic_ns(clock) + auditor->options.snapshot_interval_ns;
}
