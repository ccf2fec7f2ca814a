/* SPDX-License-Identifier: Apache-2.0 */
/* bench_ring.c - what the rings between the engine and its peers cost, beside the fastest way from
 * one processor to another.  What is measured and how is told in README.md. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/check.h"
#include "tests/bench/bench_machine.h"
#include "tests/bench/bench_ring_flow.h"
#include "tests/bench/bench_ring_hop.h"

#define JSON_PATH "build/bench/ring.json"
#define FLOOR 2.0
#define GOAL 1.2

static const char usage[] =
    "usage: betex-bench-ring [OPTION...]\n"
    "\n"
    "Measures the rings in shared memory between two processors: the hop beside a word that\n"
    "another processor waits for, what goes through in a second, and what waking costs.  Run it\n"
    "from the top of the checkout; it takes some ten seconds.\n"
    "\n"
    "  --quick      too short to say anything: a second\n"
    "  --json FILE  results as JSON (" JSON_PATH ")\n"
    "  --help       this text\n";

static const char *const way_names[BTX_BENCH_RING_WAY_COUNT] = {
    [BTX_BENCH_RING_SPIN] = "a word",
    [BTX_BENCH_RING_SPIN_NICE] = "a word, with pause",
    [BTX_BENCH_RING_COMMAND] = "command ring, 128 bytes",
    [BTX_BENCH_RING_PUBLISHED] = "event ring to the poller, 256 bytes",
    [BTX_BENCH_RING_DURABLE] = "event ring to a reader, 256 bytes",
};

/* p50, p99 and the maximum of durations, in ns. */
struct spread {
    double p50;
    double p99;
    double maximum;
};

struct results {
    struct btx_bench_ring_hop hops[BTX_BENCH_RING_WAY_COUNT];
    double command_ns;
    double event_ns;
    double event_sleeping_ns;
    double publish_ns;
    double copy_ns;
    struct spread wake_call;
    struct spread wake_trip;
    bool hugepages;
};

static struct spread spread_of(const struct btx_bench_histogram *histogram,
                               const struct btx_bench_timer *timer)
{
    return (struct spread){
        .p50 = (double)btx_bench_histogram_value(histogram, 500) * timer->tick_ns,
        .p99 = (double)btx_bench_histogram_value(histogram, 990) * timer->tick_ns,
        .maximum = (double)histogram->maximum * timer->tick_ns,
    };
}

static void measure(struct btx_bench_ring_world *world, bool quick, struct results *results)
{
    static struct btx_bench_histogram histograms[2];
    const uint64_t scale = quick ? 1 : 100;
    struct btx_bench_timer timer;

    btx_bench_timer_init(&timer);
    results->hugepages = world->hugepages;
    btx_bench_ring_hops(world, &timer, quick ? 3 : 31, quick ? 1000 : 50000, results->hops);
    results->command_ns = btx_bench_ring_commands(world, 100000 * scale);
    results->event_ns = btx_bench_ring_events(world, 100000 * scale, false);
    results->event_sleeping_ns = btx_bench_ring_events(world, 100000 * scale, true);
    results->publish_ns = btx_bench_ring_publish(world, 100000 * scale);
    results->copy_ns = btx_bench_ring_copy(world, (UINT64_C(16) << 20) * scale);
    btx_bench_ring_wake(world, 50 * scale, &histograms[0], &histograms[1]);
    results->wake_call = spread_of(&histograms[0], &timer);
    results->wake_trip = spread_of(&histograms[1], &timer);
}

static void print_spread(const char *name, const struct spread *spread)
{
    (void)printf("%-44s %10.0f %10.0f %12.0f\n", name, spread->p50, spread->p99, spread->maximum);
}

