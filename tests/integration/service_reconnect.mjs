// SPDX-License-Identifier: MIT
// Goal of this test: a client that comes back, on the same node or on another, gets what it missed, once and in order,
// with its groups; whatever died in between. T-numbers are rows of tests/README.md.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { startFarm } from '../support/farm.mjs';
import { integrationTest } from '../support/integration.mjs';
import { until } from '../support/program.mjs';
import { SignalRClient, request, transports } from '../support/signalr_client.mjs';
import { assertHeard, fence, heard, serviceApps, serviceAppsWith, startClient } from './service_apps.mjs';

const count = 30;

/** Publish ${count} numbered messages in turn to everybody, a group, a user and a connection. */
async function publishToAll(sender, member, label) {
    const lines = [];
    for (let i = 0; i < count; i++) {
        const ways = [['Send'], ['SendToGroup', 'room.1|,'], ['SendToUser', 'Żółć'], ['SendToClient', member.connectionId]];
        const [method, ...to] = ways[i % ways.length];
        await sender.invoke('ChatHub', method, ...to, label, `${i}`);
        lines.push(`${label}: ${i}`);
    }
    return lines;
}

async function rejoin(member, sender, url, label) {
    member.cut();
    const missed = await publishToAll(sender, member, label);
    const from = heard(member).length;
    await member.reconnect(url);
    await fence(sender, member);
    assertHeard(member, missed, from);
}

