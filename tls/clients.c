/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/clients.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls/frame.h"

static int compare(const void *left, const void *right)
{
    const struct btx_client_row *one = left;
    const struct btx_client_row *other = right;
    const int order = strcmp(one->subject, other->subject);

    return order != 0 ? order : one->line < other->line ? -1 : one->line > other->line;
}

/* Cut the next word out of *@at, which goes behind it.  NULL when there is none. */
static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " \t");

    *at = word + strcspn(word, " \t");
    if (*at == word)
        return NULL;
    if (**at != '\0')
        *(*at)++ = '\0';
    return word;
}

static bool read_account(const char *word, uint64_t *ret_account)
{
    char *end;

    if (word == NULL || *word < '1' || *word > '9')
        return false;
    errno = 0;
    *ret_account = strtoull(word, &end, 10);
    return errno == 0 && *end == '\0';
}

/* One line, without its end, into @row; false for one that says nothing.  *ret_why is NULL, or what
 * is wrong. */
static bool parse_line(char *line, struct btx_client_row *row, const char **ret_why)
{
    const char *account;
    const char *rights;

    *ret_why = NULL;
    line += strspn(line, " \t");
    if (*line == '\0' || *line == '#')
        return false;
    account = next_word(&line);
    rights = next_word(&line);
    line += strspn(line, " \t");
    if (!read_account(account, &row->account))
        *ret_why = "want an account, a number from 1 on";
    else if (rights == NULL || (strcmp(rights, "trade") != 0 && strcmp(rights, "view") != 0))
        *ret_why = "want trade or view behind the account";
    else if (*line == '\0')
        *ret_why = "want the subject of a certificate behind the rights";
    else if (strlen(line) > BTX_SUBJECT_BYTES_MAX)
        *ret_why = "the subject is too long";
    row->rights = *ret_why == NULL && strcmp(rights, "trade") == 0 ? BTX_RIGHT_TRADE : 0;
    row->subject = line;
    return *ret_why == NULL;
}

/* Cut the text into lines and read each.  There is room for a row a line. */
static enum btx_fault_code parse_lines(struct btx_clients *clients, const char *name,
                                       struct btx_fault *reterr_fault)
{
    char *line = clients->text;
    uint32_t number = 1;

    while (line != NULL) {
        char *next = strchr(line, '\n');
        struct btx_client_row *row = &clients->rows[clients->row_count];
        size_t length;
        const char *why;

        if (next != NULL)
            *next++ = '\0';
        length = strlen(line);
        while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL)
            line[--length] = '\0';
        row->line = number;
        if (parse_line(line, row, &why))
            clients->row_count++;
        else if (why != NULL)
            return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0, "%s:%u: %s", name,
                                 (unsigned)number, why);
        line = next;
        number++;
    }
    return BTX_OK;
}

static enum btx_fault_code refuse_repeated(const struct btx_clients *clients, const char *name,
                                           struct btx_fault *reterr_fault)
{
    for (size_t i = 1; i < clients->row_count; i++) {
        const struct btx_client_row *row = &clients->rows[i];

        for (size_t j = i; j-- > 0 && strcmp(clients->rows[j].subject, row->subject) == 0;) {
            if (clients->rows[j].account == row->account)
                return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0,
                                     "%s:%u: the same account and subject as in line %u", name,
                                     (unsigned)row->line, (unsigned)clients->rows[j].line);
        }
    }
    return BTX_OK;
}

enum btx_fault_code btx_clients_parse(struct btx_clients *clients, const char *name,
                                      const char *text, size_t length_bytes,
                                      struct btx_fault *reterr_fault)
{
    size_t line_count = 1;

    *clients = (struct btx_clients){0};
    if (memchr(text, '\0', length_bytes) != NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0, "%s: not a text", name);
    for (size_t i = 0; i < length_bytes; i++)
        line_count += text[i] == '\n';
    clients->text = malloc(length_bytes + 1);
    clients->rows = calloc(line_count, sizeof *clients->rows);
    if (clients->text == NULL || clients->rows == NULL) {
        btx_clients_done(clients);
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "%s: no memory", name);
    }
    memcpy(clients->text, text, length_bytes);
    clients->text[length_bytes] = '\0';
    if (parse_lines(clients, name, reterr_fault) == BTX_OK) {
        qsort(clients->rows, clients->row_count, sizeof *clients->rows, compare);
        if (refuse_repeated(clients, name, reterr_fault) == BTX_OK)
            return BTX_OK;
    }
    btx_clients_done(clients);
    return reterr_fault->code;
}

/* All of the open file; *ret_text is malloc's. */
static enum btx_fault_code read_whole(int fd, char **ret_text, size_t *ret_length,
                                      struct btx_fault *reterr_fault)
{
    struct stat status;
    size_t length = 0;
    ssize_t got = 1;
    char *text;

    if (fstat(fd, &status) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "fstat");
    if (!S_ISREG(status.st_mode) || status.st_size > BTX_CLIENTS_BYTES_MAX)
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0, "no file, or one of over %d MiB",
                             BTX_CLIENTS_BYTES_MAX / 1024 / 1024);
    text = malloc((size_t)status.st_size + 1);
    if (text == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory");
    while (got > 0 && length < (size_t)status.st_size) {
        got = read(fd, text + length, (size_t)status.st_size - length);
        length += got > 0 ? (size_t)got : 0;
    }
    if (got < 0) {
        free(text);
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "read");
    }
    *ret_text = text;
    *ret_length = length;
    return BTX_OK;
}

enum btx_fault_code btx_clients_read(struct btx_clients *clients, const char *path,
                                     struct btx_fault *reterr_fault)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum btx_fault_code code;
    size_t length = 0;
    char *text = NULL;

    *clients = (struct btx_clients){0};
    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", path);
    code = read_whole(fd, &text, &length, reterr_fault);
    (void)close(fd); /* Was only read. */
    if (code != BTX_OK)
        return btx_fault_wrap(reterr_fault, "%s", path);
    code = btx_clients_parse(clients, path, text, length, reterr_fault);
    free(text);
    return code;
}

const struct btx_client_row *btx_clients_find(const struct btx_clients *clients,
                                              const char *subject, uint64_t account)
{
    size_t low = 0;
    size_t high = clients->row_count;

    while (low < high) { /* The first row that is not before the subject. */
        const size_t middle = low + (high - low) / 2;

        if (strcmp(clients->rows[middle].subject, subject) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < clients->row_count && strcmp(clients->rows[low].subject, subject) == 0; low++) {
        if (account == 0 || clients->rows[low].account == account)
            return &clients->rows[low];
    }
    return NULL;
}

void btx_clients_done(struct btx_clients *clients)
{
    free(clients->text);
    free(clients->rows);
    *clients = (struct btx_clients){0};
}
