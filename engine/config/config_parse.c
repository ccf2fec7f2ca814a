/* SPDX-License-Identifier: Apache-2.0 */
/* config_parse.c - keys of a file, one by one, into the values of their rows.
 *
 * An error ends nothing but the key that it is about, unless the file is no YAML from there on. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/config/config_parts.h"
#include "engine/config/yaml_nodes.h"

enum {
    KEY_SHOWN_BYTES = 41, /* of a key in an error, with its zero */
    SECTIONS_MAX = 64,
    PATH_BYTES = BTX_CONFIG_KEY_BYTES,
};
/* Only known sections are entered; the key behind may be anything. */
static_assert(BTX_CONFIG_NAME_BYTES + KEY_SHOWN_BYTES <= PATH_BYTES, "a path fits");

/* A section that the file has begun: all of its text up to length. */
struct section {
    const char *name;
    size_t length;
    uint32_t line;
};

struct parse {
    struct btx_config *config;
    struct btx_yaml_nodes nodes;
    struct section sections[SECTIONS_MAX];
    size_t section_count;
    char path[PATH_BYTES]; /* of what is being read: "engine.ring_size"; "": the root */
};

static bool parse_section(struct parse *parse);

/* ---- Paths ---- */

/* Put @word behind the path; returns its length before that.  *ret_plain: a key can be written so.
 * What else there is may be anything, and is made printable. */
static size_t enter(struct parse *parse, const char *word, bool *ret_plain)
{
    const size_t before = strlen(parse->path);
    size_t length = before;

    *ret_plain = *word != '\0';
    if (before != 0)
        parse->path[length++] = '.';
    for (size_t i = 0; word[i] != '\0'; i++) {
        if (i == KEY_SHOWN_BYTES - 1) {
            *ret_plain = false;
            memcpy(&parse->path[length - 3], "...", 3);
            break;
        }
        *ret_plain = *ret_plain && ((word[i] >= 'a' && word[i] <= 'z') || word[i] == '_' ||
                                    (word[i] >= '0' && word[i] <= '9'));
        parse->path[length++] = word[i] >= ' ' && word[i] <= '~' ? word[i] : '?';
    }
    parse->path[length] = '\0';
    return before;
}

static void leave(struct parse *parse, size_t length)
{
    parse->path[length] = '\0';
}

/* ---- Values ---- */

/* Add an error at @node about the present path. */
#define REFUSE(parse, node, ...)                                                                   \
    btx_config_add_error((parse)->config, (node)->line, (node)->column, (parse)->path, __VA_ARGS__)

/* "want a power of two, 4096..4194304, got a list". */
static void refuse_value(struct parse *parse, const struct btx_config_key *key,
                         const struct btx_yaml_node *node, const char *got)
{
    char bounds[BTX_SETTING_BOUNDS_BYTES];

    btx_setting_print_bounds(key->setting, bounds, sizeof bounds);
    REFUSE(parse, node, "want %s, got %s", bounds, got);
}

/* Read a value, only to judge it when an option has the last word. */
static void read_text(struct parse *parse, struct btx_config_key *key,
                      const struct btx_yaml_node *node, const char *text)
{
    union {
        uint64_t number;
        char text[BTX_SETTING_CHARACTERS_MAX + 1];
        struct btx_setting_cores cores;
    } scratch;
    const bool overruled = key->origin == BTX_CONFIG_OPTION;
    struct btx_setting setting = *key->setting;
    struct btx_fault fault = {0};

    if (overruled)
        setting.offset_bytes = 0;
    if (btx_setting_read(&setting, text, overruled ? &scratch : key->values, &fault) != BTX_OK)
        REFUSE(parse, node, "%s", fault.text);
    else if (!overruled)
        key->origin = BTX_CONFIG_FILE;
}

