/* SPDX-License-Identifier: Apache-2.0 */
/* small_config.h - a few keys of every kind, in three tables, to read files into. */
#ifndef BTX_CONFIG_SMALL_CONFIG_H
#define BTX_CONFIG_SMALL_CONFIG_H

#include "engine/config/config.h"

#include <stdint.h>

struct small_values {
    uint64_t size;
    uint64_t wait_ns;
    uint64_t loud;
    uint64_t mode; /* fast, slow */
    char name[13];
    char path[33];
    struct btx_setting_cores cores;
};

struct small_deep_values {
    uint64_t orders;
    uint64_t markets;
};

struct small {
    struct small_values values;
    struct small_deep_values deep;
    struct btx_config config;
    struct btx_fault fault;
};

/* Keys: engine.size (count, power of two 16..64, 32), engine.cores, engine.deep.orders and .markets
 * (count, 1..9, 5), log.wait (duration, off or 1 s..1 h, off), log.loud (switch, false), log.mode
 * (fast or slow), log.name (2..12 of a-z, "log"), log.path ("/log"). */
void small_init(struct small *small);

/* Read @text as the file betex.yaml. */
enum btx_fault_code small_parse(struct small *small, const char *text);

/* Error @index as a line; static storage. */
const char *small_error(const struct small *small, size_t index);

/* The present value of the key @name; static storage. */
const char *small_show(struct small *small, const char *name);

#endif
