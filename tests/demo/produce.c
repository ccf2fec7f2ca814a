/* SPDX-License-Identifier: Apache-2.0 */
/* produce.c - a client of the engine's rings, for tests, demonstrations and benchmarks: hands in
 * commands as fast as the ring takes them, or at a rate, and prints every durable event.
 *
 *   betex-produce SOCKET [--rate N] [--quiet] < commands.jsonl
 *
 * Commands are one JSON object a line; their `t` is not used, the engine stamps its own.  All are
 * read before the first is handed in.  No more are unanswered at a time than the event ring has
 * room for, so that it is not overrun when this gets no time on a core for a while.  It ends when
 * the last one is answered: exit status 0, and a line of figures on standard error; 3 when the
 * engine ended before that.  What is on standard output is durable in either case. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/base/clock.h"
#include "engine/ring/ring_client.h"
#include "engine/text/command_text.h"
#include "engine/text/event_text.h"
#include "engine/wire/notes.h"

#define CONNECT_NS UINT64_C(5000000000)
#define READ_BYTES (UINT64_C(1) << 20)
/* What the event ring has room for, for each command that is unanswered: itself and what it does.
 * Few do more, and never many of those at a time. */
#define ROOM_BYTES 4096

struct producer {
    struct btx_ring_client client;
    const struct btx_clock *clock;
    uint8_t *commands; /* all of them, one behind the other */
    size_t commands_bytes;
    size_t next; /* to hand in */
    uint64_t count;
    uint64_t sent;
    uint64_t answered;
    uint64_t events;
    uint64_t last_seq;
    uint64_t rate; /* a second; 0: as fast as it goes */
    uint64_t began_ns;
    bool quiet;
    bool in_own; /* the events that come belong to a command of ours */
    struct btx_command_terms terms;
    uint8_t *read_buffer;
    char text[BTX_EVENT_TEXT_BYTES_MAX];
};

static void die(const char *what)
{
    fprintf(stderr, "betex-produce: %s\n", what);
    exit(2);
}

static void read_commands(struct producer *producer)
{
    static struct btx_command_text decoder;
    static union btx_command_space space;
    size_t room = 0;
    char *line = NULL;
    size_t line_room = 0;
    ssize_t length;

    while ((length = getline(&line, &line_room, stdin)) > 0) {
        const char *why = btx_command_text_decode(
            &decoder, line, (size_t)(length - (line[length - 1] == '\n')), &space);
        size_t bytes;

        if (why != NULL)
            die(why);
        if (space.command.record.type == BTX_COMMAND_TICK)
            continue; /* The engine's time goes on by itself. */
        bytes = btx_record_length_bytes(&space.command.record);
        if (producer->commands_bytes + bytes > room) {
            room = (room + bytes) * 2;
            producer->commands = realloc(producer->commands, room);
            CHECK(producer->commands != NULL);
        }
        memcpy(producer->commands + producer->commands_bytes, &space, bytes);
        producer->commands_bytes += bytes;
        producer->count++;
    }
    free(line);
}

/* Hand in what may be handed in now. */
static void send_some(struct producer *producer)
{
    const uint64_t window = producer->client.events.capacity_bytes / ROOM_BYTES;
    uint64_t due = producer->count;

    if (producer->rate != 0) {
        const uint64_t passed_ns = btx_clock_monotonic_ns(producer->clock) - producer->began_ns;
        const uint64_t by_now = passed_ns / 1000 * producer->rate / 1000000;
        due = by_now < producer->count ? by_now : producer->count;
    }
    while (producer->sent < due && producer->sent - producer->answered < window) {
        const struct btx_record *record =
            (const struct btx_record *)(const void *)(producer->commands + producer->next);
        const size_t bytes = btx_record_length_bytes(record);
        struct btx_command *to =
            btx_command_producer_claim(&producer->client.commands, (uint32_t)bytes);

        if (to == NULL)
            return;
        memcpy(to, record, bytes);
        to->number = ++producer->sent;
        to->record.time_ns =
            producer->rate == 0 ? btx_clock_monotonic_ns(producer->clock)
                                : producer->began_ns + producer->sent * 1000000000 / producer->rate;
        btx_command_producer_commit(&producer->client.commands);
        producer->next += bytes;
    }
}

