/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - a core on memory of its own, commands and events built for it, and what came out.
 *
 * The memory ends at a page that nobody may touch.  Whatever a test builds has passed
 * btx_record_check() before the core sees it, and so has whatever the core emits. */
#ifndef BTX_UNIT_CORE_FIXTURE_H
#define BTX_UNIT_CORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/core/state.h"
#include "tests/property/random.h"

/* Runner ids of the markets that fixtures open: so that an id is never taken for an index. */
#define BTX_FIXTURE_RUNNER UINT64_C(11)
/* Money: one unit of currency. */
#define BTX_FIXTURE_ONE INT64_C(10000)

/* A piece of a fixture's own memory, valid until btx_fixture_close(). */
struct btx_bytes {
    uint8_t *bytes;
    size_t length_bytes;
};

union btx_fixture_record {
    struct btx_record record;
    uint8_t bytes[BTX_RECORD_BYTES_MAX];
};

struct btx_fixture {
    struct btx_core *core;
    struct btx_core_capacity capacity;
    struct btx_tx tx; /* What the last step made. */
    uint64_t time_ns; /* Of the commands built next. */
    bool corrupted;   /* The test broke the state: not verified at the end. */

    struct btx_core *follower; /* Gets every record of every tx by apply; NULL: none. */
    bool follows_events;       /* The follower gets events only, no commands. */

    /* The events of the command that was run last, in all its txs. */
    const struct btx_record **events;
    uint32_t event_count;
    uint32_t tx_count;
    uint32_t tx_events[64]; /* How many of them each tx had. */
    bool tx_begins[64];     /* Its begins_command. */
    uint32_t due_count;     /* Things that fell due before it, whose events are among them. */

    union btx_command_space *command; /* The one being built. */
    union btx_fixture_record *record; /* The event being built. */
    uint8_t *arena;
    size_t arena_used_bytes;
    void *mapping;
    size_t mapping_bytes;
};

/* A PlaceOrder as tests write it; what is left out is the default.  Runner 0: not given. */
struct btx_wish {
    uint64_t account;
    uint64_t market;
    uint64_t runner;
    enum btx_side side;
    uint64_t price;
    int64_t size;
    enum btx_tif tif;
    enum btx_persistence persistence;
    enum btx_stp stp;
    bool post_only;
    int64_t min_fill; /* 0: not given */
    const char *ref;  /* NULL: not given */
    uint64_t cseq;
    uint64_t expires;    /* 0: not given */
    uint64_t if_version; /* 0: not given */
};

/* Begin an empty core of @capacity, and give everything back.  Close verifies the state. */
void btx_fixture_open(struct btx_fixture *fixture, const struct btx_core_capacity *capacity,
                      uint32_t shard);
void btx_fixture_close(struct btx_fixture *fixture);

/* For cmocka: *state is a fixture with room for 64 accounts, 16 markets, 1100 runners, 6000
 * orders, 200 positions, 5000 stakes and 20 000 bytes of descriptions, shard 0. */
int btx_fixture_setup(void **state);
int btx_fixture_teardown(void **state);
#define BTX_IN_FIXTURE(test)                                                                       \
    cmocka_unit_test_setup_teardown(test, btx_fixture_setup, btx_fixture_teardown)

/* Zeroed memory, 64-byte aligned. */
void *btx_fixture_room(struct btx_fixture *fixture, size_t length_bytes);

/* Begin a command of @type in fixture->command; the caller fills its body.  Lists and texts:
 * write them behind it, then btx_command_set_length(). */
void *btx_fixture_begin(struct btx_fixture *fixture, enum btx_command_type type);

/* The first tx of the command that was built, a further one, or all of them, with those of what
 * falls due before it. */
enum btx_step btx_fixture_start(struct btx_fixture *fixture);
enum btx_step btx_fixture_continue(struct btx_fixture *fixture);
void btx_fixture_run(struct btx_fixture *fixture);

/* Event number @index of the last command; and how many of @type there were. */
const void *btx_fixture_event(const struct btx_fixture *fixture, uint32_t index,
                              enum btx_event_type type);
