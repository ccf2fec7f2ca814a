/* SPDX-License-Identifier: Apache-2.0 */
/* writer.c - what a commit does, in the order that makes it durable.
 *
 *   1. The segment takes the batch in one LMDB transaction: data synced, then the meta page.
 *   2. If it is the segment's first: the file gets its name, and the folder is synced.
 *   3. Only then commit returns, and the records may be shown.
 *
 * Seals of closed segments come from the helper, and go along with the next commit, or, when the
 * segment is closed before that, in a transaction of their own.  Opening a log is writer_open.c. */
#include "engine/wal/writer.h"

#include "engine/base/check.h"
#include "engine/wal/sizing.h"
#include "engine/wal/writer_parts.h"

#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum btx_fault_code fail(struct btx_wal_writer *writer, struct btx_fault *reterr_fault)
{
    writer->fault = *reterr_fault;
    return writer->fault.code;
}

static enum btx_fault_code failed_before(const struct btx_wal_writer *writer,
                                         struct btx_fault *reterr_fault)
{
    *reterr_fault = writer->fault;
    return writer->fault.code;
}

/* --- What a batch holds ------------------------------------------------------------------ */

/* One record on from @position; CHECKs what a bug of the caller would make durable. */
static void count_record(struct btx_wal_position *position, const struct btx_record *record)
{
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        CHECK(record->seq == position->seq + 1 && record->tx == position->tx + 1);
        CHECK(!position->in_command);
        break;
    case BTX_RECORD_EVENT:
        CHECK(record->seq == position->seq + 1);
        position->seq = record->seq;
        position->tx = record->tx;
        position->in_command = (record->kind_flags & BTX_RECORD_COMMAND_END) == 0;
        position->time_ns = record->time_ns;
        break;
    case BTX_RECORD_NOTE:
        CHECK(record->seq == position->seq && record->tx == position->tx);
        break;
    }
}

/* Where @pieces lead from the writer's position; *ret_bytes is their length.  Records may lie
 * across pieces, their headers do not: pieces are whole units. */
static struct btx_wal_position measure(const struct btx_wal_writer *writer,
                                       const struct iovec *pieces, size_t piece_count,
                                       size_t *ret_bytes)
{
    struct btx_wal_position position = writer->position;
    size_t offset_bytes = 0; /* of the next record, in the present piece */
    size_t bytes = 0;

    for (size_t i = 0; i < piece_count; i++) {
        const uint8_t *base = pieces[i].iov_base;
        const size_t length_bytes = pieces[i].iov_len;

        CHECK(length_bytes % BTX_RECORD_UNIT_BYTES == 0);
        for (; offset_bytes < length_bytes;) {
            const struct btx_record *record = (const struct btx_record *)(base + offset_bytes);

            CHECK(record->length_units != 0);
            count_record(&position, record);
            offset_bytes += btx_record_length_bytes(record);
        }
        offset_bytes -= length_bytes;
        bytes += length_bytes;
    }
    CHECK(offset_bytes == 0 && bytes != 0);
    CHECK(bytes <= writer->options.settings.max_commit_bytes);
    position.batch++;
    *ret_bytes = bytes;
    return position;
}

/* --- Segments ---------------------------------------------------------------------------- */

/* Take the seals of earlier segments that the helper has ready. */
static enum btx_fault_code take_seals(struct btx_wal_writer *writer, struct btx_fault *reterr_fault)
{
    struct btx_wal_seal seal;
    bool there = true;

