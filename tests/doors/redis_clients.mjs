// SPDX-License-Identifier: MIT
// Goal of this test: real Redis clients (redis-cli, and the packages redis and ioredis of npm) take the endpoint for a
// Redis server, and what an application does through it meets the clients of hosted hubs: messages to everybody, groups,
// users and connections, joins and their acknowledgements, in both directions. On the channel is what Redis itself shows.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { assertHeard, fence, startClient } from '../integration/service_apps.mjs';
import { integrationTest, skip } from '../support/integration.mjs';
import { until, which } from '../support/program.mjs';
import { commandFrame, decodeChannelMessage, encodeFrame, publishScript, restoreDigest } from '../support/scaleout.mjs';
import { broadcast, connect, idsOf, key, password, publish, publishDigest, startRedisDoor } from './redis_door.mjs';

const require = createRequire(import.meta.url);

/** A package of npm, or the step is skipped. */
function load(name) {
    try {
        return require(name);
    } catch {
        return skip(`the npm package ${name} is not installed`);
    }
}

await integrationTest('door_redis_clients', async (run) => {
    const farm = await startRedisDoor(run, { nodes: 2 });
    const [node, other] = farm.nodes;
    const application = await connect(run, farm.door);
    const subscriber = await connect(run, farm.door);
    const witness = await connect(run, farm.redis.port);
    await witness.subscribe(key);
    const decoded = (client) => client.messages.flatMap((bytes) => decodeChannelMessage(bytes).messages);

    await run.step('redis-cli looks around', () => {
        if (!which('redis-cli')) {
            skip('redis-cli is not installed');
        }
        const cli = (...args) => spawnSync('redis-cli', ['-p', farm.door, ...args], { encoding: 'utf8', timeout: 20000 }).stdout.trim();
        assert.equal(cli('PING'), 'PONG');
        assert.match(cli('INFO', 'server'), /redis_version:\d[\s\S]*role:master/);
        assert.match(cli('-3', 'HELLO'), /proto 3/);
        assert.match(cli('FLUSHALL'), /^ERR unknown command 'FLUSHALL'/);
        assert.match(cli('SUBSCRIBE', 'Nobody'), /no app has the key 'Nobody'.*write "key = Nobody" and "redis = 127\.0\.0\.1:/);
    });
    await run.step('the application hears hosted hubs, byte for byte what Redis shows', async () => {
        assert.deepEqual((await subscriber.subscribe(key)).map(String), ['subscribe', key, '1']);
        const [near, far] = [await startClient(node), await startClient(other)];
        await near.invoke('ChatHub', 'Send', 'near', 'ä');
        await far.invoke('ChatHub', 'Send', 'far', 'o');
        await far.invoke('ChatHub', 'Join', 'room1');
        await near.invoke('ChatHub', 'SendToGroup', 'room1', 'to', 'group');
        await fence(far, near, far);
        await until(() => subscriber.messages.length === witness.messages.length, { what: 'as many messages as on Redis' });
        assert.deepEqual(subscriber.messages, witness.messages);
        await Promise.all([near.stop(), far.stop()]);
    });
    await run.step('hosted hubs hear the application: everybody, group, user, connection, exclusions', async () => {
        const near = await startClient(node, { query: { user: 'Ann' } });
        const far = await startClient(other, { transport: 'longPolling' });
        await near.invoke('ChatHub', 'Join', 'room1');
        for (const [text, target] of [['all', 'h-ChatHub'], ['group', 'hg-ChatHub.room1'], ['user', 'hu-ChatHub.Ann'],
            ['one', `hc-ChatHub.${far.connectionId}`]]) {
            await publish(application, broadcast(text, target));
        }
        await publish(application, encodeFrame([{ source: 'x', key: 'h-ChatHub', filter: `c-${near.connectionId}`,
            value: '{"H":"ChatHub","M":"broadcastMessage","A":["application","others"]}' }]));
        await fence(near, near, far);
        assertHeard(near, ['application: all', 'application: group', 'application: user']);
        assertHeard(far, ['application: all', 'application: one', 'application: others']);
        await Promise.all([near.stop(), far.stop()]);
    });
    await run.step('Groups.Add of the application for a client of a hosted hub is acknowledged within a second', async () => {
        for (const place of [node, other]) {
            const member = await startClient(place);
            const join = commandFrame(member.connectionId, 1, 'hg-ChatHub.dotnet');
            const started = Date.now();
            await publish(application, join.frame);
            await until(() => decoded(subscriber).some((message) => message.command === join.id && message.isAck),
                { what: 'the acknowledgement' });
            const elapsed = Date.now() - started;
            assert.ok(elapsed < 1000 || process.env.HUBPLANE_PRESET !== 'linux', `${elapsed} ms`);
            await publish(application, broadcast('joined', 'hg-ChatHub.dotnet'));
            await fence(member, member);
            assertHeard(member, ['application: joined']);
            await member.stop();
        }
    });
    await run.step('a join by a hosted hub for a client of the application arrives, and its acknowledgement goes back', async () => {
        const caller = await startClient(node);
        const stranger = '12345678-1234-1234-1234-123456789abc'; // the application's client
        const joined = caller.invoke('ChatHub', 'JoinOther', 'room2', stranger);
        const command = await until(() => decoded(subscriber).find((message) => message.key === `c-${stranger}`), { what: 'the command' });
        assert.deepEqual([JSON.parse(command.value).Value, command.waitForAck], ['hg-ChatHub.room2', true]);
        await publish(application, encodeFrame([{ source: stranger, key: '__SIGNALR__SERVER__', command: command.command, isAck: true }]));
        await joined;
        await caller.stop();
    });
    await run.step('both layouts of the script, by text and by digest; restore; a script nobody knows', async () => {
        for (const script of [publishScript('\n'), publishScript('\r\n')]) {
            const digest = (await application.command('SCRIPT', 'LOAD', script)).toString();
            const [first] = await application.command('EVAL', script, 1, key, broadcast('by text'));
            const [second, argument, payload] = await application.command('EVALSHA', digest, 1, key, broadcast('by digest'));
            assert.ok(second > first, `${second} after ${first}`);
            assert.deepEqual(payload, Buffer.concat([Buffer.from(`${second} `), argument]));
        }
        assert.equal(await application.command('EVALSHA', restoreDigest, 1, key, 1), null);
        await assert.rejects(application.command('EVALSHA', '0'.repeat(40), 1, key, 'x'), /^Error: NOSCRIPT/);
        await assert.rejects(application.command('EVAL', 'return 1', 0), /unknown script/);
        await assert.rejects(application.command('EVALSHA', publishDigest, 1, key, 'no frame'), /not a message of SignalR 2/);
    });
    await run.step('two apps behind one address are told apart by their key', async () => {
        const second = await connect(run, farm.door);
        await second.subscribe('SecondApp');
        const before = subscriber.messages.length;
        await publish(application, broadcast('for the second'), 'SecondApp');
        await second.message((bytes) => bytes.includes('for the second'), 'the message');
        await publish(application, broadcast('for the first'));
        await subscriber.message((bytes) => bytes.includes('for the first'), 'the message');
        assert.ok(!subscriber.messages.slice(before).some((bytes) => bytes.includes('for the second')));
        assert.equal(second.messages.length, 1);
    });
    await run.step('a password', async () => {
        const client = await connect(run, farm.lockedDoor);
        await assert.rejects(client.command('PING'), /NOAUTH/);
        await assert.rejects(client.subscribe('LockedApp'), /NOAUTH/);
        await assert.rejects(client.command('AUTH', 'wrong'), /WRONGPASS/);
        assert.equal(await client.command('AUTH', password), 'OK');
        await client.subscribe('LockedApp');
        await publish(await connect(run, farm.door), broadcast('x'), 'LockedApp').then(() => assert.fail('another door'),
            (error) => assert.match(error.message, /no app has the key 'LockedApp'/));
        await publish(client, broadcast('locked'), 'LockedApp');
        await client.message((bytes) => bytes.includes('locked'), 'the message');
    });
    for (const protocol of [2, 3]) {
        await run.step(`npm's redis in RESP${protocol}: connect, subscribe, scripts, quit`, async () => {
            const { createClient, RESP_TYPES } = load('redis');
            const client = createClient({ url: `redis://:${password}@127.0.0.1:${farm.lockedDoor}`, RESP: protocol,
                commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } });
            client.on('error', (error) => assert.fail(error));
            await client.connect();
            const listener = client.duplicate();
            await listener.connect();
            const heard = [];
            await listener.subscribe('LockedApp', (message) => heard.push(message), true);
            assert.equal(String(await client.ping()), 'PONG');
            const frame = broadcast(`redis ${protocol}`);
            const options = { keys: ['LockedApp'], arguments: [frame] };
            const [id] = await client.eval(publishScript(), options);
            await client.evalSha(publishDigest, options);
            await until(() => heard.length === 2, { what: 'both messages' });
            assert.deepEqual(idsOf(heard), [Number(id), Number(id) + 1]);
            assert.ok(heard[0].includes(frame));
            await assert.rejects(client.set('a', 'b'), /unknown command/);
            await listener.unsubscribe('LockedApp');
            await Promise.all([listener.close(), client.close()]);
        });
    }
    await run.step('ioredis: ready, subscribe, scripts, quit', async () => {
        const Redis = load('ioredis');
        const options = { host: '127.0.0.1', port: farm.door };
        const client = new Redis(options);
        const listener = new Redis(options);
        const heard = [];
        listener.on('messageBuffer', (channel, message) => heard.push(message));
        await listener.subscribe(key);
        const frame = broadcast('ioredis');
        const [id] = await client.evalBuffer(publishScript('\r\n'), 1, key, frame);
        await until(() => heard.length > 0, { what: 'the message' });
        assert.equal(idsOf(heard)[0], id);
        await assert.rejects(client.flushall(), /unknown command/);
        await Promise.all([listener.quit(), client.quit()]);
    });
    await run.step('20 worker processes at once: everyone hears everything, once and in order', async () => {
        const workers = await Promise.all([...Array(20).keys()].map(async () => {
            const [commands, channel] = [await connect(run, farm.door), await connect(run, farm.door)];
            await channel.subscribe(key);
            return { commands, channel };
        }));
        const replies = await Promise.all(workers.flatMap(({ commands }, worker) => [...Array(100).keys()].map((i) =>
            publish(commands, broadcast(`worker ${worker} message ${i}`)))));
        assert.equal(replies.length, 2000);
        for (const { channel } of workers) {
            await until(() => channel.messages.length === 2000, { what: '2000 messages' });
            const ids = idsOf(channel.messages);
            ids.slice(1).forEach((id, i) => assert.equal(id, ids[i] + 1));
            assert.deepEqual(channel.messages, workers[0].channel.messages);
        }
        // Each worker's own order is kept.
        const texts = workers[0].channel.messages.map((bytes) => /worker (\d+) message (\d+)/.exec(bytes.toString('latin1')));
        for (let worker = 0; worker < 20; worker++) {
            assert.deepEqual(texts.filter((text) => Number(text[1]) === worker).map((text) => Number(text[2])), [...Array(100).keys()]);
        }
        workers.forEach(({ commands, channel }) => { commands.close(); channel.close(); });
    });
    await run.step('10 000 pipelined scripts; 1 MiB with every byte', async () => {
        const count = 10000;
        const replies = await Promise.all([...Array(count).keys()].map(() => publish(application, broadcast('many'))));
        const ids = replies.map(([id]) => id).filter((id) => id !== 0);
        ids.slice(1).forEach((id, i) => assert.ok(id > ids[i]));
        const large = Buffer.alloc(1024 * 1024, Buffer.from([...Array(256).keys()]));
        const value = JSON.stringify({ H: 'ChatHub', M: 'broadcastMessage', A: ['large', 'x'.repeat(1024 * 1024)] });
        await publish(application, encodeFrame([{ source: 's', key: 'h-Nobody', value: large.toString('latin1') }]));
        await publish(application, encodeFrame([{ source: 's', key: 'h-ChatHub', value }]));
        await subscriber.message((bytes) => bytes.includes('"large"'), 'the large message', 30000);
        const all = idsOf(subscriber.messages);
        all.slice(1).forEach((id, i) => assert.equal(id, all[i] + 1));
    });
});
