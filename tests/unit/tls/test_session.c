/* SPDX-License-Identifier: Apache-2.0 */
/* test_session.c - a session of betex/1 without a network: each state, deadline and refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/wire/events.h"
#include "tls/session.h"

#define MS UINT64_C(1000000)
#define BEGIN_NS (5000 * MS)

enum { ACCOUNT = 1001 };

static const struct btx_session_rules rules = {
    .handshake_ns = 10 * MS,
    .hello_ns = 20 * MS,
    .greeting_ns = 30 * MS,
    .idle_ns = 40 * MS,
    .closing_ns = 50 * MS,
    .stalled_ns = 35 * MS,
    .frames_per_second = 100,
    .outstanding_max = 4,
    .output_bytes_max = 4096,
};

struct fixture {
    struct btx_session session;
    struct btx_session_request request; /* the last one */
    uint64_t now_ns;
    _Alignas(8) uint8_t frame[BTX_FRAME_CLIENT_BYTES_MAX];
    _Alignas(8) uint8_t out[65536]; /* what has gone out */
    size_t out_bytes;
    size_t out_read;
};

static struct fixture fixture;

static void receive(size_t length_bytes)
{
    btx_session_receive(&fixture.session, fixture.frame, length_bytes);
}

static void *begin(enum btx_frame_type type, size_t body_bytes)
{
    return btx_frame_begin(fixture.frame, type, 0, 77, body_bytes);
}

static bool next(void)
{
    return btx_session_next(&fixture.session, fixture.now_ns, &fixture.request);
}

/* The client reads all that is there. */
static void send_out(void)
{
    const uint8_t *bytes;
    const size_t length_bytes = btx_session_output(&fixture.session, &bytes);

    assert_in_range(length_bytes, 0, sizeof fixture.out - fixture.out_bytes);
    if (length_bytes != 0)
        memcpy(fixture.out + fixture.out_bytes, bytes, length_bytes);
    fixture.out_bytes += length_bytes;
    btx_session_sent(&fixture.session, length_bytes, fixture.now_ns);
}

/* The next frame that went out; of type 0 when there is none. */
static struct btx_frame next_out(void)
{
    struct btx_frame frame = {0};
    const char *why = NULL;

    send_out();
    if (btx_frame_read(fixture.out + fixture.out_read, fixture.out_bytes - fixture.out_read,
                       BTX_FRAME_FROM_GATEWAY, &frame, &why) != BTX_FRAME_WHOLE)
        return (struct btx_frame){0};
    fixture.out_read += frame.header->length_bytes;
    return frame;
}

/* The code of the STATUS that comes next; its text ends up in @ret_text. */
static uint16_t next_status(uint8_t flags, char ret_text[BTX_FRAME_TEXT_BYTES_MAX + 1])
{
    const struct btx_frame frame = next_out();
    const struct btx_frame_status *status = frame.body;

    assert_int_equal(frame.type, BTX_FRAME_STATUS);
    assert_int_equal(frame.header->flags, flags);
    memcpy(ret_text, status + 1, status->text_length);
    ret_text[status->text_length] = '\0';
    return status->code;
}

static void expect_closing(uint16_t code)
{
    char text[BTX_FRAME_TEXT_BYTES_MAX + 1];

    assert_int_equal(fixture.session.state, BTX_SESSION_CLOSING);
    assert_int_equal(fixture.session.status, code);
    assert_int_equal(next_status(BTX_FRAME_CLOSING, text), code);
    assert_string_equal(text, fixture.session.why);
}

static void expect_refused(uint16_t code)
{
    char text[BTX_FRAME_TEXT_BYTES_MAX + 1];

    assert_false(next());
    assert_int_equal(fixture.session.state, BTX_SESSION_ACTIVE);
    assert_int_equal(next_status(0, text), code);
}

static int set_up(void **state)
{
    (void)state;
    memset(&fixture, 0, sizeof fixture);
    fixture.now_ns = BEGIN_NS;
    btx_session_init(&fixture.session, &rules, fixture.now_ns);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    btx_session_done(&fixture.session);
    return 0;
}

