/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_engine_plain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "engine/base/check.h"
#include "engine/wal/log_reader.h"
#include "engine/wire/record.h"
#include "tests/bench/bench_histogram.h"
#include "tests/bench/bench_timer.h"
#include "tests/bench/bench_wal_plain.h"
#include "tests/bench/bench_wal_side.h"

/* Some seconds of a saturated engine. */
#define SAMPLE_BYTES (UINT64_C(1) << 30)
#define BATCHES_MAX (UINT32_C(1) << 20)
/* Of the baseline's files, as bench_wal_side.c has them. */
#define FILE_BYTES (UINT64_C(256) << 20)

/* --- The log ------------------------------------------------------------------------------ */

struct reading {
    struct btx_log_reader *reader;
    const struct btx_bench_engine_result *result;
    struct btx_bench_engine_sample *sample;
    uint64_t batch; /* Of the record before. */
    uint64_t seq;
    bool is_full; /* The sample. */
};

/* A record of batch @batch belongs to the sample, if that has room. */
static void sample_record(struct reading *reading, const struct btx_record *record, uint64_t batch)
{
    struct btx_bench_engine_sample *sample = reading->sample;
    const size_t length_bytes = btx_record_length_bytes(record);
    const bool begins = batch != reading->batch;
    /* A sample of whole batches: nothing of one that does not fit. */
    if (begins && (sample->length_bytes + btx_bench_wal_commit_bytes() > SAMPLE_BYTES ||
                   sample->batch_count == BATCHES_MAX)) {
        reading->is_full = true;
    }
    if (reading->is_full) {
        return;
    }
    if (begins || sample->batch_count == 0) {
        sample->batches[sample->batch_count++] = 0;
    }
    memcpy(sample->bytes + sample->length_bytes, record, length_bytes);
    sample->length_bytes += length_bytes;
    sample->batches[sample->batch_count - 1] += (uint32_t)length_bytes;
}

static enum btx_fault_code read_all(struct reading *reading, struct btx_fault *reterr_fault)
{
    const struct btx_record *record;
    char text[BTX_FAULT_TEXT_BYTES];
    for (;;) {
        struct btx_wal_position position;
        switch (btx_log_reader_next(reading->reader, &record, reterr_fault)) {
        case BTX_LOG_RECORD:
            break;
        case BTX_LOG_END:
            return BTX_OK;
        case BTX_LOG_DAMAGE:
            btx_wal_damage_print(btx_log_reader_damage(reading->reader), text, sizeof text);
            return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0, "%s", text);
        case BTX_LOG_FAULT:
            return reterr_fault->code;
        }
        btx_log_reader_position(reading->reader, &position);
        if (btx_record_kind(record) != BTX_RECORD_NOTE &&
            record->seq >= reading->result->first_seq) {
            sample_record(reading, record, position.batch);
        }
        reading->batch = position.batch;
        reading->seq = record->seq;
    }
}