static void take_record(struct producer *producer, const struct btx_record *record)
{
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND: {
        const struct btx_command *command = (const struct btx_command *)(const void *)record;
        producer->in_own = command->producer == producer->terms.producer &&
                           command->incarnation == producer->terms.incarnation;
        return;
    }
    case BTX_RECORD_NOTE:
        return;
    case BTX_RECORD_EVENT:
        break;
    }
    producer->events++;
    producer->last_seq = record->seq;
    producer->answered += producer->in_own && (record->kind_flags & BTX_RECORD_COMMAND_END) != 0;
    if (!producer->quiet) {
        const size_t length = btx_event_text_encode(record, producer->text);
        CHECK(fwrite(producer->text, 1, length, stdout) == length);
    }
}

/* Whether there was anything. */
static bool read_some(struct producer *producer)
{
    size_t length_bytes;
    size_t at = 0;

    switch (btx_event_reader_read(&producer->client.events, producer->read_buffer, READ_BYTES,
                                  &length_bytes)) {
    case BTX_EVENT_READ_NOTHING:
    case BTX_EVENT_READ_COUNT:
        return false;
    case BTX_EVENT_READ_OVERRUN:
        die("overrun: the ring is too small for how fast this reads");
        return false;
    case BTX_EVENT_READ_BYTES:
        break;
    }
    while (at < length_bytes) {
        const struct btx_record *record =
            (const struct btx_record *)(const void *)(producer->read_buffer + at);
        const size_t bytes = btx_record_length_bytes(record);

        if (at + bytes > length_bytes)
            break;
        take_record(producer, record);
        at += bytes;
    }
    btx_event_reader_advance(&producer->client.events, at);
    return true;
}

/* Wait for something durable, a millisecond at most, or as much as the rate wants.  False when the
 * engine has ended. */
static bool wait_some(struct producer *producer)
{
    struct pollfd wait = {.fd = producer->client.fd, .events = POLLIN};
    bool there = true;

    if (btx_ring_client_may_sleep(&producer->client)) {
        const int ready = poll(&wait, 1, 1);
        if (ready > 0)
            there = btx_ring_client_read_news(&producer->client) != BTX_RING_NEWS_ENDED;
    }
    btx_ring_client_awake(&producer->client);
    return there;
}

static void report(const struct producer *producer)
{
    const uint64_t ns = btx_clock_monotonic_ns(producer->clock) - producer->began_ns;

    fprintf(stderr,
            "commands=%" PRIu64 " answered=%" PRIu64 " events=%" PRIu64 " last_seq=%" PRIu64
            " seconds=%.3f commands_per_s=%.0f events_per_s=%.0f\n",
            producer->sent, producer->answered, producer->events, producer->last_seq,
            (double)ns / 1e9, (double)producer->answered * 1e9 / (double)ns,
            (double)producer->events * 1e9 / (double)ns);
}

static void parse(struct producer *producer, int count, char **arguments)
{
    if (count < 2)
        die("usage: betex-produce SOCKET [--rate N] [--quiet] < commands.jsonl");
    for (int i = 2; i < count; i++) {
        if (strcmp(arguments[i], "--quiet") == 0)
            producer->quiet = true;
        else if (strcmp(arguments[i], "--rate") == 0 && i + 1 < count)
            producer->rate = strtoull(arguments[++i], NULL, 10);
        else
            die("no such option");
    }
}

int main(int count, char **arguments)
{
    static struct producer producer;
    struct btx_fault fault = {0};
    uint64_t mark;
    bool there = true;

    producer.clock = btx_clock_system();
    parse(&producer, count, arguments);
    read_commands(&producer);
    producer.read_buffer = aligned_alloc(64, READ_BYTES);
    CHECK(producer.read_buffer != NULL);
    if (btx_ring_client_open(&producer.client, arguments[1], CONNECT_NS, &fault) != BTX_OK)
        die(fault.text);
    producer.terms = btx_command_producer_terms(&producer.client.commands);
    while (!btx_event_reader_join(&producer.client.events, &mark)) {
    }
    producer.last_seq = mark;
    producer.began_ns = btx_clock_monotonic_ns(producer.clock);
    while (there && producer.answered < producer.count) {
        send_some(&producer);
        if (!read_some(&producer))
            there = wait_some(&producer);
    }
    while (!there && read_some(&producer)) {
    }
    CHECK(fflush(stdout) == 0);
    report(&producer);
    if (!there)
        fprintf(stderr, "betex-produce: the engine ended it: %s\n", producer.client.why);
    btx_ring_client_close(&producer.client);
    return producer.answered == producer.count ? 0 : 3;
}
