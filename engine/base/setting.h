/* SPDX-License-Identifier: Apache-2.0 */
/* setting.h - one row for each thing that an operator may set: name, unit, bounds, default, help.
 *
 * A folder that can be configured has a table of these rows and a struct that they point into.
 * The rows are what the parser of the configuration file, its example, `config explain`, `sizing`
 * and documentation are made from, so that bounds and defaults are written once.  Rules across
 * settings are the folder's own function.
 *
 * Numbers are kept as uint64_t and have functions of their own, from parse to check.  All kinds
 * have read and show, which work on the folder's struct. */
#ifndef BTX_BASE_SETTING_H
#define BTX_BASE_SETTING_H

#include "engine/base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value counts, and how it is written. */
enum btx_setting_unit {
    /* Numbers, kept as uint64_t. */
    BTX_SETTING_COUNT,    /* "32768" */
    BTX_SETTING_BYTES,    /* "1 GiB", "4MiB", "512": KiB, MiB, GiB, TiB, or bytes */
    BTX_SETTING_DURATION, /* kept in ns: "5 s", "250ms", "10 min": ns, us, ms, s, min, h, d;
                             a number alone is refused but 0 */
    BTX_SETTING_SWITCH,   /* true or false, kept as 1 and 0 */
    BTX_SETTING_WORD,     /* one of the row's words, kept as its index; bounds are not used */
    /* Others. */
    BTX_SETTING_TEXT,  /* minimum..maximum characters of the row's alphabet, kept as
                          char[maximum + 1] */
    BTX_SETTING_PATH,  /* an absolute path of at most maximum bytes, likewise */
    BTX_SETTING_CORES, /* minimum..maximum different CPU cores, "2,3", their order kept, in a
                          struct btx_setting_cores */
    BTX_SETTING_UNIT_COUNT
};

enum {
    BTX_SETTING_CORES_MAX = 16,       /* cores in one list */
    BTX_SETTING_CORE_LAST = 1023,     /* what the kernel's own sets of cores end with */
    BTX_SETTING_CHARACTERS_MAX = 128, /* the greatest maximum of TEXT and PATH */
};

struct btx_setting_cores {
    uint64_t count; /* 0: off */
    uint64_t cores[BTX_SETTING_CORES_MAX];
};

struct btx_setting {
    const char *name; /* "wal.max_commit_bytes" */
    enum btx_setting_unit unit;
    uint64_t minimum;
    uint64_t maximum;
    uint64_t fallback;         /* the default of a number */
    const char *fallback_text; /* of another kind, as it is written */
    const char *const *words;  /* WORD: in order, ended by NULL */
    const char *alphabet;      /* TEXT: characters and ranges, "a-z0-9_"; NULL: printable ASCII */
    bool power_of_two;         /* nothing else is allowed */
    bool off;                  /* "off" is allowed, kept as 0, also where minimum is greater */
    bool reloadable;           /* may change while the program runs */
    size_t offset_bytes;       /* of the value in the folder's struct */
    const char *help;          /* one sentence, or a few */
};

/* Longest form of a number as printed, with its zero; of any value; of bounds. */
enum {
    BTX_SETTING_TEXT_BYTES = 32,
    BTX_SETTING_SHOWN_BYTES = BTX_SETTING_CHARACTERS_MAX + 1,
    BTX_SETTING_BOUNDS_BYTES = 128,
};

/* ---- Numbers ---- */

/* The value that @text says for @setting.
 * Faults: CONFIG, "want 64 KiB..1 GiB, got '3'", without the name of the setting. */
BTX_MUST_USE enum btx_fault_code btx_setting_parse(const struct btx_setting *setting,
                                                   const char *text, uint64_t *ret_value,
                                                   struct btx_fault *reterr_fault);

/* @value in the shortest exact form that parse reads: "4 MiB", "5 s", "off", "true". */
void btx_setting_print(const struct btx_setting *setting, uint64_t value,
                       char ret_text[BTX_SETTING_TEXT_BYTES]);

/* Whether @value, a number, is within the bounds.  Faults: CONFIG, as parse. */
BTX_MUST_USE enum btx_fault_code btx_setting_check(const struct btx_setting *setting,
                                                   uint64_t value, struct btx_fault *reterr_fault);

/* ---- Any kind ---- */

bool btx_setting_is_number(const struct btx_setting *setting);

/* What values are written like: "number", "bytes", "duration", "switch", "word", "text", "path",
 * "CPU cores". */
const char *btx_setting_kind(const struct btx_setting *setting);

/* The units that may stand behind a number of the kind: "KiB, MiB, GiB, TiB"; "" without any. */
const char *btx_setting_units(const struct btx_setting *setting);

/* What the bounds of @setting are, to stand behind "want": "a power of two, 4096..4194304". */
void btx_setting_print_bounds(const struct btx_setting *setting, char *text, size_t size_bytes);

/* Put the value that @text says into @values, the folder's struct; untouched by a fault.
 * Faults: CONFIG, as parse. */
BTX_MUST_USE enum btx_fault_code btx_setting_read(const struct btx_setting *setting,
                                                  const char *text, void *values,
                                                  struct btx_fault *reterr_fault);

/* The value in @values in the form that read takes. */
void btx_setting_show(const struct btx_setting *setting, const void *values,
                      char ret_text[BTX_SETTING_SHOWN_BYTES]);

/* The default, likewise. */
void btx_setting_show_default(const struct btx_setting *setting,
                              char ret_text[BTX_SETTING_SHOWN_BYTES]);

/* "want BOUNDS, got 'TEXT'" as a CONFIG fault; what could steer a terminal is taken out of TEXT,
 * and it is cut where it is long. */
enum btx_fault_code btx_setting_refuse(const struct btx_setting *setting, const char *text,
                                       struct btx_fault *reterr_fault);

/* ---- Tables ---- */

/* The row named @name of @count at @settings; NULL when there is none. */
const struct btx_setting *btx_setting_find(const struct btx_setting *settings, size_t count,
                                           const char *name);

/* Set every value of @values (a folder's struct) to its default. */
void btx_setting_defaults(const struct btx_setting *settings, size_t count, void *values);

/* Where @values has the number of @setting. */
uint64_t *btx_setting_value(const struct btx_setting *setting, void *values);

#endif