await integrationTest('service_reconnect', async (run) => {
    const farm = await startFarm(run, { nodes: 3, apps: serviceApps() });
    const [node, other, third] = farm.nodes;
    const sender = await startClient(third);

    for (const transport of transports) {
        await run.step(`T42 T46 T69 ${transport}: same node, other node, and back`, async () => {
            const member = await startClient(node, { transport, query: { user: 'Żółć' } });
            await member.invoke('ChatHub', 'Join', 'room.1|,');
            await fence(sender, member);
            await rejoin(member, sender, node.url, 'same');
            await rejoin(member, sender, other.url, 'other');
            await rejoin(member, sender, node.url, 'back');
            assert.equal(await member.invoke('ChatHub', 'Echo', 'still'), 'still');
            await member.invoke('ChatHub', 'Leave', 'room.1|,');
            await sender.invoke('ChatHub', 'SendToGroup', 'room.1|,', 'gone', '1');
            await fence(sender, member);
            assert.ok(!heard(member).includes('gone: 1'));
            await member.stop();
        });
        await run.step(`T69 ${transport}: every request goes to another node`, async () => {
            const member = new SignalRClient(node.url, { transport, query: { user: 'Żółć' } });
            let turn = 0;
            Object.defineProperty(member, 'url', { get: () => farm.nodes[turn++ % 2].url, set() {} });
            await member.start();
            await member.invoke('ChatHub', 'Join', 'room.1|,');
            await fence(sender, member);
            const from = heard(member).length;
            const lines = await publishToAll(sender, member, 'roundabout');
            await fence(sender, member);
            assertHeard(member, lines, from);
            await member.stop();
        });
        await run.step(`${transport}: comes and goes while messages flow`, async () => {
            const member = await startClient(node, { transport, query: { user: 'Żółć' } });
            await member.invoke('ChatHub', 'Join', 'room.1|,');
            const lines = [];
            let isDone = false;
            const flow = (async () => {
                for (let i = 0; i < 8; i++) {
                    lines.push(...await publishToAll(sender, member, `flow${i}`));
                }
            })().finally(() => { isDone = true; });
            for (let hop = 0; !isDone; hop++) {
                member.cut();
                await member.reconnect(farm.nodes[hop % 2].url);
                await new Promise((resolve) => setTimeout(resolve, 15));
            }
            await flow;
            await fence(sender, member);
            assertHeard(member, lines);
            await member.stop();
        });
    }
    await run.step('T44 T45 cursors from elsewhere and nonsense: new messages only, never a crash', async () => {
        const cursors = ['d-1A2B3C4D-A,0|B,0|C,1', 's-0,FFFFFFFFFFFF', 's-0,1|1,2', 's-', 's-0', 's-0,', 's-0,G', 's-0,1|0,2',
            's-0,1|', 'x'.repeat(5000), '|', ',', '\\', '%', 's-0,FFFFFFFFFFFFFFFFF', '-1', 's-0,-1', ' '];
        for (const transport of ['webSockets', 'longPolling']) {
            const member = await startClient(node, { transport });
            for (const cursor of cursors) {
                member.cut();
                await sender.invoke('ChatHub', 'Send', 'missed', cursor);
                await fence(sender, sender);
                member.messageId = cursor;
                const from = heard(member).length;
                try {
                    await member.reconnect();
                } catch (error) {
                    assert.match(error.message, /[45]\d\d/, 'refused, but properly');
                    continue;
                }
                if (transport === 'longPolling') {
                    await member.pollArrived(); // it may be refused, which is right for nonsense
                }
                if (member.ended) {
                    assert.match(String(member.ended.code), /[45]\d\d|100\d/, cursor);
                    continue;
                }
                await fence(sender, member);
                assertHeard(member, [], from);
            }
            member.messageId = null;
            await member.reconnect();
            if (transport === 'longPolling') {
                await member.pollArrived(); // without a cursor it hears what comes after it
            }
            await fence(sender, member);
            await member.stop();
        }
    });
    await run.step('T44 a cursor from elsewhere: whatever is sent once the client is back arrives', async () => {
        const member = await startClient(node);
        for (let i = 0; i < 200; i++) {
            member.cut();
            member.messageId = 's-0,FFFFFFFFFFFF';
            await member.reconnect();
            await fence(sender, member); // at once: the farm may not have looked at the cursor yet
        }
        await member.stop();
    });
    await run.step('T44 the cursors "0" and "everything" bring what is retained', async () => {
        const member = await startClient(node);
        member.cut();
        member.messageId = 's-0,0';
        const from = heard(member).length;
        await member.reconnect();
        await fence(sender, member);
        assert.ok(heard(member).length - from > 100);
        await member.stop();
    });
    await run.step('T47 leaving the last group: a token for no groups', async () => {
        const member = await startClient(node);
        await member.invoke('ChatHub', 'Join', 'a');
        const first = member.groupsToken;
        await member.invoke('ChatHub', 'Leave', 'a');
        await until(() => member.groupsToken !== first, { what: 'a new token' });
        assert.ok(member.groupsToken.length > 0);
        member.cut();
        await member.reconnect(other.url);
        await sender.invoke('ChatHub', 'SendToGroup', 'a', 'a', 'nobody');
        await fence(sender, member);
        assert.ok(!heard(member).includes('a: nobody'));
        await member.stop();
    });
    await run.step('T50 a reconnect after the disconnect event is accepted', async () => {
        const member = await startClient(node, { hubs: ['ChatHub', 'LifeHub'] });
        await member.stop();
        await member.reconnect(other.url);
        await member.message((message) => message.M === 'hello' && message.A[0] === 'again', 'OnReconnected');
        await fence(sender, member);
        await member.stop();
    });
    await run.step('a bridge is killed and comes back while messages flow: none lost, none doubled', async () => {
        const members = [];
        for (const [i, transport] of transports.entries()) {
            members.push(await startClient(farm.nodes[i % 2], { transport, query: { user: 'Żółć' } }));
        }
        const lines = [];
        const flow = (async () => {
            for (let i = 0; i < 150; i++) {
                await sender.invoke('ChatHub', 'Send', 'flow', `${i}`);
                lines.push(`flow: ${i}`);
            }
        })();
        for (let i = 0; i < 3; i++) {
            await new Promise((resolve) => setTimeout(resolve, 100));
            await farm.bridges[0].kill();
            await farm.bridges[0].start();
        }
        await flow;
        await fence(sender, ...members);
        members.forEach((member) => assertHeard(member, lines));
        await Promise.all(members.map((member) => member.stop()));
    });
    await run.step('Redis is emptied and restarted while messages flow: none lost, none doubled', async () => {
        const members = [await startClient(node, { query: { user: 'Żółć' } }),
            await startClient(other, { transport: 'longPolling' })];
        await members[0].invoke('ChatHub', 'Join', 'room.1|,');
        const lines = [];
        const flow = (async () => {
            for (let i = 0; i < 100; i++) {
                await sender.invoke('ChatHub', 'Send', 'redis', `${i}`);
                lines.push(`redis: ${i}`);
            }
        })();
        for (let i = 0; i < 2; i++) {
            await new Promise((resolve) => setTimeout(resolve, 60));
            await farm.redis.kill();
            await farm.redis.start();
        }
        await flow;
        await fence(sender, ...members);
        members.forEach((member) => assertHeard(member, lines));
        await rejoin(members[0], sender, other.url, 'after');
        await Promise.all(members.map((member) => member.stop()));
    });
    for (const transport of transports) {
        await run.step(`a node is killed: ${transport} goes on at another`, async () => {
            const member = await startClient(node, { transport, query: { user: 'Żółć' } });
            await member.invoke('ChatHub', 'Join', 'room.1|,');
            await fence(sender, member);
            await node.kill();
            const from = heard(member).length;
            const missed = await publishToAll(sender, member, 'killed');
            await member.reconnect(other.url);
            await fence(sender, member);
            assertHeard(member, missed, from);
            await member.stop();
            await node.start();
        });
    }
    await run.step('a node is stopped and started: its tokens, groups and cursors still hold', async () => {
        const member = await startClient(node, { query: { user: 'Żółć' } });
        await member.invoke('ChatHub', 'Join', 'room.1|,');
        await fence(sender, member);
        await node.stop();
        await until(() => member.ended, { what: 'the end of the socket' });
        assert.equal(member.ended.code, 1001, 'going away');
        const from = heard(member).length;
        const missed = await publishToAll(sender, member, 'restart');
        await node.start();
        await member.reconnect();
        await fence(sender, member);
        assertHeard(member, missed, from);
        await member.stop();
    });
    await sender.stop();

    await run.step('T43 Q-3 what is retained no more: from the oldest retained on, no error, and it is counted', async () => {
        const small = await startFarm({ folder: fs.mkdtempSync(path.join(run.folder, 'small-')), atEnd: (fn) => run.atEnd(fn) }, {
            nodes: 1, apps: serviceAppsWith({}), linkOptions: { recent_max: 0 },
            bridgeOptions: { history_max: '64KB' }, redisOptions: { log_messages: 100 } });
        const [member, writer] = [await startClient(small.nodes[0]), await startClient(small.nodes[0])];
        await fence(writer, member);
        member.cut();
        const total = 2000;
        for (let i = 0; i < total; i += 50) {
            await Promise.all(Array.from({ length: 50 }, (_, j) => writer.invoke('ChatHub', 'Send', 'n', `${i + j} ${'.'.repeat(200)}`)));
        }
        await fence(writer, writer);
        const all = heard(writer).filter((line) => line.startsWith('n: '));
        assert.equal(all.length, total);
        const from = heard(member).length;
        await member.reconnect();
        await fence(writer, member);
        const got = heard(member).slice(from).filter((line) => line.startsWith('n: '));
        assert.ok(got.length >= 50 && got.length < total, `${got.length} messages came`);
        assert.deepEqual(got, all.slice(-got.length), 'the latest, without a hole');
        const metrics = (await request(`http://127.0.0.1:${small.nodes[0].adminPort}/metrics`)).body;
        assert.match(metrics, /^hubplane_client_overrun_total 1$/m);
        await member.stop();
        await writer.stop();
    });
});
