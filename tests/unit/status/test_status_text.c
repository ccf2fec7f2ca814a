/* SPDX-License-Identifier: Apache-2.0 */
/* test_status_text.c - what an operator, a script and Prometheus are shown. */
#include "engine/status/status_text.h"

#include "output_check.h"
#include "plausible.h"

#include "engine/base/attributes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DAY_NS (86400 * PLAUSIBLE_SECOND_NS)

struct fixture {
    struct plausible plausible;
    struct btx_status_reading *earlier;
    struct btx_status_reading *reading;
    struct btx_writer out;
    enum btx_status_level level;
    char text[BTX_STATUS_OUTPUT_BYTES + 1];
};

static int setup(void **state)
{
    static struct fixture fixture;

    plausible_init(&fixture.plausible);
    fixture.earlier = plausible_read(&fixture.plausible);
    plausible_go_on(&fixture.plausible, 2);
    fixture.reading = plausible_read(&fixture.plausible);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    free(fixture->reading);
    free(fixture->earlier);
    plausible_done(&fixture->plausible);
    return 0;
}

static void read_again(struct fixture *fixture)
{
    free(fixture->reading);
    fixture->reading = plausible_read(&fixture->plausible);
}

static const char *screen(struct fixture *fixture, bool colour)
{
    btx_writer_init(&fixture->out, fixture->text, BTX_STATUS_OUTPUT_BYTES);
    fixture->level =
        btx_status_put_screen(&fixture->out, fixture->reading, fixture->earlier, colour);
    fixture->text[fixture->out.length_bytes] = '\0';
    assert_null(output_check_screen(fixture->text, fixture->out.length_bytes, colour));
    return fixture->text;
}

static const char *json(struct fixture *fixture)
{
    btx_writer_init(&fixture->out, fixture->text, BTX_STATUS_OUTPUT_BYTES);
    btx_status_put_json(&fixture->out, fixture->reading, fixture->earlier);
    fixture->text[fixture->out.length_bytes] = '\0';
    assert_null(output_check_json(fixture->text, fixture->out.length_bytes));
    return fixture->text;
}

static const char *metrics(struct fixture *fixture)
{
    btx_writer_init(&fixture->out, fixture->text, BTX_STATUS_OUTPUT_BYTES);
    btx_status_put_metrics(&fixture->out, fixture->reading);
    fixture->text[fixture->out.length_bytes] = '\0';
    assert_null(output_check_metrics(fixture->text, fixture->out.length_bytes));
    return fixture->text;
}

/* The line of the screen that is called @label. */
static char *line_of(struct fixture *fixture, const char *label)
{
    static char line[BTX_STATUS_SCREEN_COLUMNS + 1];
    const char *at = screen(fixture, false);

    while (strncmp(at + 2, label, strlen(label)) != 0) {
        at = strchr(at, '\n');
        assert_non_null(at);
        at++;
        assert_int_not_equal(*at, '\0');
    }
    (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
    return line;
}

static void assert_golden(const char *path, const char *text)
{
    static char golden[64 * 1024];
    FILE *file = fopen(path, "r");
    size_t length;

    assert_non_null(file);
    length = fread(golden, 1, sizeof golden - 1, file);
    golden[length] = '\0';
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, golden);
}

/* The whole screen as it was looked at and found good; status_demo prints it. */
static void put_screen__all_is_well__is_the_golden_one(void **state)
{
    struct fixture *fixture = *state;

    assert_golden("tests/golden/status/screen.txt", screen(fixture, false));
}

static void put_screen__all_is_broken__is_the_golden_one(void **state)
{
    struct fixture *fixture = *state;

    plausible_break(&fixture->plausible);
    read_again(fixture);
    assert_golden("tests/golden/status/broken.txt", screen(fixture, false));
    assert_int_equal(fixture->level, BTX_STATUS_LEVEL_ACT);
}

/* A line that is fine is unmarked, and so is the screen when all are. */
static void put_screen__all_is_well__has_no_marks(void **state)
{
    struct fixture *fixture = *state;

    fixture->reading->slots[BTX_STATUS_DISK_FREE] = UINT64_C(500) << 40;
    for (const char *at = screen(fixture, false); *at != '\0'; at = strchr(at, '\n') + 1)
        assert_int_equal(*at, ' ');
    assert_int_equal(fixture->level, BTX_STATUS_LEVEL_FINE);
}

