/* SPDX-License-Identifier: Apache-2.0 */
/* order_commands.c - placing, cancelling, updating and replacing orders (rules.md 4 and 5). */
#include "engine/core/cancel_batches.h"
#include "engine/core/commands.h"
#include "engine/core/entities.h"
#include "engine/core/ladder.h"
#include "engine/core/matching.h"
#include "engine/core/reject.h"
#include "engine/core/risk.h"

/* An order that asks to be accepted, from PlaceOrder or ReplaceOrder. */
struct request {
    struct account *account;
    struct market *market;
    struct runner *runner;
    struct position *position; /* NULL: the account has none in the market. */
    struct order *replaced;    /* ReplaceOrder: taken out before all checks of money and room. */
    uint64_t price;            /* As BACK or LAY of the runner. */
    uint32_t price_index;
    int64_t size;
    int64_t min_fill; /* Size that must be there for a FOK. */
    bool keeps_size;  /* min_size does not judge a size that was there before. */
    uint8_t side;
    uint8_t tif;
    uint8_t persistence;
    uint8_t post_only;
    uint8_t stp;
    bool has_ref;
    uint8_t ref_length;
    const char *ref;
    uint64_t cseq;
};

static struct taking taking_of(const struct request *request)
{
    return (struct taking){
        .market = request->market,
        .runner = request->runner,
        .position = request->position,
        .limit_index = request->price_index,
        .side = request->side,
        .stp = request->stp,
    };
}

static bool size_is_valid(const struct request *request)
{
    const int64_t size = request->size;
    return size > 0 && size <= BTX_MONEY_MAX &&
           size % ladder_size_step(request->market->kind) == 0 &&
           (request->keeps_size || size >= request->market->min_size);
}

static bool has_capacity(const struct btx_core *core, const struct request *request)
{
    /* What is replaced leaves its room to the new order. */
    const bool has_room =
        request->replaced != NULL ||
        (core->orders.used < core->orders.capacity &&
         (request->position != NULL || core->positions.used < core->positions.capacity));
    return has_room && core->next_order < order_id_end(core->shard);
}

/* rules.md 3: counted as wholly unmatched it leaves available >= 0, or does not lower it. */
static bool is_affordable(struct btx_core *core, const struct request *request)
{
    const struct market *market = request->market;
    const uint32_t index = request->runner->index;
    struct shift shift =
        risk_unmatched(market->kind, request->side, (uint32_t)request->price, request->size);
    struct shift replaced = {.win = 0, .lose = 0};
    if (request->replaced != NULL) {
        replaced = risk_negated(risk_unmatched(
            market->kind, request->side, request->replaced->price, request->replaced->remaining));
        shift = risk_sum(shift, replaced);
    }
    const btx_i128 now = request->position == NULL ? 0 : request->position->reserved;
    const btx_i128 after = btx_risk_reserved_after(core, market, request->position, index, shift);
    if (risk_available(request->account) + now - after >= 0)
        return true;
    return after <=
           (request->replaced == NULL
                ? now
                : btx_risk_reserved_after(core, market, request->position, index, replaced));
}

/* Checks 4 to 13 of rules.md 5, but for the runner's. */
static enum btx_reject judge(struct btx_core *core, struct request *request)
{
    if (!btx_ladder_index(request->market, request->price, &request->price_index))
        return BTX_REJECT_INVALID_PRICE;
    if (!size_is_valid(request))
        return BTX_REJECT_INVALID_SIZE;
    if ((request->post_only && request->tif != BTX_TIF_GTC) || request->min_fill <= 0 ||
        request->min_fill > request->size ||
        request->min_fill % ladder_size_step(request->market->kind) != 0)
        return BTX_REJECT_INVALID_ORDER;
    if (!has_capacity(core, request))
        return BTX_REJECT_CAPACITY;
    if (!is_affordable(core, request))
        return BTX_REJECT_INSUFFICIENT_FUNDS;
    if (request->post_only || request->tif == BTX_TIF_FOK) {
        const struct taking taking = taking_of(request);
        if (request->post_only && btx_would_match(core, &taking))
            return BTX_REJECT_WOULD_MATCH;
        if (request->tif == BTX_TIF_FOK && !btx_is_fillable(core, &taking, request->min_fill))
            return BTX_REJECT_NOT_FILLABLE;
    }
    return ACCEPTABLE;
}

