/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/settings/settings.h"

#include <stddef.h>

#include "engine/base/attributes.h"

#define SECOND_NS UINT64_C(1000000000)
#define DAY_NS (86400 * SECOND_NS)
#define MIB (UINT64_C(1) << 20)

/* ---- exchange ---- */

static const struct btx_setting exchange_rows[] = {
    {.name = "exchange.name",
     .unit = BTX_SETTING_TEXT,
     .minimum = 1,
     .maximum = sizeof(((struct btx_exchange_settings *)NULL)->name) - 1,
     .fallback_text = "betex",
     .offset_bytes = offsetof(struct btx_exchange_settings, name),
     .help = "What this exchange is called on screens and in answers."},
    {.name = "exchange.currency",
     .unit = BTX_SETTING_TEXT,
     .minimum = 3,
     .maximum = sizeof(((struct btx_exchange_settings *)NULL)->currency) - 1,
     .alphabet = "A-Z0-9",
     .fallback_text = "EUR",
     .offset_bytes = offsetof(struct btx_exchange_settings, currency),
     .help = "The currency of all money, by its code. It is shown, never computed with."},
};

/* ---- engine ---- */

static const char *const hugepages_words[] = {
    [BTX_HUGEPAGES_REQUIRED] = "required", [BTX_HUGEPAGES_OFF] = "off", NULL};

static const struct btx_setting engine_rows[] = {
    {.name = "engine.cores",
     .unit = BTX_SETTING_CORES,
     .minimum = 1,
     .maximum = BTX_SETTING_CORES_MAX,
     .fallback_text = "off",
     .off = true,
     .offset_bytes = offsetof(struct btx_engine_settings, cores),
     .help = "The CPU cores that the engine keeps to: the first is the matcher's alone, the others "
             "are for its other threads. off: the kernel chooses."},
    {.name = "engine.hugepages",
     .unit = BTX_SETTING_WORD,
     .words = hugepages_words,
     .fallback = BTX_HUGEPAGES_REQUIRED,
     .offset_bytes = offsetof(struct btx_engine_settings, hugepages),
     .help = "Whether the event ring must have hugepages, and all memory of the engine be locked. "
             "off: ordinary pages, locked if they may be, for a developer's machine; status says "
             "so."},
    {.name = "engine.socket",
     .unit = BTX_SETTING_PATH,
     .maximum = sizeof(((struct btx_engine_settings *)NULL)->socket) - 1,
     .fallback_text = "/run/betex/engine.sock",
     .offset_bytes = offsetof(struct btx_engine_settings, socket),
     .help = "The socket at which the engine hands out its rings to the gateways and the "
             "administration."},
};

#define USER(field, usual, text)                                                                   \
    {                                                                                              \
        .name = "engine." #field, .unit = BTX_SETTING_TEXT, .minimum = 1,                          \
        .maximum = sizeof(((struct btx_engine_settings *)NULL)->field) - 1,                        \
        .alphabet = "a-z0-9_-", .fallback_text = (usual),                                          \
        .offset_bytes = offsetof(struct btx_engine_settings, field), .help = (text)                \
    }

/* Who may have a ring to hand in commands. */
static const struct btx_setting user_rows[] = {
    USER(admin_user, "betex-admin",
         "The system user of the administration: the only one that may open markets, move money "
         "and stop the engine."),
    USER(gateway_user, "betex-gateway",
         "The system user of the gateways: may place, change and cancel orders. Where it is that "
         "of the administration, the first to connect has the administration's ring."),
    {.name = "engine.gateways",
     .unit = BTX_SETTING_COUNT,
     .minimum = 0,
     .maximum = 8,
     .fallback = 2,
     .offset_bytes = offsetof(struct btx_engine_settings, gateways),
     .help = "How many gateways may be connected at a time: each has a ring of its own."},
};

#define CAPACITY(field, kind, least, most, usual, text)                                            \
    {                                                                                              \
        .name = "engine.capacities." #field, .unit = (kind), .minimum = (least),                   \
        .maximum = (most), .fallback = (usual),                                                    \
        .offset_bytes = offsetof(struct btx_capacity_settings, field), .help = (text)              \
    }
#define COUNT BTX_SETTING_COUNT
#define MOST BTX_CORE_CAPACITY_MAX

/* The defaults are those of btx_exchange_capacity_default, as a test says. */
static const struct btx_setting capacity_rows[] = {
    CAPACITY(accounts, COUNT, 1, MOST, 1000000, "Accounts."),
    CAPACITY(markets, COUNT, 1, MOST, 100000, "Markets that are not forgotten, closed ones too."),
    CAPACITY(runners, COUNT, 1, MOST, 1000000, "Runners of all these markets together."),
    CAPACITY(orders, COUNT, 1, MOST, 1000000, "Live orders, the incoming one included."),
    CAPACITY(positions, COUNT, 1, MOST, 1000000,
             "Pairs of an account and a market in which it has a bet or a live order."),
    CAPACITY(stakes, COUNT, 0, BTX_CORE_STAKES_MAX, 4000000,
             "Net stakes by account, runner and price in markets with reductions, and two for each "
             "live order there."),
    CAPACITY(description_bytes, BTX_SETTING_BYTES, 0, BTX_CORE_DESCRIPTION_BYTES_MAX, 64 * MIB,
             "Descriptions of all markets together."),
};

