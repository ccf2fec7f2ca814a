/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/wal_options.h"

#include "admin/options.h"

#define ROW(name, kind, value, verbs, member, help)                                                \
    {                                                                                              \
        name, BTX_OPTION_##kind, value, verbs, offsetof(struct btx_wal_request, member), help      \
    }

static const struct btx_option rows[] = {
    ROW("events", SWITCH, NULL, BTX_WAL_DUMP, events,
        "only events (and other kinds that are named)"),
    ROW("commands", SWITCH, NULL, BTX_WAL_DUMP, commands, "only commands, likewise"),
    ROW("notes", SWITCH, NULL, BTX_WAL_DUMP, notes, "only notes, likewise"),
    ROW("from", NUMBER, "SEQ", BTX_WAL_DUMP, from, "records from this seq on"),
    ROW("to", NUMBER, "SEQ", BTX_WAL_DUMP, to, "records up to this seq"),
    ROW("tx", NUMBER, "N", BTX_WAL_DUMP, tx, "only records of this tx"),
    ROW("account", NUMBER, "N", BTX_WAL_DUMP, account, "only records that name this account"),
    ROW("market", NUMBER, "N", BTX_WAL_DUMP, market, "only records that name this market"),
    ROW("order", NUMBER, "N", BTX_WAL_DUMP, order, "only records that name this order"),
    ROW("long", SWITCH, NULL, BTX_WAL_LS, long_form, "read every segment and tell all about it"),
    ROW("no-execute", SWITCH, NULL, BTX_WAL_VERIFY, no_execute, "leave out the re-execution"),
    ROW("rate", NUMBER, "EVENTS", BTX_WAL_SIZING, rate, "events a second (500000)"),
    ROW("bytes", NUMBER, "BYTES", BTX_WAL_SIZING, bytes, "bytes of an average event (192)"),
    ROW("config", TEXT, "FILE", BTX_WAL_SIZING, config,
        "the settings of this file, not the defaults"),
    ROW("json", SWITCH, NULL, BTX_WAL_ALL, json, "print for programs"),
    ROW("help", SWITCH, NULL, BTX_WAL_ALL, help, "print this text"),
};

enum btx_fault_code btx_wal_options_parse(enum btx_wal_verb_bit verb, const char **arguments,
                                          size_t argument_count,
                                          struct btx_wal_request *ret_request,
                                          struct btx_fault *reterr_fault)
{
    struct btx_wal_request request = {.arguments = arguments, .argument_count = argument_count};
    const enum btx_fault_code code =
        btx_options_parse(rows, BTX_COUNT_OF(rows), (unsigned)verb, arguments,
                          &request.argument_count, &request, reterr_fault);

    if (code == BTX_OK)
        *ret_request = request;
    return code;
}

void btx_wal_options_print(enum btx_wal_verb_bit verb)
{
    btx_options_print(rows, BTX_COUNT_OF(rows), (unsigned)verb);
}
