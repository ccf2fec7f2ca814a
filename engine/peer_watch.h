/* SPDX-License-Identifier: Apache-2.0 */
/* peer_watch.h - what an operator gets to know of who is connected to the engine: who came, who
 * went and why as lines of the log, and each ring's state in the status page. */
#ifndef BTX_ENGINE_PEER_WATCH_H
#define BTX_ENGINE_PEER_WATCH_H

#include "engine/base/log.h"
#include "engine/ring/ring_server.h"
#include "engine/status/page.h"

/* Fields are private.  All pointers outlive the watch. */
struct btx_peer_watch {
    const struct btx_log *log;
    const struct btx_clock *clock;
    const struct btx_status_writer *status; /* of the part DESCRIPTORS */
    const struct btx_ring_port_rule *rules;
    struct {
        uint64_t second_ns; /* when its lines began to be counted */
        uint32_t lines;
        uint64_t left_out;
    } rings[BTX_RING_PORTS_MAX];
};

/* @rules as given to the server.  Names of the rings go into the status page at once. */
void btx_peer_watch_init(struct btx_peer_watch *watch, const struct btx_log *log,
                         const struct btx_clock *clock, const struct btx_status_writer *status,
                         const struct btx_ring_port_rule *rules, size_t rule_count);

/* For btx_ring_server_options: a line for who came or went, and who has the ring.  A peer that
 * connects again and again gets a few lines a second; how many were left out is said in the next
 * one.  @context is the watch. */
void btx_peer_watch_news(void *context, const struct btx_ring_peer_news *news);

/* Now and then: how many there are, and each ring's state, into the status page. */
void btx_peer_watch_tell(const struct btx_peer_watch *watch, struct btx_ring_server *server,
                         size_t rule_count);

#endif
