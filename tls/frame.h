/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h - the frames of the protocol betex/1, byte for byte, and their strict decoding.
 *
 * A frame is a header of 16 bytes, a fixed body for its type (frames.def), for some types a tail,
 * and zeros up to a word of 8 bytes.  Little-endian, naturally aligned, without padding: the
 * structs are the bytes.  The bodies of commands are those of engine/wire from behind the source
 * on, and an EVENT is a whole record of engine/wire.  tls/README.md has the protocol.
 *
 * Pure: no sockets, no heap, no clock.  For the gateway and for clients. */
#ifndef BTX_TLS_FRAME_H
#define BTX_TLS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/base/limits.h"
#include "engine/wire/commands.h"

/* By which client and gateway find each other (RFC 7301). */
#define BTX_FRAME_ALPN "betex/1"

enum {
    BTX_FRAME_VERSION = 1,
    BTX_FRAME_HEADER_BYTES = 16,
    BTX_FRAME_WORD_BYTES = 8,       /* all lengths are multiples of it */
    BTX_FRAME_LEVELS_MAX = 64,      /* of each side of a book: deep enough for any screen */
    BTX_FRAME_ORDERS_MAX = 64,      /* in one ORDERS; the next page is a query of its own */
    BTX_FRAME_MARKETS_MAX = 64,     /* likewise */
    BTX_FRAME_TEXT_BYTES_MAX = 128, /* of a STATUS */
    BTX_FRAME_CLIENT_BYTES_MAX = 16 + 80 + 64,       /* a PLACE with the longest ref */
    BTX_FRAME_BYTES_MAX = 16 + BTX_RECORD_BYTES_MAX, /* an EVENT of the longest record */
};

enum btx_frame_type {
#define FRAME(number, NAME, body_bytes, tail_bytes_max, sender) BTX_FRAME_##NAME = (number),
#include "tls/frames.def"
};

enum btx_frame_sender { BTX_FRAME_FROM_CLIENT, BTX_FRAME_FROM_GATEWAY };

/* Flags, of the gateway's frames only. */
#define BTX_FRAME_CLOSING 0x01u   /* STATUS: nothing comes behind it but the end */
#define BTX_FRAME_LAST 0x02u      /* ORDERS, MARKETS: no page is left */
#define BTX_FRAME_UPDATE_OF 0x04u /* BOOK: of a subscription, and not the answer to a query */

/* Why a gateway refuses or closes: STATUS(number, NAME, sentence).  Append only. */
#define BTX_FRAME_STATUSES(STATUS)                                                                 \
    STATUS(1, BAD_FRAME, "a frame that the protocol does not have")                                \
    STATUS(2, BAD_VERSION, "a version of the protocol that is not spoken here")                    \
    STATUS(3, NOT_ALLOWED, "the certificate has no right to that")                                 \
    STATUS(4, WRONG_ACCOUNT, "not an account of this certificate")                                 \
    STATUS(5, STARTING, "the state is not there yet: try again")                                   \
    STATUS(6, BUSY, "nothing was done: try again")                                                 \
    STATUS(7, TOO_SLOW, "what was sent is not being read")                                         \
    STATUS(8, DEADLINE, "nothing was heard in time")                                               \
    STATUS(9, ENGINE_LOST, "what was not answered is not known: resume")                           \
    STATUS(10, SUPERSEDED, "another session has taken over the account's sequence")                \
    STATUS(11, SHUTDOWN, "the gateway ends")                                                       \
    STATUS(12, LIMIT, "a limit is reached")                                                        \
    STATUS(13, NO_SEQUENCE, "a cseq in a session that did not ask for the sequence")               \
    STATUS(14, UNKNOWN, "there is no such thing")                                                  \
    STATUS(15, LOG_LOST, "the log has not all that was asked for")

enum btx_frame_status_code {
#define STATUS(number, NAME, sentence) BTX_FRAME_STATUS_##NAME = (number),
    BTX_FRAME_STATUSES(STATUS)
#undef STATUS
};

/* The name of @code ("BUSY") and its sentence; NULL for an unknown one. */
const char *btx_frame_status_name(uint16_t code);
const char *btx_frame_status_sentence(uint16_t code);

