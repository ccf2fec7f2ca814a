/* SPDX-License-Identifier: Apache-2.0 */
/* ring_port.h - the place of one producer in the engine: its ring, life after life.
 *
 * Three threads meet here, and none ever waits for another but the helper:
 *   helper   opens a port for a peer, revokes it when the peer is gone, closes it
 *   matcher  takes commands from it, and after the end the accounts to cancel for
 *   poller   asks whether its peer waits to be woken
 * The simulator and tests open and revoke ports themselves, without a socket. */
#ifndef BTX_RING_RING_PORT_H
#define BTX_RING_RING_PORT_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/fault.h"
#include "engine/ring/command_consumer.h"
#include "engine/ring/ring_layout.h"
#include "engine/ring/ring_memory.h"

/* Who may be at a port, and what for.  The engine has a table of these, fixed at start. */
struct btx_ring_port_rule {
    const char *name; /* "gateway", for the operator */
    uid_t uid;        /* of the peer, as the kernel says; several ports may have the same */
    uint16_t producer;
    uint32_t ring_bytes;   /* a power of two, BTX_COMMAND_RING_BYTES_MIN.._MAX */
    uint32_t accounts_max; /* places in the list for cancel-on-disconnect, .._ACCOUNTS_MAX */
    struct btx_command_rule commands;
};

/*            helper             helper             matcher            helper
 *   CLOSED --------> OPEN -----------------> REVOKED ------> DRAINED --------> CLOSED
 * A ring that is prepared but not open yet belongs to a closed port. */
enum btx_ring_port_state {
    BTX_RING_PORT_CLOSED,  /* the helper's */
    BTX_RING_PORT_OPEN,    /* a peer is there; the matcher's */
    BTX_RING_PORT_REVOKED, /* it is gone; the matcher's, until it has taken the rest */
    BTX_RING_PORT_DRAINED, /* the helper's again */
    BTX_RING_PORT_STATE_COUNT
};

/* Fields are private to ring_port.c. */
struct btx_ring_port {
    alignas(BTX_RING_APART_BYTES) _Atomic uint32_t state; /* enum btx_ring_port_state */
    _Atomic uint32_t is_broken;                           /* the matcher has met a lie */

    /* Of who has the port, as the state says. */
    alignas(BTX_RING_APART_BYTES) struct btx_command_consumer consumer;
    bool is_ending;    /* the matcher has seen REVOKED */
    bool is_told;      /* it has been told ENDED */
    const char *why;   /* of the end; static */
    uint64_t end_tail; /* where the producer's tail was when it was revoked */
    uint64_t *accounts;
    size_t accounts_count;
    uint32_t incarnation;

    /* The poller's: the position that it last woke the peer for. */
    alignas(BTX_RING_APART_BYTES) uint64_t woken_for;

    struct btx_ring_port_rule rule;
    bool lock_required;
    struct btx_ring_memory page_memory;   /* for all lives */
    int page_fd;                          /* of the page, for reading only */
    struct btx_ring_memory region_memory; /* for one */
};

/* Make a closed port, with its engine page and the memory for its list of accounts.
 * @lock_required: of all its memory, now and later (ring_memory.h).
 * Faults: MEMORY, LIMIT, IO. */
BTX_MUST_USE enum btx_fault_code btx_ring_port_init(struct btx_ring_port *port,
                                                    const struct btx_ring_port_rule *rule,
                                                    bool lock_required,
                                                    struct btx_fault *reterr_fault);

/* Give everything back; the other threads are gone. */
void btx_ring_port_done(struct btx_ring_port *port);

/* --- The helper ------------------------------------------------------------------------------- */

static inline enum btx_ring_port_state btx_ring_port_state(const struct btx_ring_port *port)
{
    /* Sequentially consistent, for btx_ring_server_wake(); as an acquire it pairs with whoever
     * handed the port over. */
    return (enum btx_ring_port_state)atomic_load_explicit(&port->state, memory_order_seq_cst);
}

/* Make a fresh ring for a closed port, to be handed to a peer.  Followed by open or abandon.
 * Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_ring_port_prepare(struct btx_ring_port *port,
                                                       uint32_t incarnation,
                                                       struct btx_fault *reterr_fault);

/* The descriptors to hand to the peer, valid until open or abandon; the page's can only read. */
void btx_ring_port_descriptors(const struct btx_ring_port *port, int *ret_page_fd,
                               int *ret_region_fd);

/* The peer has mapped the prepared ring: accept it and let the matcher have the port.
 * Faults: INPUT (the peer's pages are not there), MEMORY, LIMIT, IO; then abandon it. */
BTX_MUST_USE enum btx_fault_code btx_ring_port_open(struct btx_ring_port *port,
                                                    struct btx_fault *reterr_fault);

/* Nothing came of a prepared ring: the port is closed as before. */
void btx_ring_port_abandon(struct btx_ring_port *port);

/* The peer of an open port is gone: note where its tail is and which accounts it has listed, and
 * tell the matcher.  @why is static. */
void btx_ring_port_revoke(struct btx_ring_port *port, const char *why);

/* The lie that the matcher has met in an open port: then the peer has to go.  NULL for none. */
const char *btx_ring_port_lie(const struct btx_ring_port *port);

/* Close a drained port: the ring of this life is given back. */
void btx_ring_port_close(struct btx_ring_port *port);

/* --- The matcher ------------------------------------------------------------------------------ */

enum btx_ring_port_take {
    BTX_RING_PORT_EMPTY,   /* nothing to do here now */
    BTX_RING_PORT_COMMAND, /* one was copied */
    BTX_RING_PORT_BROKEN,  /* the first lie was met just now: wake the helper; said once */
    BTX_RING_PORT_ENDED,   /* the peer is gone and all that was whole is taken: cancel for its
                              accounts, then release; said once */
    BTX_RING_PORT_TAKE_COUNT
};

/* Take one command, as btx_command_consumer_take() does, from whatever state the port is in. */
BTX_MUST_USE enum btx_ring_port_take btx_ring_port_take(struct btx_ring_port *port, void *to,
                                                        size_t *ret_length_bytes);

/* Bytes that wait in the ring of an open or revoked port, as its peer says; else 0.  For people. */
uint64_t btx_ring_port_fill_bytes(const struct btx_ring_port *port);

/* Which life of the ring this is; valid from the first COMMAND to release. */
uint32_t btx_ring_port_incarnation(const struct btx_ring_port *port);

/* After ENDED: the accounts that the peer had listed, in the order of its list, and why it ended.
 * Private copies, valid until release.  Repetitions are possible: it is input. */
size_t btx_ring_port_accounts(const struct btx_ring_port *port, const uint64_t **ret_accounts);
const char *btx_ring_port_why(const struct btx_ring_port *port);

/* Done with this life.  The helper has to be woken after it. */
void btx_ring_port_release(struct btx_ring_port *port);

/* --- The poller ------------------------------------------------------------------------------- */

/* Whether the peer of an open port waits for @durable or less and was not woken for that yet.
 * @durable must have been stored by btx_event_ring_set_durable() before. */
bool btx_ring_port_wake_due(struct btx_ring_port *port, uint64_t durable);

#endif
