/* SPDX-License-Identifier: Apache-2.0 */
/* test_turns.c - matcher and poller, turn by turn on one thread, with a real ring and log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/core/view.h"
#include "engine/loop/matcher.h"
#include "engine/loop/poller.h"
#include "engine/text/command_text.h"
#include "tests/unit/ring/ring_fixture.h"

#define SECOND_NS UINT64_C(1000000000)
#define BEGIN_NS (UINT64_C(1790000000) * SECOND_NS)
#define READ_BYTES (UINT64_C(1) << 20)

static struct {
    char root[64];
    struct btx_exchange exchange;
    struct btx_event_ring ring;
    struct btx_event_reader reader;
    struct btx_ring_port port;
    struct btx_ring_port *ports[1];
    struct btx_command_producer producer;
    struct btx_wal_writer *writer;
    struct btx_wal_settings settings;
    struct btx_clock_manual clock;
    struct btx_desk desk;
    struct btx_latency_track track;
    struct btx_status_shared status;
    struct btx_matcher matcher;
    struct btx_poller poller;
    uint64_t sent;
    unsigned kicks;
    uint64_t woken;
    bool rotate_in_wake; /* somebody asks for it during the next commit */
    struct btx_fault fault;
    _Alignas(64) uint8_t read[READ_BYTES];
    size_t read_bytes;
} all;

static void kick(void *context)
{
    (void)context;
    all.kicks++;
}

static void request(enum btx_request_type type);

static void wake(void *context, uint64_t durable)
{
    (void)context;
    all.woken = durable;
    if (!all.rotate_in_wake)
        return;
    all.rotate_in_wake = false;
    request(BTX_REQUEST_ROTATE);
    assert_int_equal(btx_matcher_turn(&all.matcher), BTX_MATCHER_WORKED);
}

static void open_log(void)
{
    struct btx_wal_writer_options options = {
        .root = all.root, .program = "test", .clock = &all.clock.clock, .threadless = true};

    btx_wal_settings_default(&options.settings);
    options.settings.unsafe_filesystem = 1;
    options.settings.stop_bytes = 0;
    options.settings.low_space_bytes = 0;
    all.settings = options.settings;
    assert_int_equal(btx_wal_writer_open(&all.writer, &options, &all.fault), BTX_OK);
}

static void open_rings(void)
{
    const struct btx_ring_port_rule rule = {
        .name = "admin",
        .uid = 0,
        .producer = 1,
        .ring_bytes = 1u << 20,
        .accounts_max = 512,
        .commands = {.types = btx_matcher_admin_types,
                     .length_bytes_max = BTX_COMMAND_BYTES_MAX,
                     .kind = BTX_RECORD_COMMAND,
                     .check = btx_matcher_check},
    };

    fixture_event_ring(&all.ring, 0);
    fixture_event_reader(&all.ring, &all.reader);
    assert_int_equal(btx_ring_port_init(&all.port, &rule, false, &all.fault), BTX_OK);
    fixture_open(&all.port, 7, &all.producer);
    all.ports[0] = &all.port;
}

