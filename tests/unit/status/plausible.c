/* SPDX-License-Identifier: Apache-2.0 */
#include "plausible.h"

#include "engine/base/attributes.h"
#include "engine/base/check.h"

#include <stdlib.h>

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)
#define HOUR_NS (3600 * PLAUSIBLE_SECOND_NS)

static const char *const reasons[] = {"UNKNOWN_ACCOUNT", "DUPLICATE", "BUSY", "INSUFFICIENT_FUNDS",
                                      "WOULD_MATCH"};
static const char *const commands[] = {"PlaceOrder", "CancelOrder", "ReplaceOrder"};

struct value {
    uint32_t slot;
    uint64_t value;
};

struct btx_status_writer plausible_writer(struct plausible *plausible, enum btx_status_part part)
{
    struct btx_status_writer writer;

    btx_status_writer_init(&writer,
                           part == BTX_STATUS_PART_SHADOW    ? plausible->shadow
                           : part == BTX_STATUS_PART_ADMIN   ? plausible->admin
                           : part == BTX_STATUS_PART_GATEWAY ? plausible->gateway
                                                             : plausible->engine,
                           part);
    return writer;
}

static void set_all(struct plausible *plausible, const struct value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned part = 0;
        struct btx_status_writer writer;

        while (part + 1 < BTX_STATUS_PART_COUNT &&
               values[i].slot >= btx_status_part_end((enum btx_status_part)part))
            part++;
        writer = plausible_writer(plausible, (enum btx_status_part)part);
        btx_status_set(&writer, values[i].slot, values[i].value);
    }
}

static struct btx_status_shared *make_page(const struct btx_clock *clock, uint64_t parts)
{
    const size_t size_bytes = (sizeof(struct btx_status_shared) + 4095) / 4096 * 4096;
    const struct btx_status_options options = {
        .parts = parts,
        .incarnation = 7,
        .version = "0.1.0",
        .reasons = reasons,
        .reason_count = BTX_COUNT_OF(reasons),
        .commands = commands,
        .command_count = BTX_COUNT_OF(commands),
        .clock = clock,
    };
    struct btx_status_shared *shared = aligned_alloc(4096, size_bytes);

    CHECK(shared != NULL);
    btx_status_shared_init(shared, &options);
    return shared;
}

static void fill_matcher(struct plausible *plausible)
{
    const struct value values[] = {
        {BTX_STATUS_STATE, BTX_STATUS_ENGINE_SERVING},
        {BTX_STATUS_RULES_VERSION, 2},
        {BTX_STATUS_HUGEPAGES, 1},
        {BTX_STATUS_RECOVERY_SEQ, 63100200},
        {BTX_STATUS_RECOVERY_END, 63100200},
        {BTX_STATUS_RECOVERY_NS, 412 * MIB},
        {BTX_STATUS_RECOVERY_CUT, 0},
        {BTX_STATUS_CLOCK_DISTANCE, 12000},
        {BTX_STATUS_WATCHDOG_INTERVAL, 5 * PLAUSIBLE_SECOND_NS},
        {BTX_STATUS_SEQ, 184203551},
        {BTX_STATUS_TX, 92101004},
        {BTX_STATUS_TXS, 52101004},
        {BTX_STATUS_EVENTS, 121103351},
        {BTX_STATUS_COMMANDS, 38000123},
        {BTX_STATUS_COMMANDS + 1, 12088431},
        {BTX_STATUS_COMMANDS + 2, 2012450},
        {BTX_STATUS_REFUSALS + 1, 310},
        {BTX_STATUS_REFUSALS + 3, 81234},
        {BTX_STATUS_REFUSALS + 4, 1402},
        {BTX_STATUS_ORDERS_ACCEPTED, 37918000},
        {BTX_STATUS_TRADES, 21100345},
        {BTX_STATUS_SHED, 0},
        {BTX_STATUS_PENDING, 0},
        {BTX_STATUS_ACCOUNTS, 812},
        {BTX_STATUS_ACCOUNTS_MAX, 100000},
        {BTX_STATUS_MARKETS, 45},
        {BTX_STATUS_MARKETS_MAX, 10000},
        {BTX_STATUS_RUNNERS, 512},
        {BTX_STATUS_RUNNERS_MAX, 100000},
        {BTX_STATUS_ORDERS, 91233},
        {BTX_STATUS_ORDERS_MAX, 4194304},
        {BTX_STATUS_POSITIONS, 20123},
        {BTX_STATUS_POSITIONS_MAX, 1000000},
        {BTX_STATUS_RING_CAPACITY, 16 * MIB},
        {BTX_STATUS_RING_PUBLISHED, 13 * GIB + 40960},
        {BTX_STATUS_RING_HIGH, 7 * MIB},
        {BTX_STATUS_RING_STALLS, 0},
        {BTX_STATUS_PRODUCER_COMMANDS, 1204},
        {BTX_STATUS_PRODUCER_COMMANDS + 1, 52099800},
        {BTX_STATUS_PRODUCER_FILL, 0},
        {BTX_STATUS_PRODUCER_FILL + 1, 24576},
        {BTX_STATUS_PRODUCER_CAPACITY, MIB},
        {BTX_STATUS_PRODUCER_CAPACITY + 1, MIB},
    };

    set_all(plausible, values, BTX_COUNT_OF(values));
}

