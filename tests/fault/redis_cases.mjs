// SPDX-License-Identifier: MIT
// redis_cases: what happens to Redis.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { appKey } from '../chaos/fault_farm.mjs';
import { faults, Chance } from '../chaos/faults.mjs';
import { until } from '../support/program.mjs';
import { RedisClient } from '../support/redis_client.mjs';

const chance = new Chance(1);
const put = (farm, name, ms) => faults[name].run(farm, ms, chance);

/** Publishing works again: some messages are accepted after the fault. */
const recovers = (load) => load.accepts(100, 'after the fault');

async function repeat(times, everyMs, fn) {
    for (let i = 0; i < times; i++) {
        await fn();
        await sleep(everyMs);
    }
}

function refusedNothing(totals) {
    assert.equal(totals.refused, 0, 'no send may fail');
}

export const redisCases = {
    'R-1': {
        title: 'Redis is killed and comes back with older data',
        async run({ farm, load }) {
            await sleep(500);
            await put(farm, 'redis-older', 1000);
            await recovers(load);
        },
    },
    'R-3': {
        title: 'FLUSHALL under load, twice',
        async run({ farm, load }) {
            await repeat(2, 1000, () => put(farm, 'redis-flush'));
            await recovers(load);
        },
    },
    'R-4': {
        title: 'everything is stopped and Redis emptied; clients come back with cursors from before',
        async run({ farm, load }) {
            await sleep(1000);
            await load.pause();
            for (const server of [...farm.nodes, ...farm.bridges]) {
                await server.stop();
                server.isExpectedDown = true;
            }
            await put(farm, 'redis-empty', 100);
            for (const server of [...farm.bridges, ...farm.nodes]) {
                await server.start();
                server.isExpectedDown = false;
            }
            await load.reconnected(farm.clients);
            load.start();
            await recovers(load);
            const stale = await farm.metric(farm.nodes[0], 'hubplane_stale_cursor_total') +
                await farm.metric(farm.nodes[1], 'hubplane_stale_cursor_total');
            assert.equal(stale, farm.clients, 'stale cursors are counted');
        },
    },
    'R-5': {
        title: 'SCRIPT FLUSH all the time',
        async run({ farm, load }) {
            await repeat(20, 100, () => farm.redisCommand('SCRIPT', 'FLUSH'));
            await recovers(load);
        },
        check: refusedNothing,
    },
    'R-6-oom': {
        title: 'Redis is out of memory for a while',
        async run({ farm, load }) {
            await farm.redisCommand('CONFIG', 'SET', 'maxmemory', '1');
            await sleep(1500);
            await farm.redisCommand('CONFIG', 'SET', 'maxmemory', '0');
            await recovers(load);
        },
        check: refusedNothing,
    },
    'R-6-readonly': {
        title: 'Redis becomes a replica of nobody we know, and a master again',
        async run({ farm, load }) {
            await farm.redisCommand('CONFIG', 'SET', 'replica-serve-stale-data', 'yes');
            await farm.redisCommand('REPLICAOF', '127.0.0.1', '1');
            await sleep(1500);
            await farm.redisCommand('REPLICAOF', 'NO', 'ONE');
            await recovers(load);
        },
        check: refusedNothing,
    },
    'R-6-pause': {
        title: 'CLIENT PAUSE, and DEBUG SLEEP',
        async run({ farm, load }) {
            await put(farm, 'redis-pause', 1500);
            await put(farm, 'redis-sleep', 1500);
            await recovers(load);
        },
        check: refusedNothing,
    },
    'R-6-busy': {
        title: 'a script of somebody else keeps Redis busy',
        async run({ farm, load }) {
            await farm.redisCommand('CONFIG', 'SET', 'busy-reply-threshold', '100');
            const busy = await RedisClient.connect(farm.redis.port);
            const script = busy.command('EVAL', 'while true do end', 0).catch(() => {});
            await sleep(1500);
            await farm.redisCommand('SCRIPT', 'KILL');
            await script;
            busy.close();
            await recovers(load);
        },
        check: refusedNothing,
    },
    'R-7': {
        title: 'CLIENT KILL TYPE pubsub again and again',
        async run({ farm, load }) {
            await repeat(10, 300, () => put(farm, 'redis-kill-pubsub'));
            await recovers(load);
        },
        check: refusedNothing,
    },
    'R-8': {
        title: 'the wires to Redis fall silent until both bridges have taken them for dead',
        async run({ farm, load }) {
            farm.bridges.forEach((bridge) => bridge.redisProxy.hold());
            for (const bridge of farm.bridges) {
                await until(async () => await farm.metric(bridge, 'hubplane_redis_reconnect_total{reason="silent"}') > 0,
                    { what: `${bridge.name} to give its connections up`, timeout: 20000 });
            }
            farm.bridges.forEach((bridge) => bridge.redisProxy.heal());
            await recovers(load);
        },
    },
    'R-9': {
        title: 'Redis cuts the subscription of a frozen bridge',
        async run({ farm, load }) {
            await farm.redisCommand('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 256kb 128kb 1');
            const [bridge] = farm.bridges;
            bridge.program.signal('SIGSTOP');
            // Kernel buffers take some megabytes before Redis notices that nobody reads.
            const noise = await RedisClient.connect(farm.redis.port);
            const script = "local id = redis.call('INCR', KEYS[1]) redis.call('PUBLISH', KEYS[1], string.format('%.0f', id) .. ' ' .. ARGV[1])";
            const { encodeFrame } = await import('../support/scaleout.mjs');
            const frame = encodeFrame([{ source: 'noise', key: 'h-Nobody', value: `"${'x'.repeat(100000)}"` }]);
            for (let i = 0; i < 200; i++) {
                await noise.command('EVAL', script, 1, appKey, frame);
            }
            noise.close();
            await sleep(1500);
            bridge.program.signal('SIGCONT');
            await recovers(load);
        },
    },
    'R-14': {
        title: 'an ACL refuses PUBLISH for a while',
        async run({ farm, load }) {
            await sleep(500);
            await farm.redisCommand('ACL', 'SETUSER', 'default', '-publish');
            await until(() => load.last.refused > 0, { what: 'senders to be told' });
            await farm.redisCommand('ACL', 'SETUSER', 'default', '+publish');
            await recovers(load);
        },
    },
    'R-15-type': {
        title: 'the counter key is of a wrong type for a while',
        async run({ farm, load }) {
            await farm.redisCommand('EVAL', "redis.call('DEL', KEYS[1]) redis.call('LPUSH', KEYS[1], 'x')", 1, appKey);
            await sleep(1500);
            await farm.redisCommand('DEL', appKey);
            await recovers(load);
        },
    },
    'R-15-evicted': {
        title: 'the counter is evicted, then set to something low',
        async run({ farm, load }) {
            await sleep(500);
            await farm.redisCommand('DEL', appKey);
            await recovers(load);
            await farm.redisCommand('SET', appKey, 7);
            await recovers(load);
        },
        check: refusedNothing,
    },
    'R-16': {
        title: 'Redis is replaced by an empty one',
        async run({ farm, load }) {
            await sleep(500);
            await put(farm, 'redis-empty', 300);
            await recovers(load);
        },
        check: refusedNothing,
    },
    'R-kill': {
        title: 'Redis is killed in the middle of everything, three times',
        async run({ farm, load }) {
            await repeat(3, 700, () => put(farm, 'redis-kill', 200));
            await recovers(load);
        },
        check: refusedNothing,
    },
    'M-3': {
        title: 'Redis is killed: not ready, alive',
        async run({ farm, load }) {
            farm.redis.isExpectedDown = true;
            await farm.redis.kill();
            for (const node of farm.nodes) {
                await until(async () => !await node.admin('/ready'), { what: `${node.name} to be not ready` });
                assert.ok(await node.admin('/live'), `${node.name} is alive`);
            }
            for (const server of [...farm.nodes, ...farm.bridges]) {
                await until(async () => await farm.metric(server, 'hubplane_degraded') === 1, { what: `${server.name} to call itself degraded` });
            }
            await farm.redis.start();
            farm.redis.isExpectedDown = false;
            for (const node of farm.nodes) {
                await until(() => node.admin('/ready'), { what: `${node.name} to be ready` });
                assert.ok(await farm.metric(node, 'hubplane_degraded') === 0, `${node.name} is degraded no more`);
            }
            await recovers(load);
        },
    },
};
