/* SPDX-License-Identifier: MIT */
/*
 * Goal of this test: any bytes decode to the same envelopes whole and in chunks. First byte: chunk
 * size; the rest is the stream.
 */
#include "common/wire/envelope.h"
#include "tests/fuzz/fuzz_require.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAYLOAD_MAX_BYTES = 4096 };

/* Decode ${input}, writing each envelope back to ${out}: what was accepted must come out as it
 * came. */
static enum status
decode_into(struct envelope_decoder *decoder, struct bytes input, struct buffer *out)
{
    struct envelope envelope;
    enum status status = envelope_decode(decoder, &input, &envelope);
    while (status == STATUS_OK) {
        require(envelope.payload.length <= PAYLOAD_MAX_BYTES);
        require(envelope_kind_is_known(envelope.kind) ||
                (envelope.flags & ENVELOPE_FLAG_OPTIONAL) != 0);
        require(envelope_encode(&envelope, out) == STATUS_OK);
        status = envelope_decode(decoder, &input, &envelope);
    }
    require(status != STATUS_NEED_MORE || input.length == 0);
    return status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    size_t chunk = (size_t)data[0] + 1;
    struct bytes stream = bytes_from(data + 1, size - 1);
    struct envelope_decoder decoder;
    struct buffer whole, pieces;
    buffer_init(&whole, SIZE_MAX);
    buffer_init(&pieces, SIZE_MAX);

    envelope_decoder_init(&decoder, PAYLOAD_MAX_BYTES);
    enum status whole_status = decode_into(&decoder, stream, &whole);
    envelope_decoder_deinit(&decoder);

    envelope_decoder_init(&decoder, PAYLOAD_MAX_BYTES);
    enum status status = STATUS_NEED_MORE;
    for (size_t at = 0; at < stream.length && status == STATUS_NEED_MORE; at += chunk) {
        status = decode_into(&decoder, bytes_slice(stream, at, chunk), &pieces);
    }
    envelope_decoder_deinit(&decoder);

    require(status == whole_status);
    require(bytes_equal(buffer_bytes(&whole), buffer_bytes(&pieces)));
    require(bytes_starts_with(stream, buffer_bytes(&whole)));
    buffer_deinit(&whole);
    buffer_deinit(&pieces);
    return 0;
}
