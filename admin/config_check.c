/* SPDX-License-Identifier: Apache-2.0 */
/* config_check.c - betexctl config check: is a configuration file right, and if not, where. */
#include <stdio.h>

#include "admin/config_errors.h"
#include "admin/ctl_request.h"
#include "admin/json.h"
#include "admin/terminal.h"

static size_t count_set(const struct btx_config *config)
{
    size_t count = 0;

    for (size_t i = 0; i < config->key_count; i++)
        count += config->keys[i].origin == BTX_CONFIG_FILE ? 1 : 0;
    return count;
}

static void json_error(struct btx_json *json, const struct btx_config_error *error)
{
    btx_json_begin_object(json, NULL);
    btx_json_u64(json, "line", error->line);
    btx_json_u64(json, "column", error->column);
    btx_json_text(json, "key", error->key);
    btx_json_text(json, "why", error->why);
    btx_json_end_object(json);
}

static void print_json(const struct btx_config *config)
{
    struct btx_json json = {.out = stdout};

    btx_json_begin_object(&json, NULL);
    btx_json_text(&json, "file", config->file);
    btx_json_bool(&json, "fine", config->error_count == 0);
    btx_json_u64(&json, "keys", config->key_count);
    btx_json_u64(&json, "keys_set", count_set(config));
    btx_json_begin_list(&json, "errors");
    for (size_t i = 0; i < config->error_count; i++)
        json_error(&json, &config->errors[i]);
    btx_json_end_list(&json);
    btx_json_u64(&json, "errors_left_out", config->errors_left_out);
    btx_json_end_object(&json);
    btx_json_end_line(&json);
}

enum btx_fault_code btx_ctl_config_check(const struct btx_ctl_request *request,
                                         struct btx_fault *reterr_fault)
{
    struct btx_config *config;
    struct btx_fault fault = {0};
    const enum btx_fault_code code = btx_config_errors_read(request->arguments[0], &config, &fault);

    if (code != BTX_OK && config->error_count == 0) {
        *reterr_fault = fault; /* There was nothing to check. */
        return code;
    }
    if (request->json)
        print_json(config);
    else if (code == BTX_OK)
        printf("%s: %sfine%s: %zu keys set, %zu at their defaults\n", config->file,
               btx_colour_on(BTX_COLOUR_GOOD), btx_colour_off(), count_set(config),
               config->key_count - count_set(config));
    else
        btx_config_errors_tell(config);
    return code;
}
