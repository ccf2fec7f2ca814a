/* SPDX-License-Identifier: Apache-2.0 */
/* log_end.c - the end of a log: what counts, what is cut, and what nobody may cut.
 *
 *   1. The headers and seals of all segments must hang together.
 *   2. What no seal stands for yet is read, from the last event that one stands for.
 *   3. Damage with nothing intact behind it, in the last segment that anything was committed to,
 *      is a torn end: a commit that never was.  Everything else was once acknowledged, and only a
 *      person can decide what becomes of it. */
#include "engine/wal/log_end.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/wal/counted_segment.h"
#include "engine/wal/log_links.h"
#include "engine/wal/log_reader.h"

/* What the headers say of a segment. */
struct segment_link {
    bool has_header;
    struct btx_wal_position position; /* before it */
    uint64_t previous_bytes;
};

struct end_search {
    struct btx_log_end *end;
    const char *root;
    uint64_t now_ns;
    bool direct;
    struct btx_log_reader *folder;          /* only for what is in it */
    const struct btx_log_segment *segments; /* its */
    size_t segment_count;
    struct segment_link *links; /* one for each */
    int segments_fd;
    bool is_sealed;
    struct btx_wal_seal sealed; /* the last seal that stands in the log */
    struct btx_log_seals seals;
    uint64_t records_behind; /* intact ones behind the first damage */
};

/* The fault for damage that is no torn end. */
BTX_PRINTF(3, 4)
static enum btx_fault_code corrupt(const struct end_search *search, struct btx_fault *reterr_fault,
                                   const char *format, ...)
{
    char text[BTX_FAULT_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments); /* Cut is fine. */
    va_end(arguments);
    return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                         "%s; nothing was changed, look with: betex-wal verify %s", text,
                         search->root);
}

/* ---- 1. Headers and seals ---- */

static bool is_same_place(const struct btx_wal_position *left, const struct btx_wal_position *right)
{
    return left->seq == right->seq && left->tx == right->tx && left->batch == right->batch;
}

/* NULL, or how @seal contradicts the headers on both sides of what it stands for. */
static const char *check_seal_links(const struct end_search *search,
                                    const struct btx_wal_seal *seal)
{
    const uint64_t first_number = search->segments[0].number;
    const struct btx_wal_position end = {
        .seq = seal->last_seq,
        .tx = seal->last_tx,
        .batch = seal->first_batch + seal->batch_count - 1,
    };
    const struct segment_link *next;

    if (seal->segment + 1 < first_number)
        return NULL; /* Of what is no longer here. */
    next = &search->links[seal->segment + 1 - first_number];
    if (next->has_header &&
        (!is_same_place(&next->position, &end) || next->previous_bytes != seal->bytes))
        return "it does not end where the next segment begins";
    if (seal->segment < first_number)
        return NULL;
    if (!next[-1].has_header)
        return seal->batch_count == 0 ? NULL : "that segment has no header that can be read";
    if (seal->first_seq != next[-1].position.seq + 1 ||
        seal->first_batch != next[-1].position.batch + 1)
        return "it does not begin where that segment does";
    return NULL;
}

static enum btx_fault_code check_seal(struct end_search *search, size_t holder,
                                      const struct btx_wal_seal *seal,
                                      struct btx_fault *reterr_fault)
{
    const struct btx_log_segment *segment = &search->segments[holder];
    const char *why = btx_log_seals_take(&search->seals, seal, segment->number);

    if (why == NULL)
        why = check_seal_links(search, seal);
    search->is_sealed = true;
    search->sealed = *seal;
    return why == NULL
               ? BTX_OK
               : corrupt(search, reterr_fault, "segments/%s: seal of segment %" PRIu64 ": %s",
                         segment->name, seal->segment, why);
}

static enum btx_fault_code check_header(struct end_search *search, size_t index,
                                        const struct btx_wal_header *header,
                                        struct btx_fault *reterr_fault)
{
    const struct btx_log_segment *segment = &search->segments[index];
    const char *why;

    if (btx_wal_header_known(header, reterr_fault) != BTX_OK)
        return btx_fault_wrap(reterr_fault, "segments/%s", segment->name);
    why = btx_wal_header_fits(header, segment, btx_log_reader_id(search->folder));
    if (why == NULL && header->epoch < search->end->epoch)
        why = "header: its epoch is less than that of a segment before";
    if (why != NULL)
        return corrupt(search, reterr_fault, "segments/%s: %s", segment->name, why);
    search->end->epoch = header->epoch;
    search->links[index] = (struct segment_link){
        .has_header = true,
        .position = btx_wal_header_position(header),
        .previous_bytes = header->previous_bytes,
    };
    return BTX_OK;
}

