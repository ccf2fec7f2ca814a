/* SPDX-License-Identifier: Apache-2.0 */
/* test_ring_server.c - the engine's socket: who gets what, who is refused, and what ends a peer.
 * The peers are in this process, and so of this user. */
#include "engine/ring/ring_server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/ring/ring_client.h"
#include "ring_fixture.h"

#define HOUR_NS UINT64_C(3600000000000)
#define PATIENT_NS UINT64_C(60000000000)

static char folder[] = "/tmp/betex-ring-XXXXXX";
static char path[64];
static struct btx_event_ring events;
static struct btx_ring_server *server;
static struct btx_ring_server_options options;
static struct btx_ring_port_rule rules[3];
static uint64_t copy[FIXTURE_LENGTH_MAX / sizeof(uint64_t)];
static size_t length_bytes;

static int group_setup(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/engine.sock", folder);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* Two gateways of this user, and one of somebody else. */
static int setup(void **state)
{
    (void)state;
    fixture_event_ring(&events, 5);
    rules[0] = fixture_rule();
    rules[1] = fixture_rule();
    rules[1].producer = 4;
    rules[2] = fixture_rule();
    rules[2].uid = getuid() + 1;
    options = (struct btx_ring_server_options){
        .path = path,
        .mode = 0600,
        .rules = rules,
        .rule_count = 1,
        .events = &events,
        .status_fd = -1,
        .first_incarnation = 100,
        .patience_ns = HOUR_NS,
        .mapping_ns = HOUR_NS,
        .clock = btx_clock_system(),
    };
    server = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    btx_ring_server_close(server);
    btx_event_ring_done(&events);
    return 0;
}

static void start(void)
{
    struct btx_fault fault = {0};

    assert_int_equal(btx_ring_server_open(&server, &options, &fault), BTX_OK);
}

static void open_client(struct btx_ring_client *client)
{
    struct btx_fault fault = {0};

    assert_int_equal(btx_ring_client_open(client, path, PATIENT_NS, &fault), BTX_OK);
}

/* A connection that is not the library's. */
static int open_raw(void)
{
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(connect(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)),
                     0);
    return fd;
}

/* Take from port @index until something else than nothing comes. */
static enum btx_ring_port_take take_next(size_t index)
{
    struct btx_ring_port *port = btx_ring_server_port(server, index);
    enum btx_ring_port_take taken;

    do {
        (void)sched_yield();
        taken = btx_ring_port_take(port, copy, &length_bytes);
    } while (taken == BTX_RING_PORT_EMPTY);
    return taken;
}

static void release(size_t index)
{
    btx_ring_port_release(btx_ring_server_port(server, index));
    btx_ring_server_kick(server);
}

/* Wait for the connection; what it says then. */
static enum btx_ring_news next_news(struct btx_ring_client *client)
{
    struct pollfd poll_fd = {.fd = client->fd, .events = POLLIN};

    assert_int_equal(poll(&poll_fd, 1, -1), 1);
    return btx_ring_client_read_news(client);
}

static void ring_server__a_peer_connects__commands_and_events_flow(void **state)
{
    struct btx_ring_client client;
    uint64_t mark;

    (void)state;
    start();
    open_client(&client);
    assert_int_equal(btx_command_producer_terms(&client.commands).incarnation, 100);
    assert_int_equal(btx_event_reader_incarnation(&client.events), 77);
    assert_true(btx_event_reader_join(&client.events, &mark));
    assert_int_equal(mark, 5);
    assert_true(fixture_produce(&client.commands, 2, 40));

    assert_int_equal(take_next(0), BTX_RING_PORT_COMMAND);
    assert_true(fixture_is_counting(copy + 1, 120, 40));
    fixture_write(&events, 64, 60);
    fixture_commit(&events, 6);
    assert_int_equal(btx_event_reader_read(&client.events, copy, 64, &length_bytes),
                     BTX_EVENT_READ_BYTES);
    assert_true(fixture_is_counting(copy, 64, 60));
    btx_ring_client_close(&client);
}

