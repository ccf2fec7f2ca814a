/* SPDX-License-Identifier: Apache-2.0 */
/* ring_message.h - what is said on the engine's socket, one message a packet.
 *
 * The engine speaks; a peer says one thing once, that it has mapped what it was given, and is cut
 * off for anything else.  No descriptor of a peer is ever taken. */
#ifndef BTX_RING_RING_MESSAGE_H
#define BTX_RING_RING_MESSAGE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"

#define BTX_RING_MESSAGE_MAGIC 0x6d787462u /* "btxm" as bytes in memory */

enum btx_ring_message_type {
    BTX_RING_MESSAGE_WELCOME = 1, /* with descriptors, to be mapped */
    BTX_RING_MESSAGE_REFUSED = 2, /* text says why; the connection ends */
    BTX_RING_MESSAGE_WAKE = 3,    /* the durable position that was waited for is reached */
    BTX_RING_MESSAGE_ENDED = 4,   /* the ring is revoked, text says why; the connection ends */
    BTX_RING_MESSAGE_MAPPED = 5,  /* the peer's, the answer to WELCOME */
    BTX_RING_MESSAGE_READY = 6,   /* the engine's to that: the ring is in use */
};

/* What each descriptor of WELCOME is, in their order. */
enum btx_ring_descriptor {
    BTX_RING_DESCRIPTOR_EVENT_PAGE = 1,
    BTX_RING_DESCRIPTOR_EVENT_BYTES = 2,
    BTX_RING_DESCRIPTOR_ENGINE_PAGE = 3,
    BTX_RING_DESCRIPTOR_PRODUCER_REGION = 4,
    BTX_RING_DESCRIPTOR_STATUS_PAGE = 5, /* where the engine has one */
};

#define BTX_RING_DESCRIPTORS_MAX 8
#define BTX_RING_MESSAGE_TEXT_BYTES 112

struct btx_ring_message {
    uint32_t magic;
    uint16_t type;
    uint8_t layout_version; /* BTX_RING_LAYOUT_VERSION of the engine */
    uint8_t descriptor_count;
    uint8_t descriptors[BTX_RING_DESCRIPTORS_MAX]; /* 0: none */
    char text[BTX_RING_MESSAGE_TEXT_BYTES];        /* ends in a zero */
};

static_assert(offsetof(struct btx_ring_message, type) == 4, "message");
static_assert(offsetof(struct btx_ring_message, layout_version) == 6, "message");
static_assert(offsetof(struct btx_ring_message, descriptor_count) == 7, "message");
static_assert(offsetof(struct btx_ring_message, descriptors) == 8, "message");
static_assert(offsetof(struct btx_ring_message, text) == 16, "message");
static_assert(sizeof(struct btx_ring_message) == 128, "message");

/* A message without descriptors.  @text is cut where it is too long. */
struct btx_ring_message btx_ring_message_make(enum btx_ring_message_type type, const char *text);

/* Send @message with the @count descriptors @fds, never waiting.  0, or the errno of the failure:
 * EAGAIN when the peer does not read. */
BTX_MUST_USE int btx_ring_message_send(int socket, const struct btx_ring_message *message,
                                       const int *fds, size_t count);

/* Whether what a peer has sent is MAPPED and nothing else.  Never waits; what does not fit and all
 * descriptors are dropped by the kernel. */
BTX_MUST_USE bool btx_ring_message_is_mapped(int socket);

/* Receive one message, waiting as the socket does.  0, or an errno: EAGAIN for none now, ECONNRESET
 * for the end, EPROTO for what is no message of ours.  *ret_count descriptors are in @ret_fds, the
 * caller's to close; none on a failure. */
BTX_MUST_USE int btx_ring_message_receive(int socket, struct btx_ring_message *ret_message,
                                          int ret_fds[BTX_RING_DESCRIPTORS_MAX], size_t *ret_count);

#endif
