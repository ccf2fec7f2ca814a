/* SPDX-License-Identifier: Apache-2.0 */
/* description.h - the descriptions of markets (rules-2.md 2), private to this folder: texts of any
 * length in blocks of one size. */
#ifndef BTX_CORE_DESCRIPTION_H
#define BTX_CORE_DESCRIPTION_H

#include "engine/core/state.h"

/* Whether a text of @length_bytes has room as the description of @market, whose present one makes
 * way for it. */
bool btx_description_fits(const struct btx_core *core, const struct market *market,
                          size_t length_bytes);

/* Make the @length_bytes of @text, which fit, the description of @market. */
void btx_description_set(struct btx_core *core, struct market *market, const char *text,
                         uint32_t length_bytes);

/* Give back the room of the description of @market, which has none afterwards. */
void btx_description_drop(struct btx_core *core, struct market *market);

/* Copy the description of @market, all of it, to @ret_text. */
void btx_description_copy(const struct btx_core *core, const struct market *market,
                          char ret_text[BTX_DESCRIPTION_BYTES_MAX]);

#endif
