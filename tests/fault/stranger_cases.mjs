// SPDX-License-Identifier: MIT
// stranger_cases: who has no business here, and clients that take more than their share.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { faultApps, residentBytes } from '../chaos/fault_farm.mjs';
import { Farm } from '../support/farm.mjs';
import { until } from '../support/program.mjs';
import { SignalRClient } from '../support/signalr_client.mjs';

const recovers = (load) => load.accepts(100, 'after the fault');

/** A socket to a port of ours that only notes what it gets. */
function connect(port, text) {
    const socket = net.connect(port, '127.0.0.1');
    socket.received = '';
    socket.on('error', () => {}).on('data', (data) => { socket.received += data.toString('latin1'); });
    socket.on('close', () => { socket.isClosed = true; });
    if (text !== undefined) {
        socket.write(text);
    }
    return socket;
}

async function closed(sockets, what) {
    await until(() => sockets.every((socket) => socket.isClosed), { what, timeout: 30000 });
}

function lostNoTransport(totals) {
    assert.equal(totals.broken, 0, 'no client may notice');
}

/** A client that asks for its stream and never reads it. */
async function deafClient(url, query) {
    const client = new SignalRClient(url, { transport: 'serverSentEvents', query });
    await client.negotiate();
    const { hostname, port, pathname, search } = new URL(client.transportEndpoint('/connect'));
    const socket = net.connect({ host: hostname, port, highWaterMark: 1024 });
    socket.on('error', () => {}).pause();
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: x\r\n\r\n`);
    client.socketThatIsNotRead = socket;
    return client;
}

export const strangerCases = {
    'B-7': {
        title: 'at the door for nodes: plain text, garbage, early goodbyes, silence, certificates of another farm',
        async run({ farm, load }) {
            const [bridge] = farm.bridges;
            const other = new Farm(fs.mkdtempSync(path.join(farm.folder, 'other-')), { nodes: 1 });
            await other.prepare();
            const failures = async (reason) => farm.metric(bridge, `hubplane_tls_failure_total{reason="${reason}"}`);
            const sockets = [connect(bridge.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'), connect(bridge.port, '*1\r\n$4\r\nPING\r\n'),
                connect(bridge.port, Buffer.alloc(70000, 0xff)), connect(bridge.port, Buffer.from([22, 3, 1, 255, 255, 1]))];
            // These leave: before their first word, and in the middle of it.
            const early = [connect(bridge.port), connect(bridge.port, Buffer.from([22, 3, 1, 2, 0, 1]))];
            early.forEach((socket) => socket.on('connect', () => setTimeout(() => socket.destroy(), 50)));
            await closed([...sockets, ...early], 'whoever speaks no TLS to be turned away');
            // Somebody else's certificate, and none.
            const credentials = fs.readFileSync(other.nodes[0].credentials, 'utf8');
            for (const options of [{ cert: credentials, key: credentials }, {}]) {
                const socket = tls.connect({ host: '127.0.0.1', port: bridge.port, rejectUnauthorized: false,
                    ALPNProtocols: ['hubplane/1'], minVersion: 'TLSv1.3', ...options });
                await new Promise((resolve) => socket.on('error', resolve).on('close', resolve).on('secureConnect', () => socket.write('x')));
            }
            let counts;
            await until(async () => {
                counts = await Promise.all(['protocol', 'certificate', 'closed'].map(failures));
                return counts[0] >= 2 && counts[1] >= 2 && counts[2] >= 1;
            }, { what: () => `every kind to be counted; it is ${counts}`, timeout: 20000 });
            sockets.forEach((socket) => socket.destroy());
            // A node with credentials of another farm: both sides say so, and go on.
            const [node] = farm.nodes;
            const own = fs.readFileSync(node.credentials);
            fs.copyFileSync(other.nodes[0].credentials, node.credentials);
            node.isExpectedDown = true;
            await node.stop();
            await node.start({ wait: false });
            await until(async () => await farm.metric(node, 'hubplane_tls_failure_total').catch(() => 0) > 0, { what: 'the node to count it', timeout: 20000 });
            await sleep(600); // the watch looks four times a second
            fs.writeFileSync(node.credentials, own);
            await node.stop();
            await node.start();
            node.isExpectedDown = false;
            await recovers(load);
        },
    },
    'slow-loris': {
        title: 'a hundred clients that never finish their request are sent away in time; nobody else notices',
        farm: { serviceOptions: { request_timeout: '1s', idle_timeout: '2s' } },
        async run({ farm, load }) {
            const [node] = farm.nodes;
            const before = await farm.metric(node, 'hubplane_http_connections');
            const texts = ['', 'GET /signalr/nego', 'GET /signalr/negotiate HTTP/1.1\r\nHost: x\r\nX-Long: ',
                'POST /signalr/send HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\ndata=',
                'POST /signalr/send HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nda'];
            const sockets = Array.from({ length: 100 }, (_, i) => connect(node.port, texts[i % texts.length]));
            const drip = setInterval(() => sockets.forEach((socket) => !socket.isClosed && socket.received === '' && socket.write('a')), 200);
            try {
                await closed(sockets, 'all of them to be closed');
            } finally {
                clearInterval(drip);
            }
            const answered = sockets.filter((socket) => socket.received.startsWith('HTTP/1.1 408 '));
            assert.ok(answered.length >= 40, `${answered.length} were told 408`);
            await until(async () => await farm.metric(node, 'hubplane_http_connections') <= before, { what: 'their sockets to be gone' });
            await recovers(load);
        },
        check: lostNoTransport,
    },
    'client-flood': {
        title: 'one client calls as fast as it can: the others are served, and every call is answered in order',
        async run({ farm, load }) {
            const flood = await new SignalRClient(farm.nodes[0].url).start();
            const answers = [];
            const calls = Array.from({ length: 5000 }, (_, i) => flood.call('chathub', 'Echo', [i], { timeout: 60000 }).then((result) => answers.push(result.R)));
            await recovers(load);
            await Promise.all(calls);
            assert.deepEqual(answers, Array.from({ length: 5000 }, (_, i) => i));
            flood.cut();
        },
        check: lostNoTransport,
    },
    'Q-1': {
        title: 'more is published than Redis takes: memory stays within the bound, the rest is refused at once',
        load: false,
        // What waited arrives at once: more than a client may usually leave unread.
        farm: { bridges: 1, linkOptions: { spool_max: '4MB', publish_wait: '60s' },
            apps: faultApps.replace('[hub', 'send_queue_max = 64MB\n\n[hub') },
        async run({ farm }) {
            const [node] = farm.nodes;
            const text = 'x'.repeat(8000);
            const listener = await new SignalRClient(farm.nodes[1].url).start();
            const sender = await new SignalRClient(node.url).start();
            await sender.invoke('chathub', 'All', text);
            farm.bridges[0].redisProxy.hold();
            farm.nodes.flatMap((server) => server.linkProxies).forEach((proxy) => proxy.hold());
            const before = residentBytes(node);
            const calls = Array.from({ length: 3000 }, (_, i) => sender.call('chathub', 'All', [`${i} ${text}`], { timeout: 90000 }));
            await until(async () => await farm.metric(node, 'hubplane_publish_rejected_total{reason="full"}') >= 2400, { what: 'the excess to be refused', timeout: 30000 });
            assert.ok(await farm.metric(node, 'hubplane_spool_bytes') <= 4 * 1024 * 1024);
            const grown = residentBytes(node) - before;
            // The bound, and what an allocator and 3000 results under way cost.
            assert.ok(grown <= 4 * 1024 * 1024 + 24 * 1024 * 1024, `the node grew by ${grown} bytes`);
            farm.proxies.forEach((proxy) => proxy.heal());
            const results = await Promise.all(calls);
            const accepted = results.map((result, i) => result.E === undefined ? i : -1).filter((i) => i >= 0);
            assert.ok(accepted.length > 100 && accepted.length < 700, `${accepted.length} accepted`);
            const refused = results.find((result) => result.E !== undefined);
            assert.match(refused.E, /QUEUE_FULL|REJECTED_FULL|queue is full|full/i);
            const heard = () => listener.invocations('m').slice(1).map(([value]) => Number(value.split(' ')[0]));
            await until(() => heard().length >= accepted.length, { what: () => `${accepted.length} messages; there are ${heard().length}`, timeout: 30000 });
            assert.deepEqual(heard(), accepted);
            [listener, sender].forEach((client) => client.cut());
        },
    },
    'Q-2': {
        title: 'a client stops reading: it is closed with a reason, the others are not held up',
        async run({ farm, load }) {
            const [node] = farm.nodes;
            const deaf = await deafClient(node.url, { user: 'deaf' });
            const reader = await new SignalRClient(node.url, { query: { user: 'deaf' } }).start();
            await until(() => node.program.text().includes(`connection opened conn=${deaf.connectionId}`), { what: 'its stream' });
            const sender = await new SignalRClient(farm.nodes[1].url).start();
            const text = 'y'.repeat(50000);
            let sent = 0;
            // The system's own buffers take some megabytes first.
            while (await farm.metric(node, 'hubplane_slow_consumer_total') === 0) {
                assert.ok(sent < 600, 'it is noticed before 30 MB');
                await Promise.all(Array.from({ length: 10 }, () => sender.invoke('chathub', 'User', 'deaf', `${sent++} ${text}`)));
            }
            assert.match(node.program.text(), /slow-consumer/);
            const heard = () => reader.invocations('m').map(([value]) => value).filter((value) => typeof value === 'string')
                .map((value) => Number(value.split(' ')[0]));
            await until(() => heard().length >= sent, { what: () => `${sent} messages; there are ${heard().length}`, timeout: 30000 });
            assert.deepEqual(heard(), Array.from({ length: sent }, (_, i) => i));
            await recovers(load);
            deaf.socketThatIsNotRead.destroy();
            [reader, sender].forEach((client) => client.cut());
        },
        check: lostNoTransport,
    },
    'Q-7': {
        title: 'messages of a megabyte, twenty a second: no link and no subscription is cut; too large a one is refused with a code',
        load: { rate: 50 },
        farm: { apps: faultApps.replace('[hub', 'websocket_message_max = 8MB\nsend_queue_max = 64MB\n\n[hub') },
        async run({ farm, load, observers }) {
            const members = await observers();
            const sender = await new SignalRClient(farm.nodes[0].url).start();
            for (const member of members) {
                await member.invoke('chathub', 'Join', 'large');
            }
            const servers = [...farm.nodes, ...farm.bridges];
            const cuts = () => Promise.all(servers.flatMap((server) => ['links_accepted_total', 'redis_reconnect_total', 'output_buffer_cut_total', 'slow_consumer_total']
                .map((name) => farm.metric(server, `hubplane_${name}`))));
            const before = await cuts();
            const text = 'z'.repeat(1024 * 1024);
            const calls = [];
            const flow = async (count) => {
                for (let i = 0; i < count; i++) {
                    calls.push(sender.call('chathub', 'Group', ['large', `${calls.length} ${text}`], { timeout: 60000 }));
                    await sleep(50);
                }
                (await Promise.all(calls)).forEach((result) => assert.equal(result.E, undefined));
            };
            // A member may leave as much unread as the configuration says.
            members[0].receiveTransport.socket.pause();
            await flow(20);
            members[0].receiveTransport.socket.resume();
            await flow(20);
            const heard = (member) => member.invocations('m').map(([value]) => value).filter((value) => typeof value === 'string')
                .map((value) => (assert.equal(value.length, value.indexOf(' ') + 1 + text.length), Number(value.split(' ')[0])));
            for (const member of members) {
                await until(() => heard(member).length >= calls.length, { what: () => `${calls.length} messages; there are ${heard(member).length}, ${JSON.stringify(member.ended)}`, timeout: 30000, step: 100 });
                assert.deepEqual(heard(member), calls.map((_, i) => i));
            }
            assert.deepEqual(await cuts(), before, 'nothing was cut');
            // The bridges take 4 MB.
            const refused = await sender.call('chathub', 'Group', ['large', 'z'.repeat(5 * 1024 * 1024)], { timeout: 60000 });
            assert.match(refused.E, /^LIMIT: /);
            assert.deepEqual(await cuts(), before, 'nothing was cut');
            await recovers(load);
            [...members, sender].forEach((client) => client.cut());
        },
        check: lostNoTransport,
    },
};
