/* SPDX-License-Identifier: Apache-2.0 */
/* page_account.c - one account: its money, what its markets may still do to it, freezing. */
#include <inttypes.h>
#include <stdio.h>

#include "admin/console/pages.h"

static void put_head(struct btx_pane *pane, struct btx_json_value account, uint64_t id, bool is_old)
{
    const bool is_frozen = btx_json_is_true(btx_json_member(account, "frozen"));
    const enum btx_grid_style style = is_old ? BTX_GRID_DIM : BTX_GRID_PLAIN;

    btx_pane_put(pane, 0, BTX_GRID_STRONG, "%s account %" PRIu64, is_old ? "?" : " ", id);
    if (is_frozen)
        btx_pane_put(pane, 32, BTX_GRID_LOOK, "FROZEN: it may order nothing");
    btx_pane_next(pane);
    btx_pane_line(pane, style, "  balance     %20s",
                  btx_page_text(btx_json_member(account, "balance")).text);
    btx_pane_line(pane, style, "  available   %20s",
                  btx_page_text(btx_json_member(account, "available")).text);
    btx_pane_line(pane, style, "  last cseq   %20s   last transfer %s",
                  btx_page_text(btx_json_member(account, "cseq")).text,
                  btx_page_text(btx_json_member(account, "transfer")).text);
    btx_pane_next(pane);
}

static void put_positions(struct btx_console *console, struct btx_pane *pane,
                          struct btx_json_value positions)
{
    const size_t count = btx_page_elements(positions);
    size_t i = 0;

    if (count == 0) {
        btx_pane_line(pane, BTX_GRID_PLAIN, "  no bets are matched");
        return;
    }
    btx_pane_line(pane, BTX_GRID_STRONG, "  %12s %12s %20s %20s", "MARKET", "RUNNER", "IF IT WINS",
                  "IF IT LOSES");
    btx_list_fit(&console->positions, count, btx_pane_rows_left(pane));
    for (struct btx_json_value one = btx_json_first(positions); btx_json_is(one);
         one = btx_json_next(positions, one), i++) {
        if (i < console->positions.top || btx_pane_rows_left(pane) == 0)
            continue;
        btx_pane_line(pane, BTX_GRID_PLAIN, "%s %12s %12s %20s %20s",
                      i == console->positions.chosen ? ">" : " ",
                      btx_page_text(btx_json_member(one, "market")).text,
                      btx_page_text(btx_json_member(one, "runner")).text,
                      btx_page_text(btx_json_member(one, "win")).text,
                      btx_page_text(btx_json_member(one, "lose")).text);
    }
}

void btx_account_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    const struct btx_json_value account = btx_feed_line(&console->feeds[BTX_CONSOLE_ACCOUNT], 0);

    if (!console->account_is_open) {
        btx_pane_line(pane, BTX_GRID_PLAIN, "  Which account?  g, its number, Enter.");
        return;
    }
    if (!btx_page_begin(console, pane, BTX_CONSOLE_ACCOUNT, now_ns))
        return;
    put_head(pane, account, console->account,
             btx_page_is_old(console, BTX_CONSOLE_ACCOUNT, now_ns));
    put_positions(console, pane, btx_json_member(account, "positions"));
}

void btx_account_open(struct btx_console *console, uint64_t account)
{
    console->account = account;
    console->account_is_open = true;
    console->positions = (struct btx_list){0};
    btx_feed_forget(&console->feeds[BTX_CONSOLE_ACCOUNT]);
}

bool btx_account_key(struct btx_console *console, int key, uint64_t now_ns)
{
    char id[32];

    (void)snprintf(id, sizeof id, "%" PRIu64, console->account);
    if (key == 'g') {
        console->question_is_for = BTX_CONSOLE_ASKS_ACCOUNT;
        btx_question_ask(&console->question, (const char *const[]){NULL}, "", NULL, "its number",
                         "Open an account");
        return true;
    }
    if (!console->account_is_open)
        return false;
    if (key == 'f') {
        btx_page_ask(console, now_ns, (const char *const[]){"account", "freeze", id, NULL},
                     "All its orders are cancelled; it may order nothing, nor be paid out.\n"
                     "It may be paid in, and its bets are settled.",
                     id, NULL, "Freeze account %s", id);
        return true;
    }
    if (key == 'u') {
        btx_page_ask(console, now_ns, (const char *const[]){"account", "unfreeze", id, NULL},
                     "It may order and be paid out again.\nWhat was cancelled does not come back.",
                     "", NULL, "Unfreeze account %s", id);
        return true;
    }
    return btx_list_key(&console->positions, key);
}

const char *btx_account_keys(const struct btx_console *console)
{
    const struct btx_json_value account = btx_feed_line(&console->feeds[BTX_CONSOLE_ACCOUNT], 0);

    if (!console->account_is_open)
        return "g open by number";
    return btx_json_is_true(btx_json_member(account, "frozen"))
               ? "g another one   u unfreeze   up/down, space/- through the positions"
               : "g another one   f freeze   up/down, space/- through the positions";
}
