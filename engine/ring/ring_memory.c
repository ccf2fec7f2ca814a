/* SPDX-License-Identifier: Apache-2.0 */
/* ring_memory.c - memfds, seals and mappings.
 * The order is what matters: the pages are allocated by fallocate before anything is mapped, for
 * that is the call that says how it went (a hugepage that cannot be had at the first access is a
 * SIGBUS); and F_SEAL_FUTURE_WRITE comes when the mapping that is to write exists, because it
 * forbids all further ones, and with them every write and hole by a descriptor. */
#include "engine/ring/ring_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/check.h"

/* Of Linux 6.3, and so in no header of Debian 12: never executable, whatever its mode. */
#define MEMFD_NOEXEC_SEAL 0x0008U
#define MEMFD_HUGE_2MIB (21U << 26)

/* From the beginning, and when the one that writes has mapped it. */
#define SEALS_SIZE (F_SEAL_SHRINK | F_SEAL_GROW)
#define SEALS_WRITE (F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)
#define PAGE_BYTES 4096u

static size_t plan_page_bytes(const struct btx_ring_memory_plan *plan)
{
    return plan->hugepages ? BTX_RING_HUGEPAGE_BYTES : PAGE_BYTES;
}

/* A number from a file of the kernel; 0 when it cannot be read. */
static uint64_t kernel_number(const char *path)
{
    FILE *file = fopen(path, "re");
    uint64_t number = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%" SCNu64, &number) != 1)
        number = 0;
    (void)fclose(file); /* It was only read. */
    return number;
}

static enum btx_fault_code fault_hugepages(const struct btx_ring_memory_plan *plan, int os_error,
                                           struct btx_fault *reterr_fault)
{
    const uint64_t wanted = plan->size_bytes / BTX_RING_HUGEPAGE_BYTES;
    const uint64_t free_count =
        kernel_number("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
    const uint64_t total = kernel_number("/proc/sys/vm/nr_hugepages");
    const uint64_t missing = wanted > free_count ? wanted - free_count : 0;

    return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, os_error,
                         "%s needs %" PRIu64 " hugepages of 2 MiB, %" PRIu64
                         " are free: set vm.nr_hugepages to %" PRIu64
                         " or more, or engine.hugepages to off",
                         plan->name, wanted, free_count, total + missing);
}

static enum btx_fault_code memory_open(const struct btx_ring_memory_plan *plan, int *ret_fd,
                                       struct btx_fault *reterr_fault)
{
    const unsigned int flags =
        MFD_CLOEXEC | MFD_ALLOW_SEALING | (plan->hugepages ? MFD_HUGETLB | MEMFD_HUGE_2MIB : 0);
    int fd = memfd_create(plan->name, flags | MEMFD_NOEXEC_SEAL);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(plan->name, flags); /* An older kernel. */
    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "making %s", plan->name);
    /* Of the mode 0666 anybody who holds a read-only descriptor could open it again to write. */
    if (fchmod(fd, S_IRUSR) != 0 || ftruncate(fd, (off_t)plan->size_bytes) != 0) {
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "making %s", plan->name);
        goto close_fd;
    }
    *ret_fd = fd;
    return BTX_OK;

close_fd:
    (void)close(fd); /* There is a fault already. */
    return reterr_fault->code;
}

/* Put all pages in, which is where it shows that there are not enough. */
static enum btx_fault_code memory_allocate(const struct btx_ring_memory_plan *plan, int fd,
                                           struct btx_fault *reterr_fault)
{
    if (fallocate(fd, 0, 0, (off_t)plan->size_bytes) == 0)
        return BTX_OK;
    if (plan->hugepages)
        return fault_hugepages(plan, errno, reterr_fault);
    return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "%s of %zu bytes", plan->name,
                         plan->size_bytes);
}

static enum btx_fault_code memory_seal(const struct btx_ring_memory_plan *plan, int fd, int seals,
                                       struct btx_fault *reterr_fault)
{
    if (fcntl(fd, F_ADD_SEALS, seals) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "sealing %s", plan->name);
    return BTX_OK;
}

/* Map @memory->fd once, and what lies behind the plan's mirror_offset a second time. */
static enum btx_fault_code memory_map(const struct btx_ring_memory_plan *plan, int protection,
                                      struct btx_ring_memory *memory,
                                      struct btx_fault *reterr_fault)
{
    const size_t page_bytes = plan_page_bytes(plan);
    const size_t mirror_bytes = plan->size_bytes - plan->mirror_offset;
    const size_t mapped_bytes = plan->size_bytes + mirror_bytes;
    const size_t reserved_bytes = mapped_bytes + page_bytes;
    const int flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
    uint8_t *reserved =
        mmap(NULL, reserved_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uint8_t *base;
    size_t before_bytes;

    if (reserved == MAP_FAILED)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "mapping %s", plan->name);
    before_bytes = (page_bytes - (uintptr_t)reserved % page_bytes) % page_bytes;
    base = reserved + before_bytes;
    if (mmap(base, plan->size_bytes, protection, flags, memory->fd, 0) == MAP_FAILED ||
        (mirror_bytes != 0 && mmap(base + plan->size_bytes, mirror_bytes, protection, flags,
                                   memory->fd, (off_t)plan->mirror_offset) == MAP_FAILED)) {
        (void)btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "mapping %s", plan->name);
        (void)munmap(reserved, reserved_bytes);
        return reterr_fault->code;
    }
    /* What alignment left over: giving back address space of our own cannot fail. */
    if (before_bytes != 0)
        CHECK(munmap(reserved, before_bytes) == 0);
    CHECK(munmap(base + mapped_bytes, page_bytes - before_bytes) == 0);
    memory->base = base;
    memory->size_bytes = plan->size_bytes;
    memory->mapped_bytes = mapped_bytes;
    return BTX_OK;
}

