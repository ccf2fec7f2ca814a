/* SPDX-License-Identifier: Apache-2.0 */
/* test_sandbox_wal.c - a whole log, written under the engine's rules and read under the shadow's.
 * What the log needs of the system is said nowhere else than by this. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sys/mman.h>

#include "engine/base/check.h"
#include "engine/base/limits.h"
#include "engine/wal/snapshot.h"
#include "sandbox_child.h"
#include "tests/unit/wal/log_fixture.h"

enum { COMMITS = 60, TXS = 700, SNAPSHOT_BYTES = 3000000 };

/* What one child tells the next. */
static struct btx_wal_seal *last_seal;

static int setup(void **state)
{
    const int result = log_fixture_setup(state);
    struct log_fixture *fixture = *state;

    sandbox_child_give(fixture->root);
    /* The helper thread is a part of it. */
    fixture->options.threadless = false;
    fixture->options.settings.max_segment_events = 10000;
    fixture->options.settings.min_segment_age_ns = 0;
    last_seal =
        mmap(NULL, sizeof(*last_seal), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return last_seal == MAP_FAILED ? -1 : result;
}

static int teardown(void **state)
{
    CHECK(munmap(last_seal, sizeof(*last_seal)) == 0);
    return log_fixture_teardown(state);
}

static void write_some(struct log_fixture *fixture)
{
    for (size_t i = 0; i < COMMITS; i++)
        log_fixture_commit(fixture, i % 7 == 0 ? 1 : TXS);
}

/* As betexd will: recover and open under the rules of the start, write under the engine's. */
static int write_log(void *context)
{
    struct log_fixture *fixture = context;
    struct btx_fault fault = {0};
    struct btx_wal_rotation rotation;

    log_fixture_open(fixture);
    sandbox_child_enter(BTX_SANDBOX_ENGINE, BTX_SANDBOX_TRAP);
    write_some(fixture);
    if (btx_wal_writer_rotate(fixture->writer, &rotation, &fault) != BTX_OK ||
        btx_wal_writer_idle(fixture->writer, &fault) != BTX_OK)
        return 1;
    write_some(fixture);
    *last_seal = log_fixture_close(fixture);
    return 0;
}

static int read_log(void *context)
{
    struct log_fixture *fixture = context;

    return log_fixture_read(fixture) == fixture->seq * 2 ? 0 : 1;
}

/* The shadow's work, but for what the state is. */
static int take_snapshot(void *context)
{
    static const uint8_t state_bytes[SNAPSHOT_BYTES];
    struct btx_snapshot_writer writer = {.fd = -1, .folder_fd = -1};
    const struct log_fixture *fixture = context;
    struct btx_snapshot snapshot = {0};
    struct btx_fault fault = {0};

    if (btx_snapshot_begin(&writer, fixture->root, last_seal, BTX_RULES_VERSION, 1, &fault) !=
        BTX_OK)
        return 1;
    btx_snapshot_add(&writer, state_bytes, sizeof(state_bytes));
    if (btx_snapshot_end(&writer, NULL, &fault) != BTX_OK)
        return 2;
    btx_snapshot_done(&writer);
    if (btx_snapshot_load(&snapshot, fixture->root, last_seal->last_seq, &fault) != BTX_OK)
        return 3;
    btx_snapshot_unload(&snapshot);
    return 0;
}

static void sandbox_engine__a_log_is_written_twice__and_read_by_the_shadow(void **state)
{
    struct log_fixture *fixture = *state;
    const struct sandbox_child writer = {
        .profile = BTX_SANDBOX_ENGINE_START,
        .answer = BTX_SANDBOX_TRAP,
        .attempt = write_log,
        .context = fixture,
        .paths = {{.path = fixture->root, .access = BTX_SANDBOX_WRITE}},
    };
    struct sandbox_child shadow = {
        .profile = BTX_SANDBOX_SHADOW,
        .answer = BTX_SANDBOX_TRAP,
        .attempt = read_log,
        .context = fixture,
        .paths = {{.path = fixture->root, .access = BTX_SANDBOX_READ}},
    };

    assert_int_equal(sandbox_child_run(&writer), 0);
    /* A second time there is a log to recover. */
    assert_int_equal(sandbox_child_run(&writer), 0);
    for (size_t commit = 0; commit < 4 * COMMITS; commit++)
        fixture->seq += commit % COMMITS % 7 == 0 ? 1 : TXS;
    assert_int_equal(sandbox_child_run(&shadow), 0);
    shadow.attempt = take_snapshot;
    shadow.paths[0].access = BTX_SANDBOX_WRITE;
    assert_int_equal(sandbox_child_run(&shadow), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            sandbox_engine__a_log_is_written_twice__and_read_by_the_shadow, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
