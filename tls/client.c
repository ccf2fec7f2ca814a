/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/client.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/base/clock.h"
#include "engine/wire/events.h"
#include "tls/byte_queue.h"
#include "tls/tls_context.h"

#define MS_NS UINT64_C(1000000)
#define PAUSE_NS_MIN (10 * MS_NS)
#define PAUSE_NS_MAX (500 * MS_NS)

enum { READ_BYTES = 16384 };

struct btx_client {
    struct btx_client_options options;
    const struct btx_clock *clock;
    SSL_CTX *tls;
    SSL *ssl; /* NULL: not connected */
    int fd;
    struct btx_byte_queue in;
    size_t held_bytes; /* of the frame that was handed out last, at its front */
    uint64_t request;
    uint64_t cseq;     /* the last one that was given to a command */
    uint64_t seen_seq; /* nothing that we asked for happened at or before it */
    uint16_t closing;  /* the STATUS that ended the connection; 0: none */
    struct btx_frame_welcome welcome;
};

static uint64_t now_ns(const struct btx_client *client)
{
    return btx_clock_monotonic_ns(client->clock);
}

/* ---- The connection ---- */

static void disconnect(struct btx_client *client)
{
    if (client->ssl != NULL)
        (void)SSL_shutdown(client->ssl); /* Politeness; it may be gone. */
    SSL_free(client->ssl);
    client->ssl = NULL;
    if (client->fd >= 0)
        (void)close(client->fd);
    client->fd = -1;
    btx_byte_queue_done(&client->in);
    client->held_bytes = 0;
}

/* Wait until the socket is ready.  False when @until_ns has come. */
static bool wait_for(struct btx_client *client, short events, uint64_t until_ns)
{
    for (;;) {
        struct pollfd wait = {.fd = client->fd, .events = events};
        const uint64_t at_ns = now_ns(client);
        const uint64_t left_ms = at_ns >= until_ns ? 0 : (until_ns - at_ns) / MS_NS + 1;
        const int ready = poll(&wait, 1, left_ms > 60000 ? 60000 : (int)left_ms);

        if (ready > 0)
            return true;
        if (now_ns(client) >= until_ns)
            return false;
    }
}

/* What an OpenSSL call wants before it is made again.  False when it is not to be. */
static bool wait_for_tls(struct btx_client *client, int result, uint64_t until_ns,
                         struct btx_fault *reterr_fault)
{
    char reason[128];
    short events = POLLIN;

    switch (SSL_get_error(client->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        break;
    case SSL_ERROR_WANT_WRITE:
        events = POLLOUT;
        break;
    case SSL_ERROR_ZERO_RETURN:
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "the gateway closed the connection");
        return false;
    default: /* lint: default: OpenSSL's numbers; all others are the end */
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "the connection: %s",
                            btx_tls_reason(reason, sizeof reason));
        return false;
    }
    if (wait_for(client, events, until_ns))
        return true;
    (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, ETIMEDOUT, "the gateway says nothing");
    return false;
}

static bool connect_address(struct btx_client *client, const struct addrinfo *address,
                            uint64_t until_ns)
{
    const int one = 1;
    int error = 0;
    socklen_t length = sizeof error;

    client->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        return false;
    (void)setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(client->fd, address->ai_addr, address->ai_addrlen) == 0)
        return true;
    if (errno == EINPROGRESS && wait_for(client, POLLOUT, until_ns) &&
        getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0)
        return true;
    if (error != 0)
        errno = error;
    error = errno;
    (void)close(client->fd);
    client->fd = -1;
    errno = error;
    return false;
}

static enum btx_fault_code connect_tcp(struct btx_client *client, uint64_t until_ns,
                                       struct btx_fault *reterr_fault)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    const int code = getaddrinfo(client->options.host, client->options.port, &hints, &addresses);
    int os_error = 0;

    if (code != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "%s:%s: %s", client->options.host,
                             client->options.port, gai_strerror(code));
    for (const struct addrinfo *address = addresses; address != NULL && client->fd < 0;
         address = address->ai_next) {
        if (!connect_address(client, address, until_ns))
            os_error = errno;
    }
    freeaddrinfo(addresses);
    return client->fd >= 0 ? BTX_OK
                           : btx_fault_set(reterr_fault, BTX_FAULT_IO, os_error, "%s:%s",
                                           client->options.host, client->options.port);
}

