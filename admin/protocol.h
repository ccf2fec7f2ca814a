/* SPDX-License-Identifier: Apache-2.0 */
/* protocol.h - what betexctl and betex-admin say to each other: frames over a UNIX socket.
 *
 * A frame is a header of 8 bytes and a payload.  The client sends one REQUEST and nothing more; the
 * server answers with OUT and ERR frames, in any number and order, and one EXIT, then closes.
 * README.md has the bytes. */
#ifndef BTX_ADMIN_PROTOCOL_H
#define BTX_ADMIN_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"

#define BTX_ADMIN_PROTOCOL_VERSION 1u

enum {
    BTX_ADMIN_HEADER_BYTES = 8,
    BTX_ADMIN_REQUEST_BYTES_MAX = 16 * 1024, /* a description and its escapes */
    BTX_ADMIN_ARGUMENTS_MAX = 64,
    BTX_ADMIN_CHUNK_BYTES_MAX = 64 * 1024, /* of OUT and ERR */
};

enum btx_admin_frame {
    BTX_ADMIN_REQUEST = 1,
    BTX_ADMIN_OUT = 2,  /* for standard output */
    BTX_ADMIN_ERR = 3,  /* for standard error */
    BTX_ADMIN_EXIT = 4, /* u8: the exit status */
};

/* Flags of a request. */
#define BTX_ADMIN_COLOUR 0x1u /* standard output is a terminal that shows colours */

struct btx_admin_request {
    uint16_t flags;
    uint16_t columns; /* of the terminal, 0: there is none */
    size_t argument_count;
    const char *arguments[BTX_ADMIN_ARGUMENTS_MAX]; /* into the payload */
};

struct btx_admin_header {
    uint32_t length_bytes; /* of the payload */
    uint8_t type;
};

void btx_admin_header_put(uint8_t bytes[BTX_ADMIN_HEADER_BYTES], enum btx_admin_frame type,
                          uint32_t length_bytes);

/* NULL, or why these bytes are no header.  Types and lengths are the caller's to judge. */
BTX_MUST_USE const char *btx_admin_header_read(const uint8_t bytes[BTX_ADMIN_HEADER_BYTES],
                                               struct btx_admin_header *ret_header);

/* The payload of a request into @bytes; returns its length, 0 when it is too long. */
size_t btx_admin_request_put(uint8_t bytes[BTX_ADMIN_REQUEST_BYTES_MAX], uint16_t flags,
                             uint16_t columns, const char *const *arguments, size_t argument_count);

/* Read a payload, which outlives *ret_request.  NULL, or why it is none.  Safe on any bytes. */
BTX_MUST_USE const char *btx_admin_request_read(const uint8_t *bytes, size_t length_bytes,
                                                struct btx_admin_request *ret_request);

#endif
