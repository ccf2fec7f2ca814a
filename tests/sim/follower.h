/* SPDX-License-Identifier: Apache-2.0 */
/* follower.h - what follows the records that are known to be durable, apart from the engine: the
 * reference model, from which new commands are made; a state folded from them alone; and an audit.
 *
 * In a process's own memory: a life of the engine has what its parent had, and what it adds is
 * gone with it, but the history is shared and the parent takes it from there. */
#ifndef BTX_SIM_FOLLOWER_H
#define BTX_SIM_FOLLOWER_H

#include "engine/exchange/exchange.h"
#include "engine/exchange/log_execution.h"
#include "tests/property/model.h"
#include "tests/sim/world.h"

/* Start with {0}.  The model may be read. */
struct btx_sim_follower {
    struct btx_sim_world *world;
    struct btx_model model;
    struct btx_exchange fold;
    struct btx_log_execution audit;
    size_t model_bytes; /* of the history: taken */
    size_t fold_bytes;
    size_t audit_bytes;
};

void btx_sim_follower_open(struct btx_sim_follower *follower, struct btx_sim_world *world);
void btx_sim_follower_close(struct btx_sim_follower *follower);

/* @unseen_too: also what was published and may yet be lost, so that new commands fit the engine as
 * it is.  Of a life only, whose model ends with it. */
void btx_sim_follower_take_model(struct btx_sim_follower *follower, bool unseen_too);

/* Each says in the world what is wrong. */
BTX_MUST_USE bool btx_sim_follower_take_fold(struct btx_sim_follower *follower);
BTX_MUST_USE bool btx_sim_follower_take_audit(struct btx_sim_follower *follower);

/* Whether the state of @exchange is that of the fold, which has taken all. */
BTX_MUST_USE bool btx_sim_follower_compare(struct btx_sim_follower *follower,
                                           struct btx_exchange *exchange, const char *what);

#endif
