/* SPDX-License-Identifier: Apache-2.0 */
/* test_record_check.c - every sample is valid, and every single thing wrong with it is refused
 * with a sentence that names it; refusals.h has the list. */
#include "samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "refusals.h"

/* The sentence on @sample with the pokes of @row. */
static const char *check_poked(const struct refusal *row)
{
    union btx_sample_space space;
    const size_t length_bytes = btx_sample_build(btx_sample_find(row->sample), &space);

    for (size_t i = 0; i < POKES_MAX && row->pokes[i].bytes != 0; i++) {
        const struct poke *poke = &row->pokes[i];

        assert_true(poke->bytes <= sizeof poke->value);
        assert_true(poke->offset + poke->bytes <= length_bytes);
        memcpy(space.bytes + poke->offset, &poke->value, poke->bytes);
    }
    return btx_sample_check_copy(&space, length_bytes);
}

static void assert_sentence(const char *what, const char *sentence, const char *expected)
{
    if (expected == NULL && sentence != NULL)
        fail_msg("%s: want it valid, got '%s'", what, sentence);
    if (expected != NULL && (sentence == NULL || strcmp(sentence, expected) != 0))
        fail_msg("%s: want '%s', got '%s'", what, expected, sentence != NULL ? sentence : "valid");
}

static void record_check__every_sample__is_valid(void **state)
{
    union btx_sample_space space;

    (void)state;
    for (size_t i = 0; i < btx_samples_count; i++) {
        const size_t length_bytes = btx_sample_build(&btx_samples[i], &space);

        assert_sentence(btx_samples[i].name, btx_sample_check_copy(&space, length_bytes), NULL);
        /* In a ring or a log other records follow. */
        assert_sentence(btx_samples[i].name, btx_record_check(&space, sizeof space), NULL);
    }
}

static void record_check__each_violation__refused_with_its_sentence(void **state)
{
    char what[96];

    (void)state;
    for (size_t i = 0; i < btx_refusals_count; i++) {
        snprintf(what, sizeof what, "row %zu, %s at %zu", i, btx_refusals[i].sample,
                 btx_refusals[i].pokes[0].offset);
        assert_sentence(what, check_poked(&btx_refusals[i]), btx_refusals[i].sentence);
    }
}

/* Without this a new field could come without any test of its range. */
static void refusals__every_field_with_a_range__has_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < btx_ranged_fields_count; i++) {
        const struct ranged_field *field = &btx_ranged_fields[i];
        size_t found = field->kind == 0;

        for (size_t j = 0; j < btx_refusals_count; j++) {
            const struct btx_sample *sample = btx_sample_find(btx_refusals[j].sample);

            found += sample->kind == field->kind && sample->type == field->type &&
                     btx_refusals[j].sentence != NULL &&
                     strncmp(btx_refusals[j].sentence, field->name, strlen(field->name)) == 0 &&
                     btx_refusals[j].sentence[strlen(field->name)] == ':';
        }
        if (found == 0)
            fail_msg("kind %d type %d: '%s' is never refused", (int)field->kind, (int)field->type,
                     field->name);
    }
}

/* What later rules will fill: a reader of today must refuse it, not ignore it. */
static void record_check__each_reserved_byte_set__refused(void **state)
{
    union btx_sample_space space;
    char expected[64];

    (void)state;
    for (size_t i = 0; i < btx_samples_count; i++) {
        for (size_t j = 0; j < btx_reserved_members_count; j++) {
            const struct reserved_member *member = &btx_reserved_members[j];
            const bool is_source =
                strcmp(member->body, "command") == 0 && btx_samples[i].kind == BTX_RECORD_COMMAND;

            if (!is_source && strcmp(member->body, btx_samples[i].body_name) != 0)
                continue;
            snprintf(expected, sizeof expected, "%s: not zero", member->name);
            for (size_t byte = 0; byte < member->bytes; byte++) {
                const size_t length_bytes = btx_sample_build(&btx_samples[i], &space);

                space.bytes[member->offset + byte] = 0x80;
                assert_sentence(btx_samples[i].name, btx_sample_check_copy(&space, length_bytes),
                                expected);
            }
        }
    }
}

