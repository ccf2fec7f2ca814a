/* SPDX-License-Identifier: Apache-2.0 */
/* crc32c.h - the checksum of records: CRC-32C (Castagnoli), as in iSCSI (RFC 3720) and ext4.
 * It finds damage, not tampering.  Uses the processor's instructions where there are some, and
 * gives the same result where there are none.  Any thread; no heap, no system. */
#ifndef BTX_BASE_CRC32C_H
#define BTX_BASE_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The checksum of what gave @crc, followed by @length_bytes at @data.  Start with 0, which is
 * the checksum of nothing.  @data needs no alignment and may be NULL when there are no bytes. */
uint32_t btx_crc32c(uint32_t crc, const void *data, size_t length_bytes);

/* The same without special instructions; for other processors, and for the test that both agree. */
uint32_t btx_crc32c_portable(uint32_t crc, const void *data, size_t length_bytes);

/* True when btx_crc32c() uses the processor's instructions. */
bool btx_crc32c_is_hardware(void);

#endif
