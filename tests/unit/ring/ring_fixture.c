/* SPDX-License-Identifier: Apache-2.0 */
/* ring_fixture.c - rings for tests. */
#include "ring_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/ring/ring_words.h"

void fixture_event_ring(struct btx_event_ring *ring, uint64_t mark)
{
    const struct btx_event_ring_options options = {
        .capacity_bytes = BTX_EVENT_RING_BYTES_MIN, .incarnation = 77, .mark = mark};
    struct btx_fault fault = {0};

    assert_int_equal(btx_event_ring_create(ring, &options, &fault), BTX_OK);
}

void fixture_event_reader(const struct btx_event_ring *ring, struct btx_event_reader *reader)
{
    struct btx_fault fault = {0};
    int page_fd = -1;
    int bytes_fd = -1;

    assert_int_equal(btx_ring_memory_open_reader(&ring->page_memory, &page_fd, &fault), BTX_OK);
    assert_int_equal(btx_ring_memory_open_reader(&ring->bytes_memory, &bytes_fd, &fault), BTX_OK);
    assert_int_equal(btx_event_reader_attach(reader, page_fd, bytes_fd, &fault), BTX_OK);
}

void fixture_write(struct btx_event_ring *ring, size_t length_bytes, uint64_t first)
{
    uint8_t *to;

    assert_true(btx_event_ring_room(ring, length_bytes) >= length_bytes);
    to = btx_event_ring_claim(ring, length_bytes);
    for (size_t i = 0; i < length_bytes; i += sizeof(first)) {
        btx_ring_words_store(to + i, &first, sizeof(first));
        first++;
    }
    btx_event_ring_publish(ring, length_bytes);
}

void fixture_commit(struct btx_event_ring *ring, uint64_t mark)
{
    const void *bytes;
    const size_t length_bytes = btx_event_ring_pending(ring, &bytes);

    btx_event_ring_set_durable(ring, length_bytes, mark);
}

bool fixture_is_counting(const void *bytes, size_t length_bytes, uint64_t first)
{
    for (size_t i = 0; i < length_bytes; i += sizeof(first)) {
        uint64_t word;

        memcpy(&word, (const uint8_t *)bytes + i, sizeof(word));
        if (word != first++)
            return false;
    }
    return true;
}

struct btx_ring_port_rule fixture_rule(void)
{
    return (struct btx_ring_port_rule){
        .name = "gateway",
        .uid = getuid(),
        .producer = 3,
        .ring_bytes = BTX_COMMAND_RING_BYTES_MIN,
        .accounts_max = 512,
        .commands = {.types = UINT64_C(0x7c00),
                     .length_bytes_max = FIXTURE_LENGTH_MAX,
                     .kind = FIXTURE_KIND},
    };
}

void fixture_port(struct btx_ring_port *port)
{
    const struct btx_ring_port_rule rule = fixture_rule();
    struct btx_fault fault = {0};

    assert_int_equal(btx_ring_port_init(port, &rule, false, &fault), BTX_OK);
}

void fixture_open(struct btx_ring_port *port, uint32_t incarnation,
                  struct btx_command_producer *producer)
{
    struct btx_fault fault = {0};
    int page_fd = -1;
    int region_fd = -1;

    assert_int_equal(btx_ring_port_prepare(port, incarnation, &fault), BTX_OK);
    btx_ring_port_descriptors(port, &page_fd, &region_fd);
    assert_int_equal(btx_command_producer_attach(producer, dup(page_fd), dup(region_fd), &fault),
                     BTX_OK);
    assert_int_equal(btx_ring_port_open(port, &fault), BTX_OK);
}

void fixture_record(void *record, unsigned int units, unsigned int kind, unsigned int type,
                    uint64_t number)
{
    const uint64_t first = (uint64_t)units << BTX_RING_LENGTH_SHIFT |
                           (uint64_t)kind << BTX_RING_KIND_SHIFT |
                           (uint64_t)type << BTX_RING_TYPE_SHIFT;

    btx_ring_words_store(record, &first, sizeof(first));
    for (size_t i = sizeof(first); i < (size_t)units * BTX_RING_UNIT_BYTES; i += sizeof(number)) {
        btx_ring_words_store((uint8_t *)record + i, &number, sizeof(number));
        number++;
    }
}

bool fixture_produce(struct btx_command_producer *producer, unsigned int units, uint64_t number)
{
    void *record = btx_command_producer_claim(producer, units * BTX_RING_UNIT_BYTES);

    if (record == NULL)
        return false;
    fixture_record(record, units, FIXTURE_KIND, FIXTURE_TYPE, number);
    btx_command_producer_commit(producer);
    return true;
}
