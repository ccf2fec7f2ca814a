/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/check.h"
#include "engine/base/utf8.h"
#include "engine/text/command_decoding.h"
#include "engine/text/text_refusal.h"
#include "engine/text/text_scan.h"
#include "engine/text/text_string.h"

static bool is_word(const struct btx_text_string *string, const struct btx_text_word *word)
{
    return string->length_bytes == word->length - 2u &&
           memcmp(string->bytes, word->quoted + 1, string->length_bytes) == 0;
}

/* One of the @words of @row: sets *@ret_number. */
static const char *read_word(struct btx_command_text *text, const struct btx_text_row *row,
                             const char *p, uint8_t *ret_number)
{
    struct btx_text_string string;
    const char *end;

    if (*p != '"')
        return btx_text_refuse_value(text, row, p);
    end = btx_text_scan_string(text, p, &string);
    if (end == NULL)
        return NULL;
    for (uint8_t i = row->words_first; i < row->words_count; i++) {
        if (is_word(&string, &row->words[i])) {
            *ret_number = i;
            return end;
        }
    }
    return btx_text_refuse_value(text, row, p);
}

const char *btx_text_read_type(struct btx_command_text *text, const char *p,
                               enum btx_command_type *ret_type)
{
    uint8_t number = 0;

    p = read_word(text, &btx_text_type_row, p, &number);
    *ret_type = (enum btx_command_type)number;
    return p;
}

/* An integer in the range of @row. */
static const char *read_u64(struct btx_command_text *text, const struct btx_text_row *row,
                            const char *p, uint64_t *ret_value)
{
    const char *const end = btx_text_scan_u64(p, ret_value);

    if (end == NULL || *ret_value < row->least || *ret_value > row->most ||
        !btx_text_ends_value(*end))
        return btx_text_refuse_value(text, row, p);
    return end;
}

static const char *read_integer(struct btx_text_decoding *decoding, const struct btx_text_row *row,
                                const char *p)
{
    uint64_t value;

    p = read_u64(decoding->text, row, p, &value);
    if (p != NULL)
        memcpy(decoding->space->bytes + row->offset, &value, sizeof(value));
    return p;
}

/* @most is for a positive value, @least_magnitude for a negative one: 0 when there is none. */
static const char *read_decimal(struct btx_text_decoding *decoding, const struct btx_text_row *row,
                                const char *p, uint64_t most, uint64_t least_magnitude)
{
    const bool is_negative = *p == '-' && least_magnitude != 0;
    uint64_t value;
    const char *const end = btx_text_scan_decimal(p + is_negative, &value);

    if (end == NULL || value > (is_negative ? least_magnitude : most) || !btx_text_ends_value(*end))
        return btx_text_refuse_value(decoding->text, row, p);
    value = is_negative ? 0 - value : value;
    memcpy(decoding->space->bytes + row->offset, &value, sizeof(value));
    return end;
}

static const char *read_bool(struct btx_text_decoding *decoding, const struct btx_text_row *row,
                             const char *p)
{
    const bool is_true = memcmp(p, "true", 4) == 0;
    const char *const end = p + (is_true ? 4 : 5);

    if ((!is_true && memcmp(p, "false", 5) != 0) || !btx_text_ends_value(*end))
        return btx_text_refuse_value(decoding->text, row, p);
    decoding->space->bytes[row->offset] = is_true;
    return end;
}

/* Eight bytes at a time: of those that are less than a space, DEL, or 0x80 and more, the first at
 * least shows in its highest bit.  What is behind the text counts as spaces. */
static bool is_printable(const struct btx_text_string *string)
{
    uint64_t bad = 0;

    for (size_t i = 0; i < string->length_bytes; i += 8) {
        const size_t bytes = string->length_bytes - i < 8 ? string->length_bytes - i : 8;
        const uint64_t mask = UINT64_MAX >> (64 - 8 * bytes);
        const uint64_t word =
            (btx_text_load(string->bytes + i) & mask) | (BTX_TEXT_EIGHT(' ') & ~mask);

        bad |= (word - BTX_TEXT_EIGHT(' ')) | word | (word + BTX_TEXT_EIGHT(0x01));
    }
    return (bad & BTX_TEXT_EIGHT(0x80)) == 0;
}

