/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/loop/poller.h"

#include <string.h>
#include <sys/uio.h>

#include "engine/base/check.h"
#include "engine/wire/record.h"

/* How often the state of the log is looked at and told. */
#define LOOK_NS UINT64_C(100000000)

/* What goes into one commit. */
struct batch {
    size_t length_bytes;
    uint64_t seq; /* of its last event; 0 without one */
    uint64_t tx;
};

/* A padded text of the lock's record. */
static void put_padded(const struct btx_status_writer *status, uint32_t text,
                       const char padded[BTX_WAL_TEXT_BYTES])
{
    char ended[BTX_WAL_TEXT_BYTES + 1] = {0};

    memcpy(ended, padded, BTX_WAL_TEXT_BYTES);
    btx_status_put_text(status, text, ended);
}

static void tell_lock(struct btx_poller *poller)
{
    const struct btx_status_writer *status = &poller->status;
    const struct btx_wal_lock_record *lock = btx_wal_writer_lock(poller->options.writer);

    btx_status_set(status, BTX_STATUS_LOCK, BTX_STATUS_LOCK_HELD);
    btx_status_set(status, BTX_STATUS_LOCK_PID, (uint64_t)lock->pid);
    btx_status_set(status, BTX_STATUS_LOCK_EPOCH, lock->epoch);
    btx_status_set(status, BTX_STATUS_LOCK_START, lock->since_ns);
    put_padded(status, BTX_STATUS_TEXT_LOCK_PROGRAM, lock->program);
    put_padded(status, BTX_STATUS_TEXT_LOCK_HOST, lock->host);
}

void btx_poller_init(struct btx_poller *poller, const struct btx_poller_options *options)
{
    poller->options = *options;
    poller->mark = options->mark;
    btx_status_writer_init(&poller->status, options->status, BTX_STATUS_PART_POLLER);
    btx_status_set(&poller->status, BTX_STATUS_DURABLE_SEQ, options->mark);
    btx_status_set(&poller->status, BTX_STATUS_LOG_CLOSED, 0);
    btx_status_common(&poller->status, BTX_STATUS_COMMON_PART_STATE, BTX_STATUS_PART_RUNNING);
    btx_status_set(&poller->status, BTX_STATUS_SEGMENT_MAP,
                   options->settings->segment_map_size_bytes);
    btx_status_set(&poller->status, BTX_STATUS_LOW_SPACE, options->settings->low_space_bytes);
    btx_status_set(&poller->status, BTX_STATUS_STOP_SPACE, options->settings->stop_bytes);
    btx_status_writer_init(&poller->segments, options->status, BTX_STATUS_PART_SEGMENTS);
    btx_status_common(&poller->segments, BTX_STATUS_COMMON_PART_STATE, BTX_STATUS_PART_RUNNING);
    tell_lock(poller);
}

/* Whether a commit may end behind @record: at the end of a tx, and behind a note, which is between
 * txs. */
static bool ends_tx(const struct btx_record *record)
{
    return btx_record_kind(record) == BTX_RECORD_NOTE ||
           (btx_record_kind(record) == BTX_RECORD_EVENT &&
            (record->kind_flags & BTX_RECORD_TX_END) != 0);
}

/* Seal the records of @pending that go into one commit, and measure them.  The ring holds whole
 * txs of our own matcher: anything else is a bug. */
static void gather(uint8_t *pending, size_t pending_bytes, size_t most_bytes,
                   struct batch *ret_batch)
{
    const size_t end = pending_bytes < most_bytes ? pending_bytes : most_bytes;
    uint64_t seq = 0;
    uint64_t tx = 0;

    *ret_batch = (struct batch){0};
    for (size_t at = 0; at < end;) {
        struct btx_record *record = (struct btx_record *)(void *)(pending + at);
        const size_t length_bytes = btx_record_length_bytes(record);

        CHECK(length_bytes != 0 && at + length_bytes <= pending_bytes);
        if (at + length_bytes > end)
            break;
        if (record->crc == 0)
            btx_record_seal(record); /* A tx that did not fit the commit before may be sealed. */
        if (btx_record_kind(record) == BTX_RECORD_EVENT) {
            seq = record->seq;
            tx = record->tx;
        }
        at += length_bytes;
        if (ends_tx(record))
            *ret_batch = (struct batch){.length_bytes = at, .seq = seq, .tx = tx};
    }
    CHECK(ret_batch->length_bytes != 0);
}