static enum btx_fault_code connect_tls(struct btx_client *client, uint64_t until_ns,
                                       struct btx_fault *reterr_fault)
{
    const char *host = client->options.host;
    int result;

    client->ssl = SSL_new(client->tls);
    if (client->ssl == NULL || SSL_set_fd(client->ssl, client->fd) != 1)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for TLS");
    /* An address is looked for among the addresses of the certificate, a name among its names. */
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(client->ssl), host) != 1 &&
        (SSL_set1_host(client->ssl, host) != 1 || SSL_set_tlsext_host_name(client->ssl, host) != 1))
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0, "%s: no name of a host", host);
    ERR_clear_error();
    while ((result = SSL_connect(client->ssl)) != 1) {
        if (!wait_for_tls(client, result, until_ns, reterr_fault))
            return btx_fault_wrap(reterr_fault, "TLS with %s:%s", host, client->options.port);
        ERR_clear_error();
    }
    return BTX_OK;
}

/* ---- Frames ---- */

enum btx_fault_code btx_client_send(struct btx_client *client, enum btx_frame_type type,
                                    const void *body, size_t body_bytes, uint64_t *ret_request,
                                    struct btx_fault *reterr_fault)
{
    _Alignas(BTX_FRAME_WORD_BYTES) uint8_t frame[BTX_FRAME_CLIENT_BYTES_MAX];
    const uint64_t until_ns = now_ns(client) + client->options.timeout_ns;
    const size_t length_bytes = btx_frame_length_bytes(body_bytes);
    size_t sent = 0;
    void *room;

    CHECK(length_bytes <= sizeof frame);
    if (client->ssl == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "not connected");
    *ret_request = ++client->request;
    room = btx_frame_begin(frame, type, 0, *ret_request, body_bytes);
    if (body_bytes != 0)
        memcpy(room, body, body_bytes);
    while (sent < length_bytes) {
        int result;

        ERR_clear_error();
        result = SSL_write(client->ssl, frame + sent, (int)(length_bytes - sent));
        if (result > 0)
            sent += (size_t)result;
        else if (!wait_for_tls(client, result, until_ns, reterr_fault))
            return reterr_fault->code;
    }
    return BTX_OK;
}

/* A frame that is there already; PART when there is none. */
static enum btx_frame_part next_frame(struct btx_client *client, struct btx_frame *ret_frame,
                                      const char **ret_why)
{
    enum btx_frame_part part;

    btx_byte_queue_take(&client->in, client->held_bytes);
    client->held_bytes = 0;
    part = btx_frame_read(btx_byte_queue_front(&client->in), btx_byte_queue_length(&client->in),
                          BTX_FRAME_FROM_GATEWAY, ret_frame, ret_why);
    if (part == BTX_FRAME_WHOLE)
        client->held_bytes = ret_frame->header->length_bytes;
    return part;
}

static enum btx_fault_code take_status(const struct btx_frame *frame,
                                       struct btx_fault *reterr_fault)
{
    const struct btx_frame_status *status = frame->body;
    const char *name = btx_frame_status_name(status->code);

    return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "%s: %.*s",
                         name == NULL ? "STATUS" : name, (int)status->text_length,
                         (const char *)(status + 1));
}

enum btx_fault_code btx_client_receive(struct btx_client *client, struct btx_frame *ret_frame,
                                       struct btx_fault *reterr_fault)
{
    const uint64_t until_ns = now_ns(client) + client->options.timeout_ns;
    uint8_t bytes[READ_BYTES];
    const char *why = NULL;
    enum btx_frame_part part;

    if (client->ssl == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "not connected");
    while ((part = next_frame(client, ret_frame, &why)) == BTX_FRAME_PART) {
        int result;
        void *room;

        ERR_clear_error();
        result = SSL_read(client->ssl, bytes, sizeof bytes);
        if (result <= 0) {
            if (!wait_for_tls(client, result, until_ns, reterr_fault))
                return reterr_fault->code;
            continue;
        }
        room = btx_byte_queue_append(&client->in, (size_t)result);
        if (room == NULL)
            return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for a frame");
        memcpy(room, bytes, (size_t)result);
    }
    if (part == BTX_FRAME_BAD)
        return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "what the gateway sent: %s", why);
    if (ret_frame->type == BTX_FRAME_STATUS &&
        (ret_frame->header->flags & BTX_FRAME_CLOSING) != 0) {
        client->closing = ((const struct btx_frame_status *)ret_frame->body)->code;
        return take_status(ret_frame, reterr_fault);
    }
    return BTX_OK;
}

