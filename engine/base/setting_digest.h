/* SPDX-License-Identifier: Apache-2.0 */
/* setting_digest.h - what EngineStarted says of a configuration: the SHA-256 over a line for each
 * setting, in the order of their tables. */
#ifndef BTX_BASE_SETTING_DIGEST_H
#define BTX_BASE_SETTING_DIGEST_H

#include "engine/base/setting.h"
#include "engine/base/sha256.h"

/* Add the line of @setting: its name, ": ", its value in @values as btx_setting_show() has it, and
 * a line feed. */
void btx_setting_digest(const struct btx_setting *setting, const void *values,
                        struct btx_sha256 *sha256);

#endif
