/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/peers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/loop/matcher.h"

enum { ADMIN = 0, LIE_BYTES_MAX = 4 * BTX_RECORD_UNIT_BYTES };
#define STEP_MAX_NS UINT64_C(60000000000)

static struct btx_ring_port_rule rule_of(size_t peer)
{
    return (struct btx_ring_port_rule){
        .name = peer == ADMIN ? "admin" : "gateway",
        .uid = getuid(),
        .producer = (uint16_t)(1 + peer),
        .ring_bytes = BTX_COMMAND_RING_BYTES_MIN,
        .accounts_max = peer == ADMIN ? 0 : BTX_SIM_ACCOUNTS_MAX,
        .commands = {.types = peer == ADMIN ? btx_matcher_admin_types : btx_matcher_gateway_types,
                     .length_bytes_max = BTX_COMMAND_BYTES_MAX,
                     .kind = BTX_RECORD_COMMAND,
                     .check = peer == ADMIN ? btx_matcher_check : btx_matcher_check_gateway},
    };
}

/* --- The helper ------------------------------------------------------------------------------- */

static void attach(struct btx_sim_peers *peers, size_t index)
{
    struct btx_sim_peer *peer = &peers->peers[index];
    struct btx_ring_port *port = &peers->ports[index];
    struct btx_fault fault = {0};
    int page_fd = -1;
    int region_fd = -1;

    *peer = (struct btx_sim_peer){.incarnation = ++peers->world->incarnation};
    CHECK(btx_ring_port_prepare(port, peer->incarnation, &fault) == BTX_OK);
    btx_ring_port_descriptors(port, &page_fd, &region_fd);
    CHECK(btx_command_producer_attach(&peer->producer, dup(page_fd), dup(region_fd), &fault) ==
          BTX_OK);
    CHECK(btx_ring_port_open(port, &fault) == BTX_OK);
    peer->is_attached = true;
}

static void detach(struct btx_sim_peer *peer)
{
    if (peer->is_attached)
        btx_command_producer_detach(&peer->producer);
    peer->is_attached = false;
}

void btx_sim_peers_open(struct btx_sim_peers *peers, struct btx_sim_world *world,
                        struct btx_sim_follower *follower)
{
    struct btx_fault fault = {0};

    peers->world = world;
    peers->follower = follower;
    for (size_t i = 0; i < BTX_SIM_PEERS; i++) {
        const struct btx_ring_port_rule rule = rule_of(i);

        CHECK(btx_ring_port_init(&peers->ports[i], &rule, false, &fault) == BTX_OK);
        peers->port_list[i] = &peers->ports[i];
        attach(peers, i);
    }
}

void btx_sim_peers_close(struct btx_sim_peers *peers)
{
    for (size_t i = 0; i < BTX_SIM_PEERS; i++) {
        detach(&peers->peers[i]);
        btx_ring_port_done(&peers->ports[i]);
    }
}

void btx_sim_peers_help(struct btx_sim_peers *peers)
{
    for (size_t i = 0; i < BTX_SIM_PEERS; i++) {
        struct btx_ring_port *port = &peers->ports[i];

        switch (btx_ring_port_state(port)) {
        case BTX_RING_PORT_OPEN:
            if (btx_ring_port_lie(port) == NULL)
                break;
            CHECK(peers->peers[i].has_lied);
            btx_sim_meet(peers->world, BTX_SIM_LIES);
            btx_sim_trace(peers->world, "peer %zu is turned out: %s", i, btx_ring_port_lie(port));
            btx_ring_port_revoke(port, btx_ring_port_lie(port));
            detach(&peers->peers[i]);
            break;
        case BTX_RING_PORT_DRAINED:
            btx_ring_port_close(port);
            break;
        case BTX_RING_PORT_CLOSED:
            attach(peers, i);
            break;
        case BTX_RING_PORT_REVOKED:
        case BTX_RING_PORT_STATE_COUNT:
            break;
        }
    }
}

/* --- Honest ----------------------------------------------------------------------------------- */

static bool is_useful(const struct btx_sim_peer *peer)
{
    return peer->is_attached && !peer->is_frozen && !peer->has_lied;
}