static void record_check__each_byte_of_padding_set__refused(void **state)
{
    union btx_sample_space space;

    (void)state;
    for (size_t i = 0; i < btx_samples_count; i++) {
        const size_t used_bytes = btx_samples[i].body_bytes + btx_samples[i].tail_bytes;
        const size_t length_bytes = btx_sample_build(&btx_samples[i], &space);

        for (size_t byte = used_bytes; byte < length_bytes; byte++) {
            space.bytes[byte] = 1;
            assert_sentence(btx_samples[i].name, btx_sample_check_copy(&space, length_bytes),
                            "padding: not zero");
            space.bytes[byte] = 0;
        }
    }
}

/* A torn write, the end of a ring, a short file: never read behind what is there. */
static void record_check__each_truncation__refused(void **state)
{
    union btx_sample_space space;

    (void)state;
    for (size_t i = 0; i < btx_samples_count; i++) {
        const size_t length_bytes = btx_sample_build(&btx_samples[i], &space);

        for (size_t there_bytes = 0; there_bytes < length_bytes; there_bytes++)
            assert_sentence(btx_samples[i].name, btx_sample_check_copy(&space, there_bytes),
                            there_bytes < BTX_RECORD_HEADER_BYTES ? "length: less than a header"
                                                                  : "length: more than there is");
    }
}

/* The length is told twice, by the header and by the fields: a lie in either is noticed. */
static void record_check__length_that_is_not_exact__refused(void **state)
{
    union btx_sample_space space;

    (void)state;
    for (size_t i = 0; i < btx_samples_count; i++) {
        const size_t length_bytes = btx_sample_build(&btx_samples[i], &space);
        const uint16_t units = space.record.length_units;

        memset(space.bytes + length_bytes, 0, BTX_RECORD_UNIT_BYTES);
        space.record.length_units = (uint16_t)(units + 1);
        assert_sentence(btx_samples[i].name,
                        btx_sample_check_copy(&space, length_bytes + BTX_RECORD_UNIT_BYTES),
                        "length: not that of its fields");
        space.record.length_units = (uint16_t)(units - 1);
        assert_non_null(btx_sample_check_copy(&space, length_bytes));
    }
}

/* Every number from 0 to 255 as kind, flags and type: only what the lists name passes. */
static void record_check__each_kind_and_type__only_the_listed_ones_pass(void **state)
{
    union btx_sample_space space;

    (void)state;
    for (unsigned type = 0; type <= UINT8_MAX; type++) {
        btx_sample_build(btx_sample_find("event_market_suspended"), &space);
        space.record.type = (uint8_t)type;
        if (btx_event_body_bytes((uint8_t)type) == 0)
            assert_sentence("event", btx_record_check(&space, 64), "type: unknown");
        btx_sample_build(btx_sample_find("command_tick"), &space);
        space.record.type = (uint8_t)type;
        if (btx_command_body_bytes((uint8_t)type) == 0)
            assert_sentence("command", btx_record_check(&space, 64), "type: unknown");
        btx_sample_build(btx_sample_find("note_clean_stop"), &space);
        space.record.type = (uint8_t)type;
        if (btx_note_body_bytes((uint8_t)type) == 0)
            assert_sentence("note", btx_record_check(&space, 64), "type: unknown");
    }
    for (unsigned kind_flags = 0; kind_flags <= UINT8_MAX; kind_flags++) {
        const unsigned kind = kind_flags & 0x0fu;
        const unsigned flags = kind_flags >> 4;

        btx_sample_build(btx_sample_find("event_market_suspended"), &space);
        space.record.kind_flags = (uint8_t)kind_flags;
        if (kind < 1 || kind > 3)
            assert_sentence("kind", btx_record_check(&space, 64), "kind: unknown");
        else if (flags > 3)
            assert_sentence("flags", btx_record_check(&space, 64), "flags: unknown bits");
        else if (kind != BTX_RECORD_EVENT && flags != 0)
            assert_sentence("flags", btx_record_check(&space, 64), "flags: only on events");
        else if (kind == BTX_RECORD_EVENT && flags == 2)
            assert_sentence("flags", btx_record_check(&space, 64),
                            "flags: COMMAND_END without TX_END");
        else if (kind == BTX_RECORD_EVENT)
            assert_sentence("flags", btx_record_check(&space, 64), NULL);
    }
}

