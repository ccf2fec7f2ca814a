/* SPDX-License-Identifier: Apache-2.0 */
/* test_nearest_key.c - a suggestion that is right helps; one that is wrong is worse than none. */
#include "engine/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/config/small_config.h"

static void config_nearest__names__are_found_or_not(void **state)
{
    static const struct {
        const char *name;
        const char *nearest;
    } rows[] = {
        {"engine.sizes", "engine.size"}, /* one too many */
        {"engine.siz", "engine.size"},   /* one missing */
        {"engine.sise", "engine.size"},  /* another */
        {"engine.szie", "engine.size"},  /* two swapped */
        {"engine.soz", ""},              /* too far */
        {"log.size", "engine.size"},     /* another section */
        {"size", "engine.size"},         /* none */
        {"log.sizes", "engine.size"},    /* both */
        {"engine.dep.markts", "engine.deep.markets"},
        {"engine.market", "engine.deep.markets"},
        {"engine.deep.market", "engine.deep.markets"},
        {"egnine", "engine"},
        {"lgo", "log"},
        {"log.logd", "log.loud"},
        {"eng", ""},
        {"logs", "log"},
        {"deep", "engine.deep"},
        {"log.mod", "log.mode"},
        {"log.mdoe", "log.mode"},
        {"log.x", ""},
        {"x", ""},
        {"", ""},
        {"log.", ""},
        {".", ""},
        {"wait", "log.wait"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""},
    };
    struct small small;

    (void)state;
    small_init(&small);
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        char nearest[BTX_CONFIG_NAME_BYTES];

        print_message("'%s'\n", rows[i].name);
        btx_config_nearest(&small.config, rows[i].name, nearest);
        assert_string_equal(nearest, rows[i].nearest);
    }
}

/* The right section counts more than a letter less. */
static void config_nearest__same_word_in_two_sections__is_that_of_the_same_section(void **state)
{
    struct small small;
    char nearest[BTX_CONFIG_NAME_BYTES];

    (void)state;
    small_init(&small);
    btx_config_nearest(&small.config, "log.nam", nearest);
    assert_string_equal(nearest, "log.name");
    btx_config_nearest(&small.config, "engine.deep.oders", nearest);
    assert_string_equal(nearest, "engine.deep.orders");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_nearest__names__are_found_or_not),
        cmocka_unit_test(config_nearest__same_word_in_two_sections__is_that_of_the_same_section),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