/* Hand in what is in the space; false when the ring is full: BUSY, said the gateway. */
static bool hand_in(struct btx_sim_peers *peers, size_t index)
{
    struct btx_sim_world *world = peers->world;
    struct btx_sim_peer *peer = &peers->peers[index];
    const size_t length_bytes = btx_record_length_bytes(&peers->space.command.record);
    void *to = btx_command_producer_claim(&peer->producer, (uint32_t)length_bytes);

    if (to == NULL) {
        btx_sim_meet(world, BTX_SIM_COMMAND_RING_FULL);
        return false;
    }
    peers->space.command.number = ++world->number;
    memcpy(to, &peers->space, length_bytes);
    btx_command_producer_commit(&peer->producer);
    if (peer->producer.tail - atomic_load(&peer->producer.page->head) >
        peers->ports[index].rule.ring_bytes)
        return btx_sim_fail(world, "peer %zu may write over what is not taken", index);
    btx_sim_world_send(world, index, &peers->space.command.record, peer->incarnation);
    btx_sim_note(world, &peers->space, length_bytes);
    return true;
}

static uint64_t account_of(const struct btx_record *record)
{
    switch (record->type) {
    case BTX_COMMAND_PLACE_ORDER:
        return ((const struct btx_place_order *)(const void *)record)->account;
    case BTX_COMMAND_CANCEL_ORDER:
        return ((const struct btx_cancel_order *)(const void *)record)->account;
    case BTX_COMMAND_UPDATE_ORDER:
        return ((const struct btx_update_order *)(const void *)record)->account;
    case BTX_COMMAND_REPLACE_ORDER:
        return ((const struct btx_replace_order *)(const void *)record)->account;
    case BTX_COMMAND_CANCEL_ORDERS:
        return ((const struct btx_cancel_orders *)(const void *)record)->account;
    default: /* lint: default: of what gateways may not ask */
        return 0;
    }
}

static void list(struct btx_sim_peer *peer, size_t place, uint64_t account)
{
    btx_command_producer_set_account(&peer->producer, (uint32_t)place, account);
    peer->accounts[place] = account;
}

/* The account's place in the list of those to cancel for: as its gateway would have it, before its
 * first order. */
static void list_account(struct btx_sim_peers *peers, size_t index, uint64_t account)
{
    const struct btx_flow *flow = &peers->world->flow;

    for (size_t i = 0; i < flow->accounts_count; i++)
        if (flow->accounts[i] == account)
            list(&peers->peers[index], i, account);
}

void btx_sim_peers_command(struct btx_sim_peers *peers)
{
    struct btx_sim_world *world = peers->world;
    struct btx_flow *flow = &world->flow;
    struct btx_command *command = &peers->space.command;
    const uint64_t now_ns = btx_clock_wall_ns(&world->clock.clock);
    size_t index = ADMIN;
    uint64_t account;

    btx_sim_follower_take_model(peers->follower, true);
    flow->time_ns = now_ns;
    btx_flow_next(flow, &peers->follower->model, &peers->space);
    if (flow->time_ns > now_ns && flow->time_ns - now_ns < STEP_MAX_NS)
        btx_clock_manual_advance(&world->clock, flow->time_ns - now_ns);
    if (command->record.type == BTX_COMMAND_TICK)
        return; /* Time has gone on: nobody hands that in. */
    account = account_of(&command->record);
    if (account != 0)
        index = 1 + (size_t)(account % (BTX_SIM_PEERS - 1));
    if (!is_useful(&peers->peers[index]))
        return;
    if (command->record.type == BTX_COMMAND_CANCEL_ORDERS)
        ((struct btx_cancel_orders *)(void *)command)->disconnect = 0;
    command->record.time_ns = btx_clock_monotonic_ns(&world->clock.clock);
    command->producer = 0;
    command->incarnation = 0;
    command->shed = 0;
    command->rules = 0;
    if (account != 0)
        list_account(peers, index, account);
    (void)hand_in(peers, index);
}

bool btx_sim_peers_request(struct btx_sim_peers *peers, enum btx_request_type type, bool fill)
{
    char what[BTX_OPERATOR_ACTION_BYTES_MAX + 1];
    int length;

    if (!is_useful(&peers->peers[ADMIN]))
        return false;
    length = snprintf(what, sizeof what, "request %" PRIu64, peers->world->number + 1);
    if (fill) {
        memset(what + length, '.', sizeof what - (size_t)length);
        what[sizeof what - 1] = '\0';
    }
    (void)btx_request_build(&peers->space, type, "simulator", what);
    return hand_in(peers, ADMIN);
}

