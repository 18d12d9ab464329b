// SPDX-License-Identifier: MIT
// Goal of this test: the official JavaScript client (jquery.signalR 2.4.3 from npm, unmodified) in Chromium, with the
// script the node generates, on each transport: calls, progress, state, groups, and coming back on the same node or on
// another. T-numbers are rows of tests/README.md.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import { launchBrowser, missingForBrowser, packageFile } from '../support/browser.mjs';
import { startFarm } from '../support/farm.mjs';
import { integrationTest, skip } from '../support/integration.mjs';
import { freePort } from '../support/ports.mjs';
import { until } from '../support/program.mjs';
import { TcpProxy } from '../support/tcp_proxy.mjs';
import { fence, serviceApps, startClient } from '../integration/service_apps.mjs';

const transports = ['webSockets', 'serverSentEvents', 'longPolling'];

/** A site with the page; ${hubUrl} is where its hubs are. */
async function openSite(port, hubUrl) {
    const files = {
        '/': ['text/html; charset=utf-8',
            fs.readFileSync(new URL('./page.html', import.meta.url), 'utf8').replaceAll('HUB_URL', hubUrl)],
        '/jquery.js': ['text/javascript', fs.readFileSync(packageFile('jquery/dist/jquery.js'))],
        '/jquery.signalR.js': ['text/javascript', fs.readFileSync(packageFile('signalr/jquery.signalR.js'))],
    };
    const server = http.createServer((request, response) => {
        const [type, body] = files[new URL(request.url, 'http://site').pathname] ?? [];
        response.writeHead(body ? 200 : 404, { 'Content-Type': type ?? 'text/plain' });
        response.end(body);
    });
    await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
    return server;
}

/** Runs in the page: record everything the client tells, and set the connection up. */
function prepare({ url, user, hubs }) {
    const { $ } = globalThis;
    const log = globalThis.log = { messages: [], states: [], errors: [], reconnected: 0, reconnecting: 0, slow: 0, disconnected: 0 };
    $.connection.hub.url = url;
    $.connection.hub.qs = { user };
    const names = { 0: 'connecting', 1: 'connected', 2: 'reconnecting', 4: 'disconnected' };
    $.connection.hub.stateChanged((change) => log.states.push(names[change.newState]));
    $.connection.hub.error((error) => log.errors.push(String(error)));
    $.connection.hub.reconnected(() => log.reconnected++);
    $.connection.hub.reconnecting(() => log.reconnecting++);
    $.connection.hub.disconnected(() => log.disconnected++);
    for (const hub of hubs) {
        $.connection[hub].client.broadcastMessage = (...args) => log.messages.push(args);
        $.connection[hub].client.hello = (...args) => log.messages.push(['hello', ...args]);
        $.connection[hub].client.nickChanged = (...args) => log.messages.push(['nick', ...args]);
    }
}

