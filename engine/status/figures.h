/* SPDX-License-Identifier: Apache-2.0 */
/* figures.h - the enums and tables that counters.def makes: parts, figures, texts, histograms.
 *
 * The value of a figure's enum is its slot: the place of its u64 in the page and in a reading.  A
 * figure with EACH has as many slots, one behind the other.  The slots of each part begin on a
 * cache line of their own, so that no two writers ever write the same one. */
#ifndef BTX_STATUS_FIGURES_H
#define BTX_STATUS_FIGURES_H

#include "engine/base/attributes.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* What a gauge holds until its part knows better. */
#define BTX_STATUS_ABSENT UINT64_MAX

/* Two lines, since processors fetch them in pairs. */
#define BTX_STATUS_LINE_BYTES 128u

/* How many slots a figure has, and the name of what tells them apart. */
#define BTX_STATUS_EACHES(EACH)                                                                    \
    EACH(ONE, "", 1)                                                                               \
    EACH(PRODUCER, "producer", 16) /* command rings: admin and gateways */                         \
    EACH(REASON, "reason", 64)     /* named by whoever makes the page, as are commands */          \
    EACH(COMMAND, "command", 32)

enum btx_status_each {
#define EACH(NAME, label, count) BTX_STATUS_EACH_##NAME,
    BTX_STATUS_EACHES(EACH)
#undef EACH
        BTX_STATUS_EACH_COUNT,
};

enum {
#define EACH(NAME, label, count) BTX_STATUS_##NAME##_SLOTS = (count),
    BTX_STATUS_EACHES(EACH)
#undef EACH
};

/* The words that a figure can say, numbered from 0. */
#define BTX_STATUS_ENGINE_STATES(WORD, P)                                                          \
    WORD(P, STARTING, "starting")                                                                  \
    WORD(P, RECOVERING, "recovering")                                                              \
    WORD(P, SERVING, "serving")                                                                    \
    WORD(P, DRAINING, "draining")                                                                  \
    WORD(P, STOPPED, "stopped")                                                                    \
    WORD(P, FAILED, "failed")
#define BTX_STATUS_PART_STATES(WORD, P)                                                            \
    WORD(P, STARTING, "starting")                                                                  \
    WORD(P, RUNNING, "running")                                                                    \
    WORD(P, STOPPED, "stopped")                                                                    \
    WORD(P, FAILED, "failed")
#define BTX_STATUS_PRODUCER_STATES(WORD, P)                                                        \
    WORD(P, FREE, "free")                                                                          \
    WORD(P, ATTACHED, "attached")                                                                  \
    WORD(P, REVOKED, "revoked")
#define BTX_STATUS_SPACE_LEVELS(WORD, P) WORD(P, OK, "ok") WORD(P, LOW, "low") WORD(P, STOP, "stop")
#define BTX_STATUS_LOCK_STATES(WORD, P)                                                            \
    WORD(P, FREE, "free")                                                                          \
    WORD(P, HELD, "held")                                                                          \
    WORD(P, LOST, "lost") /* replaced, removed or taken over: the log is closed */
#define BTX_STATUS_KERNEL_VIEWS(WORD, P)                                                           \
    WORD(P, AGREES, "agrees")                                                                      \
    WORD(P, FREE, "free")   /* nobody holds it, says the kernel */                                 \
    WORD(P, OTHER, "other") /* another process holds it */
#define BTX_STATUS_AUDIT_RESULTS(WORD, P)                                                          \
    WORD(P, NONE, "none") /* nothing was compared yet */                                           \
    WORD(P, CLEAN, "clean")                                                                        \
    WORD(P, FAILED, "failed")

