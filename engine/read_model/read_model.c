/* SPDX-License-Identifier: Apache-2.0 */
/* read_model.c - from the log into the ring.
 *
 * The reader joins the ring first, which says how far the log must be read; then the thread reads
 * it up to there, while the ring goes on.  If the ring has overtaken that place by then, the first
 * read says so, and the same begins again from where the state is now: each time less is missing,
 * since the log is read faster than it is written. */
#include "engine/read_model/read_model.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/core/view.h"
#include "engine/exchange/recovery.h"
#include "engine/wal/log_reader.h"

#define RETRY_NS UINT64_C(1000000000)

/* Of one copy: the greatest record fits with some that are ordinary. */
enum { COPY_BYTES = 4 * BTX_RECORD_BYTES_MAX };

/* ---- In the thread ---- */

/* The state at @mark from nothing: a snapshot and what is behind it. */
static enum btx_fault_code recover(struct btx_read_model *model, struct btx_fault *reterr_fault)
{
    const struct btx_recovery_options options = {.root = model->options.wal_root,
                                                 .at_seq = model->mark};
    struct btx_recovery_report report;

    return btx_recovery_run(&model->exchange, &options, &report, reterr_fault);
}

/* Whether the state has @record already. */
static bool is_known(uint64_t seq, const struct btx_record *record)
{
    return record->seq <= seq;
}

/* Apply @record if the state does not have it.  NULL or why not. */
static const char *take(struct btx_core *core, uint64_t *seq, const struct btx_record *record)
{
    const char *why;

    if (btx_record_kind(record) == BTX_RECORD_NOTE)
        return *seq == 0 ? btx_core_apply(core, record) : NULL;
    if (is_known(*seq, record))
        return NULL;
    why = btx_core_apply(core, record);
    if (why == NULL && btx_record_kind(record) == BTX_RECORD_EVENT)
        *seq = record->seq;
    return why;
}

static enum btx_fault_code fold(struct btx_read_model *model, struct btx_log_reader *reader,
                                struct btx_fault *reterr_fault)
{
    const struct btx_record *record;
    const char *why;

    while (model->seq < model->mark && !atomic_load(&model->is_stopping)) {
        switch (btx_log_reader_next(reader, &record, reterr_fault)) {
        case BTX_LOG_RECORD:
            why = take(model->exchange.core, &model->seq, record);
            if (why == NULL)
                break;
            model->is_spoilt = true;
            return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "log %s: seq %" PRIu64 ": %s",
                                 model->options.wal_root, record->seq, why);
        case BTX_LOG_END:
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0,
                                 "log %s: ends at event %" PRIu64 ", the engine is at %" PRIu64,
                                 model->options.wal_root, model->seq, model->mark);
        case BTX_LOG_DAMAGE:
            return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                                 "log %s: damaged behind event %" PRIu64, model->options.wal_root,
                                 model->seq);
        case BTX_LOG_FAULT:
            return btx_fault_wrap(reterr_fault, "log %s", model->options.wal_root);
        }
    }
    return BTX_OK;
}

/* On from where the state is. */
static enum btx_fault_code catch_up(struct btx_read_model *model, struct btx_fault *reterr_fault)
{
    const struct btx_log_options options = {.from_seq = model->seq + 1, .live = true};
    struct btx_log_reader *reader;
    enum btx_fault_code code =
        btx_log_reader_open(&reader, model->options.wal_root, &options, reterr_fault);

    if (code != BTX_OK)
        return btx_fault_wrap(reterr_fault, "log %s", model->options.wal_root);
    btx_log_reader_limit(reader, model->mark);
    code = fold(model, reader, reterr_fault);
    btx_log_reader_close(reader);
    return code;
}

static enum btx_fault_code read_log(struct btx_read_model *model, struct btx_fault *reterr_fault)
{
    struct btx_core_view view;
    enum btx_fault_code code;

