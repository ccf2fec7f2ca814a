/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/loop/matcher.h"

#include <string.h>

#include "engine/base/check.h"
#include "engine/core/view.h"
#include "engine/exchange/log_notes.h"
#include "engine/wal/writer.h"

/* Gauges are for people: ten times a second is enough, and keeps their cost out of the turns. */
#define SWEEP_NS UINT64_C(100000000)
/* A producer says when it handed a command in; what is older than this is not believed. */
#define HAND_IN_AGE_MAX_NS UINT64_C(10000000000)

/* ---- What a ring may carry ---- */

#define TYPE(NAME) (UINT64_C(1) << BTX_COMMAND_##NAME)
const uint64_t btx_matcher_gateway_types = TYPE(PLACE_ORDER) | TYPE(CANCEL_ORDER) |
                                           TYPE(REPLACE_ORDER) | TYPE(UPDATE_ORDER) |
                                           TYPE(CANCEL_ORDERS);
/* All but Tick: the engine's time goes on by itself, and a Tick has no answer. */
const uint64_t btx_matcher_admin_types =
    ((((UINT64_C(1) << BTX_COMMAND_COUNT) - 1) << 1) & ~TYPE(TICK)) | BTX_REQUEST_TYPES;

const char *btx_matcher_check(const void *record, size_t length_bytes, void *context)
{
    const struct btx_command *command = record;

    (void)context;
    if (command->shed != 0 || command->rules != 0)
        return "shed, rules: set by the engine alone";
    if (btx_request_is_type(command->record.type))
        return btx_request_check(record, length_bytes);
    if (command->record.type == BTX_COMMAND_CANCEL_ORDERS &&
        length_bytes >= sizeof(struct btx_cancel_orders) &&
        ((const struct btx_cancel_orders *)record)->disconnect != 0)
        return "disconnect: set by the engine alone";
    return btx_record_check(record, length_bytes);
}

const char *btx_matcher_check_gateway(const void *record, size_t length_bytes, void *context)
{
    const struct btx_command *command = record;
    const char *why = btx_matcher_check(record, length_bytes, context);

    if (why == NULL && command->record.type == BTX_COMMAND_CANCEL_ORDERS &&
        (((const struct btx_cancel_orders *)record)->present & BTX_CANCEL_ORDERS_HAS_ACCOUNT) == 0)
        return "account: a gateway cancels for one account at a time";
    return why;
}

/* ---- Txs ---- */

static void tell_bounds(struct btx_matcher *matcher)
{
    const struct btx_status_writer *status = &matcher->status;
    const struct btx_core_capacity *capacity = &matcher->options.exchange->capacity;

    btx_status_common(status, BTX_STATUS_COMMON_PART_STATE, BTX_STATUS_PART_RUNNING);
    btx_status_set(status, BTX_STATUS_RING_CAPACITY, matcher->options.ring->capacity_bytes);
    btx_status_set(status, BTX_STATUS_ACCOUNTS_MAX, capacity->accounts);
    btx_status_set(status, BTX_STATUS_MARKETS_MAX, capacity->markets);
    btx_status_set(status, BTX_STATUS_RUNNERS_MAX, capacity->runners);
    btx_status_set(status, BTX_STATUS_ORDERS_MAX, capacity->orders);
    btx_status_set(status, BTX_STATUS_POSITIONS_MAX, capacity->positions);
    for (size_t i = 0; i < matcher->options.port_count; i++) {
        const struct btx_ring_port_rule *rule = &matcher->options.ports[i]->rule;

        btx_status_set(status, BTX_STATUS_PRODUCER_CAPACITY + rule->producer, rule->ring_bytes);
    }
}

void btx_matcher_init(struct btx_matcher *matcher, const struct btx_matcher_options *options)
{
    CHECK(options->port_count >= 1);
    matcher->options = *options;
    btx_status_writer_init(&matcher->status, options->status, BTX_STATUS_PART_MATCHER);
    tell_bounds(matcher);
    matcher->goes_on = btx_core_pending(options->exchange->core) != NULL;
}

static void publish(struct btx_matcher *matcher, size_t length_bytes)
{
    btx_event_ring_publish(matcher->options.ring, length_bytes);
    matcher->position += length_bytes;
    btx_status_add(&matcher->status, BTX_STATUS_RING_PUBLISHED, length_bytes);
}

