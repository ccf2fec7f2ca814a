/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/frame.h"

#include <string.h>

#include "engine/base/check.h"
#include "engine/wire/events.h"

/* A command's body in a frame is that of its record from here on. */
enum { SOURCE_BYTES = sizeof(struct btx_command) };

/* ---- The layout ---- */

enum {
#define FRAME(number, NAME, body_bytes, tail_bytes_max, sender) BODY_##NAME = (body_bytes),
#include "tls/frames.def"
};

#define BODY(NAME, structure)                                                                      \
    static_assert(sizeof(struct structure) == BODY_##NAME, #structure " changed size on the wire");
BODY(HELLO, btx_frame_hello)
BODY(SUBSCRIBE_BOOK, btx_frame_book_wish)
BODY(UNSUBSCRIBE_BOOK, btx_frame_book_wish)
BODY(QUERY_BOOK, btx_frame_book_wish)
BODY(SUBSCRIBE_ORDERS, btx_frame_stream_wish)
BODY(QUERY_ORDERS, btx_frame_orders_wish)
BODY(QUERY_MARKETS, btx_frame_market_wish)
BODY(QUERY_MARKET, btx_frame_market_wish)
BODY(WELCOME, btx_frame_welcome)
BODY(STATUS, btx_frame_status)
BODY(REPLY, btx_frame_reply)
BODY(CURRENT, btx_frame_current)
BODY(BOOK, btx_frame_book)
BODY(ORDERS, btx_frame_orders)
BODY(ACCOUNT, btx_frame_account)
BODY(MARKETS, btx_frame_markets)
BODY(MARKET, btx_frame_market)
#undef BODY

#define BODY(NAME, structure)                                                                      \
    static_assert(sizeof(struct structure) - SOURCE_BYTES == BODY_##NAME,                          \
                  "the body of " #structure);
BODY(PLACE, btx_place_order)
BODY(CANCEL, btx_cancel_order)
BODY(UPDATE, btx_update_order)
BODY(REPLACE, btx_replace_order)
BODY(CANCEL_ALL, btx_cancel_orders)
#undef BODY

static_assert(sizeof(struct btx_frame_header) == BTX_FRAME_HEADER_BYTES, "header");
static_assert(sizeof(struct btx_frame_level) == 16, "level");
static_assert(sizeof(struct btx_frame_order) == 72, "order");
static_assert(sizeof(struct btx_frame_market_entry) == 72, "market");
static_assert(sizeof(struct btx_frame_runner) == 16, "runner");
static_assert(SOURCE_BYTES % BTX_FRAME_WORD_BYTES == 0, "bodies of commands begin with a word");
#define FRAME(number, NAME, body_bytes, tail_bytes_max, sender)                                    \
    static_assert((body_bytes) % BTX_FRAME_WORD_BYTES == 0 && (number) < 256 &&                    \
                      (body_bytes) + (tail_bytes_max) + BTX_FRAME_HEADER_BYTES <=                  \
                          (BTX_FRAME_FROM_##sender == BTX_FRAME_FROM_CLIENT                        \
                               ? (unsigned)BTX_FRAME_CLIENT_BYTES_MAX                              \
                               : (unsigned)BTX_FRAME_BYTES_MAX),                                   \
                  #NAME " fits");
#include "tls/frames.def"

/* ---- Names ---- */

struct shape {
    uint32_t body_bytes;
    uint32_t tail_bytes_max;
    enum btx_frame_sender sender;
};

/* NULL for an unknown type. */
static const struct shape *find_shape(uint8_t type)
{
    static const struct shape shapes[] = {
#define FRAME(number, NAME, body_bytes, tail_bytes_max, sender)                                    \
    {(body_bytes), (tail_bytes_max), BTX_FRAME_FROM_##sender},
#include "tls/frames.def"
    };
    static const uint8_t places[256] = {
#define FRAME(number, NAME, body_bytes, tail_bytes_max, sender) [(number)] = 1,
#include "tls/frames.def"
    };
    size_t place = 0;

    if (places[type] == 0)
        return NULL;
    for (uint8_t before = 0; before < type; before++)
        place += places[before];
    return &shapes[place];
}

const char *btx_frame_status_name(uint16_t code)
{
    switch (code) {
#define STATUS(number, NAME, sentence)                                                             \
    case (number):                                                                                 \
        return #NAME;
        BTX_FRAME_STATUSES(STATUS)
#undef STATUS
    default: /* lint: default: a number of a later version */
        return NULL;
    }
}

const char *btx_frame_status_sentence(uint16_t code)
{
    switch (code) {
#define STATUS(number, NAME, sentence)                                                             \
    case (number):                                                                                 \
        return (sentence);
        BTX_FRAME_STATUSES(STATUS)
#undef STATUS
    default: /* lint: default: a number of a later version */
        return NULL;
    }
}

/* ---- Decoding ---- */

/* What stands behind @length_bytes of the body must be zeros up to its last word, and no more. */
static const char *check_end(const struct btx_frame *frame, size_t length_bytes)
{
    const uint8_t *body = frame->body;

    if (btx_frame_length_bytes(length_bytes) != frame->header->length_bytes)
        return "length: not what the body says";
    for (size_t at = length_bytes; at < frame->body_bytes; at++) {
        if (body[at] != 0)
            return "zeros: something behind the end";
    }
    return NULL;
}

static const char *check_hello(const struct btx_frame *frame)
{
    const struct btx_frame_hello *hello = frame->body;

    if ((hello->flags & ~(BTX_FRAME_HELLO_CANCEL | BTX_FRAME_HELLO_SEQUENCE)) != 0)
        return "flags: unknown";
    if (hello->lane != 0 || hello->reserved != 0 || hello->reserved_word != 0)
        return "reserved: not zero";
    return NULL;
}

static const char *check_book_wish(const struct btx_frame *frame)
{
    const struct btx_frame_book_wish *wish = frame->body;
    const uint32_t least = frame->type == BTX_FRAME_UNSUBSCRIBE_BOOK ? 0 : 1;
    const uint32_t most = frame->type == BTX_FRAME_UNSUBSCRIBE_BOOK ? 0 : BTX_FRAME_LEVELS_MAX;

    if (wish->levels < least || wish->levels > most)
        return "levels: out of range";
    return wish->reserved == 0 ? NULL : "reserved: not zero";
}

static const char *check_stream_wish(const struct btx_frame *frame)
{
    const struct btx_frame_stream_wish *wish = frame->body;

    if (wish->from_now > 1 || (wish->from_now == 1 && wish->after_seq != 0) ||
        wish->after_seq == UINT64_MAX)
        return "from_now, after_seq: out of range";
    return wish->reserved == 0 ? NULL : "reserved: not zero";
}

static const char *check_place(const struct btx_frame *frame)
{
    const uint8_t *body = frame->body;

    return check_end(frame, BODY_PLACE +
                                body[offsetof(struct btx_place_order, ref_length) - SOURCE_BYTES]);
}

static const char *check_status(const struct btx_frame *frame)
{
    const struct btx_frame_status *status = frame->body;

    return check_end(frame, sizeof *status + status->text_length);
}

static const char *check_event(const struct btx_frame *frame)
{
    const char *why = btx_record_check(frame->body, frame->body_bytes);
    const struct btx_record *record = frame->body;

    if (why != NULL)
        return why;
    if (btx_record_kind(record) != BTX_RECORD_EVENT)
        return "event: another kind of record";
    return check_end(frame, btx_record_length_bytes(record));
}

static const char *check_book(const struct btx_frame *frame)
{
    const struct btx_frame_book *book = frame->body;

    if (book->backs > BTX_FRAME_LEVELS_MAX || book->lays > BTX_FRAME_LEVELS_MAX)
        return "levels: out of range";
    return check_end(frame, sizeof *book + ((size_t)book->backs + book->lays) *
                                               sizeof(struct btx_frame_level));
}

static const char *check_orders(const struct btx_frame *frame)
{
    const struct btx_frame_orders *orders = frame->body;

    if (orders->count > BTX_FRAME_ORDERS_MAX)
        return "count: out of range";
    return check_end(frame, sizeof *orders + orders->count * sizeof(struct btx_frame_order));
}

static const char *check_markets(const struct btx_frame *frame)
{
    const struct btx_frame_markets *markets = frame->body;

    if (markets->count > BTX_FRAME_MARKETS_MAX)
        return "count: out of range";
    return check_end(frame,
                     sizeof *markets + markets->count * sizeof(struct btx_frame_market_entry));
}

static const char *check_market(const struct btx_frame *frame)
{
    const struct btx_frame_market *market = frame->body;

    if (market->entry.runners > BTX_RUNNERS_MAX ||
        market->description_bytes > BTX_DESCRIPTION_BYTES_MAX)
        return "runners, description: out of range";
    return check_end(frame, sizeof *market +
                                market->entry.runners * sizeof(struct btx_frame_runner) +
                                market->description_bytes);
}

/* What the type says about the fields.  NULL or what is wrong. */
static const char *check_body(const struct btx_frame *frame)
{
    switch (frame->type) {
    case BTX_FRAME_HELLO:
        return check_hello(frame);
    case BTX_FRAME_SUBSCRIBE_BOOK:
    case BTX_FRAME_UNSUBSCRIBE_BOOK:
    case BTX_FRAME_QUERY_BOOK:
        return check_book_wish(frame);
    case BTX_FRAME_SUBSCRIBE_ORDERS:
        return check_stream_wish(frame);
    case BTX_FRAME_PLACE:
        return check_place(frame);
    case BTX_FRAME_STATUS:
        return check_status(frame);
    case BTX_FRAME_EVENT:
        return check_event(frame);
    case BTX_FRAME_BOOK:
        return check_book(frame);
    case BTX_FRAME_ORDERS:
        return check_orders(frame);
    case BTX_FRAME_MARKETS:
        return check_markets(frame);
    case BTX_FRAME_MARKET:
        return check_market(frame);
    case BTX_FRAME_PING:
    case BTX_FRAME_CANCEL:
    case BTX_FRAME_UPDATE:
    case BTX_FRAME_REPLACE:
    case BTX_FRAME_CANCEL_ALL:
    case BTX_FRAME_QUERY_ORDERS:
    case BTX_FRAME_QUERY_ACCOUNT:
    case BTX_FRAME_QUERY_MARKETS:
    case BTX_FRAME_QUERY_MARKET:
    case BTX_FRAME_WELCOME:
    case BTX_FRAME_REPLY:
    case BTX_FRAME_PONG:
    case BTX_FRAME_CURRENT:
    case BTX_FRAME_ACCOUNT:
        return NULL;
    }
    CHECK_UNREACHABLE();
}

static const char *check_header(const struct btx_frame_header *header, enum btx_frame_sender sender)
{
    const struct shape *shape = find_shape(header->type);
    const uint8_t flags = BTX_FRAME_CLOSING | BTX_FRAME_LAST | BTX_FRAME_UPDATE_OF;

    if (shape == NULL || shape->sender != sender)
        return "type: unknown";
    if (header->length_bytes < BTX_FRAME_HEADER_BYTES + shape->body_bytes ||
        header->length_bytes > btx_frame_length_bytes(shape->body_bytes + shape->tail_bytes_max) ||
        header->length_bytes % BTX_FRAME_WORD_BYTES != 0)
        return "length: not one of this type";
    if ((header->flags & ~(sender == BTX_FRAME_FROM_CLIENT ? 0 : flags)) != 0)
        return "flags: unknown";
    return header->reserved == 0 ? NULL : "reserved: not zero";
}

enum btx_frame_part btx_frame_read(const void *bytes, size_t available_bytes,
                                   enum btx_frame_sender sender, struct btx_frame *ret_frame,
                                   const char **ret_why)
{
    const struct btx_frame_header *header = bytes;
    const char *why;

    if (available_bytes < sizeof *header)
        return BTX_FRAME_PART;
    why = check_header(header, sender);
    if (why == NULL && available_bytes < header->length_bytes)
        return BTX_FRAME_PART;
    if (why == NULL) {
        *ret_frame = (struct btx_frame){
            .header = header,
            .body = header + 1,
            .body_bytes = header->length_bytes - sizeof *header,
            .type = (enum btx_frame_type)header->type,
        };
        why = check_body(ret_frame);
    }
    if (why == NULL)
        return BTX_FRAME_WHOLE;
    *ret_why = why;
    return BTX_FRAME_BAD;
}

/* ---- Commands ---- */

struct pair {
    enum btx_frame_type frame;
    enum btx_command_type command;
};

static const struct pair pairs[] = {
    {BTX_FRAME_PLACE, BTX_COMMAND_PLACE_ORDER},
    {BTX_FRAME_CANCEL, BTX_COMMAND_CANCEL_ORDER},
    {BTX_FRAME_UPDATE, BTX_COMMAND_UPDATE_ORDER},
    {BTX_FRAME_REPLACE, BTX_COMMAND_REPLACE_ORDER},
    {BTX_FRAME_CANCEL_ALL, BTX_COMMAND_CANCEL_ORDERS},
};

bool btx_frame_is_command(enum btx_frame_type type)
{
    return type >= BTX_FRAME_PLACE && type <= BTX_FRAME_CANCEL_ALL;
}

const char *btx_frame_command(const struct btx_frame *frame, union btx_command_space *ret_space)
{
    size_t tail_bytes = 0;
    size_t fixed_bytes = frame->body_bytes;
    const struct btx_cancel_orders *cancel = (const void *)ret_space;

    CHECK(btx_frame_is_command(frame->type));
    for (size_t i = 0; i < BTX_COUNT_OF(pairs); i++) {
        if (pairs[i].frame == frame->type)
            (void)btx_command_begin(ret_space, pairs[i].command);
    }
    if (frame->type == BTX_FRAME_PLACE) {
        fixed_bytes = BODY_PLACE;
        tail_bytes = ((const uint8_t *)
                          frame->body)[offsetof(struct btx_place_order, ref_length) - SOURCE_BYTES];
    }
    memcpy(ret_space->bytes + SOURCE_BYTES, frame->body, fixed_bytes + tail_bytes);
    btx_command_set_length(ret_space, tail_bytes);
    if (frame->type == BTX_FRAME_CANCEL_ALL &&
        ((cancel->present & BTX_CANCEL_ORDERS_HAS_ACCOUNT) == 0 || cancel->disconnect != 0))
        return "account: missing";
    return btx_command_check(&ret_space->command);
}

/* ---- Encoding ---- */

void *btx_frame_begin(void *to, enum btx_frame_type type, uint8_t flags, uint64_t request,
                      size_t body_bytes)
{
    struct btx_frame_header *header = to;
    const size_t length_bytes = btx_frame_length_bytes(body_bytes);

    CHECK(length_bytes <= BTX_FRAME_BYTES_MAX);
    memset(to, 0, length_bytes);
    header->length_bytes = (uint32_t)length_bytes;
    header->type = (uint8_t)type;
    header->flags = flags;
    header->request = request;
    return header + 1;
}

size_t btx_frame_put_command(void *to, uint64_t request, const struct btx_command *command)
{
    enum btx_frame_type type = BTX_FRAME_PLACE;
    size_t bytes = btx_command_body_bytes(command->record.type) - SOURCE_BYTES;
    bool is_found = false;

    for (size_t i = 0; i < BTX_COUNT_OF(pairs); i++) {
        if ((uint8_t)pairs[i].command != command->record.type)
            continue;
        type = pairs[i].frame;
        is_found = true;
    }
    CHECK(is_found);
    if (type == BTX_FRAME_PLACE)
        bytes += ((const struct btx_place_order *)(const void *)command)->ref_length;
    memcpy(btx_frame_begin(to, type, 0, request, bytes), command + 1, bytes);
    return btx_frame_length_bytes(bytes);
}
