/* SPDX-License-Identifier: Apache-2.0 */
/* day_random.h - the numbers that the market day is made of: splitmix64, integers only, so that a
 * seed gives the same day with every compiler and on every machine. */
#ifndef BTX_TESTS_DEMO_DAY_RANDOM_H
#define BTX_TESTS_DEMO_DAY_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct btx_day_random {
    uint64_t state; /* The seed, at first. */
};

static inline uint64_t btx_day_random_next(struct btx_day_random *random)
{
    uint64_t value = random->state += UINT64_C(0x9e3779b97f4a7c15);

    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/* 0..@count-1; the bias of the remainder does not matter here. */
static inline uint32_t btx_day_random_below(struct btx_day_random *random, uint32_t count)
{
    return (uint32_t)(btx_day_random_next(random) % count);
}

/* True @parts times in a million. */
static inline bool btx_day_random_chance(struct btx_day_random *random, uint32_t parts)
{
    return btx_day_random_below(random, 1000000) < parts;
}

/* -@width..@width, in the middle more often: the sum of four dice. */
static inline int32_t btx_day_random_around(struct btx_day_random *random, int32_t width)
{
    int64_t sum = 0;

    for (int i = 0; i < 4; i++)
        sum += btx_day_random_below(random, (uint32_t)width * 2 + 1);
    return (int32_t)(sum / 4 - width);
}

#endif
