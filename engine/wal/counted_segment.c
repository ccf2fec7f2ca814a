/* SPDX-License-Identifier: Apache-2.0 */
/* counted_segment.c - what is right, what is missing, and what does not count.
 *
 * The place of every batch is known: its number follows the one before, and the bound says which
 * is the last.  So nothing can be missing unnoticed, whatever a damaged tree of pages leads to. */
#include "engine/wal/counted_segment.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"

/* ---- Damages ---- */

enum btx_fault_code btx_damage_list_add(struct btx_damage_list *list,
                                        const struct btx_wal_damage *damage,
                                        struct btx_fault *reterr_fault)
{
    if (list->taken == list->count)
        list->taken = list->count = 0;
    if (list->count == list->size) {
        const size_t size = list->size == 0 ? 4 : 2 * list->size;
        struct btx_wal_damage *items = reallocarray(list->items, size, sizeof *items);

        if (items == NULL)
            return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "a list of %zu damages", size);
        list->items = items;
        list->size = size;
    }
    list->items[list->count++] = *damage;
    return BTX_OK;
}

const struct btx_wal_damage *btx_damage_list_take(struct btx_damage_list *list)
{
    return list->taken == list->count ? NULL : &list->items[list->taken++];
}

void btx_counted_segment_damage(const struct btx_counted_segment *counted,
                                struct btx_wal_damage *ret_damage)
{
    *ret_damage = (struct btx_wal_damage){.page = BTX_WAL_NOWHERE, .batch = BTX_WAL_NOWHERE};
    memcpy(ret_damage->segment, counted->segment.name, sizeof ret_damage->segment);
}

/* What was held back matters: something that counts is wrong. */
static enum btx_fault_code tell_held(struct btx_counted_segment *counted,
                                     struct btx_fault *reterr_fault)
{
    const struct btx_wal_damage *damage;

    while ((damage = btx_damage_list_take(&counted->held)) != NULL) {
        if (btx_damage_list_add(counted->damages, damage, reterr_fault) != BTX_OK)
            return BTX_FAULT_MEMORY;
    }
    return BTX_OK;
}

/* Tell that the batch @number is wrong, behind all that led to it.  What is right from here on is
 * not behind the beginning any more, so the seal ends before it. */
BTX_PRINTF(5, 6)
static enum btx_segment_step tell(struct btx_counted_segment *counted, uint64_t number,
                                  uint64_t offset_bytes, struct btx_fault *reterr_fault,
                                  const char *format, ...)
{
    struct btx_wal_damage damage;
    va_list arguments;

    btx_counted_segment_damage(counted, &damage);
    damage.batch = number;
    damage.offset_bytes = offset_bytes;
    damage.seq = counted->position.seq + 1;
    va_start(arguments, format);
    (void)vsnprintf(damage.why, sizeof damage.why, format, arguments); /* Cut is fine. */
    va_end(arguments);
    counted->damaged = true;
    if (tell_held(counted, reterr_fault) != BTX_OK ||
        btx_damage_list_add(counted->damages, &damage, reterr_fault) != BTX_OK)
        return BTX_SEGMENT_FAULT;
    return BTX_SEGMENT_DAMAGE;
}

/* ---- Life ---- */

enum btx_fault_code btx_counted_segment_open(struct btx_counted_segment *counted, int folder_fd,
                                             const struct btx_log_segment *segment,
                                             const struct btx_segment_options *options,
                                             struct btx_fault *reterr_fault)
{
    *counted = (struct btx_counted_segment){.segment = *segment};
    if (btx_segment_reader_open(&counted->reader, folder_fd, segment->name, options,
                                reterr_fault) != BTX_OK)
        return reterr_fault->code;
    counted->header = btx_segment_reader_header(counted->reader);
    if (counted->header != NULL && btx_wal_header_known(counted->header, reterr_fault) != BTX_OK) {
        btx_counted_segment_close(counted);
        return btx_fault_wrap(reterr_fault, "segments/%s", segment->name);
    }
    return BTX_OK;
}