/* Whether @frame answers @request; what does not goes to the sink. */
static bool is_answer(struct btx_client *client, const struct btx_frame *frame, uint64_t request)
{
    if (frame->header->request == request && frame->type != BTX_FRAME_EVENT &&
        (frame->header->flags & BTX_FRAME_UPDATE_OF) == 0)
        return true;
    if (client->options.sink != NULL)
        client->options.sink(client->options.context, frame);
    return false;
}

/* The answer to @request, whatever it is. */
static enum btx_fault_code receive_answer(struct btx_client *client, uint64_t request,
                                          struct btx_frame *ret_frame,
                                          struct btx_fault *reterr_fault)
{
    do {
        if (btx_client_receive(client, ret_frame, reterr_fault) != BTX_OK)
            return reterr_fault->code;
    } while (!is_answer(client, ret_frame, request));
    return BTX_OK;
}

enum btx_fault_code btx_client_ask(struct btx_client *client, enum btx_frame_type type,
                                   const void *body, size_t body_bytes, struct btx_frame *ret_frame,
                                   struct btx_fault *reterr_fault)
{
    uint64_t request;

    if (btx_client_send(client, type, body, body_bytes, &request, reterr_fault) != BTX_OK ||
        receive_answer(client, request, ret_frame, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    return ret_frame->type == BTX_FRAME_STATUS ? take_status(ret_frame, reterr_fault) : BTX_OK;
}

/* ---- Beginning and end ---- */

static enum btx_fault_code begin_session(struct btx_client *client, struct btx_fault *reterr_fault)
{
    const uint64_t until_ns = now_ns(client) + client->options.timeout_ns;
    const struct btx_frame_hello hello = {.version = BTX_FRAME_VERSION,
                                          .flags = client->options.flags,
                                          .account = client->options.account};
    struct btx_frame frame;

    disconnect(client);
    client->closing = 0;
    btx_byte_queue_init(&client->in, 4 * BTX_FRAME_BYTES_MAX);
    if (connect_tcp(client, until_ns, reterr_fault) != BTX_OK ||
        connect_tls(client, until_ns, reterr_fault) != BTX_OK ||
        btx_client_ask(client, BTX_FRAME_HELLO, &hello, sizeof hello, &frame, reterr_fault) !=
            BTX_OK) {
        disconnect(client);
        return reterr_fault->code;
    }
    if (frame.type != BTX_FRAME_WELCOME) {
        disconnect(client);
        return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "no WELCOME");
    }
    memcpy(&client->welcome, frame.body, sizeof client->welcome);
    return BTX_OK;
}

/* Whether trying again can help after the connection has ended. */
static bool is_passing(const struct btx_client *client, const struct btx_fault *fault)
{
    switch (client->closing) {
    case BTX_FRAME_STATUS_STARTING:
    case BTX_FRAME_STATUS_TOO_SLOW:
    case BTX_FRAME_STATUS_DEADLINE:
    case BTX_FRAME_STATUS_ENGINE_LOST:
    case BTX_FRAME_STATUS_SHUTDOWN:
        return true;
    case 0:
        return fault->code == BTX_FAULT_IO;
    default: /* lint: default: all others would be said again */
        return false;
    }
}

/* Wait before the next try, each time longer.  False when patience is over. */
static bool pause_for(struct btx_client *client, uint64_t *pause_ns, uint64_t until_ns)
{
    if (now_ns(client) + *pause_ns >= until_ns)
        return false;
    (void)poll(NULL, 0, (int)(*pause_ns / MS_NS));
    *pause_ns = *pause_ns * 2 > PAUSE_NS_MAX ? PAUSE_NS_MAX : *pause_ns * 2;
    return true;
}

enum btx_fault_code btx_client_open(struct btx_client **ret_client,
                                    const struct btx_client_options *options,
                                    struct btx_fault *reterr_fault)
{
    const struct btx_tls_files files = {
        .certificate = options->certificate, .key = options->key, .client_ca = options->ca};
    struct btx_client *client = calloc(1, sizeof *client);
    uint64_t pause_ns = PAUSE_NS_MIN;
    uint64_t until_ns;

