/* SPDX-License-Identifier: Apache-2.0 */
/* terms.h - the words that records carry as one byte: sides, times in force, causes, reasons.
 *
 * Each list is the enum, the spelling in the text form and the range that decoding accepts.
 * The numbers go into the log: append only, never reuse, never reorder. */
#ifndef BTX_WIRE_TERMS_H
#define BTX_WIRE_TERMS_H

#include <stddef.h>
#include <stdint.h>

/* Side of an order in a book.  BACK backs the runner (in a BINARY market: buys YES). */
#define BTX_SIDE_TERMS(TERM, P) TERM(P, 0, BACK) TERM(P, 1, LAY)

/* Side as a command may spell it; BUY and SELL go with an outcome (rules.md 2). */
#define BTX_ORDER_SIDE_TERMS(TERM, P)                                                              \
    TERM(P, 0, BACK) TERM(P, 1, LAY) TERM(P, 2, BUY) TERM(P, 3, SELL)

/* NONE: not given.  It has no spelling of its own in the text form. */
#define BTX_OUTCOME_TERMS(TERM, P) TERM(P, 0, NONE) TERM(P, 1, YES) TERM(P, 2, NO)

#define BTX_MARKET_KIND_TERMS(TERM, P) TERM(P, 0, ODDS) TERM(P, 1, BINARY)

/* Time in force: good till cancelled, immediate or cancel, fill or kill. */
#define BTX_TIF_TERMS(TERM, P) TERM(P, 0, GTC) TERM(P, 1, IOC) TERM(P, 2, FOK)

/* Which odds a market's books have (rules.md 1, rules-2.md 1); ODDS only. */
#define BTX_LADDER_TERMS(TERM, P) TERM(P, 0, CLASSIC) TERM(P, 1, FINEST)

/* What becomes of an order at TurnInPlay. */
#define BTX_PERSISTENCE_TERMS(TERM, P) TERM(P, 0, LAPSE) TERM(P, 1, PERSIST)

/* Self-trade prevention. */
#define BTX_STP_TERMS(TERM, P) TERM(P, 0, NONE) TERM(P, 1, CANCEL_MAKER) TERM(P, 2, CANCEL_TAKER)

/* Why an order left without a match. */
#define BTX_CAUSE_TERMS(TERM, P)                                                                   \
    TERM(P, 0, CLIENT)                                                                             \
    TERM(P, 1, ADMIN)                                                                              \
    TERM(P, 2, DISCONNECT)                                                                         \
    TERM(P, 3, FROZEN)                                                                             \
    TERM(P, 4, LAPSED)                                                                             \
    TERM(P, 5, REPLACED)                                                                           \
    TERM(P, 6, IOC)                                                                                \
    TERM(P, 7, FOK)                                                                                \
    TERM(P, 8, SELF_TRADE)                                                                         \
    TERM(P, 9, SETTLED)                                                                            \
    TERM(P, 10, VOIDED)                                                                            \
    TERM(P, 11, EXPIRED)                                                                           \
    TERM(P, 12, MARKET_SUSPENDED)                                                                  \
    TERM(P, 13, WOULD_MATCH)                                                                       \
    TERM(P, 14, RUNNER_REMOVED)

/* Why a command was refused. */
#define BTX_REJECT_TERMS(TERM, P)                                                                  \
    TERM(P, 0, UNKNOWN_ACCOUNT)                                                                    \
    TERM(P, 1, DUPLICATE)                                                                          \
    TERM(P, 2, BUSY)                                                                               \
    TERM(P, 3, INVALID_ACCOUNT)                                                                    \
    TERM(P, 4, ACCOUNT_EXISTS)                                                                     \
    TERM(P, 5, ACCOUNT_FROZEN)                                                                     \
    TERM(P, 6, INVALID_AMOUNT)                                                                     \
    TERM(P, 7, INSUFFICIENT_FUNDS)                                                                 \
    TERM(P, 8, NO_CHANGE)                                                                          \
    TERM(P, 9, CAPACITY)                                                                           \
    TERM(P, 10, INVALID_MARKET)                                                                    \
    TERM(P, 11, MARKET_EXISTS)                                                                     \
    TERM(P, 12, UNKNOWN_MARKET)                                                                    \
    TERM(P, 13, MARKET_CLOSED)                                                                     \
    TERM(P, 14, MARKET_NOT_OPEN)                                                                   \
    TERM(P, 15, NOT_CLOSED)                                                                        \
    TERM(P, 16, INVALID_WINNERS)                                                                   \
    TERM(P, 17, UNKNOWN_RUNNER)                                                                    \
    TERM(P, 18, RUNNER_REMOVED)                                                                    \
    TERM(P, 19, INVALID_PRICE)                                                                     \
    TERM(P, 20, INVALID_SIZE)                                                                      \
    TERM(P, 21, INVALID_ORDER)                                                                     \
    TERM(P, 22, WOULD_MATCH)                                                                       \
    TERM(P, 23, NOT_FILLABLE)                                                                      \
    TERM(P, 24, UNKNOWN_ORDER)                                                                     \
    TERM(P, 25, NOT_ORDER_OWNER)                                                                   \
    TERM(P, 26, NOTHING_TO_CANCEL)                                                                 \
    TERM(P, 27, VERSION_CHANGED)                                                                   \
    TERM(P, 28, TOO_FEW_RUNNERS)

