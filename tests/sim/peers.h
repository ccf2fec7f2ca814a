/* SPDX-License-Identifier: Apache-2.0 */
/* peers.h - the other ends of the rings: an admin service and two gateways, as they would be in
 * processes of their own, honest, dying, frozen or hostile; and the engine's helper, which opens
 * and ends ports for them. */
#ifndef BTX_SIM_PEERS_H
#define BTX_SIM_PEERS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/ring/command_producer.h"
#include "engine/ring/ring_port.h"
#include "engine/wire/requests.h"
#include "tests/sim/follower.h"
#include "tests/sim/world.h"

enum { BTX_SIM_ACCOUNTS_MAX = 512 };

/* Also after its end, until the next one comes. */
struct btx_sim_peer {
    struct btx_command_producer producer;
    uint32_t incarnation;
    bool is_attached;
    bool is_frozen;
    bool has_lied;                           /* what it hands in from now on is nobody's */
    uint64_t accounts[BTX_SIM_ACCOUNTS_MAX]; /* to cancel for at its end */
};

/* Of one life of the engine; start with {0}. */
struct btx_sim_peers {
    struct btx_sim_world *world;
    struct btx_sim_follower *follower;
    struct btx_ring_port ports[BTX_SIM_PEERS];
    struct btx_ring_port *port_list[BTX_SIM_PEERS]; /* for the matcher */
    struct btx_sim_peer peers[BTX_SIM_PEERS];
    union btx_command_space space;
};

void btx_sim_peers_open(struct btx_sim_peers *peers, struct btx_sim_world *world,
                        struct btx_sim_follower *follower);
void btx_sim_peers_close(struct btx_sim_peers *peers);

/* The helper looks at every port once. */
void btx_sim_peers_help(struct btx_sim_peers *peers);

/* The next command of the random flow is handed in by whose it is; time goes on by what the flow
 * leaves between two. */
void btx_sim_peers_command(struct btx_sim_peers *peers);

/* An operator asks for something; @fill: with a text as long as there may be.  False when the ring
 * takes no more. */
bool btx_sim_peers_request(struct btx_sim_peers *peers, enum btx_request_type type, bool fill);

/* Something happens to a peer at random.  Lie: returns who did, BTX_SIM_PEERS for nobody. */
void btx_sim_peers_die(struct btx_sim_peers *peers);
size_t btx_sim_peers_lie(struct btx_sim_peers *peers);
void btx_sim_peers_freeze(struct btx_sim_peers *peers);

/* All that stand still go on. */
void btx_sim_peers_thaw(struct btx_sim_peers *peers);

/* Whether @account is in the list of peer @index. */
bool btx_sim_peers_has_listed(const struct btx_sim_peers *peers, size_t index, uint64_t account);

/* Whether something of an honest peer waits in its ring. */
bool btx_sim_peers_waits(const struct btx_sim_peers *peers, size_t index);

/* Whether everything that honest peers have handed in was shown, and every lie found out; says what
 * is wrong. */
BTX_MUST_USE bool btx_sim_peers_check_answered(struct btx_sim_peers *peers);

#endif
