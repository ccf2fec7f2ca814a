/* SPDX-License-Identifier: Apache-2.0 */
/* flow.h - seeded random commands that are worth asking.
 *
 * The generator looks at the reference model's state: prices near those of resting orders, sizes
 * at the edge of what is affordable or fillable, winners that exist; and now and then everything
 * that a command can get wrong.  A run has a theme, which its seed picks. */
#ifndef BTX_PROPERTY_FLOW_H
#define BTX_PROPERTY_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/wire/commands.h"
#include "tests/property/model.h"
#include "tests/property/random.h"

/* What a run is about: THEME(NAME, name). */
#define BTX_FLOW_THEMES(THEME)                                                                     \
    THEME(ORDINARY, "ordinary") /* Small funds, a few accounts and markets. */                     \
    THEME(TINY, "tiny")         /* Capacities that are reached all the time. */                    \
    THEME(HUGE, "huge")         /* Money and sizes at their limits. */                             \
    THEME(WIDE, "wide")         /* Many runners, several winners. */                               \
    THEME(PAIR, "pair")         /* Two runners that are matched with each other. */                \
    THEME(HELD, "held")         /* In play with a delay, and steps of time about as long. */       \
    THEME(REDUCED, "reduced")   /* Runners removed, and the odds on others reduced. */             \
    THEME(BURST, "burst")       /* Thousands of orders in one market, ended in one command. */     \
    THEME(CROWD, "crowd")       /* Thousands of accounts settled at once. */                       \
    THEME(DUTCH, "dutch")       /* Profit and loss beyond 64 bits. */

enum btx_flow_theme {
#define THEME(NAME, name) BTX_FLOW_##NAME,
    BTX_FLOW_THEMES(THEME)
#undef THEME
        BTX_FLOW_THEME_COUNT,
};

enum { BTX_FLOW_POOL = 16 };

/* Fields are private. */
struct btx_flow {
    struct btx_random random;
    enum btx_flow_theme theme;
    struct btx_model_capacity capacity; /* Of the core and the model of this run. */
    uint64_t time_ns;
    uint64_t moment_ns;               /* When the next thing falls due; 0: nothing will. */
    uint64_t accounts[BTX_FLOW_POOL]; /* Ids that are opened now and then. */
    size_t accounts_count;
    uint64_t markets[BTX_FLOW_POOL];
    size_t markets_count;
    int64_t funds; /* About what one deposit brings. */
    uint64_t cseq_permille;
    uint64_t wrong_permille; /* How many commands have something wrong. */
    uint64_t script_step;    /* BURST, CROWD, DUTCH: where their story is. */
    uint64_t script_goal;
    uint64_t script_endings;
    uint64_t script_first; /* Which ending comes first: all are met by seeds in a row. */
    bool script_ended;
    uint64_t plot_step; /* REDUCED: where the plot of flow_removal.c is; 0: not begun. */
    uint64_t plot_market;
    uint64_t plot_layer;
    uint64_t plot_backer;
    uint64_t plot_price;
    int64_t plot_size;
};

/* Begin the run of @seed.  @theme BTX_FLOW_THEME_COUNT: the seed's own. */
void btx_flow_init(struct btx_flow *flow, uint64_t seed, enum btx_flow_theme theme);

/* Build the next command in @space: valid as a record, whatever the exchange says of it. */
void btx_flow_next(struct btx_flow *flow, struct btx_model *model, union btx_command_space *space);

/* Whether the story of the run's theme is told; true from the start where there is none. */
bool btx_flow_ended(const struct btx_flow *flow);

const char *btx_flow_theme_name(enum btx_flow_theme theme);

#endif
