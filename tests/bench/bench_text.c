/* SPDX-License-Identifier: Apache-2.0 */
/* betex-bench-text - what the text form costs: ns for each line decoded or encoded.
 *
 * Every figure is taken over some thousand different lines, so that the processor cannot learn
 * one of them by heart; they come from a fixed seed.  Of so many rounds the fastest and the
 * median are printed: the fastest is the code's, the difference is the machine's.
 * An argument chooses the figures whose names contain it. */
#include "engine/base/check.h"
#include "engine/base/clock.h"
#include "engine/text/command_text.h"
#include "engine/text/event_text.h"
#include "engine/wire/events.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES 4096u
#define LINE_BYTES_MAX 256u
#define ROUNDS 101u

/* One line behind the other, as they come from a file. */
static struct {
    size_t offsets[LINES + 1];
    char lines[LINES * LINE_BYTES_MAX];
} input;

static union btx_event_space {
    struct btx_record record;
    uint8_t bytes[BTX_ORDINARY_RECORD_BYTES_MAX];
} events[LINES];

static struct btx_command_text text;
static union btx_command_space space; /* what the last line decoded to */
static char out[BTX_EVENT_TEXT_BYTES_MAX];
static uint64_t random_state;

/* splitmix64: small, and the same everywhere. */
static uint64_t random_below(uint64_t bound)
{
    uint64_t value = random_state += UINT64_C(0x9e3779b97f4a7c15);

    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return (value ^ value >> 31) % bound;
}

/* A number of 1 to @digits_max digits, each length as likely as the other. */
static uint64_t random_number(unsigned digits_max)
{
    uint64_t bound = 1;

    for (uint64_t i = 1 + random_below(digits_max); i > 0; i--)
        bound *= 10;
    return bound / 10 + random_below(bound - bound / 10);
}

static void line_print(size_t line, const char *format, ...) BTX_PRINTF(2, 3);
static void line_print(size_t line, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(input.lines + input.offsets[line], LINE_BYTES_MAX, format, arguments);
    va_end(arguments);
    CHECK(length > 0 && (size_t)length < LINE_BYTES_MAX);
    input.offsets[line + 1] = input.offsets[line] + (size_t)length;
}

/* Draws one after the other: the order in which arguments are evaluated is the compiler's. */
static void make_place_order(size_t line)
{
    static const char *const sides[] = {"BACK", "LAY"};
    static const char *const tifs[] = {"", ",\"tif\":\"IOC\"", ",\"tif\":\"GTC\""};
    static const char *const persistences[] = {"LAPSE", "PERSIST"};
    const uint64_t time_ns = UINT64_C(1627622512000000000) + random_below(1000000000);
    const uint64_t account = random_number(4);
    const uint64_t runner = random_number(8);
    const char *side = sides[random_below(2)];
    const uint64_t price_tenths = random_number(4);
    const uint64_t size_hundredths = random_number(6);
    const char *tif = tifs[random_below(3)];
    const char *persistence = persistences[random_below(2)];
    const uint64_t ref = random_number(9);

    line_print(line,
               "{\"cmd\":\"PlaceOrder\",\"t\":%" PRIu64 ",\"account\":%" PRIu64
               ",\"market\":185781277,\"runner\":%" PRIu64 ",\"side\":\"%s\",\"price\":%" PRIu64
               ".%" PRIu64 ",\"size\":%" PRIu64 ".%02" PRIu64
               "%s,\"persistence\":\"%s\",\"ref\":\"bot-%" PRIu64 "\",\"cseq\":%" PRIu64 "}",
               time_ns, account, runner, side, price_tenths / 10, price_tenths % 10,
               size_hundredths / 100, size_hundredths % 100, tif, persistence, ref,
               random_number(6));
}

static void make_cancel_order(size_t line)
{
    const uint64_t time_ns = UINT64_C(1627622512000000000) + random_below(1000000000);
    const uint64_t account = random_number(4);

    line_print(line,
               "{\"cmd\":\"CancelOrder\",\"t\":%" PRIu64 ",\"account\":%" PRIu64
               ",\"order\":%" PRIu64 "}",
               time_ns, account, random_number(7));
}

static void make_mixed(size_t line)
{
    if (random_below(100) < 45)
        make_cancel_order(line);
    else
        make_place_order(line);
}

/* As json.dumps() of Python writes by default, and the command's name last. */
static void make_spaced(size_t line)
{
    const uint64_t time_ns = UINT64_C(1627622512000000000) + random_below(1000000000);
    const uint64_t account = random_number(4);
    const uint64_t size_hundredths = random_number(6);
    const uint64_t price = random_number(3);

    line_print(line,
               "{\"t\": %" PRIu64 ", \"market\": 185781277, \"account\": %" PRIu64
               ", \"size\": %" PRIu64 ".%02" PRIu64 ", \"price\": %" PRIu64
               ", \"side\": \"BACK\", \"runner\": %" PRIu64 ", \"cmd\": \"PlaceOrder\"}",
               time_ns, account, size_hundredths / 100, size_hundredths % 100, price,
               random_number(8));
}

