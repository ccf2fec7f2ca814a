/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/order_request.h"

#include "engine/core/entities.h"
#include "engine/core/ladder.h"
#include "engine/core/matching.h"
#include "engine/core/reject.h"
#include "engine/core/risk.h"
#include "engine/core/stakes.h"

#define NS_PER_MS UINT64_C(1000000)

static struct taking taking_of(const struct order_request *request)
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

static bool size_is_valid(const struct order_request *request)
{
    const int64_t size = request->size;
    return size > 0 && size <= BTX_MONEY_MAX &&
           size % ladder_size_step(request->market->kind) == 0 &&
           (request->keeps_size || size >= request->market->min_size);
}

/* What must be there at once for a FOK. */
static int64_t min_fill_of(const struct order_request *request)
{
    return request->has_min_fill ? request->min_fill : request->size;
}

/* Check 9: what the fields say about each other. */
static bool is_consistent(const struct btx_core *core, const struct order_request *request)
{
    if (request->post_only && request->tif != BTX_TIF_GTC)
        return false;
    if (request->expires != EXPIRES_NEVER &&
        (request->tif != BTX_TIF_GTC || request->expires <= core->now_ns))
        return false;
    return !request->has_min_fill ||
           (request->tif == BTX_TIF_FOK && request->min_fill > 0 &&
            request->min_fill <= request->size &&
            request->min_fill % ladder_size_step(request->market->kind) == 0);
}

/* rules-2.md 5 */
static bool will_be_held(const struct order_request *request)
{
    return request->market->in_play && request->market->bet_delay > 0;
}

static bool has_capacity(const struct btx_core *core, const struct order_request *request)
{
    /* What is replaced leaves its room to the new order. */
    const bool has_room =
        request->replaced != NULL ||
        (core->orders.used < core->orders.capacity &&
         (request->position != NULL || core->positions.used < core->positions.capacity) &&
         (!request->market->reductions || stakes_have_room(core)));
    return has_room && core->next_order < order_id_end(core->shard);
}

/* rules.md 3: counted as wholly unmatched it leaves available >= 0, or does not lower it. */
static bool is_affordable(struct btx_core *core, const struct order_request *request)
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

enum btx_reject btx_order_request_judge(struct btx_core *core, struct order_request *request)
{
    if (!btx_ladder_index(request->market, request->price, &request->price_index))
        return BTX_REJECT_INVALID_PRICE;
    if (!size_is_valid(request))
        return BTX_REJECT_INVALID_SIZE;
    if (!is_consistent(core, request))
        return BTX_REJECT_INVALID_ORDER;
    if (!has_capacity(core, request))
        return BTX_REJECT_CAPACITY;
    if (!is_affordable(core, request))
        return BTX_REJECT_INSUFFICIENT_FUNDS;
    if ((request->post_only || request->tif == BTX_TIF_FOK) && !will_be_held(request)) {
        const struct taking taking = taking_of(request);
        if (request->post_only && btx_would_match(core, &taking))
            return BTX_REJECT_WOULD_MATCH;
        if (request->tif == BTX_TIF_FOK &&
            !btx_is_fillable(core, &taking, request->size, min_fill_of(request)))
            return BTX_REJECT_NOT_FILLABLE;
    }
    return ACCEPTABLE;
}

/* The fields that OrderAccepted and OrderHeld have both, at the same places; the ref goes to
 * @ref. */
static void fill_accepted(const struct btx_core *core, const struct order_request *request,
                          struct btx_order_accepted *event, char *ref)
{
    event->order = core->next_order;
    event->account = request->account->id;
    event->market = request->market->id;
    event->runner = request->runner->id;
    event->size = request->size;
    event->cseq = request->cseq;
    event->expires = request->expires == EXPIRES_NEVER ? 0 : request->expires;
    event->price = (uint32_t)request->price;
    event->side = request->side;
    event->tif = request->tif;
    event->persistence = request->persistence;
    event->post_only = request->post_only;
    event->stp = request->stp;
    if (request->has_ref) {
        event->ref_length = request->ref_length;
        event->present = BTX_ORDER_ACCEPTED_HAS_REF;
        memcpy(ref, request->ref, request->ref_length);
    }
}
static_assert(BTX_ORDER_ACCEPTED_HAS_REF == BTX_ORDER_HELD_HAS_REF, "the same bit in both");

static void emit_accepted(struct run *run, const struct order_request *request)
{
    struct btx_core *core = run->core;
    struct btx_order_accepted *event =
        tx_event(run, BTX_EVENT_ORDER_ACCEPTED, sizeof *event, request->ref_length);
    fill_accepted(core, request, event, (char *)(event + 1));
    btx_change_order_accepted(core, event, request->account, request->runner, request->position,
                              request->price_index);
}

BTX_NOINLINE static void emit_held(struct run *run, const struct order_request *request)
{
    struct btx_core *core = run->core;
    struct btx_order_held *event =
        tx_event(run, BTX_EVENT_ORDER_HELD, sizeof *event, request->ref_length);
    fill_accepted(core, request, (struct btx_order_accepted *)(void *)event, (char *)(event + 1));
    event->until = core->now_ns + request->market->bet_delay * NS_PER_MS;
    if (request->has_min_fill) {
        event->min_fill = request->min_fill;
        event->present |= BTX_ORDER_HELD_HAS_MIN_FILL;
    }
    btx_change_order_held(core, event, request->account, request->runner, request->position,
                          request->price_index);
}

bool btx_order_request_take(struct run *run, struct order_request *request)
{
    /* Its pair may have been taken out with the order that it replaces. */
    if (request->replaced != NULL)
        request->position =
            btx_find_position(run->core, slot_of_account(run->core, request->account),
                              slot_of_market(run->core, request->market));
    if (will_be_held(request)) {
        emit_held(run, request);
        return true;
    }
    emit_accepted(run, request);
    return btx_match_taker(run);
}