void btx_counted_segment_begin(struct btx_counted_segment *counted,
                               const struct btx_wal_position *position,
                               enum btx_segment_anchor anchor, struct btx_damage_list *damages)
{
    counted->position = *position;
    counted->anchored = anchor != BTX_ANCHOR_LEAST;
    counted->command_known = anchor == BTX_ANCHOR_EXACT;
    counted->damages = damages;
}

enum btx_fault_code btx_counted_segment_seek(struct btx_counted_segment *counted, uint64_t seq,
                                             struct btx_fault *reterr_fault)
{
    counted->position = (struct btx_wal_position){.seq = seq - 1};
    counted->anchored = false;
    counted->command_known = false;
    counted->sought = true;
    return btx_segment_reader_seek(counted->reader, seq, reterr_fault);
}

enum btx_fault_code btx_counted_segment_chain(struct btx_counted_segment *counted,
                                              const struct btx_wal_position *position,
                                              const uint8_t previous[BTX_WAL_HASH_BYTES],
                                              struct btx_fault *reterr_fault)
{
    const enum btx_fault_code code =
        counted->header != NULL
            ? btx_wal_chain_begin(&counted->chain, counted->header, previous, reterr_fault)
            : btx_wal_chain_begin_headless(&counted->chain, counted->segment.number, position,
                                           previous, reterr_fault);

    counted->chained = code == BTX_OK;
    return code;
}

void btx_counted_segment_close(struct btx_counted_segment *counted)
{
    btx_segment_reader_close(counted->reader);
    btx_wal_chain_done(&counted->chain);
    free(counted->held.items);
    *counted = (struct btx_counted_segment){0};
}

/* ---- Batches ---- */

/* Whether the number of bytes so far is that of all batches so far. */
static bool bytes_are_counted(const struct btx_counted_segment *counted)
{
    return counted->bound.bytes_known && !counted->sought && !counted->damaged;
}

static bool is_at_bound(const struct btx_counted_segment *counted,
                        const struct btx_wal_position *position)
{
    const struct btx_wal_position *end = &counted->bound.end;

    return position->batch == end->batch && position->seq == end->seq && position->tx == end->tx;
}

bool btx_counted_segment_whole(const struct btx_counted_segment *counted)
{
    if (!counted->anchored)
        return false;
    if (!counted->bound.known)
        return !counted->damaged;
    return is_at_bound(counted, &counted->position) &&
           (!bytes_are_counted(counted) || counted->bytes == counted->bound.bytes);
}

/* Count what of the batch is right. */
static void take(struct btx_counted_segment *counted, const struct btx_wal_batch *batch,
                 const struct btx_wal_position *position)
{
    if (position->seq != counted->position.seq)
        counted->command_known = true;
    counted->position = *position;
    counted->batches++;
    counted->bytes += batch->length_bytes;
    if (counted->chained && !counted->damaged)
        btx_wal_chain_add(&counted->chain, batch, batch->length_bytes, position);
}

/* Cut what does not count off the last batch that does. */
static void cut_at_bound(struct btx_counted_segment *counted, struct btx_wal_batch *batch)
{
    const uint64_t rest_bytes = counted->bound.bytes - counted->bytes;

    if (!counted->bound.known || !bytes_are_counted(counted) || batch->length_bytes <= rest_bytes)
        return;
    batch->length_bytes = rest_bytes;
    counted->cut = true;
}

/* Check what counts of @batch, which stands where it should; *ret_position is behind its right
 * part. */
static struct btx_wal_batch_check check_batch(struct btx_counted_segment *counted,
                                              struct btx_wal_batch *batch,
                                              struct btx_wal_position *ret_position)
{
    cut_at_bound(counted, batch);
    *ret_position = counted->position;
    if (!counted->command_known)
        ret_position->in_command = btx_wal_batch_origin(batch).in_command;
    counted->before = *ret_position;
    return btx_wal_batch_check(batch, ret_position);
}

/* The batch at hand is wrong: LMDB leaves old pages behind, in which there may be another copy.
 * BATCH: *ret_batch is a right one.  END: there is none. */
