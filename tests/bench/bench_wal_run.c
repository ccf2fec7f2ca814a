/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_wal_run.h"

#include <string.h>

#include "engine/base/check.h"
#include "engine/wal/log_reader.h"
#include "tests/bench/bench_histogram.h"
#include "tests/bench/bench_timer.h"
#include "tests/bench/bench_wal_side.h"

/* For the guess how much to zero: no commit is faster than this, and none wastes more pages. */
#define COMMIT_NS_LEAST 40000.0
#define GROUP_NS_LEAST 100000.0
#define COMMIT_WASTE_BYTES 6144.0
#define ZEROED_RESERVE_BYTES (UINT64_C(16) << 20)
/* How long a segment of the defaults lives at a rate, at least. */
#define SEGMENT_S 5.0
/* An event of the flow with its share of commands, more than the mean. */
#define FLOW_EVENT_BYTES 256.0

/* One run while it lasts. */
struct run {
    const struct btx_bench_wal_load *load;
    struct btx_bench_wal_log log;
    struct btx_bench_wal_source source;
    struct btx_bench_histogram latency;  /* ns */
    struct btx_bench_histogram calls;    /* ns */
    struct btx_bench_histogram rotating; /* ns */
    uint64_t rotations;                  /* As of the last commit. */
    bool behind_rotation;                /* The last commit had one in it. */
    uint64_t before_events;              /* Committed before the clock starts, */
    uint64_t before_bytes;
    uint64_t before_disk_bytes; /* and what the closed segments of it take. */
    uint64_t start_ns;
    uint64_t end_ns; /* When the last commit returned. */
    struct btx_bench_wal_result result;
};