/* One spelling, with its length so that writers need not look for its end. */
struct btx_term {
    const char *text;
    size_t length;
};

#define BTX_TERM_ENUM(P, number, NAME) BTX_##P##_##NAME = (number),
#define BTX_TERM_COUNT(P, number, NAME) +1

enum btx_side { BTX_SIDE_TERMS(BTX_TERM_ENUM, SIDE) };
enum btx_order_side { BTX_ORDER_SIDE_TERMS(BTX_TERM_ENUM, ORDER_SIDE) };
enum btx_outcome { BTX_OUTCOME_TERMS(BTX_TERM_ENUM, OUTCOME) };
enum btx_market_kind { BTX_MARKET_KIND_TERMS(BTX_TERM_ENUM, MARKET_KIND) };
enum btx_ladder { BTX_LADDER_TERMS(BTX_TERM_ENUM, LADDER) };
enum btx_tif { BTX_TIF_TERMS(BTX_TERM_ENUM, TIF) };
enum btx_persistence { BTX_PERSISTENCE_TERMS(BTX_TERM_ENUM, PERSISTENCE) };
enum btx_stp { BTX_STP_TERMS(BTX_TERM_ENUM, STP) };
enum btx_cause { BTX_CAUSE_TERMS(BTX_TERM_ENUM, CAUSE) };
enum btx_reject { BTX_REJECT_TERMS(BTX_TERM_ENUM, REJECT) };

enum {
    BTX_SIDE_COUNT = BTX_SIDE_TERMS(BTX_TERM_COUNT, SIDE),
    BTX_ORDER_SIDE_COUNT = BTX_ORDER_SIDE_TERMS(BTX_TERM_COUNT, ORDER_SIDE),
    BTX_OUTCOME_COUNT = BTX_OUTCOME_TERMS(BTX_TERM_COUNT, OUTCOME),
    BTX_MARKET_KIND_COUNT = BTX_MARKET_KIND_TERMS(BTX_TERM_COUNT, MARKET_KIND),
    BTX_LADDER_COUNT = BTX_LADDER_TERMS(BTX_TERM_COUNT, LADDER),
    BTX_TIF_COUNT = BTX_TIF_TERMS(BTX_TERM_COUNT, TIF),
    BTX_PERSISTENCE_COUNT = BTX_PERSISTENCE_TERMS(BTX_TERM_COUNT, PERSISTENCE),
    BTX_STP_COUNT = BTX_STP_TERMS(BTX_TERM_COUNT, STP),
    BTX_CAUSE_COUNT = BTX_CAUSE_TERMS(BTX_TERM_COUNT, CAUSE),
    BTX_REJECT_COUNT = BTX_REJECT_TERMS(BTX_TERM_COUNT, REJECT),
};

extern const struct btx_term btx_side_terms[BTX_SIDE_COUNT];
extern const struct btx_term btx_order_side_terms[BTX_ORDER_SIDE_COUNT];
extern const struct btx_term btx_outcome_terms[BTX_OUTCOME_COUNT];
extern const struct btx_term btx_market_kind_terms[BTX_MARKET_KIND_COUNT];
extern const struct btx_term btx_ladder_terms[BTX_LADDER_COUNT];
extern const struct btx_term btx_tif_terms[BTX_TIF_COUNT];
extern const struct btx_term btx_persistence_terms[BTX_PERSISTENCE_COUNT];
extern const struct btx_term btx_stp_terms[BTX_STP_COUNT];
extern const struct btx_term btx_cause_terms[BTX_CAUSE_COUNT];
extern const struct btx_term btx_reject_terms[BTX_REJECT_COUNT];

#endif