static void print_results(const struct results *results)
{
    const double ratio = results->hops[BTX_BENCH_RING_COMMAND].ratio_p50;

    (void)printf("\nOne hop, ns (p50 to the faster word: floor %.1f, goal %.1f)\n", FLOOR, GOAL);
    (void)printf("%-44s %10s %10s %8s %10s %10s\n", "", "hop p50", "hop p99", "ratio", "trip p50",
                 "trip p99");
    for (int way = 0; way < BTX_BENCH_RING_WAY_COUNT; way++) {
        const struct btx_bench_ring_hop *hop = &results->hops[way];

        (void)printf("%-44s %10.0f %10.0f %8.2f %10.0f %10.0f\n", way_names[way], hop->hop_p50,
                     hop->hop_p99, hop->ratio_p50, hop->trip_p50, hop->trip_p99);
    }
    (void)printf("\nThroughput, event ring in %s\n", results->hugepages ? "hugepages" : "4 KiB");
    (void)printf("%-44s %10s %10s %10s\n", "", "ns each", "M each s", "MB each s");
    (void)printf("%-44s %10.1f %10.1f %10.0f\n", "commands of 128 bytes", results->command_ns,
                 1e3 / results->command_ns, 128e3 / results->command_ns);
    (void)printf("%-44s %10.1f %10.1f %10.0f\n", "txs of 256 bytes, the poller spins",
                 results->event_ns, 1e3 / results->event_ns, 256e3 / results->event_ns);
    (void)printf("%-44s %10.1f %10.1f %10.0f\n", "txs of 256 bytes, the poller sleeps",
                 results->event_sleeping_ns, 1e3 / results->event_sleeping_ns,
                 256e3 / results->event_sleeping_ns);
    (void)printf("%-44s %10.1f %10.1f %10s\n", "claim and publish alone", results->publish_ns,
                 1e3 / results->publish_ns, "-");
    (void)printf("%-44s %10.1f %10.1f %10.0f\n", "a reader's copy, each 64 bytes", results->copy_ns,
                 1e3 / results->copy_ns, 64e3 / results->copy_ns);
    (void)printf("\n%-44s %10s %10s %12s\n", "Waking, ns", "p50", "p99", "maximum");
    print_spread("publish that wakes the poller", &results->wake_call);
    print_spread("until the poller has run", &results->wake_trip);
    (void)printf("\nring hop: %.2f times a word's, %s\n", ratio,
                 ratio <= GOAL    ? "goal reached"
                 : ratio <= FLOOR ? "floor reached"
                                  : "floor not reached");
}

static void json_spread(FILE *file, const char *name, const struct spread *spread)
{
    (void)fprintf(file, ",\n\"%s\":{\"p50_ns\":%.1f,\"p99_ns\":%.1f,\"max_ns\":%.1f}", name,
                  spread->p50, spread->p99, spread->maximum);
}

static bool write_json(const char *path, const struct btx_bench_machine *machine,
                       const struct results *results)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return false;
    (void)fprintf(file, "{");
    btx_bench_machine_json(machine, file);
    (void)fprintf(file, ",\n\"hugepages\":%s,\n\"hops\":[", results->hugepages ? "true" : "false");
    for (int way = 0; way < BTX_BENCH_RING_WAY_COUNT; way++) {
        const struct btx_bench_ring_hop *hop = &results->hops[way];

        (void)fprintf(file,
                      "%s\n{\"way\":\"%s\",\"hop_p50_ns\":%.1f,\"hop_p99_ns\":%.1f,"
                      "\"ratio_p50\":%.3f,\"trip_p50_ns\":%.1f,\"trip_p99_ns\":%.1f}",
                      way == 0 ? "" : ",", way_names[way], hop->hop_p50, hop->hop_p99,
                      hop->ratio_p50, hop->trip_p50, hop->trip_p99);
    }
    (void)fprintf(file,
                  "],\n\"command_ns\":%.2f,\"event_ns\":%.2f,\"event_sleeping_ns\":%.2f,"
                  "\"publish_ns\":%.2f,\"copy_64_ns\":%.2f",
                  results->command_ns, results->event_ns, results->event_sleeping_ns,
                  results->publish_ns, results->copy_ns);
    json_spread(file, "wake_call", &results->wake_call);
    json_spread(file, "wake_trip", &results->wake_trip);
    (void)fprintf(file, "}\n");
    return fclose(file) == 0;
}

int main(int argument_count, char **arguments)
{
    static const struct option long_options[] = {{"help", no_argument, NULL, 'h'},
                                                 {"quick", no_argument, NULL, 'q'},
                                                 {"json", required_argument, NULL, 'j'},
                                                 {NULL, 0, NULL, 0}};
    static struct btx_bench_ring_world world;
    static struct results results;
    struct btx_bench_machine machine;
    const char *json_path = NULL;
    bool quick = false;
    int choice;

    while ((choice = getopt_long(argument_count, arguments, "", long_options, NULL)) != -1) {
        if (choice == 'q') {
            quick = true;
        } else if (choice == 'j') {
            json_path = optarg;
        } else {
            (void)fputs(usage, choice == 'h' ? stdout : stderr);
            return choice == 'h' ? 0 : 2;
        }
    }
    if (json_path == NULL) {
        json_path = JSON_PATH;
        (void)mkdir("build", 0777); /* There already; what is wrong with it, fopen says. */
        (void)mkdir("build/bench", 0777);
    }
    if (!btx_bench_ring_world_init(&world))
        return 77;
    btx_bench_machine_begin(&machine);
    measure(&world, quick, &results);
    btx_bench_machine_end(&machine);
    btx_bench_ring_world_done(&world);
    btx_bench_machine_print(&machine, stdout);
    print_results(&results);
    if (!write_json(json_path, &machine, &results)) {
        (void)fprintf(stderr, "betex-bench-ring: cannot write %s\n", json_path);
        return 68;
    }
    return 0;
}
