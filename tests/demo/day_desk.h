/* SPDX-License-Identifier: Apache-2.0 */
/* day_desk.h - where all commands of the day are handed in.
 *
 * It prints each command and executes it on an exchange of its own, so that traders know their
 * order ids and see the books.  A fault (stdout) stays in @fault and makes the rest do nothing. */
#ifndef BTX_TESTS_DEMO_DAY_DESK_H
#define BTX_TESTS_DEMO_DAY_DESK_H

#include <stdint.h>

#include "engine/exchange/exchange.h"
#include "engine/output.h"
#include "engine/wire/commands.h"
#include "tests/demo/day_random.h"

/* More than any account's id. */
enum { BTX_DAY_ACCOUNTS_MAX = 400 };

/* What became of the last command. */
struct btx_day_answer {
    uint64_t order; /* The id that it got; 0: none. */
};

struct btx_desk {
    struct btx_exchange exchange;
    struct btx_output output;
    struct btx_fault fault;
    struct btx_day_random random; /* How long commands are on their way. */
    uint64_t now_ns;              /* Time of the last command; may be moved on. */
    uint64_t command_count;
    struct btx_day_answer answer;
    union btx_command_space space; /* The command being written. */
    uint64_t cseq[BTX_DAY_ACCOUNTS_MAX];
    uint64_t transfer[BTX_DAY_ACCOUNTS_MAX];
};

/* Begin at @now_ns, printing on stdout.  Look at @desk->fault afterwards. */
void btx_desk_open(struct btx_desk *desk, uint64_t now_ns);

/* Hand in what is in @desk->space, a little later than the last.  Sets @desk->answer. */
void btx_desk_send(struct btx_desk *desk);

/* The next cseq of @account; 0 for those who do not count their commands. */
uint64_t btx_desk_next_cseq(struct btx_desk *desk, uint64_t account);

/* Commands that need nothing but these fields. */
void btx_desk_open_account(struct btx_desk *desk, uint64_t account, int64_t deposit);
void btx_desk_withdraw(struct btx_desk *desk, uint64_t account, int64_t amount);
void btx_desk_account_command(struct btx_desk *desk, enum btx_command_type type, uint64_t account);
void btx_desk_market_command(struct btx_desk *desk, enum btx_command_type type, uint64_t market);
void btx_desk_describe(struct btx_desk *desk, uint64_t market, const char *text);
/* @factor in 1/10 000 of a percent. */
void btx_desk_remove_runner(struct btx_desk *desk, uint64_t market, uint64_t runner,
                            int64_t factor);
/* Nothing but the time: what has fallen due happens. */
void btx_desk_tick(struct btx_desk *desk);
void btx_desk_cancel(struct btx_desk *desk, uint64_t account, uint64_t order, int64_t reduce_by);

/* Write what is left; look at @desk->fault afterwards. */
void btx_desk_close(struct btx_desk *desk);

#endif
