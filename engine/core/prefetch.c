/* SPDX-License-Identifier: Apache-2.0 */
/* prefetch.c - the way from a command to all that it looks at, a few cache lines at a time.
 *
 * Each step follows the chain anew from its beginning, through what the steps before have fetched,
 * so nothing has to be kept between them and nothing can be stale: slots are read from the state
 * as it is.  The first entry of a hash chain is taken for the right one; where it is not, something
 * else is fetched, which costs time and nothing more. */
#include "engine/core/core.h"

#include "engine/core/book.h"
#include "engine/core/entities.h"
#include "engine/core/ladder.h"
#include "engine/core/state.h"

#define LINE_BYTES 64u

static void fetch(const void *address)
{
    __builtin_prefetch(address, 1);
}

static void fetch_two(const void *address)
{
    __builtin_prefetch(address, 1);
    __builtin_prefetch((const uint8_t *)address + LINE_BYTES, 1);
}

/* What risk looks at: the cells of a position, and that of runner @index among them. */
static void fetch_cells(const struct btx_core *core, const struct position *position,
                        uint32_t index)
{
    fetch(&core->cell[position->cells]);
    fetch(&core->cell[position->cells + index]);
}

/* --- A new order -------------------------------------------------------------------------- */

/* The end of the queue that it may join. */
static void fetch_queue(const struct btx_core *core, uint32_t market_slot,
                        const struct runner *runner, uint64_t price, uint32_t step)
{
    uint32_t index;
    if (market_slot == NO_SLOT || !btx_ladder_index(&core->market[market_slot], price, &index) ||
        runner->leaves[index / BOOK_LEAF_PRICES] == NO_SLOT)
        return;
    const struct level *level = book_level(core, runner, index);
    if (step == 3)
        fetch(level);
    else
        fetch(&core->order[level->tail]);
}

static void fetch_for_place(const struct btx_core *core, const struct btx_place_order *command,
                            uint32_t step)
{
    const uint32_t *account = index_head(&core->account_index, command->account);
    const uint32_t *market = index_head(&core->market_index, command->market);
    if (step == 0) {
        fetch(account);
        fetch(market);
        return;
    }
    const uint32_t *position = index_head(&core->position_index, position_key(*account, *market));
    const uint32_t *runner = index_head(&core->runner_index, runner_key(*market, command->runner));
    if (step == 1) {
        fetch(&core->account[*account]);
        fetch(&core->market[*market]);
        fetch(position);
        fetch(runner);
    } else if (step == 2) {
        fetch_two(&core->position[*position]);
        fetch(&core->runner[*runner]);
    } else {
        fetch_queue(core, *market, &core->runner[*runner], command->price, step);
        if (step == 3)
            fetch_cells(core, &core->position[*position], core->runner[*runner].index);
        else
            fetch(&core->order[core->position[*position].orders_tail]);
    }
}

/* --- An order that is there --------------------------------------------------------------- */

static void fetch_for_order(const struct btx_core *core, uint64_t account_id, uint64_t order_id,
                            uint32_t step)
{
    const uint32_t *account = index_head(&core->account_index, account_id);
    const uint32_t *slot = index_head_counted(&core->order_index, order_id);
    const struct order *order;
    if (step == 0) {
        fetch(account);
        fetch(slot);
        return;
    }
    order = &core->order[*slot];
    if (step == 1) {
        fetch(&core->account[*account]);
        fetch(order);
    } else if (step == 2) {
        fetch_two(&core->position[order->position]);
        fetch(&core->runner[order->runner]);
        fetch(&core->order[order->level_prev]);
        fetch(&core->order[order->level_next]);
        fetch(&core->order[order->position_prev]);
        fetch(&core->order[order->position_next]);
    } else if (step == 3 && order->resting) {
        const struct runner *runner = &core->runner[order->runner];
        fetch_cells(core, &core->position[order->position], runner->index);
        fetch(book_level(core, runner, order->price_index));
    }
}

void btx_core_prefetch(const struct btx_core *core, const struct btx_command *command,
                       uint32_t step)
{
    if (command->record.type == BTX_COMMAND_PLACE_ORDER) {
        fetch_for_place(core, (const void *)command, step);
    } else if (command->record.type == BTX_COMMAND_CANCEL_ORDER) {
        const struct btx_cancel_order *cancel = (const void *)command;
        fetch_for_order(core, cancel->account, cancel->order, step);
    } else if (command->record.type == BTX_COMMAND_REPLACE_ORDER) {
        const struct btx_replace_order *replace = (const void *)command;
        fetch_for_order(core, replace->account, replace->order, step);
    }
}
