/* SPDX-License-Identifier: Apache-2.0 */
/* demo.c - betex-demo: runs the generated market day and a real market, shows what happened, and
 * proves that it happened as it must.
 *
 *     betex-demo HASHES COMMANDS EVENTS [FLOWS]
 *
 * HASHES is market_day.sha256; COMMANDS and EVENTS are what betex-market-day and betex-replay
 * printed; FLOWS is the folder with the recorded order flow of real markets (demo.sh knows all
 * this).  Exit status 0 when every proof held, 1 when one did not. */
#include "tests/demo/demo_ledger.h"
#include "tests/demo/demo_lives.h"
#include "tests/demo/demo_report.h"
#include "tests/demo/demo_screen.h"
#include "tests/demo/demo_speed.h"
#include "tests/flow/flow_ladders.h"
#include "tests/flow/flow_run.h"
#include "tests/flow/flow_text.h"

#include "engine/base/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The real market that is shown: a horse race that turns in play. */
#define REAL_MARKET "1.241629436"
#define REAL_MARKET_ID UINT64_C(241629436)

enum { FAILED = 1, USAGE = 2, PATH_BYTES = 4096, PROOFS_MAX = 24, PROOF_BYTES = 200, PARTS = 50 };

static const struct btx_core_capacity capacity = {.accounts = 10000,
                                                  .markets = 100,
                                                  .runners = 1000,
                                                  .orders = 200000,
                                                  .positions = 10000,
                                                  .stakes = 500000,
                                                  .description_bytes = 100000};

/* One flow of commands, and what came of it. */
struct part {
    const char *name;
    struct btx_flow_text commands;
    struct btx_flow_ladders ladders; /* Opened for the real market only. */
    uint64_t market;                 /* The ladders' market. */
    struct btx_flow_run run;
    struct btx_lives lives;
    struct btx_ledger ledger;
    struct btx_report report;
    struct btx_speed speed;
    char stream_hash[BTX_SHA256_HEX_BYTES];
    char digest[BTX_SHA256_HEX_BYTES];
};

/* What is shown last. */
struct proofs {
    struct {
        bool held;
        char text[PROOF_BYTES];
    } rows[PROOFS_MAX];
    size_t count;
    bool all_held;
    bool real_skipped; /* Its data is not there. */
};

static void add_proof(struct proofs *proofs, bool held, const char *format, ...) BTX_PRINTF(3, 4);

static void add_proof(struct proofs *proofs, bool held, const char *format, ...)
{
    va_list arguments;

    CHECK(proofs->count < PROOFS_MAX);
    va_start(arguments, format);
    vsnprintf(proofs->rows[proofs->count].text, PROOF_BYTES, format, arguments);
    va_end(arguments);
    proofs->rows[proofs->count++].held = held;
    proofs->all_held = proofs->all_held && held;
}

/* A btx_flow_observer; @context is the part. */
static void observe(void *context, const struct btx_record *event)
{
    struct part *part = context;

    btx_lives_event(&part->lives, event);
    btx_ledger_event(&part->ledger, event);
    btx_report_event(&part->report, event);
}

/* One command; every so often everything is compared. */
static enum btx_fault_code run_line(struct part *part, const char *line, size_t length_bytes,
                                    size_t *next_checkpoint_bytes, struct btx_fault *reterr_fault)
{
    struct btx_flow_run *run = &part->run;
    enum btx_fault_code code = btx_flow_run_decode(run, line, length_bytes, reterr_fault);

    if (code != BTX_OK)
        return code;
    btx_report_before(&part->report, run->live.core, &run->command.command);
    code = btx_flow_run_execute(run, reterr_fault);
    if (code == BTX_OK)
        code = btx_flow_ladders_check(&part->ladders, run, part->market, reterr_fault);
    if (code != BTX_OK || part->commands.position_bytes < *next_checkpoint_bytes)
        return code;
    *next_checkpoint_bytes += part->commands.length_bytes / PARTS + 1;
    btx_screen_progress(part->name, part->commands.position_bytes, part->commands.length_bytes);
    return btx_flow_run_checkpoint(run, NULL, reterr_fault);
}

