/* SPDX-License-Identifier: Apache-2.0 */
/* setting.c - numbers of settings as people write them.
 *
 * Printing and parsing go by the same rows of units, so that what is printed can be parsed. */
#include "engine/base/setting.h"

#include "engine/base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* Greatest first, ended by {NULL, 1}. */
static const struct unit byte_units[] = {
    {"TiB", UINT64_C(1) << 40},
    {"GiB", UINT64_C(1) << 30},
    {"MiB", UINT64_C(1) << 20},
    {"KiB", UINT64_C(1) << 10},
    {NULL, 1},
};
static const struct unit duration_units[] = {
    {"d", UINT64_C(86400000000000)},
    {"h", UINT64_C(3600000000000)},
    {"min", UINT64_C(60000000000)},
    {"s", UINT64_C(1000000000)},
    {"ms", UINT64_C(1000000)},
    {"us", UINT64_C(1000)},
    {"ns", UINT64_C(1)},
    {NULL, 1},
};
static const struct unit no_units[] = {{NULL, 1}};

static const struct unit *units_of(const struct btx_setting *setting)
{
    switch (setting->unit) {
    case BTX_SETTING_BYTES:
        return byte_units;
    case BTX_SETTING_DURATION:
        return duration_units;
    case BTX_SETTING_COUNT:
    case BTX_SETTING_SWITCH:
    case BTX_SETTING_WORD:
        return no_units;
    case BTX_SETTING_TEXT:
    case BTX_SETTING_PATH:
    case BTX_SETTING_CORES:
    case BTX_SETTING_UNIT_COUNT:
        break;
    }
    CHECK_UNREACHABLE(); /* No number. */
}

static uint64_t word_count(const struct btx_setting *setting)
{
    uint64_t count = 0;

    while (setting->words[count] != NULL)
        count++;
    return count;
}

/* ---- Printing ---- */

void btx_setting_print(const struct btx_setting *setting, uint64_t value,
                       char ret_text[BTX_SETTING_TEXT_BYTES])
{
    const struct unit *unit = units_of(setting);

    if (setting->unit == BTX_SETTING_SWITCH && value <= 1) {
        (void)snprintf(ret_text, BTX_SETTING_TEXT_BYTES, "%s", value == 1 ? "true" : "false");
        return;
    }
    if (setting->unit == BTX_SETTING_WORD && value < word_count(setting)) {
        (void)snprintf(ret_text, BTX_SETTING_TEXT_BYTES, "%s", setting->words[value]);
        return;
    }
    if (setting->off && value == 0) {
        (void)snprintf(ret_text, BTX_SETTING_TEXT_BYTES, "off");
        return;
    }
    while (unit->name != NULL && (value == 0 || value % unit->factor != 0))
        unit++;
    /* 20 digits, a space and a unit always fit. */
    if (unit->name == NULL)
        (void)snprintf(ret_text, BTX_SETTING_TEXT_BYTES, "%" PRIu64, value);
    else
        (void)snprintf(ret_text, BTX_SETTING_TEXT_BYTES, "%" PRIu64 " %s", value / unit->factor,
                       unit->name);
}

/* ---- Checking ---- */

static bool within(const struct btx_setting *setting, uint64_t value)
{
    if (setting->unit == BTX_SETTING_WORD)
        return value < word_count(setting);
    if (setting->off && value == 0)
        return true;
    if (value < setting->minimum || value > setting->maximum)
        return false;
    return !setting->power_of_two || (value != 0 && (value & (value - 1)) == 0);
}

enum btx_fault_code btx_setting_check(const struct btx_setting *setting, uint64_t value,
                                      struct btx_fault *reterr_fault)
{
    char text[BTX_SETTING_TEXT_BYTES];

    if (within(setting, value))
        return BTX_OK;
    btx_setting_print(setting, value, text);
    return btx_setting_refuse(setting, text, reterr_fault);
}

/* ---- Parsing ---- */

static bool parse_switch(const char *text, uint64_t *ret_value)
{
    *ret_value = strcmp(text, "true") == 0;
    return *ret_value == 1 || strcmp(text, "false") == 0;
}

static bool parse_word(const struct btx_setting *setting, const char *text, uint64_t *ret_value)
{
    const uint64_t count = word_count(setting);

    *ret_value = 0;
    while (*ret_value < count && strcmp(text, setting->words[*ret_value]) != 0)
        (*ret_value)++;
    return *ret_value < count;
}

/* Digits, then nothing or a unit, with or without one space between. */
static bool parse_number(const struct btx_setting *setting, const char *text, uint64_t *ret_value)
{
    const struct unit *unit = units_of(setting);
    uint64_t number = 0;

    if (*text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (__builtin_mul_overflow(number, UINT64_C(10), &number) ||
            __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number))
            return false;
    }
    if (*text == '\0') {
        *ret_value = number;
        /* "5" could mean anything; nothing is nothing in each unit. */
        return setting->unit != BTX_SETTING_DURATION || number == 0;
    }
    if (*text == ' ')
        text++;
    while (unit->name != NULL && strcmp(text, unit->name) != 0)
        unit++;
    return unit->name != NULL && !__builtin_mul_overflow(number, unit->factor, ret_value);
}

enum btx_fault_code btx_setting_parse(const struct btx_setting *setting, const char *text,
                                      uint64_t *ret_value, struct btx_fault *reterr_fault)
{
    uint64_t value = 0;
    bool parsed;

    if (setting->off && strcmp(text, "off") == 0)
        parsed = true;
    else if (setting->unit == BTX_SETTING_SWITCH)
        parsed = parse_switch(text, &value);
    else if (setting->unit == BTX_SETTING_WORD)
        parsed = parse_word(setting, text, &value);
    else
        parsed = parse_number(setting, text, &value);
    if (!parsed || !within(setting, value))
        return btx_setting_refuse(setting, text, reterr_fault);
    *ret_value = value;
    return BTX_OK;
}

/* ---- Tables ---- */

const struct btx_setting *btx_setting_find(const struct btx_setting *settings, size_t count,
                                           const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
    }
    return NULL;
}

uint64_t *btx_setting_value(const struct btx_setting *setting, void *values)
{
    return (void *)((char *)values + setting->offset_bytes);
}
