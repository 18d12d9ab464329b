// SPDX-License-Identifier: MIT
// client_cases: what clients see, and what they may do, when something is wrong.
import assert from 'node:assert/strict';
import { appKey } from '../chaos/fault_farm.mjs';
import { until } from '../support/program.mjs';
import { RedisClient } from '../support/redis_client.mjs';
import { encodeFrame, publishAsDotnet, publishMany } from '../support/scaleout.mjs';
import { SignalRClient } from '../support/signalr_client.mjs';

const recovers = (load) => load.accepts(100, 'after the fault');

async function killRedis(farm) {
    farm.redis.isExpectedDown = true;
    await farm.redis.kill();
    await until(async () => !await farm.nodes[0].admin('/ready'), { what: 'the node to be not ready' });
}

async function bringRedisBack(farm) {
    await farm.redis.start();
    farm.redis.isExpectedDown = false;
    await until(() => farm.nodes[0].admin('/ready'), { what: 'the node to be ready' });
}

export const clientCases = {
    'C-1': {
        title: 'Redis is down: clients connect all the same, and local calls are answered',
        load: false,
        async run({ farm }) {
            await killRedis(farm);
            for (const transport of ['webSockets', 'serverSentEvents', 'longPolling']) {
                const client = await new SignalRClient(farm.nodes[0].url, { transport }).start();
                assert.equal(await client.invoke('chathub', 'Echo', transport), transport);
                client.cut();
            }
            await bringRedisBack(farm);
        },
    },
    'C-2': {
        title: 'Redis is down: joining here works, joining elsewhere fails at once',
        load: false,
        async run({ farm }) {
            const local = await new SignalRClient(farm.nodes[0].url).start();
            const remote = await new SignalRClient(farm.nodes[1].url).start();
            await killRedis(farm);
            await local.invoke('chathub', 'Join', 'room');
            await assert.rejects(local.invoke('chathub', 'JoinOther', 'room', remote.connectionId), /BACKPLANE_DOWN|TIMED_OUT|OUTCOME_UNKNOWN/);
            await bringRedisBack(farm);
            await remote.invoke('chathub', 'Group', 'room', 1);
            await local.message((message) => message.M === 'm' && message.A[0] === 1, 'the message to the room');
            local.cut();
            remote.cut();
        },
    },
    'C-4': {
        title: 'a group message sent right after the join, from the other node, is received',
        load: false,
        async run({ farm }) {
            const sender = await new SignalRClient(farm.nodes[1].url).start();
            const member = await new SignalRClient(farm.nodes[0].url).start();
            for (let i = 0; i < 200; i++) {
                await member.invoke('chathub', 'Join', `room${i}`);
                await sender.invoke('chathub', 'Group', `room${i}`, i);
            }
            await until(() => member.invocations('m').length >= 200, { what: () => `200 messages; there are ${member.invocations('m').length}` });
            assert.deepEqual(member.invocations('m').map(([number]) => number), Array.from({ length: 200 }, (_, i) => i));
            sender.cut();
            member.cut();
        },
    },
    'C-6': {
        title: 'a thousand idle clients and many messages for somebody else: those never reach a node, the next for all reaches everybody',
        farm: { clients: 1000 },
        load: { rate: 10 },
        async run({ farm, load }) {
            await load.accepts(5, 'before');
            await load.pause();
            const delivered = async () => (await Promise.all(farm.bridges.map((bridge) => farm.metric(bridge, 'hubplane_delivered_total')))).reduce((a, b) => a + b);
            const before = await delivered();
            const redis = await RedisClient.connect(farm.redis.port);
            const topics = ['h-Elsewhere', 'hg-ChatHub.nobody', 'hu-ChatHub.nobody', 'pc-Elsewhere'];
            await publishMany(redis, appKey, Array.from({ length: 30000 }, (_, i) => encodeFrame([{ source: 'dotnet', key: topics[i % topics.length], value: '{}' }])));
            const counter = Number(await redis.command('GET', appKey));
            for (const bridge of farm.bridges) {
                await until(async () => await farm.metric(bridge, 'hubplane_last_id') >= counter, { what: `${bridge.name} to have heard all`, timeout: 30000, step: 50 });
            }
            // Nodes may have had a word with each other meanwhile.
            const difference = await delivered() - before;
            assert.ok(difference < 300, `${difference} messages went to nodes`);
            load.start();
            await load.accepts(20, 'after', 60000);
            redis.close();
        },
        check(totals) {
            assert.equal(totals.refused, 0, 'no send may fail');
            assert.equal(totals.broken, 0, 'no client may notice');
        },
    },
    'C-7': {
        title: 'names in another case: not delivered, not even later, and counted',
        load: false,
        async run({ farm, observers }) {
            const clients = await observers();
            for (const client of clients) {
                await client.invoke('chathub', 'Join', 'Room');
            }
            const sender = await new SignalRClient(farm.nodes[0].url).start();
            const redis = await RedisClient.connect(farm.redis.port);
            await sender.invoke('chathub', 'Group', 'room', 'in lower case');
            await publishAsDotnet(redis, appKey, encodeFrame([{ source: 'dotnet', key: 'h-chatHub', value: '{"H":"chatHub","M":"m","A":["hub"]}' }]));
            await sender.invoke('chathub', 'Group', 'somewhere else', 'nobody is there');
            await sender.invoke('chathub', 'Group', 'Room', 'as joined');
            for (const client of clients) {
                await client.message((message) => message.M === 'm' && message.A[0] === 'as joined', 'the message to the group as it was joined');
                assert.deepEqual(client.invocations('m'), [['as joined']]);
                client.cut();
            }
            // Each bridge that has a node with a member has counted both before it delivered the last one.
            const counts = await Promise.all(farm.bridges.map((bridge) => farm.metric(bridge, 'hubplane_unmatched_case_total')));
            assert.equal(Math.max(...counts), 2, `counted: ${counts}`);
            assert.ok(counts.every((count) => count === 0 || count === 2), `counted: ${counts}`);
            sender.cut();
            redis.close();
        },
    },
    'C-8': {
        title: 'one sender does not wait: the order holds at every client',
        load: false,
        async run({ farm, observers }) {
            const clients = await observers();
            const sender = await new SignalRClient(farm.nodes[0].url).start();
            const results = Array.from({ length: 3000 }, (_, i) => sender.invoke('chathub', 'All', i));
            await Promise.all(results);
            for (const client of [...clients, sender]) {
                await until(() => client.invocations('m').length >= 3000, { what: () => `3000 messages; there are ${client.invocations('m').length}` });
                assert.deepEqual(client.invocations('m').map(([number]) => number), results.map((_, i) => i));
                client.cut();
            }
        },
    },
    'C-9': {
        title: 'forged cursors do no harm',
        async run({ farm, load }) {
            for (const cursor of ['s-0,FFFFFFFFFFFFFFFF', 's-0,5AF3107A4000', 's-0,', 'nonsense', 's-0,0', 'd-1,2|3,4']) {
                const client = await new SignalRClient(farm.nodes[0].url).start();
                client.cut();
                client.messageId = cursor;
                try {
                    await client.reconnect(farm.nodes[1].url);
                    await until(() => client.invocations('m').length > 0, { what: `a message after cursor ${cursor}` });
                } catch (error) {
                    assert.match(error.message, /400|answered/, `cursor ${cursor}`);
                }
                client.cut();
            }
            await recovers(load);
        },
    },
};
