// SPDX-License-Identifier: MIT
// Goal of this test: keep-alives, disconnect and connection time-outs, with the real clock and the shortest times the
// configuration allows. T-numbers are rows of tests/README.md.
import assert from 'node:assert/strict';
import { startFarm } from '../support/farm.mjs';
import { integrationTest } from '../support/integration.mjs';
import { patience, until } from '../support/program.mjs';
import { SignalRClient, request, transports } from '../support/signalr_client.mjs';

const apps = `
[app fast]
path = /fast
keep_alive = 2s
disconnect_timeout = 6s
connection_timeout = 4s
long_poll_delay = 300ms
[hub fast/LifeHub]
@connected = join("lobby")
@disconnected = all.goodbye($connection)
[app silent]
path = /silent
keep_alive = 0
disconnect_timeout = 6s
connection_timeout = 3s
[hub silent/LifeHub]
@reconnected = caller.hello("again")
`;
const streaming = transports.filter((transport) => transport !== 'longPolling');
const options = (transport) => ({ transport, hubs: ['LifeHub'] });

await integrationTest('service_timing', async (run) => {
    const farm = await startFarm(run, { nodes: 2, apps, serviceOptions: { drain_timeout: '5s' } });
    const [node, other] = farm.nodes;
    const at = (path, transport, where = node) => new SignalRClient(`${where.origin}${path}`, options(transport)).start();

    await run.step('negotiate tells the configured times', async () => {
        const ask = async (path) => JSON.parse((await request(`${node.origin}${path}/negotiate`)).body);
        const fast = await ask('/fast');
        assert.deepEqual([fast.KeepAliveTimeout, fast.DisconnectTimeout, fast.ConnectionTimeout, fast.LongPollDelay], [4, 6, 4, 0.3]);
        assert.equal((await ask('/silent')).KeepAliveTimeout, null, 'T9: null when off');
    });
    await run.step('T48 T49 T34 T36 T51, all at once', async () => {
        const witness = await at('/fast', 'webSockets', other);
        const goodbye = (member) => witness.frames.find((frame) => frame.json.M?.some((message) =>
            message.M === 'goodbye' && message.A[0] === member.connectionId))?.at;
        const quiet = await Promise.all(streaming.map((transport) => at('/fast', transport)));
        const poller = await at('/fast', 'longPolling');
        const vanished = await Promise.all(transports.map((transport) => at('/fast', transport)));
        const recycled = await Promise.all(streaming.map((transport) => at('/silent', transport)));
        const started = Date.now();
        vanished.forEach((member) => member.cut());
        const silentPoller = await at('/silent', 'longPolling');

        // T51: without keep-alives every transport ends at the connection time-out, and a reconnect goes on.
        for (const member of recycled) {
            await until(() => member.ended, { what: `the end of ${member.transport} at its connection time-out`, timeout: 9000 });
            const took = Date.now() - started;
            assert.ok(took > 2000, `${member.transport} ended after ${took} ms`);
            assert.equal(member.keepAlives, 0);
            await member.reconnect();
            await member.message((message) => message.A?.[0] === 'again', 'OnReconnected');
            await member.stop();
        }
        // T48: who vanished is said goodbye after the disconnect time-out, and no earlier.
        for (const member of vanished) {
            await until(() => goodbye(member), { what: `goodbye of ${member.transport}`, timeout: 20000 });
            const took = goodbye(member) - started;
            const expected = member.transport === 'longPolling' ? 6300 : 11000;
            assert.ok(took > expected - 400 && took < expected + 3200 * patience, `goodbye of ${member.transport} after ${took} ms`);
        }
        // T49: one keep-alive each 2 s; nobody who is there is said goodbye.
        const seconds = (Date.now() - started) / 1000;
        for (const member of quiet) {
            const expected = seconds / 2;
            // An idle connection's cursor is moved on by an empty envelope at some keep-alives.
            const beats = member.frames.filter(({ json, at: when }) => when > started && !json.M?.length).length;
            assert.ok(Math.abs(beats - expected) <= 1 + expected * 0.3, `${member.transport}: ${beats} beats in ${seconds} s`);
            assert.equal(member.ended, null);
            assert.equal(goodbye(member), undefined);
        }
        // T34, T36: polls time out with an envelope that has a cursor and the delay; spaces keep them alive.
        const polled = poller.frames.filter((frame) => frame.at > started);
        assert.ok(polled.every((frame) => frame.json.C && frame.json.L === 300));
        assert.ok(polled.filter((frame) => frame.json.M.length === 0).length > 0, 'a poll that timed out');
        assert.ok(poller.pollSpaces > 0, 'spaces');
        assert.equal(goodbye(poller), undefined);
        assert.equal(silentPoller.pollSpaces, 0);
        assert.ok(silentPoller.frames.every((frame) => frame.json.L === undefined));
        await Promise.all([witness, poller, silentPoller, ...quiet].map((member) => member.stop()));
    }, { timeout: 90000 });
    await run.step('T34 stopping: polls are told to reconnect, streams just end', async () => {
        const members = await Promise.all(transports.map((transport) => at('/fast', transport)));
        const poller = members.find((member) => member.transport === 'longPolling');
        await until(() => poller.groupsToken, { what: 'the groups of the poll' });
        await poller.pollArrived();
        await node.stop();
        for (const member of members) {
            await until(() => member.ended, { what: `the end of ${member.transport}` });
        }
        assert.ok(poller.frames.some((frame) => frame.json.T === 1));
        assert.equal(members.find((member) => member.transport === 'webSockets').ended.code, 1001);
        for (const member of members) {
            await member.reconnect(`${other.origin}/fast`);
        }
        await Promise.all(members.map((member) => member.stop()));
    });
});
