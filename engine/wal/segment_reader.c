/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/segment_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/wal/page_file.h"
#include "engine/wal/page_walker.h"
#include "engine/wal/seal.h"

/* Damage of header and seals that is told one by one; a file of nothing but such is told once. */
enum { HEAD_DAMAGES_MAX = 32 };

struct btx_segment_reader {
    char name[BTX_WAL_NAME_BYTES];
    bool live;
    struct btx_page_file file;
    struct btx_page_walker walker;
    struct btx_page_buffer buffer; /* of the batch handed out last */

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
        if (why == NULL) {
            memcpy(&reader->header, value.bytes, sizeof reader->header);
            reader->has_header = true;
        }
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

/* --- Opening ---------------------------------------------------------------------------------- */

/* Begin with the first entry behind the head. */
static void batches_begin(struct btx_segment_reader *reader)
{
    const struct btx_page_key first = {1, 0};

    btx_page_walker_seek(&reader->walker, &first);
    reader->has_entry = false;
    reader->has_begun = false;
    reader->expected = reader->has_header ? reader->header.first_batch : 0;
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
    if (!reader->has_header && !reader->live && reader->damage_count == 0)
        damage_keep(reader, damage_at(BTX_WAL_NOWHERE, BTX_WAL_NOWHERE,
                                      reader->walker.snapshot.entries == 0
                                          ? "header: nothing was ever written to the segment"
                                          : "header: it is missing"));
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

/* Read the value of the tree's entry and hand it out, or what is wrong with it. */
static enum btx_segment_step entry_give(struct btx_segment_reader *reader,
                                        struct btx_wal_batch *ret_batch,
                                        struct btx_wal_damage *ret_damage,
                                        struct btx_fault *reterr_fault)
{
    const struct btx_page_entry *entry = &reader->entry;
    struct btx_wal_damage damage;
    struct btx_page_value value;

    if (btx_page_value_read(&reader->file, entry, &reader->buffer, &value, reterr_fault) != BTX_OK)
        return BTX_SEGMENT_FAULT;
    reader->has_entry = false;
    reader->has_begun = true;
    reader->expected = entry->key.batch + 1;
    if (value.why != NULL) {
        damage = damage_at(entry->run_page, entry->key.batch, value.why);
        damage.seq = entry->key.seq;
        return damage_give(reader, &damage, ret_damage);
    }
    if (value.length_bytes < entry->value_bytes) {
        damage = damage_at(entry->run_page, entry->key.batch, "batch: the file ends within it");
        damage.offset_bytes = value.length_bytes;
        damage_keep(reader, damage);
    }
    *ret_batch = (struct btx_wal_batch){
        .seq = entry->key.seq,
        .number = entry->key.batch,
        .bytes = value.bytes,
        .length_bytes = value.length_bytes,
    };
    return BTX_SEGMENT_BATCH;
}

/* Numbers count up without a gap: a tree that leads past a batch shows. */
static enum btx_segment_step gap_give(struct btx_segment_reader *reader,
                                      struct btx_wal_damage *ret_damage)
{
    struct btx_wal_damage damage =
        damage_at(leaf_page(reader), reader->expected, "tree: it does not lead to this batch");

    reader->expected = 0;
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
    return entry_give(reader, ret_batch, ret_damage, reterr_fault);
}

/* The tree is at its end.  What is read anew of the head may be of a snapshot with more batches. */
static enum btx_segment_step end_next(struct btx_segment_reader *reader, bool *ret_again,
                                      struct btx_wal_damage *ret_damage,
                                      struct btx_fault *reterr_fault)
{
    *ret_again = is_head_old(reader);
    if (*ret_again) {
        const struct btx_page_key from = reader->walker.from;

        return head_refresh(reader, &from, reterr_fault) == BTX_OK ? BTX_SEGMENT_END
                                                                   : BTX_SEGMENT_FAULT;
    }
    return is_complete(reader) ? BTX_SEGMENT_END : gap_give(reader, ret_damage);
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
            reader->expected = 0;
            reader->has_begun = true;
            return damage_give(reader, &damage, ret_damage);
        case BTX_PAGE_END:
            result = end_next(reader, &again, ret_damage, reterr_fault);
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
    struct btx_wal_damage damage;
    struct btx_page_key key = {0, 0};

    if (reader->live && head_read(reader, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    batches_begin(reader);
    switch (btx_page_walker_floor(&reader->walker, &target, &key, &damage, reterr_fault)) {
    case BTX_PAGE_FAULT:
        return reterr_fault->code;
    case BTX_PAGE_ENTRY:
    case BTX_PAGE_DAMAGE: /* The walk will meet it again. */
    case BTX_PAGE_END:
        break;
    }
    batches_begin(reader);
    if (key.seq != 0) {
        btx_page_walker_seek(&reader->walker, &key);
        reader->expected = key.batch;
        reader->has_begun = true;
    }
    return BTX_OK;
}
