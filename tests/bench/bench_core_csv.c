/* SPDX-License-Identifier: Apache-2.0 */
/* bench_core_csv.c - a flow of one book as text, for other engines and from them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "tests/bench/baseline_book.h"
#include "tests/bench/bench_core_flow.h"

#define HEADER "op,id,side,price_index,size,ref_id"
#define COMMANDS_MAX 100000000u

enum btx_fault_code btx_bench_flow_write_csv(const struct btx_bench_flow *flow, const char *path,
                                             struct btx_fault *reterr_fault)
{
    if (btx_bench_books(&flow->shape) != 1) {
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "the CSV form has one book");
    }
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", path);
    }
    fputs(HEADER "\n", file);
    for (uint32_t i = 0; i < flow->shape.commands; i++) {
        const struct btx_bench_op *op = &flow->ops[i];
        const bool is_cancel = op->kind == BTX_BENCH_CANCEL;
        fprintf(file, "%c,%u,%c,%u,%u,%u\n", is_cancel ? 'X' : 'P', is_cancel ? 0 : op->order,
                op->side == BTX_SIDE_BACK ? 'B' : 'L', op->price_index, op->size,
                is_cancel ? op->order : 0);
    }
    const bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", path);
    }
    return BTX_OK;
}

/* Take digits and the comma or the end of line behind them; false when there is something else. */
static bool take_number(const char **text, char end, uint32_t *ret_number)
{
    uint64_t number = 0;
    const char *at = *text;
    for (; *at >= '0' && *at <= '9' && number <= UINT32_MAX; at++) {
        number = number * 10 + (uint64_t)(*at - '0');
    }
    if (at == *text || number > UINT32_MAX || *at != end) {
        return false;
    }
    *text = at + 1;
    *ret_number = (uint32_t)number;
    return true;
}

static bool take_letter(const char **text, const char *letters, char *ret_letter)
{
    if (**text == '\0' || strchr(letters, **text) == NULL || (*text)[1] != ',') {
        return false;
    }
    *ret_letter = **text;
    *text += 2;
    return true;
}

/* Returns NULL, or what is wrong with the line.  @orders is how many came before it. */
static const char *parse(const char *line, uint32_t orders, struct btx_bench_op *ret_op)
{
    char op = 0;
    char side = 0;
    uint32_t id = 0;
    uint32_t price_index = 0;
    uint32_t size = 0;
    uint32_t reference = 0;
    if (!take_letter(&line, "PX", &op) || !take_number(&line, ',', &id) ||
        !take_letter(&line, "BL", &side) || !take_number(&line, ',', &price_index) ||
        !take_number(&line, ',', &size) || !take_number(&line, '\n', &reference)) {
        return "want op,id,side,price_index,size,ref_id";
    }
    if (price_index >= BTX_BASELINE_PRICES) {
        return "price_index: want 0..349";
    }
    if (op == 'P' && (id != orders + 1 || size == 0 || reference != 0)) {
        return "P: want the next id, a size and ref_id 0";
    }
    if (op == 'X' && (id != 0 || size != 0 || reference == 0 || reference > orders)) {
        return "X: want id 0, size 0 and the ref_id of an order above";
    }
    *ret_op = (struct btx_bench_op){
        .order = op == 'P' ? id : reference,
        .size = size,
        .price_index = (uint16_t)price_index,
        .side = side == 'B' ? BTX_SIDE_BACK : BTX_SIDE_LAY,
        .kind = op == 'P' ? BTX_BENCH_PASSIVE : BTX_BENCH_CANCEL,
    };
    return NULL;
}

struct rows {
    struct btx_bench_op *ops; /* malloc()ed. */
    size_t capacity;
    uint32_t count;
    uint32_t orders;
};

static const char *add_row(struct rows *rows, const char *line)
{
    if (rows->count == COMMANDS_MAX) {
        return "too many rows";
    }
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity == 0 ? 65536 : rows->capacity * 2;
        rows->ops = realloc(rows->ops, rows->capacity * sizeof *rows->ops);
        CHECK(rows->ops != NULL);
    }
    struct btx_bench_op *op = &rows->ops[rows->count];
    const char *wrong = parse(line, rows->orders, op);
    rows->count++;
    rows->orders += wrong != NULL || op->kind == BTX_BENCH_CANCEL ? 0 : 1;
    return wrong;
}

enum btx_fault_code btx_bench_flow_read_csv(struct btx_bench_flow *flow,
                                            const struct btx_bench_shape *shape, const char *path,
                                            struct btx_fault *reterr_fault)
{
    struct rows rows = {0};
    char line[128];
    const char *wrong = NULL;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", path);
    }
    if (fgets(line, sizeof line, file) == NULL || strcmp(line, HEADER "\n") != 0) {
        fclose(file);
        return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "%s:1: want the header %s", path,
                             HEADER);
    }
    while (wrong == NULL && fgets(line, sizeof line, file) != NULL) {
        wrong = add_row(&rows, line);
    }
    const bool failed = ferror(file) != 0;
    fclose(file);
    if (failed || wrong != NULL || rows.count == 0) {
        free(rows.ops);
        return failed ? btx_fault_set(reterr_fault, BTX_FAULT_IO, EIO, "%s", path)
                      : btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "%s:%u: %s", path,
                                      rows.count + 1, wrong == NULL ? "no rows" : wrong);
    }
    struct btx_bench_shape read = *shape;
    read.commands = rows.count;
    read.markets = 1;
    read.touched = 1;
    if (!btx_bench_flow_finish(flow, &read, rows.ops)) {
        btx_bench_flow_done(flow);
        return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "%s: an order matches more than %u",
                             path, BTX_BASELINE_TRADES);
    }
    return BTX_OK;
}
