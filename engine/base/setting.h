/* SPDX-License-Identifier: Apache-2.0 */
/* setting.h - one row for each thing that an operator may set: name, unit, bounds, default, help.
 *
 * A folder that can be configured has a table of these rows and a struct of uint64_t that they
 * point into.  The rows are what a parser of configuration files, `sizing`, `config explain` and
 * documentation are made from, so that bounds and defaults are written once.  Rules across
 * settings are the folder's own function. */
#ifndef BTX_BASE_SETTING_H
#define BTX_BASE_SETTING_H

#include "engine/base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value counts, and how it is written.  All are kept as uint64_t. */
enum btx_setting_unit {
    BTX_SETTING_COUNT,    /* "32768" */
    BTX_SETTING_BYTES,    /* "1 GiB", "4MiB", "512": KiB, MiB, GiB, TiB, or bytes */
    BTX_SETTING_DURATION, /* kept in ns: "5 s", "250ms", "10 min": ns, us, ms, s, min, h, d;
                             a number alone is refused but 0 */
    BTX_SETTING_SWITCH,   /* true or false, kept as 1 and 0 */
    BTX_SETTING_UNIT_COUNT
};

struct btx_setting {
    const char *name; /* "wal.max_commit_bytes" */
    enum btx_setting_unit unit;
    uint64_t minimum;
    uint64_t maximum;
    uint64_t fallback;   /* the default */
    bool power_of_two;   /* nothing else is allowed */
    bool off;            /* "off" is allowed, kept as 0, also where minimum is greater */
    bool reloadable;     /* may change while the program runs */
    size_t offset_bytes; /* of the uint64_t in the folder's struct */
    const char *help;    /* one sentence */
};

/* Longest form of a value as printed, with its zero. */
enum { BTX_SETTING_TEXT_BYTES = 32 };

/* The value that @text says for @setting.
 * Faults: CONFIG, "want 64 KiB..1 GiB, got '3'", without the name of the setting. */
BTX_MUST_USE enum btx_fault_code btx_setting_parse(const struct btx_setting *setting,
                                                   const char *text, uint64_t *ret_value,
                                                   struct btx_fault *reterr_fault);

/* @value in the shortest exact form that parse reads: "4 MiB", "5 s", "off", "true". */
void btx_setting_print(const struct btx_setting *setting, uint64_t value,
                       char ret_text[BTX_SETTING_TEXT_BYTES]);

/* What the bounds of @setting are, as a sentence: "a power of two, 4096..4194304". */
void btx_setting_print_bounds(const struct btx_setting *setting, char *text, size_t size_bytes);

/* Whether @value is within the bounds.  Faults: CONFIG, as parse. */
BTX_MUST_USE enum btx_fault_code btx_setting_check(const struct btx_setting *setting,
                                                   uint64_t value, struct btx_fault *reterr_fault);

/* The row named @name of @count at @settings; NULL when there is none. */
const struct btx_setting *btx_setting_find(const struct btx_setting *settings, size_t count,
                                           const char *name);

/* Set every value of @values (a folder's struct) to its default, and reach one of them. */
void btx_setting_defaults(const struct btx_setting *settings, size_t count, void *values);
uint64_t *btx_setting_value(const struct btx_setting *setting, void *values);

#endif