static int setup(void **state)
{
    const struct btx_core_capacity capacity = {.accounts = 10,
                                               .markets = 4,
                                               .runners = 10,
                                               .orders = 1000,
                                               .positions = 20,
                                               .stakes = 10,
                                               .description_bytes = 100};
    const struct btx_status_options status = {.parts = 1u << BTX_STATUS_PART_MATCHER |
                                                       1u << BTX_STATUS_PART_POLLER |
                                                       1u << BTX_STATUS_PART_SEGMENTS,
                                              .version = "test",
                                              .clock = &all.clock.clock};

    (void)state;
    memset(&all, 0, sizeof all);
    btx_clock_manual_init(&all.clock, BEGIN_NS, 5 * SECOND_NS);
    (void)snprintf(all.root, sizeof all.root, "/tmp/btx-turns-XXXXXX");
    assert_non_null(mkdtemp(all.root));
    open_log();
    assert_int_equal(btx_exchange_open(&all.exchange, &capacity, &all.fault), BTX_OK);
    open_rings();
    btx_status_shared_init(&all.status, &status);
    btx_matcher_init(&all.matcher, &(const struct btx_matcher_options){.exchange = &all.exchange,
                                                                       .ring = &all.ring,
                                                                       .ports = all.ports,
                                                                       .port_count = 1,
                                                                       .clock = &all.clock.clock,
                                                                       .desk = &all.desk,
                                                                       .track = &all.track,
                                                                       .status = &all.status,
                                                                       .kick = kick});
    btx_poller_init(&all.poller, &(const struct btx_poller_options){.ring = &all.ring,
                                                                    .writer = all.writer,
                                                                    .settings = &all.settings,
                                                                    .clock = &all.clock.clock,
                                                                    .desk = &all.desk,
                                                                    .track = &all.track,
                                                                    .status = &all.status,
                                                                    .wake = wake});
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    (void)btx_wal_writer_close(all.writer, NULL, &all.fault);
    btx_command_producer_detach(&all.producer);
    btx_ring_port_done(&all.port);
    btx_event_reader_detach(&all.reader);
    btx_event_ring_done(&all.ring);
    btx_exchange_close(&all.exchange);
    (void)snprintf(command, sizeof command, "rm -rf %s", all.root);
    return system(command);
}

/* Hand in what @line says. */
static void send(const char *line)
{
    static struct btx_command_text text;
    static union btx_command_space space;
    const char *why = btx_command_text_decode(&text, line, strlen(line), &space);
    const size_t bytes = btx_record_length_bytes(&space.command.record);
    void *to;

    if (why != NULL)
        fail_msg("%s", why);
    space.command.number = ++all.sent;
    space.command.record.time_ns = btx_clock_monotonic_ns(&all.clock.clock);
    to = btx_command_producer_claim(&all.producer, (uint32_t)bytes);
    assert_non_null(to);
    memcpy(to, &space, bytes);
    btx_command_producer_commit(&all.producer);
}

static void request(enum btx_request_type type)
{
    static union btx_command_space space;
    const struct btx_request *request = btx_request_build(&space, type, "alice", "what she typed");
    const size_t bytes = btx_record_length_bytes(&request->command.record);
    void *to = btx_command_producer_claim(&all.producer, (uint32_t)bytes);

    assert_non_null(to);
    memcpy(to, request, bytes);
    btx_command_producer_commit(&all.producer);
}

/* Turns of both until there is nothing to do. */
static void settle(void)
{
    while (btx_matcher_turn(&all.matcher) == BTX_MATCHER_WORKED) {
    }
    while (btx_poller_turn(&all.poller, &all.fault) == BTX_POLLER_WORKED) {
    }
}

/* The durable record number @index since the last look at number 0; NULL behind the last. */
static const struct btx_record *seen(size_t index)
{
    const struct btx_record *record;
    size_t at = 0;

    if (index == 0) {
        all.read_bytes = 0;
        if (btx_event_reader_read(&all.reader, all.read, READ_BYTES, &all.read_bytes) ==
            BTX_EVENT_READ_BYTES)
            btx_event_reader_advance(&all.reader, all.read_bytes);
    }
    for (;; at += btx_record_length_bytes(record)) {
        if (at >= all.read_bytes)
            return NULL;
        record = (const struct btx_record *)(const void *)(all.read + at);
        if (index-- == 0)
            return record;
    }
}

static void open_market(void)
{
    send("{\"cmd\":\"OpenAccount\",\"t\":1,\"account\":1}");
    send("{\"cmd\":\"OpenAccount\",\"t\":1,\"account\":2}");
    send("{\"cmd\":\"Deposit\",\"t\":1,\"account\":1,\"amount\":100000}");
    send("{\"cmd\":\"OpenMarket\",\"t\":1,\"market\":7,\"kind\":\"ODDS\",\"runners\":[1,2],"
         "\"winners\":1,\"min_size\":1,\"commission\":0}");
    settle();
    (void)seen(0);
}

