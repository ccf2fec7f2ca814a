/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/damage.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

/* Append ": WHAT NUMBER" or, behind another one, ", WHAT NUMBER"; a full text stays as it is. */
static size_t append_number(char *text, size_t size_bytes, size_t used, bool *is_first,
                            const char *what, uint64_t number)
{
    const char *before = *is_first ? ": " : ", ";

    *is_first = false;
    if (used >= size_bytes)
        return used;
    return used +
           (size_t)snprintf(text + used, size_bytes - used, "%s%s %" PRIu64, before, what, number);
}

void btx_wal_damage_print(const struct btx_wal_damage *damage, char *text, size_t size_bytes)
{
    size_t used = (size_t)snprintf(text, size_bytes, "segments/%s", damage->segment);
    bool is_first = true;

    if (damage->page != BTX_WAL_NOWHERE)
        used = append_number(text, size_bytes, used, &is_first, "page", damage->page);
    if (damage->batch != BTX_WAL_NOWHERE) {
        used = append_number(text, size_bytes, used, &is_first, "batch", damage->batch);
        used = append_number(text, size_bytes, used, &is_first, "byte", damage->offset_bytes);
    }
    if (damage->seq != 0)
        used = append_number(text, size_bytes, used, &is_first, "seq", damage->seq);
    if (used < size_bytes)
        (void)snprintf(text + used, size_bytes - used, ": %s", damage->why); /* Cut is fine. */
}
