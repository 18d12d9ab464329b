// SPDX-License-Identifier: MIT
// Goal of this test: the REST interface of a node reaches clients of nodes that are linked to another bridge: messages,
// groups, whether somebody is there, and closes; and when that bridge is killed, those nodes at the remaining one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Farm } from '../support/farm.mjs';
import { integrationTest } from '../support/integration.mjs';
import { until } from '../support/program.mjs';
import { SignalRClient } from '../support/signalr_client.mjs';
import { RestCaller } from './rest_caller.mjs';

const key = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH';

await integrationTest('door_rest_bridges', async (run) => {
    const keyFile = path.join(run.folder, 'access.keys');
    fs.writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
    const farm = new Farm(run.folder, { bridges: 2, nodes: 2, peers: true, linkOptions: { linger: '0' }, apps: `
[app chat]
path = /signalr
key = TestApp
user = query:user
access_keys_file = ${keyFile}
[hub chat/ChatHub]
Send = all.broadcastMessage
` });
    run.atEnd(() => farm.close());
    const [bridge1, bridge2] = farm.bridges;
    await farm.prepare();
    farm.nodes.forEach((node, i) => {
        const others = i === 0 ? [bridge1] : [bridge2, bridge1];
        const address = others.map(({ port }) => `127.0.0.1:${port}`).join(', ');
        fs.writeFileSync(node.configuration, fs.readFileSync(node.configuration, 'utf8').replace(/^address = .*/m, `address = ${address}`));
    });
    await farm.redis.start();
    await bridge1.start();
    await bridge2.start();
    for (const node of farm.nodes) {
        await node.start();
    }
    const rest = new RestCaller(`http://127.0.0.1:${farm.nodes[0].adminPort}`, key);
    const outcome = (method, place, query) => rest.outcome(method, place, { query });
    const bridgeOf = (node) => [...fs.readFileSync(node.log, 'utf8').matchAll(/linked to a bridge bridge=(\S+)|connected to bridge=(\S+)/g)]
        .map(([, ...names]) => names.find(Boolean)).pop();
    const start = (user, transport) => new SignalRClient(farm.nodes[1].url, { query: { user }, transport }).start();

    const everything = async () => {
        const clients = [await start('ann', 'webSockets'), await start('ann', 'longPolling')];
        const [first, second] = clients.map((client) => `/connections/${client.connectionId}`);
        assert.deepEqual(await outcome('PUT', `/groups/room${first}`), [200, undefined]);
        for (const place of [first, second, '/users/ann', '/groups/room', '/users/ann/groups/room']) {
            assert.deepEqual(await outcome('HEAD', place), [200, undefined], place);
        }
        for (const [place, text] of [['', 'all'], ['/users/ann', 'user'], [first, 'connection'], ['/groups/room', 'group']]) {
            assert.equal(await rest.send(place, 'say', [text]), 202);
        }
        assert.equal(await rest.send('', 'say', ['end']), 202);
        for (const client of clients) {
            await client.message(({ M, A }) => M === 'say' && A[0] === 'end', 'the last message');
        }
        assert.deepEqual(clients.map((client) => client.invocations('say').map(([text]) => text)),
            [['all', 'user', 'connection', 'group', 'end'], ['all', 'user', 'end']]);
        assert.deepEqual(await outcome('DELETE', first, '?reason=one'), [200, undefined]);
        await until(() => clients[0].frames.some(({ json }) => json.E === 'one'), { what: 'the end of one' });
        assert.deepEqual(await outcome('POST', '/users/ann/:closeConnections', '?reason=both'), [204, undefined]);
        await until(() => clients[1].frames.some(({ json }) => json.E === 'both'), { what: 'the end of the other' });
        for (const [place, code] of [[first, 'Warning.Connection.NotExisted'], ['/users/ann', 'Warning.User.NotExisted'],
            ['/groups/room', 'Warning.Group.NotExisted']]) {
            await until(async () => (await outcome('HEAD', place))[0] === 404, { what: `the end of ${place}` });
            assert.deepEqual(await outcome('GET', place), [404, code]);
        }
        assert.deepEqual(await outcome('DELETE', first), [404, 'Warning.Connection.NotExisted']);
    };
    await run.step('nodes at two bridges', async () => {
        console.log(farm.nodes.map(bridgeOf));
        await everything();
    });
    await run.step('after one bridge was killed', async () => {
        bridge2.kill();
        await until(async () => bridgeOf(farm.nodes[1]) === 'bridge1' && await farm.nodes[1].admin('/ready'), { what: 'the other bridge', timeout: 30000 });
        await everything();
    });
});
