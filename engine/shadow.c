/* SPDX-License-Identifier: Apache-2.0 */
/* shadow.c - betex-shadow: the auditor as a process.
 *
 * One thread: a piece of the log is compared (engine/shadow), then signals and those who want the
 * status have their turn.  A difference does not end the process: who looks at the status must see
 * it, and no auditor that was started anew may go on behind it. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/base/log.h"
#include "engine/service/notify.h"
#include "engine/service/sandbox.h"
#include "engine/shadow/auditor.h"
#include "engine/shadow/auditor_status.h"
#include "engine/shadow_options.h"
#include "engine/status/page_socket.h"
#include "engine/text/record_text.h"

/* Records that are compared before others have their turn: some milliseconds. */
#define RECORDS_A_TURN 4096
/* How long to wait before it is looked for what was sealed meanwhile. */
#define IDLE_MS 200
/* Nothing in the status is secret on this machine; the socket's folder says who gets there. */
#define SOCKET_MODE 0666
/* The log's segments and those who ask for the status. */
#define DESCRIPTORS_MAX 256

/* The process.  Static, because a record as text alone takes 85 KiB. */
struct shadow {
    struct btx_shadow_options options;
    const struct btx_clock *clock;
    struct btx_log log;
    struct btx_status_page page;
    struct btx_status_writer status;
    struct btx_status_page_socket socket;
    struct btx_auditor auditor;
    int signal_fd;
    struct btx_notify notify;
    bool is_ready_told;
    bool stopping;
    char text[BTX_RECORD_TEXT_BYTES_MAX];
};

static struct shadow shadow = {
    .page = {.fd = -1},
    .socket = {.fd = -1, .page_fd = -1, .spare_fd = -1},
    .auditor = {.root_fd = -1, .segments_fd = -1},
    .signal_fd = -1,
    .notify = {.fd = -1},
};

/* ---- What the auditor tells ---- */

static const struct {
    enum btx_log_level level;
    const char *message;
} news_lines[] = {
    [BTX_AUDITOR_STARTED] = {BTX_LOG_NOTICE, "audit begins behind this event"},
    [BTX_AUDITOR_SNAPSHOT_REFUSED] = {BTX_LOG_WARNING, "snapshot is not used to begin with"},
    [BTX_AUDITOR_SEGMENT_DONE] = {BTX_LOG_DEBUG, "segment is as the rules decide"},
    [BTX_AUDITOR_SNAPSHOT_WRITTEN] = {BTX_LOG_INFO, "snapshot written"},
    [BTX_AUDITOR_SNAPSHOT_FAILED] = {BTX_LOG_WARNING, "snapshot could not be written"},
    [BTX_AUDITOR_SNAPSHOT_REMOVED] = {BTX_LOG_INFO, "old snapshot removed"},
    [BTX_AUDITOR_SNAPSHOT_LEFT] = {BTX_LOG_WARNING, "old snapshot could not be removed"},
    [BTX_AUDITOR_DIFFERENCE] = {BTX_LOG_ERROR,
                                "AUDIT FAILED: the log is not what the rules decide"},
    [BTX_AUDITOR_DAMAGE] = {BTX_LOG_ERROR, "AUDIT FAILED: the log is damaged"},
};

static void log_record(struct btx_log_line *line, const char *key, const struct btx_record *record)
{
    if (record != NULL) /* Without the newline at its end. */
        btx_log_bytes(line, key, shadow.text, btx_record_text_encode(record, shadow.text) - 1);
}

/* What went wrong also stands in the status. */
static void show_fault(const struct btx_auditor_news *news)
{
    struct btx_fault fault = {0};

    if (news->fault != NULL && news_lines[news->event].level <= BTX_LOG_WARNING)
        btx_status_put_fault(&shadow.status, news->fault, btx_clock_wall_ns(shadow.clock));
    if (news_lines[news->event].level != BTX_LOG_ERROR)
        return;
    (void)btx_fault_set(&fault, BTX_FAULT_CORRUPT, 0, "audit failed at seq %llu, segment %llu: %s",
                        (unsigned long long)news->seq, (unsigned long long)news->segment,
                        news->why);
    btx_status_put_fault(&shadow.status, &fault, btx_clock_wall_ns(shadow.clock));
}

