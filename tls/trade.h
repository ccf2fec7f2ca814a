/* SPDX-License-Identifier: Apache-2.0 */
/* trade.h - betex-trade's inside: what its verbs get, and the verbs. */
#ifndef BTX_TLS_TRADE_H
#define BTX_TLS_TRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "tls/client.h"

struct btx_trade {
    struct btx_client *client;
    const char *const *arguments; /* behind the verb */
    size_t argument_count;
    bool json;
    uint64_t count;    /* watch, events: end after so many; 0: never */
    uint64_t from_seq; /* events: behind this one */
    bool has_from;
    uint64_t shown;
    bool is_refused; /* the exchange said no */
};

struct btx_trade_verb {
    const char *name;
    const char *usage; /* its arguments */
    size_t arguments_min;
    size_t arguments_max;
    bool is_command; /* wants the account's sequence */
    enum btx_fault_code (*run)(struct btx_trade *trade, struct btx_fault *reterr_fault);
    const char *help;
};

extern const struct btx_trade_verb btx_trade_verbs[];
extern const size_t btx_trade_verb_count;

/* For the client: prints events and books of subscriptions. */
void btx_trade_sink(void *context, const struct btx_frame *frame);

#endif