await integrationTest('service_browser', async (run) => {
    const missing = missingForBrowser();
    if (missing) {
        skip(missing);
    }
    const sitePort = await freePort();
    const farm = await startFarm(run, { nodes: 2, apps: serviceApps(`http://127.0.0.1:${sitePort}`) });
    const [node, other] = farm.nodes;
    const proxy = await TcpProxy.listen(node.port);
    run.atEnd(() => proxy.close());
    const url = `${proxy.origin}/signalr`;
    const site = await openSite(sitePort, url);
    run.atEnd(() => site.close());
    const browser = await launchBrowser();
    run.atEnd(() => browser.close());
    const sender = await startClient(other);

    const open = async ({ hubUrl = url, user = '', hubs = ['chatHub'] } = {}) => {
        const page = await browser.newPage();
        page.thrown = [];
        page.on('pageerror', (error) => page.thrown.push(String(error)));
        await page.goto(`http://127.0.0.1:${sitePort}/`);
        await page.evaluate(prepare, { url: hubUrl, user, hubs });
        return page;
    };
    const start = (page, transport) => page.evaluate((name) => new Promise((resolve, reject) => {
        globalThis.$.connection.hub.start(name ? { transport: name } : {})
            .done(() => resolve(globalThis.$.connection.hub.transport.name))
            .fail((error) => reject(new Error(String(error))));
    }), transport);
    /** Call through the generated proxy: {result} or {error, source, data}, and the progress. */
    const call = (page, method, ...args) => page.evaluate(([name, list]) => new Promise((resolve) => {
        const progress = [];
        globalThis.$.connection.chatHub.server[name](...list).progress((value) => progress.push(value))
            .done((result) => resolve({ result, progress }))
            .fail((error) => resolve({ error: error.message, source: error.source, data: error.data }));
    }), [method, args]);
    const log = (page) => page.evaluate(() => globalThis.log);
    const messages = async (page) => (await log(page)).messages.map((args) => args.join(': '));
    const heard = async (page) => (await messages(page)).filter((line) => !line.startsWith('fence: '));
    const fenced = async (page) => {
        await fence(sender, sender);
        const last = sender.invocations('broadcastMessage').at(-1).join(': ');
        await until(async () => (await messages(page)).includes(last), { what: last, step: 20 });
    };
    const close = async (page) => {
        await page.evaluate(() => globalThis.$.connection.hub.stop());
        await page.close();
        assert.deepEqual(page.thrown, []);
    };

    await run.step('T65 the generated script: proxies, camel-casing, every method', async () => {
        const page = await open();
        const shape = await page.evaluate(() => Object.fromEntries(['chatHub', 'lifeHub', 'otherHub'].map((name) =>
            [name, Object.keys(globalThis.$.connection[name].server).sort()])));
        assert.deepEqual(shape.otherHub, ['join', 'send']);
        assert.deepEqual(shape.lifeHub, ['sendToLobby']);
        assert.ok(['send', 'sendToGroupOthers', 'overload', 'whoAmI'].every((name) => shape.chatHub.includes(name)));
        await page.close();
    });
    await run.step('auto: webSockets is chosen; a blocked one falls back (T30)', async () => {
        const page = await open();
        assert.equal(await start(page, null), 'webSockets');
        await close(page);
        const blocked = await open();
        await blocked.evaluate(() => { globalThis.WebSocket = class { constructor() { throw new Error('blocked'); } }; });
        assert.equal(await start(blocked, null), 'serverSentEvents');
        assert.equal((await call(blocked, 'echo', 'fallen back')).result, 'fallen back');
        await close(blocked);
        const mute = await open();
        await mute.evaluate(() => {
            globalThis.WebSocket = class { close() {} };
            globalThis.EventSource = undefined;
        });
        assert.equal(await start(mute, null), 'longPolling');
        assert.equal((await call(mute, 'echo', 'fallen back twice')).result, 'fallen back twice');
        await close(mute);
    });
    for (const transport of transports) {
        let page;
        await run.step(`${transport}: connects (T25, T26)`, async () => {
            page = await open({ user: 'Żółć', hubs: ['chatHub', 'lifeHub'] });
            assert.equal(await start(page, transport), transport);
            assert.deepEqual((await log(page)).states, ['connecting', 'connected']);
            await until(async () => (await messages(page)).length >= 3, { what: 'the greetings' });
            assert.deepEqual(await messages(page), ['hello: 1', 'hello: 2', 'hello: 3'], 'T27');
        });
        await run.step(`${transport}: results, errors, progress, state (T53 to T59)`, async () => {
            for (const value of ['grüß 日本 🙂 + %2B <>&', null, 42, { a: [1, { b: null }] }]) {
                const { result } = await call(page, 'echo', value);
                assert.deepEqual(result ?? null, value);
            }
            assert.deepEqual(await call(page, 'overload', 1), { result: 'one', progress: [] });
            assert.deepEqual(await call(page, 'overload', 1, 2), { result: 'two', progress: [] });
            const { result: end, progress } = await call(page, 'progress');
            assert.equal(end, 'finished');
            // Only a WebSocket carries both; elsewhere the result may overtake, and the client drops what comes after it.
            assert.deepEqual(progress, transport === 'webSockets' ? [1, 2, 3] : [1, 2, 3].slice(0, progress.length));
            assert.deepEqual(await call(page, 'throw', 'Not enough funds'),
                { error: 'Not enough funds', source: 'HubException', data: { code: 12 } });
            const hidden = await call(page, 'fail', 'secret');
            assert.equal(hidden.error, "There was an error invoking Hub method 'chathub.Fail'.");
            assert.equal(hidden.source, 'Exception');
            await page.evaluate(() => { globalThis.$.connection.chatHub.state.nick = 'bob'; });
            assert.equal((await call(page, 'getNick')).result, 'bob');
            await call(page, 'setNickAndTell', 'Jürgen');
            assert.equal(await page.evaluate(() => globalThis.$.connection.chatHub.state.nick), 'Jürgen');
            await until(async () => (await messages(page)).includes('nick: Jürgen'), { what: 'nickChanged' });
            const who = (await call(page, 'whoAmI')).result;
            assert.equal(who.user, 'Żółć');
            assert.equal(who.connection, await page.evaluate(() => globalThis.$.connection.hub.id));
        });
        for (const [way, target] of [['the same node', () => node.port], ['another node', () => other.port], ['back', () => node.port]]) {
            await run.step(`${transport}: the wire is cut, comes back at ${way} (T42, T46, T69)`, async () => {
                await call(page, 'join', 'room');
                await fenced(page);
                const before = (await heard(page)).length;
                const { reconnected, states } = await log(page);
                proxy.target = target();
                proxy.cut();
                const id = await page.evaluate(() => globalThis.$.connection.hub.id);
                const expected = [];
                for (let i = 0; i < 20; i++) {
                    const ways = [['Send'], ['SendToGroup', 'room'], ['SendToUser', 'Żółć'], ['SendToClient', id]];
                    const [method, ...to] = ways[i % ways.length];
                    await sender.invoke('ChatHub', method, ...to, way, `${i}`);
                    expected.push(`${way}: ${i}`);
                }
                await fenced(page);
                const got = (await heard(page)).slice(before).filter((line) => line !== 'hello: again');
                assert.deepEqual(got, expected);
                assert.equal((await call(page, 'echo', 'still')).result, 'still');
                if (transport !== 'longPolling') {
                    await until(async () => (await log(page)).reconnected > reconnected, { what: 'reconnected' });
                    assert.deepEqual((await log(page)).states.slice(states.length), ['reconnecting', 'connected']);
                    assert.ok((await heard(page)).includes('hello: again'), 'OnReconnected');
                }
            });
        }
        await run.step(`${transport}: stops, handlers are unbound, starts again (T38, T65)`, async () => {
            const id = await page.evaluate(() => globalThis.$.connection.hub.id);
            await page.evaluate(() => globalThis.$.connection.hub.stop());
            await sender.message((message) => message.M === 'broadcastMessage' && message.A[1] === id && message.A[0] === 'left',
                'OnDisconnected');
            assert.equal((await log(page)).disconnected, 1);
            await page.evaluate(() => { globalThis.log.messages.length = 0; });
            assert.equal(await start(page, transport), transport);
            await sender.invoke('ChatHub', 'Send', 'bound', 'once');
            await fenced(page);
            assert.deepEqual((await heard(page)).filter((line) => line.startsWith('bound')), ['bound: once']);
            // The client itself calls the three cuts errors, on some transports.
            assert.deepEqual((await log(page)).errors.filter((error) =>
                !/WebSocket closed|Long polling request failed/.test(error)), []);
            assert.ok((await log(page)).errors.length <= 3);
            await close(page);
        });
    }
    await run.step('JSONP long polling (T12, T35)', async () => {
        const page = await open({ hubUrl: `${proxy.origin}/jsonp` });
        const name = await page.evaluate(() => new Promise((resolve, reject) => {
            globalThis.$.connection.hub.start({ transport: 'longPolling', jsonp: true })
                .done(() => resolve(globalThis.$.connection.hub.transport.name)).fail(reject);
        }));
        assert.equal(name, 'longPolling');
        assert.equal((await call(page, 'echo', 'grüß </script> "')).result, 'grüß </script> "');
        await sender.invoke('ChatHub', 'Send', 'to', 'jsonp');
        await until(async () => (await messages(page)).includes('to: jsonp'), { what: 'the message' });
        // Not close(): jQuery forgets its callback when the client stops, and then the answer of the last poll throws.
        await page.evaluate(() => globalThis.$.connection.hub.stop());
        await page.close();
    });
    await run.step('raw connections: $.connection(url)', async () => {
        const page = await open();
        for (const transport of transports) {
            const answers = await page.evaluate(([address, name]) => new Promise((resolve, reject) => {
                const connection = globalThis.$.connection(address);
                const got = [];
                connection.received((data) => {
                    got.push(data);
                    if (got.length === 2) {
                        connection.stop();
                        resolve(got);
                    }
                });
                connection.start({ transport: name }).done(() => {
                    connection.send('grüß dich');
                    globalThis.setTimeout(() => connection.send({ n: 1 }), 200);
                }).fail(reject);
            }), [`${proxy.origin}/echo`, transport]);
            assert.deepEqual(answers, ['grüß dich', '{"n":1}'], transport);
        }
        await page.close();
    });
    await run.step('a page of a strange origin cannot connect', async () => {
        const stranger = await openSite(await freePort(), url);
        const page = await browser.newPage();
        await page.goto(`http://127.0.0.1:${stranger.address().port}/`);
        await page.evaluate(prepare, { url, user: '', hubs: ['chatHub'] });
        for (const transport of transports) {
            await assert.rejects(start(page, transport), /./, transport);
        }
        await page.close();
        stranger.close();
    });
    await run.step('1,000 messages to a page on each transport, in order', async () => {
        const pages = [];
        for (const transport of transports) {
            const page = await open();
            await start(page, transport);
            pages.push(page);
        }
        await Promise.all(Array.from({ length: 1000 }, (_, i) => sender.invoke('ChatHub', 'Send', 'n', `${i}`)));
        for (const page of pages) {
            await fenced(page);
            assert.deepEqual((await heard(page)).filter((line) => line.startsWith('n: ')), Array.from({ length: 1000 }, (_, i) => `n: ${i}`));
            await close(page);
        }
    });
    await sender.stop();
});