#define BACK                                                                                       \
    "{\"cmd\":\"PlaceOrder\",\"t\":1,\"account\":1,\"market\":7,\"runner\":1,\"side\":\"BACK\","   \
    "\"price\":2,\"size\":10}"

static uint32_t last_reason(void)
{
    const struct btx_record *event = seen(1);

    assert_non_null(event);
    assert_int_equal(event->type, BTX_EVENT_COMMAND_REJECTED);
    return ((const struct btx_command_rejected *)(const void *)event)->reason;
}

/* ---- Commands ---- */

static void turns__a_command__is_seen_when_it_is_durable_and_says_who_asked(void **state)
{
    const struct btx_command *command;

    (void)state;
    send("{\"cmd\":\"OpenAccount\",\"t\":1,\"account\":1}");
    assert_int_equal(btx_matcher_turn(&all.matcher), BTX_MATCHER_WORKED);
    assert_int_equal(btx_matcher_turn(&all.matcher), BTX_MATCHER_IDLE);
    assert_null(seen(0));

    assert_int_equal(btx_poller_turn(&all.poller, &all.fault), BTX_POLLER_WORKED);

    command = (const struct btx_command *)(const void *)seen(0);
    assert_non_null(command);
    assert_int_equal(command->record.type, BTX_COMMAND_OPEN_ACCOUNT);
    assert_int_equal(command->producer, 1);
    assert_int_equal(command->incarnation, 7);
    assert_int_equal(command->number, 1);
    assert_int_equal(command->record.time_ns, BEGIN_NS);
    assert_true(btx_record_sealed(&command->record));
    assert_int_equal(seen(1)->type, BTX_EVENT_ACCOUNT_OPENED);
    assert_null(seen(2));
    assert_int_equal(all.woken, btx_event_ring_durable(&all.ring));
}

static void turns__more_commands_than_are_taken_ahead__are_executed_in_order(void **state)
{
    const uint64_t first = 5; /* Behind those that open the market. */
    size_t commands = 0;

    (void)state;
    open_market();
    for (size_t i = 0; i < 3 * BTX_MATCHER_AHEAD; i++)
        send(BACK);
    settle();

    for (size_t i = 0; i < 6 * BTX_MATCHER_AHEAD; i += 2) { /* Each has one event. */
        const struct btx_command *command = (const void *)seen(i);

        assert_non_null(command);
        assert_int_equal(btx_record_kind(&command->record), BTX_RECORD_COMMAND);
        assert_int_equal(command->number, first + commands++);
    }
    assert_int_equal(commands, 3 * BTX_MATCHER_AHEAD);
}

static uint64_t seq_of_core(void)
{
    struct btx_core_view view;

    btx_core_view(all.exchange.core, &view);
    return view.seq;
}

static void turns__little_space__answers_new_orders_busy(void **state)
{
    (void)state;
    open_market();
    atomic_store(&all.desk.space, BTX_WAL_SPACE_LOW);
    send(BACK);
    while (btx_matcher_turn(&all.matcher) == BTX_MATCHER_WORKED) {
    }
    assert_int_equal(btx_poller_turn(&all.poller, &all.fault), BTX_POLLER_WORKED);

    assert_int_equal(((const struct btx_command *)(const void *)seen(0))->shed, 1);
    assert_int_equal(last_reason(), BTX_REJECT_BUSY);
}

static void turns__no_space__takes_nothing_until_there_is(void **state)
{
    (void)state;
    open_market();
    send(BACK);
    atomic_store(&all.desk.space, BTX_WAL_SPACE_STOP);
    assert_int_equal(btx_matcher_turn(&all.matcher), BTX_MATCHER_IDLE);
    assert_false(btx_command_producer_is_taken(&all.producer));

    atomic_store(&all.desk.space, BTX_WAL_SPACE_OK);
    assert_int_equal(btx_matcher_turn(&all.matcher), BTX_MATCHER_WORKED);
    assert_true(btx_command_producer_is_taken(&all.producer));
}