uint32_t btx_fixture_count(const struct btx_fixture *fixture, enum btx_event_type type);

/* The last event of @type that the last command made. */
const void *btx_fixture_last(const struct btx_fixture *fixture, enum btx_event_type type);

/* The last command was refused, and this is why; BTX_REJECT_COUNT: it was not. */
enum btx_reject btx_fixture_reason(const struct btx_fixture *fixture);

/* Whether @body ends the process by a CHECK; it runs in a child.  @fixture may be NULL. */
bool btx_fixture_aborts(void (*body)(struct btx_fixture *fixture), struct btx_fixture *fixture);

/* Commands that must not be refused. */
void btx_fixture_open_account(struct btx_fixture *fixture, uint64_t account, int64_t amount);
/* Runners have ids from BTX_FIXTURE_RUNNER up; min_size 0.01, no commission. */
struct btx_open_market *btx_fixture_build_odds(struct btx_fixture *fixture, uint64_t market,
                                               uint32_t runner_count, uint32_t winners);
void btx_fixture_open_odds(struct btx_fixture *fixture, uint64_t market, uint32_t runner_count,
                           uint32_t winners);
void btx_fixture_open_binary(struct btx_fixture *fixture, uint64_t market, uint64_t tick);

/* What a market of odds is opened with, of rules-2.md; in a command that
 * btx_fixture_build_odds() has begun. */
struct btx_opening {
    bool reductions;
    bool implied;
    bool finest;
    uint32_t bet_delay; /* ms */
};
void btx_fixture_open_second(struct btx_fixture *fixture, uint64_t market, uint32_t runner_count,
                             uint32_t winners, struct btx_opening opening);

/* Build a RemoveRunner; @percent in hundredths.  And run it. */
void btx_fixture_build_removal(struct btx_fixture *fixture, uint64_t market, uint64_t runner,
                               uint32_t percent);
void btx_fixture_remove(struct btx_fixture *fixture, uint64_t market, uint64_t runner,
                        uint32_t percent);

/* DescribeMarket with @length_bytes of @text: the reason when it is refused. */
enum btx_reject btx_fixture_describe(struct btx_fixture *fixture, uint64_t market, const char *text,
                                     size_t length_bytes);

/* Let time come to @time_ns: a Tick, and everything that falls due by then. */
void btx_fixture_tick(struct btx_fixture *fixture, uint64_t time_ns);

/* Build it without running it; and run it: the order's id, accepted or held, or 0 when it was
 * refused. */
void btx_fixture_build_place(struct btx_fixture *fixture, const struct btx_wish *wish);
uint64_t btx_fixture_place(struct btx_fixture *fixture, const struct btx_wish *wish);

/* A command that names an account, a market or an order and nothing else. */
void btx_fixture_on_account(struct btx_fixture *fixture, enum btx_command_type type,
                            uint64_t account);
void btx_fixture_on_market(struct btx_fixture *fixture, enum btx_command_type type,
                           uint64_t market);
void btx_fixture_cancel(struct btx_fixture *fixture, uint64_t account, uint64_t order);

/* Build a SettleMarket with @count winners. */
void btx_fixture_build_settle(struct btx_fixture *fixture, uint64_t market, const uint64_t *winners,
                              uint16_t count);

/* Begin an event of @type in fixture->record that follows the present state and ends its tx and
 * its command; set what follows its body; and hand it to btx_core_apply(). */
void *btx_fixture_event_begin(struct btx_fixture *fixture, enum btx_event_type type);
void btx_fixture_event_tail(struct btx_fixture *fixture, const void *tail, size_t tail_bytes);
const char *btx_fixture_apply(struct btx_fixture *fixture);

/* The saved state, also in the middle of a tx. */
struct btx_bytes btx_fixture_save(struct btx_fixture *fixture);
void btx_bytes_assert_equal(struct btx_bytes left, struct btx_bytes right);

/* What btx_core_load() says about @bytes in a new core of the same capacity and shard as
 * @fixture's, which replaces the one that was in it. */
const char *btx_fixture_load(struct btx_fixture *fixture, const void *bytes, size_t length_bytes);

#endif