/* Lock ordinary pages.  The first mapping is enough: a page that one mapping holds stays. */
static enum btx_fault_code memory_lock(const struct btx_ring_memory_plan *plan,
                                       struct btx_ring_memory *memory,
                                       struct btx_fault *reterr_fault)
{
    if (plan->hugepages || mlock(memory->base, memory->size_bytes) == 0) {
        memory->locked = true;
        return BTX_OK;
    }
    if (!plan->lock_required)
        return BTX_OK;
    return btx_fault_set(reterr_fault, BTX_FAULT_LIMIT, errno,
                         "locking %zu bytes of %s into memory: raise RLIMIT_MEMLOCK "
                         "(LimitMEMLOCK= of the unit)",
                         plan->size_bytes, plan->name);
}

static void plan_check(const struct btx_ring_memory_plan *plan)
{
    const size_t page_bytes = plan_page_bytes(plan);

    CHECK(plan->size_bytes != 0 && plan->size_bytes % page_bytes == 0);
    CHECK(plan->mirror_offset % page_bytes == 0 && plan->mirror_offset <= plan->size_bytes);
}

enum btx_fault_code btx_ring_memory_create(const struct btx_ring_memory_plan *plan,
                                           struct btx_ring_memory *ret_memory,
                                           struct btx_fault *reterr_fault)
{
    struct btx_ring_memory memory = BTX_RING_MEMORY_NONE;

    plan_check(plan);
    if (memory_open(plan, &memory.fd, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (memory_seal(plan, memory.fd, SEALS_SIZE, reterr_fault) != BTX_OK)
        goto done;
    if (plan->writer == BTX_RING_WRITER_MAKER &&
        (memory_allocate(plan, memory.fd, reterr_fault) != BTX_OK ||
         memory_map(plan, PROT_READ | PROT_WRITE, &memory, reterr_fault) != BTX_OK ||
         memory_lock(plan, &memory, reterr_fault) != BTX_OK ||
         memory_seal(plan, memory.fd, SEALS_WRITE, reterr_fault) != BTX_OK))
        goto done;
    *ret_memory = memory;
    return BTX_OK;

done:
    btx_ring_memory_done(&memory);
    return reterr_fault->code;
}

enum btx_fault_code btx_ring_memory_accept(const struct btx_ring_memory_plan *plan,
                                           struct btx_ring_memory *memory,
                                           struct btx_fault *reterr_fault)
{
    struct stat status;

    plan_check(plan);
    CHECK(plan->writer == BTX_RING_WRITER_PEER && memory->base == NULL);
    if (memory_seal(plan, memory->fd, SEALS_WRITE, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    /* Only now: nobody can take a page out any more. */
    CHECK(fstat(memory->fd, &status) == 0);
    if ((uint64_t)status.st_blocks * 512u < plan->size_bytes)
        return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "there are pages missing in %s",
                             plan->name);
    if (memory_map(plan, PROT_READ, memory, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    return memory_lock(plan, memory, reterr_fault);
}

enum btx_fault_code btx_ring_memory_attach(const struct btx_ring_memory_plan *plan, int fd,
                                           struct btx_ring_memory *ret_memory,
                                           struct btx_fault *reterr_fault)
{
    const bool writes = plan->writer == BTX_RING_WRITER_PEER;
    const int wanted_seals = writes ? SEALS_SIZE : SEALS_SIZE | SEALS_WRITE;
    struct btx_ring_memory memory = BTX_RING_MEMORY_NONE;
    struct stat status;
    int seals;

    plan_check(plan);
    memory.fd = fd;
    if (fstat(fd, &status) != 0 || (uint64_t)status.st_size != plan->size_bytes) {
        (void)btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0, "%s has another size than %zu bytes",
                            plan->name, plan->size_bytes);
        goto done;
    }
    seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & wanted_seals) != wanted_seals) {
        (void)btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0, "%s is not sealed", plan->name);
        goto done;
    }
    if (writes && memory_allocate(plan, fd, reterr_fault) != BTX_OK)
        goto done;
    if (memory_map(plan, writes ? PROT_READ | PROT_WRITE : PROT_READ, &memory, reterr_fault) !=
        BTX_OK)
        goto done;
    *ret_memory = memory;
    return BTX_OK;

done:
    btx_ring_memory_done(&memory);
    return reterr_fault->code;
}

enum btx_fault_code btx_ring_memory_open_reader(const struct btx_ring_memory *memory, int *ret_fd,
                                                struct btx_fault *reterr_fault)
{
    char path[32];
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", memory->fd);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "opening shared memory to read");
    *ret_fd = fd;
    return BTX_OK;
}

void btx_ring_memory_done(struct btx_ring_memory *memory)
{
    if (memory->base != NULL)
        CHECK(munmap(memory->base, memory->mapped_bytes) == 0);
    if (memory->fd >= 0)
        (void)close(memory->fd); /* Nothing is written back: there is nothing to report. */
    *memory = BTX_RING_MEMORY_NONE;
}
