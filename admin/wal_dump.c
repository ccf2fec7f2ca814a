/* SPDX-License-Identifier: Apache-2.0 */
/* wal_dump.c - betex-wal dump: the records of a log as JSON lines. */
#include "admin/wal_request.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "admin/printable.h"
#include "admin/record_filter.h"
#include "admin/terminal.h"
#include "admin/wal_survey.h"
#include "engine/text/record_text.h"
#include "engine/wal/damage.h"
#include "engine/wal/log_reader.h"

struct dump {
    const struct btx_wal_request *request;
    struct btx_progress progress;
    uint64_t done_bytes;
    bool on_terminal; /* Standard output is one. */
    char line[BTX_RECORD_TEXT_BYTES_MAX];
};

static enum btx_fault_code print_record(struct dump *dump, const struct btx_record *record,
                                        struct btx_fault *reterr_fault)
{
    size_t length_bytes;

    if (!btx_record_filter_passes(dump->request, record))
        return BTX_OK;
    length_bytes = btx_record_text_encode(record, dump->line);
    if (dump->on_terminal)
        btx_printable_write(stdout, dump->line, length_bytes, BTX_PRINTABLE_TERMINAL);
    else
        (void)fwrite(dump->line, 1, length_bytes, stdout); /* As with the other, ferror() tells. */
    if (ferror(stdout))
        return btx_fault_set(reterr_fault, errno == ENOSPC ? BTX_FAULT_DISK_FULL : BTX_FAULT_IO,
                             errno, "standard output: cannot write");
    return BTX_OK;
}

static void print_damage(struct dump *dump, const struct btx_wal_damage *damage)
{
    char text[BTX_WAL_DAMAGE_TEXT_BYTES + 128];

    btx_wal_damage_print(damage, text, sizeof text);
    btx_progress_clear(&dump->progress);
    (void)fflush(stdout); /* What was before the damage stands before it; failing shows later. */
    fprintf(stderr, "betex-wal: damage: %s\n", text);
}

static enum btx_fault_code dump_records(struct dump *dump, struct btx_log_reader *reader,
                                        bool *ret_failed, struct btx_fault *reterr_fault)
{
    for (;;) {
        const struct btx_record *record;
        enum btx_fault_code code;

        switch (btx_log_reader_next(reader, &record, reterr_fault)) {
        case BTX_LOG_RECORD:
            if (btx_record_filter_is_done(dump->request, record))
                return BTX_OK;
            code = print_record(dump, record, reterr_fault);
            if (code != BTX_OK)
                return code;
            dump->done_bytes += btx_record_length_bytes(record);
            btx_progress_at(&dump->progress, dump->done_bytes);
            break;
        case BTX_LOG_DAMAGE:
            print_damage(dump, btx_log_reader_damage(reader));
            *ret_failed = true;
            break;
        case BTX_LOG_END:
            return BTX_OK;
        case BTX_LOG_FAULT:
            return reterr_fault->code;
        }
    }
}

enum btx_fault_code btx_wal_verb_dump(const struct btx_wal_request *request, bool *ret_failed,
                                      struct btx_fault *reterr_fault)
{
    static struct dump dump; /* The line alone takes 85 KiB. */
    struct btx_log_options options = {.from_seq = request->from.given ? request->from.value : 0};
    struct btx_log_reader *reader;
    enum btx_fault_code code;
    uint64_t total_bytes;

    code = btx_wal_glance(request->arguments[0], &options.live, &total_bytes, reterr_fault);
    if (code == BTX_OK)
        code = btx_log_reader_open(&reader, request->arguments[0], &options, reterr_fault);
    if (code != BTX_OK)
        return btx_fault_wrap(reterr_fault, "%s", request->arguments[0]);
    dump.request = request;
    dump.on_terminal = isatty(STDOUT_FILENO);
    btx_progress_begin(&dump.progress, "dump", total_bytes, true);
    code = dump_records(&dump, reader, ret_failed, reterr_fault);
    btx_progress_clear(&dump.progress);
    btx_log_reader_close(reader);
    return code;
}
