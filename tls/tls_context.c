/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_context.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "tls/frame.h"

enum {
    CHAIN_DEPTH_MAX = 4,            /* of CAs between a client and the one that we know */
    CERTIFICATES_BYTES_MAX = 32768, /* of what a client may send for it */
};

static const unsigned char alpn[] = {sizeof BTX_FRAME_ALPN - 1, 'b', 'e', 't', 'e', 'x', '/', '1'};
static_assert(sizeof alpn == sizeof BTX_FRAME_ALPN, "a length, and the name");

const char *btx_tls_reason(char *text, size_t size_bytes)
{
    const unsigned long error = ERR_peek_last_error();
    const char *reason = error == 0 ? NULL : ERR_reason_error_string(error);

    (void)snprintf(text, size_bytes, "%s", reason == NULL ? "unknown" : reason);
    ERR_clear_error();
    return text;
}

static enum btx_fault_code refuse(const char *what, struct btx_fault *reterr_fault)
{
    char reason[128];

    return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0, "%s: %s", what,
                         btx_tls_reason(reason, sizeof reason));
}

static int select_alpn(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_length,
                       const unsigned char *offered, unsigned int offered_length, void *context)
{
    unsigned char *name;

    (void)ssl;
    (void)context;
    if (SSL_select_next_proto(&name, ret_length, alpn, sizeof alpn, offered, offered_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *ret_name = name;
    return SSL_TLSEXT_ERR_OK;
}

/* Nobody is there to be asked for one. */
static int no_passphrase(char *text, int size, int is_written, void *context)
{
    (void)text;
    (void)size;
    (void)is_written;
    (void)context;
    return -1;
}

/* What both sides have in common. */
static void set_manners(SSL_CTX *context)
{
    (void)SSL_CTX_set_options(context,
                              SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    /* What waits to be written may move meanwhile, and a part of it is better than nothing; buffers
     * of connections that are quiet are given back. */
    (void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    SSL_CTX_set_read_ahead(context, 1); /* A record's header and its rest in one call. */
}

static enum btx_fault_code load_own(SSL_CTX *context, const struct btx_tls_files *files,
                                    struct btx_fault *reterr_fault)
{
    if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1)
        return refuse(files->certificate, reterr_fault);
    if (SSL_CTX_use_PrivateKey_file(context, files->key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        return refuse(files->key, reterr_fault);
    return BTX_OK;
}

static enum btx_fault_code load_clients_ca(SSL_CTX *context, const struct btx_tls_files *files,
                                           struct btx_fault *reterr_fault)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(files->client_ca);
    X509_LOOKUP *lookup;

    if (names == NULL || SSL_CTX_load_verify_file(context, files->client_ca) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return refuse(files->client_ca, reterr_fault);
    }
    SSL_CTX_set_client_CA_list(context, names);
    lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (lookup == NULL || X509_load_crl_file(lookup, files->crl, X509_FILETYPE_PEM) < 1)
        return refuse(files->crl, reterr_fault);
    if (X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) != 1 ||
        X509_STORE_set_purpose(store, X509_PURPOSE_SSL_CLIENT) != 1)
        return refuse(files->crl, reterr_fault);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_verify_depth(context, CHAIN_DEPTH_MAX);
    SSL_CTX_set_max_cert_list(context, CERTIFICATES_BYTES_MAX);
    return BTX_OK;
}

static enum btx_fault_code begin(SSL_CTX **ret_context, const SSL_METHOD *method,
                                 struct btx_fault *reterr_fault)
{
    SSL_CTX *context;

    ERR_clear_error();
    context = SSL_CTX_new(method);
    if (context == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for TLS");
    set_manners(context);
    *ret_context = context;
    if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
        SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
        SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1)
        return BTX_OK;
    SSL_CTX_free(context);
    return refuse("TLS 1.3", reterr_fault);
}

enum btx_fault_code btx_tls_context_server(SSL_CTX **ret_context, const struct btx_tls_files *files,
                                           btx_tls_watch watch, struct btx_fault *reterr_fault)
{
    SSL_CTX *context = NULL;

    if (begin(&context, TLS_server_method(), reterr_fault) != BTX_OK)
        return reterr_fault->code;
    (void)SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    (void)SSL_CTX_set_num_tickets(context, 0);
    (void)SSL_CTX_set_max_early_data(context, 0);
    SSL_CTX_set_alpn_select_cb(context, select_alpn, NULL);
    if (watch != NULL)
        SSL_CTX_set_msg_callback(context, watch);
    if (load_own(context, files, reterr_fault) != BTX_OK ||
        load_clients_ca(context, files, reterr_fault) != BTX_OK) {
        SSL_CTX_free(context);
        return reterr_fault->code;
    }
    *ret_context = context;
    return BTX_OK;
}

enum btx_fault_code btx_tls_context_client(SSL_CTX **ret_context, const struct btx_tls_files *files,
                                           struct btx_fault *reterr_fault)
{
    SSL_CTX *context = NULL;

    if (begin(&context, TLS_client_method(), reterr_fault) != BTX_OK)
        return reterr_fault->code;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (files->certificate != NULL && load_own(context, files, reterr_fault) != BTX_OK)
        goto free_context;
    if (SSL_CTX_load_verify_file(context, files->client_ca) != 1 ||
        SSL_CTX_set_alpn_protos(context, alpn, sizeof alpn) != 0) {
        (void)refuse(files->client_ca, reterr_fault);
        goto free_context;
    }
    *ret_context = context;
    return BTX_OK;

free_context:
    SSL_CTX_free(context);
    return reterr_fault->code;
}

bool btx_tls_subject(SSL *ssl, char ret_subject[BTX_SUBJECT_BYTES_MAX + 1])
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    BIO *text = certificate == NULL ? NULL : BIO_new(BIO_s_mem());
    char *bytes = NULL;
    long length = 0;

    if (text == NULL)
        return false;
    if (X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) > 0)
        length = BIO_get_mem_data(text, &bytes);
    if (length > 0 && length <= BTX_SUBJECT_BYTES_MAX) {
        memcpy(ret_subject, bytes, (size_t)length);
        ret_subject[length] = '\0';
    }
    BIO_free(text);
    return length > 0 && length <= BTX_SUBJECT_BYTES_MAX;
}
