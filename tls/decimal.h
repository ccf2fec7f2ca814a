/* SPDX-License-Identifier: Apache-2.0 */
/* decimal.h - prices, sizes and money as people write them, and in 1/10 000. */
#ifndef BTX_TLS_DECIMAL_H
#define BTX_TLS_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/attributes.h"

enum { BTX_DECIMAL_TEXT_BYTES = 32 };

/* "12.5" is 125 000: digits, at most four of them behind a point, a minus in front.  False for
 * everything else, and for what is over 10^14 units of one. */
BTX_MUST_USE bool btx_decimal_read(const char *text, int64_t *ret_value);

/* The shortest form that read takes. */
const char *btx_decimal_print(int64_t value, char text[BTX_DECIMAL_TEXT_BYTES]);

#endif