static void ring_server__the_peer_goes__its_rest_then_ended_with_its_accounts(void **state)
{
    struct btx_ring_client client;
    const uint64_t *accounts;

    (void)state;
    start();
    open_client(&client);
    btx_command_producer_set_account(&client.commands, 7, 1234);
    assert_true(fixture_produce(&client.commands, 1, 1));
    btx_ring_client_close(&client);

    assert_int_equal(take_next(0), BTX_RING_PORT_COMMAND);
    assert_int_equal(take_next(0), BTX_RING_PORT_ENDED);
    assert_int_equal(btx_ring_port_accounts(btx_ring_server_port(server, 0), &accounts), 1);
    assert_int_equal(accounts[0], 1234);
    assert_string_equal(btx_ring_port_why(btx_ring_server_port(server, 0)), "the connection ended");
}

/* A gateway that was restarted waits until the engine has cleared up, and then has a new ring. */
static void ring_server__the_next_peer__waits_for_the_port_and_gets_a_new_life(void **state)
{
    struct btx_ring_client client;
    struct btx_ring_client next;
    struct btx_ring_message message;
    int raw;

    (void)state;
    start();
    open_client(&client);
    raw = open_raw();
    assert_int_equal(recv(raw, &message, sizeof(message), MSG_DONTWAIT), -1);
    btx_ring_client_close(&client);
    assert_int_equal(take_next(0), BTX_RING_PORT_ENDED);
    assert_int_equal(recv(raw, &message, sizeof(message), MSG_DONTWAIT), -1);
    release(0);

    assert_int_equal(recv(raw, &message, sizeof(message), 0), sizeof(message));
    assert_int_equal(message.type, BTX_RING_MESSAGE_WELCOME);
    (void)close(raw);
    open_client(&next);
    assert_true(btx_command_producer_terms(&next.commands).incarnation > 100);
    assert_true(fixture_produce(&next.commands, 1, 9));
    assert_int_equal(take_next(0), BTX_RING_PORT_COMMAND);
    assert_true(fixture_is_counting(copy + 1, 56, 9));
    btx_ring_client_close(&next);
}

/* Each life costs the helper and the matcher something: a peer cannot have one after the other. */
static void ring_server__a_port_was_just_open__the_next_has_to_wait(void **state)
{
    struct btx_ring_client client;
    struct btx_fault fault = {0};

    (void)state;
    options.reopen_ns = HOUR_NS;
    options.patience_ns = 100000000;
    start();
    open_client(&client);
    btx_ring_client_close(&client);
    assert_int_equal(take_next(0), BTX_RING_PORT_ENDED);
    release(0);

    assert_int_equal(btx_ring_client_open(&client, path, PATIENT_NS, &fault), BTX_FAULT_IO);
    assert_string_equal(fault.text, "the engine refused: the port is taken, or was open just now");
}

static void ring_server__two_ports_of_a_user__both_are_given_out(void **state)
{
    struct btx_ring_client first;
    struct btx_ring_client second;

    (void)state;
    options.rule_count = 2;
    start();
    open_client(&first);
    open_client(&second);

    assert_int_equal(btx_command_producer_terms(&first.commands).producer, 3);
    assert_int_equal(btx_command_producer_terms(&second.commands).producer, 4);
    btx_ring_client_close(&first);
    btx_ring_client_close(&second);
}

static void ring_server__user_without_a_rule__is_refused(void **state)
{
    struct btx_ring_client client;
    struct btx_fault fault = {0};
    struct btx_ring_server_status status;

    (void)state;
    options.rules = &rules[2];
    start();

    assert_int_equal(btx_ring_client_open(&client, path, PATIENT_NS, &fault), BTX_FAULT_IO);
    assert_string_equal(fault.text, "the engine refused: no port is for this user");
    btx_ring_server_status(server, &status);
    assert_int_equal(status.strangers, 1);
    assert_int_equal(status.opened, 0);
}

