/* SPDX-License-Identifier: Apache-2.0 */
/* state_bytes.h - what save.c writes and load.c reads beside plain fields, private to this
 * folder.  README.md, "State bytes", has the whole format. */
#ifndef BTX_CORE_STATE_BYTES_H
#define BTX_CORE_STATE_BYTES_H

#include <stdint.h>

#define STATE_MAGIC "BTXSTATE"
#define STATE_MAGIC_BYTES 8u

/* The format follows from the rules by which the state came about: a log of rules version 1 has
 * the digests of format 1 for ever. */
static inline uint32_t state_format(uint32_t rules_version)
{
    return rules_version == 1 ? 1 : 2;
}

/* What the next item of a list is; a list ends with STATE_END. */
#define STATE_END 0u
#define STATE_POSITION 1u
#define STATE_CELL 2u
#define STATE_ORDER 3u
#define STATE_STAKE 4u

#endif
