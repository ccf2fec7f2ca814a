/* SPDX-License-Identifier: Apache-2.0 */
/* page_details.c - what a wide screen has beside the lines of the dashboard. */
#include <stdio.h>
#include <string.h>

#include "admin/console/pages.h"
#include "engine/status/status_format.h"

enum { BAR_CELLS = 10, REFUSALS_SHOWN = 5, NAME_BYTES = 40 };

static struct btx_json_value figure(struct btx_json_value status, const char *name,
                                    const char *suffix)
{
    char key[NAME_BYTES];

    (void)snprintf(key, sizeof key, "%s%s", name, suffix);
    return btx_json_member(btx_json_member(status, "figures"), key);
}

static void put_bar(struct btx_pane *pane, unsigned column, uint64_t percent)
{
    char bar[BAR_CELLS + 1];
    /* The first mark stands for the least that is not nothing. */
    const uint64_t cells = (percent * BAR_CELLS + 99) / 100;

    for (unsigned i = 0; i < BAR_CELLS; i++)
        bar[i] = i < cells ? '#' : '.';
    bar[BAR_CELLS] = '\0';
    btx_pane_put(pane, column, percent >= 80 ? BTX_GRID_LOOK : BTX_GRID_PLAIN, "%s", bar);
}

static void put_capacities(struct btx_pane *pane, struct btx_json_value status)
{
    static const char *const names[] = {"accounts", "markets", "runners", "orders", "positions"};

    btx_pane_line(pane, BTX_GRID_STRONG, "%-10s %10s %11s %5s", "CAPACITY", "IN USE", "OF", "FULL");
    for (size_t i = 0; i < BTX_COUNT_OF(names); i++) {
        const uint64_t used = btx_page_number(figure(status, names[i], ""), BTX_STATUS_ABSENT);
        const uint64_t room =
            btx_page_number(figure(status, names[i], "_capacity"), BTX_STATUS_ABSENT);

        btx_pane_put(pane, 0, BTX_GRID_PLAIN, "%-10s %10s %11s %5s", names[i],
                     btx_status_format_count(used).text, btx_status_format_count(room).text,
                     btx_status_format_percent(used, room).text);
        put_bar(pane, 40, btx_status_percent(used, room));
        btx_pane_next(pane);
    }
    btx_pane_next(pane);
}

static void put_parts(struct btx_pane *pane, struct btx_json_value status)
{
    const struct btx_json_value parts = btx_json_member(status, "parts");
    struct btx_json_value key;

    btx_pane_line(pane, BTX_GRID_STRONG, "%-12s %-9s %4s %7s %7s", "PART", "STATE", "CORE", "PID",
                  "FAULTS");
    for (struct btx_json_value part = btx_json_first_member(parts, &key); btx_json_is(part);
         part = btx_json_next_member(parts, part, &key)) {
        const bool is_silent = btx_json_is_true(btx_json_member(part, "silent"));

        btx_pane_line(pane, is_silent ? BTX_GRID_ACT : BTX_GRID_PLAIN, "%-12s %-9s %4s %7s %7s",
                      btx_page_text(key).text,
                      is_silent ? "SILENT"
                                : btx_page_text(btx_json_member(part, "part_state")).text,
                      btx_page_text(btx_json_member(part, "core")).text,
                      btx_page_text(btx_json_member(part, "pid")).text,
                      btx_page_count(btx_json_member(part, "faults")).text);
    }
    btx_pane_next(pane);
}

static void put_rings(struct btx_pane *pane, struct btx_json_value status)
{
    const struct btx_json_value rings = btx_json_member(status, "producers");

    btx_pane_line(pane, BTX_GRID_STRONG, "%-12s %-9s %10s %5s %7s", "RING OF", "STATE", "COMMANDS",
                  "FULL", "BROKEN");
    for (struct btx_json_value ring = btx_json_first(rings); btx_json_is(ring);
         ring = btx_json_next(rings, ring)) {
        btx_pane_line(
            pane, BTX_GRID_PLAIN, "%-12.12s %-9s %10s %5s %7s",
            btx_page_text(btx_json_member(ring, "producer_name")).text,
            btx_page_text(btx_json_member(ring, "producer_state")).text,
            btx_status_format_rate(
                btx_page_number(btx_json_member(ring, "producer_commands"), BTX_STATUS_ABSENT))
                .text,
            btx_status_format_percent(
                btx_page_number(btx_json_member(ring, "producer_fill_bytes"), BTX_STATUS_ABSENT),
                btx_page_number(btx_json_member(ring, "producer_capacity_bytes"),
                                BTX_STATUS_ABSENT))
                .text,
            btx_page_count(btx_json_member(ring, "producer_broken")).text);
    }
    btx_pane_next(pane);
}

/* The reason that most were refused for among those with fewer than @below, or as many and a
 * later place than @after. */
static uint64_t next_refusal(struct btx_json_value refusals, uint64_t below, unsigned *after,
                             struct btx_json_value *ret_key)
{
    struct btx_json_value key;
    uint64_t most = 0;
    unsigned found = *after;
    unsigned place = 0;

    for (struct btx_json_value one = btx_json_first_member(refusals, &key); btx_json_is(one);
         one = btx_json_next_member(refusals, one, &key)) {
        const uint64_t count = btx_page_number(one, 0);

        place++;
        if (count > most && (count < below || (count == below && place > *after))) {
            most = count;
            found = place;
            *ret_key = key;
        }
    }
    *after = found;
    return most;
}

static void put_refusals(struct btx_pane *pane, struct btx_json_value status)
{
    const struct btx_json_value refusals = figure(status, "refusals", "");
    struct btx_json_value key = {0};
    uint64_t count = UINT64_MAX;
    unsigned after = 0;

    btx_pane_line(pane, BTX_GRID_STRONG, "%-22s %16s", "REFUSED BECAUSE OF", "SINCE THE START");
    for (int i = 0; i < REFUSALS_SHOWN; i++) {
        count = next_refusal(refusals, count, &after, &key);
        if (count == 0)
            break;
        btx_pane_line(pane, BTX_GRID_PLAIN, "%-22s %16s", btx_page_text(key).text,
                      btx_status_format_count(count).text);
    }
    if (after == 0)
        btx_pane_line(pane, BTX_GRID_PLAIN, "nothing");
}

void btx_details_draw(struct btx_console *console, struct btx_pane *pane)
{
    const struct btx_json_value status = btx_page_status(console);

    put_capacities(pane, status);
    put_parts(pane, status);
    put_rings(pane, status);
    put_refusals(pane, status);
}
