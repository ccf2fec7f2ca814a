/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/description.h"

#include <string.h>

bool btx_description_fits(const struct btx_core *core, const struct market *market,
                          size_t length_bytes)
{
    const uint32_t others = core->description_bytes - market->description_bytes;
    return length_bytes <= core->capacity.description_bytes - others;
}

void btx_description_drop(struct btx_core *core, struct market *market)
{
    uint32_t slot = market->description;
    while (slot != NO_SLOT) {
        pool_give(&core->description_blocks, slot);
        slot = core->description_block[slot].next;
    }
    core->description_bytes -= market->description_bytes;
    market->description = NO_SLOT;
    market->description_bytes = 0;
}

void btx_description_set(struct btx_core *core, struct market *market, const char *text,
                         uint32_t length_bytes)
{
    btx_description_drop(core, market);
    uint32_t *link = &market->description;
    uint32_t left = length_bytes;
    while (left > 0) {
        const uint32_t piece = left < DESCRIPTION_BLOCK_BYTES ? left : DESCRIPTION_BLOCK_BYTES;
        *link = pool_take(&core->description_blocks);
        struct description_block *block = &core->description_block[*link];
        memcpy(block->text, text, piece);
        block->next = NO_SLOT;
        link = &block->next;
        text += piece;
        left -= piece;
    }
    market->description_bytes = length_bytes;
    core->description_bytes += length_bytes;
}

void btx_description_copy(const struct btx_core *core, const struct market *market,
                          char ret_text[BTX_DESCRIPTION_BYTES_MAX])
{
    uint32_t slot = market->description;
    uint32_t left = market->description_bytes;
    while (left > 0) {
        const uint32_t piece = left < DESCRIPTION_BLOCK_BYTES ? left : DESCRIPTION_BLOCK_BYTES;
        memcpy(ret_text, core->description_block[slot].text, piece);
        ret_text += piece;
        left -= piece;
        slot = core->description_block[slot].next;
    }
}
