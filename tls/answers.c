/* SPDX-License-Identifier: Apache-2.0 */
/* answers.c - what comes by in the event ring: answers to commands, events of accounts, books that
 * change.
 *
 * Everything here is durable.  It is looked at just before it is applied, since afterwards nobody
 * knows whose the orders of a batch were.  A command's answer is begun with its first event and
 * ended with its last, so that it stands before all that those events show. */
#include <string.h>

#include "engine/base/check.h"
#include "engine/core/view.h"
#include "tls/gateway.h"

/* ---- The answer to a command ---- */

static void take_accepted(struct btx_frame_reply *reply, const struct btx_order_accepted *event)
{
    reply->order = event->order;
    reply->size = reply->remaining = event->size;
    reply->cseq = event->cseq;
}

/* A trade of the order that was placed. */
static void take_match(struct btx_frame_reply *reply, uint64_t taker, int64_t size,
                       int64_t remaining)
{
    if (taker != reply->order)
        return;
    reply->matched += size;
    reply->remaining = remaining;
    reply->count++;
}

static void take_cancelled(struct btx_frame_reply *reply, const struct btx_order_cancelled *event,
                           bool is_answer)
{
    if (is_answer) {
        reply->order = event->order;
        reply->size = event->cancelled;
        reply->cseq = event->cseq;
        reply->count = 1;
    }
    if (event->order == reply->order)
        reply->remaining = event->remaining;
}

/* Whether an event of @type can be the one that answers.  What a placed order does to others, and
 * what becomes of its rest, is not. */
static bool answers(const struct btx_frame_reply *reply, uint8_t type)
{
    switch (type) {
    case BTX_EVENT_ORDER_ACCEPTED:
    case BTX_EVENT_ORDER_HELD:
    case BTX_EVENT_ORDER_UPDATED:
    case BTX_EVENT_ORDER_CANCELLED_BATCHED:
    case BTX_EVENT_COMMAND_REJECTED:
        return true;
    case BTX_EVENT_ORDER_CANCELLED:
        return reply->event == 0;
    default: /* lint: default: all others are consequences */
        return false;
    }
}

static void take_body(struct btx_frame_reply *reply, const struct btx_record *event, bool is_answer)
{
    const void *body = event;
    const struct btx_order_updated *updated = body;
    const struct btx_trade_matched *trade = body;
    const struct btx_implied_matched *implied = body;
    const struct btx_command_rejected *rejected = body;
    const struct btx_order_cancelled_batched *batch = body;

    switch (event->type) {
    case BTX_EVENT_ORDER_ACCEPTED:
    case BTX_EVENT_ORDER_HELD: /* The same up to there. */
        reply->count = 0;      /* A replaced order was cancelled before. */
        take_accepted(reply, body);
        return;
    case BTX_EVENT_TRADE_MATCHED:
        take_match(reply, trade->taker, trade->size, trade->taker_remaining);
        return;
    case BTX_EVENT_IMPLIED_MATCHED:
        take_match(reply, implied->taker, implied->size, implied->taker_remaining);
        return;
    case BTX_EVENT_ORDER_CANCELLED:
        take_cancelled(reply, body, is_answer);
        return;
    case BTX_EVENT_ORDER_UPDATED:
        reply->order = updated->order;
        reply->cseq = updated->cseq;
        return;
    case BTX_EVENT_ORDER_CANCELLED_BATCHED:
        reply->cseq = batch->cseq;
        reply->count += batch->orders_count;
        return;
    case BTX_EVENT_COMMAND_REJECTED:
        reply->order = rejected->order;
        reply->cseq = rejected->cseq;
        reply->reason = rejected->reason;
        return;
    default: /* lint: default: what a command of a client cannot cause */
        return;
    }
}

static void take_answer(struct btx_frame_reply *reply, const struct btx_record *event)
{
    const bool is_answer = answers(reply, event->type);

    take_body(reply, event, is_answer);
    reply->last_seq = event->seq;
    if (!is_answer)
        return;
    reply->seq = event->seq;
    reply->tx = event->tx;
    reply->time_ns = event->time_ns;
    reply->event = event->type;
}