struct btx_frame_header {
    uint32_t length_bytes; /* of the whole frame, this header and the zeros included */
    uint8_t type;
    uint8_t flags;
    uint16_t reserved;
    uint64_t request; /* the client's choice; what answers it carries the same */
};

/* ---- From the client ---- */

#define BTX_FRAME_HELLO_CANCEL 0x01u   /* cancel the account's orders when the session ends */
#define BTX_FRAME_HELLO_SEQUENCE 0x02u /* this session gives the account's commands a cseq */

struct btx_frame_hello {
    uint32_t version;
    uint32_t flags;
    uint64_t account; /* 0: the first one of the certificate */
    uint32_t lane;    /* 0; room for more than one sequence of an account */
    uint32_t reserved;
    uint64_t reserved_word;
};

/* SUBSCRIBE_BOOK, UNSUBSCRIBE_BOOK, QUERY_BOOK. */
struct btx_frame_book_wish {
    uint64_t market;
    uint64_t runner;
    uint32_t levels; /* of each side, 1..BTX_FRAME_LEVELS_MAX; UNSUBSCRIBE_BOOK: 0 */
    uint32_t reserved;
};

/* SUBSCRIBE_ORDERS. */
struct btx_frame_stream_wish {
    uint64_t after_seq; /* the last seq seen: what comes behind it is shown */
    uint32_t from_now;  /* 1: begin with what comes next, and after_seq is 0 */
    uint32_t reserved;
};

/* QUERY_ORDERS: the account's live orders behind this one, by market, then id; 0, 0 to begin. */
struct btx_frame_orders_wish {
    uint64_t market;
    uint64_t order;
};

/* QUERY_MARKET: this one.  QUERY_MARKETS: those with a greater id. */
struct btx_frame_market_wish {
    uint64_t market;
};

/* ---- From the gateway ---- */

#define BTX_RIGHT_TRADE 0x01u /* place, change and cancel orders; all may look */

struct btx_frame_welcome {
    uint32_t version;
    uint32_t rights;
    uint64_t account;
    uint64_t seq;     /* of the last event in the state */
    uint64_t cseq;    /* the account's last: what is greater was not executed and will not be */
    uint64_t time_ns; /* of the last event */
    uint32_t outstanding_max;   /* commands that may wait for an answer at a time */
    uint32_t frames_per_second; /* what is over it has to wait */
    uint64_t idle_ns;           /* a session that says nothing for so long is closed */
    char currency[8];           /* zeros behind it */
    char exchange[16];          /* its name, cut */
};

struct btx_frame_status {
    uint16_t code; /* enum btx_frame_status_code */
    uint16_t text_length;
    uint32_t reserved;
};

/* The one answer to a command. */
struct btx_frame_reply {
    uint64_t seq;      /* of the event that answers: OrderAccepted, OrderHeld, OrderCancelled,
                          OrderUpdated, the last OrderCancelledBatched or CommandRejected */
    uint64_t tx;       /* its transaction */
    uint64_t time_ns;  /* the exchange's time */
    uint64_t last_seq; /* of the command's last event */
    uint64_t order;    /* the order that it is about; 0: none, or many */
    uint64_t cseq;     /* as the command had it */
    int64_t size;      /* placed, or taken away by a cancel */
    int64_t matched;   /* of a placed order, at once */
    int64_t remaining; /* of the order when the command has ended */
    uint32_t count;    /* trades of a placed order; orders that were cancelled */
    uint8_t event;     /* enum btx_event_type of seq */
    uint8_t reason;    /* enum btx_reject of a CommandRejected, else 0 */
    uint16_t reserved;
};

/* Answers SUBSCRIBE_ORDERS when all up to seq has been shown; what comes behind it follows. */
struct btx_frame_current {
    uint64_t seq;
};

struct btx_frame_level {
    int64_t size;
    uint32_t price;
    uint32_t reserved;
};

/* @backs levels of orders that back, then @lays of orders that lay; each best for a taker first. */
struct btx_frame_book {
    uint64_t seq; /* of the last event in the state that it shows */
    uint64_t market;
    uint64_t runner;
    uint64_t version; /* of the market */
    uint16_t backs;
    uint16_t lays;
    uint8_t status;  /* enum btx_market_status */
    uint8_t in_play; /* 0 or 1 */
    uint8_t removed; /* 0 or 1: the runner is */
    uint8_t reserved;
    uint64_t reserved_word;
};

