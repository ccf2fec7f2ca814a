/* SPDX-License-Identifier: Apache-2.0 */
/* reading.c - copying pages out, and what follows from the copies.
 *
 * Every offset used here is this program's own: what a page says of its layout is only compared.
 * So the bytes of a page can make a reading strange, but not lead outside of it. */
#include "engine/status/reading.h"

#include "engine/base/check.h"
#include "engine/base/int128.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Writing a text takes well under a microsecond, so a few tries meet a whole one, unless its writer
 * was stopped or died in between: no number of tries would help then. */
#define TEXT_TRIES 8

/* No page will be as large; more is not mapped. */
#define VIEW_BYTES_MAX (UINT64_C(64) << 20)

enum btx_fault_code btx_status_view_open(struct btx_status_view *view, int fd,
                                         struct btx_fault *reterr_fault)
{
    struct stat status;
    int seals;
    void *memory;

    view->memory = NULL;
    if (fstat(fd, &status) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "looking at a status page");
    seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                             "no status page: not sealed against shrinking");
    if (status.st_size < (off_t)sizeof(struct btx_status_header) ||
        (uint64_t)status.st_size > VIEW_BYTES_MAX)
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0, "no status page: %jd bytes",
                             (intmax_t)status.st_size);
    memory = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "mapping a status page");
    view->memory = memory;
    view->size_bytes = (size_t)status.st_size;
    return BTX_OK;
}

void btx_status_view_close(struct btx_status_view *view)
{
    if (view->memory != NULL)
        (void)munmap((void *)view->memory, view->size_bytes); /* Fails only for a wrong address. */
    view->memory = NULL;
}

void btx_status_reading_init(struct btx_status_reading *reading, const struct btx_clock *clock)
{
    memset(reading, 0, sizeof *reading);
    for (size_t i = 0; i < BTX_STATUS_SLOT_COUNT; i++)
        reading->slots[i] = BTX_STATUS_ABSENT;
    reading->wall_ns = btx_clock_wall_ns(clock);
    reading->monotonic_ns = btx_clock_monotonic_ns(clock);
}

/* The header, copied before anything in it is looked at.  The words begin at the page's first byte
 * whatever its layout. */
static void header_copy(struct btx_status_header *header, const _Atomic uint64_t *at)
{
    uint64_t words[BTX_STATUS_HEADER_WORDS];

    /* Pairs with the release of the magic in btx_status_shared_init(). */
    words[0] = atomic_load_explicit(&at[0], memory_order_acquire);
    for (size_t i = 1; i < BTX_STATUS_HEADER_WORDS; i++)
        words[i] = atomic_load_explicit(&at[i], memory_order_relaxed);
    memcpy(header, words, sizeof *header);
    header->version[sizeof header->version - 1] = '\0';
    for (uint32_t i = 0; i < BTX_STATUS_LABEL_COUNT; i++)
        header->labels[i][BTX_STATUS_LABEL_BYTES - 1] = '\0';
}

static enum btx_fault_code header_check(const struct btx_status_header *header, size_t size_bytes,
                                        struct btx_fault *reterr_fault)
{
    const uint64_t all_parts = (UINT64_C(1) << BTX_STATUS_PART_COUNT) - 1;
    const struct {
        const char *name;
        uint64_t found;
        uint64_t wanted;
    } fields[] = {
        {"magic", header->magic, BTX_STATUS_MAGIC},
        {"layout version", header->layout_version, BTX_STATUS_LAYOUT_VERSION},
        {"layout checksum", header->layout_crc, btx_status_layout_crc()},
        {"size", header->page_bytes, sizeof(struct btx_status_shared)},
        {"mapped size", size_bytes, sizeof(struct btx_status_shared)},
        {"slots' offset", header->slots_offset, offsetof(struct btx_status_shared, slots)},
        {"slots", header->slots_count, BTX_STATUS_SLOT_COUNT},
        {"texts' offset", header->texts_offset, offsetof(struct btx_status_shared, texts)},
        {"texts", header->texts_count, BTX_STATUS_TEXT_COUNT},
        {"text's size", header->text_bytes, sizeof(struct btx_status_text_shared)},
        {"histograms' offset", header->histograms_offset,
         offsetof(struct btx_status_shared, histograms)},
        {"histograms", header->histograms_count, BTX_STATUS_HISTOGRAM_COUNT},
        {"histogram's size", header->histogram_bytes, sizeof(struct btx_histogram_shared)},
        {"parts", header->parts & ~all_parts, 0},
    };

