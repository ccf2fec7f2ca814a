/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/json.h"

#include <inttypes.h>
#include <string.h>

#include "admin/printable.h"

static void put_key(struct btx_json *json, const char *key)
{
    if (json->follows)
        putc(',', json->out);
    json->follows = true;
    if (key != NULL)
        fprintf(json->out, "\"%s\":", key);
}

void btx_json_begin_object(struct btx_json *json, const char *key)
{
    put_key(json, key);
    putc('{', json->out);
    json->follows = false;
}

void btx_json_end_object(struct btx_json *json)
{
    putc('}', json->out);
    json->follows = true;
}

void btx_json_begin_list(struct btx_json *json, const char *key)
{
    put_key(json, key);
    putc('[', json->out);
    json->follows = false;
}

void btx_json_end_list(struct btx_json *json)
{
    putc(']', json->out);
    json->follows = true;
}

void btx_json_u64(struct btx_json *json, const char *key, uint64_t value)
{
    put_key(json, key);
    fprintf(json->out, "%" PRIu64, value);
}

void btx_json_i64(struct btx_json *json, const char *key, int64_t value)
{
    put_key(json, key);
    fprintf(json->out, "%" PRId64, value);
}

void btx_json_hundredths(struct btx_json *json, const char *key, uint64_t hundredths)
{
    put_key(json, key);
    fprintf(json->out, "%" PRIu64 ".%02u", hundredths / 100, (unsigned)(hundredths % 100));
}

void btx_json_number(struct btx_json *json, const char *key, const char *text)
{
    put_key(json, key);
    fputs(text, json->out);
}

void btx_json_bool(struct btx_json *json, const char *key, bool value)
{
    put_key(json, key);
    fputs(value ? "true" : "false", json->out);
}

void btx_json_null(struct btx_json *json, const char *key)
{
    put_key(json, key);
    fputs("null", json->out);
}

void btx_json_padded(struct btx_json *json, const char *key, const char *value, size_t size_bytes)
{
    const size_t length_bytes = strnlen(value, size_bytes);

    put_key(json, key);
    putc('"', json->out);
    for (size_t i = 0; i < length_bytes; i++) {
        const unsigned char byte = (unsigned char)value[i];

        if (byte == '"' || byte == '\\')
            fprintf(json->out, "\\%c", byte);
        else if (byte < ' ' || byte > '~')
            fprintf(json->out, "\\u%04x", byte);
        else
            putc(byte, json->out);
    }
    putc('"', json->out);
}

void btx_json_text(struct btx_json *json, const char *key, const char *value)
{
    btx_json_padded(json, key, value, SIZE_MAX);
}

void btx_json_hex(struct btx_json *json, const char *key, const uint8_t *bytes, size_t length_bytes)
{
    put_key(json, key);
    putc('"', json->out);
    for (size_t i = 0; i < length_bytes; i++)
        fprintf(json->out, "%02x", bytes[i]);
    putc('"', json->out);
}

void btx_json_record(struct btx_json *json, const char *key, const char *value, size_t length_bytes)
{
    put_key(json, key);
    btx_printable_write(json->out, value, length_bytes, BTX_PRINTABLE_ASCII);
}

void btx_json_end_line(struct btx_json *json)
{
    putc('\n', json->out);
    json->follows = false;
}
