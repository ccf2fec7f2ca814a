/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/segment_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/wal/page_file.h"
#include "engine/wal/page_scan.h"
#include "engine/wal/page_walker.h"
#include "engine/wal/seal.h"

/* Damage of header and seals that is told one by one; a file of nothing but such is told once. */
enum { HEAD_DAMAGES_MAX = 32 };

struct btx_segment_reader {
    char name[BTX_WAL_NAME_BYTES];
    bool live;
    struct btx_page_file file;
    struct btx_page_walker walker;
    struct btx_page_buffer buffer;       /* of the batch handed out last */
    struct btx_page_buffer other_buffer; /* of another copy of it */

    /* The head: what stands in front of the batches. */
    bool has_header;
    struct btx_wal_header header;
    struct btx_wal_seal *seals;
    size_t seal_count;
    size_t seal_room;
    uint64_t head_entries;     /* in the tree */
    uint64_t head_transaction; /* of the snapshot that it was read from */

    /* Damage that is to be handed out before anything else. */
    struct btx_wal_damage damages[HEAD_DAMAGES_MAX];
    unsigned damage_count;
    unsigned damage_next;

    bool has_entry; /* entry is the next one of the tree */
    struct btx_page_entry entry;
    uint64_t expected; /* number of the next batch; 0: not known */
    bool has_begun;    /* something was read of the batches */

    /* The batch handed out last, or where one would be. */
    struct btx_page_key after;
    uint64_t next_seq;    /* behind its last event, if known (salvaging); else 0 */
    const uint8_t *bytes; /* it, in one of the buffers */
    size_t length_bytes;  /* of it; 0: it is not there */

    /* The tree is damaged: what it does not lead to is looked for in all pages. */
    bool salvaging;
    struct btx_page_scan scan;
};

/* --- Damage ----------------------------------------------------------------------------------- */

static struct btx_wal_damage damage_at(uint64_t page, uint64_t batch, const char *why)
{
    struct btx_wal_damage damage = {.page = page, .batch = batch};

    (void)snprintf(damage.why, sizeof damage.why, "%s", why);
    return damage;
}

/* Hand it out before the next batch.  The last place is for saying that there was more. */
static void damage_keep(struct btx_segment_reader *reader, struct btx_wal_damage damage)
{
    if (reader->damage_count == HEAD_DAMAGES_MAX)
        return;
    if (reader->damage_count + 1 == HEAD_DAMAGES_MAX)
        damage = damage_at(BTX_WAL_NOWHERE, BTX_WAL_NOWHERE, "head: and more damage of this kind");
    reader->damages[reader->damage_count++] = damage;
}

static enum btx_segment_step damage_give(const struct btx_segment_reader *reader,
                                         const struct btx_wal_damage *damage,
                                         struct btx_wal_damage *ret_damage)
{
    *ret_damage = *damage;
    memcpy(ret_damage->segment, reader->name, sizeof ret_damage->segment);
    return BTX_SEGMENT_DAMAGE;
}

static bool damage_kept_give(struct btx_segment_reader *reader, struct btx_wal_damage *ret_damage)
{
    if (reader->damage_next == reader->damage_count) {
        reader->damage_next = reader->damage_count = 0;
        return false;
    }
    (void)damage_give(reader, &reader->damages[reader->damage_next++], ret_damage);
    return true;
}

/* --- Salvage ---------------------------------------------------------------------------------- */

/* Behind which event the next batch is, as far as the one handed out last tells. */
static void next_seq_find(struct btx_segment_reader *reader)
{
    struct btx_page_content content;

    if (reader->length_bytes == 0)
        return;
    btx_page_content_check(reader->bytes, reader->length_bytes, &content);
    reader->next_seq = content.next_seq;
}

/* There is damage.  From now on look into the gaps; what a writer has open is left alone, since
 * its stale pages are those that it is using again. */
static void salvage_want(struct btx_segment_reader *reader)
{
    reader->expected = 0;
    if (reader->live || reader->salvaging)
        return;
    next_seq_find(reader);
    reader->salvaging = true;
}

static void batch_given(struct btx_segment_reader *reader, const struct btx_wal_batch *batch)
{
    reader->after = (struct btx_page_key){batch->seq, batch->number};
    reader->bytes = batch->bytes;
    reader->length_bytes = batch->length_bytes;
    reader->has_begun = true;
}

