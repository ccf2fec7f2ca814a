/* SPDX-License-Identifier: Apache-2.0 */
/* page_market.c - one market: how it stands, its runners, the book of the one that is chosen. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/console/pages.h"

enum {
    DESCRIPTION_BYTES = 64 * 1024, /* each of its 8 KiB may be escaped */
    NAME_COLUMNS = 16,
    NAME_COLUMNS_WIDE = 40,
    WIDE_COLUMNS = 110,
    PRICE_COLUMNS = 8,
    BOOK_GAP = 2,
};

static const struct btx_json_value none;

/* By convention a description is JSON: "name", and "runners" with a name for each id. */
static struct btx_json_value described(struct btx_json_value market)
{
    static char text[DESCRIPTION_BYTES];
    struct btx_json_value value;

    (void)btx_json_show(btx_json_member(market, "description"), text, sizeof text);
    return btx_json_read(text, strlen(text), &value) ? value : none;
}

static void put_head(struct btx_pane *pane, struct btx_json_value market,
                     struct btx_json_value description, uint64_t id, bool is_old)
{
    const struct btx_json_value name = btx_json_member(description, "name");
    const struct btx_json_value status = btx_json_member(market, "status");
    const enum btx_grid_style style = is_old                          ? BTX_GRID_DIM
                                      : btx_json_says(status, "OPEN") ? BTX_GRID_PLAIN
                                                                      : BTX_GRID_LOOK;

    btx_pane_line(pane, BTX_GRID_STRONG, "%s market %" PRIu64 "  %s", is_old ? "?" : " ", id,
                  btx_json_is(name) ? btx_page_text(name).text : "");
    btx_pane_line(pane, style, "  %s, %s%s, version %s, %s live orders, %s to win",
                  btx_page_text(btx_json_member(market, "kind")).text, btx_page_text(status).text,
                  btx_json_is_true(btx_json_member(market, "in_play")) ? ", in play" : "",
                  btx_page_text(btx_json_member(market, "version")).text,
                  btx_page_count(btx_json_member(market, "live_orders")).text,
                  btx_page_text(btx_json_member(market, "winners")).text);
    btx_pane_line(pane, BTX_GRID_PLAIN,
                  "  smallest size %s, commission %s, bets held in play %s ms",
                  btx_page_text(btx_json_member(market, "min_size")).text,
                  btx_page_text(btx_json_member(market, "commission")).text,
                  btx_page_count(btx_json_member(market, "bet_delay")).text);
    btx_pane_next(pane);
}

static struct btx_page_text best_price(struct btx_json_value book, const char *side)
{
    return btx_page_text(btx_json_member(btx_json_first(btx_json_member(book, side)), "price"));
}

static void put_runner(struct btx_pane *pane, struct btx_json_value book,
                       struct btx_json_value description, bool is_chosen, int name_columns)
{
    const struct btx_page_text id = btx_page_text(btx_json_member(book, "runner"));
    const struct btx_json_value name =
        btx_json_member(btx_json_member(description, "runners"), id.text);
    const bool is_removed = btx_json_is_true(btx_json_member(book, "removed"));
    struct btx_page_text shown = id;

    if (btx_json_is(name))
        (void)snprintf(shown.text, sizeof shown.text, "%.20s %.120s", id.text,
                       btx_page_text(name).text);
    btx_pane_put(pane, 0, is_chosen ? BTX_GRID_CHOSEN : BTX_GRID_PLAIN, "%s %-*.*s %*s %*s",
                 is_chosen ? ">" : " ", name_columns, name_columns, shown.text, PRICE_COLUMNS,
                 is_removed ? "removed" : best_price(book, "BACK").text, PRICE_COLUMNS,
                 is_removed ? "" : best_price(book, "LAY").text);
    btx_pane_next(pane);
}

/* The best at the top, backs at the left; how much is out of sight stands in the last row. */
static void put_book(struct btx_pane *pane, struct btx_json_value book)
{
    const struct btx_json_value backs = btx_json_member(book, "BACK");
    const struct btx_json_value lays = btx_json_member(book, "LAY");
    struct btx_json_value back = btx_json_first(backs);
    struct btx_json_value lay = btx_json_first(lays);

    btx_pane_line(pane, BTX_GRID_STRONG, "%10s %8s   %8s %10s", "BACK SIZE", "PRICE", "PRICE",
                  "LAY SIZE");
    while (btx_pane_rows_left(pane) != 0 && (btx_json_is(back) || btx_json_is(lay))) {
        if (btx_json_is(back))
            btx_pane_put(pane, 0, BTX_GRID_PLAIN, "%10s %8s",
                         btx_page_text(btx_json_member(back, "size")).text,
                         btx_page_text(btx_json_member(back, "price")).text);
        btx_pane_put(pane, 20, BTX_GRID_DIM, "|");
        if (btx_json_is(lay))
            btx_pane_put(pane, 22, BTX_GRID_PLAIN, "%8s %10s",
                         btx_page_text(btx_json_member(lay, "price")).text,
                         btx_page_text(btx_json_member(lay, "size")).text);
        btx_pane_next(pane);
        back = btx_json_next(backs, back);
        lay = btx_json_next(lays, lay);
    }
}

