/* SPDX-License-Identifier: Apache-2.0 */
/* status_screen.c - the screen of `status`: one line for each question of an operator at night.
 *
 * Each line judges itself: what it shows, how urgent that is and what to do stand side by side, so
 * that the mark in front of a line and the advice cannot say something else than its text.  What is
 * wrong stands first in it, in capitals where somebody must act.  An absent figure is "-". */
#include "engine/status/status_format.h"
#include "engine/status/status_text.h"

#include "engine/base/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NS_IN_S UINT64_C(1000000000)
#define HOUR_NS (3600 * NS_IN_S)
#define DAY_NS (24 * HOUR_NS)
/* Time enough to get a new certificate through anybody's process. */
#define CERTIFICATE_LOOK_NS (14 * DAY_NS)

/* How full is too full, in percent: of capacities, and of the ring. */
enum { FULL_LOOK = 80, FULL_ACT = 95, RING_LOOK = 50, RING_ACT = 90 };

/* A mark, a space, the label and a space stand before the text of a line. */
enum { LABEL_COLUMNS = 9, TEXT_COLUMN = LABEL_COLUMNS + 3, CLOCK_COLUMNS = 23 };

struct screen {
    const struct btx_status_reading *reading;
    const struct btx_status_reading *earlier; /* NULL: since the start */
    btx_status_take_line take;
    void *context;
};

/* A line being put together. */
struct line {
    enum btx_status_level level;
    const char *advice; /* for the most urgent of what is wrong; NULL while all is fine */
    size_t length;
    char text[512];
};

static void say(struct line *line, const char *format, ...) BTX_PRINTF(2, 3);

static void say(struct line *line, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length =
        vsnprintf(line->text + line->length, sizeof line->text - line->length, format, arguments);
    va_end(arguments);
    if (length > 0)
        line->length += (size_t)length;
    if (line->length >= sizeof line->text)
        line->length = sizeof line->text - 1;
}

/* The advice is for somebody who has just been called: what it means, or what to do. */
static void judge(struct line *line, enum btx_status_level level, const char *advice)
{
    if (level <= line->level)
        return;
    line->level = level;
    line->advice = advice;
}

/* Make the text fit: "..." stands for its end, or, when @tail columns of its end are to be kept,
 * for what is before them.  Lines begin with what is wrong, so that their end may go. */
static void fit(struct line *line, size_t columns, size_t tail)
{
    while (line->length > 0 && line->text[line->length - 1] == ' ')
        line->length--;
    if (line->length > columns) {
        memmove(line->text + columns - tail, line->text + line->length - tail, tail);
        memcpy(line->text + columns - tail - 3, "...", 3);
        line->length = columns;
    }
    line->text[line->length] = '\0';
}

/* Hand the line on and make it ready for the next one. */
static void finish(struct screen *screen, struct line *line, const char *label)
{
    fit(line, BTX_STATUS_SCREEN_COLUMNS - TEXT_COLUMN, 0);
    screen->take(screen->context,
                 &(struct btx_status_line){label, line->level, line->text, line->advice});
    *line = (struct line){0};
}

static uint64_t slot(const struct screen *screen, uint32_t figure)
{
    return screen->reading->slots[figure];
}

static const char *word(const struct screen *screen, enum btx_status_unit unit, uint32_t figure)
{
    const char *found = btx_status_word(unit, slot(screen, figure));

    return found != NULL ? found : "-";
}

static struct btx_status_short count(const struct screen *screen, uint32_t figure)
{
    return btx_status_format_count(slot(screen, figure));
}

static struct btx_status_short bytes(const struct screen *screen, uint32_t figure)
{
    return btx_status_format_bytes(slot(screen, figure));
}

static struct btx_status_short rate(const struct screen *screen, enum btx_status_figure figure)
{
    return btx_status_format_rate(
        btx_status_rate(screen->reading, screen->earlier, btx_status_row(figure)));
}

/* ns since the moment that @figure says; 0 when it lies ahead. */
static uint64_t age_ns(const struct screen *screen, uint32_t figure)
{
    const uint64_t time_ns = slot(screen, figure);

    if (time_ns == BTX_STATUS_ABSENT)
        return BTX_STATUS_ABSENT;
    return time_ns < screen->reading->wall_ns ? screen->reading->wall_ns - time_ns : 0;
}

/* ns until the moment that @figure says; 0 when it has passed. */
static uint64_t ahead_ns(const struct screen *screen, uint32_t figure)
{
    const uint64_t time_ns = slot(screen, figure);

    if (time_ns == BTX_STATUS_ABSENT)
        return BTX_STATUS_ABSENT;
    return time_ns > screen->reading->wall_ns ? time_ns - screen->reading->wall_ns : 0;
}

static struct btx_status_short age(const struct screen *screen, uint32_t figure)
{
    return btx_status_format_duration(age_ns(screen, figure));
}