static void count_event(struct btx_matcher *matcher, const struct btx_record *record)
{
    const struct btx_status_writer *status = &matcher->status;

    switch (record->type) {
    case BTX_EVENT_ORDER_ACCEPTED:
    case BTX_EVENT_ORDER_HELD:
        btx_status_add(status, BTX_STATUS_ORDERS_ACCEPTED, 1);
        break;
    case BTX_EVENT_TRADE_MATCHED:
    case BTX_EVENT_IMPLIED_MATCHED:
        btx_status_add(status, BTX_STATUS_TRADES, 1);
        break;
    case BTX_EVENT_COMMAND_REJECTED: {
        const uint32_t reason = ((const struct btx_command_rejected *)(const void *)record)->reason;
        btx_status_add(status, BTX_STATUS_REFUSALS + reason, 1);
        if (reason == BTX_REJECT_BUSY)
            btx_status_add(status, BTX_STATUS_BUSY, 1);
        break;
    }
    }
}

static void count_tx(struct btx_matcher *matcher, const struct btx_tx *tx)
{
    const struct btx_status_writer *status = &matcher->status;
    const struct btx_record *record = btx_tx_next_record(tx, NULL);

    if (record == NULL)
        return;
    btx_status_add(status, BTX_STATUS_TXS, 1);
    btx_status_add(status, BTX_STATUS_EVENTS, tx->event_count);
    if (btx_record_kind(record) == BTX_RECORD_COMMAND)
        btx_status_add(status, BTX_STATUS_COMMANDS + record->type, 1);
    for (; record != NULL; record = btx_tx_next_record(tx, record)) {
        if (btx_record_kind(record) == BTX_RECORD_EVENT)
            count_event(matcher, record);
    }
}

/* ---- What was taken ---- */

/* Number @index of the queue, 0 the first. */
static struct btx_matcher_taken *taken_at(struct btx_matcher *matcher, size_t index)
{
    return &matcher->taken[(matcher->taken_first + index) % BTX_MATCHER_AHEAD];
}

/* Where the next command goes that is taken: behind the others once it counts. */
static struct btx_matcher_taken *taken_next(struct btx_matcher *matcher)
{
    CHECK(matcher->taken_count < BTX_MATCHER_AHEAD);
    return taken_at(matcher, matcher->taken_count);
}

static void taken_done(struct btx_matcher *matcher)
{
    matcher->taken_first = (matcher->taken_first + 1) % BTX_MATCHER_AHEAD;
    matcher->taken_count--;
}

/* One more step for each that is not executed yet. */
static void prefetch(struct btx_matcher *matcher)
{
    for (size_t i = 1; i < matcher->taken_count; i++) {
        struct btx_matcher_taken *taken = taken_at(matcher, i);

        if (taken->fetched < BTX_CORE_PREFETCH_STEPS)
            btx_core_prefetch(matcher->options.exchange->core, &taken->space.command,
                              taken->fetched++);
    }
}

static bool is_shedding(struct btx_matcher *matcher)
{
    return btx_desk_wished(matcher->options.desk) >= BTX_ENGINE_DRAIN ||
           atomic_load_explicit(&matcher->options.desk->space, memory_order_relaxed) !=
               BTX_WAL_SPACE_OK;
}

/* What is the engine's to say is said when a command is executed: what was taken before it, a
 * request to drain as well, has been done then. */
static void stamp(struct btx_matcher *matcher, struct btx_matcher_taken *taken, uint64_t now_ns)
{
    taken->space.command.record.time_ns = btx_clock_wall_at_ns(matcher->options.clock, now_ns);
    taken->space.command.shed = is_shedding(matcher);
    taken->stamped = true;
}

