/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h - the command records: what clients, operators and the engine itself may ask.
 *
 * Every body begins with struct btx_command.  `present` says which optional fields were given
 * (command_fields.def, HAS_n); what was not given is zero.  Decimals (prices, sizes, amounts,
 * fractions) are in 1/10 000 whatever the market's kind: the core judges what is too fine. */
#ifndef BTX_WIRE_COMMANDS_H
#define BTX_WIRE_COMMANDS_H

#include "engine/wire/record.h"
#include "engine/wire/terms.h"

enum btx_command_type {
#define COMMAND(number, NAME, Name, body, size, door) BTX_COMMAND_##NAME = (number),
#include "engine/wire/commands.def"
};
enum {
#define COMMAND(number, NAME, Name, body, size, door) +1
    BTX_COMMAND_COUNT =
#include "engine/wire/commands.def"
        ,
};

/* What precedes every command's own fields: its frame and where it came from. */
struct btx_command {
    struct btx_record record;
    uint64_t number;      /* The producer's own number of this command. */
    uint32_t incarnation; /* Which life of the producer's ring. */
    uint16_t producer;    /* Which producer; 0 is a local one (text, tests). */
    uint8_t shed;         /* 1: the engine sheds load, new orders are answered BUSY. */
    uint8_t rules;        /* Rules version by which it was decided, from 2 on; 0: 1.  Set by the
                             core; 0 in a producer's ring. */
};

/* OpenAccount. */
struct btx_open_account {
    struct btx_command command;
    uint64_t account;
};

/* FreezeAccount, UnfreezeAccount. */
struct btx_account_command {
    struct btx_command command;
    uint64_t account;
};

/* Deposit, Withdraw: cseq or transfer, not both. */
struct btx_funds_command {
    struct btx_command command;
    uint64_t account;
    int64_t amount;
    uint64_t cseq;
    uint64_t transfer;
};

/* OpenMarket; @runners_count ids follow. */
struct btx_open_market {
    struct btx_command command;
    uint64_t market;
    uint64_t winners; /* How many runners win. */
    uint64_t tick;    /* BINARY only. */
    int64_t min_size;
    int64_t commission; /* Fraction of a winner's profit. */
    uint16_t runners_count;
    uint8_t kind;
    uint8_t present;
    uint8_t reductions; /* rules-2.md 6 */
    uint8_t implied;    /* rules-2.md 7 */
    uint8_t ladder;     /* enum btx_ladder */
    uint8_t reserved;
    uint64_t bet_delay; /* ms; rules-2.md 5 */
    uint8_t reserved_bytes[8];
};

/* SuspendMarket, ResumeMarket, TurnInPlay, VoidMarket, ForgetMarket. */
struct btx_market_command {
    struct btx_command command;
    uint64_t market;
};

/* PlaceOrder; @ref_length bytes follow. */
struct btx_place_order {
    struct btx_command command;
    uint64_t account;
    uint64_t market;
    uint64_t runner;
    uint64_t price;
    int64_t size;
    int64_t min_fill;
    uint64_t cseq;
    uint64_t expires;    /* ns since 1970 */
    uint64_t if_version; /* Of the market, at most. */
    uint8_t side;        /* enum btx_order_side */
    uint8_t outcome;
    uint8_t tif;
    uint8_t persistence;
    uint8_t post_only;
    uint8_t stp;
    uint8_t ref_length;
    uint8_t present;
};

/* CancelOrder. */
struct btx_cancel_order {
    struct btx_command command;
    uint64_t account;
    uint64_t order;
    int64_t reduce_by;
    uint64_t cseq;
    uint8_t present;
    uint8_t reserved[7];
};

/* UpdateOrder. */
struct btx_update_order {
    struct btx_command command;
    uint64_t account;
    uint64_t order;
    uint64_t cseq;
    uint8_t persistence;
    uint8_t reserved[7];
};

/* ReplaceOrder. */
struct btx_replace_order {
    struct btx_command command;
    uint64_t account;
    uint64_t order;
    uint64_t price;
    int64_t size;
    uint64_t cseq;
    uint64_t if_version; /* Of the market, at most. */
    uint8_t present;
    uint8_t reserved[7];
};

/* CancelOrders. */
struct btx_cancel_orders {
    struct btx_command command;
    uint64_t account;
    uint64_t market;
    uint64_t runner;
    uint64_t cseq;
    uint8_t side;       /* enum btx_side */
    uint8_t disconnect; /* 1: the engine's own, for a lost connection (cause DISCONNECT). */
    uint8_t present;
    uint8_t reserved[5];
};

