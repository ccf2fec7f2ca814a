/* SPDX-License-Identifier: Apache-2.0 */
/* signals.c - a signalfd and two flags. */
#include "engine/service/signals.h"

#include <errno.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "engine/base/check.h"

static const int signals_taken[] = {SIGTERM, SIGINT, SIGHUP};

enum btx_fault_code btx_signals_open(struct btx_signals *signals, struct btx_fault *reterr_fault)
{
    sigset_t taken;
    int fd;

    CHECK(sigemptyset(&taken) == 0);
    for (size_t i = 0; i < BTX_COUNT_OF(signals_taken); i++)
        CHECK(sigaddset(&taken, signals_taken[i]) == 0);
    fd = signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "making a descriptor of signals");
    *signals = (struct btx_signals){.fd = fd};
    CHECK(pthread_sigmask(SIG_BLOCK, &taken, &signals->mask_before) == 0);
    signals->pipe_before = signal(SIGPIPE, SIG_IGN);
    CHECK(signals->pipe_before != SIG_ERR);
    return BTX_OK;
}

void btx_signals_read(struct btx_signals *signals)
{
    struct signalfd_siginfo info;

    CHECK(signals->fd >= 0);
    while (read(signals->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        /* Relaxed: a flag says nothing about other memory. */
        if (info.ssi_signo == SIGHUP)
            atomic_store_explicit(&signals->reload, true, memory_order_relaxed);
        else
            atomic_store_explicit(&signals->stop, (int)info.ssi_signo, memory_order_relaxed);
    }
}

int btx_signals_stop(const struct btx_signals *signals)
{
    return atomic_load_explicit(&signals->stop, memory_order_relaxed);
}

bool btx_signals_take_reload(struct btx_signals *signals)
{
    return atomic_exchange_explicit(&signals->reload, false, memory_order_relaxed);
}

void btx_signals_close(struct btx_signals *signals)
{
    if (signals->fd < 0)
        return;
    btx_signals_read(signals); /* What is pending would be delivered when it is unblocked. */
    CHECK(signal(SIGPIPE, signals->pipe_before) == SIG_IGN);
    CHECK(pthread_sigmask(SIG_SETMASK, &signals->mask_before, NULL) == 0);
    (void)close(signals->fd); /* Nothing was written to it. */
    signals->fd = -1;
}
