/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/config/yaml_nodes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/attributes.h"
#include "engine/base/check.h"
#include "engine/base/utf8.h"

#define REFUSED_ALIAS "aliases (*name) are not allowed here"
#define REFUSED_ANCHOR "anchors (&name) are not allowed here"
#define REFUSED_TAG "tags (!name) are not allowed here"
#define REFUSED_LONG "longer than 512 bytes"
#define REFUSED_ZERO "a zero byte in a text"

/* Set the problem; always false, for the caller to return. */
static bool stop(struct btx_yaml_nodes *nodes, uint32_t line, uint32_t column, const char *format,
                 ...) BTX_PRINTF(4, 5);
static bool stop(struct btx_yaml_nodes *nodes, uint32_t line, uint32_t column, const char *format,
                 ...)
{
    va_list arguments;

    nodes->line = line;
    nodes->column = column;
    va_start(arguments, format);
    (void)vsnprintf(nodes->problem, sizeof nodes->problem, format, arguments); /* Cut is fine. */
    va_end(arguments);
    return false;
}

static bool stop_at(struct btx_yaml_nodes *nodes, yaml_mark_t mark, const char *why)
{
    return stop(nodes, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1, "%s", why);
}

/* ---- Characters ---- */

/* The length of the character at @bytes, of which @left remain; 0 when it is not UTF-8. */
static size_t character_bytes(const char *bytes, size_t left)
{
    const unsigned char first = (unsigned char)*bytes;
    const size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    return length <= left && btx_utf8_is_valid(bytes, length) ? length : 0;
}

/* Whether a character of @length bytes is one that people do not see and editors do not keep: the
 * controls but tab, line feed and carriage return; line separators, which would make lines that
 * nobody else counts; and what is no character at all. */
static bool is_control(const char *bytes, size_t length)
{
    const unsigned char first = (unsigned char)bytes[0];
    const unsigned char second = length > 1 ? (unsigned char)bytes[1] : 0;
    const unsigned char third = length > 2 ? (unsigned char)bytes[2] : 0;

    if (length == 1)
        return (first < 0x20 && first != '\t' && first != '\n' && first != '\r') || first == 0x7f;
    if (length == 2)
        return first == 0xc2 && second < 0xa0; /* U+0080..U+009F */
    return (first == 0xe2 && second == 0x80 && (third == 0xa8 || third == 0xa9)) ||
           (first == 0xef && second == 0xbf && third >= 0xbe); /* U+2028, U+2029; U+FFFE, U+FFFF */
}

/* All characters are fit for the file; else the problem has the place of the first that is not. */
static bool check_characters(struct btx_yaml_nodes *nodes)
{
    uint32_t line = 1;
    uint32_t column = 1;

    for (size_t at = 0; at < nodes->length_bytes;) {
        const char *bytes = nodes->bytes + at;
        const size_t length = character_bytes(bytes, nodes->length_bytes - at);

        if (length == 0)
            return stop(nodes, line, column, "byte 0x%02x is not UTF-8", (unsigned char)*bytes);
        if (is_control(bytes, length))
            return stop(nodes, line, column, "a control character (first byte 0x%02x)",
                        (unsigned char)*bytes);
        at += length;
        column++;
        /* As YAML counts: "\r\n" ends one line. */
        if (*bytes == '\n' ||
            (*bytes == '\r' && (at == nodes->length_bytes || nodes->bytes[at] != '\n'))) {
            line++;
            column = 1;
        }
    }
    return true;
}

/* The byte at a place that libyaml named; 0 behind the end. */
static char byte_at(const struct btx_yaml_nodes *nodes, yaml_mark_t mark)
{
    size_t at = 0;

    for (size_t i = 0; i < mark.index && at < nodes->length_bytes; i++)
        at += character_bytes(nodes->bytes + at, nodes->length_bytes - at);
    return at < nodes->length_bytes ? nodes->bytes[at] : '\0';
}

/* ---- Events ---- */

/* What libyaml says of the mistakes that are made most, in other words. */
static const struct {
    const char *problem;
    const char *say;
} sayings[] = {
    {"mapping values are not allowed in this context",
     "a ':' where no key can be (is a line before it indented wrongly, or does a text want "
     "quotes?)"},
    {"could not find expected ':'", "want KEY: VALUE"},
    {"did not find expected key", "want a key here (is the line indented wrongly?)"},
    {"did not find expected <document start>",
     "nothing may follow here (is the line indented wrongly?)"},
};

static bool stop_by_parser(struct btx_yaml_nodes *nodes)
{
    const yaml_parser_t *parser = &nodes->parser;
    const char *problem = parser->problem == NULL ? "no YAML" : parser->problem;

    if (parser->error == YAML_MEMORY_ERROR)
        return stop(nodes, 1, 1, "no memory to read it");
    if (byte_at(nodes, parser->problem_mark) == '\t')
        return stop_at(nodes, parser->problem_mark, "a tab (indent with spaces)");
    for (size_t i = 0; i < BTX_COUNT_OF(sayings); i++) {
        if (strcmp(problem, sayings[i].problem) == 0)
            problem = sayings[i].say;
    }
    if (parser->context == NULL)
        return stop_at(nodes, parser->problem_mark, problem);
    return stop(nodes, (uint32_t)parser->problem_mark.line + 1,
                (uint32_t)parser->problem_mark.column + 1, "%s, %s from line %zu on", problem,
                parser->context, parser->context_mark.line + 1);
}

static bool next_event(struct btx_yaml_nodes *nodes, yaml_event_t *ret_event)
{
    return yaml_parser_parse(&nodes->parser, ret_event) == 1 || stop_by_parser(nodes);
}

