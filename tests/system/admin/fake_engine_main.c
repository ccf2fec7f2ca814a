/* SPDX-License-Identifier: Apache-2.0 */
/* fake_engine_main.c - the test double as a process: fake-engine SOCKET WAL. */
#include <signal.h>
#include <stdio.h>

#include "fake_engine.h"

#define IDLE_NS UINT64_C(1000000)

static volatile sig_atomic_t is_stopping;

static void stop(int number)
{
    (void)number;
    is_stopping = 1;
}

int main(int argument_count, char **arguments)
{
    static struct fake_engine engine;
    const struct sigaction action = {.sa_handler = stop};

    if (argument_count != 3) {
        (void)fprintf(stderr, "usage: fake-engine SOCKET WAL\n");
        return 2;
    }
    (void)sigaction(SIGTERM, &action, NULL);
    fake_engine_open(&engine, arguments[1], arguments[2]);
    while (is_stopping == 0 && !engine.is_asked_to_stop) {
        if (!fake_engine_turn(&engine))
            (void)btx_event_ring_wait(&engine.events, IDLE_NS);
    }
    fake_engine_close(&engine, true);
    return 0;
}