static void ring_server__port_stays_taken__the_one_that_waits_is_refused(void **state)
{
    struct btx_ring_client client;
    struct btx_ring_client late;
    struct btx_fault fault = {0};

    (void)state;
    options.patience_ns = 1000000;
    start();
    open_client(&client);

    assert_int_equal(btx_ring_client_open(&late, path, PATIENT_NS, &fault), BTX_FAULT_IO);
    assert_string_equal(fault.text, "the engine refused: the port is taken, or was open just now");
    btx_ring_client_close(&client);
}

static void ring_server__one_waits_already__the_next_is_refused_at_once(void **state)
{
    struct btx_ring_client client;
    struct btx_ring_client late;
    struct btx_fault fault = {0};
    int waiting;

    (void)state;
    start();
    open_client(&client);
    waiting = open_raw();

    assert_int_equal(btx_ring_client_open(&late, path, PATIENT_NS, &fault), BTX_FAULT_IO);
    assert_string_equal(fault.text, "the engine refused: another peer is there, and one waits");
    (void)close(waiting);
    btx_ring_client_close(&client);
}

static void ring_server__the_peer_speaks__it_is_cut_off(void **state)
{
    struct btx_ring_client client;

    (void)state;
    start();
    open_client(&client);
    assert_int_equal(send(client.fd, "hello", 5, 0), 5);

    assert_int_equal(next_news(&client), BTX_RING_NEWS_ENDED);
    assert_string_equal(client.why, "the peer said something that it must not");
    assert_true(btx_command_producer_is_revoked(&client.commands));
    btx_ring_client_close(&client);
}

/* What the helper told; read once btx_ring_server_close() has ended it. */
static struct btx_ring_peer_news told[8];
static size_t told_count;

static void take_news(void *context, const struct btx_ring_peer_news *news)
{
    assert_ptr_equal(context, &told_count);
    assert_true(told_count < 8);
    told[told_count++] = *news;
}

static void ring_server__a_peer_comes_and_goes__who_wants_to_know_is_told(void **state)
{
    struct btx_ring_client client;

    (void)state;
    told_count = 0;
    options.on_news = take_news;
    options.news_context = &told_count;
    options.rule_count = 2;
    start();
    open_client(&client);
    assert_int_equal(send(client.fd, "hello", 5, 0), 5);
    assert_int_equal(next_news(&client), BTX_RING_NEWS_ENDED);
    btx_ring_client_close(&client);

    btx_ring_server_close(server);
    server = NULL;

    assert_int_equal(told_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(told[i].index, 0);
        assert_int_equal(told[i].pid, getpid());
    }
    assert_null(told[0].why);
    assert_false(told[0].is_to_blame);
    assert_string_equal(told[1].why, "the peer said something that it must not");
    assert_true(told[1].is_to_blame);
}

static void ring_server__a_peer_goes__is_not_to_blame(void **state)
{
    struct btx_ring_client client;

    (void)state;
    told_count = 0;
    options.on_news = take_news;
    options.news_context = &told_count;
    start();
    open_client(&client);
    btx_ring_client_close(&client);
    assert_int_equal(take_next(0), BTX_RING_PORT_ENDED);
    release(0);
    open_client(&client); /* The next one is there when the engine ends. */

    btx_ring_server_close(server);
    server = NULL;

    assert_int_equal(told_count, 4);
    assert_string_equal(told[1].why, "the connection ended");
    assert_false(told[1].is_to_blame);
    assert_string_equal(told[3].why, "the engine stops");
    assert_false(told[3].is_to_blame);
    btx_ring_client_close(&client);
}

static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *entries = opendir("/proc/self/fd");

    while (readdir(entries) != NULL)
        count++;
    (void)closedir(entries);
    return count;
}

/* Whatever descriptors a peer sends along, the engine never has them; and nothing is left of a
 * life that is over. */