static enum btx_fault_code run_part(struct part *part, struct btx_fault *reterr_fault)
{
    size_t next_checkpoint_bytes = 0;
    uint8_t digest[BTX_SHA256_BYTES];
    const char *line;
    size_t length_bytes;
    enum btx_fault_code code;

    btx_screen_progress(part->name, 0, 1);
    code = btx_speed_measure(&part->commands, &capacity, &part->speed, reterr_fault);
    if (code == BTX_OK)
        code = btx_flow_run_open(&part->run, &capacity, reterr_fault);
    part->report.lives = &part->lives;
    part->run.observer = observe;
    part->run.observer_context = part;
    while (code == BTX_OK && btx_flow_text_line(&part->commands, &line, &length_bytes))
        code = run_line(part, line, length_bytes, &next_checkpoint_bytes, reterr_fault);
    if (code == BTX_OK)
        code = btx_flow_run_checkpoint(&part->run, digest, reterr_fault);
    btx_screen_progress_end();
    if (code != BTX_OK)
        return code;
    btx_sha256_hex(digest, part->digest);
    btx_flow_run_stream_hash(&part->run, part->stream_hash);
    return BTX_OK;
}

/* All balances, the house's included, are what came in and did not go out again. */
static void prove_money(const struct part *part, struct proofs *proofs)
{
    const struct btx_core *core = part->run.live.core;
    struct btx_account_view view;
    btx_i128 sum = 0;
    uint64_t account = 0;

    do {
        if (btx_core_view_account(core, account, &view))
            sum += view.balance;
        account = btx_core_view_next_account(core, account);
    } while (account != 0);
    add_proof(proofs, sum == part->report.net_deposits, "%s: money conserved, balances sum to %s",
              part->name, btx_format_money((int64_t)sum).text);
}

/* Every account has what its bets say, each order what happened to it. */
static void prove_accounts(const struct part *part, struct proofs *proofs)
{
    const struct btx_core *core = part->run.live.core;
    const struct btx_lives *lives = &part->lives;
    const struct btx_ledger *ledger = &part->ledger;
    uint64_t account = 0;
    bool equal = ledger->wrong[0] == '\0';

    do {
        struct btx_account_view view;

        if (btx_core_view_account(core, account, &view))
            equal = equal && account < BTX_LEDGER_ACCOUNTS_MAX &&
                    ledger->balances[account] == view.balance;
        account = btx_core_view_next_account(core, account);
    } while (account != 0);
    if (equal)
        add_proof(proofs, true, "%s: every balance is what %s bets make, one by one", part->name,
                  btx_format_count(ledger->bet_count).text);
    else
        add_proof(proofs, false, "%s: balances: %s", part->name, ledger->wrong);
    if (lives->wrong[0] == '\0')
        add_proof(proofs, true, "%s: matched and cancelled add up in %s orders", part->name,
                  btx_format_count(lives->order_count).text);
    else
        add_proof(proofs, false, "%s: orders: %s", part->name, lives->wrong);
    if (lives->wrong[0] == '\0' && lives->held_count > 0)
        add_proof(proofs, true, "%s: %s orders held, none matched before its moment", part->name,
                  btx_format_count(lives->held_count).text);
}

/* What holds for both parts; @fault says why the run stopped, or that it did not. */
static void prove_part(const struct part *part, const struct btx_fault *fault,
                       struct proofs *proofs)
{
    if (fault->code != BTX_OK) {
        add_proof(proofs, false, "%s: %.160s", part->name, fault->text);
        return;
    }
    add_proof(proofs, true, "%s: live and applied digests equal, %" PRIu64 " times (%.8s)",
              part->name, part->run.checkpoint_count, part->digest);
    prove_money(part, proofs);
    prove_accounts(part, proofs);
}

static void prove_hash(struct proofs *proofs, const char *what, const char *hash,
                       const char *wanted)
{
    const bool held = strcmp(hash, wanted) == 0;

    if (held)
        add_proof(proofs, true, "%s: SHA-256 as expected (%.8s)", what, hash);
    else
        add_proof(proofs, false, "%s: SHA-256 begins %.8s, expected %.8s", what, hash, wanted);
}