bool btx_sim_peers_has_listed(const struct btx_sim_peers *peers, size_t index, uint64_t account)
{
    const struct btx_sim_peer *peer = &peers->peers[index];

    for (size_t i = 0; i < BTX_SIM_ACCOUNTS_MAX; i++) {
        if (peer->accounts[i] == account)
            return true;
    }
    return false;
}

bool btx_sim_peers_waits(const struct btx_sim_peers *peers, size_t index)
{
    const struct btx_sim_peer *peer = &peers->peers[index];

    return peer->is_attached && !peer->has_lied && !btx_command_producer_is_taken(&peer->producer);
}

bool btx_sim_peers_check_answered(struct btx_sim_peers *peers)
{
    for (size_t i = 0; i < BTX_SIM_PEERS; i++) {
        if (peers->peers[i].is_attached && peers->peers[i].has_lied)
            return btx_sim_fail(peers->world, "peer %zu has lied and is not found out", i);
        if (!btx_sim_world_is_answered(peers->world, i))
            return btx_sim_fail(peers->world,
                                "left alone the engine does not answer all of peer %zu", i);
    }
    return true;
}

/* --- Not so honest ---------------------------------------------------------------------------- */

static struct btx_sim_peer *pick(struct btx_sim_peers *peers, size_t *ret_index)
{
    *ret_index = btx_random_below(&peers->world->random, BTX_SIM_PEERS);
    btx_sim_note_number(peers->world, *ret_index);
    return &peers->peers[*ret_index];
}

void btx_sim_peers_die(struct btx_sim_peers *peers)
{
    size_t index;
    struct btx_sim_peer *peer = pick(peers, &index);

    if (!peer->is_attached || btx_ring_port_state(&peers->ports[index]) != BTX_RING_PORT_OPEN)
        return;
    btx_sim_meet(peers->world, BTX_SIM_PEERS_DIED);
    if (!btx_command_producer_is_taken(&peer->producer))
        btx_sim_meet(peers->world, BTX_SIM_PEERS_DIED_BUSY);
    if (btx_random_chance(&peers->world->random, 500)) {
        /* In the middle of a record: nobody may ever see it. */
        void *to = btx_command_producer_claim(&peer->producer, BTX_RECORD_UNIT_BYTES);

        if (to != NULL)
            memset(to, 0xff, BTX_RECORD_UNIT_BYTES / 2);
    }
    btx_ring_port_revoke(&peers->ports[index], "the peer died");
    detach(peer);
}

/* What no honest producer hands in.  Most are right but for one thing: an engine that does not look
 * there would execute them. */
enum lie {
    LIE_TAIL,         /* more is there than there can be, or half a unit */
    LIE_NOISE,        /* no record at all */
    LIE_LENGTH,       /* longer than what is there */
    LIE_LENGTH_ZERO,  /* the next one would begin where this one does */
    LIE_KIND,         /* an event */
    LIE_TYPE,         /* money from a gateway, time from an operator */
    LIE_ALL_ACCOUNTS, /* everybody's orders cancelled by a gateway */
    LIE_DISCONNECT,   /* a cancel that only the engine makes */
    LIE_SHED,         /* what only the engine stamps */
    LIE_RULES,
    LIE_SIDE, /* a field out of its range */
    LIE_COUNT
};

static void build_cancel(union btx_command_space *space, uint64_t account)
{
    struct btx_cancel_orders *cancel =
        (struct btx_cancel_orders *)(void *)btx_command_begin(space, BTX_COMMAND_CANCEL_ORDERS);

    cancel->account = account;
    if (account != 0)
        cancel->present = BTX_CANCEL_ORDERS_HAS_ACCOUNT;
}

static void build_order(union btx_command_space *space)
{
    struct btx_place_order *order =
        (struct btx_place_order *)(void *)btx_command_begin(space, BTX_COMMAND_PLACE_ORDER);

    order->account = 1;
    order->market = 1;
    order->runner = 1;
    order->price = 200;
    order->size = 10000;
    order->present = BTX_PLACE_ORDER_HAS_RUNNER;
}

static void build_money(union btx_command_space *space)
{
    struct btx_funds_command *deposit =
        (struct btx_funds_command *)(void *)btx_command_begin(space, BTX_COMMAND_DEPOSIT);

    deposit->account = 1;
    deposit->amount = 10000;
}