/* ---- snapshot ---- */

static const struct btx_setting snapshot_rows[] = {
    {.name = "snapshot.interval",
     .unit = BTX_SETTING_DURATION,
     .minimum = SECOND_NS,
     .maximum = DAY_NS,
     .fallback = 60 * SECOND_NS,
     .offset_bytes = offsetof(struct btx_snapshot_settings, interval_ns),
     .help = "How often the auditor writes a snapshot: a start reads the newest one and executes "
             "what the log has behind it."},
};

/* ---- shadow ---- */

static const struct btx_setting shadow_rows[] = {
    {.name = "shadow.socket",
     .unit = BTX_SETTING_PATH,
     .maximum = sizeof(((struct btx_shadow_settings *)NULL)->socket) - 1,
     .fallback_text = "/run/betex/shadow.sock",
     .offset_bytes = offsetof(struct btx_shadow_settings, socket),
     .help = "The socket at which the auditor hands out its status page."},
};

/* ---- admin ---- */

#define GROUP(key, field, usual, text)                                                             \
    {                                                                                              \
        .name = "admin.groups." key, .unit = BTX_SETTING_TEXT, .minimum = 1,                       \
        .maximum = sizeof(((struct btx_admin_settings *)NULL)->field) - 1, .alphabet = "a-z0-9_-", \
        .fallback_text = (usual), .offset_bytes = offsetof(struct btx_admin_settings, field),      \
        .help = (text)                                                                             \
    }

static const struct btx_setting admin_rows[] = {
    {.name = "admin.socket",
     .unit = BTX_SETTING_PATH,
     .maximum = sizeof(((struct btx_admin_settings *)NULL)->socket) - 1,
     .fallback_text = "/run/betex/admin.sock",
     .offset_bytes = offsetof(struct btx_admin_settings, socket),
     .help = "The socket at which the administration answers betexctl."},
};
static const struct btx_setting group_rows[] = {
    GROUP("view", view_group, "betex-view", "The system group whose members may look."),
    GROUP("operator", operator_group, "betex-operator",
          "The system group whose members may change things too: markets, accounts, the log."),
};

/* ---- gateway ---- */

#define FILE_OF(field, usual, text)                                                                \
    {                                                                                              \
        .name = "gateway." #field, .unit = BTX_SETTING_PATH,                                       \
        .maximum = sizeof(((struct btx_gateway_settings *)NULL)->field) - 1,                       \
        .fallback_text = (usual), .offset_bytes = offsetof(struct btx_gateway_settings, field),    \
        .help = (text)                                                                             \
    }

static const struct btx_setting gateway_rows[] = {
    {.name = "gateway.listen",
     .unit = BTX_SETTING_TEXT,
     .minimum = 3,
     .maximum = sizeof(((struct btx_gateway_settings *)NULL)->listen) - 1,
     .alphabet = "0-9a-f.:[],",
     .fallback_text = "0.0.0.0:7443,[::]:7443",
     .offset_bytes = offsetof(struct btx_gateway_settings, listen),
     .help = "Where clients connect, addresses and ports with commas between them; an address of "
             "IPv6 stands in brackets, and then all of it in quotes. Port 0: any, which the log "
             "tells."},
    FILE_OF(certificate, "/etc/betex/tls/gateway.pem",
            "The gateway's certificate, and those between it and its CA behind it."),
    FILE_OF(key, "/etc/betex/tls/gateway.key", "The private key of the certificate."),
    FILE_OF(client_ca, "/etc/betex/tls/client-ca.pem",
            "The certificate of the CA (or of several) that clients' certificates must be of."),
    FILE_OF(crl, "/etc/betex/tls/client-ca.crl",
            "The list of that CA's revoked certificates. Without one that is in force nobody gets "
            "in."),
    FILE_OF(clients, "/etc/betex/clients",
            "Who may trade on which account: lines of an account, view or trade, and the subject "
            "of a certificate."),
};

#define LIMIT(key, field, kind, least, most, usual, text)                                          \
    {                                                                                              \
        .name = "gateway.limits." key, .unit = (kind), .minimum = (least), .maximum = (most),      \
        .fallback = (usual), .offset_bytes = offsetof(struct btx_gateway_settings, field),         \
        .help = (text)                                                                             \
    }

