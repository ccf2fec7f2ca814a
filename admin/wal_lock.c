/* SPDX-License-Identifier: Apache-2.0 */
/* wal_lock.c - betex-wal lock: who writes, or wrote last, and whether the kernel agrees. */
#include "admin/wal_lock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "admin/json.h"
#include "admin/terminal.h"
#include "admin/units.h"
#include "admin/wal_request.h"
#include "engine/base/clock.h"
#include "engine/wal/log_folder.h"

/* Where this program runs, to be compared with where the record was written. */
struct place {
    char host[BTX_WAL_TEXT_BYTES + 1];
    char boot_id[41];
};

/* What the two parts of the truth, the kernel and the record, say together. */
struct verdict {
    bool other_host;
    bool other_boot;
    bool other_pid; /* held, but not by the process that the record names */
};

static void find_place(struct place *place)
{
    const int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    struct utsname system;
    ssize_t length = 0;

    memset(place, 0, sizeof *place);
    if (uname(&system) == 0)
        (void)snprintf(place->host, sizeof place->host, "%.*s", BTX_WAL_TEXT_BYTES,
                       system.nodename);
    if (fd >= 0) {
        length = read(fd, place->boot_id, sizeof place->boot_id - 1);
        (void)close(fd); /* Nothing was written by it. */
    }
    place->boot_id[length > 0 ? length : 0] = '\0';
    place->boot_id[strcspn(place->boot_id, "\n")] = '\0';
}

static struct verdict judge(const struct btx_writer_lock_status *status, const struct place *place)
{
    const struct btx_wal_lock_record *record = &status->record;
    struct verdict verdict = {0};

    if (!status->record_valid)
        return verdict;
    verdict.other_host = strncmp(record->host, place->host, sizeof record->host) != 0;
    verdict.other_boot = strncmp(record->boot_id, place->boot_id, sizeof record->boot_id) != 0;
    verdict.other_pid = status->state == BTX_WRITER_LOCK_HELD && status->holder_pid != record->pid;
    return verdict;
}

void btx_wal_lock_summary(const struct btx_writer_lock_status *status,
                          char ret_text[BTX_WAL_LOCK_TEXT_BYTES])
{
    const struct btx_wal_lock_record *record = &status->record;
    const bool held = status->state == BTX_WRITER_LOCK_HELD;
    char program[40];
    char host[40];

    if (status->state == BTX_WRITER_LOCK_ABSENT) {
        (void)snprintf(ret_text, BTX_WAL_LOCK_TEXT_BYTES, "never opened for writing");
        return;
    }
    if (!status->record_valid) {
        (void)snprintf(ret_text, BTX_WAL_LOCK_TEXT_BYTES, "%s (its record cannot be read)",
                       held ? "held now" : "not held now");
        return;
    }
    btx_units_printable(program, sizeof program, record->program, sizeof record->program);
    btx_units_printable(host, sizeof host, record->host, sizeof record->host);
    (void)snprintf(ret_text, BTX_WAL_LOCK_TEXT_BYTES, "%s %s, pid %" PRIi64 " on %s",
                   held ? "held now by" : "not held now; last by", program,
                   held ? status->holder_pid : record->pid, host);
}

static const char *state_word(enum btx_writer_lock_state state)
{
    switch (state) {
    case BTX_WRITER_LOCK_ABSENT:
        return "absent";
    case BTX_WRITER_LOCK_FREE:
        return "free";
    case BTX_WRITER_LOCK_HELD:
        return "held";
    }
    return "unknown";
}

static void print_json(const struct btx_writer_lock_status *status, const struct verdict *verdict)
{
    const struct btx_wal_lock_record *record = &status->record;
    struct btx_json json = {.out = stdout};

    btx_json_begin_object(&json, NULL);
    btx_json_text(&json, "state", state_word(status->state));
    if (status->state == BTX_WRITER_LOCK_HELD)
        btx_json_i64(&json, "holder_pid", status->holder_pid);
    if (status->state != BTX_WRITER_LOCK_ABSENT)
        btx_json_bool(&json, "record_valid", status->record_valid);
    if (status->record_valid) {
        btx_json_begin_object(&json, "record");
        btx_json_padded(&json, "program", record->program, sizeof record->program);
        btx_json_i64(&json, "pid", record->pid);
        btx_json_padded(&json, "host", record->host, sizeof record->host);
        btx_json_padded(&json, "boot_id", record->boot_id, sizeof record->boot_id);
        btx_json_u64(&json, "since_ns", record->since_ns);
        btx_json_u64(&json, "epoch", record->epoch);
        btx_json_text(&json, "uuid", btx_units_uuid(record->uuid).text);
        btx_json_end_object(&json);
        btx_json_bool(&json, "this_host", !verdict->other_host);
        btx_json_bool(&json, "this_boot", !verdict->other_boot);
    }
    btx_json_end_object(&json);
    btx_json_end_line(&json);
}

