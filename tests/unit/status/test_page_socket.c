/* SPDX-License-Identifier: Apache-2.0 */
/* test_page_socket.c - a page through a socket, from honest servers and from others. */
#include "engine/status/page_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "engine/status/reading.h"
#include "tests/unit/wal/temp_folder.h"

struct fixture {
    struct temp_folder folder;
    char path[300];
    struct btx_status_page page;
    struct btx_status_page_socket socket;
    struct btx_clock_manual clock;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct btx_status_options options = {.parts = UINT64_C(1) << BTX_STATUS_PART_SHADOW,
                                         .version = "test"};
    struct btx_fault fault = {0};

    temp_folder_make(&fixture.folder);
    (void)snprintf(fixture.path, sizeof fixture.path, "%s/sock", fixture.folder.path);
    btx_clock_manual_init(&fixture.clock, 1000, 1000);
    options.clock = &fixture.clock.clock;
    fixture.page = (struct btx_status_page){.fd = -1};
    fixture.socket = (struct btx_status_page_socket){.fd = -1, .page_fd = -1, .spare_fd = -1};
    assert_int_equal(btx_status_page_create(&fixture.page, &options, &fault), BTX_OK);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    btx_status_page_socket_close(&fixture->socket);
    btx_status_page_socket_close(&fixture->socket);
    btx_status_page_close(&fixture->page);
    temp_folder_remove(&fixture->folder);
    return 0;
}

static void listen_at(struct fixture *fixture)
{
    struct btx_fault fault = {0};

    assert_int_equal(
        btx_status_page_listen(&fixture->socket, fixture->path, 0600, &fixture->page, &fault),
        BTX_OK);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const void *)&address, sizeof address), 0);
    return fd;
}

/* One client in a thread of its own, because it waits. */
struct client {
    const char *path;
    int fd;
    struct btx_fault fault;
    pthread_t thread;
};

static void *client_main(void *context)
{
    struct client *client = context;

    (void)!btx_status_page_fetch(client->path, &client->fd, &client->fault);
    return NULL;
}

static void client_start(struct client *client, const char *path)
{
    *client = (struct client){.path = path};
    assert_int_equal(pthread_create(&client->thread, NULL, client_main, client), 0);
}

static void await_readable(int fd)
{
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    assert_int_equal(select(fd + 1, &set, NULL, NULL, NULL), 1);
}

