/* SPDX-License-Identifier: Apache-2.0 */
/* requests.h - what an operator asks of the engine that is no command of the exchange.
 *
 * A request goes through the admin ring between the commands, in their frame (kind
 * BTX_RECORD_COMMAND, a type of its own), and is never in the log: btx_record_check() does not know
 * it.  What the log gets is an OperatorAction note with the same who and what, which the engine
 * writes for each request before it does what is asked.  An OPERATOR_ACTION asks for nothing but
 * that note: it goes in front of each command that changes something.
 *
 * Nothing answers a request itself: the note comes by in the event ring, what has become of it is
 * in the status page. */
#ifndef BTX_WIRE_REQUESTS_H
#define BTX_WIRE_REQUESTS_H

#include "engine/wire/commands.h"
#include "engine/wire/notes.h"

enum btx_request_type {
#define REQUEST(number, NAME, Name) BTX_REQUEST_##NAME = (number),
#include "engine/wire/requests.def"
};
enum {
#define REQUEST(number, NAME, Name) +1
    BTX_REQUEST_COUNT =
#include "engine/wire/requests.def"
        ,
};

/* Bit n for each request n: what the admin ring's rule adds to the commands. */
#define BTX_REQUEST_TYPES                                                                          \
    ((UINT64_C(1) << BTX_REQUEST_OPERATOR_ACTION) | (UINT64_C(1) << BTX_REQUEST_ROTATE) |          \
     (UINT64_C(1) << BTX_REQUEST_SNAPSHOT) | (UINT64_C(1) << BTX_REQUEST_DRAIN) |                  \
     (UINT64_C(1) << BTX_REQUEST_SHUTDOWN))

/* Every request; @what_length bytes of printable ASCII follow, at most
 * BTX_OPERATOR_ACTION_BYTES_MAX. */
struct btx_request {
    struct btx_command command;
    char who[32]; /* As in the note. */
    uint16_t what_length;
    uint8_t reserved[6];
};

static inline const char *btx_request_what(const struct btx_request *request)
{
    return (const char *)(request + 1);
}

static inline bool btx_request_is_type(uint8_t type)
{
    return type <= 63 && (BTX_REQUEST_TYPES >> type & 1u) != 0;
}

/* The name of a request type; valid types only. */
const struct btx_term *btx_request_name(enum btx_request_type type);

/* Build a request in @space, whole but for number, incarnation and producer.  @who is cut after 32
 * bytes and @what after BTX_OPERATOR_ACTION_BYTES_MAX, and what is not printable ASCII in them
 * becomes '?': texts of other people's choice cannot spoil a log. */
struct btx_request *btx_request_build(union btx_command_space *space, enum btx_request_type type,
                                      const char *who, const char *what);

/* Check everything about the request at @bytes but its CRC, as btx_record_check() does for the
 * records of logs: frame, fields, zeros.  @bytes is 8-byte aligned.  NULL when it is valid, else a
 * sentence that is valid for ever.  Never reads past @available_bytes. */
BTX_MUST_USE const char *btx_request_check(const void *bytes, size_t available_bytes);

#endif
