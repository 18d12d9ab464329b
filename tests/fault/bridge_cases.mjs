// SPDX-License-Identifier: MIT
// bridge_cases: what happens to bridges, nodes and the wires between.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { faults, Chance } from '../chaos/faults.mjs';
import { until } from '../support/program.mjs';

const chance = new Chance(2);
const recovers = (load) => load.accepts(100, 'after the fault');

async function kill(server) {
    server.isExpectedDown = true;
    await server.kill();
}

async function start(server, options) {
    await server.start(options);
    server.isExpectedDown = false;
}

function refusedNothing(totals) {
    assert.equal(totals.refused, 0, 'no send may fail');
}

function lostNoTransport(totals) {
    assert.equal(totals.broken, 0, 'no client may notice');
}

/** Judge the ledger while the fault lasts, not when it has been healed. */
async function judgeNow(load) {
    await load.pause();
    load.start();
}

/** Neither who sends nor who listens. */
function nobodyNoticed(totals) {
    refusedNothing(totals);
    lostNoTransport(totals);
}

export const bridgeCases = {
    'B-1': {
        title: 'the only bridge is killed and comes back',
        farm: { bridges: 1 },
        async run({ farm, load }) {
            await sleep(500);
            await kill(farm.bridges[0]);
            await sleep(1500);
            await start(farm.bridges[0]);
            await recovers(load);
        },
        check: nobodyNoticed,
    },
    'B-2': {
        title: 'one of two bridges is killed for good',
        async run({ farm, load }) {
            await sleep(500);
            await kill(farm.bridges[0]);
            await recovers(load);
            // What the test does at its end, heal(), starts it again.
            await judgeNow(load);
        },
        check: nobodyNoticed,
    },
    'B-3': {
        title: 'the link is cut for longer than the spool lasts',
        farm: { linkOptions: { spool_max: '65536' } },
        async run({ farm, load }) {
            await sleep(500);
            const proxies = farm.nodes.flatMap((node) => node.linkProxies);
            proxies.forEach((proxy) => proxy.refuse());
            await until(() => load.last.refused > 0, { what: 'senders to be told', timeout: 30000 });
            proxies.forEach((proxy) => proxy.heal());
            await recovers(load);
        },
        check: lostNoTransport,
    },
    'B-3-hold': {
        title: 'the links fall silent for longer than the keep-alive',
        async run({ farm, load }) {
            await sleep(500);
            const proxies = farm.nodes.flatMap((node) => node.linkProxies);
            proxies.forEach((proxy) => proxy.hold());
            await sleep(7000);
            proxies.forEach((proxy) => proxy.heal());
            await recovers(load);
        },
        check: nobodyNoticed,
    },
    'B-4': {
        title: 'answers of Redis are swallowed',
        async run({ farm, load }) {
            for (let i = 0; i < 8; i++) {
                await faults['redis-wire-swallow'].run(farm, chance.between(20, 200), chance);
                await sleep(250);
            }
            await recovers(load);
        },
        check: refusedNothing,
    },
    'B-4-link': {
        title: 'answers of a bridge are swallowed',
        async run({ farm, load }) {
            for (let i = 0; i < 8; i++) {
                await faults['link-wire-swallow'].run(farm, chance.between(20, 200), chance);
                await sleep(250);
            }
            await recovers(load);
        },
        check: refusedNothing,
    },
    'B-5': {
        title: 'a node is restarted, then killed; its clients come back to it',
        load: { sticky: 'yes' },
        async run({ farm, load }) {
            const [node] = farm.nodes;
            await sleep(500);
            node.isExpectedDown = true;
            await node.stop();
            await start(node);
            await recovers(load);
            await kill(node);
            await start(node);
            await recovers(load);
        },
    },
    'B-5-hop': {
        title: 'a node is killed; its clients go to the other',
        async run({ farm, load }) {
            await sleep(500);
            await kill(farm.nodes[0]);
            await recovers(load);
            await start(farm.nodes[0]);
            await recovers(load);
        },
    },
    'B-6': {
        title: 'bridges and nodes are restarted one after the other',
        async run({ farm, load }) {
            for (const server of [...farm.bridges, ...farm.nodes]) {
                server.isExpectedDown = true;
                await server.stop();
                await start(server);
                await recovers(load);
            }
        },
    },
    'B-9': {
        title: 'every link loses 1 % and is 100 ms late, more or less',
        async run({ farm, load }) {
            await sleep(500);
            farm.nodes.flatMap((node) => node.linkProxies).forEach((proxy) => proxy.degrade({ latency: 100, jitter: 50, loss: 0.01 }, chance));
            await load.accepts(1000, 'over poor links', 60000);
            // Everything arrives while the links are poor, not because they are well again.
            await judgeNow(load);
        },
        check: nobodyNoticed,
    },
    'half-open': {
        title: 'a link is half-open: whatever is sent vanishes, and no end is told of the other',
        async run({ farm, load }) {
            const [node] = farm.nodes, [left, taken] = farm.bridges;
            const says = (server, text) => until(() => server.program.text().includes(text), { what: `${server.name}: ${text}`, timeout: 30000 });
            await says(left, 'node node1: connected');
            node.linkProxies[0].drop();
            await says(node, 'dead-peer');
            await says(taken, 'node node1: connected');
            await says(left, 'node node1: disconnected');
            // The wire is as bad as before.
            await recovers(load);
            await judgeNow(load);
        },
        check: nobodyNoticed,
    },
    'B-freeze': {
        title: 'a bridge is frozen for longer than the keep-alive',
        async run({ farm, load }) {
            farm.bridges[0].program.signal('SIGSTOP');
            await sleep(7500);
            farm.bridges[0].program.signal('SIGCONT');
            await recovers(load);
        },
        check: refusedNothing,
    },
    'S-2': {
        title: 'programs end in time while Redis is away and a link is half-open',
        load: false,
        async run({ farm }) {
            farm.redis.isExpectedDown = true;
            await farm.redis.kill();
            farm.nodes[0].linkProxies.forEach((proxy) => proxy.hold());
            for (const server of [...farm.nodes, ...farm.bridges]) {
                server.isExpectedDown = true;
                const started = Date.now();
                await server.stop();
                assert.ok(Date.now() - started < 15000, `${server.name} took ${Date.now() - started} ms`);
            }
        },
    },
};