/* Each cause by itself: marked on its line, as urgent as it is, and named there. */
static void put_screen__one_thing_wrong__is_marked_and_named(void **state)
{
    static const struct {
        const char *label;
        uint32_t figure;
        uint64_t value;
        char mark;
        const char *words;
    } rows[] = {
        {"engine", BTX_STATUS_STATE, BTX_STATUS_ENGINE_DRAINING, '*', "draining"},
        {"engine", BTX_STATUS_STATE, BTX_STATUS_ENGINE_RECOVERING, '*', "recovering 100 %"},
        {"engine", BTX_STATUS_STATE, BTX_STATUS_ENGINE_STOPPED, '!', "stopped"},
        {"engine", BTX_STATUS_STATE, 77, '!', "-"},
        {"machine", BTX_STATUS_HUGEPAGES, 0, '*', "no hugepages"},
        {"machine", BTX_STATUS_CLOCK_STEP_TIME, PLAUSIBLE_NOW_NS, '*', "clock stepped 2 s ago"},
        {"machine", BTX_STATUS_WATCHDOG_MISSES, 2, '*', "watchdog missed 2"},
        {"refused", BTX_STATUS_SHED, 1, '*', "SHEDDING"},
        {"state", BTX_STATUS_MARKETS, 8000, '*', "markets 80 % FULL"},
        {"state", BTX_STATUS_RUNNERS, 99999, '!', "runners 99 % FULL"},
        {"ring", BTX_STATUS_RING_STALLS, 1, '*', "1 stalls"},
        {"ring", BTX_STATUS_GATEWAY_OVERRUNS, 1, '*', "gateway 1"},
        {"ring", BTX_STATUS_RING_DURABLE, 0, '!', "100 %"},
        {"commands", BTX_STATUS_PRODUCER_BROKEN + 1, 9, '*', "gateway-1 sent 9 BROKEN"},
        {"sessions", BTX_STATUS_CERTIFICATE_END, PLAUSIBLE_NOW_NS + 13 * DAY_NS, '*', "12 d 23 h"},
        {"sessions", BTX_STATUS_CERTIFICATE_END, PLAUSIBLE_NOW_NS, '!', "ends in 0 ns"},
        {"sessions", BTX_STATUS_SESSIONS, 9999, '*', "9,999 of 10,000"},
        {"commits", BTX_STATUS_SYNC_FAILURES, 1, '!', "1 failed"},
        {"commits", BTX_STATUS_LOG_CLOSED, 1, '!', "LOG CLOSED"},
        {"segment", BTX_STATUS_NEXT_READY, 0, '*', "no next one"},
        {"segment", BTX_STATUS_MAP_FULL, 1, '*', "map full"},
        {"rotation", BTX_STATUS_POOL_WAITS, 1, '*', "1 waited"},
        {"lock", BTX_STATUS_LOCK, BTX_STATUS_LOCK_FREE, '!', "NOT HELD"},
        {"lock", BTX_STATUS_LOCK, BTX_STATUS_LOCK_LOST, '!', "LOST"},
        {"lock", BTX_STATUS_LOCK, BTX_STATUS_ABSENT, '*', "not known"},
        {"lock", BTX_STATUS_LOCK_KERNEL, BTX_STATUS_KERNEL_FREE, '!', "NOBODY HOLDS IT"},
        {"lock", BTX_STATUS_LOCK_KERNEL, BTX_STATUS_KERNEL_OTHER, '!', "HELD BY 4711"},
        {"disk", BTX_STATUS_SPACE, BTX_STATUS_SPACE_LOW, '*', "LOW"},
        {"disk", BTX_STATUS_SPACE, BTX_STATUS_SPACE_STOP, '!', "STOP"},
        {"disk", BTX_STATUS_DISK_FREE, UINT64_C(5) << 30, '!', "low in 24 s"},
        {"disk", BTX_STATUS_DISK_FREE, BTX_STATUS_ABSENT, '*', "- free"},
        {"audit", BTX_STATUS_AUDIT, BTX_STATUS_AUDIT_FAILED, '!', "FAILED at seq"},
        {"audit", BTX_STATUS_AUDIT, BTX_STATUS_AUDIT_NONE, '*', "nothing was compared"},
        {"audit", BTX_STATUS_AUDIT_TIME, 1, '*', "behind"},
        {"snapshot", BTX_STATUS_SNAPSHOT_FAILURES, 1, '*', "1 FAILED"},
        {"snapshot", BTX_STATUS_SNAPSHOT_SEQ, BTX_STATUS_ABSENT, '*', "none"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        const uint64_t before = fixture->reading->slots[rows[i].figure];
        const char *line;

        fixture->reading->slots[rows[i].figure] = rows[i].value;
        line = line_of(fixture, rows[i].label);
        if (line[0] != rows[i].mark || strstr(line, rows[i].words) == NULL)
            fail_msg("row %zu: %s", i, line);
        fixture->reading->slots[rows[i].figure] = before;
    }
}

static void put_screen__engine_dead_or_absent__says_so_first(void **state)
{
    struct fixture *fixture = *state;

    fixture->reading->monotonic_ns += 60 * PLAUSIBLE_SECOND_NS;
    assert_non_null(strstr(line_of(fixture, "engine"), "SILENT for 1 min 0 s, was serving"));
    assert_non_null(strstr(line_of(fixture, "parts"), "SILENT main, matcher, poller,"));
    assert_int_equal(fixture->level, BTX_STATUS_LEVEL_ACT);

    btx_status_reading_init(fixture->reading, &fixture->plausible.clock.clock);
    assert_non_null(strstr(line_of(fixture, "engine"), "NOT RUNNING"));
    assert_int_equal(fixture->level, BTX_STATUS_LEVEL_ACT);
}

/* Without a look before there is no "last", and after a quiet one nothing in it; what has been
 * since the start stands there all the same. */
static void put_screen__nothing_lately__says_what_has_been_since_the_start(void **state)
{
    static const char since_start[] = "      274 us  720 us 11.2 ms\n";
    static const char quiet[] = "order to durable       -       -       -";
    struct fixture *fixture = *state;
    const char *row;

    *fixture->earlier = *fixture->reading;
    fixture->reading->wall_ns += UINT64_C(3000000000);
    fixture->reading->monotonic_ns += UINT64_C(3000000000);
    row = strstr(screen(fixture, false), quiet);
    assert_non_null(strstr(fixture->text, "last 3 s: p50"));
    assert_non_null(row);
    assert_memory_equal(strchr(row, '\n') + 1 - (sizeof since_start - 1), since_start,
                        sizeof since_start - 1);
    free(fixture->earlier);
    fixture->earlier = NULL;
    row = strstr(screen(fixture, false), quiet);
    assert_non_null(strstr(fixture->text, " last: p50"));
    assert_non_null(row);
    assert_memory_equal(strchr(row, '\n') + 1 - (sizeof since_start - 1), since_start,
                        sizeof since_start - 1);
}

/* What happened once, long ago, is not marked for ever: only against an earlier reading. */
static void put_screen__one_reading__does_not_mark_old_stalls(void **state)
{
    struct fixture *fixture = *state;

    fixture->reading->slots[BTX_STATUS_RING_STALLS] = 3;
    fixture->earlier->incarnation = 6;
    assert_int_equal(line_of(fixture, "ring")[0], ' ');
    free(fixture->earlier);
    fixture->earlier = NULL;
    assert_int_equal(line_of(fixture, "ring")[0], ' ');
    assert_non_null(strstr(screen(fixture, false), " last: p50"));
}

/* Colour changes nothing but colour. */
static void put_screen__colour__is_the_same_text(void **state)
{
    struct fixture *fixture = *state;
    char plain[16 * 1024];
    char stripped[16 * 1024];
    size_t used = 0;

    plausible_break(&fixture->plausible);
    read_again(fixture);
    assert_true(strlen(screen(fixture, false)) < sizeof plain);
    memcpy(plain, fixture->text, fixture->out.length_bytes + 1);
    for (const char *at = screen(fixture, true); *at != '\0'; at++) {
        if (*at == '\x1b')
            at = strchr(at, 'm');
        else
            stripped[used++] = *at;
    }
    stripped[used] = '\0';
    assert_string_equal(stripped, plain);
    assert_non_null(strstr(fixture->text, "\x1b[1;31m!"));
}

/* Bytes of a gateway's name must not steer the operator's terminal or forge a metric. */
static void put__hostile_texts__stay_inside_their_form(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < BTX_STATUS_TEXT_COUNT; i++)
        (void)snprintf(fixture->reading->texts[i], BTX_STATUS_TEXT_BYTES,
                       "\"} 1\nbetex_seq 7\n\x1b[2J\\\",\x80\xff%zu", i);
    (void)snprintf(fixture->reading->labels[1], BTX_STATUS_LABEL_BYTES, "\"}\n\x1b\\");
    (void)screen(fixture, false);
    (void)screen(fixture, true);
    (void)json(fixture);
    assert_null(strstr(metrics(fixture), "\nbetex_seq 7\n"));
}