static void say_hello(uint32_t version, uint32_t flags)
{
    struct btx_frame_hello *hello = begin(BTX_FRAME_HELLO, sizeof *hello);

    hello->version = version;
    hello->flags = flags;
    receive(btx_frame_length_bytes(sizeof *hello));
}

/* A session that is ACTIVE, its WELCOME read. */
static void activate(uint32_t flags, uint32_t rights)
{
    const struct btx_frame_welcome welcome = {.account = ACCOUNT, .rights = rights, .cseq = 12};

    btx_session_secure(&fixture.session, fixture.now_ns);
    say_hello(BTX_FRAME_VERSION, flags);
    assert_true(next());
    btx_session_welcome(&fixture.session, 77, &welcome, fixture.now_ns);
    assert_int_equal(next_out().type, BTX_FRAME_WELCOME);
}

static size_t put_cancel(uint64_t account, uint64_t cseq)
{
    union btx_command_space space;
    struct btx_cancel_order *cancel = (void *)btx_command_begin(&space, BTX_COMMAND_CANCEL_ORDER);

    cancel->account = account;
    cancel->order = 5;
    cancel->cseq = cseq;
    return btx_frame_put_command(fixture.frame, 78, &cancel->command);
}

static void ping(void)
{
    (void)begin(BTX_FRAME_PING, 0);
    receive(16);
}

/* ---- The way in ---- */

static void session_welcome__after_hello__makes_it_active(void **state)
{
    const struct btx_frame_welcome welcome = {
        .account = ACCOUNT, .rights = BTX_RIGHT_TRADE, .cseq = 12};
    struct btx_frame frame;
    const struct btx_frame_welcome *said;

    (void)state;
    btx_session_secure(&fixture.session, fixture.now_ns);
    say_hello(BTX_FRAME_VERSION, BTX_FRAME_HELLO_CANCEL);
    assert_true(next());
    assert_int_equal(fixture.request.type, BTX_FRAME_HELLO);
    assert_int_equal(fixture.request.hello.flags, BTX_FRAME_HELLO_CANCEL);
    assert_int_equal(fixture.session.state, BTX_SESSION_GREETING);
    btx_session_welcome(&fixture.session, 77, &welcome, fixture.now_ns);
    frame = next_out();
    said = frame.body;
    assert_int_equal(frame.header->request, 77);
    assert_int_equal(said->version, BTX_FRAME_VERSION);
    assert_int_equal(said->cseq, 12);
    assert_int_equal(said->outstanding_max, 4);
    assert_int_equal(fixture.session.state, BTX_SESSION_ACTIVE);
}

/* Nothing that was sent behind HELLO is looked at before WELCOME. */
static void session_next__before_welcome__waits(void **state)
{
    const struct btx_frame_welcome welcome = {.account = ACCOUNT};

    (void)state;
    btx_session_secure(&fixture.session, fixture.now_ns);
    say_hello(BTX_FRAME_VERSION, 0);
    (void)begin(BTX_FRAME_QUERY_ACCOUNT, 0);
    receive(16);
    assert_true(next());
    assert_false(next());
    btx_session_welcome(&fixture.session, 77, &welcome, fixture.now_ns);
    assert_true(next());
    assert_int_equal(fixture.request.type, BTX_FRAME_QUERY_ACCOUNT);
}

static void session_next__another_version__closes(void **state)
{
    (void)state;
    btx_session_secure(&fixture.session, fixture.now_ns);
    say_hello(2, 0);
    assert_false(next());
    expect_closing(BTX_FRAME_STATUS_BAD_VERSION);
}

static void session_next__no_hello_first__closes(void **state)
{
    (void)state;
    btx_session_secure(&fixture.session, fixture.now_ns);
    ping();
    assert_false(next());
    expect_closing(BTX_FRAME_STATUS_BAD_FRAME);
}

