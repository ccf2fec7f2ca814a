/* SPDX-License-Identifier: Apache-2.0 */
/* trial.h - one run of the property test: the model, four cores, and what is to be said when they
 * do not agree. */
#ifndef BTX_PROPERTY_TRIAL_H
#define BTX_PROPERTY_TRIAL_H

#include "engine/base/attributes.h"
#include "engine/core/core.h"
#include "tests/property/flow.h"
#include "tests/property/model.h"
#include "tests/property/random.h"
#include "tests/property/subject.h"
#include "tests/property/watch.h"

enum { BTX_TRIAL_TERMS_MAX = 64 };

/* What all runs together have met, so that nobody believes in a test that meets nothing. */
struct btx_trial_totals {
    uint64_t runs[BTX_FLOW_THEME_COUNT];
    uint64_t commands;
    uint64_t events;
    uint64_t txs;
    uint64_t long_commands; /* Of several txs. */
    uint64_t restores;
    uint64_t restores_within; /* Of them, within a command. */
    uint64_t recoveries;      /* Commands that the applied core made or finished itself. */
    uint64_t folds_compared;
    uint64_t state_checks;
    uint64_t mutated_loads;
    uint64_t mutated_accepted;
    uint64_t hostile_records;
    uint64_t hostile_applied;
    uint64_t hostile_complaints; /* States that verify() does not like afterwards. */
    uint64_t commands_of[BTX_TRIAL_TERMS_MAX];
    uint64_t events_of[BTX_TRIAL_TERMS_MAX];
    uint64_t rejects_of[BTX_TRIAL_TERMS_MAX];
    uint64_t causes_of[BTX_TRIAL_TERMS_MAX];
    uint64_t met[BTX_WATCH_SITUATION_COUNT];
};

struct btx_trial {
    uint64_t seed;
    uint64_t command_index;
    uint64_t tries;           /* Of each hostile part. */
    const char *phase;        /* What was being done, for the report. */
    struct btx_random random; /* Apart from the flow's: what is checked changes no flow. */
    struct btx_flow flow;
    struct btx_model model;
    union btx_command_space space; /* The command. */
    struct btx_subject live;       /* Steps. */
    struct btx_subject applied;    /* Applies commands and events; sometimes finishes a command. */
    struct btx_subject folded;     /* Applies events alone. */
    struct btx_subject restored; /* Loaded from the live one's bytes at some moment, then steps. */
    struct btx_tx tx;
    struct btx_tx other_tx;
    struct btx_buffer made; /* What the live core made of the command, all txs. */
    struct btx_buffer saved;
    struct btx_buffer saved_other;
    struct btx_buffer log;      /* Records of the run, for the hostile part. */
    struct btx_buffer snapshot; /* A state from the middle of it. */
    struct btx_watch watch;     /* Of what the live core made. */
    /* situations.c: what the command would do to bets, and of whom it is. */
    uint64_t bets_void;
    uint64_t bets_reduced;
    uint64_t bets_reduced_again;
    int64_t bets_least; /* How many more are at 1.01. */
    bool was_negative;
    struct btx_trial_totals *totals;
};

/* Print the seed, the command, both event texts and the sentence, and exit with 1. */
BTX_NORETURN void btx_trial_fail(const struct btx_trial *trial, const char *format, ...)
    BTX_PRINTF(2, 3);

/* Say which run a crash from now on belongs to; NULL: none. */
void btx_trial_announce(const struct btx_trial *trial);

/* How long a run is. */
struct btx_trial_options {
    enum btx_flow_theme theme; /* BTX_FLOW_THEME_COUNT: the seed's own. */
    uint64_t commands;         /* At least; more where the theme's story is longer. */
    uint64_t tries;            /* Damaged snapshots, and times that records are put out of place. */
};

/* Make the run of @seed and add to @totals. */
void btx_trial_run(struct btx_trial_totals *totals, const struct btx_trial_options *options,
                   uint64_t seed);

/* The shard of the run's cores. */
static inline uint32_t btx_trial_shard(const struct btx_trial *trial)
{
    return (uint32_t)((trial->model.next_order - 1) >> BTX_CORE_SHARD_BITS);
}

/* The parts of a run. */

/* Compare everything that the views show with the model; fails where they differ. */
void btx_trial_check_state(struct btx_trial *trial);
/* What must hold after every command, and is cheap. */
void btx_trial_check_accounts(struct btx_trial *trial);
/* Damaged snapshots are refused, or are states. */
void btx_trial_damage_snapshots(struct btx_trial *trial);
/* Records where they do not belong are refused, or applied. */
void btx_trial_apply_hostile(struct btx_trial *trial);
/* Count the situations that only the model shows: before and after it executes the command, and
 * among orders at rest. */
void btx_trial_see_before(struct btx_trial *trial);
void btx_trial_see_after(struct btx_trial *trial);
void btx_trial_see_crossed_rest(struct btx_trial *trial, const struct btx_model_market *market);

#endif