/* One tx of @taken, or with NULL of what goes on. */
static void step(struct btx_matcher *matcher, struct btx_matcher_taken *taken)
{
    struct btx_event_ring *ring = matcher->options.ring;
    struct btx_tx tx = {.bytes = btx_event_ring_claim(ring, BTX_TX_BYTES_MAX)};
    const uint64_t begin_ns = btx_clock_monotonic_ns(matcher->options.clock);
    enum btx_step result;

    if (taken != NULL && !taken->stamped)
        stamp(matcher, taken, begin_ns);
    result = btx_core_step(matcher->options.exchange->core,
                           taken != NULL ? &taken->space.command : NULL, &tx);
    matcher->now_ns = btx_clock_monotonic_ns(matcher->options.clock);
    matcher->has_now = true;
    btx_status_record(&matcher->status, BTX_STATUS_HISTOGRAM_STEP, matcher->now_ns - begin_ns);
    matcher->goes_on = result == BTX_STEP_MORE;
    count_tx(matcher, &tx);
    publish(matcher, tx.length_bytes);
    /* What a recovery has left to be finished was taken by nobody. */
    if (result == BTX_STEP_DONE && matcher->taken_count != 0) {
        const uint64_t began_ns = taken_at(matcher, 0)->began_ns;

        if (began_ns != 0)
            btx_latency_track_put(matcher->options.track, matcher->position, began_ns);
        taken_done(matcher);
    }
}

/* ---- Commands of the engine itself ---- */

static struct btx_command *begin_own(struct btx_matcher *matcher, enum btx_command_type type)
{
    struct btx_matcher_taken *taken = taken_next(matcher);
    struct btx_command *command = btx_command_begin(&taken->space, type);

    command->record.time_ns = btx_clock_wall_ns(matcher->options.clock);
    taken->began_ns = 0;
    taken->fetched = BTX_CORE_PREFETCH_STEPS; /* It is executed at once. */
    taken->stamped = true;
    matcher->taken_count++;
    return command;
}

/* The next account of a producer that is gone; without one the port is given back. */
static void cancel_for_next(struct btx_matcher *matcher)
{
    const uint64_t *accounts;
    const size_t count = btx_ring_port_accounts(matcher->ending, &accounts);

    while (matcher->ending_next < count) {
        const uint64_t id = accounts[matcher->ending_next++];
        struct btx_cancel_orders *command;

        /* It is input: accounts that there are not, or that have nothing to cancel. */
        if (btx_core_view_live_orders(matcher->options.exchange->core, id) == 0)
            continue;
        command = (struct btx_cancel_orders *)(void *)begin_own(matcher, BTX_COMMAND_CANCEL_ORDERS);
        command->command.producer = matcher->ending->rule.producer;
        command->command.incarnation = btx_ring_port_incarnation(matcher->ending);
        command->account = id;
        command->present = BTX_CANCEL_ORDERS_HAS_ACCOUNT;
        command->disconnect = 1;
        return;
    }
    btx_ring_port_release(matcher->ending);
    matcher->ending = NULL;
    matcher->options.kick(matcher->options.kick_context);
}

/* ---- Requests of operators ---- */

static void write_action(struct btx_matcher *matcher, const struct btx_request *request)
{
    void *to = btx_event_ring_claim(matcher->options.ring, BTX_TX_BYTES_MAX);

    publish(matcher, btx_log_note_action(to, matcher->options.exchange->core, request->who,
                                         btx_request_what(request), request->what_length,
                                         btx_clock_wall_ns(matcher->options.clock)));
}

static void do_request(struct btx_matcher *matcher, const struct btx_request *request)
{
    write_action(matcher, request);
    switch ((enum btx_request_type)request->command.record.type) {
    case BTX_REQUEST_OPERATOR_ACTION:
        return;
    case BTX_REQUEST_ROTATE:
    case BTX_REQUEST_SNAPSHOT:
        /* Pairs with the acquire in the poller's hear(): the note is published before it, and will
         * be in the segment that this closes. */
        (void)atomic_fetch_add_explicit(&matcher->options.desk->rotations_wanted, 1,
                                        memory_order_release);
        btx_event_ring_kick(matcher->options.ring);
        return;
    case BTX_REQUEST_DRAIN:
        btx_desk_wish(matcher->options.desk, BTX_ENGINE_DRAIN);
        return;
    case BTX_REQUEST_SHUTDOWN:
        btx_desk_wish(matcher->options.desk, BTX_ENGINE_STOP);
        return;
    }
    CHECK_UNREACHABLE();
}

/* ---- Taking ---- */

/* @taken is a command of @port: say whose it is. */
static void accept(struct btx_matcher *matcher, struct btx_ring_port *port,
                   struct btx_matcher_taken *taken)
{
    struct btx_command *command = &taken->space.command;
    const uint64_t handed_in_ns = command->record.time_ns;
    uint64_t now_ns = matcher->now_ns;

