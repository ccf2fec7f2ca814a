/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/replay_log.h"

#include "engine/base/check.h"
#include "engine/base/clock.h"
#include "engine/base/setting_digest.h"
#include "engine/core/view.h"
#include "engine/exchange/log_notes.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/snapshot.h"
#include "engine/wire/notes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define IMAGE "betex-replay " BTX_VERSION
static_assert(sizeof IMAGE <= sizeof(((struct btx_engine_started *)NULL)->image), "it fits");

/* Of the settings of the log, which are all that a replay has. */
static enum btx_fault_code hash_settings(const struct btx_wal_settings *settings,
                                         uint8_t ret_digest[BTX_SHA256_BYTES],
                                         struct btx_fault *reterr_fault)
{
    struct btx_sha256 sha256 = {0};

    if (btx_sha256_init(&sha256, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    for (size_t i = 0; i < BTX_WAL_SETTING_COUNT; i++)
        btx_setting_digest(&btx_wal_settings[i], settings, &sha256);
    btx_sha256_final(&sha256, ret_digest);
    btx_sha256_done(&sha256);
    return BTX_OK;
}

static enum btx_fault_code take_start(struct btx_replay_log *log, struct btx_exchange *exchange,
                                      struct btx_fault *reterr_fault)
{
    struct btx_log_start start = {.epoch = btx_wal_writer_epoch(log->writer), .image = IMAGE};

    if (hash_settings(&log->settings, start.configuration_sha256, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    log->tx.length_bytes =
        btx_log_note_start(log->tx.bytes, exchange, &start, btx_clock_wall_ns(btx_clock_system()));
    btx_replay_log_take(log);
    return BTX_OK;
}

static void look_at_space(struct btx_replay_log *log)
{
    struct btx_wal_status status;

    btx_wal_writer_status(log->writer, &status);
    log->stopped = status.space == BTX_WAL_SPACE_STOP;
    log->free_bytes = status.free_bytes;
}

enum btx_fault_code btx_replay_log_open(struct btx_replay_log *log, const char *root,
                                        const struct btx_wal_settings *settings,
                                        struct btx_exchange *exchange,
                                        struct btx_recovery_report *ret_report,
                                        struct btx_fault *reterr_fault)
{
    const struct btx_wal_writer_options options = {
        .root = root,
        .settings = *settings,
        .program = "betex-replay",
        .clock = btx_clock_system(),
    };
    struct btx_recovery_options recovery = {.root = root, .at_seq = UINT64_MAX};
    const size_t room_bytes = settings->max_commit_bytes + BTX_TX_BYTES_MAX;

    memset(log, 0, sizeof *log);
    log->root = root;
    log->settings = *settings;
    /* A tx is written behind a batch that may be full, and moved when that is committed. */
    log->batch.bytes = aligned_alloc(BTX_RECORD_UNIT_BYTES,
                                     room_bytes / BTX_RECORD_UNIT_BYTES * BTX_RECORD_UNIT_BYTES +
                                         BTX_RECORD_UNIT_BYTES);
    log->tx.bytes = log->batch.bytes;
    if (log->batch.bytes == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0,
                             "no room to gather %" PRIu64 " bytes", settings->max_commit_bytes);
    if (btx_wal_writer_open(&log->writer, &options, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    recovery.end = btx_wal_writer_recovered(log->writer);
    if (btx_recovery_run(exchange, &recovery, ret_report, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    look_at_space(log);
    return take_start(log, exchange, reterr_fault);
}

bool btx_replay_log_fits(const struct btx_replay_log *log)
{
    const size_t gathered_bytes = log->committed ? 0 : log->batch.length_bytes;

    return gathered_bytes + log->tx.length_bytes <= log->settings.max_commit_bytes;
}

void btx_replay_log_take(struct btx_replay_log *log)
{
    struct btx_record *record = NULL;
    uint8_t *end;

    CHECK(btx_replay_log_fits(log));
    if (log->committed)
        log->batch.length_bytes = 0;
    log->committed = false;
    end = log->batch.bytes + log->batch.length_bytes;
    if (log->tx.bytes != end)
        memmove(end, log->tx.bytes, log->tx.length_bytes);
    log->tx.bytes = end;
    for (size_t next = 0; next < log->tx.length_bytes; next += btx_record_length_bytes(record)) {
        record = (struct btx_record *)(void *)(end + next);
        btx_record_seal(record);
    }
    log->batch.length_bytes += log->tx.length_bytes;
    log->tx.bytes = end + log->tx.length_bytes;
    log->tx.length_bytes = 0;
}

enum btx_fault_code btx_replay_log_commit(struct btx_replay_log *log,
                                          struct btx_fault *reterr_fault)
{
    const struct iovec piece = {.iov_base = log->batch.bytes, .iov_len = log->batch.length_bytes};

    if (log->committed)
        log->batch.length_bytes = 0;
    log->committed = true;
    if (log->batch.length_bytes == 0)
        return BTX_OK;
    if (btx_wal_writer_commit(log->writer, &piece, 1, reterr_fault) != BTX_OK) {
        log->batch.length_bytes = 0;
        return btx_fault_wrap(reterr_fault, "log %s", log->root);
    }
    look_at_space(log);
    return BTX_OK;
}

/* Of the state, which is older than ours until the first new command. */
static uint32_t rules_version_of(const struct btx_exchange *exchange)
{
    struct btx_core_view view;

    btx_core_view(exchange->core, &view);
    return view.rules_version;
}

void btx_replay_log_stop(struct btx_replay_log *log, const struct btx_exchange *exchange,
                         const uint8_t digest[BTX_SHA256_BYTES])
{
    const uint64_t now_ns = btx_clock_wall_ns(btx_clock_system());

    log->tx.length_bytes = btx_log_note_digest(log->tx.bytes, exchange->core, digest, now_ns);
    btx_replay_log_take(log);
    log->tx.length_bytes = btx_log_note_clean_stop(log->tx.bytes, exchange->core, now_ns);
    btx_replay_log_take(log);
}

static enum btx_fault_code write_snapshot(const struct btx_replay_log *log,
                                          const struct btx_exchange *exchange,
                                          const struct btx_wal_seal *seal,
                                          struct btx_fault *reterr_fault)
{
    struct btx_snapshot_writer writer = {.fd = -1, .folder_fd = -1};
    enum btx_fault_code code;

    code = btx_snapshot_begin(&writer, log->root, seal, rules_version_of(exchange),
                              btx_clock_wall_ns(btx_clock_system()), reterr_fault);
    if (code == BTX_OK) {
        btx_core_save(exchange->core, btx_snapshot_add, &writer);
        code = btx_snapshot_end(&writer, NULL, reterr_fault);
    }
    return code == BTX_OK ? BTX_OK : btx_fault_wrap(reterr_fault, "log %s", log->root);
}

enum btx_fault_code btx_replay_log_close(struct btx_replay_log *log,
                                         const struct btx_exchange *exchange, bool snapshot,
                                         struct btx_fault *reterr_fault)
{
    struct btx_wal_seal seal;
    enum btx_fault_code code = BTX_OK;

    if (log->writer != NULL) {
        code = btx_wal_writer_close(log->writer, &seal, reterr_fault);
        if (code != BTX_OK)
            code = btx_fault_wrap(reterr_fault, "log %s", log->root);
        else if (snapshot)
            code = write_snapshot(log, exchange, &seal, reterr_fault);
    }
    log->writer = NULL;
    free(log->batch.bytes);
    log->batch.bytes = NULL;
    return code;
}
