/* SPDX-License-Identifier: Apache-2.0 */
/* nearest_key.c - what somebody may have meant who wrote a key that does not exist. */
#include <stdio.h>
#include <string.h>

#include "engine/config/config_parts.h"

enum { WORD_BYTES_MAX = BTX_CONFIG_NAME_BYTES };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many characters must be added, left out, changed or swapped with their neighbour to make
 * @a out of @b.  Both are shorter than WORD_BYTES_MAX. */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_BYTES_MAX];
    const size_t length = strlen(b);

    for (size_t j = 0; j <= length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        const unsigned *swap = rows[(i + 1) % 3]; /* of a[..i-2] */
        const unsigned *above = rows[(i - 1) % 3];
        unsigned *row = rows[i % 3];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= length; j++) {
            row[j] = least(least(row[j - 1], above[j]) + 1,
                           above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], swap[j - 2] + 1);
        }
    }
    return rows[strlen(a) % 3][length];
}

/* The word behind the last dot. */
static const char *last_word(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot == NULL ? name : dot + 1;
}

/* How far @candidate is from @name; UINT_MAX when nobody would mix them up.  The right word in the
 * wrong section is nearest; of words that are equally far, one in the right section is. */
static unsigned score(const char *name, const char *candidate)
{
    const char *word = last_word(name);
    const char *other = last_word(candidate);
    const size_t section = (size_t)(word - name);
    const bool same_section =
        section == (size_t)(other - candidate) && strncmp(name, candidate, section) == 0;
    const unsigned far = distance(word, other);

    if (far > 1 + strlen(word) / 4 || far >= strlen(word))
        return (unsigned)-1;
    return 2 * far + (same_section ? 0 : 1);
}

void btx_config_nearest(const struct btx_config *config, const char *name,
                        char ret_name[BTX_CONFIG_NAME_BYTES])
{
    unsigned best = (unsigned)-1;

    ret_name[0] = '\0';
    if (strlen(name) >= WORD_BYTES_MAX)
        return;
    for (size_t i = 0; i < config->key_count; i++) {
        char candidate[BTX_CONFIG_NAME_BYTES];
        char *dot = candidate;

        /* The key, and each section that it is in. */
        (void)snprintf(candidate, sizeof candidate, "%s", config->keys[i].setting->name);
        while (dot != NULL) {
            const unsigned found = score(name, candidate);

            if (found < best) {
                best = found;
                memcpy(ret_name, candidate, sizeof candidate);
            }
            dot = strrchr(candidate, '.');
            if (dot != NULL)
                *dot = '\0';
        }
    }
}