/* Whether the counter rose in the interval.  Since the start is no interval: what happened once in
 * three months is shown, but not marked for ever. */
static bool rose(const struct screen *screen, uint32_t figure)
{
    const uint64_t now = slot(screen, figure);

    return !btx_status_interval(screen->reading, screen->earlier).since_start &&
           now != BTX_STATUS_ABSENT && screen->earlier->slots[figure] < now;
}

static struct btx_status_short text(const struct screen *screen, uint32_t index)
{
    struct btx_status_short printable;

    btx_status_printable(printable.text, sizeof printable.text, screen->reading->texts[index]);
    return printable.text[0] != '\0' ? printable : (struct btx_status_short){"-"};
}

/* How much @big is ahead of @small: what waits, or is not compared yet. */
static uint64_t ahead(uint64_t big, uint64_t small)
{
    if (big == BTX_STATUS_ABSENT || small == BTX_STATUS_ABSENT)
        return BTX_STATUS_ABSENT;
    return big > small ? big - small : 0;
}

static void put_engine(struct screen *screen, struct line *line)
{
    const struct btx_status_reading *reading = screen->reading;
    const enum btx_status_life life = btx_status_part_life(reading, BTX_STATUS_PART_MAIN);
    const uint64_t state = slot(screen, BTX_STATUS_STATE);
    const size_t clock_at = BTX_STATUS_SCREEN_COLUMNS - TEXT_COLUMN - CLOCK_COLUMNS;

    if (life == BTX_STATUS_LIFE_ABSENT) {
        say(line, "NOT RUNNING: it gave no status page");
        judge(line, BTX_STATUS_LEVEL_ACT,
              "no orders are taken: see the journal of betexd for why it ended");
    } else if (life == BTX_STATUS_LIFE_SILENT) {
        say(line, "SILENT for %s, was %s",
            btx_status_format_duration(btx_status_silence_ns(reading, BTX_STATUS_PART_MAIN)).text,
            word(screen, BTX_STATUS_UNIT_ENGINE_STATE, BTX_STATUS_STATE));
        judge(line, BTX_STATUS_LEVEL_ACT, "it hangs, or its machine does: restart betexd");
    } else {
        say(line, "%s", word(screen, BTX_STATUS_UNIT_ENGINE_STATE, BTX_STATUS_STATE));
        if (state == BTX_STATUS_ENGINE_RECOVERING)
            say(line, " %s",
                btx_status_format_percent(slot(screen, BTX_STATUS_RECOVERY_SEQ),
                                          slot(screen, BTX_STATUS_RECOVERY_END))
                    .text);
        say(line, ", up %s, start %s", age(screen, BTX_STATUS_START).text,
            count(screen, BTX_STATUS_INCARNATION).text);
    }
    if (state == BTX_STATUS_ENGINE_STOPPED || state >= BTX_STATUS_ENGINE_FAILED)
        judge(line, BTX_STATUS_LEVEL_ACT,
              "no orders are taken: see 'fault', and the journal of betexd");
    else if (state != BTX_STATUS_ENGINE_SERVING)
        judge(line, BTX_STATUS_LEVEL_LOOK,
              "starting passes by itself; behind a drain it needs a restart");
    if (line->length > clock_at - 1)
        line->length = clock_at - 1;
    say(line, "%*s%s UTC", (int)(clock_at - line->length), "",
        btx_status_format_time(reading->wall_ns).text);
    finish(screen, line, "engine");
}

static void put_machine(struct screen *screen, struct line *line)
{
    const uint64_t misses = slot(screen, BTX_STATUS_WATCHDOG_MISSES);
    char version[40];

    if (slot(screen, BTX_STATUS_HUGEPAGES) == 0) {
        say(line, "no hugepages; ");
        judge(line, BTX_STATUS_LEVEL_LOOK, "latency suffers: reserve hugepages and restart betexd");
    }
    if (rose(screen, BTX_STATUS_CLOCK_STEPS) ||
        age_ns(screen, BTX_STATUS_CLOCK_STEP_TIME) < DAY_NS) {
        say(line, "clock stepped %s ago; ", age(screen, BTX_STATUS_CLOCK_STEP_TIME).text);
        judge(line, BTX_STATUS_LEVEL_LOOK,
              "look at the time servers; the engine's time went on evenly");
    }
    if (misses != 0 && misses != BTX_STATUS_ABSENT) {
        say(line, "watchdog missed %s; ", count(screen, BTX_STATUS_WATCHDOG_MISSES).text);
        judge(line, BTX_STATUS_LEVEL_LOOK,
              "a thread stood still: see 'latency', and whether the disk is well");
    }
    btx_status_printable(version, sizeof version, screen->reading->version);
    say(line, "%s, betex %s, image %s, rules %s", text(screen, BTX_STATUS_TEXT_HOST).text,
        version[0] != '\0' ? version : "-", text(screen, BTX_STATUS_TEXT_IMAGE).text,
        count(screen, BTX_STATUS_RULES_VERSION).text);
    finish(screen, line, "machine");
}