/* What stands in segment number @index, its records aside. */
static enum btx_fault_code check_segment(struct end_search *search, size_t index,
                                         const struct btx_segment_reader *reader,
                                         struct btx_fault *reterr_fault)
{
    const struct btx_wal_header *header = btx_segment_reader_header(reader);
    const struct btx_wal_seal *seal;

    /* Reading it tells whether it is damage that there is none. */
    if (header != NULL && check_header(search, index, header, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    for (size_t i = 0; (seal = btx_segment_reader_seal(reader, i)) != NULL; i++) {
        if (check_seal(search, index, seal, reterr_fault) != BTX_OK)
            return reterr_fault->code;
    }
    return BTX_OK;
}

static enum btx_fault_code check_all_segments(struct end_search *search,
                                              struct btx_fault *reterr_fault)
{
    static const struct btx_segment_options options = {0};
    struct btx_segment_reader *reader;
    enum btx_fault_code code;

    for (size_t i = 0; i < search->segment_count; i++) {
        const struct btx_log_segment *segment = &search->segments[i];

        if (i != 0 && segment->number != segment[-1].number + 1)
            return corrupt(search, reterr_fault,
                           "segments/%s: segments %" PRIu64 " to %" PRIu64 " are missing before it",
                           segment->name, segment[-1].number + 1, segment->number - 1);
        if (btx_segment_reader_open(&reader, search->segments_fd, segment->name, &options,
                                    reterr_fault) != BTX_OK)
            return reterr_fault->code;
        code = check_segment(search, i, reader, reterr_fault);
        btx_segment_reader_close(reader);
        if (code != BTX_OK)
            return code;
    }
    return BTX_OK;
}

/* ---- 2. What no seal stands for ---- */

/* The first damage: what stands before it is kept. */
static void meet_damage(struct end_search *search, struct btx_log_reader *reader)
{
    if (search->end->cut)
        return;
    search->end->cut = true;
    search->end->cut_where = *btx_log_reader_damage(reader);
    btx_log_reader_position(reader, &search->end->position);
}

static enum btx_fault_code read_records(struct end_search *search, struct btx_log_reader *reader,
                                        struct btx_fault *reterr_fault)
{
    const struct btx_record *record;

    for (;;) {
        switch (btx_log_reader_next(reader, &record, reterr_fault)) {
        case BTX_LOG_RECORD:
            search->records_behind += search->end->cut;
            break;
        case BTX_LOG_DAMAGE:
            meet_damage(search, reader);
            break;
        case BTX_LOG_END:
            if (!search->end->cut)
                btx_log_reader_position(reader, &search->end->position);
            return BTX_OK;
        case BTX_LOG_FAULT:
            return reterr_fault->code;
        }
    }
}

/* Keep the seals that were computed: one for each segment behind the last that is sealed. */
static enum btx_fault_code keep_seals(struct end_search *search,
                                      const struct btx_log_reader *reader,
                                      struct btx_fault *reterr_fault)
{
    const struct btx_log_segment *last = &search->segments[search->segment_count - 1];
    const uint64_t before =
        search->is_sealed ? search->sealed.segment : search->segments[0].number - 1;
    struct btx_log_end *end = search->end;
    const struct btx_wal_seal *seals = btx_log_reader_unsealed(reader, &end->seal_count);

    if (end->seal_count != last->number - before) {
        end->seal_count = 0;
        return corrupt(search, reterr_fault, "segments/%s: no seal says which segment it stands on",
                       search->segments[0].name);
    }
    end->seals = calloc(end->seal_count, sizeof *seals);
    if (end->seals == NULL) {
        end->seal_count = 0;
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "seals at the end of the log");
    }
    memcpy(end->seals, seals, end->seal_count * sizeof *seals);
    memcpy(end->chain, seals[end->seal_count - 1].hash, sizeof end->chain);
    end->segment = last->number;
    end->segment_bytes = seals[end->seal_count - 1].bytes;
    return BTX_OK;
}

static enum btx_fault_code read_unsealed(struct end_search *search, struct btx_fault *reterr_fault)
{
    const struct btx_log_options options = {
        .from_seq = search->is_sealed ? search->sealed.last_seq : 0,
        .direct = search->direct,
        .verify_seals = true,
        .sealed_ns = search->now_ns,
        .behind = search->is_sealed ? &search->sealed : NULL,
    };
    struct btx_log_reader *reader;
    enum btx_fault_code code = btx_log_reader_open(&reader, search->root, &options, reterr_fault);

    if (code == BTX_OK)
        code = read_records(search, reader, reterr_fault);
    if (code == BTX_OK)
        code = keep_seals(search, reader, reterr_fault);
    btx_log_reader_close(reader);
    return code;
}

/* ---- 3. Torn or damaged ---- */

/* What the file says of itself.  *ret_heads: of the entries, header and seals that are right. */
static enum btx_fault_code read_claims(const struct end_search *search, const char *name,
                                       struct btx_segment_claims *ret_claims, uint64_t *ret_heads,
                                       struct btx_fault *reterr_fault)
{
    static const struct btx_segment_options options = {0};
    struct btx_segment_reader *reader;