static void session_next__hello_twice__closes(void **state)
{
    (void)state;
    activate(0, 0);
    say_hello(BTX_FRAME_VERSION, 0);
    assert_false(next());
    expect_closing(BTX_FRAME_STATUS_BAD_FRAME);
}

static void session_next__byte_by_byte__is_the_same(void **state)
{
    const size_t length_bytes = 56;

    (void)state;
    activate(0, BTX_RIGHT_TRADE);
    assert_int_equal(put_cancel(ACCOUNT, 0), length_bytes);
    for (size_t i = 0; i < length_bytes; i++) {
        assert_false(next());
        btx_session_receive(&fixture.session, fixture.frame + i, 1);
    }
    assert_true(next());
    assert_int_equal(fixture.request.request, 78);
    assert_int_equal(fixture.request.command.command.record.type, BTX_COMMAND_CANCEL_ORDER);
}

static void session_next__garbage__closes_with_the_reason(void **state)
{
    (void)state;
    activate(0, 0);
    memcpy(fixture.frame, "GET / HTTP/1.1\r\n", 16);
    receive(16);
    assert_false(next());
    expect_closing(BTX_FRAME_STATUS_BAD_FRAME);
    assert_string_equal(fixture.session.why, "type: unknown");
}

/* ---- Refusals of one request ---- */

static void session_next__a_command_without_the_right__is_refused(void **state)
{
    (void)state;
    activate(0, 0);
    receive(put_cancel(ACCOUNT, 0));
    expect_refused(BTX_FRAME_STATUS_NOT_ALLOWED);
}

static void session_next__another_account__is_refused(void **state)
{
    (void)state;
    activate(0, BTX_RIGHT_TRADE);
    receive(put_cancel(ACCOUNT + 1, 0));
    expect_refused(BTX_FRAME_STATUS_WRONG_ACCOUNT);
}

static void session_next__cseq_without_sequence__is_refused(void **state)
{
    (void)state;
    activate(BTX_FRAME_HELLO_CANCEL, BTX_RIGHT_TRADE);
    receive(put_cancel(ACCOUNT, 1));
    expect_refused(BTX_FRAME_STATUS_NO_SEQUENCE);
}

static void session_next__cseq_with_sequence__is_a_request(void **state)
{
    (void)state;
    activate(BTX_FRAME_HELLO_SEQUENCE, BTX_RIGHT_TRADE);
    receive(put_cancel(ACCOUNT, 1));
    assert_true(next());
}

static void session_next__a_command_out_of_range__is_refused_and_the_next_is_not(void **state)
{
    (void)state;
    activate(0, BTX_RIGHT_TRADE);
    (void)put_cancel(ACCOUNT, 0);
    fixture.frame[16 + 32] = 0xff; /* unknown bits of present */
    receive(56);
    expect_refused(BTX_FRAME_STATUS_BAD_FRAME);
    receive(put_cancel(ACCOUNT, 0));
    assert_true(next());
}

/* ---- Answers ---- */

static void session_next__ping__is_answered_here(void **state)
{
    struct btx_frame frame;

    (void)state;
    activate(0, 0);
    ping();
    assert_false(next());
    frame = next_out();
    assert_int_equal(frame.type, BTX_FRAME_PONG);
    assert_int_equal(frame.header->request, 77);
}

/* The answer comes before all that was put behind its place, and nothing of that earlier. */
static void session_end_reply__with_events_behind__goes_out_first(void **state)
{
    const struct btx_frame_reply reply = {.seq = 9, .matched = 70};
    struct btx_frame frame;

    (void)state;
    activate(0, BTX_RIGHT_TRADE);
    btx_session_taken(&fixture.session);
    assert_non_null(btx_session_put(&fixture.session, BTX_FRAME_CURRENT, 0, 1, 8, fixture.now_ns));
    btx_session_begin_reply(&fixture.session, 78, fixture.now_ns);
    assert_non_null(btx_session_put(&fixture.session, BTX_FRAME_CURRENT, 0, 2, 8, fixture.now_ns));
    assert_int_equal(next_out().header->request, 1);
    assert_int_equal(next_out().type, 0);
    btx_session_end_reply(&fixture.session, &reply);
    frame = next_out();
    assert_int_equal(frame.type, BTX_FRAME_REPLY);
    assert_int_equal(frame.header->request, 78);
    assert_memory_equal(frame.body, &reply, sizeof reply);
    assert_int_equal(next_out().header->request, 2);
    assert_int_equal(fixture.session.outstanding, 0);
}

