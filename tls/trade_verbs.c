/* SPDX-License-Identifier: Apache-2.0 */
/* trade_verbs.c - what betex-trade does, and how it prints what comes of it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/core/view.h"
#include "engine/wire/events.h"
#include "tls/decimal.h"
#include "tls/trade.h"

/* ---- Arguments ---- */

static enum btx_fault_code refuse(const char *what, const char *text,
                                  struct btx_fault *reterr_fault)
{
    return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "want %s, got '%s'", what, text);
}

static enum btx_fault_code read_id(const struct btx_trade *trade, size_t index, const char *what,
                                   uint64_t *ret_id, struct btx_fault *reterr_fault)
{
    const char *text = trade->arguments[index];
    char *end;

    errno = 0;
    *ret_id = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
        return refuse(what, text, reterr_fault);
    return BTX_OK;
}

static enum btx_fault_code read_decimal(const struct btx_trade *trade, size_t index,
                                        const char *what, int64_t *ret_value,
                                        struct btx_fault *reterr_fault)
{
    return btx_decimal_read(trade->arguments[index], ret_value)
               ? BTX_OK
               : refuse(what, trade->arguments[index], reterr_fault);
}

/* The number of the word @text among @terms, in small letters too. */
static enum btx_fault_code read_term(const char *text, const struct btx_term *terms, size_t count,
                                     const char *what, uint8_t *ret_number,
                                     struct btx_fault *reterr_fault)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(text, terms[i].text) == 0) {
            *ret_number = (uint8_t)i;
            return BTX_OK;
        }
    }
    return refuse(what, text, reterr_fault);
}

/* ---- Printing ---- */

static const char *decimal(int64_t value)
{
    static char texts[8][BTX_DECIMAL_TEXT_BYTES]; /* So many in one line. */
    static unsigned next;

    return btx_decimal_print(value, texts[next++ % BTX_COUNT_OF(texts)]);
}

static const char *event_name(uint8_t type)
{
    return btx_event_name((enum btx_event_type)type)->text;
}

static void print_reply(struct btx_trade *trade, const struct btx_frame_reply *reply)
{
    const char *reason = btx_reject_terms[reply->reason].text;
    const bool is_rejected = reply->event == BTX_EVENT_COMMAND_REJECTED;

    trade->is_refused = is_rejected;
    if (trade->json && is_rejected)
        printf("{\"event\":\"%s\",\"seq\":%" PRIu64 ",\"cseq\":%" PRIu64 ",\"reason\":\"%s\"}\n",
               event_name(reply->event), reply->seq, reply->cseq, reason);
    else if (trade->json)
        printf("{\"event\":\"%s\",\"seq\":%" PRIu64 ",\"cseq\":%" PRIu64 ",\"order\":%" PRIu64
               ",\"size\":%s,\"matched\":%s,\"remaining\":%s,\"count\":%u}\n",
               event_name(reply->event), reply->seq, reply->cseq, reply->order,
               decimal(reply->size), decimal(reply->matched), decimal(reply->remaining),
               (unsigned)reply->count);
    else if (is_rejected)
        printf("refused: %s (seq %" PRIu64 ")\n", reason, reply->seq);
    else if (reply->event == BTX_EVENT_ORDER_CANCELLED_BATCHED)
        printf("%u orders cancelled (seq %" PRIu64 ")\n", (unsigned)reply->count, reply->seq);
    else
        printf("%s: order %" PRIu64 ", size %s, matched %s, remaining %s (seq %" PRIu64 ")\n",
               event_name(reply->event), reply->order, decimal(reply->size),
               decimal(reply->matched), decimal(reply->remaining), reply->seq);
}

static void print_levels(const struct btx_trade *trade, const char *name,
                         const struct btx_frame_level *levels, size_t count)
{
    if (trade->json)
        printf(",\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        if (trade->json)
            printf("%s[%s,%s]", i == 0 ? "" : ",", decimal(levels[i].price),
                   decimal(levels[i].size));
        else
            printf("  %-5s %10s  %12s\n", name, decimal(levels[i].price), decimal(levels[i].size));
    }
    if (trade->json)
        printf("]");
}

