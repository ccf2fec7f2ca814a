/* SPDX-License-Identifier: Apache-2.0 */
/* auditor_status.h - what an auditor knows, as figures of a status page. */
#ifndef BTX_SHADOW_AUDITOR_STATUS_H
#define BTX_SHADOW_AUDITOR_STATUS_H

#include "engine/shadow/auditor.h"
#include "engine/status/page.h"

/* Bring the figures of the part SHADOW, which @writer writes, up to date. */
void btx_auditor_show(const struct btx_auditor_figures *figures,
                      const struct btx_status_writer *writer);

#endif