/* What is half an answer is not shown: the client has to ask for the fate of its command. */
static void session_close__in_a_reply__takes_it_back(void **state)
{
    const struct btx_frame_reply reply = {.seq = 9};

    (void)state;
    activate(0, BTX_RIGHT_TRADE);
    btx_session_taken(&fixture.session);
    btx_session_begin_reply(&fixture.session, 78, fixture.now_ns);
    assert_non_null(btx_session_put(&fixture.session, BTX_FRAME_CURRENT, 0, 2, 8, fixture.now_ns));
    btx_session_close(&fixture.session, BTX_FRAME_STATUS_ENGINE_LOST, NULL, fixture.now_ns);
    expect_closing(BTX_FRAME_STATUS_ENGINE_LOST);
    btx_session_end_reply(&fixture.session, &reply); /* Comes too late. */
    assert_int_equal(next_out().type, 0);
}

/* ---- Limits ---- */

/* The next command waits until one was answered; TCP does the rest. */
static void session_next__too_many_outstanding__waits(void **state)
{
    const struct btx_frame_reply reply = {0};

    (void)state;
    activate(0, BTX_RIGHT_TRADE);
    for (unsigned i = 0; i < rules.outstanding_max; i++) {
        receive(put_cancel(ACCOUNT, 0));
        assert_true(next());
        btx_session_taken(&fixture.session);
    }
    receive(put_cancel(ACCOUNT, 0));
    assert_false(next());
    btx_session_begin_reply(&fixture.session, 78, fixture.now_ns);
    btx_session_end_reply(&fixture.session, &reply);
    assert_true(next());
}

/* A second's worth of frames at once, then one for each 1/100 s. */
static void session_next__over_the_rate__waits_for_its_time(void **state)
{
    unsigned done = 0;

    (void)state;
    activate(0, 0);
    for (unsigned i = 0; i < 120; i++) {
        (void)begin(BTX_FRAME_QUERY_ACCOUNT, 0);
        receive(16);
        done += next();
    }
    assert_int_equal(done, 100); /* HELLO was one, and the one that fills the second goes. */
    assert_in_range(btx_session_due_ns(&fixture.session), fixture.now_ns + 1,
                    fixture.now_ns + 10 * MS);
    fixture.now_ns = btx_session_due_ns(&fixture.session);
    btx_session_pass(&fixture.session, fixture.now_ns);
    assert_true(next());
    assert_false(next());
}

/* Nothing is due for a part of a frame: no loop may spin for it. */
static void session_due_ns__part_of_a_frame__is_the_deadline(void **state)
{
    (void)state;
    activate(0, 0);
    (void)begin(BTX_FRAME_PING, 0);
    receive(15);
    assert_false(next());
    assert_int_equal(btx_session_due_ns(&fixture.session), fixture.now_ns + rules.idle_ns);
}

static void session_input_room__of_what_is_not_read__ends(void **state)
{
    size_t received = 0;

    (void)state;
    btx_session_secure(&fixture.session, fixture.now_ns);
    while (btx_session_input_room(&fixture.session) > 0) {
        const size_t room = btx_session_input_room(&fixture.session);
        const size_t bytes = room < sizeof fixture.frame ? room : sizeof fixture.frame;

        receive(bytes);
        received += bytes;
    }
    assert_int_equal(received, BTX_SESSION_INPUT_BYTES_MAX);
}