static enum btx_segment_step find_copy(struct btx_counted_segment *counted,
                                       struct btx_wal_batch *ret_batch,
                                       struct btx_wal_position *ret_position,
                                       struct btx_fault *reterr_fault)
{
    enum btx_segment_step step = btx_segment_reader_other(counted->reader, ret_batch, reterr_fault);

    if (step == BTX_SEGMENT_BATCH && check_batch(counted, ret_batch, ret_position).why != NULL)
        step = BTX_SEGMENT_END;
    return step;
}

/* A right copy was found of the batch at hand, which is wrong at @offset_bytes. */
static enum btx_fault_code hold_wrong_copy(struct btx_counted_segment *counted,
                                           uint64_t offset_bytes, const char *why,
                                           struct btx_fault *reterr_fault)
{
    struct btx_wal_damage damage;

    if (!counted->all_damage)
        return BTX_OK;
    btx_counted_segment_damage(counted, &damage);
    damage.batch = counted->batch.number;
    damage.offset_bytes = offset_bytes;
    damage.seq = counted->position.seq + 1;
    (void)snprintf(damage.why, sizeof damage.why, "%s; an older copy of the batch is right", why);
    return btx_damage_list_add(&counted->held, &damage, reterr_fault);
}

/* Hand out what is right of the batch at hand, and tell where it is wrong. */
static enum btx_segment_step keep_right_part(struct btx_counted_segment *counted,
                                             struct btx_wal_batch *ret_batch,
                                             struct btx_fault *reterr_fault)
{
    struct btx_wal_batch batch = counted->batch;
    struct btx_wal_position position;
    const struct btx_wal_batch_check check = check_batch(counted, &batch, &position);

    batch.length_bytes = check.valid_bytes;
    if (check.valid_bytes != 0)
        take(counted, &batch, &position);
    counted->lost_batch = batch.number;
    if (tell(counted, batch.number, check.offset_bytes, reterr_fault, "%s", check.why) ==
        BTX_SEGMENT_FAULT)
        return BTX_SEGMENT_FAULT;
    *ret_batch = batch;
    return check.valid_bytes != 0 ? BTX_SEGMENT_BATCH : BTX_SEGMENT_DAMAGE;
}

/* The batch stands where it should: check it, and hand out what of it is right. */
static enum btx_segment_step judge(struct btx_counted_segment *counted,
                                   struct btx_wal_batch *ret_batch, struct btx_fault *reterr_fault)
{
    struct btx_wal_batch batch = counted->batch;
    struct btx_wal_batch copy;
    struct btx_wal_position position;
    const struct btx_wal_batch_check check = check_batch(counted, &batch, &position);

    counted->has_batch = false;
    if (check.why != NULL && counted->bound.known && !bytes_are_counted(counted) &&
        is_at_bound(counted, &position)) {
        batch.length_bytes = check.valid_bytes;
        counted->cut = true; /* The rest is what recovery found wrong, and cut. */
    } else if (check.why != NULL) {
        switch (find_copy(counted, &copy, &position, reterr_fault)) {
        case BTX_SEGMENT_BATCH:
            batch = copy;
            if (hold_wrong_copy(counted, check.offset_bytes, check.why, reterr_fault) != BTX_OK)
                return BTX_SEGMENT_FAULT;
            break;
        case BTX_SEGMENT_END:
        case BTX_SEGMENT_DAMAGE:
            return keep_right_part(counted, ret_batch, reterr_fault);
        case BTX_SEGMENT_FAULT:
            return BTX_SEGMENT_FAULT;
        }
    }
    take(counted, &batch, &position);
    *ret_batch = batch;
    return BTX_SEGMENT_BATCH;
}

/* Begin anew with the batch at hand: nothing is known of what stood right before it. */
static void anchor(struct btx_counted_segment *counted)
{
    counted->position = btx_wal_batch_origin(&counted->batch);
    counted->anchored = true;
    counted->command_known = false;
}

static uint64_t last_number(const struct btx_counted_segment *counted)
{
    return counted->lost_batch > counted->position.batch ? counted->lost_batch
                                                         : counted->position.batch;
}

