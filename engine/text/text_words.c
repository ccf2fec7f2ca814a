/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/text/text_words.h"

#define WORD(P, number, NAME) [number] = {"\"" #NAME "\"", sizeof #NAME + 1},

const struct btx_text_word btx_text_side_words[] = {BTX_SIDE_TERMS(WORD, SIDE)};
const struct btx_text_word btx_text_order_side_words[] = {BTX_ORDER_SIDE_TERMS(WORD, ORDER_SIDE)};
const struct btx_text_word btx_text_outcome_words[] = {BTX_OUTCOME_TERMS(WORD, OUTCOME)};
const struct btx_text_word btx_text_market_kind_words[] = {
    BTX_MARKET_KIND_TERMS(WORD, MARKET_KIND)};
const struct btx_text_word btx_text_ladder_words[] = {BTX_LADDER_TERMS(WORD, LADDER)};
const struct btx_text_word btx_text_tif_words[] = {BTX_TIF_TERMS(WORD, TIF)};
const struct btx_text_word btx_text_persistence_words[] = {
    BTX_PERSISTENCE_TERMS(WORD, PERSISTENCE)};
const struct btx_text_word btx_text_stp_words[] = {BTX_STP_TERMS(WORD, STP)};
const struct btx_text_word btx_text_cause_words[] = {BTX_CAUSE_TERMS(WORD, CAUSE)};
const struct btx_text_word btx_text_reject_words[] = {BTX_REJECT_TERMS(WORD, REJECT)};

const struct btx_text_word btx_text_command_words[] = {
#define COMMAND(number, NAME, Name, body, size, door)                                              \
    [number] = {"\"" #Name "\"", sizeof #Name + 1},
#include "engine/wire/commands.def"
};
static_assert(sizeof(btx_text_command_words) / sizeof(btx_text_command_words[0]) ==
                  BTX_TEXT_COMMAND_WORDS,
              "commands are numbered from 1 without a gap");