/* The parts that are as @life, named together. */
static void say_parts(const struct screen *screen, struct line *line, enum btx_status_life life,
                      const char *words, enum btx_status_level level, const char *advice)
{
    uint64_t silence_ns = 0;
    bool follows = false;

    for (unsigned i = 0; i < BTX_STATUS_PART_COUNT; i++) {
        const enum btx_status_part part = (enum btx_status_part)i;
        const uint64_t ns = btx_status_silence_ns(screen->reading, part);

        if (btx_status_part_life(screen->reading, part) != life)
            continue;
        say(line, "%s%s", follows ? ", " : words, btx_status_parts[i].name);
        follows = true;
        if (ns > silence_ns)
            silence_ns = ns;
    }
    if (!follows)
        return;
    if (life == BTX_STATUS_LIFE_SILENT)
        say(line, " for %s", btx_status_format_duration(silence_ns).text);
    say(line, "; ");
    judge(line, level, advice);
}

static void put_parts(struct screen *screen, struct line *line)
{
    uint32_t running = 0;

    say_parts(screen, line, BTX_STATUS_LIFE_FAILED, "FAILED ", BTX_STATUS_LEVEL_ACT,
              "see 'fault'; restart what does not come back by itself");
    say_parts(screen, line, BTX_STATUS_LIFE_SILENT, "SILENT ", BTX_STATUS_LEVEL_ACT,
              "it hangs or gets no processor: restart it");
    say_parts(screen, line, BTX_STATUS_LIFE_STOPPED, "stopped ", BTX_STATUS_LEVEL_LOOK,
              "start it, unless somebody has stopped it on purpose");
    if (screen->reading->parts != 0)
        say_parts(screen, line, BTX_STATUS_LIFE_ABSENT, "absent ", BTX_STATUS_LEVEL_LOOK,
                  "start it, unless this machine does without");
    for (unsigned part = 0; part < BTX_STATUS_PART_COUNT; part++)
        running += btx_status_part_life(screen->reading, (enum btx_status_part)part) ==
                   BTX_STATUS_LIFE_RUNNING;
    say(line, "%s%" PRIu32 " running", running == BTX_STATUS_PART_COUNT ? "all " : "", running);
    for (unsigned part = 0; part < BTX_STATUS_PART_COUNT; part++) {
        const uint32_t core =
            btx_status_common_slot((enum btx_status_part)part, BTX_STATUS_COMMON_CORE);

        if (slot(screen, core) != BTX_STATUS_ABSENT)
            say(line, ", %s on core %s", btx_status_parts[part].name, count(screen, core).text);
    }
    finish(screen, line, "parts");
}

static void put_position(struct screen *screen, struct line *line)
{
    say(line, "durable seq %s, %s more in the ring; tx %s",
        count(screen, BTX_STATUS_DURABLE_SEQ).text,
        btx_status_format_count(
            ahead(slot(screen, BTX_STATUS_SEQ), slot(screen, BTX_STATUS_DURABLE_SEQ)))
            .text,
        count(screen, BTX_STATUS_TX).text);
    finish(screen, line, "position");
}

static void put_rates(struct screen *screen, struct line *line)
{
    say(line, "%s events/s, %s tx/s, %s commands/s, %s trades/s",
        rate(screen, BTX_STATUS_EVENTS).text, rate(screen, BTX_STATUS_TXS).text,
        rate(screen, BTX_STATUS_COMMANDS).text, rate(screen, BTX_STATUS_TRADES).text);
    finish(screen, line, "rates");
}

/* The reason with most refusals that has fewer than @below, or as many and a greater number than
 * @after; BTX_STATUS_REASON_SLOTS when there is none. */
static uint32_t next_reason(const struct screen *screen, uint64_t below, uint32_t after)
{
    uint32_t best = BTX_STATUS_REASON_SLOTS;
    uint64_t most = 0;

    for (uint32_t i = 0; i < BTX_STATUS_REASON_SLOTS; i++) {
        const uint64_t value = slot(screen, BTX_STATUS_REFUSALS + i);

        if (value == BTX_STATUS_ABSENT || value <= most)
            continue;
        if (value < below || (value == below && i > after)) {
            most = value;
            best = i;
        }
    }
    return best;
}

