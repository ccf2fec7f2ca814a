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
    memcpy(market->runners, btx_market_opened_runners(event),
           market->runner_count * sizeof market->runners[0]);
}

static void add_trade(struct btx_report_market *market, const struct btx_trade_matched *event)
{
    struct btx_report_trade *biggest = market->biggest;
    uint32_t place = BTX_REPORT_TRADES;

    market->trade_count++;
    market->matched += event->size;
    while (place > 0 && event->size > biggest[place - 1].size)
        place--;
    if (place == BTX_REPORT_TRADES)
        return;
    memmove(&biggest[place + 1], &biggest[place],
            (BTX_REPORT_TRADES - 1 - place) * sizeof biggest[0]);
    biggest[place] = (struct btx_report_trade){
        .size = event->size,
        .time_ns = event->record.time_ns,
        .runner = event->runner,
        .taker = event->taker_account,
        .maker = event->maker_account,
        .price = event->price,
        .taker_side = (enum btx_side)event->taker_side,
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

/* The market that @event is about, NULL for none that is followed. */
static struct btx_report_market *market_of(struct btx_report *report,
                                           const struct btx_record *event)
{
    if (event->type == BTX_EVENT_TRADE_MATCHED)
        return find_market(report, ((const struct btx_trade_matched *)event)->market);
    if (event->type == BTX_EVENT_ORDER_ACCEPTED)
        return find_market(report, ((const struct btx_order_accepted *)event)->market);
    if (event->type == BTX_EVENT_MARKET_SETTLING)
        return find_market(report, ((const struct btx_market_settling *)event)->market);
    if (event->type == BTX_EVENT_MARKET_SETTLED)
        return find_market(report, ((const struct btx_market_settled *)event)->market);
    return NULL;
}

void btx_report_event(void *context, const struct btx_record *event)
{
    struct btx_report *report = context;
    struct btx_report_market *market = market_of(report, event);

    report->trade_count += event->type == BTX_EVENT_TRADE_MATCHED;
    report->rejected_count += event->type == BTX_EVENT_COMMAND_REJECTED;
    report->account_count += event->type == BTX_EVENT_ACCOUNT_OPENED;
    if (event->type == BTX_EVENT_FUNDS_DEPOSITED)
        report->net_deposits += ((const struct btx_funds_event *)event)->amount;
    else if (event->type == BTX_EVENT_FUNDS_WITHDRAWN)
        report->net_deposits -= ((const struct btx_funds_event *)event)->amount;
    else if (event->type == BTX_EVENT_MARKET_OPENED)
        add_market(report, (const struct btx_market_opened *)event);
    if (market == NULL)
        return;
    if (event->type == BTX_EVENT_TRADE_MATCHED) {
        add_trade(market, (const struct btx_trade_matched *)event);
    } else if (event->type == BTX_EVENT_ORDER_ACCEPTED) {
        market->order_count++;
    } else if (event->type == BTX_EVENT_MARKET_SETTLING) {
        add_winners(market, (const struct btx_market_settling *)event);
    } else {
        const struct btx_market_settled *settled = (const struct btx_market_settled *)event;

        market->settled_accounts = settled->accounts;
        market->commission = settled->commission;
    }
}