static const char *read_ref(struct btx_text_decoding *decoding, const struct btx_text_row *row,
                            const char *p)
{
    struct btx_text_string string;
    const char *end;

    if (*p != '"')
        return btx_text_refuse_value(decoding->text, row, p);
    end = btx_text_scan_string(decoding->text, p, &string);
    if (end == NULL)
        return NULL;
    if (string.length_bytes > BTX_REF_BYTES_MAX || !is_printable(&string))
        return btx_text_refuse_value(decoding->text, row, p);
    /* All bytes that a ref may have: btx_command_set_length() clears what is too much. */
    memcpy(decoding->space->bytes + decoding->body_bytes, string.bytes, BTX_REF_BYTES_MAX);
    decoding->space->bytes[row->offset] = (uint8_t)string.length_bytes;
    decoding->tail_bytes = string.length_bytes;
    return end;
}

static const char *read_text(struct btx_text_decoding *decoding, const struct btx_text_row *row,
                             const char *p)
{
    struct btx_text_string string;
    uint16_t length_bytes;
    const char *end;

    if (*p != '"')
        return btx_text_refuse_value(decoding->text, row, p);
    end = btx_text_scan_string(decoding->text, p, &string);
    if (end == NULL)
        return NULL;
    if (string.length_bytes > BTX_DESCRIPTION_BYTES_MAX)
        return btx_text_refuse_field(decoding->text, row, "want at most 8192 bytes of UTF-8");
    static_assert(BTX_DESCRIPTION_BYTES_MAX == 8192, "the sentence says it");
    if (!btx_utf8_is_valid(string.bytes, string.length_bytes))
        return btx_text_refuse_field(decoding->text, row, "not UTF-8");
    length_bytes = (uint16_t)string.length_bytes;
    memcpy(decoding->space->bytes + decoding->body_bytes, string.bytes, length_bytes);
    memcpy(decoding->space->bytes + row->offset, &length_bytes, sizeof(length_bytes));
    decoding->tail_bytes = length_bytes;
    return end;
}

static const char *read_ids(struct btx_text_decoding *decoding, const struct btx_text_row *row,
                            const char *p)
{
    struct btx_command_text *text = decoding->text;
    struct btx_text_row id_row = *row; /* any integer, under the name of the list */
    uint64_t id;
    uint16_t count = 0;

    if (*p != '[')
        return btx_text_refuse_value(text, row, p);
    id_row.form = BTX_TEXT_INTEGER;
    id_row.most = UINT64_MAX;
    p = btx_text_skip_space(p + 1);
    while (*p != ']' || count != 0) {
        if (count == BTX_LIST_IDS_MAX)
            return btx_text_refuse_field(text, row, "want at most 1024 ids");
        p = read_u64(text, &id_row, p, &id);
        if (p == NULL)
            return NULL;
        memcpy(decoding->space->bytes + decoding->body_bytes + sizeof(id) * count++, &id,
               sizeof(id));
        p = btx_text_skip_space(p);
        if (*p == ']')
            break;
        if (*p != ',')
            return btx_text_refuse_byte(text, p, "',' or ']'");
        p = btx_text_skip_space(p + 1);
    }
    static_assert(BTX_LIST_IDS_MAX == 1024, "the sentence says it");
    memcpy(decoding->space->bytes + row->offset, &count, sizeof(count));
    decoding->tail_bytes = sizeof(id) * count;
    return p + 1;
}

const char *btx_text_read_value(struct btx_text_decoding *decoding, const struct btx_text_row *row,
                                const char *p)
{
    switch ((enum btx_text_form)row->form) {
    case BTX_TEXT_INTEGER:
        return read_integer(decoding, row, p);
    case BTX_TEXT_PRICE:
        return read_decimal(decoding, row, p, BTX_PRICE_WIRE_MAX, 0);
    case BTX_TEXT_DECIMAL:
        return read_decimal(decoding, row, p, INT64_MAX, (uint64_t)INT64_MAX + 1);
    case BTX_TEXT_BOOL:
        return read_bool(decoding, row, p);
    case BTX_TEXT_WORD:
        return read_word(decoding->text, row, p, &decoding->space->bytes[row->offset]);
    case BTX_TEXT_REF:
        return read_ref(decoding, row, p);
    case BTX_TEXT_TEXT:
        return read_text(decoding, row, p);
    case BTX_TEXT_IDS:
        return read_ids(decoding, row, p);
    case BTX_TEXT_TYPE:
        break;
    }
    CHECK_UNREACHABLE();
}