static void on_news(void *context, const struct btx_auditor_news *news)
{
    struct btx_log_line line;

    (void)context;
    btx_log_begin(&line, &shadow.log, news_lines[news->event].level,
                  news_lines[news->event].message);
    btx_log_u64(&line, "seq", news->seq);
    if (news->segment != 0)
        btx_log_u64(&line, "segment", news->segment);
    if (news->fault != NULL)
        btx_log_fault(&line, news->fault);
    else if (news->why != NULL)
        btx_log_text(&line, "why", news->why);
    log_record(&line, "in_log", news->in_log);
    log_record(&line, "in_execution", news->in_execution);
    btx_log_end(&line);
    show_fault(news);
    btx_auditor_show(&shadow.auditor.figures, &shadow.status);
}

static void on_beat(void *context)
{
    const uint64_t now_ns = btx_clock_monotonic_ns(shadow.clock);

    (void)context;
    btx_status_beat(&shadow.status, now_ns);
    (void)btx_notify_alive(&shadow.notify, now_ns);
}

/* ---- Start ---- */

static enum btx_fault_code catch_signals(struct btx_fault *reterr_fault)
{
    sigset_t set;

    CHECK(sigemptyset(&set) == 0 && sigaddset(&set, SIGTERM) == 0 && sigaddset(&set, SIGINT) == 0);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    shadow.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (shadow.signal_fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "waiting for signals");
    return BTX_OK;
}

static enum btx_fault_code open_status(struct btx_fault *reterr_fault)
{
    const struct btx_status_options options = {
        .parts = UINT64_C(1) << BTX_STATUS_PART_SHADOW,
        .incarnation = btx_clock_wall_ns(shadow.clock),
        .version = BTX_VERSION,
        .clock = shadow.clock,
    };

