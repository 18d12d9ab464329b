/* SPDX-License-Identifier: MIT */
#include "bridge/redis/redis_script.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

#include "common/base/crypto.h"

/*
 * Every call inside costs as much as a good part of the rest, so the ordinary way has four of them
 * and one more a message: SET of the sequence, which answers the one before, INCRBY for all ids at
 * once, PUBLISH, ZADD. What was taken too much is given back when a command is refused; nobody has
 * seen it, since a script is atomic. The ordinary way answers with the last id, everything else
 * with five texts; what only the latter needs is not even defined on the former.
 *
 * Ids are numbers up to 10^14, which Lua holds exactly, but writes as 1e+14 unless formatted, in
 * halves where an integer may be too small. Every command that can fail is a pcall, so that the
 * answer always says how far it got. An id whose PUBLISH was refused is used up: the log then holds
 * an empty message (the void mark without its trailer of 40 bytes) under it, so that receivers who
 * miss the id find out.
 */
static const char publish_script[] =
    "local counter, log, memory = KEYS[1], KEYS[2], KEYS[3]\n"
    "local first, settled = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
    "local floor, lifted = tonumber(ARGV[3]), tonumber(ARGV[3]) + 1000000\n"
    "local void_mark, log_limit, life = ARGV[4], tonumber(ARGV[5]), ARGV[6]\n"
    "local count = #ARGV - 6\n"
    "local pcall, format, type = redis.pcall, string.format, type\n"
    "local last, last_id, latest, newest, failure = settled, '0', '0', 0, ''\n"
    "local entries, size = {}, 0\n"
    "\n"
    "local function plain(number)\n"
    "    if number < 2147483648 then return format('%d', number) end\n"
    "    local high = math.floor(number / 1000000)\n"
    "    return format('%d%06d', high, number - high * 1000000)\n"
    "end\n"
    "\n"
    "local function publish(before, frames, from, to)\n"
    "    for i = from, to do\n"
    "        newest = before + i\n"
    "        latest = plain(newest)\n"
    "        local message = latest .. ' ' .. frames[i]\n"
    "        local answer = pcall('PUBLISH', counter, message)\n"
    "        if type(answer) == 'table' then\n"
    "            failure = answer.err .. ' (PUBLISH)'\n"
    "            message = latest .. ' ' .. string.sub(void_mark, 1, -41)\n"
    "        end\n"
    "        entries[size + 1], entries[size + 2] = latest, message\n"
    "        size = size + 2\n"
    "        if failure ~= '' then return end\n"
    "        last, last_id = last + 1, latest\n"
    "    end\n"
    "end\n"
    "\n"
    "local stored, wanted, top, base\n"
    "if count > 0 then\n"
    "    stored = pcall('SET', memory, plain(first + count - 1), 'PX', life, 'GET')\n"
    "    if type(stored) ~= 'table' then\n"
    "        last = tonumber(stored or 0) or 0\n"
    "        if last < settled then last = settled end\n"
    "        wanted = first + count - 1 - last\n"
    "        top = wanted > 0 and wanted <= count and pcall('INCRBY', counter, wanted)\n"
    "        base = type(top) == 'number' and top - wanted\n"
    "    end\n"
    "end\n"
    "local from = base and 7 + count - wanted\n"
    "local is_ordinary = base and base >= floor\n"
    "if is_ordinary then\n"
    "    publish(base + 1 - from, ARGV, from, 6 + count)\n"
    "    is_ordinary = failure == ''\n"
    "end\n"
    "\n"
    "if not is_ordinary then\n"
    "    local function look()\n"
    "        local present = pcall('GET', counter)\n"
    "        if type(present) == 'table' then return present.err end\n"
    "        if present and not tonumber(present) then return 'ERR the counter is not a number' "
    "end\n"
    "        latest = present or '0'\n"
    "    end\n"
    "    local function remember(sequence) pcall('SET', memory, sequence, 'PX', life) end\n"
    "    local function answer(state) return {state, plain(last), last_id, latest, failure} end\n"
    "    local function broken(text) return {'BROKEN', '0', '0', '0', text} end\n"
    "    local function lift(by)\n"
    "        local set = pcall('SET', counter, plain(lifted + by))\n"
    "        if set.err then failure = set.err return end\n"
    "        local before, id = last, last_id\n"
    "        publish(lifted - 1, {void_mark}, 1, 1)\n"
    "        last, last_id = before, id\n"
    "        return failure == ''\n"
    "    end\n"
    "\n"
    "    if count == 0 then\n"
    "        local trouble = look()\n"
    "        if trouble then return broken(trouble) end\n"
    "        if tonumber(latest) < floor then lift(0) end\n"
    "    elseif type(stored) == 'table' then\n"
    "        failure = stored.err\n"
    "        stored = pcall('GET', memory)\n"
    "        local trouble = type(stored) == 'table' and stored.err or look()\n"
    "        if trouble then return broken(trouble) end\n"
    "        last = math.max(tonumber(stored or 0) or 0, settled)\n"
    "        return answer('STOPPED')\n"
    "    elseif not base then\n"
    "        remember(stored or '0')\n"
    "        local trouble = look()\n"
    "        if trouble then return broken(trouble) end\n"
    "        if not top then return answer(wanted > 0 and 'ORDER' or 'DONE') end\n"
    "        failure = top.err .. ' (INCRBY)'\n"
    "        return answer('STOPPED')\n"
    "    else\n"
    "        if base < floor then\n"
    "            latest = plain(base)\n"
    "            if lift(wanted) then publish(lifted + 1 - from, ARGV, from, 6 + count) end\n"
    "        end\n"
    "        if failure ~= '' then\n"
    "            pcall('SET', counter, latest)\n"
    "            remember(plain(last))\n"
    "        end\n"
    "    end\n"
    "end\n"
    "\n"
    "if size > 0 and log_limit > 0 then\n"
    "    pcall('ZADD', log, unpack(entries))\n"
    "    if newest % 256 < size / 2 then pcall('ZREMRANGEBYRANK', log, 0, -log_limit - 1) end\n"
    "end\n"
    "if is_ordinary then return top end\n"
    "return {failure == '' and 'DONE' or 'STOPPED', plain(last), last_id, latest, failure}\n";

