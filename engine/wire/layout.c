/* SPDX-License-Identifier: Apache-2.0 */
/* layout.c - what the compiler must have made of the record structs; no code.
 *
 * The structs are the bytes in ring and log: a log is read by later versions, on other machines
 * and by programs in other languages, so none of this may ever change for a released type. */
#include "engine/wire/commands.h"
#include "engine/wire/events.h"
#include "engine/wire/notes.h"
#include "engine/wire/requests.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the structs are little-endian bytes");
static_assert(sizeof(struct btx_record) == BTX_RECORD_HEADER_BYTES, "limits.h knows the header");

/* The lists and the structs agree. */
#define COMMAND(number, NAME, Name, body, size, door)                                              \
    static_assert(sizeof(struct btx_##body) == (size), #Name " changed size");                     \
    static_assert((number) > 0 && (number) <= UINT8_MAX, #Name " needs a number of one byte");
#include "engine/wire/commands.def"

#define EVENT(number, NAME, Name, body, size)                                                      \
    static_assert(sizeof(struct btx_##body) == (size), #Name " changed size");                     \
    static_assert((number) > 0 && (number) <= UINT8_MAX, #Name " needs a number of one byte");
#include "engine/wire/events.def"

#define NOTE(number, NAME, Name, body, size)                                                       \
    static_assert(sizeof(struct btx_##body) == (size), #Name " changed size");                     \
    static_assert((number) > 0 && (number) <= UINT8_MAX, #Name " needs a number of one byte");
#include "engine/wire/notes.def"

/* One ring carries commands and requests, and its rule is a mask of 64 bits. */
#define REQUEST(number, NAME, Name)                                                                \
    static_assert((number) > BTX_COMMAND_COUNT && (number) <= 63, #Name " has its own bit");
#include "engine/wire/requests.def"

/* Every member is where README.md says, and natural-aligned. */
#define BODY(body, size_bytes)
#define MEMBER(body, member, offset, bytes, USE)                                                   \
    static_assert(offsetof(struct btx_##body, member) == (offset), #body "." #member " moved");    \
    static_assert(sizeof(((struct btx_##body *)0)->member) == (bytes),                             \
                  #body "." #member " changed size");
#define END(body)
#include "engine/wire/layout.def"

/* No padding: the members, which cannot overlap, fill the struct; and lists behind it are aligned,
 * because its size is a multiple of 8. */
#define BODY(body, size_bytes)                                                                     \
    static_assert(sizeof(struct btx_##body) == (size_bytes), #body " changed size");               \
    static_assert((size_bytes) % 8 == 0, #body " keeps what follows aligned");                     \
    static_assert(_Alignof(struct btx_##body) == 8, #body " is 8-byte aligned");                   \
    static_assert(sizeof(struct btx_##body) == 0
#define MEMBER(body, member, offset, bytes, USE) +(bytes)
#define END(body) , #body " has padding");
#include "engine/wire/layout.def"
static_assert(_Alignof(union btx_command_space) == 8, "a command can be built in its space");

/* What limits.h promises about lengths. */
#define ROUNDED_BYTES(bytes)                                                                       \
    (((bytes) + BTX_RECORD_UNIT_BYTES - 1) / BTX_RECORD_UNIT_BYTES * BTX_RECORD_UNIT_BYTES)

/* Only these can a command repeat without bound. */
static_assert(ROUNDED_BYTES(sizeof(struct btx_trade_matched)) <= BTX_REPEATED_EVENT_BYTES_MAX &&
                  ROUNDED_BYTES(sizeof(struct btx_order_cancelled)) <=
                      BTX_REPEATED_EVENT_BYTES_MAX &&
                  ROUNDED_BYTES(sizeof(struct btx_implied_matched)) <=
                      BTX_REPEATED_EVENT_BYTES_MAX &&
                  ROUNDED_BYTES(sizeof(struct btx_account_settled)) <= BTX_REPEATED_EVENT_BYTES_MAX,
              "BTX_TX_BYTES_MAX counts on short repeated events");

#define EVENT(number, NAME, Name, body, size)                                                      \
    static_assert(ROUNDED_BYTES(sizeof(struct btx_##body)) <= BTX_ORDINARY_RECORD_BYTES_MAX,       \
                  #Name " is longer than an ordinary record");
#include "engine/wire/events.def"
static_assert(ROUNDED_BYTES(sizeof(struct btx_order_accepted) + BTX_REF_BYTES_MAX) <=
                      BTX_ORDINARY_RECORD_BYTES_MAX &&
                  ROUNDED_BYTES(sizeof(struct btx_order_held) + BTX_REF_BYTES_MAX) <=
                      BTX_ORDINARY_RECORD_BYTES_MAX &&
                  ROUNDED_BYTES(sizeof(struct btx_command_rejected) + BTX_REF_BYTES_MAX) <=
                      BTX_ORDINARY_RECORD_BYTES_MAX &&
                  ROUNDED_BYTES(sizeof(struct btx_place_order) + BTX_REF_BYTES_MAX) <=
                      BTX_ORDINARY_RECORD_BYTES_MAX,
              "a full ref keeps an order's records ordinary");

static_assert(ROUNDED_BYTES(sizeof(struct btx_order_cancelled_batched) +
                            8u * BTX_BATCH_ORDERS_MAX) == BTX_RECORD_BYTES_MAX,
              "the full batch is the greatest record");
static_assert(ROUNDED_BYTES(sizeof(struct btx_market_settling) + 8u * BTX_RUNNERS_MAX) == 4160u,
              "MarketSettling takes its share of BTX_TX_BYTES_MAX");
static_assert(ROUNDED_BYTES(sizeof(struct btx_market_opened) + 8u * BTX_RUNNERS_MAX) <=
                  BTX_RECORD_BYTES_MAX,
              "MarketOpened, the only event of its tx, fits");
static_assert(ROUNDED_BYTES(sizeof(struct btx_market_described) + BTX_DESCRIPTION_BYTES_MAX) <=
                      BTX_RECORD_BYTES_MAX &&
                  sizeof(struct btx_describe_market) + BTX_DESCRIPTION_BYTES_MAX <=
                      BTX_COMMAND_BYTES_MAX,
              "MarketDescribed, the only event of its tx, fits, and its command too");
static_assert(offsetof(struct btx_order_held, until) == sizeof(struct btx_order_accepted),
              "OrderHeld begins as OrderAccepted does");
static_assert(ROUNDED_BYTES(sizeof(struct btx_operator_action) + BTX_OPERATOR_ACTION_BYTES_MAX) <=
                  BTX_RECORD_BYTES_MAX,
              "a note is not the greatest record");
static_assert(BTX_RECORD_BYTES_MAX / BTX_RECORD_UNIT_BYTES <= UINT16_MAX, "length_units holds it");

static_assert(ROUNDED_BYTES(sizeof(struct btx_open_market) + 8u * BTX_LIST_IDS_MAX) <=
                      BTX_COMMAND_BYTES_MAX &&
                  ROUNDED_BYTES(sizeof(struct btx_settle_market) + 8u * BTX_LIST_IDS_MAX) <=
                      BTX_COMMAND_BYTES_MAX,
              "the longest lists fit a command");
static_assert(sizeof(struct btx_request) + BTX_OPERATOR_ACTION_BYTES_MAX <= BTX_COMMAND_BYTES_MAX,
              "a request fits where commands go");
static_assert(sizeof(union btx_command_space) == BTX_COMMAND_BYTES_MAX, "a command fills no more");
