/* SPDX-License-Identifier: Apache-2.0 */
/* figures.c - the tables that counters.def makes, and the words of their units. */
#include "engine/status/figures.h"

#include "engine/base/check.h"
#include "engine/base/crc32c.h"

#include <string.h>

const struct btx_status_part_row btx_status_parts[BTX_STATUS_PART_COUNT] = {
#define PART(NAME, name, process, help)                                                            \
    [BTX_STATUS_PART_##NAME] = {#name, #process, help, BTX_STATUS_FIRST_SLOT_##NAME},
#include "engine/status/counters.def"
};

const struct btx_status_row btx_status_commons[BTX_STATUS_COMMON_COUNT] = {
#define COMMON(NAME, name, KIND, UNIT, help)                                                       \
    [BTX_STATUS_COMMON_##NAME] = {#name,                                                           \
                                  BTX_STATUS_##KIND,                                               \
                                  BTX_STATUS_UNIT_##UNIT,                                          \
                                  BTX_STATUS_PART_MAIN,                                            \
                                  BTX_STATUS_EACH_ONE,                                             \
                                  BTX_STATUS_COMMON_##NAME,                                        \
                                  1,                                                               \
                                  help},
#include "engine/status/counters.def"
};

const struct btx_status_row btx_status_rows[] = {
#define FIGURE(PART, NAME, name, KIND, UNIT, EACH, help)                                           \
    {#name,                                                                                        \
     BTX_STATUS_##KIND,                                                                            \
     BTX_STATUS_UNIT_##UNIT,                                                                       \
     BTX_STATUS_PART_##PART,                                                                       \
     BTX_STATUS_EACH_##EACH,                                                                       \
     BTX_STATUS_##NAME,                                                                            \
     BTX_STATUS_##EACH##_SLOTS,                                                                    \
     help},
#include "engine/status/counters.def"
};
const uint32_t btx_status_row_count = BTX_COUNT_OF(btx_status_rows);

const struct btx_status_text_row btx_status_texts[] = {
    {"last_fault", BTX_STATUS_PART_MAIN, BTX_STATUS_EACH_ONE, BTX_STATUS_TEXT_FAULT,
     BTX_STATUS_PART_COUNT, "What the last fault of the part was; one for each part"},
#define TEXT(PART, NAME, name, EACH, help)                                                         \
    {#name,                                                                                        \
     BTX_STATUS_PART_##PART,                                                                       \
     BTX_STATUS_EACH_##EACH,                                                                       \
     BTX_STATUS_TEXT_##NAME,                                                                       \
     BTX_STATUS_##EACH##_SLOTS,                                                                    \
     help},
#include "engine/status/counters.def"
};
const uint32_t btx_status_text_row_count = BTX_COUNT_OF(btx_status_texts);

const struct btx_status_histogram_row btx_status_histograms[BTX_STATUS_HISTOGRAM_COUNT] = {
#define HISTOGRAM(PART, NAME, name, help)                                                          \
    [BTX_STATUS_HISTOGRAM_##NAME] = {#name, BTX_STATUS_PART_##PART, help},
#include "engine/status/counters.def"
};

#define WORD_TEXT(P, NAME, word) word,
static const char *const fault_codes[] = {
#define FAULT(name, exit_status, sentence) #name,
#include "engine/base/fault.def"
};
static const char *const engine_states[] = {BTX_STATUS_ENGINE_STATES(WORD_TEXT, ENGINE)};
static const char *const part_states[] = {BTX_STATUS_PART_STATES(WORD_TEXT, PART)};
static const char *const producer_states[] = {BTX_STATUS_PRODUCER_STATES(WORD_TEXT, PRODUCER)};
static const char *const space_levels[] = {BTX_STATUS_SPACE_LEVELS(WORD_TEXT, SPACE)};
static const char *const lock_states[] = {BTX_STATUS_LOCK_STATES(WORD_TEXT, LOCK)};
static const char *const kernel_views[] = {BTX_STATUS_KERNEL_VIEWS(WORD_TEXT, KERNEL)};
static const char *const audit_results[] = {BTX_STATUS_AUDIT_RESULTS(WORD_TEXT, AUDIT)};

struct unit_row {
    const char *name;
    const char *const *words;
    uint32_t word_count;
};

static const struct unit_row unit_rows[BTX_STATUS_UNITS] = {
    [BTX_STATUS_UNIT_COUNT] = {"count", NULL, 0},
    [BTX_STATUS_UNIT_BYTES] = {"bytes", NULL, 0},
    [BTX_STATUS_UNIT_NS] = {"ns", NULL, 0},
    [BTX_STATUS_UNIT_NUMBER] = {"number", NULL, 0},
    [BTX_STATUS_UNIT_TIME] = {"time", NULL, 0},
    [BTX_STATUS_UNIT_DEADLINE] = {"deadline", NULL, 0},
    [BTX_STATUS_UNIT_BEAT] = {"beat", NULL, 0},
    [BTX_STATUS_UNIT_SWITCH] = {"switch", NULL, 0},
    [BTX_STATUS_UNIT_FAULT_CODE] = {"fault code", fault_codes, BTX_COUNT_OF(fault_codes)},
    [BTX_STATUS_UNIT_ENGINE_STATE] = {"engine state", engine_states, BTX_COUNT_OF(engine_states)},
    [BTX_STATUS_UNIT_PART_STATE] = {"part state", part_states, BTX_COUNT_OF(part_states)},
    [BTX_STATUS_UNIT_PRODUCER_STATE] = {"producer state", producer_states,
                                        BTX_COUNT_OF(producer_states)},
    [BTX_STATUS_UNIT_SPACE_LEVEL] = {"space level", space_levels, BTX_COUNT_OF(space_levels)},
    [BTX_STATUS_UNIT_LOCK_STATE] = {"lock state", lock_states, BTX_COUNT_OF(lock_states)},
    [BTX_STATUS_UNIT_KERNEL_VIEW] = {"kernel view", kernel_views, BTX_COUNT_OF(kernel_views)},
    [BTX_STATUS_UNIT_AUDIT_RESULT] = {"audit result", audit_results, BTX_COUNT_OF(audit_results)},
};

const char *btx_status_each_label(enum btx_status_each each)
{
    static const char *const labels[BTX_STATUS_EACH_COUNT] = {
#define EACH(NAME, label, count) label,
        BTX_STATUS_EACHES(EACH)
#undef EACH
    };

    CHECK((unsigned)each < BTX_STATUS_EACH_COUNT);
    return labels[each];
}

const char *btx_status_unit_name(enum btx_status_unit unit)
{
    CHECK((unsigned)unit < BTX_STATUS_UNITS);
    return unit_rows[unit].name;
}

uint32_t btx_status_word_count(enum btx_status_unit unit)
{
    CHECK((unsigned)unit < BTX_STATUS_UNITS);
    return unit_rows[unit].word_count;
}

const char *btx_status_word(enum btx_status_unit unit, uint64_t value)
{
    return value < btx_status_word_count(unit) ? unit_rows[unit].words[value] : NULL;
}

uint32_t btx_status_part_end(enum btx_status_part part)
{
    CHECK((unsigned)part < BTX_STATUS_PART_COUNT);
    return (unsigned)part + 1 < BTX_STATUS_PART_COUNT ? btx_status_parts[part + 1].slot
                                                      : (uint32_t)BTX_STATUS_SLOT_COUNT;
}

uint32_t btx_status_common_slot(enum btx_status_part part, enum btx_status_common common)
{
    CHECK((unsigned)part < BTX_STATUS_PART_COUNT && (unsigned)common < BTX_STATUS_COMMON_COUNT);
    return btx_status_parts[part].slot + (uint32_t)common;
}

static uint32_t crc_text(uint32_t crc, const char *text)
{
    return btx_crc32c(crc, text, strlen(text) + 1);
}

static uint32_t crc_row(uint32_t crc, const struct btx_status_row *row)
{
    const uint32_t numbers[] = {row->kind, row->part, row->each, row->slot, row->slot_count};

    crc = crc_text(crc, row->name);
    crc = crc_text(crc, btx_status_unit_name(row->unit));
    for (uint32_t i = 0; i < btx_status_word_count(row->unit); i++)
        crc = crc_text(crc, btx_status_word(row->unit, i));
    return btx_crc32c(crc, numbers, sizeof numbers);
}

uint32_t btx_status_layout_crc(void)
{
    uint32_t crc = 0;

    for (unsigned i = 0; i < BTX_STATUS_PART_COUNT; i++) {
        crc = crc_text(crc, btx_status_parts[i].name);
        crc = btx_crc32c(crc, &btx_status_parts[i].slot, sizeof btx_status_parts[i].slot);
    }
    for (unsigned i = 0; i < BTX_STATUS_COMMON_COUNT; i++)
        crc = crc_row(crc, &btx_status_commons[i]);
    for (uint32_t i = 0; i < btx_status_row_count; i++)
        crc = crc_row(crc, &btx_status_rows[i]);
    for (uint32_t i = 0; i < btx_status_text_row_count; i++) {
        crc = crc_text(crc, btx_status_texts[i].name);
        crc = btx_crc32c(crc, &btx_status_texts[i].text, sizeof btx_status_texts[i].text);
    }
    for (unsigned i = 0; i < BTX_STATUS_HISTOGRAM_COUNT; i++)
        crc = crc_text(crc, btx_status_histograms[i].name);
    return crc;
}
