/* SPDX-License-Identifier: MIT */
/* redis_command: the table of commands, and those that need nothing but the session. */
#include <inttypes.h>
#include <string.h>

#include "common/base/crypto.h"
#include "common/base/file.h"
#include "service/redis_endpoint/redis_state.h"

/* The version clients are told: old enough that they try nothing newer, new enough that they keep
 * alive by PING. */
#define SERVER_VERSION "3.2.0"

enum { PASSWORD_MAX_BYTES = 4096, SHOWN_COMMAND_BYTES = 64 };

enum command_guard { FREE, GUARDED };

struct command_row {
    const char *name;
    size_t least, most;
    enum command_guard guard;
    void (*run)(struct redis_session *session, const struct resp_command *command);
};

static bool
is_word(const struct resp_command *command, size_t index, const char *word)
{
    return index < command->count &&
           bytes_equal_ignore_case(command->arguments[index], bytes_from_string(word));
}

/* ---- who it is ---- */

/* Whether ${password} is what the file says. The file is read each time, so that a new one needs no
 * restart. False with a reply in place when it cannot be read. */
static bool
is_password(struct redis_session *session, struct bytes password, bool *is_right)
{
    const char *path = session->endpoint->options.doors[session->door].password_file;
    struct buffer file;

    buffer_init(&file, PASSWORD_MAX_BYTES);
    enum status status = file_read(path, PASSWORD_MAX_BYTES, &file);
    struct bytes wanted = buffer_bytes(&file);
    while (wanted.length > 0 &&
           (wanted.data[wanted.length - 1] == '\n' || wanted.data[wanted.length - 1] == '\r')) {
        wanted.length--;
    }
    *is_right = status == STATUS_OK && wanted.length > 0 && wanted.length == password.length &&
                crypto_equal(wanted.data, password.data, wanted.length);
    if (status != STATUS_OK) {
        log_error(session->endpoint->options.log, "redis",
                  "cannot read the password file: %s file=%s", status_sentence(status), path);
        redis_session_fail(session, "ERR hubplane: the password file cannot be read; see the log");
    }
    if (file.data != NULL) {
        crypto_wipe(file.data, file.capacity);
    }
    buffer_deinit(&file);
    return status == STATUS_OK;
}

/* True when the session may go on; else the reply says why not. */
static bool
log_in(struct redis_session *session, struct bytes user, struct bytes password)
{
    struct redis_endpoint *endpoint = session->endpoint;
    bool is_right;
    uint64_t suppressed;

    if (endpoint->options.doors[session->door].password_file == NULL) {
        redis_session_fail(session, "ERR AUTH <password> called without any password configured: "
                                    "set redis_password_file in the [app] section, or leave the "
                                    "password out");
        return false;
    }
    if (!is_password(session, password, &is_right)) {
        return false;
    }
    if (is_right && bytes_equal(user, BYTES("default"))) {
        redis_session_authenticate(session);
        return true;
    }
    redis_session_fail(session, "WRONGPASS invalid username-password pair");
    if (log_allows(&endpoint->password_lines, endpoint->options.timers->clock->now_ms,
                   &suppressed)) {
        log_warn(endpoint->options.log, "redis",
                 "a client gave a wrong password address=%s suppressed=%" PRIu64,
                 endpoint->options.doors[session->door].address, suppressed);
    }
    return false;
}

static void
run_auth(struct redis_session *session, const struct resp_command *command)
{
    struct bytes user = command->count == 3 ? command->arguments[1] : BYTES("default");

    if (log_in(session, user, command->arguments[command->count - 1])) {
        resp_write_simple(&session->reply, "OK");
    }
}

static void
write_hello(struct redis_session *session)
{
    struct buffer *reply = &session->reply;

    resp_write_map(reply, session->version, 7);
    resp_write_bulk(reply, BYTES("server"));
    resp_write_bulk(reply, BYTES("redis"));
    resp_write_bulk(reply, BYTES("version"));
    resp_write_bulk(reply, BYTES(SERVER_VERSION));
    resp_write_bulk(reply, BYTES("proto"));
    resp_write_integer(reply, session->version);
    resp_write_bulk(reply, BYTES("id"));
    resp_write_integer(reply, session->id);
    resp_write_bulk(reply, BYTES("mode"));
    resp_write_bulk(reply, BYTES("standalone"));
    resp_write_bulk(reply, BYTES("role"));
    resp_write_bulk(reply, BYTES("master"));
    resp_write_bulk(reply, BYTES("modules"));
    resp_write_array(reply, 0);
}

/* HELLO [version [AUTH user password] [SETNAME name]] */
static void
run_hello(struct redis_session *session, const struct resp_command *command)
{
    enum resp_version version = session->version;

    if (command->count > 1) {
        if (is_word(command, 1, "2")) {
            version = RESP_VERSION_2;
        } else if (is_word(command, 1, "3")) {
            version = RESP_VERSION_3;
        } else {
            redis_session_fail(session, "NOPROTO unsupported protocol version");
            return;
        }
    }
    for (size_t i = 2; i < command->count;) {
        if (is_word(command, i, "AUTH") && i + 2 < command->count) {
            if (!log_in(session, command->arguments[i + 1], command->arguments[i + 2])) {
                return;
            }
            i += 3;
        } else if (is_word(command, i, "SETNAME") && i + 1 < command->count) {
            i += 2;
        } else {
            redis_session_fail(session, "ERR syntax error in HELLO");
            return;
        }
    }
    if (!session->is_authenticated) {
        redis_session_fail(session, "NOAUTH HELLO must be called with the client already "
                                    "authenticated, or with AUTH <user> <password>");
        return;
    }
    session->version = version;
    write_hello(session);
}