static void ring_server__the_peer_sends_descriptors__none_is_taken(void **state)
{
    struct btx_ring_message message = btx_ring_message_make(BTX_RING_MESSAGE_WAKE, "");
    struct btx_ring_client client;
    size_t before;
    int fds[BTX_RING_DESCRIPTORS_MAX];

    (void)state;
    start();
    open_client(&client);
    before = count_descriptors();
    for (size_t i = 0; i < BTX_RING_DESCRIPTORS_MAX; i++)
        fds[i] = client.fd;
    assert_int_equal(btx_ring_message_send(client.fd, &message, fds, BTX_RING_DESCRIPTORS_MAX), 0);
    assert_int_equal(next_news(&client), BTX_RING_NEWS_ENDED);
    btx_ring_client_close(&client);
    assert_int_equal(take_next(0), BTX_RING_PORT_ENDED);
    release(0);

    open_client(&client); /* The port was closed before this. */
    assert_int_equal(count_descriptors(), before);
    btx_ring_client_close(&client);
}

static void ring_server__the_peer_lies__it_is_told_and_the_port_ends(void **state)
{
    struct btx_ring_client client;

    (void)state;
    start();
    open_client(&client);
    atomic_store(&client.commands.own->tail, 1);
    assert_int_equal(take_next(0), BTX_RING_PORT_BROKEN);
    btx_ring_server_kick(server);

    assert_int_equal(next_news(&client), BTX_RING_NEWS_ENDED);
    assert_string_equal(client.why, "the tail of the ring is no whole number of units");
    assert_int_equal(take_next(0), BTX_RING_PORT_ENDED);
    btx_ring_client_close(&client);
}

/* What the engine says next on a connection that is not the library's. */
static struct btx_ring_message raw_receive(int fd, int *fds, size_t *ret_count)
{
    struct btx_ring_message message;

    assert_int_equal(btx_ring_message_receive(fd, &message, fds, ret_count), 0);
    return message;
}

/* Answer a welcome with @length_bytes of @message; what the engine says to that. */
static struct btx_ring_message raw_answer(const void *message, size_t length, bool punches)
{
    int fds[BTX_RING_DESCRIPTORS_MAX];
    size_t count = 0;
    struct btx_ring_message answer;
    const int fd = open_raw();

    assert_int_equal(raw_receive(fd, fds, &count).type, BTX_RING_MESSAGE_WELCOME);
    assert_int_equal(count, 4);
    /* The region is the last of them; without an answer to map it, it has no page at all. */
    if (punches) {
        assert_int_equal(ftruncate(fds[3], 0), -1);
        assert_int_equal(fallocate(fds[3], 0, 0, 8192), 0);
    }
    assert_int_equal(send(fd, message, length, 0), length);
    while (count > 0)
        (void)close(fds[--count]);
    answer = raw_receive(fd, fds, &count);
    assert_int_equal(count, 0);
    (void)close(fd);
    return answer;
}

/* The engine's own accesses must never be the first to a page. */
static void ring_server__the_peer_says_mapped_without_its_pages__is_refused(void **state)
{
    const struct btx_ring_message mapped = btx_ring_message_make(BTX_RING_MESSAGE_MAPPED, "");
    struct btx_ring_client client;
    struct btx_ring_message answer;

    (void)state;
    start();
    answer = raw_answer(&mapped, sizeof(mapped), true);
    assert_int_equal(answer.type, BTX_RING_MESSAGE_REFUSED);
    assert_string_equal(answer.text, "there are pages missing in betex-command-ring");
    open_client(&client); /* An honest one finds the port as it was. */
    btx_ring_client_close(&client);
}

