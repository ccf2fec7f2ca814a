/* SPDX-License-Identifier: Apache-2.0 */
/* replay_main.c - runs a fuzz target over stored inputs, in place of libFuzzer's main().
 * Linked with each target in the ordinary builds, so that every corpus input and every input that
 * once found a bug is a test.  A sanitizer or a CHECK in the target ends the run; the input that
 * was being tried is named before it is run. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATH_BYTES = 4096, FAILED = 1, USAGE = 2 };

/* True when the file could be read whole and was run. */
static int replay_file(const char *path)
{
    struct stat status;
    uint8_t *data;
    size_t size;
    FILE *file = fopen(path, "rb");

    if (file == NULL || fstat(fileno(file), &status) != 0) {
        fprintf(stderr, "%s: cannot be opened: %s\n", path, strerror(errno));
        if (file != NULL)
            fclose(file);
        return 0;
    }
    size = (size_t)status.st_size;
    /* Exactly as large as the input, so that a read past the end is seen by ASan. */
    data = malloc(size != 0 ? size : 1);
    if (data == NULL || fread(data, 1, size, file) != size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        free(data);
        fclose(file);
        return 0;
    }
    fclose(file);
    printf("%s\n", path);
    fflush(stdout);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

/* Replays what is in @directory and returns how many inputs that were, -1 when one was not
 * readable.  A folder that does not exist holds none: a new target has no regressions yet. */
static long replay_directory(const char *directory)
{
    char path[PATH_BYTES];
    struct dirent **entries;
    int entry_count = scandir(directory, &entries, NULL, alphasort);
    long replayed_count = 0;

    if (entry_count < 0)
        return errno == ENOENT ? 0 : -1;
    for (int i = 0; i < entry_count; i++) {
        if (entries[i]->d_name[0] != '.' && replayed_count >= 0) {
            snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
            replayed_count = replay_file(path) ? replayed_count + 1 : -1;
        }
        free(entries[i]);
    }
    free(entries);
    return replayed_count;
}

int main(int argument_count, char **arguments)
{
    long total_count = 0;

    if (argument_count < 2) {
        fprintf(stderr, "usage: %s DIRECTORY...\n", arguments[0]);
        return USAGE;
    }
    for (int i = 1; i < argument_count; i++) {
        long count = replay_directory(arguments[i]);

        if (count < 0)
            return FAILED;
        total_count += count;
    }
    printf("replayed %ld inputs\n", total_count);
    return total_count > 0 ? 0 : FAILED;
}
