/* SPDX-License-Identifier: Apache-2.0 */
/* load_order.c - the orders of saved bytes. */
#include "engine/core/load.h"

#include "engine/core/due.h"
#include "engine/core/entities.h"
#include "engine/core/ladder.h"
#include "engine/core/risk.h"
#include "engine/core/stakes.h"

struct position *btx_load_position_of(struct loader *loader, uint64_t id)
{
    struct btx_core *core = loader->core;
    const struct account *account = btx_find_account(core, id);
    if (account == NULL)
        return NULL;
    const uint32_t account_slot = slot_of_account(core, account);
    const uint32_t market_slot = slot_of_market(core, loader->market);
    struct position *position = btx_find_position(core, account_slot, market_slot);
    if (position == NULL && core->positions.used < core->positions.capacity)
        position = btx_make_position(core, account_slot, market_slot);
    return position;
}

/* False when it is not the printable ASCII that a command may bring. */
static bool load_ref(struct loader *loader, struct order *order, uint8_t length)
{
    struct order_ref *ref = &loader->core->order_ref[slot_of_order(loader->core, order)];
    order->has_ref = true;
    ref->length = length;
    btx_reader_bytes(&loader->reader, ref->text, length);
    for (uint8_t i = 0; i < length; i++) {
        if (ref->text[i] < ' ' || ref->text[i] > '~')
            return false;
    }
    return true;
}

/* Read an order of @runner and when it expires; NULL when it is not one. */
static struct order *load_order(struct loader *loader, const struct runner *runner,
                                uint64_t *ret_expires)
{
    struct btx_core *core = loader->core;
    struct btx_reader *reader = &loader->reader;
    const uint64_t id = btx_reader_u64(reader);
    struct position *position = btx_load_position_of(loader, btx_reader_u64(reader));
    const int64_t remaining = btx_reader_i64(reader);
    const uint32_t price = btx_reader_u32(reader);
    const uint8_t side = btx_reader_u8(reader);
    const uint8_t persistence = btx_reader_u8(reader);
    const uint8_t stp = btx_reader_u8(reader);
    const uint8_t tif = btx_reader_u8(reader);
    const uint8_t has_ref = btx_reader_u8(reader);
    const uint8_t ref_length = btx_reader_u8(reader);
    uint32_t price_index;
    if (position == NULL || core->orders.used == core->orders.capacity || id >= core->next_order ||
        id < order_id_first(core->shard) || btx_find_order(core, id) != NULL || remaining <= 0 ||
        remaining > BTX_MONEY_MAX || remaining % ladder_size_step(loader->market->kind) != 0 ||
        side >= BTX_SIDE_COUNT || persistence >= BTX_PERSISTENCE_COUNT || stp >= BTX_STP_COUNT ||
        tif >= BTX_TIF_COUNT || has_ref > 1 || ref_length > BTX_REF_BYTES_MAX ||
        (has_ref == 0 && ref_length != 0) || !btx_ladder_index(loader->market, price, &price_index))
        return NULL;
    if (loader->market->reductions && !stakes_have_room(core))
        return NULL;
    struct order *order = btx_make_order(core, id, position, side);
    order->runner = slot_of_runner(core, runner);
    order->remaining = remaining;
    order->price = price;
    order->price_index = price_index;
    order->persistence = persistence;
    order->stp = stp;
    order->tif = tif;
    if (has_ref && !load_ref(loader, order, ref_length))
        return NULL;
    *ret_expires = loader->second_stage ? btx_reader_u64(reader) : 0;
    if (*ret_expires > BTX_TIME_NS_MAX || (*ret_expires != 0 && tif != BTX_TIF_GTC))
        return NULL;
    risk_shift(core, position, runner->index, risk_of_order(core, order, remaining));
    return order;
}

struct order *btx_load_accepted(struct loader *loader, const struct runner *runner)
{
    uint64_t expires;
    struct order *order = load_order(loader, runner, &expires);
    /* It waits only when it expires. */
    if (order != NULL && expires != 0)
        btx_due_add(loader->core, order, (struct order_moment){.expires = expires});
    return order;
}

struct order *btx_load_held_order(struct loader *loader)
{
    struct btx_core *core = loader->core;
    struct btx_reader *reader = &loader->reader;
    const struct market *market = loader->market;
    const uint64_t index = btx_reader_u64(reader);
    struct order_moment moment;
    if (index >= market->runner_count)
        return NULL;
    const uint32_t runner = runner_slot(core, slot_of_market(core, market), (uint32_t)index);
    struct order *order = load_order(loader, &core->runner[runner], &moment.expires);
    if (order == NULL)
        return NULL;
    moment.until = btx_reader_u64(reader);
    moment.min_fill = btx_reader_i64(reader);
    order->post_only = btx_reader_u8(reader);
    order->held = true;
    if (moment.until == 0 || moment.until > BTX_UNTIL_NS_MAX || moment.min_fill < 0 ||
        moment.min_fill > order->remaining ||
        moment.min_fill % ladder_size_step(market->kind) != 0 ||
        (moment.min_fill != 0 && order->tif != BTX_TIF_FOK) || order->post_only > 1 ||
        (order->post_only && order->tif != BTX_TIF_GTC))
        return NULL;
    btx_due_add(core, order, moment);
    return order;
}
