/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - executing a log once more and comparing what comes out, byte for byte.
 *
 * Fed with the checked records of a log in order.  A command record is executed with
 * btx_core_step(); each event record that follows must be what came out, but for its CRC; a
 * StateDigest note must be the digest of the state. */
#ifndef BTX_EXCHANGE_AUDIT_H
#define BTX_EXCHANGE_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/exchange/exchange.h"

/* Caller's storage; start with {.exchange = an open exchange}, whose state is that before the
 * first record.  Fields are private but those described. */
struct btx_audit {
    struct btx_exchange *exchange;
    const struct btx_record *expected; /* what should come next; NULL: a command or a note */
    bool more;                         /* the command goes on behind the present tx */
    uint64_t commands;                 /* executed */
    uint64_t events;                   /* compared, equal */
    uint64_t digests;                  /* compared, equal */
};

/* Take the next record.  Returns NULL, or in static storage what differs; audit->expected is then
 * the record that execution gives (NULL when it gives none).  Nothing may be taken behind that. */
BTX_MUST_USE const char *btx_audit_take(struct btx_audit *audit, const struct btx_record *record);

#endif
