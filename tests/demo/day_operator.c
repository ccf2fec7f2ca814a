/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/demo/day_operator.h"

#include "engine/base/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A factor has at most two decimals; one is enough for a made-up one. */
enum { FACTOR_STEP = 1000, DESCRIPTION_BYTES = 1024 };

static void fill_odds(struct btx_desk *desk, struct btx_open_market *open,
                      enum btx_day_market market)
{
    const struct btx_day_market_names *names = &btx_day_markets[market];
    uint64_t *runners = (uint64_t *)(open + 1);

    open->kind = BTX_MARKET_KIND_ODDS;
    open->winners = 1;
    open->runners_count = (uint16_t)names->runner_count;
    open->present = BTX_OPEN_MARKET_HAS_RUNNERS | BTX_OPEN_MARKET_HAS_WINNERS;
    for (size_t i = 0; i < names->runner_count; i++)
        runners[i] = names->runners[i].runner;
    btx_command_set_length(&desk->space, names->runner_count * sizeof *runners);
    if (market == BTX_DAY_RACE) {
        open->reductions = 1;
        open->present |= BTX_OPEN_MARKET_HAS_REDUCTIONS;
        return;
    }
    open->bet_delay = BTX_DAY_BET_DELAY_S * 1000;
    open->present |= BTX_OPEN_MARKET_HAS_BET_DELAY;
    if (market == BTX_DAY_BOTH) {
        open->implied = 1;
        open->present |= BTX_OPEN_MARKET_HAS_IMPLIED;
    }
}

void btx_day_open_market(struct btx_traders *traders, enum btx_day_market market)
{
    struct btx_desk *desk = traders->desk;
    struct btx_open_market *open =
        (struct btx_open_market *)btx_command_begin(&desk->space, BTX_COMMAND_OPEN_MARKET);

    open->market = btx_day_markets[market].market;
    open->min_size = 10000;
    open->commission = market == BTX_DAY_QUESTION ? 200 : 500;
    if (market == BTX_DAY_QUESTION) {
        open->kind = BTX_MARKET_KIND_BINARY;
        open->tick = 100;
        open->present = BTX_OPEN_MARKET_HAS_TICK;
    } else {
        fill_odds(desk, open, market);
    }
    btx_desk_send(desk);
    traders->books[market].open = true;
    btx_day_describe(traders, market, NULL);
}

static void BTX_PRINTF(2, 3) append(char text[DESCRIPTION_BYTES], const char *format, ...)
{
    const size_t length_bytes = strlen(text);
    va_list arguments;
    int written;

    va_start(arguments, format);
    written = vsnprintf(text + length_bytes, DESCRIPTION_BYTES - length_bytes, format, arguments);
    va_end(arguments);
    CHECK(written >= 0 && (size_t)written < DESCRIPTION_BYTES - length_bytes);
}

void btx_day_describe(struct btx_traders *traders, enum btx_day_market market,
                      const struct btx_day_football *football)
{
    const struct btx_day_market_names *names = &btx_day_markets[market];
    char text[DESCRIPTION_BYTES] = "";

    append(text, "{\"name\":\"%s\",\"place\":\"%s\",\"runners\":{", names->title, names->place);
    for (size_t i = 0; i < names->runner_count; i++)
        append(text, "%s\"%" PRIu64 "\":\"%s\"", i > 0 ? "," : "", names->runners[i].runner,
               names->runners[i].name);
    append(text, "}");
    if (football != NULL)
        append(text, ",\"score\":\"%" PRIu32 "-%" PRIu32 "\"", football->home_goals,
               football->away_goals);
    append(text, "}");
    btx_desk_describe(traders->desk, names->market, text);
}

void btx_day_suspend(struct btx_traders *traders, enum btx_day_market market)
{
    btx_desk_market_command(traders->desk, BTX_COMMAND_SUSPEND_MARKET,
                            btx_day_markets[market].market);
    traders->books[market].open = false;
}

void btx_day_resume(struct btx_traders *traders, enum btx_day_market market)
{
    btx_desk_market_command(traders->desk, BTX_COMMAND_RESUME_MARKET,
                            btx_day_markets[market].market);
    traders->books[market].open = true;
}

void btx_day_turn_in_play(struct btx_traders *traders, enum btx_day_market market)
{
    btx_day_suspend(traders, market);
    btx_desk_market_command(traders->desk, BTX_COMMAND_TURN_IN_PLAY,
                            btx_day_markets[market].market);
    btx_day_resume(traders, market);
    traders->books[market].fast = true;
}

void btx_day_cancel_all(struct btx_traders *traders, enum btx_day_market market)
{
    struct btx_desk *desk = traders->desk;
    struct btx_cancel_orders *command =
        (struct btx_cancel_orders *)btx_command_begin(&desk->space, BTX_COMMAND_CANCEL_ORDERS);

    command->market = btx_day_markets[market].market;
    command->present = BTX_CANCEL_ORDERS_HAS_MARKET;
    btx_desk_send(desk);
}

void btx_day_withdraw(struct btx_traders *traders, enum btx_day_market market,
                      uint32_t runner_index)
{
    const struct btx_day_market_names *names = &btx_day_markets[market];
    /* A millionth of certainty is 1/10 000 of a percent. */
    const int64_t chance = traders->model->probabilities[market][runner_index];

    btx_desk_remove_runner(traders->desk, names->market, names->runners[runner_index].runner,
                           chance / FACTOR_STEP * FACTOR_STEP);
    traders->books[market].withdrawn[runner_index] = true;
}

void btx_day_settle(struct btx_traders *traders, enum btx_day_market market,
                    const uint32_t *winners, size_t winner_count, enum btx_outcome result)
{
    const struct btx_day_market_names *names = &btx_day_markets[market];
    struct btx_desk *desk = traders->desk;
    struct btx_settle_market *command =
        (struct btx_settle_market *)btx_command_begin(&desk->space, BTX_COMMAND_SETTLE_MARKET);
    uint64_t *ids = (uint64_t *)(command + 1);

    command->market = names->market;
    command->result = (uint8_t)result;
    if (winner_count > 0) {
        command->present = BTX_SETTLE_MARKET_HAS_WINNERS;
        command->winners_count = (uint16_t)winner_count;
        for (size_t i = 0; i < winner_count; i++)
            ids[i] = names->runners[winners[i]].runner;
        btx_command_set_length(&desk->space, winner_count * sizeof *ids);
    }
    btx_desk_send(desk);
}