static void fill_log(struct plausible *plausible)
{
    const uint64_t now = PLAUSIBLE_NOW_NS;
    const struct value values[] = {
        {BTX_STATUS_DURABLE_SEQ, 184203449},
        {BTX_STATUS_DURABLE_TX, 92100960},
        {BTX_STATUS_RING_DURABLE, 13 * GIB},
        {BTX_STATUS_COMMITS, 3310456},
        {BTX_STATUS_COMMIT_BYTES, 13 * GIB},
        {BTX_STATUS_COMMIT_TIME, now - 300000},
        {BTX_STATUS_LOG_CLOSED, 0},
        {BTX_STATUS_SEGMENT, 31},
        {BTX_STATUS_SEGMENT_FIRST_SEQ, 183792519},
        {BTX_STATUS_SEGMENT_EVENTS, 411032},
        {BTX_STATUS_SEGMENT_BYTES, 31 * MIB + 250000},
        {BTX_STATUS_SEGMENT_MAP, GIB},
        {BTX_STATUS_SEGMENT_START, now - 12 * PLAUSIBLE_SECOND_NS},
        {BTX_STATUS_ROTATIONS, 30},
        {BTX_STATUS_ROTATION_TIME, now - 12 * PLAUSIBLE_SECOND_NS},
        {BTX_STATUS_ROTATION_NS, 421300},
        {BTX_STATUS_ROTATION_MAX, 3140000},
        {BTX_STATUS_SEALS_PENDING, 1},
        {BTX_STATUS_SPACE, BTX_STATUS_SPACE_OK},
        {BTX_STATUS_LOW_SPACE, 4 * GIB},
        {BTX_STATUS_STOP_SPACE, GIB},
        {BTX_STATUS_LOCK, BTX_STATUS_LOCK_HELD},
        {BTX_STATUS_LOCK_PID, 4711},
        {BTX_STATUS_LOCK_EPOCH, 12},
        {BTX_STATUS_LOCK_START, now - 76 * HOUR_NS},
        {BTX_STATUS_LOCK_CHECK, now - 12 * PLAUSIBLE_SECOND_NS},
        {BTX_STATUS_NEXT_READY, 2},
        {BTX_STATUS_NEXT_WANTED, 2},
        {BTX_STATUS_SEALS, 29},
        {BTX_STATUS_SEAL_TIME, now - 11 * PLAUSIBLE_SECOND_NS},
        {BTX_STATUS_SEAL_NS, 48000000},
        {BTX_STATUS_DISK_FREE, 812 * GIB + 300 * MIB},
        {BTX_STATUS_DISK_TOTAL, 931 * GIB},
        {BTX_STATUS_DISK_CHECK, now - PLAUSIBLE_SECOND_NS / 2},
        {BTX_STATUS_PEERS, 3},
        {BTX_STATUS_PRODUCER_STATE, BTX_STATUS_PRODUCER_ATTACHED},
        {BTX_STATUS_PRODUCER_STATE + 1, BTX_STATUS_PRODUCER_ATTACHED},
        {BTX_STATUS_PRODUCER_PID, 4720},
        {BTX_STATUS_PRODUCER_PID + 1, 4730},
        {BTX_STATUS_PRODUCER_START, now - 76 * HOUR_NS},
        {BTX_STATUS_PRODUCER_START + 1, now - 76 * HOUR_NS},
    };

    set_all(plausible, values, BTX_COUNT_OF(values));
}