    if (btx_status_page_create(&shadow.page, &options, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    btx_status_writer_init(&shadow.status, shadow.page.shared, BTX_STATUS_PART_SHADOW);
    btx_status_common(&shadow.status, BTX_STATUS_COMMON_PID, (uint64_t)getpid());
    btx_status_common(&shadow.status, BTX_STATUS_COMMON_PART_STATE,
                      (uint64_t)BTX_STATUS_PART_STARTING);
    on_beat(NULL);
    if (shadow.options.socket[0] == '\0')
        return BTX_OK;
    return btx_status_page_listen(&shadow.socket, shadow.options.socket, SOCKET_MODE, &shadow.page,
                                  reterr_fault);
}

/* From here on the process reads the log, writes, renames and removes in its snapshots/, maps
 * memory, accepts at its socket and writes its log; nothing else.  What is missing of the log is
 * said when the log is opened. */
static enum btx_fault_code enter_sandbox(struct btx_fault *reterr_fault)
{
    char snapshots[PATH_MAX];
    const struct btx_sandbox_path paths[] = {
        {.path = shadow.options.wal, .access = BTX_SANDBOX_READ, .optional = true},
        {.path = snapshots, .access = BTX_SANDBOX_WRITE, .optional = true},
        {.path = "/dev/null", .access = BTX_SANDBOX_READ, .optional = true},
        {.path = shadow.options.socket, .access = BTX_SANDBOX_SOCKETS, .folder_of = true},
    };
    const bool has_socket = shadow.options.socket[0] != '\0';
    const struct btx_sandbox sandbox = {
        .profile = BTX_SANDBOX_SHADOW,
        .limits = {.descriptors = DESCRIPTORS_MAX},
        .files = {.paths = paths, .path_count = BTX_COUNT_OF(paths) - (has_socket ? 0 : 1)},
    };

    (void)snprintf(snapshots, sizeof snapshots, "%s/" BTX_WAL_SNAPSHOTS_NAME, shadow.options.wal);
    if (!shadow.options.no_sandbox)
        return btx_sandbox_enter(&sandbox, &shadow.log, reterr_fault);
    btx_sandbox_leave_out(&shadow.log);
    return BTX_OK;
}

static enum btx_fault_code open_all(struct btx_fault *reterr_fault)
{
    const struct btx_auditor_options options = {
        .root = shadow.options.wal,
        .snapshot_interval_ns = shadow.options.snapshot_interval_ns,
        .clock = shadow.clock,
        .tell = on_news,
        .beat = on_beat,
    };

    if (catch_signals(reterr_fault) != BTX_OK || open_status(reterr_fault) != BTX_OK ||
        enter_sandbox(reterr_fault) != BTX_OK ||
        btx_auditor_open(&shadow.auditor, &options, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    btx_status_common(&shadow.status, BTX_STATUS_COMMON_PART_STATE,
                      (uint64_t)BTX_STATUS_PART_RUNNING);
    return BTX_OK;
}

/* ---- The loop ---- */

/* Signals and clients, for at most @wait_ms. */
static void look_around(int wait_ms)
{
    struct pollfd polls[] = {
        {.fd = shadow.signal_fd, .events = POLLIN},
        {.fd = shadow.socket.fd, .events = POLLIN}, /* -1: passed over */
    };
    struct signalfd_siginfo signal;

    on_beat(NULL);
    if (!shadow.is_ready_told)
        shadow.is_ready_told = btx_notify_ready(&shadow.notify);
    btx_auditor_show(&shadow.auditor.figures, &shadow.status);
    if (poll(polls, BTX_COUNT_OF(polls), wait_ms) <= 0)
        return;
    if (read(shadow.signal_fd, &signal, sizeof signal) == (ssize_t)sizeof signal)
        shadow.stopping = true;
    if (polls[1].revents != 0)
        btx_status_page_serve(&shadow.socket);
}

/* Compare until told to stop; with --once until there is no more. */
static enum btx_fault_code run(struct btx_fault *reterr_fault)
{
    while (!shadow.stopping) {
        switch (btx_auditor_step(&shadow.auditor, RECORDS_A_TURN, reterr_fault)) {
        case BTX_AUDITOR_MORE:
            look_around(0);
            break;
        case BTX_AUDITOR_IDLE:
            if (shadow.options.once) {
                btx_auditor_snapshot(&shadow.auditor);
                return BTX_OK;
            }
            look_around(IDLE_MS);
            break;
        case BTX_AUDITOR_FAILED:
            if (shadow.options.once)
                return BTX_OK;
            look_around(IDLE_MS);
            break;
        case BTX_AUDITOR_FAULT:
            return reterr_fault->code;
        }
    }
    return BTX_OK;
}

/* The last word: @code of a fault, or that of what was found. */
static enum btx_fault_code finish(enum btx_fault_code code, const struct btx_fault *fault)
{
    const bool failed = code != BTX_OK || shadow.auditor.figures.failed;
    struct btx_log_line line;

    btx_log_begin(&line, &shadow.log, failed ? BTX_LOG_ERROR : BTX_LOG_NOTICE,
                  code != BTX_OK ? "auditor cannot go on"
                  : failed       ? "auditor ends: the audit FAILED"
                                 : "auditor ends: all that it compared is as the rules decide");
    btx_log_u64(&line, "seq", shadow.auditor.figures.seq);
    btx_log_u64(&line, "events", shadow.auditor.figures.events);
    if (code != BTX_OK)
        btx_log_fault(&line, fault);
    btx_log_end(&line);
    if (shadow.page.shared != NULL) {
        if (code != BTX_OK)
            btx_status_put_fault(&shadow.status, fault, btx_clock_wall_ns(shadow.clock));
        btx_auditor_show(&shadow.auditor.figures, &shadow.status);
        btx_status_common(&shadow.status, BTX_STATUS_COMMON_PART_STATE,
                          (uint64_t)(failed ? BTX_STATUS_PART_FAILED : BTX_STATUS_PART_STOPPED));
    }
    return code == BTX_OK && failed ? BTX_FAULT_CORRUPT : code;
}

static enum btx_fault_code audit(void)
{
    struct btx_fault fault = {0};
    enum btx_fault_code code;

    shadow.clock = btx_clock_system();
    btx_log_init(&shadow.log, "betex-shadow", shadow.clock);
    code = btx_notify_open(&shadow.notify, &fault);
    if (code == BTX_OK)
        code = open_all(&fault);
    if (code == BTX_OK)
        code = run(&fault);
    (void)btx_notify_stopping(&shadow.notify);
    code = finish(code, &fault);
    btx_notify_close(&shadow.notify);
    btx_status_page_socket_close(&shadow.socket);
    btx_auditor_close(&shadow.auditor);
    btx_status_page_close(&shadow.page);
    return code;
}

int main(int argument_count, char **arguments)
{
    struct btx_fault fault = {0};
    enum btx_fault_code code;

    code = btx_shadow_options_parse(argument_count, arguments, &shadow.options, &fault);
    if (code != BTX_OK) {
        fprintf(stderr, "betex-shadow: %s\n", fault.text);
        return btx_fault_exit_status(code);
    }
    switch (shadow.options.action) {
    case BTX_SHADOW_HELP:
        btx_shadow_options_print_help();
        break;
    case BTX_SHADOW_VERSION:
        printf("betex-shadow %s, rules version %u\n", BTX_VERSION, BTX_RULES_VERSION);
        break;
    case BTX_SHADOW_RUN:
        return btx_fault_exit_status(audit());
    }
    if (fflush(stdout) != 0) {
        fprintf(stderr, "betex-shadow: standard output: cannot write\n");
        return btx_fault_exit_status(BTX_FAULT_IO);
    }
    return 0;
}
