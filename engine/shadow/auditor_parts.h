/* SPDX-License-Identifier: Apache-2.0 */
/* auditor_parts.h - what the files of the auditor share.  Private to them. */
#ifndef BTX_SHADOW_AUDITOR_PARTS_H
#define BTX_SHADOW_AUDITOR_PARTS_H

#include "engine/shadow/auditor.h"

/* List the segments anew if the folder changed.  Faults: IO, MEMORY, CORRUPT. */
BTX_MUST_USE enum btx_fault_code btx_auditor_list(struct btx_auditor *auditor,
                                                  struct btx_fault *reterr_fault);

/* Index of the first listed segment whose number is not below @number; the count: none is. */
size_t btx_auditor_find_segment(const struct btx_auditor *auditor, uint64_t number);

/* The seal of segment @number, where the log has it.  *ret_lost: it has none and cannot get one any
 * more.  Faults: IO, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_auditor_find_seal(const struct btx_auditor *auditor,
                                                       uint64_t number, bool *ret_found,
                                                       bool *ret_lost,
                                                       struct btx_wal_seal *ret_seal,
                                                       struct btx_fault *reterr_fault);

/* Take up the newest snapshot that can be used: base, execution, figures.  Without one the
 * execution begins with the first record.  Faults: as btx_auditor_open(). */
BTX_MUST_USE enum btx_fault_code btx_auditor_begin(struct btx_auditor *auditor,
                                                   struct btx_fault *reterr_fault);

/* What the last engine before the event @seq, which stands in the segment number @number or before
 * it, said of its capacities; the default where the log does not say.
 * Faults: CORRUPT when damage hides it; IO, MEMORY, LAYOUT. */
BTX_MUST_USE enum btx_fault_code btx_auditor_capacity(const struct btx_auditor *auditor,
                                                      uint64_t number, uint64_t seq,
                                                      struct btx_core_capacity *ret_capacity,
                                                      struct btx_fault *reterr_fault);

/* Tell of @event at @seq. */
void btx_auditor_tell(const struct btx_auditor *auditor, enum btx_auditor_event event, uint64_t seq,
                      const struct btx_fault *fault);

#endif
