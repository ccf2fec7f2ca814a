/* SPDX-License-Identifier: Apache-2.0 */
/* requests.c - what sessions ask for: who they are, their commands, and what they look at. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/core/view.h"
#include "tls/gateway.h"

#define NO_PLACE UINT32_MAX

static const struct btx_core *core_of(const struct btx_gateway *gateway)
{
    return gateway->model.exchange.core;
}

static void refuse(struct btx_connection *connection, uint16_t code, const char *why)
{
    struct btx_gateway *gateway = connection->gateway;

    btx_session_refuse(&connection->session, gateway->request.request, code, why,
                       btx_gateway_now_ns(gateway));
}

/* ---- Accounts ---- */

/* NULL: no memory. */
static struct btx_gateway_account *find_account(struct btx_gateway *gateway, uint64_t id)
{
    struct btx_gateway_account *account =
        (struct btx_gateway_account *)btx_table_find(&gateway->accounts, id, 0);

    if (account != NULL)
        return account;
    account = calloc(1, sizeof *account);
    if (account == NULL)
        return NULL;
    account->entry.key[0] = id;
    account->engine_place = NO_PLACE;
    if (btx_table_add(&gateway->accounts, &account->entry))
        return account;
    free(account);
    return NULL;
}

void btx_gateway_account_release(struct btx_gateway *gateway, struct btx_gateway_account *account)
{
    if (account->connections != NULL || account->outstanding != 0 || account->is_cancel_due)
        return;
    btx_table_remove(&gateway->accounts, &account->entry);
    free(account);
}

/* ---- Orders that end with their sessions ---- */

/* Have the engine cancel the account's orders when this process ends.  False: its list is full. */
static bool take_place(struct btx_gateway *gateway, struct btx_gateway_account *account)
{
    for (uint32_t i = 0; account->engine_place == NO_PLACE && i < gateway->engine_place_count;
         i++) {
        if (gateway->engine_places[i] != 0)
            continue;
        gateway->engine_places[i] = account->entry.key[0];
        account->engine_place = i;
        btx_command_producer_set_account(&gateway->client.commands, i, account->entry.key[0]);
    }
    return account->engine_place != NO_PLACE;
}

static void give_place_back(struct btx_gateway *gateway, struct btx_gateway_account *account)
{
    if (account->engine_place == NO_PLACE)
        return;
    gateway->engine_places[account->engine_place] = 0;
    btx_command_producer_set_account(&gateway->client.commands, account->engine_place, 0);
    account->engine_place = NO_PLACE;
}

/* Whether there is nothing more to do for the orders of @account. */
static bool cancel_orders(struct btx_gateway *gateway, struct btx_gateway_account *account)
{
    union btx_command_space space;
    struct btx_cancel_orders *command = (void *)&space;
    struct btx_pending pending = {.account = account};

    if (account->outstanding == 0 &&
        btx_core_view_live_orders(core_of(gateway), account->entry.key[0]) == 0)
        return true;
    (void)btx_command_begin(&space, BTX_COMMAND_CANCEL_ORDERS);
    command->account = account->entry.key[0];
    command->present = BTX_CANCEL_ORDERS_HAS_ACCOUNT;
    if (!btx_gateway_hand_over(gateway, &space, &pending))
        return false;
    account->outstanding++;
    return true;
}

void btx_gateway_cancel_due(struct btx_gateway *gateway)
{
    while (gateway->is_ready && gateway->cancels_due != NULL) {
        struct btx_gateway_account *account = gateway->cancels_due;

        if (!cancel_orders(gateway, account))
            return; /* The ring is full: when there is an answer, again. */
        gateway->cancels_due = account->due_next;
        account->is_cancel_due = false;
        give_place_back(gateway, account);
        btx_gateway_account_release(gateway, account);
    }
}

/* ---- Coming and going ---- */

