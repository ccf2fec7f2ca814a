/* SPDX-License-Identifier: Apache-2.0 */
/* clients.h - the file that says which certificate may use which account.
 *
 *     # account, rights, subject of the certificate (RFC 2253)
 *     1001 trade CN=alice,O=Acme
 *     1002 view CN=alice,O=Acme
 *
 * One line for each account of a certificate; the first is the one that a client gets when it asks
 * for none.  Several certificates may have the same account. */
#ifndef BTX_TLS_CLIENTS_H
#define BTX_TLS_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"

enum {
    BTX_CLIENTS_BYTES_MAX = 64 * 1024 * 1024, /* of the file */
    BTX_SUBJECT_BYTES_MAX = 1024,
};

struct btx_client_row {
    const char *subject;
    uint64_t account;
    uint32_t rights; /* BTX_RIGHT_TRADE or 0 */
    uint32_t line;   /* of the file */
};

/* Fields are private. */
struct btx_clients {
    char *text;
    struct btx_client_row *rows; /* by subject, then line */
    size_t row_count;
};

/* Read @text of @length_bytes, which stays the caller's; @name is the file's, for faults.
 * Faults: CONFIG, "NAME:LINE: what is wrong"; MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_clients_parse(struct btx_clients *clients, const char *name,
                                                   const char *text, size_t length_bytes,
                                                   struct btx_fault *reterr_fault);

/* The same of the file at @path.  Faults: also IO. */
BTX_MUST_USE enum btx_fault_code btx_clients_read(struct btx_clients *clients, const char *path,
                                                  struct btx_fault *reterr_fault);

/* What the certificate of @subject may do with @account, 0 for its first.  NULL: nothing. */
const struct btx_client_row *btx_clients_find(const struct btx_clients *clients,
                                              const char *subject, uint64_t account);

/* Idempotent on {0}. */
void btx_clients_done(struct btx_clients *clients);

#endif
