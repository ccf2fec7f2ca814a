/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/protocol.h"

#include <string.h>

#include "engine/base/bytes.h"

void btx_admin_header_put(uint8_t bytes[BTX_ADMIN_HEADER_BYTES], enum btx_admin_frame type,
                          uint32_t length_bytes)
{
    struct btx_writer out;

    btx_writer_init(&out, bytes, BTX_ADMIN_HEADER_BYTES);
    btx_writer_u32(&out, length_bytes);
    btx_writer_u8(&out, (uint8_t)type);
    btx_writer_zeros(&out, 3);
}

const char *btx_admin_header_read(const uint8_t bytes[BTX_ADMIN_HEADER_BYTES],
                                  struct btx_admin_header *ret_header)
{
    struct btx_reader in;

    btx_reader_init(&in, bytes, BTX_ADMIN_HEADER_BYTES);
    ret_header->length_bytes = btx_reader_u32(&in);
    ret_header->type = btx_reader_u8(&in);
    if (bytes[5] != 0 || bytes[6] != 0 || bytes[7] != 0)
        return "a header's last bytes are not zero";
    return NULL;
}

size_t btx_admin_request_put(uint8_t bytes[BTX_ADMIN_REQUEST_BYTES_MAX], uint16_t flags,
                             uint16_t columns, const char *const *arguments, size_t argument_count)
{
    struct btx_writer out;

    if (argument_count == 0 || argument_count > BTX_ADMIN_ARGUMENTS_MAX)
        return 0;
    btx_writer_init(&out, bytes, BTX_ADMIN_REQUEST_BYTES_MAX);
    btx_writer_u16(&out, BTX_ADMIN_PROTOCOL_VERSION);
    btx_writer_u16(&out, flags);
    btx_writer_u16(&out, columns);
    btx_writer_u16(&out, (uint16_t)argument_count);
    for (size_t i = 0; i < argument_count; i++)
        btx_writer_bytes(&out, arguments[i], strlen(arguments[i]) + 1);
    return out.overflowed ? 0 : out.length_bytes;
}

const char *btx_admin_request_read(const uint8_t *bytes, size_t length_bytes,
                                   struct btx_admin_request *ret_request)
{
    struct btx_reader in;
    const char *at;
    size_t left_bytes;

    btx_reader_init(&in, bytes, length_bytes);
    if (btx_reader_u16(&in) != BTX_ADMIN_PROTOCOL_VERSION || in.exhausted)
        return "another version of this protocol";
    ret_request->flags = btx_reader_u16(&in);
    ret_request->columns = btx_reader_u16(&in);
    ret_request->argument_count = btx_reader_u16(&in);
    if (in.exhausted)
        return "a request that is too short";
    if (ret_request->argument_count == 0 || ret_request->argument_count > BTX_ADMIN_ARGUMENTS_MAX)
        return "no arguments, or too many";
    at = (const char *)bytes + in.position_bytes;
    left_bytes = length_bytes - in.position_bytes;
    for (size_t i = 0; i < ret_request->argument_count; i++) {
        const char *end = memchr(at, '\0', left_bytes);

        if (end == NULL)
            return "an argument without an end";
        ret_request->arguments[i] = at;
        left_bytes -= (size_t)(end + 1 - at);
        at = end + 1;
    }
    return left_bytes == 0 ? NULL : "bytes behind the last argument";
}
