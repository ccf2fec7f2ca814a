/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - a configuration file, read into the structs of the folders that it configures.
 *
 * What there is to set is handed in: tables of rows (engine/base/setting.h), each with the struct
 * that its rows point into.  The name of a row is its place in the file: "wal.stop_bytes" is the
 * key stop_bytes below wal.  Every key that the file leaves out keeps its default.
 *
 * A file is read to its end, whatever is wrong in it, so that all of it can be mended at once; what
 * was read from a file with an error in it is not to be used. */
#ifndef BTX_CONFIG_CONFIG_H
#define BTX_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/base/setting.h"

enum {
    BTX_CONFIG_FILE_BYTES_MAX = 64 * 1024, /* ten times the example with every key */
    BTX_CONFIG_KEYS_MAX = 256,             /* of all tables together */
    BTX_CONFIG_NAME_BYTES = 64,            /* longest name of a row, with its zero */
    BTX_CONFIG_ERRORS_MAX = 20,            /* that are kept; a screen full */
    BTX_CONFIG_KEY_BYTES = 112,            /* what an error calls its key, with its zero */
    BTX_CONFIG_WHY_BYTES = 256,
};

/* Rows, and where their values go. */
struct btx_config_table {
    const struct btx_setting *rows; /* outlive the configuration */
    size_t row_count;
    void *values;      /* the struct that the rows point into; likewise */
    const char *about; /* what the section is for, when this table begins one, for people; NULL */
};

/* Who gave a key its value. */
enum btx_config_origin { BTX_CONFIG_DEFAULT, BTX_CONFIG_FILE, BTX_CONFIG_OPTION };

struct btx_config_key {
    const struct btx_setting *setting;
    void *values;
    const char *about; /* of its table, for the first row of that; NULL */
    enum btx_config_origin origin;
    uint32_t line; /* of its value in the file, from 1; 0 when the file does not have it */
    uint32_t column;
};

struct btx_config_error {
    uint32_t line; /* from 1; 0: the error is not at a place in the file */
    uint32_t column;
    char key[BTX_CONFIG_KEY_BYTES]; /* "engine.ring_size"; "": none */
    char why[BTX_CONFIG_WHY_BYTES];
};

/* Caller's storage; begin with btx_config_init().  For reading. */
struct btx_config {
    const char *file; /* as errors call it; NULL before a file is read */
    size_t key_count;
    size_t error_count;
    size_t errors_left_out; /* more than BTX_CONFIG_ERRORS_MAX */
    struct btx_config_key keys[BTX_CONFIG_KEYS_MAX];
    struct btx_config_error errors[BTX_CONFIG_ERRORS_MAX];
};

/* Begin with these @tables, in this order, and set every value to its default. */
void btx_config_init(struct btx_config *config, const struct btx_config_table *tables,
                     size_t table_count);

/* Read the file at @path, at most once.  Keys that btx_config_set() has set keep that value.
 * Faults: CONFIG for what is wrong in the file, all of it in config->errors, or when there is no
 * such file; IO.  The fault names the first error. */
BTX_MUST_USE enum btx_fault_code btx_config_read(struct btx_config *config, const char *path,
                                                 struct btx_fault *reterr_fault);

/* The same for a file whose @length_bytes are in memory; @file is what errors call it, and must
 * outlive @config. */
BTX_MUST_USE enum btx_fault_code btx_config_parse(struct btx_config *config, const char *file,
                                                  const char *bytes, size_t length_bytes,
                                                  struct btx_fault *reterr_fault);

/* The key named @name, or NULL. */
struct btx_config_key *btx_config_find(struct btx_config *config, const char *name);

/* The name of a key or section that is most like @name, which is none: "" when none is. */
void btx_config_nearest(const struct btx_config *config, const char *name,
                        char ret_name[BTX_CONFIG_NAME_BYTES]);

/* Set a key by an option of the command line, whatever the file says.
 * Faults: CONFIG, "want 64 KiB..1 GiB, got '3'", without the name of the key. */
BTX_MUST_USE enum btx_fault_code btx_config_set(struct btx_config_key *key, const char *text,
                                                struct btx_fault *reterr_fault);

/* A rule across keys is broken: add an error about @setting, at its place in the file or else at
 * that of @other (NULL: none), which it does not go with.  @why: "want at most 2 MiB for ...". */
void btx_config_refuse(struct btx_config *config, const struct btx_setting *setting,
                       const struct btx_setting *other, const char *why);

/* The error as a line without its end: "betex.yaml:12:14: engine.ring_size: want ...". */
void btx_config_error_print(const struct btx_config *config, const struct btx_config_error *error,
                            char ret_text[BTX_FAULT_TEXT_BYTES]);

/* BTX_OK without errors; else a CONFIG fault: the first error, and how many more there are. */
BTX_MUST_USE enum btx_fault_code btx_config_fault(const struct btx_config *config,
                                                  struct btx_fault *reterr_fault);

#endif
