/* SPDX-License-Identifier: Apache-2.0 */
/* serve_command.c - verbs that change something: commands of the exchange, requests to the engine,
 * and what became of them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/paragraph.h"
#include "admin/printable.h"
#include "admin/server.h"
#include "admin/verb_command.h"
#include "engine/base/check.h"
#include "engine/text/record_text.h"

static const char ending[] = ",\"end\":true";

enum { COLUMNS_USUAL = 80, LINE_BYTES = BTX_RECORD_TEXT_BYTES_MAX };

/* Why the exchange refuses, in words. */
static const char *reject_text(enum btx_reject reason)
{
    static const char *const texts[BTX_REJECT_COUNT] = {
        [BTX_REJECT_UNKNOWN_ACCOUNT] = "there is no such account",
        [BTX_REJECT_DUPLICATE] = "this cseq or transfer was there already",
        [BTX_REJECT_BUSY] = "the engine sheds load: try again",
        [BTX_REJECT_INVALID_ACCOUNT] = "0 is the house, not an account",
        [BTX_REJECT_ACCOUNT_EXISTS] = "there is such an account already",
        [BTX_REJECT_ACCOUNT_FROZEN] = "the account is frozen",
        [BTX_REJECT_INVALID_AMOUNT] = "the amount is not above 0, or over the limit",
        [BTX_REJECT_INSUFFICIENT_FUNDS] = "the account has not enough available",
        [BTX_REJECT_NO_CHANGE] = "it is so already",
        [BTX_REJECT_CAPACITY] = "a capacity of the exchange is used up",
        [BTX_REJECT_INVALID_MARKET] = "kind, runners, winners, tick, sizes or commission do not go",
        [BTX_REJECT_MARKET_EXISTS] = "there is such a market already",
        [BTX_REJECT_UNKNOWN_MARKET] = "there is no such market",
        [BTX_REJECT_MARKET_CLOSED] = "the market is closed",
        [BTX_REJECT_MARKET_NOT_OPEN] = "the market is suspended or closed",
        [BTX_REJECT_NOT_CLOSED] = "the market is not closed",
        [BTX_REJECT_INVALID_WINNERS] = "the winners are not runners of it, or too few",
        [BTX_REJECT_UNKNOWN_RUNNER] = "the market has no such runner",
        [BTX_REJECT_RUNNER_REMOVED] = "the runner was removed",
        [BTX_REJECT_INVALID_PRICE] = "the price is not on the market's ladder",
        [BTX_REJECT_INVALID_SIZE] = "the size is not a step, or below the market's least",
        [BTX_REJECT_INVALID_ORDER] = "the order's options do not go together",
        [BTX_REJECT_WOULD_MATCH] = "it would match at once, and is post_only",
        [BTX_REJECT_NOT_FILLABLE] = "not enough is there to fill it",
        [BTX_REJECT_UNKNOWN_ORDER] = "there is no such live order",
        [BTX_REJECT_NOT_ORDER_OWNER] = "the order is another account's",
        [BTX_REJECT_NOTHING_TO_CANCEL] = "no order matches",
        [BTX_REJECT_VERSION_CHANGED] = "the market has changed since",
        [BTX_REJECT_TOO_FEW_RUNNERS] = "too few runners would be left",
    };

    CHECK((size_t)reason < BTX_COUNT_OF(texts)); /* btx_record_check() has seen it. */
    return texts[reason];
}

/* Whether the @length_bytes of a JSON string need no quotes to be read. */
static bool is_word(const char *text, size_t length_bytes)
{
    for (size_t i = 0; i < length_bytes; i++) {
        if (text[i] < 0x21 || text[i] > 0x7e || text[i] == ',' || text[i] == '\\')
            return false;
    }
    return length_bytes != 0;
}

/* Behind the string that begins at @at, a quote. */
static const char *skip_string(const char *at)
{
    for (at++; *at != '"'; at++)
        at += *at == '\\' ? 1 : 0;
    return at + 1;
}

/* The fields of an event's line, "account 7, amount 12.5", to @out: names lose their quotes, words
 * too, and texts keep them. */