static void
run_quit(struct redis_session *session, const struct resp_command *command)
{
    (void)command;
    resp_write_simple(&session->reply, "OK");
    redis_session_finish(session, "done");
}

/* ---- looking around ---- */

static void
run_client(struct redis_session *session, const struct resp_command *command)
{
    if ((is_word(command, 1, "SETNAME") && command->count == 3) ||
        (is_word(command, 1, "SETINFO") && command->count == 4)) {
        resp_write_simple(&session->reply, "OK");
    } else if (is_word(command, 1, "ID") && command->count == 2) {
        resp_write_integer(&session->reply, session->id);
    } else {
        redis_session_fail(session, "ERR unknown subcommand or wrong number of arguments for "
                                    "'CLIENT'; SETNAME, SETINFO and ID are served");
    }
}

static void
run_config(struct redis_session *session, const struct resp_command *command)
{
    if (is_word(command, 1, "GET") && command->count >= 3) {
        resp_write_map(&session->reply, session->version, 0);
    } else {
        redis_session_fail(session, "ERR unknown subcommand or wrong number of arguments for "
                                    "'CONFIG'; GET is served");
    }
}

static void
run_echo(struct redis_session *session, const struct resp_command *command)
{
    resp_write_bulk(&session->reply, command->arguments[1]);
}

/* The counter of an app is the only key there is: the last id known here. */
static uint64_t
counter_of(const struct redis_session *session, struct bytes key)
{
    const struct redis_app *app = redis_endpoint_find_app(session, key);

    return app != NULL ? app->last_id : 0;
}

static void
run_exists(struct redis_session *session, const struct resp_command *command)
{
    uint64_t count = 0;

    for (size_t i = 1; i < command->count; i++) {
        count += counter_of(session, command->arguments[i]) > 0;
    }
    resp_write_integer(&session->reply, count);
}

static void
run_get(struct redis_session *session, const struct resp_command *command)
{
    uint64_t counter = counter_of(session, command->arguments[1]);
    struct buffer digits;

    if (counter == 0) {
        resp_write_null(&session->reply, session->version);
        return;
    }
    buffer_init(&digits, 32);
    buffer_append_uint64(&digits, counter);
    resp_write_bulk(&session->reply, buffer_bytes(&digits));
    buffer_deinit(&digits);
}

static void
run_info(struct redis_session *session, const struct resp_command *command)
{
    (void)command;
    resp_write_bulk(&session->reply,
                    BYTES("# Server\r\nredis_version:" SERVER_VERSION "\r\n"
                          "redis_mode:standalone\r\n# Replication\r\nrole:master\r\n"));
}

static void
run_ping(struct redis_session *session, const struct resp_command *command)
{
    struct bytes text = command->count == 2 ? command->arguments[1] : BYTES("");

    if (session->version == RESP_VERSION_2 && session->subscription_count > 0) {
        resp_write_array(&session->reply, 2);
        resp_write_bulk(&session->reply, BYTES("pong"));
        resp_write_bulk(&session->reply, text);
    } else if (command->count == 2) {
        resp_write_bulk(&session->reply, text);
    } else {
        resp_write_simple(&session->reply, "PONG");
    }
}

static void
run_select(struct redis_session *session, const struct resp_command *command)
{
    uint64_t database;

    if (bytes_parse_uint64(command->arguments[1], &database) == STATUS_OK) {
        resp_write_simple(&session->reply, "OK");
    } else {
        redis_session_fail(session, "ERR invalid DB index");
    }
}

/* ---- the table ---- */

static const struct command_row rows[] = {
#define REDIS_COMMAND(name, least, most, guard, run) {#name, least, most, guard, run},
#include "service/redis_endpoint/redis_command.def"
#undef REDIS_COMMAND
};

static const struct command_row *
find_row(struct bytes name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (bytes_equal_ignore_case(bytes_from_string(rows[i].name), name)) {
            return &rows[i];
        }
    }
    return NULL;
}

void
redis_command_run(struct redis_session *session, const struct resp_command *command)
{
    const struct command_row *row = find_row(command->arguments[0]);
    struct bytes name = command->arguments[0];
    char shown[SHOWN_COMMAND_BYTES];

    if (!session->is_authenticated && (row == NULL || row->guard != FREE)) {
        redis_session_fail(session, "NOAUTH Authentication required.");
    } else if (row == NULL) {
        (void)bytes_printable(&name, shown, sizeof(shown));
        redis_session_fail(session, "ERR unknown command '%s'", shown);
    } else if (command->count < row->least || (row->most > 0 && command->count > row->most)) {
        redis_session_fail(session, "ERR wrong number of arguments for '%s' command", row->name);
    } else {
        row->run(session, command);
    }
}