static void read_scalar(struct parse *parse, struct btx_config_key *key,
                        const struct btx_yaml_node *node)
{
    const bool is_text =
        key->setting->unit == BTX_SETTING_TEXT || key->setting->unit == BTX_SETTING_PATH;

    if (node->refused != NULL)
        REFUSE(parse, node, "%s", node->refused);
    else if (node->block)
        refuse_value(parse, key, node, "a text on lines of its own");
    else if (node->quoted && !is_text)
        refuse_value(parse, key, node, "a text in quotes");
    else if (!node->quoted && node->text[0] == '\0')
        refuse_value(parse, key, node, "nothing");
    else
        read_text(parse, key, node, node->text);
}

/* Items of a list that stand for "2,3".  false: there is a problem. */
static bool parse_list(struct parse *parse, struct btx_config_key *key,
                       const struct btx_yaml_node *list)
{
    char text[BTX_YAML_SCALAR_BYTES_MAX + 1] = "";
    const char *wrong = list->refused;
    struct btx_yaml_node item;
    size_t length = 0;

    for (;;) {
        if (!btx_yaml_next(&parse->nodes, &item))
            return false;
        if (item.kind == BTX_YAML_END)
            break;
        if (item.refused != NULL)
            wrong = item.refused;
        else if (item.kind != BTX_YAML_SCALAR || item.quoted || item.block)
            wrong = "want numbers in the list";
        else if (length + strlen(item.text) + 2 > sizeof text)
            wrong = "the list is too long";
        else
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%s",
                                       length == 0 ? "" : ",", item.text);
        if (!btx_yaml_skip(&parse->nodes, &item))
            return false;
    }
    if (wrong != NULL)
        REFUSE(parse, list, "%s", wrong);
    else
        read_text(parse, key, list, text);
    return true;
}

static bool parse_value(struct parse *parse, struct btx_config_key *key,
                        const struct btx_yaml_node *word, const struct btx_yaml_node *value)
{
    if (key->line != 0) {
        REFUSE(parse, word, "repeated: line %" PRIu32 " has it already", key->line);
        return btx_yaml_skip(&parse->nodes, value);
    }
    key->line = value->line;
    key->column = value->column;
    if (value->kind == BTX_YAML_SCALAR) {
        read_scalar(parse, key, value);
        return true;
    }
    if (value->kind == BTX_YAML_LIST && key->setting->unit == BTX_SETTING_CORES)
        return parse_list(parse, key, value);
    refuse_value(parse, key, value, value->kind == BTX_YAML_LIST ? "a list" : "more keys");
    return btx_yaml_skip(&parse->nodes, value);
}

/* ---- Sections ---- */

/* Note that the file begins the section at the present path, of which @name is a key.  Returns the
 * line in which it did so before; 0: it did not. */
static uint32_t begin_section(struct parse *parse, const char *name, uint32_t line)
{
    const size_t length = strlen(parse->path);

    for (size_t i = 0; i < parse->section_count; i++) {
        const struct section *section = &parse->sections[i];

        if (section->length == length && strncmp(section->name, name, length) == 0)
            return section->line;
    }
    CHECK(parse->section_count < SECTIONS_MAX);
    parse->sections[parse->section_count++] = (struct section){name, length, line};
    return 0;
}

/* The section whose first key is @first. */
static bool parse_subsection(struct parse *parse, const struct btx_config_key *first,
                             const struct btx_yaml_node *word, const struct btx_yaml_node *value)
{
    const uint32_t line = begin_section(parse, first->setting->name, word->line);

    if (line != 0) {
        REFUSE(parse, word, "repeated: line %" PRIu32 " has it already", line);
        return btx_yaml_skip(&parse->nodes, value);
    }
    if (value->refused != NULL)
        REFUSE(parse, value, "%s", value->refused);
    else if (value->kind == BTX_YAML_MAPPING)
        return parse_section(parse);
    else if (value->kind == BTX_YAML_LIST || value->quoted || value->block ||
             value->text[0] != '\0')
        REFUSE(parse, value, "want keys below it, each on a line of its own and indented, got %s",
               value->kind == BTX_YAML_LIST ? "a list" : "a value");
    return btx_yaml_skip(&parse->nodes, value);
}

