/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/protocol.h"
#include "admin/remote.h"

enum { ROOM_AT_FIRST = 16 * 1024, RECEIVED_AT_ONCE = 64 * 1024 };

enum btx_fault_code btx_call_begin(struct btx_call *call, const char *path,
                                   const char *const *arguments, size_t argument_count,
                                   uint64_t now_ns, struct btx_fault *reterr_fault)
{
    *call = (struct btx_call){.fd = -1, .asked_ns = now_ns};
    if (btx_remote_connect(path, btx_remote_hint, SOCK_NONBLOCK, &call->fd, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (btx_remote_ask(call->fd, 0, 0, arguments, argument_count, reterr_fault) != BTX_OK)
        btx_call_end(call);
    return reterr_fault->code;
}

static bool append(struct btx_call_bytes *to, const void *bytes, size_t length)
{
    if (to->size - to->length < length) {
        size_t size = to->size == 0 ? ROOM_AT_FIRST : to->size;
        char *grown;

        while (size - to->length < length)
            size *= 2;
        grown = size <= 2 * (size_t)BTX_CALL_ANSWER_BYTES_MAX ? realloc(to->bytes, size) : NULL;
        if (grown == NULL)
            return false;
        to->bytes = grown;
        to->size = size;
    }
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
    return true;
}

/* Take whole frames apart. */
static enum btx_fault_code take_frames(struct btx_call *call, struct btx_fault *reterr_fault)
{
    const uint8_t *bytes = (const uint8_t *)call->received.bytes;
    size_t at = 0;
    struct btx_admin_header header;

    while (!call->is_answered && call->received.length - at >= BTX_ADMIN_HEADER_BYTES) {
        if (btx_admin_header_read(bytes + at, &header) != NULL || header.length_bytes == 0 ||
            header.length_bytes > BTX_ADMIN_CHUNK_BYTES_MAX || header.type < BTX_ADMIN_OUT ||
            header.type > BTX_ADMIN_EXIT)
            return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                                 "what answers is no betex-admin, or of another version");
        if (call->received.length - at - BTX_ADMIN_HEADER_BYTES < header.length_bytes)
            break;
        at += BTX_ADMIN_HEADER_BYTES;
        if (header.type == BTX_ADMIN_EXIT) {
            call->status = bytes[at];
            call->is_answered = true;
        } else if (!append(header.type == BTX_ADMIN_OUT ? &call->out : &call->err, bytes + at,
                           header.length_bytes)) {
            return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "an answer that is too long");
        }
        at += header.length_bytes;
    }
    call->received.length -= at;
    if (at != 0)
        memmove(call->received.bytes, call->received.bytes + at, call->received.length);
    return BTX_OK;
}

enum btx_fault_code btx_call_turn(struct btx_call *call, struct btx_fault *reterr_fault)
{
    static uint8_t bytes[RECEIVED_AT_ONCE];
    const ssize_t got = recv(call->fd, bytes, sizeof bytes, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return BTX_OK;
    if (got <= 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, got < 0 ? errno : 0,
                             "betex-admin went away before it had answered");
    if (!append(&call->received, bytes, (size_t)got))
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "an answer that is too long");
    return take_frames(call, reterr_fault);
}

void btx_call_end(struct btx_call *call)
{
    if (call->fd >= 0)
        (void)close(call->fd);
    free(call->received.bytes);
    free(call->out.bytes);
    free(call->err.bytes);
    *call = (struct btx_call){.fd = -1};
}