/* What was taken ahead is not executed without space either. */
static void turns__space_ends_behind_a_taken_command__it_waits(void **state)
{
    uint64_t seq;

    (void)state;
    open_market();
    send(BACK);
    send(BACK);
    assert_int_equal(btx_matcher_turn(&all.matcher), BTX_MATCHER_WORKED);
    seq = seq_of_core();
    assert_true(btx_command_producer_is_taken(&all.producer));
    atomic_store(&all.desk.space, BTX_WAL_SPACE_STOP);
    assert_int_equal(btx_matcher_turn(&all.matcher), BTX_MATCHER_IDLE);
    assert_int_equal(seq_of_core(), seq);

    atomic_store(&all.desk.space, BTX_WAL_SPACE_OK);
    assert_int_equal(btx_matcher_turn(&all.matcher), BTX_MATCHER_WORKED);
    assert_int_not_equal(seq_of_core(), seq);
}

static void turns__event_ring_full__waits_for_the_disk(void **state)
{
    enum btx_matcher_turn turn = BTX_MATCHER_WORKED;
    unsigned turns = 0;

    (void)state;
    open_market();
    while (turn == BTX_MATCHER_WORKED) {
        send("{\"cmd\":\"CancelOrder\",\"t\":1,\"account\":1,\"order\":5}");
        turn = btx_matcher_turn(&all.matcher);
        assert_true(++turns < 100000);
    }
    assert_int_equal(turn, BTX_MATCHER_FULL);

    assert_int_equal(btx_poller_turn(&all.poller, &all.fault), BTX_POLLER_WORKED);
    assert_int_equal(btx_matcher_turn(&all.matcher), BTX_MATCHER_WORKED);
}

static void turns__a_moment_comes__is_done_without_a_command(void **state)
{
    char line[256];

    (void)state;
    open_market();
    (void)snprintf(line, sizeof line, "%.*s,\"expires\":%llu}", (int)(sizeof BACK - 2), BACK,
                   (unsigned long long)(BEGIN_NS + SECOND_NS));
    send(line);
    settle();
    (void)seen(0);
    assert_int_equal(btx_core_view_live_orders(all.exchange.core, 1), 1);

    btx_clock_manual_advance(&all.clock, SECOND_NS - 1);
    settle();
    assert_null(seen(0));
    btx_clock_manual_advance(&all.clock, 1);
    settle();

    assert_int_equal(seen(0)->type, BTX_COMMAND_TICK);
    assert_int_equal(seen(1)->type, BTX_EVENT_ORDER_CANCELLED);
    assert_null(seen(2));
    assert_int_equal(btx_core_view_live_orders(all.exchange.core, 1), 0);
}

/* ---- Peers ---- */

static void turns__a_peer_is_gone__its_accounts_are_cancelled_for(void **state)
{
    const struct btx_cancel_orders *command;

    (void)state;
    open_market();
    btx_command_producer_set_account(&all.producer, 0, 2); /* Has no orders. */
    btx_command_producer_set_account(&all.producer, 1, 1);
    btx_command_producer_set_account(&all.producer, 2, 99); /* There is none. */
    send(BACK);
    btx_ring_port_revoke(&all.port, "gone");
    settle();

    assert_int_equal(seen(0)->type, BTX_COMMAND_PLACE_ORDER);
    command = (const struct btx_cancel_orders *)(const void *)seen(2);
    assert_int_equal(command->command.record.type, BTX_COMMAND_CANCEL_ORDERS);
    assert_int_equal(command->account, 1);
    assert_int_equal(command->disconnect, 1);
    assert_int_equal(command->command.producer, 1);
    assert_int_equal(seen(3)->type, BTX_EVENT_ORDER_CANCELLED_BATCHED);
    assert_null(seen(4));
    assert_int_equal(btx_ring_port_state(&all.port), BTX_RING_PORT_DRAINED);
    assert_int_equal(all.kicks, 1);
}

static void turns__a_peer_lies__the_helper_is_told(void **state)
{
    (void)state;
    atomic_store(&all.producer.own->tail, 1);

    assert_int_equal(btx_matcher_turn(&all.matcher), BTX_MATCHER_WORKED);

    assert_int_equal(all.kicks, 1);
    assert_non_null(btx_ring_port_lie(&all.port));
}

