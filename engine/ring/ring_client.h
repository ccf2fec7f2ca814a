/* SPDX-License-Identifier: Apache-2.0 */
/* ring_client.h - a gateway's or the admin service's connection to the engine: its rings and its
 * life.  One thread.  The connection is a descriptor for epoll: readable means woken or ended. */
#ifndef BTX_RING_RING_CLIENT_H
#define BTX_RING_RING_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/ring/command_producer.h"
#include "engine/ring/event_reader.h"
#include "engine/ring/ring_message.h"

struct btx_ring_client {
    struct btx_event_reader events;        /* the caller's to read; joins before it reads */
    struct btx_command_producer commands;  /* the caller's to write */
    int status_fd;                         /* read-only, -1 when the engine has none; ours */
    int fd;                                /* the connection; closing it ends the ring */
    char why[BTX_RING_MESSAGE_TEXT_BYTES]; /* after ENDED: what the engine said */
};

/* Connect to the engine at @path and map what it hands out, within @timeout_ns for each of
 * connecting and the engine's answer (an engine that is still clearing up after a peer that was
 * there before lets one wait).  @client must not move.
 * Faults: IO (no engine, refused and why, no answer), LAYOUT (another version), MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_ring_client_open(struct btx_ring_client *client,
                                                      const char *path, uint64_t timeout_ns,
                                                      struct btx_fault *reterr_fault);

/* Close the connection and unmap everything.  What could not be opened is allowed. */
void btx_ring_client_close(struct btx_ring_client *client);

enum btx_ring_news {
    BTX_RING_NEWS_NONE,
    BTX_RING_NEWS_WOKEN, /* what was waited for is durable */
    BTX_RING_NEWS_ENDED, /* the engine is gone or has revoked the ring: client->why */
    BTX_RING_NEWS_COUNT
};

/* Read all that is on the connection, without waiting.  To be called whenever it is readable. */
BTX_MUST_USE enum btx_ring_news btx_ring_client_read_news(struct btx_ring_client *client);

/* Before waiting for the connection to become readable: ask to be woken once there is more than
 * events has read.  False when there is already: do not wait. */
BTX_MUST_USE bool btx_ring_client_may_sleep(struct btx_ring_client *client);

/* After it, when something else than the connection ended the wait: not needed any more. */
void btx_ring_client_awake(struct btx_ring_client *client);

#endif
