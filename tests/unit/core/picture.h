/* SPDX-License-Identifier: Apache-2.0 */
/* picture.h - a saved state as a tree of plain fields, written out byte for byte as the README of
 * engine/core describes it: so that a test can change any field of it, and none of the core's own
 * code is between what the test means and what load reads. */
#ifndef BTX_UNIT_CORE_PICTURE_H
#define BTX_UNIT_CORE_PICTURE_H

#include "engine/core/core.h"
#include "tests/unit/core/scene.h"

#define BTX_PICTURE_ITEMS_MAX 24u

/* What an item of a list is (README.md, "State bytes"). */
#define BTX_PICTURE_END UINT64_C(0)
#define BTX_PICTURE_POSITION UINT64_C(1)
#define BTX_PICTURE_CELL UINT64_C(2)
#define BTX_PICTURE_ORDER UINT64_C(3)
#define BTX_PICTURE_STAKE UINT64_C(4)

struct btx_picture_account {
    uint64_t id;
    btx_i128 balance;
    uint64_t cseq;
    uint64_t transfer;
    uint64_t frozen;
};

struct btx_picture_order {
    uint64_t id;
    uint64_t account;
    int64_t remaining;
    uint32_t price;
    uint8_t side;
    uint8_t persistence;
    uint8_t stp;
    uint8_t tif;
    uint8_t has_ref;
    uint8_t ref_length;
    char ref[80];
    uint64_t expires; /* Second stage only. */
};

/* Only the fields that go with @item are written. */
struct btx_picture_item {
    uint64_t item;
    uint64_t account; /* POSITION */
    uint64_t index;   /* CELL, with both profits; STAKE; an ORDER that is held */
    btx_i128 win;
    btx_i128 lose;
    uint64_t price; /* STAKE */
    btx_i128 size;
    struct btx_picture_order order; /* ORDER */
    uint64_t until;                 /* An ORDER that is held */
    int64_t min_fill;
    uint8_t post_only;
};

struct btx_picture_market {
    uint64_t id;
    uint8_t kind;
    uint8_t status;
    uint8_t in_play;
    uint8_t ladder;
    uint32_t winners;
    uint32_t tick;
    uint32_t commission;
    int64_t min_size;
    uint64_t version;   /* From here on to the runners: second stage only. */
    uint32_t bet_delay; /* ms */
    uint8_t reductions;
    uint8_t implied;
    uint16_t text_said; /* Its length as written. */
    char text[256];
    uint32_t text_bytes;
    uint64_t runner_count;
    uint64_t runners[8];   /* As many as are said, at most 8. */
    uint64_t removed_said; /* Second stage only. */
    uint64_t removed[8];
    uint32_t removed_count;
    struct btx_picture_item matched[BTX_PICTURE_ITEMS_MAX];
    uint32_t matched_count; /* With the END. */
    struct btx_picture_item books[BTX_PICTURE_ITEMS_MAX];
    uint32_t books_count;                                /* With the END of each. */
    struct btx_picture_item held[BTX_PICTURE_ITEMS_MAX]; /* Second stage only. */
    uint32_t held_count;                                 /* With the END. */
};

struct btx_picture {
    bool second_stage; /* It is written with what rules-2.md adds. */
    char magic[8];
    uint32_t format;
    uint32_t rules_version;
    uint64_t shard;
    uint64_t seq;
    uint64_t tx;
    uint64_t time_ns;
    uint64_t next_order;
    uint64_t removals;      /* Second stage only. */
    uint64_t accounts_said; /* Their count as written. */
    struct btx_picture_account accounts[8];
    uint32_t account_count;
    uint64_t markets_said;
    struct btx_picture_market markets[4];
    uint32_t market_count;
    uint64_t settling;
    uint64_t voiding;
    uint64_t settled_accounts;
    uint64_t settled_last;
    btx_i128 settled_commission;
    btx_i128 settled_pnl;
    uint64_t taker_item;
    uint64_t taker_market;
    uint64_t taker_runner;
    struct btx_picture_order taker;
    uint64_t pending_said; /* Its length as written. */
    uint32_t pending_bytes;
    union btx_command_space pending;
};

/* The state of a scene that nothing has happened in yet, in the format of its rules. */
void btx_picture_of_scene(struct btx_picture *picture, const struct btx_scene *scene);

/* The bytes, in memory of @fixture. */
struct btx_bytes btx_picture_write(const struct btx_picture *picture, struct btx_fixture *fixture);

#endif
