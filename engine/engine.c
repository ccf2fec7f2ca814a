/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/base/setting_digest.h"
#include "engine/exchange/log_notes.h"
#include "engine/exchange/recovery.h"
#include "engine/loop/matcher.h"
#include "engine/loop/poller.h"
#include "engine/loop/waiting.h"
#include "engine/peer_watch.h"
#include "engine/ring/ring_server.h"
#include "engine/service/locking.h"
#include "engine/service/pinning.h"
#include "engine/service/sandbox.h"
#include "engine/service/slew_clock.h"
#include "engine/wal/writer.h"

#define IMAGE "betexd " BTX_VERSION
#define MS_NS UINT64_C(1000000)
#define SECOND_NS (1000 * MS_NS)
/* The watching thread looks this often. */
#define WATCH_MS 200
/* A thread that has not said for so long that it is alive does not move. */
#define STUCK_NS (2 * SECOND_NS)
/* The poller sleeps at most so long when nothing comes. */
#define POLLER_WAIT_NS (50 * MS_NS)
#define GATEWAYS_MAX 8u
/* The log's segments, rings, a connection for each port and those that wait. */
#define DESCRIPTORS_MAX 1024
#define ADMIN_RING_BYTES (UINT64_C(1) << 20)
#define GATEWAY_RING_BYTES (UINT64_C(1) << 20)

/* A thread that begins.  It stays until both threads are joined: who posts a semaphore may still be
 * in it when the one that waited goes on. */
struct thread_start {
    struct engine *engine;
    const char *name;
    size_t index;
    void *(*run)(void *argument);
    sem_t began;
    struct btx_fault fault;
};

struct engine {
    const struct btx_engine_options *options;
    const struct btx_clock *clock; /* the kernel's */
    struct btx_slew_clock time;    /* the exchange's; the matcher's once it runs */
    struct btx_exchange exchange;
    struct btx_wal_writer *writer;
    struct btx_event_ring ring;
    bool has_ring;
    struct btx_status_page page;
    struct btx_status_writer status;
    struct btx_status_writer descriptors;
    struct btx_status_writer segments;
    struct btx_ring_port_rule rules[1 + GATEWAYS_MAX];
    struct btx_ring_port *ports[1 + GATEWAYS_MAX];
    size_t port_count;
    struct btx_ring_server *server;
    struct btx_peer_watch peers;
    struct btx_desk desk;
    struct btx_latency_track track;
    struct btx_matcher matcher;
    struct btx_poller poller;
    struct btx_fault poller_fault;
    struct thread_start starts[2];
    pthread_t matcher_thread;
    pthread_t poller_thread;
    uint64_t log_seq;
    uint64_t watched_second_ns;
    bool was_away;
    bool told_stopping;
};

/* ---- Threads ---- */

static void look_at_clock(void *context)
{
    struct engine *engine = context;
    const bool away = !btx_slew_clock_look(&engine->time);

    if (away && !engine->was_away)
        (void)atomic_fetch_add_explicit(&engine->desk.clock_steps, 1, memory_order_relaxed);
    engine->was_away = away;
    atomic_store_explicit(&engine->desk.clock_distance_ns,
                          btx_slew_clock_distance_ns(&engine->time), memory_order_relaxed);
}

static void kick_server(void *context)
{
    struct engine *engine = context;

    btx_ring_server_kick(engine->server);
}

static void wake_peers(void *context, uint64_t durable)
{
    struct engine *engine = context;

    btx_ring_server_wake(engine->server, durable);
}

static void *run_matcher(void *argument)
{
    struct engine *engine = argument;
    const struct btx_setting_cores *cores = &engine->options->settings->engine.cores;
    struct btx_waiting waiting = {.owns_core = btx_waiting_may_spin(cores->count)};

    for (;;) {
        switch (btx_matcher_turn(&engine->matcher)) {
        case BTX_MATCHER_WORKED:
            btx_waiting_worked(&waiting);
            continue;
        case BTX_MATCHER_IDLE:
        case BTX_MATCHER_FULL:
            btx_waiting_idle(&waiting);
            continue;
        case BTX_MATCHER_STOPPED:
            return NULL;
        }
    }
}

