/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/status/status_format.h"

#include "engine/base/int128.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_IN_S UINT64_C(1000000000)

static const struct btx_status_short absent = {"-"};

struct btx_status_short btx_status_format_count(uint64_t count)
{
    struct btx_status_short grouped = {""};
    char digits[24];
    size_t length;
    size_t used = 0;

    if (count == BTX_STATUS_ABSENT)
        return absent;
    length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (size_t i = 0; i < length; i++) {
        if (i != 0 && (length - i) % 3 == 0)
            grouped.text[used++] = ',';
        grouped.text[used++] = digits[i];
    }
    return grouped;
}

/* @value / @unit with three digits and @name; unit is not 0 and not greater than the value. */
static struct btx_status_short three_digits(uint64_t value, uint64_t unit, const char *name)
{
    const uint64_t whole = value / unit;
    /* unit / 100 would lose digits of units below 100 and of those that are no multiple. */
    const uint64_t hundredths = (uint64_t)((btx_i128)(value % unit) * 100 / unit);
    struct btx_status_short text;

    if (whole >= 100 || hundredths == 0)
        (void)snprintf(text.text, sizeof text.text, "%" PRIu64 " %s", whole, name);
    else if (whole >= 10 || hundredths % 10 == 0)
        (void)snprintf(text.text, sizeof text.text, "%" PRIu64 ".%" PRIu64 " %s", whole,
                       hundredths / 10, name);
    else
        (void)snprintf(text.text, sizeof text.text, "%" PRIu64 ".%02" PRIu64 " %s", whole,
                       hundredths, name);
    return text;
}

struct btx_status_short btx_status_format_rate(uint64_t count)
{
    static const char *const names[] = {"k", "M", "G", "T", "P", "E"};
    struct btx_status_short text;
    uint64_t unit = 1000;
    size_t i = 0;

    if (count == BTX_STATUS_ABSENT)
        return absent;
    if (count < 1000) {
        (void)snprintf(text.text, sizeof text.text, "%" PRIu64, count);
        return text;
    }
    while (i + 1 < BTX_COUNT_OF(names) && count / unit >= 1000) {
        unit *= 1000;
        i++;
    }
    return three_digits(count, unit, names[i]);
}

struct btx_status_short btx_status_format_bytes(uint64_t bytes)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t i = 0;

    if (bytes == BTX_STATUS_ABSENT)
        return absent;
    while (i + 1 < BTX_COUNT_OF(names) && bytes >> (10 * (i + 1)) != 0)
        i++;
    return three_digits(bytes, UINT64_C(1) << (10 * i), names[i]);
}

struct btx_status_short btx_status_format_duration(uint64_t duration_ns)
{
    const uint64_t seconds = duration_ns / NS_IN_S;
    struct btx_status_short text;

    if (duration_ns == BTX_STATUS_ABSENT)
        return absent;
    if (duration_ns < 1000)
        return three_digits(duration_ns, 1, "ns");
    if (duration_ns < 1000000)
        return three_digits(duration_ns, 1000, "us");
    if (duration_ns < NS_IN_S)
        return three_digits(duration_ns, 1000000, "ms");
    if (seconds < 60)
        return three_digits(duration_ns, NS_IN_S, "s");
    if (seconds < 3600)
        (void)snprintf(text.text, sizeof text.text, "%" PRIu64 " min %" PRIu64 " s", seconds / 60,
                       seconds % 60);
    else if (seconds < 86400)
        (void)snprintf(text.text, sizeof text.text, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600,
                       seconds / 60 % 60);
    else
        (void)snprintf(text.text, sizeof text.text, "%" PRIu64 " d %" PRIu64 " h", seconds / 86400,
                       seconds / 3600 % 24);
    return text;
}

struct btx_status_short btx_status_format_time(uint64_t wall_ns)
{
    const time_t seconds = (time_t)(wall_ns / NS_IN_S);
    struct btx_status_short text = absent;
    struct tm utc;

    /* 2^64 ns end in the year 2554, which every struct tm can hold. */
    if (wall_ns != BTX_STATUS_ABSENT && gmtime_r(&seconds, &utc) != NULL)
        (void)strftime(text.text, sizeof text.text, "%Y-%m-%d %H:%M:%S", &utc);
    return text;
}

uint64_t btx_status_percent(uint64_t part, uint64_t whole)
{
    if (part == BTX_STATUS_ABSENT || whole == BTX_STATUS_ABSENT || whole == 0)
        return 0;
    return part < whole ? (uint64_t)((btx_i128)part * 100 / whole) : 100;
}

struct btx_status_short btx_status_format_percent(uint64_t part, uint64_t whole)
{
    struct btx_status_short text;

    if (part == BTX_STATUS_ABSENT || whole == BTX_STATUS_ABSENT || whole == 0)
        return absent;
    (void)snprintf(text.text, sizeof text.text, "%" PRIu64 " %%", btx_status_percent(part, whole));
    return text;
}

struct btx_status_short btx_status_format_seconds(uint64_t duration_ns)
{
    struct btx_status_short text;
    size_t length;

    if (duration_ns == BTX_STATUS_ABSENT)
        return absent;
    length = (size_t)snprintf(text.text, sizeof text.text, "%" PRIu64 ".%09" PRIu64,
                              duration_ns / NS_IN_S, duration_ns % NS_IN_S);
    while (text.text[length - 1] == '0')
        length--;
    if (text.text[length - 1] == '.')
        length--;
    text.text[length] = '\0';
    return text;
}

void btx_status_printable(char *ret_text, size_t size_bytes, const char *text)
{
    size_t used = 0;

    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        const bool plain = byte >= ' ' && byte <= '~';

        if (used + (plain ? 1 : 4) >= size_bytes)
            break;
        if (plain)
            ret_text[used++] = (char)byte;
        else
            used += (size_t)snprintf(ret_text + used, size_bytes - used, "\\x%02x", byte);
    }
    ret_text[used] = '\0';
}

void btx_status_put(struct btx_writer *out, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        btx_writer_bytes(out, text,
                         (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

void btx_status_put_quoted(struct btx_writer *out, const char *text)
{
    btx_writer_u8(out, '"');
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;

        if (byte == '"' || byte == '\\')
            btx_writer_u8(out, '\\');
        btx_writer_u8(out, byte >= ' ' && byte <= '~' ? byte : '?');
    }
    btx_writer_u8(out, '"');
}