    for (size_t i = 0; i < BTX_COUNT_OF(fields); i++) {
        if (fields[i].found != fields[i].wanted)
            return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                                 "the status page is of another version of betex: %s %" PRIu64
                                 ", want %" PRIu64,
                                 fields[i].name, fields[i].found, fields[i].wanted);
    }
    return BTX_OK;
}

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX - 1 : a + b; /* BTX_STATUS_ABSENT would say something else. */
}

/* Two values of the same figure from two processes. */
static uint64_t combine(const struct btx_status_row *row, uint64_t a, uint64_t b)
{
    if (a == BTX_STATUS_ABSENT || b == BTX_STATUS_ABSENT)
        return a == BTX_STATUS_ABSENT ? b : a;
    if (row->kind == BTX_STATUS_COUNTER || row->unit == BTX_STATUS_UNIT_COUNT ||
        row->unit == BTX_STATUS_UNIT_BYTES)
        return add_saturated(a, b);
    if (row->unit == BTX_STATUS_UNIT_NUMBER || row->unit == BTX_STATUS_UNIT_BEAT ||
        row->unit == BTX_STATUS_UNIT_DEADLINE)
        return a < b ? a : b;
    return a > b ? a : b;
}

static void row_add(struct btx_status_reading *reading, const struct btx_status_shared *shared,
                    const struct btx_status_row *row, uint32_t slot, bool there)
{
    for (uint32_t i = slot; i < slot + row->slot_count; i++) {
        const uint64_t value = atomic_load_explicit(&shared->slots[i], memory_order_relaxed);

        reading->slots[i] = there ? combine(row, reading->slots[i], value) : value;
    }
}

/* True when @ret_text is what one write left. */
static bool text_try_copy(const struct btx_status_text_shared *shared,
                          char ret_text[BTX_STATUS_TEXT_BYTES])
{
    uint64_t words[BTX_STATUS_TEXT_WORDS];
    /* Pairs with the last release in btx_status_put_text(). */
    const uint64_t before = atomic_load_explicit(&shared->sequence, memory_order_acquire);
    uint64_t after;

    /* Each pairs with the release of its word there: if it is new, so is the sequence below. */
    for (size_t i = 0; i < BTX_STATUS_TEXT_WORDS; i++)
        words[i] = atomic_load_explicit(&shared->words[i], memory_order_acquire);
    after = atomic_load_explicit(&shared->sequence, memory_order_relaxed);
    memcpy(ret_text, words, BTX_STATUS_TEXT_BYTES);
    ret_text[BTX_STATUS_TEXT_BYTES - 1] = '\0';
    return before == after && before % 2 == 0;
}

static void text_add(struct btx_status_reading *reading, const struct btx_status_shared *shared,
                     uint32_t text)
{
    bool whole = false;

    for (int i = 0; i < TEXT_TRIES && !whole; i++)
        whole = text_try_copy(&shared->texts[text], reading->texts[text]);
    reading->torn_texts &= ~(UINT64_C(1) << text);
    if (!whole)
        reading->torn_texts |= UINT64_C(1) << text;
}

/* A last fault is its time, its code and its text: they are taken together or not at all. */
static void fault_add(struct btx_status_reading *reading, const struct btx_status_shared *shared,
                      enum btx_status_part part, bool there)
{
    const uint32_t code_slot = btx_status_common_slot(part, BTX_STATUS_COMMON_FAULT_CODE);
    const uint32_t time_slot = btx_status_common_slot(part, BTX_STATUS_COMMON_FAULT_TIME);
    const uint64_t time_ns = atomic_load_explicit(&shared->slots[time_slot], memory_order_relaxed);

    if (there && (time_ns == BTX_STATUS_ABSENT || (reading->slots[time_slot] != BTX_STATUS_ABSENT &&
                                                   reading->slots[time_slot] >= time_ns)))
        return;
    reading->slots[time_slot] = time_ns;
    reading->slots[code_slot] =
        atomic_load_explicit(&shared->slots[code_slot], memory_order_relaxed);
    text_add(reading, shared, BTX_STATUS_TEXT_FAULT + (uint32_t)part);
}

static void part_add(struct btx_status_reading *reading, const struct btx_status_shared *shared,
                     enum btx_status_part part)
{
    const bool there = btx_status_has(reading, part);