/* SHA-256 of a whole file in memory. */
static enum btx_fault_code hash_file(const char *path, char ret_hex[BTX_SHA256_HEX_BYTES],
                                     struct btx_fault *reterr_fault)
{
    struct btx_flow_text text = {0};
    struct btx_sha256 sha256 = {0};
    uint8_t digest[BTX_SHA256_BYTES];
    enum btx_fault_code code = btx_flow_text_open(&text, path, reterr_fault);

    if (code == BTX_OK)
        code = btx_sha256_init(&sha256, reterr_fault);
    if (code == BTX_OK) {
        btx_sha256_update(&sha256, text.bytes, text.length_bytes);
        btx_sha256_final(&sha256, digest);
        btx_sha256_hex(digest, ret_hex);
    }
    btx_sha256_done(&sha256);
    btx_flow_text_close(&text);
    return code;
}

/* The two lines of market_day.sha256: of the commands, of the events. */
static enum btx_fault_code read_hashes(const char *path, char ret_hex[2][BTX_SHA256_HEX_BYTES],
                                       struct btx_fault *reterr_fault)
{
    struct btx_flow_text text = {0};
    enum btx_fault_code code = btx_flow_text_open(&text, path, reterr_fault);

    for (int i = 0; i < 2 && code == BTX_OK; i++) {
        const char *line;
        size_t length_bytes;

        if (!btx_flow_text_line(&text, &line, &length_bytes) ||
            length_bytes < BTX_SHA256_HEX_BYTES) {
            code = btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "%s: want two hashes", path);
            break;
        }
        memcpy(ret_hex[i], line, BTX_SHA256_HEX_BYTES - 1);
        ret_hex[i][BTX_SHA256_HEX_BYTES - 1] = '\0';
    }
    btx_flow_text_close(&text);
    return code;
}

static void print_markets(const struct part *part)
{
    for (uint32_t i = 0; i < part->report.market_count; i++)
        btx_report_print_market(&part->report, &part->report.markets[i]);
}

/* The generated day: what is expected of it is in the tree. */
static void run_day(struct part *part, char **arguments, struct proofs *proofs)
{
    char wanted[2][BTX_SHA256_HEX_BYTES];
    char commands_hash[BTX_SHA256_HEX_BYTES];
    char replayed_hash[BTX_SHA256_HEX_BYTES];
    struct btx_fault fault = {0};
    enum btx_fault_code code = read_hashes(arguments[1], wanted, &fault);

    if (code == BTX_OK)
        code = hash_file(arguments[2], commands_hash, &fault);
    if (code == BTX_OK)
        code = hash_file(arguments[3], replayed_hash, &fault);
    if (code == BTX_OK)
        code = btx_flow_text_open(&part->commands, arguments[2], &fault);
    if (code == BTX_OK)
        code = run_part(part, &fault);
    if (code == BTX_OK) {
        print_markets(part);
        prove_hash(proofs, "the day: generated commands", commands_hash, wanted[0]);
        prove_hash(proofs, "the day: events", part->stream_hash, wanted[1]);
        prove_hash(proofs, "the day: betex-replay's output", replayed_hash, wanted[1]);
    }
    prove_part(part, &fault, proofs);
}

/* The recorded market: what is expected of it was recorded with it. */
static void run_real(struct part *part, const char *directory, struct proofs *proofs)
{
    char path[PATH_BYTES];
    char wanted[BTX_SHA256_HEX_BYTES];
    struct btx_fault fault = {0};
    enum btx_fault_code code;

    part->market = REAL_MARKET_ID;
    snprintf(path, sizeof path, "%s/" REAL_MARKET ".events.sha256", directory);
    code = btx_flow_read_hash(path, wanted, &fault);
    snprintf(path, sizeof path, "%s/" REAL_MARKET ".ladders.jsonl.gz", directory);
    if (code == BTX_OK)
        code = btx_flow_ladders_open(&part->ladders, path, &fault);
    snprintf(path, sizeof path, "%s/" REAL_MARKET ".commands.jsonl.gz", directory);
    if (code == BTX_OK)
        code = btx_flow_text_open(&part->commands, path, &fault);
    if (code == BTX_OK)
        code = run_part(part, &fault);
    if (code == BTX_OK)
        code = btx_flow_ladders_end(&part->ladders, &fault);
    if (code == BTX_OK) {
        print_markets(part);
        add_proof(proofs, true, "%s: books equal %s recorded ladders", part->name,
                  btx_format_count(part->ladders.compared_count).text);
        prove_hash(proofs, "the real market: events", part->stream_hash, wanted);
    }
    prove_part(part, &fault, proofs);
}