static double event_bytes(const struct btx_bench_wal_load *load)
{
    return load->kind == BTX_BENCH_WAL_EVENTS ? BTX_RECORD_UNIT_BYTES : FLOW_EVENT_BYTES;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* About how much of a file a burst of @load will use, rather more. */
static uint64_t zeroed_bytes(const struct btx_bench_wal_load *load)
{
    const double most = (double)load->bytes_max;
    double commits = most / (double)btx_bench_wal_commit_bytes() + 1;
    double bytes = most;
    if (load->rate > 0) {
        commits = load->seconds * 1e9 / GROUP_NS_LEAST;
        bytes = least(most, load->rate * load->seconds * event_bytes(load));
    } else if (load->commit_events > 0) {
        const double commit_bytes = load->commit_events * event_bytes(load);
        commits = least(load->seconds * 1e9 / COMMIT_NS_LEAST, most / commit_bytes);
        bytes = least(most, commits * commit_bytes);
    }
    return (uint64_t)(bytes + commits * COMMIT_WASTE_BYTES) + ZEROED_RESERVE_BYTES;
}

uint64_t btx_bench_wal_disk_bytes(const struct btx_bench_wal_load *load)
{
    /* Ours keeps two next segments beside the present one; a sustained log grows by what is
     * rounded up as well. */
    return load->part == BTX_BENCH_WAL_SUSTAINED ? load->bytes_max / 4 * 5 + (UINT64_C(4) << 30)
                                                 : 3 * zeroed_bytes(load);
}

/* Commit @records, whose making began at @begun_ns, and note how long that took. */
static enum btx_fault_code commit(struct run *run, const struct btx_bench_wal_records *records,
                                  struct btx_fault *reterr_fault)
{
    const uint64_t before_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
    const enum btx_fault_code code = btx_bench_wal_log_commit(&run->log, records, reterr_fault);
    run->end_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
    if (code != BTX_OK) {
        return code;
    }
    const uint64_t rotations = btx_bench_wal_log_rotations(&run->log);
    const bool rotates = rotations != run->rotations;
    struct btx_bench_histogram *kind =
        rotates || run->behind_rotation ? &run->rotating : &run->calls;
    btx_bench_histogram_add(kind, run->end_ns - before_ns);
    run->rotations = rotations;
    run->behind_rotation = rotates;
    run->result.events += records->events;
    run->result.bytes += records->length_bytes;
    run->result.commits++;
    return BTX_OK;
}

/* The next commit follows the last one at once. */
static enum btx_fault_code run_closed(struct run *run, struct btx_fault *reterr_fault)
{
    const struct btx_bench_wal_load *load = run->load;
    const uint64_t until_ns = run->start_ns + (uint64_t)(load->seconds * 1e9);
    const uint64_t commit_bytes = btx_bench_wal_commit_bytes();
    const uint64_t events = load->commit_events > 0 ? load->commit_events : UINT64_MAX;
    while (run->end_ns < until_ns && run->result.bytes + commit_bytes <= load->bytes_max) {
        const uint64_t begun_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
        const struct btx_bench_wal_records records =
            btx_bench_wal_source_next(&run->source, events);
        if (records.length_bytes == 0) {
            break;
        }
        if (commit(run, &records, reterr_fault) != BTX_OK) {
            return reterr_fault->code;
        }
        btx_bench_histogram_add(&run->latency, run->end_ns - begun_ns);
    }
    return BTX_OK;
}

/* Event n is offered n / rate after the start, whatever happens.  All that are offered in the time
 * of the load are committed, however long that takes. */
static enum btx_fault_code run_open(struct run *run, struct btx_fault *reterr_fault)
{
    const struct btx_bench_wal_load *load = run->load;
    const double each_ns = 1e9 / load->rate;
    const uint64_t total = (uint64_t)(load->rate * load->seconds);
    uint64_t done = 0;
    while (done < total && !btx_bench_wal_source_ended(&run->source) &&
           run->result.bytes < load->bytes_max) {
        const uint64_t now_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
        const uint64_t arrived = (uint64_t)((double)(now_ns - run->start_ns) / each_ns) + 1;
        const uint64_t offered = arrived < total ? arrived : total;
        const struct btx_bench_wal_records records =
            btx_bench_wal_source_next(&run->source, offered - done);
        if (records.length_bytes == 0) {
            if (offered == total) {
                break; /* Of a tx that lies across the end. */
            }
            continue;
        }
        if (commit(run, &records, reterr_fault) != BTX_OK) {
            return reterr_fault->code;
        }
        for (uint64_t i = 0; i < records.events; i++) {
            const uint64_t offered_ns = run->start_ns + (uint64_t)((double)(done + i) * each_ns);
            btx_bench_histogram_add(&run->latency, run->end_ns - offered_ns);
        }
        done += records.events;
    }
    return BTX_OK;
}

static double percentile_us(const struct btx_bench_histogram *histogram, uint32_t per_mille)
{
    return (double)btx_bench_histogram_value(histogram, per_mille) / 1000;
}

static void take_figures(struct run *run, uint64_t cpu_ns, uint64_t all_cpu_ns)
{
    struct btx_bench_wal_result *result = &run->result;
    const double events = (double)result->events;
    struct btx_bench_wal_result before = *result;
    btx_bench_wal_log_counts(&run->log, result);
    result->rotations -= before.rotations;
    result->waits -= before.waits;
    result->seconds = (double)(run->end_ns - run->start_ns) / 1e9;
    result->cpu_ns = (double)cpu_ns / events;
    result->other_cpu_ns = all_cpu_ns > cpu_ns ? (double)(all_cpu_ns - cpu_ns) / events : 0;
    result->p50_us = percentile_us(&run->latency, 500);
    result->p99_us = percentile_us(&run->latency, 990);
    result->p999_us = percentile_us(&run->latency, 999);
    result->maximum_us = (double)run->latency.maximum / 1000;
    result->commit_p50_us = percentile_us(&run->calls, 500);
    result->rotate_p50_us = percentile_us(&run->rotating, 500);
    result->rotate_maximum_us = (double)run->rotating.maximum / 1000;
}

/* What happens while time runs. */
static enum btx_fault_code run_load(struct run *run, struct btx_fault *reterr_fault)
{
    const uint64_t cpu_ns = btx_bench_clock_ns(CLOCK_THREAD_CPUTIME_ID);
    const uint64_t all_cpu_ns = btx_bench_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    btx_bench_wal_log_counts(&run->log, &run->result);
    run->rotations = run->result.rotations;
    run->start_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
    run->end_ns = run->start_ns;
    const enum btx_fault_code code =
        run->load->rate > 0 ? run_open(run, reterr_fault) : run_closed(run, reterr_fault);
    if (code == BTX_OK && run->result.events == 0) {
        return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0, "nothing was committed");
    }
    if (code == BTX_OK) {
        take_figures(run, btx_bench_clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns,
                     btx_bench_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - all_cpu_ns);
    }
    return code;
}

