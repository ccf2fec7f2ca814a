/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/session.h"

#include <string.h>

#include "engine/base/check.h"

#define SECOND_NS UINT64_C(1000000000)
#define NO_REPLY UINT64_MAX

/* Behind the limit of output there is room for the STATUS that ends it. */
enum { STATUS_ROOM_BYTES = 256 };
static_assert((int)STATUS_ROOM_BYTES >= BTX_FRAME_HEADER_BYTES + 8 + BTX_FRAME_TEXT_BYTES_MAX,
              "the last STATUS fits");
static_assert((int)BTX_SESSION_INPUT_BYTES_MAX >= BTX_FRAME_CLIENT_BYTES_MAX, "a frame fits");

#define BIT(state) (1u << (state))

static const uint8_t session_next[BTX_SESSION_STATE_COUNT] = {
    [BTX_SESSION_HANDSHAKE] = BIT(BTX_SESSION_HELLO) | BIT(BTX_SESSION_CLOSED),
    [BTX_SESSION_HELLO] =
        BIT(BTX_SESSION_GREETING) | BIT(BTX_SESSION_CLOSING) | BIT(BTX_SESSION_CLOSED),
    [BTX_SESSION_GREETING] =
        BIT(BTX_SESSION_ACTIVE) | BIT(BTX_SESSION_CLOSING) | BIT(BTX_SESSION_CLOSED),
    [BTX_SESSION_ACTIVE] = BIT(BTX_SESSION_CLOSING) | BIT(BTX_SESSION_CLOSED),
    [BTX_SESSION_CLOSING] = BIT(BTX_SESSION_CLOSED),
    [BTX_SESSION_CLOSED] = 0,
};

