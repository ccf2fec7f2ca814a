/* SPDX-License-Identifier: Apache-2.0 */
/* damage.h - what a reader found wrong in a log, and where. */
#ifndef BTX_WAL_DAMAGE_H
#define BTX_WAL_DAMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/wal/wal_format.h"

enum { BTX_WAL_DAMAGE_TEXT_BYTES = 160 };

struct btx_wal_damage {
    char segment[BTX_WAL_NAME_BYTES]; /* file name below segments/ */
    uint64_t page;                    /* page of the file; BTX_WAL_NOWHERE: not in one page */
    uint64_t batch;                   /* number of the batch; BTX_WAL_NOWHERE: in none */
    uint64_t offset_bytes;            /* within the batch's records */
    uint64_t seq;                     /* the seq that could not be read there, 0: none */
    char why[BTX_WAL_DAMAGE_TEXT_BYTES];
};

#define BTX_WAL_NOWHERE UINT64_MAX

/* "segments/NAME: page 17, batch 5, byte 128, seq 812: record: CRC is wrong", without a newline,
 * into @text of @size_bytes; what does not fit is cut. */
void btx_wal_damage_print(const struct btx_wal_damage *damage, char *text, size_t size_bytes);

#endif
