/* SPDX-License-Identifier: Apache-2.0 */
/* state.h - the core's data, private to this folder.
 *
 * Everything lives in pools with 32-bit slots; slot 0 means none, so that zeroed memory is an
 * empty exchange.  Slots and list orders that depend on history (hash chains, free lists, the
 * lists of positions) never decide anything: what is decided in order goes by ids or by queues.
 * Derived data (sums, floors, reserves, bitmaps) is kept by apply and never saved. */
#ifndef BTX_CORE_STATE_H
#define BTX_CORE_STATE_H

#include "engine/base/check.h"
#include "engine/base/int128.h"
#include "engine/base/limits.h"
#include "engine/core/core.h"
#include "engine/core/pool.h"
#include "engine/core/view.h"

#define NO_SLOT 0u
/* The house is the first account of every core. */
#define HOUSE_SLOT 1u

/* One client, or the house: one cache line. */
struct account {
    btx_i128 reserved; /* Sum of its positions' reserves. */
    btx_i128 balance;  /* A client's fits 64 bits; what the house earns has no bound. */
    uint64_t id;
    uint64_t cseq;
    uint64_t transfer;
    uint32_t positions; /* List through account_next. */
    uint32_t hash_next : 31;
    uint32_t frozen : 1;
};
static_assert(sizeof(struct account) == 64, "an account is one cache line");
static_assert(BTX_CORE_CAPACITY_MAX < UINT32_C(1) << 31, "31 bits name every slot");

struct market {
    uint64_t id;
    int64_t min_size;
    uint32_t tick;       /* 1/10 000; BINARY only */
    uint32_t commission; /* 1/10 000 */
    uint32_t winners;    /* K of rules.md 3 */
    uint32_t runner_count;
    uint32_t price_count; /* Prices of each of its books. */
    uint32_t positions;   /* List through market_next. */
    uint32_t hash_next;
    uint32_t live[BTX_SIDE_COUNT]; /* Live orders by side. */
    uint32_t bet_delay;            /* ms */
    uint8_t kind;
    uint8_t status;
    uint8_t in_play;
    uint8_t reductions; /* Keeps net stakes by price, for factors of removed runners. */
    uint8_t implied;    /* Two runners, matched with each other. */
    uint8_t ladder;
    uint8_t padding[2];
    /* What few commands look at. */
    uint64_t version;      /* rules-2.md 3 */
    uint32_t first_active; /* The first runner that is not removed, by index. */
    uint32_t removed_count;
    uint32_t description; /* First of its blocks. */
    uint32_t description_bytes;
    uint8_t padding_cold[40];
};
static_assert(sizeof(struct market) == 128, "a market is two cache lines");

/* A side of a book as a tree of bitmaps: top says which words of summary are not zero, summary
 * which leaves have orders of that side, and each leaf has a word for its 64 prices. */
#define BOOK_LEAF_PRICES 64u
#define BOOK_LEAVES_MAX ((BTX_BOOK_PRICES_MAX + BOOK_LEAF_PRICES - 1) / BOOK_LEAF_PRICES)
#define BOOK_SUMMARY_WORDS ((BOOK_LEAVES_MAX + 63) / 64)
static_assert(BOOK_SUMMARY_WORDS <= 64, "one top word names all summary words");

struct book_side {
    uint64_t top;
    uint64_t summary[BOOK_SUMMARY_WORDS];
};

/* A runner and its book. */
struct runner {
    uint64_t id;
    uint32_t market;
    uint32_t index; /* From 0, in the order of OpenMarket. */
    uint32_t hash_next;
    uint32_t removed; /* 1: it cannot win, nor be bet on. */
    struct book_side sides[BTX_SIDE_COUNT];
    uint32_t leaves[BOOK_LEAVES_MAX]; /* Slots of the leaves that have orders. */
};

/* The orders of one price, oldest first.  Only one side can rest at a price (an uncrossed book);
 * which one, the leaf's bits say. */
struct level {
    btx_i128 size; /* Sum of what remains; 10 000 binary orders at the limit pass 64 bits. */
    uint32_t head;
    uint32_t tail;
};

struct leaf {
    uint64_t bits[BTX_SIDE_COUNT];
    uint64_t padding[6]; /* So that no level lies across two cache lines. */
    struct level levels[BOOK_LEAF_PRICES];
};

