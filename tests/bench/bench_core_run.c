/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_core_run.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/base/sha256.h"
#include "engine/core/view.h"
#include "tests/bench/bench_memory.h"
#include "tests/bench/bench_timer.h"

#define LATENCY_PASSES 3

/* What a flow runs on: one core and one baseline, fresh for each repetition. */
struct stage {
    const struct btx_bench_flow *flow;
    struct btx_bench_memory core_memory;
    struct btx_bench_memory baseline_memory;
    struct btx_core *core;
    struct btx_baseline baseline;
    struct btx_tx tx;
    uint32_t chunk_count;
    uint64_t *core_chunks; /* Fastest so far, ns. */
    uint64_t *baseline_chunks[BTX_BENCH_BASELINE_MODE_COUNT];
};

static uint64_t *make_chunks(uint32_t count)
{
    uint64_t *chunks = malloc(count * sizeof *chunks);
    CHECK(chunks != NULL);
    for (uint32_t i = 0; i < count; i++) {
        chunks[i] = UINT64_MAX;
    }
    return chunks;
}

static void stage_init(struct stage *stage, const struct btx_bench_flow *flow)
{
    const bool huge = flow->shape.huge_pages;
    *stage = (struct stage){.flow = flow};
    btx_bench_memory_init(&stage->core_memory, btx_core_memory_bytes(&flow->capacity), huge);
    btx_bench_memory_init(&stage->baseline_memory,
                          btx_baseline_memory_bytes(flow->orders, btx_bench_books(&flow->shape)),
                          huge);
    stage->tx.bytes = aligned_alloc(64, (BTX_TX_BYTES_MAX + 63) / 64 * 64);
    CHECK(stage->tx.bytes != NULL);
    memset(stage->tx.bytes, 0, BTX_TX_BYTES_MAX);
    stage->chunk_count =
        (flow->shape.commands + BTX_BENCH_CHUNK_COMMANDS - 1) / BTX_BENCH_CHUNK_COMMANDS;
    stage->core_chunks = make_chunks(stage->chunk_count);
    for (int mode = 0; mode < BTX_BENCH_BASELINE_MODE_COUNT; mode++) {
        stage->baseline_chunks[mode] = make_chunks(stage->chunk_count);
    }
}

static void stage_done(struct stage *stage)
{
    for (int mode = 0; mode < BTX_BENCH_BASELINE_MODE_COUNT; mode++) {
        free(stage->baseline_chunks[mode]);
    }
    free(stage->core_chunks);
    free(stage->tx.bytes);
    btx_bench_memory_done(&stage->baseline_memory);
    btx_bench_memory_done(&stage->core_memory);
}

/* Not the measured loop, so that what counts instructions there does not count these. */
static void run_setup(struct stage *stage)
{
    const struct btx_bench_flow *flow = stage->flow;
    for (const uint8_t *at = flow->setup; at < flow->setup + flow->setup_bytes;) {
        const struct btx_command *command = (const struct btx_command *)(const void *)at;
        CHECK(btx_core_step(stage->core, command, &stage->tx) == BTX_STEP_DONE);
        at += btx_record_length_bytes(&command->record);
    }
}

static void fresh_core(struct stage *stage)
{
    btx_bench_memory_reset(&stage->core_memory);
    stage->core = btx_core_init(stage->core_memory.bytes, &stage->flow->capacity, 0);
    run_setup(stage);
}

static void fresh_baseline(struct stage *stage)
{
    btx_bench_memory_reset(&stage->baseline_memory);
    btx_baseline_init(&stage->baseline, stage->baseline_memory.bytes, stage->flow->orders,
                      btx_bench_books(&stage->flow->shape));
}