static void print_totals(const struct part *parts, size_t part_count)
{
    btx_screen_heading("Totals");
    printf("  %s%-16s%12s%12s%12s%12s%12s%s\n", btx_screen_style(BTX_STYLE_FAINT), "", "commands",
           "refused", "events", "trades", "accounts", btx_screen_style(BTX_STYLE_PLAIN));
    for (size_t i = 0; i < part_count; i++) {
        const struct part *part = &parts[i];

        printf("  %-16s%12s%12s%12s%12s%12s\n", part->name,
               btx_format_count(part->run.command_count).text,
               btx_format_count(part->report.rejected_count).text,
               btx_format_count(part->run.event_count).text,
               btx_format_count(part->report.trade_count).text,
               btx_format_count(part->report.account_count).text);
    }
}

static void print_speed(const struct part *parts, size_t part_count)
{
    btx_screen_heading("Speed");
    printf("  %sone thread, text to text in memory, no log; the quickest of %d passes%s\n",
           btx_screen_style(BTX_STYLE_FAINT), BTX_SPEED_PASSES, btx_screen_style(BTX_STYLE_PLAIN));
    printf("  %s%-16s%12s%12s%12s%12s%12s%s\n", btx_screen_style(BTX_STYLE_FAINT), "", "commands/s",
           "ns/command", "text in", "core", "text out", btx_screen_style(BTX_STYLE_PLAIN));
    for (size_t i = 0; i < part_count; i++) {
        const struct btx_speed *speed = &parts[i].speed;
        const uint64_t sum_ns = speed->decode_ns + speed->core_ns + speed->encode_ns;

        if (speed->command_count == 0 || sum_ns == 0)
            continue;
        printf("  %-16s%12s%12s%12s%12s%12s\n", parts[i].name,
               btx_format_count(speed->command_count * 1000000000 / sum_ns).text,
               btx_format_count(sum_ns / speed->command_count).text,
               btx_format_count(speed->decode_ns / speed->command_count).text,
               btx_format_count(speed->core_ns / speed->command_count).text,
               btx_format_count(speed->encode_ns / speed->command_count).text);
    }
}

static void print_proofs(const struct proofs *proofs)
{
    btx_screen_heading("Proofs");
    for (size_t i = 0; i < proofs->count; i++) {
        const bool held = proofs->rows[i].held;

        printf("  %s%s%s  %s\n", btx_screen_style(held ? BTX_STYLE_GOOD : BTX_STYLE_BAD),
               held ? "held   " : "FAILED ", btx_screen_style(BTX_STYLE_PLAIN),
               proofs->rows[i].text);
    }
    if (proofs->real_skipped)
        printf("  %sskipped%s  the real market: no ../shared/data/flows beside the checkout\n",
               btx_screen_style(BTX_STYLE_BAD), btx_screen_style(BTX_STYLE_PLAIN));
}

static void close_part(struct part *part)
{
    btx_flow_run_close(&part->run);
    btx_ledger_close(&part->ledger);
    btx_lives_close(&part->lives);
    btx_flow_ladders_close(&part->ladders);
    btx_flow_text_close(&part->commands);
}

int main(int argument_count, char **arguments)
{
    static struct part parts[2] = {{.name = "the day"}, {.name = "the real market"}};
    static struct proofs proofs = {.all_held = true};
    size_t part_count = 1;

    if (argument_count != 4 && argument_count != 5) {
        fprintf(stderr, "Usage: betex-demo HASHES COMMANDS EVENTS [FLOWS]\n");
        return USAGE;
    }
    btx_screen_init();
    run_day(&parts[0], arguments, &proofs);
    if (argument_count == 5) {
        run_real(&parts[1], arguments[4], &proofs);
        part_count = 2;
    }
    proofs.real_skipped = part_count == 1;
    print_totals(parts, part_count);
    print_speed(parts, part_count);
    print_proofs(&proofs);
    close_part(&parts[0]);
    close_part(&parts[1]);
    if (fflush(stdout) != 0)
        return FAILED;
    return proofs.all_held ? EXIT_SUCCESS : FAILED;
}
