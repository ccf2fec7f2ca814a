/* SPDX-License-Identifier: Apache-2.0 */
/* page.c - making the page and sealing it, and its texts.
 *
 * The hard thing is a text that one process writes and another reads at any moment, without a lock
 * that a reader could hold.  A sequence is odd while the text changes; each word is stored with
 * release after the odd sequence, so that a reader who sees a new word by an acquire load sees the
 * sequence moved when it looks again (reading.c).  No fences: thread sanitizers do not know
 * them. */
#include "engine/status/page.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Kernels from 5.1 on know it; C libraries learnt its name later. */
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

static void copy_cut(char *text, size_t size_bytes, const char *value)
{
    const size_t length_bytes = value != NULL ? strnlen(value, size_bytes - 1) : 0;

    memset(text, 0, size_bytes);
    if (length_bytes != 0)
        memcpy(text, value, length_bytes);
}

static void header_make(struct btx_status_header *header, const struct btx_status_options *options)
{
    memset(header, 0, sizeof *header);
    header->magic = BTX_STATUS_MAGIC;
    header->layout_version = BTX_STATUS_LAYOUT_VERSION;
    header->layout_crc = btx_status_layout_crc();
    header->page_bytes = sizeof(struct btx_status_shared);
    header->slots_offset = offsetof(struct btx_status_shared, slots);
    header->slots_count = BTX_STATUS_SLOT_COUNT;
    header->texts_offset = offsetof(struct btx_status_shared, texts);
    header->texts_count = BTX_STATUS_TEXT_COUNT;
    header->text_bytes = sizeof(struct btx_status_text_shared);
    header->histograms_offset = offsetof(struct btx_status_shared, histograms);
    header->histograms_count = BTX_STATUS_HISTOGRAM_COUNT;
    header->histogram_bytes = sizeof(struct btx_histogram_shared);
    header->parts = options->parts;
    header->incarnation = options->incarnation;
    header->pid = (uint64_t)getpid();
    header->start_wall_ns = btx_clock_wall_ns(options->clock);
    header->start_monotonic_ns = btx_clock_monotonic_ns(options->clock);
    copy_cut(header->version, sizeof header->version, options->version);
    for (uint32_t i = 0; i < options->reason_count; i++)
        copy_cut(header->labels[i], BTX_STATUS_LABEL_BYTES, options->reasons[i]);
    for (uint32_t i = 0; i < options->command_count; i++)
        copy_cut(header->labels[BTX_STATUS_REASON_SLOTS + i], BTX_STATUS_LABEL_BYTES,
                 options->commands[i]);
}

/* Slots of @row, which begin at @slot. */
static void row_reset(struct btx_status_shared *shared, const struct btx_status_row *row,
                      uint32_t slot)
{
    const uint64_t value = row->kind == BTX_STATUS_GAUGE ? BTX_STATUS_ABSENT : 0;

    for (uint32_t i = 0; i < row->slot_count; i++)
        atomic_store_explicit(&shared->slots[slot + i], value, memory_order_relaxed);
}

static void part_start(struct btx_status_shared *shared, enum btx_status_part part,
                       const struct btx_status_header *header)
{
    struct btx_status_writer writer;

    btx_status_writer_init(&writer, shared, part);
    btx_status_beat(&writer, header->start_monotonic_ns);
    btx_status_common(&writer, BTX_STATUS_COMMON_PART_STATE, BTX_STATUS_PART_STARTING);
    btx_status_common(&writer, BTX_STATUS_COMMON_PID, header->pid);
    if (part == BTX_STATUS_PART_MAIN) {
        btx_status_set(&writer, BTX_STATUS_STATE, BTX_STATUS_ENGINE_STARTING);
        btx_status_set(&writer, BTX_STATUS_INCARNATION, header->incarnation);
        btx_status_set(&writer, BTX_STATUS_START, header->start_wall_ns);
    }
}

void btx_status_shared_init(struct btx_status_shared *shared,
                            const struct btx_status_options *options)
{
    struct btx_status_header header;
    uint64_t words[BTX_STATUS_HEADER_WORDS];

    CHECK(options->parts != 0 && options->parts >> BTX_STATUS_PART_COUNT == 0);
    CHECK(options->reason_count <= BTX_STATUS_REASON_SLOTS);
    CHECK(options->command_count <= BTX_STATUS_COMMAND_SLOTS);
    memset((void *)shared, 0, sizeof *shared);
    header_make(&header, options);
    memcpy(words, &header, sizeof words);
    for (size_t i = 1; i < BTX_STATUS_HEADER_WORDS; i++)
        atomic_store_explicit(&shared->header[i], words[i], memory_order_relaxed);
    for (uint32_t i = 0; i < btx_status_row_count; i++)
        row_reset(shared, &btx_status_rows[i], btx_status_rows[i].slot);
    for (unsigned part = 0; part < BTX_STATUS_PART_COUNT; part++) {
        for (unsigned i = 0; i < BTX_STATUS_COMMON_COUNT; i++)
            row_reset(shared, &btx_status_commons[i], btx_status_parts[part].slot + i);
        if (options->parts >> part & 1u)
            part_start(shared, (enum btx_status_part)part, &header);
    }
    /* Last, with release: who finds the magic (acquire, reading.c) finds the rest. */
    atomic_store_explicit(&shared->header[0], words[0], memory_order_release);
}