void
redis_script_init(struct redis_script *script)
{
    uint8_t digest[20];

    crypto_sha1(bytes_from_string(publish_script), digest);
    for (size_t i = 0; i < sizeof(digest); i++) {
        snprintf(script->digest + 2 * i, 3, "%02x", digest[i]);
    }
}

/* A view of what has been appended since ${from}; valid once nothing more is appended. */
struct span {
    size_t from;
    size_t length;
};

static struct span
append_number(struct buffer *storage, uint64_t number)
{
    size_t from = storage->length;

    (void)buffer_append_uint64(storage, number);
    return (struct span){from, storage->length - from};
}

static struct span
append_mark(struct buffer *storage, int64_t ticks, const struct signalr_trailer *trailer)
{
    size_t from = storage->length;

    if (signalr_message_encode(NULL, 0, ticks, storage) == STATUS_OK) {
        (void)signalr_trailer_encode(trailer, storage);
    }
    return (struct span){from, storage->length - from};
}

static struct span
append_sequence_key(struct buffer *storage, const struct redis_script_request *request)
{
    static const char digits[] = "0123456789abcdef";
    size_t from = storage->length;

    (void)buffer_append(storage, request->keys->sequence_prefix);
    for (size_t i = 0; i < SIGNALR_INSTANCE_BYTES; i++) {
        (void)buffer_append_byte(storage, (uint8_t)digits[request->batch->instance[i] >> 4]);
        (void)buffer_append_byte(storage, (uint8_t)digits[request->batch->instance[i] & 15]);
    }
    return (struct span){from, storage->length - from};
}

static struct bytes
view(const struct buffer *storage, struct span span)
{
    return bytes_slice(buffer_bytes(storage), span.from, span.length);
}

size_t
redis_script_arguments(const struct redis_script *script,
                       const struct redis_script_request *request, bool is_eval,
                       struct buffer *storage, struct bytes *arguments)
{
    const struct route_batch *batch = request->batch;
    const struct signalr_trailer mark = {.void_from = batch->floor_id + 1,
                                         .void_to = batch->floor_id + ROUTE_LIFT_IDS - 1};
    struct span spans[7];
    size_t count = 0;

    buffer_clear(storage);
    spans[0] = append_sequence_key(storage, request);
    spans[1] = append_number(storage, batch->first_sequence);
    spans[2] = append_number(storage, batch->settled_sequence);
    spans[3] = append_number(storage, batch->floor_id);
    spans[4] = append_mark(storage, request->ticks, &mark);
    spans[5] = append_number(storage, request->log_limit);
    spans[6] = append_number(storage, request->sequence_life_ms);
    if (storage->status != STATUS_OK) {
        return 0;
    }
    arguments[count++] = is_eval ? BYTES("EVAL") : BYTES("EVALSHA");
    arguments[count++] = bytes_from_string(is_eval ? publish_script : script->digest);
    arguments[count++] = BYTES("3");
    arguments[count++] = request->keys->counter;
    arguments[count++] = request->keys->log;
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        arguments[count++] = view(storage, spans[i]);
    }
    for (size_t i = 0; i < batch->count; i++) {
        arguments[count++] = payload_bytes(batch->frames[i]);
    }
    return count;
}

