/* SPDX-License-Identifier: Apache-2.0 */
/* peer_watch.c - lines for the operator, at a rate that nobody outside can set. */
#include "engine/peer_watch.h"

#include "engine/base/check.h"
#include "engine/status/figures.h"

#define SECOND_NS UINT64_C(1000000000)
/* Lines that one ring gets a second. */
#define LINES_MAX 4u

void btx_peer_watch_init(struct btx_peer_watch *watch, const struct btx_log *log,
                         const struct btx_clock *clock, const struct btx_status_writer *status,
                         const struct btx_ring_port_rule *rules, size_t rule_count)
{
    CHECK(rule_count <= BTX_RING_PORTS_MAX);
    *watch = (struct btx_peer_watch){.log = log, .clock = clock, .status = status, .rules = rules};
    for (size_t i = 0; i < rule_count; i++)
        btx_status_put_text(status, BTX_STATUS_TEXT_PRODUCER_NAME + rules[i].producer,
                            rules[i].name);
}

/* Whether ring @index may have a line now; else it is counted as left out. */
static bool may_say(struct btx_peer_watch *watch, size_t index)
{
    const uint64_t now_ns = btx_clock_monotonic_ns(watch->clock);

    if (now_ns - watch->rings[index].second_ns >= SECOND_NS) {
        watch->rings[index].second_ns = now_ns;
        watch->rings[index].lines = 0;
    }
    if (watch->rings[index].lines == LINES_MAX) {
        watch->rings[index].left_out++;
        return false;
    }
    watch->rings[index].lines++;
    return true;
}

void btx_peer_watch_news(void *context, const struct btx_ring_peer_news *news)
{
    struct btx_peer_watch *watch = context;
    const struct btx_ring_port_rule *rule = &watch->rules[news->index];
    struct btx_log_line line;

    if (news->why == NULL) {
        btx_status_set(watch->status, BTX_STATUS_PRODUCER_PID + rule->producer,
                       (uint64_t)news->pid);
        btx_status_set(watch->status, BTX_STATUS_PRODUCER_START + rule->producer,
                       btx_clock_wall_ns(watch->clock));
    }
    if (!may_say(watch, news->index))
        return;
    btx_log_begin(&line, watch->log, news->is_to_blame ? BTX_LOG_WARNING : BTX_LOG_INFO,
                  news->why == NULL ? "ring taken" : "ring revoked");
    btx_log_text(&line, "ring", rule->name);
    btx_log_u64(&line, "producer", rule->producer);
    btx_log_i64(&line, "pid", news->pid);
    if (news->why != NULL)
        btx_log_text(&line, "why", news->why);
    if (watch->rings[news->index].left_out != 0)
        btx_log_u64(&line, "lines_left_out", watch->rings[news->index].left_out);
    watch->rings[news->index].left_out = 0;
    btx_log_end(&line);
}

static uint64_t state_of(enum btx_ring_port_state state)
{
    if (state == BTX_RING_PORT_CLOSED)
        return BTX_STATUS_PRODUCER_FREE;
    return state == BTX_RING_PORT_OPEN ? BTX_STATUS_PRODUCER_ATTACHED : BTX_STATUS_PRODUCER_REVOKED;
}

void btx_peer_watch_tell(const struct btx_peer_watch *watch, struct btx_ring_server *server,
                         size_t rule_count)
{
    struct btx_ring_server_status status;

    btx_ring_server_status(server, &status);
    btx_status_set(watch->status, BTX_STATUS_PEERS, status.opened - status.ended);
    btx_status_set(watch->status, BTX_STATUS_PEERS_REFUSED, status.refused + status.strangers);
    btx_status_set(watch->status, BTX_STATUS_REVOKED, status.ended);
    for (size_t i = 0; i < rule_count; i++)
        btx_status_set(watch->status, BTX_STATUS_PRODUCER_STATE + watch->rules[i].producer,
                       state_of(btx_ring_port_state(btx_ring_server_port(server, i))));
}
