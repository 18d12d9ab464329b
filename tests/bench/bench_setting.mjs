// SPDX-License-Identifier: MIT
// bench_setting: what is measured, the farm as shipped and the floor, both running side by side, and one measurement of
// either by the load generator.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { Farm } from '../support/farm.mjs';
import { freePort } from '../support/ports.mjs';
import { Program, binDir } from '../support/program.mjs';
import { RedisClient } from '../support/redis_client.mjs';
import { WebSocketClient } from '../support/websocket_client.mjs';

const apps = `
[app bench]
path = /signalr
key  = Bench

[hub bench/bench]
Send        = all.take
SendTo      = client($1).take($2)
SendToGroup = group($1).take($2)
Join        = join($1)
`;

const benchDir = path.join(binDir, '../tests/bench');
const plainLink = path.join(benchDir, 'bench_plain_link.so');
const programs = [];

/** End whatever still runs; for every way out. */
export function killAll() {
    programs.forEach((program) => program.signal('SIGKILL'));
}

/** A farm whose nodes and bridge are as shipped; without TLS on the link where ${isPlain}. */
export class BenchFarm {
    protocol = 'signalr';

    static async start(folder, { nodes = 2, workers = 'auto', isPlain = false, wireOf } = {}) {
        const self = new BenchFarm();
        const environment = process.env.LD_PRELOAD;
        fs.mkdirSync(folder, { recursive: true });
        self.farm = new Farm(folder, { nodes, apps, serviceOptions: { workers } });
        if (isPlain) {
            process.env.LD_PRELOAD = plainLink;
        }
        if (wireOf) {
            await self.#insertWires(wireOf);
        }
        try {
            await self.farm.start();
        } finally {
            delete process.env.LD_PRELOAD;
            if (environment !== undefined) {
                process.env.LD_PRELOAD = environment;
            }
        }
        programs.push(...self.farm.programs);
        return self;
    }

    /** Each node reaches the bridge through a wire of its own: ${wireOf} makes one to a port and returns its port. */
    async #insertWires(wireOf) {
        const [bridge] = this.farm.bridges;
        await bridge.configure();
        for (const node of this.farm.nodes) {
            const port = await wireOf(bridge.port);
            const configure = node.configure.bind(node);
            node.configure = async () => {
                this.farm.linkOptions.address = `127.0.0.1:${port}`;
                await configure();
            };
        }
    }

    get ports() {
        return this.farm.nodes.map((node) => node.port);
    }

    /** Of the nodes, the bridge, Redis. */
    get pids() {
        return [...this.farm.nodes, ...this.farm.bridges, this.farm.redis].map((server) => server.program.pid);
    }

    /** CPU seconds that each thread of the node number ${index} has used so far. */
    threadSeconds(index) {
        const tasks = `/proc/${this.farm.nodes[index].program.pid}/task`;
        return fs.readdirSync(tasks).map((task) =>
            Number(fs.readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e9);
    }

    close() {
        return this.farm.close();
    }
}

/** Two servers that are not ours, and a Redis of their own: the floor, or one of the peers. */
export class BenchPair {
    /**
     * ${command}: of a server, as a list, for its port, that of Redis, and a folder. It has started when its port is open
     * or, where a path is its ${door}, when a WebSocket can be opened there.
     */
    static async start(folder, { name, protocol, command, door }) {
        const self = new BenchPair();
        const redisPort = await freePort();
        fs.mkdirSync(folder, { recursive: true });
        self.protocol = protocol;
        self.programs = [];
        const run = (title, [first, ...args]) => {
            const program = new Program({ name: title, command: first, args, cwd: folder,
                log: path.join(folder, `${title}.log`) });
            programs.push(program);
            self.programs.push(program);
            return program;
        };
        const redis = run('redis', ['redis-server', '--port', redisPort, '--bind', '127.0.0.1', '--save', '',
            '--appendonly', 'no', '--dir', folder]);
        try {
            await redis.answers(() => RedisClient.connect(redisPort).then((client) => (client.close(), true), () => false),
                'Redis');
            self.ports = [await freePort(), await freePort()];
            const servers = self.ports.map((port, i) => run(`${name}${i}`, command(port, redisPort, folder)));
            for (const [i, server] of servers.entries()) {
                await server.answers(() => door ? isOpen(self.ports[i], door) : isListening(self.ports[i]), 'an open port',
                    30000);
            }
        } catch (error) {
            await self.close();
            throw error;
        }
        return self;
    }

    /** Of the servers, Redis. */
    get pids() {
        const [redis, ...servers] = this.programs;
        return [...servers, redis].map((program) => program.pid);
    }

    async close() {
        await Promise.all(this.programs.map((program) => program.kill()));
    }
}

/** The floor: a bare program that does the same socket work. */
export const startFloor = (folder, flags = []) => BenchPair.start(folder, { name: 'floor', protocol: 'bare',
    command: (port, redis) => [path.join(benchDir, 'bench_floor'), `port=${port}`, `redis=${redis}`, ...flags] });

async function isListening(port) {
    const net = await import('node:net');
    return new Promise((resolve) => {
        const socket = net.connect(port, '127.0.0.1', () => resolve((socket.destroy(), true)));
        socket.on('error', () => resolve(false));
    });
}

/** Whether a WebSocket can be opened. */
async function isOpen(port, door) {
    try {
        (await WebSocketClient.open(`ws://127.0.0.1:${port}${door}`)).cut();
        return true;
    } catch {
        return false;
    }
}

/**
 * One run of the generator against ${setting}: its answer, with `cpuTotal` in seconds and `memoryTotal` in bytes summed
 * over the servers. ${onBegin} and ${onEnd} are called around what is measured.
 */
export async function measure(setting, options, { onBegin, onEnd } = {}) {
    const waits = onBegin !== undefined;
    const args = Object.entries({ protocol: setting.protocol, ports: setting.ports.join(','), pids: setting.pids.join(','),
        waits: waits ? 1 : 0, ...options }).map(([name, value]) => `${name}=${value}`);
    const child = spawn(path.join(benchDir, 'bench_generator'), args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const exited = new Promise((resolve, reject) => {
        child.on('error', reject);
        child.on('close', resolve);
    });
    let errors = '', answer;
    child.stderr.on('data', (data) => errors += data);
    for await (const line of readline.createInterface({ input: child.stdout })) {
        if (line === 'begin' || line === 'end') {
            await (line === 'begin' ? onBegin : onEnd)();
            child.stdin.write('\n');
        } else {
            answer = JSON.parse(line);
        }
    }
    const code = await exited;
    if (code !== 0 || !answer) {
        throw new Error(`${options.mode} (${setting.protocol}): the generator ended with ${code}: ${errors.trim()}`);
    }
    const sum = (list) => list.reduce((a, b) => a + b, 0);
    return { ...answer, cpuTotal: sum(answer.cpu), memoryTotal: sum(answer.memory) };
}
