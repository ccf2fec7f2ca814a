/* SPDX-License-Identifier: Apache-2.0 */
/* books.c - market data: books as images, each the newest there is.
 *
 * A change only marks its book.  When all that has come by is in the state, each watch of a marked
 * book is due, and a client that reads gets an image of it; one that reads slowly gets it when it
 * has read, and then the newest: what was between is never sent. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/core/view.h"
#include "tls/gateway.h"

/* A client with more than this part of its output waiting gets no images. */
enum { OUTPUT_PART = 8 };

static bool find_runner(const struct btx_core *core, uint64_t market, uint64_t runner,
                        uint32_t runner_count, uint32_t *ret_index)
{
    for (uint32_t i = 0; i < runner_count; i++) {
        if (btx_core_view_runner(core, market, i) != runner)
            continue;
        *ret_index = i;
        return true;
    }
    return false;
}

static void put_levels(struct btx_frame_level *to, const struct btx_level_view *levels,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (struct btx_frame_level){.size = levels[i].size, .price = levels[i].price};
}

/* An image of the book.  One of a market or runner that is not there is closed and empty. */
static void show_book(struct btx_connection *connection, const struct btx_frame_book_wish *wish,
                      uint8_t flags, uint64_t request)
{
    struct btx_gateway *gateway = connection->gateway;
    const struct btx_core *core = gateway->model.exchange.core;
    struct btx_level_view backs[BTX_FRAME_LEVELS_MAX];
    struct btx_level_view lays[BTX_FRAME_LEVELS_MAX];
    struct btx_market_view market = {.status = BTX_MARKET_CLOSED};
    uint32_t index = 0;
    const bool is_there =
        btx_core_view_market(core, wish->market, &market) &&
        find_runner(core, wish->market, wish->runner, market.runner_count, &index);
    const size_t back_count =
        btx_core_view_book(core, wish->market, wish->runner, BTX_SIDE_BACK, backs, wish->levels);
    const size_t lay_count =
        btx_core_view_book(core, wish->market, wish->runner, BTX_SIDE_LAY, lays, wish->levels);
    struct btx_frame_book *book =
        btx_session_put(&connection->session, BTX_FRAME_BOOK, flags, request,
                        sizeof *book + (back_count + lay_count) * sizeof(struct btx_frame_level),
                        btx_gateway_now_ns(gateway));

    if (book == NULL)
        return;
    book->seq = gateway->model.seq;
    book->market = wish->market;
    book->runner = wish->runner;
    book->version = market.version;
    book->backs = (uint16_t)back_count;
    book->lays = (uint16_t)lay_count;
    book->status = (uint8_t)market.status;
    book->in_play = market.in_play;
    book->removed = is_there && btx_core_view_is_removed(core, wish->market, index);
    put_levels((struct btx_frame_level *)(book + 1), backs, back_count);
    put_levels((struct btx_frame_level *)(book + 1) + back_count, lays, lay_count);
}

/* ---- Watches ---- */

static void make_due(struct btx_book_watch *watch)
{
    struct btx_connection *connection = watch->connection;

    if (watch->is_due)
        return;
    watch->is_due = true;
    watch->due_next = NULL;
    if (connection->due_watches == NULL)
        connection->due_watches = watch;
    else
        connection->due_last->due_next = watch; /* In turn, so that none is forgotten. */
    connection->due_last = watch;
    if (!connection->wants_write) /* Else its socket says when. */
        btx_connection_touch(connection);
}

static struct btx_book_watch *find_watch(const struct btx_connection *connection, uint64_t market,
                                         uint64_t runner)
{
    struct btx_book_watch *watch = connection->watches;

    while (watch != NULL &&
           (watch->book->entry.key[0] != market || watch->book->entry.key[1] != runner))
        watch = watch->own_next;
    return watch;
}

static struct btx_book *find_book(struct btx_gateway *gateway, uint64_t market, uint64_t runner)
{
    struct btx_book *book = (struct btx_book *)btx_table_find(&gateway->books, market, runner);

    if (book != NULL)
        return book;
    book = calloc(1, sizeof *book);
    if (book == NULL)
        return NULL;
    book->entry.key[0] = market;
    book->entry.key[1] = runner;
    if (btx_table_add(&gateway->books, &book->entry))
        return book;
    free(book);
    return NULL;
}

/* A book that nobody watches goes; one that is marked as changed when its changes are looked at. */
static void release_book(struct btx_gateway *gateway, struct btx_book *book)
{
    if (book->watches != NULL || book->is_changed)
        return;
    btx_table_remove(&gateway->books, &book->entry);
    free(book);
}

static void leave_due(struct btx_book_watch *watch)
{
    struct btx_connection *connection = watch->connection;
    struct btx_book_watch *before = NULL;

    for (struct btx_book_watch *at = connection->due_watches; at != watch; at = at->due_next)
        before = at;
    if (before == NULL)
        connection->due_watches = watch->due_next;
    else
        before->due_next = watch->due_next;
    if (connection->due_last == watch)
        connection->due_last = before;
}

