// SPDX-License-Identifier: MIT
// Goal of this test: a web application, a real Node server, answers the calls of a hub: what it is told, what its answers
// do on each transport and across nodes, the order of what it hears, and what becomes of it all when it is bad.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { startFarm } from '../support/farm.mjs';
import { integrationTest } from '../support/integration.mjs';
import { freePort } from '../support/ports.mjs';
import { runProgram, until } from '../support/program.mjs';
import { SignalRClient, request, transports } from '../support/signalr_client.mjs';

const keys = ['ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH', 'the secondary key'];
const reply = 'application/hubplane+json';

/** The application: keeps what it is told, and answers as ${app.answers[event]} says. */
class Application {
    heard = [];
    answers = {};

    static async listen(port, tls) {
        const app = new Application();
        const serve = (incoming, response) => {
            let text = '';
            incoming.setEncoding('utf8').on('data', (data) => { text += data; }).on('end', () => {
                const event = { name: incoming.headers['x-asrs-event'], id: incoming.headers['x-asrs-connection-id'],
                    headers: incoming.headers, url: incoming.url, method: incoming.method, body: JSON.parse(text) };
                app.heard.push(event);
                const answer = app.answers[event.name] ?? {};
                if (typeof answer === 'function') {
                    answer(event, response);
                    return;
                }
                app.answer(response, answer);
            });
        };
        app.server = tls ? https.createServer(tls, serve) : http.createServer(serve);
        await new Promise((resolve) => app.server.listen(port, '127.0.0.1', resolve));
        app.port = app.server.address().port;
        return app;
    }

    answer(response, { status = 200, type = 'application/json', body = '' }) {
        response.writeHead(status, { 'Content-Type': type });
        response.end(typeof body === 'string' ? body : JSON.stringify(body));
    }

    events(id, ...names) {
        return this.heard.filter((event) => event.id === id && (names.length === 0 || names.includes(event.name)));
    }

    async close() {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }
}