static void ring_server__the_peer_answers_something_else__is_refused(void **state)
{
    struct btx_ring_message wrong[3];
    struct btx_ring_client client;
    char longer[sizeof(wrong[0]) + 1];

    (void)state;
    start();
    wrong[0] = btx_ring_message_make(BTX_RING_MESSAGE_WELCOME, "");
    wrong[1] = btx_ring_message_make(BTX_RING_MESSAGE_MAPPED, "please");
    wrong[2] = btx_ring_message_make(BTX_RING_MESSAGE_MAPPED, "");
    wrong[2].layout_version++;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(raw_answer(&wrong[i], sizeof(wrong[i]), false).type,
                         BTX_RING_MESSAGE_REFUSED);
    memset(longer, 0, sizeof(longer));
    wrong[0] = btx_ring_message_make(BTX_RING_MESSAGE_MAPPED, "");
    memcpy(longer, &wrong[0], sizeof(wrong[0]));
    assert_int_equal(raw_answer(longer, sizeof(longer), false).type, BTX_RING_MESSAGE_REFUSED);
    assert_int_equal(raw_answer(longer, 4, false).type, BTX_RING_MESSAGE_REFUSED);
    open_client(&client);
    btx_ring_client_close(&client);
}

/* A peer that takes what it is given and says nothing keeps its port for a while and not more. */
static void ring_server__the_peer_never_answers__the_next_gets_the_port(void **state)
{
    struct btx_ring_client client;
    int silent;

    (void)state;
    options.mapping_ns = 200000000;
    start();
    silent = open_raw();
    assert_int_equal(recv(silent, copy, sizeof(copy), MSG_PEEK), sizeof(struct btx_ring_message));
    for (;;) { /* The time is the same for this one: it may take more than one try. */
        struct btx_fault fault = {0};

        if (btx_ring_client_open(&client, path, PATIENT_NS, &fault) == BTX_OK)
            break;
        assert_int_equal(fault.code, BTX_FAULT_IO);
    }
    btx_ring_client_close(&client);
    (void)close(silent);
}

/* Each sleep gets one wake-up, and none is lost between looking and sleeping. */
static void ring_server_wake__a_reader_sleeps__is_woken_once(void **state)
{
    struct btx_ring_client client;
    uint64_t mark;

    (void)state;
    start();
    open_client(&client);
    assert_true(btx_event_reader_join(&client.events, &mark));
    assert_true(btx_ring_client_may_sleep(&client));
    btx_ring_server_wake(server, btx_event_ring_durable(&events));
    assert_int_equal(btx_ring_client_read_news(&client), BTX_RING_NEWS_NONE);
    fixture_write(&events, 64, 1);
    fixture_commit(&events, 6);
    btx_ring_server_wake(server, btx_event_ring_durable(&events));

    assert_int_equal(next_news(&client), BTX_RING_NEWS_WOKEN);
    btx_ring_server_wake(server, btx_event_ring_durable(&events));
    assert_int_equal(btx_ring_client_read_news(&client), BTX_RING_NEWS_NONE);
    assert_false(btx_ring_client_may_sleep(&client)); /* It has not read what there is. */
    btx_ring_client_close(&client);
}

static void ring_server_wake__a_reader_is_awake__is_left_alone(void **state)
{
    struct btx_ring_client client;

    (void)state;
    start();
    open_client(&client);
    assert_true(btx_ring_client_may_sleep(&client));
    btx_ring_client_awake(&client);
    fixture_write(&events, 64, 1);
    fixture_commit(&events, 6);
    btx_ring_server_wake(server, btx_event_ring_durable(&events));

    assert_int_equal(btx_ring_client_read_news(&client), BTX_RING_NEWS_NONE);
    btx_ring_client_close(&client);
}

/* A peer that asks for wake-ups and never reads them holds up nobody. */
static void ring_server_wake__a_reader_never_reads__does_not_wait(void **state)
{
    struct btx_ring_client client;

    (void)state;
    start();
    open_client(&client);
    /* The connection is one description for both: the peer makes its mode as it likes. */
    assert_int_equal(fcntl(client.fd, F_SETFL, 0), 0);
    for (uint64_t i = 1; i <= 20000; i++) {
        btx_command_producer_wait_for(&client.commands, i);
        btx_ring_server_wake(server, UINT64_MAX);
    }
    assert_true(fixture_produce(&client.commands, 1, 1));

    assert_int_equal(take_next(0), BTX_RING_PORT_COMMAND);
    btx_ring_client_close(&client);
    assert_int_equal(take_next(0), BTX_RING_PORT_ENDED);
}

