/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/verb_command.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/attributes.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"

/* How an argument becomes JSON. */
enum form { FORM_NUMBER, FORM_WORD, FORM_BOOL, FORM_TEXT, FORM_IDS };

#define FORM_ID FORM_NUMBER
#define FORM_COUNT FORM_NUMBER
#define FORM_SEQUENCE FORM_NUMBER
#define FORM_DECIMAL FORM_NUMBER
#define FORM_PRICE FORM_NUMBER
#define FORM_TIME FORM_NUMBER
#define FORM_REF FORM_TEXT
#define FORM_SIDE FORM_WORD
#define FORM_ORDER_SIDE FORM_WORD
#define FORM_OUTCOME FORM_WORD
#define FORM_MARKET_KIND FORM_WORD
#define FORM_LADDER FORM_WORD
#define FORM_TIF FORM_WORD
#define FORM_PERSISTENCE FORM_WORD
#define FORM_STP FORM_WORD

struct field {
    uint8_t command;
    const char *name;
    enum form form;
};

static const struct field fields[] = {
#define FIELD(COMMAND, body, field, KIND, NEED) {BTX_COMMAND_##COMMAND, #field, FORM_##KIND},
#include "engine/wire/command_fields.def"
};

enum { NAME_BYTES = 32 };

/* The line being put together; the longest argument list with all escapes fits. */
struct line {
    struct btx_writer out;
    char bytes[BTX_COMMAND_LINE_BYTES_MAX];
};

static void put(struct line *line, const char *text)
{
    btx_writer_bytes(&line->out, text, strlen(text));
}

static void put_quoted(struct line *line, const char *text, bool upper)
{
    put(line, "\"");
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        char escaped[8];

        if (byte < 0x20 || byte == '"' || byte == '\\')
            (void)snprintf(escaped, sizeof escaped, "\\u%04x", byte);
        else
            (void)snprintf(escaped, sizeof escaped, "%c", upper ? toupper(byte) : byte);
        put(line, escaped);
    }
    put(line, "\"");
}

static bool consists_of(const char *text, const char *characters)
{
    return *text != '\0' && text[strspn(text, characters)] == '\0';
}

static void put_value(struct line *line, enum form form, const char *value)
{
    switch (form) {
    case FORM_NUMBER:
        if (consists_of(value, "0123456789.-"))
            put(line, value);
        else
            put_quoted(line, value, false);
        return;
    case FORM_IDS:
        if (consists_of(value, "0123456789,")) {
            put(line, "[");
            put(line, value);
            put(line, "]");
        } else {
            put_quoted(line, value, false);
        }
        return;
    case FORM_BOOL:
        if (strcmp(value, "yes") == 0 || strcmp(value, "true") == 0)
            put(line, "true");
        else if (strcmp(value, "no") == 0 || strcmp(value, "false") == 0)
            put(line, "false");
        else
            put_quoted(line, value, false);
        return;
    case FORM_WORD:
        put_quoted(line, value, true);
        return;
    case FORM_TEXT:
        put_quoted(line, value, false);
        return;
    }
    CHECK_UNREACHABLE();
}

static const struct field *find_field(uint8_t command, const char *name)
{
    for (size_t i = 0; i < BTX_COUNT_OF(fields); i++) {
        if (fields[i].command == command && strcmp(fields[i].name, name) == 0)
            return &fields[i];
    }
    return NULL;
}

/* The winners of a BINARY market have a field of their own, which is one of two words. */
static const char *other_name(uint8_t command, const char *name, const char *value)
{
    if (command == BTX_COMMAND_SETTLE_MARKET && strcmp(name, "winners") == 0 &&
        (strcasecmp(value, "yes") == 0 || strcasecmp(value, "no") == 0))
        return "result";
    return name;
}

/* A name that the command does not have is the decoder's to refuse, in its own words. */
static void put_field(struct line *line, uint8_t command, const char *given, const char *value)
{
    const char *name = other_name(command, given, value);
    const struct field *field = find_field(command, name);

    put(line, ",");
    put_quoted(line, name, false);
    put(line, ":");
    put_value(line, field != NULL ? field->form : FORM_TEXT, value);
}

/* The placeholder at @at: its name in @ret_name; returns what is behind it, NULL when @at is none
 * or takes "field=value". */
static const char *next_placeholder(const char *at, char ret_name[NAME_BYTES])
{
    at = strchr(at, '<');
    if (at == NULL)
        return NULL;
    (void)snprintf(ret_name, NAME_BYTES, "%.*s", (int)strcspn(at + 1, ">"), at + 1);
    return at + 1;
}

/* "name=value" in two.  NULL, or what is wrong. */
static const char *split(const char *argument, char ret_name[NAME_BYTES], const char **ret_value)
{
    const size_t length = strcspn(argument, "=");

    if (argument[length] == '\0')
        return "want field=value (see --help)";
    if (length == 0 || length >= NAME_BYTES)
        return "the name of a field is too long or missing";
    memcpy(ret_name, argument, length);
    ret_name[length] = '\0';
    for (char *byte = ret_name; *byte != '\0'; byte++)
        *byte = *byte == '-' ? '_' : *byte;
    *ret_value = argument + length + 1;
    return NULL;
}

static const char *put_line(struct line *line, const struct btx_verb *verb,
                            const char *const *arguments, size_t argument_count)
{
    const char *at = verb->pattern;
    char name[NAME_BYTES];
    const char *value;
    size_t i = 0;

    put(line, "{\"cmd\":");
    put_quoted(line, btx_command_name((enum btx_command_type)verb->command)->text, false);
    put(line, ",\"t\":0");
    for (; i < argument_count && (at = next_placeholder(at, name)) != NULL; i++)
        put_field(line, verb->command, name, arguments[i]);
    for (; i < argument_count; i++) {
        const char *why = split(arguments[i], name, &value);

        if (why != NULL)
            return why;
        put_field(line, verb->command, name, value);
    }
    put(line, "}");
    return line->out.overflowed ? "too long" : NULL;
}

const char *btx_verb_command_build(const struct btx_verb *verb, const char *const *arguments,
                                   size_t argument_count, struct btx_command_text *text,
                                   union btx_command_space *space)
{
    struct line *line = malloc(sizeof *line);
    const char *why;

    CHECK(verb->command != 0);
    if (line == NULL)
        return "no memory";
    btx_writer_init(&line->out, line->bytes, sizeof line->bytes);
    why = put_line(line, verb, arguments, argument_count);
    if (why == NULL)
        why = btx_command_text_decode(text, line->bytes, line->out.length_bytes, space);
    free(line);
    return why;
}

void btx_verb_command_fields(const struct btx_verb *verb,
                             void (*take)(void *context, const char *field), void *context)
{
    for (size_t i = 0; i < BTX_COUNT_OF(fields); i++) {
        char placeholder[NAME_BYTES + 2];

        if (fields[i].command != verb->command)
            continue;
        (void)snprintf(placeholder, sizeof placeholder, "<%s>", fields[i].name);
        if (strstr(verb->pattern, placeholder) == NULL)
            take(context, fields[i].name);
    }
}
