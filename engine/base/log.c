/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - putting one line together and writing it.
 * The hard thing is that a value may come from a hostile client, and that a line which is too
 * long must still end well: room for the end is held back from the start. */
#include "engine/base/log.h"

#include "engine/base/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What may still have to follow a value that was cut: its quote, this mark and the newline. */
#define TRUNCATED_MARK " truncated=yes"
enum { END_BYTES = 1 + sizeof(TRUNCATED_MARK) - 1 + 1 };

struct level_row {
    const char *name;
    int syslog_level; /* as in <syslog.h>, which systemd takes from the "<N>" prefix */
};

static const struct level_row level_rows[BTX_LOG_LEVEL_COUNT] = {
    [BTX_LOG_ERROR] = {"error", 3},   [BTX_LOG_WARNING] = {"warning", 4},
    [BTX_LOG_NOTICE] = {"notice", 5}, [BTX_LOG_INFO] = {"info", 6},
    [BTX_LOG_DEBUG] = {"debug", 7},
};

/* systemd sets JOURNAL_STREAM to "device:inode" of the stream; a child with a redirected stderr
 * inherits the variable but not the stream, so both must agree. */
static bool is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    char expected[64];

    if (stream == NULL || fstat(fd, &status) != 0)
        return false;
    (void)snprintf(expected, sizeof(expected), "%ju:%ju", (uintmax_t)status.st_dev,
                   (uintmax_t)status.st_ino);
    return strcmp(stream, expected) == 0;
}

void btx_log_init(struct btx_log *log, const char *program, const struct btx_clock *clock)
{
    log->program = program;
    log->clock = clock;
    log->fd = STDERR_FILENO;
    log->level = BTX_LOG_INFO;
    log->journal = is_journal(log->fd);
}

/* Append all of @text or nothing; false and marked as truncated when it does not fit. */
static bool line_append(struct btx_log_line *line, const char *text, size_t length_bytes)
{
    if (line->truncated || length_bytes > sizeof(line->text) - END_BYTES - line->length_bytes) {
        line->truncated = true;
        return false;
    }
    memcpy(line->text + line->length_bytes, text, length_bytes);
    line->length_bytes += length_bytes;
    return true;
}

/* Append one byte of a value; @quoted values escape their quote and backslash as well. */
static bool line_append_escaped(struct btx_log_line *line, unsigned char byte, bool quoted)
{
    char escaped[5];

    if (quoted && (byte == '"' || byte == '\\')) {
        escaped[0] = '\\';
        escaped[1] = (char)byte;
        return line_append(line, escaped, 2);
    }
    if (byte == '\n')
        return line_append(line, "\\n", 2);
    if (byte < 0x20 || byte > 0x7e) {
        (void)snprintf(escaped, sizeof(escaped), "\\x%02x", byte);
        return line_append(line, escaped, 4);
    }
    escaped[0] = (char)byte;
    return line_append(line, escaped, 1);
}

static void line_append_time(struct btx_log_line *line, uint64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / 1000000000U);
    unsigned int milliseconds = (unsigned int)(wall_ns % 1000000000U / 1000000U);
    struct tm utc;
    char text[64];
    size_t length_bytes;

    /* 2^64 ns end in the year 2554, which every struct tm can hold. */
    CHECK(gmtime_r(&seconds, &utc) != NULL);
    length_bytes = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    (void)line_append(line, text, length_bytes);
    (void)snprintf(text, sizeof(text), ".%03uZ ", milliseconds);
    (void)line_append(line, text, strlen(text));
}

