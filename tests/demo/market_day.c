/* SPDX-License-Identifier: Apache-2.0 */
/* market_day.c - betex-market-day: prints a day of commands for four markets.
 *
 *     betex-market-day [SEED] > day.commands.jsonl
 *
 * A football match with two markets, a horse race and a yes-or-no question, traded by some three
 * hundred accounts (README.md).  The same seed gives the same bytes with every compiler.  What
 * happens is decided by day_model, who trades how by day_traders, what the operator does to a
 * market by day_operator; this file is the clock. */
#include "tests/demo/day_operator.h"
#include "tests/demo/day_traders.h"

#include "engine/core/view.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* The day begins at 14:00:00 on 18 September 2027, and all moments are seconds from there. */
#define DAY_BEGINS_NS UINT64_C(1821276000000000000)
#define SECOND_NS UINT64_C(1000000000)

enum {
    RACE_OPENS_S = 4,
    FOOTBALL_OPENS_S = 7,
    BOTH_OPENS_S = 8,
    QUESTION_OPENS_S = 11,
    RACE_WITHDRAWN_S = 2280, /* 14:38: one of the runners does not run. */
    RACE_AGAIN_S = RACE_WITHDRAWN_S + 75,
    WITHDRAWN_RUNNER = 2,
    RACE_OFF_S = 3000, /* 14:50 */
    RACE_LENGTH_S = 165,
    RACE_SETTLED_S = RACE_OFF_S + RACE_LENGTH_S + 420,
    KICK_OFF_S = 3600, /* 15:00 */
    HALF_S = BTX_DAY_PLAY_S / 2,
    HALF_TIME_S = KICK_OFF_S + HALF_S,
    SECOND_HALF_S = HALF_TIME_S + 900,
    FULL_TIME_S = SECOND_HALF_S + HALF_S,
    FOOTBALL_SETTLED_S = FULL_TIME_S + 180,
    QUESTION_CLOSES_S = 9000, /* 16:30 */
    QUESTION_SETTLED_S = QUESTION_CLOSES_S + 300,
    DAY_ENDS_S = FULL_TIME_S + 900,
    /* After a goal: the quickest of the traders are quicker than the operator, and what they hand
     * in is held long enough for the market to be suspended first. */
    GOAL_SEEN_S = 3,
    GOAL_EMPTIED_S = GOAL_SEEN_S + BTX_DAY_BET_DELAY_S + 4,
    GOAL_OVER_S = GOAL_SEEN_S + 40,
    BOTH_SETTLED_S = GOAL_SEEN_S + 120,
    SEED_DEFAULT = 15,
};

struct day {
    struct btx_desk desk;
    struct btx_traders traders;
    struct btx_day_model model;
    uint32_t now_s;
    uint32_t goal_s;   /* When somebody scored last; 0: not yet. */
    bool goal_handled; /* The market was suspended for it, and is open again. */
    bool both_settled;
};

static void open_accounts(struct day *day)
{
    static const int64_t deposits[BTX_DAY_TRADER_COUNT] = {
        [BTX_DAY_MAKER] = 150000, [BTX_DAY_ARBER] = 40000, [BTX_DAY_SHARP] = 25000,
        [BTX_DAY_PUNTER] = 100,   [BTX_DAY_WHALE] = 30000,
    };

    for (int trader = 0; trader < BTX_DAY_TRADER_COUNT; trader++) {
        const uint64_t end = btx_day_first_account((enum btx_day_trader)(trader + 1));
        uint64_t account = btx_day_first_account((enum btx_day_trader)trader);

        for (; account < end; account++) {
            /* Punters bring what they like to lose. */
            const int64_t times =
                trader == BTX_DAY_PUNTER ? 1 + btx_day_random_below(&day->model.random, 20) : 1;

            btx_desk_open_account(&day->desk, account, deposits[trader] * times * 10000);
        }
    }
}

/* A late non-runner: the market stands still until bets, prices and people know of it. */
static void race_withdrawal(struct day *day)
{
    if (day->now_s == RACE_WITHDRAWN_S) {
        btx_day_suspend(&day->traders, BTX_DAY_RACE);
        btx_day_withdraw(&day->traders, BTX_DAY_RACE, WITHDRAWN_RUNNER);
        btx_day_race_withdraw(&day->model, WITHDRAWN_RUNNER);
    } else if (day->now_s == RACE_AGAIN_S) {
        btx_day_resume(&day->traders, BTX_DAY_RACE);
    }
}

