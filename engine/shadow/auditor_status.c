/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/shadow/auditor_status.h"

static enum btx_status_audit_result result_of(const struct btx_auditor_figures *figures)
{
    if (figures->failed)
        return BTX_STATUS_AUDIT_FAILED;
    return figures->compared_wall_ns != 0 ? BTX_STATUS_AUDIT_CLEAN : BTX_STATUS_AUDIT_NONE;
}

void btx_auditor_show(const struct btx_auditor_figures *figures,
                      const struct btx_status_writer *writer)
{
    btx_status_set(writer, BTX_STATUS_AUDIT_EVENTS, figures->events);
    btx_status_set(writer, BTX_STATUS_AUDIT_DIFFERENCES, figures->differences);
    if (figures->compared_wall_ns != 0) {
        btx_status_set(writer, BTX_STATUS_AUDIT_SEQ, figures->seq);
        btx_status_set(writer, BTX_STATUS_AUDIT_TIME, figures->compared_wall_ns);
    }
    if (figures->failed)
        btx_status_set(writer, BTX_STATUS_AUDIT_FAILED_SEQ, figures->failed_seq);
    btx_status_set(writer, BTX_STATUS_AUDIT, (uint64_t)result_of(figures));

    btx_status_set(writer, BTX_STATUS_SNAPSHOTS, figures->snapshots);
    btx_status_set(writer, BTX_STATUS_SNAPSHOT_FAILURES, figures->snapshot_failures);
    if (figures->snapshot_wall_ns == 0)
        return;
    btx_status_set(writer, BTX_STATUS_SNAPSHOT_SEQ, figures->snapshot_seq);
    btx_status_set(writer, BTX_STATUS_SNAPSHOT_TIME, figures->snapshot_wall_ns);
    btx_status_set(writer, BTX_STATUS_SNAPSHOT_BYTES, figures->snapshot_bytes);
    if (figures->snapshot_took_ns != 0)
        btx_status_set(writer, BTX_STATUS_SNAPSHOT_NS, figures->snapshot_took_ns);
}
