/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/wal/page_file.h"
#include "temp_folder.h"

enum { PAGE = BTX_WAL_PAGE_BYTES, PAGES = 700, SCRAP_BYTES = 1000 };

static uint8_t *content_make(const struct temp_folder *folder, size_t length_bytes)
{
    uint8_t *bytes = calloc(1, length_bytes + PAGE);

    CHECK(bytes != NULL);
    for (size_t i = 0; i < length_bytes; i++)
        bytes[i] = (uint8_t)(i / PAGE * 31 + i);
    temp_folder_put(folder, "file", bytes, length_bytes);
    return bytes;
}

static void expect_page(struct btx_page_file *file, const uint8_t *content, uint64_t number)
{
    const uint8_t *page;
    struct btx_fault fault = {0};

    assert_int_equal(btx_page_file_page(file, number, &page, &fault), BTX_OK);
    assert_non_null(page);
    assert_int_equal((uintptr_t)page % PAGE, 0);
    assert_memory_equal(page, content + number * PAGE, PAGE);
}

static void expect_run(struct btx_page_file *file, const uint8_t *content, uint64_t first,
                       size_t pages, size_t read_bytes)
{
    const uint8_t *bytes;
    size_t got_bytes;
    struct btx_fault fault = {0};

    assert_int_equal(btx_page_file_run(file, first, pages * PAGE, &bytes, &got_bytes, &fault),
                     BTX_OK);
    assert_int_equal(got_bytes, read_bytes);
    if (read_bytes != 0)
        assert_memory_equal(bytes, content + first * PAGE, read_bytes);
}

/* Pages and runs come as they lie in the file in any order, and the file ends within a page. */
static void expect_content(bool direct, bool changing)
{
    const size_t length_bytes = PAGES * PAGE + SCRAP_BYTES;
    struct temp_folder folder;
    struct btx_page_file file;
    struct btx_fault fault = {0};
    const uint8_t *page;
    uint8_t *content;

    temp_folder_make(&folder);
    content = content_make(&folder, length_bytes);
    assert_int_equal(btx_page_file_open(&file, folder.fd, "file", direct, changing, &fault),
                     BTX_OK);
    assert_int_equal(btx_page_file_pages(&file), PAGES + 1);
    for (uint64_t i = 0; i <= PAGES; i++)
        expect_page(&file, content, i);
    for (uint64_t i = 0; i < PAGES; i++)
        expect_page(&file, content, i * 37 % PAGES);
    for (uint64_t i = 0; i + 3 <= PAGES; i += 2) {
        expect_run(&file, content, i, 3, (size_t)3 * PAGE);
        expect_page(&file, content, i % 50 == 0 ? PAGES - i : i);
    }
    for (uint64_t i = PAGES; i >= 10; i -= 10)
        expect_run(&file, content, i - 10, 10, (size_t)10 * PAGE);
    expect_run(&file, content, 0, PAGES, (size_t)PAGES * PAGE);
    expect_run(&file, content, PAGES - 1, 5, PAGE + SCRAP_BYTES);
    expect_run(&file, content, PAGES, 1, SCRAP_BYTES);
    expect_run(&file, content, PAGES + 1, 1, 0);
    expect_run(&file, content, UINT64_MAX / PAGE, 1, 0);
    assert_int_equal(btx_page_file_page(&file, UINT64_MAX, &page, &fault), BTX_OK);
    assert_null(page);
    btx_page_file_close(&file);
    btx_page_file_close(&file);
    free(content);
    temp_folder_remove(&folder);
}

static void page_file_page__any_order__is_as_in_the_file(void **state)
{
    (void)state;
    expect_content(false, false);
    expect_content(false, true);
    expect_content(true, false);
    expect_content(true, true);
}

/* A writer may have changed it: what was read once is not given again. */
static void page_file_page__changing_file__is_read_each_time(void **state)
{
    struct temp_folder folder;
    struct btx_page_file file;
    struct btx_fault fault = {0};
    uint8_t *content;

    (void)state;
    temp_folder_make(&folder);
    content = content_make(&folder, (size_t)4 * PAGE);
    assert_int_equal(btx_page_file_open(&file, folder.fd, "file", false, true, &fault), BTX_OK);
    expect_page(&file, content, 1);
    expect_run(&file, content, 1, 2, (size_t)2 * PAGE);
    memset(content, 0x5a, (size_t)4 * PAGE);
    temp_folder_put(&folder, "file", content, (size_t)4 * PAGE);
    expect_page(&file, content, 1);
    expect_run(&file, content, 1, 2, (size_t)2 * PAGE);
    btx_page_file_close(&file);
    free(content);
    temp_folder_remove(&folder);
}

/* A file that shrinks while it is read ends earlier, and that is all. */
static void page_file_page__file_cut_meanwhile__is_not_there(void **state)
{
    struct temp_folder folder;
    struct btx_page_file file;
    struct btx_fault fault = {0};
    const uint8_t *page;
    uint8_t *content;

    (void)state;
    temp_folder_make(&folder);
    content = content_make(&folder, (size_t)100 * PAGE);
    assert_int_equal(btx_page_file_open(&file, folder.fd, "file", false, false, &fault), BTX_OK);
    temp_folder_put(&folder, "file", content, PAGE);
    assert_int_equal(btx_page_file_page(&file, 50, &page, &fault), BTX_OK);
    assert_null(page);
    expect_run(&file, content, 60, 2, 0);
    expect_page(&file, content, 0);
    assert_int_equal(btx_page_file_look(&file, &fault), BTX_OK);
    assert_int_equal(btx_page_file_pages(&file), 1);
    btx_page_file_close(&file);
    free(content);
    temp_folder_remove(&folder);
}

/* Neither a missing file nor a pipe, which would be waited for, is read as a segment. */
static void page_file_open__no_ordinary_file__is_a_fault(void **state)
{
    struct temp_folder folder;
    struct btx_page_file file;
    struct btx_fault fault = {0};

    (void)state;
    temp_folder_make(&folder);
    assert_int_equal(btx_page_file_open(&file, folder.fd, "missing", true, false, &fault),
                     BTX_FAULT_IO);
    btx_page_file_close(&file);
    assert_int_equal(mkfifoat(folder.fd, "pipe", 0600), 0);
    assert_int_equal(btx_page_file_open(&file, folder.fd, "pipe", false, false, &fault),
                     BTX_FAULT_IO);
    assert_string_equal(fault.text, "pipe: this is not an ordinary file");
    btx_page_file_close(&file);
    assert_int_equal(btx_page_file_open(&file, folder.fd, ".", false, false, &fault), BTX_FAULT_IO);
    btx_page_file_close(&file);
    temp_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_file_page__any_order__is_as_in_the_file),
        cmocka_unit_test(page_file_page__changing_file__is_read_each_time),
        cmocka_unit_test(page_file_page__file_cut_meanwhile__is_not_there),
        cmocka_unit_test(page_file_open__no_ordinary_file__is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
