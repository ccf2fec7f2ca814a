/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/demo/day_model.h"

#include "engine/base/attributes.h"

#include <string.h>

/* Chance of a goal in one step of 30 seconds: some 1.6 and 1.1 goals in a match. */
enum { HOME_GOAL = 8500, AWAY_GOAL = 5900, STEP_S = 30 };
#define MILLION BTX_DAY_MILLION

static int32_t clamp(int64_t value, int32_t least, int32_t greatest)
{
    if (value < least)
        return least;
    return value > greatest ? greatest : (int32_t)value;
}

/* The chances of a step from those of the step after it.  A lead beyond the table stays there. */
static void football_step(const uint32_t *after, uint32_t *ret_before)
{
    enum { LAST = 2 * BTX_DAY_LEAD_MAX };

    for (int lead = 0; lead <= LAST; lead++) {
        const uint64_t up = after[lead < LAST ? lead + 1 : LAST];
        const uint64_t down = after[lead > 0 ? lead - 1 : 0];
        const uint64_t same = after[lead];

        ret_before[lead] = (uint32_t)((up * HOME_GOAL + down * AWAY_GOAL +
                                       same * (MILLION - HOME_GOAL - AWAY_GOAL)) /
                                      MILLION);
    }
}

static void football_probabilities(struct btx_day_model *model)
{
    const struct btx_day_football *football = &model->football;
    uint32_t *probabilities = model->probabilities[BTX_DAY_FOOTBALL];
    const uint32_t left_s = BTX_DAY_PLAY_S - football->played_s;
    const uint32_t steps = (left_s + STEP_S - 1) / STEP_S;
    const int32_t lead = clamp((int64_t)football->home_goals - (int64_t)football->away_goals,
                               -BTX_DAY_LEAD_MAX, BTX_DAY_LEAD_MAX);
    const uint32_t row = (uint32_t)(lead + BTX_DAY_LEAD_MAX);
    const int32_t home = clamp((int64_t)football->ahead[steps][row] + football->mood, 100, 999000);
    const int32_t draw = clamp(football->level[steps][row], 100, 999000);

    probabilities[0] = (uint32_t)home;
    probabilities[1] = (uint32_t)draw;
    probabilities[2] = (uint32_t)clamp((int64_t)MILLION - home - draw, 100, 999000);
}

static void both_probabilities(struct btx_day_model *model)
{
    const struct btx_day_football *football = &model->football;
    uint32_t *probabilities = model->probabilities[BTX_DAY_BOTH];
    const uint32_t steps = (BTX_DAY_PLAY_S - football->played_s + STEP_S - 1) / STEP_S;
    const uint64_t home = football->home_goals > 0 ? MILLION : MILLION - football->silent[0][steps];
    const uint64_t away = football->away_goals > 0 ? MILLION : MILLION - football->silent[1][steps];

    probabilities[0] = (uint32_t)clamp((int64_t)(home * away / MILLION), 1000, 999000);
    probabilities[1] = MILLION - probabilities[0];
}

static void match_probabilities(struct btx_day_model *model)
{
    football_probabilities(model);
    both_probabilities(model);
}

static void race_probabilities(struct btx_day_model *model)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < BTX_DAY_RUNNERS_MAX; i++)
        sum += model->race.weights[i];
    for (size_t i = 0; i < BTX_DAY_RUNNERS_MAX; i++)
        model->probabilities[BTX_DAY_RACE][i] =
            (uint32_t)((uint64_t)model->race.weights[i] * MILLION / sum);
}

void btx_day_model_init(struct btx_day_model *model, uint64_t seed)
{
    static const uint32_t weights[BTX_DAY_RUNNERS_MAX] = {
        2600000, 1900000, 1500000, 1200000, 900000, 700000, 500000, 350000, 250000, 100000};
    static const int32_t trends[BTX_DAY_RUNNERS_MAX] = {-2, 5, 0, 2, -3, 6, 0, -5, 1, 0};
    struct btx_day_football *football = &model->football;

    memset(model, 0, sizeof *model);
    model->random.state = seed;
    memcpy(model->race.weights, weights, sizeof weights);
    memcpy(model->race.trends, trends, sizeof trends);
    for (uint32_t lead = 0; lead < BTX_COUNT_OF(football->ahead[0]); lead++) {
        football->ahead[0][lead] = lead > BTX_DAY_LEAD_MAX ? MILLION : 0;
        football->level[0][lead] = lead == BTX_DAY_LEAD_MAX ? MILLION : 0;
    }
    football->silent[0][0] = MILLION;
    football->silent[1][0] = MILLION;
    for (size_t steps = 1; steps <= BTX_DAY_STEPS_MAX; steps++) {
        football->silent[0][steps] =
            (uint32_t)((uint64_t)football->silent[0][steps - 1] * (MILLION - HOME_GOAL) / MILLION);
        football->silent[1][steps] =
            (uint32_t)((uint64_t)football->silent[1][steps - 1] * (MILLION - AWAY_GOAL) / MILLION);
        football_step(football->ahead[steps - 1], football->ahead[steps]);
        football_step(football->level[steps - 1], football->level[steps]);
    }
    model->question.probability = 380000;
    model->probabilities[BTX_DAY_QUESTION][0] = model->question.probability;
    match_probabilities(model);
    race_probabilities(model);
}

