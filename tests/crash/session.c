/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crash/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/exchange/recovery.h"
#include "engine/wal/sizing.h"
#include "engine/wal/snapshot.h"

enum { PIECES_MAX = 5, STATE_PERMILLE = 200, SNAPSHOT_PERMILLE = 400 };
#define BEGIN_NS UINT64_C(1700000000000000000)
#define MINUTE_NS UINT64_C(60000000000)

const char *btx_session_phase_name(enum btx_session_phase phase)
{
    static const char *const names[] = {
#define PHASE(NAME, name) name,
        BTX_SESSION_PHASES(PHASE)
#undef PHASE
    };

    return names[phase];
}

/* Smaller than what an operator may set, so that a short life has many segments; the arithmetic
 * must hold all the same. */
static void choose_settings(struct btx_wal_settings *settings, uint64_t seed)
{
    static const uint64_t commit_bytes[] = {32 << 10, 32 << 10, 32 << 10, 64 << 10, 384 << 10};
    static const uint64_t events[] = {5, 40, 200, 1000000};
    struct btx_random random;
    uint64_t slack_bytes;

    btx_random_init(&random, seed);
    btx_wal_settings_default(settings);
    settings->max_commit_bytes =
        commit_bytes[btx_random_below(&random, BTX_COUNT_OF(commit_bytes))];
    slack_bytes = btx_random_below(&random, 4) * (64 << 10);
    settings->segment_map_size_bytes =
        btx_wal_map_bytes_min(settings->max_commit_bytes) + slack_bytes;
    settings->max_segment_events = events[btx_random_below(&random, 4)];
    settings->min_segment_age_ns = 0;
    settings->max_segment_age_ns = btx_random_chance(&random, 500) ? MINUTE_NS : 0;
    settings->zero_ahead_bytes = 64 << 10;
    settings->low_space_bytes = 0;
    settings->stop_bytes = 0;
    settings->unsafe_filesystem = 1;
}

/* The records that are in the log lead the exchange to where it goes on. */
static void take_history(struct btx_session *session)
{
    const struct btx_history *history = session->history;
    size_t offset = 0;

    while (offset < history->length_bytes) {
        const struct btx_record *record =
            (const struct btx_record *)(const void *)(history->bytes + offset);
        btx_units_take(&session->units, record);
        offset += btx_record_length_bytes(record);
    }
}

/* A file with the name of a snapshot is a whole one. */
static bool all_snapshots_load(const char *root, struct btx_fault *reterr_fault)
{
    struct btx_snapshot snapshot = {0};
    enum btx_fault_code code = BTX_OK;
    uint64_t *seqs;
    size_t count;

    if (btx_snapshot_list(root, &seqs, &count, reterr_fault) != BTX_OK)
        return false;
    for (size_t i = 0; i < count && code == BTX_OK; i++) {
        code = btx_snapshot_load(&snapshot, root, seqs[i], reterr_fault);
        btx_snapshot_unload(&snapshot);
    }
    free(seqs);
    return code == BTX_OK;
}

/* Newest snapshot and fold lead to the state that all records lead to. */
static enum btx_verdict check_state(struct btx_session *session)
{
    const struct btx_recovery_options options = {
        .root = session->root,
        .end = btx_wal_writer_recovered(session->writer),
        .at_seq = UINT64_MAX,
    };
    struct btx_recovery_report report = {0};
    struct btx_exchange exchange = {0};
    struct btx_fault fault = {0};
    uint8_t digests[2][BTX_SHA256_BYTES];

    if (!all_snapshots_load(session->root, &fault) ||
        btx_exchange_open(&exchange, &btx_units_capacity, &fault) != BTX_OK ||
        btx_recovery_run(&exchange, &options, &report, &fault) != BTX_OK) {
        (void)snprintf(session->text, sizeof(session->text), "recovery: %s", fault.text);
        btx_exchange_close(&exchange);
        return BTX_VERDICT_REFUSED;
    }
    btx_exchange_digest(&exchange, digests[0]);
    btx_exchange_digest(&session->units.exchange, digests[1]);
    btx_exchange_close(&exchange);
    if (report.snapshots_refused == 0 && memcmp(digests[0], digests[1], BTX_SHA256_BYTES) == 0)
        return BTX_VERDICT_RIGHT;
    (void)snprintf(session->text, sizeof(session->text),
                   "the state recovered from snapshot %" PRIu64
                   " is another one, or a snapshot was "
                   "refused: %.300s",
                   report.snapshot_seq, report.snapshot_why);
    return BTX_VERDICT_WRONG;
}

