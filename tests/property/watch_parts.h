/* SPDX-License-Identifier: Apache-2.0 */
/* watch_parts.h - private to the watcher: what its files share. */
#ifndef BTX_PROPERTY_WATCH_PARTS_H
#define BTX_PROPERTY_WATCH_PARTS_H

#include "tests/property/watch.h"

/* Each returns NULL when there is none. */
struct btx_watch_order *btx_watch_find_live(const struct btx_watch *watch, uint64_t order);
struct btx_watch_market *btx_watch_find_market(const struct btx_watch *watch, uint64_t market);

/* From now on @taker is the one who meets makers; 0: nobody. */
void btx_watch_begin_walk(struct btx_watch *watch, uint64_t taker, bool released);

/* Each returns NULL, or what is wrong with what the taker met. */
const char *btx_watch_see_trade(struct btx_watch *watch, const struct btx_trade_matched *event);
const char *btx_watch_see_implied(struct btx_watch *watch, const struct btx_implied_matched *event);
const char *btx_watch_see_self_trade(struct btx_watch *watch, const struct btx_watch_order *maker);

#endif