static const struct btx_setting gateway_limit_rows[] = {
    LIMIT("connections", connections, COUNT, 1, 65536, 4096,
          "Connections at a time; what is over it is closed at once."),
    LIMIT("connections_per_address", connections_per_address, COUNT, 1, 65536, 256,
          "Of these, from one address (of IPv6: from one /64)."),
    LIMIT("handshakes", handshakes, COUNT, 1, 65536, 256,
          "TLS handshakes at a time; for one more the oldest is given up."),
    LIMIT("frames_per_second", frames_per_second, COUNT, 1, 1000000, 20000,
          "Frames of a session in a second; what is over it has to wait."),
    LIMIT("outstanding", outstanding, COUNT, 1, 8192, 256,
          "Commands of a session that wait for their answer; the next one has to wait."),
    LIMIT("books", books, COUNT, 0, 65536, 1024, "Books that a session may be subscribed to."),
    LIMIT("output", output_bytes, BTX_SETTING_BYTES, 65536, 1024 * MIB, 4 * MIB,
          "What may wait for a session that reads slowly; one with more is closed."),
};

#define DEADLINE(key, field, usual, text)                                                          \
    {                                                                                              \
        .name = "gateway.deadlines." key, .unit = BTX_SETTING_DURATION, .minimum = SECOND_NS / 10, \
        .maximum = DAY_NS, .fallback = (usual)*SECOND_NS,                                          \
        .offset_bytes = offsetof(struct btx_gateway_settings, field), .help = (text)               \
    }

static const struct btx_setting gateway_deadline_rows[] = {
    DEADLINE("handshake", handshake_ns, 10, "For TLS, then for HELLO, then for WELCOME: each."),
    DEADLINE("idle", idle_ns, 60, "For the next frame of a session, a PING if there is no other."),
    DEADLINE("stalled", stalled_ns, 30, "For a client to read something of what waits for it."),
};

/* ---- Together ---- */

void btx_settings_init(struct btx_settings *settings, struct btx_config *config)
{
    const struct btx_config_table tables[] = {
        {exchange_rows, BTX_COUNT_OF(exchange_rows), &settings->exchange,
         "What people see of the exchange."},
        {engine_rows, BTX_COUNT_OF(engine_rows), &settings->engine,
         "The matching engine: cores and memory."},
        {user_rows, BTX_COUNT_OF(user_rows), &settings->engine, NULL},
        {&btx_wal_ring_setting, 1, &settings->engine.ring_events, NULL},
        {capacity_rows, BTX_COUNT_OF(capacity_rows), &settings->capacities,
         "How much the exchange may hold; beyond it commands are refused with CAPACITY. Memory is "
         "used only as it fills."},
        {btx_wal_settings, BTX_WAL_SETTING_COUNT, &settings->wal,
         "The log: commits, segments and room on its disk (betex-wal sizing shows what they "
         "reach)."},
        {snapshot_rows, BTX_COUNT_OF(snapshot_rows), &settings->snapshot,
         "Snapshots of the state, from which a start begins."},
        {shadow_rows, BTX_COUNT_OF(shadow_rows), &settings->shadow,
         "The auditor, which executes the log once more and compares."},
        {admin_rows, BTX_COUNT_OF(admin_rows), &settings->admin,
         "Administration on this machine, by betexctl."},
        {group_rows, BTX_COUNT_OF(group_rows), &settings->admin, "Who may do what."},
        {gateway_rows, BTX_COUNT_OF(gateway_rows), &settings->gateway,
         "The TLS front door. Certificates, keys and lists are read again on SIGHUP."},
        {gateway_limit_rows, BTX_COUNT_OF(gateway_limit_rows), &settings->gateway,
         "What clients may use up."},
        {gateway_deadline_rows, BTX_COUNT_OF(gateway_deadline_rows), &settings->gateway,
         "How long clients may take."},
    };

    btx_config_init(config, tables, BTX_COUNT_OF(tables));
}

enum btx_fault_code btx_settings_check(const struct btx_settings *settings,
                                       struct btx_config *config, struct btx_fault *reterr_fault)
{
    struct btx_wal_conflict conflict;
    struct btx_fault fault = {0};

    if (btx_wal_settings_judge(&settings->wal, settings->engine.ring_events, &conflict, &fault) !=
        BTX_OK)
        btx_config_refuse(config, conflict.setting, conflict.other, fault.text);
    return btx_config_fault(config, reterr_fault);
}

enum btx_fault_code btx_settings_read(struct btx_settings *settings, struct btx_config *config,
                                      const char *path, struct btx_fault *reterr_fault)
{
    const enum btx_fault_code code = btx_config_read(config, path, reterr_fault);

    /* What is missing for its errors would break rules that the whole file may keep. */
    return code == BTX_OK ? btx_settings_check(settings, config, reterr_fault) : code;
}

struct btx_core_capacity btx_settings_capacity(const struct btx_settings *settings)
{
    const struct btx_capacity_settings *capacities = &settings->capacities;

    /* Their maxima fit. */
    return (struct btx_core_capacity){
        .accounts = (uint32_t)capacities->accounts,
        .markets = (uint32_t)capacities->markets,
        .runners = (uint32_t)capacities->runners,
        .orders = (uint32_t)capacities->orders,
        .positions = (uint32_t)capacities->positions,
        .stakes = (uint32_t)capacities->stakes,
        .description_bytes = (uint32_t)capacities->description_bytes,
    };
}
