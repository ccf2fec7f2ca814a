/* SPDX-License-Identifier: Apache-2.0 */
/* serve_show.c - accounts, markets and orders, from the read model. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/json.h"
#include "admin/json_read.h"
#include "admin/printable.h"
#include "admin/server.h"
#include "admin/table.h"
#include "admin/units.h"
#include "engine/core/view.h"

/* A table has room for the best prices; programs get a book at some depth. */
enum { LEVELS = 3, JSON_LEVELS = 20, DESCRIPTION_SHOWN_BYTES = 240, NAME_BYTES = 80 };

static const char *const statuses[] = {[BTX_MARKET_OPEN] = "OPEN",
                                       [BTX_MARKET_SUSPENDED] = "SUSPENDED",
                                       [BTX_MARKET_CLOSED] = "CLOSED"};

/* The state, or NULL and the call has failed. */
static const struct btx_core *state(struct btx_admin_call *call)
{
    const char *why = btx_engine_link_why(call->server);

    if (why == NULL)
        return call->server->model.exchange.core;
    btx_call_fail(call, 68, "%s", why);
    return NULL;
}

static struct btx_units_text decimal(btx_i128 value)
{
    const bool fits = value >= -(btx_i128)INT64_MAX && value <= (btx_i128)INT64_MAX;

    return btx_units_decimal(fits ? (int64_t)value : value < 0 ? -INT64_MAX : INT64_MAX);
}

static void print_table(struct btx_admin_call *call, struct btx_table *table)
{
    struct btx_fault fault = {0};

    if (btx_table_print(table, call->out, &fault) != BTX_OK)
        btx_call_fail(call, 71, "%s", fault.text);
    btx_table_done(table);
}

/* A decimal as a JSON number. */
static void json_decimal(struct btx_json *json, const char *key, btx_i128 value)
{
    btx_json_number(json, key, decimal(value).text);
}

/* ---- Markets ---- */

/* The first bytes of the name that a market's description, if it is JSON, has by convention. */
static void json_name(struct btx_json *json, const struct btx_core *core, uint64_t market)
{
    static char description[BTX_DESCRIPTION_BYTES_MAX];
    struct btx_json_value value = {0};
    struct btx_json_value name;

    if (!btx_json_read(description, btx_core_view_description(core, market, description), &value))
        value = (struct btx_json_value){0};
    name = btx_json_member(value, "name");
    if (btx_json_is(name) && *name.text == '"')
        btx_json_padded(json, "name", name.text + 1,
                        name.length_bytes - 2 < NAME_BYTES ? name.length_bytes - 2 : NAME_BYTES);
    else
        btx_json_null(json, "name");
}

static void json_market(struct btx_json *json, const struct btx_market_view *market)
{
    btx_json_u64(json, "market", market->market);
    btx_json_text(json, "kind", btx_market_kind_terms[market->kind].text);
    btx_json_text(json, "status", statuses[market->status]);
    btx_json_bool(json, "in_play", market->in_play);
    btx_json_u64(json, "version", market->version);
    btx_json_u64(json, "runners", market->runner_count - market->removed_count);
    btx_json_u64(json, "winners", market->winners);
    btx_json_u64(json, "live_orders", market->live_orders);
    json_decimal(json, "min_size", market->min_size);
    json_decimal(json, "commission", market->commission);
    btx_json_u64(json, "bet_delay", market->bet_delay);
}

void btx_serve_market_ls(struct btx_admin_call *call)
{
    static const struct btx_column columns[] = {
        {"MARKET", false},  {"KIND", true},    {"STATUS", true},      {"IN PLAY", true},
        {"RUNNERS", false}, {"ORDERS", false}, {"COMMISSION", false}, {"VERSION", false}};
    struct btx_table table = {.columns = columns, .column_count = BTX_COUNT_OF(columns)};
    struct btx_json json = {.out = call->out};
    const struct btx_core *core = state(call);
    struct btx_market_view market;

    if (core == NULL)
        return;
    for (uint64_t id = 0; (id = btx_core_view_next_market(core, id)) != 0;) {
        if (!btx_core_view_market(core, id, &market))
            continue;
        if (call->request.json) {
            btx_json_begin_object(&json, NULL);
            json_market(&json, &market);
            json_name(&json, core, id);
            btx_json_end_object(&json);
            btx_json_end_line(&json);
            continue;
        }
        btx_table_cell(&table, "%" PRIu64, id);
        btx_table_cell(&table, "%s", btx_market_kind_terms[market.kind].text);
        btx_table_cell(&table, "%s", statuses[market.status]);
        btx_table_cell(&table, "%s", market.in_play ? "yes" : "no");
        btx_table_cell(&table, "%" PRIu32, market.runner_count - market.removed_count);
        btx_table_cell(&table, "%" PRIu32, market.live_orders);
        btx_table_cell(&table, "%s", decimal(market.commission).text);
        btx_table_cell(&table, "%" PRIu64, market.version);
    }
    if (!call->request.json)
        print_table(call, &table);
    else
        btx_table_done(&table);
}