/* The first event of the command that is being answered. */
static void begin_answer(struct btx_gateway *gateway)
{
    const struct btx_pending *pending = gateway->answering;

    memset(&gateway->reply, 0, sizeof gateway->reply);
    if (pending->connection != NULL)
        btx_session_begin_reply(&pending->connection->session, pending->request,
                                btx_gateway_now_ns(gateway));
}

static void end_answer(struct btx_gateway *gateway)
{
    const struct btx_pending *pending = gateway->answering;

    if (pending->connection != NULL) {
        btx_session_end_reply(&pending->connection->session, &gateway->reply);
        btx_connection_touch(pending->connection);
        gateway->counters.replies++;
    }
    if (pending->account != NULL) {
        pending->account->outstanding--;
        btx_gateway_account_release(gateway, pending->account);
    } else {
        gateway->is_ready = true; /* All that an earlier life asked for has come by. */
    }
    gateway->answering = NULL;
    gateway->pending_first = (gateway->pending_first + 1) % BTX_GATEWAY_PENDING_MAX;
    gateway->pending_count--;
}

/* Commands come by in the order in which they were handed over. */
static void take_command(struct btx_gateway *gateway, const struct btx_command *command)
{
    const struct btx_command_terms terms = btx_command_producer_terms(&gateway->client.commands);

    gateway->answering = NULL;
    if (command->producer != terms.producer || command->incarnation != terms.incarnation ||
        gateway->pending_count == 0 ||
        gateway->pending[gateway->pending_first].number != command->number)
        return;
    gateway->answering = &gateway->pending[gateway->pending_first];
    begin_answer(gateway);
}

/* ---- Events of accounts ---- */

uint64_t btx_command_account(const struct btx_command *command)
{
    const struct btx_account_command *body = (const void *)command;

    switch (command->record.type) {
    case BTX_COMMAND_PLACE_ORDER:
    case BTX_COMMAND_CANCEL_ORDER:
    case BTX_COMMAND_UPDATE_ORDER:
    case BTX_COMMAND_REPLACE_ORDER:
    case BTX_COMMAND_CANCEL_ORDERS: /* 0 when it has none. */
    case BTX_COMMAND_FREEZE_ACCOUNT:
        return body->account; /* All have it right behind the source. */
    default:                  /* lint: default: of the others none cancels one account's orders */
        return 0;
    }
}

/* The accounts that @event is about, but for those of a batch.  Returns how many. */
static size_t accounts_of(const struct btx_record *event, uint64_t ret_accounts[2])
{
    const void *body = event;
    const struct btx_trade_matched *trade = body;
    const struct btx_implied_matched *implied = body;
    const struct btx_command_rejected *rejected = body;

    switch (event->type) {
    case BTX_EVENT_ACCOUNT_OPENED:
    case BTX_EVENT_ACCOUNT_FROZEN:
    case BTX_EVENT_ACCOUNT_UNFROZEN:
    case BTX_EVENT_FUNDS_DEPOSITED:
    case BTX_EVENT_FUNDS_WITHDRAWN:
        ret_accounts[0] = ((const struct btx_account_event *)body)->account;
        return 1;
    case BTX_EVENT_ORDER_ACCEPTED:
    case BTX_EVENT_ORDER_HELD:
    case BTX_EVENT_ORDER_RELEASED:
    case BTX_EVENT_ORDER_CANCELLED:
    case BTX_EVENT_ORDER_UPDATED:
        ret_accounts[0] = ((const struct btx_order_accepted *)body)->account;
        return 1;
    case BTX_EVENT_ACCOUNT_SETTLED:
        ret_accounts[0] = ((const struct btx_account_settled *)body)->account;
        return 1;
    case BTX_EVENT_COMMAND_REJECTED:
        ret_accounts[0] = rejected->account;
        return (rejected->present & BTX_COMMAND_REJECTED_HAS_ACCOUNT) != 0 ? 1 : 0;
    case BTX_EVENT_TRADE_MATCHED:
        ret_accounts[0] = trade->taker_account;
        ret_accounts[1] = trade->maker_account;
        break;
    case BTX_EVENT_IMPLIED_MATCHED:
        ret_accounts[0] = implied->taker_account;
        ret_accounts[1] = implied->maker_account;
        break;
    default: /* lint: default: what is about a market */
        return 0;
    }
    return ret_accounts[0] == ret_accounts[1] ? 1 : 2;
}
static_assert(offsetof(struct btx_order_accepted, account) ==
                      offsetof(struct btx_order_held, account) &&
                  offsetof(struct btx_order_accepted, account) ==
                      offsetof(struct btx_order_released, account) &&
                  offsetof(struct btx_order_accepted, account) ==
                      offsetof(struct btx_order_cancelled, account) &&
                  offsetof(struct btx_order_accepted, account) ==
                      offsetof(struct btx_order_updated, account) &&
                  offsetof(struct btx_account_event, account) ==
                      offsetof(struct btx_funds_event, account),
              "one place for each of these groups");

