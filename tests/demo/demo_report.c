/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/demo/demo_report.h"

#include <string.h>

static struct btx_report_market *find_market(struct btx_report *report, uint64_t market)
{
    for (uint32_t i = 0; i < report->market_count; i++) {
        if (report->markets[i].market == market)
            return &report->markets[i];
    }
    return NULL;
}

/* Nothing is kept of books that are empty: whoever emptied them ended the trading. */
static void keep_books(struct btx_report_market *market, const struct btx_core *core,
                       const struct btx_command *command)
{
    struct btx_report_book books[BTX_REPORT_RUNNERS_MAX];
    size_t level_count = 0;

    for (uint32_t i = 0; i < market->runner_count; i++) {
        for (enum btx_side side = BTX_SIDE_BACK; side <= BTX_SIDE_LAY; side++) {
            books[i].level_count[side] =
                btx_core_view_book(core, market->market, market->runners[i], side,
                                   books[i].levels[side], BTX_REPORT_LEVELS);
            level_count += books[i].level_count[side];
        }
    }
    if (level_count == 0)
        return;
    memcpy(market->books, books, market->runner_count * sizeof books[0]);
    market->books_ns = command->record.time_ns;
    market->books_before = (enum btx_command_type)command->record.type;
}

void btx_report_before(struct btx_report *report, const struct btx_core *core,
                       const struct btx_command *command)
{
    struct btx_report_market *market = NULL;

    if (command->record.type == BTX_COMMAND_SUSPEND_MARKET)
        market = find_market(report, ((const struct btx_market_command *)command)->market);
    else if (command->record.type == BTX_COMMAND_SETTLE_MARKET)
        market = find_market(report, ((const struct btx_settle_market *)command)->market);
    if (market != NULL)
        keep_books(market, core, command);
}

static void add_market(struct btx_report *report, const struct btx_market_opened *event)
{
    struct btx_report_market *market;

    if (report->market_count == BTX_REPORT_MARKETS_MAX)
        return;
    market = &report->markets[report->market_count++];
    market->market = event->market;
    market->kind = (enum btx_market_kind)event->kind;
    market->runner_count = event->runners_count < BTX_REPORT_RUNNERS_MAX ? event->runners_count
                                                                         : BTX_REPORT_RUNNERS_MAX;
    market->bet_delay = event->bet_delay;
    memcpy(market->runners, btx_market_opened_runners(event),
           market->runner_count * sizeof market->runners[0]);
}

/* What was cancelled in @market so far: held orders, and others. */
static void count_cancelled(const struct btx_report *report, uint64_t market, uint64_t *ret_held,
                            uint64_t *ret_others)
{
    const struct btx_tally *tally = btx_lives_tally(report->lives, market);

    *ret_held = tally == NULL ? 0 : btx_tally_sum(tally->cancelled_held, BTX_CAUSE_COUNT);
    *ret_others = tally == NULL ? 0 : btx_tally_sum(tally->cancelled, BTX_CAUSE_COUNT) - *ret_held;
}

/* The pause that goes on; NULL for none. */
static struct btx_report_pause *current_pause(struct btx_report_market *market)
{
    return market->paused ? &market->pauses[market->pause_count - 1] : NULL;
}

static void begin_pause(const struct btx_report *report, struct btx_report_market *market,
                        uint64_t time_ns)
{
    struct btx_report_pause *pause = &market->pauses[market->pause_count];

    if (market->pause_count == BTX_REPORT_PAUSES_MAX)
        return;
    market->pause_count++;
    market->paused = true;
    pause->from_ns = time_ns;
    /* Until it ends: what had been cancelled before it. */
    count_cancelled(report, market->market, &pause->held_cancelled, &pause->cancelled);
}

static void end_pause(const struct btx_report *report, struct btx_report_market *market)
{
    struct btx_report_pause *pause = current_pause(market);
    uint64_t held;
    uint64_t others;

    if (pause == NULL)
        return;
    count_cancelled(report, market->market, &held, &others);
    pause->held_cancelled = held - pause->held_cancelled;
    pause->cancelled = others - pause->cancelled;
    market->paused = false;
}

/* The score that a description tells, where it tells one. */
static void keep_score(struct btx_report_market *market, const struct btx_market_described *event)
{
    static const char key[] = "\"score\":\"";
    struct btx_report_pause *pause = current_pause(market);
    const char *text = btx_market_described_text(event);
    const char *end = text + event->text_length;
    const char *score = memmem(text, event->text_length, key, sizeof key - 1);
    size_t length = 0;

    if (pause == NULL || score == NULL)
        return;
    score += sizeof key - 1;
    while (score + length < end && length + 1 < sizeof pause->score &&
           strchr("0123456789-", score[length]) != NULL)
        length++;
    memcpy(pause->score, score, length);
    pause->score[length] = '\0';
}

static uint32_t runner_index(const struct btx_report_market *market, uint64_t runner)
{
    uint32_t i = 0;

    while (i < market->runner_count && market->runners[i] != runner)
        i++;
    return i;
}

static void add_removal(struct btx_report_market *market, const struct btx_runner_removed *event)
{
    const uint32_t index = runner_index(market, event->runner);
    struct btx_report_removal *removal = &market->removal;
    struct btx_report_pause *pause = current_pause(market);

    if (index == market->runner_count)
        return;
    *removal = (struct btx_report_removal){
        .time_ns = event->record.time_ns,
        .runner = event->runner,
        .factor = event->factor,
        .void_count = market->runner_trades[index],
        .void_size = market->runner_matched[index],
    };
    for (uint32_t i = 0; i < market->runner_count; i++) {
        if (i != index && market->runner_biggest[i].size > removal->example.size)
            removal->example = market->runner_biggest[i];
    }
    if (pause != NULL)
        pause->removed = event->runner;
}