static const char *judge(const char *line, bool gateway, bool disconnect, uint8_t shed)
{
    static struct btx_command_text text;
    static union btx_command_space space;

    assert_null(btx_command_text_decode(&text, line, strlen(line), &space));
    space.command.shed = shed;
    if (disconnect)
        ((struct btx_cancel_orders *)(void *)&space)->disconnect = 1;
    return (gateway ? btx_matcher_check_gateway : btx_matcher_check)(
        &space, btx_record_length_bytes(&space.command.record), NULL);
}

static void check__what_only_the_engine_sets__is_refused(void **state)
{
    const char *one = "{\"cmd\":\"CancelOrders\",\"t\":1,\"account\":1}";
    const char *everybody = "{\"cmd\":\"CancelOrders\",\"t\":1,\"market\":1}";

    (void)state;
    assert_null(judge(one, true, false, 0));
    assert_null(judge(everybody, false, false, 0));
    assert_non_null(judge(everybody, true, false, 0));
    assert_non_null(judge(one, false, true, 0));
    assert_non_null(judge(one, false, false, 1));
    assert_int_equal(btx_matcher_gateway_types >> BTX_COMMAND_DEPOSIT & 1, 0);
    assert_int_equal(btx_matcher_admin_types >> BTX_COMMAND_TICK & 1, 0);
    assert_int_equal(btx_matcher_admin_types >> BTX_COMMAND_DEPOSIT & 1, 1);
}

/* ---- Figures ---- */

static uint64_t figure(uint32_t slot)
{
    return atomic_load(&all.status.slots[slot]);
}

static uint64_t steps(void)
{
    static struct btx_histogram histogram;

    btx_histogram_copy(&all.status.histograms[BTX_STATUS_HISTOGRAM_STEP], &histogram);
    return histogram.count;
}

/* Gauges are written a few times a second: let that time pass. */
static void look_at_figures(void)
{
    btx_clock_manual_advance(&all.clock, SECOND_NS);
    (void)btx_matcher_turn(&all.matcher);
}

static void turns__commands_are_executed__each_step_is_timed(void **state)
{
    uint64_t before;

    (void)state;
    open_market();
    before = steps();
    send(BACK);
    send(BACK);
    settle();

    assert_int_equal(steps(), before + 2);
}

static void turns__events_wait_for_the_disk__the_most_that_did_is_told(void **state)
{
    uint64_t most_bytes;

    (void)state;
    open_market();
    look_at_figures();
    most_bytes = figure(BTX_STATUS_RING_HIGH);
    assert_true(most_bytes > 0);
    for (size_t i = 0; i < 20; i++)
        send(BACK);
    settle(); /* All of it in one commit. */
    look_at_figures();

    assert_true(figure(BTX_STATUS_RING_HIGH) > most_bytes);
    most_bytes = figure(BTX_STATUS_RING_HIGH);
    send(BACK);
    settle();
    look_at_figures();
    assert_int_equal(figure(BTX_STATUS_RING_HIGH), most_bytes);
}

static void turns__commands_wait_in_a_ring__its_fill_is_told(void **state)
{
    const uint32_t slot = BTX_STATUS_PRODUCER_FILL + 1;

    (void)state;
    open_market();
    look_at_figures();
    assert_int_equal(figure(slot), 0);
    send(BACK);
    send(BACK);
    look_at_figures(); /* Before the turn takes anything. */

    assert_int_equal(figure(slot), 2 * sizeof(struct btx_place_order));
    settle();
    look_at_figures();
    assert_int_equal(figure(slot), 0);
}

/* A tail is the peer's word, and need not be true; it is never more than the ring. */
static void turns__a_tail_that_cannot_be__is_a_full_ring(void **state)
{
    (void)state;
    open_market();
    atomic_store(&all.producer.own->tail, UINT64_C(1) << 60);
    look_at_figures();

    assert_int_equal(figure(BTX_STATUS_PRODUCER_FILL + 1), all.port.rule.ring_bytes);
}