enum btx_fault_code btx_bench_engine_read_log(const struct btx_bench_wal_place *place,
                                              const struct btx_bench_engine_result *result,
                                              struct btx_bench_engine_sample *ret_sample,
                                              struct btx_fault *reterr_fault)
{
    const struct btx_log_options options = {0};
    struct reading reading = {.result = result, .sample = ret_sample};
    *ret_sample = (struct btx_bench_engine_sample){0};
    ret_sample->batches = calloc(BATCHES_MAX, sizeof *ret_sample->batches);
    ret_sample->bytes = mmap(NULL, SAMPLE_BYTES, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(ret_sample->batches != NULL && ret_sample->bytes != MAP_FAILED);
    if (btx_log_reader_open(&reading.reader, place->root, &options, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    const enum btx_fault_code code = read_all(&reading, reterr_fault);
    btx_log_reader_close(reading.reader);
    if (code == BTX_OK && reading.seq != result->last_seq) {
        return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0,
                             "events up to %llu were shown, up to %llu are in the log",
                             (unsigned long long)result->last_seq, (unsigned long long)reading.seq);
    }
    return code;
}

void btx_bench_engine_sample_done(struct btx_bench_engine_sample *sample)
{
    free(sample->batches);
    if (sample->bytes != NULL) {
        (void)munmap(sample->bytes, SAMPLE_BYTES);
    }
    *sample = (struct btx_bench_engine_sample){0};
}

/* --- The plain file ----------------------------------------------------------------------- */

struct run {
    const struct btx_bench_engine_sample *sample;
    struct btx_bench_plain plain;
    size_t at; /* In the sample. */
    uint64_t bytes;
    struct btx_bench_engine_plain result;
    uint64_t start_ns;
    uint64_t end_ns;   /* Of the last commit. */
    uint64_t until_ns; /* Nothing is begun from here on. */
    struct btx_bench_histogram latency;
};

/* Count the commands and events in the @length_bytes that come next. */
static void count(struct run *run, size_t length_bytes)
{
    for (size_t at = run->at; at < run->at + length_bytes;) {
        const struct btx_record *record = (const void *)(run->sample->bytes + at);
        run->result.events += btx_record_kind(record) == BTX_RECORD_EVENT ? 1 : 0;
        run->result.commands += btx_record_kind(record) == BTX_RECORD_COMMAND ? 1 : 0;
        at += btx_record_length_bytes(record);
    }
}

/* Make the @length_bytes that come next durable. */
static enum btx_fault_code commit(struct run *run, size_t length_bytes,
                                  struct btx_fault *reterr_fault)
{
    if (btx_bench_plain_commit(&run->plain, run->sample->bytes + run->at, length_bytes,
                               reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    run->end_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
    count(run, length_bytes);
    run->bytes += length_bytes;
    run->at += length_bytes;
    run->result.commits++;
    if (run->at == run->sample->length_bytes) {
        run->at = 0; /* From its beginning again. */
    }
    return BTX_OK;
}

static enum btx_fault_code run_batches(struct run *run, uint64_t bytes_max,
                                       struct btx_fault *reterr_fault)
{
    size_t batch = 0;
    while (run->end_ns < run->until_ns && run->bytes < bytes_max) {
        if (commit(run, run->sample->batches[batch], reterr_fault) != BTX_OK) {
            return reterr_fault->code;
        }
        batch = batch + 1 == run->sample->batch_count ? 0 : batch + 1;
    }
    return BTX_OK;
}

/* How many bytes of the sample the next @commands commands have, with all of their events; at most
 * a commit's. */
static size_t measure(const struct run *run, uint64_t commands)
{
    const size_t most = btx_bench_wal_commit_bytes();
    size_t whole = 0;
    size_t at = run->at;
    while (commands > 0 && at < run->sample->length_bytes) {
        const struct btx_record *record = (const void *)(run->sample->bytes + at);
        at += btx_record_length_bytes(record);
        if (at - run->at > most) {
            break;
        }
        /* In the middle of a long command as well: its txs are whole. */
        if ((record->kind_flags & BTX_RECORD_TX_END) != 0) {
            whole = at - run->at;
        }
        commands -= (record->kind_flags & BTX_RECORD_COMMAND_END) != 0 ? 1 : 0;
    }
    return whole;
}

static enum btx_fault_code run_rate(struct run *run, double rate, uint64_t bytes_max,
                                    struct btx_fault *reterr_fault)
{
    const double each_ns = 1e9 / rate;
    while (run->bytes < bytes_max) {
        const uint64_t before = run->result.commands;
        const uint64_t now_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
        const uint64_t to_ns = now_ns < run->until_ns ? now_ns : run->until_ns;
        const uint64_t due = (uint64_t)((double)(to_ns - run->start_ns) / each_ns);
        if (due <= before) {
            if (now_ns >= run->until_ns) {
                return BTX_OK;
            }
            continue;
        }
        const size_t length_bytes = measure(run, due - before);
        if (length_bytes == 0) {
            break; /* The sample is less than one commit. */
        }
        if (commit(run, length_bytes, reterr_fault) != BTX_OK) {
            return reterr_fault->code;
        }
        for (uint64_t i = before; i < run->result.commands; i++) {
            const uint64_t due_ns = run->start_ns + (uint64_t)((double)i * each_ns);
            btx_bench_histogram_add(&run->latency, run->end_ns - due_ns);
        }
    }
    return BTX_OK;
}

static double percentile_us(const struct btx_bench_histogram *histogram, uint32_t per_mille)
{
    return (double)btx_bench_histogram_value(histogram, per_mille) / 1000;
}

static void take_figures(struct run *run)
{
    run->result.waits = run->plain.waits;
    run->result.seconds = (double)(run->end_ns - run->start_ns) / 1e9;
    run->result.latency = (struct btx_bench_engine_spread){
        .p50 = percentile_us(&run->latency, 500),
        .p90 = percentile_us(&run->latency, 900),
        .p99 = percentile_us(&run->latency, 990),
        .p999 = percentile_us(&run->latency, 999),
        .maximum = (double)run->latency.maximum / 1000,
    };
}

enum btx_fault_code btx_bench_engine_plain(const struct btx_bench_wal_place *place,
                                           const struct btx_bench_engine_sample *sample,
                                           double rate, double seconds, uint64_t bytes_max,
                                           struct btx_bench_engine_plain *ret_plain,
                                           struct btx_fault *reterr_fault)
{
    static struct run run; /* Great for the stack, and one at a time. */
    struct btx_fault second;
    memset(&run, 0, sizeof run);
    run.sample = sample;
    CHECK(sample->length_bytes != 0);
    if (mkdir(place->root, 0777) != 0) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", place->root);
    }
    enum btx_fault_code code =
        btx_bench_plain_open(&run.plain, place->root, FILE_BYTES, true, reterr_fault);
    run.start_ns = run.end_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
    run.until_ns = run.start_ns + (uint64_t)(seconds * 1e9);
    if (code == BTX_OK) {
        code = rate > 0 ? run_rate(&run, rate, bytes_max, reterr_fault)
                        : run_batches(&run, bytes_max, reterr_fault);
    }
    take_figures(&run);
    *ret_plain = run.result;
    if (btx_bench_plain_close(&run.plain, code == BTX_OK ? reterr_fault : &second) != BTX_OK &&
        code == BTX_OK) {
        code = reterr_fault->code;
    }
    return code;
}