static void put_refused(struct screen *screen, struct line *line)
{
    const struct btx_status_row *refusals = btx_status_row(BTX_STATUS_REFUSALS);
    const struct btx_status_row *commands = btx_status_row(BTX_STATUS_COMMANDS);
    uint64_t below = BTX_STATUS_ABSENT;
    uint32_t reason = 0;

    if (!btx_status_has(screen->reading, BTX_STATUS_PART_MATCHER)) {
        say(line, "-");
        finish(screen, line, "refused");
        return;
    }
    if (slot(screen, BTX_STATUS_SHED) == 1) {
        say(line, "SHEDDING NEW ORDERS; ");
        judge(line, BTX_STATUS_LEVEL_LOOK,
              "too much waits: see 'disk', 'ring' and 'commits' for why");
    }
    say(line, "%s of %s", btx_status_format_rate(btx_status_sum(screen->reading, refusals)).text,
        btx_status_format_rate(btx_status_sum(screen->reading, commands)).text);
    for (int i = 0; i < 3; i++) {
        const size_t length = line->length;
        char name[BTX_STATUS_LABEL_BYTES * 4];

        reason = next_reason(screen, below, reason);
        if (reason == BTX_STATUS_REASON_SLOTS)
            break;
        below = slot(screen, BTX_STATUS_REFUSALS + reason);
        btx_status_printable(name, sizeof name, screen->reading->labels[reason]);
        say(line, "%s %s %s", i == 0 ? ":" : ",", name[0] != '\0' ? name : "?",
            btx_status_format_rate(below).text);
        if (line->length > BTX_STATUS_SCREEN_COLUMNS - TEXT_COLUMN) {
            line->length = length; /* half a reason says nothing */
            break;
        }
    }
    finish(screen, line, "refused");
}

static void put_state(struct screen *screen, struct line *line)
{
    static const struct {
        const char *name;
        enum btx_status_figure used;
        enum btx_status_figure capacity;
        bool shown; /* also when there is room */
    } pools[] = {
        {"orders", BTX_STATUS_ORDERS, BTX_STATUS_ORDERS_MAX, true},
        {"positions", BTX_STATUS_POSITIONS, BTX_STATUS_POSITIONS_MAX, true},
        {"accounts", BTX_STATUS_ACCOUNTS, BTX_STATUS_ACCOUNTS_MAX, true},
        {"markets", BTX_STATUS_MARKETS, BTX_STATUS_MARKETS_MAX, true},
        {"runners", BTX_STATUS_RUNNERS, BTX_STATUS_RUNNERS_MAX, false},
    };

    for (size_t i = 0; i < BTX_COUNT_OF(pools); i++) {
        const uint64_t percent =
            btx_status_percent(slot(screen, pools[i].used), slot(screen, pools[i].capacity));

        if (percent < FULL_LOOK)
            continue;
        say(line, "%s %" PRIu64 " %% FULL; ", pools[i].name, percent);
        judge(line, percent >= FULL_ACT ? BTX_STATUS_LEVEL_ACT : BTX_STATUS_LEVEL_LOOK,
              "when it is full more are refused: raise engine.capacities, restart");
    }
    for (size_t i = 0; i < BTX_COUNT_OF(pools); i++) {
        if (pools[i].shown)
            say(line, "%s%s %s", i == 0 ? "" : ", ",
                btx_status_format_rate(slot(screen, pools[i].used)).text, pools[i].name);
    }
    finish(screen, line, "state");
}

/* Three columns of @histogram, the first @width wide: dashes where there is nothing. */
static void say_spread(struct line *line, const struct btx_histogram *histogram, int width)
{
    if (histogram->count == 0)
        say(line, "%*s%8s%8s", width, "-", "-", "-");
    else
        say(line, "%*s%8s%8s", width,
            btx_status_format_duration(btx_histogram_quantile(histogram, 500000)).text,
            btx_status_format_duration(btx_histogram_quantile(histogram, 990000)).text,
            btx_status_format_duration(histogram->max_ns).text);
}

/* How it is now, and how it has been: an engine that is quiet at the moment is to say something,
 * too, and the worst that ever was is not to go away with the next look. */
static void put_latencies(struct screen *screen, struct line *line)
{
    static const struct {
        const char *name;
        enum btx_status_histogram histogram;
    } rows[] = {
        {"ring hop", BTX_STATUS_HISTOGRAM_HOP},
        {"step of the core", BTX_STATUS_HISTOGRAM_STEP},
        {"commit", BTX_STATUS_HISTOGRAM_COMMIT},
        {"order to durable", BTX_STATUS_HISTOGRAM_DURABLE},
    };
    const struct btx_status_interval interval =
        btx_status_interval(screen->reading, screen->earlier);
    static const struct btx_histogram nothing;
    char title[64] = "last: p50";

    if (!interval.since_start)
        (void)snprintf(title, sizeof title, "last %s: p50",
                       btx_status_format_duration(interval.duration_ns).text);
    say(line, "%24s%8s%8s%12s%8s%8s", title, "p99", "max", "start: p50", "p99", "max");
    finish(screen, line, "latency");
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_histogram histogram = nothing;

        if (!interval.since_start)
            btx_status_interval_histogram(screen->reading, screen->earlier, rows[i].histogram,
                                          &histogram);
        say(line, "%-16s", rows[i].name);
        say_spread(line, &histogram, 8);
        say_spread(line, &screen->reading->histograms[rows[i].histogram], 12);
        finish(screen, line, "");
    }
}

