/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c - filling in a fault and carrying it up.  Nothing here allocates or logs. */
#include "engine/base/fault.h"

#include "engine/base/check.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct fault_row {
    const char *name;
    const char *sentence;
    int exit_status;
};

static const struct fault_row fault_rows[] = {
#define FAULT(name, exit_status, sentence) {#name, sentence, exit_status},
#include "engine/base/fault.def"
};

static_assert(BTX_COUNT_OF(fault_rows) == BTX_FAULT_COUNT, "one row for each code");

static const struct fault_row *fault_row(enum btx_fault_code code)
{
    CHECK((unsigned int)code < BTX_FAULT_COUNT);
    return &fault_rows[code];
}

/* Append to @text of BTX_FAULT_TEXT_BYTES, cut what does not fit. */
static void text_append(char *text, const char *more)
{
    size_t length = strlen(text);
    size_t more_length = strnlen(more, BTX_FAULT_TEXT_BYTES - 1 - length);

    memcpy(text + length, more, more_length);
    text[length + more_length] = '\0';
}

enum btx_fault_code btx_fault_set(struct btx_fault *fault, enum btx_fault_code code, int os_error,
                                  const char *format, ...)
{
    int errno_before = errno;
    va_list arguments;
    int length;

    CHECK((unsigned int)code < BTX_FAULT_COUNT && code != BTX_OK);
    if (fault == NULL)
        return code;
    fault->code = code;
    fault->os_error = os_error;
    va_start(arguments, format);
    length = vsnprintf(fault->text, sizeof(fault->text), format, arguments);
    va_end(arguments);
    if (length < 0)
        fault->text[0] = '\0'; /* The format could not be expanded: the code must still go up. */
    if (os_error != 0) {
        const char *description = strerrordesc_np(os_error);

        text_append(fault->text, ": ");
        text_append(fault->text, description != NULL ? description : "unknown system error");
    }
    errno = errno_before;
    return code;
}

enum btx_fault_code btx_fault_wrap(struct btx_fault *fault, const char *format, ...)
{
    int errno_before = errno;
    char inner[BTX_FAULT_TEXT_BYTES];
    va_list arguments;
    int length;

    CHECK(fault != NULL);
    CHECK((unsigned int)fault->code < BTX_FAULT_COUNT && fault->code != BTX_OK);
    memcpy(inner, fault->text, sizeof(inner));
    va_start(arguments, format);
    length = vsnprintf(fault->text, sizeof(fault->text), format, arguments);
    va_end(arguments);
    if (length < 0)
        fault->text[0] = '\0';
    text_append(fault->text, ": ");
    text_append(fault->text, inner);
    errno = errno_before;
    return fault->code;
}

int btx_fault_exit_status(enum btx_fault_code code)
{
    return fault_row(code)->exit_status;
}

const char *btx_fault_name(enum btx_fault_code code)
{
    return fault_row(code)->name;
}

const char *btx_fault_sentence(enum btx_fault_code code)
{
    return fault_row(code)->sentence;
}
