// SPDX-License-Identifier: MIT
// ports: free TCP ports on loopback.
import net from 'node:net';

// Below the range the kernel hands out for outgoing connections, so that a port stays free until it is used.
const lowest = 20000;
const highest = 32000;
// Several tests run at once, and a port is free between a program's end and its next start, too: so each test has
// blocks of its own. It owns a block as long as it listens on its first port, which is never given away.
const blockPorts = 50;
const block = { next: 0, end: 0 };

/** The server that listens on ${port}, or null. */
function listen(port) {
    return new Promise((resolve) => {
        const server = net.createServer();
        server.once('error', () => resolve(null));
        server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
    });
}

export async function isFree(port) {
    const server = await listen(port);
    return server !== null && new Promise((resolve) => { server.close(() => resolve(true)); });
}

async function takeBlock() {
    for (;;) {
        const first = lowest + blockPorts * Math.floor(Math.random() * (highest - lowest) / blockPorts);
        const server = await listen(first);
        if (server !== null) {
            server.unref();
            Object.assign(block, { next: first + 1, end: first + blockPorts });
            return;
        }
    }
}

/** ${wish} when it is free, else any that no other test will be given while this one runs. */
export async function freePort(wish = 0) {
    if (wish > 0 && await isFree(wish)) {
        return wish;
    }
    for (;;) {
        if (block.next === block.end) {
            await takeBlock();
            continue; // another call may have got here meanwhile
        }
        const port = block.next++;
        if (await isFree(port)) {
            return port;
        }
    }
}
