/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/damage.h"

#include <inttypes.h>
#include <stdio.h>

/* Append to what stands in @text; a text that is full stays as it is. */
static size_t append_number(char *text, size_t size_bytes, size_t used, const char *what,
                            uint64_t number)
{
    if (used >= size_bytes)
        return used;
    return used + (size_t)snprintf(text + used, size_bytes - used, "%s %" PRIu64, what, number);
}

void btx_wal_damage_print(const struct btx_wal_damage *damage, char *text, size_t size_bytes)
{
    size_t used = (size_t)snprintf(text, size_bytes, "segments/%s:", damage->segment);

    if (damage->page != BTX_WAL_NOWHERE)
        used = append_number(text, size_bytes, used, " page", damage->page);
    if (damage->batch != BTX_WAL_NOWHERE) {
        used = append_number(text, size_bytes, used,
                             damage->page == BTX_WAL_NOWHERE ? " batch" : ", batch", damage->batch);
        used = append_number(text, size_bytes, used, ", byte", damage->offset_bytes);
    }
    if (damage->seq != 0)
        used = append_number(text, size_bytes, used, ", seq", damage->seq);
    if (used < size_bytes)
        (void)snprintf(text + used, size_bytes - used, ": %s", damage->why); /* Cut is fine. */
}
