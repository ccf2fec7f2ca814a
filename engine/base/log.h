/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - what a process tells its operator: one record, one line, one write.
 * For the files that have main() and the services they own; libraries return faults instead, and
 * the pure core tells nobody anything.  A line reads "message key=value key=value".  Whatever is
 * in a value, it cannot end the line, forge another one or steer a terminal: control characters
 * and all bytes beyond ASCII are escaped.
 *
 *     struct btx_log_line line;
 *     btx_log_begin(&line, &log, BTX_LOG_NOTICE, "ring attached");
 *     btx_log_text(&line, "peer", peer_name);
 *     btx_log_u64(&line, "slots", slot_count);
 *     btx_log_end(&line);
 */
#ifndef BTX_BASE_LOG_H
#define BTX_BASE_LOG_H

#include "engine/base/clock.h"
#include "engine/base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most urgent first. */
enum btx_log_level {
    BTX_LOG_ERROR,   /* somebody must act: the service stopped or cannot do its work */
    BTX_LOG_WARNING, /* somebody should look before it becomes an error */
    BTX_LOG_NOTICE,  /* rare and worth keeping: start, stop, reload, rotation */
    BTX_LOG_INFO,    /* the course of things: sessions, segments */
    BTX_LOG_DEBUG,   /* for a developer; off unless asked for */
    BTX_LOG_LEVEL_COUNT
};

/* Where lines go.  Set up once by main() and handed down as const; any thread may log. */
struct btx_log {
    const char *program;           /* static text; not repeated when the journal adds it */
    const struct btx_clock *clock; /* for the time of a line, unless the journal adds it */
    int fd;                        /* usually stderr */
    enum btx_log_level level;      /* what is less urgent is not written */
    bool journal;                  /* begin with "<N>" instead of time, program and level */
};

enum { BTX_LOG_LINE_BYTES = 2048 };

/* One line being put together.  Fields are private. */
struct btx_log_line {
    const struct btx_log *log; /* NULL when the level is not written */
    size_t length_bytes;
    bool truncated;
    char text[BTX_LOG_LINE_BYTES];
};

/* Log to stderr, INFO and what is more urgent.  Takes the journal form when stderr is the
 * stream that systemd announces in JOURNAL_STREAM. */
void btx_log_init(struct btx_log *log, const char *program, const struct btx_clock *clock);

/* Begin a line.  @message is a sentence of the programmer; what varies goes into fields. */
void btx_log_begin(struct btx_log_line *line, const struct btx_log *log, enum btx_log_level level,
                   const char *message);

/* Add a field.  @key is of the form [a-z][a-z0-9_]*, with the unit last.  A NULL @value reads
 * "-".  A field that does not fit is cut, later ones are left out, and the line says so. */
void btx_log_text(struct btx_log_line *line, const char *key, const char *value);
void btx_log_bytes(struct btx_log_line *line, const char *key, const void *value,
                   size_t length_bytes);
void btx_log_u64(struct btx_log_line *line, const char *key, uint64_t value);
void btx_log_i64(struct btx_log_line *line, const char *key, int64_t value);

/* Add the fields of @fault: fault, os_error when there is one, and why. */
void btx_log_fault(struct btx_log_line *line, const struct btx_fault *fault);

/* Write the line.  A line that cannot be written is lost: logging must not stop the service. */
void btx_log_end(struct btx_log_line *line);

/* The lower-case name of @level, and the level of such a name: false when there is none. */
const char *btx_log_level_name(enum btx_log_level level);
BTX_MUST_USE bool btx_log_level_from_name(const char *name, enum btx_log_level *ret_level);

#endif
