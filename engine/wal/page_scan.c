/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/page_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/wal/sizing.h"
#include "engine/wire/record.h"

enum {
    /* Read at a time when all pages are looked at. */
    PIECE_BYTES = 1 << 20,
    /* Read first of a run whose records may turn out to be wrong: more than the greatest one. */
    RUN_FIRST_BYTES = 16 * BTX_WAL_PAGE_BYTES,
    /* How often the file's bytes may be read in runs.  Each is read once or twice in a file that
     * was not made to be read for ever. */
    BUDGET_FACTOR = 8,
    /* Runs without a name that are followed to one with a number: those of many lost leaves, and
     * not so many that it takes long when there is no room for any of them. */
    CHAIN_MAX = 4096,
};

/* The number of a batch that nothing names. */
#define NUMBER_UNKNOWN UINT64_MAX

/* Begin of an overflow run, as its first page says. */
struct run_head {
    uint64_t page;
    uint64_t seq; /* that the key of its batch has */
    uint32_t pages;
    bool named; /* by an entry with that seq */
};

struct run_heads {
    struct run_head *heads;
    size_t count;
    size_t room;
};

/* --- Records ---------------------------------------------------------------------------------- */

/* The seq of the key of a batch that begins with @record. */
static uint64_t key_seq(const struct btx_record *record)
{
    return btx_record_kind(record) == BTX_RECORD_NOTE ? record->seq + 1 : record->seq;
}

/* The same of a record that may not be aligned. */
static uint64_t record_key_seq(const uint8_t *bytes)
{
    struct btx_record record;

    memcpy(&record, bytes, sizeof record);
    return key_seq(&record);
}

void btx_page_content_check(const uint8_t *bytes, size_t length_bytes,
                            struct btx_page_content *ret_content)
{
    struct btx_page_content content = {0};

    while (content.valid_bytes < length_bytes) {
        const struct btx_record *record = (const void *)(bytes + content.valid_bytes);

        if (btx_record_check(record, length_bytes - content.valid_bytes) != NULL ||
            !btx_record_sealed(record))
            break;
        if (content.valid_bytes == 0)
            content.seq = content.next_seq = key_seq(record);
        if (key_seq(record) != content.next_seq)
            break;
        if (btx_record_kind(record) == BTX_RECORD_EVENT)
            content.next_seq++;
        content.valid_bytes += btx_record_length_bytes(record);
    }
    *ret_content = content;
}

/* Read the value of @item, up to @limit_bytes, as long as its records are right. */
static enum btx_fault_code item_read(struct btx_page_scan *scan, struct btx_page_file *file,
                                     const struct btx_page_item *item, uint64_t limit_bytes,
                                     struct btx_page_buffer *buffer,
                                     struct btx_page_content *ret_content,
                                     struct btx_fault *reterr_fault)
{
    const uint64_t all_bytes = (BTX_WAL_PAGE_HEADER_BYTES + limit_bytes + BTX_WAL_PAGE_BYTES - 1) /
                               BTX_WAL_PAGE_BYTES * BTX_WAL_PAGE_BYTES;
    uint64_t wanted_bytes = RUN_FIRST_BYTES;

    *ret_content = (struct btx_page_content){0};
    for (;;) {
        size_t value_bytes;
        size_t read_bytes;
        enum btx_fault_code code;

        if (wanted_bytes > all_bytes)
            wanted_bytes = all_bytes;
        if (wanted_bytes > scan->budget_bytes)
            return BTX_OK;
        scan->budget_bytes -= wanted_bytes;
        code = btx_page_buffer_reserve(buffer, wanted_bytes, reterr_fault);
        if (code == BTX_OK)
            code = btx_page_file_read(file, item->run_page, buffer->bytes, wanted_bytes,
                                      &read_bytes, reterr_fault);
        if (code != BTX_OK)
            return code;
        value_bytes =
            read_bytes > BTX_WAL_PAGE_HEADER_BYTES ? read_bytes - BTX_WAL_PAGE_HEADER_BYTES : 0;
        if (value_bytes > limit_bytes)
            value_bytes = (size_t)limit_bytes;
        btx_page_content_check(buffer->bytes + BTX_WAL_PAGE_HEADER_BYTES, value_bytes, ret_content);
        /* A record that is right begins in what was read and may end behind it. */
        if (read_bytes < wanted_bytes || wanted_bytes == all_bytes ||
            ret_content->valid_bytes + BTX_RECORD_BYTES_MAX <= value_bytes)
            return BTX_OK;
        wanted_bytes *= 2;
    }
}