/* A client that asks and does not read is not listened to any more. */
static void session_next__output_piles_up__waits(void **state)
{
    (void)state;
    activate(0, 0);
    while (btx_session_put(&fixture.session, BTX_FRAME_CURRENT, 0, 0, 8, fixture.now_ns) != NULL &&
           btx_byte_queue_length(&fixture.session.out) <= rules.output_bytes_max / 2) {
    }
    (void)begin(BTX_FRAME_QUERY_ACCOUNT, 0);
    receive(16);
    assert_false(next());
    send_out();
    assert_true(next());
}

static void session_put__over_the_limit__closes_as_too_slow(void **state)
{
    unsigned count = 0;

    (void)state;
    activate(0, 0);
    while (btx_session_put(&fixture.session, BTX_FRAME_CURRENT, 0, 0, 8, fixture.now_ns) != NULL)
        count++;
    assert_int_equal(count, rules.output_bytes_max / 24);
    assert_int_equal(fixture.session.state, BTX_SESSION_CLOSING);
    while (count-- > 0)
        assert_int_equal(next_out().type, BTX_FRAME_CURRENT);
    expect_closing(BTX_FRAME_STATUS_TOO_SLOW);
}

/* ---- Deadlines ---- */

static void pass_at(uint64_t now_ns)
{
    fixture.now_ns = now_ns;
    btx_session_pass(&fixture.session, now_ns);
}

/* Before the moment nothing, at the moment the end. */
static void expect_due(uint64_t after_ns, enum btx_session_state state)
{
    const uint64_t due_ns = fixture.now_ns + after_ns;
    const enum btx_session_state before = fixture.session.state;

    assert_int_equal(btx_session_due_ns(&fixture.session), due_ns);
    pass_at(due_ns - 1);
    assert_int_equal(fixture.session.state, before);
    pass_at(due_ns);
    assert_int_equal(fixture.session.state, state);
}

static void session_pass__handshake_too_long__is_closed(void **state)
{
    (void)state;
    expect_due(rules.handshake_ns, BTX_SESSION_CLOSED);
    assert_int_equal(next_out().type, 0); /* Nothing can be said without TLS. */
    assert_int_equal(btx_session_due_ns(&fixture.session), UINT64_MAX);
}

static void session_pass__hello_too_late__closes(void **state)
{
    (void)state;
    pass_at(fixture.now_ns + 5 * MS);
    btx_session_secure(&fixture.session, fixture.now_ns);
    expect_due(rules.hello_ns, BTX_SESSION_CLOSING);
    expect_closing(BTX_FRAME_STATUS_DEADLINE);
}

static void session_pass__welcome_too_late__says_starting(void **state)
{
    (void)state;
    btx_session_secure(&fixture.session, fixture.now_ns);
    say_hello(BTX_FRAME_VERSION, 0);
    assert_true(next());
    expect_due(rules.greeting_ns, BTX_SESSION_CLOSING);
    expect_closing(BTX_FRAME_STATUS_STARTING);
}

/* Parts of a frame are no sign of life. */
static void session_pass__idle_but_for_parts__closes(void **state)
{
    (void)state;
    activate(0, 0);
    pass_at(fixture.now_ns + rules.idle_ns / 2);
    ping();
    assert_false(next());
    send_out();
    (void)begin(BTX_FRAME_PING, 0);
    receive(8);
    assert_false(next());
    expect_due(rules.idle_ns, BTX_SESSION_CLOSING);
    fixture.out_read += 16; /* the PONG */
    expect_closing(BTX_FRAME_STATUS_DEADLINE);
}

/* A zero window: what waits makes no progress. */
static void session_pass__output_stalled__closes_as_too_slow(void **state)
{
    (void)state;
    activate(0, 0);
    assert_non_null(btx_session_put(&fixture.session, BTX_FRAME_CURRENT, 0, 1, 8, fixture.now_ns));
    assert_non_null(btx_session_put(&fixture.session, BTX_FRAME_CURRENT, 0, 2, 8, fixture.now_ns));
    expect_due(rules.stalled_ns, BTX_SESSION_CLOSING);
    assert_int_equal(fixture.session.status, BTX_FRAME_STATUS_TOO_SLOW);
}