static void fill_others(struct plausible *plausible)
{
    const uint64_t now = PLAUSIBLE_NOW_NS;
    const struct value values[] = {
        {BTX_STATUS_AUDIT, BTX_STATUS_AUDIT_CLEAN},
        {BTX_STATUS_AUDIT_SEQ, 183792518},
        {BTX_STATUS_AUDIT_TIME, now - 3 * PLAUSIBLE_SECOND_NS},
        {BTX_STATUS_AUDIT_EVENTS, 120692318},
        {BTX_STATUS_SNAPSHOT_SEQ, 181204001},
        {BTX_STATUS_SNAPSHOT_TIME, now - 41 * PLAUSIBLE_SECOND_NS},
        {BTX_STATUS_SNAPSHOT_NS, 210000000},
        {BTX_STATUS_SNAPSHOT_BYTES, 24 * MIB},
        {BTX_STATUS_SNAPSHOTS, 4560},
        {BTX_STATUS_ADMIN_SESSIONS, 2},
        {BTX_STATUS_ADMIN_COMMANDS, 1204},
        {BTX_STATUS_ADMIN_SEQ, 184203449},
        {BTX_STATUS_LOCK_KERNEL, BTX_STATUS_KERNEL_AGREES},
        {BTX_STATUS_LOCK_KERNEL_PID, 4711},
        {BTX_STATUS_SESSIONS, 812},
        {BTX_STATUS_SESSIONS_MAX, 10000},
        {BTX_STATUS_HANDSHAKES, 31245},
        {BTX_STATUS_HANDSHAKE_FAILURES, 12},
        {BTX_STATUS_FRAMES_IN, 52112000},
        {BTX_STATUS_FRAMES_OUT, 240100200},
        {BTX_STATUS_GATEWAY_IN, 5 * GIB},
        {BTX_STATUS_GATEWAY_OUT, 31 * GIB},
        {BTX_STATUS_GATEWAY_CLOSED, 3},
        {BTX_STATUS_GATEWAY_SEQ, 184203449},
        {BTX_STATUS_CERTIFICATE_END, now + 30 * 24 * HOUR_NS},
    };

    set_all(plausible, values, BTX_COUNT_OF(values));
}

/* Durations around @typical_ns with a tail, the same ones each time. */
static void record(struct plausible *plausible, enum btx_status_part part,
                   enum btx_status_histogram histogram, uint64_t typical_ns, uint32_t count)
{
    const struct btx_status_writer writer = plausible_writer(plausible, part);
    uint64_t random = 88172645463325252u;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t value_ns;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        value_ns = typical_ns / 2 + random % typical_ns;
        if (random >> 32 & 1)
            value_ns += typical_ns / 4;
        if (i % 64 == 0)
            value_ns *= 3;
        if (i % 2048 == 0)
            value_ns *= 9;
        btx_status_record(&writer, histogram, value_ns);
    }
}

static void record_all(struct plausible *plausible, uint32_t count)
{
    record(plausible, BTX_STATUS_PART_MATCHER, BTX_STATUS_HISTOGRAM_HOP, 320, count);
    record(plausible, BTX_STATUS_PART_MATCHER, BTX_STATUS_HISTOGRAM_STEP, 210, count);
    record(plausible, BTX_STATUS_PART_POLLER, BTX_STATUS_HISTOGRAM_COMMIT, 160000, count / 16);
    record(plausible, BTX_STATUS_PART_POLLER, BTX_STATUS_HISTOGRAM_DURABLE, 240000, count);
}

static void beat_all(struct plausible *plausible)
{
    for (unsigned part = 0; part < BTX_STATUS_PART_COUNT; part++) {
        const struct btx_status_writer writer =
            plausible_writer(plausible, (enum btx_status_part)part);

        btx_status_beat(&writer, btx_clock_monotonic_ns(&plausible->clock.clock));
        btx_status_common(&writer, BTX_STATUS_COMMON_PART_STATE, BTX_STATUS_PART_RUNNING);
    }
}