static void cell_levels(struct btx_table *table, const struct btx_core *core, uint64_t market,
                        uint64_t runner, enum btx_side side)
{
    struct btx_level_view levels[LEVELS];
    const size_t count = btx_core_view_book(core, market, runner, side, levels, LEVELS);

    for (size_t i = 0; i < LEVELS; i++) {
        if (i < count)
            btx_table_cell(table, "%s @ %s", decimal(levels[i].size).text,
                           decimal(levels[i].price).text);
        else
            btx_table_cell(table, "-");
    }
}

static void json_levels(struct btx_json *json, const struct btx_core *core, uint64_t market,
                        uint64_t runner, enum btx_side side)
{
    struct btx_level_view levels[JSON_LEVELS];
    const size_t count = btx_core_view_book(core, market, runner, side, levels, JSON_LEVELS);

    btx_json_begin_list(json, btx_side_terms[side].text);
    for (size_t i = 0; i < count; i++) {
        btx_json_begin_object(json, NULL);
        json_decimal(json, "price", levels[i].price);
        json_decimal(json, "size", levels[i].size);
        btx_json_end_object(json);
    }
    btx_json_end_list(json);
}

static void show_market_json(struct btx_admin_call *call, const struct btx_core *core,
                             const struct btx_market_view *market, const char *description)
{
    struct btx_json json = {.out = call->out};

    btx_json_begin_object(&json, NULL);
    json_market(&json, market);
    btx_json_text(&json, "description", description);
    btx_json_begin_list(&json, "books");
    for (uint32_t i = 0; i < market->runner_count; i++) {
        const uint64_t runner = btx_core_view_runner(core, market->market, i);

        btx_json_begin_object(&json, NULL);
        btx_json_u64(&json, "runner", runner);
        btx_json_bool(&json, "removed", btx_core_view_is_removed(core, market->market, i));
        json_levels(&json, core, market->market, runner, BTX_SIDE_BACK);
        json_levels(&json, core, market->market, runner, BTX_SIDE_LAY);
        btx_json_end_object(&json);
    }
    btx_json_end_list(&json);
    btx_json_end_object(&json);
    btx_json_end_line(&json);
}

/* Books stand as traders know them: what can be backed at the left of the middle, best inside. */
static void show_market(struct btx_admin_call *call, const struct btx_core *core,
                        const struct btx_market_view *market, const char *description)
{
    static const struct btx_column columns[] = {{"RUNNER", false}, {"BACKS", false}, {"", false},
                                                {"", false},       {"LAYS", false},  {"", false},
                                                {"", false}};
    struct btx_table table = {.columns = columns, .column_count = BTX_COUNT_OF(columns)};
    char shown[DESCRIPTION_SHOWN_BYTES];

    fprintf(call->out,
            "market %" PRIu64 "  %s, %s%s, version %" PRIu64 "\n"
            "  %" PRIu32 " runner%s, %" PRIu32 " to win; %" PRIu32 " live order%s; "
            "smallest %s, commission %s%s\n",
            market->market, btx_market_kind_terms[market->kind].text, statuses[market->status],
            market->in_play ? ", in play" : "", market->version,
            market->runner_count - market->removed_count,
            btx_units_s(market->runner_count - market->removed_count), market->winners,
            market->live_orders, btx_units_s(market->live_orders), decimal(market->min_size).text,
            decimal(market->commission).text, market->bet_delay != 0 ? ", bets held in play" : "");
    if (description[0] != '\0') {
        btx_units_printable(shown, sizeof shown, description, strlen(description));
        fprintf(call->out, "  %s\n", shown);
    }
    for (uint32_t i = 0; i < market->runner_count; i++) {
        const uint64_t runner = btx_core_view_runner(core, market->market, i);

        btx_table_cell(&table, "%" PRIu64 "%s", runner,
                       btx_core_view_is_removed(core, market->market, i) ? " removed" : "");
        cell_levels(&table, core, market->market, runner, BTX_SIDE_BACK);
        cell_levels(&table, core, market->market, runner, BTX_SIDE_LAY);
    }
    print_table(call, &table);
}

void btx_serve_market_show(struct btx_admin_call *call)
{
    static char description[BTX_DESCRIPTION_BYTES_MAX + 1];
    const struct btx_core *core = state(call);
    struct btx_market_view market;
    uint64_t id;

    if (core == NULL || !btx_call_id(call, 0, "market", &id))
        return;
    if (!btx_core_view_market(core, id, &market)) {
        btx_call_fail(call, 1, "there is no market %" PRIu64, id);
        return;
    }
    description[btx_core_view_description(core, id, description)] = '\0';
    if (call->request.json)
        show_market_json(call, core, &market, description);
    else
        show_market(call, core, &market, description);
}

/* ---- Accounts ---- */

/* The worst and the best that a market may still do to the account; false: nothing. */
static bool exposure(const struct btx_core *core, uint64_t account,
                     const struct btx_market_view *market, uint32_t index, btx_i128 *ret_win,
                     btx_i128 *ret_lose)
{
    struct btx_exposure_view view;

    if (!btx_core_view_exposure(core, account, market->market, index, &view) ||
        (view.win == 0 && view.lose == 0))
        return false;
    *ret_win = view.win;
    *ret_lose = view.lose;
    return true;
}

