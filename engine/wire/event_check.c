/* SPDX-License-Identifier: Apache-2.0 */
/* event_check.c - what an event may say: nothing that the core would not have decided.
 *
 * It asks for what every event of ours fulfils and a reader relies on, no more: whether it fits
 * the state is for btx_core_apply()'s caller to find out. */
#include "engine/base/check.h"
#include "engine/wire/checks.h"

/* The kinds of event_fields.def that commands do not share. */
#define SENTENCE_AMOUNT(what, field) NULL
#define SENTENCE_COUNT32(what, field) NULL
#define SENTENCE_PRICE(what, field)                                                                \
    SENTENCE_RANGE(what, field, (what)->field >= 1 && (what)->field <= BTX_ODDS_MAX)
#define SENTENCE_SIZE(what, field)                                                                 \
    SENTENCE_RANGE(what, field, (what)->field >= 0 && (what)->field <= BTX_MONEY_MAX)
#define SENTENCE_FRACTION(what, field)                                                             \
    SENTENCE_RANGE(what, field, (what)->field <= BTX_COMMISSION_MAX)
#define SENTENCE_DELAY(what, field)                                                                \
    SENTENCE_RANGE(what, field, (what)->field <= BTX_BET_DELAY_MS_MAX)
#define SENTENCE_FLAG(what, field) SENTENCE_BOOL(what, field)
#define SENTENCE_PERCENT(what, field)                                                              \
    SENTENCE_RANGE(what, field,                                                                    \
                   (what)->field <= BTX_FACTOR_MAX && (what)->field % BTX_FACTOR_STEP == 0)
#define SENTENCE_CAUSE(what, field) SENTENCE_BYTE(what, field, BTX_CAUSE_COUNT)
#define SENTENCE_REJECT(what, field) SENTENCE_BYTE(what, field, BTX_REJECT_COUNT)
#define SENTENCE_COMMAND(what, field)                                                              \
    SENTENCE_RANGE(what, field, btx_command_body_bytes((what)->field) != 0)
/* How long a list may be differs: below, with the event. */
#define SENTENCE_IDS(what, field) NULL

/* Every field for itself.  @type is a constant wherever this is inlined. */
BTX_WIRE_INLINE const char *check_fields(enum btx_event_type type, const void *event)
{
    const char *sentence = NULL;
    unsigned present_known = 0;
    unsigned present = 0;

#define FIELD(EVENT, body, field, KIND, NEED)                                                      \
    if (type == BTX_EVENT_##EVENT) {                                                               \
        const struct btx_##body *what = event;                                                     \
        NEED_##NEED(what, field, KIND)(void) what;                                                 \
    }
#include "engine/wire/event_fields.def"

    return (present & ~present_known) != 0 ? "present: unknown bits" : NULL;
}

static const char *check_funds(const struct btx_funds_event *event)
{
    if (event->amount < 1 || event->amount > BTX_MONEY_MAX)
        return "amount: out of range";
    if (event->cseq != 0 && event->transfer != 0)
        return "transfer: not together with cseq";
    return NULL;
}

static const char *check_market_opened(const struct btx_market_opened *event)
{
    const bool has_tick = (event->present & BTX_MARKET_OPENED_HAS_TICK) != 0;
    const bool is_binary = event->kind == BTX_MARKET_KIND_BINARY;
    const unsigned runners_min = is_binary ? 1 : BTX_RUNNERS_MIN;
    const unsigned runners_max = is_binary ? 1 : BTX_RUNNERS_MAX;

    if (event->runners_count < runners_min || event->runners_count > runners_max)
        return "runners: too few or too many";
    if (event->winners < 1 || event->winners > event->runners_count)
        return "winners: out of range";
    if (is_binary != has_tick)
        return "tick: with BINARY, not with ODDS";
    if (event->min_size < 1)
        return "min_size: out of range";
    if (is_binary && (event->reductions | event->implied | event->ladder) != 0)
        return "reductions, implied, ladder: not with BINARY";
    if (event->implied != 0 && (event->runners_count != 2 || event->reductions != 0))
        return "implied: only with two runners and without reductions";
    return NULL;
}

static const char *check_batch(const struct btx_order_cancelled_batched *event)
{
    const uint64_t *orders = btx_order_cancelled_batched_orders(event);

    if (event->orders_count < 1 || event->orders_count > BTX_BATCH_ORDERS_MAX)
        return "orders: none or too many";
    for (size_t i = 1; i < event->orders_count; i++) {
        if (orders[i] <= orders[i - 1])
            return "orders: not ascending";
    }
    return NULL;
}

static const char *check_account_settled(const struct btx_account_settled *event)
{
    const int64_t profit = event->pnl > 0 ? event->pnl : 0;

    return event->commission >= 0 && event->commission <= profit ? NULL
                                                                 : "commission: out of range";
}

static const char *check_accepted(const struct btx_order_accepted *event)
{
    if (event->size < 1)
        return "size: out of range";
    return event->expires <= BTX_TIME_NS_MAX ? NULL : "expires: out of range";
}