/* Connections by the thousand, of which none says anything, while one peer is served. */
static void ring_server__a_flood_of_connections__others_are_served(void **state)
{
    struct btx_ring_client client;
    struct btx_ring_server_status status;
    int fds[200];

    (void)state;
    start();
    open_client(&client);
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < 200; i++)
            fds[i] = open_raw();
        assert_true(fixture_produce(&client.commands, 1, 1));
        assert_int_equal(take_next(0), BTX_RING_PORT_COMMAND);
        for (size_t i = 0; i < 200; i++)
            (void)close(fds[i]);
    }
    do { /* Until the helper has seen them all. */
        (void)sched_yield();
        btx_ring_server_status(server, &status);
    } while (status.accepted < 2001);
    assert_int_equal(status.opened, 1);
    assert_int_equal(btx_ring_client_read_news(&client), BTX_RING_NEWS_NONE);
    btx_ring_client_close(&client);
}

/* Descriptors that are all in use must not make the helper spin, nor lock others out afterwards. */
static void ring_server__no_descriptors_left__refuses_and_recovers(void **state)
{
    struct btx_ring_client client;
    struct rlimit before;
    struct rlimit few;
    struct btx_ring_server_status status;
    int raw;
    int lowest;

    (void)state;
    start();
    raw = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    lowest = dup(raw);
    (void)close(lowest);
    few.rlim_cur = (rlim_t)lowest; /* All numbers below are in use. */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(connect(raw, (const struct sockaddr *)(const void *)&address, sizeof(address)),
                     0);
    do {
        (void)sched_yield();
        btx_ring_server_status(server, &status);
    } while (status.refused == 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);

    open_client(&client);
    btx_ring_client_close(&client);
    (void)close(raw);
}

/* What a killed engine has left at its path must not keep the next one from starting. */
static void ring_server_open__a_dead_engines_socket__is_replaced(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int dead = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    struct btx_ring_client client;

    (void)state;
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(bind(dead, (const struct sockaddr *)(const void *)&address, sizeof(address)),
                     0);
    (void)close(dead);
    start();

    open_client(&client);
    btx_ring_client_close(&client);
}

/* Only a socket is replaced: never a file that somebody has there. */
static void ring_server_open__a_file_at_its_path__fault(void **state)
{
    struct btx_fault fault = {0};
    const int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    (void)state;
    (void)close(fd);
    assert_int_equal(btx_ring_server_open(&server, &options, &fault), BTX_FAULT_IO);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(unlink(path), 0);
    server = NULL;
}

static void ring_server_close__a_peer_is_there__it_is_told(void **state)
{
    struct btx_ring_client client;

    (void)state;
    start();
    open_client(&client);
    btx_ring_server_close(server);
    server = NULL;

    assert_int_equal(next_news(&client), BTX_RING_NEWS_ENDED);
    assert_string_equal(client.why, "the engine stops");
    assert_int_equal(access(path, F_OK), -1);
    btx_ring_client_close(&client);
}

static void ring_client_open__no_engine__fault(void **state)
{
    struct btx_ring_client client;
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_ring_client_open(&client, path, PATIENT_NS, &fault), BTX_FAULT_IO);
    assert_non_null(strstr(fault.text, "connecting to the engine at"));
}

/* An engine that hangs must not hang its peers for ever. */
static void ring_client_open__no_answer__fault_after_its_time(void **state)
{
    struct btx_ring_client client;
    struct btx_ring_client late;
    struct btx_fault fault = {0};

    (void)state;
    start();
    open_client(&client);
    assert_int_equal(btx_ring_client_open(&late, path, 5000000, &fault), BTX_FAULT_IO);
    assert_string_equal(fault.text, "the engine does not answer");
    btx_ring_client_close(&client);
}

