/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_loader.c - where this program's own loader is, from its program headers. */
#include <link.h>
#include <stddef.h>

#include "engine/service/sandbox.h"

/* The first object is the program. */
static int find_loader(struct dl_phdr_info *object, size_t size_bytes, void *context)
{
    const char **loader = context;

    (void)size_bytes;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        if (object->dlpi_phdr[i].p_type == PT_INTERP)
            *loader = (const char *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
    }
    return 1;
}

const char *btx_sandbox_loader(void)
{
    const char *loader = NULL;

    (void)dl_iterate_phdr(find_loader, &loader);
    return loader;
}