/* ---- Answers ---- */

/* Conditions that pass without anyone touching the configuration. */
static const char *const passing_errors[] = {
    "OOM",        "READONLY",    "LOADING",  "BUSY",      "MISCONF",    "MASTERDOWN",
    "NOREPLICAS", "CLUSTERDOWN", "TRYAGAIN", "UNBLOCKED", "UNKILLABLE",
};

static bool
has_code(struct bytes text, const char *code)
{
    struct bytes word = bytes_from_string(code);

    return bytes_starts_with(text, word) &&
           (text.length == word.length || text.data[word.length] == ' ');
}

static bool
contains(struct bytes text, const char *part)
{
    return text.length > 0 && memmem(text.data, text.length, part, strlen(part)) != NULL;
}

static enum route_outcome
classify_error(struct bytes text)
{
    for (size_t i = 0; i < sizeof(passing_errors) / sizeof(passing_errors[0]); i++) {
        if (has_code(text, passing_errors[i])) {
            return ROUTE_TRY_AGAIN;
        }
    }
    if (has_code(text, "WRONGTYPE") || contains(text, "not an integer") ||
        contains(text, "not a number")) {
        return ROUTE_MISCONFIGURED;
    }
    return ROUTE_REFUSED;
}

static struct bytes
text_of(const struct redisReply *reply)
{
    struct bytes text = bytes_from(reply->str, reply->len);

    /* Some versions hand a script its errors with the dash of the wire. */
    return text.length > 0 && text.data[0] == '-' ? bytes_after(text, 1) : text;
}

static bool
is_answer(const struct redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 5) {
        return false;
    }
    for (size_t i = 0; i < reply->elements; i++) {
        if (reply->element[i]->type != REDIS_REPLY_STRING) {
            return false;
        }
    }
    return true;
}

static enum status
read_numbers(const struct redisReply *reply, struct route_result *result)
{
    enum status status = bytes_parse_uint64(text_of(reply->element[1]), &result->settled_sequence);

    if (status == STATUS_OK) {
        status = bytes_parse_uint64(text_of(reply->element[2]), &result->last_id);
    }
    if (status == STATUS_OK) {
        status = bytes_parse_uint64(text_of(reply->element[3]), &result->counter);
    }
    return status;
}

/* All went the ordinary way; ${id} was given to the last message. */
static void
take_published(uint64_t id, const struct route_batch *batch, struct route_result *result)
{
    *result = (struct route_result){.outcome = ROUTE_PUBLISHED,
                                    .settled_sequence = batch->first_sequence + batch->count - 1,
                                    .last_id = id,
                                    .counter = id};
}

void
redis_script_result(const struct redisReply *reply, const struct route_batch *batch,
                    struct route_result *result)
{
    *result = (struct route_result){.outcome = ROUTE_TRY_AGAIN};
    if (reply == NULL) {
        result->text = BYTES("the connection to Redis was lost");
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        result->text = text_of(reply);
        /* Nothing was executed, so nobody is told that a certain message is to blame. */
        result->outcome =
            classify_error(result->text) == ROUTE_TRY_AGAIN ? ROUTE_TRY_AGAIN : ROUTE_MISCONFIGURED;
        return;
    }
    if (reply->type == REDIS_REPLY_INTEGER && batch->count > 0) {
        take_published((uint64_t)reply->integer, batch, result);
        return;
    }
    if (!is_answer(reply) || read_numbers(reply, result) != STATUS_OK) {
        result->outcome = ROUTE_MISCONFIGURED;
        result->text = BYTES("the publish script gave an answer that is not understood");
        return;
    }
    result->text = text_of(reply->element[4]);
    if (bytes_equal(text_of(reply->element[0]), BYTES("DONE"))) {
        result->outcome = ROUTE_PUBLISHED;
    } else if (bytes_equal(text_of(reply->element[0]), BYTES("ORDER"))) {
        result->outcome = ROUTE_OUT_OF_ORDER;
    } else if (bytes_equal(text_of(reply->element[0]), BYTES("STOPPED"))) {
        result->outcome = classify_error(result->text);
    } else {
        result->outcome = ROUTE_MISCONFIGURED;
    }
}

bool
redis_script_is_unknown(const struct redisReply *reply)
{
    return reply != NULL && reply->type == REDIS_REPLY_ERROR &&
           has_code(text_of(reply), "NOSCRIPT");
}
