// SPDX-License-Identifier: MIT
// message_cases: what may appear on the channel, by others' doing.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { appKey, residentBytes } from '../chaos/fault_farm.mjs';
import { Chance } from '../chaos/faults.mjs';
import { until } from '../support/program.mjs';
import { RedisClient } from '../support/redis_client.mjs';
import { SignalRClient } from '../support/signalr_client.mjs';
import { decodeChannelMessage, encodeFrame, publishAsDotnet, publishMany, vectors } from '../support/scaleout.mjs';

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

/** A frame with one to three things wrong with it, of which it may not be aware. */
function mutate(frame, chance) {
    let bytes = Buffer.from(frame);
    const place = () => chance.between(0, Math.max(0, bytes.length - 1));
    const mutations = [
        () => { bytes[place()] ^= 1 << chance.between(0, 7); },
        () => { bytes[place()] = chance.pick([0, 1, 0x7f, 0x80, 0xff]); },
        () => { bytes = bytes.subarray(0, place()); },
        () => { bytes.length >= 4 && bytes.writeInt32LE(chance.pick([-1, 0, 1, 0x7fffffff, -0x80000000, 65536]), chance.between(0, bytes.length - 4)); },
        () => { const at = place(); bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(place())]); },
        () => { const at = place(); bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(chance.between(1, 40), chance.between(0, 255)), bytes.subarray(at)]); },
    ];
    for (let left = chance.between(1, 3); left > 0 && bytes.length > 0; left--) {
        chance.pick(mutations)();
    }
    return bytes;
}

export const messageCases = {
    'I-2': {
        title: '100,000 mutated payloads: each is counted, what is good in between arrives, and memory stays flat',
        load: false,
        // What is remembered on purpose fills up soon.
        farm: { nodes: 1, bridges: 1, aof: false, bridgeOptions: { history_max: '65536' }, redisOptions: { log_messages: 'off' },
            linkOptions: { recent_max: '65536' } },
        async run({ farm, observers }) {
            const rounds = 20, size = 5000, bases = [...Object.values(vectors), encodeFrame([say('two'), say('three')])];
            const [client] = await observers();
            const [bridge] = farm.bridges;
            const redis = await RedisClient.connect(farm.redis.port);
            const chance = new Chance(4711);
            const count = async (name) => farm.metric(bridge, `hubplane_${name}`);
            const before = { id: Number(await redis.command('GET', appKey)), received: await count('received_total'),
                frames: await count('decode_error_total{kind="frame"}') };
            const residents = [];
            for (let round = 0; round < rounds; round++) {
                await publishMany(redis, appKey, Array.from({ length: size }, () => mutate(chance.pick(bases), chance)));
                // Without an id they have none to be remembered by.
                for (let i = 0; i < 10; i++) {
                    await redis.command('PUBLISH', appKey, Buffer.concat([Buffer.from('x'), mutate(chance.pick(bases), chance)]));
                }
                await publishAsDotnet(redis, appKey, encodeFrame([{ source: 'dotnet', key: 'h-ChatHub', value: `{"H":"ChatHub","M":"round","A":[${round}]}` }]));
                await until(() => client.invocations('round').length > round, { what: () => `the good message of round ${round}`, timeout: 30000 });
                residents.push([farm.nodes[0], bridge].map(residentBytes));
                client.frames.length = 0;
            }
            assert.deepEqual(client.invocations('round'), Array.from({ length: rounds }, (_, round) => [round]));
            const published = Number(await redis.command('GET', appKey)) - before.id;
            const refused = await count('decode_error_total{kind="frame"}') - before.frames;
            assert.equal(await count('received_total') - before.received + refused, published, 'each was taken or refused');
            assert.ok(refused > published / 4, `${refused} of ${published} were refused`);
            assert.equal(await count('decode_error_total{kind="channel"}'), rounds * 10);
            assert.equal(await count('gap_lost_total'), 0);
            console.log(`         refused ${refused} of ${published}; resident ${residents.map((row) => row.map((bytes) => (bytes / 1048576).toFixed(1)).join('/')).join(' ')} MB`);
            // A sanitizer keeps what was freed.
            if (process.env.HUBPLANE_PRESET === 'linux') {
                const [first, last] = [residents[rounds / 4], residents.at(-1)];
                last.forEach((bytes, i) => assert.ok(bytes <= first[i] * 1.05 + 1024 * 1024, `${['node', 'bridge'][i]} grew from ${first[i]} to ${bytes} bytes`));
            }
            client.cut();
            redis.close();
        },
    },
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
            await until(() => subscriber.messages.length >= 400, { what: () => `400 messages; there are ${subscriber.messages.length}` });
            const ids = subscriber.messages.map((message) => decodeChannelMessage(message).id);
            ids.forEach((id, i) => assert.equal(id, ids[0] + i));
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
            const published = () => redis.messages.slice(-20).map((message) => decodeChannelMessage(message).idText);
            await until(() => published().at(-1) === '100000000000010', { what: () => `the last id; there is ${published().at(-1)}` });
            assert.deepEqual(published(), Array.from({ length: 20 }, (_, i) => String(99999999999991 + i)));
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