/* The memory of @fd, all of it there at once: a page fault later would cost the matcher time, and
 * memory that cannot be had would kill it. */
static enum btx_fault_code page_map(struct btx_status_page *page, struct btx_fault *reterr_fault)
{
    void *memory;

    if (ftruncate(page->fd, (off_t)sizeof(struct btx_status_shared)) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "sizing the status page");
    if (fallocate(page->fd, 0, 0, (off_t)sizeof(struct btx_status_shared)) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "allocating the status page");
    memory = mmap(NULL, sizeof(struct btx_status_shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_POPULATE, page->fd, 0);
    if (memory == MAP_FAILED)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "mapping the status page");
    page->shared = memory;
    return BTX_OK;
}

enum btx_fault_code btx_status_page_create(struct btx_status_page *page,
                                           const struct btx_status_options *options,
                                           struct btx_fault *reterr_fault)
{
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
    enum btx_fault_code code;

    page->shared = NULL;
    page->fd = memfd_create("betex-status", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (page->fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "making the status page");
    code = page_map(page, reterr_fault);
    if (code != BTX_OK)
        goto close_page;
    btx_status_shared_init(page->shared, options);
    if (fcntl(page->fd, F_ADD_SEALS, seals) != 0) {
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "sealing the status page");
        goto close_page;
    }
    return BTX_OK;

close_page:
    btx_status_page_close(page);
    return code;
}

void btx_status_page_close(struct btx_status_page *page)
{
    if (page->shared != NULL)
        (void)munmap(page->shared, sizeof *page->shared); /* Fails only for a wrong address. */
    page->shared = NULL;
    if (page->fd >= 0)
        (void)close(page->fd); /* Nothing is written behind it. */
    page->fd = -1;
}

void btx_status_writer_init(struct btx_status_writer *writer, struct btx_status_shared *shared,
                            enum btx_status_part part)
{
    struct btx_status_header header;
    uint64_t words[BTX_STATUS_HEADER_WORDS];

    for (size_t i = 0; i < BTX_STATUS_HEADER_WORDS; i++)
        words[i] = atomic_load_explicit(&shared->header[i], memory_order_relaxed);
    memcpy(&header, words, sizeof header);
    CHECK((unsigned)part < BTX_STATUS_PART_COUNT && header.parts >> (unsigned)part & 1u);
    writer->shared = shared;
    writer->part = part;
    writer->first_slot = btx_status_parts[part].slot;
    writer->end_slot = btx_status_part_end(part);
    writer->texts = UINT64_C(1) << (BTX_STATUS_TEXT_FAULT + (unsigned)part);
    for (uint32_t i = 1; i < btx_status_text_row_count; i++) { /* the first row is the faults */
        const struct btx_status_text_row *row = &btx_status_texts[i];

        if (row->part == part)
            writer->texts |= ((UINT64_C(1) << row->text_count) - 1) << row->text;
    }
    writer->histograms = 0;
    for (unsigned i = 0; i < BTX_STATUS_HISTOGRAM_COUNT; i++) {
        if (btx_status_histograms[i].part == part)
            writer->histograms |= 1u << i;
    }
}

void btx_status_put_text(const struct btx_status_writer *writer, uint32_t text, const char *value)
{
    struct btx_status_text_shared *shared;
    char bytes[BTX_STATUS_TEXT_BYTES];
    uint64_t words[BTX_STATUS_TEXT_WORDS];
    uint64_t sequence;

    CHECK(text < BTX_STATUS_TEXT_COUNT && writer->texts >> text & 1u);
    copy_cut(bytes, sizeof bytes, value);
    memcpy(words, bytes, sizeof words);
    shared = &writer->shared->texts[text];
    sequence = atomic_load_explicit(&shared->sequence, memory_order_relaxed);
    atomic_store_explicit(&shared->sequence, sequence + 1, memory_order_relaxed);
    /* Each release keeps the odd sequence before it; pairs with the acquire in text_try_copy(). */
    for (size_t i = 0; i < BTX_STATUS_TEXT_WORDS; i++)
        atomic_store_explicit(&shared->words[i], words[i], memory_order_release);
    /* Pairs with the first acquire there: who sees it even sees all words. */
    atomic_store_explicit(&shared->sequence, sequence + 2, memory_order_release);
}

void btx_status_put_fault(const struct btx_status_writer *writer, const struct btx_fault *fault,
                          uint64_t wall_ns)
{
    const char *text = fault->text[0] != '\0' ? fault->text : btx_fault_sentence(fault->code);

    btx_status_put_text(writer, BTX_STATUS_TEXT_FAULT + (uint32_t)writer->part, text);
    btx_status_common(writer, BTX_STATUS_COMMON_FAULT_CODE, (uint64_t)fault->code);
    btx_status_common(writer, BTX_STATUS_COMMON_FAULT_TIME, wall_ns);
    btx_status_add(writer, writer->first_slot + BTX_STATUS_COMMON_FAULTS, 1);
}
