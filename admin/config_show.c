/* SPDX-License-Identifier: Apache-2.0 */
/* config_show.c - betexctl config show: what a configuration file comes to. */
#include <inttypes.h>
#include <stdio.h>

#include "admin/config_errors.h"
#include "admin/ctl_request.h"
#include "admin/json.h"
#include "admin/table.h"

static void print_json(const struct btx_config *config)
{
    struct btx_json json = {.out = stdout};
    char text[BTX_SETTING_SHOWN_BYTES];

    for (size_t i = 0; i < config->key_count; i++) {
        const struct btx_config_key *key = &config->keys[i];
        const bool from_file = key->origin == BTX_CONFIG_FILE;

        btx_setting_show(key->setting, key->values, text);
        btx_json_begin_object(&json, NULL);
        btx_json_text(&json, "key", key->setting->name);
        btx_json_text(&json, "value", text);
        btx_json_text(&json, "from", from_file ? "file" : "default");
        if (from_file)
            btx_json_u64(&json, "line", key->line);
        btx_json_end_object(&json);
        btx_json_end_line(&json);
    }
}

static enum btx_fault_code print_table(const struct btx_config *config,
                                       struct btx_fault *reterr_fault)
{
    static const struct btx_column columns[] = {{"KEY", true}, {"VALUE", true}, {"FROM", true}};
    struct btx_table table = {.columns = columns, .column_count = BTX_COUNT_OF(columns)};
    char text[BTX_SETTING_SHOWN_BYTES];
    enum btx_fault_code code;

    for (size_t i = 0; i < config->key_count; i++) {
        const struct btx_config_key *key = &config->keys[i];

        btx_setting_show(key->setting, key->values, text);
        btx_table_cell(&table, "%s", key->setting->name);
        btx_table_cell(&table, "%s", text);
        if (key->origin == BTX_CONFIG_FILE)
            btx_table_cell(&table, "line %" PRIu32, key->line);
        else
            btx_table_cell(&table, "default");
    }
    code = btx_table_print(&table, stdout, reterr_fault);
    btx_table_done(&table);
    return code;
}

enum btx_fault_code btx_ctl_config_show(const struct btx_ctl_request *request,
                                        struct btx_fault *reterr_fault)
{
    struct btx_config *config;
    struct btx_fault fault = {0};
    const enum btx_fault_code code = btx_config_errors_read(request->arguments[0], &config, &fault);

    if (code != BTX_OK) {
        /* Half a configuration is none: its mistakes are all there is to show. */
        btx_config_errors_tell(config);
        if (config->error_count == 0)
            *reterr_fault = fault;
        return code;
    }
    if (!request->json)
        return print_table(config, reterr_fault);
    print_json(config);
    return BTX_OK;
}