static void put_ring(struct screen *screen, struct line *line)
{
    const uint64_t capacity = slot(screen, BTX_STATUS_RING_CAPACITY);
    const uint64_t fill = btx_status_ring_fill_bytes(screen->reading);
    const uint64_t percent = btx_status_percent(fill, capacity);

    say(line, "%s of %s, high %s, %s stalls; overruns: admin %s, gateway %s",
        btx_status_format_percent(fill, capacity).text,
        bytes(screen, BTX_STATUS_RING_CAPACITY).text,
        btx_status_format_percent(slot(screen, BTX_STATUS_RING_HIGH), capacity).text,
        count(screen, BTX_STATUS_RING_STALLS).text, count(screen, BTX_STATUS_ADMIN_OVERRUNS).text,
        count(screen, BTX_STATUS_GATEWAY_OVERRUNS).text);
    if (percent >= RING_ACT)
        judge(line, BTX_STATUS_LEVEL_ACT,
              "the disk is too slow for the load: see 'commit' in 'latency'");
    if (percent >= RING_LOOK || rose(screen, BTX_STATUS_RING_STALLS) ||
        rose(screen, BTX_STATUS_GATEWAY_OVERRUNS))
        judge(line, BTX_STATUS_LEVEL_LOOK,
              "disk or gateway fall behind: see 'commit' in 'latency'");
    finish(screen, line, "ring");
}

static void put_producers(struct screen *screen, struct line *line)
{
    bool follows = false;

    for (uint32_t k = 0; k < BTX_STATUS_PRODUCER_SLOTS; k++) {
        const uint64_t broken = slot(screen, BTX_STATUS_PRODUCER_BROKEN + k);

        if (broken == 0 || broken == BTX_STATUS_ABSENT)
            continue;
        say(line, "%s sent %s BROKEN; ", text(screen, BTX_STATUS_TEXT_PRODUCER_NAME + k).text,
            btx_status_format_rate(broken).text);
        judge(line, BTX_STATUS_LEVEL_LOOK,
              "that process sends nonsense: another version, or taken over");
    }
    for (uint32_t k = 0; k < BTX_STATUS_PRODUCER_SLOTS; k++) {
        const uint64_t state = slot(screen, BTX_STATUS_PRODUCER_STATE + k);

        if (state == BTX_STATUS_ABSENT || state == BTX_STATUS_PRODUCER_FREE)
            continue;
        say(line, "%s%s %s", follows ? ", " : "",
            text(screen, BTX_STATUS_TEXT_PRODUCER_NAME + k).text,
            btx_status_format_rate(slot(screen, BTX_STATUS_PRODUCER_COMMANDS + k)).text);
        follows = true;
        if (state != BTX_STATUS_PRODUCER_ATTACHED)
            say(line, " (revoked)");
        else if (slot(screen, BTX_STATUS_PRODUCER_FILL + k) != 0)
            say(line, " (%s full)",
                btx_status_format_percent(slot(screen, BTX_STATUS_PRODUCER_FILL + k),
                                          slot(screen, BTX_STATUS_PRODUCER_CAPACITY + k))
                    .text);
    }
    if (!follows)
        say(line, "no command rings");
    finish(screen, line, "commands");
}

static void put_commits(struct screen *screen, struct line *line)
{
    const uint64_t failures = slot(screen, BTX_STATUS_SYNC_FAILURES);

    if (slot(screen, BTX_STATUS_LOG_CLOSED) == 1) {
        say(line, "LOG CLOSED FOR GOOD, nothing is acknowledged; ");
        judge(line, BTX_STATUS_LEVEL_ACT, "a write failed: see to the disk, then restart betexd");
    }
    say(line, "%s/s, %s/s, last %s ago; %s failed", rate(screen, BTX_STATUS_COMMITS).text,
        btx_status_format_bytes(btx_status_rate(screen->reading, screen->earlier,
                                                btx_status_row(BTX_STATUS_COMMIT_BYTES)))
            .text,
        age(screen, BTX_STATUS_COMMIT_TIME).text, count(screen, BTX_STATUS_SYNC_FAILURES).text);
    if (failures != 0 && failures != BTX_STATUS_ABSENT)
        judge(line, BTX_STATUS_LEVEL_ACT, "a write failed: see to the disk, and run wal verify");
    finish(screen, line, "commits");
}