static void free_watch(struct btx_book_watch *watch)
{
    struct btx_connection *connection = watch->connection;
    struct btx_book_watch **at = &watch->book->watches;

    while (*at != watch)
        at = &(*at)->book_next;
    *at = watch->book_next;
    for (at = &connection->watches; *at != watch;)
        at = &(*at)->own_next;
    *at = watch->own_next;
    if (watch->is_due)
        leave_due(watch);
    connection->watch_count--;
    release_book(connection->gateway, watch->book);
    free(watch);
}

void btx_gateway_books_end(struct btx_connection *connection)
{
    while (connection->watches != NULL)
        free_watch(connection->watches);
}

/* NULL: no memory. */
static struct btx_book_watch *make_watch(struct btx_connection *connection, uint64_t market,
                                         uint64_t runner)
{
    struct btx_book *book = find_book(connection->gateway, market, runner);
    struct btx_book_watch *watch = book == NULL ? NULL : calloc(1, sizeof *watch);

    if (watch == NULL) {
        if (book != NULL)
            release_book(connection->gateway, book);
        return NULL;
    }
    watch->connection = connection;
    watch->book = book;
    watch->book_next = book->watches;
    book->watches = watch;
    watch->own_next = connection->watches;
    connection->watches = watch;
    connection->watch_count++;
    return watch;
}

/* ---- Requests ---- */

static void subscribe(struct btx_connection *connection, const struct btx_frame_book_wish *wish)
{
    struct btx_gateway *gateway = connection->gateway;
    struct btx_book_watch *watch = find_watch(connection, wish->market, wish->runner);

    if (watch == NULL && connection->watch_count < gateway->options.settings->gateway.books)
        watch = make_watch(connection, wish->market, wish->runner);
    if (watch == NULL) {
        btx_session_refuse(&connection->session, gateway->request.request, BTX_FRAME_STATUS_LIMIT,
                           NULL, btx_gateway_now_ns(gateway));
        return;
    }
    watch->levels = wish->levels;
    watch->request = gateway->request.request;
    make_due(watch);
}

static void unsubscribe(struct btx_connection *connection, const struct btx_frame_book_wish *wish)
{
    struct btx_gateway *gateway = connection->gateway;
    struct btx_book_watch *watch = find_watch(connection, wish->market, wish->runner);
    struct btx_frame_current *current;

    if (watch != NULL)
        free_watch(watch);
    current = btx_session_put(&connection->session, BTX_FRAME_CURRENT, 0, gateway->request.request,
                              sizeof *current, btx_gateway_now_ns(gateway));
    if (current != NULL)
        current->seq = gateway->model.seq;
}

void btx_gateway_book(struct btx_connection *connection, enum btx_frame_type type)
{
    struct btx_gateway *gateway = connection->gateway;
    const struct btx_core *core = gateway->model.exchange.core;
    const struct btx_frame_book_wish *wish = &gateway->request.book;
    struct btx_market_view market;
    uint32_t index;

    if (type == BTX_FRAME_UNSUBSCRIBE_BOOK)
        unsubscribe(connection, wish);
    else if (!btx_core_view_market(core, wish->market, &market) ||
             !find_runner(core, wish->market, wish->runner, market.runner_count, &index))
        btx_session_refuse(&connection->session, gateway->request.request, BTX_FRAME_STATUS_UNKNOWN,
                           "no such market or runner", btx_gateway_now_ns(gateway));
    else if (type == BTX_FRAME_SUBSCRIBE_BOOK)
        subscribe(connection, wish);
    else
        show_book(connection, wish, 0, gateway->request.request);
}

/* ---- Changes ---- */

static void mark(struct btx_gateway *gateway, uint64_t market, uint64_t runner)
{
    struct btx_book *book = (struct btx_book *)btx_table_find(&gateway->books, market, runner);

    if (book == NULL || book->is_changed)
        return;
    book->is_changed = true;
    book->changed_next = gateway->changed_books;
    gateway->changed_books = book;
}

void btx_gateway_book_changed(struct btx_gateway *gateway, uint64_t market, uint64_t runner)
{
    const struct btx_core *core = gateway->model.exchange.core;
    struct btx_market_view view;

    if (gateway->books.count == 0)
        return;
    if (runner != 0) {
        mark(gateway, market, runner);
        return;
    }
    if (!btx_core_view_market(core, market, &view))
        return;
    for (uint32_t i = 0; i < view.runner_count; i++)
        mark(gateway, market, btx_core_view_runner(core, market, i));
}

void btx_gateway_books_due(struct btx_gateway *gateway)
{
    while (gateway->changed_books != NULL) {
        struct btx_book *book = gateway->changed_books;

        gateway->changed_books = book->changed_next;
        book->is_changed = false;
        for (struct btx_book_watch *watch = book->watches; watch != NULL; watch = watch->book_next)
            make_due(watch);
        release_book(gateway, book);
    }
}

void btx_gateway_show_books(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    const size_t room = gateway->rules.output_bytes_max / OUTPUT_PART;

    while (connection->due_watches != NULL && gateway->is_ready &&
           btx_byte_queue_length(&connection->session.out) < room) {
        struct btx_book_watch *watch = connection->due_watches;
        const struct btx_frame_book_wish wish = {.market = watch->book->entry.key[0],
                                                 .runner = watch->book->entry.key[1],
                                                 .levels = watch->levels};

        connection->due_watches = watch->due_next;
        watch->is_due = false;
        show_book(connection, &wish, BTX_FRAME_UPDATE_OF, watch->request);
    }
}
