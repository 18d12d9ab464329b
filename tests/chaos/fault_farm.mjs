// SPDX-License-Identifier: MIT
// fault_farm: a farm that faults can be put into: Redis with AOF, every wire between its programs led through a proxy of ours,
// and clients that keep a ledger.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { Farm } from '../support/farm.mjs';
import { binDir, until, which } from '../support/program.mjs';
import { RedisClient } from '../support/redis_client.mjs';
import { FaultProxy } from './fault_proxy.mjs';

export const appKey = 'FaultApp';

/** One rule for each way to address somebody; the only argument a client sees is the number of the message. */
export const faultApps = `
[app chat]
path = /signalr
key  = ${appKey}
user = query:user
detailed_errors = yes
; A client whose node is gone without a word notices soon.
keep_alive = 2s
connection_timeout = 10s

[hub chat/ChatHub]
All    = all.m($1)
Group  = group($1).m($2)
User   = user($1).m($2)
Client = client($1).m($2)
Join   = join($1)
JoinOther = join($1, $2)
Echo   = return($1)
`;

/** The memory that a program of the farm has now. */
export function residentBytes(server) {
    return Number(/VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${server.program.pid}/status`, 'utf8'))[1]) * 1024;
}

/** The load_run program: clients and ledger. */
export class Load {
    constructor(farm, options) {
        const program = path.join(process.env.HUBPLANE_BUILD_DIR ?? path.join(binDir, '..'), 'tests/load/load_run');
        const args = Object.entries({ nodes: farm.nodes.map((node) => `127.0.0.1:${node.port}`).join(','), ...options })
            .flatMap(([name, value]) => [`--${name}`, String(value)]);
        this.log = path.join(farm.folder, 'load.log');
        this.child = spawn(program, args, { stdio: ['pipe', 'pipe', fs.openSync(this.log, 'a')] });
        this.child.stdin.on('error', () => {});
        this.exited = new Promise((resolve) => this.child.on('exit', (code) => resolve(this.code = code ?? -1)));
        this.last = {};
        this.count = 0;
        readline.createInterface({ input: this.child.stdout }).on('line', (line) => this.#take(JSON.parse(line)));
    }

    #take(report) {
        this.last = report;
        this.count++;
        this.isReady ||= report.event === 'ready';
        if (report.event === 'end') {
            this.end = report;
        }
    }

    say(command) {
        this.child.stdin.write(`${command}\n`);
    }

    /** Until every client is connected and in its group. */
    async ready(timeout = 30000) {
        await until(() => this.isReady || this.code !== undefined, { what: () => `all clients; ${JSON.stringify(this.last)}`, timeout });
        if (!this.isReady) {
            throw new Error(`load_run ended with ${this.code}:\n${this.complaints()}`);
        }
    }

    start() {
        this.say('start');
    }

    /** No messages for now; until everything sent has arrived. */
    async pause() {
        this.say('pause');
        const before = this.count;
        await until(() => this.count > before + 1 && this.last.pending === 0 && this.last.missing === 0,
            { what: () => `quiet; ${JSON.stringify(this.last)}` });
    }

    /** Until all clients are up, by a report that was made from now on. */
    async reconnected(clients, timeout = 30000) {
        const before = this.count;
        await until(() => this.count > before + 1 && this.last.up === clients,
            { what: () => `all clients; ${JSON.stringify(this.last)}`, timeout });
    }

    /** Until ${count} more messages have been accepted. */
    async accepts(count, what, timeout = 20000) {
        const before = this.last.accepted ?? 0;
        await until(() => this.last.accepted >= before + count, { what: () => `messages to be accepted ${what}; ${JSON.stringify(this.last)}`, timeout });
    }

    /** Until everybody has everything that has been sent so far. */
    async catchesUp(timeout = 120000) {
        const before = this.count;
        await until(() => this.count > before, { what: 'a report' });
        const { sent } = this.last;
        await until(() => this.last.oldest >= sent, { what: () => `all clients to catch up; ${JSON.stringify(this.last)}`, timeout });
    }

    /** No more messages; wait for what is under way. Returns the totals. */
    async stop(timeout = 120000) {
        this.say('stop');
        await until(() => this.end || this.code !== undefined, { what: () => `the end of the ledger; ${JSON.stringify(this.last)}`, timeout });
        await this.exited;
        if (!this.end) {
            throw new Error(`load_run ended with ${this.code}:\n${this.complaints()}`);
        }
        return this.end;
    }

    kill() {
        if (this.code === undefined) {
            this.child.kill('SIGKILL');
        }
    }

    complaints(lines = 30) {
        return fs.readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    }
}

export class FaultFarm extends Farm {
    constructor(folder, { clients = 200, aof = true, ...options } = {}) {
        super(folder, { nodes: 2, bridges: 2, peers: true, apps: faultApps, ...options });
        this.clients = clients;
        this.hasAof = aof;
        this.redis.start = (how) => this.#startRedis(how);
        for (const bridge of this.bridges) {
            this.#leadThroughProxies(bridge);
        }
        for (const node of this.nodes) {
            this.#leadNodeThroughProxies(node);
        }
    }

    /** The same data, the same port, after every kill. */
    async #startRedis({ wait = true } = {}) {
        const redis = this.redis;
        const dir = path.join(this.folder, 'redis');
        fs.mkdirSync(dir, { recursive: true });
        await redis.run(which('redis-server'), ['--port', redis.port, '--bind', '127.0.0.1', '--save', '', '--dir', dir,
            '--appendonly', this.hasAof ? 'yes' : 'no', '--appendfsync', 'everysec', '--daemonize', 'no',
            '--enable-debug-command', 'yes', '--loglevel', 'notice', ...this.redisArguments ?? []],
        wait ? () => this.redisAnswers() : null, 'an answer to PING');
    }

    async redisAnswers() {
        try {
            const client = await RedisClient.connect(this.redis.port);
            const pong = await client.command('PING').catch(() => null);
            client.close();
            return pong === 'PONG';
        } catch {
            return false;
        }
    }

    /** One command on a connection of its own; errors are for those who look. */
    async redisCommand(...parts) {
        const client = await RedisClient.connect(this.redis.port);
        try {
            return await client.command(...parts);
        } finally {
            client.close();
        }
    }

    #leadThroughProxies(bridge) {
        const configure = bridge.configure.bind(bridge);
        bridge.configure = async () => {
            bridge.redisProxy ??= await FaultProxy.listen(this.redis.port);
            this.redisOptions = { ...this.redisOptions, address: `127.0.0.1:${bridge.redisProxy.port}` };
            await configure();
        };
    }

    #leadNodeThroughProxies(node) {
        const configure = node.configure.bind(node);
        node.configure = async () => {
            node.linkProxies ??= await Promise.all(this.bridges.map((bridge) => FaultProxy.listen(bridge.port)));
            // The second node prefers the second bridge, so that both are in use.
            const proxies = node.number % 2 === 0 ? [...node.linkProxies].reverse() : node.linkProxies;
            this.linkOptions = { ...this.linkOptions,
                address: proxies.map((proxy) => `127.0.0.1:${proxy.port}`).join(', ') };
            await configure();
        };
    }

    get proxies() {
        return [...this.bridges.map((bridge) => bridge.redisProxy), ...this.nodes.flatMap((node) => node.linkProxies ?? [])]
            .filter((proxy) => proxy);
    }

    /** Start a program again, without waiting for it to be ready: others may be down, too. */
    async restart(server) {
        await server.start({ wait: false });
    }

    /** Everything runs and is heard; what a fault left behind is undone. */
    async heal() {
        this.proxies.forEach((proxy) => proxy.heal());
        for (const server of [this.redis, ...this.bridges, ...this.nodes]) {
            if (!server.isRunning) {
                await this.restart(server);
            } else {
                server.program.signal('SIGCONT');
            }
        }
        await until(() => this.redisAnswers(), { what: 'Redis to answer', timeout: 60000, step: 50 });
    }

    async load(options = {}) {
        this.running = new Load(this, { clients: this.clients, ...options });
        await this.running.ready();
        return this.running;
    }

    /** A number of a program's /metrics; 0 when it is not there. Without labels in ${name} they are summed. */
    async metric(server, name) {
        const response = await fetch(`http://127.0.0.1:${server.adminPort}/metrics`);
        return (await response.text()).split('\n').filter((line) => line.startsWith(name) && '{ '.includes(line[name.length]))
            .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    }

    async close() {
        this.running?.kill();
        try {
            await super.close();
        } finally {
            await Promise.all(this.proxies.map((proxy) => proxy.close()));
        }
    }
}