    if (model->is_spoilt || model->seq > model->mark) {
        /* Broken, or of another log than the one that the engine has now. */
        if (btx_exchange_reset(&model->exchange, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        model->is_fresh = true;
        model->is_spoilt = false;
        model->seq = 0;
    }
    if (!model->is_fresh)
        return catch_up(model, reterr_fault);
    code = recover(model, reterr_fault);
    model->is_spoilt = code != BTX_OK;
    if (code != BTX_OK)
        return code;
    btx_core_view(model->exchange.core, &view);
    model->seq = view.seq;
    model->is_fresh = false;
    return BTX_OK;
}

static void *thread_main(void *context)
{
    struct btx_read_model *model = context;

    model->result = read_log(model, &model->fault);
    atomic_store(&model->is_done, true);
    model->options.wake(model->options.context);
    return NULL;
}

/* ---- The owner ---- */

static void wait_a_while(struct btx_read_model *model)
{
    model->state = BTX_READ_MODEL_WAITING;
    model->retry_ns = btx_clock_monotonic_ns(model->options.clock) + RETRY_NS;
}

/* Stand in the ring, and let the thread read the log up to there. */
static void start(struct btx_read_model *model)
{
    int os_error;

    CHECK(!model->has_thread);
    model->fault = (struct btx_fault){0};
    if (!btx_event_reader_join(model->reader, &model->mark)) {
        (void)btx_fault_set(&model->fault, BTX_FAULT_IO, 0, "the engine's ring: cannot join it");
        wait_a_while(model);
        return;
    }
    atomic_store(&model->is_done, false);
    atomic_store(&model->is_stopping, false);
    os_error = pthread_create(&model->thread, NULL, thread_main, model);
    if (os_error != 0) {
        (void)btx_fault_set(&model->fault, BTX_FAULT_MEMORY, os_error, "a thread");
        wait_a_while(model);
        return;
    }
    model->has_thread = true;
    model->state = BTX_READ_MODEL_STARTING;
}

static void join_thread(struct btx_read_model *model)
{
    if (model->has_thread)
        CHECK(pthread_join(model->thread, NULL) == 0);
    model->has_thread = false;
}

/* The thread has come to its end. */
static void finish_start(struct btx_read_model *model)
{
    join_thread(model);
    if (model->result != BTX_OK) {
        wait_a_while(model);
        return;
    }
    model->catch_ups++;
    model->state = BTX_READ_MODEL_FOLLOWING;
}

/* Apply and show what was copied; returns how much of it were whole records. */
static size_t take_copy(struct btx_read_model *model, size_t length_bytes)
{
    size_t used_bytes = 0;

    while (length_bytes - used_bytes >= sizeof(struct btx_record)) {
        const struct btx_record *record = (const void *)(model->bytes + used_bytes);
        const char *why;

        if (btx_record_length_bytes(record) > length_bytes - used_bytes)
            break;
        why = btx_record_check(record, length_bytes - used_bytes);
        if (why == NULL && model->options.before != NULL)
            model->options.before(model->options.context, record);
        if (why == NULL)
            why = take(model->exchange.core, &model->seq, record);
        if (why != NULL) {
            (void)btx_fault_set(&model->fault, BTX_FAULT_CORRUPT, 0,
                                "the engine's ring: seq %" PRIu64 ": %s", record->seq, why);
            model->is_spoilt = true;
            wait_a_while(model);
            return 0;
        }
        used_bytes += btx_record_length_bytes(record);
        if (model->options.sink != NULL)
            model->options.sink(model->options.context, record);
    }
    return used_bytes;
}

static bool follow(struct btx_read_model *model)
{
    size_t length_bytes = 0;
    size_t used_bytes;

    switch (btx_event_reader_read(model->reader, model->bytes, COPY_BYTES, &length_bytes)) {
    case BTX_EVENT_READ_NOTHING:
        return false;
    case BTX_EVENT_READ_OVERRUN:
        start(model);
        return false;
    case BTX_EVENT_READ_BYTES:
        used_bytes = take_copy(model, length_bytes);
        btx_event_reader_advance(model->reader, used_bytes);
        return used_bytes != 0;
    case BTX_EVENT_READ_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}

enum btx_fault_code btx_read_model_open(struct btx_read_model *model,
                                        const struct btx_read_model_options *options,
                                        struct btx_fault *reterr_fault)
{
    memset(model, 0, sizeof *model);
    model->options = *options;
    model->is_fresh = true;
    if (btx_exchange_open(&model->exchange, &options->capacity, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    model->bytes = aligned_alloc(BTX_RECORD_UNIT_BYTES, COPY_BYTES);
    if (model->bytes != NULL)
        return BTX_OK;
    btx_exchange_close(&model->exchange);
    return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for a read model");
}

void btx_read_model_attach(struct btx_read_model *model, struct btx_event_reader *reader)
{
    CHECK(model->reader == NULL);
    model->reader = reader;
    start(model);
}

void btx_read_model_detach(struct btx_read_model *model)
{
    atomic_store(&model->is_stopping, true);
    join_thread(model);
    model->reader = NULL;
    model->state = BTX_READ_MODEL_ALONE;
}

bool btx_read_model_turn(struct btx_read_model *model)
{
    switch (model->state) {
    case BTX_READ_MODEL_ALONE:
        return false;
    case BTX_READ_MODEL_STARTING:
        if (!atomic_load(&model->is_done))
            return false;
        finish_start(model);
        return model->state == BTX_READ_MODEL_FOLLOWING;
    case BTX_READ_MODEL_WAITING:
        if (btx_clock_monotonic_ns(model->options.clock) >= model->retry_ns)
            start(model);
        return false;
    case BTX_READ_MODEL_FOLLOWING:
        return follow(model);
    }
    CHECK_UNREACHABLE();
}

void btx_read_model_close(struct btx_read_model *model)
{
    if (model->bytes == NULL)
        return;
    btx_read_model_detach(model);
    btx_exchange_close(&model->exchange);
    free(model->bytes);
    model->bytes = NULL;
}