static void print_book(const struct btx_trade *trade, const struct btx_frame_book *book)
{
    static const char *const words[] = {[BTX_MARKET_OPEN] = "open",
                                        [BTX_MARKET_SUSPENDED] = "suspended",
                                        [BTX_MARKET_CLOSED] = "closed"};
    const struct btx_frame_level *levels = (const void *)(book + 1);
    const char *status = book->status < BTX_COUNT_OF(words) ? words[book->status] : "?";

    printf(trade->json ? "{\"seq\":%" PRIu64 ",\"market\":%" PRIu64 ",\"runner\":%" PRIu64
                         ",\"status\":\"%s\",\"in_play\":%s"
                       : "seq %" PRIu64 ": market %" PRIu64 ", runner %" PRIu64 ", %s%s\n",
           book->seq, book->market, book->runner, status,
           trade->json ? (book->in_play != 0 ? "true" : "false")
                       : (book->in_play != 0 ? ", in play" : ""));
    print_levels(trade, "lays", levels + book->backs, book->lays);
    print_levels(trade, "backs", levels, book->backs);
    if (trade->json)
        printf("}\n");
    (void)fflush(stdout); /* Somebody may be reading as it comes. */
}

/* What an own event says, in short. */
static void print_event(const struct btx_trade *trade, const struct btx_record *event)
{
    const void *body = event;
    const struct btx_order_accepted *accepted = body;
    const struct btx_trade_matched *matched = body;
    const struct btx_order_cancelled *cancelled = body;
    const struct btx_funds_event *funds = body;

    printf(trade->json ? "{\"seq\":%" PRIu64 ",\"time_ns\":%" PRIu64 ",\"event\":\"%s\""
                       : "seq %" PRIu64 ", t %" PRIu64 ": %s",
           event->seq, event->time_ns, event_name(event->type));
    if (event->type == BTX_EVENT_ORDER_ACCEPTED || event->type == BTX_EVENT_ORDER_HELD)
        printf(trade->json ? ",\"order\":%" PRIu64 ",\"market\":%" PRIu64 ",\"runner\":%" PRIu64
                             ",\"price\":%s,\"size\":%s"
                           : " order %" PRIu64 ", market %" PRIu64 ", runner %" PRIu64
                             ", price %s, size %s",
               accepted->order, accepted->market, accepted->runner, decimal(accepted->price),
               decimal(accepted->size));
    else if (event->type == BTX_EVENT_TRADE_MATCHED)
        printf(trade->json ? ",\"market\":%" PRIu64 ",\"runner\":%" PRIu64
                             ",\"price\":%s,\"size\":%s,\"taker\":%" PRIu64 ",\"maker\":%" PRIu64
                           : " market %" PRIu64 ", runner %" PRIu64
                             ", price %s, size %s, taker %" PRIu64 ", maker %" PRIu64,
               matched->market, matched->runner, decimal(matched->price), decimal(matched->size),
               matched->taker, matched->maker);
    else if (event->type == BTX_EVENT_ORDER_CANCELLED)
        printf(trade->json ? ",\"order\":%" PRIu64 ",\"cancelled\":%s,\"remaining\":%s"
                           : " order %" PRIu64 ", cancelled %s, remaining %s",
               cancelled->order, decimal(cancelled->cancelled), decimal(cancelled->remaining));
    else if (event->type == BTX_EVENT_FUNDS_DEPOSITED || event->type == BTX_EVENT_FUNDS_WITHDRAWN)
        printf(trade->json ? ",\"amount\":%s,\"balance\":%s" : " amount %s, balance %s",
               decimal(funds->amount), decimal(funds->balance));
    printf(trade->json ? "}\n" : "\n");
    (void)fflush(stdout);
}

void btx_trade_sink(void *context, const struct btx_frame *frame)
{
    struct btx_trade *trade = context;

    if (trade->count != 0 && trade->shown >= trade->count)
        return;
    if (frame->type == BTX_FRAME_EVENT)
        print_event(trade, frame->body);
    else if (frame->type == BTX_FRAME_BOOK)
        print_book(trade, frame->body);
    else
        return;
    trade->shown++;
}

/* ---- Commands ---- */

static enum btx_fault_code do_command(struct btx_trade *trade, union btx_command_space *command,
                                      struct btx_fault *reterr_fault)
{
    struct btx_frame_reply reply;

