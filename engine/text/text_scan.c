/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/text/text_scan.h"

const char *btx_text_scan_more_digits(const char *p, uint64_t *value)
{
    static const uint64_t powers[] = {1,      10,      100,      1000,     10000,
                                      100000, 1000000, 10000000, 100000000};
    unsigned digits;

    do {
        const uint64_t word = btx_text_load(p) ^ BTX_TEXT_EIGHT('0');

        digits = btx_text_leading_digits(word);
        if (digits == 0)
            break;
        if (__builtin_mul_overflow(*value, powers[digits], value) ||
            __builtin_add_overflow(*value, btx_text_digits_value(word, digits), value))
            return NULL;
        p += digits;
    } while (digits == 8);
    return p;
}
