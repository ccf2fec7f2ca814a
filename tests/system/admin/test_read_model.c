/* SPDX-License-Identifier: Apache-2.0 */
/* test_read_model.c - the state beside the engine: from the log, then from the ring, whatever comes
 * in between.  The engine is the test double; core, log and rings are real. */
#include "engine/read_model/read_model.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/ring/ring_client.h"
#include "fake_engine.h"
#include "tests/unit/wal/temp_folder.h"

#define TIMEOUT_NS UINT64_C(60000000000)

enum what { ORDER_NOTHING, ORDER_ACCOUNTS, ORDER_FREEZES };

struct order {
    enum what what;
    uint64_t first;
    uint64_t count;
};

struct answer {
    uint64_t seq;
    uint8_t digest[BTX_SHA256_BYTES];
};

struct world {
    struct temp_folder folder;
    char wal[320];
    char socket[320];
    struct answer engine;
    pid_t engine_pid;
    int engine_fd;
    struct btx_ring_client client;
    struct btx_clock_manual clock;
    struct btx_read_model model;
    int wake_fd;
    uint64_t records; /* that the sink was shown */
    uint64_t accounts;
};

static struct world world;

static void wake(void *context)
{
    const struct world *me = context;
    const uint64_t one = 1;

    assert_int_equal(write(me->wake_fd, &one, sizeof one), sizeof one);
}

static void count(void *context, const struct btx_record *record)
{
    struct world *me = context;

    (void)record;
    me->records++;
}

/* ---- The engine's process: the writer of a log cannot be asked about in its own ---- */

static void run_accounts(struct fake_engine *engine, const struct order *order)
{
    union btx_command_space space;

    for (uint64_t i = 0; i < order->count; i++) {
        btx_command_begin(&space, BTX_COMMAND_OPEN_ACCOUNT);
        ((struct btx_open_account *)(void *)&space)->account = order->first + i;
        fake_engine_run(engine, &space.command);
    }
}

static void run_freezes(struct fake_engine *engine, const struct order *order)
{
    union btx_command_space space;

    for (uint64_t i = 0; i < order->count; i++) {
        btx_command_begin(&space,
                          i % 2 == 0 ? BTX_COMMAND_FREEZE_ACCOUNT : BTX_COMMAND_UNFREEZE_ACCOUNT);
        ((struct btx_account_command *)(void *)&space)->account = order->first;
        fake_engine_run(engine, &space.command);
    }
}

/* Obey and answer until the other end is closed; look at the ring in between, for its client. */
static void engine_main(int fd)
{
    static struct fake_engine engine;
    struct pollfd orders = {.fd = fd, .events = POLLIN};
    struct order order;

    fake_engine_open(&engine, world.socket, world.wal);
    for (;;) {
        struct answer answer;

        while (fake_engine_turn(&engine))
            continue;
        if (poll(&orders, 1, 1) == 0)
            continue;
        if (read(fd, &order, sizeof order) != sizeof order)
            break;
        if (order.what == ORDER_ACCOUNTS)
            run_accounts(&engine, &order);
        else if (order.what == ORDER_FREEZES)
            run_freezes(&engine, &order);
        answer.seq = engine.seq;
        btx_exchange_digest(&engine.exchange, answer.digest);
        if (write(fd, &answer, sizeof answer) != sizeof answer)
            break;
    }
    fake_engine_close(&engine, true);
    _exit(0);
}

static void order(enum what what, uint64_t first, uint64_t count)
{
    const struct order given = {.what = what, .first = first, .count = count};

    assert_int_equal(write(world.engine_fd, &given, sizeof given), sizeof given);
    assert_int_equal(read(world.engine_fd, &world.engine, sizeof world.engine),
                     sizeof world.engine);
}

static void open_engine(const char *name)
{
    int fds[2];

    (void)snprintf(world.wal, sizeof world.wal, "%s/%s", world.folder.path, name);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    world.engine_pid = fork();
    assert_true(world.engine_pid >= 0);
    if (world.engine_pid == 0) {
        (void)close(fds[0]);
        engine_main(fds[1]);
    }
    (void)close(fds[1]);
    world.engine_fd = fds[0];
    order(ORDER_NOTHING, 0, 0);
}