/* A batch that repeats others is passed over, and told once for all that follow it. */
static enum btx_segment_step repeated(struct btx_counted_segment *counted,
                                      struct btx_fault *reterr_fault)
{
    const struct btx_wal_batch *batch = &counted->batch;

    counted->has_batch = false;
    if (counted->repeat_told)
        return BTX_SEGMENT_END;
    counted->repeat_told = true;
    return tell(counted, batch->number, 0, reterr_fault,
                "key: seq %" PRIu64 " behind batch %" PRIu64 " of seq %" PRIu64, batch->seq,
                last_number(counted), counted->position.seq);
}

static enum btx_segment_step tell_missing_events(struct btx_counted_segment *counted,
                                                 struct btx_fault *reterr_fault)
{
    return tell(counted, counted->batch.number, 0, reterr_fault,
                "key: the events %" PRIu64 " to %" PRIu64 " are missing before it",
                counted->position.seq + 1, counted->batch.seq - 1);
}

/* Batches up to @last, and events before @end_seq, should be here and are not. */
static enum btx_segment_step tell_missing(struct btx_counted_segment *counted, uint64_t last,
                                          uint64_t end_seq, struct btx_fault *reterr_fault)
{
    const uint64_t first = last_number(counted) + 1;
    const uint64_t first_seq = counted->position.seq + 1;

    counted->lost_batch = last;
    if (first_seq >= end_seq)
        return tell(counted, first, 0, reterr_fault,
                    "batches %" PRIu64 " to %" PRIu64 " are missing, without events", first, last);
    return tell(counted, first, 0, reterr_fault,
                "batches %" PRIu64 " to %" PRIu64 " are missing, with the events %" PRIu64
                " to %" PRIu64,
                first, last, first_seq, end_seq - 1);
}

/* The batch is not the one that follows: say why, and begin anew with it. */
static enum btx_segment_step misplaced(struct btx_counted_segment *counted,
                                       struct btx_fault *reterr_fault)
{
    const struct btx_wal_batch *batch = &counted->batch;
    const uint64_t before = last_number(counted);
    enum btx_segment_step step = BTX_SEGMENT_END; /* Not known, or told with the batch before. */

    if (batch->number <= before || batch->seq <= counted->position.seq)
        return repeated(counted, reterr_fault);
    if (counted->anchored && batch->number > before + 1)
        step = tell_missing(counted, batch->number - 1, batch->seq, reterr_fault);
    else if (counted->anchored && counted->lost_batch == 0)
        step = tell_missing_events(counted, reterr_fault);
    anchor(counted);
    return step;
}

/* The first batch behind a seek: it holds the event that was sought, if any does. */
static enum btx_segment_step first_of_sought(struct btx_counted_segment *counted,
                                             struct btx_fault *reterr_fault)
{
    enum btx_segment_step step = BTX_SEGMENT_END;

    if (counted->batch.seq > counted->position.seq + 1)
        step = tell_missing_events(counted, reterr_fault);
    anchor(counted);
    return step;
}

/* END: neither handed out nor told anything; the caller goes on. */
static enum btx_segment_step place(struct btx_counted_segment *counted,
                                   struct btx_wal_batch *ret_batch, struct btx_fault *reterr_fault)
{
    const struct btx_wal_batch *batch = &counted->batch;

    if (counted->header == NULL && !counted->damaged) {
        counted->damaged = true; /* There is something, and its header is wrong. */
        return tell_held(counted, reterr_fault) == BTX_OK ? BTX_SEGMENT_DAMAGE : BTX_SEGMENT_FAULT;
    }
    if (counted->sought && !counted->anchored)
        return first_of_sought(counted, reterr_fault);
    if (!counted->anchored || batch->number != counted->position.batch + 1 ||
        batch->seq != counted->position.seq + 1)
        return misplaced(counted, reterr_fault);
    return judge(counted, ret_batch, reterr_fault);
}

/* ---- The end ---- */

/* Whether what was held back lies behind what counts: something was cut there.  Else the file is
 * damaged where it counts, though all batches were found. */