/* --- Looking at every page -------------------------------------------------------------------- */

static enum btx_fault_code item_add(struct btx_page_scan *scan, const struct btx_page_item *item,
                                    struct btx_fault *reterr_fault)
{
    if (scan->count == scan->room) {
        const size_t room = scan->room != 0 ? 2 * scan->room : 256;
        struct btx_page_item *items = reallocarray(scan->items, room, sizeof *items);

        if (items == NULL)
            return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, ENOMEM, "scanning a segment");
        scan->items = items;
        scan->room = room;
    }
    scan->items[scan->count++] = *item;
    return BTX_OK;
}

static enum btx_fault_code head_add(struct run_heads *heads, const struct run_head *head,
                                    struct btx_fault *reterr_fault)
{
    if (heads->count == heads->room) {
        const size_t room = heads->room != 0 ? 2 * heads->room : 256;
        struct run_head *grown = reallocarray(heads->heads, room, sizeof *grown);

        if (grown == NULL)
            return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, ENOMEM, "scanning a segment");
        heads->heads = grown;
        heads->room = room;
    }
    heads->heads[heads->count++] = *head;
    return BTX_OK;
}

/* Whether @page may be a leaf that was damaged: two of three things about its header are right. */
static bool looks_like_leaf(const uint8_t *page, uint64_t number)
{
    const struct btx_page_header *header = btx_page_header(page);
    const bool has_bounds = header->lower > BTX_WAL_PAGE_HEADER_BYTES && header->lower % 2 == 0 &&
                            header->lower <= header->upper && header->upper <= BTX_WAL_PAGE_BYTES;

    return (header->number == number) + (header->flags == BTX_PAGE_LEAF) + has_bounds >= 2;
}

/* Whether the entry may be one although nothing points to it: its value begins as it must. */
static bool looks_like_entry(const struct btx_page_entry *entry, bool in_leaf)
{
    if (entry->key.seq == 0)
        return entry->value_bytes == sizeof(struct btx_wal_header);
    if (entry->value_bytes == 0 || entry->value_bytes % BTX_RECORD_UNIT_BYTES != 0)
        return false;
    if (entry->value == NULL)
        return in_leaf;
    return record_key_seq(entry->value) == entry->key.seq;
}

static enum btx_fault_code entry_add(struct btx_page_scan *scan, const uint8_t *page,
                                     uint64_t number, const struct btx_page_entry *entry,
                                     bool right, struct btx_fault *reterr_fault)
{
    const struct btx_page_item item = {
        .key = entry->key,
        .page = number,
        .run_page = entry->run_page,
        .value_bytes = entry->value_bytes,
        .offset_bytes = entry->value != NULL ? (uint16_t)(entry->value - page) : 0,
        .doubt = !right,
    };

    return item_add(scan, &item, reterr_fault);
}

/* Take the entries of a leaf, and what looks like one wherever no right leaf says what is there:
 * the pointers to entries stand in the first sector of a page, which may be lost alone, and pages
 * have remains of earlier ones between their pointers and their entries. */
