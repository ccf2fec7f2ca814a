/* SPDX-License-Identifier: Apache-2.0 */
/* order_request.h - an order that asks to be accepted, from PlaceOrder or ReplaceOrder (rules.md 5,
 * rules-2.md 5); private to this folder. */
#ifndef BTX_CORE_ORDER_REQUEST_H
#define BTX_CORE_ORDER_REQUEST_H

#include "engine/core/tx.h"

/* No moment: times end before it. */
#define EXPIRES_NEVER UINT64_MAX

/* The order; what it is asked for, and what was found for it. */
struct order_request {
    struct account *account;
    struct market *market;
    struct runner *runner;
    struct position *position; /* NULL: the account has none in the market. */
    struct order *replaced;    /* ReplaceOrder: taken out before all checks of money and room. */
    uint64_t price;            /* As BACK or LAY of the runner. */
    uint32_t price_index;
    int64_t size;
    bool has_min_fill;
    int64_t min_fill; /* What must be there at once of a FOK; not given: all of it. */
    uint64_t expires; /* ns; EXPIRES_NEVER: not given */
    bool keeps_size;  /* min_size does not judge a size that was there before. */
    uint8_t side;
    uint8_t tif;
    uint8_t persistence;
    uint8_t post_only;
    uint8_t stp;
    bool has_ref;
    uint8_t ref_length;
    const char *ref;
    uint64_t cseq;
};

/* Checks 7 to 13 of rules.md 5; ACCEPTABLE: none fails.  An order that will be held is not asked
 * what it would meet. */
enum btx_reject btx_order_request_judge(struct btx_core *core, struct order_request *request);

/* Take the order, which was judged ACCEPTABLE: it is held, or accepted and matched.  What it
 * replaces has been taken out.  Returns false when the tx is full before the taker is done. */
bool btx_order_request_take(struct run *run, struct order_request *request);

#endif
