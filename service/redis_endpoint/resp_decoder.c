/* SPDX-License-Identifier: MIT */
#include "service/redis_endpoint/resp_decoder.h"

#include <assert.h>

/* A content buffer that grew beyond this for one large command is given back after it. */
enum { KEEP_BYTES = 64 * 1024, DIGITS_MAX = 10 };

/* What the next byte must be part of. */
enum decoder_state {
    ARRAY_MARK,   /* '*' */
    ARRAY_COUNT,  /* digits, then CR */
    ARRAY_LF,     /* LF */
    BULK_MARK,    /* '$' */
    BULK_LENGTH,  /* digits, then CR */
    BULK_LF,      /* LF */
    BULK_CONTENT, /* `number` bytes */
    BULK_END_CR,  /* CR */
    BULK_END_LF,  /* LF */
    COMPLETE,     /* the last call returned a command */
    DEAD,
};

void
resp_decoder_init(struct resp_decoder *decoder, size_t arguments_max, size_t command_max_bytes)
{
    assert(arguments_max <= RESP_ARGUMENTS_MAX);
    *decoder = (struct resp_decoder){.arguments_max = arguments_max,
                                     .command_max_bytes = command_max_bytes,
                                     .state = ARRAY_MARK};
    buffer_init(&decoder->content, SIZE_MAX);
}

void
resp_decoder_deinit(struct resp_decoder *decoder)
{
    buffer_deinit(&decoder->content);
    decoder->state = DEAD;
}

static enum status
die(struct resp_decoder *decoder, enum status status, const char *problem)
{
    buffer_deinit(&decoder->content);
    decoder->state = DEAD;
    decoder->problem = problem;
    return status;
}

static void
start_over(struct resp_decoder *decoder)
{
    if (decoder->content.capacity > KEEP_BYTES) {
        buffer_deinit(&decoder->content);
    } else {
        buffer_clear(&decoder->content);
    }
    decoder->count = 0;
    decoder->state = ARRAY_MARK;
}

static enum status
take_mark(struct resp_decoder *decoder, uint8_t byte)
{
    if (decoder->state == ARRAY_MARK && byte != '*') {
        return die(decoder, STATUS_PROTOCOL,
                   "Protocol error: commands are arrays of bulk strings; inline commands are not "
                   "understood");
    }
    if (decoder->state == BULK_MARK && byte != '$') {
        return die(decoder, STATUS_PROTOCOL, "Protocol error: expected a bulk string ('$')");
    }
    decoder->number = 0;
    decoder->digits = 0;
    decoder->state = decoder->state == ARRAY_MARK ? ARRAY_COUNT : BULK_LENGTH;
    return STATUS_OK;
}

/* A digit of a count or length, or the CR behind it. */
static enum status
take_digit(struct resp_decoder *decoder, uint8_t byte)
{
    if (byte == '\r' && decoder->digits > 0) {
        decoder->state = decoder->state == ARRAY_COUNT ? ARRAY_LF : BULK_LF;
        return STATUS_OK;
    }
    if (byte < '0' || byte > '9' || decoder->digits == DIGITS_MAX) {
        return die(decoder, STATUS_PROTOCOL,
                   decoder->state == ARRAY_COUNT ? "Protocol error: invalid multibulk length"
                                                 : "Protocol error: invalid bulk length");
    }
    decoder->number = decoder->number * 10 + (byte - '0');
    decoder->digits++;
    return STATUS_OK;
}

static enum status
begin_array(struct resp_decoder *decoder)
{
    if (decoder->number > decoder->arguments_max) {
        return die(decoder, STATUS_LIMIT, "Protocol error: too many arguments");
    }
    decoder->expected = decoder->number;
    decoder->state = decoder->expected == 0 ? ARRAY_MARK : BULK_MARK;
    return STATUS_OK;
}

static enum status
begin_bulk(struct resp_decoder *decoder)
{
    if (decoder->number > decoder->command_max_bytes - decoder->content.length) {
        return die(decoder, STATUS_LIMIT, "Protocol error: the command is too large");
    }
    decoder->state = decoder->number == 0 ? BULK_END_CR : BULK_CONTENT;
    return STATUS_OK;
}

static enum status
take_content(struct resp_decoder *decoder, struct bytes *input)
{
    struct bytes part = bytes_slice(*input, 0, (size_t)decoder->number);

    if (buffer_append(&decoder->content, part) != STATUS_OK) {
        return die(decoder, STATUS_NO_MEMORY, "out of memory");
    }
    *input = bytes_after(*input, part.length);
    decoder->number -= part.length;
    if (decoder->number == 0) {
        decoder->state = BULK_END_CR;
    }
    return STATUS_OK;
}

/* A byte that can only be one. */
static enum status
take_end(struct resp_decoder *decoder, uint8_t byte)
{
    if (byte != (decoder->state == BULK_END_CR ? '\r' : '\n')) {
        return die(decoder, STATUS_PROTOCOL, "Protocol error: expected CRLF");
    }
    switch (decoder->state) {
    case ARRAY_LF:
        return begin_array(decoder);
    case BULK_LF:
        return begin_bulk(decoder);
    case BULK_END_CR:
        decoder->state = BULK_END_LF;
        return STATUS_OK;
    default:
        decoder->ends[decoder->count++] = decoder->content.length;
        decoder->state = decoder->count == decoder->expected ? COMPLETE : BULK_MARK;
        return STATUS_OK;
    }
}

static enum status
take_byte(struct resp_decoder *decoder, uint8_t byte)
{
    switch (decoder->state) {
    case ARRAY_MARK:
    case BULK_MARK:
        return take_mark(decoder, byte);
    case ARRAY_COUNT:
    case BULK_LENGTH:
        return take_digit(decoder, byte);
    default:
        return take_end(decoder, byte);
    }
}

static void
fill_in(const struct resp_decoder *decoder, struct resp_command *out)
{
    struct bytes content = buffer_bytes(&decoder->content);
    size_t start = 0;

    out->count = decoder->count;
    for (size_t i = 0; i < decoder->count; i++) {
        out->arguments[i] = bytes_slice(content, start, decoder->ends[i] - start);
        start = decoder->ends[i];
    }
}

enum status
resp_decode(struct resp_decoder *decoder, struct bytes *input, struct resp_command *out)
{
    enum status status = STATUS_OK;

    if (decoder->state == DEAD) {
        return STATUS_PROTOCOL;
    }
    if (decoder->state == COMPLETE) {
        start_over(decoder);
    }
    while (status == STATUS_OK && decoder->state != COMPLETE) {
        if (input->length == 0) {
            return STATUS_NEED_MORE;
        }
        if (decoder->state == BULK_CONTENT) {
            status = take_content(decoder, input);
        } else {
            status = take_byte(decoder, input->data[0]);
            *input = bytes_after(*input, 1);
        }
    }
    if (status == STATUS_OK) {
        fill_in(decoder, out);
    }
    return status;
}
