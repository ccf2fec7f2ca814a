/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/log_links.h"

#include <stdlib.h>
#include <string.h>

bool btx_wal_header_is_of(const struct btx_wal_header *header, const struct btx_wal_id *id)
{
    return memcmp(header->uuid, id->uuid, sizeof header->uuid) == 0;
}

const char *btx_wal_header_fits(const struct btx_wal_header *header,
                                const struct btx_log_segment *segment, const struct btx_wal_id *id)
{
    if (!btx_wal_header_is_of(header, id))
        return "header: of another log, its uuid is not that of wal.id";
    if (header->segment != segment->number || header->first_seq != segment->first_seq)
        return "header: of another segment than the name says";
    return NULL;
}

struct btx_wal_position btx_wal_header_position(const struct btx_wal_header *header)
{
    return (struct btx_wal_position){
        .seq = header->first_seq - 1,
        .tx = header->first_tx - 1,
        .batch = header->first_batch - 1,
    };
}

/* How @seal follows the one met last. */
static const char *check_order(const struct btx_log_seals *seals, const struct btx_wal_seal *seal,
                               uint64_t holder)
{
    static const char missing[] = "seals of segments before that one are missing";

    if (seal->segment >= holder)
        return "of a segment that is not before this one";
    if (seals->segment == 0)
        return seal->segment > seals->begin ? missing : NULL;
    if (seal->segment <= seals->segment)
        return "that segment was sealed before";
    if (seal->segment != seals->segment + 1)
        return missing;
    if (memcmp(seal->previous, seals->hash, sizeof seals->hash) != 0)
        return "it does not stand on the seal before it";
    return NULL;
}

/* All that follows from the segment; the time and the signature do not. */
static bool is_same(const struct btx_wal_seal *seal, const struct btx_wal_seal *computed)
{
    return memcmp(seal->hash, computed->hash, sizeof seal->hash) == 0 &&
           seal->first_seq == computed->first_seq && seal->last_seq == computed->last_seq &&
           seal->last_tx == computed->last_tx && seal->first_batch == computed->first_batch &&
           seal->batch_count == computed->batch_count && seal->bytes == computed->bytes;
}

const char *btx_log_seals_take(struct btx_log_seals *seals, const struct btx_wal_seal *seal,
                               uint64_t holder)
{
    const char *why = check_order(seals, seal, holder);
    size_t done = 0;

    while (done < seals->count && seals->computed[done].segment <= seal->segment) {
        const struct btx_wal_seal *computed = &seals->computed[done++];

        if (why == NULL && computed->segment == seal->segment && !is_same(seal, computed))
            why = "it is not that of the records that are there";
    }
    seals->count -= done;
    if (done != 0)
        memmove(seals->computed, seals->computed + done, seals->count * sizeof *seals->computed);
    seals->segment = seal->segment;
    memcpy(seals->hash, seal->hash, sizeof seals->hash);
    return why;
}

enum btx_fault_code btx_log_seals_add(struct btx_log_seals *seals,
                                      const struct btx_wal_seal *computed,
                                      struct btx_fault *reterr_fault)
{
    if (seals->count == seals->size) {
        const size_t size = seals->size == 0 ? 4 : 2 * seals->size;
        struct btx_wal_seal *grown = reallocarray(seals->computed, size, sizeof *grown);

        if (grown == NULL)
            return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "a list of %zu seals", size);
        seals->computed = grown;
        seals->size = size;
    }
    seals->computed[seals->count++] = *computed;
    return BTX_OK;
}

const uint8_t *btx_log_seals_before(const struct btx_log_seals *seals, uint64_t number)
{
    static const uint8_t nothing[BTX_WAL_HASH_BYTES];

    if (number == 1)
        return nothing;
    if (seals->segment == number - 1)
        return seals->hash;
    if (seals->count != 0 && seals->computed[seals->count - 1].segment == number - 1)
        return seals->computed[seals->count - 1].hash;
    return NULL;
}

bool btx_log_seals_end(const struct btx_log_seals *seals, struct btx_wal_position *ret_position)
{
    const struct btx_wal_seal *last;

    if (seals->count == 0)
        return false;
    last = &seals->computed[seals->count - 1];
    ret_position->seq = last->last_seq;
    ret_position->tx = last->last_tx;
    ret_position->batch = last->first_batch + last->batch_count - 1;
    return true;
}

void btx_log_seals_done(struct btx_log_seals *seals)
{
    free(seals->computed);
    *seals = (struct btx_log_seals){0};
}
