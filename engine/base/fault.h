/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h - how a failed operation is reported: a code to act on and a text to read.
 * A function that can fail returns enum btx_fault_code and takes a struct btx_fault of its
 * caller, last, named reterr_fault.  The fault is set where it happens, gets context once in
 * each layer on the way up, and is logged once, by the file that has main() or owns the session. */
#ifndef BTX_BASE_FAULT_H
#define BTX_BASE_FAULT_H

#include "engine/base/attributes.h"

enum btx_fault_code {
#define FAULT(name, exit_status, sentence) BTX_FAULT_##name,
#include "engine/base/fault.def"
    BTX_FAULT_COUNT,
    BTX_OK = BTX_FAULT_OK, /* The short name for "it worked". */
};

enum { BTX_FAULT_TEXT_BYTES = 512 };

/* What went wrong.  Start with {0}, which is BTX_OK; a success leaves it untouched. */
struct btx_fault {
    enum btx_fault_code code;
    int os_error;                    /* errno at the origin, 0 when no call of the system failed */
    char text[BTX_FAULT_TEXT_BYTES]; /* outermost context first; always ends in a zero */
};

/* Set @fault at the origin and return @code, which is not BTX_OK.  A nonzero @os_error is also
 * spelled out after the text.  @fault may be NULL; a text too long is cut.  errno is kept. */
enum btx_fault_code btx_fault_set(struct btx_fault *fault, enum btx_fault_code code, int os_error,
                                  const char *format, ...) BTX_PRINTF(4, 5);

/* Put "context: " before the text of @fault, which is set, and return its code.  What no longer
 * fits is cut at the end.  @fault must not be NULL: without one the code would be lost. */
enum btx_fault_code btx_fault_wrap(struct btx_fault *fault, const char *format, ...)
    BTX_PRINTF(2, 3);

/* The exit status of a program that ends because of @code. */
int btx_fault_exit_status(enum btx_fault_code code);

/* The name of @code as in fault.def ("DISK_FULL"), and its sentence.  Static storage. */
const char *btx_fault_name(enum btx_fault_code code);
const char *btx_fault_sentence(enum btx_fault_code code);

#endif
