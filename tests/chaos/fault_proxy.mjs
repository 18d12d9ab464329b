// SPDX-License-Identifier: MIT
// fault_proxy: a wire between two programs that can be cut, made deaf on one side, poor, or silent, while both believe in it.
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
    /** pass, refuse (new connections are reset), hold (nothing moves either way, nobody is told), swallow (requests pass, answers do not),
     *  drop (what either side sends vanishes, its goodbye, too). */
    mode = 'pass';
    /** How late pieces arrive; null = at once. */
    poor = null;

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
        for (const [from, to] of [[client, server], [server, client]]) {
            const lane = { from, to, late: [], due: 0 };
            from.setNoDelay(true);
            from.on('error', () => {});
            from.on('close', () => this.mode !== 'drop' && this.#end(pair));
            from.on('data', (data) => this.mode !== 'drop' && (from === client || this.mode !== 'swallow') && this.#pass(lane, data));
            to.on('drain', () => this.mode !== 'hold' && from.resume());
        }
        if (this.mode === 'hold') {
            server.pause();
        } else {
            client.resume();
        }
    }

    #pass(lane, data) {
        if (this.poor || lane.late.length > 0) {
            this.#passLate(lane, data);
        } else if (!lane.to.write(data)) {
            lane.from.pause();
        }
    }

    /** Whatever timer fires: the oldest piece goes first. */
    #passLate(lane, data) {
        const now = performance.now();
        lane.due = Math.max(lane.due, now + (this.poor?.lateness() ?? 0));
        lane.late.push(data);
        setTimeout(() => lane.to.write(lane.late.shift()), lane.due - now);
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

    /** Half-open for good: one side may give up, the other is never told. */
    drop() {
        this.mode = 'drop';
    }

    /**
     * What a connection notices of a poor wire, where the system sends again what was lost: pieces arrive later, not all equally late, still in order,
     * and a lost one holds up whatever is behind it. Times in milliseconds; ${loss} is a share of the pieces.
     */
    degrade({ latency, jitter, loss, resend = 200 }, chance) {
        this.poor = { lateness: () => latency + (chance.next() * 2 - 1) * jitter + (chance.next() < loss ? resend : 0) };
    }

    /** As before. What was held moves on; where something was lost, the connections end. */
    heal() {
        const before = this.mode;
        this.mode = 'pass';
        this.poor = null;
        if (before === 'swallow' || before === 'drop') {
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