static void leave_greeters(struct btx_connection *connection)
{
    struct btx_connection **at = &connection->gateway->greeters;

    if (!connection->is_greeting)
        return;
    while (*at != connection)
        at = &(*at)->greet_next;
    *at = connection->greet_next;
    connection->is_greeting = false;
}

void btx_gateway_part(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    struct btx_gateway_account *account = connection->account;
    struct btx_connection **at;

    leave_greeters(connection);
    if (account == NULL)
        return;
    at = &account->connections;
    while (*at != connection)
        at = &(*at)->account_next;
    *at = connection->account_next;
    connection->account = NULL;
    if (connection->is_counted && --account->cancel_count == 0 && !account->is_cancel_due) {
        account->is_cancel_due = true;
        account->due_next = gateway->cancels_due;
        gateway->cancels_due = account;
    }
    btx_gateway_account_release(gateway, account);
}

/* The account has one sequence, and the newest session that asks for it has it. */
static void supersede(struct btx_connection *newest)
{
    for (struct btx_connection *other = newest->account->connections; other != NULL;
         other = other->account_next) {
        if (other != newest && (other->session.flags & BTX_FRAME_HELLO_SEQUENCE) != 0)
            btx_connection_close(other, BTX_FRAME_STATUS_SUPERSEDED, NULL);
    }
}

static void hello(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    const uint64_t wanted = gateway->request.hello.account;
    const struct btx_client_row *client =
        btx_clients_find(&gateway->clients, connection->subject, wanted);

    if (client == NULL) {
        const bool is_known = btx_clients_find(&gateway->clients, connection->subject, 0) != NULL;

        btx_connection_close(
            connection, is_known ? BTX_FRAME_STATUS_WRONG_ACCOUNT : BTX_FRAME_STATUS_NOT_ALLOWED,
            is_known ? NULL : "no account has the subject of this certificate");
        return;
    }
    connection->account = find_account(gateway, client->account);
    if (connection->account == NULL) {
        btx_connection_close(connection, BTX_FRAME_STATUS_LIMIT, NULL);
        return;
    }
    connection->rights = client->rights;
    connection->hello_request = gateway->request.request;
    connection->account_next = connection->account->connections;
    connection->account->connections = connection;
    if ((connection->session.flags & BTX_FRAME_HELLO_SEQUENCE) != 0)
        supersede(connection);
    connection->is_greeting = true;
    connection->greet_next = gateway->greeters;
    gateway->greeters = connection;
    btx_gateway_greet(gateway);
}

/* What the sessions before it asked for must be in the state: then the last cseq is the last. */
static bool may_be_welcomed(const struct btx_connection *connection)
{
    const struct btx_gateway_account *account = connection->account;

    return !account->is_cancel_due &&
           ((connection->session.flags & BTX_FRAME_HELLO_SEQUENCE) == 0 ||
            account->outstanding == 0);
}

static void welcome(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    const struct btx_exchange_settings *exchange = &gateway->options.settings->exchange;
    struct btx_frame_welcome frame = {.rights = connection->rights,
                                      .account = connection->account->entry.key[0]};
    struct btx_account_view account = {0};
    struct btx_core_view view;

    leave_greeters(connection);
    if ((connection->session.flags & BTX_FRAME_HELLO_CANCEL) != 0) {
        if (!take_place(gateway, connection->account)) {
            btx_connection_close(connection, BTX_FRAME_STATUS_LIMIT,
                                 "too many accounts whose orders end with their sessions");
            return;
        }
        connection->account->cancel_count++;
        connection->is_counted = true;
    }
    btx_core_view(core_of(gateway), &view);
    (void)btx_core_view_account(core_of(gateway), frame.account, &account); /* Else all zero. */
    frame.seq = view.seq;
    frame.time_ns = view.time_ns;
    frame.cseq = account.cseq;
    memcpy(frame.currency, exchange->currency, strnlen(exchange->currency, sizeof frame.currency));
    memcpy(frame.exchange, exchange->name, strnlen(exchange->name, sizeof frame.exchange));
    btx_session_welcome(&connection->session, connection->hello_request, &frame,
                        btx_gateway_now_ns(gateway));
    btx_connection_touch(connection);
}