    /* Handed in since this turn began, or so it says. */
    if (BTX_UNLIKELY(handed_in_ns > now_ns))
        now_ns = btx_clock_monotonic_ns(matcher->options.clock);
    btx_status_add(&matcher->status, BTX_STATUS_PRODUCER_COMMANDS + port->rule.producer, 1);
    taken->began_ns = now_ns;
    if (handed_in_ns <= now_ns && now_ns - handed_in_ns < HAND_IN_AGE_MAX_NS) {
        taken->began_ns = handed_in_ns;
        btx_status_record(&matcher->status, BTX_STATUS_HISTOGRAM_HOP, now_ns - handed_in_ns);
    }
    command->record.crc = 0;
    command->record.seq = 0;
    command->record.tx = 0;
    command->producer = port->rule.producer;
    command->incarnation = btx_ring_port_incarnation(port);
    taken->fetched = 0;
    taken->stamped = false;
    matcher->taken_count++;
}

/* Whether something was found at @port. */
static bool take_from(struct btx_matcher *matcher, struct btx_ring_port *port)
{
    struct btx_matcher_taken *taken = taken_next(matcher);
    size_t length_bytes;

    switch (btx_ring_port_take(port, taken->space.bytes, &length_bytes)) {
    case BTX_RING_PORT_COMMAND:
        accept(matcher, port, taken);
        return true;
    case BTX_RING_PORT_BROKEN:
        btx_status_add(&matcher->status, BTX_STATUS_PRODUCER_BROKEN + port->rule.producer, 1);
        matcher->options.kick(matcher->options.kick_context);
        return true;
    case BTX_RING_PORT_ENDED:
        matcher->ending = port;
        matcher->ending_next = 0;
        return true;
    case BTX_RING_PORT_EMPTY:
    case BTX_RING_PORT_TAKE_COUNT:
        return false;
    }
    CHECK_UNREACHABLE();
}

/* The admin service first, then the gateways in turn. */
static bool take(struct btx_matcher *matcher)
{
    const size_t gateways = matcher->options.port_count - 1;

    if (take_from(matcher, matcher->options.ports[0]))
        return true;
    for (size_t i = 0; i < gateways; i++) {
        const size_t index = matcher->turn_port;

        matcher->turn_port = index + 1 == gateways ? 0 : index + 1;
        if (take_from(matcher, matcher->options.ports[1 + index]))
            return true;
    }
    return false;
}

/* ---- Turns ---- */

static void sweep(struct btx_matcher *matcher)
{
    const struct btx_status_writer *status = &matcher->status;
    struct btx_core_view view;

    if (matcher->now_ns - matcher->swept_ns < SWEEP_NS)
        return;
    matcher->swept_ns = matcher->now_ns;
    if (matcher->options.look != NULL)
        matcher->options.look(matcher->options.look_context);
    btx_core_view(matcher->options.exchange->core, &view);
    btx_status_beat(status, matcher->now_ns);
    btx_status_set(status, BTX_STATUS_SEQ, view.seq);
    btx_status_set(status, BTX_STATUS_TX, view.tx);
    btx_status_set(status, BTX_STATUS_SHED, is_shedding(matcher));
    btx_status_set(status, BTX_STATUS_PENDING, matcher->goes_on);
    btx_status_set(status, BTX_STATUS_ACCOUNTS, view.used.accounts);
    btx_status_set(status, BTX_STATUS_MARKETS, view.used.markets);
    btx_status_set(status, BTX_STATUS_RUNNERS, view.used.runners);
    btx_status_set(status, BTX_STATUS_ORDERS, view.used.orders);
    btx_status_set(status, BTX_STATUS_POSITIONS, view.used.positions);
    btx_status_set(
        status, BTX_STATUS_RING_HIGH,
        atomic_load_explicit(&matcher->options.desk->ring_high_bytes, memory_order_relaxed));
    for (size_t i = 0; i < matcher->options.port_count; i++) {
        const struct btx_ring_port *port = matcher->options.ports[i];

        btx_status_set(status, BTX_STATUS_PRODUCER_FILL + port->rule.producer,
                       btx_ring_port_fill_bytes(port));
    }
}