/* A live order: one cache line. */
struct order {
    uint64_t id;
    int64_t remaining;
    uint32_t price;       /* 1/10 000 */
    uint32_t price_index; /* In its market's ladder. */
    uint32_t position;    /* Whose it is, and in which market. */
    uint32_t runner;
    uint32_t level_prev; /* Queue of its price, when resting. */
    uint32_t level_next;
    uint32_t position_prev; /* Orders of its position, ids ascending. */
    uint32_t position_next;
    uint32_t hash_next;
    uint32_t due_place; /* In the queue of due things; 0: nothing will happen to it by time. */
    uint8_t side;
    uint8_t persistence;
    uint8_t stp;
    uint8_t tif;       /* Matters to takers and held ones only; what rests is GTC. */
    uint8_t resting;   /* In its book.  An order that is neither resting nor held is the taker of */
    uint8_t held;      /* the pending command. */
    uint8_t post_only; /* Matters to held ones only. */
    uint8_t has_ref;   /* Then the ref is in order_refs. */
};
static_assert(sizeof(struct order) == 64, "an order is one cache line");

/* What time will do to an order: for those only that have a due_place. */
struct order_moment {
    uint64_t expires; /* ns, 0: never */
    uint64_t until;   /* ns, when it is held: its release */
    int64_t min_fill; /* When it is held: what must be there for a FOK, 0: all of it. */
};

/* One waiting order in the queue of due things, a binary heap by (moment, id). */
struct due_entry {
    uint64_t moment_ns;
    uint64_t id;
    uint32_t slot;
    uint32_t padding;
};

struct due_queue {
    struct due_entry *entries; /* From 1 on. */
    uint32_t count;
};

/* What an account has matched on a runner at one price, net: backed minus laid.  Kept in markets
 * with reductions only, while it is not 0. */
struct stake {
    btx_i128 size;
    uint32_t position;
    uint32_t index; /* Of the runner. */
    uint32_t price; /* 1/10 000, any whole hundredth: what factors made of it. */
    uint32_t hash_next;
    uint32_t position_prev; /* Stakes of its position. */
    uint32_t position_next;
    uint32_t padding[2];
};

/* A market's description lies in a chain of blocks.  One that is not full is its last, so as many
 * blocks as full ones and one for each description are always enough. */
#define DESCRIPTION_BLOCK_BYTES 252u
struct description_block {
    uint32_t next;
    char text[DESCRIPTION_BLOCK_BYTES];
};

struct order_ref {
    uint8_t length;
    char text[BTX_REF_BYTES_MAX];
};

/* Profit and loss in one runner with the unmatched orders counted as lost: W' and X' of rules.md
 * 3.  The matched W and X follow from it and the position's live orders. */
struct cell {
    btx_i128 win;
    btx_i128 lose;
};

/* One account in one market, while it has a bet or a live order there. */
struct position {
    btx_i128 lose_sum; /* Sum of X' over all runners. */
    btx_i128 floor;    /* Smallest W' - X', when floor_known. */
    btx_i128 reserved;
    uint32_t account;
    uint32_t market;
    uint32_t hash_next;
    uint32_t floor_index; /* A runner that has the floor. */
    uint32_t account_prev;
    uint32_t account_next;
    uint32_t market_prev;
    uint32_t market_next;
    uint32_t orders_head; /* Its live orders, ids ascending. */
    uint32_t orders_tail;
    uint32_t live[BTX_SIDE_COUNT];
    uint32_t cells;         /* First of runner_count cells. */
    uint32_t nonzero_cells; /* Cells that are not all zero. */
    uint32_t stakes;        /* List through position_next. */
    uint8_t floor_known;
    uint8_t padding[19];
};
static_assert(sizeof(struct position) == 128, "a position is two cache lines");

/* What a command that goes on over several txs has done so far.  Set and cleared by apply. */
struct work {
    uint32_t taker;    /* The order being matched; its position's reserve is stale. */
    uint32_t settling; /* Market between MarketSettling and MarketSettled. */
    uint32_t voiding;  /* Market between MarketVoided and the end of the command. */
    uint64_t settled_accounts;
    uint64_t settled_last; /* The last account settled; 0: none yet. */
    btx_i128 settled_commission;
    btx_i128 settled_pnl;
};

/* An ascending walk over many ids: a binary heap in scratch memory. */
struct heap_entry {
    uint64_t key;
    uint32_t slot;
    uint32_t padding;
};

struct heap {
    struct heap_entry *entries;
    uint32_t count;
};

