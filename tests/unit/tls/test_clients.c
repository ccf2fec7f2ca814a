/* SPDX-License-Identifier: Apache-2.0 */
/* test_clients.c - who may use which account: what the file says, and what is wrong in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/attributes.h"
#include "tls/clients.h"
#include "tls/frame.h"

static enum btx_fault_code parse(struct btx_clients *clients, const char *text,
                                 struct btx_fault *reterr_fault)
{
    return btx_clients_parse(clients, "clients", text, strlen(text), reterr_fault);
}

/* Subjects have spaces and commas, lines have comments, ends and no end. */
static void clients_find__subjects_and_accounts__as_the_file_says(void **state)
{
    struct btx_clients clients;
    struct btx_fault fault = {0};
    const struct btx_client_row *client;

    (void)state;
    assert_int_equal(parse(&clients,
                           "# who\n"
                           "\n"
                           "1002 view CN=zoe,O=Acme Ltd \r\n"
                           "  1001\ttrade   CN=al\\, ice\n"
                           "1003 trade CN=zoe,O=Acme Ltd",
                           &fault),
                     BTX_OK);
    client = btx_clients_find(&clients, "CN=zoe,O=Acme Ltd", 0);
    assert_non_null(client);
    assert_int_equal(client->account, 1002); /* The first line, and not the least account. */
    assert_int_equal(client->rights, 0);
    client = btx_clients_find(&clients, "CN=zoe,O=Acme Ltd", 1003);
    assert_non_null(client);
    assert_int_equal(client->rights, BTX_RIGHT_TRADE);
    assert_null(btx_clients_find(&clients, "CN=zoe,O=Acme Ltd", 1001));
    assert_non_null(btx_clients_find(&clients, "CN=al\\, ice", 1001));
    assert_null(btx_clients_find(&clients, "CN=al", 0));
    assert_null(btx_clients_find(&clients, "", 0));
    btx_clients_done(&clients);
    btx_clients_done(&clients);
    assert_null(btx_clients_find(&clients, "CN=al\\, ice", 0));
}

/* Nobody gets rights by a line that was meant otherwise. */
static void clients_parse__a_line_that_is_wrong__names_it(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } rows[] = {
        {"x trade CN=a", "clients:1: want an account, a number from 1 on"},
        {"\n0 trade CN=a", "clients:2: want an account, a number from 1 on"},
        {"-1 trade CN=a", "clients:1: want an account, a number from 1 on"},
        {"1x trade CN=a", "clients:1: want an account, a number from 1 on"},
        {"99999999999999999999 trade CN=a", "clients:1: want an account, a number from 1 on"},
        {"1", "clients:1: want trade or view behind the account"},
        {"1 trades CN=a", "clients:1: want trade or view behind the account"},
        {"1 trade", "clients:1: want the subject of a certificate behind the rights"},
        {"1 trade CN=a\n2 view CN=b\n1 view CN=a",
         "clients:3: the same account and subject as in line 1"},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_clients clients;
        struct btx_fault fault = {0};

        print_message("%s\n", rows[i].text);
        assert_int_equal(parse(&clients, rows[i].text, &fault), BTX_FAULT_CONFIG);
        assert_string_equal(fault.text, rows[i].why);
        assert_null(btx_clients_find(&clients, "CN=a", 0));
    }
}

static void clients_parse__a_zero_byte__is_refused(void **state)
{
    struct btx_clients clients;
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_clients_parse(&clients, "clients", "1 trade CN=a\0b", 14, &fault),
                     BTX_FAULT_CONFIG);
}

static void clients_read__no_file_or_none_to_read__says_why(void **state)
{
    struct btx_clients clients;
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_clients_read(&clients, "/nowhere/clients", &fault), BTX_FAULT_IO);
    assert_int_equal(btx_clients_read(&clients, "/dev", &fault), BTX_FAULT_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_find__subjects_and_accounts__as_the_file_says),
        cmocka_unit_test(clients_parse__a_line_that_is_wrong__names_it),
        cmocka_unit_test(clients_parse__a_zero_byte__is_refused),
        cmocka_unit_test(clients_read__no_file_or_none_to_read__says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
