/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - one life of a writer: opening a log, using it at random, closing it; everything that
 * it gives and what is acknowledged goes into a history.
 *
 * Without a helper thread a session makes the same calls each time that it has the same seed. */
#ifndef BTX_CRASH_SESSION_H
#define BTX_CRASH_SESSION_H

#include <stdbool.h>

#include "engine/wal/writer.h"
#include "tests/crash/history.h"
#include "tests/crash/units.h"

/* What the writer is doing, for the names of crash points. */
#define BTX_SESSION_PHASES(PHASE)                                                                  \
    PHASE(OPEN, "open")                                                                            \
    PHASE(FIRST, "first commit")                                                                   \
    PHASE(COMMIT, "commit")                                                                        \
    PHASE(ROTATE, "rotate")                                                                        \
    PHASE(IDLE, "idle")                                                                            \
    PHASE(CLOSE, "close")                                                                          \
    PHASE(SNAPSHOT, "snapshot")

enum btx_session_phase {
#define PHASE(NAME, name) BTX_SESSION_##NAME,
    BTX_SESSION_PHASES(PHASE)
#undef PHASE
        BTX_SESSION_PHASE_COUNT
};

const char *btx_session_phase_name(enum btx_session_phase phase);

struct btx_session_options {
    const char *root;
    uint64_t seed;      /* of all that it does */
    uint64_t form_seed; /* of its settings: map, commit size, when it rotates */
    bool threads;       /* with the helper thread, which looks at the clock too: the system's */
    const struct btx_wal_settings *settings; /* NULL: those of form_seed */
};

/* Caller's storage; start with {0}.  Fields may be read. */
struct btx_session {
    struct btx_wal_writer *writer;
    struct btx_history *history; /* the caller's */
    const char *root;            /* the caller's */
    struct btx_units units;
    struct btx_random random;
    struct btx_clock_manual clock;
    struct btx_wal_settings settings;
    enum btx_session_phase phase;
    struct btx_fault fault; /* of the call that failed */
    char text[BTX_VERDICT_TEXT_BYTES];
};

/* Open the log, compare what was recovered with @history and let that go on from there; now and
 * then also the state that recovery gives with that of a core which took all records.  REFUSED:
 * session->fault says why the writer did not open; when no fault is set, or for any other verdict
 * but RIGHT, session->text does. */
enum btx_verdict btx_session_open(struct btx_session *session,
                                  const struct btx_session_options *options,
                                  struct btx_history *history);

/* One group commit of @unit_count units at most, cut where the settings want it. */
enum btx_fault_code btx_session_commit(struct btx_session *session, size_t unit_count);

/* Something random: mostly commits, seldom a rotation or the passing of time. */
enum btx_fault_code btx_session_step(struct btx_session *session);

/* A whole life: open, @steps random steps, close, and read all of it again.  session->text says
 * what was not RIGHT. */
enum btx_verdict btx_session_live(struct btx_session *session,
                                  const struct btx_session_options *options,
                                  struct btx_history *history, size_t steps);

/* Finish in order, now and then with a snapshot; also after a fault, which it returns. */
enum btx_fault_code btx_session_close(struct btx_session *session);

#endif