static bool refuse_unknown(struct parse *parse, const struct btx_yaml_node *word,
                           const struct btx_yaml_node *value, bool is_plain)
{
    char nearest[BTX_CONFIG_NAME_BYTES];

    btx_config_nearest(parse->config, parse->path, nearest);
    if (nearest[0] == '\0')
        REFUSE(parse, word, "there is no such key (betexctl config explain lists all)");
    else if (!is_plain && strcmp(nearest, parse->path) == 0)
        REFUSE(parse, word, "write the last word below the others, indented, not behind a dot");
    else
        REFUSE(parse, word, "there is no such key (is %s meant?)", nearest);
    return btx_yaml_skip(&parse->nodes, value);
}

static bool parse_key(struct parse *parse, const struct btx_yaml_node *word)
{
    const struct btx_config_key *first;
    struct btx_yaml_node value;
    struct btx_config_key *key;
    bool is_plain;
    bool goes_on;
    size_t length;

    if (!btx_yaml_next(&parse->nodes, &value))
        return false;
    length = enter(parse, word->text, &is_plain);
    key = is_plain ? btx_config_find(parse->config, parse->path) : NULL;
    first = is_plain ? btx_config_section(parse->config, parse->path) : NULL;
    if (key != NULL)
        goes_on = parse_value(parse, key, word, &value);
    else if (first != NULL)
        goes_on = parse_subsection(parse, first, word, &value);
    else
        goes_on = refuse_unknown(parse, word, &value, is_plain);
    leave(parse, length);
    return goes_on;
}

/* A key that is no word: pass over it and its value. */
static bool pass_key(struct parse *parse, const struct btx_yaml_node *word)
{
    struct btx_yaml_node value;

    REFUSE(parse, word, "%s",
           word->refused != NULL ? word->refused : "want a word as key, got a list or more keys");
    return btx_yaml_skip(&parse->nodes, word) && btx_yaml_next(&parse->nodes, &value) &&
           btx_yaml_skip(&parse->nodes, &value);
}

/* All keys of a mapping that has begun.  false: there is a problem. */
static bool parse_section(struct parse *parse)
{
    struct btx_yaml_node word;

    for (;;) {
        if (!btx_yaml_next(&parse->nodes, &word))
            return false;
        if (word.kind == BTX_YAML_END)
            return true;
        if (word.kind != BTX_YAML_SCALAR || word.refused != NULL) {
            if (!pass_key(parse, &word))
                return false;
        } else if (!parse_key(parse, &word)) {
            return false;
        }
    }
}

static bool parse_document(struct parse *parse)
{
    struct btx_yaml_node root;

    if (!btx_yaml_next(&parse->nodes, &root))
        return false;
    if (root.kind == BTX_YAML_MAPPING && root.refused == NULL)
        return parse_section(parse) && btx_yaml_end(&parse->nodes);
    if (root.kind == BTX_YAML_MAPPING)
        REFUSE(parse, &root, "%s", root.refused);
    else if (root.kind == BTX_YAML_LIST || root.quoted || root.block || root.refused != NULL ||
             root.text[0] != '\0')
        REFUSE(parse, &root, "want sections ('engine:') with keys below them, got %s",
               root.kind == BTX_YAML_LIST ? "a list" : "a text");
    return btx_yaml_skip(&parse->nodes, &root) && btx_yaml_end(&parse->nodes);
}

enum btx_fault_code btx_config_parse(struct btx_config *config, const char *file, const char *bytes,
                                     size_t length_bytes, struct btx_fault *reterr_fault)
{
    struct parse parse = {.config = config};
    bool is_empty;

    CHECK(config->file == NULL);
    config->file = file;
    if (length_bytes > BTX_CONFIG_FILE_BYTES_MAX) {
        btx_config_add_error(config, 1, 1, "", "the file is longer than %d bytes",
                             BTX_CONFIG_FILE_BYTES_MAX);
        return btx_config_fault(config, reterr_fault);
    }
    if (!btx_yaml_begin(&parse.nodes, bytes, length_bytes, &is_empty) ||
        (!is_empty && !parse_document(&parse)))
        btx_config_add_error(config, parse.nodes.line, parse.nodes.column, "", "%s",
                             parse.nodes.problem);
    btx_yaml_done(&parse.nodes);
    return btx_config_fault(config, reterr_fault);
}
