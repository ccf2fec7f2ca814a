/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - executing a log once more and comparing what comes out, byte for byte.
 *
 * Fed with the checked records of a log in order.  A command record is executed with
 * btx_core_step() by the rules that it names (what had fallen due before it has a command of its
 * own, a Tick, before it); it and each event record that follows must be what came out, but for the
 * CRC; a StateDigest note must be the digest of the state.  A command that was unfinished in the
 * state that the audit begins with goes on with the first event. */
#ifndef BTX_EXCHANGE_AUDIT_H
#define BTX_EXCHANGE_AUDIT_H

#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/exchange/exchange.h"

/* Caller's storage; start with {.exchange = an open exchange}, whose state is that before the
 * first record and can step. */
struct btx_audit {
    struct btx_exchange *exchange;
    const struct btx_record *expected; /* what should come next; NULL: a command or a note, or an
                                          event when a command goes on in another tx */
    uint64_t commands;                 /* executed */
    uint64_t events;                   /* compared, equal */
    uint64_t digests;                  /* compared, equal */
};

/* Take the next record.  Returns NULL, or in static storage what differs; audit->expected is then
 * the record that execution gives (NULL when it gives none).  Nothing may be taken behind that.
 * Safe on any checked record. */
BTX_MUST_USE const char *btx_audit_take(struct btx_audit *audit, const struct btx_record *record);

#endif