#define BTX_STATUS_WORD_ENUM(P, NAME, word) BTX_STATUS_##P##_##NAME,
enum btx_status_engine_state {
    BTX_STATUS_ENGINE_STATES(BTX_STATUS_WORD_ENUM, ENGINE) BTX_STATUS_ENGINE_STATE_COUNT,
};
enum btx_status_part_state {
    BTX_STATUS_PART_STATES(BTX_STATUS_WORD_ENUM, PART) BTX_STATUS_PART_STATE_COUNT,
};
enum btx_status_producer_state {
    BTX_STATUS_PRODUCER_STATES(BTX_STATUS_WORD_ENUM, PRODUCER) BTX_STATUS_PRODUCER_STATE_COUNT,
};
enum btx_status_space_level {
    BTX_STATUS_SPACE_LEVELS(BTX_STATUS_WORD_ENUM, SPACE) BTX_STATUS_SPACE_LEVEL_COUNT,
};
enum btx_status_lock_state {
    BTX_STATUS_LOCK_STATES(BTX_STATUS_WORD_ENUM, LOCK) BTX_STATUS_LOCK_STATE_COUNT,
};
enum btx_status_kernel_view {
    BTX_STATUS_KERNEL_VIEWS(BTX_STATUS_WORD_ENUM, KERNEL) BTX_STATUS_KERNEL_VIEW_COUNT,
};
enum btx_status_audit_result {
    BTX_STATUS_AUDIT_RESULTS(BTX_STATUS_WORD_ENUM, AUDIT) BTX_STATUS_AUDIT_RESULT_COUNT,
};

enum btx_status_kind { BTX_STATUS_COUNTER, BTX_STATUS_GAUGE };

enum btx_status_unit {
    BTX_STATUS_UNIT_COUNT,
    BTX_STATUS_UNIT_BYTES,
    BTX_STATUS_UNIT_NS,       /* a duration */
    BTX_STATUS_UNIT_NUMBER,   /* names something (a seq, a pid): never summed */
    BTX_STATUS_UNIT_TIME,     /* ns since 1970 */
    BTX_STATUS_UNIT_DEADLINE, /* the same, ahead */
    BTX_STATUS_UNIT_BEAT,     /* monotonic ns; shown as its age */
    BTX_STATUS_UNIT_SWITCH,   /* 0 or 1 */
    /* The others are words. */
    BTX_STATUS_UNIT_FAULT_CODE, /* fault.def */
    BTX_STATUS_UNIT_ENGINE_STATE,
    BTX_STATUS_UNIT_PART_STATE,
    BTX_STATUS_UNIT_PRODUCER_STATE,
    BTX_STATUS_UNIT_SPACE_LEVEL,
    BTX_STATUS_UNIT_LOCK_STATE,
    BTX_STATUS_UNIT_KERNEL_VIEW,
    BTX_STATUS_UNIT_AUDIT_RESULT,
    BTX_STATUS_UNITS,
};

enum btx_status_part {
#define PART(NAME, name, process, help) BTX_STATUS_PART_##NAME,
#include "engine/status/counters.def"
    BTX_STATUS_PART_COUNT,
};

/* Figures that every part has, at the beginning of its slots. */
enum btx_status_common {
#define COMMON(NAME, name, KIND, UNIT, help) BTX_STATUS_COMMON_##NAME,
#include "engine/status/counters.def"
    BTX_STATUS_COMMON_COUNT,
};

