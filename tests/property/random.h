/* SPDX-License-Identifier: Apache-2.0 */
/* random.h - seeded random numbers: xoshiro256**, seeded by splitmix64.
 * The same seed gives the same run on every machine, for ever. */
#ifndef BTX_PROPERTY_RANDOM_H
#define BTX_PROPERTY_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct btx_random {
    uint64_t state[4];
};

static inline void btx_random_init(struct btx_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t mixed = seed += UINT64_C(0x9e3779b97f4a7c15);

        mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
        random->state[i] = mixed ^ (mixed >> 31);
    }
}

static inline uint64_t btx_random_rotate(uint64_t value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

static inline uint64_t btx_random_u64(struct btx_random *random)
{
    uint64_t *state = random->state;
    const uint64_t result = btx_random_rotate(state[1] * 5, 7) * 9;
    const uint64_t shifted = state[1] << 17;

    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = btx_random_rotate(state[3], 45);
    return result;
}

/* 0..@bound-1; @bound is not 0.  The bias of the modulus does not matter here. */
static inline uint64_t btx_random_below(struct btx_random *random, uint64_t bound)
{
    return btx_random_u64(random) % bound;
}

/* @least..@most, both included. */
static inline uint64_t btx_random_between(struct btx_random *random, uint64_t least, uint64_t most)
{
    return least + btx_random_below(random, most - least + 1);
}

/* True in @permille of 1000 cases. */
static inline bool btx_random_chance(struct btx_random *random, uint64_t permille)
{
    return btx_random_below(random, 1000) < permille;
}

#endif
