// SPDX-License-Identifier: MIT
// Goal of this test: calls, results, errors, progress, state and every way to address somebody, on each transport and
// across two nodes. T-numbers are rows of tests/README.md.
import assert from 'node:assert/strict';
import { startFarm } from '../support/farm.mjs';
import { integrationTest } from '../support/integration.mjs';
import { request, transports } from '../support/signalr_client.mjs';
import { assertHeard, fence, heard, serviceApps, startClient } from './service_apps.mjs';
import { SignalRClient } from '../support/signalr_client.mjs';

await integrationTest('service_hubs', async (run) => {
    const farm = await startFarm(run, { nodes: 2, apps: serviceApps() });
    const [node, other] = farm.nodes;

    for (const transport of transports) {
        await run.step(`${transport}: T53 to T59, calls`, async () => {
            const member = await startClient(node, { transport });
            assert.equal(await member.invoke('CHATHUB', 'eCHO', 'any case'), 'any case');
            assert.equal(await member.invoke('chathub', 'overload', 1), 'one');
            assert.equal(await member.invoke('chathub', 'overload', 1, 2), 'two');
            for (const [method, args] of [['overload', []], ['overload', [1, 2, 3]], ['echo', []], ['nosuchmethod', []]]) {
                assert.equal((await member.call('ChatHub', method, args)).E,
                    `There was an error invoking Hub method 'ChatHub.${method}'.`);
            }
            const values = [null, true, 0, -1.5, 1e21, '', 'grüß 日本 🙂 + %2B \u2028 <>&"\\', [], {}, { a: [1, { b: null }] },
                'x'.repeat(50000)];
            for (const value of values) {
                const result = await member.call('ChatHub', 'Echo', [value]);
                assert.deepEqual(result.R ?? null, value);
                assert.equal(typeof result.I, 'string');
            }
            assert.deepEqual(Object.keys(await member.call('ChatHub', 'Nothing')), ['I']);

            const thrown = await member.call('ChatHub', 'Throw', ['Not enough funds']);
            assert.equal(thrown.E, 'Not enough funds');
            assert.equal(thrown.H, true);
            assert.deepEqual(thrown.D, { code: 12 });
            const failed = await member.call('ChatHub', 'Fail', ['the secret']);
            assert.equal(failed.E, "There was an error invoking Hub method 'ChatHub.Fail'.");
            assert.equal(failed.H, undefined);

            const { result, id } = { id: member.nextId, result: await member.invoke('ChatHub', 'Progress') };
            assert.equal(result, 'finished');
            const progress = () => member.messages.filter((entry) => entry.message.P).map((entry) => entry.message);
            await member.message((message) => message.P?.D === 3, 'the last progress');
            assert.deepEqual(progress().map((message) => message.P), [1, 2, 3].map((D) => ({ I: String(id), D })));
            assert.ok(progress().every((message) => message.I === `P|${id}`));

            assert.equal((await member.call('ChatHub', 'GetNick', [], { state: { nick: 'bob' } })).R, 'bob');
            const changed = await member.call('ChatHub', 'SetNick', ['jim'], { state: { nick: 'bob', age: 3 } });
            assert.deepEqual(changed.S, { nick: 'jim' });
            assert.equal((await member.call('ChatHub', 'SetNick', ['bob'], { state: { nick: 'bob' } })).S, undefined,
                'no real change');
            await member.call('ChatHub', 'SetNickAndTell', ['eve'], { state: { nick: 'bob' } });
            const told = await member.message((message) => message.M === 'nickChanged', 'nickChanged');
            assert.deepEqual(told.S, { nick: 'eve' });
            await member.stop();
        });
        await run.step(`${transport}: T60, who gets what, across nodes`, async () => {
            const [a, b, c] = [await startClient(node, { transport, query: { user: 'Ann' } }),
                await startClient(other, { transport, query: { user: 'Ann' } }),
                await startClient(other, { transport, query: { user: 'ann' } })];
            const expected = new Map([a, b, c].map((member) => [member, []]));
            const send = async (to, method, ...args) => {
                await a.invoke('ChatHub', method, ...args);
                to.forEach((member) => expected.get(member).push(args.slice(-2).join(': ')));
            };
            await a.invoke('ChatHub', 'Join', 'room');
            await b.invoke('ChatHub', 'Join', 'room');
            await send([a, b, c], 'Send', 'to', 'all');
            await send([b, c], 'SendToOthers', 'to', 'others');
            await send([a], 'SendToCaller', 'to', 'caller');
            await send([a, b], 'SendToGroup', 'room', 'to', 'group');
            await send([b], 'SendToGroupOthers', 'room', 'to', 'others in group');
            await send([c], 'SendToClient', c.connectionId, 'to', 'client');
            await send([a, b], 'SendToUser', 'Ann', 'to', 'user Ann');
            await send([c], 'SendToUser', 'ann', 'to', 'user ann');
            await send([], 'SendToGroup', 'Room', 'to', 'nobody');
            await send([], 'SendToClient', '11111111-2222-3333-4444-555555555555', 'to', 'a stranger');
            await a.invoke('ChatHub', 'Join', 'room');
            await send([a, b], 'SendToGroup', 'room', 'joined twice', 'once');
            await b.invoke('ChatHub', 'Leave', 'room');
            await send([a], 'SendToGroup', 'room', 'after', 'leaving');
            await fence(a, a, b, c);
            for (const [member, lines] of expected) {
                assertHeard(member, lines);
            }
            await Promise.all([a, b, c].map((member) => member.stop()));
        });
    }
    await run.step('T55 a call without an id is answered with null', async () => {
        const member = await startClient(node);
        await member.send('{"H":"chathub","M":"Echo","A":["x"]}');
        await member.invoke('ChatHub', 'Echo', 'y');
        assert.ok(member.frames.some((frame) => frame.json.I === null && frame.json.R === 'x'));
        await member.send('{"h":"chathub","m":"Echo","a":["z"],"i":"my id"}');
        await member.invoke('ChatHub', 'Echo', 'y');
        assert.ok(member.frames.some((frame) => frame.json.I === 'my id' && frame.json.R === 'z'));
        await member.stop();
    });
    await run.step('T57 detailed errors where allowed', async () => {
        const member = new SignalRClient(`${node.origin}/detailed`);
        await member.start();
        assert.equal((await member.call('ChatHub', 'Fail', ['the secret'])).E, 'the secret');
        assert.equal((await member.call('ChatHub', 'Nix')).E,
            "'Nix' method could not be resolved. No method found with that name.");
        assert.match((await member.call('ChatHub', 'Overload')).E,
            /^'Overload' method could not be resolved\. Potential candidates are: \n/);
        await member.stop();
    });
    await run.step('T61 only the hubs a client registered reach it, but it may call any', async () => {
        const [chat, both, none] = [await startClient(node), await startClient(other, { hubs: ['ChatHub', 'OtherHub'] }),
            await startClient(node, { hubs: [] })];
        await chat.invoke('OtherHub', 'Send', 'hello');
        await both.message((message) => message.M === 'otherMessage', 'the message of OtherHub');
        assert.equal(await none.invoke('ChatHub', 'Echo', 'works'), 'works');
        await fence(chat, chat, both);
        assert.equal(chat.invocations('otherMessage').length, 0);
        assert.equal(none.messages.length, 0);
        await Promise.all([chat, both, none].map((member) => member.stop()));
    });
    await run.step('T62 names of groups and users with every kind of character, case-sensitive', async () => {
        const names = ['a.b', 'a|b', 'a,b', 'a&b=c', 'a+b', 'a/b', 'a:b', 'a@b', 'a[b]', 'Straße №1', ' ', 'group$&+,/:;=?@[]1', '"\\'];
        for (const name of names) {
            const [member, sender] = [await startClient(node, { query: { user: name } }), await startClient(other)];
            await member.invoke('ChatHub', 'Join', name);
            await sender.invoke('ChatHub', 'SendToGroup', name, 'group', name);
            await sender.invoke('ChatHub', 'SendToUser', name, 'user', name);
            await sender.invoke('ChatHub', 'SendToUser', `${name}x`, 'user', 'somebody else');
            await fence(sender, member);
            assertHeard(member, [`group: ${name}`, `user: ${name}`]);
            member.cut();
            await member.reconnect(other.url);
            await sender.invoke('ChatHub', 'SendToGroup', name, 'again', name);
            await fence(sender, member);
            assertHeard(member, [`group: ${name}`, `user: ${name}`, `again: ${name}`]);
            await member.stop();
            await sender.stop();
        }
    });
    await run.step('T63 T64 somebody else is joined and removed, on another node', async () => {
        for (const transport of transports) {
            const [member, boss] = [await startClient(node, { transport }), await startClient(other)];
            await boss.invoke('ChatHub', 'JoinOther', 'staff', member.connectionId);
            await boss.invoke('ChatHub', 'SendToGroup', 'staff', 'staff', 'in');
            await boss.invoke('ChatHub', 'LeaveOther', 'staff', member.connectionId);
            await boss.invoke('ChatHub', 'SendToGroup', 'staff', 'staff', 'out');
            await fence(boss, member);
            assertHeard(member, ['staff: in']);
            assert.ok(member.groupsToken, 'a groups token was told');
            await member.stop();
            await boss.stop();
        }
    });
    await run.step('a join counts for the sends right behind it', async () => {
        const member = await startClient(node);
        for (let i = 0; i < 20; i++) {
            await member.invoke('ChatHub', 'JoinAndTell', `r${i}`);
        }
        await fence(member, member);
        assertHeard(member, Array.from({ length: 20 }, (_, i) => `r${i}: joined`));
        await member.stop();
    });
    await run.step('T65 the generated script', async () => {
        const script = (await request(`${node.url}/hubs`)).body;
        for (const part of ['chatHub', 'lifeHub', 'otherHub', 'sendToGroupOthers', '"SendToGroupOthers"', '"/signalr"']) {
            assert.ok(script.includes(part), part);
        }
        assert.ok(!script.includes('@connected') && !script.includes('@disconnected'));
    });
    await run.step('two nodes, four transports, 400 messages at once: one order for all', async () => {
        const members = [];
        for (const [i, transport] of [...transports, ...transports].entries()) {
            members.push(await startClient(i % 2 ? other : node, { transport }));
        }
        await Promise.all(members.flatMap((member, who) => Array.from({ length: 50 }, (_, i) =>
            member.invoke('ChatHub', 'Send', `${who}`, `${i}`))));
        await fence(members[0], ...members);
        const order = heard(members[0]).filter((line) => !line.startsWith('fence'));
        assert.equal(order.length, 400);
        assert.equal(new Set(order).size, 400);
        for (const member of members) {
            assertHeard(member, order);
        }
        await Promise.all(members.map((member) => member.stop()));
    });
});
