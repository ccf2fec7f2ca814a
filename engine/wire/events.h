/* SPDX-License-Identifier: Apache-2.0 */
/* events.h - the event records: what happened, enough to rebuild the state from (rules.md 8).
 *
 * Every body begins with struct btx_record.  Money, prices, sizes and fractions are in 1/10 000
 * whatever the market's kind, so that an event can be printed without knowing its market. */
#ifndef BTX_WIRE_EVENTS_H
#define BTX_WIRE_EVENTS_H

#include "engine/wire/record.h"
#include "engine/wire/terms.h"

enum btx_event_type {
#define EVENT(number, NAME, Name, body, size) BTX_EVENT_##NAME = (number),
#include "engine/wire/events.def"
};
enum {
#define EVENT(number, NAME, Name, body, size) +1
    BTX_EVENT_COUNT =
#include "engine/wire/events.def"
        ,
};

/* AccountOpened, AccountFrozen, AccountUnfrozen. */
struct btx_account_event {
    struct btx_record record;
    uint64_t account;
};

/* FundsDeposited, FundsWithdrawn; the balance is the one after it. */
struct btx_funds_event {
    struct btx_record record;
    uint64_t account;
    int64_t amount;
    int64_t balance;
    uint64_t cseq;
    uint64_t transfer;
};

/* MarketOpened; @runners_count ids follow, in the order of the command. */
struct btx_market_opened {
    struct btx_record record;
    uint64_t market;
    int64_t min_size;
    uint32_t winners;
    uint32_t commission;
    uint32_t tick;
    uint16_t runners_count;
    uint8_t kind;
    uint8_t present;
    uint32_t bet_delay; /* ms; 0 (and false, CLASSIC) is the default, which is not printed */
    uint8_t reductions;
    uint8_t implied;
    uint8_t ladder;
    uint8_t reserved;
};

/* MarketSuspended, MarketResumed, MarketTurnedInPlay, MarketVoided, MarketForgotten. */
struct btx_market_event {
    struct btx_record record;
    uint64_t market;
};

/* OrderAccepted; @ref_length bytes follow. */
struct btx_order_accepted {
    struct btx_record record;
    uint64_t order;
    uint64_t account;
    uint64_t market;
    uint64_t runner;
    int64_t size;
    uint64_t cseq;
    uint64_t expires; /* ns since 1970, 0: never */
    uint32_t price;
    uint8_t side;
    uint8_t tif;
    uint8_t persistence;
    uint8_t post_only;
    uint8_t stp;
    uint8_t ref_length;
    uint8_t present;
    uint8_t reserved[5];
};

/* TradeMatched: at the maker's price. */
struct btx_trade_matched {
    struct btx_record record;
    uint64_t market;
    uint64_t runner;
    int64_t size;
    uint64_t taker;
    uint64_t taker_account;
    uint64_t maker;
    uint64_t maker_account;
    int64_t taker_remaining;
    int64_t maker_remaining;
    uint32_t price;
    uint8_t taker_side;
    uint8_t reserved[3];
};

/* OrderCancelled: @cancelled is what this event takes away, @remaining what is left. */
struct btx_order_cancelled {
    struct btx_record record;
    uint64_t order;
    uint64_t account;
    uint64_t market;
    uint64_t runner;
    int64_t cancelled;
    int64_t remaining;
    uint64_t cseq;
    uint8_t side;
    uint8_t cause;
    uint8_t reserved[6];
};

/* OrderUpdated: it keeps its place. */
struct btx_order_updated {
    struct btx_record record;
    uint64_t order;
    uint64_t account;
    uint64_t market;
    uint64_t runner;
    uint64_t cseq;
    uint8_t persistence;
    uint8_t reserved[7];
};

/* OrderCancelledBatched: all of each; @orders_count ids follow, ascending. */
struct btx_order_cancelled_batched {
    struct btx_record record;
    uint64_t market;
    uint64_t cseq;
    uint16_t orders_count;
    uint8_t cause;
    uint8_t reserved[5];
};

/* MarketSettling; @winners_count ids follow, in the order of the command; BINARY: [1] or []. */
struct btx_market_settling {
    struct btx_record record;
    uint64_t market;
    uint16_t winners_count;
    uint8_t reserved[6];
};

/* AccountSettled; the balance is the one after it. */
struct btx_account_settled {
    struct btx_record record;
    uint64_t market;
    uint64_t account;
    int64_t pnl;
    int64_t commission;
    int64_t balance;
};

/* MarketSettled: how many accounts, and what the house got. */
struct btx_market_settled {
    struct btx_record record;
    uint64_t market;
    uint64_t accounts;
    int64_t commission;
    int64_t rounding;
};