void btx_gateway_greet(struct btx_gateway *gateway)
{
    struct btx_connection *next;

    for (struct btx_connection *connection = gateway->greeters;
         gateway->is_ready && connection != NULL; connection = next) {
        next = connection->greet_next;
        if (connection->session.state != BTX_SESSION_GREETING)
            leave_greeters(connection); /* Closed meanwhile. */
        else if (may_be_welcomed(connection))
            welcome(connection);
    }
}

/* ---- Commands ---- */

static void command(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    struct btx_pending pending = {.connection = connection,
                                  .account = connection->account,
                                  .request = gateway->request.request};

    if (!btx_gateway_hand_over(gateway, &gateway->request.command, &pending)) {
        gateway->counters.busy++;
        refuse(connection, BTX_FRAME_STATUS_BUSY, NULL);
        return;
    }
    gateway->counters.commands++;
    connection->account->outstanding++;
    btx_session_taken(&connection->session);
}

/* ---- What sessions look at ---- */

static void *put(struct btx_connection *connection, enum btx_frame_type type, uint8_t flags,
                 size_t body_bytes)
{
    struct btx_gateway *gateway = connection->gateway;

    return btx_session_put(&connection->session, type, flags, gateway->request.request, body_bytes,
                           btx_gateway_now_ns(gateway));
}

/* The nearest that fits. */
static int64_t narrow(btx_i128 value)
{
    return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : (int64_t)value;
}

static void show_account(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    const uint64_t id = connection->session.account;
    struct btx_account_view view;
    struct btx_frame_account *frame;

    if (!btx_core_view_account(core_of(gateway), id, &view)) {
        refuse(connection, BTX_FRAME_STATUS_UNKNOWN, "the account is not open");
        return;
    }
    frame = put(connection, BTX_FRAME_ACCOUNT, 0, sizeof *frame);
    if (frame == NULL)
        return;
    frame->seq = gateway->model.seq;
    frame->account = id;
    frame->balance = view.balance;
    frame->available = narrow(view.available);
    frame->cseq = view.cseq;
    frame->live_orders = btx_core_view_live_orders(core_of(gateway), id);
    frame->frozen = view.frozen;
}

/* Up to @orders_max ids of the account's orders behind @wish, by market, then id. */
static size_t collect_orders(const struct btx_core *core, uint64_t account,
                             const struct btx_frame_orders_wish *wish, uint64_t *ret_orders,
                             size_t orders_max)
{
    uint64_t market = wish->market;
    size_t count = market == 0 ? 0
                               : btx_core_view_orders(core, account, market, wish->order,
                                                      ret_orders, orders_max);

    while (count < orders_max) {
        market = btx_core_view_next_position(core, account, market);
        if (market == 0)
            break;
        count +=
            btx_core_view_orders(core, account, market, 0, ret_orders + count, orders_max - count);
    }
    return count;
}

static void show_orders(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    uint64_t orders[BTX_FRAME_ORDERS_MAX + 1]; /* One more says that there are more. */
    const size_t found = collect_orders(core_of(gateway), connection->session.account,
                                        &gateway->request.orders, orders, BTX_COUNT_OF(orders));
    const size_t count = found > BTX_FRAME_ORDERS_MAX ? (size_t)BTX_FRAME_ORDERS_MAX : found;
    struct btx_frame_orders *frame =
        put(connection, BTX_FRAME_ORDERS, found == count ? BTX_FRAME_LAST : 0,
            sizeof *frame + count * sizeof(struct btx_frame_order));
    struct btx_frame_order *order;

    if (frame == NULL)
        return;
    frame->seq = gateway->model.seq;
    frame->count = (uint32_t)count;
    order = (struct btx_frame_order *)(frame + 1);
    for (size_t i = 0; i < count; i++, order++) {
        struct btx_order_view view;

        CHECK(btx_core_view_order(core_of(gateway), orders[i], &view));
        *order = (struct btx_frame_order){
            .order = orders[i],
            .market = view.market,
            .runner = view.runner,
            .remaining = view.remaining,
            .expires = view.expires,
            .until = view.until,
            .price = view.price,
            .side = (uint8_t)view.side,
            .persistence = (uint8_t)view.persistence,
            .held = view.held,
        };
    }
}