static void take_latencies(struct btx_poller *poller, uint64_t now_ns)
{
    const uint64_t durable = btx_event_ring_durable(poller->options.ring);
    uint64_t began_ns;

    while (btx_latency_track_take(poller->options.track, durable, &began_ns))
        btx_status_record(&poller->status, BTX_STATUS_HISTOGRAM_DURABLE,
                          now_ns > began_ns ? now_ns - began_ns : 0);
}

/* Since the last commit more and more has waited, until now. */
static void note_high(struct btx_poller *poller)
{
    struct btx_desk *desk = poller->options.desk;
    const void *bytes;
    const uint64_t waiting_bytes = btx_event_ring_pending(poller->options.ring, &bytes);

    if (waiting_bytes > atomic_load_explicit(&desk->ring_high_bytes, memory_order_relaxed))
        atomic_store_explicit(&desk->ring_high_bytes, waiting_bytes, memory_order_relaxed);
}

static enum btx_fault_code commit(struct btx_poller *poller, uint8_t *pending, size_t pending_bytes,
                                  struct btx_fault *reterr_fault)
{
    const struct btx_status_writer *status = &poller->status;
    const struct btx_clock *clock = poller->options.clock;
    struct batch batch;
    struct iovec piece;
    uint64_t began_ns;
    uint64_t now_ns;