/* Say that the log ends in order, with the digest of the state that it says. */
static void stop(struct btx_matcher *matcher, bool in_order)
{
    struct btx_exchange *exchange = matcher->options.exchange;

    if (in_order) {
        const uint64_t now_ns = btx_clock_wall_ns(matcher->options.clock);
        uint8_t *to = btx_event_ring_claim(matcher->options.ring, BTX_TX_BYTES_MAX);
        uint8_t digest[BTX_SHA256_BYTES];
        size_t length_bytes;

        btx_exchange_digest(exchange, digest);
        length_bytes = btx_log_note_digest(to, exchange->core, digest, now_ns);
        length_bytes += btx_log_note_clean_stop(to + length_bytes, exchange->core, now_ns);
        publish(matcher, length_bytes);
    }
    matcher->stopped = true;
    matcher->swept_ns = 0;
    sweep(matcher);
    /* Pairs with the acquire in btx_poller_turn(): the last publish comes before it. */
    atomic_store_explicit(&matcher->options.desk->matcher_stopped, 1, memory_order_release);
    btx_event_ring_kick(matcher->options.ring);
}

/* Whether time alone has something to do. */
static bool is_due(struct btx_matcher *matcher)
{
    struct btx_core_view view;

    btx_core_view(matcher->options.exchange->core, &view);
    return view.due_ns <= btx_clock_wall_ns(matcher->options.clock);
}

/* Take what there is, as far as the queue has room; or else do what time or the end asks for.
 * WORKED unless nobody and nothing wants anything. */
static enum btx_matcher_turn find_commands(struct btx_matcher *matcher)
{
    const bool is_stopping = btx_desk_wished(matcher->options.desk) == BTX_ENGINE_STOP;
    const bool may_take =
        is_stopping || atomic_load_explicit(&matcher->options.desk->space, memory_order_relaxed) !=
                           BTX_WAL_SPACE_STOP;
    bool found = false;

    /* What a producer has handed in comes before what its end cancels. */
    while (may_take && matcher->ending == NULL && matcher->taken_count < BTX_MATCHER_AHEAD &&
           take(matcher))
        found = true;
    if (matcher->taken_count != 0)
        return may_take || taken_at(matcher, 0)->stamped ? BTX_MATCHER_WORKED : BTX_MATCHER_IDLE;
    if (found)
        return BTX_MATCHER_WORKED;
    if (matcher->ending != NULL) {
        cancel_for_next(matcher);
        return BTX_MATCHER_WORKED;
    }
    if (!may_take)
        return BTX_MATCHER_IDLE; /* It waits in the rings, as what was taken waits in the queue. */
    if (is_stopping) {
        stop(matcher, true);
        return BTX_MATCHER_STOPPED;
    }
    if (!is_due(matcher))
        return BTX_MATCHER_IDLE;
    (void)begin_own(matcher, BTX_COMMAND_TICK);
    return BTX_MATCHER_WORKED;
}

/* One tx of what was taken first. */
static void execute(struct btx_matcher *matcher)
{
    struct btx_matcher_taken *taken = taken_at(matcher, 0);

    prefetch(matcher);
    if (btx_request_is_type(taken->space.command.record.type)) {
        do_request(matcher, (const struct btx_request *)(const void *)&taken->space);
        taken_done(matcher);
    } else {
        step(matcher, taken);
    }
}

enum btx_matcher_turn btx_matcher_turn(struct btx_matcher *matcher)
{
    enum btx_matcher_turn turn;

    if (matcher->stopped)
        return BTX_MATCHER_STOPPED;
    if (btx_desk_wished(matcher->options.desk) == BTX_ENGINE_ABORT) {
        stop(matcher, false);
        return BTX_MATCHER_STOPPED;
    }
    if (!matcher->has_now)
        matcher->now_ns = btx_clock_monotonic_ns(matcher->options.clock);
    matcher->has_now = false;
    sweep(matcher);
    if (btx_event_ring_room(matcher->options.ring, BTX_TX_BYTES_MAX) < BTX_TX_BYTES_MAX) {
        if (!matcher->was_full)
            btx_status_add(&matcher->status, BTX_STATUS_RING_STALLS, 1);
        matcher->was_full = true;
        return BTX_MATCHER_FULL;
    }
    matcher->was_full = false;
    if (matcher->goes_on) {
        step(matcher, NULL);
        return BTX_MATCHER_WORKED;
    }
    turn = find_commands(matcher);
    if (turn == BTX_MATCHER_WORKED && matcher->taken_count != 0)
        execute(matcher);
    return turn;
}
