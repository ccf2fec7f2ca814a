/* SPDX-License-Identifier: Apache-2.0 */
/* guid.h - the GUIDs of partitions: their bytes as they lie on a disk, and their text. */
#ifndef BTX_DISK_GUID_H
#define BTX_DISK_GUID_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/attributes.h"

enum { BTX_GUID_BYTES = 16, BTX_GUID_TEXT_BYTES = 37 };

/* The first three fields of the text are little-endian here. */
struct btx_guid {
    uint8_t bytes[BTX_GUID_BYTES];
};

/* Of text such as "be7ec5a1-0000-4000-8000-0000a15d15c0"; false when it is none. */
BTX_MUST_USE bool btx_guid_from_text(const char *text, struct btx_guid *ret_guid);

/* Of 32 hexadecimal digits without dashes, as in one half of a root hash; more may follow. */
BTX_MUST_USE bool btx_guid_from_digits(const char *digits, struct btx_guid *ret_guid);

/* In lower case. */
void btx_guid_to_text(const struct btx_guid *guid, char ret_text[static BTX_GUID_TEXT_BYTES]);

BTX_MUST_USE bool btx_guid_equal(const struct btx_guid *a, const struct btx_guid *b);

#endif
