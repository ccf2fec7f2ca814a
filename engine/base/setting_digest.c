/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/setting_digest.h"

#include <string.h>

void btx_setting_digest(const struct btx_setting *setting, const void *values,
                        struct btx_sha256 *sha256)
{
    char value[BTX_SETTING_SHOWN_BYTES];

    btx_setting_show(setting, values, value);
    btx_sha256_update(sha256, setting->name, strlen(setting->name));
    btx_sha256_update(sha256, ": ", 2);
    btx_sha256_update(sha256, value, strlen(value));
    btx_sha256_update(sha256, "\n", 1);
}