bool btx_event_concerns(const struct btx_record *event, uint64_t account, uint64_t command_account)
{
    uint64_t accounts[2];
    const size_t count = accounts_of(event, accounts);

    if (event->type == BTX_EVENT_ORDER_CANCELLED_BATCHED)
        return command_account == 0 || command_account == account;
    for (size_t i = 0; i < count; i++) {
        if (accounts[i] == account)
            return true;
    }
    return false;
}

/* Whom it traded with is nobody's business: the other side's account becomes 0, the house, which
 * never trades. */
static void mask(struct btx_record *event, uint64_t account)
{
    void *body = event;
    struct btx_trade_matched *trade = body;
    struct btx_implied_matched *implied = body;

    event->crc = 0;
    if (event->type == BTX_EVENT_TRADE_MATCHED) {
        if (trade->taker_account != account)
            trade->taker_account = 0;
        if (trade->maker_account != account)
            trade->maker_account = 0;
    } else if (event->type == BTX_EVENT_IMPLIED_MATCHED) {
        if (implied->taker_account != account)
            implied->taker_account = 0;
        if (implied->maker_account != account)
            implied->maker_account = 0;
    }
}

void btx_connection_show(struct btx_connection *connection, const struct btx_record *event)
{
    const size_t length_bytes = btx_record_length_bytes(event);
    void *frame =
        btx_session_put(&connection->session, BTX_FRAME_EVENT, 0, connection->stream_request,
                        length_bytes, btx_gateway_now_ns(connection->gateway));

    btx_connection_touch(connection);
    if (frame == NULL)
        return;
    memcpy(frame, event, length_bytes);
    mask(frame, connection->session.account);
}

static void show_to(struct btx_gateway *gateway, uint64_t id, const struct btx_record *event)
{
    struct btx_gateway_account *account =
        (struct btx_gateway_account *)btx_table_find(&gateway->accounts, id, 0);

    for (struct btx_connection *connection = account == NULL ? NULL : account->connections;
         connection != NULL; connection = connection->account_next) {
        if (connection->is_streaming)
            btx_connection_show(connection, event);
    }
}

/* What of a batch is one account's: the same event with its orders alone. */
static void show_part(struct btx_gateway *gateway, const struct btx_order_cancelled_batched *batch,
                      uint64_t account)
{
    static union {
        struct btx_order_cancelled_batched batch;
        uint8_t bytes[BTX_RECORD_BYTES_MAX];
    } part;
    const uint64_t *orders = btx_order_cancelled_batched_orders(batch);
    uint64_t *own = (uint64_t *)(&part.batch + 1);
    uint16_t count = 0;

    memset(&part, 0, btx_record_length_bytes(&batch->record));
    part.batch = *batch;
    for (uint16_t i = 0; i < batch->orders_count; i++) {
        struct btx_order_view order;

        if (btx_core_view_order(gateway->model.exchange.core, orders[i], &order) &&
            order.account == account)
            own[count++] = orders[i];
    }
    part.batch.orders_count = count;
    part.batch.record.length_units = btx_record_units(sizeof part.batch + count * sizeof(uint64_t));
    if (count > 0)
        show_to(gateway, account, &part.batch.record);
}