/* How long @state may last. */
static uint64_t patience_ns(const struct btx_session_rules *rules, enum btx_session_state state)
{
    switch (state) {
    case BTX_SESSION_HANDSHAKE:
        return rules->handshake_ns;
    case BTX_SESSION_HELLO:
        return rules->hello_ns;
    case BTX_SESSION_GREETING:
        return rules->greeting_ns;
    case BTX_SESSION_ACTIVE:
        return rules->idle_ns;
    case BTX_SESSION_CLOSING:
        return rules->closing_ns;
    case BTX_SESSION_CLOSED:
        return UINT64_MAX;
    case BTX_SESSION_STATE_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}

static void set_deadline(struct btx_session *session, uint64_t now_ns)
{
    const uint64_t patience = patience_ns(session->rules, session->state);

    session->deadline_ns = patience > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + patience;
}

/* The only writer of session->state. */
static void enter(struct btx_session *session, enum btx_session_state state, uint64_t now_ns)
{
    CHECK(state < BTX_SESSION_STATE_COUNT);
    CHECK((session_next[session->state] & BIT(state)) != 0);
    session->state = state;
    set_deadline(session, now_ns);
}

void btx_session_init(struct btx_session *session, const struct btx_session_rules *rules,
                      uint64_t now_ns)
{
    memset(session, 0, sizeof *session);
    session->rules = rules;
    session->reply_position = NO_REPLY;
    session->allowed_ns = now_ns;
    session->progress_ns = now_ns;
    btx_byte_queue_init(&session->in, BTX_SESSION_INPUT_BYTES_MAX);
    btx_byte_queue_init(&session->out, rules->output_bytes_max);
    set_deadline(session, now_ns);
}

void btx_session_done(struct btx_session *session)
{
    btx_byte_queue_done(&session->in);
    btx_byte_queue_done(&session->out);
}

/* ---- What goes out ---- */

/* Append to the output; when it was empty, its time begins. */
static void *append(struct btx_session *session, size_t length_bytes, uint64_t now_ns)
{
    if (btx_byte_queue_length(&session->out) == 0)
        session->progress_ns = now_ns;
    return btx_byte_queue_append(&session->out, length_bytes);
}

/* A STATUS; false when there is no room. */
static bool put_status(struct btx_session *session, uint8_t flags, uint64_t request, uint16_t code,
                       const char *why, uint64_t now_ns)
{
    const char *text = why != NULL ? why : btx_frame_status_sentence(code);
    const size_t text_bytes = strnlen(text, BTX_FRAME_TEXT_BYTES_MAX);
    const size_t body_bytes = sizeof(struct btx_frame_status) + text_bytes;
    void *room = append(session, btx_frame_length_bytes(body_bytes), now_ns);
    struct btx_frame_status *status;

    if (room == NULL)
        return false;
    status = btx_frame_begin(room, BTX_FRAME_STATUS, flags, request, body_bytes);
    status->code = code;
    status->text_length = (uint16_t)text_bytes;
    memcpy(status + 1, text, text_bytes);
    return true;
}

/* What is behind the place of a reply that does not come is not to be seen. */
static void take_back_reply(struct btx_session *session)
{
    if (session->reply_position == NO_REPLY)
        return;
    btx_byte_queue_cut(&session->out, (size_t)(session->reply_position - session->out.taken_bytes));
    session->reply_position = NO_REPLY;
}

void btx_session_close(struct btx_session *session, uint16_t code, const char *why, uint64_t now_ns)
{
    if (session->state == BTX_SESSION_CLOSING || session->state == BTX_SESSION_CLOSED)
        return;
    session->status = code;
    session->why = why != NULL ? why : btx_frame_status_sentence(code);
    take_back_reply(session);
    btx_byte_queue_take(&session->in, btx_byte_queue_length(&session->in));
    if (session->state == BTX_SESSION_HANDSHAKE) {
        enter(session, BTX_SESSION_CLOSED, now_ns);
        return;
    }
    session->out.limit_bytes += STATUS_ROOM_BYTES;
    (void)put_status(session, BTX_FRAME_CLOSING, 0, code, why, now_ns); /* Memory may be gone. */
    enter(session, BTX_SESSION_CLOSING, now_ns);
}

void btx_session_end(struct btx_session *session)
{
    if (session->state == BTX_SESSION_CLOSED)
        return;
    enter(session, BTX_SESSION_CLOSED, 0);
}

static void *put(struct btx_session *session, enum btx_frame_type type, uint8_t flags,
                 uint64_t request, size_t body_bytes, uint64_t now_ns)
{
    void *room = append(session, btx_frame_length_bytes(body_bytes), now_ns);

    if (room != NULL)
        return btx_frame_begin(room, type, flags, request, body_bytes);
    btx_session_close(session, BTX_FRAME_STATUS_TOO_SLOW, NULL, now_ns);
    return NULL;
}

void *btx_session_put(struct btx_session *session, enum btx_frame_type type, uint8_t flags,
                      uint64_t request, size_t body_bytes, uint64_t now_ns)
{
    return session->state == BTX_SESSION_ACTIVE
               ? put(session, type, flags, request, body_bytes, now_ns)
               : NULL;
}

void btx_session_refuse(struct btx_session *session, uint64_t request, uint16_t code,
                        const char *why, uint64_t now_ns)
{
    if (session->state == BTX_SESSION_ACTIVE && !put_status(session, 0, request, code, why, now_ns))
        btx_session_close(session, BTX_FRAME_STATUS_TOO_SLOW, NULL, now_ns);
}

void btx_session_welcome(struct btx_session *session, uint64_t request,
                         const struct btx_frame_welcome *welcome, uint64_t now_ns)
{
    struct btx_frame_welcome *body;

    CHECK(session->state == BTX_SESSION_GREETING);
    session->account = welcome->account;
    session->rights = welcome->rights;
    body = put(session, BTX_FRAME_WELCOME, 0, request, sizeof *body, now_ns);
    if (body == NULL)
        return;
    *body = *welcome;
    body->version = BTX_FRAME_VERSION;
    body->outstanding_max = session->rules->outstanding_max;
    body->frames_per_second = session->rules->frames_per_second;
    body->idle_ns = session->rules->idle_ns;
    enter(session, BTX_SESSION_ACTIVE, now_ns);
}

void btx_session_taken(struct btx_session *session)
{
    session->outstanding++;
}

void btx_session_forget(struct btx_session *session)
{
    CHECK(session->outstanding > 0);
    session->outstanding--;
}

void btx_session_begin_reply(struct btx_session *session, uint64_t request, uint64_t now_ns)
{
    struct btx_frame_reply *reply;

    CHECK(session->reply_position == NO_REPLY);
    reply = btx_session_put(session, BTX_FRAME_REPLY, 0, request, sizeof *reply, now_ns);
    if (reply != NULL)
        session->reply_position = session->out.taken_bytes + btx_byte_queue_length(&session->out) -
                                  btx_frame_length_bytes(sizeof *reply);
}

void btx_session_end_reply(struct btx_session *session, const struct btx_frame_reply *reply)
{
    btx_session_forget(session);
    if (session->reply_position == NO_REPLY)
        return; /* Closed meanwhile. */
    memcpy(btx_byte_queue_front(&session->out) +
               (session->reply_position - session->out.taken_bytes) + BTX_FRAME_HEADER_BYTES,
           reply, sizeof *reply);
    session->reply_position = NO_REPLY;
}

size_t btx_session_output(const struct btx_session *session, const uint8_t **ret_bytes)
{
    *ret_bytes = btx_byte_queue_front(&session->out);
    return session->reply_position == NO_REPLY
               ? btx_byte_queue_length(&session->out)
               : (size_t)(session->reply_position - session->out.taken_bytes);
}

void btx_session_sent(struct btx_session *session, size_t length_bytes, uint64_t now_ns)
{
    btx_byte_queue_take(&session->out, length_bytes);
    session->progress_ns = now_ns;
}

/* ---- What comes in ---- */

void btx_session_secure(struct btx_session *session, uint64_t now_ns)
{
    enter(session, BTX_SESSION_HELLO, now_ns);
}

size_t btx_session_input_room(const struct btx_session *session)
{
    switch (session->state) {
    case BTX_SESSION_HELLO:
    case BTX_SESSION_GREETING:
    case BTX_SESSION_ACTIVE:
        return BTX_SESSION_INPUT_BYTES_MAX - btx_byte_queue_length(&session->in);
    case BTX_SESSION_CLOSING: /* It is read, so that a reset does not overtake the STATUS. */
        return BTX_SESSION_INPUT_BYTES_MAX;
    case BTX_SESSION_HANDSHAKE:
    case BTX_SESSION_CLOSED:
        return 0;
    case BTX_SESSION_STATE_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}

void btx_session_receive(struct btx_session *session, const void *bytes, size_t length_bytes)
{
    void *room;

    if (session->state == BTX_SESSION_CLOSING || session->state == BTX_SESSION_CLOSED)
        return;
    CHECK(length_bytes <= btx_session_input_room(session));
    room = btx_byte_queue_append(&session->in, length_bytes);
    if (room != NULL)
        memcpy(room, bytes, length_bytes);
    else
        btx_session_end(session); /* No memory: bytes are lost, so nothing makes sense any more. */
}

/* A cseq of a command, 0 for none. */
static uint64_t cseq_of(const union btx_command_space *space)
{
    const void *command = space;

    switch (space->command.record.type) {
    case BTX_COMMAND_PLACE_ORDER:
        return ((const struct btx_place_order *)command)->cseq;
    case BTX_COMMAND_CANCEL_ORDER:
        return ((const struct btx_cancel_order *)command)->cseq;
    case BTX_COMMAND_UPDATE_ORDER:
        return ((const struct btx_update_order *)command)->cseq;
    case BTX_COMMAND_REPLACE_ORDER:
        return ((const struct btx_replace_order *)command)->cseq;
    case BTX_COMMAND_CANCEL_ORDERS:
        return ((const struct btx_cancel_orders *)command)->cseq;
    default: /* lint: default: no frame makes another one */
        CHECK_UNREACHABLE();
    }
}

/* Whether the command of @frame may be handed on; if not it is refused here. */
static bool take_command(struct btx_session *session, const struct btx_frame *frame,
                         struct btx_session_request *request, uint64_t now_ns)
{
    const char *why = btx_frame_command(frame, &request->command);
    uint16_t code = 0;
    uint64_t account;

    if (why != NULL) {
        btx_session_refuse(session, request->request, BTX_FRAME_STATUS_BAD_FRAME, why, now_ns);
        return false;
    }
    /* All five have it at the same place, right behind the source. */
    memcpy(&account, request->command.bytes + sizeof(struct btx_command), sizeof account);
    if ((session->rights & BTX_RIGHT_TRADE) == 0)
        code = BTX_FRAME_STATUS_NOT_ALLOWED;
    else if (account != session->account)
        code = BTX_FRAME_STATUS_WRONG_ACCOUNT;
    else if (cseq_of(&request->command) != 0 && (session->flags & BTX_FRAME_HELLO_SEQUENCE) == 0)
        code = BTX_FRAME_STATUS_NO_SEQUENCE;
    if (code != 0)
        btx_session_refuse(session, request->request, code, NULL, now_ns);
    return code == 0;
}

static bool take_hello(struct btx_session *session, const struct btx_frame *frame,
                       struct btx_session_request *request, uint64_t now_ns)
{
    memcpy(&request->hello, frame->body, sizeof request->hello);
    if (request->hello.version != BTX_FRAME_VERSION) {
        btx_session_close(session, BTX_FRAME_STATUS_BAD_VERSION, NULL, now_ns);
        return false;
    }
    session->flags = request->hello.flags;
    enter(session, BTX_SESSION_GREETING, now_ns);
    return true;
}

/* Whether @frame is a request for the owner. */
static bool take_frame(struct btx_session *session, const struct btx_frame *frame,
                       struct btx_session_request *request, uint64_t now_ns)
{
    if ((frame->type == BTX_FRAME_HELLO) != (session->state == BTX_SESSION_HELLO)) {
        btx_session_close(session, BTX_FRAME_STATUS_BAD_FRAME,
                          frame->type == BTX_FRAME_HELLO ? "hello: said before" : "hello: missing",
                          now_ns);
        return false;
    }
    request->type = frame->type;
    request->request = frame->header->request;
    if (frame->type == BTX_FRAME_HELLO)
        return take_hello(session, frame, request, now_ns);
    if (btx_frame_is_command(frame->type))
        return take_command(session, frame, request, now_ns);
    if (frame->type == BTX_FRAME_PING) {
        (void)!btx_session_put(session, BTX_FRAME_PONG, 0, request->request, 0, now_ns);
        return false;
    }
    /* Bodies of the others, all of them within the greatest. */
    memcpy(&request->hello, frame->body, frame->body_bytes);
    return true;
}

/* Whether the next frame has to wait. */
static bool must_wait(struct btx_session *session, uint64_t now_ns)
{
    session->is_throttled = session->allowed_ns > now_ns + SECOND_NS;
    return session->is_throttled ||
           (session->state != BTX_SESSION_HELLO && session->state != BTX_SESSION_ACTIVE) ||
           session->outstanding >= session->rules->outstanding_max ||
           btx_byte_queue_length(&session->out) > session->rules->output_bytes_max / 2;
}

bool btx_session_next(struct btx_session *session, uint64_t now_ns,
                      struct btx_session_request *ret_request)
{
    while (!must_wait(session, now_ns)) {
        struct btx_frame frame;
        const char *why;
        size_t length_bytes;
        bool is_request;

        switch (btx_frame_read(btx_byte_queue_front(&session->in),
                               btx_byte_queue_length(&session->in), BTX_FRAME_FROM_CLIENT, &frame,
                               &why)) {
        case BTX_FRAME_PART:
            return false;
        case BTX_FRAME_BAD:
            btx_session_close(session, BTX_FRAME_STATUS_BAD_FRAME, why, now_ns);
            return false;
        case BTX_FRAME_WHOLE:
        case BTX_FRAME_PART_COUNT:
            break;
        }
        session->frames++;
        if (session->allowed_ns < now_ns)
            session->allowed_ns = now_ns;
        session->allowed_ns += SECOND_NS / session->rules->frames_per_second;
        length_bytes = frame.header->length_bytes;
        if (session->state == BTX_SESSION_ACTIVE)
            set_deadline(session, now_ns);
        is_request = take_frame(session, &frame, ret_request, now_ns);
        if (session->state == BTX_SESSION_CLOSING || session->state == BTX_SESSION_CLOSED)
            return false; /* Its input is gone. */
        btx_byte_queue_take(&session->in, length_bytes);
        if (is_request)
            return true;
    }
    return false;
}

/* ---- Time ---- */

/* When output that waits is too old. */
static uint64_t stalled_at_ns(const struct btx_session *session)
{
    return session->state != BTX_SESSION_ACTIVE || btx_byte_queue_length(&session->out) == 0
               ? UINT64_MAX
               : session->progress_ns + session->rules->stalled_ns;
}

/* When the rate lets the next frame through, if that is what it has to wait for. */
static uint64_t allowed_at_ns(const struct btx_session *session)
{
    return session->state == BTX_SESSION_ACTIVE && session->is_throttled
               ? session->allowed_ns - SECOND_NS
               : UINT64_MAX;
}

uint64_t btx_session_due_ns(const struct btx_session *session)
{
    uint64_t due_ns = session->deadline_ns;

    if (stalled_at_ns(session) < due_ns)
        due_ns = stalled_at_ns(session);
    if (allowed_at_ns(session) < due_ns)
        due_ns = allowed_at_ns(session);
    return due_ns;
}

void btx_session_pass(struct btx_session *session, uint64_t now_ns)
{
    if (now_ns >= stalled_at_ns(session))
        btx_session_close(session, BTX_FRAME_STATUS_TOO_SLOW, NULL, now_ns);
    if (now_ns < session->deadline_ns)
        return;
    if (session->state == BTX_SESSION_CLOSING)
        btx_session_end(session);
    else
        btx_session_close(session,
                          session->state == BTX_SESSION_GREETING ? BTX_FRAME_STATUS_STARTING
                                                                 : BTX_FRAME_STATUS_DEADLINE,
                          NULL, now_ns);
}

void btx_session_trim(struct btx_session *session)
{
    btx_byte_queue_trim(&session->in);
    btx_byte_queue_trim(&session->out);
}