static void emit_accepted(struct run *run, const struct request *request)
{
    struct btx_core *core = run->core;
    struct btx_order_accepted *event =
        tx_event(run, BTX_EVENT_ORDER_ACCEPTED, sizeof *event, request->ref_length);
    event->order = core->next_order;
    event->account = request->account->id;
    event->market = request->market->id;
    event->runner = request->runner->id;
    event->size = request->size;
    event->cseq = request->cseq;
    event->price = (uint32_t)request->price;
    event->side = request->side;
    event->tif = request->tif;
    event->persistence = request->persistence;
    event->post_only = request->post_only;
    event->stp = request->stp;
    if (request->has_ref) {
        event->ref_length = request->ref_length;
        event->present = BTX_ORDER_ACCEPTED_HAS_REF;
        memcpy(event + 1, request->ref, request->ref_length);
    }
    btx_change_order_accepted(core, event, request->account, request->runner, request->position,
                              request->price_index);
}

/* The side and price that the spelling of @command means (rules.md 2); false: no such price. */
static bool read_side(const struct btx_place_order *command, const struct market *market,
                      struct request *request)
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
                                    struct request *request)
{
    if (request->account->frozen)
        return BTX_REJECT_ACCOUNT_FROZEN;
    struct market *market = btx_find_market(core, command->market);
    if (market == NULL)
        return BTX_REJECT_UNKNOWN_MARKET;
    if (market->status != BTX_MARKET_OPEN)
        return BTX_REJECT_MARKET_NOT_OPEN;
    const uint32_t market_slot = slot_of_market(core, market);
    const bool has_runner = command->present & BTX_PLACE_ORDER_HAS_RUNNER;
    if (has_runner || market->kind == BTX_MARKET_KIND_BINARY)
        request->runner = btx_find_runner(core, market_slot, has_runner ? command->runner : 1);
    if (request->runner == NULL)
        return BTX_REJECT_UNKNOWN_RUNNER;
    request->market = market;
    request->position =
        btx_find_position(core, slot_of_account(core, request->account), market_slot);
    request->size = command->size;
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

/* What must be there at once: all of a FOK, or its min_fill; min_fill is for a FOK only. */
static int64_t min_fill_of(const struct btx_place_order *command)
{
    if (!(command->present & BTX_PLACE_ORDER_HAS_MIN_FILL))
        return command->size;
    return command->tif == BTX_TIF_FOK ? command->min_fill : 0;
}

bool btx_execute_place_order(struct run *run, const struct btx_place_order *command)
{
    struct btx_core *core = run->core;
    if (run->resumed)
        return btx_match_taker(run);
    struct request request = {.min_fill = min_fill_of(command)};
    request.account = btx_account_or_reject(run, command->account, command->cseq, 0);
    if (request.account == NULL)
        return true;
    if (command->command.shed)
        return btx_reject_command(run, BTX_REJECT_BUSY);
    enum btx_reject reason = read_request(core, command, &request);
    if (reason == ACCEPTABLE)
        reason = judge(core, &request);
    if (reason != ACCEPTABLE)
        return btx_reject_command(run, reason);
    emit_accepted(run, &request);
    return btx_match_taker(run);
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
static struct request request_for(struct btx_core *core, struct account *account, struct order *old,
                                  const struct btx_replace_order *command)
{
    struct position *position = &core->position[old->position];
    const struct order_ref *ref = &core->order_ref[slot_of_order(core, old)];
    const bool has_size = command->present & BTX_REPLACE_ORDER_HAS_SIZE;
    const int64_t size = has_size ? command->size : old->remaining;
    return (struct request){
        .account = account,
        .market = &core->market[position->market],
        .runner = &core->runner[old->runner],
        .position = position,
        .replaced = old,
        .price = command->price,
        .size = size,
        .min_fill = size,
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
    struct request request = request_for(core, account, old, command);
    /* A closed market and a frozen account have no live orders. */
    const enum btx_reject reason = request.market->status != BTX_MARKET_OPEN
                                       ? BTX_REJECT_MARKET_NOT_OPEN
                                       : judge(core, &request);
    if (reason != ACCEPTABLE)
        return btx_reject_command(run, reason);
    char ref[BTX_REF_BYTES_MAX];
    memcpy(ref, request.ref, request.ref_length);
    request.ref = ref;
    btx_emit_order_cancelled(run, old, old->remaining, BTX_CAUSE_REPLACED, 0);
    /* The pair may have been taken out with its only order. */
    request.position = btx_find_position(core, slot_of_account(core, account),
                                         slot_of_market(core, request.market));
    emit_accepted(run, &request);
    return btx_match_taker(run);
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
