/* SPDX-License-Identifier: Apache-2.0 */
/* order_commands.c - placing, cancelling, updating and replacing orders (rules.md 4 and 5). */
#include "engine/core/cancel_batches.h"
#include "engine/core/commands.h"
#include "engine/core/entities.h"
#include "engine/core/ladder.h"
#include "engine/core/matching.h"
#include "engine/core/order_request.h"
#include "engine/core/reject.h"

/* The side and price that the spelling of @command means (rules.md 2); false: no such price. */
static bool read_side(const struct btx_place_order *command, const struct market *market,
                      struct order_request *request)
{
    const bool wants = command->side == BTX_ORDER_SIDE_BACK || command->side == BTX_ORDER_SIDE_BUY;
    request->side = wants ? BTX_SIDE_BACK : BTX_SIDE_LAY;
    request->price = command->price;
    if (command->outcome != BTX_OUTCOME_NO)
        return true;
    if (market->kind != BTX_MARKET_KIND_BINARY || command->price >= BTX_DECIMAL_ONE)
        return false;
    request->side = wants ? BTX_SIDE_LAY : BTX_SIDE_BACK;
    request->price = BTX_DECIMAL_ONE - command->price;
    return true;
}

/* Checks 2 to 6: what the command names.  Fills @request with it and the rest of the command. */
static enum btx_reject read_request(struct btx_core *core, const struct btx_place_order *command,
                                    struct order_request *request)
{
    if (request->account->frozen)
        return BTX_REJECT_ACCOUNT_FROZEN;
    struct market *market = btx_find_market(core, command->market);
    if (market == NULL)
        return BTX_REJECT_UNKNOWN_MARKET;
    if (market->status != BTX_MARKET_OPEN)
        return BTX_REJECT_MARKET_NOT_OPEN;
    if (command->present & BTX_PLACE_ORDER_HAS_IF_VERSION && market->version > command->if_version)
        return BTX_REJECT_VERSION_CHANGED;
    const uint32_t market_slot = slot_of_market(core, market);
    const bool has_runner = command->present & BTX_PLACE_ORDER_HAS_RUNNER;
    if (has_runner || market->kind == BTX_MARKET_KIND_BINARY)
        request->runner = btx_find_runner(core, market_slot, has_runner ? command->runner : 1);
    if (request->runner == NULL)
        return BTX_REJECT_UNKNOWN_RUNNER;
    if (request->runner->removed)
        return BTX_REJECT_RUNNER_REMOVED;
    request->market = market;
    request->position =
        btx_find_position(core, slot_of_account(core, request->account), market_slot);
    request->size = command->size;
    request->has_min_fill = command->present & BTX_PLACE_ORDER_HAS_MIN_FILL;
    request->min_fill = command->min_fill;
    request->expires =
        command->present & BTX_PLACE_ORDER_HAS_EXPIRES ? command->expires : EXPIRES_NEVER;
    request->tif = command->tif;
    request->persistence = command->persistence;
    request->post_only = command->post_only;
    request->stp = command->stp;
    request->has_ref = command->present & BTX_PLACE_ORDER_HAS_REF;
    request->ref_length = command->ref_length;
    request->ref = btx_place_order_ref(command);
    request->cseq = command->cseq;
    return read_side(command, market, request) ? ACCEPTABLE : BTX_REJECT_INVALID_PRICE;
}

bool btx_execute_place_order(struct run *run, const struct btx_place_order *command)
{
    struct btx_core *core = run->core;
    if (run->resumed)
        return btx_match_taker(run);
    struct order_request request = {.account = NULL};
    request.account = btx_account_or_reject(run, command->account, command->cseq, 0);
    if (request.account == NULL)
        return true;
    if (command->command.shed)
        return btx_reject_command(run, BTX_REJECT_BUSY);
    enum btx_reject reason = read_request(core, command, &request);
    if (reason == ACCEPTABLE)
        reason = btx_order_request_judge(core, &request);
    if (reason != ACCEPTABLE)
        return btx_reject_command(run, reason);
    return btx_order_request_take(run, &request);
}

/* The live order that a command of @account names; else NULL, and it has been refused. */
static struct order *order_or_reject(struct run *run, const struct account *account, uint64_t id)
{
    struct btx_core *core = run->core;
    struct order *order = btx_find_order(core, id);
    if (order == NULL) {
        (void)btx_reject_command(run, BTX_REJECT_UNKNOWN_ORDER);
        return NULL;
    }
    if (&core->account[core->position[order->position].account] != account) {
        (void)btx_reject_command(run, BTX_REJECT_NOT_ORDER_OWNER);
        return NULL;
    }
    return order;
}

/* The same for commands that nothing can refuse between the account and the order. */
static struct order *own_order_or_reject(struct run *run, uint64_t account_id, uint64_t cseq,
                                         uint64_t order_id)
{
    const struct account *account = btx_account_or_reject(run, account_id, cseq, 0);
    return account == NULL ? NULL : order_or_reject(run, account, order_id);
}

