/* SPDX-License-Identifier: Apache-2.0 */
/* story.h - commands run on an exchange, and all records that came of them, as a log has them:
 * sealed, tx by tx. */
#ifndef BTX_UNIT_EXCHANGE_STORY_H
#define BTX_UNIT_EXCHANGE_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/exchange/exchange.h"
#include "engine/text/command_text.h"

/* One tx, or one note that stands between txs. */
struct btx_story_part {
    size_t begin_bytes; /* in bytes of the story */
    size_t end_bytes;
    uint64_t seq; /* of the last event then */
    bool is_note;
    bool in_command;                  /* the command goes on in the next tx */
    uint8_t digest[BTX_SHA256_BYTES]; /* of the state then, where the story has digests */
};

/* Start with {0}, or with {.digests = true}. */
struct btx_story {
    bool digests;                 /* hash the state after each part */
    struct btx_exchange exchange; /* after all of it */
    uint8_t *bytes;
    size_t length_bytes;
    size_t room_bytes;
    struct btx_story_part *parts;
    size_t part_count;
    size_t part_room;
    struct btx_command_text decoder;
    union btx_command_space command;
};

/* Capacities that no story reaches. */
extern const struct btx_core_capacity btx_story_capacity;

void btx_story_open(struct btx_story *story, const struct btx_core_capacity *capacity);

/* Run a command; as a line of text; or none, adding a note of the digest of the present state. */
void btx_story_run(struct btx_story *story, const struct btx_command *command);
void btx_story_line(struct btx_story *story, const char *line);
void btx_story_note_digest(struct btx_story *story);

/* Two accounts with money and a market with @order_count orders of 1 in its book, ... */
void btx_story_begin_market(struct btx_story *story, unsigned order_count);
/* ... all of which are then cancelled by one command: of several txs when there are more than
 * BTX_BATCH_ORDERS_MAX. */
void btx_story_cancel_all(struct btx_story *story);

void btx_story_close(struct btx_story *story);

#endif