static void put_segment(struct screen *screen, struct line *line)
{
    const uint64_t map_full = slot(screen, BTX_STATUS_MAP_FULL);

    if (slot(screen, BTX_STATUS_NEXT_READY) == 0) {
        say(line, "no next one is ready; ");
        judge(line, BTX_STATUS_LEVEL_LOOK,
              "segments are not made in time: is the disk slow or full?");
    }
    if (map_full != 0 && map_full != BTX_STATUS_ABSENT) {
        say(line, "map full: %s; ", count(screen, BTX_STATUS_MAP_FULL).text);
        judge(line, BTX_STATUS_LEVEL_LOOK,
              "a commit outgrew its segment, nothing is lost: report it");
    }
    say(line, "%s: %s events, %s of %s, %s old; next %s of %s",
        count(screen, BTX_STATUS_SEGMENT).text,
        btx_status_format_rate(slot(screen, BTX_STATUS_SEGMENT_EVENTS)).text,
        bytes(screen, BTX_STATUS_SEGMENT_BYTES).text, bytes(screen, BTX_STATUS_SEGMENT_MAP).text,
        age(screen, BTX_STATUS_SEGMENT_START).text, count(screen, BTX_STATUS_NEXT_READY).text,
        count(screen, BTX_STATUS_NEXT_WANTED).text);
    finish(screen, line, "segment");
}

static void put_rotation(struct screen *screen, struct line *line)
{
    const uint64_t waits = slot(screen, BTX_STATUS_POOL_WAITS);

    if (rose(screen, BTX_STATUS_POOL_WAITS))
        judge(line, BTX_STATUS_LEVEL_LOOK,
              "segments are not made in time: is the disk slow or full?");
    if (slot(screen, BTX_STATUS_ROTATION_TIME) == BTX_STATUS_ABSENT)
        say(line, "none since the start");
    else
        say(line, "%s, %s ago in %s, longest %s; %s to seal",
            btx_status_format_rate(slot(screen, BTX_STATUS_ROTATIONS)).text,
            age(screen, BTX_STATUS_ROTATION_TIME).text,
            btx_status_format_duration(slot(screen, BTX_STATUS_ROTATION_NS)).text,
            btx_status_format_duration(slot(screen, BTX_STATUS_ROTATION_MAX)).text,
            count(screen, BTX_STATUS_SEALS_PENDING).text);
    if (waits != 0 && waits != BTX_STATUS_ABSENT)
        say(line, "; %s waited", count(screen, BTX_STATUS_POOL_WAITS).text);
    finish(screen, line, "rotation");
}

/* Who holds the lock, as the page says and as the kernel does. */
static void put_lock(struct screen *screen, struct line *line)
{
    const uint64_t lock = slot(screen, BTX_STATUS_LOCK);
    const uint64_t kernel = slot(screen, BTX_STATUS_LOCK_KERNEL);

    say(line, "%s",
        lock == BTX_STATUS_LOCK_HELD   ? "held"
        : lock == BTX_STATUS_LOCK_LOST ? "LOST to another file or writer"
        : lock == BTX_STATUS_LOCK_FREE ? "NOT HELD"
                                       : "not known");
    if (kernel == BTX_STATUS_KERNEL_AGREES)
        say(line, ", kernel agrees");
    else if (kernel == BTX_STATUS_KERNEL_FREE)
        say(line, ", KERNEL: NOBODY HOLDS IT");
    else if (kernel == BTX_STATUS_KERNEL_OTHER)
        say(line, ", KERNEL: HELD BY %" PRIu64, slot(screen, BTX_STATUS_LOCK_KERNEL_PID));
    else
        say(line, ", kernel not asked");
    if (slot(screen, BTX_STATUS_LOCK_PID) != BTX_STATUS_ABSENT)
        say(line, "; %" PRIu64 " (%s) on %s, for %s, epoch %s", slot(screen, BTX_STATUS_LOCK_PID),
            text(screen, BTX_STATUS_TEXT_LOCK_PROGRAM).text,
            text(screen, BTX_STATUS_TEXT_LOCK_HOST).text, age(screen, BTX_STATUS_LOCK_START).text,
            count(screen, BTX_STATUS_LOCK_EPOCH).text);
    if (kernel == BTX_STATUS_KERNEL_FREE || kernel == BTX_STATUS_KERNEL_OTHER ||
        lock == BTX_STATUS_LOCK_LOST || lock == BTX_STATUS_LOCK_FREE)
        judge(line, BTX_STATUS_LEVEL_ACT,
              "two may write: stop all but one engine; see the screen 'lock'");
    else if (lock != BTX_STATUS_LOCK_HELD)
        judge(line, BTX_STATUS_LEVEL_LOOK, "passes when the engine is up; see the screen 'lock'");
    finish(screen, line, "lock");
}

/* "in 41 d", "reached", or nothing when it cannot be told. */
static void say_left(const struct screen *screen, struct line *line, const char *what,
                     uint32_t limit)
{
    const uint64_t left_s =
        btx_status_disk_left_s(screen->reading, screen->earlier, slot(screen, limit));

    if (left_s == BTX_STATUS_ABSENT)
        return;
    if (left_s == 0)
        say(line, ", %s now", what);
    else if (left_s > 3650 * UINT64_C(86400))
        say(line, ", %s in years", what);
    else
        say(line, ", %s in %s", what, btx_status_format_duration(left_s * NS_IN_S).text);
    if (left_s < HOUR_NS / NS_IN_S)
        judge(line, BTX_STATUS_LEVEL_ACT,
              "free space now: move sealed segments and old snapshots away");
    else if (left_s < DAY_NS / NS_IN_S)
        judge(line, BTX_STATUS_LEVEL_LOOK,
              "free space today: move sealed segments and old snapshots away");
}

