/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/config/small_config.h"

#include <stddef.h>
#include <string.h>

#include "engine/base/attributes.h"
#include "engine/base/check.h"

static const char *const modes[] = {"fast", "slow", NULL};

static const struct btx_setting engine_rows[] = {
    {.name = "engine.size",
     .unit = BTX_SETTING_COUNT,
     .minimum = 16,
     .maximum = 64,
     .fallback = 32,
     .power_of_two = true,
     .offset_bytes = offsetof(struct small_values, size)},
    {.name = "engine.cores",
     .unit = BTX_SETTING_CORES,
     .minimum = 1,
     .maximum = 3,
     .fallback_text = "off",
     .off = true,
     .offset_bytes = offsetof(struct small_values, cores)},
};
static const struct btx_setting deep_rows[] = {
    {.name = "engine.deep.orders",
     .unit = BTX_SETTING_COUNT,
     .minimum = 1,
     .maximum = 9,
     .fallback = 5,
     .offset_bytes = offsetof(struct small_deep_values, orders)},
    {.name = "engine.deep.markets",
     .unit = BTX_SETTING_COUNT,
     .minimum = 1,
     .maximum = 9,
     .fallback = 5,
     .offset_bytes = offsetof(struct small_deep_values, markets)},
};
static const struct btx_setting log_rows[] = {
    {.name = "log.wait",
     .unit = BTX_SETTING_DURATION,
     .minimum = UINT64_C(1000000000),
     .maximum = UINT64_C(3600000000000),
     .fallback = 0,
     .off = true,
     .offset_bytes = offsetof(struct small_values, wait_ns)},
    {.name = "log.loud",
     .unit = BTX_SETTING_SWITCH,
     .maximum = 1,
     .offset_bytes = offsetof(struct small_values, loud)},
    {.name = "log.mode",
     .unit = BTX_SETTING_WORD,
     .words = modes,
     .offset_bytes = offsetof(struct small_values, mode)},
    {.name = "log.name",
     .unit = BTX_SETTING_TEXT,
     .minimum = 2,
     .maximum = 12,
     .alphabet = "a-z",
     .fallback_text = "log",
     .offset_bytes = offsetof(struct small_values, name)},
    {.name = "log.path",
     .unit = BTX_SETTING_PATH,
     .maximum = 32,
     .fallback_text = "/log",
     .offset_bytes = offsetof(struct small_values, path)},
};

void small_init(struct small *small)
{
    const struct btx_config_table tables[] = {
        {engine_rows, BTX_COUNT_OF(engine_rows), &small->values, "About engines."},
        {deep_rows, BTX_COUNT_OF(deep_rows), &small->deep, "Deep."},
        {log_rows, BTX_COUNT_OF(log_rows), &small->values, "About logs."},
    };

    memset(small, 0x5a, sizeof *small);
    small->fault = (struct btx_fault){0};
    btx_config_init(&small->config, tables, BTX_COUNT_OF(tables));
}

enum btx_fault_code small_parse(struct small *small, const char *text)
{
    small_init(small);
    return btx_config_parse(&small->config, "betex.yaml", text, strlen(text), &small->fault);
}

const char *small_error(const struct small *small, size_t index)
{
    static char text[BTX_FAULT_TEXT_BYTES];

    CHECK(index < small->config.error_count);
    btx_config_error_print(&small->config, &small->config.errors[index], text);
    return text;
}

const char *small_show(struct small *small, const char *name)
{
    static char text[BTX_SETTING_SHOWN_BYTES];
    const struct btx_config_key *key = btx_config_find(&small->config, name);

    CHECK(key != NULL);
    btx_setting_show(key->setting, key->values, text);
    return text;
}