void btx_log_begin(struct btx_log_line *line, const struct btx_log *log, enum btx_log_level level,
                   const char *message)
{
    CHECK((unsigned int)level < BTX_LOG_LEVEL_COUNT);
    line->log = level <= log->level ? log : NULL;
    line->length_bytes = 0;
    line->truncated = false;
    if (line->log == NULL)
        return;
    if (log->journal) {
        char prefix[8];

        (void)snprintf(prefix, sizeof(prefix), "<%d>", level_rows[level].syslog_level);
        (void)line_append(line, prefix, strlen(prefix));
    } else {
        line_append_time(line, btx_clock_wall_ns(log->clock));
        (void)line_append(line, log->program, strlen(log->program));
        (void)line_append(line, ": ", 2);
        (void)line_append(line, level_rows[level].name, strlen(level_rows[level].name));
        (void)line_append(line, ": ", 2);
    }
    for (const char *at = message; *at != '\0'; at++)
        (void)line_append_escaped(line, (unsigned char)*at, false);
}

static bool is_key(const char *key)
{
    if (*key < 'a' || *key > 'z')
        return false;
    return key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* A value that nobody can misread goes without quotes. */
static bool is_bare(const unsigned char *value, size_t length_bytes)
{
    static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_.,:;/@%+-";

    for (size_t i = 0; i < length_bytes; i++) {
        if (value[i] == '\0' || strchr(bare, value[i]) == NULL)
            return false;
    }
    return length_bytes != 0;
}

void btx_log_bytes(struct btx_log_line *line, const char *key, const void *value,
                   size_t length_bytes)
{
    const unsigned char *bytes = value;
    size_t length_before = line->length_bytes;
    bool quoted;

    CHECK(is_key(key));
    if (line->log == NULL)
        return;
    quoted = !is_bare(bytes, length_bytes);
    (void)line_append(line, " ", 1);
    (void)line_append(line, key, strlen(key));
    if (!line_append(line, quoted ? "=\"" : "=", quoted ? 2 : 1)) {
        line->length_bytes = length_before; /* A key without a value would say something false. */
        return;
    }
    for (size_t i = 0; i < length_bytes; i++) {
        if (!line_append_escaped(line, bytes[i], quoted))
            break;
    }
    /* Held back as a part of END_BYTES, so that a value which was cut is closed too. */
    if (quoted) {
        line->text[line->length_bytes] = '"';
        line->length_bytes++;
        if (line->length_bytes > sizeof(line->text) - END_BYTES)
            line->truncated = true;
    }
}

void btx_log_text(struct btx_log_line *line, const char *key, const char *value)
{
    if (value == NULL)
        value = "-";
    btx_log_bytes(line, key, value, strlen(value));
}

void btx_log_u64(struct btx_log_line *line, const char *key, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    btx_log_text(line, key, text);
}

void btx_log_i64(struct btx_log_line *line, const char *key, int64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRId64, value);
    btx_log_text(line, key, text);
}

void btx_log_fault(struct btx_log_line *line, const struct btx_fault *fault)
{
    btx_log_text(line, "fault", btx_fault_name(fault->code));
    if (fault->os_error != 0)
        btx_log_i64(line, "os_error", fault->os_error);
    btx_log_text(line, "why",
                 fault->text[0] != '\0' ? fault->text : btx_fault_sentence(fault->code));
}

void btx_log_end(struct btx_log_line *line)
{
    ssize_t written;

    if (line->log == NULL)
        return;
    if (line->truncated) {
        memcpy(line->text + line->length_bytes, TRUNCATED_MARK, sizeof(TRUNCATED_MARK) - 1);
        line->length_bytes += sizeof(TRUNCATED_MARK) - 1;
    }
    line->text[line->length_bytes] = '\n';
    do {
        written = write(line->log->fd, line->text, line->length_bytes + 1);
    } while (written < 0 && errno == EINTR);
    line->log = NULL;
}

const char *btx_log_level_name(enum btx_log_level level)
{
    CHECK((unsigned int)level < BTX_LOG_LEVEL_COUNT);
    return level_rows[level].name;
}

bool btx_log_level_from_name(const char *name, enum btx_log_level *ret_level)
{
    for (unsigned int i = 0; i < BTX_LOG_LEVEL_COUNT; i++) {
        if (strcmp(name, level_rows[i].name) == 0) {
            *ret_level = (enum btx_log_level)i;
            return true;
        }
    }
    return false;
}