static void put_disk(struct screen *screen, struct line *line)
{
    const uint64_t space = slot(screen, BTX_STATUS_SPACE);

    say(line, "%s free of %s, %s", bytes(screen, BTX_STATUS_DISK_FREE).text,
        bytes(screen, BTX_STATUS_DISK_TOTAL).text,
        space == BTX_STATUS_SPACE_LOW ? "LOW: no new orders"
        : space == BTX_STATUS_SPACE_STOP
            ? "STOP: nothing is taken"
            : word(screen, BTX_STATUS_UNIT_SPACE_LEVEL, BTX_STATUS_SPACE));
    if (space == BTX_STATUS_SPACE_OK)
        say_left(screen, line, "low", BTX_STATUS_LOW_SPACE);
    if (space == BTX_STATUS_SPACE_OK || space == BTX_STATUS_SPACE_LOW)
        say_left(screen, line, "stop", BTX_STATUS_STOP_SPACE);
    if (space == BTX_STATUS_SPACE_LOW || slot(screen, BTX_STATUS_DISK_FREE) == BTX_STATUS_ABSENT)
        judge(line, BTX_STATUS_LEVEL_LOOK,
              "free space now: move sealed segments and old snapshots away");
    else if (space != BTX_STATUS_SPACE_OK)
        judge(line, BTX_STATUS_LEVEL_ACT,
              "free space now: move sealed segments and old snapshots away");
    finish(screen, line, "disk");
}

static void put_audit(struct screen *screen, struct line *line)
{
    const uint64_t audit = slot(screen, BTX_STATUS_AUDIT);
    const uint64_t behind =
        ahead(slot(screen, BTX_STATUS_DURABLE_SEQ), slot(screen, BTX_STATUS_AUDIT_SEQ));

    if (audit == BTX_STATUS_AUDIT_FAILED) {
        say(line, "FAILED at seq %s, differences: %s; ",
            count(screen, BTX_STATUS_AUDIT_FAILED_SEQ).text,
            count(screen, BTX_STATUS_AUDIT_DIFFERENCES).text);
        judge(line, BTX_STATUS_LEVEL_ACT,
              "engine and log disagree: drain, run wal verify, keep the log");
    } else if (audit == BTX_STATUS_AUDIT_CLEAN) {
        say(line, "clean to seq %s; ", count(screen, BTX_STATUS_AUDIT_SEQ).text);
    } else {
        say(line, "nothing was compared yet; ");
        judge(line, BTX_STATUS_LEVEL_LOOK, "betex-shadow compares segments once sealed: is it up?");
    }
    say(line, "%s events behind, last %s ago", btx_status_format_rate(behind).text,
        age(screen, BTX_STATUS_AUDIT_TIME).text);
    if (behind != 0 && behind != BTX_STATUS_ABSENT &&
        age_ns(screen, BTX_STATUS_AUDIT_TIME) > HOUR_NS)
        judge(line, BTX_STATUS_LEVEL_LOOK, "nothing was compared for an hour: is betex-shadow up?");
    finish(screen, line, "audit");
}

static void put_snapshot(struct screen *screen, struct line *line)
{
    const uint64_t failures = slot(screen, BTX_STATUS_SNAPSHOT_FAILURES);

    if (failures != 0 && failures != BTX_STATUS_ABSENT) {
        say(line, "%s FAILED; ", count(screen, BTX_STATUS_SNAPSHOT_FAILURES).text);
        judge(line, BTX_STATUS_LEVEL_LOOK, "see the journal of betex-shadow, and the free space");
    }
    if (slot(screen, BTX_STATUS_SNAPSHOT_SEQ) == BTX_STATUS_ABSENT) {
        say(line, "none");
        judge(line, BTX_STATUS_LEVEL_LOOK,
              "a start would fold the whole log: ask for one (snapshot now)");
    } else {
        say(line, "seq %s, %s old, %s; a start folds %s events",
            count(screen, BTX_STATUS_SNAPSHOT_SEQ).text, age(screen, BTX_STATUS_SNAPSHOT_TIME).text,
            bytes(screen, BTX_STATUS_SNAPSHOT_BYTES).text,
            btx_status_format_rate(
                ahead(slot(screen, BTX_STATUS_DURABLE_SEQ), slot(screen, BTX_STATUS_SNAPSHOT_SEQ)))
                .text);
    }
    finish(screen, line, "snapshot");
}

