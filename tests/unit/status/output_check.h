/* SPDX-License-Identifier: Apache-2.0 */
/* output_check.h - whether what status_text.h wrote has the form that it promises, whatever is in
 * it.  For unit tests and the fuzz target.  Each returns NULL, or a sentence on what is wrong. */
#ifndef BTX_STATUS_OUTPUT_CHECK_H
#define BTX_STATUS_OUTPUT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Lines and columns, printable ASCII, colour codes only if @colour and always taken back. */
const char *output_check_screen(const char *text, size_t length, bool colour);

/* One JSON value and a newline, printable ASCII. */
const char *output_check_json(const char *text, size_t length);

/* Prometheus text: HELP, TYPE and then the samples of each metric, each metric once. */
const char *output_check_metrics(const char *text, size_t length);

#endif