static void put_json__plausible__has_what_scripts_look_for(void **state)
{
    static const char *const wanted[] = {
        "\"state\":\"serving\"",
        "\"hugepages\":true",
        "\"disk_free_bytes\":872192933888",
        "\"last_rotation_duration_ns\":421300",
        "\"audit_failed_seq\":null",
        "\"refusals\":{\"UNKNOWN_ACCOUNT\":0,\"DUPLICATE\":310,",
        "\"producers\":[{\"ring\":0,\"producer_name\":\"admin\",",
        "\"segment_name\":\"00000000000183792519-0000000031.mdb\"",
        "\"ring_fill_bytes\":40960",
        "\"events_per_s\":412345",
        "\"commit_bytes_per_s\":42991616",
        "\"interval_ns\":2000000000",
        "\"order_to_durable\":{\"count\":40000,",
        "\"since_start\":{\"count\":140000,",
        "\"part_state\":\"running\"",
        "\"screen\":[{\"label\":\"engine\",\"level\":\"fine\",\"text\":\"serving, up 3 d 4 h",
        "\"level\":\"look\",\"text\":\"812 GiB free of 931 GiB, ok, low in 5 h 36 min",
        "\"advice\":\"free space today: ",
    };
    struct fixture *fixture = *state;
    const char *text = json(fixture);

    for (size_t i = 0; i < BTX_COUNT_OF(wanted); i++) {
        if (strstr(text, wanted[i]) == NULL)
            fail_msg("no %s", wanted[i]);
    }
}