/* Hand out the first batch that lies in front of the tree's next one: BATCH, END or FAULT. */
static enum btx_segment_step salvage_give(struct btx_segment_reader *reader,
                                          struct btx_wal_batch *ret_batch,
                                          struct btx_fault *reterr_fault)
{
    const struct btx_page_gap gap = {
        .after = reader->after,
        .next_seq = reader->next_seq,
        .has_before = reader->has_entry,
        .before = reader->has_entry ? reader->entry.key : reader->after,
    };
    struct btx_page_found found;
    enum btx_page_step step;

    if (btx_page_scan_build(&reader->scan, &reader->file, reterr_fault) != BTX_OK)
        return BTX_SEGMENT_FAULT;
    step = btx_page_scan_next(&reader->scan, &reader->file, &gap, &reader->buffer, &found,
                              reterr_fault);
    if (step != BTX_PAGE_ENTRY)
        return step == BTX_PAGE_FAULT ? BTX_SEGMENT_FAULT : BTX_SEGMENT_END;
    *ret_batch = (struct btx_wal_batch){
        .seq = found.key.seq,
        .number = found.key.batch,
        .bytes = found.bytes,
        .length_bytes = found.length_bytes,
    };
    batch_given(reader, ret_batch);
    reader->next_seq = found.next_seq;
    if (!found.whole) {
        struct btx_wal_damage damage =
            damage_at(BTX_WAL_NOWHERE, found.key.batch, "batch: what follows in it is lost");

        damage.offset_bytes = found.length_bytes;
        damage_keep(reader, damage);
    }
    return BTX_SEGMENT_BATCH;
}

/* --- Header and seals ------------------------------------------------------------------------- */

static uint64_t leaf_page(const struct btx_segment_reader *reader)
{
    return reader->walker.levels[reader->walker.top].number;
}

static enum btx_fault_code seal_keep(struct btx_segment_reader *reader,
                                     const struct btx_page_value *value,
                                     struct btx_fault *reterr_fault)
{
    const size_t room = reader->seal_room != 0 ? 2 * reader->seal_room : 4;

    if (reader->seal_count == reader->seal_room) {
        struct btx_wal_seal *seals = reallocarray(reader->seals, room, sizeof *seals);

        if (seals == NULL)
            return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, ENOMEM, "seals of a segment");
        reader->seals = seals;
        reader->seal_room = room;
    }
    memcpy(&reader->seals[reader->seal_count++], value->bytes, sizeof *reader->seals);
    return BTX_OK;
}

static void header_keep(struct btx_segment_reader *reader, const struct btx_page_value *value)
{
    memcpy(&reader->header, value->bytes, sizeof reader->header);
    reader->has_header = true;
}

/* Take one entry of the head: the header or a seal. */
static enum btx_fault_code head_take(struct btx_segment_reader *reader,
                                     const struct btx_page_entry *entry,
                                     struct btx_fault *reterr_fault)
{
    struct btx_page_value value;
    const char *why;
    enum btx_fault_code code =
        btx_page_value_read(&reader->file, entry, &reader->buffer, &value, reterr_fault);

    reader->head_entries++;
    if (code != BTX_OK)
        return code;
    if (value.why != NULL) {
        damage_keep(reader, damage_at(entry->run_page, BTX_WAL_NOWHERE, value.why));
        return BTX_OK;
    }
    if (entry->key.batch == 0) {
        why = btx_wal_header_check(value.bytes, value.length_bytes);
        if (why == NULL)
            header_keep(reader, &value);
    } else {
        why = btx_wal_seal_check(value.bytes, value.length_bytes);
        if (why == NULL)
            return seal_keep(reader, &value, reterr_fault);
    }
    if (why != NULL)
        damage_keep(reader, damage_at(leaf_page(reader), BTX_WAL_NOWHERE, why));
    return BTX_OK;
}

/* Read header and seals, and keep what is wrong with them and with the way there. */
static enum btx_fault_code head_read(struct btx_segment_reader *reader,
                                     struct btx_fault *reterr_fault)
{
    const struct btx_page_key start = {0, 0};
    struct btx_wal_damage damage;
    enum btx_fault_code code = BTX_OK;
    bool more = true;

