/* SPDX-License-Identifier: Apache-2.0 */
/* test_modules.c - which files of the initrd are loaded for which device, and in which order. */
#include "image/init/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char table[] = "files crypto /m/crypto.ko\n"
                      "files verity /m/bufio.ko /m/mod.ko /m/verity.ko\n"
                      "files disk /m/common.ko /m/disk.ko\n"
                      "files diskette /m/diskette.ko\n"
                      "always verity\n"
                      "always crypto\n"
                      "alias pci:v00001AF4d00001001sv*sd*bc*sc*i* disk\n"
                      "alias pci:v*d*sv*sd*bc01sc06i01* disk\n"
                      "alias pci:v00008086d* diskette\n";

struct loaded {
    char files[256];
    const char *broken; /* the file that cannot be loaded */
};

static enum btx_fault_code load(const char *file, void *context, struct btx_fault *reterr_fault)
{
    struct loaded *loaded = context;
    const size_t length = strlen(loaded->files);

    (void)snprintf(loaded->files + length, sizeof(loaded->files) - length, "%s ", file);
    if (loaded->broken != NULL && strcmp(file, loaded->broken) == 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "%s is broken", file);
    return BTX_OK;
}

static void load_always__two_modules__each_after_what_it_needs(void **state)
{
    struct loaded loaded = {0};
    const struct btx_modules modules = {table, load, &loaded};
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_modules_load_always(&modules, &fault), BTX_OK);
    assert_string_equal(loaded.files, "/m/bufio.ko /m/mod.ko /m/verity.ko /m/crypto.ko ");
}

static void load_for__device_that_has_a_driver__its_files_only(void **state)
{
    struct loaded loaded = {0};
    const struct btx_modules modules = {table, load, &loaded};
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_modules_load_for(
                         &modules, "pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00", &fault),
                     BTX_OK);
    assert_string_equal(loaded.files, "/m/common.ko /m/disk.ko ");
}

static void load_for__device_without_a_driver__nothing(void **state)
{
    struct loaded loaded = {0};
    const struct btx_modules modules = {table, load, &loaded};
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_modules_load_for(&modules, "usb:v1D6Bp0002d0601", &fault), BTX_OK);
    assert_string_equal(loaded.files, "");
}

/* One that does not load must not keep a machine from its disk: the rest is tried. */
static void load_always__one_is_broken__others_are_loaded_and_it_is_told(void **state)
{
    struct loaded loaded = {.broken = "/m/mod.ko"};
    const struct btx_modules modules = {table, load, &loaded};
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_modules_load_always(&modules, &fault), BTX_FAULT_IO);
    assert_string_equal(loaded.files, "/m/bufio.ko /m/mod.ko /m/verity.ko /m/crypto.ko ");
    assert_string_equal(fault.text, "/m/mod.ko is broken");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_always__two_modules__each_after_what_it_needs),
        cmocka_unit_test(load_for__device_that_has_a_driver__its_files_only),
        cmocka_unit_test(load_for__device_without_a_driver__nothing),
        cmocka_unit_test(load_always__one_is_broken__others_are_loaded_and_it_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
