/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_config - arbitrary bytes are refused, with places and in printable words, or give values
 * within their bounds, which a file that is made of them gives again. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/settings/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct btx_settings settings;
static struct btx_config config;
static struct btx_settings again;
static struct btx_config config_again;

static void check_printable(const char *text, size_t size_bytes)
{
    const size_t length = strlen(text);

    CHECK(length < size_bytes);
    for (size_t i = 0; i < length; i++)
        CHECK(text[i] >= ' ' && text[i] <= '~');
}

static size_t count_lines(const uint8_t *data, size_t size)
{
    size_t count = 1;

    for (size_t i = 0; i < size; i++)
        count += data[i] == '\n' || data[i] == '\r' ? 1 : 0;
    return count;
}

/* libyaml's own texts are not ours to vouch for, but they are its constants. */
static void check_errors(const uint8_t *data, size_t size, const struct btx_fault *fault)
{
    const size_t line_count = count_lines(data, size);

    CHECK(config.error_count > 0 && config.error_count <= BTX_CONFIG_ERRORS_MAX);
    CHECK(config.errors_left_out == 0 || config.error_count == BTX_CONFIG_ERRORS_MAX);
    check_printable(fault->text, sizeof fault->text);
    for (size_t i = 0; i < config.error_count; i++) {
        const struct btx_config_error *error = &config.errors[i];
        char text[BTX_FAULT_TEXT_BYTES];

        CHECK(error->line >= 1 && error->line <= line_count + 1);
        CHECK(error->column >= 1 && error->column <= size + 1);
        CHECK(error->why[0] != '\0');
        check_printable(error->key, sizeof error->key);
        check_printable(error->why, sizeof error->why);
        btx_config_error_print(&config, error, text);
        check_printable(text, sizeof text);
    }
}

/* A file with all values, each as it is shown; texts in quotes, since they may be anything. */
static size_t write_file(char *file, size_t size_bytes)
{
    const char *before = "";
    size_t length = 0;

    for (size_t i = 0; i < config.key_count; i++) {
        const struct btx_config_key *key = &config.keys[i];
        const char *name = key->setting->name;
        const bool is_text =
            key->setting->unit == BTX_SETTING_TEXT || key->setting->unit == BTX_SETTING_PATH;
        char value[BTX_SETTING_SHOWN_BYTES];
        unsigned depth = 0;

        btx_setting_show(key->setting, key->values, value);
        for (const char *dot; (dot = strchr(name, '.')) != NULL; name = dot + 1, depth++) {
            const size_t upto = (size_t)(dot + 1 - key->setting->name);

            if (strncmp(before, key->setting->name, upto) != 0)
                length += (size_t)snprintf(file + length, size_bytes - length, "%*s%.*s:\n",
                                           (int)depth, "", (int)(dot - name), name);
        }
        length += (size_t)snprintf(file + length, size_bytes - length, "%*s%s: %s", (int)depth, "",
                                   name, is_text ? "'" : "");
        for (const char *at = value; *at != '\0'; at++)
            length += (size_t)snprintf(file + length, size_bytes - length, "%s%c",
                                       is_text && *at == '\'' ? "'" : "", *at);
        length += (size_t)snprintf(file + length, size_bytes - length, "%s\n", is_text ? "'" : "");
        CHECK(length < size_bytes);
        before = key->setting->name;
    }
    return length;
}

static void check_values(void)
{
    static char file[1 << 14];
    const size_t length = write_file(file, sizeof file);
    struct btx_fault fault = {0};

    memset(&again, 0x5a, sizeof again);
    btx_settings_init(&again, &config_again);
    CHECK(btx_config_parse(&config_again, "again.yaml", file, length, &fault) == BTX_OK);
    for (size_t i = 0; i < config.key_count; i++) {
        const struct btx_config_key *key = &config.keys[i];
        char first[BTX_SETTING_SHOWN_BYTES];
        char second[BTX_SETTING_SHOWN_BYTES];

        if (btx_setting_is_number(key->setting))
            CHECK(btx_setting_check(key->setting, *btx_setting_value(key->setting, key->values),
                                    &fault) == BTX_OK);
        CHECK((key->origin == BTX_CONFIG_FILE) == (key->line != 0));
        CHECK(config_again.keys[i].origin == BTX_CONFIG_FILE);
        btx_setting_show(key->setting, key->values, first);
        btx_setting_show(key->setting, config_again.keys[i].values, second);
        CHECK(strcmp(first, second) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct btx_fault fault = {0};

    memset(&settings, 0xa5, sizeof settings);
    btx_settings_init(&settings, &config);
    if (btx_config_parse(&config, "fuzz.yaml", (const char *)data, size, &fault) != BTX_OK) {
        check_errors(data, size, &fault);
        return 0;
    }
    CHECK(config.error_count == 0);
    check_values();
    if (btx_settings_check(&settings, &config, &fault) != BTX_OK)
        check_errors(data, size, &fault);
    return 0;
}