    *ret_client = NULL;
    if (client == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for a client");
    client->options = *options;
    client->clock = btx_clock_system();
    client->fd = -1;
    until_ns = now_ns(client) + options->patience_ns;
    if (btx_tls_context_client(&client->tls, &files, reterr_fault) != BTX_OK) {
        btx_client_close(client);
        return reterr_fault->code;
    }
    while (begin_session(client, reterr_fault) != BTX_OK) {
        if (is_passing(client, reterr_fault) && pause_for(client, &pause_ns, until_ns))
            continue;
        btx_client_close(client);
        return reterr_fault->code;
    }
    client->cseq = client->welcome.cseq;
    client->seen_seq = client->welcome.seq;
    *ret_client = client;
    return BTX_OK;
}

void btx_client_close(struct btx_client *client)
{
    if (client == NULL)
        return;
    disconnect(client);
    SSL_CTX_free(client->tls);
    free(client);
}

const struct btx_frame_welcome *btx_client_welcome(const struct btx_client *client)
{
    return &client->welcome;
}

/* ---- Exactly once ---- */

static void set_account_and_cseq(union btx_command_space *space, uint64_t account, uint64_t cseq)
{
    void *command = space;

    memcpy(space->bytes + sizeof(struct btx_command), &account, sizeof account);
    switch (space->command.record.type) {
    case BTX_COMMAND_PLACE_ORDER:
        ((struct btx_place_order *)command)->cseq = cseq;
        return;
    case BTX_COMMAND_CANCEL_ORDER:
        ((struct btx_cancel_order *)command)->cseq = cseq;
        return;
    case BTX_COMMAND_UPDATE_ORDER:
        ((struct btx_update_order *)command)->cseq = cseq;
        return;
    case BTX_COMMAND_REPLACE_ORDER:
        ((struct btx_replace_order *)command)->cseq = cseq;
        return;
    case BTX_COMMAND_CANCEL_ORDERS:
        ((struct btx_cancel_orders *)command)->cseq = cseq;
        ((struct btx_cancel_orders *)command)->present |= BTX_CANCEL_ORDERS_HAS_ACCOUNT;
        return;
    default: /* lint: default: no frame makes another one */
        CHECK_UNREACHABLE();
    }
}

/* Add what @event says to the answer to the command with @cseq. */
static void take_fate(struct btx_frame_reply *reply, const struct btx_record *event, uint64_t cseq)
{
    const void *body = event;
    const struct btx_order_accepted *accepted = body;
    const struct btx_trade_matched *trade = body;
    const struct btx_order_cancelled *cancelled = body;
    const struct btx_order_updated *updated = body;
    const struct btx_order_cancelled_batched *batch = body;
    const struct btx_command_rejected *rejected = body;
    uint64_t found = 0;

    switch (event->type) {
    case BTX_EVENT_ORDER_ACCEPTED:
    case BTX_EVENT_ORDER_HELD:
        found = accepted->cseq;
        if (found == cseq) {
            reply->order = accepted->order;
            reply->size = reply->remaining = accepted->size;
        }
        break;
    case BTX_EVENT_TRADE_MATCHED:
        /* At another time it is the release of a held order, and not its command any more. */
        if (reply->order != 0 && trade->taker == reply->order && event->time_ns == reply->time_ns) {
            reply->matched += trade->size;
            reply->remaining = trade->taker_remaining;
            reply->count++;
        }
        return;
    case BTX_EVENT_ORDER_CANCELLED:
        found = cancelled->cseq;
        if (found == cseq) {
            reply->order = cancelled->order;
            reply->size = cancelled->cancelled;
            reply->remaining = cancelled->remaining;
            reply->count = 1;
        } else if (cancelled->order == reply->order && event->time_ns == reply->time_ns) {
            reply->remaining = cancelled->remaining;
        }
        break;
    case BTX_EVENT_ORDER_UPDATED:
        found = updated->cseq;
        reply->order = found == cseq ? updated->order : reply->order;
        break;
    case BTX_EVENT_ORDER_CANCELLED_BATCHED:
        found = batch->cseq;
        reply->count += found == cseq ? batch->orders_count : 0;
        break;
    case BTX_EVENT_COMMAND_REJECTED:
        found = rejected->cseq;
        if (found == cseq && rejected->reason == BTX_REJECT_DUPLICATE)
            return; /* Of a second try, and not what became of the first. */
        reply->reason = found == cseq ? rejected->reason : reply->reason;
        break;
    default: /* lint: default: what no command with a cseq causes */
        return;
    }
    if (found != cseq)
        return;
    reply->seq = reply->last_seq = event->seq;
    reply->tx = event->tx;
    reply->time_ns = event->time_ns;
    reply->cseq = cseq;
    reply->event = event->type;
}

/* It was done: how it ended is among the account's events. */
static enum btx_fault_code find_fate(struct btx_client *client, uint64_t cseq,
                                     struct btx_frame_reply *ret_reply,
                                     struct btx_fault *reterr_fault)
{
    const struct btx_frame_stream_wish wish = {.after_seq = client->seen_seq};
    struct btx_frame frame;
    uint64_t request;

