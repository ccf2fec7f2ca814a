/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wire/terms.h"

#define TERM_TEXT(P, number, NAME) [number] = {#NAME, sizeof #NAME - 1},

const struct btx_term btx_side_terms[] = {BTX_SIDE_TERMS(TERM_TEXT, SIDE)};
const struct btx_term btx_order_side_terms[] = {BTX_ORDER_SIDE_TERMS(TERM_TEXT, ORDER_SIDE)};
const struct btx_term btx_outcome_terms[] = {BTX_OUTCOME_TERMS(TERM_TEXT, OUTCOME)};
const struct btx_term btx_market_kind_terms[] = {BTX_MARKET_KIND_TERMS(TERM_TEXT, MARKET_KIND)};
const struct btx_term btx_ladder_terms[] = {BTX_LADDER_TERMS(TERM_TEXT, LADDER)};
const struct btx_term btx_tif_terms[] = {BTX_TIF_TERMS(TERM_TEXT, TIF)};
const struct btx_term btx_persistence_terms[] = {BTX_PERSISTENCE_TERMS(TERM_TEXT, PERSISTENCE)};
const struct btx_term btx_stp_terms[] = {BTX_STP_TERMS(TERM_TEXT, STP)};
const struct btx_term btx_cause_terms[] = {BTX_CAUSE_TERMS(TERM_TEXT, CAUSE)};
const struct btx_term btx_reject_terms[] = {BTX_REJECT_TERMS(TERM_TEXT, REJECT)};
