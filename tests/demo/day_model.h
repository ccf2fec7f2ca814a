/* SPDX-License-Identifier: Apache-2.0 */
/* day_model.h - what truly happens in the markets of the day, second by second.
 *
 * The traders see the probabilities, some of them late; who scores, falls or wins is decided
 * here.  Probabilities are in millionths. */
#ifndef BTX_TESTS_DEMO_DAY_MODEL_H
#define BTX_TESTS_DEMO_DAY_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/demo/day_names.h"
#include "tests/demo/day_random.h"

#define BTX_DAY_MILLION 1000000u

/* A match is looked at in steps of 30 seconds of play. */
enum { BTX_DAY_STEPS_MAX = 200, BTX_DAY_LEAD_MAX = 9 };

struct btx_day_football {
    /* Chance that the home side ends ahead, and that it ends level, by steps left to play and
     * by its lead from -BTX_DAY_LEAD_MAX on. */
    uint32_t ahead[BTX_DAY_STEPS_MAX + 1][2 * BTX_DAY_LEAD_MAX + 1];
    uint32_t level[BTX_DAY_STEPS_MAX + 1][2 * BTX_DAY_LEAD_MAX + 1];
    /* Chance that a side does not score in so many steps: home, away. */
    uint32_t silent[2][BTX_DAY_STEPS_MAX + 1];
    uint32_t played_s; /* Seconds of play so far; the pause does not count. */
    uint32_t home_goals;
    uint32_t away_goals;
    int32_t mood; /* What the crowd adds to the home side's chance before the match. */
};

struct btx_day_race {
    uint32_t weights[BTX_DAY_RUNNERS_MAX]; /* Chances before they are made to add up. */
    int32_t trends[BTX_DAY_RUNNERS_MAX];   /* Some are backed all morning, some are not. */
    bool withdrawn[BTX_DAY_RUNNERS_MAX];   /* Does not run, and has no chance. */
};

struct btx_day_question {
    uint32_t probability;
};

/* The state of the world; the fields are filled by init and changed by the functions below. */
struct btx_day_model {
    struct btx_day_random random;
    struct btx_day_football football;
    struct btx_day_race race;
    struct btx_day_question question;
    uint32_t probabilities[BTX_DAY_MARKET_COUNT][BTX_DAY_RUNNERS_MAX];
};

/* Seconds of play in a match, stoppage time included. */
enum { BTX_DAY_PLAY_S = 5640 };

void btx_day_model_init(struct btx_day_model *model, uint64_t seed);

/* A second passes before the match or in its pause; during play. */
void btx_day_football_wait(struct btx_day_model *model);
/* True when somebody scored in this second. */
bool btx_day_football_play(struct btx_day_model *model);

/* Whether both sides have scored. */
bool btx_day_football_both(const struct btx_day_model *model);

/* A second passes before the race, or @run_s seconds into a race of @length_s. */
void btx_day_race_wait(struct btx_day_model *model);
void btx_day_race_run(struct btx_day_model *model, uint32_t run_s, uint32_t length_s);
/* @runner_index does not run: the others have its chance between them. */
void btx_day_race_withdraw(struct btx_day_model *model, uint32_t runner_index);
/* The two that cross the line together, the lower index first. */
void btx_day_race_finish(struct btx_day_model *model, uint32_t ret_winners[2]);

/* A second passes; true when there was news. */
bool btx_day_question_wait(struct btx_day_model *model);
/* The answer. */
bool btx_day_question_end(struct btx_day_model *model);

#endif
