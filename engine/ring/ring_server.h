/* SPDX-License-Identifier: Apache-2.0 */
/* ring_server.h - the engine's socket: hands out rings, notices who is gone.
 *
 * One helper thread that does nothing else.  The kernel says who a peer is (SO_PEERCRED), a table
 * fixed at start says which port and which commands that means, and the connection's life is the
 * peer's.  The engine never waits for a peer: whatever it does on its connection, or does not,
 * concerns the helper alone. */
#ifndef BTX_RING_RING_SERVER_H
#define BTX_RING_RING_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/clock.h"
#include "engine/base/fault.h"
#include "engine/ring/event_ring.h"
#include "engine/ring/ring_port.h"

struct btx_ring_server; /* opaque */

#define BTX_RING_PORTS_MAX 64

/* A peer came or went.  @index is its port's, @why is static and NULL while it is there. */
struct btx_ring_peer_news {
    size_t index;
    pid_t pid; /* of who connected, in the engine's namespace: for people, not for decisions */
    const char *why;
    bool is_to_blame; /* it did something that it must not; not: it went, or the engine stops */
};

struct btx_ring_server_options {
    const char *path; /* of the socket; what a dead engine left there is replaced */
    mode_t mode;      /* of its file: 0666 lets the table alone decide */
    const struct btx_ring_port_rule *rules; /* copied, but for the names */
    size_t rule_count;                      /* 1..BTX_RING_PORTS_MAX */
    const struct btx_event_ring *events;    /* outlives the server */
    int status_fd; /* a further descriptor for all peers, read-only; -1 for none; the caller's */
    uint32_t first_incarnation; /* of the first ring handed out; each further one has one more */
    bool lock_required;         /* of command rings (ring_memory.h) */
    uint64_t patience_ns;       /* how long a peer waits for a port that is still taken */
    uint64_t mapping_ns;        /* how long a peer may take to map what it is given */
    uint64_t reopen_ns;         /* least time between two lives of a port: what a peer that
                                   connects again and again can cost */
    const struct btx_clock *clock;
    /* Called by the helper for each ring taken into use and each revoked; must not wait.  NULL for
     * who does not want to know. */
    void (*on_news)(void *context, const struct btx_ring_peer_news *news);
    void *news_context;
};

/* Make the ports, listen, and start the helper.
 * Faults: IO (socket), MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_ring_server_open(struct btx_ring_server **ret_server,
                                                      const struct btx_ring_server_options *options,
                                                      struct btx_fault *reterr_fault);

/* Matcher and poller have stopped: end the helper, all connections and ports.  NULL is allowed. */
void btx_ring_server_close(struct btx_ring_server *server);

/* Port @index, 0..rule_count-1, in the order of the rules.  For the matcher (ring_port.h). */
struct btx_ring_port *btx_ring_server_port(struct btx_ring_server *server, size_t index);

/* The matcher has met BROKEN, or released a port: let the helper look.  A system call. */
void btx_ring_server_kick(struct btx_ring_server *server);

/* The poller, after btx_event_ring_set_durable(): wake the peers that wait for @durable or less.
 * A system call for each of those, at most one for each time that a peer went to sleep; it never
 * waits, neither for a peer nor for the helper. */
void btx_ring_server_wake(struct btx_ring_server *server, uint64_t durable);

/* Counted since the start, for the operator. */
struct btx_ring_server_status {
    uint64_t accepted;  /* connections */
    uint64_t strangers; /* of uids that are in no rule */
    uint64_t refused;   /* no port was to be had */
    uint64_t opened;    /* rings taken into use */
    uint64_t ended;     /* rings revoked */
};
void btx_ring_server_status(const struct btx_ring_server *server,
                            struct btx_ring_server_status *ret_status);

#endif
