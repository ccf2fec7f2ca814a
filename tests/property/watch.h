/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - what the events alone must tell of the rules about walks, held orders and due things,
 * whatever the model says; and how often the situations were met in which they matter.
 *
 * The watcher knows no books and no money: of each order what its event said of it, of each market
 * how it was opened.  It was written from rules.md and rules-2.md, apart from core and model. */
#ifndef BTX_PROPERTY_WATCH_H
#define BTX_PROPERTY_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/wire/commands.h"
#include "engine/wire/events.h"

/* What must be met, so that the properties mean something: SITUATION(NAME, "name"). */
#define BTX_WATCH_SITUATIONS(SITUATION)                                                            \
    SITUATION(IMPLIED_BACK, "implied-back")                                                        \
    SITUATION(IMPLIED_LAY, "implied-lay")                                                          \
    SITUATION(IMPLIED_AFTER_DIRECT, "implied-after-direct")                                        \
    SITUATION(DIRECT_AFTER_IMPLIED, "direct-after-implied")                                        \
    SITUATION(IMPLIED_TIE, "implied-tie")                                                          \
    SITUATION(IMPLIED_REMAINDERS, "implied-remainders")                                            \
    SITUATION(IMPLIED_OWN, "implied-own")                                                          \
    SITUATION(IMPLIED_SELF_TRADE, "implied-self-trade")                                            \
    SITUATION(IMPLIED_FOK, "implied-fok")                                                          \
    SITUATION(IMPLIED_RELEASED, "implied-released")                                                \
    SITUATION(IMPLIED_CROSSED_REST, "implied-crossed-rest")                                        \
    SITUATION(RELEASED_MATCHED, "released-matched")                                                \
    SITUATION(RELEASED_EXPIRED, "released-expired")                                                \
    SITUATION(RELEASED_LATER, "released-at-other-delay")                                           \
    SITUATION(HELD_EXPIRED, "held-expired")                                                        \
    SITUATION(HELD_EXPIRED_TOGETHER, "held-expired-at-release")                                    \
    SITUATION(HELD_FOK_REDUCED, "held-fok-reduced")                                                \
    SITUATION(HELD_REPLACED_HELD, "held-replaced-held")                                            \
    SITUATION(HELD_REPLACED_ACCEPTED, "held-replaced-accepted")                                    \
    SITUATION(HELD_BATCHED, "held-batched")                                                        \
    SITUATION(HELD_UPDATED, "held-updated")                                                        \
    SITUATION(DUE_SEVERAL, "due-several")                                                          \
    SITUATION(DUE_TOGETHER, "due-together")                                                        \
    SITUATION(DUE_BOTH_KINDS, "due-both-kinds")                                                    \
    SITUATION(BETS_REDUCED, "bets-reduced")                                                        \
    SITUATION(BETS_REDUCED_AGAIN, "bets-reduced-again")                                            \
    SITUATION(BETS_REDUCED_TO_LEAST, "bets-reduced-to-least")                                      \
    SITUATION(BETS_VOID, "bets-void")                                                              \
    SITUATION(NEGATIVE_AVAILABLE, "negative-available")                                            \
    SITUATION(NEGATIVE_ACCEPTED, "negative-accepted")                                              \
    SITUATION(NEGATIVE_REFUSED, "negative-refused")                                                \
    SITUATION(NEGATIVE_REPLACED, "negative-replaced")                                              \
    SITUATION(NEGATIVE_BALANCE, "negative-balance")                                                \
    SITUATION(CAPACITY_STAKES, "capacity-stakes")                                                  \
    SITUATION(CAPACITY_DESCRIPTION, "capacity-description")

enum btx_watch_situation {
#define SITUATION(NAME, name) BTX_WATCH_##NAME,
    BTX_WATCH_SITUATIONS(SITUATION)
#undef SITUATION
        BTX_WATCH_SITUATION_COUNT,
};

/* An order, as its events tell. */
struct btx_watch_order {
    uint64_t account;
    uint64_t market;
    uint64_t runner;
    uint64_t expires; /* 0: never */
    uint64_t until;   /* Of a held one. */
    uint64_t held_at;
    uint64_t place; /* When it was accepted or released, counted. */
    int64_t remaining;
    int64_t min_fill;
    uint32_t price;
    uint8_t side;
    uint8_t tif;
    bool is_live;
    bool is_held;
    bool was_held;
};

struct btx_watch_market {
    uint64_t market;
    uint64_t bet_delay; /* ms */
    uint8_t kind;
    bool implied;
    bool in_play;
};

/* Fields are private. */
struct btx_watch {
    uint64_t first_order;
    struct btx_watch_order *orders; /* By id, from first_order on. */
    size_t order_count;
    size_t order_room;
    struct btx_watch_market *markets;
    size_t market_count;
    size_t market_room;
    uint64_t *timed; /* Orders that had a moment; some are dead. */
    size_t timed_count;
    size_t timed_room;
    uint64_t place_count;
    /* The command: what fell due before it, and which record was the last. */
    bool is_due; /* The present one is a thing due. */
    bool due_begins;
    uint64_t due_count; /* Before one command. */
    uint64_t due_moment;
    uint64_t due_order;
    bool due_expired;
    /* The order that the last event replaced; 0: none. */
    uint64_t replaced;
    /* The walk: its taker, and how good the last maker was, as odds above one. */
    uint64_t taker;
    bool taker_released;
    bool last_implied;
    uint64_t last_above; /* Over last_below; 0: nobody met yet. */
    uint64_t last_below;
    uint64_t last_place;
    /* What RunnerRemoved said; 0: nothing to look at. */
    uint64_t removed_market;
    uint64_t removed_runner;
    bool removed_all;
    uint64_t *met; /* BTX_WATCH_SITUATION_COUNT counters. */
};

/* The caller ends it with btx_watch_done(); @met is the caller's. */
void btx_watch_init(struct btx_watch *watch, uint64_t first_order, uint64_t *met);
void btx_watch_done(struct btx_watch *watch);

/* Look at the next record of the log.  Returns NULL, or what is wrong with it. */
BTX_MUST_USE const char *btx_watch_record(struct btx_watch *watch, const struct btx_record *record);

#endif
