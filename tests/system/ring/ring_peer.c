/* SPDX-License-Identifier: Apache-2.0 */
/* ring_peer.c - a peer of the engine as a process of its own.
 *
 *     ring_peer SOCKET NAME NUMBER
 *
 * The honest ones are here: "steady" has NUMBER commands answered, one at a time, and waits for
 * each answer in poll(); "endless" hands over commands until it is killed; "torn" dies with its
 * NUMBER-th record half written. */
#include "ring_peer.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ring/ring_words.h"

#define PATIENT_NS UINT64_C(60000000000)

void peer_command(void *to, unsigned int units, uint64_t number)
{
    const uint64_t first = (uint64_t)units << BTX_RING_LENGTH_SHIFT |
                           (uint64_t)PEER_KIND << BTX_RING_KIND_SHIFT |
                           (uint64_t)PEER_TYPE << BTX_RING_TYPE_SHIFT;

    btx_ring_words_store(to, &first, sizeof(first));
    for (size_t i = 1; i < (size_t)units * BTX_RING_UNIT_BYTES / 8; i++, number++)
        btx_ring_words_store((uint8_t *)to + 8 * i, &number, sizeof(number));
}

bool peer_produce(struct btx_ring_client *client, unsigned int units, uint64_t number)
{
    void *record;

    do {
        if (btx_command_producer_is_revoked(&client->commands))
            return false;
        record = btx_command_producer_claim(&client->commands, units * BTX_RING_UNIT_BYTES);
        if (record == NULL)
            (void)sched_yield(); /* There may be fewer processors than processes. */
    } while (record == NULL);
    peer_command(record, units, number);
    btx_command_producer_commit(&client->commands);
    return true;
}

/* Sleep until the engine has more to say. */
static bool wait_for_news(struct btx_ring_client *client)
{
    struct pollfd poll_fd = {.fd = client->fd, .events = POLLIN};

    while (btx_ring_client_may_sleep(client)) {
        (void)poll(&poll_fd, 1, -1);
        btx_ring_client_awake(client);
        if (btx_ring_client_read_news(client) == BTX_RING_NEWS_ENDED) {
            (void)fprintf(stderr, "steady: %s\n", client->why);
            return false;
        }
    }
    return true;
}

/* Read events up to the answer to command @number; answers to other producers pass by. */
static bool read_answer(struct btx_ring_client *client, uint64_t number)
{
    const uint64_t producer = btx_command_producer_terms(&client->commands).producer;
    uint64_t event[BTX_RING_UNIT_BYTES / 8];
    size_t length_bytes = 0;

    for (;;) {
        uint64_t mark;

        switch (btx_event_reader_read(&client->events, event, sizeof(event), &length_bytes)) {
        case BTX_EVENT_READ_BYTES:
            btx_event_reader_advance(&client->events, length_bytes);
            if (event[1] != producer || event[2] < number)
                break;
            if (event[2] == number)
                return true;
            (void)fprintf(stderr, "steady: answer to %llu instead of %llu\n",
                          (unsigned long long)event[2], (unsigned long long)number);
            return false;
        case BTX_EVENT_READ_OVERRUN:
            /* Others had so many answers that ours may be among what is gone: a real reader would
             * look into the log.  Once the command was taken it has been answered. */
            while (!btx_command_producer_is_taken(&client->commands))
                if (btx_command_producer_is_revoked(&client->commands))
                    return false;
            while (!btx_event_reader_join(&client->events, &mark))
                ;
            return true;
        case BTX_EVENT_READ_NOTHING:
            if (!wait_for_news(client))
                return false;
            break;
        case BTX_EVENT_READ_COUNT:
            return false;
        }
    }
}

static int run_steady(struct btx_ring_client *client, uint64_t count)
{
    for (uint64_t number = 0; number < count; number++)
        if (!peer_produce(client, 1 + (unsigned int)(number % PEER_UNITS_MAX), number) ||
            !read_answer(client, number))
            return PEER_FAILED;
    return PEER_OK;
}

static int run_endless(struct btx_ring_client *client, uint64_t unused)
{
    (void)unused;
    for (uint64_t number = 0;; number++)
        if (!peer_produce(client, 1 + (unsigned int)(number % PEER_UNITS_MAX), number))
            return PEER_OK;
}

static int run_torn(struct btx_ring_client *client, uint64_t count)
{
    uint8_t *record;

    for (uint64_t number = 0; number < count; number++)
        if (!peer_produce(client, 3, number))
            return PEER_FAILED;
    record = btx_command_producer_claim(&client->commands, 3 * BTX_RING_UNIT_BYTES);
    if (record == NULL)
        return PEER_FAILED;
    peer_command(record, 3, count);
    memset(record + 100, 0, 92);
    (void)raise(SIGKILL);
    return PEER_FAILED;
}

int main(int argument_count, char **arguments)
{
    struct btx_ring_client client;
    struct btx_fault fault = {0};
    uint64_t number;
    uint64_t mark;
    peer_run run;

    if (argument_count != 4)
        return PEER_FAILED;
    number = strtoull(arguments[3], NULL, 10);
    if (btx_ring_client_open(&client, arguments[1], PATIENT_NS, &fault) != BTX_OK) {
        (void)fprintf(stderr, "ring_peer: %s\n", fault.text);
        return PEER_FAILED;
    }
    while (!btx_event_reader_join(&client.events, &mark))
        ;
    for (uint32_t i = 0; i < PEER_ACCOUNT_COUNT; i++)
        btx_command_producer_set_account(&client.commands, 10 * i, PEER_ACCOUNT_FIRST + i);
    if (strcmp(arguments[2], "steady") == 0)
        return run_steady(&client, number);
    if (strcmp(arguments[2], "endless") == 0)
        return run_endless(&client, number);
    if (strcmp(arguments[2], "torn") == 0)
        return run_torn(&client, number);
    peer_hostile_init(&client, number);
    run = peer_hostile(arguments[2]);
    return run != NULL ? run(&client, number) : PEER_FAILED;
}
