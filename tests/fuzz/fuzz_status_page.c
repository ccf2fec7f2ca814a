/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_status_page - any bytes in a status page are refused or read, and what is shown of them
 * keeps its form: screen, list, JSON and metrics.
 *
 * The first byte says what the others lie over: a right page from its first byte on (0), or from
 * one of its areas on, so that the header stays right and the rest is read. */
#include "engine/base/check.h"
#include "engine/status/status_text.h"
#include "tests/unit/status/output_check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE_BYTES ((sizeof(struct btx_status_shared) + 127) / 128 * 128)

static struct btx_status_shared *make_page(const struct btx_clock *clock, const uint8_t *data,
                                           size_t size)
{
    static const size_t areas[] = {
        0,
        offsetof(struct btx_status_header, parts),
        offsetof(struct btx_status_header, labels),
        offsetof(struct btx_status_shared, slots),
        offsetof(struct btx_status_shared, texts),
        offsetof(struct btx_status_shared, histograms),
    };
    const struct btx_status_options options = {
        .parts = (1u << BTX_STATUS_PART_COUNT) - 1,
        .incarnation = 1,
        .clock = clock,
    };
    struct btx_status_shared *page = aligned_alloc(128, PAGE_BYTES);

    CHECK(page != NULL);
    btx_status_shared_init(page, &options);
    if (size > 1) {
        const size_t offset = areas[data[0] % BTX_COUNT_OF(areas)];
        const size_t room = sizeof *page - offset;

        /* Over and over, so that few bytes reach all of the area. */
        for (size_t i = 0; i < (data[0] & 0x80 ? room : size - 1) && i < room; i++)
            ((uint8_t *)page)[offset + i] = data[1 + i % (size - 1)];
    }
    return page;
}

static void check_outputs(const struct btx_status_reading *reading,
                          const struct btx_status_reading *earlier)
{
    char *text = malloc(BTX_STATUS_OUTPUT_BYTES);
    struct btx_writer out;

    CHECK(text != NULL);
    for (int colour = 0; colour < 2; colour++) {
        btx_writer_init(&out, text, BTX_STATUS_OUTPUT_BYTES);
        (void)btx_status_put_screen(&out, reading, earlier, colour != 0);
        CHECK(!out.overflowed);
        CHECK(output_check_screen(text, out.length_bytes, colour != 0) == NULL);
    }
    btx_writer_init(&out, text, BTX_STATUS_OUTPUT_BYTES);
    btx_status_put_json(&out, reading, earlier);
    CHECK(!out.overflowed);
    CHECK(output_check_json(text, out.length_bytes) == NULL);
    free(text);
}

static void check_list(const struct btx_status_reading *reading)
{
    char *text = malloc(BTX_STATUS_OUTPUT_BYTES);
    struct btx_writer out;

    CHECK(text != NULL);
    btx_writer_init(&out, text, BTX_STATUS_OUTPUT_BYTES);
    btx_status_put_list(&out, reading, (1u << BTX_STATUS_PART_COUNT) - 1);
    CHECK(!out.overflowed);
    for (size_t i = 0; i < out.length_bytes; i++)
        CHECK(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
    free(text);
}

static void check_metrics(const struct btx_status_reading *reading)
{
    char *text = malloc(BTX_STATUS_OUTPUT_BYTES);
    struct btx_writer out;

    CHECK(text != NULL);
    btx_writer_init(&out, text, BTX_STATUS_OUTPUT_BYTES);
    btx_status_put_metrics(&out, reading);
    CHECK(!out.overflowed);
    CHECK(output_check_metrics(text, out.length_bytes) == NULL);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct btx_clock_manual clock;
    struct btx_status_reading *earlier = malloc(sizeof *earlier);
    struct btx_status_reading *reading = malloc(sizeof *reading);
    struct btx_status_shared *page;
    enum btx_fault_code code;

    CHECK(earlier != NULL && reading != NULL);
    btx_clock_manual_init(&clock, UINT64_C(1795654120000000000), 1000000);
    page = make_page(&clock.clock, data, size);
    btx_status_reading_init(earlier, &clock.clock);
    code = btx_status_reading_add(earlier, page, sizeof *page, NULL);
    btx_clock_manual_advance(&clock, 1000000000);
    btx_status_reading_init(reading, &clock.clock);
    if (code == BTX_OK) {
        CHECK(btx_status_reading_add(reading, page, sizeof *page, NULL) == BTX_OK);
        /* As of a second process with the same part. */
        CHECK(btx_status_reading_add(reading, page, sizeof *page, NULL) == BTX_OK);
    } else {
        CHECK(code == BTX_FAULT_LAYOUT);
    }
    check_outputs(reading, NULL);
    check_outputs(reading, earlier);
    check_list(reading);
    check_metrics(reading);
    free(page);
    free(reading);
    free(earlier);
    return 0;
}
