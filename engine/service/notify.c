/* SPDX-License-Identifier: Apache-2.0 */
/* notify.c - the datagrams of sd_notify(3), written here because libsystemd would bring a library
 * with decompressors and a resolver into each of our processes for the sake of five of them. */
#include "engine/service/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/base/check.h"

#define NS_PER_US UINT64_C(1000)

/* A whole decimal number greater than 0. */
static bool number_parse(const char *text, uint64_t *ret_number)
{
    unsigned long long number;
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || number == 0)
        return false;
    *ret_number = number;
    return true;
}

/* Faults: CONFIG. */
static enum btx_fault_code watchdog_parse(uint64_t *ret_watchdog_ns, struct btx_fault *reterr_fault)
{
    const char *interval = getenv("WATCHDOG_USEC");
    const char *pid_text = getenv("WATCHDOG_PID");
    uint64_t interval_us;
    uint64_t pid;

    if (interval == NULL)
        return BTX_OK;
    if (pid_text != NULL) {
        if (!number_parse(pid_text, &pid))
            return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0,
                                 "WATCHDOG_PID: want a process, got '%s'", pid_text);
        if (pid != (uint64_t)getpid())
            return BTX_OK; /* It is meant for another process, which has handed it down. */
    }
    if (!number_parse(interval, &interval_us) || interval_us > UINT64_MAX / NS_PER_US)
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0,
                             "WATCHDOG_USEC: want microseconds, got '%s'", interval);
    *ret_watchdog_ns = interval_us * NS_PER_US;
    return BTX_OK;
}

/* Faults: CONFIG, IO. */
static enum btx_fault_code socket_open(const char *name, int *ret_fd,
                                       struct btx_fault *reterr_fault)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t length = strlen(name);
    int fd;

    if ((name[0] != '/' && name[0] != '@') || length < 2 || length >= sizeof(address.sun_path))
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0,
                             "NOTIFY_SOCKET: want '/path' or '@name' of at most %zu bytes, "
                             "got '%s'",
                             sizeof(address.sun_path) - 1, name);
    memcpy(address.sun_path, name, length);
    /* An abstract name begins with a zero, and is as long as the address says. */
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "a socket for NOTIFY_SOCKET");
    if (connect(fd, (const struct sockaddr *)(const void *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) != 0) {
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "connecting to NOTIFY_SOCKET '%s'",
                            name);
        (void)close(fd); /* Nothing was written to it. */
        return BTX_FAULT_IO;
    }
    *ret_fd = fd;
    return BTX_OK;
}

enum btx_fault_code btx_notify_open(struct btx_notify *notify, struct btx_fault *reterr_fault)
{
    const char *name = getenv("NOTIFY_SOCKET");
    enum btx_fault_code code = BTX_OK;

    *notify = BTX_NOTIFY_NONE;
    if (name != NULL && name[0] != '\0') {
        code = watchdog_parse(&notify->watchdog_ns, reterr_fault);
        if (code == BTX_OK)
            code = socket_open(name, &notify->fd, reterr_fault);
    }
    /* Whatever this process starts does not speak for it. */
    CHECK(unsetenv("NOTIFY_SOCKET") == 0 && unsetenv("WATCHDOG_USEC") == 0 &&
          unsetenv("WATCHDOG_PID") == 0);
    return code;
}

/* True when the other side has it, or will never have it. */
static bool notify_send(struct btx_notify *notify, const char *message)
{
    if (notify->fd < 0)
        return true;
    if (send(notify->fd, message, strlen(message), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return true;
    /* Any other failure means that systemd itself is gone or was replaced: nobody is left to be
     * told, and a service goes on without. */
    return errno != EAGAIN && errno != ENOBUFS && errno != EINTR;
}

bool btx_notify_ready(struct btx_notify *notify)
{
    return notify_send(notify, "READY=1");
}

bool btx_notify_status(struct btx_notify *notify, const char *format, ...)
{
    static const char key[] = "STATUS=";
    char message[sizeof(key) - 1 + BTX_NOTIFY_STATUS_BYTES];
    char *text = message + sizeof(key) - 1;
    va_list arguments;
    int length;

    memcpy(message, key, sizeof(key) - 1);
    va_start(arguments, format);
    length = vsnprintf(text, BTX_NOTIFY_STATUS_BYTES, format, arguments);
    va_end(arguments);
    if (length < 0)
        text[0] = '\0'; /* The format could not be expanded. */
    /* A line end would begin another key. */
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    }
    return notify_send(notify, message);
}

bool btx_notify_stopping(struct btx_notify *notify)
{
    return notify_send(notify, "STOPPING=1");
}

bool btx_notify_extend(struct btx_notify *notify, uint64_t more_ns)
{
    char message[48];

    (void)snprintf(message, sizeof(message), "EXTEND_TIMEOUT_USEC=%" PRIu64, more_ns / NS_PER_US);
    return notify_send(notify, message);
}

bool btx_notify_alive(struct btx_notify *notify, uint64_t now_ns)
{
    if (notify->fd < 0 || notify->watchdog_ns == 0)
        return true;
    if (notify->alive_ns != 0 && now_ns - notify->alive_ns < notify->watchdog_ns / 4)
        return true;
    if (!notify_send(notify, "WATCHDOG=1"))
        return false;
    notify->alive_ns = now_ns;
    return true;
}

void btx_notify_close(struct btx_notify *notify)
{
    if (notify->fd >= 0)
        (void)close(notify->fd); /* A socket has nothing to report. */
    *notify = BTX_NOTIFY_NONE;
}
