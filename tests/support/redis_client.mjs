// SPDX-License-Identifier: MIT
// redis_client: a small Redis client (RESP2, bytes as Buffer) for tests that look at, or act on, the bus itself.
import net from 'node:net';
import { until } from './program.mjs';

function parse(buffer, at) {
    const end = buffer.indexOf('\r\n', at);
    if (end < 0) {
        return null;
    }
    const line = buffer.toString('latin1', at + 1, end);
    const next = end + 2;
    switch (buffer[at]) {
    case 0x2b: // +
        return [line, next];
    case 0x2d: // -
        return [new Error(line), next];
    case 0x3a: // :
        return [Number(line), next];
    case 0x24: { // $
        const length = Number(line);
        if (length < 0) {
            return [null, next];
        }
        return buffer.length < next + length + 2 ? null
            : [Buffer.from(buffer.subarray(next, next + length)), next + length + 2];
    }
    case 0x2a: { // *
        const items = [];
        let position = next;
        for (let count = Number(line); count > 0; count--) {
            const item = parse(buffer, position);
            if (!item) {
                return null;
            }
            items.push(item[0]);
            position = item[1];
        }
        return [items, position];
    }
    default:
        throw new Error(`not RESP: ${buffer.toString('latin1', at, at + 20)}`);
    }
}

export class RedisClient {
    static async connect(port) {
        const client = new RedisClient();
        client.socket = net.connect(port, '127.0.0.1');
        await new Promise((resolve, reject) => {
            client.socket.once('connect', resolve);
            client.socket.once('error', reject);
        });
        client.socket.on('data', (data) => client.#receive(data));
        client.socket.on('error', () => {});
        client.socket.on('close', () => client.waiting.splice(0).forEach((w) => w(new Error('closed'))));
        return client;
    }

    rest = Buffer.alloc(0);
    waiting = [];
    /** Bodies of the messages that came on subscribed channels, in order. */
    messages = [];

    #receive(data) {
        this.rest = Buffer.concat([this.rest, data]);
        for (let item; this.rest.length > 0 && (item = parse(this.rest, 0)); ) {
            this.rest = this.rest.subarray(item[1]);
            const value = item[0];
            if (Array.isArray(value) && value[0]?.toString() === 'message') {
                this.messages.push(value[2]);
            } else {
                this.waiting.shift()?.(value);
            }
        }
    }

    async command(...parts) {
        const bytes = parts.map((part) => Buffer.isBuffer(part) ? part : Buffer.from(String(part)));
        this.socket.write(Buffer.concat([Buffer.from(`*${bytes.length}\r\n`),
            ...bytes.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')])]));
        const answer = await new Promise((resolve) => this.waiting.push(resolve));
        if (answer instanceof Error) {
            throw answer;
        }
        return answer;
    }

    subscribe(channel) {
        return this.command('SUBSCRIBE', channel);
    }

    /** Wait for a message that satisfies ${predicate}. */
    message(predicate, what, timeout = 10000) {
        return until(() => this.messages.find(predicate), { what: `${what} on the channel`, timeout });
    }

    close() {
        this.socket.destroy();
    }
}
