/* SPDX-License-Identifier: Apache-2.0 */
/* page_markets.c - the list of the markets. */
#include <inttypes.h>
#include <stdio.h>

#include "admin/console/pages.h"

/* What stands in a row beside the name. */
enum { NAME_COLUMN = 13, OTHER_COLUMNS = 32 };

static void put_market(struct btx_pane *pane, struct btx_json_value market, bool is_chosen,
                       bool is_old)
{
    const struct btx_json_value status = btx_json_member(market, "status");
    const unsigned other_column = pane->end_column - OTHER_COLUMNS;
    const enum btx_grid_style style = is_old                               ? BTX_GRID_DIM
                                      : is_chosen                          ? BTX_GRID_CHOSEN
                                      : btx_json_says(status, "OPEN")      ? BTX_GRID_PLAIN
                                      : btx_json_says(status, "SUSPENDED") ? BTX_GRID_LOOK
                                                                           : BTX_GRID_DIM;

    if (is_chosen)
        btx_pane_paint(pane, style);
    btx_pane_put(pane, 0, style, "%s%10s",
                 is_old      ? "?"
                 : is_chosen ? ">"
                             : " ",
                 btx_page_text(btx_json_member(market, "market")).text);
    btx_pane_put(pane, NAME_COLUMN, style, "%.*s", (int)(other_column - NAME_COLUMN - 1),
                 btx_page_text(btx_json_member(market, "name")).text);
    btx_pane_put(pane, other_column, style, "%-6s %-9s %-7s %7s",
                 btx_page_text(btx_json_member(market, "kind")).text, btx_page_text(status).text,
                 btx_json_is_true(btx_json_member(market, "in_play")) ? "in play" : "",
                 btx_page_count(btx_json_member(market, "live_orders")).text);
    btx_pane_next(pane);
}

static void draw_list(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    const struct btx_feed *feed = &console->feeds[BTX_CONSOLE_MARKETS];
    const bool is_old = btx_page_is_old(console, BTX_CONSOLE_MARKETS, now_ns);

    if (!btx_page_begin(console, pane, BTX_CONSOLE_MARKETS, now_ns))
        return;
    btx_pane_put(pane, 0, BTX_GRID_STRONG, " %10s  %s", "MARKET", "NAME");
    btx_pane_put(pane, pane->end_column - OTHER_COLUMNS, BTX_GRID_STRONG, "%-6s %-17s %7s", "KIND",
                 "STATUS", "ORDERS");
    btx_pane_next(pane);
    if (feed->line_count == 0)
        btx_pane_line(pane, BTX_GRID_PLAIN, "  there are no markets");
    btx_list_fit(&console->markets, feed->line_count, btx_pane_rows_left(pane));
    for (size_t i = console->markets.top; i < feed->line_count && btx_pane_rows_left(pane) != 0;
         i++)
        put_market(pane, btx_feed_line(feed, i), i == console->markets.chosen, is_old);
}

void btx_markets_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    if (console->market_is_open)
        btx_market_draw(console, pane, now_ns);
    else
        draw_list(console, pane, now_ns);
}

void btx_markets_open(struct btx_console *console, uint64_t market)
{
    console->market = market;
    console->market_is_open = true;
    console->runners = (struct btx_list){0};
    btx_feed_forget(&console->feeds[BTX_CONSOLE_MARKET]);
}

bool btx_markets_key(struct btx_console *console, int key, uint64_t now_ns)
{
    const struct btx_json_value chosen =
        btx_feed_line(&console->feeds[BTX_CONSOLE_MARKETS], console->markets.chosen);
    uint64_t market;

    if (console->market_is_open)
        return btx_market_key(console, key, now_ns);
    if (key == 'g') {
        console->question_is_for = BTX_CONSOLE_ASKS_MARKET;
        btx_question_ask(&console->question, (const char *const[]){NULL}, "", NULL, "its number",
                         "Open a market");
        return true;
    }
    if (key == BTX_KEY_ENTER) {
        if (btx_json_number_of(btx_json_member(chosen, "market"), &market))
            btx_markets_open(console, market);
        return true;
    }
    return btx_list_key(&console->markets, key);
}

const char *btx_markets_keys(const struct btx_console *console)
{
    if (console->market_is_open)
        return btx_market_keys(console);
    return "Enter open   g open by number   up/down, space/- by pages, Home, End";
}
