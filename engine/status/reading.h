/* SPDX-License-Identifier: Apache-2.0 */
/* reading.h - a copy of what status pages say, taken at one moment; and what follows from it.
 *
 * A page is checked as a whole before anything of it is believed, and copied in bounded time: a
 * fixed number of loads, and a fixed number of tries for a text that is just being written.  What
 * it holds is input: any bytes at all give a reading that can be shown.
 *
 * One reading may take in several pages, since each process has its own: the engine's first, then
 * those of the auditor, the admin service and the gateways. */
#ifndef BTX_STATUS_READING_H
#define BTX_STATUS_READING_H

#include "engine/base/clock.h"
#include "engine/base/fault.h"
#include "engine/status/figures.h"
#include "engine/status/histogram.h"
#include "engine/status/page.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part that said nothing for so long is called silent: parts say something each second. */
#define BTX_STATUS_SILENT_NS UINT64_C(5000000000)

/* A page of another process, mapped read-only.  Start with {0}; fields are private. */
struct btx_status_view {
    const void *memory;
    size_t size_bytes;
};

/* Map the page that @fd is; the descriptor stays the caller's and may be closed.  A memfd that
 * could still shrink under the reader is refused: touching it might kill.
 * Faults: LAYOUT when it is no status page, or of another layout; IO, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_status_view_open(struct btx_status_view *view, int fd,
                                                      struct btx_fault *reterr_fault);

/* Unmap it.  Idempotent. */
void btx_status_view_close(struct btx_status_view *view);

/* What was read.  About 100 KiB: on the heap or static, not on a small stack. */
struct btx_status_reading {
    uint64_t wall_ns;      /* when it was taken */
    uint64_t monotonic_ns; /* the same; pages of one machine share this clock */
    uint64_t parts;        /* bit n: part n was in one of the pages */
    uint64_t torn_texts;   /* bit n: text n was being written, or its writer died doing so; what
                              could be read of it is there */
    uint64_t incarnation;  /* of the page with MAIN, as its start and version; 0 without one */
    uint64_t start_wall_ns;
    uint64_t start_monotonic_ns;
    char version[sizeof((struct btx_status_header *)0)->version];
    char labels[BTX_STATUS_LABEL_COUNT][BTX_STATUS_LABEL_BYTES]; /* each ends in a zero */
    uint64_t slots[BTX_STATUS_SLOT_COUNT];                       /* by enum btx_status_figure */
    char texts[BTX_STATUS_TEXT_COUNT][BTX_STATUS_TEXT_BYTES]; /* each ends in a zero; any bytes */
    struct btx_histogram histograms[BTX_STATUS_HISTOGRAM_COUNT];
};

/* Begin a reading: nothing is known, and it is now. */
void btx_status_reading_init(struct btx_status_reading *reading, const struct btx_clock *clock);

/* Take in the page at @memory of @size_bytes, which is aligned for struct btx_status_shared (a
 * mapping is) and may be written meanwhile.  A part that another page had already is added to it,
 * so that several gateways look like one: counters, counts and bytes are summed; of numbers,
 * heartbeats and deadlines the least is kept, of all else the greatest.
 * Faults: LAYOUT, with what differs; the reading is as before then. */
BTX_MUST_USE enum btx_fault_code btx_status_reading_add(struct btx_status_reading *reading,
                                                        const void *memory, size_t size_bytes,
                                                        struct btx_fault *reterr_fault);

/* The same of a view. */
BTX_MUST_USE enum btx_fault_code btx_status_reading_add_view(struct btx_status_reading *reading,
                                                             const struct btx_status_view *view,
                                                             struct btx_fault *reterr_fault);

/* Whether the part is in the reading. */
static inline bool btx_status_has(const struct btx_status_reading *reading,
                                  enum btx_status_part part)
{
    return reading->parts >> (unsigned)part & 1u;
}

/* ns since the part last said that it is alive: 0 when that lies ahead, BTX_STATUS_ABSENT when it
 * never did or the part is not there. */
uint64_t btx_status_silence_ns(const struct btx_status_reading *reading, enum btx_status_part part);

/* How a part is doing, from its state and its silence. */
enum btx_status_life {
    BTX_STATUS_LIFE_ABSENT,  /* in no page that was read */
    BTX_STATUS_LIFE_RUNNING, /* or starting */
    BTX_STATUS_LIFE_SILENT,  /* it hangs, or its process died without a word */
    BTX_STATUS_LIFE_STOPPED, /* it said so */
    BTX_STATUS_LIFE_FAILED,  /* it said so, or its state is no state */
};
enum btx_status_life btx_status_part_life(const struct btx_status_reading *reading,
                                          enum btx_status_part part);

/* Sum over all slots of @row, those that are absent left out. */
uint64_t btx_status_sum(const struct btx_status_reading *reading, const struct btx_status_row *row);

/* The row of @figure. */
const struct btx_status_row *btx_status_row(enum btx_status_figure figure);

/* Which stretch of time rates and histograms are of. */
struct btx_status_interval {
    uint64_t duration_ns; /* at least 1 */
    bool since_start;     /* there was no earlier reading of the same start of the engine */
};
struct btx_status_interval btx_status_interval(const struct btx_status_reading *reading,
                                               const struct btx_status_reading *earlier);

/* How much the counter @row (its sum) rose in a second, rounded; saturates.  @earlier may be NULL,
 * or of another start of the engine: then it is the mean since the start. */
uint64_t btx_status_rate(const struct btx_status_reading *reading,
                         const struct btx_status_reading *earlier,
                         const struct btx_status_row *row);

/* The histogram of the same stretch. */
void btx_status_interval_histogram(const struct btx_status_reading *reading,
                                   const struct btx_status_reading *earlier,
                                   enum btx_status_histogram histogram,
                                   struct btx_histogram *ret_histogram);

/* Bytes in the event ring that wait for the disk; BTX_STATUS_ABSENT when it is not known. */
uint64_t btx_status_ring_fill_bytes(const struct btx_status_reading *reading);

/* Seconds until the free space has fallen to @limit_bytes, at the rate at which the log was written
 * in the interval; 0 when it has already, BTX_STATUS_ABSENT when it will not or nobody can tell. */
uint64_t btx_status_disk_left_s(const struct btx_status_reading *reading,
                                const struct btx_status_reading *earlier, uint64_t limit_bytes);

/* The part that met the last fault; BTX_STATUS_PART_COUNT when there was none. */
enum btx_status_part btx_status_last_fault_part(const struct btx_status_reading *reading);

#endif