/* A command in the space, whole and right. */
static void build_right(struct btx_sim_peers *peers, bool admin, enum lie lie)
{
    union btx_command_space *space = &peers->space;

    if (lie == LIE_ALL_ACCOUNTS || lie == LIE_DISCONNECT)
        build_cancel(space, lie == LIE_DISCONNECT);
    else if (lie == LIE_TYPE && admin)
        (void)btx_command_begin(space, BTX_COMMAND_TICK);
    else if (lie == LIE_TYPE)
        build_money(space);
    else
        build_order(space);
    space->command.number = ++peers->world->number;
    CHECK(btx_record_check(space, sizeof *space) == NULL);
}

/* Make it wrong. */
static void turn_into(union btx_command_space *space, enum lie lie, struct btx_random *random)
{
    struct btx_command *command = &space->command;
    const size_t length_words = btx_record_length_bytes(&command->record) / sizeof(uint64_t);

    switch (lie) {
    case LIE_NOISE:
        for (size_t i = 0; i < length_words; i++)
            ((uint64_t *)(void *)space)[i] = btx_random_u64(random);
        break;
    case LIE_LENGTH:
        command->record.length_units = (uint16_t)(command->record.length_units + 1);
        break;
    case LIE_LENGTH_ZERO:
        command->record.length_units = 0;
        break;
    case LIE_KIND:
        command->record.kind_flags = BTX_RECORD_EVENT;
        break;
    case LIE_DISCONNECT:
        ((struct btx_cancel_orders *)(void *)space)->disconnect = 1;
        break;
    case LIE_SHED:
        command->shed = 1;
        break;
    case LIE_RULES:
        command->rules = 1;
        break;
    case LIE_SIDE:
        ((struct btx_place_order *)(void *)space)->side = 0xff;
        break;
    case LIE_TAIL:
    case LIE_TYPE:
    case LIE_ALL_ACCOUNTS:
    case LIE_COUNT:
        break; /* As it is. */
    }
}

/* False when the ring has no room for it. */
static bool tell(struct btx_sim_peers *peers, size_t index, enum lie lie)
{
    struct btx_sim_peer *peer = &peers->peers[index];
    struct btx_random *random = &peers->world->random;
    size_t length_bytes;
    void *to;

    if (lie == LIE_TAIL) {
        atomic_fetch_add(&peer->producer.own->tail, btx_random_u64(random) | 1);
        return true;
    }
    build_right(peers, index == ADMIN, lie);
    length_bytes = btx_record_length_bytes(&peers->space.command.record);
    to = btx_command_producer_claim(&peer->producer, (uint32_t)length_bytes);
    if (to == NULL)
        return false;
    turn_into(&peers->space, lie, random);
    memcpy(to, &peers->space, length_bytes);
    btx_command_producer_commit(&peer->producer);
    return true;
}

size_t btx_sim_peers_lie(struct btx_sim_peers *peers)
{
    struct btx_random *random = &peers->world->random;
    size_t index;
    struct btx_sim_peer *peer = pick(peers, &index);
    enum lie lie = (enum lie)btx_random_below(random, LIE_COUNT);

    if (!is_useful(peer))
        return BTX_SIM_PEERS;
    /* Accounts that are not its own, and that there are not: it may, and they are cancelled for. */
    if (index != ADMIN)
        list(peer, btx_random_below(random, BTX_SIM_ACCOUNTS_MAX), btx_random_below(random, 50));
    if (btx_random_chance(random, 300))
        return BTX_SIM_PEERS;
    if (index == ADMIN && lie == LIE_ALL_ACCOUNTS)
        lie = LIE_TYPE; /* An operator may. */
    if (!tell(peers, index, lie))
        return BTX_SIM_PEERS;
    btx_sim_trace(peers->world, "peer %zu tells lie %d", index, (int)lie);
    peer->has_lied = true;
    btx_sim_world_doubt(peers->world, index, peer->incarnation);
    return index;
}

void btx_sim_peers_freeze(struct btx_sim_peers *peers)
{
    size_t index;
    struct btx_sim_peer *peer = pick(peers, &index);

    if (!peer->is_frozen)
        btx_sim_meet(peers->world, BTX_SIM_FROZEN);
    peer->is_frozen = !peer->is_frozen;
}

void btx_sim_peers_thaw(struct btx_sim_peers *peers)
{
    for (size_t i = 0; i < BTX_SIM_PEERS; i++)
        peers->peers[i].is_frozen = false;
}