/* Each account that somebody watches and that has an order in @batch sees its own, once. */
static void show_batch(struct btx_gateway *gateway, const struct btx_order_cancelled_batched *batch)
{
    const uint64_t *orders = btx_order_cancelled_batched_orders(batch);

    for (uint16_t i = 0; i < batch->orders_count; i++) {
        struct btx_order_view order;
        struct btx_gateway_account *account;

        if (!btx_core_view_order(gateway->model.exchange.core, orders[i], &order))
            continue;
        btx_gateway_book_changed(gateway, order.market, order.runner);
        account =
            (struct btx_gateway_account *)btx_table_find(&gateway->accounts, order.account, 0);
        if (account == NULL || account->batch_seq == batch->record.seq)
            continue;
        account->batch_seq = batch->record.seq;
        show_part(gateway, batch, order.account);
    }
}

/* ---- Books ---- */

static void mark_books(struct btx_gateway *gateway, const struct btx_record *event)
{
    const void *body = event;
    const struct btx_order_accepted *order = body;
    const struct btx_implied_matched *implied = body;
    const struct btx_trade_matched *trade = body;
    const struct btx_market_event *market = body;
    struct btx_order_view released;

    switch (event->type) {
    case BTX_EVENT_ORDER_ACCEPTED:
    case BTX_EVENT_ORDER_CANCELLED:
        btx_gateway_book_changed(gateway, order->market, order->runner);
        return;
    case BTX_EVENT_ORDER_RELEASED:
        if (btx_core_view_order(gateway->model.exchange.core, order->order, &released))
            btx_gateway_book_changed(gateway, released.market, released.runner);
        return;
    case BTX_EVENT_TRADE_MATCHED:
        btx_gateway_book_changed(gateway, trade->market, trade->runner);
        return;
    case BTX_EVENT_IMPLIED_MATCHED:
        btx_gateway_book_changed(gateway, implied->market, implied->runner);
        btx_gateway_book_changed(gateway, implied->market, implied->maker_runner);
        return;
    case BTX_EVENT_MARKET_SUSPENDED:
    case BTX_EVENT_MARKET_RESUMED:
    case BTX_EVENT_MARKET_TURNED_IN_PLAY:
    case BTX_EVENT_MARKET_SETTLING:
    case BTX_EVENT_MARKET_VOIDED:
    case BTX_EVENT_MARKET_FORGOTTEN:
    case BTX_EVENT_MARKET_DESCRIBED: /* They change the market's version. */
    case BTX_EVENT_BET_DELAY_SET:
    case BTX_EVENT_RUNNER_REMOVED:
        btx_gateway_book_changed(gateway, market->market, 0);
        return;
    default: /* lint: default: what no book shows */
        return;
    }
}
static_assert(
    offsetof(struct btx_order_accepted, market) == offsetof(struct btx_order_cancelled, market) &&
        offsetof(struct btx_order_accepted, runner) ==
            offsetof(struct btx_order_cancelled, runner) &&
        offsetof(struct btx_market_event, market) == offsetof(struct btx_market_settling, market) &&
        offsetof(struct btx_market_event, market) ==
            offsetof(struct btx_market_described, market) &&
        offsetof(struct btx_market_event, market) == offsetof(struct btx_bet_delay_set, market) &&
        offsetof(struct btx_market_event, market) == offsetof(struct btx_runner_removed, market),
    "one place for each of these groups");

/* ---- All of it ---- */

static void take_event(struct btx_gateway *gateway, const struct btx_record *event)
{
    uint64_t accounts[2];
    const size_t count = accounts_of(event, accounts);

    if (gateway->answering != NULL)
        take_answer(&gateway->reply, event);
    if (event->type == BTX_EVENT_ORDER_CANCELLED_BATCHED)
        show_batch(gateway, (const void *)event);
    for (size_t i = 0; i < count; i++)
        show_to(gateway, accounts[i], event);
    mark_books(gateway, event);
    if ((event->kind_flags & BTX_RECORD_TX_END) != 0)
        gateway->boundary_seq = event->seq;
    if (gateway->answering != NULL && (event->kind_flags & BTX_RECORD_COMMAND_END) != 0)
        end_answer(gateway);
}

void btx_gateway_take_record(void *context, const struct btx_record *record)
{
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        take_command(context, (const struct btx_command *)record);
        return;
    case BTX_RECORD_EVENT:
        take_event(context, record);
        return;
    case BTX_RECORD_NOTE:
        return;
    }
    CHECK_UNREACHABLE();
}