/* What a peer writes that lives on after its ring was revoked is not looked at. */
static void turns__a_port_is_drained__nothing_waits_in_it(void **state)
{
    (void)state;
    open_market();
    btx_ring_port_revoke(&all.port, "gone");
    settle();
    (void)atomic_fetch_add(&all.producer.own->tail, BTX_RECORD_UNIT_BYTES);
    look_at_figures();

    assert_int_equal(btx_ring_port_state(&all.port), BTX_RING_PORT_DRAINED);
    assert_int_equal(figure(BTX_STATUS_PRODUCER_FILL + 1), 0);
}

/* ---- Operators ---- */

static void turns__rotate__is_noted_and_done(void **state)
{
    struct btx_wal_status status;

    (void)state;
    open_market();
    request(BTX_REQUEST_ROTATE);
    settle();

    assert_int_equal(btx_record_kind(seen(0)), BTX_RECORD_NOTE);
    assert_int_equal(seen(0) == NULL, 1); /* Nothing but the note, which was read. */
    btx_wal_writer_status(all.writer, &status);
    assert_int_equal(status.rotations, 1);
}

/* What an operator asks first: who has the lock, when was the last rotation, are the next segments
 * there. */
static void turns__rotated__the_status_page_tells_of_log_and_lock(void **state)
{
    (void)state;
    assert_int_equal(figure(BTX_STATUS_LOCK), BTX_STATUS_LOCK_HELD);
    assert_int_equal(figure(BTX_STATUS_LOCK_PID), getpid());
    assert_int_equal(figure(BTX_STATUS_LOCK_EPOCH), 1);
    open_market();
    request(BTX_REQUEST_ROTATE);
    settle();
    send(BACK); /* Begins the next segment. */
    btx_clock_manual_advance(&all.clock, SECOND_NS);
    settle();

    assert_int_equal(figure(BTX_STATUS_ROTATIONS), 1);
    assert_int_not_equal(figure(BTX_STATUS_ROTATION_TIME), BTX_STATUS_ABSENT);
    assert_true(figure(BTX_STATUS_ROTATION_MAX) >= figure(BTX_STATUS_ROTATION_NS));
    assert_int_equal(figure(BTX_STATUS_SEGMENT), 2);
    assert_true(figure(BTX_STATUS_SEGMENT_FIRST_SEQ) > 1);
    assert_int_equal(figure(BTX_STATUS_NEXT_READY), figure(BTX_STATUS_NEXT_WANTED));
    assert_int_equal(figure(BTX_STATUS_SEALS), 1);
    assert_int_not_equal(figure(BTX_STATUS_SEAL_TIME), BTX_STATUS_ABSENT);
    assert_true(figure(BTX_STATUS_LOCK_CHECK) >= BEGIN_NS);
}

/* What an operator asked for stands in the segment that is closed for it: also when it comes while
 * another commit is under way. */
static void turns__rotate_asked_in_a_commit__waits_for_its_note(void **state)
{
    struct btx_wal_status before;
    struct btx_wal_status after;

    (void)state;
    open_market();
    send(BACK);
    all.rotate_in_wake = true;
    (void)btx_matcher_turn(&all.matcher);
    assert_int_equal(btx_poller_turn(&all.poller, &all.fault), BTX_POLLER_WORKED);
    btx_wal_writer_status(all.writer, &before);
    assert_int_equal(btx_poller_turn(&all.poller, &all.fault), BTX_POLLER_WORKED);
    btx_wal_writer_status(all.writer, &after);

    assert_int_equal(before.rotations, 0);
    assert_int_equal(after.rotations, 1);
    assert_int_equal(after.segment, before.segment);
    assert_int_equal(btx_poller_turn(&all.poller, &all.fault), BTX_POLLER_IDLE);
}

static void turns__drain__sheds_orders_and_takes_cancels(void **state)
{
    (void)state;
    open_market();
    send(BACK);
    settle();
    request(BTX_REQUEST_DRAIN);
    settle();
    (void)seen(0);
    send(BACK);
    settle();
    assert_non_null(seen(0));
    assert_int_equal(last_reason(), BTX_REJECT_BUSY);
    send("{\"cmd\":\"CancelOrder\",\"t\":1,\"account\":1,\"order\":1}");
    settle();
    assert_non_null(seen(0));
    assert_int_equal(seen(1)->type, BTX_EVENT_ORDER_CANCELLED);
}