static void page_fetch__served__read_only_and_what_is_written_shows(void **state)
{
    struct fixture *fixture = *state;
    static struct btx_status_reading reading;
    struct btx_status_writer writer;
    struct btx_status_view view = {0};
    struct client client;

    listen_at(fixture);
    client_start(&client, fixture->path);
    await_readable(fixture->socket.fd);
    btx_status_page_serve(&fixture->socket);
    assert_int_equal(pthread_join(client.thread, NULL), 0);
    assert_int_equal(client.fault.code, BTX_OK);
    btx_status_writer_init(&writer, fixture->page.shared, BTX_STATUS_PART_SHADOW);
    btx_status_set(&writer, BTX_STATUS_AUDIT_SEQ, 4711);
    assert_int_equal(btx_status_view_open(&view, client.fd, &client.fault), BTX_OK);
    btx_status_reading_init(&reading, &fixture->clock.clock);
    assert_int_equal(btx_status_reading_add_view(&reading, &view, &client.fault), BTX_OK);
    assert_int_equal(reading.slots[BTX_STATUS_AUDIT_SEQ], 4711);
    assert_int_equal(fcntl(client.fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    assert_ptr_equal(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, client.fd, 0), MAP_FAILED);
    btx_status_view_close(&view);
    (void)close(client.fd);
}

/* Clients that take nothing, say something, or are gone are nothing to wait for. */
static void page_serve__clients_of_all_kinds__each_is_closed(void **state)
{
    struct fixture *fixture = *state;
    int fds[20];
    char bytes[64];

    listen_at(fixture);
    for (size_t i = 0; i < BTX_COUNT_OF(fds); i++) {
        fds[i] = connect_to(fixture->path);
        if (i % 3 == 1)
            assert_int_equal(send(fds[i], "hello", 5, 0), 5);
        if (i % 3 == 2)
            (void)close(fds[i]);
    }
    btx_status_page_serve(&fixture->socket);
    btx_status_page_serve(&fixture->socket);
    btx_status_page_serve(&fixture->socket);
    for (size_t i = 0; i < BTX_COUNT_OF(fds); i++) {
        if (i % 3 == 2)
            continue;
        /* A plain read drops the descriptor; behind the message is the end.  Who spoke without
         * being asked may get nothing but that. */
        if (i % 3 == 0)
            assert_int_equal(read(fds[i], bytes, sizeof bytes),
                             sizeof(struct btx_status_page_message));
        while (read(fds[i], bytes, sizeof bytes) > 0)
            continue;
        (void)close(fds[i]);
    }
}

static void page_listen__socket_of_a_dead_process__replaced(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int dead = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    struct stat status;

    memcpy(address.sun_path, fixture->path, strlen(fixture->path) + 1);
    assert_int_equal(bind(dead, (const void *)&address, sizeof address), 0);
    (void)close(dead);
    listen_at(fixture);
    (void)close(connect_to(fixture->path));
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    btx_status_page_socket_close(&fixture->socket);
    assert_int_equal(stat(fixture->path, &status), -1);
}

static void page_listen__somebody_answers__locked_and_left_alone(void **state)
{
    struct btx_status_page_socket second;
    struct fixture *fixture = *state;
    struct btx_fault fault = {0};

    listen_at(fixture);
    assert_int_equal(btx_status_page_listen(&second, fixture->path, 0600, &fixture->page, &fault),
                     BTX_FAULT_LOCKED);
    btx_status_page_socket_close(&second);
    (void)close(connect_to(fixture->path));
}

static void page_listen__file_in_the_way__fault_and_the_file_stays(void **state)
{
    struct fixture *fixture = *state;
    struct btx_fault fault = {0};
    struct stat status;

    temp_folder_put(&fixture->folder, "sock", "x", 1);
    assert_int_equal(
        btx_status_page_listen(&fixture->socket, fixture->path, 0600, &fixture->page, &fault),
        BTX_FAULT_IO);
    assert_int_equal(fault.os_error, EADDRINUSE);
    assert_int_equal(stat(fixture->path, &status), 0);
}

static void page_socket__path_too_long__config_fault(void **state)
{
    struct fixture *fixture = *state;
    char path[109] = "";
    struct btx_fault fault = {0};
    int fd = 0;

    memset(path, 'a', sizeof path - 1);
    assert_int_equal(btx_status_page_listen(&fixture->socket, path, 0600, &fixture->page, &fault),
                     BTX_FAULT_CONFIG);
    assert_int_equal(btx_status_page_fetch(path, &fd, &fault), BTX_FAULT_CONFIG);
    assert_int_equal(fd, -1);
}

static void page_fetch__nobody_there__fault_that_names_the_path(void **state)
{
    struct fixture *fixture = *state;
    struct btx_fault fault = {0};
    int fd;

    assert_int_equal(btx_status_page_fetch(fixture->path, &fd, &fault), BTX_FAULT_IO);
    assert_non_null(strstr(fault.text, fixture->path));
    assert_int_equal(fault.os_error, ENOENT);
}

/* ---- Servers that are not what they seem ---- */

enum { PAGE_SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | F_SEAL_FUTURE_WRITE };

struct hostile {
    const char *what;
    struct btx_status_page_message message;
    size_t message_bytes;
    int fd_count;
    size_t page_bytes;
    int seals;
    const char *why; /* NULL: it is right, so that each of the others is wrong in one way only */
};

#define RIGHT                                                                                      \
    {                                                                                              \
        BTX_STATUS_PAGE_MESSAGE_MAGIC, BTX_STATUS_LAYOUT_VERSION                                   \
    }
#define SIZE sizeof(struct btx_status_shared)
#define STRANGER "what answers hands out no status page"
#define UNSEALED "what came is no status page: it is not sealed as one"

static const struct hostile hostiles[] = {
    {"nothing wrong", RIGHT, 16, 1, SIZE, PAGE_SEALS, NULL},
    {"ends at once", RIGHT, 0, 0, 0, 0, STRANGER},
    {"no descriptor", RIGHT, 16, 0, 0, 0, STRANGER},
    {"two descriptors", RIGHT, 16, 2, SIZE, PAGE_SEALS, STRANGER},
    {"short message", RIGHT, 15, 1, SIZE, PAGE_SEALS, STRANGER},
    {"long message", RIGHT, 17, 1, SIZE, PAGE_SEALS, STRANGER},
    {"wrong magic", {1, BTX_STATUS_LAYOUT_VERSION}, 16, 1, SIZE, PAGE_SEALS, STRANGER},
    {"another layout",
     {BTX_STATUS_PAGE_MESSAGE_MAGIC, 99},
     16,
     1,
     SIZE,
     PAGE_SEALS,
     "the status page has layout version 99, want 1"},
    {"may shrink", RIGHT, 16, 1, SIZE, PAGE_SEALS & ~F_SEAL_SHRINK, UNSEALED},
    {"may grow", RIGHT, 16, 1, SIZE, PAGE_SEALS & ~F_SEAL_GROW, UNSEALED},
    {"may be written", RIGHT, 16, 1, SIZE, PAGE_SEALS & ~F_SEAL_FUTURE_WRITE, UNSEALED},
    {"may be sealed", RIGHT, 16, 1, SIZE, PAGE_SEALS & ~F_SEAL_SEAL, UNSEALED},
    {"too short", RIGHT, 16, 1, SIZE - 1, PAGE_SEALS, "what came is no status page: "},
    {"too long", RIGHT, 16, 1, SIZE + 1, PAGE_SEALS, "what came is no status page: "},
};

static int make_page(const struct hostile *hostile)
{
    const int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)hostile->page_bytes), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, hostile->seals), 0);
    return fd;
}