static bool is_held_explained(const struct btx_counted_segment *counted)
{
    struct btx_segment_claims claims;
    size_t seals = 0;

    while (btx_segment_reader_seal(counted->reader, seals) != NULL)
        seals++;
    btx_segment_reader_claims(counted->reader, &claims);
    return counted->cut || counted->batches == 0 ||
           claims.entries > 1 + seals + counted->batches; /* 1: the header. */
}

static enum btx_segment_step end_unbounded(struct btx_counted_segment *counted,
                                           struct btx_fault *reterr_fault)
{
    if (counted->held.taken == counted->held.count)
        return BTX_SEGMENT_END;
    return tell_held(counted, reterr_fault) == BTX_OK ? BTX_SEGMENT_DAMAGE : BTX_SEGMENT_FAULT;
}

static enum btx_segment_step end_bounded(struct btx_counted_segment *counted,
                                         struct btx_fault *reterr_fault)
{
    const struct btx_wal_position *end = &counted->bound.end;
    const struct btx_wal_position *position = &counted->position;

    if (btx_counted_segment_whole(counted)) {
        if (counted->all_damage && !is_held_explained(counted))
            return end_unbounded(counted, reterr_fault);
        counted->held.taken = counted->held.count;
        return BTX_SEGMENT_END;
    }
    if (counted->lost_batch >= end->batch || (counted->damaged && is_at_bound(counted, position)))
        return end_unbounded(counted, reterr_fault); /* What is missing was told. */
    if (position->batch < end->batch)
        return tell_missing(counted, end->batch, end->seq + 1, reterr_fault);
    counted->lost_batch = end->batch; /* Told once. */
    return tell(counted, end->batch, counted->bytes, reterr_fault,
                "it ends with seq %" PRIu64 ", tx %" PRIu64 ", batch %" PRIu64 ", %" PRIu64
                " bytes; the next segment says seq %" PRIu64 ", tx %" PRIu64 ", batch %" PRIu64
                ", %" PRIu64,
                position->seq, position->tx, position->batch, counted->bytes, end->seq, end->tx,
                end->batch, counted->bound.bytes);
}

static enum btx_segment_step end(struct btx_counted_segment *counted,
                                 struct btx_fault *reterr_fault)
{
    return counted->bound.known ? end_bounded(counted, reterr_fault)
                                : end_unbounded(counted, reterr_fault);
}

/* The next batch into counted->batch, unless one waits there. */
static enum btx_segment_step fetch(struct btx_counted_segment *counted,
                                   struct btx_fault *reterr_fault)
{
    struct btx_wal_damage damage;
    enum btx_segment_step step = BTX_SEGMENT_BATCH;

    while (!counted->has_batch) {
        step = btx_segment_reader_next(counted->reader, &counted->batch, &damage, reterr_fault);
        if (step == BTX_SEGMENT_DAMAGE) {
            if (btx_damage_list_add(&counted->held, &damage, reterr_fault) != BTX_OK)
                return BTX_SEGMENT_FAULT;
            continue;
        }
        if (step != BTX_SEGMENT_BATCH)
            return step;
        counted->has_batch = true;
    }
    return step;
}

enum btx_segment_step btx_counted_segment_next(struct btx_counted_segment *counted,
                                               struct btx_wal_batch *ret_batch,
                                               struct btx_fault *reterr_fault)
{
    enum btx_segment_step step;

    do {
        if (counted->bound.known && btx_counted_segment_whole(counted))
            return end(counted, reterr_fault); /* Whatever lies behind is not looked at. */
        step = fetch(counted, reterr_fault);
        if (step == BTX_SEGMENT_FAULT) {
            (void)btx_fault_wrap(reterr_fault, "segments/%s", counted->segment.name);
            return step;
        }
        if (step == BTX_SEGMENT_END ||
            (counted->bound.known && counted->batch.number > counted->bound.end.batch))
            return end(counted, reterr_fault);
        step = place(counted, ret_batch, reterr_fault);
    } while (step == BTX_SEGMENT_END);
    return step;
}