/* CommandRejected: the fields that the command carried; @ref_length bytes follow. */
struct btx_command_rejected {
    struct btx_record record;
    uint64_t account;
    uint64_t market;
    uint64_t order;
    uint64_t cseq;
    uint64_t transfer;
    uint8_t cmd;    /* enum btx_command_type */
    uint8_t reason; /* enum btx_reject */
    uint8_t ref_length;
    uint8_t present;
    uint8_t reserved[4];
};

/* MarketDescribed; @text_length bytes of UTF-8 follow. */
struct btx_market_described {
    struct btx_record record;
    uint64_t market;
    uint16_t text_length;
    uint8_t reserved[6];
};

/* BetDelaySet. */
struct btx_bet_delay_set {
    struct btx_record record;
    uint64_t market;
    uint32_t bet_delay; /* ms */
    uint8_t reserved[4];
};

/* RunnerRemoved. */
struct btx_runner_removed {
    struct btx_record record;
    uint64_t market;
    uint64_t runner;
    uint32_t factor; /* Percent, 1/10 000. */
    uint8_t reserved[4];
};

/* OrderHeld: as OrderAccepted up to its last member, then what holds it; @ref_length bytes
 * follow. */
struct btx_order_held {
    struct btx_record record;
    uint64_t order;
    uint64_t account;
    uint64_t market;
    uint64_t runner;
    int64_t size;
    uint64_t cseq;
    uint64_t expires;
    uint32_t price;
    uint8_t side;
    uint8_t tif;
    uint8_t persistence;
    uint8_t post_only;
    uint8_t stp;
    uint8_t ref_length;
    uint8_t present;
    uint8_t reserved[5];
    uint64_t until;   /* ns since 1970: when it is released */
    int64_t min_fill; /* FOK only */
};

/* OrderReleased: from now on it is as accepted. */
struct btx_order_released {
    struct btx_record record;
    uint64_t order;
    uint64_t account;
    uint64_t market;
};

/* ImpliedMatched: the taker on @runner with a maker of its own side on @maker_runner.  @size is the
 * taker's, @maker_size the maker's at @maker_price. */
struct btx_implied_matched {
    struct btx_record record;
    uint64_t market;
    uint64_t runner;
    int64_t size;
    uint64_t taker;
    uint64_t taker_account;
    uint64_t maker_runner;
    int64_t maker_size;
    uint64_t maker;
    uint64_t maker_account;
    int64_t taker_remaining;
    int64_t maker_remaining;
    uint32_t maker_price;
    uint8_t taker_side;
    uint8_t reserved[3];
};

/* Bits of `present`; the same rows as event_fields.def. */
#define BTX_MARKET_OPENED_HAS_TICK 0x01u
#define BTX_ORDER_ACCEPTED_HAS_REF 0x01u
#define BTX_ORDER_HELD_HAS_REF 0x01u
#define BTX_ORDER_HELD_HAS_MIN_FILL 0x02u
#define BTX_COMMAND_REJECTED_HAS_ACCOUNT 0x01u
#define BTX_COMMAND_REJECTED_HAS_MARKET 0x02u
#define BTX_COMMAND_REJECTED_HAS_ORDER 0x04u
#define BTX_COMMAND_REJECTED_HAS_REF 0x08u

/* The ids or text behind a body. */
static inline const uint64_t *btx_market_opened_runners(const struct btx_market_opened *event)
{
    return (const uint64_t *)(event + 1);
}

static inline const char *btx_order_accepted_ref(const struct btx_order_accepted *event)
{
    return (const char *)(event + 1);
}

static inline const uint64_t *btx_order_cancelled_batched_orders(
    const struct btx_order_cancelled_batched *event)
{
    return (const uint64_t *)(event + 1);
}

static inline const uint64_t *btx_market_settling_winners(const struct btx_market_settling *event)
{
    return (const uint64_t *)(event + 1);
}

static inline const char *btx_order_held_ref(const struct btx_order_held *event)
{
    return (const char *)(event + 1);
}

static inline const char *btx_market_described_text(const struct btx_market_described *event)
{
    return (const char *)(event + 1);
}

static inline const char *btx_command_rejected_ref(const struct btx_command_rejected *event)
{
    return (const char *)(event + 1);
}

/* The text form's name of an event type; valid types only. */
const struct btx_term *btx_event_name(enum btx_event_type type);

/* The size of the fixed body of @type, header included; 0 for an unknown type. */
size_t btx_event_body_bytes(uint8_t type);

#endif