/* What the writer says of itself must agree with what the log has. */
static enum btx_verdict check_position(struct btx_session *session)
{
    const struct btx_wal_position *position = &btx_wal_writer_recovered(session->writer)->position;
    const uint64_t epoch = btx_wal_writer_epoch(session->writer);

    if (position->seq != session->units.seq || position->tx != session->units.tx) {
        (void)snprintf(session->text, sizeof(session->text),
                       "the writer goes on behind seq %" PRIu64 " tx %" PRIu64
                       ", the log ends with seq %" PRIu64 " tx %" PRIu64,
                       position->seq, position->tx, session->units.seq, session->units.tx);
        return BTX_VERDICT_WRONG;
    }
    if (epoch <= session->history->epoch) {
        (void)snprintf(session->text, sizeof(session->text),
                       "epoch %" PRIu64 " was used before (%" PRIu64 ")", epoch,
                       session->history->epoch);
        return BTX_VERDICT_WRONG;
    }
    session->history->epoch = epoch;
    return BTX_VERDICT_RIGHT;
}

enum btx_verdict btx_session_open(struct btx_session *session,
                                  const struct btx_session_options *options,
                                  struct btx_history *history)
{
    struct btx_wal_writer_options writer_options = {
        .root = options->root,
        .program = "crash test",
        .clock = options->threads ? btx_clock_system() : &session->clock.clock,
        .threadless = !options->threads,
    };
    size_t length_bytes;

    session->history = history;
    session->root = options->root;
    session->phase = BTX_SESSION_OPEN;
    btx_random_init(&session->random, options->seed);
    btx_clock_manual_init(&session->clock, BEGIN_NS, 1);
    choose_settings(&session->settings, options->form_seed);
    if (options->settings != NULL)
        session->settings = *options->settings;
    writer_options.settings = session->settings;
    if (btx_wal_writer_open(&session->writer, &writer_options, &session->fault) != BTX_OK)
        return BTX_VERDICT_REFUSED;
    const enum btx_verdict verdict =
        btx_history_compare(history, options->root, true, &length_bytes, session->text);
    if (verdict != BTX_VERDICT_RIGHT)
        return verdict;
    btx_history_cut(history, length_bytes);
    btx_units_open(&session->units, options->seed);
    take_history(session);
    session->phase = BTX_SESSION_FIRST;
    if (btx_random_chance(&session->random, STATE_PERMILLE)) {
        const enum btx_verdict state_verdict = check_state(session);
        if (state_verdict != BTX_VERDICT_RIGHT)
            return state_verdict;
    }
    return check_position(session);
}

/* Cut @length_bytes at @bytes into pieces of whole units of records. */
static size_t cut_pieces(struct btx_random *random, uint8_t *bytes, size_t length_bytes,
                         struct iovec pieces[PIECES_MAX])
{
    const size_t count = btx_random_between(random, 1, PIECES_MAX);
    size_t used = 0;

    while (length_bytes != 0) {
        const size_t units = length_bytes / BTX_RECORD_UNIT_BYTES;
        const size_t piece_bytes =
            used + 1 >= count ? length_bytes
                              : btx_random_between(random, 1, units) * BTX_RECORD_UNIT_BYTES;
        pieces[used++] = (struct iovec){bytes, piece_bytes};
        bytes += piece_bytes;
        length_bytes -= piece_bytes;
    }
    return used;
}

enum btx_fault_code btx_session_commit(struct btx_session *session, size_t unit_count)
{
    struct btx_history *history = session->history;
    const size_t begin = history->length_bytes;
    struct iovec pieces[PIECES_MAX];

    for (size_t i = 0; i < unit_count; i++) {
        uint8_t *room = btx_history_room(history, BTX_UNIT_BYTES_MAX);
        const size_t before = history->length_bytes;
        btx_history_add(
            history, btx_units_next(&session->units, btx_wal_writer_epoch(session->writer), room));
        /* One more unit of the size of the greatest met so far must fit. */
        if (history->length_bytes - begin + 4 * (history->length_bytes - before) >
            session->settings.max_commit_bytes - (16 << 10))
            break;
    }
    const size_t length_bytes = history->length_bytes - begin;
    CHECK(length_bytes <= session->settings.max_commit_bytes);
    const size_t piece_count =
        cut_pieces(&session->random, history->bytes + begin, length_bytes, pieces);
    history->attempted_bytes = history->length_bytes;
    btx_clock_manual_advance(&session->clock, 1000000);
    if (btx_wal_writer_commit(session->writer, pieces, piece_count, &session->fault) != BTX_OK)
        return session->fault.code;
    history->acknowledged_bytes = history->length_bytes;
    session->phase = BTX_SESSION_COMMIT;
    return BTX_OK;
}