/* SettleMarket; @winners_count ids follow.  Either winners or a result. */
struct btx_settle_market {
    struct btx_command command;
    uint64_t market;
    uint16_t winners_count;
    uint8_t result; /* enum btx_outcome */
    uint8_t present;
    uint8_t reserved[4];
};

/* Tick: lets time pass.  The core itself writes one before the events of each thing that has fallen
 * due, as the command that they belong to. */
struct btx_tick {
    struct btx_command command;
};

/* DescribeMarket; @text_length bytes of UTF-8 follow. */
struct btx_describe_market {
    struct btx_command command;
    uint64_t market;
    uint16_t text_length;
    uint8_t reserved[6];
};

/* SetBetDelay. */
struct btx_set_bet_delay {
    struct btx_command command;
    uint64_t market;
    uint64_t bet_delay; /* ms */
};

/* RemoveRunner. */
struct btx_remove_runner {
    struct btx_command command;
    uint64_t market;
    uint64_t runner;
    int64_t factor; /* Percent, 1/10 000. */
};

/* Bits of `present`, named by the field they stand for; the same rows as command_fields.def. */
#define BTX_OPEN_MARKET_HAS_RUNNERS 0x01u
#define BTX_OPEN_MARKET_HAS_WINNERS 0x02u
#define BTX_OPEN_MARKET_HAS_TICK 0x04u
#define BTX_OPEN_MARKET_HAS_BET_DELAY 0x08u
#define BTX_OPEN_MARKET_HAS_REDUCTIONS 0x10u
#define BTX_OPEN_MARKET_HAS_IMPLIED 0x20u
#define BTX_OPEN_MARKET_HAS_LADDER 0x40u
#define BTX_PLACE_ORDER_HAS_RUNNER 0x01u
#define BTX_PLACE_ORDER_HAS_MIN_FILL 0x02u
#define BTX_PLACE_ORDER_HAS_REF 0x04u
#define BTX_PLACE_ORDER_HAS_EXPIRES 0x08u
#define BTX_PLACE_ORDER_HAS_IF_VERSION 0x10u
#define BTX_CANCEL_ORDER_HAS_REDUCE_BY 0x01u
#define BTX_REPLACE_ORDER_HAS_SIZE 0x01u
#define BTX_REPLACE_ORDER_HAS_IF_VERSION 0x02u
#define BTX_CANCEL_ORDERS_HAS_ACCOUNT 0x01u
#define BTX_CANCEL_ORDERS_HAS_MARKET 0x02u
#define BTX_CANCEL_ORDERS_HAS_RUNNER 0x04u
#define BTX_CANCEL_ORDERS_HAS_SIDE 0x08u
#define BTX_SETTLE_MARKET_HAS_WINNERS 0x01u

/* The ids behind an OpenMarket or SettleMarket, the text behind a PlaceOrder or DescribeMarket. */
static inline const uint64_t *btx_open_market_runners(const struct btx_open_market *command)
{
    return (const uint64_t *)(command + 1);
}

static inline const uint64_t *btx_settle_market_winners(const struct btx_settle_market *command)
{
    return (const uint64_t *)(command + 1);
}

static inline const char *btx_place_order_ref(const struct btx_place_order *command)
{
    return (const char *)(command + 1);
}

static inline const char *btx_describe_market_text(const struct btx_describe_market *command)
{
    return (const char *)(command + 1);
}

/* Room for the greatest command, for callers that need to hold one of any type. */
union btx_command_space {
    struct btx_command command;
    uint8_t bytes[BTX_COMMAND_BYTES_MAX];
};

/* The text form's name of a command type; valid types only. */
const struct btx_term *btx_command_name(enum btx_command_type type);

/* Begin a command of @type in @space: zeroes the whole units that its fixed part takes, sets kind,
 * type and length, and returns it for the caller to fill.  Lists and texts: write them behind the
 * body, then btx_command_set_length(). */
struct btx_command *btx_command_begin(union btx_command_space *space, enum btx_command_type type);

/* The size of the fixed body of @type, header and source included; 0 for an unknown type. */
size_t btx_command_body_bytes(uint8_t type);

/* Set the record's length to the body plus @tail_bytes, and zero what is behind the tail. */
void btx_command_set_length(union btx_command_space *space, size_t tail_bytes);

/* Check what @command says, its frame being sound (type known; length that of body and tail):
 * every field in its range, what must be absent zero, lists and texts well formed, and the rules
 * across fields of rules.md 4.  The last part of btx_record_check(), for who built the command
 * itself.  Returns NULL or a sentence, as that does. */
BTX_MUST_USE const char *btx_command_check(const struct btx_command *command);

#endif
