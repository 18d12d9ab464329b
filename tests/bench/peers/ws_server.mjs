// SPDX-License-Identifier: MIT
// ws_server: one of two servers made of ws and ioredis, as one would write it by hand.
//
//   node ws_server.mjs PORT REDIS_PORT
//
// A client says "GET /17" and is then number 17; what it sends, "@* text" or "@17 text", goes to Redis as it is, and from
// there to all clients of both servers or to that one.
import { Redis } from 'ioredis';
import { WebSocketServer } from 'ws';

const [port, redisPort] = process.argv.slice(2).map(Number);
const publisher = new Redis(redisPort);
const subscriber = new Redis(redisPort);
const clients = new Map();

subscriber.on('message', (_, message) => {
    const to = message.slice(1, message.indexOf(' '));
    if (to === '*') {
        clients.forEach((client) => client.send(message));
    } else {
        clients.get(to)?.send(message);
    }
});
await subscriber.subscribe('bench');

const server = new WebSocketServer({ host: '127.0.0.1', port });
server.on('connection', (client, request) => {
    const number = request.url.slice(1);
    clients.set(number, client);
    client.on('message', (data) => publisher.publish('bench', data.toString()));
    client.on('error', () => client.terminate());
    client.on('close', () => {
        if (clients.get(number) === client) {
            clients.delete(number);
        }
    });
});