__attribute__((noinline)) uint64_t btx_bench_core_loop(struct btx_core *core,
                                                       const uint8_t *commands,
                                                       size_t commands_bytes, struct btx_tx *tx)
{
    uint64_t events = 0;
    const uint8_t *at = commands;
    while (at < commands + commands_bytes) {
        const struct btx_command *command = (const struct btx_command *)(const void *)at;
        at += btx_record_length_bytes(&command->record);
        while (btx_core_step(core, command, tx) == BTX_STEP_MORE) {
            events += tx->event_count;
            command = NULL;
        }
        events += tx->event_count;
    }
    return events;
}

static void baseline_place(struct btx_baseline *baseline, const struct btx_bench_op *op)
{
    btx_baseline_place(baseline, op->book, (enum btx_side)op->side, op->price_index, op->size,
                       op->order);
}

__attribute__((noinline)) void btx_bench_baseline_unlink_loop(struct btx_baseline *baseline,
                                                              const struct btx_bench_op *ops,
                                                              uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (ops[i].kind == BTX_BENCH_CANCEL) {
            btx_baseline_cancel_unlink(baseline, ops[i].order);
        } else {
            baseline_place(baseline, &ops[i]);
        }
    }
}

__attribute__((noinline)) void btx_bench_baseline_mark_loop(struct btx_baseline *baseline,
                                                            const struct btx_bench_op *ops,
                                                            uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (ops[i].kind == BTX_BENCH_CANCEL) {
            btx_baseline_cancel_mark(baseline, ops[i].order);
        } else {
            baseline_place(baseline, &ops[i]);
        }
    }
}

/* Whether @event is the baseline's trade number @number. */
static bool is_trade(const struct btx_trade_matched *event, const struct btx_baseline *baseline,
                     uint64_t number)
{
    const struct btx_baseline_trade *trade = &baseline->trades[number % BTX_BASELINE_TRADES];
    return number < baseline->trade_count && event->maker == trade->maker &&
           event->taker == trade->taker && event->size == (int64_t)trade->size * 100 &&
           event->price == btx_bench_price(trade->price_index);
}

/* Count the records of a tx and compare its trades with the baseline's. */
static const char *verify_tx(const struct stage *stage, struct btx_bench_facts *facts)
{
    for (size_t at = 0; at < stage->tx.length_bytes;) {
        const struct btx_record *record = (const void *)(stage->tx.bytes + at);
        if (btx_record_check(record, stage->tx.length_bytes - at) != NULL) {
            return "a record of a tx is malformed";
        }
        at += btx_record_length_bytes(record);
        if (btx_record_kind(record) != BTX_RECORD_EVENT) {
            continue;
        }
        facts->events++;
        facts->event_bytes += btx_record_length_bytes(record);
        if (record->type == BTX_EVENT_TRADE_MATCHED) {
            if (!is_trade((const struct btx_trade_matched *)record, &stage->baseline,
                          facts->trades)) {
                return "a trade is not the one that the baseline made";
            }
            facts->trades++;
        } else if (record->type == BTX_EVENT_COMMAND_REJECTED) {
            facts->refused++;
        }
    }
    return NULL;
}

static void sink_sha256(void *context, const void *bytes, size_t length_bytes)
{
    btx_sha256_update(context, bytes, length_bytes);
}

static void digest(struct btx_core *core, uint8_t ret_digest[BTX_SHA256_BYTES])
{
    struct btx_sha256 sha256 = {0};
    CHECK(btx_sha256_init(&sha256, NULL) == BTX_OK);
    btx_core_save(core, sink_sha256, &sha256);
    btx_sha256_final(&sha256, ret_digest);
    btx_sha256_done(&sha256);
}

static const char *verify_end(const struct stage *stage, struct btx_bench_facts *facts)
{
    const struct btx_bench_flow *flow = stage->flow;
    struct btx_core_view view;
    btx_core_view(stage->core, &view);
    facts->resting = view.used.orders;
    digest(stage->core, facts->state_sha256);
    if (facts->refused != flow->dead) {
        return "a command was refused";
    }
    if (facts->trades != flow->trades || stage->baseline.trade_count != flow->trades) {
        return "the number of trades is not the flow's";
    }
    if (facts->resting != flow->resting_end) {
        return "the number of resting orders is not the baseline's";
    }
    return btx_core_verify(stage->core);
}