/* Each of the 256 bytes as first, middle and last character of each text behind a body. */
static void record_check__each_byte_in_a_text__only_printable_ascii_passes(void **state)
{
    static const struct {
        const char *sample;
        const char *sentence;
    } texts[] = {
        {"command_place_order", "ref: not printable ASCII"},
        {"event_order_accepted", "ref: not printable ASCII"},
        {"event_order_held", "ref: not printable ASCII"},
        {"event_command_rejected", "ref: not printable ASCII"},
        {"note_operator_action", "what: not printable ASCII"},
    };
    union btx_sample_space space;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct btx_sample *sample = btx_sample_find(texts[i].sample);
        const size_t places[] = {0, sample->tail_bytes / 2, sample->tail_bytes - 1};

        for (size_t place = 0; place < sizeof places / sizeof places[0]; place++) {
            const size_t length_bytes = btx_sample_build(sample, &space);

            for (unsigned byte = 0; byte <= UINT8_MAX; byte++) {
                space.bytes[sample->body_bytes + places[place]] = (uint8_t)byte;
                assert_sentence(sample->name, btx_sample_check_copy(&space, length_bytes),
                                byte >= 0x20 && byte <= 0x7e ? NULL : texts[i].sentence);
            }
        }
    }
}

/* A description may be any UTF-8 and nothing else, in the command and in the event. */
static void record_check__each_byte_in_a_description__only_utf8_passes(void **state)
{
    static const char *const samples[] = {"command_describe_market", "event_market_described"};
    union btx_sample_space space;

    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct btx_sample *sample = btx_sample_find(samples[i]);

        assert_int_equal(sample->tail_bytes, 5); /* The last two are one point. */
        for (unsigned byte = 0; byte <= UINT8_MAX; byte++) {
            const size_t length_bytes = btx_sample_build(sample, &space);

            space.bytes[sample->body_bytes] = (uint8_t)byte;
            assert_sentence(sample->name, btx_sample_check_copy(&space, length_bytes),
                            byte < 0x80 ? NULL : "text: not UTF-8");
            space.bytes[sample->body_bytes] = 'C';
            space.bytes[sample->body_bytes + 4] = (uint8_t)byte;
            assert_sentence(sample->name, btx_sample_check_copy(&space, length_bytes),
                            byte >= 0x80 && byte <= 0xbf ? NULL : "text: not UTF-8");
        }
    }
}

/* Ascending ids from 1, enough for the longest list and one more; printable as a text too. */
static const void *long_tail(bool is_text)
{
    static uint64_t ids[BTX_BATCH_ORDERS_MAX + 1];

    if (is_text)
        memset(ids, '~', sizeof ids);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0] && !is_text; i++)
        ids[i] = i + 1;
    return ids;
}

/* What a list or text may hold at most, at least, and one more or less than that. */
static void record_check__each_list_at_its_limits__one_more_is_refused(void **state)
{
    union btx_sample_space space;
    char what[96];

    (void)state;
    for (size_t i = 0; i < btx_lists_count; i++) {
        const struct list *list = &btx_lists[i];
        const struct btx_sample *sample = btx_sample_find(list->sample);
        const size_t counts[] = {list->count_min, list->count_max, list->count_max + 1,
                                 list->count_min - 1};

        for (size_t j = 0; j < 4; j++) {
            const bool is_inside = counts[j] >= list->count_min && counts[j] <= list->count_max;
            const uint16_t count = (uint16_t)counts[j];

            if (j == 3 && list->count_min == 0)
                continue;
            btx_sample_build(sample, &space);
            memcpy(space.bytes + list->count_offset, &count, list->count_bytes);
            btx_sample_set_tail(&space, sample->body_bytes, long_tail(list->element_bytes == 1),
                                counts[j] * list->element_bytes);
            snprintf(what, sizeof what, "%s with %zu", list->sample, counts[j]);
            assert_sentence(what,
                            btx_sample_check_copy(&space, btx_record_length_bytes(&space.record)),
                            is_inside ? NULL : list->sentence);
        }
    }
}

