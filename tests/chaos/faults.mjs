// SPDX-License-Identifier: MIT
// faults: everything chaos does to a farm. Each fault is put in, lasts as long as chance says, and is undone; what it leaves behind
// is the farm's to mend.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisClient } from '../support/redis_client.mjs';
import { appKey } from './fault_farm.mjs';

/** A small generator with a seed (mulberry32), so that a run's faults can be had again. */
export class Chance {
    constructor(seed) {
        this.state = seed >>> 0;
    }

    next() {
        this.state = (this.state + 0x6d2b79f5) >>> 0;
        let value = this.state;
        value = Math.imul(value ^ (value >>> 15), value | 1);
        value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
        return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
    }

    between(low, high) {
        return Math.floor(low + this.next() * (high - low + 1));
    }

    pick(list) {
        return list[this.between(0, list.length - 1)];
    }
}

async function kill(server) {
    server.isExpectedDown = true;
    await server.kill();
}

/** ${milliseconds} later, with the same files and ports. */
async function killAndRestart(farm, server, milliseconds, between = () => {}) {
    await kill(server);
    between();
    await sleep(milliseconds);
    await farm.restart(server);
    server.isExpectedDown = false;
}

async function stopAndRestart(farm, server, milliseconds) {
    server.isExpectedDown = true;
    await server.stop();
    await sleep(milliseconds);
    await farm.restart(server);
    server.isExpectedDown = false;
}

async function freeze(server, milliseconds) {
    const program = server.program;
    program.signal('SIGSTOP');
    await sleep(milliseconds);
    program.signal('SIGCONT');
}

async function wire(proxy, how, milliseconds) {
    proxy[how]();
    await sleep(milliseconds);
    proxy.heal();
}

/** Fire and forget: the answer may never come. */
async function redis(farm, ...parts) {
    const client = await RedisClient.connect(farm.redis.port);
    await Promise.race([client.command(...parts).catch((error) => error), sleep(200)]);
    client.close();
}

const redisFolder = (farm) => path.join(farm.folder, 'redis');

/** Each: (farm, ms, chance) => Promise; ms is drawn from [low, high] beforehand. Light ones take nobody's memory away, so they may
 *  come while another fault lasts: nothing of what must survive hangs on them. What Redis forgets, only the bridges remember: they must
 *  not all be killed before every client has it. */
