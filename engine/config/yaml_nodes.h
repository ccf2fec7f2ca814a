/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_nodes.h - the part of YAML that configuration files need, node by node.
 *
 * One document of mappings, lists and scalars in UTF-8, within hard limits; whoever wrote the file
 * may have meant harm.  A scalar is its text and nothing else: whether "off", "1e3" or "~" means
 * something is for others to say.  Anchors, aliases and tags are refused. */
#ifndef BTX_CONFIG_YAML_NODES_H
#define BTX_CONFIG_YAML_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

enum {
    BTX_YAML_DEPTH_MAX = 8,
    BTX_YAML_NODES_MAX = 4096,
    BTX_YAML_SCALAR_BYTES_MAX = 512,
    BTX_YAML_PROBLEM_BYTES = 200,
};

enum btx_yaml_kind {
    BTX_YAML_SCALAR,
    BTX_YAML_MAPPING, /* what follows are keys and values in turn, then BTX_YAML_END */
    BTX_YAML_LIST,    /* what follows are its items, then BTX_YAML_END */
    BTX_YAML_END,
};

struct btx_yaml_node {
    enum btx_yaml_kind kind;
    uint32_t line; /* of its first character, from 1 */
    uint32_t column;
    const char *refused; /* why it may not stand in a file, static; NULL: it may */
    bool quoted;         /* 'so' or "so" */
    bool block;          /* | or >, on lines of its own */
    char text[BTX_YAML_SCALAR_BYTES_MAX + 1]; /* of a scalar that is not refused */
};

/* Caller's storage, for one document. */
struct btx_yaml_nodes {
    uint32_t line; /* of the problem that ended the reading */
    uint32_t column;
    char problem[BTX_YAML_PROBLEM_BYTES];
    yaml_parser_t parser; /* Private from here on. */
    const char *bytes;
    size_t length_bytes;
    unsigned depth;
    unsigned node_count;
};

/* Begin with a file of @length_bytes, which stay the caller's until btx_yaml_done().
 * *ret_empty: there is no document in it.  false: there is a problem. */
bool btx_yaml_begin(struct btx_yaml_nodes *nodes, const char *bytes, size_t length_bytes,
                    bool *ret_empty);

/* The next node, the first one is the root.  false: there is a problem. */
bool btx_yaml_next(struct btx_yaml_nodes *nodes, struct btx_yaml_node *ret_node);

/* Pass over what is in @node, which next returned last: all of a mapping or list. */
bool btx_yaml_skip(struct btx_yaml_nodes *nodes, const struct btx_yaml_node *node);

/* Behind the root: nothing may follow. */
bool btx_yaml_end(struct btx_yaml_nodes *nodes);

/* Give back the memory, also after a problem. */
void btx_yaml_done(struct btx_yaml_nodes *nodes);

#endif
