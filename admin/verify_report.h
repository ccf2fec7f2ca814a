/* SPDX-License-Identifier: Apache-2.0 */
/* verify_report.h - what verify found, in words: for people, for programs, and as a verdict. */
#ifndef BTX_ADMIN_VERIFY_REPORT_H
#define BTX_ADMIN_VERIFY_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/json.h"
#include "admin/wal_survey.h"
#include "engine/exchange/log_execution.h"

enum { BTX_VERIFY_TEXT_BYTES = 640 };

/* The findings, damage aside, which was told as it was found. */
struct btx_verify_report {
    const struct btx_wal_survey *survey;
    const struct btx_log_execution *execution;
    uint64_t damages;
    uint64_t events;
    uint64_t commands;
    uint64_t notes;
    uint64_t snapshots;               /* right ones that stand on this log */
    uint64_t snapshots_compared;      /* equal to what execution gave */
    bool trimmed;                     /* the first segments are not there */
    struct btx_wal_position position; /* behind the last record */
    uint64_t difference_seq;          /* of the record that differs */
    char *in_log;                     /* that record, as JSON text; NULL: none does */
    char *in_execution;               /* what should stand there; NULL: nothing */
};

/* Whether it is not as it should be: damage, or a difference. */
bool btx_verify_report_is_bad(const struct btx_verify_report *report);

/* What can be said, and not a word more: README.md, "verify". */
void btx_verify_report_verdict(const struct btx_verify_report *report,
                               char ret_text[BTX_VERIFY_TEXT_BYTES]);

/* Print all of it on standard output. */
void btx_verify_report_print(const struct btx_verify_report *report);

/* The same as members of the open object of @json. */
void btx_verify_report_json(const struct btx_verify_report *report, struct btx_json *json);

#endif