export const faults = {
    'redis-kill': { ms: [200, 3000], run: (farm, ms) => killAndRestart(farm, farm.redis, ms) },
    'redis-older': { forgets: 'redis', ms: [300, 2000], run: async (farm, ms) => {
        const copy = path.join(farm.folder, 'redis-older');
        fs.rmSync(copy, { recursive: true, force: true });
        fs.cpSync(redisFolder(farm), copy, { recursive: true });
        await sleep(ms);
        await killAndRestart(farm, farm.redis, 200, () => {
            fs.rmSync(redisFolder(farm), { recursive: true, force: true });
            fs.renameSync(copy, redisFolder(farm));
        });
    } },
    'redis-empty': { forgets: 'redis', ms: [200, 1000], run: (farm, ms) => killAndRestart(farm, farm.redis, ms,
        () => fs.rmSync(redisFolder(farm), { recursive: true, force: true })) },
    'redis-flush': { forgets: 'redis', ms: [0, 0], run: (farm) => redis(farm, 'FLUSHALL') },
    'redis-kill-pubsub': { ms: [0, 0], run: (farm) => redis(farm, 'CLIENT', 'KILL', 'TYPE', 'pubsub') },
    'redis-kill-normal': { ms: [0, 0], run: (farm) => redis(farm, 'CLIENT', 'KILL', 'TYPE', 'normal') },
    'redis-script-flush': { ms: [0, 0], run: (farm) => redis(farm, 'SCRIPT', 'FLUSH') },
    'redis-lower-counter': { ms: [1, 5000], run: (farm, ms) => redis(farm, 'SET', appKey, ms) },
    'redis-sleep': { ms: [500, 3000], run: async (farm, ms) => {
        await redis(farm, 'DEBUG', 'SLEEP', ms / 1000);
        await sleep(ms);
    } },
    'redis-pause': { ms: [500, 3000], run: async (farm, ms) => {
        await redis(farm, 'CLIENT', 'PAUSE', ms);
        await sleep(ms);
    } },
    'redis-freeze': { ms: [500, 8000], run: (farm, ms) => freeze(farm.redis, ms) },
    'redis-wire-cut': { ms: [0, 500], run: (farm, ms, chance) => wire(chance.pick(farm.bridges).redisProxy, 'refuse', ms) },
    'redis-wire-hold': { ms: [1000, 8000], run: (farm, ms, chance) => wire(chance.pick(farm.bridges).redisProxy, 'hold', ms) },
    'redis-wire-swallow': { ms: [50, 1000], run: (farm, ms, chance) => wire(chance.pick(farm.bridges).redisProxy, 'swallow', ms) },
    'bridge-kill': { ms: [200, 3000], run: (farm, ms, chance) => killAndRestart(farm, chance.pick(farm.bridges), ms) },
    'bridge-restart': { ms: [0, 1000], run: (farm, ms, chance) => stopAndRestart(farm, chance.pick(farm.bridges), ms) },
    'bridge-freeze': { ms: [500, 9000], run: (farm, ms, chance) => freeze(chance.pick(farm.bridges), ms) },
    'link-wire-cut': { isLight: true, ms: [0, 1000], run: (farm, ms, chance) => wire(chance.pick(chance.pick(farm.nodes).linkProxies), 'refuse', ms) },
    'link-wire-hold': { ms: [1000, 9000], run: (farm, ms, chance) => wire(chance.pick(chance.pick(farm.nodes).linkProxies), 'hold', ms) },
    'link-wire-swallow': { isLight: true, ms: [50, 1000], run: (farm, ms, chance) => wire(chance.pick(chance.pick(farm.nodes).linkProxies), 'swallow', ms) },
    'node-kill': { ms: [200, 2000], run: (farm, ms, chance) => killAndRestart(farm, chance.pick(farm.nodes), ms) },
    'node-restart': { ms: [0, 1000], run: (farm, ms, chance) => stopAndRestart(farm, chance.pick(farm.nodes), ms) },
    'node-freeze': { isLight: true, ms: [500, 3000], run: (farm, ms, chance) => freeze(chance.pick(farm.nodes), ms) },
    'bridges-kill': { forgets: 'bridges', ms: [100, 2000], run: (farm, ms) => Promise.all(farm.bridges.map((bridge) => killAndRestart(farm, bridge, ms))) },
    'nodes-kill': { ms: [100, 1000], run: (farm, ms) => Promise.all(farm.nodes.map((node) => killAndRestart(farm, node, ms))) },
    'redis-and-bridge-kill': { ms: [100, 2000], run: (farm, ms, chance) => Promise.all([killAndRestart(farm, farm.redis, ms),
        killAndRestart(farm, chance.pick(farm.bridges), ms)]) },
    'links-hold': { ms: [1000, 8000], run: (farm, ms) => Promise.all(farm.nodes.flatMap((node) => node.linkProxies)
        .map((proxy) => wire(proxy, 'hold', ms))) },
    'redis-wires-swallow': { ms: [50, 1000], run: (farm, ms) => Promise.all(farm.bridges
        .map((bridge) => wire(bridge.redisProxy, 'swallow', ms))) },
    'clients-break': { isLight: true, ms: [5, 150], run: async (farm, count) => farm.running.say(`break ${count}`) },
};

/** The first program that ended without having been told to; null when there is none. */
export function crashed(farm) {
    return [farm.redis, ...farm.bridges, ...farm.nodes]
        .find((server) => server.program?.exit && !server.isExpectedDown) ?? null;
}
