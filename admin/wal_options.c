/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/wal_options.h"

#include <stdio.h>
#include <string.h>

struct option_row {
    const char *name;
    const char *value; /* what the help calls its value; NULL: it has none, and is a bool */
    unsigned verbs;
    size_t offset_bytes; /* in struct btx_wal_request: a bool, or a struct btx_wal_number */
    const char *help;
};

#define ROW(name, value, verbs, member, help)                                                      \
    {                                                                                              \
        name, value, verbs, offsetof(struct btx_wal_request, member), help                         \
    }

static const struct option_row rows[] = {
    ROW("events", NULL, BTX_WAL_DUMP, events, "only events (and other kinds that are named)"),
    ROW("commands", NULL, BTX_WAL_DUMP, commands, "only commands, likewise"),
    ROW("notes", NULL, BTX_WAL_DUMP, notes, "only notes, likewise"),
    ROW("from", "SEQ", BTX_WAL_DUMP, from, "records from this seq on"),
    ROW("to", "SEQ", BTX_WAL_DUMP, to, "records up to this seq"),
    ROW("tx", "N", BTX_WAL_DUMP, tx, "only records of this tx"),
    ROW("account", "N", BTX_WAL_DUMP, account, "only records that name this account"),
    ROW("market", "N", BTX_WAL_DUMP, market, "only records that name this market"),
    ROW("order", "N", BTX_WAL_DUMP, order, "only records that name this order"),
    ROW("long", NULL, BTX_WAL_LS, long_form, "read every segment and tell all about it"),
    ROW("no-execute", NULL, BTX_WAL_VERIFY, no_execute, "leave out the re-execution"),
    ROW("rate", "EVENTS", BTX_WAL_SIZING, rate, "events a second (500000)"),
    ROW("bytes", "BYTES", BTX_WAL_SIZING, bytes, "bytes of an average event (192)"),
    ROW("json", NULL, BTX_WAL_ALL, json, "print for programs"),
    ROW("help", NULL, BTX_WAL_ALL, help, "print this text"),
};

/* Digits only: no sign, no space, no suffix. */
static enum btx_fault_code parse_number(const char *name, const char *text,
                                        struct btx_wal_number *ret_number,
                                        struct btx_fault *reterr_fault)
{
    const char *digit = text;
    uint64_t value = 0;

    for (; *digit >= '0' && *digit <= '9'; digit++) {
        const unsigned next = (unsigned)(*digit - '0');

        if (value > (UINT64_MAX - next) / 10)
            break;
        value = 10 * value + next;
    }
    if (digit == text || *digit != '\0')
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--%s: want a number from 0 to 18446744073709551615, got '%s'", name,
                             text);
    *ret_number = (struct btx_wal_number){.given = true, .value = value};
    return BTX_OK;
}

static const struct option_row *find_row(const char *name, size_t length_bytes)
{
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        if (strlen(rows[i].name) == length_bytes && memcmp(rows[i].name, name, length_bytes) == 0)
            return &rows[i];
    }
    return NULL;
}

/* Take the option @text, "--name" or "--name=value"; @next is the argument behind it or NULL.
 * *ret_took_next: it was the value. */
static enum btx_fault_code take_option(enum btx_wal_verb_bit verb, const char *text,
                                       const char *next, bool *ret_took_next,
                                       struct btx_wal_request *request,
                                       struct btx_fault *reterr_fault)
{
    const char *equals = strchr(text, '=');
    const size_t length_bytes = equals == NULL ? strlen(text) : (size_t)(equals - text);
    const struct option_row *row = length_bytes > 2 ? find_row(text + 2, length_bytes - 2) : NULL;

    *ret_took_next = false;
    if (row == NULL || text[1] != '-' || (row->verbs & (unsigned)verb) == 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "%.*s: not an option of this command (its --help has them)",
                             (int)length_bytes, text);
    if (row->value == NULL && equals != NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "--%s: takes no value", row->name);
    if (row->value == NULL) {
        *(bool *)((char *)request + row->offset_bytes) = true;
        return BTX_OK;
    }
    if (equals == NULL && next == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "--%s: wants a value, --%s %s",
                             row->name, row->name, row->value);
    *ret_took_next = equals == NULL;
    return parse_number(row->name, equals == NULL ? next : equals + 1,
                        (void *)((char *)request + row->offset_bytes), reterr_fault);
}

enum btx_fault_code btx_wal_options_parse(enum btx_wal_verb_bit verb, const char **arguments,
                                          size_t argument_count,
                                          struct btx_wal_request *ret_request,
                                          struct btx_fault *reterr_fault)
{
    struct btx_wal_request request = {.arguments = arguments};
    bool options = true;

    for (size_t i = 0; i < argument_count; i++) {
        const char *next = i + 1 < argument_count ? arguments[i + 1] : NULL;
        enum btx_fault_code code;
        bool took_next;

        if (!options || arguments[i][0] != '-' || arguments[i][1] == '\0') {
            arguments[request.argument_count++] = arguments[i];
            continue;
        }
        if (strcmp(arguments[i], "--") == 0) {
            options = false;
            continue;
        }
        code = take_option(verb, arguments[i], next, &took_next, &request, reterr_fault);
        if (code != BTX_OK)
            return code;
        i += took_next ? 1 : 0;
    }
    *ret_request = request;
    return BTX_OK;
}

void btx_wal_options_print(enum btx_wal_verb_bit verb)
{
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        const struct option_row *row = &rows[i];
        char name[32];

        if ((row->verbs & (unsigned)verb) == 0)
            continue;
        (void)snprintf(name, sizeof name, "--%s%s%s", row->name, row->value == NULL ? "" : " ",
                       row->value == NULL ? "" : row->value);
        printf("  %-16s %s\n", name, row->help);
    }
}
