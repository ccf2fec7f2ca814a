/* SPDX-License-Identifier: Apache-2.0 */
/* test_ring_peers.c - an engine and real processes around it: killed, frozen, hostile.
 *
 *     test_ring_peers RING_PEER
 *
 * Beside each hostile peer an honest one ("steady") has its commands answered one by one; nothing
 * that the other does may crash or stall the engine, or change what the honest one gets. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ring_engine.h"
#include "ring_peer.h"
#include "tests/unit/skip.h"

#define STEADY 0u
#define OTHER 1u
#define ROUND_TRIPS 2000u
#define HUGEPAGES_FILE "/proc/sys/vm/nr_hugepages"

static const char *peer_program;
static struct engine engine;

static int setup(void **state)
{
    (void)state;
    return engine_start(&engine, false) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    engine_stop(&engine);
    return 0;
}

/* Start a peer and turn the engine until it is connected. */
static pid_t peer_start(const char *name, uint64_t number, uint64_t opened)
{
    struct btx_ring_server_status status;
    char text[24];
    const pid_t child = fork();

    (void)snprintf(text, sizeof(text), "%" PRIu64, number);
    if (child == 0) {
        (void)execl(peer_program, peer_program, engine.path, name, text, (char *)NULL);
        _exit(127);
    }
    assert_true(child > 0);
    do {
        engine_turn(&engine);
        btx_ring_server_status(engine.server, &status);
    } while (status.opened < opened);
    return child;
}

/* Turn until @child has ended; its exit status, or 128 and the signal that ended it. */
static int peer_wait(pid_t child)
{
    int status = 0;

    while (waitpid(child, &status, WNOHANG) == 0)
        for (int i = 0; i < 100; i++)
            engine_turn(&engine);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void turn_until_ended(size_t port)
{
    while (!engine.ports[port].is_ended) {
        engine_turn(&engine);
    }
}

static void turn_until_commands(size_t port, uint64_t count)
{
    while (engine.ports[port].commands < count)
        engine_turn(&engine);
}

/* Run @name beside a steady peer until that one is done and @until (unless it is NULL) has become
 * true, then kill it; leave its results. */
static int beside_steady(const char *name, uint64_t number, const bool *until)
{
    const pid_t steady = peer_start("steady", ROUND_TRIPS, 1);
    const pid_t other = peer_start(name, number, 2);
    int status;

    assert_int_equal(peer_wait(steady), PEER_OK);
    assert_int_equal(engine.ports[STEADY].commands, ROUND_TRIPS);
    assert_true(engine.ports[STEADY].is_counting);
    assert_false(engine.ports[STEADY].is_broken);
    while (until != NULL && !*until)
        engine_turn(&engine);
    (void)kill(other, SIGKILL);
    status = peer_wait(other);
    turn_until_ended(OTHER);
    turn_until_ended(STEADY);
    assert_string_equal(engine.ports[STEADY].why, "the connection ended");
    return status;
}

static void ring_engine__a_peer_is_done__every_command_was_answered(void **state)
{
    const pid_t steady = peer_start("steady", ROUND_TRIPS, 1);

    (void)state;
    assert_int_equal(peer_wait(steady), PEER_OK);
    turn_until_ended(STEADY);
    assert_int_equal(engine.answered, ROUND_TRIPS);
    assert_true(engine.ports[STEADY].is_counting);
}

/* Killed at any moment: what it had handed over is whole and in order, its accounts are known. */
static void ring_engine__a_peer_is_killed__its_commands_and_accounts_are_whole(void **state)
{
    (void)state;
    for (uint64_t life = 1; life <= 30; life++) {
        const pid_t peer = peer_start("endless", 0, life);

        turn_until_commands(0, 1 + life * 37 % 1000);
        assert_int_equal(kill(peer, SIGKILL), 0);
        assert_int_equal(peer_wait(peer), 128 + SIGKILL);
        turn_until_ended(0);
        assert_true(engine.ports[0].is_counting);
        assert_false(engine.ports[0].is_broken);
        assert_int_equal(engine.ports[0].accounts_count, PEER_ACCOUNT_COUNT);
        assert_int_equal(engine.ports[0].accounts[0], PEER_ACCOUNT_FIRST);
        assert_int_equal(engine.ports[0].accounts[1], PEER_ACCOUNT_FIRST + 1);
        engine_forget(&engine, 0);
    }
}

/* Killed with a full ring that nobody has read from: all of it is still executed. */
static void ring_engine__a_peer_is_killed_with_a_full_ring__all_of_it_is_taken(void **state)
{
    const pid_t peer = peer_start("endless", 0, 1);
    uint64_t taken;

    (void)state;
    turn_until_commands(0, 1);
    assert_int_equal(kill(peer, SIGKILL), 0);
    assert_int_equal(waitpid(peer, NULL, 0), peer); /* Without a turn of the engine. */
    taken = engine.ports[0].commands;
    turn_until_ended(0);
    assert_true(engine.ports[0].commands >= taken);
    assert_true(engine.ports[0].is_counting);
    assert_false(engine.ports[0].is_broken);
}

static void ring_engine__a_peer_dies_within_a_record__the_record_is_not_there(void **state)
{
    const pid_t peer = peer_start("torn", 17, 1);

    (void)state;
    assert_int_equal(peer_wait(peer), 128 + SIGKILL);
    turn_until_ended(0);
    assert_int_equal(engine.ports[0].commands, 17);
    assert_true(engine.ports[0].is_counting);
    assert_false(engine.ports[0].is_broken);
}

static void ring_engine__a_peer_writes_noise__it_is_cut_off_and_others_go_on(void **state)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        if (seed > 1)
            (void)setup(state);
        assert_int_equal(beside_steady("noise", seed, &engine.ports[OTHER].is_broken),
                         128 + SIGKILL);
        assert_true(engine.ports[OTHER].is_broken);
        if (seed < 5)
            (void)teardown(state);
    }
}

