// SPDX-License-Identifier: MIT
// Goal of this test: a node holds as many connections as it may, all together and of one client address, and no more;
// whoever is refused is told so, counted and logged; a reload changes the limits and drops nobody.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { startFarm } from '../support/farm.mjs';
import { integrationTest } from '../support/integration.mjs';
import { until } from '../support/program.mjs';
import { SignalRClient, request, transports } from '../support/signalr_client.mjs';

await integrationTest('service_limits', async (run) => {
    const farm = await startFarm(run, { nodes: 1, redis: false, serviceOptions: { address_connections_max: 2 } });
    const [node] = farm.nodes;
    // The test is a proxy: loopback is trusted.
    const from = (address, transport) => new SignalRClient(node.url, { transport, headers: { 'X-Forwarded-For': address } });
    const negotiate = (address) => request(`${node.url}/negotiate?clientProtocol=2.1`, { headers: { 'X-Forwarded-For': address } });
    const metric = async (name) => {
        const text = (await request(`http://127.0.0.1:${node.adminPort}/metrics`)).body;
        return Number(text.split('\n').find((line) => line.startsWith(`${name} `)).split(' ')[1]);
    };
    const setLimits = async (limits) => {
        const text = fs.readFileSync(node.configuration, 'utf8').replace(/^(address_connections|address_sockets|negotiates|connections)_max.*\n/gm, '');
        fs.writeFileSync(node.configuration, text.replace('[service]\n', `[service]\n${limits.join('\n')}\n`));
        const said = node.program.text().length;
        node.program.signal('SIGHUP');
        await until(() => /configuration reloaded/.test(node.program.text().slice(said)), { what: 'the reload' });
        assert.doesNotMatch(node.program.text().slice(said), /restart/);
    };

    const clients = [];
    for (const transport of transports) {
        await run.step(`${transport}: two of one address, not three`, async () => {
            const address = `192.0.2.${transports.indexOf(transport) + 1}`;
            const late = from(address, transport);
            await late.negotiate();
            clients.push(await from(address, transport).start(), await from(address, transport).start());
            const refused = await request(late.transportEndpoint('/connect', { frameId: 0 }), { headers: late.headers });
            // A plain GET with webSockets is refused before anybody counts.
            assert.equal(refused.status, transport === 'webSockets' ? 400 : 429);
            if (transport === 'webSockets') {
                await assert.rejects(late.connect(), /429/);
            } else {
                assert.equal(refused.headers['retry-after'], '5');
            }
            assert.equal((await negotiate(address)).status, 429);
        });
    }
    await run.step('it is counted and logged', async () => {
        assert.equal(await metric('hubplane_limited_total{reason="connections"}'), 2 * transports.length);
        assert.match(node.program.text(), /warn chat: a client was refused: its address has too many connections address=192\.0\.2\.1 /);
    });
    await run.step('others are let in; a network of IPv6 is one address', async () => {
        clients.push(await from('198.51.100.1').start());
        clients.push(await from('[2001:db8::1]:5000').start(), await from('2001:db8::2').start());
        assert.equal((await negotiate('2001:db8::3')).status, 429);
        assert.equal((await negotiate('2001:db8:0:1::3')).status, 200);
    });
    await run.step('what a client that is no proxy says about its address counts for nothing', async () => {
        assert.equal((await negotiate('203.0.113.1, 192.0.2.1')).status, 429);
        assert.equal((await negotiate('192.0.2.1, 203.0.113.1')).status, 200);
    });
    await run.step('who comes back is no newcomer, and who leaves makes room', async () => {
        clients[0].cut();
        await clients[0].reconnect();
        await clients[1].stop();
        await until(async () => (await negotiate('192.0.2.1')).status === 200, { what: 'room' });
        clients[1] = await from('192.0.2.1').start();
    });
    await run.step('a reload changes the limits and drops nobody', async () => {
        await setLimits(['address_connections_max = 1']);
        assert.equal((await negotiate('198.51.100.1')).status, 429);
        await setLimits(['address_connections_max = 3']);
        clients.push(await from('192.0.2.1').start());
        assert.equal((await negotiate('192.0.2.1')).status, 429);
        await until(async () => await metric('hubplane_connections') === clients.length, { what: 'as many connections as clients' });
        assert.ok(clients.every((client) => client.ended === null));
    });
    await run.step('negotiations a minute', async () => {
        await setLimits(['negotiates_max = 2']);
        for (const status of [200, 200, 429]) {
            const answer = await negotiate('203.0.113.9');
            assert.equal(answer.status, status);
            assert.equal(status === 429, Number(answer.headers['retry-after']) > 0);
        }
        assert.equal(await metric('hubplane_limited_total{reason="rate"}'), 1);
    });
    await run.step('sockets of an address, whatever it does with them; proxies are exempt', async () => {
        await setLimits(['address_sockets_max = 3']);
        // The node takes 127.0.0.1 for a proxy, 127.0.0.2 for somebody.
        const open = (localAddress) => {
            const socket = net.connect({ port: node.port, host: '127.0.0.1', localAddress });
            socket.on('error', () => {}).on('close', () => { socket.isClosed = true; }).on('data', () => { socket.isAnswered = true; });
            return socket;
        };
        const answers = (localAddress) => request(`${node.origin}/health`, { socket: { localAddress } }).then((answer) => answer.status === 200, () => false);
        const count = () => metric('hubplane_sockets_refused_total');
        const sockets = Array.from({ length: 3 }, () => open('127.0.0.2'));
        sockets.forEach((socket) => socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n'));
        await until(() => sockets.every((socket) => socket.isAnswered), { what: 'three to be taken' });
        assert.ok(!await answers('127.0.0.2'));
        assert.ok(await count() > 0);
        assert.match(node.program.text(), /warn client: a socket was refused: its address has too many open address=127\.0\.0\.2 /);
        const late = open('127.0.0.2');
        await until(() => late.isClosed, { what: 'a socket that says nothing to be closed at once' });
        assert.ok(sockets.every((socket) => !socket.isClosed));
        assert.ok(await answers('127.0.0.3'));
        const refused = await count();
        const proxies = Array.from({ length: 5 }, () => open('127.0.0.1'));
        assert.ok(await answers('127.0.0.1'));
        assert.equal(await count(), refused);
        sockets[0].destroy();
        await until(() => answers('127.0.0.2'), { what: 'room for another' });
        [...sockets, ...proxies].forEach((socket) => socket.destroy());
    });
    await run.step('a node that is full', async () => {
        await setLimits([`connections_max = ${clients.length}`]);
        const late = from('203.0.113.10', 'longPolling');
        await late.negotiate();
        const refused = await request(late.transportEndpoint('/connect'), { headers: late.headers });
        assert.equal(refused.status, 503);
        assert.equal(refused.headers['retry-after'], '5');
        assert.equal(await metric('hubplane_refused_total'), 1);
    });
    for (const client of clients) {
        await client.stop();
    }
});