static void session_pass__output_makes_progress__goes_on(void **state)
{
    (void)state;
    activate(0, 0);
    assert_non_null(btx_session_put(&fixture.session, BTX_FRAME_CURRENT, 0, 1, 8, fixture.now_ns));
    fixture.now_ns += 30 * MS;
    btx_session_sent(&fixture.session, 1, fixture.now_ns);
    pass_at(fixture.now_ns + 9 * MS);
    assert_int_equal(fixture.session.state, BTX_SESSION_ACTIVE);
}

/* A STATUS that does not get out, or a client that does not go: for so long and no longer. */
static void session_pass__closing_too_long__is_closed(void **state)
{
    (void)state;
    activate(0, 0);
    btx_session_close(&fixture.session, BTX_FRAME_STATUS_SHUTDOWN, NULL, fixture.now_ns);
    expect_due(rules.closing_ns, BTX_SESSION_CLOSED);
}

static void session_receive__while_closing__is_not_looked_at(void **state)
{
    (void)state;
    activate(0, 0);
    btx_session_close(&fixture.session, BTX_FRAME_STATUS_SHUTDOWN, NULL, fixture.now_ns);
    ping();
    assert_false(next());
    expect_closing(BTX_FRAME_STATUS_SHUTDOWN);
    assert_int_equal(next_out().type, 0);
}

static void session_end__in_any_state__is_closed_at_once(void **state)
{
    (void)state;
    activate(0, 0);
    btx_session_end(&fixture.session);
    btx_session_end(&fixture.session);
    assert_int_equal(fixture.session.state, BTX_SESSION_CLOSED);
    assert_null(btx_session_put(&fixture.session, BTX_FRAME_CURRENT, 0, 1, 8, fixture.now_ns));
    btx_session_close(&fixture.session, BTX_FRAME_STATUS_SHUTDOWN, NULL, fixture.now_ns);
    assert_int_equal(fixture.session.state, BTX_SESSION_CLOSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(session_welcome__after_hello__makes_it_active),
        TEST(session_next__before_welcome__waits),
        TEST(session_next__another_version__closes),
        TEST(session_next__no_hello_first__closes),
        TEST(session_next__hello_twice__closes),
        TEST(session_next__byte_by_byte__is_the_same),
        TEST(session_next__garbage__closes_with_the_reason),
        TEST(session_next__a_command_without_the_right__is_refused),
        TEST(session_next__another_account__is_refused),
        TEST(session_next__cseq_without_sequence__is_refused),
        TEST(session_next__cseq_with_sequence__is_a_request),
        TEST(session_next__a_command_out_of_range__is_refused_and_the_next_is_not),
        TEST(session_next__ping__is_answered_here),
        TEST(session_end_reply__with_events_behind__goes_out_first),
        TEST(session_close__in_a_reply__takes_it_back),
        TEST(session_next__too_many_outstanding__waits),
        TEST(session_next__over_the_rate__waits_for_its_time),
        TEST(session_due_ns__part_of_a_frame__is_the_deadline),
        TEST(session_input_room__of_what_is_not_read__ends),
        TEST(session_next__output_piles_up__waits),
        TEST(session_put__over_the_limit__closes_as_too_slow),
        TEST(session_pass__handshake_too_long__is_closed),
        TEST(session_pass__hello_too_late__closes),
        TEST(session_pass__welcome_too_late__says_starting),
        TEST(session_pass__idle_but_for_parts__closes),
        TEST(session_pass__output_stalled__closes_as_too_slow),
        TEST(session_pass__output_makes_progress__goes_on),
        TEST(session_pass__closing_too_long__is_closed),
        TEST(session_receive__while_closing__is_not_looked_at),
        TEST(session_end__in_any_state__is_closed_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
