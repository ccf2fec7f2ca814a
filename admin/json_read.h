/* SPDX-License-Identifier: Apache-2.0 */
/* json_read.h - JSON looked into where it lies: no tree, no memory of its own.
 *
 * A value is a piece of the text that btx_json_read() has found to be whole; only then it may be
 * looked into.  Any bytes may be given, and what comes out is printable ASCII. */
#ifndef BTX_ADMIN_JSON_READ_H
#define BTX_ADMIN_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BTX_JSON_DEPTH_MAX = 16 };

/* A value, or none at all (text NULL): what is not there has no members, and its text is "-".  So
 * one may look deep and judge at the end. */
struct btx_json_value {
    const char *text; /* first byte of it */
    size_t length_bytes;
};

/* Whether @text is one JSON value, and nothing behind it but spaces; *ret_value is that value.
 * Strings may hold any bytes but quotes and what is below a space. */
bool btx_json_read(const char *text, size_t length_bytes, struct btx_json_value *ret_value);

/* The member @key of an object, the first one of that name; keys with escapes are not found. */
struct btx_json_value btx_json_member(struct btx_json_value value, const char *key);

/* The first element of a list, and the one behind @element of the same list; none at its end. */
struct btx_json_value btx_json_first(struct btx_json_value list);
struct btx_json_value btx_json_next(struct btx_json_value list, struct btx_json_value element);

/* The same for the members of an object; *ret_key is the key, with its quotes. */
struct btx_json_value btx_json_first_member(struct btx_json_value object,
                                            struct btx_json_value *ret_key);
struct btx_json_value btx_json_next_member(struct btx_json_value object,
                                           struct btx_json_value member,
                                           struct btx_json_value *ret_key);

static inline bool btx_json_is(struct btx_json_value value)
{
    return value.text != NULL;
}

/* A string without its quotes, anything else as it stands; "-" for null and for none.  What is no
 * printable ASCII stays escaped as it was, or becomes \xNN.  Cut to the size; returns @ret_text. */
const char *btx_json_show(struct btx_json_value value, char *ret_text, size_t size_bytes);

/* Whether it is the string @word. */
bool btx_json_says(struct btx_json_value value, const char *word);

/* A number without sign and fraction, or true.  False when it is none, or too great. */
bool btx_json_number_of(struct btx_json_value value, uint64_t *ret_number);
bool btx_json_is_true(struct btx_json_value value);

#endif