static void put_texts(struct plausible *plausible)
{
    const struct btx_status_writer main_part = plausible_writer(plausible, BTX_STATUS_PART_MAIN);
    const struct btx_status_writer matcher = plausible_writer(plausible, BTX_STATUS_PART_MATCHER);
    const struct btx_status_writer poller = plausible_writer(plausible, BTX_STATUS_PART_POLLER);
    const struct btx_status_writer peers = plausible_writer(plausible, BTX_STATUS_PART_DESCRIPTORS);

    btx_status_common(&matcher, BTX_STATUS_COMMON_CORE, 2);
    btx_status_common(&poller, BTX_STATUS_COMMON_CORE, 3);
    btx_status_put_text(&main_part, BTX_STATUS_TEXT_HOST, "node-1");
    btx_status_put_text(&main_part, BTX_STATUS_TEXT_IMAGE, "2026.11.3");
    btx_status_put_text(&poller, BTX_STATUS_TEXT_SEGMENT_NAME,
                        "00000000000183792519-0000000031.mdb");
    btx_status_put_text(&poller, BTX_STATUS_TEXT_LOCK_PROGRAM, "betexd");
    btx_status_put_text(&poller, BTX_STATUS_TEXT_LOCK_HOST, "node-1");
    btx_status_put_text(&peers, BTX_STATUS_TEXT_PRODUCER_NAME, "admin");
    btx_status_put_text(&peers, BTX_STATUS_TEXT_PRODUCER_NAME + 1, "gateway-1");
}

void plausible_init(struct plausible *plausible)
{
    const uint64_t others =
        1u << BTX_STATUS_PART_SHADOW | 1u << BTX_STATUS_PART_ADMIN | 1u << BTX_STATUS_PART_GATEWAY;
    const uint64_t all = (1u << BTX_STATUS_PART_COUNT) - 1;

    btx_clock_manual_init(&plausible->clock, PLAUSIBLE_NOW_NS - 76 * HOUR_NS, HOUR_NS);
    plausible->engine = make_page(&plausible->clock.clock, all & ~others);
    plausible->shadow = make_page(&plausible->clock.clock, 1u << BTX_STATUS_PART_SHADOW);
    plausible->admin = make_page(&plausible->clock.clock, 1u << BTX_STATUS_PART_ADMIN);
    plausible->gateway = make_page(&plausible->clock.clock, 1u << BTX_STATUS_PART_GATEWAY);
    btx_clock_manual_advance(&plausible->clock, 76 * HOUR_NS);
    fill_matcher(plausible);
    fill_log(plausible);
    fill_others(plausible);
    put_texts(plausible);
    record_all(plausible, 100000);
    beat_all(plausible);
}

void plausible_done(struct plausible *plausible)
{
    free(plausible->engine);
    free(plausible->shadow);
    free(plausible->admin);
    free(plausible->gateway);
}

void plausible_go_on(struct plausible *plausible, uint64_t seconds)
{
    const struct btx_status_writer matcher = plausible_writer(plausible, BTX_STATUS_PART_MATCHER);
    const struct btx_status_writer poller = plausible_writer(plausible, BTX_STATUS_PART_POLLER);
    const struct btx_status_writer gateway = plausible_writer(plausible, BTX_STATUS_PART_GATEWAY);

    btx_clock_manual_advance(&plausible->clock, seconds * PLAUSIBLE_SECOND_NS);
    btx_status_add(&matcher, BTX_STATUS_SEQ, 412345 * seconds);
    btx_status_add(&matcher, BTX_STATUS_TX, 201221 * seconds);
    btx_status_add(&matcher, BTX_STATUS_EVENTS, 412345 * seconds);
    btx_status_add(&matcher, BTX_STATUS_TXS, 201221 * seconds);
    btx_status_add(&matcher, BTX_STATUS_COMMANDS, 198800 * seconds);
    btx_status_add(&matcher, BTX_STATUS_TRADES, 61200 * seconds);
    btx_status_add(&matcher, BTX_STATUS_RING_PUBLISHED, 41 * MIB * seconds);
    btx_status_add(&poller, BTX_STATUS_DURABLE_SEQ, 412345 * seconds);
    btx_status_add(&poller, BTX_STATUS_DURABLE_TX, 201221 * seconds);
    btx_status_add(&poller, BTX_STATUS_RING_DURABLE, 41 * MIB * seconds);
    btx_status_add(&poller, BTX_STATUS_COMMIT_BYTES, 41 * MIB * seconds);
    btx_status_add(&poller, BTX_STATUS_COMMITS, 4100 * seconds);
    btx_status_set(&poller, BTX_STATUS_COMMIT_TIME,
                   btx_clock_wall_ns(&plausible->clock.clock) - 210000);
    btx_status_add(&gateway, BTX_STATUS_FRAMES_IN, 198100 * seconds);
    record_all(plausible, (uint32_t)(20000 * seconds));
    beat_all(plausible);
}