    reader->seal_count = 0;
    reader->head_entries = 0;
    btx_page_walker_seek(&reader->walker, &start);
    while (more && code == BTX_OK) {
        struct btx_page_entry entry;

        switch (btx_page_walker_next(&reader->walker, &entry, &damage, reterr_fault)) {
        case BTX_PAGE_ENTRY:
            more = entry.key.seq == 0;
            if (more)
                code = head_take(reader, &entry, reterr_fault);
            break;
        case BTX_PAGE_DAMAGE:
            damage_keep(reader, damage);
            break;
        case BTX_PAGE_END:
            more = false;
            break;
        case BTX_PAGE_FAULT:
            return reterr_fault->code;
        }
    }
    reader->head_transaction = reader->walker.snapshot.transaction;
    return code;
}

static bool head_has_seal(const struct btx_segment_reader *reader, uint64_t segment)
{
    for (size_t i = reader->seal_count; i > 0; i--) {
        if (reader->seals[i - 1].segment == segment)
            return true;
    }
    return false;
}

static int seal_compare(const void *a, const void *b)
{
    const struct btx_wal_seal *one = a;
    const struct btx_wal_seal *other = b;

    return (one->segment > other->segment) - (one->segment < other->segment);
}

/* Take header and seals that the tree no longer leads to from wherever they are right. */
static enum btx_fault_code head_salvage(struct btx_segment_reader *reader,
                                        struct btx_fault *reterr_fault)
{
    enum btx_page_step step = BTX_PAGE_ENTRY;
    enum btx_fault_code code = btx_page_scan_build(&reader->scan, &reader->file, reterr_fault);

    for (size_t i = 0; code == BTX_OK && step == BTX_PAGE_ENTRY; i++) {
        struct btx_page_entry entry;
        struct btx_page_value value;

        step = btx_page_scan_head(&reader->scan, &reader->file, i, &entry, reterr_fault);
        if (step == BTX_PAGE_FAULT)
            return reterr_fault->code;
        if (step == BTX_PAGE_END || entry.value_bytes != sizeof(struct btx_wal_header))
            continue;
        code = btx_page_value_read(&reader->file, &entry, &reader->buffer, &value, reterr_fault);
        if (code != BTX_OK)
            break;
        if (entry.key.batch != 0 && btx_wal_seal_check(value.bytes, value.length_bytes) == NULL &&
            !head_has_seal(reader,
                           ((const struct btx_wal_seal *)(const void *)value.bytes)->segment))
            code = seal_keep(reader, &value, reterr_fault);
        else if (entry.key.batch == 0 && !reader->has_header &&
                 btx_wal_header_check(value.bytes, value.length_bytes) == NULL)
            header_keep(reader, &value);
    }
    if (reader->seal_count > 1)
        qsort(reader->seals, reader->seal_count, sizeof *reader->seals, seal_compare);
    return code;
}

/* --- Opening ---------------------------------------------------------------------------------- */

/* Begin with the first entry behind the head. */
static void batches_begin(struct btx_segment_reader *reader)
{
    const struct btx_page_key first = {1, 0};

    btx_page_walker_seek(&reader->walker, &first);
    reader->has_entry = false;
    reader->has_begun = false;
    reader->expected = 0;
    reader->after = first;
    reader->next_seq = 0;
    reader->length_bytes = 0;
    if (!reader->has_header)
        return;
    reader->expected = reader->salvaging ? 0 : reader->header.first_batch;
    reader->after.seq = reader->header.first_seq;
    reader->after.batch = reader->header.first_batch - 1;
    reader->next_seq = reader->header.first_seq;
}

/* Whether there is a header as there should be; if not, look for it.  Where the meta pages say
 * that nothing was ever committed nothing is looked for: what is there was never acknowledged. */
static enum btx_fault_code head_judge(struct btx_segment_reader *reader,
                                      struct btx_fault *reterr_fault)
{
    const bool empty = reader->damage_count == 0 && reader->walker.snapshot.entries == 0;

    if (empty)
        damage_keep(reader, damage_at(BTX_WAL_NOWHERE, BTX_WAL_NOWHERE,
                                      "header: nothing was ever committed to the segment"));
    else if (reader->damage_count == 0 && !reader->has_header)
        damage_keep(reader, damage_at(BTX_WAL_NOWHERE, BTX_WAL_NOWHERE, "header: it is missing"));
    if (empty || reader->damage_count == 0)
        return BTX_OK;
    reader->salvaging = true;
    return head_salvage(reader, reterr_fault);
}

