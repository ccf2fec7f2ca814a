/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/exchange/snapshot_standing.h"

#include "engine/wal/segment_reader.h"

#include <string.h>

/* The seal of segment @number in the segment of @name, if it is there. */
static enum btx_fault_code look_into(const struct btx_log_ground *ground, const char *name,
                                     uint64_t number, bool *ret_found,
                                     struct btx_wal_seal *ret_seal, struct btx_fault *reterr_fault)
{
    const struct btx_segment_options options = {.live = ground->end == NULL};
    struct btx_segment_reader *reader;
    const struct btx_wal_seal *seal;

    if (btx_segment_reader_open(&reader, ground->segments_fd, name, &options, reterr_fault) !=
        BTX_OK)
        return reterr_fault->code;
    for (size_t i = 0; !*ret_found && (seal = btx_segment_reader_seal(reader, i)) != NULL; i++) {
        *ret_found = seal->segment == number;
        *ret_seal = *seal;
    }
    btx_segment_reader_close(reader);
    return BTX_OK;
}

enum btx_fault_code btx_log_ground_seal(const struct btx_log_ground *ground, uint64_t number,
                                        bool *ret_found, struct btx_wal_seal *ret_seal,
                                        struct btx_fault *reterr_fault)
{
    *ret_found = false;
    for (size_t i = 0; ground->end != NULL && i < ground->end->seal_count; i++) {
        if (ground->end->seals[i].segment != number)
            continue;
        *ret_seal = ground->end->seals[i];
        *ret_found = true;
        return BTX_OK;
    }
    for (size_t i = 0; !*ret_found && i < ground->segment_count; i++) {
        if (ground->segments[i].number > number &&
            look_into(ground, ground->segments[i].name, number, ret_found, ret_seal,
                      reterr_fault) != BTX_OK)
            return reterr_fault->code;
    }
    return BTX_OK;
}

const char *btx_snapshot_standing(const struct btx_wal_snapshot_header *header,
                                  const struct btx_wal_seal *seal)
{
    if (memcmp(header->chain, seal->hash, sizeof header->chain) != 0)
        return "it stands on another log: the hash of its segment differs";
    if (header->seq != seal->last_seq || header->tx != seal->last_tx)
        return "its seq or tx is not that of the segment that it stands on";
    return NULL;
}
