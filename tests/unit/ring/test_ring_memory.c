/* SPDX-License-Identifier: Apache-2.0 */
/* test_ring_memory.c - what the kernel refuses to everybody once a piece of memory is sealed. */
#include "engine/ring/ring_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/skip.h"
#include <cmocka.h>

#define SIZE_BYTES 65536u
#define STRANGER_UID 12345
#define HUGEPAGES_FILE "/proc/sys/vm/nr_hugepages"
#define HUGEPAGES_FREE_FILE "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"

static struct btx_ring_memory_plan plan_of(enum btx_ring_writer writer)
{
    return (struct btx_ring_memory_plan){.name = "the test's memory",
                                         .size_bytes = SIZE_BYTES,
                                         .mirror_offset = 4096,
                                         .writer = writer};
}

static struct btx_ring_memory make(enum btx_ring_writer writer)
{
    const struct btx_ring_memory_plan plan = plan_of(writer);
    struct btx_ring_memory memory = BTX_RING_MEMORY_NONE;
    struct btx_fault fault = {0};

    assert_int_equal(btx_ring_memory_create(&plan, &memory, &fault), BTX_OK);
    return memory;
}

static struct btx_ring_memory attach(const struct btx_ring_memory *made,
                                     enum btx_ring_writer writer)
{
    const struct btx_ring_memory_plan plan = plan_of(writer);
    struct btx_ring_memory memory = BTX_RING_MEMORY_NONE;
    struct btx_fault fault = {0};

    assert_int_equal(btx_ring_memory_attach(&plan, dup(made->fd), &memory, &fault), BTX_OK);
    return memory;
}

static uint64_t read_number(const char *path)
{
    uint64_t number = 0;
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return 0;
    if (fscanf(file, "%" SCNu64, &number) != 1)
        number = 0;
    (void)fclose(file);
    return number;
}

/* Whether the kernel took it. */
static bool write_number(const char *path, uint64_t number)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return false;
    (void)fprintf(file, "%" PRIu64 "\n", number);
    (void)fclose(file);
    return read_number(path) == number;
}

static void ring_memory_create__mirror__both_are_the_same_bytes(void **state)
{
    struct btx_ring_memory memory = make(BTX_RING_WRITER_MAKER);

    (void)state;
    memory.base[4096] = 11;
    memory.base[SIZE_BYTES + 7] = 12;

    assert_int_equal(memory.base[SIZE_BYTES], 11);
    assert_int_equal(memory.base[4096 + 7], 12);
    btx_ring_memory_done(&memory);
}

/* Truncated under an engine, the next access would be its death by SIGBUS. */
static void ring_memory_seals__truncate_or_grow__is_refused(void **state)
{
    struct btx_ring_memory memory = make(BTX_RING_WRITER_PEER); /* As it is handed out. */

    (void)state;
    assert_int_equal(ftruncate(memory.fd, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(memory.fd, 2 * SIZE_BYTES), -1);
    assert_int_equal(fallocate(memory.fd, 0, SIZE_BYTES, 4096), -1);
    btx_ring_memory_done(&memory);
}

static void ring_memory_seals__write_what_is_the_makers__is_refused(void **state)
{
    struct btx_ring_memory memory = make(BTX_RING_WRITER_MAKER);

    (void)state;
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory.fd, 0),
                     MAP_FAILED);
    assert_int_equal(pwrite(memory.fd, "x", 1, 0), -1);
    assert_int_equal(
        fallocate(memory.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, SIZE_BYTES), -1);
    assert_int_equal(errno, EPERM);
    memory.base[0] = 5; /* The maker itself still can. */
    assert_int_equal(memory.base[0], 5);
    btx_ring_memory_done(&memory);
}

/* The seal forbids to write; that nobody else can even open it is the second bolt. */
static void ring_memory_create__its_file__only_its_user_may_open_and_only_to_read(void **state)
{
    struct btx_ring_memory memory = make(BTX_RING_WRITER_PEER);
    struct stat status;

    (void)state;
    assert_int_equal(fstat(memory.fd, &status), 0);
    assert_int_equal(status.st_mode & 07777, S_IRUSR);
    btx_ring_memory_done(&memory);
}