static enum btx_fault_code reader_begin(struct btx_segment_reader *reader,
                                        struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = btx_page_walker_init(&reader->walker, &reader->file, reterr_fault);

    if (code != BTX_OK)
        return code;
    for (unsigned i = 0; i < reader->walker.meta_damage_count; i++)
        damage_keep(reader, reader->walker.meta_damage[i]);
    code = head_read(reader, reterr_fault);
    if (code != BTX_OK)
        return code;
    if (!reader->live)
        code = head_judge(reader, reterr_fault);
    if (code != BTX_OK)
        return code;
    batches_begin(reader);
    return BTX_OK;
}

enum btx_fault_code btx_segment_reader_open(struct btx_segment_reader **ret_reader, int folder_fd,
                                            const char *name,
                                            const struct btx_segment_options *options,
                                            struct btx_fault *reterr_fault)
{
    struct btx_segment_reader *reader = calloc(1, sizeof *reader);
    enum btx_fault_code code;

    *ret_reader = NULL;
    if (reader == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, ENOMEM, "reading %s", name);
    (void)snprintf(reader->name, sizeof reader->name, "%s", name);
    reader->live = options->live;
    code = btx_page_file_open(&reader->file, folder_fd, name, options->direct, options->live,
                              reterr_fault);
    if (code == BTX_OK)
        code = reader_begin(reader, reterr_fault);
    if (code != BTX_OK) {
        btx_segment_reader_close(reader);
        return code;
    }
    *ret_reader = reader;
    return BTX_OK;
}

void btx_segment_reader_close(struct btx_segment_reader *reader)
{
    if (reader == NULL)
        return;
    btx_page_walker_done(&reader->walker);
    btx_page_file_close(&reader->file);
    btx_page_buffer_done(&reader->buffer);
    btx_page_buffer_done(&reader->other_buffer);
    btx_page_scan_done(&reader->scan);
    free(reader->seals);
    free(reader);
}

const struct btx_wal_header *btx_segment_reader_header(const struct btx_segment_reader *reader)
{
    return reader->has_header ? &reader->header : NULL;
}

const struct btx_wal_seal *btx_segment_reader_seal(const struct btx_segment_reader *reader,
                                                   size_t index)
{
    return index < reader->seal_count ? &reader->seals[index] : NULL;
}

void btx_segment_reader_claims(const struct btx_segment_reader *reader,
                               struct btx_segment_claims *ret_claims)
{
    const struct btx_page_snapshot *snapshot = &reader->walker.snapshot;

    *ret_claims = (struct btx_segment_claims){.file_bytes = reader->file.size_bytes};
    if (snapshot->last_page == 0)
        return;
    ret_claims->transaction = snapshot->transaction;
    ret_claims->entries = snapshot->entries;
    ret_claims->used_bytes = (snapshot->last_page + 1) * BTX_WAL_PAGE_BYTES;
    ret_claims->truncated = ret_claims->file_bytes < ret_claims->used_bytes;
}

/* --- Batches ---------------------------------------------------------------------------------- */

/* Read the value of the tree's entry and hand it out, or what is wrong with it: then another copy
 * may be found. */
static enum btx_segment_step entry_give(struct btx_segment_reader *reader,
                                        struct btx_wal_batch *ret_batch,
                                        struct btx_wal_damage *ret_damage,
                                        struct btx_fault *reterr_fault)
{
    const struct btx_page_entry *entry = &reader->entry;
    const bool counts_on = reader->expected != 0;
    struct btx_page_value value;
    struct btx_wal_damage damage;

    reader->length_bytes = 0;
    if (btx_page_value_read(&reader->file, entry, &reader->buffer, &value, reterr_fault) != BTX_OK)
        return BTX_SEGMENT_FAULT;
    reader->has_entry = false;
    reader->has_begun = true;
    damage = damage_at(entry->run_page, entry->key.batch, value.why != NULL ? value.why : "");
    if (value.why != NULL) {
        damage.seq = entry->key.seq;
        salvage_want(reader);
        if (counts_on)
            reader->next_seq = entry->key.seq;
        return damage_give(reader, &damage, ret_damage);
    }
    *ret_batch = (struct btx_wal_batch){
        .seq = entry->key.seq,
        .number = entry->key.batch,
        .bytes = value.bytes,
        .length_bytes = value.length_bytes,
    };
    batch_given(reader, ret_batch);
    reader->expected = reader->salvaging ? 0 : entry->key.batch + 1;
    if (value.length_bytes < entry->value_bytes) {
        damage.offset_bytes = value.length_bytes;
        (void)snprintf(damage.why, sizeof damage.why, "batch: the file ends within it");
        damage_keep(reader, damage);
        salvage_want(reader);
    }
    if (reader->salvaging)
        next_seq_find(reader);
    return BTX_SEGMENT_BATCH;
}