/* Lengths that change while they are read: one that is taken is whole, or the ring ends. */
static void ring_engine__a_peer_changes_what_is_read__it_is_cut_off(void **state)
{
    (void)state;
    assert_int_equal(beside_steady("race", 1, &engine.ports[OTHER].is_broken), 128 + SIGKILL);
    assert_true(engine.ports[OTHER].is_broken);
}

static void ring_engine__a_peer_lies__each_lie_ends_its_ring(void **state)
{
    for (uint64_t lie = 0; lie < 12; lie++) {
        const pid_t peer = peer_start("lie", lie, lie + 1);

        (void)state;
        turn_until_ended(0);
        if (!engine.ports[0].is_broken)
            fail_msg("lie %" PRIu64 " was believed", lie);
        assert_int_equal(engine.ports[0].commands, 0);
        assert_int_equal(kill(peer, SIGKILL), 0);
        assert_int_equal(peer_wait(peer), 128 + SIGKILL);
        engine_forget(&engine, 0);
    }
}

static void ring_engine__a_peer_truncates_and_remaps__nothing_of_it_works(void **state)
{
    (void)state;
    assert_int_equal(beside_steady("truncate", 0, &engine.ports[OTHER].is_ended), PEER_OK);
}

static void ring_engine__a_peer_punches_holes__nothing_of_it_works(void **state)
{
    (void)state;
    assert_int_equal(beside_steady("holes", 0, &engine.ports[OTHER].is_ended), PEER_OK);
    assert_false(engine.ports[OTHER].is_broken);
    assert_true(engine.ports[OTHER].is_counting);
}

/* It asks for each wake-up, reads none, and makes its connection block: nobody waits for it. */
static void ring_engine__a_peer_never_reads__nobody_waits_for_it(void **state)
{
    (void)state;
    assert_int_equal(beside_steady("mute", 0, NULL), 128 + SIGKILL);
    assert_true(engine.ports[OTHER].is_counting);
    assert_false(engine.ports[OTHER].is_broken);
}

static void ring_engine__a_peer_talks__it_is_cut_off(void **state)
{
    (void)state;
    /* Whether it has said all before it is killed does not matter. */
    (void)beside_steady("talk", 0, &engine.ports[OTHER].is_ended);
    assert_string_equal(engine.ports[OTHER].why, "the peer said something that it must not");
}

/* Stopped in the middle of its work it is a peer that is quiet; awake again it goes on. */
static void ring_engine__a_peer_freezes_and_wakes_up__it_goes_on(void **state)
{
    const pid_t frozen = peer_start("endless", 0, 1);
    pid_t steady;
    uint64_t taken;

    (void)state;
    turn_until_commands(0, 100);
    assert_int_equal(kill(frozen, SIGSTOP), 0);
    assert_int_equal(waitpid(frozen, NULL, WUNTRACED), frozen);
    steady = peer_start("steady", ROUND_TRIPS, 2);
    assert_int_equal(peer_wait(steady), PEER_OK);
    taken = engine.ports[0].commands;
    assert_int_equal(kill(frozen, SIGCONT), 0);
    turn_until_commands(0, taken + 10000);

    assert_true(engine.ports[0].is_counting);
    assert_false(engine.ports[0].is_broken);
    assert_int_equal(kill(frozen, SIGKILL), 0);
    assert_int_equal(peer_wait(frozen), 128 + SIGKILL);
}

