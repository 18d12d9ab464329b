// SPDX-License-Identifier: MIT
// socket_io_server: one of two Socket.IO servers with the Redis adapter, as its documentation has it.
//
//   node socket_io_server.mjs PORT REDIS_PORT
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';

const [port, redisPort] = process.argv.slice(2).map(Number);
const publisher = new Redis(redisPort);
const subscriber = publisher.duplicate();
const http = createServer();
const io = new Server(http, { adapter: createAdapter(publisher, subscriber) });

io.on('connection', (socket) => {
    socket.on('send', (text) => io.emit('take', text));
    socket.on('sendTo', (id, text) => io.to(id).emit('take', text));
});
http.listen(port, '127.0.0.1');