/* Run core and baseline abreast, command by command. */
static const char *verify(struct stage *stage, struct btx_bench_facts *facts)
{
    const struct btx_bench_flow *flow = stage->flow;
    const uint8_t *at = flow->commands;
    const char *wrong = NULL;
    *facts = (struct btx_bench_facts){0};
    fresh_core(stage);
    fresh_baseline(stage);
    for (uint32_t i = 0; i < flow->shape.commands && wrong == NULL; i++) {
        const struct btx_command *command = (const struct btx_command *)(const void *)at;
        enum btx_step step = BTX_STEP_MORE;
        at += btx_record_length_bytes(&command->record);
        btx_bench_baseline_unlink_loop(&stage->baseline, &flow->ops[i], 1);
        while (step == BTX_STEP_MORE && wrong == NULL) {
            step = btx_core_step(stage->core, command, &stage->tx);
            wrong = verify_tx(stage, facts);
            command = NULL;
        }
    }
    return wrong != NULL ? wrong : verify_end(stage, facts);
}

struct stopwatch {
    uint64_t wall_ns;
    uint64_t cpu_ns;
};

static struct stopwatch stopwatch_start(void)
{
    return (struct stopwatch){.wall_ns = btx_bench_clock_ns(CLOCK_MONOTONIC),
                              .cpu_ns = btx_bench_clock_ns(CLOCK_THREAD_CPUTIME_ID)};
}

/* Add what passed since @start, for each of @count, to @timing. */
static void stopwatch_stop(const struct stopwatch *start, uint64_t count,
                           struct btx_bench_timing *timing)
{
    const uint64_t wall_ns = btx_bench_clock_ns(CLOCK_MONOTONIC) - start->wall_ns;
    const uint64_t cpu_ns = btx_bench_clock_ns(CLOCK_THREAD_CPUTIME_ID) - start->cpu_ns;
    CHECK(timing->count < BTX_BENCH_REPETITIONS_MAX);
    timing->wall_ns[timing->count] = (double)wall_ns / (double)count;
    timing->cpu_ns[timing->count] = (double)cpu_ns / (double)count;
    timing->count++;
}

/* Commands of chunk number @chunk. */
static uint32_t chunk_commands(const struct stage *stage, uint32_t chunk)
{
    const uint32_t left = stage->flow->shape.commands - chunk * BTX_BENCH_CHUNK_COMMANDS;
    return left < BTX_BENCH_CHUNK_COMMANDS ? left : BTX_BENCH_CHUNK_COMMANDS;
}

/* Keep the time since @start_ns when it is the chunk's least, and return what time it is. */
static uint64_t keep_chunk(uint64_t *chunk, uint64_t start_ns)
{
    const uint64_t now_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
    *chunk = now_ns - start_ns < *chunk ? now_ns - start_ns : *chunk;
    return now_ns;
}

static double quiet_ns(const struct stage *stage, const uint64_t *chunks)
{
    uint64_t sum_ns = 0;
    for (uint32_t i = 0; i < stage->chunk_count; i++) {
        sum_ns += chunks[i];
    }
    return (double)sum_ns / (double)stage->flow->shape.commands;
}

static const char *time_core(struct stage *stage, const struct btx_bench_facts *facts,
                             struct btx_bench_timing *timing)
{
    const struct btx_bench_flow *flow = stage->flow;
    const uint8_t *at = flow->commands;
    uint64_t events = 0;
    fresh_core(stage);
    const struct stopwatch start = stopwatch_start();
    uint64_t time_ns = start.wall_ns;
    for (uint32_t i = 0; i < stage->chunk_count; i++) {
        const size_t length_bytes = (size_t)chunk_commands(stage, i) * BTX_BENCH_COMMAND_BYTES;
        events += btx_bench_core_loop(stage->core, at, length_bytes, &stage->tx);
        at += length_bytes;
        time_ns = keep_chunk(&stage->core_chunks[i], time_ns);
    }
    stopwatch_stop(&start, flow->shape.commands, timing);
    timing->quiet_ns = quiet_ns(stage, stage->core_chunks);
    if (events != facts->events) {
        return "the number of events differs between two runs";
    }
    return btx_core_verify(stage->core);
}

