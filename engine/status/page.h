/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - the status page: figures, texts and histograms of one process in shared memory.
 *
 * A sealed memfd of fixed layout (README.md has every byte).  Each part of the process writes its
 * own figures with plain stores; readers (reading.h) map the page read-only and can neither change
 * it nor make a writer wait.  A page may lie in ordinary memory too: in tests, in the simulator,
 * and in programs that only look at themselves. */
#ifndef BTX_STATUS_PAGE_H
#define BTX_STATUS_PAGE_H

#include "engine/base/check.h"
#include "engine/base/clock.h"
#include "engine/base/fault.h"
#include "engine/status/figures.h"
#include "engine/status/histogram.h"

#include <stdbool.h>

/* "BTXSTAT" and a zero, as it lies in memory. */
#define BTX_STATUS_MAGIC UINT64_C(0x0054415453585442)
/* Raised with every change of counters.def or of the structs below. */
#define BTX_STATUS_LAYOUT_VERSION 1u

/* Names of reasons and commands, one behind the other; ended and filled up with zeros. */
#define BTX_STATUS_LABEL_BYTES 32u
#define BTX_STATUS_LABEL_COUNT (BTX_STATUS_REASON_SLOTS + BTX_STATUS_COMMAND_SLOTS)

/* What never changes: written before anybody else sees the page.  A reader compares all of it but
 * the last lines with what its own program was built with. */
struct btx_status_header {
    uint64_t magic;
    uint64_t layout_version;
    uint64_t layout_crc; /* btx_status_layout_crc() */
    uint64_t page_bytes;
    uint64_t slots_offset;
    uint64_t slots_count;
    uint64_t texts_offset;
    uint64_t texts_count;
    uint64_t text_bytes; /* of one text with its sequence */
    uint64_t histograms_offset;
    uint64_t histograms_count;
    uint64_t histogram_bytes;
    uint64_t parts;       /* bit n: part n writes here */
    uint64_t incarnation; /* which start of this process on its log it is */
    uint64_t pid;
    uint64_t start_wall_ns;
    uint64_t start_monotonic_ns;
    char version[32]; /* of the program; ends in a zero */
    uint64_t reserved[11];
    char labels[BTX_STATUS_LABEL_COUNT][BTX_STATUS_LABEL_BYTES]; /* reasons, then commands */
};
static_assert(offsetof(struct btx_status_header, parts) == 96, "README.md: the page");
static_assert(offsetof(struct btx_status_header, version) == 136, "README.md: the page");
static_assert(offsetof(struct btx_status_header, labels) == 256, "README.md: the page");
static_assert(sizeof(struct btx_status_header) == 256 + 96 * 32, "README.md: the page");

#define BTX_STATUS_HEADER_WORDS (sizeof(struct btx_status_header) / sizeof(uint64_t))

/* A text under a sequence lock: odd while it is written.  Zeros fill it up; the last byte always
 * is one. */
#define BTX_STATUS_TEXT_WORDS 31u
#define BTX_STATUS_TEXT_BYTES (BTX_STATUS_TEXT_WORDS * 8u)
struct btx_status_text_shared {
    alignas(BTX_STATUS_LINE_BYTES) _Atomic uint64_t sequence;
    _Atomic uint64_t words[BTX_STATUS_TEXT_WORDS];
};
static_assert(sizeof(struct btx_status_text_shared) == 256, "README.md: the page; no padding");

/* The page.  Aligned as its members are. */
struct btx_status_shared {
    _Atomic uint64_t header[BTX_STATUS_HEADER_WORDS]; /* the bytes of struct btx_status_header */
    alignas(BTX_STATUS_LINE_BYTES) _Atomic uint64_t slots[BTX_STATUS_SLOT_COUNT];
    struct btx_status_text_shared texts[BTX_STATUS_TEXT_COUNT];
    struct btx_histogram_shared histograms[BTX_STATUS_HISTOGRAM_COUNT];
};
static_assert(offsetof(struct btx_status_shared, slots) == 3328, "README.md: the page");
static_assert(offsetof(struct btx_status_shared, texts) == 3328 + sizeof(struct btx_status_places),
              "README.md: the page; no padding");
static_assert(offsetof(struct btx_status_shared, histograms) ==
                  offsetof(struct btx_status_shared, texts) + 256u * BTX_STATUS_TEXT_COUNT,
              "README.md: the page; no padding");
static_assert(sizeof(struct btx_status_shared) ==
                  offsetof(struct btx_status_shared, histograms) +
                      sizeof(struct btx_histogram_shared) * BTX_STATUS_HISTOGRAM_COUNT,
              "README.md: the page; no padding");

