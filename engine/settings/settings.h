/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h - everything that an operator may set, of all programs: one file, one struct.
 *
 * Rows of settings that belong to a library are in that library; all others are here.  To add a
 * section: a struct, its rows and a line in the list of tables (settings.c). */
#ifndef BTX_SETTINGS_SETTINGS_H
#define BTX_SETTINGS_SETTINGS_H

#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/base/setting.h"
#include "engine/config/config.h"
#include "engine/core/core.h"
#include "engine/wal/wal_settings.h"

/* As long as an address of a UNIX socket may be, with its zero. */
enum { BTX_SOCKET_PATH_BYTES = 108 };

struct btx_exchange_settings {
    char name[65];
    char currency[9];
};

enum btx_hugepages { BTX_HUGEPAGES_REQUIRED, BTX_HUGEPAGES_OFF };

struct btx_engine_settings {
    struct btx_setting_cores cores; /* the matcher's first; count 0: the kernel chooses */
    uint64_t hugepages;             /* enum btx_hugepages */
    uint64_t ring_events;
    uint64_t gateways; /* how many may be connected at a time */
    char admin_user[33];
    char gateway_user[33];
    char socket[BTX_SOCKET_PATH_BYTES];
};

/* Of the core; btx_settings_capacity() makes a struct btx_core_capacity of them. */
struct btx_capacity_settings {
    uint64_t accounts;
    uint64_t markets;
    uint64_t runners;
    uint64_t orders;
    uint64_t positions;
    uint64_t stakes;
    uint64_t description_bytes;
};

struct btx_snapshot_settings {
    uint64_t interval_ns;
};

struct btx_shadow_settings {
    char socket[BTX_SOCKET_PATH_BYTES];
};

struct btx_admin_settings {
    char socket[BTX_SOCKET_PATH_BYTES];
    char view_group[33];
    char operator_group[33];
};

/* As long as a path of a file may be, with its zero. */
enum { BTX_FILE_PATH_BYTES = 129 };

struct btx_gateway_settings {
    char listen[129];
    char certificate[BTX_FILE_PATH_BYTES];
    char key[BTX_FILE_PATH_BYTES];
    char client_ca[BTX_FILE_PATH_BYTES];
    char crl[BTX_FILE_PATH_BYTES];
    char clients[BTX_FILE_PATH_BYTES];
    uint64_t connections;
    uint64_t connections_per_address;
    uint64_t handshakes;
    uint64_t frames_per_second;
    uint64_t outstanding;
    uint64_t books;
    uint64_t output_bytes;
    uint64_t handshake_ns;
    uint64_t idle_ns;
    uint64_t stalled_ns;
};

struct btx_settings {
    struct btx_exchange_settings exchange;
    struct btx_engine_settings engine;
    struct btx_capacity_settings capacities;
    struct btx_wal_settings wal;
    struct btx_snapshot_settings snapshot;
    struct btx_shadow_settings shadow;
    struct btx_admin_settings admin;
    struct btx_gateway_settings gateway;
};

/* Set all to defaults, and begin @config with their keys.  @config points into @settings. */
void btx_settings_init(struct btx_settings *settings, struct btx_config *config);

/* Read the file at @path by @config, which init began, and judge the rules across keys.
 * Faults: those of btx_config_read(). */
BTX_MUST_USE enum btx_fault_code btx_settings_read(struct btx_settings *settings,
                                                   struct btx_config *config, const char *path,
                                                   struct btx_fault *reterr_fault);

/* Judge the rules across keys; what they refuse is added to the errors of @config.
 * Faults: CONFIG, also for errors that were there. */
BTX_MUST_USE enum btx_fault_code btx_settings_check(const struct btx_settings *settings,
                                                    struct btx_config *config,
                                                    struct btx_fault *reterr_fault);

/* How much the core may hold. */
struct btx_core_capacity btx_settings_capacity(const struct btx_settings *settings);

#endif