static enum btx_fault_code leaf_take(struct btx_page_scan *scan, const uint8_t *page,
                                     uint64_t number, struct btx_fault *reterr_fault)
{
    const bool right = btx_page_leaf_check(page, number) == NULL;
    const bool like_leaf = looks_like_leaf(page, number);
    const unsigned count = right ? btx_page_node_count(page) : 0;
    unsigned begin = right ? btx_page_header(page)->lower : BTX_WAL_PAGE_HEADER_BYTES;
    const unsigned end = right ? btx_page_header(page)->upper : BTX_WAL_PAGE_BYTES;
    enum btx_fault_code code = BTX_OK;
    struct btx_page_entry entry;

    for (unsigned i = 0; i < count && code == BTX_OK; i++) {
        CHECK(btx_page_entry_read(page, i, &entry));
        code = entry_add(scan, page, number, &entry, true, reterr_fault);
    }
    for (; begin + sizeof(struct btx_page_node) <= end && code == BTX_OK; begin += 2) {
        const struct btx_page_node *node = (const void *)(page + begin);

        if (node->key_bytes == sizeof(struct btx_wal_key) && /* Soon seen not to be one. */
            btx_page_entry_read_at(page, begin, &entry) && looks_like_entry(&entry, like_leaf))
            code = entry_add(scan, page, number, &entry, false, reterr_fault);
    }
    return code;
}

/* Take what begins an overflow run with records, wherever it says that it belongs. */
static enum btx_fault_code head_take(struct run_heads *heads, const uint8_t *page, uint64_t number,
                                     struct btx_fault *reterr_fault)
{
    const struct btx_record *record = (const void *)(page + BTX_WAL_PAGE_HEADER_BYTES);
    struct run_head head = {.page = number, .pages = btx_page_run_claimed(page)};

    if (btx_page_header(page)->flags != BTX_PAGE_OVERFLOW || head.pages == 0 ||
        record->length_units == 0)
        return BTX_OK;
    head.seq = key_seq(record);
    return head_add(heads, &head, reterr_fault);
}

static enum btx_fault_code pages_take(struct btx_page_scan *scan, struct run_heads *heads,
                                      struct btx_page_file *file, uint8_t *piece,
                                      struct btx_fault *reterr_fault)
{
    uint64_t first = BTX_PAGE_FIRST;
    size_t read_bytes = 0;

    do {
        enum btx_fault_code code =
            btx_page_file_read(file, first, piece, PIECE_BYTES, &read_bytes, reterr_fault);

        for (size_t offset = 0; code == BTX_OK && offset < read_bytes;
             offset += BTX_WAL_PAGE_BYTES) {
            code = leaf_take(scan, piece + offset, first, reterr_fault);
            if (code == BTX_OK)
                code = head_take(heads, piece + offset, first, reterr_fault);
            first++;
        }
        if (code != BTX_OK)
            return code;
    } while (read_bytes == PIECE_BYTES);
    return BTX_OK;
}

/* --- Runs that nothing names ------------------------------------------------------------------ */

static struct run_head *head_find(const struct run_heads *heads, uint64_t page)
{
    size_t low = 0;
    size_t high = heads->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (heads->heads[middle].page < page)
            low = middle + 1;
        else
            high = middle;
    }
    return low < heads->count && heads->heads[low].page == page ? &heads->heads[low] : NULL;
}

/* Bytes of value that a run may hold, as its first page says. */
static uint64_t run_limit(const struct run_head *head)
{
    const uint64_t bytes = (uint64_t)head->pages * BTX_WAL_PAGE_BYTES;

    return (bytes < BTX_PAGE_VALUE_BYTES_MAX ? bytes : BTX_PAGE_VALUE_BYTES_MAX) -
           BTX_WAL_PAGE_HEADER_BYTES;
}

/* The entry says less than the run that it names: if the records go on to the last page of the
 * run, the entry is what is wrong. */
static enum btx_fault_code size_mend(struct btx_page_scan *scan, struct btx_page_item *item,
                                     const struct run_head *head, struct btx_page_file *file,
                                     struct btx_page_buffer *buffer, struct btx_fault *reterr_fault)
{
    struct btx_page_content content;
    const enum btx_fault_code code =
        item_read(scan, file, item, run_limit(head), buffer, &content, reterr_fault);

    if (code == BTX_OK && run_limit(head) - content.valid_bytes < BTX_WAL_PAGE_BYTES)
        item->value_bytes = (uint32_t)content.valid_bytes;
    return code;
}

