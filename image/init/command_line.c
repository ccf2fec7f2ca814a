/* SPDX-License-Identifier: Apache-2.0 */
/* command_line.c - finds roothash= among the words of the kernel's command line. */
#include "image/init/command_line.h"

#include <string.h>

static const char separators[] = " \t\n";

bool btx_command_line_root_hash(const char *text, char ret_hash[static BTX_ROOT_HASH_BYTES])
{
    static const char key[] = "roothash=";
    int found = 0;

    for (;;) {
        size_t length_bytes;

        text += strspn(text, separators);
        if (*text == '\0')
            return found == 1;
        length_bytes = strcspn(text, separators);
        if (strncmp(text, key, sizeof(key) - 1) == 0) {
            const char *value = text + sizeof(key) - 1;

            if (length_bytes != sizeof(key) - 1 + BTX_ROOT_HASH_DIGITS ||
                strspn(value, "0123456789abcdef") != BTX_ROOT_HASH_DIGITS)
                return false;
            memcpy(ret_hash, value, BTX_ROOT_HASH_DIGITS);
            ret_hash[BTX_ROOT_HASH_DIGITS] = '\0';
            found++;
        }
        text += length_bytes;
    }
}
