/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/ctl_console.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin/console/call.h"
#include "admin/console/console.h"
#include "admin/console/keys.h"
#include "admin/console/screen.h"
#include "admin/remote.h"
#include "engine/base/clock.h"

#define SECOND_NS UINT64_C(1000000000)
#define PERIOD_NS (2 * SECOND_NS)
/* Where a screen takes seconds to be sent. */
#define PERIOD_SLOW_NS (10 * SECOND_NS)
#define LOOK_NS (20 * SECOND_NS) /* so long an answer may take; verify has no limit */

enum { SPEED_SLOW = 9600, TICK_MS = 250 };

struct runner {
    const char *path;
    const struct btx_clock *clock;
    struct btx_call calls[BTX_CONSOLE_LANE_COUNT];
};

static volatile sig_atomic_t is_ended;

static void end_by_signal(int number)
{
    (void)number;
    is_ended = 1;
}

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/* What ends it is let through only while it waits, so that none is missed. */
struct signals {
    struct sigaction before[BTX_COUNT_OF(ending)];
    sigset_t mask_before;
};

static void take_signals(struct signals *signals)
{
    const struct sigaction action = {.sa_handler = end_by_signal};
    sigset_t blocked;

    is_ended = 0;
    (void)sigemptyset(&blocked); /* None of these fails for these signals. */
    for (size_t i = 0; i < BTX_COUNT_OF(ending); i++) {
        (void)sigaddset(&blocked, ending[i]);
        (void)sigaction(ending[i], &action, &signals->before[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &blocked, &signals->mask_before);
}

static void give_signals_back(const struct signals *signals)
{
    for (size_t i = 0; i < BTX_COUNT_OF(ending); i++)
        (void)sigaction(ending[i], &signals->before[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &signals->mask_before, NULL);
}

/* Ask what is wanted, on each lane that is free. */
static void ask(struct runner *runner, struct btx_console *console)
{
    for (unsigned lane = 0; lane < BTX_CONSOLE_LANE_COUNT; lane++) {
        const uint64_t now_ns = btx_clock_monotonic_ns(runner->clock);
        struct btx_console_ask wanted;
        struct btx_fault fault = {0};

        if (runner->calls[lane].fd >= 0 ||
            !btx_console_wants(console, (enum btx_console_lane)lane, now_ns, &wanted))
            continue;
        if (btx_call_begin(&runner->calls[lane], runner->path, wanted.arguments,
                           wanted.argument_count, now_ns, &fault) != BTX_OK)
            btx_console_fail(console, (enum btx_console_lane)lane, fault.text, now_ns);
    }
}

static void take_answer(struct runner *runner, struct btx_console *console,
                        enum btx_console_lane lane)
{
    const uint64_t now_ns = btx_clock_monotonic_ns(runner->clock);
    struct btx_call *call = &runner->calls[lane];
    struct btx_fault fault = {0};

    if (btx_call_turn(call, &fault) != BTX_OK)
        btx_console_fail(console, lane, fault.text, now_ns);
    else if (call->is_answered)
        btx_console_take(console, lane, call->status, call->out.bytes, call->out.length,
                         call->err.bytes, call->err.length, call->asked_ns, now_ns);
    else
        return;
    btx_call_end(call);
}

/* Nobody waits for ever: a betex-admin that hangs must not look like one that has no news. */
static void drop_late(struct runner *runner, struct btx_console *console)
{
    const uint64_t now_ns = btx_clock_monotonic_ns(runner->clock);

    for (unsigned lane = 0; lane < BTX_CONSOLE_LANE_COUNT; lane++) {
        struct btx_call *call = &runner->calls[lane];

        if (call->fd < 0 || lane == BTX_CONSOLE_VERIFIES || now_ns - call->asked_ns < LOOK_NS)
            continue;
        btx_console_fail(
            console, (enum btx_console_lane)lane,
            lane == BTX_CONSOLE_LOOKS
                ? "betex-admin does not answer: it hangs, or has too much to do"
                : "betex-admin does not answer: whether it was done, only the log tells",
            now_ns);
        btx_call_end(call);
    }
}

/* Wait for keys, answers or the next tick.  Whether the terminal is still there. */
static bool wait(struct runner *runner, struct btx_console *console, const sigset_t *mask)
{
    const struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};
    struct pollfd watched[1 + BTX_CONSOLE_LANE_COUNT] = {{.fd = STDIN_FILENO, .events = POLLIN}};

    for (unsigned lane = 0; lane < BTX_CONSOLE_LANE_COUNT; lane++)
        watched[1 + lane] = (struct pollfd){.fd = runner->calls[lane].fd, .events = POLLIN};
    if (ppoll(watched, BTX_COUNT_OF(watched), &tick, mask) <= 0)
        return true;
    for (unsigned lane = 0; lane < BTX_CONSOLE_LANE_COUNT; lane++)
        if (watched[1 + lane].revents != 0)
            take_answer(runner, console, (enum btx_console_lane)lane);
    return (watched[0].revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
}

static void take_keys(struct runner *runner, struct btx_console *console)
{
    int key;

    while (!console->is_over && (key = btx_screen_key()) != BTX_KEY_NONE) {
        if (key == BTX_KEY_REDRAW || key == BTX_KEY_RESIZED)
            btx_screen_forget();
        btx_console_key(console, key, btx_clock_monotonic_ns(runner->clock));
    }
}

static void run(struct runner *runner, struct btx_console *console, const sigset_t *mask)
{
    static struct btx_grid grid;
    unsigned rows;
    unsigned columns;

    do {
        ask(runner, console);
        btx_screen_size(&rows, &columns);
        btx_grid_clear(&grid, rows, columns);
        btx_console_draw(console, &grid, btx_clock_monotonic_ns(runner->clock));
        btx_screen_show(&grid);
        if (!wait(runner, console, mask))
            return;
        take_keys(runner, console);
        drop_late(runner, console);
    } while (is_ended == 0 && !console->is_over);
}

enum btx_fault_code btx_ctl_console(const struct btx_ctl_request *request,
                                    struct btx_fault *reterr_fault)
{
    static struct btx_console console;
    struct runner runner = {.path =
                                request->socket != NULL ? request->socket : btx_remote_socket_usual,
                            .clock = btx_clock_system()};
    struct signals signals;
    unsigned speed;

    if (btx_screen_open(reterr_fault) != BTX_OK)
        return reterr_fault->code;
    take_signals(&signals);
    for (unsigned lane = 0; lane < BTX_CONSOLE_LANE_COUNT; lane++)
        runner.calls[lane].fd = -1;
    speed = btx_screen_speed();
    btx_console_init(&console, runner.path,
                     speed != 0 && speed <= SPEED_SLOW ? PERIOD_SLOW_NS : PERIOD_NS);
    run(&runner, &console, &signals.mask_before);
    btx_screen_close();
    for (unsigned lane = 0; lane < BTX_CONSOLE_LANE_COUNT; lane++)
        btx_call_end(&runner.calls[lane]);
    btx_console_done(&console);
    give_signals_back(&signals);
    return BTX_OK;
}