static void race_second(struct day *day)
{
    const struct btx_day_activity slow = {.quotes = 4500, .bets = 1000};
    const struct btx_day_activity busy = {.quotes = 13000, .bets = 5500};
    const struct btx_day_activity wild = {.quotes = 20000, .bets = 10000};
    const uint32_t now_s = day->now_s;
    uint32_t winners[2];

    if (now_s == RACE_OPENS_S)
        btx_day_open_market(&day->traders, BTX_DAY_RACE);
    race_withdrawal(day);
    if (now_s == RACE_OFF_S)
        btx_day_turn_in_play(&day->traders, BTX_DAY_RACE);
    if (now_s == RACE_OFF_S + RACE_LENGTH_S)
        btx_day_suspend(&day->traders, BTX_DAY_RACE);
    if (now_s == RACE_SETTLED_S) {
        btx_day_race_finish(&day->model, winners);
        btx_day_settle(&day->traders, BTX_DAY_RACE, winners, 2, BTX_OUTCOME_NONE);
    }
    if (!day->traders.books[BTX_DAY_RACE].open)
        return;
    if (now_s < RACE_OFF_S) {
        btx_day_race_wait(&day->model);
        btx_traders_second(&day->traders, BTX_DAY_RACE, now_s + 600 < RACE_OFF_S ? slow : busy);
    } else {
        btx_day_race_run(&day->model, now_s - RACE_OFF_S, RACE_LENGTH_S);
        btx_traders_second(&day->traders, BTX_DAY_RACE, wild);
    }
}

/* Whether both have scored is settled as soon as they have. */
static void settle_both(struct day *day)
{
    const uint32_t winner = btx_day_football_both(&day->model) ? 0 : 1;

    if (day->both_settled)
        return;
    btx_day_settle(&day->traders, BTX_DAY_BOTH, &winner, 1, BTX_OUTCOME_NONE);
    day->both_settled = true;
}

static void suspend_match(struct day *day)
{
    if (day->traders.books[BTX_DAY_FOOTBALL].open)
        btx_day_suspend(&day->traders, BTX_DAY_FOOTBALL);
    if (day->traders.books[BTX_DAY_BOTH].open)
        btx_day_suspend(&day->traders, BTX_DAY_BOTH);
}

/* A little after a goal the operator stops the markets; what was held then is gone when its moment
 * comes, the rest goes with the operator, and later they are opened again. */
static void handle_goal(struct day *day)
{
    const struct btx_day_football *football = &day->model.football;
    const uint32_t since_s = day->now_s - day->goal_s;
    const bool decided = btx_day_football_both(&day->model);

    if (day->goal_s == 0 || day->goal_handled)
        return;
    if (since_s == GOAL_SEEN_S) {
        suspend_match(day);
        btx_day_describe(&day->traders, BTX_DAY_FOOTBALL, football);
        if (!day->both_settled)
            btx_day_describe(&day->traders, BTX_DAY_BOTH, football);
    } else if (since_s == GOAL_EMPTIED_S) {
        btx_day_cancel_all(&day->traders, BTX_DAY_FOOTBALL);
        if (!day->both_settled)
            btx_day_cancel_all(&day->traders, BTX_DAY_BOTH);
    } else if (since_s == GOAL_OVER_S) {
        btx_day_resume(&day->traders, BTX_DAY_FOOTBALL);
        if (!decided)
            btx_day_resume(&day->traders, BTX_DAY_BOTH);
    } else if (since_s == BOTH_SETTLED_S) {
        if (decided)
            settle_both(day);
        day->goal_handled = true;
    }
}

static void football_end(struct day *day)
{
    const struct btx_day_football *football = &day->model.football;
    const uint32_t winner = football->home_goals > football->away_goals    ? 0
                            : football->home_goals == football->away_goals ? 1
                                                                           : 2;

    btx_day_settle(&day->traders, BTX_DAY_FOOTBALL, &winner, 1, BTX_OUTCOME_NONE);
    settle_both(day);
}

/* The operator's part of a second of the match. */
static void football_schedule(struct day *day)
{
    const uint32_t now_s = day->now_s;

    if (now_s == FOOTBALL_OPENS_S)
        btx_day_open_market(&day->traders, BTX_DAY_FOOTBALL);
    if (now_s == BOTH_OPENS_S)
        btx_day_open_market(&day->traders, BTX_DAY_BOTH);
    if (now_s == KICK_OFF_S) {
        btx_day_turn_in_play(&day->traders, BTX_DAY_FOOTBALL);
        btx_day_turn_in_play(&day->traders, BTX_DAY_BOTH);
    }
    if (now_s == FULL_TIME_S)
        suspend_match(day);
    if (now_s == FOOTBALL_SETTLED_S)
        football_end(day);
}

static void football_second(struct day *day)
{
    const struct btx_day_activity slow = {.quotes = 1300, .bets = 1300};
    const struct btx_day_activity busy = {.quotes = 3500, .bets = 3000};
    const struct btx_day_activity both_slow = {.quotes = 600, .bets = 400};
    const struct btx_day_activity both_busy = {.quotes = 1200, .bets = 800};
    const uint32_t now_s = day->now_s;
    const bool playing = (now_s >= KICK_OFF_S && now_s < HALF_TIME_S) ||
                         (now_s >= SECOND_HALF_S && now_s < FULL_TIME_S);

    football_schedule(day);
    if (now_s < FOOTBALL_OPENS_S || now_s >= FULL_TIME_S)
        return;
    if (!playing) {
        btx_day_football_wait(&day->model);
    } else if (btx_day_football_play(&day->model)) {
        day->goal_s = now_s;
        day->goal_handled = false;
    }
    handle_goal(day);
    if (day->traders.books[BTX_DAY_FOOTBALL].open)
        btx_traders_second(&day->traders, BTX_DAY_FOOTBALL, playing ? busy : slow);
    if (day->traders.books[BTX_DAY_BOTH].open)
        btx_traders_second(&day->traders, BTX_DAY_BOTH, playing ? both_busy : both_slow);
}