/* Numbers count up without a gap: a tree that leads past a batch shows. */
static enum btx_segment_step gap_give(struct btx_segment_reader *reader,
                                      struct btx_wal_damage *ret_damage)
{
    struct btx_wal_damage damage =
        damage_at(leaf_page(reader), reader->expected, "tree: it does not lead to this batch");

    salvage_want(reader);
    return damage_give(reader, &damage, ret_damage);
}

/* Whether at the end of the tree as many batches were there as the meta page says. */
static bool is_complete(const struct btx_segment_reader *reader)
{
    const uint64_t batches = reader->walker.snapshot.entries - reader->head_entries;

    return reader->expected == 0 || !reader->has_header ||
           reader->expected == reader->header.first_batch + batches;
}

/* Live: header and seals may have come with a newer snapshot.  Read them, and go on at @from. */
static enum btx_fault_code head_refresh(struct btx_segment_reader *reader,
                                        const struct btx_page_key *from,
                                        struct btx_fault *reterr_fault)
{
    const bool had_header = reader->has_header;
    const enum btx_fault_code code = head_read(reader, reterr_fault);

    btx_page_walker_seek(&reader->walker, from);
    if (!had_header && reader->has_header && !reader->has_begun)
        reader->expected = reader->header.first_batch;
    return code;
}

static bool is_head_old(const struct btx_segment_reader *reader)
{
    return reader->live && reader->head_transaction != reader->walker.snapshot.transaction;
}

/* Salvaging: whether the tree's entry does not fit behind what was handed out.  Either its events
 * were handed out, of another copy, or its number is not the next one although its seq is.  The
 * scan, which sees all entries at once, knows better what to make of it. */
static bool is_entry_odd(const struct btx_segment_reader *reader)
{
    const struct btx_page_key *key = &reader->entry.key;

    return key->seq < reader->next_seq || key->batch <= reader->after.batch ||
           (key->seq == reader->next_seq && key->batch != reader->after.batch + 1);
}

/* The tree's next entry is in reader->entry. */
static enum btx_segment_step entry_next(struct btx_segment_reader *reader, bool *ret_again,
                                        struct btx_wal_batch *ret_batch,
                                        struct btx_wal_damage *ret_damage,
                                        struct btx_fault *reterr_fault)
{
    reader->has_entry = true;
    *ret_again = !reader->has_header && is_head_old(reader);
    if (*ret_again) { /* Nobody wants a batch before the header. */
        const struct btx_page_key from = reader->entry.key;

        reader->has_entry = false;
        return head_refresh(reader, &from, reterr_fault) == BTX_OK ? BTX_SEGMENT_END
                                                                   : BTX_SEGMENT_FAULT;
    }
    if (reader->expected != 0 && reader->entry.key.batch != reader->expected)
        return gap_give(reader, ret_damage);
    if (reader->salvaging) {
        enum btx_segment_step step;

        *ret_again = is_entry_odd(reader);
        if (*ret_again) {
            reader->has_entry = false;
            return BTX_SEGMENT_END;
        }
        step = salvage_give(reader, ret_batch, reterr_fault);
        if (step != BTX_SEGMENT_END)
            return step;
    }
    return entry_give(reader, ret_batch, ret_damage, reterr_fault);
}

/* The tree is at its end.  What is read anew of the head may be of a snapshot with more batches. */
static enum btx_segment_step end_next(struct btx_segment_reader *reader, bool *ret_again,
                                      struct btx_wal_batch *ret_batch,
                                      struct btx_wal_damage *ret_damage,
                                      struct btx_fault *reterr_fault)
{
    *ret_again = is_head_old(reader);
    if (*ret_again) {
        const struct btx_page_key from = reader->walker.from;

        return head_refresh(reader, &from, reterr_fault) == BTX_OK ? BTX_SEGMENT_END
                                                                   : BTX_SEGMENT_FAULT;
    }
    if (!is_complete(reader))
        return gap_give(reader, ret_damage);
    return reader->salvaging ? salvage_give(reader, ret_batch, reterr_fault) : BTX_SEGMENT_END;
}

