/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config_errors.h"

#include <stdio.h>

enum btx_fault_code btx_config_errors_read(const char *path, struct btx_config **ret_config,
                                           struct btx_fault *reterr_fault)
{
    static struct btx_settings settings;
    static struct btx_config config;

    btx_settings_init(&settings, &config);
    *ret_config = &config;
    return btx_settings_read(&settings, &config, path, reterr_fault);
}

void btx_config_errors_tell(const struct btx_config *config)
{
    char text[BTX_FAULT_TEXT_BYTES];

    for (size_t i = 0; i < config->error_count; i++) {
        btx_config_error_print(config, &config->errors[i], text);
        fprintf(stderr, "%s\n", text);
    }
    if (config->errors_left_out != 0)
        fprintf(stderr, "%s: and %zu errors more\n", config->file, config->errors_left_out);
}