static void put_fields(FILE *out, const char *at)
{
    bool is_name = true;
    int depth = 0;

    while (*at != '\0') {
        const char *end;

        if (*at != '"') {
            depth += *at == '[' ? 1 : *at == ']' ? -1 : 0;
            is_name = *at == ',' && depth == 0;
            fputs(*at == ':' ? " " : is_name ? ", " : (const char[]){*at, '\0'}, out);
            at++;
            continue;
        }
        end = skip_string(at);
        if (is_name || is_word(at + 1, (size_t)(end - at) - 2))
            (void)fwrite(at + 1, 1, (size_t)(end - at) - 2, out);
        else
            btx_printable_write(out, at, (size_t)(end - at), BTX_PRINTABLE_ASCII);
        is_name = false;
        at = end;
    }
}

/* The event's name, then its fields without those that all events have. */
static void show_event(struct btx_admin_call *call, const struct btx_record *event, char *json)
{
    const unsigned columns = call->columns != 0 ? call->columns : COLUMNS_USUAL;
    const char *name = strstr(json, "\"ev\":\"");
    char *fields;
    char *end;
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *out;

    CHECK(name != NULL);
    name += strlen("\"ev\":\"");
    fields = strchr(name, '"');
    CHECK(fields != NULL);
    *fields++ = '\0';
    end = fields + strlen(fields) - strlen("}\n");
    if (end - fields >= (int)strlen(ending) &&
        memcmp(end - strlen(ending), ending, strlen(ending)) == 0)
        end -= strlen(ending);
    *end = '\0';
    fprintf(call->out, "%s, seq %" PRIu64 "\n", name, event->seq);
    out = open_memstream(&text, &text_bytes);
    if (out == NULL)
        return; /* No memory: its name must do. */
    put_fields(out, fields + (*fields == ',' ? 1 : 0));
    if (fclose(out) == 0)
        btx_paragraph_print(call->out, "  ", columns, text);
    free(text);
}

static void show_rejected(struct btx_admin_call *call, const struct btx_command_rejected *rejected)
{
    const enum btx_reject reason = (enum btx_reject)rejected->reason;

    call->is_rejected = true;
    btx_call_fail(call, 1, "refused: %s (%s)", reject_text(reason), btx_reject_terms[reason].text);
}

void btx_call_show_record(struct btx_admin_call *call, const struct btx_record *record)
{
    static char json[LINE_BYTES + 1];
    const size_t length = btx_record_text_encode(record, json);
    const bool is_event = btx_record_kind(record) == BTX_RECORD_EVENT;

    json[length] = '\0';
    if (is_event && record->type == BTX_EVENT_COMMAND_REJECTED)
        show_rejected(call, (const void *)record);
    if (call->request.json)
        btx_printable_write(call->out, json, length, BTX_PRINTABLE_ASCII);
    else if (!is_event)
        fprintf(call->out, "noted for %s behind seq %" PRIu64 "; status shows what comes of it\n",
                call->peer.name, record->seq);
    else if (!call->is_rejected)
        show_event(call, record, json);
}

void btx_serve_command(struct btx_admin_call *call)
{
    union btx_command_space space;
    const char *why =
        btx_verb_command_build(call->verb, call->request.arguments, call->request.argument_count,
                               &call->server->decoder, &space);

    if (why != NULL) {
        btx_call_fail(call, 2, "%s", why);
        return;
    }
    why = btx_engine_link_command(call, &space);
    if (why != NULL)
        btx_call_fail(call, 68, "%s", why);
}

static void serve_request(struct btx_admin_call *call, enum btx_request_type type)
{
    const char *why = btx_engine_link_request(call, type);

    if (why != NULL)
        btx_call_fail(call, 68, "%s", why);
}

void btx_serve_rotate(struct btx_admin_call *call)
{
    serve_request(call, BTX_REQUEST_ROTATE);
}

void btx_serve_snapshot_now(struct btx_admin_call *call)
{
    serve_request(call, BTX_REQUEST_SNAPSHOT);
}

void btx_serve_drain(struct btx_admin_call *call)
{
    serve_request(call, BTX_REQUEST_DRAIN);
}

void btx_serve_shutdown(struct btx_admin_call *call)
{
    serve_request(call, BTX_REQUEST_SHUTDOWN);
}