static void question_second(struct day *day)
{
    const struct btx_day_activity usual = {.quotes = 800, .bets = 900};
    const struct btx_day_activity news = {.quotes = 8000, .bets = 5000};
    const uint32_t now_s = day->now_s;

    if (now_s == QUESTION_OPENS_S)
        btx_day_open_market(&day->traders, BTX_DAY_QUESTION);
    if (now_s == QUESTION_CLOSES_S)
        btx_day_suspend(&day->traders, BTX_DAY_QUESTION);
    if (now_s == QUESTION_SETTLED_S)
        btx_day_settle(&day->traders, BTX_DAY_QUESTION, NULL, 0,
                       btx_day_question_end(&day->model) ? BTX_OUTCOME_YES : BTX_OUTCOME_NO);
    if (now_s < QUESTION_OPENS_S || now_s >= QUESTION_CLOSES_S)
        return;
    if (btx_day_question_wait(&day->model)) {
        /* Makers who cannot say what it is worth go away first. */
        btx_traders_leave(&day->traders, BTX_DAY_QUESTION);
        btx_traders_second(&day->traders, BTX_DAY_QUESTION, news);
    } else {
        btx_traders_second(&day->traders, BTX_DAY_QUESTION, usual);
    }
}

/* What an operator does about accounts: one is frozen for a while, some are paid out. */
static void account_second(struct day *day)
{
    const uint64_t frozen = btx_day_first_account(BTX_DAY_PUNTER) + 120;

    if (day->now_s == 5000)
        btx_desk_account_command(&day->desk, BTX_COMMAND_FREEZE_ACCOUNT, frozen);
    if (day->now_s == 7400)
        btx_desk_account_command(&day->desk, BTX_COMMAND_UNFREEZE_ACCOUNT, frozen);
    if (day->now_s > FOOTBALL_SETTLED_S && day->now_s % 2 == 0) {
        const uint64_t account = btx_day_first_account(BTX_DAY_PUNTER) + day->now_s % 331;
        struct btx_account_view view;

        /* Half of what they have, and now and then more than there is. */
        if (btx_core_view_account(day->desk.exchange.core, account, &view) && view.balance > 0)
            btx_desk_withdraw(&day->desk, account,
                              day->now_s % 50 == 0 ? view.balance + 1 : view.balance / 2 + 1);
    }
}

/* A clock: where nobody hands in anything, what has fallen due waits for it. */
static void tick(struct day *day)
{
    struct btx_core_view view;

    btx_core_view(day->desk.exchange.core, &view);
    if (view.due_ns <= day->desk.now_ns)
        btx_desk_tick(&day->desk);
}

static void live_through(struct day *day)
{
    open_accounts(day);
    for (; day->now_s < DAY_ENDS_S && day->desk.fault.code == BTX_OK; day->now_s++) {
        const uint64_t second_ns = DAY_BEGINS_NS + day->now_s * SECOND_NS;

        /* A second with very much in it may take longer than one. */
        if (day->desk.now_ns < second_ns)
            day->desk.now_ns = second_ns;
        tick(day);
        race_second(day);
        football_second(day);
        question_second(day);
        account_second(day);
    }
}

int main(int argument_count, char **arguments)
{
    static struct day day;
    uint64_t seed = SEED_DEFAULT;
    char *rest = NULL;

    (void)signal(SIGPIPE, SIG_IGN); /* Cannot fail for this signal. */
    if (argument_count == 2)
        seed = strtoull(arguments[1], &rest, 10);
    if (argument_count > 2 || (rest != NULL && (*rest != '\0' || rest == arguments[1]))) {
        fprintf(stderr, "Usage: betex-market-day [SEED] > COMMANDS\n");
        return btx_fault_exit_status(BTX_FAULT_USAGE);
    }
    btx_day_model_init(&day.model, seed);
    btx_desk_open(&day.desk, DAY_BEGINS_NS);
    btx_traders_init(&day.traders, &day.desk, &day.model, seed ^ DAY_BEGINS_NS);
    if (day.desk.fault.code == BTX_OK)
        live_through(&day);
    btx_desk_close(&day.desk);
    if (day.desk.fault.code != BTX_OK)
        fprintf(stderr, "betex-market-day: %s\n", day.desk.fault.text);
    return btx_fault_exit_status(day.desk.fault.code);
}
