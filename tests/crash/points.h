/* SPDX-License-Identifier: Apache-2.0 */
/* points.h - crash points by name, "commit: sync segments/N-N.mdb": which were met, and at which of
 * them the power was cut or the process killed.  In memory that forked processes share. */
#ifndef BTX_CRASH_POINTS_H
#define BTX_CRASH_POINTS_H

#include <stddef.h>
#include <stdint.h>

#include "tests/crash/disk.h"

enum { BTX_POINT_NAME_BYTES = 160, BTX_POINT_COUNT_MAX = 300 };

struct btx_point {
    char name[BTX_POINT_NAME_BYTES];
    uint64_t met;
    uint64_t cut;
    uint64_t cut_in_run; /* since btx_points_begin_run() */
};

/* Start with zeroes. */
struct btx_points {
    struct btx_point points[BTX_POINT_COUNT_MAX];
    size_t count;
};

/* The point of that name, which is made when it is new. */
struct btx_point *btx_points_find(struct btx_points *points, const char *phase,
                                  const struct btx_disk_point *at);

void btx_points_begin_run(struct btx_points *points);

/* Print all of them in order; returns how many were met @met_least times and never cut. */
size_t btx_points_print(const struct btx_points *points, uint64_t met_least);

#endif