static void show_positions(struct btx_admin_call *call, const struct btx_core *core,
                           uint64_t account, struct btx_json *json)
{
    static const struct btx_column columns[] = {
        {"MARKET", false}, {"RUNNER", false}, {"IF IT WINS", false}, {"IF IT LOSES", false}};
    struct btx_table table = {.columns = columns, .column_count = BTX_COUNT_OF(columns)};
    struct btx_market_view market;
    btx_i128 win;
    btx_i128 lose;

    for (uint64_t id = 0; (id = btx_core_view_next_market(core, id)) != 0;) {
        for (uint32_t i = 0; btx_core_view_market(core, id, &market) && i < market.runner_count;
             i++) {
            if (!exposure(core, account, &market, i, &win, &lose))
                continue;
            if (json != NULL) {
                btx_json_begin_object(json, NULL);
                btx_json_u64(json, "market", id);
                btx_json_u64(json, "runner", btx_core_view_runner(core, id, i));
                json_decimal(json, "win", win);
                json_decimal(json, "lose", lose);
                btx_json_end_object(json);
                continue;
            }
            btx_table_cell(&table, "%" PRIu64, id);
            btx_table_cell(&table, "%" PRIu64, btx_core_view_runner(core, id, i));
            btx_table_cell(&table, "%s", decimal(win).text);
            btx_table_cell(&table, "%s", decimal(lose).text);
        }
    }
    if (json == NULL && table.cell_count != 0)
        print_table(call, &table);
    else
        btx_table_done(&table);
}

void btx_serve_account_show(struct btx_admin_call *call)
{
    const struct btx_core *core = state(call);
    struct btx_json json = {.out = call->out};
    const char *currency = call->server->settings->exchange.currency;
    struct btx_account_view account;
    uint64_t id;

    if (core == NULL || !btx_call_id(call, 0, "account", &id))
        return;
    if (!btx_core_view_account(core, id, &account)) {
        btx_call_fail(call, 1, "there is no account %" PRIu64, id);
        return;
    }
    if (!call->request.json) {
        fprintf(call->out,
                "account %" PRIu64 "%s\n  balance    %s %s\n  available  %s %s\n"
                "  cseq       %" PRIu64 "\n  transfer   %" PRIu64 "\n",
                id, account.frozen ? ", FROZEN" : "", decimal(account.balance).text, currency,
                decimal(account.available).text, currency, account.cseq, account.transfer);
        show_positions(call, core, id, NULL);
        return;
    }
    btx_json_begin_object(&json, NULL);
    btx_json_u64(&json, "account", id);
    btx_json_bool(&json, "frozen", account.frozen);
    json_decimal(&json, "balance", account.balance);
    json_decimal(&json, "available", account.available);
    btx_json_u64(&json, "cseq", account.cseq);
    btx_json_u64(&json, "transfer", account.transfer);
    btx_json_begin_list(&json, "positions");
    show_positions(call, core, id, &json);
    btx_json_end_list(&json);
    btx_json_end_object(&json);
    btx_json_end_line(&json);
}

/* ---- Orders ---- */

void btx_serve_order_show(struct btx_admin_call *call)
{
    const struct btx_core *core = state(call);
    struct btx_json json = {.out = call->out};
    struct btx_order_view order;
    uint64_t id;

    if (core == NULL || !btx_call_id(call, 0, "order", &id))
        return;
    if (!btx_core_view_order(core, id, &order)) {
        btx_call_fail(call, 1, "there is no live order %" PRIu64, id);
        return;
    }
    if (!call->request.json) {
        fprintf(call->out,
                "order %" PRIu64 "%s\n  account      %" PRIu64 "\n  market       %" PRIu64
                "\n  runner       %" PRIu64 "\n  side         %s\n  price        %s\n"
                "  remaining    %s\n  persistence  %s\n",
                id, order.held ? ", held" : "", order.account, order.market, order.runner,
                btx_side_terms[order.side].text, decimal(order.price).text,
                decimal(order.remaining).text, btx_persistence_terms[order.persistence].text);
        if (order.expires != 0)
            fprintf(call->out, "  expires      %s UTC\n", btx_units_time(order.expires).text);
        return;
    }
    btx_json_begin_object(&json, NULL);
    btx_json_u64(&json, "order", id);
    btx_json_u64(&json, "account", order.account);
    btx_json_u64(&json, "market", order.market);
    btx_json_u64(&json, "runner", order.runner);
    btx_json_text(&json, "side", btx_side_terms[order.side].text);
    json_decimal(&json, "price", order.price);
    json_decimal(&json, "remaining", order.remaining);
    btx_json_text(&json, "persistence", btx_persistence_terms[order.persistence].text);
    btx_json_bool(&json, "held", order.held);
    btx_json_u64(&json, "expires", order.expires);
    btx_json_end_object(&json);
    btx_json_end_line(&json);
}
