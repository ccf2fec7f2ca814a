/* SPDX-License-Identifier: Apache-2.0 */
/* skip.h - a test of a program of many that cannot run here.  Include behind cmocka.h. */
#ifndef BTX_UNIT_SKIP_H
#define BTX_UNIT_SKIP_H

/* End the test, saying @why in a line that ./run test repeats at its end: the program as a whole
 * has passed, and nobody would look into its output. */
#define SKIP_BECAUSE(why)                                                                          \
    do {                                                                                           \
        print_message("skipped: %s: %s\n", __func__, (why));                                       \
        skip();                                                                                    \
    } while (false)

#endif