void btx_market_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    const struct btx_json_value market = btx_feed_line(&console->feeds[BTX_CONSOLE_MARKET], 0);
    const struct btx_json_value books = btx_json_member(market, "books");
    const struct btx_json_value description = described(market);
    const int name_columns = pane->end_column < WIDE_COLUMNS ? NAME_COLUMNS : NAME_COLUMNS_WIDE;
    struct btx_json_value book;
    struct btx_pane right;
    size_t i = 0;

    if (!btx_page_begin(console, pane, BTX_CONSOLE_MARKET, now_ns))
        return;
    put_head(pane, market, description, console->market,
             btx_page_is_old(console, BTX_CONSOLE_MARKET, now_ns));
    right = *pane;
    right.column = 2 + (unsigned)name_columns + 2 * (1 + PRICE_COLUMNS) + BOOK_GAP;
    btx_pane_line(pane, BTX_GRID_STRONG, "  %-*s %*s %*s", name_columns, "RUNNER", PRICE_COLUMNS,
                  "BACK", PRICE_COLUMNS, "LAY");
    btx_list_fit(&console->runners, btx_page_elements(books), btx_pane_rows_left(pane));
    for (book = btx_json_first(books); btx_json_is(book); book = btx_json_next(books, book), i++) {
        if (i >= console->runners.top && btx_pane_rows_left(pane) != 0)
            put_runner(pane, book, description, i == console->runners.chosen, name_columns);
        if (i == console->runners.chosen)
            put_book(&right, book);
    }
}

struct market_key {
    int key;
    bool types; /* the market's number must be typed */
    const char *verb;
    const char *value;
    const char *title;
    const char *effect;
};

static const struct market_key market_keys[] = {
    {'s', false, "suspend", NULL, "Suspend market %" PRIu64,
     "It takes no orders until it is resumed; cancels go on.\nBets in its book stay there."},
    {'r', false, "resume", NULL, "Resume market %" PRIu64,
     "It takes orders again.\nWhat is in its book may be matched from now on."},
    {'i', true, "in-play", NULL, "Turn market %" PRIu64 " in play",
     "Orders that lapse are cancelled, and bets are held if it has a delay.\n"
     "There is no way back."},
    {'t', true, "settle", "winners, as 1,2 or yes or no", "Settle market %" PRIu64,
     "All orders are cancelled, winners are paid, losers pay.\nThere is no way back."},
    {'v', true, "void", NULL, "Void market %" PRIu64,
     "All orders are cancelled and all bets are void.\nThere is no way back."},
    {'f', true, "forget", NULL, "Forget market %" PRIu64,
     "A closed market gives up its place; its number may be used again.\n"
     "What is in the log stays there."},
    {'d', false, "delay", "bet delay in ms, 0 for none", "Set the bet delay of market %" PRIu64,
     "Bets in play are held so long before they are matched.\n"
     "Bets that are held already keep their moment."},
};

bool btx_market_key(struct btx_console *console, int key, uint64_t now_ns)
{
    char id[32];
    char filter[40];

    (void)snprintf(id, sizeof id, "%" PRIu64, console->market);
    if (key == BTX_KEY_ESCAPE || key == BTX_KEY_BACKSPACE) {
        console->market_is_open = false;
        return true;
    }
    if (key == 'c') {
        (void)snprintf(filter, sizeof filter, "market=%s", id);
        btx_page_ask(console, now_ns, (const char *const[]){"orders", "cancel", filter, NULL},
                     "Everybody's orders in it are taken out of its books.\n"
                     "What is matched stays.",
                     id, NULL, "Cancel all orders of market %s", id);
        return true;
    }
    for (size_t i = 0; i < BTX_COUNT_OF(market_keys); i++) {
        const struct market_key *one = &market_keys[i];

        if (key != one->key)
            continue;
        btx_page_ask(console, now_ns, (const char *const[]){"market", one->verb, id, NULL},
                     one->effect, one->types ? id : "", one->value, one->title, console->market);
        return true;
    }
    return btx_list_key(&console->runners, key);
}

/* What can be done with a market that stands as it does. */
const char *btx_market_keys(const struct btx_console *console)
{
    const struct btx_json_value market = btx_feed_line(&console->feeds[BTX_CONSOLE_MARKET], 0);
    const struct btx_json_value status = btx_json_member(market, "status");
    const bool is_in_play = btx_json_is_true(btx_json_member(market, "in_play"));

    if (btx_json_says(status, "CLOSED"))
        return "f forget   Esc list";
    if (btx_json_says(status, "SUSPENDED"))
        return is_in_play ? "r resume  d delay  t settle  v void  c cancel orders  Esc list"
                          : "r resume  i in play  d delay  t settle  v void  c cancel orders  "
                            "Esc list";
    return is_in_play ? "s suspend  d delay  t settle  v void  c cancel orders  Esc list"
                      : "s suspend  i in play  d delay  t settle  v void  c cancel orders  "
                        "Esc list";
}
