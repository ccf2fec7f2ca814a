/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wire/record.h"

#include "engine/base/check.h"
#include "engine/base/crc32c.h"

/* The CRC covers everything behind itself, to the last byte of the record. */
static uint32_t crc_of(const struct btx_record *record)
{
    const size_t skipped_bytes = sizeof record->crc;

    CHECK(record->length_units > 0);
    return btx_crc32c(0, (const uint8_t *)record + skipped_bytes,
                      btx_record_length_bytes(record) - skipped_bytes);
}

void btx_record_seal(struct btx_record *record)
{
    record->crc = crc_of(record);
}

bool btx_record_sealed(const struct btx_record *record)
{
    return record->crc == crc_of(record);
}
