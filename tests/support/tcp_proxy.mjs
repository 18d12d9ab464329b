// SPDX-License-Identifier: MIT
// tcp_proxy: stands between a client and a node, so that a test can cut the wire, or lead it to another node.
import net from 'node:net';

export class TcpProxy {
    static async listen(target) {
        const proxy = new TcpProxy();
        proxy.target = target;
        proxy.server = net.createServer((socket) => proxy.#accept(socket));
        await new Promise((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
        return proxy;
    }

    sockets = new Set();
    /** While true, new connections are refused as if nobody listened. */
    isDown = false;
    accepted = 0;

    get port() {
        return this.server.address().port;
    }

    get origin() {
        return `http://127.0.0.1:${this.port}`;
    }

    #accept(client) {
        if (this.isDown) {
            client.resetAndDestroy?.() ?? client.destroy();
            return;
        }
        this.accepted++;
        const server = net.connect(this.target, '127.0.0.1');
        this.sockets.add(client);
        for (const [from, to] of [[client, server], [server, client]]) {
            from.setNoDelay(true);
            from.on('error', () => to.destroy());
            from.on('close', () => {
                this.sockets.delete(client);
                to.destroy();
            });
            from.pipe(to);
        }
    }

    /** Cut every connection now. */
    cut() {
        this.sockets.forEach((socket) => socket.destroy());
    }

    async close() {
        this.cut();
        await new Promise((resolve) => this.server.close(resolve));
    }
}