static const char *time_baseline(struct stage *stage, enum btx_bench_baseline_mode mode,
                                 struct btx_bench_timing *timing)
{
    const struct btx_bench_flow *flow = stage->flow;
    fresh_baseline(stage);
    const struct stopwatch start = stopwatch_start();
    uint64_t time_ns = start.wall_ns;
    for (uint32_t i = 0; i < stage->chunk_count; i++) {
        const struct btx_bench_op *ops = &flow->ops[(size_t)i * BTX_BENCH_CHUNK_COMMANDS];
        if (mode == BTX_BENCH_BASELINE_UNLINK) {
            btx_bench_baseline_unlink_loop(&stage->baseline, ops, chunk_commands(stage, i));
        } else {
            btx_bench_baseline_mark_loop(&stage->baseline, ops, chunk_commands(stage, i));
        }
        time_ns = keep_chunk(&stage->baseline_chunks[mode][i], time_ns);
    }
    stopwatch_stop(&start, flow->shape.commands, timing);
    timing->quiet_ns = quiet_ns(stage, stage->baseline_chunks[mode]);
    return stage->baseline.trade_count == flow->trades
               ? NULL
               : "the number of the baseline's trades differs between two runs";
}

static int compare_ticks(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static double tick_percentile(const uint32_t *sorted, uint32_t count, uint32_t per_mille,
                              const struct btx_bench_timer *timer)
{
    const uint64_t ticks = sorted[(uint64_t)(count - 1) * per_mille / 1000];
    return ticks < timer->cost_ticks ? 0 : (double)(ticks - timer->cost_ticks) * timer->tick_ns;
}

/* The percentiles of those @ticks whose command is of @kind, or of all for the kind COUNT. */
static struct btx_bench_latency percentiles(const struct btx_bench_flow *flow,
                                            const uint32_t *ticks, enum btx_bench_kind kind,
                                            const struct btx_bench_timer *timer)
{
    struct btx_bench_latency latency = {0};
    uint32_t *sorted = malloc(flow->shape.commands * sizeof *sorted);
    CHECK(sorted != NULL);
    for (uint32_t i = 0; i < flow->shape.commands; i++) {
        if (kind == BTX_BENCH_KIND_COUNT || flow->ops[i].kind == (uint8_t)kind) {
            sorted[latency.count] = ticks[i];
            latency.count++;
        }
    }
    if (latency.count > 0) {
        qsort(sorted, latency.count, sizeof *sorted, compare_ticks);
        latency.p50_ns = tick_percentile(sorted, latency.count, 500, timer);
        latency.p99_ns = tick_percentile(sorted, latency.count, 990, timer);
        latency.p999_ns = tick_percentile(sorted, latency.count, 999, timer);
    }
    free(sorted);
    return latency;
}

static void time_each_command(struct stage *stage, uint32_t *ret_ticks)
{
    const struct btx_bench_flow *flow = stage->flow;
    const uint8_t *at = flow->commands;
    fresh_core(stage);
    for (uint32_t i = 0; i < flow->shape.commands; i++) {
        const struct btx_command *command = (const struct btx_command *)(const void *)at;
        const uint64_t before = btx_bench_ticks();
        while (btx_core_step(stage->core, command, &stage->tx) == BTX_STEP_MORE) {
            command = NULL;
        }
        const uint64_t ticks = btx_bench_ticks() - before;
        ret_ticks[i] = ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX;
        at += btx_record_length_bytes((const struct btx_record *)(const void *)at);
    }
}

/* The least disturbed of a few passes: the one with the smallest p99.9. */
static void measure_latency(struct stage *stage, struct btx_bench_run *run)
{
    struct btx_bench_timer timer;
    const struct btx_bench_flow *flow = stage->flow;
    uint32_t *ticks = malloc(flow->shape.commands * sizeof *ticks);
    CHECK(ticks != NULL);
    btx_bench_timer_init(&timer);
    run->timer_ns = (double)timer.cost_ticks * timer.tick_ns;
    for (int pass = 0; pass < LATENCY_PASSES; pass++) {
        time_each_command(stage, ticks);
        const struct btx_bench_latency all = percentiles(flow, ticks, BTX_BENCH_KIND_COUNT, &timer);
        if (pass > 0 && all.p999_ns >= run->all.p999_ns) {
            continue;
        }
        run->all = all;
        for (int kind = 0; kind < BTX_BENCH_KIND_COUNT; kind++) {
            run->kinds[kind] = percentiles(flow, ticks, (enum btx_bench_kind)kind, &timer);
        }
    }
    free(ticks);
}

const char *btx_bench_run_flow(const struct btx_bench_flow *flow, uint32_t repetitions,
                               struct btx_bench_run *ret_run)
{
    struct stage stage;
    *ret_run = (struct btx_bench_run){0};
    stage_init(&stage, flow);
    const char *wrong = verify(&stage, &ret_run->facts);
    /* Repetition 0 warms up and is thrown away. */
    for (uint32_t i = 0; i <= repetitions && wrong == NULL; i++) {
        wrong = time_core(&stage, &ret_run->facts, &ret_run->core);
        for (int mode = 0; mode < BTX_BENCH_BASELINE_MODE_COUNT && wrong == NULL; mode++) {
            wrong =
                time_baseline(&stage, (enum btx_bench_baseline_mode)mode, &ret_run->baseline[mode]);
        }
        if (i == 0) {
            ret_run->core.count = 0;
            ret_run->baseline[BTX_BENCH_BASELINE_UNLINK].count = 0;
            ret_run->baseline[BTX_BENCH_BASELINE_MARK].count = 0;
        }
    }
    if (wrong == NULL) {
        measure_latency(&stage, ret_run);
    }
    stage_done(&stage);
    return wrong;
}

void btx_bench_run_once(const struct btx_bench_flow *flow)
{
    struct stage stage;
    struct btx_bench_timing ignored = {0};
    stage_init(&stage, flow);
    fresh_core(&stage);
    (void)btx_bench_core_loop(stage.core, flow->commands, flow->commands_bytes, &stage.tx);
    CHECK(time_baseline(&stage, BTX_BENCH_BASELINE_UNLINK, &ignored) == NULL);
    CHECK(time_baseline(&stage, BTX_BENCH_BASELINE_MARK, &ignored) == NULL);
    stage_done(&stage);
}

struct log {
    uint8_t *bytes; /* malloc()ed. */
    size_t length_bytes;
    size_t capacity_bytes;
};

static void log_append(struct log *log, const struct btx_tx *tx)
{
    if (log->capacity_bytes - log->length_bytes < tx->length_bytes) {
        log->capacity_bytes = log->capacity_bytes * 2 + BTX_TX_BYTES_MAX;
        log->bytes = realloc(log->bytes, log->capacity_bytes);
        CHECK(log->bytes != NULL);
    }
    memcpy(log->bytes + log->length_bytes, tx->bytes, tx->length_bytes);
    log->length_bytes += tx->length_bytes;
}

static void record_log(struct stage *stage, struct log *log)
{
    const struct btx_bench_flow *flow = stage->flow;
    fresh_core(stage);
    for (const uint8_t *at = flow->commands; at < flow->commands + flow->commands_bytes;) {
        const struct btx_command *command = (const struct btx_command *)(const void *)at;
        enum btx_step step = BTX_STEP_MORE;
        at += btx_record_length_bytes(&command->record);
        while (step == BTX_STEP_MORE) {
            step = btx_core_step(stage->core, command, &stage->tx);
            log_append(log, &stage->tx);
            command = NULL;
        }
    }
}

/* Returns the number of events, or 0 when a record was refused. */
__attribute__((noinline)) static uint64_t apply_loop(struct btx_core *core, const struct log *log)
{
    uint64_t events = 0;
    for (size_t at = 0; at < log->length_bytes;) {
        const struct btx_record *record = (const void *)(log->bytes + at);
        if (btx_core_apply(core, record) != NULL) {
            return 0;
        }
        events += btx_record_kind(record) == BTX_RECORD_EVENT ? 1 : 0;
        at += btx_record_length_bytes(record);
    }
    return events;
}

__attribute__((noinline)) static uint64_t check_apply_loop(struct btx_core *core,
                                                           const struct log *log)
{
    uint64_t events = 0;
    for (size_t at = 0; at < log->length_bytes;) {
        const struct btx_record *record = (const void *)(log->bytes + at);
        if (btx_record_check(record, log->length_bytes - at) != NULL ||
            btx_core_apply(core, record) != NULL) {
            return 0;
        }
        events += btx_record_kind(record) == BTX_RECORD_EVENT ? 1 : 0;
        at += btx_record_length_bytes(record);
    }
    return events;
}

/* Fold the log on a fresh core; afterwards its state must be the live one, byte for byte. */
static const char *time_fold(struct stage *stage, const struct log *log,
                             const struct btx_bench_facts *facts, bool check,
                             struct btx_bench_timing *timing)
{
    uint8_t folded[BTX_SHA256_BYTES];
    fresh_core(stage);
    const struct stopwatch start = stopwatch_start();
    const uint64_t events =
        check ? check_apply_loop(stage->core, log) : apply_loop(stage->core, log);
    stopwatch_stop(&start, facts->events, timing);
    if (events != facts->events) {
        return "a recorded log was refused";
    }
    digest(stage->core, folded);
    return memcmp(folded, facts->state_sha256, sizeof folded) == 0
               ? NULL
               : "folding the log gives another state than the live run";
}

const char *btx_bench_run_fold(const struct btx_bench_flow *flow, uint32_t repetitions,
                               struct btx_bench_fold *ret_fold)
{
    struct stage stage;
    struct log log = {0};
    struct btx_bench_facts facts;
    *ret_fold = (struct btx_bench_fold){0};
    stage_init(&stage, flow);
    const char *wrong = verify(&stage, &facts);
    if (wrong == NULL) {
        record_log(&stage, &log);
    }
    for (uint32_t i = 0; i <= repetitions && wrong == NULL; i++) {
        wrong = time_fold(&stage, &log, &facts, false, &ret_fold->apply);
        if (wrong == NULL) {
            wrong = time_fold(&stage, &log, &facts, true, &ret_fold->check_apply);
        }
        if (i == 0) {
            ret_fold->apply.count = 0;
            ret_fold->check_apply.count = 0;
        }
    }
    ret_fold->events = facts.events;
    ret_fold->records = facts.events + flow->shape.commands;
    ret_fold->bytes = log.length_bytes;
    free(log.bytes);
    stage_done(&stage);
    return wrong;
}

static int compare_doubles(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

double btx_bench_median(const double *values, uint32_t count)
{
    double sorted[BTX_BENCH_REPETITIONS_MAX];
    CHECK(count >= 1 && count <= BTX_BENCH_REPETITIONS_MAX);
    memcpy(sorted, values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    return count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

double btx_bench_minimum(const double *values, uint32_t count)
{
    CHECK(count >= 1 && count <= BTX_BENCH_REPETITIONS_MAX);
    double least = values[0];
    for (uint32_t i = 1; i < count; i++) {
        least = values[i] < least ? values[i] : least;
    }
    return least;
}