    *ret_reply = (struct btx_frame_reply){0};
    if (btx_client_send(client, BTX_FRAME_SUBSCRIBE_ORDERS, &wish, sizeof wish, &request,
                        reterr_fault) != BTX_OK)
        return reterr_fault->code;
    do {
        if (btx_client_receive(client, &frame, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        if (frame.type == BTX_FRAME_EVENT)
            take_fate(ret_reply, frame.body, cseq);
    } while (!is_answer(client, &frame, request));
    if (frame.type == BTX_FRAME_STATUS)
        return take_status(&frame, reterr_fault);
    return ret_reply->seq != 0
               ? BTX_OK
               : btx_fault_set(reterr_fault, BTX_FAULT_IO, 0,
                               "cseq %" PRIu64 " was consumed, and no event says by what", cseq);
}

/* One try.  BUSY and STARTING: *ret_again, and nothing was done nor consumed. */
static enum btx_fault_code try_command(struct btx_client *client,
                                       const union btx_command_space *command,
                                       struct btx_frame_reply *ret_reply, bool *ret_again,
                                       struct btx_fault *reterr_fault)
{
    _Alignas(BTX_FRAME_WORD_BYTES) uint8_t bytes[BTX_FRAME_CLIENT_BYTES_MAX];
    const size_t length_bytes = btx_frame_put_command(bytes, 0, &command->command);
    const struct btx_frame_header *header = (const void *)bytes;
    struct btx_frame frame;
    uint64_t request;
    uint16_t code;

    *ret_again = false;
    if (btx_client_send(client, (enum btx_frame_type)header->type, header + 1,
                        length_bytes - sizeof *header, &request, reterr_fault) != BTX_OK ||
        receive_answer(client, request, &frame, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (frame.type == BTX_FRAME_REPLY) {
        memcpy(ret_reply, frame.body, sizeof *ret_reply);
        *ret_again =
            ret_reply->event == BTX_EVENT_COMMAND_REJECTED && ret_reply->reason == BTX_REJECT_BUSY;
        return *ret_again
                   ? btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "BUSY: the engine sheds load")
                   : BTX_OK;
    }
    if (frame.type != BTX_FRAME_STATUS)
        return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "no REPLY");
    code = ((const struct btx_frame_status *)frame.body)->code;
    *ret_again = code == BTX_FRAME_STATUS_BUSY || code == BTX_FRAME_STATUS_STARTING;
    return take_status(&frame, reterr_fault);
}

enum btx_fault_code btx_client_command(struct btx_client *client, union btx_command_space *command,
                                       struct btx_frame_reply *ret_reply,
                                       struct btx_fault *reterr_fault)
{
    const bool has_sequence = (client->options.flags & BTX_FRAME_HELLO_SEQUENCE) != 0;
    const uint64_t until_ns = now_ns(client) + client->options.patience_ns;
    const uint64_t cseq = has_sequence ? client->cseq + 1 : 0;
    uint64_t pause_ns = PAUSE_NS_MIN;
    bool is_again;

    set_account_and_cseq(command, client->welcome.account, cseq);
    for (;;) {
        enum btx_fault_code code = try_command(client, command, ret_reply, &is_again, reterr_fault);

        /* Lost: it is known again when there is a session, if the command has a cseq. */
        while (code != BTX_OK && !is_again && has_sequence && is_passing(client, reterr_fault) &&
               pause_for(client, &pause_ns, until_ns)) {
            code = begin_session(client, reterr_fault);
            if (code == BTX_OK && client->welcome.cseq < cseq)
                is_again = true;
            else if (code == BTX_OK)
                code = find_fate(client, cseq, ret_reply, reterr_fault);
        }
        if (code == BTX_OK && !is_again)
            break;
        if (!is_again || !pause_for(client, &pause_ns, until_ns))
            return reterr_fault->code;
    }
    client->cseq = has_sequence ? cseq : client->cseq;
    client->seen_seq = ret_reply->last_seq;
    return BTX_OK;
}
