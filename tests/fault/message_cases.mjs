// SPDX-License-Identifier: MIT
// message_cases: what may appear on the channel, by others' doing.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { appKey } from '../chaos/fault_farm.mjs';
import { until } from '../support/program.mjs';
import { RedisClient } from '../support/redis_client.mjs';
import { SignalRClient } from '../support/signalr_client.mjs';
import { decodeChannelMessage, encodeFrame, publishAsDotnet } from '../support/scaleout.mjs';

const recovers = (load) => load.accepts(50, 'after the fault');
const say = (text) => ({ source: 'dotnet', key: 'h-ChatHub', value: JSON.stringify({ H: 'ChatHub', M: 'note', A: [text] }) });
const notes = (client) => client.invocations('note').map(([text]) => text);

async function seeNotes(clients, expected) {
    for (const client of clients) {
        await until(() => notes(client).length >= expected.length, { what: () => `${expected}; there are ${notes(client)}` });
        await sleep(200);
        assert.deepEqual(notes(client), expected);
    }
}

/** Publish with ids of our choosing, once the counter has moved over all of them. */
async function publishOutOfOrder(redis, offsets, frames) {
    const script = `local base = redis.call('INCRBY', KEYS[1], ${Math.max(...offsets)}) - ${Math.max(...offsets)}
        for i, offset in ipairs({${offsets.join(',')}}) do
            redis.call('PUBLISH', KEYS[1], string.format('%.0f', base + offset) .. ' ' .. ARGV[i])
        end`;
    await redis.command('EVAL', script, 1, appKey, ...frames);
}

export const messageCases = {
    'I-8': {
        title: 'publishers through both bridges and .NET: ids go up by one, each once',
        async run({ farm, load }) {
            const subscriber = await RedisClient.connect(farm.redis.port);
            await subscriber.subscribe(appKey);
            const dotnet = await Promise.all(Array.from({ length: 4 }, () => RedisClient.connect(farm.redis.port)));
            await Promise.all(dotnet.map(async (redis, i) => {
                for (let n = 0; n < 50; n++) {
                    await publishAsDotnet(redis, appKey, encodeFrame([say(`${i}-${n}`)]));
                    await sleep(5);
                }
            }));
            await load.accepts(200, 'beside .NET');
            const ids = subscriber.messages.map((message) => decodeChannelMessage(message).id);
            ids.forEach((id, i) => assert.equal(id, ids[0] + i));
            assert.ok(ids.length >= 400);
            [subscriber, ...dotnet].forEach((redis) => redis.close());
        },
    },
    'I-9': {
        title: 'payloads with an unknown trailer, two messages, or none',
        async run({ farm, load, observers }) {
            const clients = await observers();
            const redis = await RedisClient.connect(farm.redis.port);
            await publishAsDotnet(redis, appKey, Buffer.concat([encodeFrame([say('one')]), Buffer.from('some trailer')]));
            await publishAsDotnet(redis, appKey, encodeFrame([say('two'), say('three')]));
            await publishAsDotnet(redis, appKey, encodeFrame([]));
            await publishAsDotnet(redis, appKey, encodeFrame([say('four')]));
            await publishAsDotnet(redis, appKey, Buffer.from('not a frame'));
            await publishAsDotnet(redis, appKey, encodeFrame([say('five')]));
            await redis.command('PUBLISH', appKey, 'no id at all');
            await seeNotes(clients, ['one', 'two', 'three', 'four', 'five']);
            await recovers(load);
            clients.forEach((client) => client.cut());
            redis.close();
        },
    },
    'I-10': {
        title: 'ids pass ten to the fourteenth as plain digits',
        load: false,
        async run({ farm }) {
            // Nothing has been published yet, so the farm takes the counter as it finds it when it starts again.
            for (const server of [...farm.nodes, ...farm.bridges]) {
                server.isExpectedDown = true;
                await server.stop();
            }
            const redis = await RedisClient.connect(farm.redis.port);
            await redis.command('SET', appKey, '99999999999990');
            for (const server of [...farm.bridges, ...farm.nodes]) {
                await server.start();
                server.isExpectedDown = false;
            }
            await redis.subscribe(appKey);
            const clients = await Promise.all(farm.nodes.map((node) => new SignalRClient(node.url).start()));
            for (let i = 0; i < 20; i++) {
                await clients[0].invoke('chathub', 'All', i);
            }
            for (const client of clients) {
                await until(() => client.invocations('m').length >= 20, { what: () => `20 messages; there are ${client.invocations('m').length}` });
                assert.deepEqual(client.invocations('m').map(([number]) => number), Array.from({ length: 20 }, (_, i) => i));
                client.cut();
            }
            const ids = redis.messages.map((message) => decodeChannelMessage(message).idText);
            const published = ids.slice(-20);
            assert.deepEqual(published, Array.from({ length: 20 }, (_, i) => String(99999999999991 + i)));
            redis.close();
        },
    },
    'R-11': {
        title: 'the same message comes twice on the channel',
        async run({ farm, load, observers }) {
            const clients = await observers();
            const redis = await RedisClient.connect(farm.redis.port);
            const subscriber = await RedisClient.connect(farm.redis.port);
            await subscriber.subscribe(appKey);
            const id = await publishAsDotnet(redis, appKey, encodeFrame([say('once')]));
            const message = await subscriber.message((bytes) => decodeChannelMessage(bytes).id === id, 'the message');
            await redis.command('PUBLISH', appKey, message);
            // One of ours, too: the ledger counts it.
            await redis.command('PUBLISH', appKey, subscriber.messages.at(-1));
            await seeNotes(clients, ['once']);
            await recovers(load);
            clients.forEach((client) => client.cut());
            redis.close();
            subscriber.close();
        },
    },
    'R-12': {
        title: 'two different messages have one id: the alarm is raised, and nothing else suffers',
        async run({ farm, load, observers }) {
            const clients = await observers();
            const redis = await RedisClient.connect(farm.redis.port);
            const id = await publishAsDotnet(redis, appKey, encodeFrame([say('first')]));
            await redis.command('PUBLISH', appKey, Buffer.concat([Buffer.from(`${id} `), encodeFrame([say('second')])]));
            await until(() => farm.bridges.every((bridge) => bridge.program.text().includes('two messages have one id')),
                { what: 'both bridges to raise the alarm' });
            for (const client of clients) {
                await until(() => notes(client).includes('first'), { what: 'the first message' });
                assert.equal(new Set(notes(client)).size, notes(client).length, 'none twice');
            }
            await recovers(load);
            clients.forEach((client) => client.cut());
            redis.close();
        },
    },
    'R-13': {
        title: 'ids come out of order and are put into order',
        async run({ farm, load, observers }) {
            const clients = await observers();
            const redis = await RedisClient.connect(farm.redis.port);
            const offsets = [1, 2, 4, 3, 5];
            for (let round = 0; round < 5; round++) {
                await publishOutOfOrder(redis, offsets, offsets.map((offset) => encodeFrame([say(`${round}.${offset}`)])));
            }
            await seeNotes(clients, [0, 1, 2, 3, 4].flatMap((round) => [1, 2, 3, 4, 5].map((offset) => `${round}.${offset}`)));
            await recovers(load);
            clients.forEach((client) => client.cut());
            redis.close();
        },
    },
};
