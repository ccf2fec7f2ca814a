/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - JSON written to a stream, member by member.
 *
 * What comes from a disk cannot break the form or steer a terminal: in texts everything but
 * printable ASCII is escaped, byte by byte (0x9b is \u009b).  Whether the stream took it all is
 * for the end of the program to find out. */
#ifndef BTX_ADMIN_JSON_H
#define BTX_ADMIN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Caller's storage; start with {.out = stream}.  Fields are private from then on. */
struct btx_json {
    FILE *out;
    bool follows; /* a comma belongs before what comes next */
};

/* In all of them @key is the member's name in an object, a literal of the program; NULL in a list
 * and for the outermost value. */
void btx_json_begin_object(struct btx_json *json, const char *key);
void btx_json_end_object(struct btx_json *json);
void btx_json_begin_list(struct btx_json *json, const char *key);
void btx_json_end_list(struct btx_json *json);

void btx_json_u64(struct btx_json *json, const char *key, uint64_t value);
void btx_json_i64(struct btx_json *json, const char *key, int64_t value);
/* @hundredths / 100, with two decimals. */
void btx_json_hundredths(struct btx_json *json, const char *key, uint64_t hundredths);
/* @text is a JSON number already. */
void btx_json_number(struct btx_json *json, const char *key, const char *text);
void btx_json_bool(struct btx_json *json, const char *key, bool value);
void btx_json_null(struct btx_json *json, const char *key);
void btx_json_text(struct btx_json *json, const char *key, const char *value);
/* A text that ends at its first zero or after @size_bytes. */
void btx_json_padded(struct btx_json *json, const char *key, const char *value, size_t size_bytes);
/* Bytes as lower-case hexadecimal digits. */
void btx_json_hex(struct btx_json *json, const char *key, const uint8_t *bytes,
                  size_t length_bytes);
/* A record's @length_bytes of JSON without a newline; in its texts, too, what is not ASCII is
 * escaped. */
void btx_json_record(struct btx_json *json, const char *key, const char *value,
                     size_t length_bytes);

/* End the line that an outermost value makes; another may follow. */
void btx_json_end_line(struct btx_json *json);

#endif
