/* SPDX-License-Identifier: Apache-2.0 */
/* tls_context.h - how TLS is done here: the gateway's certificate, whose clients get in, and
 * nothing that is not needed.
 *
 * TLS 1.3 alone, with the ALPN of the protocol; a certificate of the client, of a CA of ours and
 * not revoked; no tickets, so that each session is checked against the list of now. */
#ifndef BTX_TLS_TLS_CONTEXT_H
#define BTX_TLS_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <stddef.h>

#include "engine/base/fault.h"
#include "tls/clients.h"

struct btx_tls_files {
    const char *certificate; /* PEM: the gateway's, then those between it and its CA */
    const char *key;         /* PEM, without a passphrase */
    const char *client_ca;   /* PEM, one or more */
    const char *crl;         /* PEM, one of each CA */
};

/* Called for each record and each message of a handshake (SSL_CTX_set_msg_callback). */
typedef void (*btx_tls_watch)(int is_written, int version, int content_type, const void *bytes,
                              size_t length_bytes, SSL *ssl, void *context);

/* A gateway's context, to be given back by SSL_CTX_free().
 * Faults: CONFIG, with the file and OpenSSL's reason. */
BTX_MUST_USE enum btx_fault_code btx_tls_context_server(SSL_CTX **ret_context,
                                                        const struct btx_tls_files *files,
                                                        btx_tls_watch watch,
                                                        struct btx_fault *reterr_fault);

/* A client's: @files without a list, client_ca being the CA of gateways; certificate and key may be
 * NULL. */
BTX_MUST_USE enum btx_fault_code btx_tls_context_client(SSL_CTX **ret_context,
                                                        const struct btx_tls_files *files,
                                                        struct btx_fault *reterr_fault);

/* The subject of the peer's certificate as the file of clients has it: RFC 2253, printable ASCII.
 * False: there is none, or it is too long. */
BTX_MUST_USE bool btx_tls_subject(SSL *ssl, char ret_subject[BTX_SUBJECT_BYTES_MAX + 1]);

/* Why OpenSSL did not do what was asked last, for logs; takes it off its queue. */
const char *btx_tls_reason(char *text, size_t size_bytes);

#endif