static void print_state(const struct btx_writer_lock_status *status)
{
    switch (status->state) {
    case BTX_WRITER_LOCK_ABSENT:
        printf("never opened for writing: there is no lock file\n");
        return;
    case BTX_WRITER_LOCK_FREE:
        printf("%snot held now%s\n", btx_colour_on(BTX_COLOUR_GOOD), btx_colour_off());
        return;
    case BTX_WRITER_LOCK_HELD:
        printf("%sHELD NOW%s, as the kernel says by process %" PRIi64 "\n",
               btx_colour_on(BTX_COLOUR_STRONG), btx_colour_off(), status->holder_pid);
        return;
    }
}

static void print_age(uint64_t since_ns)
{
    const uint64_t now_ns = btx_clock_wall_ns(btx_clock_system());

    if (now_ns >= since_ns)
        printf("  since    %s UTC (%s ago)\n", btx_units_time(since_ns).text,
               btx_units_duration(now_ns - since_ns).text);
    else
        printf("  since    %s UTC (in the future by this machine's clock)\n",
               btx_units_time(since_ns).text);
}

static void print_record(const struct btx_writer_lock_status *status, const struct verdict *verdict)
{
    const struct btx_wal_lock_record *record = &status->record;
    char text[4 * BTX_WAL_TEXT_BYTES + 1];

    btx_units_printable(text, sizeof text, record->program, sizeof record->program);
    printf("  %s   %s, pid %" PRIi64 "\n",
           status->state == BTX_WRITER_LOCK_HELD ? "holder" : "last  ", text, record->pid);
    btx_units_printable(text, sizeof text, record->host, sizeof record->host);
    printf("  host     %s%s\n", text, verdict->other_host ? " (not this machine)" : "");
    btx_units_printable(text, sizeof text, record->boot_id, sizeof record->boot_id);
    printf("  boot     %s%s\n", text,
           verdict->other_boot ? verdict->other_host ? "" : " (an earlier boot)" : " (this boot)");
    print_age(record->since_ns);
    printf("  epoch    %" PRIu64 "\n", record->epoch);
    printf("  log      %s\n", btx_units_uuid(record->uuid).text);
}

static void print_text(const struct btx_writer_lock_status *status, const struct verdict *verdict)
{
    printf("  lock     ");
    print_state(status);
    if (status->state == BTX_WRITER_LOCK_ABSENT)
        return;
    if (!status->record_valid) {
        printf("  record   %sdamaged or never written%s: who it was is not known\n",
               btx_colour_on(BTX_COLOUR_BAD), btx_colour_off());
        return;
    }
    print_record(status, verdict);
    if (verdict->other_pid)
        printf("  note     the record names another process than the kernel: the holder is in\n"
               "           another PID namespace (a container), or is just starting\n");
    else if (status->state == BTX_WRITER_LOCK_FREE && verdict->other_host)
        printf("  note     this machine cannot know whether the other one still writes to a\n"
               "           shared disk; for a copied or moved disk nobody does\n");
}

enum btx_fault_code btx_wal_verb_lock(const struct btx_wal_request *request, bool *ret_failed,
                                      struct btx_fault *reterr_fault)
{
    struct btx_writer_lock_status status;
    enum btx_fault_code code;
    struct verdict verdict;
    struct btx_wal_id id;
    struct place place;
    int root_fd;

    code = btx_wal_folder_open(&root_fd, AT_FDCWD, request->arguments[0], reterr_fault);
    if (code != BTX_OK)
        return code;
    code = btx_writer_lock_look(root_fd, &status, reterr_fault);
    /* Without a lock file it must at least be a log; with one it may be just beginning. */
    if (code == BTX_OK && status.state == BTX_WRITER_LOCK_ABSENT)
        code = btx_wal_id_read(root_fd, &id, reterr_fault);
    (void)close(root_fd); /* Nothing was written by it. */
    if (code != BTX_OK)
        return btx_fault_wrap(reterr_fault, "%s", request->arguments[0]);
    find_place(&place);
    verdict = judge(&status, &place);
    if (request->json)
        print_json(&status, &verdict);
    else
        print_text(&status, &verdict);
    *ret_failed = false; /* A record that cannot be read is no damage: a holder may just begin. */
    return BTX_OK;
}
