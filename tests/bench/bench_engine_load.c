/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_engine_load.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "engine/base/check.h"
#include "engine/base/clock.h"
#include "engine/ring/ring_client.h"
#include "engine/status/reading.h"
#include "engine/wire/events.h"
#include "engine/wire/terms.h"
#include "tests/bench/bench_histogram.h"
#include "tests/bench/bench_timer.h"

#define CONNECT_NS UINT64_C(60000000000)
/* At least the longest record; small enough to stay in the processor's cache. */
#define READ_BYTES (UINT64_C(64) << 10)
/* So many commands are handed in, and so many times is read, before the other is looked at. */
#define BURST 256u
#define READS 16u
/* Commands that may wait for their answers, as a gateway limits them: what they come to must fit
 * the event ring of 16 MiB (some 280 bytes a command; a settlement 128 an account), or the reader
 * could be overrun. */
#define WAITING_MAX 40000u
#define OPERATOR_WAITING_MAX 2u
#define SETUP_WAITING_MAX 1024u
/* Who has nothing to do sleeps at least so long, unless something becomes durable before: what is
 * due meanwhile is handed in together, a little late, which its time tells. */
#define SLEEP_NS_MIN UINT64_C(20000)
#define SLEEP_NS_MAX UINT64_C(1000000)
/* An engine that says nothing for so long does not go on. */
#define PATIENCE_NS UINT64_C(60000000000)

struct load {
    const struct btx_bench_sessions *sessions;
    struct btx_ring_client operator_client; /* The first to connect has the operator's ring. */
    struct btx_ring_client client;          /* Its reader is the one that is read. */
    struct btx_status_view status;
    uint16_t client_producer;
    bool of_client; /* The events that come belong to a command of a client. */
    struct btx_bench_session_place place;
    uint64_t operations; /* Of the operator, handed in */
    uint64_t operated;   /* and answered. */
    uint64_t answered;   /* Commands of clients. */
    uint64_t orders;     /* Accepted. */
    uint64_t seq;        /* Of the last event. */
    uint64_t events;
    uint64_t full;
    uint64_t start_ns;
    uint64_t heard_ns; /* When the last event was read. */
    double each_ns;    /* Between two commands; 0: no rate. */
    const char *wrong; /* What is; NULL: nothing. */
    uint64_t *buffer;
    struct btx_bench_histogram latency;
};

static uint64_t now_ns(void)
{
    return btx_bench_clock_ns(CLOCK_MONOTONIC);
}

static uint64_t due_ns(const struct load *load, uint64_t number)
{
    return load->start_ns + (uint64_t)((double)number * load->each_ns);
}

/* --- Reading back ------------------------------------------------------------------------- */

static void take_event(struct load *load, const struct btx_record *record, uint64_t read_ns)
{
    if (record->seq != load->seq + 1) {
        load->wrong = "an event is missing";
    }
    load->seq = record->seq;
    load->events++;
    if (record->type == BTX_EVENT_COMMAND_REJECTED) {
        const struct btx_command_rejected *rejected = (const void *)record;
        load->wrong = btx_reject_terms[rejected->reason].text;
    }
    /* What is cancelled is named by its number, so numbers must be as they are counted here. */
    if (record->type == BTX_EVENT_ORDER_ACCEPTED &&
        ((const struct btx_order_accepted *)(const void *)record)->order != ++load->orders) {
        load->wrong = "an order has another number than was counted";
    }
    if ((record->kind_flags & BTX_RECORD_COMMAND_END) == 0) {
        return;
    }
    if (!load->of_client) {
        load->operated++;
        return;
    }
    if (load->each_ns > 0) {
        btx_bench_histogram_add(&load->latency, read_ns - due_ns(load, load->answered));
    }
    load->answered++;
}

static void take_record(struct load *load, const struct btx_record *record, uint64_t read_ns)
{
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        load->of_client =
            ((const struct btx_command *)(const void *)record)->producer == load->client_producer;
        return;
    case BTX_RECORD_EVENT:
        take_event(load, record, read_ns);
        return;
    case BTX_RECORD_NOTE:
        return;
    }
}