    while (there) {
        if (btx_segment_pool_seal_poll(writer->pool, &there, &seal, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        if (there) {
            btx_wal_writer_add_seal(writer, &seal);
            writer->seals_due--;
        }
    }
    return BTX_OK;
}

/* Wait until the helper has no more than @due segments to seal. */
static enum btx_fault_code await_seals(struct btx_wal_writer *writer, uint64_t due,
                                       struct btx_fault *reterr_fault)
{
    struct btx_wal_seal seal;

    while (writer->seals_due > due) {
        if (btx_segment_pool_seal_wait(writer->pool, &seal, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        btx_wal_writer_add_seal(writer, &seal);
        writer->seals_due--;
    }
    return BTX_OK;
}

static void begin_header(struct btx_wal_writer *writer)
{
    struct btx_wal_header *header = &writer->header;
    struct btx_log_segment segment;

    btx_log_segment_name(&segment, writer->position.seq + 1, writer->segment + 1);
    memcpy(writer->segment_name, segment.name, sizeof writer->segment_name);
    memset(header, 0, sizeof *header);
    memcpy(header->magic, BTX_WAL_HEADER_MAGIC, sizeof header->magic);
    header->format = BTX_WAL_FORMAT;
    memcpy(header->uuid, writer->id.uuid, sizeof header->uuid);
    header->segment = writer->segment + 1;
    header->epoch = writer->epoch;
    header->created_ns = btx_clock_wall_ns(writer->options.clock);
    header->first_seq = writer->position.seq + 1;
    header->first_tx = writer->position.tx + 1;
    header->first_batch = writer->position.batch + 1;
    header->previous_bytes = writer->segment_bytes;
    memcpy(header->host, writer->host, sizeof header->host);
    btx_wal_header_seal(header);
}

/* What the rotation that goes on has taken so far. */
static void rotation_took(struct btx_wal_writer *writer, uint64_t ns)
{
    writer->rotation_ns = ns;
    if (ns > writer->rotation_max_ns)
        writer->rotation_max_ns = ns;
}

/* A next segment, under its temporary name until its first commit. */
static enum btx_fault_code begin_segment(struct btx_wal_writer *writer,
                                         struct btx_fault *reterr_fault)
{
    const uint64_t began_ns = btx_clock_monotonic_ns(writer->options.clock);
    bool waited;

    if (btx_writer_lock_check(&writer->lock, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    writer->lock_checked_ns = btx_clock_wall_ns(writer->options.clock);
    if (btx_segment_pool_take(writer->pool, &writer->file, &waited, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    writer->pool_waits += waited;
    begin_header(writer);
    writer->segment++;
    writer->segment_open = true;
    writer->segment_seq = writer->position.seq;
    writer->segment_batches = 0;
    writer->segment_bytes = 0;
    writer->segment_seals = 0;
    writer->segment_began_ns = btx_clock_monotonic_ns(writer->options.clock);
    if (writer->rotations != 0)
        rotation_took(writer, writer->rotation_ns + writer->segment_began_ns - began_ns);
    return BTX_OK;
}

static struct btx_segment_commit transaction(const struct btx_wal_writer *writer)
{
    return (struct btx_segment_commit){
        .header = writer->segment_batches == 0 ? &writer->header : NULL,
        .seals = writer->seals,
        .seal_count = writer->seal_count,
        .seals_before = writer->segment_seals,
    };
}

static void seals_are_stored(struct btx_wal_writer *writer)
{
    writer->segment_seals += writer->seal_count;
    writer->seal_count = 0;
}

/* The seals at hand, in a transaction of their own.  Room for one was kept; where more do not fit,
 * the first commit of the next segment brings them. */
static enum btx_fault_code store_seals(struct btx_wal_writer *writer,
                                       struct btx_fault *reterr_fault)
{
    const struct btx_segment_commit commit = transaction(writer);

    if (!btx_wal_commit_fits(writer->options.settings.segment_map_size_bytes,
                             writer->file.last_page, 0, writer->seal_count))
        return BTX_OK;
    switch (btx_segment_file_commit(&writer->file, &commit, reterr_fault)) {
    case BTX_SEGMENT_COMMITTED:
        seals_are_stored(writer);
        return BTX_OK;
    case BTX_SEGMENT_FULL:
        writer->map_full++;
        return BTX_OK;
    case BTX_SEGMENT_FAILED:
        return reterr_fault->code;
    }
    CHECK_UNREACHABLE();
}

/* Hand the open segment to the helper.  One that is far behind is waited for. */
static enum btx_fault_code close_segment(struct btx_wal_writer *writer,
                                         struct btx_fault *reterr_fault)
{
    const uint64_t began_ns = btx_clock_monotonic_ns(writer->options.clock);
    struct btx_segment_closed closed;

    if (take_seals(writer, reterr_fault) != BTX_OK ||
        await_seals(writer, BTX_SEGMENT_POOL_CLOSED_MAX - 1, reterr_fault) != BTX_OK ||
        (writer->seal_count != 0 && store_seals(writer, reterr_fault) != BTX_OK))
        return reterr_fault->code;
    closed.file = writer->file;
    closed.header = writer->header;
    closed.position = writer->position;
    closed.batch_count = writer->segment_batches;
    closed.bytes = writer->segment_bytes;
    btx_segment_pool_give(writer->pool, &closed);
    writer->seals_due++;
    writer->segment_open = false;
    writer->rotations++;
    rotation_took(writer, btx_clock_monotonic_ns(writer->options.clock) - began_ns);
    return BTX_OK;
}

/* --- Commit ------------------------------------------------------------------------------ */

static bool segment_is_fresh(const struct btx_wal_writer *writer)
{
    return writer->segment_open && writer->segment_batches == 0;
}

/* A segment that can take @batch_bytes. */
static enum btx_fault_code make_room(struct btx_wal_writer *writer, size_t batch_bytes,
                                     struct btx_fault *reterr_fault)
{
    if (writer->segment_open &&
        !btx_wal_commit_fits(writer->options.settings.segment_map_size_bytes,
                             writer->file.last_page, batch_bytes, writer->seal_count) &&
        close_segment(writer, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    return writer->segment_open ? BTX_OK : begin_segment(writer, reterr_fault);
}

static enum btx_fault_code commit_batch(struct btx_wal_writer *writer,
                                        struct btx_segment_commit *commit,
                                        struct btx_fault *reterr_fault)
{
    for (;;) {
        if (make_room(writer, commit->batch_bytes, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        const struct btx_segment_commit beside = transaction(writer);

        commit->header = beside.header;
        commit->seals = beside.seals;
        commit->seal_count = beside.seal_count;
        commit->seals_before = beside.seals_before;
        switch (btx_segment_file_commit(&writer->file, commit, reterr_fault)) {
        case BTX_SEGMENT_COMMITTED:
            return BTX_OK;
        case BTX_SEGMENT_FAILED:
            return reterr_fault->code;
        case BTX_SEGMENT_FULL:
            /* The arithmetic says that this cannot be.  Nothing is lost: the batch goes into the
             * next segment. */
            writer->map_full++;
            if (segment_is_fresh(writer))
                return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0,
                                     "segments/%s: a commit of %zu bytes does not fit a new "
                                     "segment, against the arithmetic",
                                     writer->file.name, commit->batch_bytes);
            if (close_segment(writer, reterr_fault) != BTX_OK)
                return reterr_fault->code;
        }
    }
}

/* The targets are looked at behind a commit: they are no caps. */
static bool target_is_reached(const struct btx_wal_writer *writer)
{
    const struct btx_wal_settings *settings = &writer->options.settings;
    uint64_t age_ns;

    if (!writer->segment_open)
        return false;
    age_ns = btx_clock_monotonic_ns(writer->options.clock) - writer->segment_began_ns;
    if (settings->max_segment_age_ns != 0 && age_ns >= settings->max_segment_age_ns)
        return true;
    return writer->position.seq - writer->segment_seq >= settings->max_segment_events &&
           age_ns >= settings->min_segment_age_ns;
}

static enum btx_fault_code commit(struct btx_wal_writer *writer, const struct iovec *pieces,
                                  size_t piece_count, struct btx_fault *reterr_fault)
{
    struct btx_segment_commit commit = {.batch = pieces, .piece_count = piece_count};
    const struct btx_wal_position behind =
        measure(writer, pieces, piece_count, &commit.batch_bytes);
    const uint64_t key[2] = {htobe64(writer->position.seq + 1), htobe64(behind.batch)};

    memcpy(&commit.key, key, sizeof commit.key);
    if (take_seals(writer, reterr_fault) != BTX_OK ||
        commit_batch(writer, &commit, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (segment_is_fresh(writer) &&
        btx_segment_file_publish(&writer->file, writer->segments_fd, writer->segment_name,
                                 reterr_fault) != BTX_OK)
        return reterr_fault->code;
    seals_are_stored(writer);
    writer->position = behind;
    writer->segment_batches++;
    writer->segment_bytes += commit.batch_bytes;
    writer->commits++;
    btx_segment_pool_progress(writer->pool, (writer->file.last_page + 1) * BTX_WAL_PAGE_BYTES);
    return BTX_OK;
}

/* What was committed is durable whatever happens here: a fault is what the next call says. */
static void rotate_if_due(struct btx_wal_writer *writer)
{
    struct btx_fault fault = {0};

    if (target_is_reached(writer) && close_segment(writer, &fault) != BTX_OK)
        (void)fail(writer, &fault);
    else
        btx_segment_pool_run(writer->pool);
}

enum btx_fault_code btx_wal_writer_commit(struct btx_wal_writer *writer, const struct iovec *pieces,
                                          size_t piece_count, struct btx_fault *reterr_fault)
{
    if (writer->fault.code != BTX_OK)
        return failed_before(writer, reterr_fault);
    if (commit(writer, pieces, piece_count, reterr_fault) != BTX_OK)
        return fail(writer, reterr_fault);
    rotate_if_due(writer);
    return BTX_OK;
}

/* --- Rotation on demand, status, end ------------------------------------------------------- */

enum btx_fault_code btx_wal_writer_rotate(struct btx_wal_writer *writer,
                                          struct btx_wal_rotation *ret_rotation,
                                          struct btx_fault *reterr_fault)
{
    const uint64_t began_ns = btx_clock_monotonic_ns(writer->options.clock);
    struct btx_log_segment next;

    if (writer->fault.code != BTX_OK)
        return failed_before(writer, reterr_fault);
    memset(ret_rotation, 0, sizeof *ret_rotation);
    if (writer->segment_open) {
        if (close_segment(writer, reterr_fault) != BTX_OK)
            return fail(writer, reterr_fault);
        memcpy(ret_rotation->closed, writer->segment_name, sizeof ret_rotation->closed);
        ret_rotation->events = writer->position.seq - writer->segment_seq;
        ret_rotation->bytes = writer->segment_bytes;
    }
    btx_log_segment_name(&next, writer->position.seq + 1, writer->segment + 1);
    memcpy(ret_rotation->opened, next.name, sizeof ret_rotation->opened);
    btx_segment_pool_run(writer->pool);
    ret_rotation->duration_ns = btx_clock_monotonic_ns(writer->options.clock) - began_ns;
    return BTX_OK;
}

enum btx_fault_code btx_wal_writer_idle(struct btx_wal_writer *writer,
                                        struct btx_fault *reterr_fault)
{
    if (writer->fault.code == BTX_OK)
        rotate_if_due(writer);
    return writer->fault.code == BTX_OK ? BTX_OK : failed_before(writer, reterr_fault);
}

static enum btx_wal_space space_of(const struct btx_wal_settings *settings, uint64_t free_bytes)
{
    if (free_bytes < settings->stop_bytes)
        return BTX_WAL_SPACE_STOP;
    return free_bytes < settings->low_space_bytes ? BTX_WAL_SPACE_LOW : BTX_WAL_SPACE_OK;
}

void btx_wal_writer_status(const struct btx_wal_writer *writer, struct btx_wal_status *ret_status)
{
    const uint64_t now_ns = btx_clock_monotonic_ns(writer->options.clock);
    const uint64_t free_bytes = btx_segment_pool_free_bytes(writer->pool);
    struct btx_segment_pool_status pool;

    btx_segment_pool_status(writer->pool, &pool);
    *ret_status = (struct btx_wal_status){
        .position = writer->position,
        .epoch = writer->epoch,
        .segment = writer->segment,
        .segment_first_seq = writer->segment_seq + 1,
        .segment_events = writer->position.seq - writer->segment_seq,
        .segment_bytes = writer->segment_bytes,
        .segment_age_ns = writer->segment_open ? now_ns - writer->segment_began_ns : 0,
        .commits = writer->commits,
        .rotations = writer->rotations,
        .rotation_ns = writer->rotation_ns,
        .rotation_max_ns = writer->rotation_max_ns,
        .lock_checked_ns =
            writer->lock_checked_ns != 0 ? writer->lock_checked_ns : writer->lock.record.since_ns,
        .next_ready = pool.ready,
        .next_wanted = pool.ready_wanted,
        .seals_pending = writer->seals_due + writer->seal_count,
        .seals = pool.seals,
        .seal_ns = pool.seal_ns,
        .seal_wall_ns = pool.seal_wall_ns,
        .map_full = writer->map_full,
        .pool_waits = writer->pool_waits,
        .free_bytes = free_bytes,
        .space = space_of(&writer->options.settings, free_bytes),
        .closed_for_good = writer->fault.code != BTX_OK,
    };
    memcpy(ret_status->segment_name, writer->segment_name, sizeof ret_status->segment_name);
}

const struct btx_log_end *btx_wal_writer_recovered(const struct btx_wal_writer *writer)
{
    return &writer->end;
}

const struct btx_wal_lock_record *btx_wal_writer_lock(const struct btx_wal_writer *writer)
{
    return &writer->lock.record;
}

const void *btx_wal_writer_memory(const struct btx_wal_writer *writer, size_t *ret_size_bytes)
{
    *ret_size_bytes = sizeof *writer;
    return writer;
}

uint64_t btx_wal_writer_epoch(const struct btx_wal_writer *writer)
{
    return writer->epoch;
}

/* Close the last segment, all seals before it stored, and wait for its own, which the next start
 * will store. */
static enum btx_fault_code finish(struct btx_wal_writer *writer, struct btx_wal_seal *ret_seal,
                                  struct btx_fault *reterr_fault)
{
    if (await_seals(writer, 0, reterr_fault) != BTX_OK ||
        (writer->segment_open && close_segment(writer, reterr_fault) != BTX_OK) ||
        await_seals(writer, 0, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (writer->seal_count != 0)
        *ret_seal = writer->seals[writer->seal_count - 1];
    return BTX_OK;
}

enum btx_fault_code btx_wal_writer_close(struct btx_wal_writer *writer,
                                         struct btx_wal_seal *ret_last_seal,
                                         struct btx_fault *reterr_fault)
{
    struct btx_wal_seal seal = {0};
    enum btx_fault_code code;

    if (writer == NULL)
        return BTX_OK;
    code = writer->fault.code;
    if (code != BTX_OK)
        (void)failed_before(writer, reterr_fault);
    else
        code = finish(writer, &seal, reterr_fault);
    if (code == BTX_OK && ret_last_seal != NULL)
        *ret_last_seal = seal;
    btx_wal_writer_free(writer);
    return code;
}