    if (btx_client_command(trade->client, command, &reply, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    print_reply(trade, &reply);
    return BTX_OK;
}

/* place: its field=value, behind the fifth argument. */
static enum btx_fault_code read_field(struct btx_place_order *order, const char *text,
                                      struct btx_fault *reterr_fault)
{
    const char *value = strchr(text, '=');

    if (value++ == NULL)
        return refuse("tif=, persistence=, stp=, post_only=true or ref=", text, reterr_fault);
    if (strncmp(text, "tif=", 4) == 0)
        return read_term(value, btx_tif_terms, BTX_TIF_COUNT, "tif GTC, IOC or FOK", &order->tif,
                         reterr_fault);
    if (strncmp(text, "persistence=", 12) == 0)
        return read_term(value, btx_persistence_terms, BTX_PERSISTENCE_COUNT,
                         "persistence LAPSE or PERSIST", &order->persistence, reterr_fault);
    if (strncmp(text, "stp=", 4) == 0)
        return read_term(value, btx_stp_terms, BTX_STP_COUNT,
                         "stp NONE, CANCEL_MAKER or CANCEL_TAKER", &order->stp, reterr_fault);
    if (strcmp(text, "post_only=true") == 0) {
        order->post_only = 1;
        return BTX_OK;
    }
    if (strncmp(text, "ref=", 4) != 0 || strlen(value) > BTX_REF_BYTES_MAX)
        return refuse("tif=, persistence=, stp=, post_only=true or ref= of up to 64 bytes", text,
                      reterr_fault);
    order->ref_length = (uint8_t)strlen(value);
    order->present |= BTX_PLACE_ORDER_HAS_REF;
    memcpy(order + 1, value, order->ref_length);
    return BTX_OK;
}

static enum btx_fault_code run_place(struct btx_trade *trade, struct btx_fault *reterr_fault)
{
    union btx_command_space space;
    struct btx_place_order *order = (void *)btx_command_begin(&space, BTX_COMMAND_PLACE_ORDER);
    int64_t price;

    if (read_id(trade, 0, "a market", &order->market, reterr_fault) != BTX_OK ||
        read_id(trade, 1, "a runner", &order->runner, reterr_fault) != BTX_OK ||
        read_term(trade->arguments[2], btx_order_side_terms, 2, "back or lay", &order->side,
                  reterr_fault) != BTX_OK ||
        read_decimal(trade, 3, "a price", &price, reterr_fault) != BTX_OK ||
        read_decimal(trade, 4, "a size", &order->size, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (price < 0)
        return refuse("a price", trade->arguments[3], reterr_fault);
    order->price = (uint64_t)price;
    order->present = BTX_PLACE_ORDER_HAS_RUNNER;
    for (size_t i = 5; i < trade->argument_count; i++) {
        if (read_field(order, trade->arguments[i], reterr_fault) != BTX_OK)
            return reterr_fault->code;
    }
    btx_command_set_length(&space, order->ref_length);
    return do_command(trade, &space, reterr_fault);
}

static enum btx_fault_code run_cancel(struct btx_trade *trade, struct btx_fault *reterr_fault)
{
    union btx_command_space space;
    struct btx_cancel_order *cancel = (void *)btx_command_begin(&space, BTX_COMMAND_CANCEL_ORDER);

    if (read_id(trade, 0, "an order", &cancel->order, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (trade->argument_count > 1) {
        cancel->present = BTX_CANCEL_ORDER_HAS_REDUCE_BY;
        if (read_decimal(trade, 1, "a size", &cancel->reduce_by, reterr_fault) != BTX_OK)
            return reterr_fault->code;
    }
    return do_command(trade, &space, reterr_fault);
}

static enum btx_fault_code run_replace(struct btx_trade *trade, struct btx_fault *reterr_fault)
{
    union btx_command_space space;
    struct btx_replace_order *replace =
        (void *)btx_command_begin(&space, BTX_COMMAND_REPLACE_ORDER);
    int64_t price;

    if (read_id(trade, 0, "an order", &replace->order, reterr_fault) != BTX_OK ||
        read_decimal(trade, 1, "a price", &price, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (price < 0)
        return refuse("a price", trade->arguments[1], reterr_fault);
    replace->price = (uint64_t)price;
    if (trade->argument_count > 2) {
        replace->present = BTX_REPLACE_ORDER_HAS_SIZE;
        if (read_decimal(trade, 2, "a size", &replace->size, reterr_fault) != BTX_OK)
            return reterr_fault->code;
    }
    return do_command(trade, &space, reterr_fault);
}

static enum btx_fault_code run_cancel_all(struct btx_trade *trade, struct btx_fault *reterr_fault)
{
    union btx_command_space space;
    struct btx_cancel_orders *cancel = (void *)btx_command_begin(&space, BTX_COMMAND_CANCEL_ORDERS);

    if (trade->argument_count > 0) {
        cancel->present = BTX_CANCEL_ORDERS_HAS_MARKET;
        if (read_id(trade, 0, "a market", &cancel->market, reterr_fault) != BTX_OK)
            return reterr_fault->code;
    }
    return do_command(trade, &space, reterr_fault);
}

/* ---- Looking ---- */

static enum btx_fault_code run_account(struct btx_trade *trade, struct btx_fault *reterr_fault)
{
    struct btx_frame frame;
    const struct btx_frame_account *account;

    if (btx_client_ask(trade->client, BTX_FRAME_QUERY_ACCOUNT, NULL, 0, &frame, reterr_fault) !=
        BTX_OK)
        return reterr_fault->code;
    account = frame.body;
    printf(trade->json ? "{\"seq\":%" PRIu64 ",\"account\":%" PRIu64
                         ",\"balance\":%s,\"available\":%s,\"live_orders\":%u,\"frozen\":%s}\n"
                       : "seq %" PRIu64 ": account %" PRIu64
                         ", balance %s, available %s, %u live orders%s\n",
           account->seq, account->account, decimal(account->balance), decimal(account->available),
           (unsigned)account->live_orders,
           trade->json ? (account->frozen != 0 ? "true" : "false")
                       : (account->frozen != 0 ? ", frozen" : ""));
    return BTX_OK;
}

static enum btx_fault_code run_orders(struct btx_trade *trade, struct btx_fault *reterr_fault)
{
    struct btx_frame_orders_wish wish = {0};
    struct btx_frame frame;

    do {
        const struct btx_frame_orders *orders;
        const struct btx_frame_order *order;

        if (btx_client_ask(trade->client, BTX_FRAME_QUERY_ORDERS, &wish, sizeof wish, &frame,
                           reterr_fault) != BTX_OK)
            return reterr_fault->code;
        orders = frame.body;
        order = (const void *)(orders + 1);
        for (uint32_t i = 0; i < orders->count; i++, order++) {
            printf(trade->json ? "{\"order\":%" PRIu64 ",\"market\":%" PRIu64 ",\"runner\":%" PRIu64
                                 ",\"side\":\"%s\",\"price\":%s,\"remaining\":%s}\n"
                               : "order %" PRIu64 ": market %" PRIu64 ", runner %" PRIu64
                                 ", %s at %s, remaining %s\n",
                   order->order, order->market, order->runner,
                   order->side == BTX_SIDE_BACK ? "BACK" : "LAY", decimal(order->price),
                   decimal(order->remaining));
            wish = (struct btx_frame_orders_wish){.market = order->market, .order = order->order};
        }
    } while ((frame.header->flags & BTX_FRAME_LAST) == 0);
    return BTX_OK;
}

static enum btx_fault_code run_markets(struct btx_trade *trade, struct btx_fault *reterr_fault)
{
    struct btx_frame_market_wish wish = {0};
    struct btx_frame frame;

    do {
        const struct btx_frame_markets *markets;
        const struct btx_frame_market_entry *market;

        if (btx_client_ask(trade->client, BTX_FRAME_QUERY_MARKETS, &wish, sizeof wish, &frame,
                           reterr_fault) != BTX_OK)
            return reterr_fault->code;
        markets = frame.body;
        market = (const void *)(markets + 1);
        for (uint32_t i = 0; i < markets->count; i++, market++) {
            printf(
                trade->json ? "{\"market\":%" PRIu64
                              ",\"kind\":\"%s\",\"runners\":%u,\"live_orders\":%u,\"status\":%u}\n"
                            : "market %" PRIu64 ": %s, %u runners, %u live orders, status %u\n",
                market->market, market->kind == BTX_MARKET_KIND_ODDS ? "ODDS" : "BINARY",
                (unsigned)market->runners, (unsigned)market->live_orders, (unsigned)market->status);
            wish.market = market->market;
        }
    } while ((frame.header->flags & BTX_FRAME_LAST) == 0);
    return BTX_OK;
}

static enum btx_fault_code read_book_wish(const struct btx_trade *trade,
                                          struct btx_frame_book_wish *ret_wish,
                                          struct btx_fault *reterr_fault)
{
    *ret_wish = (struct btx_frame_book_wish){.levels = 10};
    if (read_id(trade, 0, "a market", &ret_wish->market, reterr_fault) != BTX_OK ||
        read_id(trade, 1, "a runner", &ret_wish->runner, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    return BTX_OK;
}

static enum btx_fault_code run_book(struct btx_trade *trade, struct btx_fault *reterr_fault)
{
    struct btx_frame_book_wish wish;
    struct btx_frame frame;

    if (read_book_wish(trade, &wish, reterr_fault) != BTX_OK ||
        btx_client_ask(trade->client, BTX_FRAME_QUERY_BOOK, &wish, sizeof wish, &frame,
                       reterr_fault) != BTX_OK)
        return reterr_fault->code;
    print_book(trade, frame.body);
    return BTX_OK;
}

/* Show what comes, and say PING when nothing does, so that the session stays. */
static enum btx_fault_code follow(struct btx_trade *trade, struct btx_fault *reterr_fault)
{
    while (trade->count == 0 || trade->shown < trade->count) {
        struct btx_frame frame;

        if (btx_client_ask(trade->client, BTX_FRAME_PING, NULL, 0, &frame, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        while (trade->count == 0 || trade->shown < trade->count) {
            if (btx_client_receive(trade->client, &frame, reterr_fault) != BTX_OK)
                break;
            btx_trade_sink(trade, &frame);
        }
        if (reterr_fault->code != BTX_OK && reterr_fault->os_error != ETIMEDOUT)
            return reterr_fault->code;
        *reterr_fault = (struct btx_fault){0};
    }
    return BTX_OK;
}

static enum btx_fault_code run_watch(struct btx_trade *trade, struct btx_fault *reterr_fault)
{
    struct btx_frame_book_wish wish;
    uint64_t request;

    if (read_book_wish(trade, &wish, reterr_fault) != BTX_OK ||
        btx_client_send(trade->client, BTX_FRAME_SUBSCRIBE_BOOK, &wish, sizeof wish, &request,
                        reterr_fault) != BTX_OK)
        return reterr_fault->code;
    return follow(trade, reterr_fault);
}

static enum btx_fault_code run_events(struct btx_trade *trade, struct btx_fault *reterr_fault)
{
    const struct btx_frame_stream_wish wish = {.after_seq = trade->from_seq,
                                               .from_now = trade->has_from ? 0 : 1};
    struct btx_frame frame;

    if (btx_client_ask(trade->client, BTX_FRAME_SUBSCRIBE_ORDERS, &wish, sizeof wish, &frame,
                       reterr_fault) != BTX_OK)
        return reterr_fault->code;
    return follow(trade, reterr_fault);
}

/* ---- The table ---- */

const struct btx_trade_verb btx_trade_verbs[] = {
    {"place", "MARKET RUNNER back|lay PRICE SIZE [FIELD=VALUE]...", 5, 10, true, run_place,
     "place an order (tif=, persistence=, stp=, post_only=true, ref=)"},
    {"cancel", "ORDER [SIZE]", 1, 2, true, run_cancel, "cancel an order, or a part of it"},
    {"replace", "ORDER PRICE [SIZE]", 2, 3, true, run_replace, "another price, another place"},
    {"cancel-all", "[MARKET]", 0, 1, true, run_cancel_all, "cancel all orders of the account"},
    {"account", "", 0, 0, false, run_account, "money and orders of the account"},
    {"orders", "", 0, 0, false, run_orders, "the account's live orders"},
    {"markets", "", 0, 0, false, run_markets, "all markets"},
    {"book", "MARKET RUNNER", 2, 2, false, run_book, "a book, ten levels deep"},
    {"watch", "MARKET RUNNER", 2, 2, false, run_watch, "a book, again whenever it changes"},
    {"events", "", 0, 0, false, run_events, "the account's events as they come, or behind --from"},
};
const size_t btx_trade_verb_count = BTX_COUNT_OF(btx_trade_verbs);
