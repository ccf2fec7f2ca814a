/* SPDX-License-Identifier: Apache-2.0 */
/* test_sandbox_ring.c - the engine's socket under the engine's rules, a peer under the admin's.
 * Two processes, and two lives of the peer: the second ring is made long after the start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/ring/ring_client.h"
#include "engine/ring/ring_server.h"
#include "sandbox_child.h"
#include "tests/unit/ring/ring_fixture.h"

#define PATIENT_NS UINT64_C(60000000000)
enum { LIVES = 2 };

static char folder[] = "/tmp/betex-sandbox-XXXXXX";
static char path[64];
static uint64_t copy[FIXTURE_LENGTH_MAX / sizeof(uint64_t)];

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    sandbox_child_give(folder);
    (void)snprintf(path, sizeof(path), "%s/engine.sock", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(folder); /* It is empty: the engine has removed its socket. */
}

/* Take until something else than nothing comes. */
static enum btx_ring_port_take take_next(struct btx_ring_server *server)
{
    enum btx_ring_port_take taken;
    size_t length_bytes;

    do {
        (void)sched_yield();
        taken = btx_ring_port_take(btx_ring_server_port(server, 0), copy, &length_bytes);
    } while (taken == BTX_RING_PORT_EMPTY);
    return taken;
}

static int run_engine(void *context)
{
    const struct btx_ring_port_rule rule = fixture_rule();
    struct btx_ring_server_options options = {
        .path = path,
        .mode = 0600,
        .rules = &rule,
        .rule_count = 1,
        .status_fd = -1,
        .first_incarnation = 100,
        .patience_ns = PATIENT_NS,
        .mapping_ns = PATIENT_NS,
        .clock = btx_clock_system(),
    };
    struct btx_ring_server *server;
    struct btx_event_ring events;
    struct btx_fault fault = {0};

    (void)context;
    fixture_event_ring(&events, 5);
    options.events = &events;
    if (btx_ring_server_open(&server, &options, &fault) != BTX_OK)
        return 1;
    sandbox_child_enter(BTX_SANDBOX_ENGINE, BTX_SANDBOX_TRAP);
    for (int life = 0; life < LIVES; life++) {
        if (take_next(server) != BTX_RING_PORT_COMMAND)
            return 2;
        fixture_write(&events, 64, copy[1]);
        fixture_commit(&events, 6);
        btx_ring_server_wake(server, btx_event_ring_durable(&events));
        if (take_next(server) != BTX_RING_PORT_ENDED)
            return 3;
        btx_ring_port_release(btx_ring_server_port(server, 0));
        btx_ring_server_kick(server);
    }
    btx_ring_server_close(server);
    btx_event_ring_done(&events);
    return 0;
}

/* One command, and the event that answers it. */
static int live_once(uint64_t number)
{
    struct btx_ring_client client;
    struct btx_fault fault = {0};
    size_t length_bytes;
    uint64_t mark;

    /* Until the engine is there. */
    while (btx_ring_client_open(&client, path, PATIENT_NS, &fault) != BTX_OK)
        (void)sched_yield();
    if (!btx_event_reader_join(&client.events, &mark) ||
        !fixture_produce(&client.commands, 1, number))
        return 1;
    while (btx_ring_client_may_sleep(&client)) {
        struct pollfd waited = {.fd = client.fd, .events = POLLIN};

        if (poll(&waited, 1, -1) != 1 || btx_ring_client_read_news(&client) == BTX_RING_NEWS_ENDED)
            return 2;
    }
    if (btx_event_reader_read(&client.events, copy, 64, &length_bytes) != BTX_EVENT_READ_BYTES ||
        !fixture_is_counting(copy, 64, number))
        return 3;
    btx_ring_client_close(&client);
    return 0;
}

static int run_peer(void *context)
{
    int result = 0;

    (void)context;
    for (uint64_t life = 0; life < LIVES && result == 0; life++)
        result = live_once(1000 + life);
    return result;
}

/* Run @child beside this process. */
static pid_t start(const struct sandbox_child *child)
{
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(sandbox_child_run(child) == 0 ? 0 : 1);
    return pid;
}

static void sandbox_engine__serves_a_peer_twice__both_in_their_sandboxes(void **state)
{
    const struct sandbox_child engine = {
        .profile = BTX_SANDBOX_ENGINE_START,
        .answer = BTX_SANDBOX_TRAP,
        .attempt = run_engine,
        /* /dev/null: of the descriptor that it keeps in reserve. */
        .paths = {{.path = folder, .access = BTX_SANDBOX_SOCKETS},
                  {.path = "/dev/null", .access = BTX_SANDBOX_READ}},
    };
    const struct sandbox_child peer = {
        .profile = BTX_SANDBOX_ADMIN,
        .answer = BTX_SANDBOX_TRAP,
        .attempt = run_peer,
        .paths = {{.path = folder, .access = BTX_SANDBOX_READ}},
    };
    const pid_t pids[] = {start(&engine), start(&peer)};
    int failures = 0;

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(pids); i++) {
        int status;
        const pid_t ended = waitpid(-1, &status, 0);

        failures += status != 0;
        /* The other one would wait for ever. */
        if (status != 0 && i == 0)
            (void)kill(ended == pids[0] ? pids[1] : pids[0], SIGKILL);
    }
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sandbox_engine__serves_a_peer_twice__both_in_their_sandboxes),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