static void want_advice(void *context, const struct btx_status_line *line)
{
    unsigned *marked = context;

    if ((line->level != BTX_STATUS_LEVEL_FINE) != (line->advice != NULL))
        fail_msg("%s: %s", line->label, line->advice != NULL ? line->advice : "no advice");
    if (line->advice == NULL)
        return;
    (*marked)++;
    assert_in_range(strlen(line->advice), 1, 66);
}

/* Whoever is told that something is wrong is told what to do. */
static void judge__broken__each_mark_has_its_advice(void **state)
{
    struct fixture *fixture = *state;
    unsigned marked = 0;

    plausible_break(&fixture->plausible);
    read_again(fixture);
    btx_status_judge(fixture->reading, fixture->earlier, want_advice, &marked);
    assert_in_range(marked, 10, 18);
}

/* What `wal status` is: all of the log's figures, each with its meaning. */
static void put_list__log__has_every_figure_of_its_parts(void **state)
{
    static const char *const wanted[] = {
        "poller, in betexd: commits the ring",
        "\nheartbeat                     0 ns ago ",
        "\nsegment_name                  00000000000183792519-0000000031.mdb ",
        "\nlast_rotation                 2026-11-26 00:48:28, 14 s ago  ",
        ", 14 s ago       When the log was last rotated\n",
        "\nlast_rotation_duration        421 us ",
        "\nlock_pid                      4711 ",
        "\nlock                          held ",
        "\nlog_closed                    no ",
        "\ndisk_free                     812 GiB ",
        "\nlast_fault                    - ",
    };
    struct fixture *fixture = *state;

    btx_writer_init(&fixture->out, fixture->text, BTX_STATUS_OUTPUT_BYTES);
    btx_status_put_list(&fixture->out, fixture->reading,
                        1u << BTX_STATUS_PART_POLLER | 1u << BTX_STATUS_PART_SEGMENTS);
    fixture->text[fixture->out.length_bytes] = '\0';

    for (size_t i = 0; i < BTX_COUNT_OF(wanted); i++) {
        if (strstr(fixture->text, wanted[i]) == NULL)
            fail_msg("no %s in\n%s", wanted[i], fixture->text);
    }
    for (uint32_t i = 0; i < btx_status_row_count; i++) {
        const enum btx_status_part part = btx_status_rows[i].part;
        char name[64];

        (void)snprintf(name, sizeof name, "\n%s ", btx_status_rows[i].name);
        assert_int_equal(strstr(fixture->text, name) != NULL,
                         part == BTX_STATUS_PART_POLLER || part == BTX_STATUS_PART_SEGMENTS);
    }
}

/* Those that counted, by the name that the page has for them. */
static void put_list__figures_by_reason_and_ring__are_named(void **state)
{
    struct fixture *fixture = *state;

    btx_writer_init(&fixture->out, fixture->text, BTX_STATUS_OUTPUT_BYTES);
    btx_status_put_list(&fixture->out, fixture->reading, 1u << BTX_STATUS_PART_MATCHER);
    fixture->text[fixture->out.length_bytes] = '\0';

    assert_non_null(strstr(fixture->text, "\nrefusals DUPLICATE            310 "));
    assert_non_null(strstr(fixture->text, "\nproducer_commands gateway-1   52,099,800 "));
    assert_null(strstr(fixture->text, "UNKNOWN_ACCOUNT"));
}