bool btx_execute_cancel_order(struct run *run, const struct btx_cancel_order *command)
{
    struct btx_core *core = run->core;
    struct order *order = own_order_or_reject(run, command->account, command->cseq, command->order);
    if (order == NULL)
        return true;
    int64_t cancelled = order->remaining;
    if (command->present & BTX_CANCEL_ORDER_HAS_REDUCE_BY) {
        const uint8_t kind = core->market[core->position[order->position].market].kind;
        if (command->reduce_by <= 0 || command->reduce_by % ladder_size_step(kind) != 0)
            return btx_reject_command(run, BTX_REJECT_INVALID_SIZE);
        cancelled = command->reduce_by < cancelled ? command->reduce_by : cancelled;
    }
    btx_emit_order_cancelled(run, order, cancelled, BTX_CAUSE_CLIENT, command->cseq);
    return true;
}

bool btx_execute_update_order(struct run *run, const struct btx_update_order *command)
{
    struct btx_core *core = run->core;
    struct order *order = own_order_or_reject(run, command->account, command->cseq, command->order);
    if (order == NULL)
        return true;
    if (order->persistence == command->persistence)
        return btx_reject_command(run, BTX_REJECT_NO_CHANGE);
    struct btx_order_updated *event = tx_event(run, BTX_EVENT_ORDER_UPDATED, sizeof *event, 0);
    event->order = order->id;
    event->account = command->account;
    event->market = core->market[core->position[order->position].market].id;
    event->runner = core->runner[order->runner].id;
    event->cseq = command->cseq;
    event->persistence = command->persistence;
    btx_change_order_updated(core, event, order);
    return true;
}

/* The order that is to stand in for @old. */
static struct order_request request_for(struct btx_core *core, struct account *account,
                                        struct order *old, const struct btx_replace_order *command)
{
    struct position *position = &core->position[old->position];
    const struct order_ref *ref = &core->order_ref[slot_of_order(core, old)];
    const uint64_t expires = old->due_place == 0 ? 0 : moment_of_order(core, old)->expires;
    const bool has_size = command->present & BTX_REPLACE_ORDER_HAS_SIZE;
    const int64_t size = has_size ? command->size : old->remaining;
    return (struct order_request){
        .account = account,
        .market = &core->market[position->market],
        .runner = &core->runner[old->runner],
        .position = position,
        .replaced = old,
        .price = command->price,
        .size = size,
        .expires = expires == 0 ? EXPIRES_NEVER : expires,
        .keeps_size = !has_size,
        .side = old->side,
        .tif = BTX_TIF_GTC,
        .persistence = old->persistence,
        .stp = old->stp,
        .has_ref = old->has_ref,
        .ref_length = old->has_ref ? ref->length : 0,
        .ref = ref->text,
        .cseq = command->cseq,
    };
}

/* Checks 4 to 13; a closed market, a frozen account and a removed runner have no live orders. */
static enum btx_reject judge_replacement(struct btx_core *core, struct order_request *request,
                                         const struct btx_replace_order *command)
{
    if (request->market->status != BTX_MARKET_OPEN)
        return BTX_REJECT_MARKET_NOT_OPEN;
    if (command->present & BTX_REPLACE_ORDER_HAS_IF_VERSION &&
        request->market->version > command->if_version)
        return BTX_REJECT_VERSION_CHANGED;
    return btx_order_request_judge(core, request);
}

bool btx_execute_replace_order(struct run *run, const struct btx_replace_order *command)
{
    struct btx_core *core = run->core;
    if (run->resumed)
        return btx_match_taker(run);
    struct account *account = btx_account_or_reject(run, command->account, command->cseq, 0);
    if (account == NULL)
        return true;
    if (command->command.shed)
        return btx_reject_command(run, BTX_REJECT_BUSY);
    struct order *old = order_or_reject(run, account, command->order);
    if (old == NULL)
        return true;
    struct order_request request = request_for(core, account, old, command);
    const enum btx_reject reason = judge_replacement(core, &request, command);
    if (reason != ACCEPTABLE)
        return btx_reject_command(run, reason);
    char ref[BTX_REF_BYTES_MAX];
    memcpy(ref, request.ref, request.ref_length);
    request.ref = ref;
    btx_emit_order_cancelled(run, old, old->remaining, BTX_CAUSE_REPLACED, 0);
    return btx_order_request_take(run, &request);
}

static enum btx_cause cancel_orders_cause(const struct btx_cancel_orders *command)
{
    if (command->disconnect)
        return BTX_CAUSE_DISCONNECT;
    return command->present & BTX_CANCEL_ORDERS_HAS_ACCOUNT ? BTX_CAUSE_CLIENT : BTX_CAUSE_ADMIN;
}

bool btx_execute_cancel_orders(struct run *run, const struct btx_cancel_orders *command)
{
    struct btx_core *core = run->core;
    struct order_filter filter;
    if (!run->resumed && command->present & BTX_CANCEL_ORDERS_HAS_ACCOUNT &&
        btx_account_or_reject(run, command->account, command->cseq, 0) == NULL)
        return true;
    const enum btx_reject reason = btx_order_filter_read(core, command, &filter);
    if (!run->resumed) {
        if (reason != ACCEPTABLE)
            return btx_reject_command(run, reason);
        if (!btx_cancel_any(core, &filter))
            return btx_reject_command(run, BTX_REJECT_NOTHING_TO_CANCEL);
    }
    return btx_cancel_batches(run, &filter, cancel_orders_cause(command), command->cseq);
}