/* Take an event that carries nothing. */
static bool pass_event(struct btx_yaml_nodes *nodes, yaml_event_type_t *ret_type,
                       yaml_mark_t *ret_mark)
{
    yaml_event_t event;

    if (!next_event(nodes, &event))
        return false;
    *ret_type = event.type;
    *ret_mark = event.start_mark;
    yaml_event_delete(&event);
    return true;
}

/* ---- Nodes ---- */

static const char *refuse_properties(const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL)
        return REFUSED_ANCHOR;
    return tag != NULL ? REFUSED_TAG : NULL;
}

static void take_scalar(struct btx_yaml_node *node, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    const size_t length = event->data.scalar.length;
    const yaml_scalar_style_t style = event->data.scalar.style;

    node->quoted =
        style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    node->block = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
    node->refused = refuse_properties(event->data.scalar.anchor, event->data.scalar.tag);
    if (node->refused == NULL && length > BTX_YAML_SCALAR_BYTES_MAX)
        node->refused = REFUSED_LONG;
    if (node->refused == NULL && memchr(text, '\0', length) != NULL)
        node->refused = REFUSED_ZERO;
    if (node->refused == NULL)
        memcpy(node->text, text, length);
    node->text[node->refused == NULL ? length : 0] = '\0';
}

static bool is_end(yaml_event_type_t type)
{
    return type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT;
}

static void take_event(struct btx_yaml_node *node, const yaml_event_t *event)
{
    node->line = (uint32_t)event->start_mark.line + 1;
    node->column = (uint32_t)event->start_mark.column + 1;
    node->refused = NULL;
    node->quoted = false;
    node->block = false;
    node->text[0] = '\0';
    if (event->type == YAML_SCALAR_EVENT) {
        node->kind = BTX_YAML_SCALAR;
        take_scalar(node, event);
    } else if (event->type == YAML_ALIAS_EVENT) {
        node->kind = BTX_YAML_SCALAR;
        node->refused = REFUSED_ALIAS;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        node->kind = BTX_YAML_MAPPING;
        node->refused =
            refuse_properties(event->data.mapping_start.anchor, event->data.mapping_start.tag);
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        node->kind = BTX_YAML_LIST;
        node->refused =
            refuse_properties(event->data.sequence_start.anchor, event->data.sequence_start.tag);
    } else {
        CHECK(is_end(event->type));
        node->kind = BTX_YAML_END;
    }
}

bool btx_yaml_next(struct btx_yaml_nodes *nodes, struct btx_yaml_node *ret_node)
{
    yaml_event_t event;

    if (!next_event(nodes, &event))
        return false;
    take_event(ret_node, &event);
    yaml_event_delete(&event);
    if (ret_node->kind == BTX_YAML_END) {
        nodes->depth--;
        return true;
    }
    if (nodes->node_count++ == BTX_YAML_NODES_MAX)
        return stop(nodes, ret_node->line, ret_node->column, "more than %d keys and values",
                    BTX_YAML_NODES_MAX);
    if (ret_node->kind != BTX_YAML_SCALAR && nodes->depth++ == BTX_YAML_DEPTH_MAX)
        return stop(nodes, ret_node->line, ret_node->column, "more than %d levels",
                    BTX_YAML_DEPTH_MAX);
    return true;
}

bool btx_yaml_skip(struct btx_yaml_nodes *nodes, const struct btx_yaml_node *node)
{
    struct btx_yaml_node inner;
    const unsigned depth = nodes->depth;

    if (node->kind != BTX_YAML_MAPPING && node->kind != BTX_YAML_LIST)
        return true;
    while (nodes->depth >= depth) {
        if (!btx_yaml_next(nodes, &inner))
            return false;
    }
    return true;
}

/* ---- The document ---- */

bool btx_yaml_begin(struct btx_yaml_nodes *nodes, const char *bytes, size_t length_bytes,
                    bool *ret_empty)
{
    static const char mark[] = "\xef\xbb\xbf"; /* What Windows puts before UTF-8. */
    const size_t mark_bytes = sizeof mark - 1;
    yaml_event_type_t type;
    yaml_mark_t place;

    memset(nodes, 0, sizeof *nodes);
    if (length_bytes >= mark_bytes && memcmp(bytes, mark, mark_bytes) == 0) {
        bytes += mark_bytes;
        length_bytes -= mark_bytes;
    }
    nodes->bytes = bytes;
    nodes->length_bytes = length_bytes;
    if (!check_characters(nodes))
        return false;
    if (yaml_parser_initialize(&nodes->parser) != 1)
        return stop(nodes, 1, 1, "no memory to read it");
    yaml_parser_set_encoding(&nodes->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&nodes->parser, (const unsigned char *)bytes, length_bytes);
    if (!pass_event(nodes, &type, &place) || !pass_event(nodes, &type, &place))
        return false;
    *ret_empty = type == YAML_STREAM_END_EVENT;
    return true;
}

bool btx_yaml_end(struct btx_yaml_nodes *nodes)
{
    yaml_event_type_t type;
    yaml_mark_t mark;

    if (!pass_event(nodes, &type, &mark)) /* The end of the document. */
        return false;
    if (!pass_event(nodes, &type, &mark))
        return false;
    return type == YAML_STREAM_END_EVENT ||
           stop_at(nodes, mark, "a second document ('---'); want one");
}

void btx_yaml_done(struct btx_yaml_nodes *nodes)
{
    yaml_parser_delete(&nodes->parser); /* All zero when it was never begun: that is fine too. */
}