/* Whether there was anything. */
static bool read_once(struct load *load)
{
    size_t length_bytes = 0;
    size_t at = 0;
    switch (btx_event_reader_read(&load->client.events, load->buffer, READ_BYTES, &length_bytes)) {
    case BTX_EVENT_READ_NOTHING:
    case BTX_EVENT_READ_COUNT:
        return false;
    case BTX_EVENT_READ_OVERRUN:
        load->wrong = "the reader was overrun";
        return false;
    case BTX_EVENT_READ_BYTES:
        break;
    }
    load->heard_ns = now_ns();
    while (at < length_bytes && load->wrong == NULL) {
        const struct btx_record *record = (const void *)((const uint8_t *)load->buffer + at);
        const size_t record_bytes = btx_record_length_bytes(record);
        if (record_bytes > length_bytes - at) {
            break;
        }
        take_record(load, record, load->heard_ns);
        at += record_bytes;
    }
    btx_event_reader_advance(&load->client.events, at);
    return true;
}

/* What there is, but for a flood.  Whether there was anything. */
static bool read_events(struct load *load)
{
    uint32_t reads = 0;
    while (reads < READS && read_once(load)) {
        reads++;
    }
    return reads > 0;
}

/* --- Handing in --------------------------------------------------------------------------- */

/* Hand in what the operator may do now, up to number @end, while fewer than @waiting_max wait. */
static void operate(struct load *load, uint64_t end, uint64_t waiting_max)
{
    static union btx_command_space space;
    while (load->operations < end && load->operations - load->operated < waiting_max) {
        const struct btx_command *command =
            btx_bench_sessions_operator(load->sessions, load->operations, &space);
        const size_t length_bytes = btx_record_length_bytes(&command->record);
        void *to =
            btx_command_producer_claim(&load->operator_client.commands, (uint32_t)length_bytes);
        if (to == NULL) {
            return;
        }
        memcpy(to, command, length_bytes);
        btx_command_producer_commit(&load->operator_client.commands);
        load->operations++;
    }
}

/* Hand in commands up to number @end, but not more than a few.  Whether there is more to hand in
 * that could not be. */
static bool hand_in(struct load *load, uint64_t end)
{
    const uint64_t begin = load->place.number;
    const uint64_t time_ns = now_ns();
    while (load->place.number < end && load->place.number - begin < BURST) {
        void *to;
        if (load->place.index == 0 &&
            load->operated < btx_bench_sessions_must_operate(load->sessions, load->place.session)) {
            return true;
        }
        to = load->place.number - load->answered < WAITING_MAX
                 ? btx_command_producer_claim(&load->client.commands, BTX_BENCH_ORDER_BYTES)
                 : NULL;
        if (to == NULL) {
            load->full++;
            return true;
        }
        btx_bench_sessions_order(load->sessions, &load->place,
                                 load->each_ns > 0 ? due_ns(load, load->place.number) : time_ns,
                                 to);
        btx_command_producer_commit(&load->client.commands);
    }
    return false;
}

/* --- Waiting ------------------------------------------------------------------------------ */

/* Until something is durable, or @until_ns. */
static void wait_for(struct load *load, uint64_t until_ns)
{
    struct pollfd wait = {.fd = load->client.fd, .events = POLLIN};
    const uint64_t time_ns = now_ns();
    struct timespec timeout = {.tv_nsec = (long)SLEEP_NS_MIN};
    if (until_ns > time_ns + SLEEP_NS_MIN) {
        const uint64_t left_ns = until_ns - time_ns;
        timeout.tv_nsec = (long)(left_ns < SLEEP_NS_MAX ? left_ns : SLEEP_NS_MAX);
    }
    if (btx_ring_client_may_sleep(&load->client) && ppoll(&wait, 1, &timeout, NULL) > 0 &&
        btx_ring_client_read_news(&load->client) == BTX_RING_NEWS_ENDED) {
        load->wrong = "the engine has ended";
    }
    btx_ring_client_awake(&load->client);
    if (now_ns() - load->heard_ns > PATIENCE_NS) {
        load->wrong = "the engine does not go on";
    }
}

/* --- A run -------------------------------------------------------------------------------- */

