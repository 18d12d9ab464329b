/* SPDX-License-Identifier: MIT */
/*
 * loop_uv: what a loop shows to the other files of common/net, and to the adapter of a library that
 * drives its own sockets through libuv (hiredis): the libuv loop itself and the shared scratch
 * memory.
 */
#ifndef HUBPLANE_NET_LOOP_UV_H
#define HUBPLANE_NET_LOOP_UV_H

#include "common/base/bytes.h"
#include "common/net/loop.h"

struct uv_loop_s;

enum { LOOP_READ_BYTES = 64 * 1024 };

struct uv_loop_s *loop_uv(struct loop *loop);

/**
 * loop_entered(loop):
 * Must be the first call in every libuv callback: refreshes the clock when the loop has waited
 * since the last one. Costs a branch otherwise.
 */
void loop_entered(struct loop *loop);

/* The one buffer that every stream of the loop reads into. It is lent from libuv's alloc callback
 * until the read callback returns; libuv calls the two back to back on every platform. */
uint8_t *loop_lend_read_buffer(struct loop *loop);
void loop_return_read_buffer(struct loop *loop);

/* Scratch buffers of the TLS streams, empty between calls. */
struct buffer *loop_plain_scratch(struct loop *loop);
struct buffer *loop_cipher_scratch(struct loop *loop);

void loop_count_read(struct loop *loop, size_t length);
void loop_count_write(struct loop *loop, size_t length);

#endif