static void *run_poller(void *argument)
{
    struct engine *engine = argument;

    for (;;) {
        switch (btx_poller_turn(&engine->poller, &engine->poller_fault)) {
        case BTX_POLLER_WORKED:
            continue;
        case BTX_POLLER_IDLE:
            (void)btx_event_ring_wait(&engine->ring, POLLER_WAIT_NS);
            continue;
        case BTX_POLLER_STOPPED:
        case BTX_POLLER_FAILED:
            return NULL;
        }
    }
}

/* Which of the configured cores thread number @index has: the matcher's is the first, the others
 * share what is left, or that one where there is no other. */
static uint64_t core_of(const struct btx_setting_cores *cores, size_t index)
{
    return index == 0 || cores->count == 1 ? cores->cores[0]
                                           : cores->cores[1 + (index - 1) % (cores->count - 1)];
}

static void *begin_thread(void *argument)
{
    struct thread_start *start = argument;
    const struct btx_setting_cores *cores = &start->engine->options->settings->engine.cores;
    bool failed = false;

    btx_pinning_name(start->name);
    if (cores->count != 0 &&
        btx_pinning_pin(start->name, core_of(cores, start->index), &start->fault) != BTX_OK)
        failed = true; /* start_thread() says why. */
    CHECK(sem_post(&start->began) == 0);
    return failed ? NULL : start->run(start->engine);
}

/* Start a thread, and wait until it is where it belongs. */
static enum btx_fault_code start_thread(struct engine *engine, const char *name, size_t index,
                                        void *(*run)(void *argument), pthread_t *ret_thread,
                                        struct btx_fault *reterr_fault)
{
    struct thread_start *start = &engine->starts[index];
    int error;

    CHECK(index < BTX_COUNT_OF(engine->starts));
    *start = (struct thread_start){.engine = engine, .name = name, .index = index, .run = run};
    CHECK(sem_init(&start->began, 0, 0) == 0);
    error = pthread_create(ret_thread, NULL, begin_thread, start);
    if (error != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, error, "cannot start thread %s", name);
    while (sem_wait(&start->began) != 0)
        CHECK(errno == EINTR);
    if (start->fault.code == BTX_OK)
        return BTX_OK;
    CHECK(pthread_join(*ret_thread, NULL) == 0);
    *reterr_fault = start->fault;
    return reterr_fault->code;
}

/* ---- Start ---- */

/* Of all settings. */
static enum btx_fault_code hash_settings(const struct btx_config *config,
                                         uint8_t ret_digest[BTX_SHA256_BYTES],
                                         struct btx_fault *reterr_fault)
{
    struct btx_sha256 sha256 = {0};

