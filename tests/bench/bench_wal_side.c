/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_wal_side.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/check.h"

/* Of the baseline's files in a sustained run: large enough that changing them is rare, small
 * enough that two of them are soon zeroed. */
#define PLAIN_FILE_BYTES (UINT64_C(256) << 20)
#define MAP_STEP_BYTES (UINT64_C(1) << 20)

static uint64_t setting_maximum(const char *name)
{
    const struct btx_setting *setting =
        btx_setting_find(btx_wal_settings, BTX_WAL_SETTING_COUNT, name);
    CHECK(setting != NULL);
    return setting->maximum;
}

uint64_t btx_bench_wal_commit_bytes(void)
{
    struct btx_wal_settings settings;
    btx_wal_settings_default(&settings);
    return settings.max_commit_bytes;
}

static struct btx_wal_settings settings_of(enum btx_bench_wal_side side, uint64_t zeroed_bytes,
                                           bool sustained)
{
    struct btx_wal_settings settings;
    btx_wal_settings_default(&settings);
    settings.unsafe_filesystem = 1; /* Where it is measured is the caller's to judge. */
    if (side == BTX_BENCH_WAL_STILL) {
        settings.max_segment_events = setting_maximum("wal.max_segment_events");
        settings.min_segment_age_ns = setting_maximum("wal.min_segment_age");
        if (settings.segment_map_size_bytes < 2 * zeroed_bytes) {
            settings.segment_map_size_bytes =
                (2 * zeroed_bytes + MAP_STEP_BYTES - 1) / MAP_STEP_BYTES * MAP_STEP_BYTES;
        }
    }
    if (side == BTX_BENCH_WAL_OFTEN) {
        settings.min_segment_age_ns = 0;
    } else if (!sustained) {
        settings.zero_ahead_bytes = zeroed_bytes < settings.segment_map_size_bytes
                                        ? zeroed_bytes
                                        : settings.segment_map_size_bytes;
    }
    return settings;
}

enum btx_fault_code btx_bench_wal_log_open(struct btx_bench_wal_log *log,
                                           const struct btx_bench_wal_place *place,
                                           enum btx_bench_wal_side side, uint64_t zeroed_bytes,
                                           bool sustained, struct btx_fault *reterr_fault)
{
    memset(log, 0, sizeof *log);
    log->side = side;
    log->plain.folder_fd = -1;
    log->plain.fd = -1;
    if (side == BTX_BENCH_WAL_PLAIN) {
        if (mkdir(place->root, 0777) != 0) {
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", place->root);
        }
        return btx_bench_plain_open(&log->plain, place->root,
                                    sustained ? PLAIN_FILE_BYTES : zeroed_bytes, sustained,
                                    reterr_fault);
    }
    const struct btx_wal_writer_options options = {
        .root = place->root,
        .settings = settings_of(side, zeroed_bytes, sustained),
        .program = "betex-bench-wal",
        .clock = btx_clock_system(),
    };
    const enum btx_fault_code code = btx_wal_settings_check(&options.settings, 0, reterr_fault);
    return code != BTX_OK ? code : btx_wal_writer_open(&log->writer, &options, reterr_fault);
}

enum btx_fault_code btx_bench_wal_log_commit(struct btx_bench_wal_log *log,
                                             const struct btx_bench_wal_records *records,
                                             struct btx_fault *reterr_fault)
{
    if (log->side == BTX_BENCH_WAL_PLAIN) {
        return btx_bench_plain_commit(&log->plain, records->bytes, records->length_bytes,
                                      reterr_fault);
    }
    /* The writer only reads them. */
    const struct iovec piece = {.iov_base = (void *)(uintptr_t)records->bytes,
                                .iov_len = records->length_bytes};
    return btx_wal_writer_commit(log->writer, &piece, 1, reterr_fault);
}

enum btx_fault_code btx_bench_wal_log_rotate(struct btx_bench_wal_log *log,
                                             struct btx_fault *reterr_fault)
{
    struct btx_wal_rotation rotation;
    return log->writer == NULL ? BTX_OK
                               : btx_wal_writer_rotate(log->writer, &rotation, reterr_fault);
}

void btx_bench_wal_log_counts(const struct btx_bench_wal_log *log,
                              struct btx_bench_wal_result *ret_result)
{
    struct btx_wal_status status = {0};
    if (log->writer == NULL) {
        ret_result->waits = log->plain.waits;
        return;
    }
    btx_wal_writer_status(log->writer, &status);
    ret_result->rotations = status.rotations;
    ret_result->waits = status.pool_waits;
    ret_result->map_full = status.map_full;
}

uint64_t btx_bench_wal_log_rotations(const struct btx_bench_wal_log *log)
{
    struct btx_wal_status status = {0};
    if (log->writer != NULL) {
        btx_wal_writer_status(log->writer, &status);
    }
    return status.rotations;
}

enum btx_fault_code btx_bench_wal_log_close(struct btx_bench_wal_log *log,
                                            struct btx_fault *reterr_fault)
{
    if (log->side == BTX_BENCH_WAL_PLAIN) {
        return btx_bench_plain_close(&log->plain, reterr_fault);
    }
    const enum btx_fault_code code = btx_wal_writer_close(log->writer, NULL, reterr_fault);
    log->writer = NULL;
    return code;
}
