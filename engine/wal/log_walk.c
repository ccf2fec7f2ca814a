/* SPDX-License-Identifier: Apache-2.0 */
/* log_walk.c - from segment to segment.
 *
 * What a segment holds that counts is settled by the header of the next one, so that is read first.
 * While a writer is at work the next one may appear at any time: then the present one, which is
 * complete from that moment, is looked at once more before it is left. */
#include "engine/wal/log_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- The folder ---- */

/* There is no wal.id.  Without segments nothing is lost: the log is not made yet, or just being
 * made by somebody. */
static enum btx_fault_code id_is_missing(struct btx_log_walk *walk, struct btx_fault *reterr_fault)
{
    struct btx_fault ignored = {0};

    if (walk->segments_fd < 0 || (btx_log_segments_list(walk->segments_fd, &walk->segments,
                                                        &walk->segment_count, &ignored) == BTX_OK &&
                                  walk->segment_count == 0))
        return reterr_fault->code;
    return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                         BTX_WAL_ID_NAME " is missing beside " BTX_WAL_SEGMENTS_NAME
                                         "/: which log this is, is lost");
}

static enum btx_fault_code open_folders(struct btx_log_walk *walk, int root_fd,
                                        struct btx_fault *reterr_fault)
{
    struct btx_fault other = {0};

    if (btx_wal_folder_open(&walk->segments_fd, root_fd, BTX_WAL_SEGMENTS_NAME, &other) != BTX_OK)
        walk->segments_fd = -1;
    if (btx_wal_id_read(root_fd, &walk->id, reterr_fault) != BTX_OK) {
        return reterr_fault->code == BTX_FAULT_CONFIG ? id_is_missing(walk, reterr_fault)
                                                      : reterr_fault->code;
    }
    if (walk->segments_fd >= 0)
        return BTX_OK;
    return btx_fault_set(reterr_fault,
                         other.code == BTX_FAULT_CONFIG ? BTX_FAULT_CORRUPT : other.code, 0, "%s",
                         other.text);
}

/* Whether the folder changed since it was listed.  The kernel stamps changes with a clock that
 * ticks: what changed within a few ticks before the look may have changed again behind it. */
static enum btx_fault_code is_folder_changed(struct btx_log_walk *walk, bool *ret_changed,
                                             struct btx_fault *reterr_fault)
{
    static const int64_t ticks_ns = 20000000;
    struct timespec now;
    struct stat status;
    int64_t age_ns;

    if (fstat(walk->segments_fd, &status) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "segments: cannot be looked at");
    (void)clock_gettime(CLOCK_REALTIME_COARSE, &now); /* It exists. */
    age_ns = (now.tv_sec - status.st_mtim.tv_sec) * INT64_C(1000000000) + now.tv_nsec -
             status.st_mtim.tv_nsec;
    *ret_changed = !walk->listing_counts || status.st_mtim.tv_sec != walk->listed_change.tv_sec ||
                   status.st_mtim.tv_nsec != walk->listed_change.tv_nsec;
    walk->listed_change = status.st_mtim;
    walk->listing_counts = age_ns >= ticks_ns || age_ns <= -ticks_ns;
    return BTX_OK;
}

