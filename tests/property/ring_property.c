/* SPDX-License-Identifier: Apache-2.0 */
/* ring_property.c - rings of random sizes, driven by random steps, against the simplest model:
 * a queue of numbers for commands, and "what stands at which position" for events.
 * BTX_PROPERTY_RUNS says how many runs; each is one seed, named when it fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/ring/command_producer.h"
#include "engine/ring/event_reader.h"
#include "engine/ring/event_ring.h"
#include "engine/ring/ring_port.h"
#include "random.h"

#define RUNS 20u
#define STEPS 4000u
#define KIND 1u
#define TYPE 12u
#define UNITS_MAX 130u
#define TX_BYTES_MAX (576u * 1024u)

static uint64_t run_count(void)
{
    const char *text = getenv("BTX_PROPERTY_RUNS");

    return text != NULL ? strtoull(text, NULL, 10) : RUNS;
}

/* --- Commands --------------------------------------------------------------------------------- */

/* The model of a command ring: commands are numbered, and the length of each is that of its
 * number. */
struct command_model {
    uint64_t seed;
    uint64_t produced;
    uint64_t taken;
    uint64_t used_bytes;
};

static unsigned int model_units(const struct command_model *model, uint64_t number)
{
    struct btx_random dice;

    btx_random_init(&dice, model->seed ^ number);
    return 1 + (unsigned int)btx_random_below(&dice, UNITS_MAX);
}

/* Hand over the next one; it must be refused exactly when the model is full. */
static void produce(struct btx_command_producer *producer, struct command_model *model,
                    uint64_t capacity_bytes)
{
    const unsigned int units = model_units(model, model->produced);
    uint64_t *record = btx_command_producer_claim(producer, units * BTX_RING_UNIT_BYTES);

    if (model->used_bytes + units * BTX_RING_UNIT_BYTES > capacity_bytes) {
        assert_null(record);
        return;
    }
    assert_non_null(record);
    record[0] = (uint64_t)units << BTX_RING_LENGTH_SHIFT | (uint64_t)KIND << BTX_RING_KIND_SHIFT |
                (uint64_t)TYPE << BTX_RING_TYPE_SHIFT;
    for (size_t i = 1; i < units * 8u; i++)
        record[i] = model->produced * 1000 + i;
    btx_command_producer_commit(producer);
    model->produced++;
    model->used_bytes += units * BTX_RING_UNIT_BYTES;
}

/* Take one; it must be the model's next, or nothing when the model has none. */
static void consume(struct btx_ring_port *port, struct command_model *model)
{
    uint64_t record[UNITS_MAX * 8];
    size_t length_bytes = 0;
    const enum btx_ring_port_take taken = btx_ring_port_take(port, record, &length_bytes);

    if (model->taken == model->produced) {
        assert_int_equal(taken, BTX_RING_PORT_EMPTY);
        return;
    }
    assert_int_equal(taken, BTX_RING_PORT_COMMAND);
    assert_int_equal(length_bytes, model_units(model, model->taken) * BTX_RING_UNIT_BYTES);
    for (size_t i = 1; i < length_bytes / 8; i++)
        assert_int_equal(record[i], model->taken * 1000 + i);
    model->taken++;
    model->used_bytes -= length_bytes;
}

