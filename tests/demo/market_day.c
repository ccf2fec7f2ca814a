/* SPDX-License-Identifier: Apache-2.0 */
/* market_day.c - betex-market-day: prints a day of commands for three markets.
 *
 *     betex-market-day [SEED] > day.commands.jsonl
 *
 * A football match, a horse race and a yes-or-no question, traded by some three hundred accounts
 * (README.md).  The same seed gives the same bytes with every compiler.  What happens is decided
 * by day_model, who trades how by day_traders; this file is the clock and the operator. */
#include "tests/demo/day_traders.h"

#include "engine/base/check.h"
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
    QUESTION_OPENS_S = 11,
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
    GOAL_PAUSE_S = 40,
    SEED_DEFAULT = 14,
};

struct day {
    struct btx_desk desk;
    struct btx_traders traders;
    struct btx_day_model model;
    uint32_t now_s;
    uint32_t goal_s;   /* When somebody scored last; 0: not yet. */
    bool goal_handled; /* The market was suspended for it, and is open again. */
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

static void open_market(struct day *day, enum btx_day_market market)
{
    const struct btx_day_market_names *names = &btx_day_markets[market];
    struct btx_open_market *open =
        (struct btx_open_market *)btx_command_begin(&day->desk.space, BTX_COMMAND_OPEN_MARKET);
    uint64_t *runners = (uint64_t *)(open + 1);

    open->market = names->market;
    open->min_size = 10000;
    open->commission = market == BTX_DAY_QUESTION ? 200 : 500;
    if (market == BTX_DAY_QUESTION) {
        open->kind = BTX_MARKET_KIND_BINARY;
        open->tick = 100;
        open->present = BTX_OPEN_MARKET_HAS_TICK;
    } else {
        open->kind = BTX_MARKET_KIND_ODDS;
        open->winners = 1;
        open->runners_count = (uint16_t)names->runner_count;
        open->present = BTX_OPEN_MARKET_HAS_RUNNERS | BTX_OPEN_MARKET_HAS_WINNERS;
        for (size_t i = 0; i < names->runner_count; i++)
            runners[i] = names->runners[i].runner;
        btx_command_set_length(&day->desk.space, names->runner_count * sizeof *runners);
    }
    btx_desk_send(&day->desk);
    day->traders.books[market].open = true;
}

static void suspend(struct day *day, enum btx_day_market market)
{
    btx_desk_market_command(&day->desk, BTX_COMMAND_SUSPEND_MARKET, btx_day_markets[market].market);
    day->traders.books[market].open = false;
}

static void resume(struct day *day, enum btx_day_market market)
{
    btx_desk_market_command(&day->desk, BTX_COMMAND_RESUME_MARKET, btx_day_markets[market].market);
    day->traders.books[market].open = true;
}

static void turn_in_play(struct day *day, enum btx_day_market market)
{
    suspend(day, market);
    btx_desk_market_command(&day->desk, BTX_COMMAND_TURN_IN_PLAY, btx_day_markets[market].market);
    resume(day, market);
    day->traders.books[market].fast = true;
}

/* The operator takes everything out of a market whose prices mean nothing any more. */
static void cancel_all(struct day *day, enum btx_day_market market)
{
    struct btx_cancel_orders *command =
        (struct btx_cancel_orders *)btx_command_begin(&day->desk.space, BTX_COMMAND_CANCEL_ORDERS);

    command->market = btx_day_markets[market].market;
    command->present = BTX_CANCEL_ORDERS_HAS_MARKET;
    btx_desk_send(&day->desk);
}

/* With the ids of @winner_count runners, or with a result. */
static void settle(struct day *day, enum btx_day_market market, const uint32_t *winners,
                   size_t winner_count, enum btx_outcome result)
{
    const struct btx_day_market_names *names = &btx_day_markets[market];
    struct btx_settle_market *command =
        (struct btx_settle_market *)btx_command_begin(&day->desk.space, BTX_COMMAND_SETTLE_MARKET);
    uint64_t *ids = (uint64_t *)(command + 1);

    command->market = names->market;
    command->result = (uint8_t)result;
    if (winner_count > 0) {
        command->present = BTX_SETTLE_MARKET_HAS_WINNERS;
        command->winners_count = (uint16_t)winner_count;
        for (size_t i = 0; i < winner_count; i++)
            ids[i] = names->runners[winners[i]].runner;
        btx_command_set_length(&day->desk.space, winner_count * sizeof *ids);
    }
    btx_desk_send(&day->desk);
}

static void race_second(struct day *day)
{
    const struct btx_day_activity slow = {.quotes = 4500, .bets = 1000};
    const struct btx_day_activity busy = {.quotes = 13000, .bets = 5500};
    const struct btx_day_activity wild = {.quotes = 20000, .bets = 10000};
    const uint32_t now_s = day->now_s;
    uint32_t winners[2];

    if (now_s == RACE_OPENS_S)
        open_market(day, BTX_DAY_RACE);
    if (now_s == RACE_OFF_S)
        turn_in_play(day, BTX_DAY_RACE);
    if (now_s == RACE_OFF_S + RACE_LENGTH_S)
        suspend(day, BTX_DAY_RACE);
    if (now_s == RACE_SETTLED_S) {
        btx_day_race_finish(&day->model, winners);
        settle(day, BTX_DAY_RACE, winners, 2, BTX_OUTCOME_NONE);
    }
    if (now_s < RACE_OPENS_S || now_s >= RACE_OFF_S + RACE_LENGTH_S)
        return;
    if (now_s < RACE_OFF_S) {
        btx_day_race_wait(&day->model);
        btx_traders_second(&day->traders, BTX_DAY_RACE, now_s + 600 < RACE_OFF_S ? slow : busy);
    } else {
        btx_day_race_run(&day->model, now_s - RACE_OFF_S, RACE_LENGTH_S);
        btx_traders_second(&day->traders, BTX_DAY_RACE, wild);
    }
}

/* Three seconds after a goal the operator stops the market, and opens it again a little later;
 * the quickest of the traders are quicker than that. */
static void handle_goal(struct day *day)
{
    const uint32_t since_s = day->now_s - day->goal_s;

    if (day->goal_s == 0 || day->goal_handled)
        return;
    if (since_s == 3) {
        suspend(day, BTX_DAY_FOOTBALL);
        cancel_all(day, BTX_DAY_FOOTBALL);
    } else if (since_s == 3 + GOAL_PAUSE_S) {
        resume(day, BTX_DAY_FOOTBALL);
        day->goal_handled = true;
    }
}

static void football_end(struct day *day)
{
    const struct btx_day_football *football = &day->model.football;
    const uint32_t winner = football->home_goals > football->away_goals    ? 0
                            : football->home_goals == football->away_goals ? 1
                                                                           : 2;

    settle(day, BTX_DAY_FOOTBALL, &winner, 1, BTX_OUTCOME_NONE);
}

static void football_second(struct day *day)
{
    const struct btx_day_activity slow = {.quotes = 1300, .bets = 1300};
    const struct btx_day_activity busy = {.quotes = 3500, .bets = 3000};
    const uint32_t now_s = day->now_s;
    const bool playing = (now_s >= KICK_OFF_S && now_s < HALF_TIME_S) ||
                         (now_s >= SECOND_HALF_S && now_s < FULL_TIME_S);

    if (now_s == FOOTBALL_OPENS_S)
        open_market(day, BTX_DAY_FOOTBALL);
    if (now_s == KICK_OFF_S)
        turn_in_play(day, BTX_DAY_FOOTBALL);
    if (now_s < FOOTBALL_OPENS_S || now_s >= FULL_TIME_S) {
        if (now_s == FULL_TIME_S && day->traders.books[BTX_DAY_FOOTBALL].open)
            suspend(day, BTX_DAY_FOOTBALL);
        if (now_s == FOOTBALL_SETTLED_S)
            football_end(day);
        return;
    }
    if (!playing) {
        btx_day_football_wait(&day->model);
    } else if (btx_day_football_play(&day->model)) {
        day->goal_s = now_s;
        day->goal_handled = false;
    }
    handle_goal(day);
    if (day->traders.books[BTX_DAY_FOOTBALL].open)
        btx_traders_second(&day->traders, BTX_DAY_FOOTBALL, playing ? busy : slow);
}

static void question_second(struct day *day)
{
    const struct btx_day_activity usual = {.quotes = 800, .bets = 900};
    const struct btx_day_activity news = {.quotes = 8000, .bets = 5000};
    const uint32_t now_s = day->now_s;

    if (now_s == QUESTION_OPENS_S)
        open_market(day, BTX_DAY_QUESTION);
    if (now_s == QUESTION_CLOSES_S)
        suspend(day, BTX_DAY_QUESTION);
    if (now_s == QUESTION_SETTLED_S)
        settle(day, BTX_DAY_QUESTION, NULL, 0,
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

static void live_through(struct day *day)
{
    open_accounts(day);
    for (; day->now_s < DAY_ENDS_S && day->desk.fault.code == BTX_OK; day->now_s++) {
        const uint64_t second_ns = DAY_BEGINS_NS + day->now_s * SECOND_NS;

        /* A second with very much in it may take longer than one. */
        if (day->desk.now_ns < second_ns)
            day->desk.now_ns = second_ns;
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
