/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/options.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/check.h"

/* Digits only: no sign, no space, no suffix. */
static enum btx_fault_code parse_number(const char *name, const char *text,
                                        struct btx_option_number *ret_number,
                                        struct btx_fault *reterr_fault)
{
    const char *digit = text;
    uint64_t value = 0;

    for (; *digit >= '0' && *digit <= '9'; digit++) {
        const unsigned next = (unsigned)(*digit - '0');

        if (value > (UINT64_MAX - next) / 10)
            break;
        value = 10 * value + next;
    }
    if (digit == text || *digit != '\0')
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--%s: want a number from 0 to 18446744073709551615, got '%s'", name,
                             text);
    *ret_number = (struct btx_option_number){.given = true, .value = value};
    return BTX_OK;
}

static const struct btx_option *find_row(const struct btx_option *rows, size_t row_count,
                                         const char *name, size_t length_bytes)
{
    for (size_t i = 0; i < row_count; i++) {
        if (strlen(rows[i].name) == length_bytes && memcmp(rows[i].name, name, length_bytes) == 0)
            return &rows[i];
    }
    return NULL;
}

static enum btx_fault_code take_value(const struct btx_option *row, const char *value, void *member,
                                      struct btx_fault *reterr_fault)
{
    switch (row->kind) {
    case BTX_OPTION_SWITCH:
        *(bool *)member = true;
        return BTX_OK;
    case BTX_OPTION_NUMBER:
        return parse_number(row->name, value, member, reterr_fault);
    case BTX_OPTION_TEXT:
        *(const char **)member = value;
        return BTX_OK;
    }
    CHECK_UNREACHABLE();
}

/* Take the option @text, of which @length_bytes are its name, by its row; @next is the argument
 * behind it or NULL.  *ret_took_next: it was the value. */
static enum btx_fault_code take_option(const struct btx_option *row, const char *text,
                                       size_t length_bytes, const char *next, bool *ret_took_next,
                                       void *request, struct btx_fault *reterr_fault)
{
    const bool has_value = text[length_bytes] == '=';
    const char *value = has_value ? text + length_bytes + 1 : next;

    *ret_took_next = row->kind != BTX_OPTION_SWITCH && !has_value;
    if (row->kind == BTX_OPTION_SWITCH && has_value)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "--%s: takes no value", row->name);
    if (*ret_took_next && next == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "--%s: wants a value, --%s %s",
                             row->name, row->name, row->value);
    return take_value(row, value, (char *)request + row->offset_bytes, reterr_fault);
}

enum btx_fault_code btx_options_parse(const struct btx_option *rows, size_t row_count,
                                      unsigned verbs, const char **arguments, size_t *count,
                                      void *request, struct btx_fault *reterr_fault)
{
    const size_t argument_count = *count;
    bool options = true;

    *count = 0;
    for (size_t i = 0; i < argument_count; i++) {
        const char *text = arguments[i];
        const char *next = i + 1 < argument_count ? arguments[i + 1] : NULL;
        const size_t length_bytes = strcspn(text, "=");
        const struct btx_option *row;
        bool took_next;

        if (!options || text[0] != '-' || text[1] == '\0') {
            arguments[(*count)++] = text;
            continue;
        }
        if (strcmp(text, "--") == 0) {
            options = false;
            continue;
        }
        row = length_bytes > 2 && text[1] == '-'
                  ? find_row(rows, row_count, text + 2, length_bytes - 2)
                  : NULL;
        if (row == NULL || (row->verbs & verbs) == 0)
            return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                                 "%.*s: not an option of this command (its --help has them)",
                                 (int)length_bytes, text);
        if (take_option(row, text, length_bytes, next, &took_next, request, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        i += took_next ? 1 : 0;
    }
    return BTX_OK;
}

void btx_options_print(const struct btx_option *rows, size_t row_count, unsigned verbs)
{
    for (size_t i = 0; i < row_count; i++) {
        const struct btx_option *row = &rows[i];
        char name[32];

        if ((row->verbs & verbs) == 0)
            continue;
        (void)snprintf(name, sizeof name, "--%s%s%s", row->name,
                       row->kind == BTX_OPTION_SWITCH ? "" : " ",
                       row->kind == BTX_OPTION_SWITCH ? "" : row->value);
        printf("  %-16s %s\n", name, row->help);
    }
}