/* Puts @trade among the biggest of its market and its runner. */
static void rank_trade(struct btx_report_market *market, const struct btx_report_trade *trade)
{
    const uint32_t index = runner_index(market, trade->runner);
    struct btx_report_trade *biggest = market->biggest;
    uint32_t place = BTX_REPORT_TRADES;

    if (index < market->runner_count) {
        market->runner_trades[index]++;
        market->runner_matched[index] += trade->size;
        if (trade->size > market->runner_biggest[index].size)
            market->runner_biggest[index] = *trade;
    }
    while (place > 0 && trade->size > biggest[place - 1].size)
        place--;
    if (place == BTX_REPORT_TRADES)
        return;
    memmove(&biggest[place + 1], &biggest[place],
            (BTX_REPORT_TRADES - 1 - place) * sizeof biggest[0]);
    biggest[place] = *trade;
}

static void add_trade(struct btx_report_market *market, const struct btx_trade_matched *event)
{
    const struct btx_report_trade trade = {
        .size = event->size,
        .time_ns = event->record.time_ns,
        .runner = event->runner,
        .taker = event->taker_account,
        .maker = event->maker_account,
        .price = event->price,
        .taker_side = (enum btx_side)event->taker_side,
    };

    market->matched += event->size;
    rank_trade(market, &trade);
}

static void add_implied(struct btx_report_market *market, const struct btx_implied_matched *event)
{
    struct btx_report_implied *biggest = market->biggest_implied;
    uint32_t place = BTX_REPORT_IMPLIED;

    while (place > 0 && event->size > biggest[place - 1].size)
        place--;
    if (place == BTX_REPORT_IMPLIED)
        return;
    memmove(&biggest[place + 1], &biggest[place],
            (BTX_REPORT_IMPLIED - 1 - place) * sizeof biggest[0]);
    biggest[place] = (struct btx_report_implied){
        .size = event->size,
        .maker_size = event->maker_size,
        .time_ns = event->record.time_ns,
        .runner = event->runner,
        .maker_runner = event->maker_runner,
        .taker = event->taker_account,
        .maker = event->maker_account,
        .maker_price = event->maker_price,
        .side = (enum btx_side)event->taker_side,
    };
}

static void add_winners(struct btx_report_market *market, const struct btx_market_settling *event)
{
    market->settled = true;
    market->winner_count = event->winners_count < BTX_REPORT_RUNNERS_MAX ? event->winners_count
                                                                         : BTX_REPORT_RUNNERS_MAX;
    memcpy(market->winners, btx_market_settling_winners(event),
           market->winner_count * sizeof market->winners[0]);
}

static void add_settled(const struct btx_report *report, struct btx_report_market *market,
                        const struct btx_market_settled *event)
{
    if (current_pause(market) != NULL)
        current_pause(market)->settled = true;
    end_pause(report, market);
    market->settled_accounts = event->accounts;
    market->commission = event->commission;
}

/* The operator suspends, resumes or turns in play; all of these are btx_market_event. */
static void change_status(const struct btx_report *report, struct btx_report_market *market,
                          const struct btx_record *event)
{
    struct btx_report_pause *pause = current_pause(market);

    if (event->type == BTX_EVENT_MARKET_SUSPENDED) {
        begin_pause(report, market, event->time_ns);
    } else if (event->type == BTX_EVENT_MARKET_TURNED_IN_PLAY) {
        if (pause != NULL)
            pause->in_play = true;
    } else if (pause != NULL) {
        pause->to_ns = event->time_ns;
        end_pause(report, market);
    }
}

/* The events that begin with their market and are shown with it. */
static void market_event(struct btx_report *report, const struct btx_record *event)
{
    struct btx_report_market *market =
        find_market(report, ((const struct btx_market_event *)event)->market);

    if (market == NULL)
        return;
    if (event->type == BTX_EVENT_TRADE_MATCHED)
        add_trade(market, (const struct btx_trade_matched *)event);
    else if (event->type == BTX_EVENT_IMPLIED_MATCHED)
        add_implied(market, (const struct btx_implied_matched *)event);
    else if (event->type == BTX_EVENT_MARKET_DESCRIBED)
        keep_score(market, (const struct btx_market_described *)event);
    else if (event->type == BTX_EVENT_RUNNER_REMOVED)
        add_removal(market, (const struct btx_runner_removed *)event);
    else if (event->type == BTX_EVENT_MARKET_SETTLING)
        add_winners(market, (const struct btx_market_settling *)event);
    else if (event->type == BTX_EVENT_MARKET_SETTLED)
        add_settled(report, market, (const struct btx_market_settled *)event);
    else if (event->type == BTX_EVENT_MARKET_SUSPENDED || event->type == BTX_EVENT_MARKET_RESUMED ||
             event->type == BTX_EVENT_MARKET_TURNED_IN_PLAY)
        change_status(report, market, event);
}

void btx_report_event(struct btx_report *report, const struct btx_record *event)
{
    report->trade_count +=
        event->type == BTX_EVENT_TRADE_MATCHED || event->type == BTX_EVENT_IMPLIED_MATCHED;
    report->rejected_count += event->type == BTX_EVENT_COMMAND_REJECTED;
    report->account_count += event->type == BTX_EVENT_ACCOUNT_OPENED;
    if (event->type == BTX_EVENT_FUNDS_DEPOSITED)
        report->net_deposits += ((const struct btx_funds_event *)event)->amount;
    else if (event->type == BTX_EVENT_FUNDS_WITHDRAWN)
        report->net_deposits -= ((const struct btx_funds_event *)event)->amount;
    else if (event->type == BTX_EVENT_MARKET_OPENED)
        add_market(report, (const struct btx_market_opened *)event);
    else
        market_event(report, event);
}