/* One life of a port: random steps, then the end, at which the rest must come, and the accounts. */
static void command_life(struct btx_ring_port *port, struct btx_random *dice, uint32_t life)
{
    struct command_model model = {.seed = btx_random_u64(dice)};
    const uint64_t eagerness = btx_random_between(dice, 300, 700);
    struct btx_command_producer producer;
    struct btx_fault fault = {0};
    const uint64_t *accounts;
    uint64_t record[UNITS_MAX * 8];
    size_t length_bytes;
    int page_fd;
    int region_fd;

    assert_int_equal(btx_ring_port_prepare(port, life, &fault), BTX_OK);
    btx_ring_port_descriptors(port, &page_fd, &region_fd);
    assert_int_equal(btx_command_producer_attach(&producer, dup(page_fd), dup(region_fd), &fault),
                     BTX_OK);
    assert_int_equal(btx_ring_port_open(port, &fault), BTX_OK);
    for (uint32_t i = 0; i < port->rule.accounts_max; i++)
        btx_command_producer_set_account(&producer, i, i % 3 == 0 ? i + 1 : 0);
    for (uint64_t i = btx_random_below(dice, STEPS); i > 0; i--) {
        if (btx_random_chance(dice, eagerness))
            produce(&producer, &model, port->rule.ring_bytes);
        else
            consume(port, &model);
    }
    btx_ring_port_revoke(port, "the life is over");
    while (model.taken < model.produced)
        consume(port, &model);
    assert_int_equal(btx_ring_port_take(port, record, &length_bytes), BTX_RING_PORT_ENDED);
    assert_int_equal(btx_ring_port_accounts(port, &accounts), (port->rule.accounts_max + 2) / 3);
    for (size_t i = 0; i < (port->rule.accounts_max + 2) / 3; i++)
        assert_int_equal(accounts[i], 3 * i + 1);
    btx_ring_port_release(port);
    btx_ring_port_close(port);
    btx_command_producer_detach(&producer);
}

static void command_ring__random_steps__as_a_queue(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= run_count(); seed++) {
        struct btx_random dice;
        struct btx_ring_port port;
        struct btx_fault fault = {0};

        print_message("seed %llu\n", (unsigned long long)seed);
        btx_random_init(&dice, seed);
        const struct btx_ring_port_rule rule = {
            .name = "any",
            .ring_bytes = (uint32_t)(BTX_COMMAND_RING_BYTES_MIN << btx_random_below(&dice, 3)),
            .accounts_max = (uint32_t)btx_random_below(&dice, 1500),
            .commands = {.types = UINT64_C(1) << TYPE,
                         .length_bytes_max = UNITS_MAX * BTX_RING_UNIT_BYTES,
                         .kind = KIND},
        };
        assert_int_equal(btx_ring_port_init(&port, &rule, false, &fault), BTX_OK);
        for (uint32_t life = 1; life <= 3; life++)
            command_life(&port, &dice, life);
        btx_ring_port_done(&port);
    }
}

/* --- Events ----------------------------------------------------------------------------------- */

#define READERS 3u

struct event_world {
    struct btx_event_ring ring;
    struct btx_event_reader readers[READERS];
    uint64_t capacity_bytes;
    uint64_t salt;
    uint64_t claimed; /* the model: positions, and the mark of the durable one */
    uint64_t published;
    uint64_t durable;
    uint64_t mark;
    uint64_t *buffer;
};

