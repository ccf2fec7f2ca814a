/* SPDX-License-Identifier: Apache-2.0 */
/* filesystem_kind.h - what is on a partition, by its first bytes, before anything is mounted.
 *
 * The kernel's drivers are not asked: what is not allowed is never handed to one. */
#ifndef BTX_WAL_DISK_FILESYSTEM_KIND_H
#define BTX_WAL_DISK_FILESYSTEM_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/attributes.h"

enum { BTX_FILESYSTEM_HEAD_BYTES = 8192 };

enum btx_filesystem_kind {
    BTX_FILESYSTEM_KIND_BLANK, /* all of the head is zero */
    BTX_FILESYSTEM_KIND_EXT4,
    BTX_FILESYSTEM_KIND_EXT4_WITHOUT_JOURNAL,
    BTX_FILESYSTEM_KIND_EXT2,
    BTX_FILESYSTEM_KIND_XFS,
    BTX_FILESYSTEM_KIND_UNKNOWN,
    BTX_FILESYSTEM_KIND_COUNT
};

/* Of the first bytes of a partition. */
enum btx_filesystem_kind btx_filesystem_kind_of(
    const uint8_t head[static BTX_FILESYSTEM_HEAD_BYTES]);

/* Whether it may hold a log. */
BTX_MUST_USE bool btx_filesystem_kind_allowed(enum btx_filesystem_kind kind);

/* For people: "ext4", "no filesystem". */
const char *btx_filesystem_kind_name(enum btx_filesystem_kind kind);

#endif