/* The greatest counts that 8 and 16 bits can say, in a record that is not so long. */
static void record_check__count_without_its_list__refused(void **state)
{
    union btx_sample_space space;

    (void)state;
    for (size_t i = 0; i < btx_lists_count; i++) {
        const size_t length_bytes = btx_sample_build(btx_sample_find(btx_lists[i].sample), &space);

        memset(space.bytes + btx_lists[i].count_offset, 0xff, btx_lists[i].count_bytes);
        assert_sentence(btx_lists[i].sample, btx_sample_check_copy(&space, length_bytes),
                        "length: not that of its fields");
    }
}

static void record_check__batch_not_ascending__refused(void **state)
{
    union btx_sample_space space;
    uint64_t orders[BTX_BATCH_ORDERS_MAX];
    const struct btx_sample *sample = btx_sample_find("event_order_cancelled_batched");
    const uint16_t count = BTX_BATCH_ORDERS_MAX;

    (void)state;
    for (size_t i = 0; i < BTX_BATCH_ORDERS_MAX; i++)
        orders[i] = i + 1;
    /* Equal to the one before is as wrong as less: an order is cancelled once. */
    orders[BTX_BATCH_ORDERS_MAX - 1]--;
    btx_sample_build(sample, &space);
    memcpy(space.bytes + offsetof(struct btx_order_cancelled_batched, orders_count), &count, 2);
    btx_sample_set_tail(&space, sample->body_bytes, orders, sizeof orders);
    assert_sentence("equal", btx_record_check(&space, BTX_RECORD_BYTES_MAX),
                    "orders: not ascending");

    btx_sample_build(sample, &space);
    memset(space.bytes + sample->body_bytes, 0xff, 8);
    assert_sentence("less", btx_record_check(&space, 128), "orders: not ascending");
}

/* Every word of every list passes wherever a record may say it. */
static void record_check__each_word__is_accepted(void **state)
{
    union btx_sample_space space;

    (void)state;
    for (size_t i = 0; i < btx_words_count; i++) {
        for (uint8_t word = 0; word < btx_words[i].count; word++) {
            const size_t length_bytes =
                btx_sample_build(btx_sample_find(btx_words[i].sample), &space);

            space.bytes[btx_words[i].offset] = word;
            assert_sentence(btx_words[i].sample, btx_sample_check_copy(&space, length_bytes), NULL);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_check__every_sample__is_valid),
        cmocka_unit_test(record_check__each_violation__refused_with_its_sentence),
        cmocka_unit_test(refusals__every_field_with_a_range__has_a_row),
        cmocka_unit_test(record_check__each_reserved_byte_set__refused),
        cmocka_unit_test(record_check__each_byte_of_padding_set__refused),
        cmocka_unit_test(record_check__each_truncation__refused),
        cmocka_unit_test(record_check__length_that_is_not_exact__refused),
        cmocka_unit_test(record_check__each_kind_and_type__only_the_listed_ones_pass),
        cmocka_unit_test(record_check__each_byte_in_a_text__only_printable_ascii_passes),
        cmocka_unit_test(record_check__each_byte_in_a_description__only_utf8_passes),
        cmocka_unit_test(record_check__each_list_at_its_limits__one_more_is_refused),
        cmocka_unit_test(record_check__count_without_its_list__refused),
        cmocka_unit_test(record_check__batch_not_ascending__refused),
        cmocka_unit_test(record_check__each_word__is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