/* Add those whose records are right; what lies inside of one is not another. */
static enum btx_fault_code runs_take(struct btx_page_scan *scan, struct run_heads *heads,
                                     struct btx_page_file *file, struct btx_fault *reterr_fault)
{
    struct btx_page_buffer buffer = {0};
    enum btx_fault_code code = BTX_OK;
    uint64_t behind = 0;

    for (size_t i = 0; i < scan->count && code == BTX_OK; i++) {
        struct run_head *head =
            scan->items[i].run_page != 0 ? head_find(heads, scan->items[i].run_page) : NULL;

        if (head == NULL || head->seq != scan->items[i].key.seq)
            continue;
        head->named = true;
        if (head->pages > btx_wal_batch_pages(scan->items[i].value_bytes))
            code = size_mend(scan, &scan->items[i], head, file, &buffer, reterr_fault);
    }
    for (size_t i = 0; i < heads->count && code == BTX_OK; i++) {
        const struct run_head *head = &heads->heads[i];
        const uint64_t limit_bytes = run_limit(head);
        struct btx_page_item item = {
            .key = {head->seq, NUMBER_UNKNOWN}, .page = head->page, .run_page = head->page};
        struct btx_page_content content;

        if (head->named || head->page < behind)
            continue;
        code = item_read(scan, file, &item, limit_bytes, &buffer, &content, reterr_fault);
        if (code != BTX_OK || content.valid_bytes == 0)
            continue;
        behind = head->page + btx_wal_batch_pages(content.valid_bytes);
        item.value_bytes = (uint32_t)content.valid_bytes;
        item.next_seq = content.next_seq;
        item.doubt = limit_bytes - content.valid_bytes >= BTX_WAL_PAGE_BYTES; /* A part is gone. */
        code = item_add(scan, &item, reterr_fault);
    }
    btx_page_buffer_done(&buffer);
    return code;
}

/* --- The index -------------------------------------------------------------------------------- */

static int item_compare(const void *a, const void *b)
{
    const struct btx_page_item *one = a;
    const struct btx_page_item *other = b;
    const int keys = btx_page_key_compare(&one->key, &other->key);

    if (keys != 0)
        return keys;
    if (one->value_bytes != other->value_bytes) /* If the records fill it, the greater is right. */
        return one->value_bytes > other->value_bytes ? -1 : 1;
    if (one->doubt != other->doubt)
        return one->doubt < other->doubt ? -1 : 1;
    if (one->run_page != other->run_page)
        return one->run_page < other->run_page ? -1 : 1;
    return (one->page > other->page) - (one->page < other->page);
}

/* Many copies of a leaf name the same run: one of them is enough. */
static void items_thin(struct btx_page_scan *scan)
{
    size_t kept = 0;

    for (size_t i = 0; i < scan->count; i++) {
        const struct btx_page_item *item = &scan->items[i];
        const struct btx_page_item *before = kept > 0 ? &scan->items[kept - 1] : NULL;

        if (before == NULL || item->run_page == 0 || item->run_page != before->run_page ||
            item->value_bytes != before->value_bytes ||
            btx_page_key_compare(&item->key, &before->key) != 0)
            scan->items[kept++] = *item;
    }
    scan->count = kept;
}

enum btx_fault_code btx_page_scan_build(struct btx_page_scan *scan, struct btx_page_file *file,
                                        struct btx_fault *reterr_fault)
{
    struct run_heads heads = {0};
    enum btx_fault_code code;
    uint8_t *piece;