/* The slots as they lie in the page.  Nobody uses the members by name: they place the figures. */
struct btx_status_places {
#define PART(NAME, name, process, help)                                                            \
    alignas(BTX_STATUS_LINE_BYTES) _Atomic uint64_t part_##name[BTX_STATUS_COMMON_COUNT];
#define FIGURE(PART, NAME, name, KIND, UNIT, EACH, help)                                           \
    _Atomic uint64_t name[BTX_STATUS_##EACH##_SLOTS];
#include "engine/status/counters.def"
};

#define BTX_STATUS_SLOT_COUNT (sizeof(struct btx_status_places) / sizeof(uint64_t))
static_assert(sizeof(_Atomic uint64_t) == 8 && ATOMIC_LLONG_LOCK_FREE == 2,
              "a slot is a plain word of the processor, in shared memory too");

enum btx_status_figure {
#define FIGURE(PART, NAME, name, KIND, UNIT, EACH, help)                                           \
    BTX_STATUS_##NAME = offsetof(struct btx_status_places, name) / sizeof(uint64_t),
#include "engine/status/counters.def"
};

/* The first slot of each part, and the one behind its last. */
enum {
#define PART(NAME, name, process, help)                                                            \
    BTX_STATUS_FIRST_SLOT_##NAME =                                                                 \
        offsetof(struct btx_status_places, part_##name) / sizeof(uint64_t),
#include "engine/status/counters.def"
};

/* Texts: the last fault of each part, then those of the table. */
struct btx_status_text_places {
    char fault[BTX_STATUS_PART_COUNT];
#define TEXT(PART, NAME, name, EACH, help) char name[BTX_STATUS_##EACH##_SLOTS];
#include "engine/status/counters.def"
};
enum { BTX_STATUS_TEXT_COUNT = sizeof(struct btx_status_text_places) };
static_assert(BTX_STATUS_TEXT_COUNT <= 64, "a set of texts is kept in the bits of a word");

enum btx_status_text {
    BTX_STATUS_TEXT_FAULT, /* plus the number of the part */
#define TEXT(PART, NAME, name, EACH, help)                                                         \
    BTX_STATUS_TEXT_##NAME = offsetof(struct btx_status_text_places, name),
#include "engine/status/counters.def"
};

enum btx_status_histogram {
#define HISTOGRAM(PART, NAME, name, help) BTX_STATUS_HISTOGRAM_##NAME,
#include "engine/status/counters.def"
    BTX_STATUS_HISTOGRAM_COUNT,
};

/* One row of the table.  Static storage, as everything that it points to. */
struct btx_status_row {
    const char *name;
    enum btx_status_kind kind;
    enum btx_status_unit unit;
    enum btx_status_part part; /* who writes it; of a common row: the first of all */
    enum btx_status_each each;
    uint32_t slot; /* of a common row: behind the part's first slot */
    uint32_t slot_count;
    const char *help; /* a sentence without its full stop */
};

struct btx_status_part_row {
    const char *name;
    const char *process; /* program that it runs in */
    const char *help;
    uint32_t slot; /* its first one */
};

struct btx_status_text_row {
    const char *name;
    enum btx_status_part part;
    enum btx_status_each each;
    uint32_t text; /* its first text */
    uint32_t text_count;
    const char *help;
};

struct btx_status_histogram_row {
    const char *name;
    enum btx_status_part part;
    const char *help;
};

extern const struct btx_status_part_row btx_status_parts[BTX_STATUS_PART_COUNT];
extern const struct btx_status_row btx_status_commons[BTX_STATUS_COMMON_COUNT];
extern const struct btx_status_row btx_status_rows[]; /* in the order of their slots */
extern const uint32_t btx_status_row_count;
extern const struct btx_status_text_row btx_status_texts[];
extern const uint32_t btx_status_text_row_count;
extern const struct btx_status_histogram_row btx_status_histograms[BTX_STATUS_HISTOGRAM_COUNT];

/* "producer"; "" of ONE. */
const char *btx_status_each_label(enum btx_status_each each);

/* "count", "time", or the words themselves: "starting, recovering, ...". */
const char *btx_status_unit_name(enum btx_status_unit unit);

/* How many words the unit has, 0 when it is a number; and one of them, NULL beyond the last. */
uint32_t btx_status_word_count(enum btx_status_unit unit);
const char *btx_status_word(enum btx_status_unit unit, uint64_t value);

/* A checksum over everything in the table that the bytes of a page depend on. */
uint32_t btx_status_layout_crc(void);

/* The slot behind the last one of @part, padding to the end of its line included. */
uint32_t btx_status_part_end(enum btx_status_part part);

/* The slot of @common in the part. */
uint32_t btx_status_common_slot(enum btx_status_part part, enum btx_status_common common);

#endif
