// SPDX-License-Identifier: MIT
// Goal of this test: what is on the Redis channel is, byte for byte, what .NET servers of SignalR 2 write and read. The
// test plays such a server, and a plain subscriber. T-numbers are rows of tests/README.md.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { startFarm } from '../support/farm.mjs';
import { integrationTest } from '../support/integration.mjs';
import { until } from '../support/program.mjs';
import { commandFrame, decodeChannelMessage, encodeFrame, publishAsDotnet, vectorMessages, vectorTicks,
    vectors } from '../support/scaleout.mjs';
import { transports } from '../support/signalr_client.mjs';
import { assertHeard, fence, heard, serviceApps, startClient } from './service_apps.mjs';

const channel = 'TestApp';

await integrationTest('service_bus', async (run) => {
    const farm = await startFarm(run, { nodes: 2, apps: serviceApps() });
    const [node, other] = farm.nodes;
    const redis = await farm.redis.connect();
    const subscriber = await farm.redis.connect();
    await subscriber.subscribe(channel);
    run.atEnd(() => { redis.close(); subscriber.close(); });
    /** What has been on the channel so far, in order; what cannot be decoded is left out. */
    const decoded = () => subscriber.messages.flatMap((bytes) => {
        try {
            return [decodeChannelMessage(bytes)];
        } catch {
            return [];
        }
    });
    const heardOnChannel = (text) => until(() => decoded().some(({ messages }) => messages.some(({ value }) => value.includes(text))),
        { what: `${text} on the channel` });
    /** As fence(), and the subscriber, which has a connection of its own, has come as far. */
    const fenceChannel = async (...clients) => heardOnChannel(`"${await fence(...clients)}"`);
    const publish = (frame) => publishAsDotnet(redis, channel, frame);
    /** Message of a .NET server to a topic. */
    const send = (key, value, more = {}) => publish(encodeFrame([{ source: crypto.randomUUID(), key,
        value: JSON.stringify(value), ...more }]));
    const invocation = (text, more = {}) => ({ H: 'ChatHub', M: 'broadcastMessage', A: ['dotnet', text], ...more });

    await run.step('the second implementation of the format agrees with the vectors', () => {
        for (const [name, bytes] of Object.entries(vectors)) {
            assert.deepEqual(encodeFrame(vectorMessages[name], vectorTicks), bytes, name);
        }
    });
    await run.step('T66 what a hub call publishes is byte-exact, followed by our trailer', async () => {
        const member = await startClient(node, { query: { user: 'alice@example.com' } });
        const first = decoded().length;
        await member.invoke('ChatHub', 'Send', 'é', 'hi');
        await member.invoke('ChatHub', 'SendToOthers', 'to', 'others');
        await member.invoke('ChatHub', 'SendToGroup', 'room1', 'to', 'group');
        await member.invoke('ChatHub', 'SendToUser', 'alice@example.com', 'to', 'user');
        await member.invoke('ChatHub', 'SendToCaller', 'to', 'caller');
        await fenceChannel(member, member);
        const seen = decoded().slice(first);
        const [all, others, group, user, caller] = seen;
        const id = member.connectionId;
        const value = (...args) => JSON.stringify({ H: 'ChatHub', M: 'broadcastMessage', A: args });
        const none = { command: '', waitForAck: false, isAck: false, filter: '' };
        assert.deepEqual(all.messages, [{ source: id, key: 'h-ChatHub', value: value('é', 'hi'), ...none }]);
        assert.deepEqual(others.messages, [{ source: id, key: 'h-ChatHub', value: value('to', 'others'), ...none, filter: `c-${id}` }]);
        assert.deepEqual(group.messages, [{ source: id, key: 'hg-ChatHub.room1', value: value('to', 'group'), ...none }]);
        assert.deepEqual(user.messages, [{ source: id, key: 'hu-ChatHub.alice@example.com', value: value('to', 'user'), ...none }]);
        assert.deepEqual(caller.messages, [{ source: id, key: `hc-ChatHub.${id}`, value: value('to', 'caller'), ...none }]);
        for (const message of seen) {
            // Encoded again by the independent encoder, it must come out the same.
            const again = encodeFrame(message.messages, message.ticks);
            assert.deepEqual(again.subarray(4), message.body);
            assert.ok(message.trailer, 'a trailer');
            assert.equal(message.trailer.length, message.rest.length);
            const age = Date.now() - Number((message.ticks - 621355968000000000n) / 10000n);
            assert.ok(Math.abs(age) < 60000, 'the time is now');
        }
        await member.stop();
        await heardOnChannel(`"left","${member.connectionId}"`);
    });
    await run.step('connecting puts nothing on the channel, a join one command', async () => {
        const first = decoded().length;
        const member = await startClient(node);
        assert.equal(decoded().length, first);
        await member.invoke('ChatHub', 'Join', 'quiet');
        await fenceChannel(member, member);
        const [command] = decoded().slice(first).flatMap((message) => message.messages);
        assert.equal(command.key, `c-${member.connectionId}`);
        const { CommandType, Value } = JSON.parse(command.value);
        assert.deepEqual([CommandType, Value, command.waitForAck], [1, 'hg-ChatHub.quiet', false]);
        assert.equal(decoded().length, first + 2, 'the command and the fence');
        await member.stop();
    });
    await run.step('ids are strictly +1, whoever publishes; sequences have no hole; the log agrees', async () => {
        const members = [await startClient(node), await startClient(other)];
        const first = decoded().length;
        await Promise.all([...Array(200).keys()].map((i) => i % 4 === 0 ? send('h-ChatHub', invocation(`${i}`))
            : members[i % 2].invoke('ChatHub', 'Send', 'us', `${i}`)));
        await fenceChannel(members[0], ...members);
        const all = decoded().slice(first);
        all.slice(1).forEach((message, i) => assert.equal(message.id, all[i].id + 1));
        assert.ok(decoded().every((message) => message.idText === String(message.id)), 'plain decimal digits');
        const sequences = new Map();
        for (const { trailer } of decoded().filter((message) => message.trailer)) {
            const { instance, sequence } = trailer;
            assert.equal(sequence, (sequences.get(instance) ?? 0) + 1, `sequence of ${instance}`);
            sequences.set(instance, sequence);
        }
        assert.equal(sequences.size, 2, 'two nodes');
        assert.deepEqual(heard(members[0]), heard(members[1]), 'one order for all');
        await until(async () => Number(await redis.command('ZCARD', `{${channel}}:hubplane:log`)) === all.at(-1).id,
            { what: 'every message in the log, those of .NET servers too' });
        await Promise.all(members.map((member) => member.stop()));
    });
    for (const transport of transports) {
        await run.step(`T66 ${transport}: what a .NET server publishes arrives`, async () => {
            const [member, twin] = [await startClient(node, { transport, query: { user: 'Ann' } }), await startClient(other, { transport })];
            const id = member.connectionId;
            await member.invoke('ChatHub', 'Join', 'room1');
            await send('h-ChatHub', invocation('all'));
            await send('h-ChatHub', invocation('others'), { filter: `c-${id}` });
            await send('hg-ChatHub.room1', invocation('group'));
            await send('hg-ChatHub.room1', invocation('excluded'), { filter: `c-x|c-${id}` });
            await send('hc-ChatHub.' + id, invocation('client'));
            await send('hu-ChatHub.Ann', invocation('user'));
            await send(`c-${id}`, { I: 'P|77', P: { I: '77', D: 5 } });
            await send('hg-ChatHub.Room1', invocation('other case'));
            await fence(twin, member, twin);
            assertHeard(member, ['dotnet: all', 'dotnet: group', 'dotnet: client', 'dotnet: user']);
            assertHeard(twin, ['dotnet: all', 'dotnet: others']);
            assert.ok(member.messages.some((entry) => entry.message.P?.D === 5), 'progress');
            await member.stop();
            await twin.stop();
        });
        await run.step(`T66 ${transport}: AddToGroup, RemoveFromGroup and Abort of a .NET server`, async () => {
            const member = await startClient(node, { transport });
            const command = async (type, value, options) => {
                const { id, frame } = commandFrame(member.connectionId, type, value, options);
                await publish(frame);
                return id;
            };
            const acknowledged = async (commandId, what) => {
                await until(() => decoded().some(({ messages }) => messages.some((message) => message.command === commandId && message.isAck)),
                    { what: `the ack of ${what}` });
                const ack = decoded().flatMap(({ messages }) => messages).find((message) => message.command === commandId && message.isAck);
                assert.deepEqual(ack, { source: member.connectionId, key: '__SIGNALR__SERVER__', value: '', command: commandId,
                    waitForAck: false, isAck: true, filter: '' });
            };
            await acknowledged(await command(1, 'hg-ChatHub.dotnet room'), 'AddToGroup');
            await until(() => member.groupsToken, { what: 'a groups token' });
            await send('hg-ChatHub.dotnet room', invocation('in'));
            await acknowledged(await command(2, 'hg-ChatHub.dotnet room'), 'RemoveFromGroup');
            await send('hg-ChatHub.dotnet room', invocation('out'));
            await fence(member, member);
            assertHeard(member, ['dotnet: in']);
            if (transport === 'longPolling') {
                await member.pollArrived();
            }
            member.isPolling = false;
            await command(3, null, { waitForAck: false });
            await until(() => member.ended, { what: 'the end after Abort' });
        });
    }
    await run.step('a command in other spellings is understood', async () => {
        const member = await startClient(node);
        const id = crypto.randomUUID();
        await publish(encodeFrame([{ source: 'x', key: `c-${member.connectionId}`, command: id, waitForAck: true,
            value: '{"waitforack":true,"commandType":"AddToGroup","value":"hg-ChatHub.lax","Extra":[1]}' }]));
        await until(() => member.groupsToken, { what: 'a groups token' });
        await send('hg-ChatHub.lax', invocation('in'));
        await fence(member, member);
        assertHeard(member, ['dotnet: in']);
        await member.stop();
    });
    await run.step('the vectors V1 to V8 as they are, several messages in one payload, and trailing bytes', async () => {
        const member = await startClient(node, { query: { user: 'alice@example.com' } });
        for (const bytes of Object.values(vectors)) {
            await publish(bytes);
        }
        await publish(Buffer.concat([vectors.V1, Buffer.from([1, 2, 3, 4])]));
        await publish(encodeFrame(['h-ChatHub', 'hu-ChatHub.alice@example.com', 'h-OtherHub', 'h-ChatHub'].map((key, i) =>
            ({ source: 's', key, value: JSON.stringify(invocation(`multiple ${i}`)) }))));
        await fence(member, member);
        assert.deepEqual(member.invocations('say'), [['hi'], ['hi']], 'V1 twice');
        assert.deepEqual(member.invocations('ping'), [[]], 'V5');
        assertHeard(member, ['dotnet: multiple 0', 'dotnet: multiple 1', 'dotnet: multiple 3']);
        await member.stop();
    });
    await run.step('malformed payloads are rejected and counted, everything else goes on', async () => {
        const member = await startClient(other);
        const raw = (text) => redis.command('PUBLISH', channel, Buffer.isBuffer(text) ? text : Buffer.from(text, 'latin1'));
        const bad = ['1e+14 ', ' 42 ', '42  ', '18446744073709551616 ', ' '].map((prefix) => Buffer.concat([Buffer.from(prefix), vectors.V1]));
        bad.push(Buffer.from('12345'), Buffer.from('42 \xff\xff\xff\xff', 'latin1'), Buffer.alloc(0), Buffer.from('hello'));
        for (const bytes of bad) {
            await raw(bytes);
        }
        for (const frame of [vectors.V1.subarray(0, -3), Buffer.alloc(4), Buffer.from('ffffff7f', 'hex')]) {
            await publish(frame); // with an id of its own, so that there is no hole
        }
        await publish(encodeFrame([{ source: 's', key: 'h-ChatHub', value: '{"not json' }]));
        await publish(encodeFrame([{ source: 's', key: 'h-ChatHub', value: '' }]));
        await fence(member, member);
        assertHeard(member, []);
        assert.ok(farm.bridges[0].program.text().split('\n').filter((line) => /reject|malformed|not a SignalR/i.test(line)).length <= 3,
            'logged once a minute');
        await member.stop();
    });
    await run.step('one id twice: delivered once', async () => {
        const member = await startClient(node);
        await send('h-ChatHub', invocation('once'));
        await fence(member, member);
        const twin = subscriber.messages.find((bytes) => bytes.includes('"once"'));
        await redis.command('PUBLISH', channel, twin);
        await fence(member, member);
        assertHeard(member, ['dotnet: once']);
        await member.stop();
    });
    await run.step('T68 the counter is lost: ids never go back, nobody goes deaf', async () => {
        const member = await startClient(node);
        const poller = await startClient(other, { transport: 'longPolling' });
        const first = decoded().length;
        await fenceChannel(member, member, poller);
        const before = decoded().at(-1).id;
        await redis.command('FLUSHALL');
        await member.invoke('ChatHub', 'Send', 'after', 'the loss');
        await fenceChannel(member, member, poller);
        assertHeard(member, ['after: the loss']);
        assertHeard(poller, ['after: the loss']);
        const ids = decoded().slice(first).map((message) => message.id);
        ids.slice(1).forEach((id, i) => assert.ok(id > ids[i], `${id} after ${ids[i]}`));
        assert.ok(ids.at(-1) >= before + 1000000, 'lifted by a million');
        await member.stop();
        await poller.stop();
    });
    await run.step('tail shows each message in a readable line', async () => {
        const tail = farm.bridges[0].tail(channel);
        const member = await startClient(node);
        await until(async () => {
            await member.invoke('ChatHub', 'Send', 'Søren', 'watch me'); // until it has begun to listen
            return /Søren.*watch me/.test(fs.readFileSync(tail.log, 'utf8'));
        }, { what: 'the line of the message', step: 100 });
        tail.program.signal('SIGINT');
        await tail.program.exited;
        assert.equal(tail.program.exit.code, 0);
        await member.stop();
    });
});