    for (uint32_t i = 0; i < BTX_STATUS_COMMON_COUNT; i++) {
        if (i != BTX_STATUS_COMMON_FAULT_CODE && i != BTX_STATUS_COMMON_FAULT_TIME)
            row_add(reading, shared, &btx_status_commons[i], btx_status_parts[part].slot + i,
                    there);
    }
    fault_add(reading, shared, part, there);
    for (uint32_t i = 0; i < btx_status_row_count; i++) {
        if (btx_status_rows[i].part == part)
            row_add(reading, shared, &btx_status_rows[i], btx_status_rows[i].slot, there);
    }
    for (uint32_t i = 1; i < btx_status_text_row_count && !there; i++) {
        const struct btx_status_text_row *row = &btx_status_texts[i];

        for (uint32_t k = 0; row->part == part && k < row->text_count; k++)
            text_add(reading, shared, row->text + k);
    }
    for (uint32_t i = 0; i < BTX_STATUS_HISTOGRAM_COUNT; i++) {
        struct btx_histogram histogram;

        if (btx_status_histograms[i].part != part)
            continue;
        btx_histogram_copy(&shared->histograms[i], &histogram);
        btx_histogram_merge(&reading->histograms[i], &histogram);
    }
    reading->parts |= UINT64_C(1) << (unsigned)part;
}

enum btx_fault_code btx_status_reading_add(struct btx_status_reading *reading, const void *memory,
                                           size_t size_bytes, struct btx_fault *reterr_fault)
{
    const struct btx_status_shared *shared = memory;
    struct btx_status_header header;
    enum btx_fault_code code;

    CHECK((uintptr_t)memory % alignof(struct btx_status_shared) == 0);
    if (size_bytes < sizeof header)
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0, "no status page: %zu bytes",
                             size_bytes);
    header_copy(&header, memory);
    code = header_check(&header, size_bytes, reterr_fault);
    if (code != BTX_OK)
        return code;
    if (header.parts >> BTX_STATUS_PART_MAIN & 1u) {
        reading->incarnation = header.incarnation;
        reading->start_wall_ns = header.start_wall_ns;
        reading->start_monotonic_ns = header.start_monotonic_ns;
        memcpy(reading->version, header.version, sizeof reading->version);
    }
    if (header.parts >> BTX_STATUS_PART_MATCHER & 1u)
        memcpy(reading->labels, header.labels, sizeof reading->labels);
    for (unsigned part = 0; part < BTX_STATUS_PART_COUNT; part++) {
        if (header.parts >> part & 1u)
            part_add(reading, shared, (enum btx_status_part)part);
    }
    return BTX_OK;
}

enum btx_fault_code btx_status_reading_add_view(struct btx_status_reading *reading,
                                                const struct btx_status_view *view,
                                                struct btx_fault *reterr_fault)
{
    CHECK(view->memory != NULL);
    return btx_status_reading_add(reading, view->memory, view->size_bytes, reterr_fault);
}

uint64_t btx_status_silence_ns(const struct btx_status_reading *reading, enum btx_status_part part)
{
    const uint64_t beat_ns =
        reading->slots[btx_status_common_slot(part, BTX_STATUS_COMMON_HEARTBEAT)];

    if (beat_ns == BTX_STATUS_ABSENT)
        return BTX_STATUS_ABSENT;
    return beat_ns < reading->monotonic_ns ? reading->monotonic_ns - beat_ns : 0;
}

enum btx_status_life btx_status_part_life(const struct btx_status_reading *reading,
                                          enum btx_status_part part)
{
    const uint64_t state =
        reading->slots[btx_status_common_slot(part, BTX_STATUS_COMMON_PART_STATE)];

    if (!btx_status_has(reading, part))
        return BTX_STATUS_LIFE_ABSENT;
    if (state == BTX_STATUS_PART_STOPPED)
        return BTX_STATUS_LIFE_STOPPED;
    if (state != BTX_STATUS_PART_STARTING && state != BTX_STATUS_PART_RUNNING)
        return BTX_STATUS_LIFE_FAILED;
    return btx_status_silence_ns(reading, part) > BTX_STATUS_SILENT_NS ? BTX_STATUS_LIFE_SILENT
                                                                       : BTX_STATUS_LIFE_RUNNING;
}

uint64_t btx_status_sum(const struct btx_status_reading *reading, const struct btx_status_row *row)
{
    uint64_t sum = 0;

    for (uint32_t i = row->slot; i < row->slot + row->slot_count; i++) {
        if (reading->slots[i] != BTX_STATUS_ABSENT)
            sum = add_saturated(sum, reading->slots[i]);
    }
    return sum;
}