/* So that closing one that was never opened is right. */
static void no_client(struct btx_ring_client *client)
{
    client->events.page_memory = client->events.bytes_memory = BTX_RING_MEMORY_NONE;
    client->commands.page_memory = client->commands.region_memory = BTX_RING_MEMORY_NONE;
    client->status_fd = client->fd = -1;
}

static enum btx_fault_code connect_all(struct load *load, const char *socket,
                                       struct btx_fault *reterr_fault)
{
    uint64_t mark;
    if (btx_ring_client_open(&load->operator_client, socket, CONNECT_NS, reterr_fault) != BTX_OK ||
        btx_ring_client_open(&load->client, socket, CONNECT_NS, reterr_fault) != BTX_OK ||
        btx_status_view_open(&load->status, load->client.status_fd, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    load->client_producer = btx_command_producer_terms(&load->client.commands).producer;
    while (!btx_event_reader_join(&load->client.events, &mark)) {
    }
    load->seq = mark;
    load->heard_ns = now_ns();
    return BTX_OK;
}

static enum btx_fault_code verdict(const struct load *load, struct btx_fault *reterr_fault)
{
    if (load->wrong == NULL) {
        return BTX_OK;
    }
    return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0,
                         "%s (event %llu, command %llu of %llu, operation %llu of %llu)%s%s",
                         load->wrong, (unsigned long long)load->seq,
                         (unsigned long long)load->answered, (unsigned long long)load->place.number,
                         (unsigned long long)load->operated, (unsigned long long)load->operations,
                         load->client.why[0] != '\0' ? ": " : "", load->client.why);
}

/* Accounts and markets, all of them there. */
static void set_up(struct load *load)
{
    const uint64_t end = btx_bench_sessions_setup(load->sessions);
    while (load->operated < end && load->wrong == NULL) {
        operate(load, end, SETUP_WAITING_MAX);
        if (!read_events(load)) {
            wait_for(load, now_ns() + SLEEP_NS_MAX);
        }
    }
}

/* How many commands are due. */
static uint64_t due(const struct load *load, uint64_t end_ns)
{
    const uint64_t time_ns = now_ns();
    if (load->each_ns > 0) {
        const uint64_t until_ns = time_ns < end_ns ? time_ns : end_ns;
        return (uint64_t)((double)(until_ns - load->start_ns) / load->each_ns);
    }
    return time_ns < end_ns ? UINT64_MAX : load->place.number;
}

static void run(struct load *load, double seconds)
{
    const uint64_t end_ns = load->start_ns + (uint64_t)(seconds * 1e9);
    for (;;) {
        const uint64_t end = due(load, end_ns);
        const bool waits = hand_in(load, end);
        const bool is_over = now_ns() >= end_ns && load->place.number >= end;
        if (!is_over) {
            operate(load, btx_bench_sessions_may_operate(load->sessions, load->answered),
                    OPERATOR_WAITING_MAX);
        }
        const bool heard = read_events(load);
        if (load->wrong != NULL || (is_over && load->answered == load->place.number &&
                                    load->operated == load->operations)) {
            return;
        }
        if (!heard && (waits || load->place.number >= end)) {
            wait_for(load, waits || load->each_ns <= 0 ? now_ns() + SLEEP_NS_MAX
                                                       : due_ns(load, load->place.number));
        }
    }
}

/* --- Figures ------------------------------------------------------------------------------ */

/* What is counted over a run, at one moment. */
struct counts {
    struct btx_bench_engine_cpu cpu;
    uint64_t client_ns;
    uint64_t events;
    uint64_t commits;
    uint64_t commit_bytes;
    uint64_t stalls;
    uint64_t rotations;
    uint64_t pool_waits;
};

static uint64_t figure(const struct btx_status_reading *reading, enum btx_status_figure figure)
{
    const uint64_t value = reading->slots[figure];
    return value == BTX_STATUS_ABSENT ? 0 : value;
}

static enum btx_fault_code count(const struct load *load,
                                 const struct btx_bench_engine_process *process,
                                 struct counts *ret_counts, struct btx_fault *reterr_fault)
{
    static struct btx_status_reading reading;
    btx_status_reading_init(&reading, btx_clock_system());
    if (btx_status_reading_add_view(&reading, &load->status, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    *ret_counts = (struct counts){
        .client_ns = btx_bench_clock_ns(CLOCK_THREAD_CPUTIME_ID),
        .events = load->events,
        .commits = figure(&reading, BTX_STATUS_COMMITS),
        .commit_bytes = figure(&reading, BTX_STATUS_COMMIT_BYTES),
        .stalls = figure(&reading, BTX_STATUS_RING_STALLS),
        .rotations = figure(&reading, BTX_STATUS_ROTATIONS),
        .pool_waits = figure(&reading, BTX_STATUS_POOL_WAITS),
    };
    btx_bench_engine_cpu(process, &ret_counts->cpu);
    return BTX_OK;
}

static double percentile_us(const struct btx_bench_histogram *histogram, uint32_t per_mille)
{
    return (double)btx_bench_histogram_value(histogram, per_mille) / 1000;
}

static void take_figures(const struct load *load, const struct counts *before,
                         const struct counts *after, struct btx_bench_engine_result *result)
{
    const double events = (double)(after->events - before->events);
    *result = (struct btx_bench_engine_result){
        .commands = load->answered,
        .events = after->events - before->events,
        .first_seq = load->seq + 1 - (after->events - before->events),
        .last_seq = load->seq,
        .full = load->full,
        .commits = after->commits - before->commits,
        .commit_bytes = after->commit_bytes - before->commit_bytes,
        .stalls = after->stalls - before->stalls,
        .pool_waits = after->pool_waits - before->pool_waits,
        .rotations = after->rotations - before->rotations,
        .seconds = (double)(load->heard_ns - load->start_ns) / 1e9,
        .matcher_ns = (double)(after->cpu.matcher_ns - before->cpu.matcher_ns) / events,
        .poller_ns = (double)(after->cpu.poller_ns - before->cpu.poller_ns) / events,
        .others_ns = (double)(after->cpu.others_ns - before->cpu.others_ns) / events,
        .client_ns = (double)(after->client_ns - before->client_ns) / events,
        .latency = {.p50 = percentile_us(&load->latency, 500),
                    .p90 = percentile_us(&load->latency, 900),
                    .p99 = percentile_us(&load->latency, 990),
                    .p999 = percentile_us(&load->latency, 999),
                    .maximum = (double)load->latency.maximum / 1000},
    };
}

static enum btx_fault_code drive(struct load *load, const struct btx_bench_engine_process *process,
                                 double rate, double seconds,
                                 struct btx_bench_engine_result *ret_result,
                                 struct btx_fault *reterr_fault)
{
    struct counts before;
    struct counts after;
    if (connect_all(load, process->socket, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    set_up(load);
    if (verdict(load, reterr_fault) != BTX_OK ||
        count(load, process, &before, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    load->each_ns = rate > 0 ? 1e9 / rate : 0;
    load->start_ns = now_ns();
    run(load, seconds);
    if (verdict(load, reterr_fault) != BTX_OK ||
        count(load, process, &after, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    take_figures(load, &before, &after, ret_result);
    return BTX_OK;
}

enum btx_fault_code btx_bench_engine_load(const struct btx_bench_engine_process *process,
                                          const struct btx_bench_sessions *sessions, double rate,
                                          double seconds,
                                          struct btx_bench_engine_result *ret_result,
                                          struct btx_fault *reterr_fault)
{
    static struct load load; /* Great for the stack, and one at a time. */
    memset(&load, 0, sizeof load);
    load.sessions = sessions;
    no_client(&load.client);
    no_client(&load.operator_client);
    load.buffer = aligned_alloc(BTX_RECORD_UNIT_BYTES, READ_BYTES);
    CHECK(load.buffer != NULL);
    /* Short sleeps are to be as short as they are asked for. */
    (void)prctl(PR_SET_TIMERSLACK, 1); /* Where that fails they are 50 us longer. */
    const enum btx_fault_code code = drive(&load, process, rate, seconds, ret_result, reterr_fault);
    btx_status_view_close(&load.status);
    btx_ring_client_close(&load.client);
    btx_ring_client_close(&load.operator_client);
    free(load.buffer);
    return code;
}
