/* SPDX-License-Identifier: Apache-2.0 */
/* stories.h - states worth saving: one that has something of everything, and for each command that
 * takes several txs one in the middle of it. */
#ifndef BTX_UNIT_CORE_STORIES_H
#define BTX_UNIT_CORE_STORIES_H

#include "tests/unit/core/fixture.h"

enum btx_story {
    BTX_STORY_QUIET,           /* Nothing is pending. */
    BTX_STORY_PLACE_GTC,       /* A taker with more makers than a tx has events. */
    BTX_STORY_PLACE_IOC,       /* The same, and what is left of it is cancelled. */
    BTX_STORY_REPLACE,         /* The same, in place of a resting order with a ref. */
    BTX_STORY_SELF_TRADE,      /* A taker that cancels one own maker after the other. */
    BTX_STORY_TURN_IN_PLAY,    /* More lapsing orders than a batch. */
    BTX_STORY_FREEZE,          /* Orders in two markets. */
    BTX_STORY_CANCEL_ACCOUNT,  /* The same. */
    BTX_STORY_CANCEL_MARKET,   /* More orders than a batch. */
    BTX_STORY_CANCEL_ALL,      /* Orders of all in several markets. */
    BTX_STORY_VOID,            /* More orders than a batch. */
    BTX_STORY_SETTLE_ORDERS,   /* Orders cancelled, nobody settled yet. */
    BTX_STORY_SETTLE_MANY,     /* More orders than a batch. */
    BTX_STORY_SETTLE_ACCOUNTS, /* Some accounts settled. */
    BTX_STORY_COUNT,
};

const char *btx_story_name(enum btx_story story);

/* Begin a core in @fixture, with room for every story. */
void btx_story_open(struct btx_fixture *fixture);

/* Bring it to @story's state: the first tx of the long command has been made, if there is one. */
void btx_story_tell(struct btx_fixture *fixture, enum btx_story story);

#endif