const struct btx_status_row *btx_status_row(enum btx_status_figure figure)
{
    for (uint32_t i = 0; i < btx_status_row_count; i++) {
        if (btx_status_rows[i].slot == (uint32_t)figure)
            return &btx_status_rows[i];
    }
    CHECK_UNREACHABLE();
}

static bool is_comparable(const struct btx_status_reading *reading,
                          const struct btx_status_reading *earlier)
{
    return earlier != NULL && earlier->incarnation == reading->incarnation &&
           earlier->start_monotonic_ns == reading->start_monotonic_ns &&
           earlier->monotonic_ns < reading->monotonic_ns;
}

struct btx_status_interval btx_status_interval(const struct btx_status_reading *reading,
                                               const struct btx_status_reading *earlier)
{
    struct btx_status_interval interval = {1, !is_comparable(reading, earlier)};
    const uint64_t begin_ns =
        interval.since_start ? reading->start_monotonic_ns : earlier->monotonic_ns;

    if (begin_ns < reading->monotonic_ns)
        interval.duration_ns = reading->monotonic_ns - begin_ns;
    return interval;
}

uint64_t btx_status_rate(const struct btx_status_reading *reading,
                         const struct btx_status_reading *earlier, const struct btx_status_row *row)
{
    const struct btx_status_interval interval = btx_status_interval(reading, earlier);
    uint64_t count = btx_status_sum(reading, row);
    uint64_t before = 0;
    btx_i128 rate;

    CHECK(row->kind == BTX_STATUS_COUNTER);
    if (!interval.since_start)
        before = btx_status_sum(earlier, row);
    if (before <= count) /* else the process of this part started anew in between: all is since */
        count -= before;
    rate = ((btx_i128)count * 1000000000 + interval.duration_ns / 2) / interval.duration_ns;
    return rate < (btx_i128)BTX_STATUS_ABSENT ? (uint64_t)rate : BTX_STATUS_ABSENT - 1;
}

void btx_status_interval_histogram(const struct btx_status_reading *reading,
                                   const struct btx_status_reading *earlier,
                                   enum btx_status_histogram histogram,
                                   struct btx_histogram *ret_histogram)
{
    CHECK((unsigned)histogram < BTX_STATUS_HISTOGRAM_COUNT);
    *ret_histogram = reading->histograms[histogram];
    if (is_comparable(reading, earlier))
        btx_histogram_subtract(ret_histogram, &earlier->histograms[histogram]);
}

uint64_t btx_status_ring_fill_bytes(const struct btx_status_reading *reading)
{
    const uint64_t published = reading->slots[BTX_STATUS_RING_PUBLISHED];
    const uint64_t durable = reading->slots[BTX_STATUS_RING_DURABLE];
    const uint64_t capacity = reading->slots[BTX_STATUS_RING_CAPACITY];

    if (published == BTX_STATUS_ABSENT || durable == BTX_STATUS_ABSENT)
        return BTX_STATUS_ABSENT;
    /* The two were read one after the other, and meanwhile both went on. */
    if (published <= durable)
        return 0;
    return published - durable < capacity ? published - durable : capacity;
}

uint64_t btx_status_disk_left_s(const struct btx_status_reading *reading,
                                const struct btx_status_reading *earlier, uint64_t limit_bytes)
{
    const uint64_t free_bytes = reading->slots[BTX_STATUS_DISK_FREE];
    const uint64_t rate_bytes =
        btx_status_rate(reading, earlier, btx_status_row(BTX_STATUS_COMMIT_BYTES));

    if (free_bytes == BTX_STATUS_ABSENT || limit_bytes == BTX_STATUS_ABSENT)
        return BTX_STATUS_ABSENT;
    if (free_bytes <= limit_bytes)
        return 0;
    return rate_bytes != 0 ? (free_bytes - limit_bytes) / rate_bytes : BTX_STATUS_ABSENT;
}

enum btx_status_part btx_status_last_fault_part(const struct btx_status_reading *reading)
{
    enum btx_status_part last = BTX_STATUS_PART_COUNT;
    uint64_t last_ns = 0;

    for (unsigned part = 0; part < BTX_STATUS_PART_COUNT; part++) {
        const uint32_t slot =
            btx_status_common_slot((enum btx_status_part)part, BTX_STATUS_COMMON_FAULT_TIME);

        if (reading->slots[slot] != BTX_STATUS_ABSENT && reading->slots[slot] >= last_ns) {
            last_ns = reading->slots[slot];
            last = (enum btx_status_part)part;
        }
    }
    return last;
}
