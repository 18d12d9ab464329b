// SPDX-License-Identifier: MIT
// Goal of this test: a web application answers negotiate itself and sends clients to a node with a token of its own; the
// official JavaScript client (2.4.3, unmodified) in Chromium follows it on each transport; the token says who the user is
// and which roles it has, to hubs and to the application, and counts on every node. Bad tokens stay outside, and whoever the
// application refuses.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { launchBrowser, missingForBrowser, packageFile } from '../support/browser.mjs';
import { startFarm } from '../support/farm.mjs';
import { integrationTest, skip } from '../support/integration.mjs';
import { until } from '../support/program.mjs';
import { request } from '../support/signalr_client.mjs';
import { makeToken, RestCaller } from './rest_caller.mjs';

const key = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH';
const page = '<!DOCTYPE html><link rel="icon" href="data:,"><script src="/jquery.js"></script><script src="/jquery.signalR.js"></script>';

/** The application: a site with the page, its own negotiate, and the hub's methods. */
class Application {
    static async listen() {
        const app = new Application();
        const files = { '/': ['text/html', page], '/jquery.js': ['text/javascript', fs.readFileSync(packageFile('jquery/dist/jquery.js'))],
            '/jquery.signalR.js': ['text/javascript', fs.readFileSync(packageFile('signalr/jquery.signalR.js'))] };
        app.server = http.createServer((incoming, response) => {
            const url = new URL(incoming.url, 'http://site');
            incoming.resume().on('end', () => {
                const [type, body, status = 200] = files[url.pathname] ?? app.answer(url, incoming.headers);
                response.writeHead(status, { 'Content-Type': type });
                response.end(body);
            });
        });
        await new Promise((resolve) => app.server.listen(0, '127.0.0.1', resolve));
        app.origin = `http://127.0.0.1:${app.server.address().port}`;
        return app;
    }

    answer(url, headers) {
        const claims = headers['x-asrs-user-claims'] ?? '';
        switch (url.pathname) {
        case '/chat/negotiate': // The whole of it: who has logged in here, for how long, in which roles.
            return ['application/json', JSON.stringify({ ProtocolVersion: '2.0', RedirectUrl: this.node.url,
                AccessToken: makeToken(this.key ?? key, { aud: this.node.url, exp: Math.floor(Date.now() / 1000) + (this.lifetime ?? 3600),
                    'asrs.s.uid': url.searchParams.get('login'), role: ['editor', 'admin'] }) })];
        case '/hub/connected':
            return ['text/plain', '', headers['x-asrs-user-id'] === 'mallory' ? 403 : 200];
        case '/hub/WhoAmI':
            return ['application/json', JSON.stringify([headers['x-asrs-user-id'], claims])];
        case '/hub/Delete':
            return ['application/hubplane+json', JSON.stringify(claims.split(', ').includes('role: admin') ? { result: 'deleted' } : { error: 'for admins' })];
        default:
            return ['application/json', ''];
        }
    }
}

/** Runs in the page: follow the application's negotiate. */
function connect({ transport, login }) {
    const connection = globalThis.connection = globalThis.$.hubConnection('/chat', { useDefaultPath: false, qs: { login } });
    globalThis.heard = [];
    connection.createHubProxy('ChatHub').on('say', (text) => globalThis.heard.push(text));
    connection.error((error) => globalThis.heard.push(`error: ${error}`));
    return connection.start({ transport }).then(() => [connection.transport.name, connection.baseUrl + connection.appRelativeUrl, connection.id]);
}

await integrationTest('door_redirect', async (run) => {
    const missing = missingForBrowser();
    if (missing) {
        skip(missing);
    }
    const app = await Application.listen();
    run.atEnd(() => new Promise((resolve) => {
        app.server.closeAllConnections();
        app.server.close(resolve);
    }));
    const keyFile = path.join(run.folder, 'access.keys');
    fs.writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
    const farm = await startFarm(run, { nodes: 2, apps: `
[app chat]
path = /signalr
user = token
access_keys_file = ${keyFile}
origins = ${app.origin}
[hub chat/ChatHub]
upstream = ${app.origin}/hub/{event}
[hub chat/RelayHub]
Who = return($user)
` });
    const browser = await launchBrowser();
    run.atEnd(() => browser.close());
    const rest = new RestCaller(`http://127.0.0.1:${farm.nodes[0].adminPort}`, key);
    const open = async (options) => {
        const tab = await browser.newPage();
        tab.requests = [];
        tab.on('request', (sent) => tab.requests.push(sent.url()));
        await tab.goto(app.origin);
        return [tab, await tab.evaluate(connect, options).catch((error) => error)];
    };
    const invoke = (tab, method, ...args) => tab.evaluate(([name, values]) => globalThis.connection.proxies.chathub.invoke(name, ...values), [method, args]);

    for (const transport of ['webSockets', 'serverSentEvents', 'longPolling']) {
        await run.step(`${transport}: the client follows, and is who the application says`, async () => {
            for (const node of farm.nodes) {
                app.node = node;
                const [tab, started] = await open({ transport, login: 'ann' });
                assert.equal(started[0], transport, String(started));
                assert.deepEqual(await invoke(tab, 'WhoAmI'), ['ann', 'role: editor, role: admin']);
                assert.equal(await invoke(tab, 'Delete'), 'deleted');
                assert.equal(await rest.send('/users/ann', 'say', [transport]), 202);
                await until(() => tab.evaluate((text) => globalThis.heard.includes(text), transport), { what: 'the message to the user' });
                assert.equal(await rest.status('HEAD', `/connections/${started[2]}`), 200);
                assert.ok(tab.requests.some((url) => url.startsWith(`${app.origin}/chat/negotiate`)));
                assert.ok(tab.requests.some((url) => url.startsWith(`${node.url}/negotiate`)));
                // The real client stops for good when the application closes its connection.
                assert.equal(await rest.status('DELETE', `/connections/${started[2]}`, { query: '?reason=bye' }), 200);
                await until(() => tab.evaluate(() => globalThis.connection.state === globalThis.$.signalR.connectionState.disconnected), { what: 'disconnected' });
                assert.ok((await tab.evaluate(() => globalThis.heard)).some((text) => text.includes('bye')));
                await tab.close();
            }
        });
    }
    await run.step('who is refused by the application is told, and stays away', async () => {
        app.node = farm.nodes[1];
        for (const transport of ['webSockets', 'serverSentEvents', 'longPolling']) {
            const [tab, started] = await open({ transport, login: 'mallory' });
            assert.match(String(started), /Error during start request/);
            await until(() => tab.evaluate(() => globalThis.connection.state === globalThis.$.signalR.connectionState.disconnected), { what: 'disconnected' });
            await until(async () => await rest.status('HEAD', '/users/mallory') === 404, { what: 'nobody of that name' });
            await tab.close();
        }
    });
    await run.step('a token that is bad stays outside', async () => {
        app.node = farm.nodes[0];
        for (const [name, value] of [['key', 'another key, but as long as the right one is'], ['lifetime', -300]]) {
            app[name] = value;
            const [tab, started] = await open({ transport: 'longPolling', login: 'ann' });
            assert.ok(started instanceof Error || started === undefined || !Array.isArray(started), String(started));
            await tab.close();
            delete app[name];
        }
        assert.equal((await request(`${farm.nodes[0].url}/negotiate?clientProtocol=2.1`)).status, 401);
    });
});
