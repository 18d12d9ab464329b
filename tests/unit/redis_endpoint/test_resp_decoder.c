/* SPDX-License-Identifier: MIT */
/* Goal of this test: commands come out the same whole and byte by byte, binary safe; what is not an
 * array of bulk strings, or too large, kills the decoder with a sentence. */
#include <string.h>

#include "service/redis_endpoint/resp_decoder.h"
#include "tests/support/test.h"

enum { ARGUMENTS_MAX = 4, COMMAND_MAX_BYTES = 64 };

/* Every command as a line "[a] [b]", then the problem, if any. */
static void
decode(struct bytes input, size_t chunk_bytes, struct buffer *told)
{
    struct resp_decoder decoder;
    struct resp_command command;
    enum status status = STATUS_NEED_MORE;

    resp_decoder_init(&decoder, ARGUMENTS_MAX, COMMAND_MAX_BYTES);
    while (input.length > 0 && status == STATUS_NEED_MORE) {
        struct bytes part = bytes_slice(input, 0, chunk_bytes);
        input = bytes_after(input, part.length);
        while ((status = resp_decode(&decoder, &part, &command)) == STATUS_OK) {
            for (size_t i = 0; i < command.count; i++) {
                buffer_append_byte(told, '[');
                buffer_append(told, command.arguments[i]);
                buffer_append_byte(told, ']');
            }
            buffer_append_byte(told, '\n');
        }
        if (status == STATUS_NEED_MORE) {
            assert_int_equal(part.length, 0);
        }
    }
    if (status != STATUS_NEED_MORE) {
        buffer_append_format(told, "%s: %s\n", status_name(status), decoder.problem);
        struct bytes more = BYTES("*1\r\n$1\r\nx\r\n");
        assert_status(resp_decode(&decoder, &more, &command), STATUS_PROTOCOL);
    }
    resp_decoder_deinit(&decoder);
}

static void
assert_decoded(struct bytes input, struct bytes expected)
{
    static const size_t chunks[] = {SIZE_MAX, 1, 2, 7};

    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        struct buffer told;
        buffer_init(&told, 4096);
        decode(input, chunks[i], &told);
        assert_bytes(buffer_bytes(&told), expected);
        buffer_deinit(&told);
    }
}

#define CASE(input, expected) assert_decoded(BYTES(input), BYTES(expected))

static void
commands(void **state)
{
    (void)state;
    CASE("*1\r\n$4\r\nPING\r\n", "[PING]\n");
    CASE("*2\r\n$4\r\nECHO\r\n$5\r\n\r\n\0$*\r\n*1\r\n$0\r\n\r\n", "[ECHO][\r\n\0$*]\n[]\n");
    CASE("*0\r\n*1\r\n$1\r\nx\r\n", "[x]\n");
    CASE("*4\r\n$1\r\na\r\n$1\r\nb\r\n$0\r\n\r\n$1\r\nd\r\n*1\r\n$1\r\ne\r\n",
         "[a][b][][d]\n[e]\n");
    CASE("*2\r\n$4\r\nECHO\r\n$3\r\nab", "");
    CASE("*01\r\n$01\r\nx\r\n", "[x]\n");
}

static void
nothing_else_is_understood(void **state)
{
    (void)state;
    CASE("PING\r\n", "PROTOCOL: Protocol error: commands are arrays of bulk strings; inline "
                     "commands are not understood\n");
    CASE("\r\n", "PROTOCOL: Protocol error: commands are arrays of bulk strings; inline commands "
                 "are not understood\n");
    CASE("*1\r\n+PING\r\n", "PROTOCOL: Protocol error: expected a bulk string ('$')\n");
    CASE("*1\r\n*1\r\n$1\r\nx\r\n", "PROTOCOL: Protocol error: expected a bulk string ('$')\n");
    CASE("*\r\n", "PROTOCOL: Protocol error: invalid multibulk length\n");
    CASE("*-1\r\n", "PROTOCOL: Protocol error: invalid multibulk length\n");
    CASE("*1x\r\n", "PROTOCOL: Protocol error: invalid multibulk length\n");
    CASE("*00000000001\r\n", "PROTOCOL: Protocol error: invalid multibulk length\n");
    CASE("*1\r\n$-1\r\n", "PROTOCOL: Protocol error: invalid bulk length\n");
    CASE("*1\r\n$\r\n", "PROTOCOL: Protocol error: invalid bulk length\n");
    CASE("*1\n", "PROTOCOL: Protocol error: invalid multibulk length\n");
    CASE("*1\rx", "PROTOCOL: Protocol error: expected CRLF\n");
    CASE("*1\r\n$1\r\nxy\n", "PROTOCOL: Protocol error: expected CRLF\n");
    CASE("*1\r\n$1\r\nx\rz", "PROTOCOL: Protocol error: expected CRLF\n");
}

static void
limits(void **state)
{
    (void)state;
    CASE("*5\r\n", "LIMIT: Protocol error: too many arguments\n");
    CASE("*9999999999\r\n", "LIMIT: Protocol error: too many arguments\n");
    CASE("*1\r\n$65\r\n", "LIMIT: Protocol error: the command is too large\n");
    CASE("*1\r\n$9999999999\r\n", "LIMIT: Protocol error: the command is too large\n");
    /* The sum counts. */
    CASE("*2\r\n$2\r\nab\r\n$63\r\n", "LIMIT: Protocol error: the command is too large\n");
    CASE("*2\r\n$2\r\nab\r\n$62\r\n", "");
}

static void
memory_is_given_back(void **state)
{
    struct resp_decoder decoder;
    struct resp_command command;
    struct buffer large;

    (void)state;
    buffer_init(&large, SIZE_MAX);
    buffer_append_string(&large, "*1\r\n$1000000\r\n");
    uint8_t *content = buffer_reserve(&large, 1000000);
    assert_non_null(content);
    memset(content, 'x', 1000000);
    buffer_commit(&large, 1000000);
    buffer_append_string(&large, "\r\n");
    resp_decoder_init(&decoder, ARGUMENTS_MAX, 1000000);
    struct bytes input = buffer_bytes(&large);
    struct bytes header = bytes_slice(input, 0, 14);
    assert_status(resp_decode(&decoder, &header, &command), STATUS_NEED_MORE);
    assert_int_equal(decoder.content.capacity, 0); /* what is only announced costs nothing */
    input = bytes_after(input, 14);
    assert_status(resp_decode(&decoder, &input, &command), STATUS_OK);
    assert_int_equal(command.arguments[0].length, 1000000);
    input = BYTES("*");
    assert_status(resp_decode(&decoder, &input, &command), STATUS_NEED_MORE);
    assert_int_equal(decoder.content.capacity, 0);
    resp_decoder_deinit(&decoder);
    buffer_deinit(&large);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(nothing_else_is_understood),
        cmocka_unit_test(limits),
        cmocka_unit_test(memory_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
