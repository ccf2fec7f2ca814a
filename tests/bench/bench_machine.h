/* SPDX-License-Identifier: Apache-2.0 */
/* bench_machine.h - where and of what a figure was measured: without it a figure says nothing. */
#ifndef BTX_BENCH_MACHINE_H
#define BTX_BENCH_MACHINE_H

#include <stdbool.h>
#include <stdio.h>

struct btx_bench_machine {
    char processor[128];
    char governor[32]; /* "unknown" where the kernel does not say, as in virtual machines. */
    char kernel[128];
    char compiler[128];
    char commit[64]; /* "none" outside of a checkout. */
    char date[32];   /* UTC, ISO 8601. */
    double load_before;
    double load_after; /* Set by btx_bench_machine_end(). */
    int processors;
    bool is_dirty;     /* The checkout had changes that are not in the commit. */
    bool is_optimised; /* This program was. */
};

/* Look around before measuring.  Asks git for the commit of the working directory. */
void btx_bench_machine_begin(struct btx_bench_machine *machine);

/* Note the load after measuring. */
void btx_bench_machine_end(struct btx_bench_machine *machine);

/* The machine as a few lines of text, and as the JSON member "machine":{...} without a comma. */
void btx_bench_machine_print(const struct btx_bench_machine *machine, FILE *file);
void btx_bench_machine_json(const struct btx_bench_machine *machine, FILE *file);

#endif