static void answer(int listener, const struct hostile *hostile)
{
    const int page_fd = make_page(hostile);
    const int fds[] = {page_fd, page_fd};
    alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof fds)] = {0};
    uint8_t bytes[32] = {0};
    struct iovec piece = {bytes, hostile->message_bytes};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
    const size_t fds_bytes = (size_t)hostile->fd_count * sizeof(int);
    const int fd = accept(listener, NULL, NULL);

    assert_true(fd >= 0);
    memcpy(bytes, &hostile->message, sizeof hostile->message);
    if (fds_bytes != 0) {
        struct cmsghdr *item;

        header.msg_control = control;
        header.msg_controllen = CMSG_SPACE(fds_bytes);
        item = CMSG_FIRSTHDR(&header);
        item->cmsg_level = SOL_SOCKET;
        item->cmsg_type = SCM_RIGHTS;
        item->cmsg_len = CMSG_LEN(fds_bytes);
        memcpy(CMSG_DATA(item), fds, fds_bytes);
    }
    if (hostile->message_bytes != 0)
        assert_int_equal(sendmsg(fd, &header, 0), hostile->message_bytes);
    (void)close(fd);
    (void)close(page_fd);
}

static void page_fetch__from_servers_of_all_kinds__only_a_page_is_taken(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, fixture->path, strlen(fixture->path) + 1);
    assert_int_equal(bind(listener, (const void *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    for (size_t i = 0; i < BTX_COUNT_OF(hostiles); i++) {
        struct client client;

        print_message("%s\n", hostiles[i].what);
        client_start(&client, fixture->path);
        answer(listener, &hostiles[i]);
        assert_int_equal(pthread_join(client.thread, NULL), 0);
        if (hostiles[i].why == NULL) {
            assert_int_equal(client.fault.code, BTX_OK);
            (void)close(client.fd);
            continue;
        }
        assert_int_equal(client.fault.code, BTX_FAULT_LAYOUT);
        assert_int_equal(client.fd, -1);
        assert_non_null(strstr(client.fault.text, hostiles[i].why));
    }
    (void)close(listener);
}

#define PAGE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAGE_TEST(page_fetch__served__read_only_and_what_is_written_shows),
        PAGE_TEST(page_serve__clients_of_all_kinds__each_is_closed),
        PAGE_TEST(page_listen__socket_of_a_dead_process__replaced),
        PAGE_TEST(page_listen__somebody_answers__locked_and_left_alone),
        PAGE_TEST(page_listen__file_in_the_way__fault_and_the_file_stays),
        PAGE_TEST(page_socket__path_too_long__config_fault),
        PAGE_TEST(page_fetch__nobody_there__fault_that_names_the_path),
        PAGE_TEST(page_fetch__from_servers_of_all_kinds__only_a_page_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