/* An engine that speaks another version says so in its first message, and hangs up. */
static void *other_engine(void *context)
{
    struct btx_ring_message message = btx_ring_message_make(BTX_RING_MESSAGE_WELCOME, "");
    const int *listener = context;
    const int fd = accept(*listener, NULL, NULL);

    message.layout_version++;
    (void)!btx_ring_message_send(fd, &message, NULL, 0);
    (void)close(fd);
    return NULL;
}

static void ring_client_open__engine_of_another_layout__fault(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    struct btx_ring_client client;
    struct btx_fault fault = {0};
    pthread_t thread;

    (void)state;
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(
        bind(listener, (const struct sockaddr *)(const void *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(pthread_create(&thread, NULL, other_engine, &listener), 0);

    assert_int_equal(btx_ring_client_open(&client, path, PATIENT_NS, &fault), BTX_FAULT_LAYOUT);
    assert_string_equal(fault.text, "the engine's rings are of layout 2, ours of 1");
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)close(listener);
    assert_int_equal(unlink(path), 0);
}

static void ring_client_open__engine_with_a_status_page__gets_it(void **state)
{
    struct btx_ring_client client;
    struct stat ours;
    struct stat theirs;

    (void)state;
    options.status_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    start();
    open_client(&client);
    assert_int_equal(fstat(options.status_fd, &ours), 0);
    assert_int_equal(fstat(client.status_fd, &theirs), 0);
    assert_int_equal(ours.st_ino, theirs.st_ino);
    btx_ring_client_close(&client);
    (void)close(options.status_fd);
}

#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(ring_server__a_peer_connects__commands_and_events_flow),
        SERVER_TEST(ring_server__the_peer_goes__its_rest_then_ended_with_its_accounts),
        SERVER_TEST(ring_server__the_next_peer__waits_for_the_port_and_gets_a_new_life),
        SERVER_TEST(ring_server__a_port_was_just_open__the_next_has_to_wait),
        SERVER_TEST(ring_server__two_ports_of_a_user__both_are_given_out),
        SERVER_TEST(ring_server__user_without_a_rule__is_refused),
        SERVER_TEST(ring_server__port_stays_taken__the_one_that_waits_is_refused),
        SERVER_TEST(ring_server__one_waits_already__the_next_is_refused_at_once),
        SERVER_TEST(ring_server__the_peer_speaks__it_is_cut_off),
        SERVER_TEST(ring_server__a_peer_comes_and_goes__who_wants_to_know_is_told),
        SERVER_TEST(ring_server__a_peer_goes__is_not_to_blame),
        SERVER_TEST(ring_server__the_peer_sends_descriptors__none_is_taken),
        SERVER_TEST(ring_server__the_peer_lies__it_is_told_and_the_port_ends),
        SERVER_TEST(ring_server__the_peer_says_mapped_without_its_pages__is_refused),
        SERVER_TEST(ring_server__the_peer_answers_something_else__is_refused),
        SERVER_TEST(ring_server__the_peer_never_answers__the_next_gets_the_port),
        SERVER_TEST(ring_server_wake__a_reader_sleeps__is_woken_once),
        SERVER_TEST(ring_server_wake__a_reader_is_awake__is_left_alone),
        SERVER_TEST(ring_server_wake__a_reader_never_reads__does_not_wait),
        SERVER_TEST(ring_server__a_flood_of_connections__others_are_served),
        SERVER_TEST(ring_server__no_descriptors_left__refuses_and_recovers),
        SERVER_TEST(ring_server_open__a_dead_engines_socket__is_replaced),
        SERVER_TEST(ring_server_open__a_file_at_its_path__fault),
        SERVER_TEST(ring_server_close__a_peer_is_there__it_is_told),
        SERVER_TEST(ring_client_open__no_engine__fault),
        SERVER_TEST(ring_client_open__no_answer__fault_after_its_time),
        SERVER_TEST(ring_client_open__engine_of_another_layout__fault),
        SERVER_TEST(ring_client_open__engine_with_a_status_page__gets_it),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