    if (scan->built)
        return BTX_OK;
    scan->count = 0;
    piece = aligned_alloc(BTX_WAL_PAGE_BYTES, PIECE_BYTES);
    if (piece == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, ENOMEM, "scanning a segment");
    scan->budget_full_bytes = BUDGET_FACTOR * (file->size_bytes + BTX_WAL_PAGE_BYTES);
    scan->budget_bytes = scan->budget_full_bytes;
    code = pages_take(scan, &heads, file, piece, reterr_fault);
    free(piece);
    if (code == BTX_OK)
        code = runs_take(scan, &heads, file, reterr_fault);
    free(heads.heads);
    if (code != BTX_OK)
        return code;
    if (scan->count > 0)
        qsort(scan->items, scan->count, sizeof *scan->items, item_compare);
    items_thin(scan);
    scan->budget_bytes = scan->budget_full_bytes;
    scan->built = true;
    return BTX_OK;
}

void btx_page_scan_done(struct btx_page_scan *scan)
{
    free(scan->items);
    *scan = (struct btx_page_scan){0};
}

/* --- Finding batches -------------------------------------------------------------------------- */

/* The first item whose key is not below @key. */
static size_t item_find(const struct btx_page_scan *scan, const struct btx_page_key *key)
{
    size_t low = 0;
    size_t high = scan->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (btx_page_key_compare(&scan->items[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Behind the items that have the key of item @first. */
static size_t group_end(const struct btx_page_scan *scan, size_t first)
{
    const struct btx_page_key key = scan->items[first].key;
    size_t end = first + 1;

    if (key.batch == NUMBER_UNKNOWN)
        return end; /* Each of them is by itself. */
    while (end < scan->count && btx_page_key_compare(&scan->items[end].key, &key) == 0)
        end++;
    return end;
}

static enum btx_fault_code content_read(struct btx_page_scan *scan, struct btx_page_file *file,
                                        const struct btx_page_item *item,
                                        struct btx_page_buffer *buffer,
                                        struct btx_page_content *ret_content,
                                        struct btx_fault *reterr_fault)
{
    const uint8_t *page;
    enum btx_fault_code code;

    if (item->run_page != 0)
        return item_read(scan, file, item, item->value_bytes, buffer, ret_content, reterr_fault);
    *ret_content = (struct btx_page_content){0};
    code = btx_page_file_page(file, item->page, &page, reterr_fault);
    if (code == BTX_OK)
        code = btx_page_buffer_reserve(buffer, BTX_WAL_PAGE_BYTES, reterr_fault);
    if (code != BTX_OK || page == NULL)
        return code;
    /* The page was looked at before: offset and length lie within it. */
    memcpy(buffer->bytes + BTX_WAL_PAGE_HEADER_BYTES, page + item->offset_bytes, item->value_bytes);
    btx_page_content_check(buffer->bytes + BTX_WAL_PAGE_HEADER_BYTES, item->value_bytes,
                           ret_content);
    return BTX_OK;
}

/* Of the copies [first, end) of one batch the first whole one, else the one with most records that
 * are right.  END when none has any. */
static enum btx_page_step group_read(struct btx_page_scan *scan, struct btx_page_file *file,
                                     size_t first, size_t end, struct btx_page_buffer *buffer,
                                     struct btx_page_found *ret_found,
                                     struct btx_fault *reterr_fault)
{
    struct btx_page_content content;
    size_t best = end;
    size_t best_bytes = 0;

    for (size_t i = first; i <= end; i++) {
        const bool again = i == end; /* The best one is to be in the buffer. */
        const struct btx_page_item *item = &scan->items[again ? best : i];

        if (again && best_bytes == 0)
            return BTX_PAGE_END;
        if (content_read(scan, file, item, buffer, &content, reterr_fault) != BTX_OK)
            return BTX_PAGE_FAULT;
        if (content.valid_bytes == 0 || content.seq != item->key.seq)
            continue;
        ret_found->whole = content.valid_bytes == item->value_bytes &&
                           (item->key.batch != NUMBER_UNKNOWN || item->doubt == 0);
        if (ret_found->whole || again) {
            ret_found->key = item->key;
            ret_found->bytes = buffer->bytes + BTX_WAL_PAGE_HEADER_BYTES;
            ret_found->length_bytes = content.valid_bytes;
            ret_found->next_seq = content.next_seq;
            return BTX_PAGE_ENTRY;
        }
        if (content.valid_bytes > best_bytes) {
            best = i;
            best_bytes = content.valid_bytes;
        }
    }
    return BTX_PAGE_END; /* The best one could not be read again. */
}

/* The number of the unnamed run at item @first, if such runs lead from it, seq by seq, to a batch
 * with a number: one that was found, or the one behind the gap.  Else 0. */
static uint64_t number_from_behind(const struct btx_page_scan *scan, size_t first,
                                   const struct btx_page_gap *gap)
{
    uint64_t length = 1;
    uint64_t anchor = 0;
    size_t i = first;

    while (length < CHAIN_MAX && i + 1 < scan->count &&
           scan->items[i + 1].key.batch == NUMBER_UNKNOWN &&
           scan->items[i + 1].key.seq == scan->items[i].next_seq) {
        i++;
        length++;
    }
    if (gap->has_before && gap->before.seq == scan->items[i].next_seq)
        anchor = gap->before.batch;
    else if (i + 1 < scan->count && scan->items[i + 1].key.seq == scan->items[i].next_seq)
        anchor = scan->items[i + 1].key.batch;
    return anchor > length ? anchor - length : 0;
}

/* The number that the key of items [first, end) gives, as far as it can be believed: a single bit
 * could make it so great that there is no room for those behind it. */
static uint64_t number_named(const struct btx_page_scan *scan, size_t first, size_t end,
                             const struct btx_page_gap *gap)
{
    const struct btx_page_item *item = &scan->items[first];
    const struct btx_page_item *next = end < scan->count ? &scan->items[end] : NULL;
    uint64_t number = item->key.batch;

    if (next == NULL || next->key.batch == NUMBER_UNKNOWN || next->key.batch > number ||
        next->key.batch <= gap->after.batch + 1 ||
        (gap->has_before && btx_page_key_compare(&next->key, &gap->before) >= 0))
        return number;
    return item->key.seq == gap->next_seq ? gap->after.batch + 1 : next->key.batch - 1;
}

/* The number of the batch in items [first, end), or 0 when there is no room for it in the gap.  A
 * key is believed where it can be; else seqs that meet those of the batch before or behind tell
 * it; else it is the least that it can be. */
static uint64_t number_choose(const struct btx_page_scan *scan, size_t first, size_t end,
                              const struct btx_page_gap *gap)
{
    const struct btx_page_item *item = &scan->items[first];
    const bool named = item->key.batch != NUMBER_UNKNOWN;
    const uint64_t limit = gap->has_before ? gap->before.batch : NUMBER_UNKNOWN;
    uint64_t number = named ? number_named(scan, first, end, gap) : NUMBER_UNKNOWN;

    if (number <= gap->after.batch || number >= limit) {
        const uint64_t counted_back =
            !named && item->key.seq != gap->next_seq ? number_from_behind(scan, first, gap) : 0;

        number = gap->after.batch + 1;
        if (counted_back >= number && counted_back < limit)
            number = counted_back;
        else if (gap->next_seq != 0 && item->key.seq != gap->next_seq)
            number++; /* One is missing at least. */
    }
    return number > gap->after.batch && number < limit ? number : 0;
}

/* Batches of notes have the seq of the batch behind them.  Where the number of the first of two
 * cannot be, take the other one first. */
static size_t order_mend(struct btx_page_scan *scan, size_t first, const struct btx_page_gap *gap)
{
    const size_t end = group_end(scan, first);
    const struct btx_page_item item = scan->items[first];
    const struct btx_page_item *next = end < scan->count ? &scan->items[end] : &item;
    size_t next_end;

    if (item.key.batch > gap->after.batch || end != first + 1 || next->key.seq != item.key.seq ||
        next->key.batch <= gap->after.batch || next->key.batch == NUMBER_UNKNOWN)
        return end;
    next_end = group_end(scan, end);
    memmove(&scan->items[first], &scan->items[end], (next_end - end) * sizeof item);
    scan->items[next_end - 1] = item;
    return next_end - 1;
}

enum btx_page_step btx_page_scan_next(struct btx_page_scan *scan, struct btx_page_file *file,
                                      const struct btx_page_gap *gap,
                                      struct btx_page_buffer *buffer,
                                      struct btx_page_found *ret_found,
                                      struct btx_fault *reterr_fault)
{
    while (scan->position < scan->count) {
        const size_t first = scan->position;
        const size_t end = order_mend(scan, first, gap);
        const struct btx_page_key key = scan->items[first].key;
        enum btx_page_step step;
        uint64_t number;

        if (gap->has_before && btx_page_key_compare(&key, &gap->before) >= 0)
            return BTX_PAGE_END;
        scan->position = end;
        if (btx_page_key_compare(&key, &gap->after) <= 0 || key.seq < gap->next_seq)
            continue; /* Handed out already, or in part of what was. */
        number = number_choose(scan, first, end, gap);
        if (number == 0)
            continue;
        step = group_read(scan, file, first, end, buffer, ret_found, reterr_fault);
        if (step == BTX_PAGE_FAULT)
            return step;
        if (step != BTX_PAGE_ENTRY || (gap->has_before && ret_found->next_seq > gap->before.seq))
            continue;
        ret_found->key.batch = number;
        return BTX_PAGE_ENTRY;
    }
    return BTX_PAGE_END;
}

enum btx_page_step btx_page_scan_copy(struct btx_page_scan *scan, struct btx_page_file *file,
                                      const struct btx_page_key *key,
                                      struct btx_page_buffer *buffer,
                                      struct btx_page_found *ret_found,
                                      struct btx_fault *reterr_fault)
{
    const size_t first = item_find(scan, key);
    enum btx_page_step step;

    if (first == scan->count || btx_page_key_compare(&scan->items[first].key, key) != 0)
        return BTX_PAGE_END;
    step = group_read(scan, file, first, group_end(scan, first), buffer, ret_found, reterr_fault);
    return step == BTX_PAGE_ENTRY && !ret_found->whole ? BTX_PAGE_END : step;
}

enum btx_page_step btx_page_scan_head(struct btx_page_scan *scan, struct btx_page_file *file,
                                      size_t index, struct btx_page_entry *ret_entry,
                                      struct btx_fault *reterr_fault)
{
    const struct btx_page_item *item;
    const uint8_t *page = NULL;

    if (index >= scan->count || scan->items[index].key.seq != 0)
        return BTX_PAGE_END;
    item = &scan->items[index];
    *ret_entry = (struct btx_page_entry){
        .key = item->key, .run_page = item->run_page, .value_bytes = item->value_bytes};
    if (item->run_page != 0)
        return BTX_PAGE_ENTRY;
    if (btx_page_file_page(file, item->page, &page, reterr_fault) != BTX_OK)
        return BTX_PAGE_FAULT;
    if (page == NULL)
        ret_entry->value_bytes = 0; /* The file was cut meanwhile. */
    else
        ret_entry->value = page + item->offset_bytes;
    return BTX_PAGE_ENTRY;
}

bool btx_page_scan_seek(struct btx_page_scan *scan, uint64_t seq, struct btx_page_key *ret_after)
{
    const struct btx_page_key behind = {seq, UINT64_MAX};
    size_t index = item_find(scan, &behind);
    size_t named;

    while (index < scan->count && scan->items[index].key.seq == seq)
        index++; /* Unnamed runs have the greatest number. */
    scan->position = 0;
    scan->budget_bytes = scan->budget_full_bytes;
    if (index == 0 || scan->items[index - 1].key.seq == 0)
        return false;
    ret_after->seq = scan->items[index - 1].key.seq;
    named = index;
    while (named > 0 && scan->items[named - 1].key.batch == NUMBER_UNKNOWN)
        named--;
    ret_after->batch = named > 0 ? scan->items[named - 1].key.batch : 0;
    if (named == index && ret_after->batch > 0)
        ret_after->batch--; /* The batch itself is to be the next one. */
    return true;
}
