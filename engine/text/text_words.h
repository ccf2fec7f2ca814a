/* SPDX-License-Identifier: Apache-2.0 */
/* text_words.h - the words of engine/wire/terms.h as the text form spells them, quotes included.
 * Private to engine/text.  Fixed in size, so that a writer copies a whole entry, which is a few
 * moves, and then goes on by its length, and a reader compares whole machine words. */
#ifndef BTX_TEXT_TEXT_WORDS_H
#define BTX_TEXT_TEXT_WORDS_H

#include "engine/wire/commands.h"
#include "engine/wire/terms.h"

struct btx_text_word {
    char quoted[23]; /* "BACK", both quotes included, then zeros */
    uint8_t length;  /* of that, both quotes included */
};
static_assert(sizeof(struct btx_text_word) == 24, "a word is copied as three machine words");

/* Indexed by the enum values of terms.h. */
extern const struct btx_text_word btx_text_side_words[BTX_SIDE_COUNT];
extern const struct btx_text_word btx_text_order_side_words[BTX_ORDER_SIDE_COUNT];
extern const struct btx_text_word btx_text_outcome_words[BTX_OUTCOME_COUNT];
extern const struct btx_text_word btx_text_market_kind_words[BTX_MARKET_KIND_COUNT];
extern const struct btx_text_word btx_text_ladder_words[BTX_LADDER_COUNT];
extern const struct btx_text_word btx_text_tif_words[BTX_TIF_COUNT];
extern const struct btx_text_word btx_text_persistence_words[BTX_PERSISTENCE_COUNT];
extern const struct btx_text_word btx_text_stp_words[BTX_STP_COUNT];
extern const struct btx_text_word btx_text_cause_words[BTX_CAUSE_COUNT];
extern const struct btx_text_word btx_text_reject_words[BTX_REJECT_COUNT];

/* Indexed by enum btx_command_type; entry 0 is empty. */
#define BTX_TEXT_COMMAND_WORDS (BTX_COMMAND_COUNT + 1)
extern const struct btx_text_word btx_text_command_words[BTX_TEXT_COMMAND_WORDS];

#endif