enum btx_segment_step btx_segment_reader_next(struct btx_segment_reader *reader,
                                              struct btx_wal_batch *ret_batch,
                                              struct btx_wal_damage *ret_damage,
                                              struct btx_fault *reterr_fault)
{
    enum btx_segment_step result = BTX_SEGMENT_END;
    bool again = true;

    while (again && result != BTX_SEGMENT_FAULT) {
        struct btx_wal_damage damage;
        enum btx_page_step step = BTX_PAGE_ENTRY;

        if (damage_kept_give(reader, ret_damage))
            return BTX_SEGMENT_DAMAGE;
        if (!reader->has_entry)
            step = btx_page_walker_next(&reader->walker, &reader->entry, &damage, reterr_fault);
        switch (step) {
        case BTX_PAGE_ENTRY:
            result = entry_next(reader, &again, ret_batch, ret_damage, reterr_fault);
            break;
        case BTX_PAGE_DAMAGE:
            reader->has_begun = true;
            salvage_want(reader);
            return damage_give(reader, &damage, ret_damage);
        case BTX_PAGE_END:
            result = end_next(reader, &again, ret_batch, ret_damage, reterr_fault);
            break;
        case BTX_PAGE_FAULT:
            return BTX_SEGMENT_FAULT;
        }
    }
    return result;
}

enum btx_fault_code btx_segment_reader_seek(struct btx_segment_reader *reader, uint64_t seq,
                                            struct btx_fault *reterr_fault)
{
    const struct btx_page_key target = {seq, UINT64_MAX};
    struct btx_page_key key = {0, 0};
    struct btx_page_key after;
    struct btx_wal_damage damage;

    if (reader->live && head_read(reader, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    switch (btx_page_walker_floor(&reader->walker, &target, &key, &damage, reterr_fault)) {
    case BTX_PAGE_FAULT:
        return reterr_fault->code;
    case BTX_PAGE_DAMAGE: /* The walk will meet and report it. */
        salvage_want(reader);
        break;
    case BTX_PAGE_ENTRY:
    case BTX_PAGE_END:
        break;
    }
    batches_begin(reader);
    if (reader->salvaging) {
        if (btx_page_scan_build(&reader->scan, &reader->file, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        if (btx_page_scan_seek(&reader->scan, seq, &after)) {
            /* All that the tree leads to was found among the pages, too. */
            reader->after = after;
            reader->next_seq = 0;
            reader->has_begun = true;
            after = btx_page_key_next(&after);
            btx_page_walker_seek(&reader->walker, &after);
        }
        return BTX_OK;
    }
    if (key.seq != 0) {
        btx_page_walker_seek(&reader->walker, &key);
        reader->expected = key.batch;
        reader->has_begun = true;
    }
    return BTX_OK;
}

enum btx_segment_step btx_segment_reader_other(struct btx_segment_reader *reader,
                                               struct btx_wal_batch *ret_batch,
                                               struct btx_fault *reterr_fault)
{
    struct btx_page_found found;

    if (reader->live || !reader->has_begun)
        return BTX_SEGMENT_END;
    if (btx_page_scan_build(&reader->scan, &reader->file, reterr_fault) != BTX_OK)
        return BTX_SEGMENT_FAULT;
    switch (btx_page_scan_copy(&reader->scan, &reader->file, &reader->after, &reader->other_buffer,
                               &found, reterr_fault)) {
    case BTX_PAGE_ENTRY:
        break;
    case BTX_PAGE_FAULT:
        return BTX_SEGMENT_FAULT;
    case BTX_PAGE_DAMAGE:
    case BTX_PAGE_END:
        return BTX_SEGMENT_END;
    }
    *ret_batch = (struct btx_wal_batch){
        .seq = found.key.seq,
        .number = found.key.batch,
        .bytes = found.bytes,
        .length_bytes = found.length_bytes,
    };
    batch_given(reader, ret_batch);
    if (reader->salvaging)
        reader->next_seq = found.next_seq;
    return BTX_SEGMENT_BATCH;
}
