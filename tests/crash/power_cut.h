/* SPDX-License-Identifier: Apache-2.0 */
/* power_cut.h - lives of a log on the simulated disk, with the power cut at random, and what each
 * cut leaves recovered and compared.  Private to power_cut*.c. */
#ifndef BTX_CRASH_POWER_CUT_H
#define BTX_CRASH_POWER_CUT_H

#include "tests/crash/points.h"
#include "tests/crash/session.h"

enum {
    POWER_CUT_DEPTH_MAX = 3,  /* cuts of the power behind one another, at most */
    POWER_CUT_SLOTS_MAX = 24, /* images of one life that wait for their recovery */
    POWER_CUT_PATH_BYTES = 256,
};

/* What is done to a log, or to the disk below it. */
#define POWER_CUT_SCENARIOS(SCENARIO)                                                              \
    SCENARIO(MIXED, "lives that end by kill, by EIO or in order")                                  \
    SCENARIO(CHAIN, "kill in a meta page, EIO in recovery, restart")                               \
    SCENARIO(THREAD, "as 0, with the helper thread: a seed does not repeat it")                    \
    SCENARIO(LYING, "control: syncs do nothing")                                                   \
    SCENARIO(CACHED, "control: as 1, and recovery reads through the cache")                        \
    SCENARIO(UNSYNCED, "control: kill in a meta page, and recovery does not sync")

enum power_cut_scenario {
#define SCENARIO(NAME, name) POWER_CUT_##NAME,
    POWER_CUT_SCENARIOS(SCENARIO)
#undef SCENARIO
        POWER_CUT_SCENARIO_COUNT
};

/* The others are controls, which must lose. */
#define POWER_CUT_LAST_TRUE POWER_CUT_THREAD

/* What a power cut left, in the folder of its depth and slot. */
struct power_cut_image {
    struct btx_history *history; /* its own, up to the moment of the cut */
    char point[BTX_POINT_NAME_BYTES];
};

struct power_cut_tally {
    uint64_t verdicts[BTX_VERDICT_COUNT];
    char first[BTX_VERDICT_COUNT][BTX_VERDICT_TEXT_BYTES]; /* what the first of each was */
};

/* In memory that all processes share, for the whole test. */
struct power_cut_ledger {
    struct btx_points points;
    struct power_cut_tally tallies[POWER_CUT_SCENARIO_COUNT];
    uint64_t kills;
    uint64_t errors;  /* lives that ended by an EIO */
    uint64_t endings; /* lives that ended in order */
    struct power_cut_image images[POWER_CUT_DEPTH_MAX + 1][POWER_CUT_SLOTS_MAX];
    size_t image_counts[POWER_CUT_DEPTH_MAX + 1];
    char failure[2 * BTX_VERDICT_TEXT_BYTES]; /* of a life, not of an image */
};

/* One run: lives of one log, one behind the other. */
struct power_cut_run {
    struct power_cut_ledger *ledger;
    enum power_cut_scenario scenario;
    uint64_t seed;
    const char *folder; /* of all roots */
    struct btx_random random;
};

/* Where and when a life is cut: the context of the disk's hook. */
struct power_cut_cutter {
    struct power_cut_run *run;
    struct btx_disk *disk;
    struct btx_session *session;
    struct btx_random random;
    size_t depth;       /* of the images that are made */
    size_t image_limit; /* of that depth */
    uint64_t skip;      /* so many points before the first cut */
    enum btx_disk_moment kill_moment;
    uint32_t kill_calls; /* of these calls, number kill_at ends the process; 0: none does */
    uint64_t kill_at;
    uint64_t kill_count;
    bool segments_only; /* kill_calls on segments alone */
};

/* Exit statuses of a life. */
enum { LIFE_ENDED = 0, LIFE_FAILED = 1, LIFE_KILLED = 42, LIFE_ERROR = 43 };

/* Begin a run on an empty folder and live it; false when a life failed, see ledger->failure. */
bool btx_power_cut_run(struct power_cut_run *run);

/* Recover all images of @depth in child processes, and tally what they are. */
void btx_power_cut_verify(struct power_cut_run *run, size_t depth);

/* The root of an image, or of the log itself (depth 0). */
void btx_power_cut_root(const struct power_cut_run *run, size_t depth, size_t slot,
                        char ret_root[POWER_CUT_PATH_BYTES]);

void btx_power_cut_hook(void *context, const struct btx_disk_point *point);

/* Make @count images at a point of that name, as far as there are slots. */
void btx_power_cut_take(struct power_cut_cutter *cutter, const char *point, size_t count);

#endif