    gather(pending, pending_bytes, poller->options.settings->max_commit_bytes, &batch);
    piece = (struct iovec){.iov_base = pending, .iov_len = batch.length_bytes};
    began_ns = btx_clock_monotonic_ns(clock);
    if (btx_wal_writer_commit(poller->options.writer, &piece, 1, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (batch.seq != 0) {
        poller->mark = batch.seq;
        poller->durable_tx = batch.tx;
    }
    note_high(poller);
    btx_event_ring_set_durable(poller->options.ring, batch.length_bytes, poller->mark);
    now_ns = btx_clock_monotonic_ns(clock);
    poller->options.wake(poller->options.wake_context,
                         btx_event_ring_durable(poller->options.ring));
    btx_status_record(status, BTX_STATUS_HISTOGRAM_COMMIT, now_ns - began_ns);
    btx_status_add(status, BTX_STATUS_RING_DURABLE, batch.length_bytes);
    btx_status_add(status, BTX_STATUS_COMMITS, 1);
    btx_status_add(status, BTX_STATUS_COMMIT_BYTES, batch.length_bytes);
    btx_status_set(status, BTX_STATUS_COMMIT_TIME, btx_clock_wall_ns(clock));
    btx_status_set(status, BTX_STATUS_DURABLE_SEQ, poller->mark);
    btx_status_set(status, BTX_STATUS_DURABLE_TX, poller->durable_tx);
    take_latencies(poller, now_ns);
    return BTX_OK;
}

/* What operators have asked for: their notes are in what was published until now, so a rotation has
 * to wait for the commit of all that.  What is asked for meanwhile has its turn after it. */
static void hear(struct btx_poller *poller)
{
    const void *bytes;

    if (poller->rotations_wanted != poller->rotations_done)
        return;
    /* Pairs with the release in the matcher's do_request(): looked at before what is pending. */
    poller->rotations_wanted =
        atomic_load_explicit(&poller->options.desk->rotations_wanted, memory_order_acquire);
    if (poller->rotations_wanted != poller->rotations_done)
        poller->rotate_behind = btx_event_ring_durable(poller->options.ring) +
                                btx_event_ring_pending(poller->options.ring, &bytes);
}

/* Do that, and what time asks for. */
static enum btx_fault_code tend(struct btx_poller *poller, bool idle,
                                struct btx_fault *reterr_fault)
{
    struct btx_wal_rotation rotation;

    if (poller->rotations_wanted != poller->rotations_done &&
        btx_event_ring_durable(poller->options.ring) >= poller->rotate_behind) {
        poller->rotations_done = poller->rotations_wanted;
        return btx_wal_writer_rotate(poller->options.writer, &rotation, reterr_fault);
    }
    return idle ? btx_wal_writer_idle(poller->options.writer, reterr_fault) : BTX_OK;
}

static void tell_rotation(struct btx_poller *poller, const struct btx_wal_status *log)
{
    const struct btx_status_writer *status = &poller->status;

    if (log->rotations == 0)
        return;
    if (log->rotations != poller->rotations_seen)
        btx_status_set(status, BTX_STATUS_ROTATION_TIME, btx_clock_wall_ns(poller->options.clock));
    poller->rotations_seen = log->rotations;
    btx_status_set(status, BTX_STATUS_ROTATIONS, log->rotations);
    /* Grows once more when the first commit behind it has taken the next segment. */
    btx_status_set(status, BTX_STATUS_ROTATION_NS, log->rotation_ns);
    btx_status_set(status, BTX_STATUS_ROTATION_MAX, log->rotation_max_ns);
}

static void tell_segments(struct btx_poller *poller, const struct btx_wal_status *log)
{
    const struct btx_status_writer *segments = &poller->segments;

    btx_status_set(segments, BTX_STATUS_NEXT_READY, log->next_ready);
    btx_status_set(segments, BTX_STATUS_NEXT_WANTED, log->next_wanted);
    btx_status_set(segments, BTX_STATUS_SEALS, log->seals);
    if (log->seals == 0)
        return;
    btx_status_set(segments, BTX_STATUS_SEAL_TIME, log->seal_wall_ns);
    btx_status_set(segments, BTX_STATUS_SEAL_NS, log->seal_ns);
}

/* Tell how the log is; also the matcher, which takes less when there is little space. */
static void look(struct btx_poller *poller, uint64_t now_ns)
{
    const struct btx_status_writer *status = &poller->status;
    struct btx_wal_status log;

    btx_wal_writer_status(poller->options.writer, &log);
    poller->looked_ns = now_ns;
    atomic_store_explicit(&poller->options.desk->space, (uint32_t)log.space, memory_order_relaxed);
    btx_status_beat(status, now_ns);
    btx_status_set(status, BTX_STATUS_SEGMENT, log.segment);
    btx_status_put_text(status, BTX_STATUS_TEXT_SEGMENT_NAME, log.segment_name);
    btx_status_set(status, BTX_STATUS_SEGMENT_FIRST_SEQ, log.segment_first_seq);
    btx_status_set(status, BTX_STATUS_SEGMENT_EVENTS, log.segment_events);
    btx_status_set(status, BTX_STATUS_SEGMENT_BYTES, log.segment_bytes);
    btx_status_set(status, BTX_STATUS_SEGMENT_START,
                   btx_clock_wall_ns(poller->options.clock) - log.segment_age_ns);
    btx_status_set(status, BTX_STATUS_POOL_WAITS, log.pool_waits);
    btx_status_set(status, BTX_STATUS_MAP_FULL, log.map_full);
    btx_status_set(status, BTX_STATUS_SPACE, (uint64_t)log.space);
    btx_status_set(status, BTX_STATUS_SEALS_PENDING, log.seals_pending);
    btx_status_set(status, BTX_STATUS_LOCK_CHECK, log.lock_checked_ns);
    tell_rotation(poller, &log);
    tell_segments(poller, &log);
}

enum btx_poller_turn btx_poller_turn(struct btx_poller *poller, struct btx_fault *reterr_fault)
{
    /* Pairs with the release in the matcher's stop(): looked at before what is pending, so that
     * with nothing pending behind it nothing will be. */
    const bool no_more =
        atomic_load_explicit(&poller->options.desk->matcher_stopped, memory_order_acquire) != 0;
    const uint64_t now_ns = btx_clock_monotonic_ns(poller->options.clock);
    enum btx_fault_code code = BTX_OK;
    const void *bytes;
    size_t pending_bytes;

    hear(poller);
    pending_bytes = btx_event_ring_pending(poller->options.ring, &bytes);
    if (pending_bytes != 0)
        code = commit(poller, (uint8_t *)(uintptr_t)bytes, pending_bytes, reterr_fault);
    if (code == BTX_OK)
        code = tend(poller, pending_bytes == 0, reterr_fault);
    if (now_ns - poller->looked_ns >= LOOK_NS || code != BTX_OK || no_more)
        look(poller, now_ns);
    if (code != BTX_OK) {
        if (code == BTX_FAULT_LOCKED)
            btx_status_set(&poller->status, BTX_STATUS_LOCK, BTX_STATUS_LOCK_LOST);
        btx_status_add(&poller->status, BTX_STATUS_SYNC_FAILURES, 1);
        btx_status_set(&poller->status, BTX_STATUS_LOG_CLOSED, 1);
        btx_status_put_fault(&poller->status, reterr_fault,
                             btx_clock_wall_ns(poller->options.clock));
        btx_desk_wish(poller->options.desk, BTX_ENGINE_ABORT);
        return BTX_POLLER_FAILED;
    }
    if (pending_bytes != 0)
        return BTX_POLLER_WORKED;
    return no_more ? BTX_POLLER_STOPPED : BTX_POLLER_IDLE;
}