await integrationTest('door_upstream', async (run) => {
    const tlsKey = path.join(run.folder, 'app.pem');
    const made = runProgram('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
        '-keyout', tlsKey, '-out', `${tlsKey}.crt`, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']);
    assert.equal(made.code, 0, made.stderr);
    let app = await Application.listen(await freePort());
    const secure = await Application.listen(await freePort(),
        { key: fs.readFileSync(tlsKey), cert: fs.readFileSync(`${tlsKey}.crt`) });
    run.atEnd(() => Promise.all([app.close(), secure.close()]));
    const dead = await freePort();
    const tokenKeys = path.join(run.folder, 'token.keys');
    fs.writeFileSync(tokenKeys, `${keys[0]}\n`, { mode: 0o600 });
    const keyFile = path.join(run.folder, 'access.keys');
    fs.writeFileSync(keyFile, `${keys.join('\n')}\n`, { mode: 0o600 });
    const farm = await startFarm(run, { nodes: 2, apps: `
[app chat]
path = /signalr
key = TestApp
user = query:user
access_keys_file = ${keyFile}
upstream_headers = Cookie, X-Tenant
[hub chat/ChatHub]
upstream = http://127.0.0.1:${app.port}/hubs/{hub}/{category}/{event}
upstream_timeout = 2s
upstream_connections = 4
upstream_queue = 8
methods = Send, Join
[hub chat/SafeHub]
upstream = https://localhost:${secure.port}/{event}?hub={hub}
upstream_authority = ${tlsKey}.crt
[hub chat/StrangerHub]
upstream = https://localhost:${secure.port}/{event}
[hub chat/DeadHub]
upstream = http://127.0.0.1:${dead}/{event}
upstream_timeout = 2s
[hub chat/RelayHub]
Echo = return($1)
[app signed]
path = /signed
user = token
token_keys_file = ${tokenKeys}
[hub signed/ChatHub]
upstream = http://127.0.0.1:${app.port}/signed/{event}
` });
    const [node, other] = farm.nodes;
    const start = (where, options = {}) => new SignalRClient(where.url, { hubs: ['ChatHub'], ...options }).start();
    const failure = async (promise) => (await promise).E;

    await run.step('what the application is told', async () => {
        const client = await start(node, { query: { user: 'ann', lang: 'de' },
            headers: { Cookie: 'a=1', 'X-Tenant': 'north', 'X-Secret': 'no' } });
        app.answers.Send = { body: { said: [1.0, '✓'] } };
        assert.deepEqual((await client.call('chathub', 'Send', ['hi', { x: 1.5 }], { state: { nick: 'a' } })).R,
            { said: [1, '✓'] });
        const [connected, send] = app.events(client.connectionId);
        assert.deepEqual([connected.method, connected.url, connected.body], ['POST', '/hubs/ChatHub/connections/connected', { type: 10 }]);
        assert.equal(send.url, '/hubs/ChatHub/messages/Send');
        assert.deepEqual(send.body, { type: 1, invocationId: '0', target: 'Send', arguments: ['hi', { x: 1.5 }], state: { nick: 'a' } });
        for (const { headers } of [connected, send]) {
            assert.equal(headers['content-type'], 'application/json');
            assert.equal(headers['x-asrs-connection-id'], client.connectionId);
            assert.equal(headers['x-asrs-hub'], 'ChatHub');
            assert.equal(headers['x-asrs-user-id'], 'ann');
            assert.ok(headers['x-asrs-client-query'].startsWith('?') && headers['x-asrs-client-query'].includes('lang=de'));
            assert.equal(headers['x-asrs-signature'], keys.map((key) => 'sha256=' +
                crypto.createHmac('sha256', key).update(client.connectionId).digest('hex')).join(','));
            assert.deepEqual([headers.cookie, headers['x-tenant'], headers['x-secret']], ['a=1', 'north', undefined]);
            assert.ok(headers['x-hubplane-connection-token'].length > 20);
        }
        assert.deepEqual([connected.headers['x-asrs-category'], send.headers['x-asrs-category']], ['connections', 'messages']);
        await client.stop();
        const [gone] = await until(() => { const found = app.events(client.connectionId, 'disconnected'); return found.length && found; },
            { what: 'the disconnected event' });
        assert.deepEqual([gone.url, gone.body], ['/hubs/ChatHub/connections/disconnected', { type: 11, error: null }]);
    });
    await run.step('who the user is, as a token says', async () => {
        const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
        const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ exp: Math.floor(Date.now() / 1000) + 3600, nameid: 'ann',
            role: ['admin', 'a, b'] })}`;
        const token = `${text}.${crypto.createHmac('sha256', keys[0]).update(text).digest('base64url')}`;
        for (const transport of ['webSockets', 'serverSentEvents']) {
            const client = await new SignalRClient(`${node.origin}/signed`, { transport, hubs: ['ChatHub'], query: { access_token: token } }).start();
            app.answers.Send = {};
            await client.call('ChatHub', 'Send');
            for (const { headers, url } of app.events(client.connectionId, 'connected', 'Send')) {
                assert.ok(url.startsWith('/signed/'));
                assert.equal(headers['x-asrs-user-id'], 'ann');
                assert.equal(headers['x-asrs-user-claims'], 'nameid: ann, role: admin, role: a%2C b');
                assert.equal(headers['x-asrs-client-query'], undefined, 'the token is no part of it');
            }
            await client.stop();
        }
    });
    await run.step('what a body becomes', async () => {
        const client = await start(node);
        const cases = [
            [{ status: 204 }, undefined], [{ body: '' }, undefined], [{ body: 'null' }, null], [{ body: ' [1, 2]\n' }, [1, 2]],
            [{ type: 'text/plain; charset=utf-8', body: 'grüß "dich"' }, 'grüß "dich"'],
            [{ type: 'application/problem+json', body: { a: 1 } }, { a: 1 }],
            [{ body: '{"type":3,"invocationId":"0","result":{"x":1}}\x1e' }, { x: 1 }],
            [{ type: reply, body: { result: 7 } }, 7], [{ type: reply, body: {} }, undefined],
        ];
        for (const [answer, expected] of cases) {
            app.answers.Ask = answer;
            assert.deepEqual((await client.call('ChatHub', 'Ask')).R ?? null, expected ?? null, JSON.stringify(answer));
        }
        app.answers.Ask = { type: reply, body: { error: 'Not enough funds', errorData: { code: 12 } } };
        const thrown = await client.call('ChatHub', 'Ask');
        assert.deepEqual([thrown.E, thrown.H, thrown.D], ['Not enough funds', true, { code: 12 }]);
        app.answers.Ask = { body: '{"type":3,"invocationId":"0","error":"nope"}\x1e' };
        assert.equal(await failure(client.call('ChatHub', 'Ask')), 'nope');
        app.answers.Ask = { status: 404, body: 'no such method' };
        assert.equal(await failure(client.call('ChatHub', 'Ask')), 'Invocation failed, status code 404');
        for (const bad of [{ body: '{' }, { type: reply, body: '[]' }, { type: reply, body: { actions: [{ target: 1 }] } }]) {
            app.answers.Ask = bad;
            assert.match(await failure(client.call('ChatHub', 'Ask')), /^The application's answer cannot be used: /);
        }
        await client.stop();
    });
    await run.step('actions: one round trip does what a hub method does', async () => {
        app.answers.Join = (event, response) => app.answer(response, { type: reply, body: {
            result: 'joined', state: { room: event.body.arguments[0] }, actions: [
                { action: 'add', groupName: event.body.arguments[0] },
                { progress: 50 },
                { target: 'announce', arguments: ['in', event.body.arguments[0]], groupName: event.body.arguments[0] },
                { target: 'others', arguments: [], groupName: event.body.arguments[0], to: 'others' },
                { target: 'mine', to: 'caller' }, { target: 'all', arguments: [{ big: 1 }] },
                { target: 'notMe', excluded: [event.id] },
            ] } });
        for (const transport of transports) {
            const [a, b] = [await start(node, { transport, query: { user: 'ann' } }), await start(other, { transport, query: { user: 'bob' } })];
            await b.call('ChatHub', 'Join', ['r']);
            await a.message((message) => message.M === 'notMe', 'what b sent to all');
            const joined = await a.call('ChatHub', 'Join', ['r']);
            assert.deepEqual([joined.R, joined.S], ['joined', { room: 'r' }]);
            app.answers.Tell = { type: reply, body: { actions: [{ target: 'toUser', userId: 'bob' },
                { target: 'toClient', connectionId: b.connectionId }, { action: 'remove', groupName: 'r' },
                { target: 'last', groupName: 'r' }, { target: 'end' }] } };
            await a.invoke('ChatHub', 'Tell');
            const names = (client) => client.messages.map(({ message }) => message.M).filter(Boolean);
            await a.message((message) => message.M === 'end', 'the end');
            await b.message((message) => message.M === 'end', 'the end');
            // What b's own Join brought to a comes before a has joined: all, notMe.
            assert.deepEqual(names(a), ['all', 'notMe', 'announce', 'mine', 'all', 'end']);
            assert.deepEqual(names(b).slice(-8), ['announce', 'others', 'all', 'notMe', 'toUser', 'toClient', 'last', 'end']);
            assert.ok(a.messages.some(({ message }) => message.P?.D === 50));
            for (const client of [a, b]) {
                await client.abort();
                client.cut();
            }
        }
    });
    await run.step('connected: its actions are in the queue before /start is answered', async () => {
        app.answers.connected = { type: reply, body: { actions: [{ action: 'add', groupName: 'lobby' },
            { target: 'welcome', to: 'caller' }, { target: 'arrived', groupName: 'lobby' }] } };
        for (const transport of transports.filter((name) => name !== 'longPolling')) {
            const client = await start(node, { transport });
            await client.message((message) => message.M === 'arrived', 'arrived');
            assert.deepEqual(client.messages.map(({ message }) => message.M), ['welcome', 'arrived'], transport);
            await client.stop();
        }
        delete app.answers.connected;
    });
    await run.step('connected: 401 and 403 refuse the client, and nothing more is heard of it', async () => {
        for (const [where, startAt] of [[node, node], [node, other]]) {
            app.answers.connected = { status: where === startAt ? 403 : 401 };
            const client = new SignalRClient(where.url, { hubs: ['ChatHub'] });
            await client.negotiate();
            await client.connect();
            const { status } = await request(client.transportEndpoint('/start').replace(where.url, startAt.url));
            assert.equal(status, 403);
            await until(() => client.ended, { what: 'the end of the transport' });
        }
        const [refused] = app.heard.filter((event) => event.name === 'connected').slice(-2);
        delete app.answers.connected;
        const next = await start(node);
        await next.stop();
        await until(() => app.events(next.connectionId, 'disconnected').length === 1, { what: 'the next one to be gone' });
        assert.equal(app.events(refused.id, 'disconnected').length, 0);
    });
    await run.step('order: connected, the calls one after the other, disconnected once', async () => {
        let underWay = 0;
        app.answers.Slow = (event, response) => {
            assert.equal(++underWay, 1, 'calls of one connection overlap');
            setTimeout(() => {
                underWay--;
                app.answer(response, { body: JSON.stringify(event.body.arguments[0]) });
            }, 10 * Math.random());
        };
        const client = await start(node);
        const results = await Promise.all(Array.from({ length: 30 }, (_, i) => client.call('ChatHub', 'Slow', [i])));
        assert.equal(results.filter(({ E }) => E).length, 21, 'one under way, eight in the queue');
        const more = [];
        for (let i = 100; i < 120; i++) {
            more.push((await client.call('ChatHub', 'Slow', [i])).R);
        }
        assert.deepEqual(more, Array.from({ length: 20 }, (_, i) => 100 + i));
        client.send(JSON.stringify({ H: 'ChatHub', M: 'Slow', A: [1000], I: 99999 }));
        await client.stop();
        await until(() => app.events(client.connectionId, 'disconnected').length, { what: 'disconnected' });
        const story = app.events(client.connectionId).map((event) => event.name);
        assert.equal(story[0], 'connected');
        assert.equal(story.at(-1), 'disconnected');
        assert.equal(story.filter((name) => name.endsWith('connected')).length, 2);
        const numbers = app.events(client.connectionId, 'Slow').map((event) => event.body.arguments[0]);
        assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
    });
    await run.step('a client cannot forge an event or leave the folder of the hub', async () => {
        const client = await start(node);
        const count = app.heard.length;
        for (const method of ['connected', 'Disconnected', '..', '.', '']) {
            assert.ok(await failure(client.call('ChatHub', method)), method);
        }
        assert.equal(app.heard.length, count);
        await client.call('ChatHub', 'a/b?c\r\nX-Asrs-Hub: x');
        assert.equal(app.heard.at(-1).url, '/hubs/ChatHub/messages/a%2Fb%3Fc%0D%0AX-Asrs-Hub%3A%20x');
        assert.equal(app.heard.at(-1).headers['x-asrs-hub'], 'ChatHub');
        await client.stop();
    });
    await run.step('https: a certificate of the named authority, and a stranger\'s', async () => {
        secure.answers.Send = { body: '"over TLS"' };
        const client = await start(node, { hubs: ['SafeHub'] });
        assert.equal(await client.invoke('SafeHub', 'Send'), 'over TLS');
        assert.equal(secure.heard.at(-1).url, '/Send?hub=SafeHub');
        assert.equal(await failure(client.call('StrangerHub', 'Send')), 'The application cannot be reached.');
        await client.stop();
    });
    await run.step('an application that hangs, hangs up, or talks rubbish: an error each, others are not delayed', async () => {
        const client = await start(node, { hubs: ['ChatHub', 'RelayHub'] });
        const unknown = 'The application did not answer; whether it carried out the call is not known.';
        app.answers.Hang = () => {};
        app.answers.HangUp = (event, response) => response.socket.destroy();
        app.answers.Rubbish = (event, response) => response.socket.end('rubbish\r\n\r\n');
        app.answers.Half = (event, response) => response.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
        app.answers.Huge = (event, response) => response.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 17000000\r\n\r\n');
        const hanging = client.call('ChatHub', 'Hang');
        const started = Date.now();
        assert.equal(await client.invoke('RelayHub', 'Echo', 'x'), 'x');
        const second = await start(node);
        app.answers.Send = { body: '1' };
        assert.equal(await second.invoke('ChatHub', 'Send'), 1);
        assert.ok(Date.now() - started < 1900, 'before the time-out of the call that hangs');
        assert.equal(await failure(hanging), unknown);
        assert.equal(await failure(second.call('ChatHub', 'HangUp')), unknown);
        assert.equal(await failure(second.call('ChatHub', 'Rubbish')), 'The application\'s answer cannot be used.');
        assert.equal(await second.invoke('ChatHub', 'Send'), 1);
        assert.equal(await failure(second.call('ChatHub', 'Half')), unknown);
        assert.equal(await failure(second.call('ChatHub', 'Huge')), 'The application\'s answer cannot be used.');
        assert.equal(await second.invoke('ChatHub', 'Send'), 1);
        await Promise.all([client.stop(), second.stop()]);
    });
    await run.step('an application that is away: errors at once, one line, and disconnected when it is back', async () => {
        const client = await start(node);
        const port = app.port;
        await app.close();
        // A call may meet a connection that is just being closed.
        const cannot = 'The application cannot be reached.';
        await until(async () => await failure(client.call('ChatHub', 'Send')) === cannot, { what: cannot });
        for (let i = 0; i < 20; i++) {
            assert.equal(await failure(client.call('ChatHub', 'Send')), cannot);
        }
        const refused = new SignalRClient(node.url, { hubs: ['ChatHub'] });
        await assert.rejects(refused.start(), /500/);
        const lines = node.program.text().split('\n').filter((line) => line.includes('the application does not answer') && line.includes('chat/ChatHub'));
        assert.equal(lines.length, 1, lines.join('\n'));
        const metrics = (await request(`http://127.0.0.1:${node.adminPort}/metrics`)).body;
        assert.match(metrics, /^hubplane_upstream_open_circuits [1-9]/m);
        await client.stop();
        await refused.abort();
        app = await Application.listen(port);
        app.answers.Send = { body: '1' };
        await until(() => app.events(client.connectionId, 'disconnected').length, { what: 'disconnected', timeout: 40000 });
        const next = await start(node);
        assert.equal(await next.invoke('ChatHub', 'Send'), 1);
        await next.stop();
        await until(() => app.events(next.connectionId, 'disconnected').length, { what: 'disconnected' });
        assert.equal(app.events(client.connectionId).length, 1);
        assert.equal(app.events(refused.connectionId).length, 0, 'it never was connected');
        const dead = await start(node, { hubs: ['DeadHub'] }).catch((error) => error);
        assert.match(dead.message, /500/);
    }, { timeout: 90000 });
    await run.step('check names every mistake, and warns of a module that cannot be loaded', async () => {
        const wrong = path.join(run.folder, 'wrong.ini');
        const empty = path.join(run.folder, 'empty.keys');
        fs.writeFileSync(empty, '\n');
        const check = (sections) => {
            fs.writeFileSync(wrong, `[bridge]\naddress = a:1\ncredentials = ${node.credentials}\n${sections}`);
            return runProgram(farm.serviceProgram, ['check', '--config', wrong]).stderr;
        };
        const said = check(`[app chat]\nupstream_headers = Host\naccess_keys_file = ${empty}
[app other]\npath = /o\naccess_keys_file = /nowhere/keys\n[hub other/H]\nupstream = http://a/{event}
[hub chat/A]\nupstream = ftp://a/\n[hub chat/B]\nupstream = http://a/\nSend = all.x\n[hub chat/C]\nmodule = a.so\nSend = all.x
[hub chat/D]\nmodule = a.so\nupstream = http://a/\n[hub chat/E]\nmethods = Send\nmodule_settings = x\n`);
        for (const part of ['[app chat] upstream_headers: "Host" cannot be passed on', 'empty.keys": write one key on a line, or two',
            '[app other] access_keys_file "/nowhere/keys" cannot be read', '[hub chat/A] upstream: "ftp://a/" is not a URL',
            '[hub chat/B] Send: the application answers every method', '[hub chat/C] Send: the module answers every method',
            '[hub chat/E] methods is for a hub with an upstream', '[hub chat/E] module_settings without a module',
            '[hub chat/D]: a hub is answered by an upstream or by a module, not by both']) {
            assert.ok(said.includes(part), `${part}\nin\n${said}`);
        }
        assert.match(check('[app chat]\n[hub chat/C]\nmodule = there_is_no_such.so\n'),
            /warning: \[hub chat\/C\] module "there_is_no_such.so": cannot load it: .*; the hub would not be available/);
    });
    await run.step('the generated script offers the configured methods', async () => {
        const script = (await request(`${node.url}/hubs`)).body;
        assert.ok(script.includes('"Send"') && script.includes('"Join"'));
    });
});
