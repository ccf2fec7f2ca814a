/* SPDX-License-Identifier: Apache-2.0 */
/* config_parts.h - what the files of this folder share, and nobody else may use. */
#ifndef BTX_CONFIG_CONFIG_PARTS_H
#define BTX_CONFIG_CONFIG_PARTS_H

#include "engine/base/attributes.h"
#include "engine/config/config.h"

/* Add an error at @line and @column (0: at no place) about @key (printable; "": none). */
void btx_config_add_error(struct btx_config *config, uint32_t line, uint32_t column,
                          const char *key, const char *format, ...) BTX_PRINTF(5, 6);

/* The first key below the section @path, or NULL when there is no such section. */
const struct btx_config_key *btx_config_section(const struct btx_config *config, const char *path);

#endif