/* Stopped, and cut off meanwhile because the engine ended: what it does afterwards, to memory that
 * only it still has, reaches no other engine. */
static void ring_engine__a_peer_wakes_up_after_a_restart__the_new_engine_does_not_see_it(
    void **state)
{
    const pid_t frozen = peer_start("endless", 0, 1);
    pid_t steady;

    turn_until_commands(0, 100);
    assert_int_equal(kill(frozen, SIGSTOP), 0);
    assert_int_equal(waitpid(frozen, NULL, WUNTRACED), frozen);
    (void)teardown(state);
    (void)setup(state);
    assert_int_equal(kill(frozen, SIGCONT), 0);
    steady = peer_start("steady", ROUND_TRIPS, 1);
    assert_int_equal(peer_wait(steady), PEER_OK);

    assert_int_equal(engine.answered, ROUND_TRIPS);
    assert_int_equal(peer_wait(frozen), PEER_OK); /* It has seen that it was revoked. */
}

/* How many hugepages the kernel keeps. */
static uint64_t get_hugepages(void)
{
    uint64_t count = 0;
    FILE *file = fopen(HUGEPAGES_FILE, "r");

    if (file == NULL)
        return 0;
    if (fscanf(file, "%" SCNu64, &count) != 1)
        count = 0;
    (void)fclose(file);
    return count;
}

/* False when that is not ours to say, or they cannot be had. */
static bool set_hugepages(uint64_t count)
{
    FILE *file = fopen(HUGEPAGES_FILE, "w");

    if (file == NULL)
        return false;
    (void)fprintf(file, "%" PRIu64 "\n", count);
    (void)fclose(file);
    return get_hugepages() == count;
}

static uint64_t hugepages_before;

static int setup_hugepages(void **state)
{
    (void)state;
    hugepages_before = get_hugepages();
    return 0;
}

/* Also after a failure: they are the machine's. */
static int teardown_hugepages(void **state)
{
    (void)state;
    (void)set_hugepages(hugepages_before);
    return 0;
}

/* The engine has all of its pages since it was made. */
static void ring_engine__a_peer_takes_all_hugepages__the_engine_does_not_notice(void **state)
{
    (void)state;
    if (!set_hugepages(hugepages_before + 6))
        SKIP_BECAUSE("hugepages cannot be reserved here");
    assert_true(engine_start(&engine, true));
    assert_int_equal(beside_steady("hugepages", 1, &engine.ports[OTHER].is_ended), 128 + SIGKILL);
    assert_true(engine.ports[OTHER].is_broken);
    engine_stop(&engine);
}

#define PEER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        PEER_TEST(ring_engine__a_peer_is_done__every_command_was_answered),
        PEER_TEST(ring_engine__a_peer_is_killed__its_commands_and_accounts_are_whole),
        PEER_TEST(ring_engine__a_peer_is_killed_with_a_full_ring__all_of_it_is_taken),
        PEER_TEST(ring_engine__a_peer_dies_within_a_record__the_record_is_not_there),
        PEER_TEST(ring_engine__a_peer_writes_noise__it_is_cut_off_and_others_go_on),
        PEER_TEST(ring_engine__a_peer_changes_what_is_read__it_is_cut_off),
        PEER_TEST(ring_engine__a_peer_lies__each_lie_ends_its_ring),
        PEER_TEST(ring_engine__a_peer_truncates_and_remaps__nothing_of_it_works),
        PEER_TEST(ring_engine__a_peer_punches_holes__nothing_of_it_works),
        PEER_TEST(ring_engine__a_peer_never_reads__nobody_waits_for_it),
        PEER_TEST(ring_engine__a_peer_talks__it_is_cut_off),
        PEER_TEST(ring_engine__a_peer_freezes_and_wakes_up__it_goes_on),
        PEER_TEST(ring_engine__a_peer_wakes_up_after_a_restart__the_new_engine_does_not_see_it),
        cmocka_unit_test_setup_teardown(
            ring_engine__a_peer_takes_all_hugepages__the_engine_does_not_notice, setup_hugepages,
            teardown_hugepages),
    };

    if (argument_count != 2) {
        (void)fprintf(stderr, "usage: test_ring_peers RING_PEER\n");
        return 2;
    }
    peer_program = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