    if (btx_segment_reader_open(&reader, search->segments_fd, name, &options, reterr_fault) !=
        BTX_OK)
        return reterr_fault->code;
    btx_segment_reader_claims(reader, ret_claims);
    *ret_heads = 1;
    while (btx_segment_reader_seal(reader, *ret_heads - 1) != NULL)
        ++*ret_heads;
    btx_segment_reader_close(reader);
    return BTX_OK;
}

/* The last segment that anything was committed to; what lies behind it is empty files. */
static uint64_t last_committed(const struct end_search *search)
{
    size_t index = search->segment_count - 1;

    while (index != 0 && !search->links[index].has_header)
        index--;
    return search->segments[index].number;
}

/* How many batches the segment of number @number counts, as far as it was read. */
static uint64_t batches_counted(const struct btx_log_end *end, uint64_t number)
{
    for (size_t i = 0; i < end->seal_count; i++) {
        if (end->seals[i].segment == number)
            return end->seals[i].batch_count;
    }
    return 0;
}

static enum btx_fault_code judge_damage(struct end_search *search, struct btx_fault *reterr_fault)
{
    struct btx_log_end *end = search->end;
    struct btx_segment_claims claims;
    struct btx_log_segment damaged;
    uint64_t entries = 0;
    char text[BTX_FAULT_TEXT_BYTES];

    CHECK(btx_log_segment_parse(end->cut_where.segment, &damaged));
    if (read_claims(search, damaged.name, &claims, &entries, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    btx_wal_damage_print(&end->cut_where, text, sizeof text);
    if (damaged.number < last_committed(search))
        return corrupt(search, reterr_fault, "%s; later segments stand on it", text);
    if (search->records_behind != 0 && !claims.truncated)
        return corrupt(search, reterr_fault,
                       "%s; not a torn end, since %" PRIu64 " intact records lie behind it", text,
                       search->records_behind);
    entries += batches_counted(end, damaged.number);
    end->cut_batches = claims.entries > entries ? claims.entries - entries : 0;
    return BTX_OK;
}

static enum btx_fault_code find(struct end_search *search, struct btx_fault *reterr_fault)
{
    struct btx_segment_claims claims;
    uint64_t heads = 0;

    search->links = calloc(search->segment_count, sizeof *search->links);
    if (search->links == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "links of %zu segments",
                             search->segment_count);
    if (check_all_segments(search, reterr_fault) != BTX_OK ||
        read_unsealed(search, reterr_fault) != BTX_OK ||
        (search->end->cut && judge_damage(search, reterr_fault) != BTX_OK) ||
        read_claims(search, search->segments[search->segment_count - 1].name, &claims, &heads,
                    reterr_fault) != BTX_OK)
        return reterr_fault->code;
    search->end->file_bytes = claims.used_bytes;
    return BTX_OK;
}

static enum btx_fault_code open_folder(struct end_search *search, struct btx_fault *reterr_fault)
{
    static const struct btx_log_options options = {0};
    enum btx_fault_code code;
    int root_fd;

    if (btx_log_reader_open(&search->folder, search->root, &options, reterr_fault) != BTX_OK ||
        btx_wal_folder_open(&root_fd, AT_FDCWD, search->root, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    code = btx_wal_folder_open(&search->segments_fd, root_fd, BTX_WAL_SEGMENTS_NAME, reterr_fault);
    (void)close(root_fd); /* Nothing was written by it. */
    search->segments = btx_log_reader_segments(search->folder, &search->segment_count);
    search->seals.begin = search->segment_count != 0 ? search->segments[0].number : 0;
    return code;
}

enum btx_fault_code btx_log_end_find(struct btx_log_end *ret_end, const char *root, bool direct,
                                     uint64_t now_ns, struct btx_fault *reterr_fault)
{
    struct end_search search = {
        .end = ret_end,
        .root = root,
        .now_ns = now_ns,
        .direct = direct,
        .segments_fd = -1,
    };
    enum btx_fault_code code;

    *ret_end = (struct btx_log_end){0};
    code = open_folder(&search, reterr_fault);
    if (code == BTX_OK && search.segment_count != 0)
        code = find(&search, reterr_fault);
    if (code != BTX_OK)
        btx_log_end_done(ret_end);
    btx_log_reader_close(search.folder);
    btx_log_seals_done(&search.seals);
    free(search.links);
    if (search.segments_fd >= 0)
        (void)close(search.segments_fd); /* Nothing was written by it. */
    return code;
}

void btx_log_end_done(struct btx_log_end *end)
{
    free(end->seals);
    end->seals = NULL;
    end->seal_count = 0;
}
