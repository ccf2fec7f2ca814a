/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_wal_fold.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/wal/log_reader.h"
#include "tests/bench/bench_timer.h"

/* Bytes that this process made the disk read, 0 where the kernel does not tell. */
static uint64_t disk_bytes_read(void)
{
    char line[128];
    uint64_t bytes = 0;
    FILE *file = fopen("/proc/self/io", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "read_bytes: %" SCNu64, &bytes) == 1) {
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return bytes;
}

static void drop(void *context, int fd)
{
    (void)context;
    (void)fdatasync(fd); /* Only clean pages can be dropped; how much was is measured. */
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* Read and check everything, and apply it when there is a core. */
__attribute__((noinline)) static enum btx_fault_code fold(const struct btx_bench_wal_place *place,
                                                          struct btx_core *core,
                                                          uint64_t *ret_events,
                                                          struct btx_fault *reterr_fault)
{
    const struct btx_log_options options = {0};
    const struct btx_record *record;
    struct btx_log_reader *reader;
    const char *why = NULL;
    uint64_t events = 0;
    if (btx_log_reader_open(&reader, place->root, &options, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    enum btx_log_step step = btx_log_reader_next(reader, &record, reterr_fault);
    while (step == BTX_LOG_RECORD && why == NULL) {
        events += btx_record_kind(record) == BTX_RECORD_EVENT ? 1 : 0;
        why = core == NULL ? NULL : btx_core_apply(core, record);
        step = btx_log_reader_next(reader, &record, reterr_fault);
    }
    btx_log_reader_close(reader);
    if (step == BTX_LOG_FAULT) {
        return reterr_fault->code;
    }
    if (step != BTX_LOG_END) {
        return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0, "the log just written: %s",
                             why != NULL ? why : "damage");
    }
    *ret_events = events;
    return BTX_OK;
}

/* Events a second of one fold. */
static enum btx_fault_code time_fold(const struct btx_bench_wal_place *place, struct btx_core *core,
                                     uint64_t events_wanted, double *ret_rate,
                                     struct btx_fault *reterr_fault)
{
    uint64_t events = 0;
    const uint64_t start_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
    const enum btx_fault_code code = fold(place, core, &events, reterr_fault);
    const uint64_t end_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
    if (code != BTX_OK) {
        return code;
    }
    if (events != events_wanted) {
        return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0,
                             "%" PRIu64 " events were committed, %" PRIu64 " are in the log",
                             events_wanted, events);
    }
    *ret_rate = (double)events * 1e9 / (double)(end_ns - start_ns);
    return BTX_OK;
}

/* Fold into a fresh core, whose state must be the live one, byte for byte. */
static enum btx_fault_code time_recovery(const struct btx_bench_wal_place *place,
                                         const struct btx_bench_wal_recording *recording,
                                         double *ret_rate, struct btx_fault *reterr_fault)
{
    struct btx_exchange exchange = {0};
    uint8_t digest[BTX_SHA256_BYTES];
    enum btx_fault_code code =
        btx_exchange_open(&exchange, &recording->flow.capacity, reterr_fault);
    if (code == BTX_OK) {
        code = time_fold(place, exchange.core, recording->events, ret_rate, reterr_fault);
    }
    if (code == BTX_OK) {
        btx_exchange_digest(&exchange, digest);
        if (memcmp(digest, recording->digest, sizeof digest) != 0) {
            code = btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0,
                                 "folding the log gives another state than the live run");
        }
    }
    btx_exchange_close(&exchange);
    return code;
}

enum btx_fault_code btx_bench_wal_fold_run(struct btx_bench_wal_fold *fold_of,
                                           const struct btx_bench_wal_place *place,
                                           const struct btx_bench_wal_load *load,
                                           struct btx_bench_wal_recording *recording,
                                           struct btx_fault *reterr_fault)
{
    struct btx_bench_wal_result live;
    const uint32_t repetition = fold_of->count;
    const bool applies = load->kind == BTX_BENCH_WAL_LIVE;
    enum btx_fault_code code = btx_bench_wal_run(place, load, BTX_BENCH_WAL_OURS, recording, false,
                                                 true, &live, reterr_fault);
    CHECK(repetition < BTX_BENCH_WAL_REPETITIONS_MAX);
    for (int t = 0; t < BTX_BENCH_WAL_TEMPERATURE_COUNT && code == BTX_OK; t++) {
        double *rate = &fold_of->folded[t][repetition];
        if (t == BTX_BENCH_WAL_COLD) {
            btx_bench_wal_place_each(place, "/segments", ".mdb", drop, NULL);
        }
        const uint64_t read_before = disk_bytes_read();
        /* With EVENTS the first one was committed before the clock started. */
        code = applies ? time_recovery(place, recording, rate, reterr_fault)
                       : time_fold(place, NULL, live.events + 1, rate, reterr_fault);
        if (t == BTX_BENCH_WAL_COLD) {
            fold_of->disk_share[repetition] =
                (double)(disk_bytes_read() - read_before) / (double)live.disk_bytes;
        }
    }
    fold_of->events = live.events;
    fold_of->bytes = live.bytes;
    fold_of->live[repetition] = (double)live.events / live.seconds;
    fold_of->count++;
    if (btx_bench_wal_place_clear(place, code == BTX_OK ? reterr_fault : NULL) != BTX_OK) {
        return code == BTX_OK ? reterr_fault->code : code;
    }
    return code;
}