/* What a figure is called and in which unit is a contract with dashboards. */
static void put_metrics__plausible__follows_the_conventions(void **state)
{
    static const char *const wanted[] = {
        "# HELP betex_seq The last event in the ring.\n# TYPE betex_seq gauge\n",
        "# TYPE betex_seq gauge\nbetex_seq 185028241\n",
        "# TYPE betex_events_total counter\nbetex_events_total 121928041\n",
        "\nbetex_refusals_total{reason=\"INSUFFICIENT_FUNDS\"} 81234\n",
        "\nbetex_commands_total{command=\"CancelOrder\"} 12088431\n",
        "\nbetex_last_rotation_duration_seconds 0.0004213\n",
        "\nbetex_last_rotation_timestamp_seconds 1795654108\n",
        "\nbetex_disk_free_bytes 872192933888\n",
        "\nbetex_state{state=\"serving\"} 1\n",
        "\nbetex_state{state=\"draining\"} 0\n",
        "\nbetex_part_state{part=\"poller\",state=\"running\"} 1\n",
        "\nbetex_producer_commands_total{producer=\"1\"} 52099800\n",
        "\nbetex_producer_info{producer=\"1\",name=\"gateway-1\"} 1\n",
        "\nbetex_heartbeat_age_seconds{part=\"matcher\"} 0\n",
        "# TYPE betex_commit_seconds histogram\n",
        "\nbetex_commit_seconds_bucket{le=\"0.000000256\"} 0\n",
        "\nbetex_commit_seconds_bucket{le=\"+Inf\"} 8750\n",
        "\nbetex_commit_seconds_count 8750\n",
        "betex_info{version=\"0.1.0\",host=\"node-1\",image=\"2026.11.3\"} 1\n",
    };
    struct fixture *fixture = *state;
    const char *text = metrics(fixture);

    for (size_t i = 0; i < BTX_COUNT_OF(wanted); i++) {
        if (strstr(text, wanted[i]) == NULL)
            fail_msg("no %s", wanted[i]);
    }
    assert_null(strstr(text, "betex_audit_failed_seq"));
}

/* Every figure of the table is in JSON and metrics, without anybody having to think of it. */
static void put__every_figure__is_in_json_and_metrics(void **state)
{
    struct fixture *fixture = *state;

    for (uint32_t i = 0; i < btx_status_row_count; i++)
        fixture->reading->slots[btx_status_rows[i].slot] = 1;
    for (uint32_t i = 0; i < btx_status_row_count; i++) {
        char key[64];

        (void)snprintf(key, sizeof key, "\"%s", btx_status_rows[i].name);
        assert_non_null(strstr(json(fixture), key));
        (void)snprintf(key, sizeof key, "\n# TYPE betex_%s", btx_status_rows[i].name);
        assert_non_null(strstr(metrics(fixture), key));
    }
}

/* A buffer too small is the caller's mistake, found by the writer's mark, never by a crash. */
static void put__buffer_too_small__marks_the_writer(void **state)
{
    struct fixture *fixture = *state;
    char small[100];
    struct btx_writer out;

    btx_writer_init(&out, small, sizeof small);
    (void)btx_status_put_screen(&out, fixture->reading, NULL, true);
    assert_true(out.overflowed);
    btx_writer_init(&out, small, sizeof small);
    btx_status_put_metrics(&out, fixture->reading);
    assert_true(out.overflowed);
}

#define TEXT_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEXT_TEST(put_screen__all_is_well__is_the_golden_one),
        TEXT_TEST(put_screen__all_is_broken__is_the_golden_one),
        TEXT_TEST(put_screen__nothing_lately__says_what_has_been_since_the_start),
        TEXT_TEST(put_screen__all_is_well__has_no_marks),
        TEXT_TEST(put_screen__one_thing_wrong__is_marked_and_named),
        TEXT_TEST(put_screen__engine_dead_or_absent__says_so_first),
        TEXT_TEST(put_screen__one_reading__does_not_mark_old_stalls),
        TEXT_TEST(put_screen__colour__is_the_same_text),
        TEXT_TEST(put__hostile_texts__stay_inside_their_form),
        TEXT_TEST(put_json__plausible__has_what_scripts_look_for),
        TEXT_TEST(judge__broken__each_mark_has_its_advice),
        TEXT_TEST(put_list__log__has_every_figure_of_its_parts),
        TEXT_TEST(put_list__figures_by_reason_and_ring__are_named),
        TEXT_TEST(put_metrics__plausible__follows_the_conventions),
        TEXT_TEST(put__every_figure__is_in_json_and_metrics),
        TEXT_TEST(put__buffer_too_small__marks_the_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
