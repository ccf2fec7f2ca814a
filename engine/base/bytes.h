/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h - little-endian cursors over a caller's buffer: a writer and a reader.
 * They never touch a byte outside the buffer.  The first call that does not fit sets a mark that
 * stays, and every later call does nothing: so code writes or reads everything first and looks at
 * the mark once.  The pure core uses them: no heap, no system. */
#ifndef BTX_BASE_BYTES_H
#define BTX_BASE_BYTES_H

#include "engine/base/attributes.h"
#include "engine/base/int128.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "values are copied as they lie in memory, and the formats are little-endian");

/* Fields may be read, but only the functions below change them. */
struct btx_writer {
    uint8_t *bytes;      /* the caller's buffer, which must outlive the writer */
    size_t size_bytes;   /* its size */
    size_t length_bytes; /* written so far, at most size_bytes */
    bool overflowed;     /* something did not fit; what lies in the buffer is incomplete */
};

struct btx_reader {
    const uint8_t *bytes;  /* the caller's buffer, which must outlive the reader */
    size_t length_bytes;   /* its length */
    size_t position_bytes; /* read so far, at most length_bytes */
    bool exhausted;        /* more was asked for than there is; what was read since is zero */
};

/* Begin to write at @bytes.  @bytes may be NULL when @size_bytes is 0. */
static inline void btx_writer_init(struct btx_writer *writer, void *bytes, size_t size_bytes)
{
    writer->bytes = bytes;
    writer->size_bytes = size_bytes;
    writer->length_bytes = 0;
    writer->overflowed = false;
}

/* Reserve @length_bytes and return where they are; the caller fills every one of them.
 * NULL when they do not fit, and then nothing fits any more. */
static inline void *btx_writer_claim(struct btx_writer *writer, size_t length_bytes)
{
    uint8_t *claimed;

    if (writer->overflowed || length_bytes > writer->size_bytes - writer->length_bytes) {
        writer->overflowed = true;
        return NULL;
    }
    if (writer->bytes == NULL)
        return NULL; /* A claim of nothing in no buffer. */
    claimed = writer->bytes + writer->length_bytes;
    writer->length_bytes += length_bytes;
    return claimed;
}

/* Append @length_bytes from @data, which may be NULL when there are none. */
static inline void btx_writer_bytes(struct btx_writer *writer, const void *data,
                                    size_t length_bytes)
{
    void *claimed = btx_writer_claim(writer, length_bytes);

    if (claimed != NULL && length_bytes != 0)
        memcpy(claimed, data, length_bytes);
}

/* Append @length_bytes zeros: reserved fields and padding. */
static inline void btx_writer_zeros(struct btx_writer *writer, size_t length_bytes)
{
    void *claimed = btx_writer_claim(writer, length_bytes);

    if (claimed != NULL && length_bytes != 0)
        memset(claimed, 0, length_bytes);
}

static inline void btx_writer_u8(struct btx_writer *writer, uint8_t value)
{
    btx_writer_bytes(writer, &value, sizeof(value));
}

static inline void btx_writer_u16(struct btx_writer *writer, uint16_t value)
{
    btx_writer_bytes(writer, &value, sizeof(value));
}

static inline void btx_writer_u32(struct btx_writer *writer, uint32_t value)
{
    btx_writer_bytes(writer, &value, sizeof(value));
}

static inline void btx_writer_u64(struct btx_writer *writer, uint64_t value)
{
    btx_writer_bytes(writer, &value, sizeof(value));
}

static inline void btx_writer_i64(struct btx_writer *writer, int64_t value)
{
    btx_writer_bytes(writer, &value, sizeof(value));
}

/* Two's complement, the low half first. */
static inline void btx_writer_i128(struct btx_writer *writer, btx_i128 value)
{
    btx_writer_bytes(writer, &value, sizeof(value));
}

/* Begin to read at @bytes.  @bytes may be NULL when @length_bytes is 0. */
static inline void btx_reader_init(struct btx_reader *reader, const void *bytes,
                                   size_t length_bytes)
{
    reader->bytes = bytes;
    reader->length_bytes = length_bytes;
    reader->position_bytes = 0;
    reader->exhausted = false;
}

/* Bytes not yet read; 0 after the reader was exhausted. */
static inline size_t btx_reader_left_bytes(const struct btx_reader *reader)
{
    return reader->exhausted ? 0 : reader->length_bytes - reader->position_bytes;
}

/* True when everything asked for was there and not a byte is left over. */
BTX_MUST_USE static inline bool btx_reader_finished(const struct btx_reader *reader)
{
    return !reader->exhausted && reader->position_bytes == reader->length_bytes;
}

/* Pass over @length_bytes and return where they are, inside the caller's buffer.
 * NULL when there are not so many, and then nothing can be read any more. */
static inline const void *btx_reader_view(struct btx_reader *reader, size_t length_bytes)
{
    const uint8_t *view;

    if (reader->exhausted || length_bytes > reader->length_bytes - reader->position_bytes) {
        reader->exhausted = true;
        return NULL;
    }
    if (reader->bytes == NULL)
        return NULL; /* A view of nothing in no buffer. */
    view = reader->bytes + reader->position_bytes;
    reader->position_bytes += length_bytes;
    return view;
}

/* Copy @length_bytes to @ret_data; all of them are zero when there are not so many. */
static inline void btx_reader_bytes(struct btx_reader *reader, void *ret_data, size_t length_bytes)
{
    const void *view = btx_reader_view(reader, length_bytes);

    if (length_bytes == 0)
        return;
    if (view != NULL)
        memcpy(ret_data, view, length_bytes);
    else
        memset(ret_data, 0, length_bytes);
}

/* Pass over @length_bytes, all of which must be zero; else the reader is exhausted.  For reserved
 * fields and padding: bytes that mean nothing must not be able to carry anything. */
static inline void btx_reader_zeros(struct btx_reader *reader, size_t length_bytes)
{
    const uint8_t *view = btx_reader_view(reader, length_bytes);

    for (size_t i = 0; view != NULL && i < length_bytes; i++) {
        if (view[i] != 0) {
            reader->exhausted = true;
            return;
        }
    }
}

static inline uint8_t btx_reader_u8(struct btx_reader *reader)
{
    uint8_t value;

    btx_reader_bytes(reader, &value, sizeof(value));
    return value;
}

static inline uint16_t btx_reader_u16(struct btx_reader *reader)
{
    uint16_t value;

    btx_reader_bytes(reader, &value, sizeof(value));
    return value;
}

static inline uint32_t btx_reader_u32(struct btx_reader *reader)
{
    uint32_t value;

    btx_reader_bytes(reader, &value, sizeof(value));
    return value;
}

static inline uint64_t btx_reader_u64(struct btx_reader *reader)
{
    uint64_t value;

    btx_reader_bytes(reader, &value, sizeof(value));
    return value;
}

static inline int64_t btx_reader_i64(struct btx_reader *reader)
{
    int64_t value;

    btx_reader_bytes(reader, &value, sizeof(value));
    return value;
}

static inline btx_i128 btx_reader_i128(struct btx_reader *reader)
{
    btx_i128 value;

    btx_reader_bytes(reader, &value, sizeof(value));
    return value;
}

#endif