static void make_header(size_t event, enum btx_event_type type, size_t body_bytes)
{
    struct btx_record *record = &events[event].record;

    memset(&events[event], 0, sizeof(events[event]));
    record->kind_flags = BTX_RECORD_EVENT;
    if (random_below(2) == 0)
        record->kind_flags |= BTX_RECORD_TX_END;
    record->type = (uint8_t)type;
    record->length_units = btx_record_units(body_bytes);
    record->seq = random_number(8);
    record->tx = random_number(8);
    record->time_ns = UINT64_C(1627622512000000000) + random_below(1000000000);
}

static void make_order_accepted(size_t event)
{
    struct btx_order_accepted *accepted = (void *)&events[event];
    char *ref = (char *)(accepted + 1);

    make_header(event, BTX_EVENT_ORDER_ACCEPTED, sizeof(*accepted) + 12);
    accepted->order = random_number(7);
    accepted->account = random_number(4);
    accepted->market = 185781277;
    accepted->runner = random_number(8);
    accepted->size = (int64_t)random_number(6) * 100;
    accepted->cseq = random_number(6);
    accepted->price = (uint32_t)random_number(4) * 100;
    accepted->side = (uint8_t)random_below(2);
    accepted->tif = (uint8_t)random_below(3);
    accepted->persistence = (uint8_t)random_below(2);
    accepted->present = BTX_ORDER_ACCEPTED_HAS_REF;
    accepted->ref_length = 12;
    memcpy(ref, "bot-00123456", 12);
}

static void make_trade_matched(size_t event)
{
    struct btx_trade_matched *trade = (void *)&events[event];

    make_header(event, BTX_EVENT_TRADE_MATCHED, sizeof(*trade));
    trade->market = 185781277;
    trade->runner = random_number(8);
    trade->size = (int64_t)random_number(6) * 100;
    trade->taker = random_number(7);
    trade->taker_account = random_number(4);
    trade->maker = random_number(7);
    trade->maker_account = random_number(4);
    trade->taker_remaining = (int64_t)random_number(6) * 100;
    trade->maker_remaining = (int64_t)random_number(6) * 100;
    trade->price = (uint32_t)random_number(4) * 100;
    trade->taker_side = (uint8_t)random_below(2);
}

static size_t run_decode(size_t line)
{
    const size_t length_bytes = input.offsets[line + 1] - input.offsets[line];
    const char *sentence =
        btx_command_text_decode(&text, input.lines + input.offsets[line], length_bytes, &space);

    CHECK(sentence == NULL);
    return length_bytes;
}

static size_t run_event_encode(size_t event)
{
    return btx_event_text_encode(&events[event].record, out);
}

static int compare_u64(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left;
    const uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

static const char *only = ""; /* a part of the names of what is measured */

static void measure(const char *name, void (*make)(size_t), size_t (*run)(size_t))
{
    const struct btx_clock *clock = btx_clock_system();
    uint64_t rounds_ns[ROUNDS];
    uint64_t bytes = 0;

    if (strstr(name, only) == NULL)
        return;
    random_state = 1;
    for (size_t i = 0; i < LINES; i++)
        make(i);
    for (size_t round = 0; round < ROUNDS; round++) {
        const uint64_t start_ns = btx_clock_monotonic_ns(clock);

        bytes = 0;
        for (size_t i = 0; i < LINES; i++)
            bytes += run(i);
        rounds_ns[round] = btx_clock_monotonic_ns(clock) - start_ns;
    }
    qsort(rounds_ns, ROUNDS, sizeof(rounds_ns[0]), compare_u64);
    (void)printf("%-28s %6.0f %8.1f %8.1f\n", name, (double)bytes / LINES,
                 (double)rounds_ns[0] / LINES, (double)rounds_ns[ROUNDS / 2] / LINES);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        only = argv[1];
    (void)printf("%-28s %6s %8s %8s\n", "text form", "bytes", "best ns", "median");
    measure("decode PlaceOrder", make_place_order, run_decode);
    measure("decode CancelOrder", make_cancel_order, run_decode);
    measure("decode 55 % place, 45 % cancel", make_mixed, run_decode);
    measure("decode spaced, cmd last", make_spaced, run_decode);
    measure("encode OrderAccepted", make_order_accepted, run_event_encode);
    measure("encode TradeMatched", make_trade_matched, run_event_encode);
    return 0;
}