    if (btx_sha256_init(&sha256, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    for (size_t i = 0; i < config->key_count; i++)
        btx_setting_digest(config->keys[i].setting, config->keys[i].values, &sha256);
    btx_sha256_final(&sha256, ret_digest);
    btx_sha256_done(&sha256);
    return BTX_OK;
}

static enum btx_fault_code open_status(struct engine *engine, struct btx_fault *reterr_fault)
{
    const char *reasons[BTX_REJECT_COUNT];
    const char *commands[BTX_COMMAND_COUNT + 1] = {[0] = ""};
    char host[256] = "unknown";
    const struct btx_status_options options = {
        .parts = 1u << BTX_STATUS_PART_MAIN | 1u << BTX_STATUS_PART_MATCHER |
                 1u << BTX_STATUS_PART_POLLER | 1u << BTX_STATUS_PART_SEGMENTS |
                 1u << BTX_STATUS_PART_DESCRIPTORS,
        .incarnation = btx_wal_writer_epoch(engine->writer),
        .version = BTX_VERSION,
        .reasons = reasons,
        .reason_count = BTX_REJECT_COUNT,
        .commands = commands,
        .command_count = BTX_COMMAND_COUNT + 1,
        .clock = engine->clock,
    };

    for (size_t i = 0; i < BTX_REJECT_COUNT; i++)
        reasons[i] = btx_reject_terms[i].text;
    for (size_t i = 1; i <= BTX_COMMAND_COUNT; i++)
        commands[i] = btx_command_name((enum btx_command_type)i)->text;
    if (btx_status_page_create(&engine->page, &options, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    btx_status_writer_init(&engine->status, engine->page.shared, BTX_STATUS_PART_MAIN);
    btx_status_writer_init(&engine->descriptors, engine->page.shared, BTX_STATUS_PART_DESCRIPTORS);
    btx_status_writer_init(&engine->segments, engine->page.shared, BTX_STATUS_PART_SEGMENTS);
    (void)gethostname(host, sizeof host - 1); /* A host without a name stays unknown. */
    btx_status_put_text(&engine->status, BTX_STATUS_TEXT_HOST, host);
    btx_status_put_text(&engine->status, BTX_STATUS_TEXT_IMAGE, IMAGE);
    btx_status_set(&engine->status, BTX_STATUS_START, btx_clock_wall_ns(engine->clock));
    btx_status_set(&engine->status, BTX_STATUS_RULES_VERSION, BTX_RULES_VERSION);
    btx_status_set(&engine->status, BTX_STATUS_WATCHDOG_INTERVAL,
                   engine->options->notify->watchdog_ns);
    return BTX_OK;
}

static void tell_recovery(struct engine *engine, const struct btx_recovery_report *report,
                          uint64_t duration_ns)
{
    struct btx_log_line line;

    btx_log_begin(&line, engine->options->log, BTX_LOG_NOTICE, "log recovered");
    btx_log_text(&line, "wal", engine->options->wal);
    btx_log_u64(&line, "epoch", btx_wal_writer_epoch(engine->writer));
    btx_log_u64(&line, "seq", report->position.seq);
    btx_log_u64(&line, "snapshot_seq", report->snapshot_seq);
    btx_log_u64(&line, "duration_ms", duration_ns / MS_NS);
    btx_log_end(&line);
    if (report->cut) {
        btx_log_begin(&line, engine->options->log, BTX_LOG_WARNING,
                      "the end of the log was torn, and was cut: nothing acknowledged is lost");
        btx_log_end(&line);
    }
    if (report->snapshots_refused != 0) {
        btx_log_begin(&line, engine->options->log, BTX_LOG_WARNING, "snapshots could not be used");
        btx_log_u64(&line, "count", report->snapshots_refused);
        btx_log_text(&line, "why", report->snapshot_why);
        btx_log_end(&line);
    }
    btx_status_set(&engine->status, BTX_STATUS_RECOVERY_SEQ, report->position.seq);
    btx_status_set(&engine->status, BTX_STATUS_RECOVERY_END, report->position.seq);
    btx_status_set(&engine->status, BTX_STATUS_RECOVERY_NS, duration_ns);
}

/* The log and the state that it says. */
static enum btx_fault_code recover(struct engine *engine, struct btx_fault *reterr_fault)
{
    const struct btx_settings *settings = engine->options->settings;
    const struct btx_core_capacity capacity = btx_settings_capacity(settings);
    const struct btx_wal_writer_options options = {.root = engine->options->wal,
                                                   .settings = settings->wal,
                                                   .program = "betexd",
                                                   .clock = engine->clock};
    struct btx_recovery_options recovery = {.root = engine->options->wal, .at_seq = UINT64_MAX};
    struct btx_recovery_report report;
    const uint64_t began_ns = btx_clock_monotonic_ns(engine->clock);

    if (btx_wal_writer_open(&engine->writer, &options, reterr_fault) != BTX_OK ||
        open_status(engine, reterr_fault) != BTX_OK ||
        btx_exchange_open(&engine->exchange, &capacity, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    btx_status_set(&engine->status, BTX_STATUS_STATE, BTX_STATUS_ENGINE_RECOVERING);
    recovery.end = btx_wal_writer_recovered(engine->writer);
    if (btx_recovery_run(&engine->exchange, &recovery, &report, reterr_fault) != BTX_OK ||
        btx_slew_clock_init(&engine->time, engine->clock, report.position.time_ns, reterr_fault) !=
            BTX_OK)
        return reterr_fault->code;
    engine->log_seq = report.position.seq;
    tell_recovery(engine, &report, btx_clock_monotonic_ns(engine->clock) - began_ns);
    return BTX_OK;
}

/* Write into the log who starts, before anybody can ask for anything. */
static enum btx_fault_code write_start(struct engine *engine, struct btx_fault *reterr_fault)
{
    struct btx_log_start start = {.epoch = btx_wal_writer_epoch(engine->writer), .image = IMAGE};
    uint8_t *bytes = aligned_alloc(BTX_RECORD_UNIT_BYTES, 1024);
    struct iovec piece = {.iov_base = bytes};
    enum btx_fault_code code;

    if (bytes == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for a note");
    code = hash_settings(engine->options->config, start.configuration_sha256, reterr_fault);
    if (code == BTX_OK) {
        piece.iov_len = btx_log_note_start(bytes, &engine->exchange, &start,
                                           btx_clock_wall_ns(&engine->time.clock));
        btx_record_seal((struct btx_record *)(void *)bytes);
        code = btx_wal_writer_commit(engine->writer, &piece, 1, reterr_fault);
    }
    free(bytes);
    return code;
}

static enum btx_fault_code open_ring(struct engine *engine, struct btx_fault *reterr_fault)
{
    const struct btx_engine_settings *settings = &engine->options->settings->engine;
    const bool hugepages = settings->hugepages == BTX_HUGEPAGES_REQUIRED;
    const struct btx_event_ring_options options = {
        .capacity_bytes = settings->ring_events * BTX_WAL_RING_EVENT_BYTES,
        .incarnation = btx_wal_writer_epoch(engine->writer),
        .mark = engine->log_seq,
        .hugepages = hugepages,
        .lock_required = hugepages,
    };

    if (btx_event_ring_create(&engine->ring, &options, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    engine->has_ring = true;
    btx_status_set(&engine->status, BTX_STATUS_HUGEPAGES, hugepages);
    return BTX_OK;
}

/* What a command touches besides the rings, which lock themselves.  Recovery is done: it maps the
 * state's memory anew when it has to begin again. */
static enum btx_fault_code lock_memory(const struct engine *engine, struct btx_fault *reterr_fault)
{
    const bool required = engine->options->settings->engine.hugepages == BTX_HUGEPAGES_REQUIRED;
    struct btx_fault fault = {0};
    struct btx_log_line line;
    size_t state_bytes;
    size_t writer_bytes;
    const void *state = btx_exchange_memory(&engine->exchange, &state_bytes);
    const void *writer = btx_wal_writer_memory(engine->writer, &writer_bytes);

    if (btx_locking_lock("the engine", engine, sizeof *engine, &fault) == BTX_OK &&
        btx_locking_lock("the log's writer", writer, writer_bytes, &fault) == BTX_OK &&
        btx_locking_lock("the exchange's state", state, state_bytes, &fault) == BTX_OK)
        return BTX_OK;
    if (required) {
        *reterr_fault = fault;
        return fault.code;
    }
    btx_log_begin(&line, engine->options->log, BTX_LOG_WARNING,
                  "memory is not locked, and may be swapped out");
    btx_log_fault(&line, &fault);
    btx_log_end(&line);
    return BTX_OK;
}

static enum btx_fault_code find_user(const char *key, const char *name, uid_t *ret_uid,
                                     struct btx_fault *reterr_fault)
{
    const struct passwd *entry;

    errno = 0;
    entry = getpwnam(name);
    if (entry == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, errno,
                             "%s: there is no user '%s' on this machine", key, name);
    *ret_uid = entry->pw_uid;
    return BTX_OK;
}

/* Who may hand in what. */
static enum btx_fault_code make_rules(struct engine *engine, struct btx_fault *reterr_fault)
{
    const struct btx_engine_settings *settings = &engine->options->settings->engine;
    struct btx_ring_port_rule *rule = &engine->rules[0];

    *rule = (struct btx_ring_port_rule){
        .name = "admin",
        .producer = 1,
        .ring_bytes = ADMIN_RING_BYTES,
        .commands = {.types = btx_matcher_admin_types,
                     .length_bytes_max = BTX_COMMAND_BYTES_MAX,
                     .kind = BTX_RECORD_COMMAND,
                     .check = btx_matcher_check},
    };
    if (find_user("engine.admin_user", settings->admin_user, &rule->uid, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    engine->port_count = 1 + settings->gateways;
    CHECK(engine->port_count <= 1 + GATEWAYS_MAX);
    for (size_t i = 1; i < engine->port_count; i++) {
        rule = &engine->rules[i];
        *rule = (struct btx_ring_port_rule){
            .name = "gateway",
            .producer = (uint16_t)(1 + i),
            .ring_bytes = GATEWAY_RING_BYTES,
            .accounts_max = BTX_RING_ACCOUNTS_MAX,
            .commands = {.types = btx_matcher_gateway_types,
                         .length_bytes_max = BTX_COMMAND_BYTES_MAX,
                         .kind = BTX_RECORD_COMMAND,
                         .check = btx_matcher_check_gateway},
        };
        if (find_user("engine.gateway_user", settings->gateway_user, &rule->uid, reterr_fault) !=
            BTX_OK)
            return reterr_fault->code;
    }
    return BTX_OK;
}

static enum btx_fault_code open_server(struct engine *engine, struct btx_fault *reterr_fault)
{
    const struct btx_ring_server_options options = {
        .path = engine->options->settings->engine.socket,
        .mode = 0666, /* The kernel says who a peer is. */
        .rules = engine->rules,
        .rule_count = engine->port_count,
        .events = &engine->ring,
        .status_fd = engine->page.fd,
        .first_incarnation = 1,
        .lock_required = engine->options->settings->engine.hugepages == BTX_HUGEPAGES_REQUIRED,
        .patience_ns = 2 * SECOND_NS,
        .mapping_ns = 5 * SECOND_NS,
        .reopen_ns = 10 * MS_NS,
        .clock = engine->clock,
        .on_news = btx_peer_watch_news,
        .news_context = &engine->peers,
    };

    btx_peer_watch_init(&engine->peers, engine->options->log, engine->clock, &engine->descriptors,
                        engine->rules, engine->port_count);
    if (btx_ring_server_open(&engine->server, &options, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    for (size_t i = 0; i < engine->port_count; i++)
        engine->ports[i] = btx_ring_server_port(engine->server, i);
    return BTX_OK;
}

/* Which core each part is pinned to; before its thread writes to the page itself.  The threads of
 * the descriptors and the segments are where the main thread was when it started them. */
static void show_cores(const struct engine *engine)
{
    static const struct {
        enum btx_status_part part;
        size_t index;
    } rows[] = {
        {BTX_STATUS_PART_MATCHER, 0},     {BTX_STATUS_PART_POLLER, 1},   {BTX_STATUS_PART_MAIN, 2},
        {BTX_STATUS_PART_DESCRIPTORS, 2}, {BTX_STATUS_PART_SEGMENTS, 2},
    };
    const struct btx_setting_cores *cores = &engine->options->settings->engine.cores;
    struct btx_status_writer writer;

    for (size_t i = 0; i < BTX_COUNT_OF(rows) && cores->count != 0; i++) {
        btx_status_writer_init(&writer, engine->page.shared, rows[i].part);
        btx_status_common(&writer, BTX_STATUS_COMMON_CORE, core_of(cores, rows[i].index));
    }
}

static void join_threads(struct engine *engine)
{
    CHECK(pthread_join(engine->matcher_thread, NULL) == 0);
    CHECK(pthread_join(engine->poller_thread, NULL) == 0);
}

/* Matcher and poller begin.  After a fault neither runs. */
static enum btx_fault_code start_threads(struct engine *engine, struct btx_fault *reterr_fault)
{
    const struct btx_poller_options poller = {
        .ring = &engine->ring,
        .writer = engine->writer,
        .settings = &engine->options->settings->wal,
        .mark = engine->log_seq,
        .clock = engine->clock,
        .desk = &engine->desk,
        .track = &engine->track,
        .status = engine->page.shared,
        .wake = wake_peers,
        .wake_context = engine,
    };
    const struct btx_matcher_options matcher = {
        .exchange = &engine->exchange,
        .ring = &engine->ring,
        .ports = engine->ports,
        .port_count = engine->port_count,
        .clock = &engine->time.clock,
        .desk = &engine->desk,
        .track = &engine->track,
        .status = engine->page.shared,
        .look = look_at_clock,
        .look_context = engine,
        .kick = kick_server,
        .kick_context = engine,
    };

    btx_poller_init(&engine->poller, &poller);
    btx_matcher_init(&engine->matcher, &matcher);
    show_cores(engine);
    if (start_thread(engine, "btx-matcher", 0, run_matcher, &engine->matcher_thread,
                     reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (start_thread(engine, "btx-poller", 1, run_poller, &engine->poller_thread, reterr_fault) ==
        BTX_OK)
        return BTX_OK;
    btx_desk_wish(&engine->desk, BTX_ENGINE_ABORT);
    CHECK(pthread_join(engine->matcher_thread, NULL) == 0);
    return reterr_fault->code;
}

/* ---- Watching ---- */

static uint64_t heartbeat_ns(const struct engine *engine, enum btx_status_part part)
{
    return atomic_load_explicit(
        &engine->page.shared->slots[btx_status_common_slot(part, BTX_STATUS_COMMON_HEARTBEAT)],
        memory_order_relaxed);
}

/* Whether matcher and poller have moved lately. */
static bool all_move(const struct engine *engine, uint64_t now_ns)
{
    return now_ns - heartbeat_ns(engine, BTX_STATUS_PART_MATCHER) < STUCK_NS &&
           now_ns - heartbeat_ns(engine, BTX_STATUS_PART_POLLER) < STUCK_NS;
}

static void tell_disk(struct engine *engine)
{
    struct statvfs disk;

    if (statvfs(engine->options->wal, &disk) != 0)
        return; /* Stays as old as it says it is. */
    btx_status_set(&engine->segments, BTX_STATUS_DISK_FREE,
                   (uint64_t)disk.f_bavail * disk.f_frsize);
    btx_status_set(&engine->segments, BTX_STATUS_DISK_TOTAL,
                   (uint64_t)disk.f_blocks * disk.f_frsize);
    btx_status_set(&engine->segments, BTX_STATUS_DISK_CHECK, btx_clock_wall_ns(engine->clock));
}

static void watch(struct engine *engine)
{
    const struct btx_status_writer *status = &engine->status;
    const uint64_t now_ns = btx_clock_monotonic_ns(engine->clock);
    const int64_t distance_ns =
        atomic_load_explicit(&engine->desk.clock_distance_ns, memory_order_relaxed);

    btx_status_beat(status, now_ns);
    btx_status_beat(&engine->descriptors, now_ns);
    btx_status_beat(&engine->segments, now_ns);
    btx_status_set(status, BTX_STATUS_CLOCK_STEPS,
                   atomic_load_explicit(&engine->desk.clock_steps, memory_order_relaxed));
    btx_status_set(status, BTX_STATUS_CLOCK_DISTANCE,
                   (uint64_t)(distance_ns < 0 ? -distance_ns : distance_ns));
    if (btx_desk_wished(&engine->desk) == BTX_ENGINE_DRAIN)
        btx_status_set(status, BTX_STATUS_STATE, BTX_STATUS_ENGINE_DRAINING);
    if (all_move(engine, now_ns)) {
        if (btx_notify_alive(engine->options->notify, now_ns))
            btx_status_add(status, BTX_STATUS_WATCHDOG_BEATS, 1);
    } else {
        btx_status_add(status, BTX_STATUS_WATCHDOG_MISSES, 1);
    }
    if (now_ns - engine->watched_second_ns < SECOND_NS)
        return;
    engine->watched_second_ns = now_ns;
    btx_peer_watch_tell(&engine->peers, engine->server, engine->port_count);
    tell_disk(engine);
}

static void note_line(const struct engine *engine, const char *message, uint64_t seq)
{
    struct btx_log_line line;

    btx_log_begin(&line, engine->options->log, BTX_LOG_NOTICE, message);
    btx_log_u64(&line, "seq", seq);
    btx_log_end(&line);
}

/* Until the end is wished for by a signal, an operator, or the poller. */
static void serve(struct engine *engine)
{
    struct pollfd wait = {.fd = engine->options->signals->fd, .events = POLLIN};

    while (!btx_notify_ready(engine->options->notify))
        (void)poll(NULL, 0, 10);
    btx_status_set(&engine->status, BTX_STATUS_STATE, BTX_STATUS_ENGINE_SERVING);
    btx_status_common(&engine->status, BTX_STATUS_COMMON_PART_STATE, BTX_STATUS_PART_RUNNING);
    btx_status_common(&engine->descriptors, BTX_STATUS_COMMON_PART_STATE, BTX_STATUS_PART_RUNNING);
    note_line(engine, "serving", engine->log_seq);
    while (btx_desk_wished(&engine->desk) < BTX_ENGINE_STOP) {
        watch(engine);
        if (poll(&wait, 1, WATCH_MS) > 0)
            btx_signals_read(engine->options->signals);
        if (btx_signals_stop(engine->options->signals) != 0)
            btx_desk_wish(&engine->desk, BTX_ENGINE_STOP);
    }
    (void)btx_notify_stopping(engine->options->notify);
    btx_status_set(&engine->status, BTX_STATUS_STATE, BTX_STATUS_ENGINE_DRAINING);
    join_threads(engine);
}

/* ---- Sandbox ---- */

/* Make the log's folder, if there is none: a sandbox is made of what is there.  What goes wrong is
 * said when the log is opened. */
static void make_wal_folder(const struct engine *engine)
{
    (void)mkdir(engine->options->wal, 0750);
}

/* Before anything that others wrote is read, and before there are other threads. */
static enum btx_fault_code enter_sandbox(const struct engine *engine,
                                         struct btx_fault *reterr_fault)
{
    const char *wal = engine->options->wal;
    const struct btx_sandbox_path paths[] = {
        {.path = wal, .access = BTX_SANDBOX_WRITE},
        {.path = wal, .access = BTX_SANDBOX_READ, .folder_of = true},
        {.path = engine->options->settings->engine.socket,
         .access = BTX_SANDBOX_SOCKETS,
         .folder_of = true},
        {.path = "/dev/null", .access = BTX_SANDBOX_READ, .optional = true},
        /* What texts of faults are made from. */
        {.path = "/proc/self/mountinfo", .access = BTX_SANDBOX_READ, .optional = true},
        {.path = "/proc/sys/kernel/random/boot_id", .access = BTX_SANDBOX_READ, .optional = true},
        {.path = "/proc/sys/vm/nr_hugepages", .access = BTX_SANDBOX_READ, .optional = true},
        {.path = "/sys/kernel/mm/hugepages", .access = BTX_SANDBOX_READ, .optional = true},
    };
    const struct btx_sandbox sandbox = {
        .profile = BTX_SANDBOX_ENGINE_START,
        .limits = {.descriptors = DESCRIPTORS_MAX},
        .files = {.paths = paths, .path_count = BTX_COUNT_OF(paths)},
    };

    make_wal_folder(engine);
    if (engine->options->sandbox)
        return btx_sandbox_enter(&sandbox, engine->options->log, reterr_fault);
    btx_sandbox_leave_out(engine->options->log);
    return BTX_OK;
}

/* Every thread is where it belongs. */
static enum btx_fault_code narrow_sandbox(const struct engine *engine,
                                          struct btx_fault *reterr_fault)
{
    return engine->options->sandbox
               ? btx_sandbox_close_calls(BTX_SANDBOX_ENGINE, BTX_SANDBOX_KILL, reterr_fault)
               : BTX_OK;
}

/* ---- All of it ---- */

static enum btx_fault_code pin_main(const struct engine *engine, struct btx_fault *reterr_fault)
{
    const struct btx_setting_cores *cores = &engine->options->settings->engine.cores;

    return cores->count == 0 ? BTX_OK : btx_pinning_pin("betexd", core_of(cores, 2), reterr_fault);
}

static enum btx_fault_code open_all(struct engine *engine, struct btx_fault *reterr_fault)
{
    /* Users are looked up while the files that say them can be read; and threads that are started
     * from here on stay off the matcher's core. */
    if (make_rules(engine, reterr_fault) != BTX_OK || pin_main(engine, reterr_fault) != BTX_OK ||
        enter_sandbox(engine, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (recover(engine, reterr_fault) != BTX_OK || write_start(engine, reterr_fault) != BTX_OK ||
        open_ring(engine, reterr_fault) != BTX_OK || lock_memory(engine, reterr_fault) != BTX_OK ||
        open_server(engine, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (start_threads(engine, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (narrow_sandbox(engine, reterr_fault) == BTX_OK)
        return BTX_OK;
    btx_desk_wish(&engine->desk, BTX_ENGINE_ABORT);
    join_threads(engine);
    return reterr_fault->code;
}

static enum btx_fault_code close_all(struct engine *engine, enum btx_fault_code code,
                                     struct btx_fault *reterr_fault)
{
    struct btx_fault fault = {0};

    if (engine->page.shared != NULL)
        btx_status_set(&engine->status, BTX_STATUS_STATE,
                       code == BTX_OK ? BTX_STATUS_ENGINE_STOPPED : BTX_STATUS_ENGINE_FAILED);
    btx_ring_server_close(engine->server);
    if (engine->has_ring)
        btx_event_ring_done(&engine->ring);
    if (btx_wal_writer_close(engine->writer, NULL, &fault) != BTX_OK && code == BTX_OK) {
        *reterr_fault = fault;
        code = fault.code;
    }
    btx_status_page_close(&engine->page);
    btx_exchange_close(&engine->exchange);
    return code;
}

enum btx_fault_code btx_engine_run(const struct btx_engine_options *options,
                                   struct btx_fault *reterr_fault)
{
    struct engine *engine = aligned_alloc(128, (sizeof *engine + 127) / 128 * 128);
    enum btx_fault_code code;

    if (engine == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for the engine");
    memset(engine, 0, sizeof *engine);
    engine->options = options;
    engine->clock = btx_clock_system();
    engine->page.fd = -1;
    code = open_all(engine, reterr_fault);
    if (code == BTX_OK) {
        serve(engine);
        code = engine->poller_fault.code;
        if (code != BTX_OK)
            *reterr_fault = engine->poller_fault;
        else
            note_line(engine, "stopped in order", engine->poller.mark);
    }
    code = close_all(engine, code, reterr_fault);
    free(engine);
    return code;
}
