/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/units.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_IN_MS UINT64_C(1000000)
#define NS_IN_S UINT64_C(1000000000)

struct btx_units_text btx_units_bytes(uint64_t bytes)
{
    static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    struct btx_units_text units;
    size_t power = 0;
    uint64_t tenths;

    if (bytes < 1024) {
        (void)snprintf(units.text, sizeof units.text, "%" PRIu64 " B", bytes);
        return units;
    }
    while (power + 1 < BTX_COUNT_OF(names) && bytes >> (10 * (power + 2)) != 0)
        power++;
    tenths = (bytes >> (10 * power)) * 10 / 1024;
    if (tenths % 10 == 0)
        (void)snprintf(units.text, sizeof units.text, "%" PRIu64 " %s", tenths / 10, names[power]);
    else
        (void)snprintf(units.text, sizeof units.text, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10,
                       tenths % 10, names[power]);
    return units;
}

static struct btx_units_text format_time(uint64_t wall_ns, const char *format)
{
    const time_t seconds = (time_t)(wall_ns / NS_IN_S);
    struct btx_units_text units = {"?"};
    struct tm broken_down;

    if (gmtime_r(&seconds, &broken_down) == NULL ||
        strftime(units.text, sizeof units.text, format, &broken_down) == 0)
        (void)snprintf(units.text, sizeof units.text, "%" PRIu64 " ns", wall_ns);
    return units;
}

struct btx_units_text btx_units_time(uint64_t wall_ns)
{
    return format_time(wall_ns, "%Y-%m-%d %H:%M:%S");
}

struct btx_units_text btx_units_short_time(uint64_t wall_ns)
{
    return format_time(wall_ns, "%m-%d %H:%M:%S");
}

struct btx_units_text btx_units_duration(uint64_t duration_ns)
{
    const uint64_t seconds = duration_ns / NS_IN_S;
    struct btx_units_text units;

    if (seconds >= 86400)
        (void)snprintf(units.text, sizeof units.text, "%" PRIu64 " d %" PRIu64 " h",
                       seconds / 86400, seconds / 3600 % 24);
    else if (seconds >= 3600)
        (void)snprintf(units.text, sizeof units.text, "%" PRIu64 " h %" PRIu64 " min",
                       seconds / 3600, seconds / 60 % 60);
    else if (seconds >= 60)
        (void)snprintf(units.text, sizeof units.text, "%" PRIu64 " min %" PRIu64 " s", seconds / 60,
                       seconds % 60);
    else if (seconds >= 1 && duration_ns / (NS_IN_S / 10) % 10 == 0)
        (void)snprintf(units.text, sizeof units.text, "%" PRIu64 " s", seconds);
    else if (seconds >= 1)
        (void)snprintf(units.text, sizeof units.text, "%" PRIu64 ".%" PRIu64 " s", seconds,
                       duration_ns / (NS_IN_S / 10) % 10);
    else
        (void)snprintf(units.text, sizeof units.text, "%" PRIu64 " ms", duration_ns / NS_IN_MS);
    return units;
}

struct btx_units_text btx_units_uuid(const uint8_t uuid[16])
{
    struct btx_units_text units;
    char *out = units.text;

    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        out += sprintf(out, "%02x", uuid[i]);
    }
    return units;
}

void btx_units_printable(char *ret_text, size_t ret_size_bytes, const char *text, size_t size_bytes)
{
    const size_t length_bytes = strnlen(text, size_bytes);
    size_t used = 0;

    for (size_t i = 0; i < length_bytes && used + sizeof "\\xNN" <= ret_size_bytes; i++) {
        const unsigned char byte = (unsigned char)text[i];

        if (byte < ' ' || byte > '~')
            used += (size_t)sprintf(ret_text + used, "\\x%02x", byte);
        else
            ret_text[used++] = (char)byte;
    }
    ret_text[used] = '\0';
}

struct btx_units_text btx_units_decimal(int64_t ten_thousandths)
{
    const bool is_negative = ten_thousandths < 0;
    const uint64_t value = is_negative ? 0 - (uint64_t)ten_thousandths : (uint64_t)ten_thousandths;
    struct btx_units_text result;
    int length = snprintf(result.text, sizeof result.text, "%s%" PRIu64 ".%04u",
                          is_negative ? "-" : "", value / 10000, (unsigned)(value % 10000));

    while (result.text[length - 1] == '0')
        result.text[--length] = '\0';
    if (result.text[length - 1] == '.')
        result.text[--length] = '\0';
    return result;
}