/* Commit @records before the clock starts. */
static enum btx_fault_code commit_before(struct run *run,
                                         const struct btx_bench_wal_records *records,
                                         struct btx_fault *reterr_fault)
{
    run->before_events += records->events;
    run->before_bytes += records->length_bytes;
    return btx_bench_wal_log_commit(&run->log, records, reterr_fault);
}

/* Whether the log at its defaults has to learn first how great its segments are. */
static bool learns(const struct btx_bench_wal_load *load, enum btx_bench_wal_side side)
{
    return load->part == BTX_BENCH_WAL_OFFERED && load->kind == BTX_BENCH_WAL_EVENTS &&
           side == BTX_BENCH_WAL_OURS;
}

/* A segment as great as those of the load will be, so that the next ones are zeroed as they are
 * after some seconds of it. */
static enum btx_fault_code learn(struct run *run, const struct btx_bench_wal_place *place,
                                 struct btx_fault *reterr_fault)
{
    const uint64_t bytes = (uint64_t)(run->load->rate * SEGMENT_S * event_bytes(run->load));
    const uint64_t most = run->load->bytes_max / 2;
    while (run->before_bytes < bytes && run->before_bytes < most) {
        const struct btx_bench_wal_records records =
            btx_bench_wal_source_next(&run->source, UINT64_MAX);
        if (commit_before(run, &records, reterr_fault) != BTX_OK) {
            return reterr_fault->code;
        }
    }
    if (btx_bench_wal_log_rotate(&run->log, reterr_fault) != BTX_OK ||
        btx_bench_wal_settle(reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    run->before_disk_bytes = btx_bench_wal_place_used(place, "/segments", ".mdb");
    return BTX_OK;
}

/* Commit the beginning of the log, and wait until what was to be done ahead is done. */
static enum btx_fault_code prepare(struct run *run, const struct btx_bench_wal_place *place,
                                   enum btx_bench_wal_side side, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = BTX_OK;
    /* The first segment is taken by the first commit, as far as it is zeroed by then. */
    if (run->load->part != BTX_BENCH_WAL_SUSTAINED) {
        code = btx_bench_wal_settle(reterr_fault);
    }
    if (code == BTX_OK) {
        const struct btx_bench_wal_records first = btx_bench_wal_source_first(&run->source);
        code = commit_before(run, &first, reterr_fault);
    }
    if (code == BTX_OK && learns(run->load, side)) {
        code = learn(run, place, reterr_fault);
    }
    if (code == BTX_OK) {
        code = btx_bench_wal_settle(reterr_fault);
        btx_bench_wal_place_sync(place);
    }
    return code;
}

/* Open, prepare, run, close. */
static enum btx_fault_code run_log(struct run *run, const struct btx_bench_wal_place *place,
                                   enum btx_bench_wal_side side, struct btx_fault *reterr_fault)
{
    const struct btx_bench_wal_load *load = run->load;
    const bool zeroes_itself = load->part == BTX_BENCH_WAL_SUSTAINED || learns(load, side);
    enum btx_fault_code code = btx_bench_wal_log_open(&run->log, place, side, zeroed_bytes(load),
                                                      zeroes_itself, reterr_fault);
    if (code == BTX_OK) {
        code = prepare(run, place, side, reterr_fault);
    }
    if (code == BTX_OK) {
        code = run_load(run, reterr_fault);
    }
    if (code == BTX_OK) {
        return btx_bench_wal_log_close(&run->log, reterr_fault);
    }
    (void)btx_bench_wal_log_close(&run->log, NULL); /* The first fault is the one to tell. */
    return code;
}

enum btx_fault_code btx_bench_wal_verify(const struct btx_bench_wal_place *place,
                                         uint64_t *ret_events, uint64_t *ret_bytes,
                                         struct btx_fault *reterr_fault)
{
    const struct btx_log_options options = {0};
    const struct btx_record *record;
    struct btx_log_reader *reader;
    char text[BTX_FAULT_TEXT_BYTES];
    *ret_events = 0;
    *ret_bytes = 0;
    if (btx_log_reader_open(&reader, place->root, &options, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    enum btx_log_step step = btx_log_reader_next(reader, &record, reterr_fault);
    while (step == BTX_LOG_RECORD) {
        *ret_events += btx_record_kind(record) == BTX_RECORD_EVENT ? 1 : 0;
        *ret_bytes += btx_record_length_bytes(record);
        step = btx_log_reader_next(reader, &record, reterr_fault);
    }
    enum btx_fault_code code = step == BTX_LOG_FAULT ? reterr_fault->code : BTX_OK;
    if (step == BTX_LOG_DAMAGE) {
        btx_wal_damage_print(btx_log_reader_damage(reader), text, sizeof text);
        code = btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0, "%s", text);
    }
    btx_log_reader_close(reader);
    return code;
}

static enum btx_fault_code verify_side(const struct btx_bench_wal_place *place,
                                       enum btx_bench_wal_side side, uint64_t events,
                                       uint64_t bytes, struct btx_fault *reterr_fault)
{
    uint64_t found_events = 0;
    uint64_t found_bytes = 0;
    const enum btx_fault_code code =
        side == BTX_BENCH_WAL_PLAIN
            ? btx_bench_plain_verify(place->root, &found_events, &found_bytes, reterr_fault)
            : btx_bench_wal_verify(place, &found_events, &found_bytes, reterr_fault);
    if (code == BTX_OK && (found_events != events || found_bytes != bytes)) {
        return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0,
                             "%llu events in %llu bytes were committed, %llu in %llu are there",
                             (unsigned long long)events, (unsigned long long)bytes,
                             (unsigned long long)found_events, (unsigned long long)found_bytes);
    }
    return code;
}

enum btx_fault_code btx_bench_wal_run(const struct btx_bench_wal_place *place,
                                      const struct btx_bench_wal_load *load,
                                      enum btx_bench_wal_side side,
                                      struct btx_bench_wal_recording *recording, bool verify,
                                      bool keep, struct btx_bench_wal_result *ret_result,
                                      struct btx_fault *reterr_fault)
{
    /* Great for the stack, and one at a time. */
    static struct run run;
    memset(&run, 0, sizeof run);
    run.load = load;
    enum btx_fault_code code = btx_bench_wal_place_clear(place, reterr_fault);
    if (code != BTX_OK) {
        return code;
    }
    btx_bench_wal_source_init(&run.source, load->kind, recording, btx_bench_wal_commit_bytes());
    code = run_log(&run, place, side, reterr_fault);
    btx_bench_wal_source_done(&run.source);
    if (code == BTX_OK) {
        run.result.disk_bytes = side == BTX_BENCH_WAL_PLAIN
                                    ? btx_bench_wal_place_used(place, "", ".dat")
                                    : btx_bench_wal_place_used(place, "/segments", ".mdb");
        *ret_result = run.result;
        ret_result->disk_bytes -= run.before_disk_bytes;
        if (run.before_disk_bytes == 0) {
            ret_result->bytes += run.before_bytes; /* In the same segment. */
        }
    }
    if (code == BTX_OK && verify) {
        code = verify_side(place, side, run.result.events + run.before_events,
                           run.result.bytes + run.before_bytes, reterr_fault);
    }
    if (!keep && btx_bench_wal_place_clear(place, code == BTX_OK ? reterr_fault : NULL) != BTX_OK) {
        return code == BTX_OK ? reterr_fault->code : code;
    }
    return code;
}
