/* SPDX-License-Identifier: Apache-2.0 */
/* wal_lock.h - what the writer lock of a log says, in one line: for other verbs than lock. */
#ifndef BTX_ADMIN_WAL_LOCK_H
#define BTX_ADMIN_WAL_LOCK_H

#include <stddef.h>

#include "engine/wal/writer_lock.h"

enum { BTX_WAL_LOCK_TEXT_BYTES = 320 };

/* "held now by betexd, pid 12 on engine-1, since 2026-11-26 00:48:40 UTC", printable. */
void btx_wal_lock_summary(const struct btx_writer_lock_status *status,
                          char ret_text[BTX_WAL_LOCK_TEXT_BYTES]);

#endif
