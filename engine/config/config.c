/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/config/config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/config/config_parts.h"

void btx_config_init(struct btx_config *config, const struct btx_config_table *tables,
                     size_t table_count)
{
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < table_count; i++) {
        const struct btx_config_table *table = &tables[i];

        btx_setting_defaults(table->rows, table->row_count, table->values);
        for (size_t j = 0; j < table->row_count; j++) {
            CHECK(config->key_count < BTX_CONFIG_KEYS_MAX);
            CHECK(strlen(table->rows[j].name) < BTX_CONFIG_NAME_BYTES);
            config->keys[config->key_count++] = (struct btx_config_key){
                .setting = &table->rows[j],
                .values = table->values,
                .about = j == 0 ? table->about : NULL,
            };
        }
    }
}

struct btx_config_key *btx_config_find(struct btx_config *config, const char *name)
{
    for (size_t i = 0; i < config->key_count; i++) {
        if (strcmp(config->keys[i].setting->name, name) == 0)
            return &config->keys[i];
    }
    return NULL;
}

const struct btx_config_key *btx_config_section(const struct btx_config *config, const char *path)
{
    const size_t length = strlen(path);

    for (size_t i = 0; i < config->key_count; i++) {
        const char *name = config->keys[i].setting->name;

        if (strncmp(name, path, length) == 0 && name[length] == '.')
            return &config->keys[i];
    }
    return NULL;
}

enum btx_fault_code btx_config_set(struct btx_config_key *key, const char *text,
                                   struct btx_fault *reterr_fault)
{
    const enum btx_fault_code code =
        btx_setting_read(key->setting, text, key->values, reterr_fault);

    if (code == BTX_OK)
        key->origin = BTX_CONFIG_OPTION;
    return code;
}

/* ---- Errors ---- */

void btx_config_add_error(struct btx_config *config, uint32_t line, uint32_t column,
                          const char *key, const char *format, ...)
{
    struct btx_config_error *error = &config->errors[config->error_count];
    va_list arguments;

    if (config->error_count == BTX_CONFIG_ERRORS_MAX) {
        config->errors_left_out++;
        return;
    }
    config->error_count++;
    error->line = line;
    error->column = column;
    (void)snprintf(error->key, sizeof error->key, "%s", key); /* Cut is fine, here and below. */
    va_start(arguments, format);
    (void)vsnprintf(error->why, sizeof error->why, format, arguments);
    va_end(arguments);
}

void btx_config_refuse(struct btx_config *config, const struct btx_setting *setting,
                       const struct btx_setting *other, const char *why)
{
    const struct btx_config_key *key = btx_config_find(config, setting->name);
    const struct btx_config_key *place = key;

    CHECK(key != NULL);
    if (key->origin != BTX_CONFIG_FILE && other != NULL) {
        place = btx_config_find(config, other->name);
        CHECK(place != NULL);
    }
    /* What an option has overruled is not what is wrong. */
    if (place->origin != BTX_CONFIG_FILE)
        btx_config_add_error(config, 0, 0, setting->name, "%s", why);
    else if (place == key)
        btx_config_add_error(config, key->line, key->column, setting->name, "%s", why);
    else
        btx_config_add_error(config, place->line, place->column, setting->name, "%s, its %s", why,
                             key->origin == BTX_CONFIG_DEFAULT ? "default" : "option");
}

void btx_config_error_print(const struct btx_config *config, const struct btx_config_error *error,
                            char ret_text[BTX_FAULT_TEXT_BYTES])
{
    const char *between = error->key[0] == '\0' ? "" : ": ";

    /* Cut is fine. */
    if (error->line == 0)
        (void)snprintf(ret_text, BTX_FAULT_TEXT_BYTES, "%s%s%s", error->key, between, error->why);
    else
        (void)snprintf(ret_text, BTX_FAULT_TEXT_BYTES, "%s:%" PRIu32 ":%" PRIu32 ": %s%s%s",
                       config->file, error->line, error->column, error->key, between, error->why);
}

enum btx_fault_code btx_config_fault(const struct btx_config *config,
                                     struct btx_fault *reterr_fault)
{
    const size_t count = config->error_count + config->errors_left_out;
    char text[BTX_FAULT_TEXT_BYTES];

    if (count == 0)
        return BTX_OK;
    btx_config_error_print(config, &config->errors[0], text);
    if (count == 1)
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0, "%s", text);
    return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0,
                         "%s (and %zu more: betexctl config check FILE tells all)", text,
                         count - 1);
}
