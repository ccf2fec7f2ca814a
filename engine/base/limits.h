/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - everything that is bounded by format or by rule, with its unit and its reason.
 *
 * What an operator may choose (how many accounts, markets, orders) is configuration and not here:
 * see struct btx_core_capacity.  A limit that follows from others is asserted against them. */
#ifndef BTX_BASE_LIMITS_H
#define BTX_BASE_LIMITS_H

#include <assert.h>
#include <stdint.h>

/* The rules by which this build decides.  It changes with any change of what a command does or of
 * what the state consists of, and goes with every command of a log, so that old commands go on
 * being decided the old way.  1: rules.md.  2: rules-2.md too. */
#define BTX_RULES_VERSION 2u

/* Records (engine/wire/README.md).  A cache line, so that a record never shares one. */
#define BTX_RECORD_UNIT_BYTES 64u
#define BTX_RECORD_HEADER_BYTES 32u
/* What the rules call ordinary records: everything but those that carry a list or a text. */
#define BTX_ORDINARY_RECORD_BYTES_MAX 192u

/* A tx ends after so many events, and one batch names so many orders (rules.md 7). */
#define BTX_TX_EVENTS_MAX 4096u
#define BTX_BATCH_ORDERS_MAX 4096u

/* An OrderCancelledBatched of BTX_BATCH_ORDERS_MAX ids: 56 bytes of header and fields, 8 an id,
 * rounded up to whole units.  The greatest of all records. */
#define BTX_RECORD_BYTES_MAX 32832u
static_assert(BTX_RECORD_BYTES_MAX % BTX_RECORD_UNIT_BYTES == 0, "records are whole units");
static_assert(56u + 8u * BTX_BATCH_ORDERS_MAX <= BTX_RECORD_BYTES_MAX, "a full batch fits");
static_assert(BTX_RECORD_BYTES_MAX <= 32904u, "architecture.md 2 promises at most 32 904");

/* Runners of one ODDS market (rules.md 1). */
#define BTX_RUNNERS_MIN 2u
#define BTX_RUNNERS_MAX 512u
/* Ids in a list that a command carries: more than any market may have, so that a list that is too
 * long is the core's to refuse (INVALID_MARKET, INVALID_WINNERS), but bounded all the same. */
#define BTX_LIST_IDS_MAX 1024u
static_assert(BTX_LIST_IDS_MAX > BTX_RUNNERS_MAX, "the core sees lists that are too long");

/* A client's reference on an order, bytes of printable ASCII (rules.md 1). */
#define BTX_REF_BYTES_MAX 64u
/* A market's description, bytes of UTF-8 (rules-2.md 2). */
#define BTX_DESCRIPTION_BYTES_MAX 8192u

/* The greatest command record: 64 bytes before the list, then 8 bytes an id or the description. */
#define BTX_COMMAND_BYTES_MAX 8320u
static_assert(128u + 8u * BTX_LIST_IDS_MAX <= BTX_COMMAND_BYTES_MAX, "longest list fits");
static_assert(128u + BTX_DESCRIPTION_BYTES_MAX <= BTX_COMMAND_BYTES_MAX, "description fits");

/* One tx in bytes: the command, one ordinary record of the greatest size (OrderAccepted), and
 * BTX_TX_EVENTS_MAX - 1 others, of which only the last can be a batch, because a batch ends its tx.
 * Every event that a command can repeat takes at most 128 bytes (asserted in engine/wire). */
#define BTX_REPEATED_EVENT_BYTES_MAX 128u
#define BTX_TX_BYTES_MAX                                                                           \
    (BTX_COMMAND_BYTES_MAX + 4160u + (BTX_TX_EVENTS_MAX - 2u) * BTX_REPEATED_EVENT_BYTES_MAX +     \
     BTX_RECORD_BYTES_MAX)
/* 4160: MarketSettling with BTX_RUNNERS_MAX winners, the greatest first event of a long command. */
static_assert(48u + 8u * BTX_RUNNERS_MAX <= 4160u, "MarketSettling fits its share of a tx");
static_assert(BTX_TX_BYTES_MAX <= 576u * 1024u, "architecture.md 2: about 560 KiB");

/* Money and sizes, in 1/10 000 (rules.md 1): 10^15, so that a price times a size fits 64 bits
 * (10^13 cents * 10^5 hundredths = 10^18) and the sum of all balances does too. */
#define BTX_MONEY_MAX INT64_C(1000000000000000)
/* One in the unit of all decimals: four places. */
#define BTX_DECIMAL_ONE 10000
/* A commission is a fraction 0..1. */
#define BTX_COMMISSION_MAX BTX_DECIMAL_ONE
/* Prices as commands carry them, in 1/10 000: what an odds price of 32 bits in hundredths can
 * say.  The ladder is the core's to judge. */
#define BTX_PRICE_WIRE_MAX (UINT64_C(4294967295) * 100u)
/* Odds run from 1.01 to 1000, binary prices from 0.0001 to 0.9999; both in 1/10 000. */
#define BTX_ODDS_MIN 10100u
#define BTX_ODDS_MAX 10000000u

/* Nanoseconds since 1970, below 2^63 (rules.md 1). */
#define BTX_TIME_NS_MAX UINT64_C(0x7fffffffffffffff)
/* A market's bet delay, in milliseconds; and the moment of release that follows from it, which may
 * lie behind the end of time (rules-2.md 1 and 5). */
#define BTX_BET_DELAY_MS_MAX 60000u
#define BTX_UNTIL_NS_MAX (BTX_TIME_NS_MAX + BTX_BET_DELAY_MS_MAX * UINT64_C(1000000))
/* A reduction factor: percent in 1/10 000, 0..99.99 in steps of 0.01 (rules-2.md 6). */
#define BTX_FACTOR_MAX 999900u
#define BTX_FACTOR_STEP 100u
/* Order ids stay below 2^53, so that JSON clients that use doubles can hold them. */
#define BTX_ORDER_ID_MAX ((UINT64_C(1) << 53) - 1u)

/* Prices of one book: 350 (CLASSIC), 9999 (BINARY with tick 1), 99 900 (FINEST, rules-2.md 1). */
#define BTX_BOOK_PRICES_MAX 99900u

#endif