static const char *check_held(const struct btx_order_held *event)
{
    const bool has_min_fill = (event->present & BTX_ORDER_HELD_HAS_MIN_FILL) != 0;

    if (event->size < 1)
        return "size: out of range";
    if (event->expires > BTX_TIME_NS_MAX)
        return "expires: out of range";
    if (event->until > BTX_UNTIL_NS_MAX)
        return "until: out of range";
    if (has_min_fill && (event->min_fill < 1 || event->min_fill > event->size))
        return "min_fill: out of range";
    return !has_min_fill || event->tif == BTX_TIF_FOK ? NULL : "min_fill: only with FOK";
}

static const char *check_implied(const struct btx_implied_matched *event)
{
    return event->size > 0 && event->maker_size > 0 ? NULL : "size, maker_size: out of range";
}

static const char *check_rejected(const struct btx_command_rejected *event)
{
    if (event->cseq != 0 && event->transfer != 0)
        return "transfer: not together with cseq";
    return NULL;
}

/* What lists hold and what fields say about each other, when each is well. */
static const char *check_across_fields(const struct btx_record *event)
{
    const void *body = event;

    switch ((enum btx_event_type)event->type) {
    case BTX_EVENT_FUNDS_DEPOSITED:
    case BTX_EVENT_FUNDS_WITHDRAWN:
        return check_funds(body);
    case BTX_EVENT_MARKET_OPENED:
        return check_market_opened(body);
    case BTX_EVENT_ORDER_ACCEPTED:
        return check_accepted(body);
    case BTX_EVENT_ORDER_HELD:
        return check_held(body);
    case BTX_EVENT_IMPLIED_MATCHED:
        return check_implied(body);
    case BTX_EVENT_BET_DELAY_SET:
        return ((const struct btx_bet_delay_set *)body)->bet_delay <= BTX_BET_DELAY_MS_MAX
                   ? NULL
                   : "bet_delay: out of range";
    case BTX_EVENT_TRADE_MATCHED:
        return ((const struct btx_trade_matched *)body)->size > 0 ? NULL : "size: out of range";
    case BTX_EVENT_ORDER_CANCELLED:
        return ((const struct btx_order_cancelled *)body)->cancelled > 0
                   ? NULL
                   : "cancelled: out of range";
    case BTX_EVENT_ORDER_CANCELLED_BATCHED:
        return check_batch(body);
    case BTX_EVENT_MARKET_SETTLING:
        return ((const struct btx_market_settling *)body)->winners_count <= BTX_RUNNERS_MAX
                   ? NULL
                   : "winners: too many";
    case BTX_EVENT_ACCOUNT_SETTLED:
        return check_account_settled(body);
    case BTX_EVENT_MARKET_SETTLED:
        return ((const struct btx_market_settled *)body)->commission >= 0
                   ? NULL
                   : "commission: out of range";
    case BTX_EVENT_COMMAND_REJECTED:
        return check_rejected(body);
    case BTX_EVENT_ACCOUNT_OPENED:
    case BTX_EVENT_ACCOUNT_FROZEN:
    case BTX_EVENT_ACCOUNT_UNFROZEN:
    case BTX_EVENT_MARKET_SUSPENDED:
    case BTX_EVENT_MARKET_RESUMED:
    case BTX_EVENT_MARKET_TURNED_IN_PLAY:
    case BTX_EVENT_ORDER_UPDATED:
    case BTX_EVENT_MARKET_VOIDED:
    case BTX_EVENT_MARKET_FORGOTTEN:
    case BTX_EVENT_MARKET_DESCRIBED:
    case BTX_EVENT_RUNNER_REMOVED:
    case BTX_EVENT_ORDER_RELEASED:
        break;
    }
    return NULL;
}

const char *btx_event_check(const struct btx_record *event)
{
    const char *sentence = NULL;

    switch ((enum btx_event_type)event->type) {
#define EVENT(number, NAME, Name, body, size)                                                      \
    case BTX_EVENT_##NAME:                                                                         \
        sentence = check_reserved_##body(event);                                                   \
        if (sentence == NULL)                                                                      \
            sentence = check_fields(BTX_EVENT_##NAME, event);                                      \
        break;
#include "engine/wire/events.def"
    }
    return sentence != NULL ? sentence : check_across_fields(event);
}

BTX_WIRE_INLINE size_t tail_bytes(enum btx_event_type type, const void *event)
{
    size_t length_bytes = 0;

#define FIELD(EVENT, body, field, KIND, NEED)                                                      \
    if (type == BTX_EVENT_##EVENT) {                                                               \
        const struct btx_##body *what = event;                                                     \
        length_bytes += TAIL_BYTES_##KIND(what, field);                                            \
        (void)what;                                                                                \
    }
#include "engine/wire/event_fields.def"

    return length_bytes;
}

size_t btx_event_tail_bytes(const struct btx_record *event)
{
    switch ((enum btx_event_type)event->type) {
#define EVENT(number, NAME, Name, body, size)                                                      \
    case BTX_EVENT_##NAME:                                                                         \
        return tail_bytes(BTX_EVENT_##NAME, event);
#include "engine/wire/events.def"
    }
    CHECK_UNREACHABLE();
}