/* Walk over the orders or accounts of a market, kept between the txs of one command; derived, so
 * that it can be built anew at any time. */
enum walk_kind {
    WALK_NONE, /* Not built. */
    WALK_ORDERS,
    WALK_ACCOUNTS,
};

struct walk {
    struct heap heap;
    enum walk_kind kind;
    uint32_t market;
};

/* The command of all that falls due: a Tick of nobody's, in whole units. */
union due_tick {
    struct btx_command command;
    uint8_t bytes[BTX_RECORD_UNIT_BYTES];
};
static_assert(sizeof(struct btx_tick) <= BTX_RECORD_UNIT_BYTES, "one unit holds it");

struct btx_core {
    struct btx_core_capacity capacity;
    uint32_t shard;

    /* State, saved. */
    uint64_t seq;
    uint64_t tx;
    uint64_t time_ns;
    uint64_t next_order;
    uint64_t removals; /* Runners ever removed: since the first one, available may be negative. */
    uint32_t rules_version; /* By which the last command was decided. */
    struct work work;
    bool has_pending;

    /* Derived, not saved. */
    uint32_t decide_by;    /* Rules version for the commands to come. */
    bool tx_open;          /* The last event did not end its tx. */
    bool orphaned;         /* A tx ended inside a command whose record was not applied. */
    uint64_t now_ns;       /* Time of the last command; at least time_ns. */
    btx_i128 clients_sum;  /* Sum of all balances but the house's. */
    btx_i128 net_deposits; /* Deposits minus withdrawals. */
    uint32_t *live_batch;  /* Scratch for one batch: BTX_BATCH_ORDERS_MAX slots. */
    struct walk walk;
    struct heap sorter; /* Scratch of save and load. */
    struct heap stake_sorter;
    struct due_queue due;
    uint32_t reducible_orders; /* Live ones in markets with reductions. */
    uint32_t description_bytes;

    struct pool accounts;
    struct pool markets;
    struct pool runners;
    struct pool orders;
    struct pool positions;
    struct pool leaves;
    struct pool stakes;
    struct pool description_blocks;
    struct index account_index;
    struct index market_index;
    struct index runner_index;
    struct index order_index;
    struct index position_index;
    struct index stake_index;
    struct account *account;
    struct market *market;
    uint32_t (*market_runners)[BTX_RUNNERS_MAX];
    struct runner *runner;
    struct leaf *leaf;
    struct order *order;
    struct order_ref *order_ref;
    struct order_moment *order_moment;
    struct stake *stake;
    struct description_block *description_block;
    struct position *position;
    struct cell *cell;
    struct cell_block *cell_block;
    struct cell_store cells;

    union due_tick due_tick;
    union btx_command_space pending;
};

/* The order ids of a shard are those from the first up to, not including, the end. */
static inline uint64_t order_id_first(uint32_t shard)
{
    return ((uint64_t)shard << BTX_CORE_SHARD_BITS) + 1;
}

static inline uint64_t order_id_end(uint32_t shard)
{
    return ((uint64_t)shard + 1) << BTX_CORE_SHARD_BITS;
}

static inline uint32_t runner_slot(const struct btx_core *core, uint32_t market, uint32_t index)
{
    return core->market_runners[market][index];
}

static inline struct cell *position_cell(struct btx_core *core, const struct position *position,
                                         uint32_t index)
{
    return &core->cell[position->cells + index];
}

static inline uint32_t slot_of_account(const struct btx_core *core, const struct account *account)
{
    return (uint32_t)(account - core->account);
}

static inline uint32_t slot_of_market(const struct btx_core *core, const struct market *market)
{
    return (uint32_t)(market - core->market);
}

static inline uint32_t slot_of_runner(const struct btx_core *core, const struct runner *runner)
{
    return (uint32_t)(runner - core->runner);
}

static inline uint32_t slot_of_order(const struct btx_core *core, const struct order *order)
{
    return (uint32_t)(order - core->order);
}

static inline uint32_t slot_of_stake(const struct btx_core *core, const struct stake *stake)
{
    return (uint32_t)(stake - core->stake);
}

static inline struct order_moment *moment_of_order(struct btx_core *core, const struct order *order)
{
    return &core->order_moment[slot_of_order(core, order)];
}

static inline uint32_t slot_of_position(const struct btx_core *core,
                                        const struct position *position)
{
    return (uint32_t)(position - core->position);
}

#endif