static struct btx_frame_market_entry entry_of(const struct btx_market_view *view)
{
    return (struct btx_frame_market_entry){
        .market = view->market,
        .min_size = view->min_size,
        .version = view->version,
        .runners = view->runner_count,
        .winners = view->winners,
        .tick = view->tick,
        .commission = view->commission,
        .bet_delay_ms = view->bet_delay,
        .live_orders = view->live_orders,
        .kind = (uint8_t)view->kind,
        .status = (uint8_t)view->status,
        .in_play = view->in_play,
        .reductions = view->reductions,
        .implied = view->implied,
        .ladder = (uint8_t)view->ladder,
    };
}

static void show_markets(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    struct btx_frame_market_entry entries[BTX_FRAME_MARKETS_MAX];
    uint64_t market = gateway->request.market.market;
    uint32_t count = 0;
    struct btx_frame_markets *frame;

    while ((market = btx_core_view_next_market(core_of(gateway), market)) != 0 &&
           count < BTX_COUNT_OF(entries)) {
        struct btx_market_view view;

        CHECK(btx_core_view_market(core_of(gateway), market, &view));
        entries[count++] = entry_of(&view);
    }
    frame = put(connection, BTX_FRAME_MARKETS, market == 0 ? BTX_FRAME_LAST : 0,
                sizeof *frame + count * sizeof entries[0]);
    if (frame == NULL)
        return;
    frame->seq = gateway->model.seq;
    frame->count = count;
    memcpy(frame + 1, entries, count * sizeof entries[0]);
}

static void show_market(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    const uint64_t market = gateway->request.market.market;
    char description[BTX_DESCRIPTION_BYTES_MAX];
    struct btx_market_view view;
    struct btx_frame_market *frame;
    struct btx_frame_runner *runner;
    size_t text_bytes;

    if (!btx_core_view_market(core_of(gateway), market, &view)) {
        refuse(connection, BTX_FRAME_STATUS_UNKNOWN, "no such market");
        return;
    }
    text_bytes = btx_core_view_description(core_of(gateway), market, description);
    frame = put(connection, BTX_FRAME_MARKET, 0,
                sizeof *frame + view.runner_count * sizeof *runner + text_bytes);
    if (frame == NULL)
        return;
    frame->seq = gateway->model.seq;
    frame->entry = entry_of(&view);
    frame->description_bytes = (uint32_t)text_bytes;
    runner = (struct btx_frame_runner *)(frame + 1);
    for (uint32_t i = 0; i < view.runner_count; i++, runner++) {
        runner->runner = btx_core_view_runner(core_of(gateway), market, i);
        runner->removed = btx_core_view_is_removed(core_of(gateway), market, i);
    }
    memcpy(runner, description, text_bytes);
}

void btx_gateway_do(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    const enum btx_frame_type type = gateway->request.type;

    if (type == BTX_FRAME_HELLO)
        hello(connection);
    else if (!gateway->is_ready)
        refuse(connection, BTX_FRAME_STATUS_STARTING, NULL);
    else if (btx_frame_is_command(type))
        command(connection);
    else if (type == BTX_FRAME_SUBSCRIBE_ORDERS)
        btx_gateway_stream(connection);
    else if (type == BTX_FRAME_QUERY_ACCOUNT)
        show_account(connection);
    else if (type == BTX_FRAME_QUERY_ORDERS)
        show_orders(connection);
    else if (type == BTX_FRAME_QUERY_MARKETS)
        show_markets(connection);
    else if (type == BTX_FRAME_QUERY_MARKET)
        show_market(connection);
    else
        btx_gateway_book(connection, type);
}