/* Under another user, through the read-only descriptor that it was given. */
static int stranger_writes(int reader_fd)
{
    char path[32];
    int fd;

    if (setresuid(STRANGER_UID, STRANGER_UID, STRANGER_UID) != 0)
        return 2;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", reader_fd);
    fd = open(path, O_RDWR);
    return fd >= 0 && mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED;
}

/* A descriptor opened read-only can be opened again: a mode of 0666 would let anybody write. */
static void ring_memory_open_reader__opened_again_by_another_user__cannot_write(void **state)
{
    struct btx_ring_memory memory = make(BTX_RING_WRITER_MAKER);
    struct btx_fault fault = {0};
    int status = 0;
    int fd = -1;
    pid_t child;

    (void)state;
    if (getuid() != 0) {
        btx_ring_memory_done(&memory);
        SKIP_BECAUSE("only root can become another user");
    }
    assert_int_equal(btx_ring_memory_open_reader(&memory, &fd, &fault), BTX_OK);
    child = fork();
    if (child == 0)
        _exit(stranger_writes(fd));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    (void)close(fd);
    btx_ring_memory_done(&memory);
}

/* A piece for a peer to write, mapped by the peer and accepted. */
static void make_accepted(struct btx_ring_memory *memory, struct btx_ring_memory *peer)
{
    const struct btx_ring_memory_plan plan = plan_of(BTX_RING_WRITER_PEER);
    struct btx_fault fault = {0};

    *memory = make(BTX_RING_WRITER_PEER);
    *peer = attach(memory, BTX_RING_WRITER_PEER);
    assert_int_equal(btx_ring_memory_accept(&plan, memory, &fault), BTX_OK);
}

/* The engine cannot be made to write where a peer can: its mapping does not allow it. */
static void ring_memory_accept__a_peer_writes__the_maker_can_only_read(void **state)
{
    struct btx_ring_memory memory;
    struct btx_ring_memory peer;
    int zeros;

    (void)state;
    make_accepted(&memory, &peer);
    peer.base[3] = 9;
    peer.base[SIZE_BYTES] = 10;
    assert_int_equal(memory.base[3], 9);
    assert_int_equal(memory.base[4096], 10);
    assert_int_equal(memory.base[SIZE_BYTES], 10);
    /* A write would be a SIGSEGV: the kernel reads into it instead, and says EFAULT. */
    zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(zeros, memory.base, 1), -1);
    assert_int_equal(errno, EFAULT);
    (void)close(zeros);
    btx_ring_memory_done(&peer);
    btx_ring_memory_done(&memory);
}

/* A peer that takes pages away while the engine reads costs it a fault for each, of milliseconds
 * when both meet in the kernel: writing is all that a peer may do. */
static void ring_memory_accept__a_peer_punches_holes__is_refused(void **state)
{
    struct btx_ring_memory memory;
    struct btx_ring_memory peer;

    (void)state;
    make_accepted(&memory, &peer);
    peer.base[0] = 7;
    assert_int_equal(fallocate(peer.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, SIZE_BYTES),
                     -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(madvise(peer.base, SIZE_BYTES, MADV_REMOVE), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(memory.base[0], 7);
    assert_int_equal(pwrite(peer.fd, "x", 1, 0), -1);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, peer.fd, 0), MAP_FAILED);
    peer.base[0] = 8; /* What it mapped before it can still write. */
    assert_int_equal(memory.base[0], 8);
    btx_ring_memory_done(&peer);
    btx_ring_memory_done(&memory);
}