/* The first segment whose number is not below @number. */
static size_t find_number(const struct btx_log_walk *walk, uint64_t number)
{
    size_t low = 0;
    size_t high = walk->segment_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (walk->segments[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* List the segments anew if the folder changed. */
static enum btx_fault_code look_at_folder(struct btx_log_walk *walk, struct btx_fault *reterr_fault)
{
    struct btx_log_segment *segments;
    size_t count;
    bool changed = false;

    if (is_folder_changed(walk, &changed, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (!changed)
        return BTX_OK;
    if (btx_log_segments_list(walk->segments_fd, &segments, &count, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    free(walk->segments);
    walk->segments = segments;
    walk->segment_count = count;
    walk->next =
        walk->present.reader != NULL ? find_number(walk, walk->present.segment.number + 1) : 0;
    return BTX_OK;
}

enum btx_fault_code btx_log_walk_open(struct btx_log_walk *walk, const char *root,
                                      const struct btx_log_options *options,
                                      struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    int root_fd;

    walk->options = *options;
    walk->limit_segment = UINT64_MAX;
    if (options->behind != NULL) {
        walk->behind = *options->behind;
        walk->seals.segment = walk->behind.segment;
        memcpy(walk->seals.hash, walk->behind.hash, sizeof walk->seals.hash);
    }
    if (btx_wal_folder_open(&root_fd, AT_FDCWD, root, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    code = open_folders(walk, root_fd, reterr_fault);
    (void)close(root_fd); /* Nothing was written by it. */
    if (code != BTX_OK)
        return btx_fault_wrap(reterr_fault, "%s", root);
    return look_at_folder(walk, reterr_fault);
}

void btx_log_walk_close(struct btx_log_walk *walk)
{
    btx_counted_segment_close(&walk->present);
    btx_counted_segment_close(&walk->ahead);
    btx_log_seals_done(&walk->seals);
    free(walk->segments);
    free(walk->damages.items);
    if (walk->segments_fd >= 0)
        (void)close(walk->segments_fd); /* Nothing was written by it. */
    *walk = (struct btx_log_walk){.segments_fd = -1};
}

/* ---- Headers ---- */

/* Tell what is wrong with the present segment as a whole. */
BTX_PRINTF(3, 4)
static enum btx_fault_code tell(struct btx_log_walk *walk, struct btx_fault *reterr_fault,
                                const char *format, ...)
{
    struct btx_wal_damage damage;
    va_list arguments;

    btx_counted_segment_damage(&walk->present, &damage);
    va_start(arguments, format);
    (void)vsnprintf(damage.why, sizeof damage.why, format, arguments); /* Cut is fine. */
    va_end(arguments);
    return btx_damage_list_add(&walk->damages, &damage, reterr_fault);
}

static bool is_usable(const struct btx_log_walk *walk, const struct btx_counted_segment *counted)
{
    return counted->header != NULL &&
           btx_wal_header_fits(counted->header, &counted->segment, &walk->id) == NULL;
}

static struct btx_segment_options options_for(const struct btx_log_walk *walk, size_t index)
{
    const bool last = index + 1 == walk->segment_count;

    return (struct btx_segment_options){
        .direct =
            walk->options.direct && (last || (walk->behind.segment != 0 &&
                                              walk->segments[index].number > walk->behind.segment)),
        .live = walk->options.live && last,
    };
}

static enum btx_fault_code open_at(struct btx_log_walk *walk, size_t index,
                                   struct btx_counted_segment *counted,
                                   struct btx_fault *reterr_fault)
{
    const struct btx_segment_options options = options_for(walk, index);

    return btx_counted_segment_open(counted, walk->segments_fd, &walk->segments[index], &options,
                                    reterr_fault);
}

static struct btx_segment_bound bound_of(const struct btx_wal_header *header, bool is_next)
{
    return (struct btx_segment_bound){
        .known = true,
        .bytes_known = is_next,
        .end = btx_wal_header_position(header),
        .bytes = header->previous_bytes,
    };
}

/* Look ahead for the header that says up to where the present segment counts: that of the next
 * one; where that has none, because nothing was ever committed to it, that of the one behind. */
static enum btx_fault_code find_bound(struct btx_log_walk *walk, struct btx_fault *reterr_fault)
{
    uint64_t number = walk->present.segment.number;
    bool going_on = !walk->present.bound.known;

    for (size_t i = walk->next; going_on && i < walk->segment_count; i++) {
        const bool is_next = i == walk->next;
        struct btx_counted_segment other = {0};
        struct btx_counted_segment *counted = is_next ? &walk->ahead : &other;

        if (walk->segments[i].number != ++number)
            break;
        if (counted->reader == NULL && open_at(walk, i, counted, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        if (is_usable(walk, counted) && (is_next || counted->header->previous_bytes == 0))
            walk->present.bound = bound_of(counted->header, is_next);
        going_on = counted->header == NULL;
        if (!is_next)
            btx_counted_segment_close(counted);
    }
    return BTX_OK;
}

/* ---- Seals ---- */

/* Take the seals that stand in the present segment, as @reader has them, and that were not taken
 * yet. */
static enum btx_fault_code take_seals(struct btx_log_walk *walk,
                                      const struct btx_segment_reader *reader,
                                      struct btx_fault *reterr_fault)
{
    const struct btx_wal_seal *seal;

    if (walk->present.header != NULL && !is_usable(walk, &walk->present))
        return BTX_OK; /* Whose they are is not known. */
    while ((seal = btx_segment_reader_seal(reader, walk->seals_taken)) != NULL) {
        const char *why;

        walk->seals_taken++;
        if (seal->segment <= walk->behind.segment)
            continue; /* Its reader has seen it already. */
        why = btx_log_seals_take(&walk->seals, seal, walk->present.segment.number);
        if (why != NULL && tell(walk, reterr_fault, "seal of segment %" PRIu64 ": %s",
                                seal->segment, why) != BTX_OK)
            return reterr_fault->code;
    }
    return BTX_OK;
}

/* A segment that was read while its writer had it open may have got seals since. */
static enum btx_fault_code take_late_seals(struct btx_log_walk *walk,
                                           struct btx_fault *reterr_fault)
{
    const struct btx_segment_options options = {0};
    struct btx_segment_reader *reader;
    enum btx_fault_code code;

    if (!walk->opened_live)
        return BTX_OK;
    if (btx_segment_reader_open(&reader, walk->segments_fd, walk->present.segment.name, &options,
                                reterr_fault) != BTX_OK)
        return reterr_fault->code;
    code = take_seals(walk, reader, reterr_fault);
    btx_segment_reader_close(reader);
    return code;
}

/* Begin to compute the seal of the present segment, where it can be. */
static enum btx_fault_code chain_present(struct btx_log_walk *walk, struct btx_fault *reterr_fault)
{
    const struct btx_counted_segment *present = &walk->present;
    const uint64_t number = present->segment.number;
    const uint8_t *hash = btx_log_seals_before(&walk->seals, number);
    struct btx_wal_position position = present->position;

    if (!walk->options.verify_seals || number <= walk->behind.segment || hash == NULL ||
        present->sought || (present->header != NULL && !is_usable(walk, present)))
        return BTX_OK;
    (void)btx_log_seals_end(&walk->seals, &position); /* Else what was read leads here. */
    return btx_counted_segment_chain(&walk->present, &position, hash, reterr_fault);
}

/* The present segment is read to its end: its seal is computed. */
static enum btx_fault_code unchain_present(struct btx_log_walk *walk,
                                           struct btx_fault *reterr_fault)
{
    struct btx_wal_seal seal;

    if (!walk->present.chained)
        return BTX_OK;
    btx_wal_chain_end(&walk->present.chain, walk->options.sealed_ns, &seal);
    walk->present.chained = false;
    return btx_log_seals_add(&walk->seals, &seal, reterr_fault);
}

/* ---- From one to the next ---- */

/* What is wrong with the header of the present segment. */
static enum btx_fault_code check_header(struct btx_log_walk *walk, struct btx_fault *reterr_fault)
{
    const struct btx_wal_header *header = walk->present.header;
    const char *why;

    walk->foreign = false;
    if (header == NULL)
        return BTX_OK; /* It is damage if something is there. */
    why = btx_wal_header_fits(header, &walk->present.segment, &walk->id);
    walk->foreign = !btx_wal_header_is_of(header, &walk->id);
    if (why == NULL && header->epoch < walk->epoch)
        why = "header: its epoch is less than that of the segment before";
    if (!walk->foreign)
        walk->epoch = header->epoch;
    return why == NULL ? BTX_OK : tell(walk, reterr_fault, "%s", why);
}

/* Begin with the present segment, which is open and of index walk->next. */
static enum btx_fault_code enter(struct btx_log_walk *walk, const struct btx_wal_position *position,
                                 enum btx_segment_anchor anchor, struct btx_fault *reterr_fault)
{
    walk->opened_live = options_for(walk, walk->next).live;
    walk->next++;
    walk->held = false;
    walk->drained = false;
    walk->seals_taken = 0;
    btx_counted_segment_begin(&walk->present, position, anchor, &walk->damages);
    walk->present.all_damage = walk->options.all_damage;
    if (check_header(walk, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (walk->foreign)
        return BTX_OK;
    if (take_seals(walk, walk->present.reader, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    return find_bound(walk, reterr_fault);
}

/* The first segment to be read: the last one that can hold the event that is asked for. */
static enum btx_segment_step enter_first(struct btx_log_walk *walk, struct btx_fault *reterr_fault)
{
    const uint64_t seq = walk->options.from_seq;
    struct btx_wal_position position = {0};
    enum btx_segment_anchor anchor = BTX_ANCHOR_EXACT;

    if (walk->options.live && look_at_folder(walk, reterr_fault) != BTX_OK)
        return BTX_SEGMENT_FAULT;
    if (walk->segment_count == 0)
        return BTX_SEGMENT_END;
    while (walk->next + 1 < walk->segment_count && seq > 1 &&
           walk->segments[walk->next + 1].first_seq <= seq)
        walk->next++;
    if (open_at(walk, walk->next, &walk->present, reterr_fault) != BTX_OK)
        return BTX_SEGMENT_FAULT;
    if (walk->present.segment.number != 1) {
        anchor = is_usable(walk, &walk->present) ? BTX_ANCHOR_CLAIM : BTX_ANCHOR_LEAST;
        if (anchor == BTX_ANCHOR_CLAIM)
            position = btx_wal_header_position(walk->present.header);
    }
    walk->origin = position;
    walk->seals.begin = walk->present.segment.number;
    if (enter(walk, &position, anchor, reterr_fault) != BTX_OK)
        return BTX_SEGMENT_FAULT;
    if (is_usable(walk, &walk->present) && seq > walk->present.segment.first_seq &&
        btx_counted_segment_seek(&walk->present, seq, reterr_fault) != BTX_OK)
        return BTX_SEGMENT_FAULT;
    return chain_present(walk, reterr_fault) == BTX_OK ? BTX_SEGMENT_BATCH : BTX_SEGMENT_FAULT;
}

/* How the position before segments[next], which is ahead, is known. */
static enum btx_segment_anchor anchor_ahead(const struct btx_log_walk *walk,
                                            struct btx_wal_position *ret_position)
{
    const struct btx_counted_segment *present = &walk->present;
    const bool is_next = walk->ahead.segment.number == present->segment.number + 1;

    *ret_position = present->position;
    if (is_next && !walk->foreign && btx_counted_segment_whole(present))
        return present->command_known ? BTX_ANCHOR_EXACT : BTX_ANCHOR_CLAIM;
    if (is_usable(walk, &walk->ahead)) {
        *ret_position = btx_wal_header_position(walk->ahead.header);
        return BTX_ANCHOR_CLAIM;
    }
    return BTX_ANCHOR_LEAST;
}

static enum btx_fault_code tell_missing(struct btx_log_walk *walk, uint64_t number_before,
                                        const struct btx_wal_position *before,
                                        struct btx_fault *reterr_fault)
{
    const uint64_t first = number_before + 1;
    const uint64_t last = walk->present.segment.number - 1;
    const struct btx_wal_header *header = walk->present.header;

    if (first > last)
        return BTX_OK;
    if (!is_usable(walk, &walk->present))
        return tell(walk, reterr_fault,
                    "segments %" PRIu64 " to %" PRIu64 " are missing before this one", first, last);
    return tell(walk, reterr_fault,
                "segments %" PRIu64 " to %" PRIu64 " are missing before this one: batches %" PRIu64
                " to %" PRIu64 ", events %" PRIu64 " to %" PRIu64,
                first, last, before->batch + 1, header->first_batch - 1, before->seq + 1,
                header->first_seq - 1);
}

/* Go to segments[next]. */
static enum btx_fault_code advance(struct btx_log_walk *walk, struct btx_fault *reterr_fault)
{
    const uint64_t number = walk->present.segment.number;
    const struct btx_wal_position end = walk->present.position;
    struct btx_wal_position position;
    enum btx_segment_anchor anchor;

    if (unchain_present(walk, reterr_fault) != BTX_OK ||
        take_late_seals(walk, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (walk->ahead.reader == NULL &&
        open_at(walk, walk->next, &walk->ahead, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    anchor = anchor_ahead(walk, &position);
    btx_counted_segment_close(&walk->present);
    walk->present = walk->ahead;
    walk->ahead = (struct btx_counted_segment){0};
    if (tell_missing(walk, number, &end, reterr_fault) != BTX_OK ||
        enter(walk, &position, anchor, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    return chain_present(walk, reterr_fault);
}

/* The present segment has no more.  END: neither has the log; BATCH: look again. */
static enum btx_segment_step end_of_present(struct btx_log_walk *walk,
                                            struct btx_fault *reterr_fault)
{
    if (walk->options.live && walk->next == walk->segment_count &&
        look_at_folder(walk, reterr_fault) != BTX_OK)
        return BTX_SEGMENT_FAULT;
    if (walk->next == walk->segment_count) {
        if (walk->options.live)
            return BTX_SEGMENT_END;
        return unchain_present(walk, reterr_fault) == BTX_OK ? BTX_SEGMENT_END : BTX_SEGMENT_FAULT;
    }
    if (walk->opened_live && !walk->drained && !walk->foreign) {
        walk->drained = true;
        return find_bound(walk, reterr_fault) == BTX_OK ? BTX_SEGMENT_BATCH : BTX_SEGMENT_FAULT;
    }
    walk->held = walk->present.segment.number >= walk->limit_segment;
    if (walk->held)
        return unchain_present(walk, reterr_fault) == BTX_OK ? BTX_SEGMENT_END : BTX_SEGMENT_FAULT;
    return advance(walk, reterr_fault) == BTX_OK ? BTX_SEGMENT_BATCH : BTX_SEGMENT_FAULT;
}

static bool has_damage(const struct btx_log_walk *walk)
{
    return walk->damages.taken != walk->damages.count;
}

enum btx_segment_step btx_log_walk_next(struct btx_log_walk *walk, struct btx_wal_batch *ret_batch,
                                        struct btx_fault *reterr_fault)
{
    enum btx_segment_step step = BTX_SEGMENT_BATCH;

    if (has_damage(walk))
        return BTX_SEGMENT_DAMAGE;
    if (walk->present.reader == NULL) {
        step = enter_first(walk, reterr_fault);
        if (step != BTX_SEGMENT_BATCH)
            return step;
    }
    do {
        if (has_damage(walk))
            return BTX_SEGMENT_DAMAGE;
        step = walk->foreign || walk->held
                   ? BTX_SEGMENT_END
                   : btx_counted_segment_next(&walk->present, ret_batch, reterr_fault);
        if (step != BTX_SEGMENT_END)
            return step;
        step = end_of_present(walk, reterr_fault);
    } while (step == BTX_SEGMENT_BATCH);
    return step;
}
