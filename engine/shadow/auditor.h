/* SPDX-License-Identifier: Apache-2.0 */
/* auditor.h - a log followed as it is sealed, executed once more, compared; and snapshots of it.
 *
 * One sealed segment after the other: its records are checked and executed (exchange/audit.h), its
 * seal is computed and compared, and then the state stands on it and may become a snapshot.  The
 * first difference or damage is the last thing that an auditor finds: from there on it does
 * nothing, and above all writes no snapshot.  Clock, log and who is told are the caller's, so that
 * it runs in a process of its own and in a simulator alike. */
#ifndef BTX_SHADOW_AUDITOR_H
#define BTX_SHADOW_AUDITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/base/fault.h"
#include "engine/exchange/log_execution.h"
#include "engine/exchange/snapshot_standing.h"
#include "engine/wal/damage.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/wal_format.h"

/* How many snapshots are kept: a new one can be passed over for the one before it, and whoever is
 * reading an older one finishes long before it goes. */
#define BTX_AUDITOR_SNAPSHOTS_KEPT 3u

/* What an operator should hear of. */
enum btx_auditor_event {
    BTX_AUDITOR_STARTED,          /* seq: behind which event */
    BTX_AUDITOR_SNAPSHOT_REFUSED, /* seq, why: a snapshot is not used to begin with */
    BTX_AUDITOR_SEGMENT_DONE,     /* segment, seq: compared up to there */
    BTX_AUDITOR_SNAPSHOT_WRITTEN, /* seq, segment */
    BTX_AUDITOR_SNAPSHOT_FAILED,  /* seq, why: tried again when the next one is due */
    BTX_AUDITOR_SNAPSHOT_REMOVED, /* seq: an old one */
    BTX_AUDITOR_SNAPSHOT_LEFT,    /* seq, why: an old one that could not be removed */
    BTX_AUDITOR_DIFFERENCE,       /* seq, why, in_log, in_execution */
    BTX_AUDITOR_DAMAGE,           /* seq (0: not of one event), why */
};

struct btx_auditor_news {
    enum btx_auditor_event event;
    uint64_t seq;
    uint64_t segment;
    const char *why;               /* NULL where there is nothing to say */
    const struct btx_fault *fault; /* the same, of what failed; else NULL */
    const struct btx_record *in_log;
    const struct btx_record *in_execution; /* NULL: it gives none there */
};

struct btx_auditor_options {
    const char *root;              /* of the log; outlives the auditor */
    uint64_t snapshot_interval_ns; /* at least so long between two snapshots */
    const struct btx_clock *clock;
    void (*tell)(void *context, const struct btx_auditor_news *news);
    void (*beat)(void *context); /* called now and then while a snapshot is written */
    void *context;
};

/* What is known so far. */
struct btx_auditor_figures {
    bool failed;               /* a difference or damage was found */
    uint64_t differences;      /* 0 or 1 */
    uint64_t failed_seq;       /* with failed: the event; 0: not of one event */
    uint64_t segments;         /* compared to their end */
    uint64_t events;           /* compared, equal */
    uint64_t seq;              /* of the last one; where it began before there is one */
    uint64_t compared_wall_ns; /* when something was last compared; 0: nothing was */
    uint64_t snapshots;        /* written */
    uint64_t snapshot_failures;
    uint64_t snapshot_seq; /* of the newest; 0: none */
    uint64_t snapshot_wall_ns;
    uint64_t snapshot_took_ns; /* 0: another process wrote it */
    uint64_t snapshot_bytes;
};

/* Caller's storage; start with {.root_fd = -1, .segments_fd = -1}.  Figures may be read, all else
 * is private. */
struct btx_auditor {
    struct btx_auditor_figures figures;
    struct btx_auditor_options options;
    int root_fd;
    int segments_fd;
    struct btx_log_segment *segments; /* as listed last */
    size_t segment_count;
    bool listing_counts;           /* else they are listed anew, whatever the folder says */
    struct timespec listed_change; /* of the folder, when it was listed */
    struct btx_log_reader *reader; /* NULL before the first segment */
    struct btx_log_execution execution;
    uint64_t base_seq;        /* records up to this event are in the state that it began with */
    uint64_t done;            /* number of the segment that the state is at the end of; 0: none */
    bool in_segment;          /* the next one is being compared */
    struct btx_wal_seal base; /* of the segment that the first state stands on; zeros: none */
    struct btx_wal_seal seal; /* of the segment in work, else of that which is done */
    uint64_t snapshot_due_ns; /* monotonic */
};

/* Open the log and find where to begin: behind the newest snapshot that is good and stands on
 * what is sealed, else at its first record.  One that is not good is told and passed over.
 * Faults: CONFIG when there is no log; CORRUPT when it begins behind a snapshot that is not there;
 * LAYOUT, IO, MEMORY, LIMIT. */
BTX_MUST_USE enum btx_fault_code btx_auditor_open(struct btx_auditor *auditor,
                                                  const struct btx_auditor_options *options,
                                                  struct btx_fault *reterr_fault);

enum btx_auditor_step {
    BTX_AUDITOR_MORE,   /* go on at once */
    BTX_AUDITOR_IDLE,   /* all that is sealed is compared: look again later */
    BTX_AUDITOR_FAILED, /* a difference or damage was told, now or earlier */
    BTX_AUDITOR_FAULT,  /* it cannot go on: *reterr_fault, of IO, MEMORY, LAYOUT, LIMIT */
};

/* Compare up to @records_max records, and write a snapshot if one is due and the state is at the
 * end of a sealed segment. */
BTX_MUST_USE enum btx_auditor_step btx_auditor_step(struct btx_auditor *auditor,
                                                    uint64_t records_max,
                                                    struct btx_fault *reterr_fault);

/* Write a snapshot now, whether it is due or not, if the state is at the end of a sealed segment,
 * no difference was found, and the newest one is older. */
void btx_auditor_snapshot(struct btx_auditor *auditor);

/* Idempotent; accepts an object that open failed on. */
void btx_auditor_close(struct btx_auditor *auditor);

#endif
