/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wal_segment - a file of any bytes is read to its end as a segment: keys ascend, batches lie
 * in the file, and header and seals are right, whether it is at rest or a writer may have it. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/wal/seal.h"
#include "engine/wal/segment_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More than there can be: each step takes an entry of 32 bytes, or tells of a page. */
enum { STEPS_PER_BYTE = 1, STEPS_LEAST = 1000 };

/* The input as a file, and as what the reader sees of it: whole pages. */
struct input {
    int folder_fd; /* of open files, where the file has a name */
    char name[16];
    uint8_t *bytes;
    size_t length_bytes;
};

struct walk {
    bool begun;
    uint64_t seq;
    uint64_t number;
    uint64_t first_seq; /* of the first batch */
};

static void check_batch(const struct input *input, struct walk *walk,
                        const struct btx_wal_batch *batch)
{
    struct btx_wal_position position = {.seq = batch->seq - 1, .batch = batch->number - 1};
    struct btx_wal_batch_check check;

    CHECK((uintptr_t)batch->bytes % 8 == 0);
    CHECK(batch->length_bytes == 0 ||
          memmem(input->bytes, input->length_bytes, batch->bytes, batch->length_bytes) != NULL);
    CHECK(!walk->begun || batch->seq > walk->seq ||
          (batch->seq == walk->seq && batch->number > walk->number));
    if (!walk->begun)
        walk->first_seq = batch->seq;
    walk->begun = true;
    walk->seq = batch->seq;
    walk->number = batch->number;
    check = btx_wal_batch_check(batch, &position);
    CHECK(check.valid_bytes <= batch->length_bytes);
    CHECK((check.why == NULL) == (check.valid_bytes == batch->length_bytes));
}

static void check_damage(const struct btx_wal_damage *damage)
{
    char text[512];

    CHECK(memchr(damage->why, '\0', sizeof damage->why) != NULL && damage->why[0] != '\0');
    btx_wal_damage_print(damage, text, sizeof text);
}

static void read_to_end(struct btx_segment_reader *reader, const struct input *input,
                        struct walk *walk)
{
    const size_t steps_max = STEPS_LEAST + STEPS_PER_BYTE * input->length_bytes;

    *walk = (struct walk){.begun = false};
    for (size_t steps = 0;; steps++) {
        struct btx_wal_damage damage;
        struct btx_wal_batch batch;
        struct btx_fault fault = {0};

        CHECK(steps < steps_max);
        switch (btx_segment_reader_next(reader, &batch, &damage, &fault)) {
        case BTX_SEGMENT_BATCH:
            check_batch(input, walk, &batch);
            if (steps % 3 == 0 &&
                btx_segment_reader_other(reader, &batch, &fault) == BTX_SEGMENT_BATCH)
                CHECK(batch.seq == walk->seq && batch.number == walk->number);
            break;
        case BTX_SEGMENT_DAMAGE:
            check_damage(&damage);
            break;
        case BTX_SEGMENT_END:
            return;
        case BTX_SEGMENT_FAULT:
            CHECK(fault.code == BTX_FAULT_MEMORY);
            return;
        }
    }
}

static void read_file(const struct input *input, bool live)
{
    const struct btx_segment_options options = {.live = live};
    struct btx_segment_reader *reader;
    struct btx_segment_claims claims;
    struct btx_fault fault = {0};
    struct walk walk;

    CHECK(btx_segment_reader_open(&reader, input->folder_fd, input->name, &options, &fault) ==
          BTX_OK);
    if (btx_segment_reader_header(reader) != NULL)
        CHECK(btx_wal_header_check(btx_segment_reader_header(reader),
                                   sizeof(struct btx_wal_header)) == NULL);
    for (size_t i = 0; btx_segment_reader_seal(reader, i) != NULL; i++)
        CHECK(btx_wal_seal_check(btx_segment_reader_seal(reader, i), sizeof(struct btx_wal_seal)) ==
              NULL);
    btx_segment_reader_claims(reader, &claims);
    read_to_end(reader, input, &walk);
    if (walk.begun) {
        const uint64_t seqs[] = {walk.seq, (walk.first_seq + walk.seq) / 2, walk.first_seq, 0,
                                 UINT64_MAX};

        for (size_t i = 0; i < BTX_COUNT_OF(seqs); i++) {
            CHECK(btx_segment_reader_seek(reader, seqs[i], &fault) == BTX_OK);
            read_to_end(reader, input, &walk);
        }
    }
    btx_segment_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static int folder_fd = -1;
    struct input input = {.length_bytes = (size + BTX_WAL_PAGE_BYTES - 1) / BTX_WAL_PAGE_BYTES *
                                          BTX_WAL_PAGE_BYTES};

    if (fd < 0) {
        fd = memfd_create("segment", MFD_CLOEXEC);
        folder_fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    CHECK(fd >= 0 && folder_fd >= 0);
    CHECK(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    input.folder_fd = folder_fd;
    (void)snprintf(input.name, sizeof input.name, "%d", fd);
    input.bytes = calloc(1, input.length_bytes != 0 ? input.length_bytes : 1);
    CHECK(input.bytes != NULL);
    if (size != 0)
        memcpy(input.bytes, data, size);
    read_file(&input, false);
    read_file(&input, true);
    free(input.bytes);
    return 0;
}