struct btx_frame_order {
    uint64_t order;
    uint64_t market;
    uint64_t runner;
    int64_t remaining;
    uint64_t expires; /* 0: never */
    uint64_t until;   /* held until then; 0: not held */
    uint32_t price;
    uint8_t side;
    uint8_t persistence;
    uint8_t held;
    uint8_t reserved;
    uint64_t reserved_words[2];
};

/* @count orders follow. */
struct btx_frame_orders {
    uint64_t seq;
    uint32_t count;
    uint32_t reserved;
};

struct btx_frame_account {
    uint64_t seq;
    uint64_t account;
    int64_t balance;
    int64_t available; /* the nearest that fits */
    uint64_t cseq;     /* the last one consumed */
    uint32_t live_orders;
    uint32_t frozen; /* 0 or 1 */
    uint64_t reserved;
};

struct btx_frame_market_entry {
    uint64_t market;
    int64_t min_size;
    uint64_t version;
    uint32_t runners;
    uint32_t winners;
    uint32_t tick;
    uint32_t commission;
    uint32_t bet_delay_ms;
    uint32_t live_orders;
    uint8_t kind;
    uint8_t status;
    uint8_t in_play;
    uint8_t reductions;
    uint8_t implied;
    uint8_t ladder;
    uint16_t reserved;
    uint64_t reserved_words[2];
};

/* @count entries follow, market ids ascending. */
struct btx_frame_markets {
    uint64_t seq;
    uint32_t count;
    uint32_t reserved;
};

struct btx_frame_runner {
    uint64_t runner;
    uint64_t removed; /* 0 or 1 */
};

/* entry.runners runners follow, then @description_bytes of UTF-8. */
struct btx_frame_market {
    uint64_t seq;
    struct btx_frame_market_entry entry;
    uint32_t description_bytes;
    uint32_t reserved;
};

/* ---- Decoding ---- */

enum btx_frame_part {
    BTX_FRAME_PART, /* more bytes are wanted */
    BTX_FRAME_WHOLE,
    BTX_FRAME_BAD, /* nothing behind it can be believed */
    BTX_FRAME_PART_COUNT
};

/* A frame where it lies: valid as long as the bytes. */
struct btx_frame {
    const struct btx_frame_header *header;
    const void *body; /* of header->length_bytes - BTX_FRAME_HEADER_BYTES, with its zeros */
    size_t body_bytes;
    enum btx_frame_type type;
};

/* Look at the frame of @sender that begins at @bytes, aligned to 8: its length, type, flags, zeros,
 * and, but for EVENT, its fields.  Reads nothing beyond @available_bytes.  *ret_why is set for BAD:
 * a sentence, valid for ever. */
BTX_MUST_USE enum btx_frame_part btx_frame_read(const void *bytes, size_t available_bytes,
                                                enum btx_frame_sender sender,
                                                struct btx_frame *ret_frame, const char **ret_why);

/* Whether frames of @type are commands. */
bool btx_frame_is_command(enum btx_frame_type type);

/* Make the command that @frame, whole and of such a type, asks for, all but where it comes from.
 * NULL, or what is wrong in it as btx_command_check() says it. */
BTX_MUST_USE const char *btx_frame_command(const struct btx_frame *frame,
                                           union btx_command_space *ret_space);

/* ---- Encoding ---- */

/* The length of a whole frame with a body of @body_bytes, its tail included. */
static inline size_t btx_frame_length_bytes(size_t body_bytes)
{
    return BTX_FRAME_HEADER_BYTES +
           (body_bytes + BTX_FRAME_WORD_BYTES - 1) / BTX_FRAME_WORD_BYTES * BTX_FRAME_WORD_BYTES;
}

/* Begin a frame at @to, aligned to 8 and with btx_frame_length_bytes(@body_bytes) of room: its
 * header, and zeros behind it.  Returns its body, for the caller to fill. */
void *btx_frame_begin(void *to, enum btx_frame_type type, uint8_t flags, uint64_t request,
                      size_t body_bytes);

/* The frame of a valid command of a type that clients may ask for, at @to with
 * BTX_FRAME_CLIENT_BYTES_MAX of room.  Returns its length. */
size_t btx_frame_put_command(void *to, uint64_t request, const struct btx_command *command);

#endif