/* What stands at @position. */
static uint64_t event_word(const struct event_world *world, uint64_t position)
{
    return (position ^ world->salt) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Claim at random, publish at most that; refused exactly when something would be lost. */
static void event_write(struct event_world *world, struct btx_random *dice)
{
    const uint64_t limit = btx_random_chance(dice, 100) ? TX_BYTES_MAX : 4096;
    const uint64_t claim = 64 * btx_random_between(dice, 1, limit / 64);
    const uint64_t length_bytes = 64 * btx_random_below(dice, claim / 64 + 1);
    const uint64_t room = world->capacity_bytes - (world->published - world->durable);
    uint64_t *words;

    if (claim > room) {
        assert_true(btx_event_ring_room(&world->ring, claim) == room);
        return;
    }
    assert_true(btx_event_ring_room(&world->ring, claim) >= claim);
    words = btx_event_ring_claim(&world->ring, claim);
    for (uint64_t i = 0; i < length_bytes / 8; i++)
        words[i] = event_word(world, world->published + 8 * i);
    btx_event_ring_publish(&world->ring, length_bytes);
    if (world->published + claim > world->claimed)
        world->claimed = world->published + claim;
    world->published += length_bytes;
}

static void check_words(const struct event_world *world, const uint64_t *words, uint64_t position,
                        uint64_t length_bytes)
{
    for (uint64_t i = 0; i < length_bytes / 8; i++)
        if (words[i] != event_word(world, position + 8 * i))
            fail_msg("wrong word at %llu", (unsigned long long)(position + 8 * i));
}

static void event_commit(struct event_world *world, struct btx_random *dice)
{
    const void *bytes;
    const size_t pending_bytes = btx_event_ring_pending(&world->ring, &bytes);
    const size_t length_bytes = btx_random_chance(dice, 500)
                                    ? pending_bytes
                                    : 64 * btx_random_below(dice, pending_bytes / 64 + 1);

    assert_int_equal(pending_bytes, world->published - world->durable);
    check_words(world, bytes, world->durable, pending_bytes);
    world->mark = btx_random_u64(dice);
    btx_event_ring_set_durable(&world->ring, length_bytes, world->mark);
    world->durable += length_bytes;
}

static void event_read(struct event_world *world, struct btx_event_reader *reader,
                       struct btx_random *dice)
{
    const uint64_t position = btx_event_reader_position(reader);
    const size_t limit_bytes = 64 * btx_random_between(dice, 1, TX_BYTES_MAX / 64);
    const uint64_t behind_bytes = world->durable - position;
    size_t length_bytes = 0;
    uint64_t mark = 0;
    const enum btx_event_read read =
        btx_event_reader_read(reader, world->buffer, limit_bytes, &length_bytes);

    if (behind_bytes == 0) {
        assert_int_equal(read, BTX_EVENT_READ_NOTHING);
    } else if (world->claimed - position > world->capacity_bytes) {
        assert_int_equal(read, BTX_EVENT_READ_OVERRUN);
        assert_true(btx_event_reader_join(reader, &mark));
        assert_true(mark == world->mark);
        assert_int_equal(btx_event_reader_position(reader), world->durable);
    } else {
        assert_int_equal(read, BTX_EVENT_READ_BYTES);
        assert_int_equal(length_bytes, behind_bytes < limit_bytes ? behind_bytes : limit_bytes);
        check_words(world, world->buffer, position, length_bytes);
        btx_event_reader_advance(reader, 64 * btx_random_below(dice, length_bytes / 64 + 1));
    }
}

static void event_world_init(struct event_world *world, struct btx_random *dice)
{
    const struct btx_event_ring_options options = {.capacity_bytes = BTX_EVENT_RING_BYTES_MIN
                                                                     << btx_random_below(dice, 2)};
    struct btx_fault fault = {0};

    memset(world, 0, sizeof(*world));
    world->capacity_bytes = options.capacity_bytes;
    world->salt = btx_random_u64(dice);
    world->buffer = malloc(TX_BYTES_MAX);
    assert_non_null(world->buffer);
    assert_int_equal(btx_event_ring_create(&world->ring, &options, &fault), BTX_OK);
    for (size_t i = 0; i < READERS; i++) {
        int page_fd = -1;
        int bytes_fd = -1;

        assert_int_equal(btx_ring_memory_open_reader(&world->ring.page_memory, &page_fd, &fault),
                         BTX_OK);
        assert_int_equal(btx_ring_memory_open_reader(&world->ring.bytes_memory, &bytes_fd, &fault),
                         BTX_OK);
        assert_int_equal(btx_event_reader_attach(&world->readers[i], page_fd, bytes_fd, &fault),
                         BTX_OK);
    }
}

static void event_world_done(struct event_world *world)
{
    for (size_t i = 0; i < READERS; i++)
        btx_event_reader_detach(&world->readers[i]);
    btx_event_ring_done(&world->ring);
    free(world->buffer);
}

static void event_ring__random_steps__as_its_positions_say(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= run_count(); seed++) {
        struct event_world world;
        struct btx_random dice;

        print_message("seed %llu\n", (unsigned long long)seed);
        btx_random_init(&dice, seed);
        event_world_init(&world, &dice);
        for (unsigned int i = 0; i < STEPS / 2; i++) {
            const uint64_t step = btx_random_below(&dice, 10);

            if (step < 6)
                event_write(&world, &dice);
            else if (step < 8)
                event_commit(&world, &dice);
            else /* The first reads often, the last seldom. */
                event_read(&world, &world.readers[btx_random_below(&dice, 1 + i % READERS)], &dice);
        }
        event_world_done(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_ring__random_steps__as_a_queue),
        cmocka_unit_test(event_ring__random_steps__as_its_positions_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