void btx_day_football_wait(struct btx_day_model *model)
{
    struct btx_day_football *football = &model->football;

    /* Team news and weather; in the pause and in play the score says more. */
    if (football->played_s == 0)
        football->mood =
            clamp(football->mood + btx_day_random_around(&model->random, 700), -40000, 40000);
    match_probabilities(model);
}

bool btx_day_football_play(struct btx_day_model *model)
{
    struct btx_day_football *football = &model->football;
    bool scored = false;

    if (football->played_s < BTX_DAY_PLAY_S)
        football->played_s++;
    if (btx_day_random_chance(&model->random, HOME_GOAL / STEP_S)) {
        football->home_goals++;
        scored = true;
    } else if (btx_day_random_chance(&model->random, AWAY_GOAL / STEP_S)) {
        football->away_goals++;
        scored = true;
    }
    football->mood -= football->mood / 300;
    match_probabilities(model);
    return scored;
}

bool btx_day_football_both(const struct btx_day_model *model)
{
    return model->football.home_goals > 0 && model->football.away_goals > 0;
}

void btx_day_race_wait(struct btx_day_model *model)
{
    struct btx_day_race *race = &model->race;

    for (size_t i = 0; i < BTX_DAY_RUNNERS_MAX; i++) {
        const int64_t weight = race->weights[i];
        const int64_t moved = race->trends[i] * 25 + btx_day_random_around(&model->random, 4000);

        if (!race->withdrawn[i])
            race->weights[i] =
                (uint32_t)clamp(weight + weight * moved / (int64_t)MILLION, 20000, 8000000);
    }
    race_probabilities(model);
}

void btx_day_race_withdraw(struct btx_day_model *model, uint32_t runner_index)
{
    model->race.withdrawn[runner_index] = true;
    model->race.weights[runner_index] = 0;
    race_probabilities(model);
}

/* The second comes up to the first, the others are beaten. */
static void race_close_up(struct btx_day_model *model)
{
    uint32_t *weights = model->race.weights;
    uint32_t leaders[2];

    btx_day_race_finish(model, leaders);
    for (uint32_t i = 0; i < BTX_DAY_RUNNERS_MAX; i++) {
        const uint32_t other = weights[leaders[i == leaders[0] ? 1 : 0]];

        if (model->race.withdrawn[i])
            continue;
        if (i != leaders[0] && i != leaders[1])
            weights[i] -= (weights[i] - 1000) / 3;
        else if (weights[i] < other)
            weights[i] += (other - weights[i]) / 3;
    }
}

void btx_day_race_run(struct btx_day_model *model, uint32_t run_s, uint32_t length_s)
{
    struct btx_day_race *race = &model->race;
    /* The nearer the line, the more each stride says. */
    const int32_t width = (int32_t)(80000 + 240000 * (uint64_t)run_s / length_s);

    for (size_t i = 0; i < BTX_DAY_RUNNERS_MAX; i++) {
        const int64_t weight = race->weights[i];
        const int64_t moved = btx_day_random_around(&model->random, width);

        if (race->withdrawn[i])
            continue;
        race->weights[i] =
            (uint32_t)clamp(weight + weight * moved / (int64_t)MILLION, 1000, 1000000000);
        /* A fence, and not everybody gets over it. */
        if (run_s % 31 == 30 && btx_day_random_chance(&model->random, 60000))
            race->weights[i] = 1000;
    }
    if (run_s + 12 >= length_s)
        race_close_up(model);
    race_probabilities(model);
}

void btx_day_race_finish(struct btx_day_model *model, uint32_t ret_winners[2])
{
    const uint32_t *weights = model->race.weights;
    uint32_t first = 0;
    uint32_t second = 1;

    for (uint32_t i = 1; i < BTX_DAY_RUNNERS_MAX; i++) {
        if (weights[i] > weights[first])
            first = i;
    }
    second = first == 0 ? 1 : 0;
    for (uint32_t i = 0; i < BTX_DAY_RUNNERS_MAX; i++) {
        if (i != first && weights[i] > weights[second])
            second = i;
    }
    ret_winners[0] = first < second ? first : second;
    ret_winners[1] = first < second ? second : first;
}

bool btx_day_question_wait(struct btx_day_model *model)
{
    struct btx_day_question *question = &model->question;
    const bool news = btx_day_random_chance(&model->random, 1000);
    const int32_t width = news ? 150000 : 1500;

    question->probability = (uint32_t)clamp((int64_t)question->probability +
                                                btx_day_random_around(&model->random, width),
                                            30000, 970000);
    model->probabilities[BTX_DAY_QUESTION][0] = question->probability;
    return news;
}

bool btx_day_question_end(struct btx_day_model *model)
{
    return btx_day_random_chance(&model->random, model->question.probability);
}
