/* SPDX-License-Identifier: Apache-2.0 */
/* demo_tables.c - the printed side of demo_report.h, part one: a market's books and trades. */
#include "tests/demo/demo_report.h"

#include "tests/demo/day_names.h"
#include "tests/demo/demo_screen.h"

#include <inttypes.h>
#include <stdio.h>

/* An indent of 2, a name of 16, three cells, a bar, three cells: 80 columns. */
enum { NAME_COLUMNS = 16, CELL_PRICE_COLUMNS = 5, CELL_SIZE_COLUMNS = 5 };

struct btx_short_text btx_report_runner(const struct btx_report_market *market, uint64_t runner)
{
    const char *name = btx_day_runner_name(market->market, runner);
    struct btx_short_text text;

    if (name != NULL)
        snprintf(text.text, sizeof text.text, "%s", name);
    else
        snprintf(text.text, sizeof text.text, "%" PRIu64, runner);
    return text;
}

/* "maker 4"; only the number for those who are not of the day. */
struct btx_short_text btx_report_account(const struct btx_report_market *market, uint64_t account)
{
    const char *name =
        btx_day_find_market(market->market) != NULL ? btx_day_trader_name(account) : NULL;
    struct btx_short_text text;

    if (name != NULL)
        snprintf(text.text, sizeof text.text, "%s %" PRIu64, name, account);
    else
        snprintf(text.text, sizeof text.text, "%" PRIu64, account);
    return text;
}

static void print_title(const struct btx_report_market *market)
{
    const struct btx_day_market_names *names = btx_day_find_market(market->market);
    char title[64];

    if (names != NULL)
        snprintf(title, sizeof title, "%s", names->title);
    else
        snprintf(title, sizeof title, "Market %" PRIu64, market->market);
    btx_screen_heading(title);
    if (!market->settled)
        return;
    printf("  settled: ");
    if (market->kind == BTX_MARKET_KIND_BINARY)
        printf("%s", market->winner_count > 0 ? "yes" : "no");
    for (uint32_t i = 0; market->kind == BTX_MARKET_KIND_ODDS && i < market->winner_count; i++)
        printf("%s%s", i > 0 ? " and " : "", btx_report_runner(market, market->winners[i]).text);
    printf("%s\n", market->kind == BTX_MARKET_KIND_ODDS && market->winner_count > 1
                       ? " in a dead heat"
                       : "");
}

static void print_cell(const struct btx_report_book *book, enum btx_side side, size_t level,
                       enum btx_style style)
{
    if (level >= book->level_count[side]) {
        printf("%*s", CELL_PRICE_COLUMNS + CELL_SIZE_COLUMNS, "-");
        return;
    }
    printf("%s%s%*s%s%s%*s%s", btx_screen_style(style),
           level == 0 ? btx_screen_style(BTX_STYLE_TITLE) : "", CELL_PRICE_COLUMNS,
           btx_format_price(book->levels[side][level].price).text,
           btx_screen_style(BTX_STYLE_PLAIN), btx_screen_style(BTX_STYLE_FAINT), CELL_SIZE_COLUMNS,
           btx_format_size(book->levels[side][level].size).text, btx_screen_style(BTX_STYLE_PLAIN));
}

/* Who wants to back takes LAY orders, best one next to the bar. */
static void print_books(const struct btx_report_market *market)
{
    const bool odds = market->kind == BTX_MARKET_KIND_ODDS;

    if (market->books_ns == 0)
        return;
    printf("  %sbooks at %s, just before it was %s: the best %d prices, and sizes%s\n",
           btx_screen_style(BTX_STYLE_FAINT), btx_format_time(market->books_ns).text,
           market->books_before == BTX_COMMAND_SETTLE_MARKET ? "settled" : "suspended",
           BTX_REPORT_LEVELS, btx_screen_style(BTX_STYLE_PLAIN));
    printf("  %-*s%s%30s%s  %s%s%s\n", NAME_COLUMNS, "", btx_screen_style(BTX_STYLE_BACK),
           odds ? "to back" : "to buy", btx_screen_style(BTX_STYLE_PLAIN),
           btx_screen_style(BTX_STYLE_LAY), odds ? " to lay" : " to sell",
           btx_screen_style(BTX_STYLE_PLAIN));
    for (uint32_t i = 0; i < market->runner_count; i++) {
        const struct btx_report_book *book = &market->books[i];

        printf("  %-*.*s", NAME_COLUMNS, NAME_COLUMNS,
               btx_report_runner(market, market->runners[i]).text);
        if (market->runners[i] == market->removal.runner) {
            printf("%sdoes not run%s\n", btx_screen_style(BTX_STYLE_FAINT),
                   btx_screen_style(BTX_STYLE_PLAIN));
            continue;
        }
        for (size_t level = BTX_REPORT_LEVELS; level-- > 0;)
            print_cell(book, BTX_SIDE_LAY, level, BTX_STYLE_BACK);
        printf(" |");
        for (size_t level = 0; level < BTX_REPORT_LEVELS; level++)
            print_cell(book, BTX_SIDE_BACK, level, BTX_STYLE_LAY);
        printf("\n");
    }
}

static void print_trades(const struct btx_report_market *market)
{
    const bool odds = market->kind == BTX_MARKET_KIND_ODDS;

    printf("  %sbiggest trades: time, runner, price, size, accounts%s\n",
           btx_screen_style(BTX_STYLE_FAINT), btx_screen_style(BTX_STYLE_PLAIN));
    for (int i = 0; i < BTX_REPORT_TRADES && market->biggest[i].size > 0; i++) {
        const struct btx_report_trade *trade = &market->biggest[i];
        const bool back = trade->taker_side == BTX_SIDE_BACK;

        printf("  %s  %-*.*s%6s%11s  %s %s, %s %s\n", btx_format_time(trade->time_ns).text,
               NAME_COLUMNS, NAME_COLUMNS, btx_report_runner(market, trade->runner).text,
               btx_format_price(trade->price).text, btx_format_money(trade->size).text,
               btx_report_account(market, trade->taker).text,
               odds ? (back ? "backs" : "lays") : (back ? "buys" : "sells"),
               btx_report_account(market, trade->maker).text,
               odds ? (back ? "lays" : "backs") : (back ? "sells" : "buys"));
    }
}

void btx_report_print_market(const struct btx_report *report,
                             const struct btx_report_market *market)
{
    const struct btx_tally *tally = btx_lives_tally(report->lives, market->market);

    print_title(market);
    print_books(market);
    print_trades(market);
    btx_report_print_implied(market);
    btx_report_print_removal(market);
    btx_report_print_pauses(market);
    if (tally != NULL)
        btx_report_print_orders(market, tally);
}
