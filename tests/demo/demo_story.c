/* SPDX-License-Identifier: Apache-2.0 */
/* demo_story.c - the printed side of demo_report.h, part two: what the operator did to a market,
 * and what became of its orders. */
#include "tests/demo/demo_report.h"

#include "tests/demo/demo_ledger.h"
#include "tests/demo/demo_screen.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LIST_INDENT = 12, SCREEN_COLUMNS = 79, ITEM_BYTES = 96 };

static void print_faint(const char *text)
{
    printf("  %s%s%s\n", btx_screen_style(BTX_STYLE_FAINT), text,
           btx_screen_style(BTX_STYLE_PLAIN));
}

/* What happened while the market was suspended. */
static void print_meanwhile(const struct btx_report_market *market,
                            const struct btx_report_pause *pause)
{
    if (pause->removed != 0)
        printf("%s does not run", btx_report_runner(market, pause->removed).text);
    else if (pause->in_play)
        printf("turned in play");
    else if (pause->score[0] != '\0')
        printf("goal: %s%s", pause->score, pause->settled ? ", settled" : "");
    else if (pause->settled)
        printf("settled");
    else
        printf("-");
}

void btx_report_print_pauses(const struct btx_report_market *market)
{
    if (market->pause_count == 0)
        return;
    print_faint("suspended: from, to, orders cancelled while held, others cancelled, why");
    for (uint32_t i = 0; i < market->pause_count; i++) {
        const struct btx_report_pause *pause = &market->pauses[i];

        printf("  %s  %-8s%8s%8s  ", btx_format_time(pause->from_ns).text,
               pause->to_ns != 0 ? btx_format_time(pause->to_ns).text : "-",
               btx_format_count(pause->held_cancelled).text,
               btx_format_count(pause->cancelled).text);
        print_meanwhile(market, pause);
        printf("\n");
    }
}

void btx_report_print_removal(const struct btx_report_market *market)
{
    const struct btx_report_removal *removal = &market->removal;
    const struct btx_report_trade *example = &removal->example;

    if (removal->time_ns == 0)
        return;
    printf("  %s%s %s does not run: reduction factor %s %%%s\n", btx_screen_style(BTX_STYLE_FAINT),
           btx_format_time(removal->time_ns).text, btx_report_runner(market, removal->runner).text,
           btx_format_price(removal->factor).text, btx_screen_style(BTX_STYLE_PLAIN));
    printf("  %s bets of %s on it are void; all others count at reduced odds\n",
           btx_format_count(removal->void_count).text,
           btx_format_money((int64_t)removal->void_size).text);
    if (example->size == 0)
        return;
    printf("  biggest: %s, %s on %s: at %s before, at %s now\n",
           btx_report_account(market, example->taker_side == BTX_SIDE_BACK ? example->taker
                                                                           : example->maker)
               .text,
           btx_format_money(example->size).text, btx_report_runner(market, example->runner).text,
           btx_format_price(example->price).text,
           btx_format_price(btx_ledger_reduced(example->price, removal->factor)).text);
}

void btx_report_print_implied(const struct btx_report_market *market)
{
    if (market->biggest_implied[0].size == 0)
        return;
    print_faint("biggest matches through the other runner: back meets back, lay meets lay");
    for (int i = 0; i < BTX_REPORT_IMPLIED && market->biggest_implied[i].size > 0; i++) {
        const struct btx_report_implied *implied = &market->biggest_implied[i];
        const char *does = implied->side == BTX_SIDE_BACK ? "backs" : "lays";

        printf("  %s  %s %s %s %s, %s %s %s %s at %s\n", btx_format_time(implied->time_ns).text,
               btx_report_account(market, implied->taker).text, does,
               btx_report_runner(market, implied->runner).text,
               btx_format_money(implied->size).text,
               btx_report_account(market, implied->maker).text, does,
               btx_report_runner(market, implied->maker_runner).text,
               btx_format_money(implied->maker_size).text,
               btx_format_price(implied->maker_price).text);
    }
}

/* A line of items behind a word, going on in the next one where the screen ends. */
struct list {
    size_t column;
    bool follows; /* There has been an item. */
};

static struct list begin_list(const char *what)
{
    printf("  %-*s", LIST_INDENT - 2, what);
    return (struct list){.column = LIST_INDENT};
}

static void BTX_PRINTF(2, 3) put_item(struct list *list, const char *format, ...)
{
    char text[ITEM_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (list->follows)
        printf(",");
    if (list->column + strlen(text) + 3 > SCREEN_COLUMNS) {
        printf("\n%*s", LIST_INDENT, "");
        list->column = LIST_INDENT;
    } else if (list->follows) {
        printf(" ");
    }
    printf("%s", text);
    list->column += strlen(text) + 2;
    list->follows = true;
}

/* Those of @counts that are not 0, greatest first. */
static void put_counts(struct list *list, const uint64_t *counts, const struct btx_term *terms,
                       size_t count)
{
    uint64_t below = UINT64_MAX;

    for (;;) {
        uint64_t most = 0;

        for (size_t i = 0; i < count; i++)
            most = counts[i] < below && counts[i] > most ? counts[i] : most;
        if (most == 0)
            break;
        for (size_t i = 0; i < count; i++) {
            if (counts[i] == most)
                put_item(list, "%s %s", btx_format_count(most).text, terms[i].text);
        }
        below = most;
    }
}

static void print_counts(const char *what, const uint64_t *counts, const struct btx_term *terms,
                         size_t count)
{
    struct list list;

    if (btx_tally_sum(counts, count) == 0)
        return;
    list = begin_list(what);
    put_counts(&list, counts, terms, count);
    printf("\n");
}

void btx_report_print_orders(const struct btx_report_market *market, const struct btx_tally *tally)
{
    const bool odds = market->kind == BTX_MARKET_KIND_ODDS;
    struct list list = begin_list("orders");

    put_item(&list, "%s", btx_format_count(tally->accepted + tally->held).text);
    if (tally->held != 0) {
        printf("\n");
        list = begin_list("held");
        put_item(&list, "%s for %u s each: %s released", btx_format_count(tally->held).text,
                 market->bet_delay / 1000, btx_format_count(tally->released).text);
        put_counts(&list, tally->cancelled_held, btx_cause_terms, BTX_CAUSE_COUNT);
    }
    printf("\n");
    list = begin_list("matched");
    put_item(&list, "%s %s in %s trades",
             odds ? btx_format_money((int64_t)market->matched).text
                  : btx_format_count((uint64_t)(market->matched / 10000)).text,
             odds ? "of stakes" : "contracts", btx_format_count(tally->trades).text);
    if (tally->implied != 0)
        put_item(&list, "%s more through the other runner", btx_format_count(tally->implied).text);
    printf("\n");
    print_counts("cancelled", tally->cancelled, btx_cause_terms, BTX_CAUSE_COUNT);
    print_counts("refused", tally->rejected, btx_reject_terms, BTX_REJECT_COUNT);
    if (!market->settled)
        return;
    list = begin_list("settled");
    put_item(&list, "%s accounts", btx_format_count(market->settled_accounts).text);
    put_item(&list, "%s commission to the house", btx_format_money(market->commission).text);
    printf("\n");
}
