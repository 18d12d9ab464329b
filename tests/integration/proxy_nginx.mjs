// SPDX-License-Identifier: MIT
// Goal of this test: behind a real nginx, configured as installer/nginx.md says, every transport works without stickiness
// and without buffering; only trusted proxies are believed; and a node can be taken out without losing a message.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Farm } from '../support/farm.mjs';
import { integrationTest, skip } from '../support/integration.mjs';
import { freePort } from '../support/ports.mjs';
import { Program, runProgram, until, which } from '../support/program.mjs';
import { ServerAuthority } from '../support/server_certificate.mjs';
import { SignalRClient, request, transports } from '../support/signalr_client.mjs';
import { WebSocketClient } from '../support/websocket_client.mjs';
import { assertHeard, fence, heard, serviceAppsWith } from './service_apps.mjs';

const nginxProgram = which('nginx') ?? which('/usr/sbin/nginx');
const page = fs.readFileSync(new URL('../../installer/nginx.md', import.meta.url), 'utf8');
const recipe = /```nginx\n([\s\S]*?)```/.exec(page)[1];
const stranger = '127.0.0.2'; // a loopback address that trusted_proxies does not name

await integrationTest('proxy_nginx', async (run) => {
    if (!nginxProgram) {
        skip('nginx is missing (./dev setup installs it)');
    }
    const farm = new Farm(run.folder, { apps: serviceAppsWith({}).replace('user    = query:user', 'user    = header:X-User') });
    run.atEnd(() => farm.close());
    const authority = new ServerAuthority(run.folder);
    const { certificate, key } = authority.issue('www.example.com');
    fs.writeFileSync(path.join(run.folder, 'site.pem'), certificate);
    fs.writeFileSync(path.join(run.folder, 'site.key'), key);
    await farm.start();
    const [node1, node2] = farm.nodes;
    const socket = authority.socket;

    // The page's server, and once more with the users that nginx has authenticated.
    const [port, userPort] = [await freePort(), await freePort()];
    const site = recipe.replaceAll('/etc/nginx/www.example.com.', `${run.folder}/site.`).replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
        .replace('web01:8080', `127.0.0.1:${node1.port}`).replace('web02:8080', `127.0.0.1:${node2.port}`);
    const server = site.slice(site.indexOf('server {\n    listen'));
    const authenticated = server.replace(`:${port} `, `:${userPort} `).replace(/(X-User +)""/, '$1$remote_user')
        .replace('location /signalr {', `auth_basic "farm";\n    auth_basic_user_file ${run.folder}/users;\n    location /signalr {`);
    fs.writeFileSync(path.join(run.folder, 'users'), 'ann:{PLAIN}secret\n');
    const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    fs.writeFileSync(path.join(run.folder, 'nginx.conf'), `${process.getuid() === 0 ? 'user root;\n' : ''}worker_processes 1;
daemon off;
pid ${run.folder}/nginx.pid;
error_log stderr info;
events {}
http {
access_log off;
${folders.map((name) => `${name}_temp_path ${run.folder}/${name};`).join('\n')}
${site}
${authenticated}
}
`);
    const nginxArgs = ['-c', path.join(run.folder, 'nginx.conf'), '-e', 'stderr', '-p', run.folder];
    const checked = runProgram(nginxProgram, ['-t', ...nginxArgs]);
    assert.equal(checked.code, 0, checked.stderr);
    const nginx = new Program({ name: 'nginx', command: nginxProgram, args: nginxArgs, log: path.join(run.folder, 'nginx.log') });
    run.atEnd(() => nginx.stop());
    const url = `https://127.0.0.1:${port}/signalr`;
    const negotiate = (options = {}) => request(`${url}/negotiate?clientProtocol=2.1`, { socket, ...options });
    await nginx.answers(async () => (await negotiate().catch(() => ({}))).status === 200, 'an answer through it');

    const clients = transports.map((transport) => new SignalRClient(url, { transport, socket: { ...socket, localAddress: stranger } }));
    const opened = (node) => node.program.text().split('\n').filter((line) => /connection opened /.test(line));

    await run.step('every transport connects, and hears what is sent through any node', async () => {
        await Promise.all(clients.map((client) => client.start()));
        for (const client of clients) {
            await fence(client, ...clients);
        }
        assert.ok(opened(node1).length > 0 && opened(node2).length > 0, 'both nodes were used');
        assert.match(clients[0].responseHeaders.upgrade, /websocket/i);
    });
    await run.step('order and completeness are those of the farm', async () => {
        const from = clients.map((client) => heard(client).length);
        const expected = Array.from({ length: 20 }, (_, i) => `ann: ${i}`);
        for (let i = 0; i < 20; i++) {
            await clients[i % clients.length].invoke('ChatHub', 'Send', 'ann', String(i));
        }
        await fence(clients[0], ...clients);
        clients.forEach((client, i) => assertHeard(client, expected, from[i]));
    });
    await run.step('the log names the client, not nginx', () => {
        const lines = [...opened(node1), ...opened(node2)];
        assert.equal(lines.length, clients.length);
        for (const line of lines) {
            assert.match(line, new RegExp(` address=${stranger.replaceAll('.', '\\.')}$`));
        }
    });
    await run.step('what a client says about its address counts for nothing', async () => {
        const headers = { 'X-Forwarded-For': '203.0.113.9' };
        const behind = await new SignalRClient(url, { headers, socket: { ...socket, localAddress: stranger } }).start();
        const direct = await new SignalRClient(node1.url, { headers, socket: { localAddress: stranger } }).start();
        behind.cut();
        direct.cut();
        for (const node of farm.nodes) {
            assert.doesNotMatch(node.program.text(), /203\.0\.113\.9/);
        }
        assert.match(opened(node1).pop(), / address=127\.0\.0\.2$/);
    });
    await run.step('the last of several proxies that is not trusted is the client', async () => {
        const headers = { 'X-Forwarded-For': '203.0.113.9, 198.51.100.7:4711, ::1' };
        const behind = await new SignalRClient(node1.url, { headers }).start(); // this test is on loopback, as a proxy is
        behind.cut();
        assert.match(opened(node1).pop(), / address=198\.51\.100\.7$/);
    });
    await run.step('the user is who nginx says, and nobody else', async () => {
        const whoIs = async (target, options) => {
            const client = await new SignalRClient(target, options).start();
            const { user } = await client.invoke('ChatHub', 'WhoAmI');
            client.cut();
            return user;
        };
        const mallory = { 'X-User': 'mallory' };
        const basic = (user, password) => ({ Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` });
        const site = `https://127.0.0.1:${userPort}/signalr`;
        assert.equal(await whoIs(url, { socket, headers: mallory }), null, 'through nginx');
        assert.equal(await whoIs(node1.url, { socket: { localAddress: stranger }, headers: mallory }), null, 'around nginx');
        assert.equal(await whoIs(site, { socket, headers: { ...mallory, ...basic('ann', 'secret') } }), 'ann');
        await assert.rejects(whoIs(site, { socket, headers: { ...mallory, ...basic('mallory', 'x') } }), /401/);
    });
    await run.step('a page of the site itself may connect, by its name outside; others not', async () => {
        const upgrade = async (target, origin, options) => {
            const client = new SignalRClient(target, { socket, ...options });
            await client.negotiate();
            return WebSocketClient.open(client.transportEndpoint('/connect'), { ...options, socket: options?.socket ?? socket,
                headers: { Origin: origin, ...options?.headers } }).then((open) => open.cut() ?? 101, (error) => error.response.status);
        };
        assert.equal(await upgrade(url, `https://127.0.0.1:${port}`), 101);
        assert.equal(await upgrade(url, `http://127.0.0.1:${port}`), 403, 'another scheme is another origin');
        assert.equal(await upgrade(url, 'https://evil.example'), 403);
        const forged = { headers: { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' } };
        assert.equal(await upgrade(url, 'https://evil.example', forged), 403, 'nginx overwrites it');
        assert.equal(await upgrade(node1.url, 'https://evil.example', { ...forged, socket: { localAddress: stranger } }), 403);
    });
    await run.step('a node that stops is gone for load balancers at once, and its clients miss nothing', async () => {
        const from = clients.map((client) => heard(client).length);
        const health = async (node) => (await request(`${node.origin}/health`, { timeout: 5000 }).catch(() => ({ status: 'none' }))).status;
        assert.equal(await health(node1), 200);
        const talker = await new SignalRClient(node2.url).start();
        const sent = [];
        const say = async () => {
            sent.push(`ann: ${sent.length}`);
            await talker.invoke('ChatHub', 'Send', 'ann', String(sent.length - 1));
        };
        await say();
        const stopping = node1.stop();
        await until(async () => await health(node1) !== 200, { what: 'the end of /health' });
        for (let i = 0; i < 10; i++) {
            assert.equal((await negotiate()).status, 200, 'nginx passes on to the other node');
            assert.equal(await health(node2), 200);
            await say();
        }
        await stopping;
        assert.equal(await health(node1), 'none');
        for (const client of clients) {
            if (client.ended || !client.isPolling && client.transport === 'longPolling') {
                await client.reconnect();
            }
        }
        await say();
        await fence(talker, ...clients);
        clients.forEach((client, i) => assertHeard(client, sent, from[i]));
        talker.cut();
    });
    await run.step('it comes back, and is used again', async () => {
        await node1.start();
        await until(async () => {
            const client = await new SignalRClient(url, { socket, transport: 'serverSentEvents' }).start();
            client.cut();
            return opened(node1).length > 0;
        }, { what: 'a client on it', timeout: 20000 });
        clients.forEach((client) => client.cut());
    });
});