static void close_engine(void)
{
    int status;

    (void)close(world.engine_fd);
    assert_int_equal(waitpid(world.engine_pid, &status, 0), world.engine_pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void kill_engine(void)
{
    (void)kill(world.engine_pid, SIGKILL);
    assert_int_equal(waitpid(world.engine_pid, NULL, 0), world.engine_pid);
    (void)close(world.engine_fd);
}

static void open_accounts(uint64_t accounts)
{
    order(ORDER_ACCOUNTS, world.accounts + 1, accounts);
    world.accounts += accounts;
}

/* ---- The model ---- */

static void attach(void)
{
    struct btx_fault fault = {0};

    assert_int_equal(btx_ring_client_open(&world.client, world.socket, TIMEOUT_NS, &fault), BTX_OK);
    btx_read_model_attach(&world.model, &world.client.events);
}

static void detach(void)
{
    btx_read_model_detach(&world.model);
    btx_ring_client_close(&world.client);
}

/* Let the model go on until it has nothing to do. */
static void settle(void)
{
    for (;;) {
        struct pollfd thread = {.fd = world.wake_fd, .events = POLLIN};
        uint64_t ignored;

        while (btx_read_model_turn(&world.model))
            continue;
        if (world.model.state != BTX_READ_MODEL_STARTING)
            return;
        assert_int_equal(poll(&thread, 1, -1), 1);
        assert_int_equal(read(world.wake_fd, &ignored, sizeof ignored), sizeof ignored);
    }
}

static void assert_equal(void)
{
    uint8_t digest[BTX_SHA256_BYTES];

    assert_int_equal(world.model.state, BTX_READ_MODEL_FOLLOWING);
    assert_int_equal(world.model.seq, world.engine.seq);
    btx_exchange_digest(&world.model.exchange, digest);
    assert_memory_equal(digest, world.engine.digest, sizeof digest);
}

static int set_up(void **state)
{
    struct btx_read_model_options options = {
        .wal_root = world.wal,
        .capacity = {.accounts = 2000,
                     .markets = 10,
                     .runners = 40,
                     .orders = 100,
                     .positions = 100,
                     .stakes = 100,
                     .description_bytes = 4096},
        .clock = &world.clock.clock,
        .sink = count,
        .context = &world,
        .wake = wake,
    };
    struct btx_fault fault = {0};

    (void)state;
    memset(&world, 0, sizeof world);
    temp_folder_make(&world.folder);
    (void)snprintf(world.socket, sizeof world.socket, "%s/engine.sock", world.folder.path);
    world.wake_fd = eventfd(0, EFD_CLOEXEC);
    btx_clock_manual_init(&world.clock, 1, 1);
    open_engine("wal");
    return btx_read_model_open(&world.model, &options, &fault) == BTX_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    btx_read_model_close(&world.model);
    btx_ring_client_close(&world.client);
    close_engine();
    (void)close(world.wake_fd);
    temp_folder_remove(&world.folder);
    return 0;
}

static void attach__history_in_the_log__state_is_the_engines(void **state)
{
    (void)state;
    open_accounts(20);
    attach();
    assert_int_equal(world.model.state, BTX_READ_MODEL_STARTING);
    settle();
    assert_equal();
}

static void attach__empty_log__state_is_that_before_all_events(void **state)
{
    (void)state;
    attach();
    settle();
    assert_equal();
    assert_int_equal(world.model.seq, 0);
}

/* What was folded from the log is not shown, what comes by in the ring is: commands and events. */
static void turn__new_events__are_applied_and_shown(void **state)
{
    (void)state;
    open_accounts(3);
    attach();
    settle();
    world.records = 0;
    open_accounts(5);
    settle();
    assert_equal();
    assert_int_equal(world.records, 10);
}

static void turn__events_while_the_log_is_read__are_taken_from_the_ring(void **state)
{
    (void)state;
    open_accounts(3);
    attach();
    open_accounts(4);
    settle();
    assert_equal();
}

/* More than a ring, which is 2 MiB: 20 000 commands and their events, 128 bytes together. */
static void turn__overrun__catches_up_from_the_log(void **state)
{
    (void)state;
    open_accounts(1);
    attach();
    settle();
    order(ORDER_FREEZES, 1, 20000);
    settle();
    assert_equal();
    assert_int_equal(world.model.catch_ups, 2);
}

static void attach__engine_started_again__goes_on_with_the_same_state(void **state)
{
    (void)state;
    open_accounts(6);
    attach();
    settle();
    detach();
    assert_int_equal(world.model.state, BTX_READ_MODEL_ALONE);
    assert_int_equal(world.model.seq, 6);
    kill_engine();
    open_engine("wal");
    open_accounts(3);
    attach();
    settle();
    assert_equal();
}

/* A state that is ahead of the engine is that of a log that is not there any more. */
static void attach__shorter_log__begins_from_nothing(void **state)
{
    (void)state;
    open_accounts(6);
    attach();
    settle();
    detach();
    close_engine();
    open_engine("other");
    world.accounts = 100;
    open_accounts(2);
    attach();
    settle();
    assert_equal();
}

static void attach__no_such_log__says_why_and_tries_again(void **state)
{
    (void)state;
    open_accounts(2);
    (void)snprintf(world.wal, sizeof world.wal, "%s/none", world.folder.path);
    attach();
    settle();
    assert_int_equal(world.model.state, BTX_READ_MODEL_WAITING);
    assert_non_null(strstr(world.model.fault.text, "none"));
    (void)snprintf(world.wal, sizeof world.wal, "%s/wal", world.folder.path);
    settle();
    assert_int_equal(world.model.state, BTX_READ_MODEL_WAITING);
    btx_clock_manual_advance(&world.clock, 1000000000);
    settle();
    assert_equal();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(attach__history_in_the_log__state_is_the_engines),
        TEST(attach__empty_log__state_is_that_before_all_events),
        TEST(turn__new_events__are_applied_and_shown),
        TEST(turn__events_while_the_log_is_read__are_taken_from_the_ring),
        TEST(turn__overrun__catches_up_from_the_log),
        TEST(attach__engine_started_again__goes_on_with_the_same_state),
        TEST(attach__shorter_log__begins_from_nothing),
        TEST(attach__no_such_log__says_why_and_tries_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
