// SPDX-License-Identifier: MIT
// ports: free TCP ports on loopback.
import net from 'node:net';

// Below the range the kernel hands out for outgoing connections, so that a port stays free until it is used.
const lowest = 20000;
const highest = 32000;
const taken = new Set();

export function isFree(port) {
    return new Promise((resolve) => {
        const server = net.createServer();
        server.once('error', () => resolve(false));
        server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
    });
}

/** ${wish} when it is free, else any. */
export async function freePort(wish = 0) {
    for (let port = wish; ; port = lowest + Math.floor(Math.random() * (highest - lowest))) {
        if (port > 0 && !taken.has(port) && await isFree(port)) {
            taken.add(port);
            return port;
        }
    }
}