static void put_sessions(struct screen *screen, struct line *line)
{
    if (ahead_ns(screen, BTX_STATUS_CERTIFICATE_END) < CERTIFICATE_LOOK_NS) {
        say(line, "certificate ends in %s; ",
            btx_status_format_duration(ahead_ns(screen, BTX_STATUS_CERTIFICATE_END)).text);
        judge(line,
              ahead_ns(screen, BTX_STATUS_CERTIFICATE_END) < DAY_NS ? BTX_STATUS_LEVEL_ACT
                                                                    : BTX_STATUS_LEVEL_LOOK,
              "when it ends no client gets in: install a new one");
    }
    say(line, "%s of %s clients, %s requests/s, %s closed; %s operators",
        count(screen, BTX_STATUS_SESSIONS).text, count(screen, BTX_STATUS_SESSIONS_MAX).text,
        rate(screen, BTX_STATUS_FRAMES_IN).text, count(screen, BTX_STATUS_GATEWAY_CLOSED).text,
        count(screen, BTX_STATUS_ADMIN_SESSIONS).text);
    if (btx_status_percent(slot(screen, BTX_STATUS_SESSIONS),
                           slot(screen, BTX_STATUS_SESSIONS_MAX)) >= FULL_ACT)
        judge(line, BTX_STATUS_LEVEL_LOOK,
              "more are turned away: raise gateway limits, or see who they are");
    finish(screen, line, "sessions");
}

static void put_fault(struct screen *screen, struct line *line)
{
    const enum btx_status_part part = btx_status_last_fault_part(screen->reading);
    char what[BTX_STATUS_TEXT_BYTES];
    uint32_t time_slot;

    if (part == BTX_STATUS_PART_COUNT) {
        say(line, "none");
        finish(screen, line, "fault");
        return;
    }
    time_slot = btx_status_common_slot(part, BTX_STATUS_COMMON_FAULT_TIME);
    btx_status_printable(what, sizeof what,
                         screen->reading->texts[BTX_STATUS_TEXT_FAULT + (unsigned)part]);
    say(line, "%s, %s ago: %s", btx_status_parts[part].name, age(screen, time_slot).text, what);
    fit(line, BTX_STATUS_SCREEN_COLUMNS - TEXT_COLUMN, 24); /* its end says what the system said */
    if (age_ns(screen, time_slot) < HOUR_NS)
        judge(line, BTX_STATUS_LEVEL_LOOK, "see the journal of that process");
    finish(screen, line, "fault");
}

void btx_status_judge(const struct btx_status_reading *reading,
                      const struct btx_status_reading *earlier, btx_status_take_line take,
                      void *context)
{
    static void (*const lines[])(struct screen *, struct line *) = {
        put_engine,   put_machine, put_parts,     put_position, put_rates,
        put_refused,  put_state,   put_latencies, put_ring,     put_producers,
        put_sessions, put_commits, put_segment,   put_rotation, put_lock,
        put_disk,     put_audit,   put_snapshot,  put_fault,
    };
    struct screen screen = {reading, earlier, take, context};
    struct line line = {0};

    for (size_t i = 0; i < BTX_COUNT_OF(lines); i++)
        lines[i](&screen, &line);
}

/* ---- As a screen ---- */

struct output {
    struct btx_writer *out;
    bool colour;
    enum btx_status_level worst;
};

static const char *colour_of(enum btx_status_level level)
{
    switch (level) {
    case BTX_STATUS_LEVEL_FINE:
        return "";
    case BTX_STATUS_LEVEL_LOOK:
        return "\x1b[33m";
    case BTX_STATUS_LEVEL_ACT:
        return "\x1b[1;31m";
    }
    CHECK_UNREACHABLE();
}

static void put_line(void *context, const struct btx_status_line *line)
{
    struct output *output = context;
    const char *mark = line->level == BTX_STATUS_LEVEL_ACT    ? "!"
                       : line->level == BTX_STATUS_LEVEL_LOOK ? "*"
                                                              : " ";
    const char *end = line->level != BTX_STATUS_LEVEL_FINE ? "\x1b[0m" : "";

    if (output->colour)
        btx_status_put(output->out, "%s%s%s \x1b[1m%-*s\x1b[0m %s%s%s\n", colour_of(line->level),
                       mark, end, LABEL_COLUMNS, line->label, colour_of(line->level), line->text,
                       end);
    else
        btx_status_put(output->out, "%s %-*s %s\n", mark, LABEL_COLUMNS, line->label, line->text);
    if (line->level > output->worst)
        output->worst = line->level;
}

enum btx_status_level btx_status_put_screen(struct btx_writer *out,
                                            const struct btx_status_reading *reading,
                                            const struct btx_status_reading *earlier, bool colour)
{
    struct output output = {out, colour, BTX_STATUS_LEVEL_FINE};

    btx_status_judge(reading, earlier, put_line, &output);
    return output.worst;
}
