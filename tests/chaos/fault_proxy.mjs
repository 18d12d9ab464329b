// SPDX-License-Identifier: MIT
// fault_proxy: a wire between two programs that can be cut, made deaf on one side, or silent, while both believe in it.
import net from 'node:net';

export class FaultProxy {
    static async listen(target) {
        const proxy = new FaultProxy();
        proxy.target = target;
        proxy.server = net.createServer({ pauseOnConnect: true }, (socket) => proxy.#accept(socket));
        await new Promise((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
        return proxy;
    }

    pairs = new Set();
    /** pass, refuse (new connections are reset), hold (nothing moves either way, nobody is told), swallow (requests pass, answers do not). */
    mode = 'pass';

    get port() {
        return this.server.address().port;
    }

    #accept(client) {
        if (this.mode === 'refuse') {
            client.resetAndDestroy();
            return;
        }
        const server = net.connect(this.target, '127.0.0.1');
        const pair = { client, server };
        this.pairs.add(pair);
        for (const socket of [client, server]) {
            socket.setNoDelay(true);
            socket.on('error', () => {});
            socket.on('close', () => this.#end(pair));
        }
        client.on('data', (data) => this.#pass(client, server, data));
        server.on('data', (data) => this.mode !== 'swallow' && this.#pass(server, client, data));
        client.on('drain', () => this.mode !== 'hold' && server.resume());
        server.on('drain', () => this.mode !== 'hold' && client.resume());
        if (this.mode === 'hold') {
            server.pause();
        } else {
            client.resume();
        }
    }

    #pass(from, to, data) {
        if (!to.write(data)) {
            from.pause();
        }
    }

    #end(pair) {
        this.pairs.delete(pair);
        pair.client.destroy();
        pair.server.destroy();
    }

    /** Cut every connection now, with a reset. */
    cut() {
        for (const { client, server } of this.pairs) {
            client.resetAndDestroy();
            server.resetAndDestroy();
        }
    }

    /** Nothing moves any more and nobody is told, as when a firewall drops. */
    hold() {
        this.mode = 'hold';
        for (const { client, server } of this.pairs) {
            client.pause();
            server.pause();
        }
    }

    refuse() {
        this.mode = 'refuse';
        this.cut();
    }

    /** Requests arrive, answers are lost; then the connection breaks. */
    swallow() {
        this.mode = 'swallow';
    }

    /** As before. What was held moves on; where answers were swallowed, the connections end. */
    heal() {
        const before = this.mode;
        this.mode = 'pass';
        if (before === 'swallow') {
            this.cut();
        }
        for (const { client, server } of this.pairs) {
            client.resume();
            server.resume();
        }
    }

    async close() {
        this.cut();
        await new Promise((resolve) => this.server.close(resolve));
    }
}
