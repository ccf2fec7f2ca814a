/* SPDX-License-Identifier: Apache-2.0 */
/* record_filter.h - which records of a log are wanted. */
#ifndef BTX_ADMIN_RECORD_FILTER_H
#define BTX_ADMIN_RECORD_FILTER_H

#include <stdbool.h>

#include "admin/wal_request.h"
#include "engine/wire/record.h"

/* Whether @request's filters let @record pass: kinds, seqs, tx, and the account, market and order
 * that it names.  An id that is not given in a record is never that of a filter.
 * @record is one that btx_record_check() accepts. */
bool btx_record_filter_passes(const struct btx_wal_request *request,
                              const struct btx_record *record);

/* Whether nothing behind @record can pass. */
bool btx_record_filter_is_done(const struct btx_wal_request *request,
                               const struct btx_record *record);

#endif