/* Holes from before the seal would stay: what is not whole is not accepted. */
static void ring_memory_accept__pages_are_missing__fault(void **state)
{
    const struct btx_ring_memory_plan plan = plan_of(BTX_RING_WRITER_PEER);
    struct btx_ring_memory memory = make(BTX_RING_WRITER_PEER);
    struct btx_ring_memory peer = attach(&memory, BTX_RING_WRITER_PEER);
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(fallocate(peer.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8192, 4096), 0);

    assert_int_equal(btx_ring_memory_accept(&plan, &memory, &fault), BTX_FAULT_INPUT);
    btx_ring_memory_done(&peer);
    btx_ring_memory_done(&memory);
}

static void ring_memory_attach__another_size__fault(void **state)
{
    struct btx_ring_memory memory = make(BTX_RING_WRITER_PEER);
    struct btx_ring_memory_plan plan = plan_of(BTX_RING_WRITER_PEER);
    struct btx_ring_memory peer;
    struct btx_fault fault = {0};

    (void)state;
    plan.size_bytes += 4096;
    assert_int_equal(btx_ring_memory_attach(&plan, dup(memory.fd), &peer, &fault),
                     BTX_FAULT_LAYOUT);
    assert_int_equal(btx_ring_memory_attach(&plan, -1, &peer, &fault), BTX_FAULT_LAYOUT);
    btx_ring_memory_done(&memory);
}

static void ring_memory_attach__not_sealed__fault(void **state)
{
    const struct btx_ring_memory_plan plan = plan_of(BTX_RING_WRITER_MAKER);
    struct btx_ring_memory memory = make(BTX_RING_WRITER_PEER); /* Others may write. */
    struct btx_ring_memory peer;
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_ring_memory_attach(&plan, dup(memory.fd), &peer, &fault),
                     BTX_FAULT_LAYOUT);
    btx_ring_memory_done(&memory);
}

/* Found when it is made, not by a SIGBUS in the middle of a tx; and it says what to do. */
static void ring_memory_create__too_few_hugepages__fault_says_how_many(void **state)
{
    const uint64_t free_count = read_number(HUGEPAGES_FREE_FILE);
    const uint64_t wanted = free_count + read_number("/proc/sys/vm/nr_overcommit_hugepages") + 3;
    const struct btx_ring_memory_plan plan = {
        .name = "betex-event-ring",
        .size_bytes = wanted * BTX_RING_HUGEPAGE_BYTES,
        .writer = BTX_RING_WRITER_MAKER,
        .hugepages = true,
    };
    struct btx_ring_memory memory = BTX_RING_MEMORY_NONE;
    struct btx_fault fault = {0};
    char words[64];

    (void)state;
    assert_int_equal(btx_ring_memory_create(&plan, &memory, &fault), BTX_FAULT_MEMORY);
    (void)snprintf(words, sizeof(words), "needs %" PRIu64 " hugepages of 2 MiB", wanted);
    assert_non_null(strstr(fault.text, words));
    assert_non_null(strstr(fault.text, "set vm.nr_hugepages to"));
    /* What it had got until then is given back. */
    assert_int_equal(read_number(HUGEPAGES_FREE_FILE), free_count);
}