static size_t draw_unit_count(struct btx_random *random)
{
    const uint64_t drawn = btx_random_below(random, 100);

    if (drawn < 60)
        return btx_random_between(random, 1, 4);
    return btx_random_between(random, 1, drawn < 97 ? 40 : 2000);
}

enum btx_fault_code btx_session_step(struct btx_session *session)
{
    const uint64_t drawn = btx_random_below(&session->random, 100);
    const enum btx_session_phase phase = session->phase;
    struct btx_wal_rotation rotation;
    enum btx_fault_code code;

    if (drawn < 90)
        return btx_session_commit(session, draw_unit_count(&session->random));
    if (drawn < 95) {
        session->phase = BTX_SESSION_ROTATE;
        code = btx_wal_writer_rotate(session->writer, &rotation, &session->fault);
    } else {
        session->phase = BTX_SESSION_IDLE;
        btx_clock_manual_advance(&session->clock, MINUTE_NS);
        code = btx_wal_writer_idle(session->writer, &session->fault);
    }
    session->phase = phase;
    return code;
}

/* The state at the end of the log, which stands on @seal. */
static enum btx_fault_code write_snapshot(struct btx_session *session,
                                          const struct btx_wal_seal *seal)
{
    struct btx_snapshot_writer snapshot = {.fd = -1, .folder_fd = -1};
    enum btx_fault_code code;

    session->phase = BTX_SESSION_SNAPSHOT;
    code = btx_snapshot_begin(&snapshot, session->root, seal, BTX_RULES_VERSION, BEGIN_NS,
                              &session->fault);
    if (code == BTX_OK) {
        btx_core_save(session->units.exchange.core, btx_snapshot_add, &snapshot);
        code = btx_snapshot_end(&snapshot, NULL, &session->fault);
    }
    btx_snapshot_done(&snapshot);
    return code;
}

enum btx_fault_code btx_session_close(struct btx_session *session)
{
    struct btx_wal_seal seal = {0};
    enum btx_fault_code code;

    session->phase = BTX_SESSION_CLOSE;
    code = btx_wal_writer_close(session->writer, &seal, &session->fault);
    session->writer = NULL;
    if (code == BTX_OK && seal.segment != 0 &&
        btx_random_chance(&session->random, SNAPSHOT_PERMILLE))
        code = write_snapshot(session, &seal);
    btx_units_close(&session->units);
    return code;
}

enum btx_verdict btx_session_live(struct btx_session *session,
                                  const struct btx_session_options *options,
                                  struct btx_history *history, size_t steps)
{
    enum btx_verdict verdict = btx_session_open(session, options, history);
    enum btx_fault_code code = BTX_OK;
    size_t length_bytes;

    if (verdict == BTX_VERDICT_REFUSED && session->fault.code != BTX_OK)
        (void)snprintf(session->text, sizeof(session->text), "%s", session->fault.text);
    if (verdict != BTX_VERDICT_RIGHT)
        return verdict;
    for (; steps != 0 && code == BTX_OK; steps--)
        code = btx_session_step(session);
    const bool committed = session->phase == BTX_SESSION_COMMIT;
    if (code == BTX_OK)
        code = btx_session_close(session);
    if (code != BTX_OK) {
        (void)snprintf(session->text, sizeof(session->text), "going on: %s", session->fault.text);
        return BTX_VERDICT_REFUSED;
    }
    /* Until something is committed the cache may show what recovery did not find on the disk. */
    verdict = btx_history_compare(history, options->root, !committed, &length_bytes, session->text);
    if (verdict != BTX_VERDICT_RIGHT || length_bytes == history->acknowledged_bytes)
        return verdict;
    (void)snprintf(session->text, sizeof(session->text), "closed with %zu bytes, %zu are there",
                   history->acknowledged_bytes, length_bytes);
    return BTX_VERDICT_WRONG;
}
