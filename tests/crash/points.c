/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crash/points.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"

struct btx_point *btx_points_find(struct btx_points *points, const char *phase,
                                  const struct btx_disk_point *at)
{
    char name[BTX_POINT_NAME_BYTES];

    (void)snprintf(name, sizeof(name), "%s: %s %s", phase, btx_disk_call_name(at->call),
                   at->target);
    for (size_t i = 0; i < points->count; i++)
        if (strcmp(points->points[i].name, name) == 0)
            return &points->points[i];
    CHECK(points->count < BTX_POINT_COUNT_MAX);
    struct btx_point *point = &points->points[points->count++];
    memcpy(point->name, name, sizeof(name));
    return point;
}

void btx_points_begin_run(struct btx_points *points)
{
    for (size_t i = 0; i < points->count; i++)
        points->points[i].cut_in_run = 0;
}

static int compare_names(const void *left, const void *right)
{
    const struct btx_point *const *first = left;
    const struct btx_point *const *second = right;

    return strcmp((*first)->name, (*second)->name);
}

size_t btx_points_print(const struct btx_points *points, uint64_t met_least)
{
    const struct btx_point *sorted[BTX_POINT_COUNT_MAX];
    size_t never = 0;

    for (size_t i = 0; i < points->count; i++)
        sorted[i] = &points->points[i];
    qsort(sorted, points->count, sizeof(sorted[0]), compare_names);
    printf("%10s %8s  point\n", "met", "cut");
    for (size_t i = 0; i < points->count; i++) {
        printf("%10" PRIu64 " %8" PRIu64 "  %s\n", sorted[i]->met, sorted[i]->cut, sorted[i]->name);
        never += sorted[i]->met >= met_least && sorted[i]->cut == 0;
    }
    return never;
}