static void turns__shutdown__takes_the_rest_and_ends_the_log_in_order(void **state)
{
    uint8_t digest[BTX_SHA256_BYTES];
    const struct btx_state_digest *note;

    (void)state;
    open_market();
    request(BTX_REQUEST_SHUTDOWN);
    send(BACK);
    while (btx_matcher_turn(&all.matcher) != BTX_MATCHER_STOPPED) {
    }
    assert_int_equal(btx_poller_turn(&all.poller, &all.fault), BTX_POLLER_WORKED);
    assert_int_equal(btx_poller_turn(&all.poller, &all.fault), BTX_POLLER_STOPPED);

    assert_int_equal(seen(0)->type, BTX_NOTE_OPERATOR_ACTION);
    assert_int_equal(seen(2)->type, BTX_EVENT_COMMAND_REJECTED); /* BUSY: no new orders now. */
    note = (const struct btx_state_digest *)(const void *)seen(3);
    btx_exchange_digest(&all.exchange, digest);
    assert_int_equal(note->record.type, BTX_NOTE_STATE_DIGEST);
    assert_memory_equal(note->sha256, digest, sizeof digest);
    assert_int_equal(seen(4)->type, BTX_NOTE_CLEAN_STOP);
    assert_int_equal(btx_matcher_turn(&all.matcher), BTX_MATCHER_STOPPED);
}

static void turns__the_log_fails__nothing_more_is_durable_or_taken(void **state)
{
    char path[128];

    (void)state;
    open_market();
    (void)snprintf(path, sizeof path, "%s/.writer.lock", all.root);
    assert_int_equal(remove(path), 0);
    request(BTX_REQUEST_ROTATE);
    send(BACK);
    settle();
    send(BACK);
    while (btx_matcher_turn(&all.matcher) == BTX_MATCHER_WORKED) {
    }

    assert_int_equal(btx_poller_turn(&all.poller, &all.fault), BTX_POLLER_FAILED);
    assert_int_equal(btx_desk_wished(&all.desk), BTX_ENGINE_ABORT);
    assert_int_equal(btx_matcher_turn(&all.matcher), BTX_MATCHER_STOPPED);
    assert_true(btx_event_ring_durable(&all.ring) < all.matcher.position);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(turns__a_command__is_seen_when_it_is_durable_and_says_who_asked),
        TEST(turns__more_commands_than_are_taken_ahead__are_executed_in_order),
        TEST(turns__little_space__answers_new_orders_busy),
        TEST(turns__no_space__takes_nothing_until_there_is),
        TEST(turns__space_ends_behind_a_taken_command__it_waits),
        TEST(turns__event_ring_full__waits_for_the_disk),
        TEST(turns__a_moment_comes__is_done_without_a_command),
        TEST(turns__a_peer_is_gone__its_accounts_are_cancelled_for),
        TEST(turns__a_peer_lies__the_helper_is_told),
        TEST(check__what_only_the_engine_sets__is_refused),
        TEST(turns__commands_are_executed__each_step_is_timed),
        TEST(turns__events_wait_for_the_disk__the_most_that_did_is_told),
        TEST(turns__commands_wait_in_a_ring__its_fill_is_told),
        TEST(turns__a_tail_that_cannot_be__is_a_full_ring),
        TEST(turns__a_port_is_drained__nothing_waits_in_it),
        TEST(turns__rotate__is_noted_and_done),
        TEST(turns__rotated__the_status_page_tells_of_log_and_lock),
        TEST(turns__rotate_asked_in_a_commit__waits_for_its_note),
        TEST(turns__drain__sheds_orders_and_takes_cancels),
        TEST(turns__shutdown__takes_the_rest_and_ends_the_log_in_order),
        TEST(turns__the_log_fails__nothing_more_is_durable_or_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