/* A child that is killed while it has a ring. */
static void die_with_hugepages(const struct btx_ring_memory_plan *plan)
{
    struct btx_ring_memory memory;
    struct btx_fault fault = {0};
    const pid_t child = fork();
    int status = 0;

    if (child == 0) {
        if (btx_ring_memory_create(plan, &memory, &fault) == BTX_OK)
            (void)raise(SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static uint64_t hugepages_before;

static int setup_hugepages(void **state)
{
    (void)state;
    hugepages_before = read_number(HUGEPAGES_FILE);
    return 0;
}

/* Also after a failure: they are the machine's. */
static int teardown_hugepages(void **state)
{
    (void)state;
    (void)write_number(HUGEPAGES_FILE, hugepages_before);
    return 0;
}

/* Pages, seals and mirror are as with ordinary pages; and kill -9 leaks none. */
static void ring_memory_create__hugepages__sealed_mirrored_and_given_back(void **state)
{
    const struct btx_ring_memory_plan plan = {
        .name = "betex-event-ring",
        .size_bytes = 2 * BTX_RING_HUGEPAGE_BYTES,
        .writer = BTX_RING_WRITER_MAKER,
        .hugepages = true,
        .lock_required = true,
    };
    struct btx_ring_memory memory;
    struct btx_fault fault = {0};
    uint64_t free_count;

    (void)state;
    if (!write_number(HUGEPAGES_FILE, hugepages_before + 2))
        SKIP_BECAUSE("hugepages cannot be reserved here");
    free_count = read_number(HUGEPAGES_FREE_FILE);
    assert_int_equal(btx_ring_memory_create(&plan, &memory, &fault), BTX_OK);
    assert_int_equal(read_number(HUGEPAGES_FREE_FILE), free_count - 2);
    memory.base[2 * BTX_RING_HUGEPAGE_BYTES - 1] = 3;
    assert_int_equal(memory.base[4 * BTX_RING_HUGEPAGE_BYTES - 1], 3);
    assert_int_equal(
        fallocate(memory.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)plan.size_bytes),
        -1);
    assert_int_equal(ftruncate(memory.fd, 0), -1);
    assert_ptr_equal(
        mmap(NULL, BTX_RING_HUGEPAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, memory.fd, 0),
        MAP_FAILED);
    btx_ring_memory_done(&memory);
    assert_int_equal(read_number(HUGEPAGES_FREE_FILE), free_count);
    die_with_hugepages(&plan);
    assert_int_equal(read_number(HUGEPAGES_FREE_FILE), free_count);
}

/* In a child without the right to lock: what the fault says, and that it is only tried else. */
static int lock_without_right(void)
{
    const struct rlimit none = {0, 0};
    struct btx_ring_memory_plan plan = plan_of(BTX_RING_WRITER_MAKER);
    struct btx_ring_memory memory;
    struct btx_fault fault = {0};

    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 ||
        (getuid() == 0 && setresuid(STRANGER_UID, STRANGER_UID, STRANGER_UID) != 0))
        return 2;
    plan.lock_required = true;
    if (btx_ring_memory_create(&plan, &memory, &fault) != BTX_FAULT_LIMIT ||
        strstr(fault.text, "RLIMIT_MEMLOCK") == NULL)
        return 3;
    plan.lock_required = false;
    if (btx_ring_memory_create(&plan, &memory, &fault) != BTX_OK || memory.locked)
        return 4;
    btx_ring_memory_done(&memory);
    return 0;
}

static void ring_memory_create__may_not_lock__fault_only_when_required(void **state)
{
    const char *kind = getenv("BTX_KIND");
    int status = 0;
    pid_t child;

    (void)state;
    if (kind != NULL && (strcmp(kind, "asan") == 0 || strcmp(kind, "tsan") == 0))
        SKIP_BECAUSE("the mlock of a sanitizer does nothing and says that it went well");
    child = fork();
    if (child == 0)
        _exit(lock_without_right());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_memory_create__mirror__both_are_the_same_bytes),
        cmocka_unit_test(ring_memory_seals__truncate_or_grow__is_refused),
        cmocka_unit_test(ring_memory_seals__write_what_is_the_makers__is_refused),
        cmocka_unit_test(ring_memory_create__its_file__only_its_user_may_open_and_only_to_read),
        cmocka_unit_test(ring_memory_open_reader__opened_again_by_another_user__cannot_write),
        cmocka_unit_test(ring_memory_accept__a_peer_writes__the_maker_can_only_read),
        cmocka_unit_test(ring_memory_accept__a_peer_punches_holes__is_refused),
        cmocka_unit_test(ring_memory_accept__pages_are_missing__fault),
        cmocka_unit_test(ring_memory_attach__another_size__fault),
        cmocka_unit_test(ring_memory_attach__not_sealed__fault),
        cmocka_unit_test(ring_memory_create__too_few_hugepages__fault_says_how_many),
        cmocka_unit_test_setup_teardown(
            ring_memory_create__hugepages__sealed_mirrored_and_given_back, setup_hugepages,
            teardown_hugepages),
        cmocka_unit_test(ring_memory_create__may_not_lock__fault_only_when_required),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