struct btx_status_options {
    uint64_t parts;       /* bit n: part n of this process writes here */
    uint64_t incarnation; /* counts the starts; also becomes the figure where MAIN is a part */
    const char *version;  /* of the program; cut to 31 bytes */
    const char *const *reasons; /* names of the values of EACH REASON; NULL: none */
    uint32_t reason_count;      /* at most BTX_STATUS_REASON_SLOTS */
    const char *const *commands;
    uint32_t command_count; /* at most BTX_STATUS_COMMAND_SLOTS */
    const struct btx_clock *clock;
};

/* Make a page of @shared: counters 0, gauges absent, texts empty.  Before anybody else sees it. */
void btx_status_shared_init(struct btx_status_shared *shared,
                            const struct btx_status_options *options);

/* A page in a memfd.  Caller's storage; start with {.fd = -1}. */
struct btx_status_page {
    struct btx_status_shared *shared; /* NULL: there is none */
    int fd; /* for handing out: sealed, so that it can be mapped for reading only, for ever */
};

/* Make the page of this process, in memory at once, and seal it: no new size, no new mapping that
 * could write, no more seals.  Only this process, and children forked from it, can write it.
 * Faults: MEMORY, IO. */
BTX_MUST_USE enum btx_fault_code btx_status_page_create(struct btx_status_page *page,
                                                        const struct btx_status_options *options,
                                                        struct btx_fault *reterr_fault);

/* Unmap it and close the descriptor.  Readers keep what they have mapped.  Idempotent. */
void btx_status_page_close(struct btx_status_page *page);

/* What one thread writes with: one part of a page.  Caller's storage; fields are private. */
struct btx_status_writer {
    struct btx_status_shared *shared;
    enum btx_status_part part;
    uint32_t first_slot;
    uint32_t end_slot;
    uint64_t texts;      /* bit n: text n is this part's */
    uint32_t histograms; /* bit n: histogram n is this part's */
};

/* Write as @part, which must be one of the page's.  At any time at most one thread writes it. */
void btx_status_writer_init(struct btx_status_writer *writer, struct btx_status_shared *shared,
                            enum btx_status_part part);

/* The slot of @figure; a bug when another part writes it. */
static inline _Atomic uint64_t *btx_status_slot(const struct btx_status_writer *writer,
                                                uint32_t slot)
{
    CHECK(slot >= writer->first_slot && slot < writer->end_slot);
    return &writer->shared->slots[slot];
}

/* In all of these @slot is an enum btx_status_figure, plus the index where a figure has several:
 * BTX_STATUS_REFUSALS + reason.  Relaxed: each figure is true by itself, and nobody draws from one
 * that another was written before it. */
static inline void btx_status_set(const struct btx_status_writer *writer, uint32_t slot,
                                  uint64_t value)
{
    atomic_store_explicit(btx_status_slot(writer, slot), value, memory_order_relaxed);
}

/* For counters.  A load and a store: this thread is the only one that writes here. */
static inline void btx_status_add(const struct btx_status_writer *writer, uint32_t slot,
                                  uint64_t increment)
{
    _Atomic uint64_t *at = btx_status_slot(writer, slot);

    atomic_store_explicit(at, atomic_load_explicit(at, memory_order_relaxed) + increment,
                          memory_order_relaxed);
}

/* For high waters: set it when it is absent or less. */
static inline void btx_status_raise(const struct btx_status_writer *writer, uint32_t slot,
                                    uint64_t value)
{
    _Atomic uint64_t *at = btx_status_slot(writer, slot);
    const uint64_t before = atomic_load_explicit(at, memory_order_relaxed);

    if (before == BTX_STATUS_ABSENT || before < value)
        atomic_store_explicit(at, value, memory_order_relaxed);
}

/* Set a figure that every part has. */
static inline void btx_status_common(const struct btx_status_writer *writer,
                                     enum btx_status_common common, uint64_t value)
{
    btx_status_set(writer, writer->first_slot + (uint32_t)common, value);
}

/* Say that the part is alive: at least once a second, whatever it is waiting for. */
static inline void btx_status_beat(const struct btx_status_writer *writer, uint64_t monotonic_ns)
{
    btx_status_common(writer, BTX_STATUS_COMMON_HEARTBEAT, monotonic_ns);
}

/* Count a duration. */
static inline void btx_status_record(const struct btx_status_writer *writer,
                                     enum btx_status_histogram histogram, uint64_t duration_ns)
{
    CHECK(writer->histograms >> (unsigned)histogram & 1u);
    btx_histogram_record(&writer->shared->histograms[histogram], duration_ns);
}

/* Set the text: an enum btx_status_text, plus the index where there are several.  What is longer
 * than BTX_STATUS_TEXT_BYTES - 1 is cut; NULL is "". */
void btx_status_put_text(const struct btx_status_writer *writer, uint32_t text, const char *value);

/* Note a fault of the part, met at @wall_ns: counter, code, time and text. */
void btx_status_put_fault(const struct btx_status_writer *writer, const struct btx_fault *fault,
                          uint64_t wall_ns);

#endif