void plausible_break(struct plausible *plausible)
{
    const uint64_t now = btx_clock_wall_ns(&plausible->clock.clock);
    const struct btx_status_writer poller = plausible_writer(plausible, BTX_STATUS_PART_POLLER);
    const struct btx_status_writer peers = plausible_writer(plausible, BTX_STATUS_PART_DESCRIPTORS);
    const struct value values[] = {
        {BTX_STATUS_STATE, BTX_STATUS_ENGINE_FAILED},
        {BTX_STATUS_HUGEPAGES, 0},
        {BTX_STATUS_CLOCK_STEPS, 1},
        {BTX_STATUS_CLOCK_STEP_TIME, now - HOUR_NS},
        {BTX_STATUS_WATCHDOG_MISSES, 3},
        {BTX_STATUS_SHED, 1},
        {BTX_STATUS_ORDERS, 4100000},
        {BTX_STATUS_RING_PUBLISHED, 14 * GIB + 15 * MIB + 900000},
        {BTX_STATUS_RING_DURABLE, 14 * GIB},
        {BTX_STATUS_RING_STALLS, 1312},
        {BTX_STATUS_PRODUCER_STATE + 2, BTX_STATUS_PRODUCER_REVOKED},
        {BTX_STATUS_PRODUCER_COMMANDS + 2, 99},
        {BTX_STATUS_PRODUCER_BROKEN + 2, 12},
        {BTX_STATUS_SYNC_FAILURES, 1},
        {BTX_STATUS_LOG_CLOSED, 1},
        {BTX_STATUS_NEXT_READY, 0},
        {BTX_STATUS_MAP_FULL, 1},
        {BTX_STATUS_POOL_WAITS, 4},
        {BTX_STATUS_LOCK, BTX_STATUS_LOCK_LOST},
        {BTX_STATUS_LOCK_KERNEL, BTX_STATUS_KERNEL_OTHER},
        {BTX_STATUS_LOCK_KERNEL_PID, 9001},
        {BTX_STATUS_SPACE, BTX_STATUS_SPACE_STOP},
        {BTX_STATUS_DISK_FREE, 900 * MIB},
        {BTX_STATUS_AUDIT, BTX_STATUS_AUDIT_FAILED},
        {BTX_STATUS_AUDIT_DIFFERENCES, 1},
        {BTX_STATUS_AUDIT_FAILED_SEQ, 184000001},
        {BTX_STATUS_SNAPSHOT_FAILURES, 2},
        {BTX_STATUS_SESSIONS, 9900},
        {BTX_STATUS_GATEWAY_OVERRUNS, 5},
    };
    struct btx_fault fault = {0};

    set_all(plausible, values, BTX_COUNT_OF(values));
    btx_status_put_text(&peers, BTX_STATUS_TEXT_PRODUCER_NAME + 2, "gateway-2");
    (void)btx_fault_set(&fault, BTX_FAULT_IO, 0,
                        "committing to '00000000000183792519-0000000031.mdb': Input/output error");
    btx_status_put_fault(&poller, &fault, now - 40 * PLAUSIBLE_SECOND_NS);
    btx_status_common(&poller, BTX_STATUS_COMMON_PART_STATE, BTX_STATUS_PART_FAILED);
}

struct btx_status_reading *plausible_read(const struct plausible *plausible)
{
    const struct btx_status_shared *const pages[] = {plausible->engine, plausible->shadow,
                                                     plausible->admin, plausible->gateway};
    struct btx_status_reading *reading = malloc(sizeof *reading);

    CHECK(reading != NULL);
    btx_status_reading_init(reading, &plausible->clock.clock);
    for (size_t i = 0; i < BTX_COUNT_OF(pages); i++)
        CHECK(btx_status_reading_add(reading, pages[i], sizeof *pages[i], NULL) == BTX_OK);
    return reading;
}
