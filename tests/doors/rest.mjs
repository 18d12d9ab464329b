// SPDX-License-Identifier: MIT
// Goal of this test: an application reaches SignalR 2 clients on any node through the REST interface of one: every
// operation in both families of paths, the errors that SDKs look for, tokens good and bad, bodies of every shape; and
// the walk-through in samples/curl, as it is written.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startFarm } from '../support/farm.mjs';
import { integrationTest, skip } from '../support/integration.mjs';
import { binDir, runProgram, until, which } from '../support/program.mjs';
import { SignalRClient, request, transports } from '../support/signalr_client.mjs';
import { makeToken, RestCaller } from './rest_caller.mjs';

const keys = ['ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH', 'the secondary key'];
const otherKey = 'the key of another application';
const buildDir = process.env.HUBPLANE_BUILD_DIR ?? path.join(binDir, '..');
const environment = { HUBPLANE_BUILD_DIR: buildDir, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1',
    DOTNET_GENERATE_ASPNET_CERTIFICATE: 'false', DOTNET_CLI_USE_MSBUILD_SERVER: '0', MSBUILDDISABLENODEREUSE: '1' };
const samples = fileURLToPath(new URL('../../samples/', import.meta.url));

await integrationTest('door_rest', async (run) => {
    const file = (name, text) => {
        fs.writeFileSync(path.join(run.folder, name), text, { mode: 0o600 });
        return path.join(run.folder, name);
    };
    const keyFile = file('access.keys', `${keys.join('\n')}\n`);
    const otherKeyFile = file('other.keys', `${otherKey}\n`);
    const app = (name, keyPath) => `
[app ${name}]
path = /${name === 'chat' ? 'signalr' : name}
key = ${name}
user = query:user
access_keys_file = ${keyPath}
[hub ${name}/ChatHub]
Send = all.broadcastMessage
`;
    const farm = await startFarm(run, { nodes: 2, linkOptions: { linger: '0', publish_wait: '2s' },
        apps: `${app('chat', keyFile)}[hub chat/OtherHub]\nEcho = return($1)\n${app('twin', keyFile)}${app('third', otherKeyFile)}` });
    const [node, other] = farm.nodes;
    const admin = `http://127.0.0.1:${node.adminPort}`;
    const rest = new RestCaller(admin, keys[0]);
    const families = [rest, new RestCaller(admin, keys[1], { hub: 'chathub', family: '/api/v1/hubs' })];
    const byApp = '?api-version=2024-12-01&application=chat';
    const call = (caller, method, place, options = {}) => caller.outcome(method, place, { query: byApp, ...options });
    const send = (place, target, args, query = byApp) => rest.send(place, target, args, { query });
    const start = (where, user, options = {}) => new SignalRClient(where.url, { query: { user }, ...options }).start();
    let fences = 0;
    /** Whatever was sent before has arrived at each client, or never will. */
    const fence = async (...clients) => {
        const text = `fence ${++fences}`;
        assert.equal(await send('', 'fence', [text]), 202);
        for (const client of clients) {
            await client.message(({ M, A }) => M === 'fence' && A[0] === text, text);
        }
    };
    const heard = (client, target) => client.invocations(target).map(([text]) => text);

    await run.step('messages to all, a group, a user and a connection, on both nodes and every transport', async () => {
        for (const transport of transports) {
            const [ann, bob] = [await start(node, 'ann', { transport }), await start(other, 'bob@é/x', { transport })];
            for (const [i, caller] of families.entries()) {
                const say = (place, text, query = '') => caller.status('POST', i ? place : `${place}/:send`,
                    { query: byApp + query, body: { Target: 'say', Arguments: [text, { n: 1.0, big: 1 }] } });
                assert.deepEqual(await call(caller, 'PUT', `/groups/a%20room/connections/${bob.connectionId}`), [200, undefined]);
                assert.equal(await say('', 'all'), 202);
                assert.equal(await say('/groups/a%20room', 'group'), 202);
                assert.equal(await say('/users/ann', 'ann'), 202);
                assert.equal(await say(`/users/${encodeURIComponent('bob@é/x')}`, 'bob'), 202);
                assert.equal(await say(`/connections/${ann.connectionId}`, 'connection'), 202);
                assert.equal(await say('', 'not ann', `&excluded=${ann.connectionId}`), 202);
                const many = Array.from({ length: 300 }, () => `&excluded=${crypto.randomUUID()}`).join('');
                assert.equal(await say('/groups/a%20room', 'nobody', `${many}&excluded=${bob.connectionId}`), 202);
                await fence(ann, bob);
                assert.deepEqual(await call(caller, 'DELETE', `/groups/a%20room/connections/${bob.connectionId}`), [200, undefined]);
                assert.equal(await say('/groups/a%20room', 'too late'), 202);
                await fence(ann, bob);
            }
            assert.deepEqual(heard(ann, 'say'), ['all', 'ann', 'connection', 'all', 'ann', 'connection']);
            assert.deepEqual(heard(bob, 'say'), ['all', 'group', 'bob', 'not ann', 'all', 'group', 'bob', 'not ann']);
            await Promise.all([ann.stop(), bob.stop()]);
        }
    });
    await run.step('requests one after the other arrive in that order, also without waiting', async () => {
        const client = await start(other, 'ann');
        const count = 200;
        for (let i = 0; i < count / 2; i++) {
            assert.equal(await send('/users/ann', 'count', [i]), 202);
        }
        // Pipelined on one connection.
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        await Promise.all(Array.from({ length: count / 2 }, (_, i) => new Promise((resolve, reject) => {
            const url = rest.url('/users/ann/:send', byApp);
            const sent = http.request(url, { agent, method: 'POST',
                headers: { Authorization: `Bearer ${makeToken(keys[0], rest.claims(url))}` } }, (response) => {
                response.resume().on('end', () => response.statusCode === 202 ? resolve() : reject(new Error(`${response.statusCode}`)));
            });
            sent.on('error', reject).end(JSON.stringify({ target: 'count', arguments: [count / 2 + i] }));
        })));
        agent.destroy();
        await fence(client);
        assert.deepEqual(heard(client, 'count'), Array.from({ length: count }, (_, i) => i));
        await client.stop();
    });
    await run.step('users and groups: all connections of a user, on both nodes', async () => {
        const clients = [await start(node, 'ann'), await start(other, 'ann', { transport: 'longPolling' }), await start(other, 'bob')];
        for (const caller of families) {
            const member = async () => call(caller, 'HEAD', '/users/ann/groups/vip');
            assert.deepEqual(await member(), [404, 'Info.User.NotInGroup']);
            assert.deepEqual(await call(caller, 'PUT', '/users/ann/groups/vip'), [200, undefined]);
            assert.equal(await send('/groups/vip', 'vip', ['in']), 202);
            await fence(...clients);
            assert.deepEqual(await member(), [200, undefined]);
            assert.deepEqual(await call(caller, 'GET', '/groups/vip/users/ann'), [200, undefined]);
            assert.deepEqual(await call(caller, 'HEAD', '/users/bob/groups/vip'), [404, 'Info.User.NotInGroup']);
            assert.deepEqual(await call(caller, 'HEAD', '/groups/vip'), [200, undefined]);
            assert.deepEqual(await call(caller, 'DELETE', '/users/ann/groups/vip'), [204, undefined]);
            await until(async () => (await member())[0] === 404, { what: 'the end of the membership' });
            assert.equal(await send('/groups/vip', 'vip', ['out']), 202);
            await fence(...clients);
            // By the other order of the path, and out of everything at once.
            assert.deepEqual(await call(caller, 'PUT', '/groups/vip/users/ann'), [200, undefined]);
            await until(async () => (await member())[0] === 200, { what: 'the membership' });
            assert.deepEqual(await call(caller, 'DELETE', '/users/ann/groups'), [204, undefined]);
            await until(async () => (await member())[0] === 404, { what: 'the end of all memberships' });
            // A connection out of everything.
            assert.deepEqual(await call(caller, 'PUT', `/connections/${clients[2].connectionId}/groups/vip`), [200, undefined]);
            assert.deepEqual(await call(caller, 'HEAD', '/users/bob/groups/vip'), [200, undefined]);
            assert.deepEqual(await call(caller, 'DELETE', `/connections/${clients[2].connectionId}/groups`), [200, undefined]);
            await until(async () => (await call(caller, 'HEAD', '/users/bob/groups/vip'))[0] === 404, { what: 'its end' });
            // What is not there is removed with success.
            for (const place of ['/users/nobody/groups/vip', '/users/nobody/groups', '/groups/none/users/ann']) {
                assert.deepEqual(await call(caller, 'DELETE', place), [204, undefined], place);
            }
            assert.deepEqual(await call(caller, 'DELETE', '/groups/vip/connections/nobody'), [200, undefined]);
            assert.deepEqual(await call(caller, 'PUT', '/groups/vip/connections/nobody'), [404, 'Error.Connection.NotExisted']);
            assert.deepEqual(await call(caller, 'PUT', '/users/ann/groups/brief', { query: `${byApp}&ttl=1` }), [200, undefined]);
            await until(async () => (await call(caller, 'HEAD', '/users/ann/groups/brief'))[0] === 404, { what: 'the end of the time' });
            assert.deepEqual(await call(caller, 'PUT', '/users/ann/groups/brief', { query: `${byApp}&ttl=soon` }), [400, 'Error.Query.Invalid']);
        }
        assert.deepEqual(clients.map((client) => heard(client, 'vip')), [['in', 'in'], ['in', 'in'], []]);
        await Promise.all(clients.map((client) => client.stop()));
    });
    await run.step('a user is in a group for one message, and taken out of all groups right after it', async () => {
        const clients = [await start(node, 'ann'), await start(node, 'ann', { transport: 'longPolling' }), await start(other, 'ann', { transport: 'longPolling' })];
        const rounds = Array.from({ length: 20 }, (_, i) => i);
        let count = 0;
        for (const round of rounds) {
            assert.deepEqual(await call(rest, 'PUT', '/users/ann/groups/vip'), [200, undefined]);
            assert.equal(await send('/groups/vip', 'in', [round]), 202);
            assert.deepEqual(await call(rest, 'DELETE', '/users/ann/groups'), [204, undefined]);
            await until(async () => {
                count++;
                assert.equal(await send('/groups/vip', 'vip', [count]), 202);
                await fence(...clients);
                return !clients.some((client) => heard(client, 'vip').includes(count));
            }, { what: `all of ann to be out in round ${round}` });
        }
        for (const client of clients) {
            await until(() => heard(client, 'in').length >= rounds.length, { what: `every message in between by ${client.transport}` });
            assert.deepEqual(heard(client, 'in'), rounds);
        }
        await Promise.all(clients.map((client) => client.stop()));
    });
    await run.step('who is there, on any node', async () => {
        const places = (client) => [[`/connections/${client.connectionId}`, 'Warning.Connection.NotExisted'],
            ['/groups/here', 'Warning.Group.NotExisted'], ['/users/carl', 'Warning.User.NotExisted']];
        for (const where of [node, other]) {
            const client = await start(where, 'carl');
            assert.deepEqual(await call(rest, 'PUT', `/groups/here/connections/${client.connectionId}`), [200, undefined]);
            for (const method of ['HEAD', 'GET']) {
                for (const caller of families) {
                    for (const [place] of places(client)) {
                        assert.deepEqual(await call(caller, method, place), [200, undefined], place);
                    }
                    assert.deepEqual(await caller.outcome(method, '/users/carl', { query: '?application=twin' }), [404, 'Warning.User.NotExisted']);
                }
            }
            await client.stop();
            for (const [place, code] of places(client)) {
                await until(async () => (await call(rest, 'HEAD', place))[0] === 404, { what: `the end of ${place}` });
                assert.deepEqual(await call(rest, 'GET', place), [404, code]);
            }
        }
    });
    await run.step('closing: clients are told why, and are gone, wherever they are', async () => {
        for (const transport of transports) {
            const clients = [await start(node, 'dan', { transport }), await start(other, 'dan', { transport }), await start(other, 'eve', { transport })];
            const closed = (client) => client.frames.find(({ json }) => json.E !== undefined)?.json.E;
            const gone = async (client, why) => {
                await until(() => closed(client) === why, { what: `"${why}" at ${transport}` });
                await until(() => client.ended, { what: 'its end' });
                await until(async () => (await call(rest, 'HEAD', `/connections/${client.connectionId}`))[0] === 404, { what: 'to be gone' });
            };
            const [near, far, eve] = clients;
            assert.deepEqual(await call(rest, 'DELETE', `/connections/${far.connectionId}`, { query: `${byApp}&reason=one%20is%20enough` }), [200, undefined]);
            await gone(far, 'one is enough');
            assert.deepEqual(await call(rest, 'DELETE', `/connections/${far.connectionId}`), [404, 'Warning.Connection.NotExisted']);
            assert.deepEqual(await call(families[1], 'DELETE', `/connections/${near.connectionId}`), [202, undefined]);
            await gone(near, 'The application closed the connection.');
            assert.equal(closed(eve), undefined);
            const [one, two] = [await start(node, 'eve', { transport }), await start(other, 'dan', { transport })];
            assert.deepEqual(await call(rest, 'POST', '/users/eve/:closeConnections',
                { query: `${byApp}&reason=all%20of%20eve&excluded=${one.connectionId}` }), [204, undefined]);
            await gone(eve, 'all of eve');
            assert.deepEqual(await call(rest, 'PUT', `/groups/out/connections/${two.connectionId}`), [200, undefined]);
            assert.deepEqual(await call(rest, 'POST', '/groups/out/:closeConnections'), [204, undefined]);
            await gone(two, 'The application closed the connection.');
            await fence(one);
            assert.equal(closed(one), undefined);
            assert.deepEqual(await call(rest, 'POST', '/:closeConnections', { query: `${byApp}&reason=all` }), [204, undefined]);
            await gone(one, 'all');
        }
    });
    await run.step('bodies: chunked, capitalised, MessagePack, too large, and rubbish', async () => {
        const client = await start(other, 'ann');
        const post = (body, headers = {}) => rest.outcome('POST', '/users/ann/:send', { query: byApp, body, headers });
        const json = '{"type":1,"target":"say","arguments":["packed",12345678901234567890]}\x1e';
        const packed = Buffer.concat([Buffer.from([0x82, 0xa4]), Buffer.from('json'), Buffer.from([0xc4, json.length]), Buffer.from(json),
            Buffer.from([0xab]), Buffer.from('messagepack'), Buffer.from('c4100f960180c0a472656376' + '92a268692a90', 'hex')]);
        assert.deepEqual(await post(packed, { 'Content-Type': 'application/octet-stream' }), [202, undefined]);
        assert.deepEqual(await post('{"target":"say"}'), [202, undefined]);
        assert.deepEqual(await post('{"TARGET":"say","ARGUMENTS":null,"more":[{}]}'), [202, undefined]);
        const url = rest.url('/users/ann/:send', byApp);
        const chunked = await new Promise((resolve, reject) => {
            const sent = http.request(url, { method: 'POST', headers: { Authorization: `Bearer ${makeToken(keys[0], rest.claims(url))}`,
                'Content-Type': 'application/json; charset=utf-8', 'Transfer-Encoding': 'chunked' } }, (response) => resolve(response.resume()));
            sent.on('error', reject);
            sent.write('{"Target":"say",');
            sent.end('"Arguments":["chunked"]}');
        });
        assert.equal(chunked.statusCode, 202);
        await fence(client);
        assert.deepEqual(heard(client, 'say'), ['packed', undefined, undefined, 'chunked']);
        assert.ok(client.frames.some(({ text }) => text.includes('12345678901234567890')), 'numbers pass untouched');
        for (const body of ['', '{', '[]', '"x"', '{}', '{"target":""}', '{"target":1}', '{"target":"x","arguments":{}}',
            `{"target":"x","arguments":${'['.repeat(30)}${']'.repeat(30)}}`, Buffer.from([0x7b, 0xff, 0x7d])]) {
            assert.deepEqual(await post(body), [400, 'Error.Body.Invalid'], String(body).slice(0, 40));
        }
        for (const body of ['', '\x80', json, packed.subarray(0, 20)]) {
            assert.deepEqual(await post(body, { 'Content-Type': 'application/octet-stream' }), [400, 'Error.Body.Invalid']);
        }
        assert.equal((await post(JSON.stringify({ target: 'x', arguments: ['x'.repeat(1024 * 1024)] })))[0], 413);
        await client.stop();
    });
    await run.step('tokens: who is turned away, and how', async () => {
        const now = Math.floor(Date.now() / 1000);
        const url = rest.url('/users/ann/:send');
        const place = new URL(url).pathname;
        const ask = async (options) => {
            const { status, headers, body } = await rest.call('POST', '/users/ann/:send', { query: byApp, body: { target: 'x' }, ...options });
            if (status !== 202) {
                assert.match(headers['www-authenticate'], /^Bearer error="invalid_token"/);
                assert.equal(JSON.parse(body).code, headers['x-ms-error-code']);
            }
            return status;
        };
        const good = rest.claims(url);
        // As each kind of caller writes the audience.
        for (const aud of [url, `${url}?api-version=2022-06-01`, `http://localhost${place}?api-version=1`, `http://localhost/${place}`,
            `https://other:1${place.toUpperCase()}`, [`http://no.where/`, url], `${url}/`]) {
            assert.equal(await ask({ claims: { aud } }), 202, String(aud));
        }
        for (const aud of [undefined, '', 'http://localhost/', rest.url('/users/bob/:send'), rest.url('/users/ann'), `${url}x`, 7]) {
            assert.equal(await ask({ claims: { aud } }), 401, String(aud));
        }
        assert.equal(await ask({ claims: { exp: now - 300 } }), 401);
        assert.equal(await ask({ claims: { exp: undefined } }), 401);
        assert.equal(await ask({ claims: { nbf: now + 300 } }), 401);
        for (const token of [null, '', 'x', 'a.b.c', makeToken('a wrong key', good), makeToken(keys[0], good, { alg: 'none' }),
            makeToken(keys[0], good).slice(0, -2), makeToken(keys[0], good).replace(/\..*\./, '.e30.')]) {
            assert.equal(await ask({ token }), 401, String(token));
        }
        assert.equal(await ask({ token: makeToken(keys[1], good) }), 202, 'the secondary key');
        assert.equal(await ask({ token: makeToken(keys[0], good, { alg: 'HS512', typ: 'JWT' }) }), 202, 'the longer digest');
        assert.equal((await request(`${admin}/api/health`, { method: 'HEAD' })).status, 200);
        assert.match((await request(`${admin}/metrics`)).body, /hubplane_rest_unauthorized_total [1-9]/);
    });
    await run.step('which app and hub is meant, and what is none', async () => {
        const [chat, twin, third] = [await start(node, 'ann'), await new SignalRClient(`${other.origin}/twin`).start(),
            await new SignalRClient(`${other.origin}/third`).start()];
        const say = (options, key = keys[0], query = '') => new RestCaller(admin, key, options).outcome('POST', '/:send',
            { query, body: { target: 'which', arguments: [options.hub + query] } });
        assert.deepEqual(await say({ hub: 'ChatHub' }), [400, 'Error.Hub.Ambiguous']);
        assert.deepEqual(await say({ hub: 'chathub' }, keys[0], '?application=Twin'), [202, undefined]);
        assert.deepEqual(await say({ hub: 'twin_chathub' }), [202, undefined]);
        assert.deepEqual(await say({ hub: 'CHATHUB' }, otherKey), [202, undefined]);
        assert.deepEqual(await say({ hub: 'otherhub' }), [202, undefined]);
        assert.deepEqual(await say({ hub: 'NoHub' }), [404, 'Error.Hub.NotExisted']);
        assert.deepEqual(await say({ hub: 'chathub' }, keys[0], '?application=third'), [404, 'Error.Hub.NotExisted']);
        for (const hub of ['1hub', 'a-b', 'x'.repeat(129), '%ff', '']) {
            assert.deepEqual(await say({ hub }), [400, 'Error.Name.Invalid'], hub);
        }
        await fence(chat);
        assert.equal(await new RestCaller(admin, otherKey).status('POST', '/:send', { body: { target: 'fence', arguments: ['third'] } }), 202);
        await third.message(({ M }) => M === 'fence', 'the fence');
        await until(() => heard(twin, 'which').length === 2, { what: 'both at the twin' });
        assert.deepEqual([heard(chat, 'which'), heard(twin, 'which'), heard(third, 'which')],
            [[], ['chathub?application=Twin', 'twin_chathub'], ['CHATHUB']]);
        for (const [method, place] of [['GET', '/:send'], ['POST', '/users'], ['POST', '/users/x/y/:send'], ['PATCH', '/users/x'], ['PUT', '/groups/x'],
            ['POST', '/:generateToken'], ['POST', '/:execute'], ['POST', '/users/a/b/c/d/e/f/g']]) {
            assert.deepEqual(await call(rest, method, place), [404, 'Error.Operation.NotExisted'], place);
        }
        for (const place of ['/users/%20/:send', '/groups//:send', `/groups/${'g'.repeat(1025)}/:send`, '/users/%zz/:send', '/users/%ff/:send']) {
            assert.deepEqual(await call(rest, 'POST', place, { body: { target: 'x' } }), [400, 'Error.Name.Invalid'], place);
        }
        assert.deepEqual(await call(rest, 'POST', '/:send', { query: `?${Array.from({ length: 65 }, (_, i) => `n${i}=1`).join('&')}` }), [400, 'Error.Query.Invalid']);
        assert.deepEqual(await call(rest, 'POST', '/:send', { query: `${byApp}&excluded=a|b`, body: { target: 'x' } }), [400, 'Error.Query.Invalid']);
        await Promise.all([chat, twin, third].map((client) => client.stop()));
    });
    await run.step('the OpenAPI document', async () => {
        const { status, headers, body } = await request(`${admin}/api/openapi.json`);
        assert.deepEqual([status, headers['content-type']], [200, 'application/json']);
        const document = JSON.parse(body);
        assert.equal(document.openapi, '3.0.3');
        assert.ok(document.paths['/api/hubs/{hub}/:send'].post);
    });
    await run.step('no farm: 503 after the wait, nothing is sent; then all is well again', async () => {
        const client = await start(node, 'ann');
        farm.bridges[0].kill();
        await until(async () => !await node.admin('/ready'), { what: 'the loss of the bridge' });
        const { status, headers } = await rest.call('POST', '/users/ann/:send', { query: byApp, body: { target: 'late', arguments: ['late'] } });
        assert.deepEqual([status, headers['x-ms-error-code'], headers['retry-after']], [503, 'Error.Farm.TimedOut', '5']);
        assert.deepEqual(await call(rest, 'POST', '/users/ann/:closeConnections'), [503, 'Error.Farm.TimedOut']);
        assert.deepEqual(await call(rest, 'HEAD', '/users/nobody'), [503, 'Error.Farm.Unavailable']);
        await farm.bridges[0].start();
        await until(async () => await node.admin('/ready') && await other.admin('/ready'), { what: '/ready', timeout: 30000 });
        await fence(client);
        assert.deepEqual(heard(client, 'late'), []);
        await client.stop();
    });
    await run.step('Microsoft.Azure.SignalR.Management in transient mode', async () => {
        if (!which('dotnet')) {
            skip('there is no dotnet SDK');
        }
        const folder = fileURLToPath(new URL('./management', import.meta.url));
        const built = runProgram('dotnet', ['build', 'Management.csproj', '-v', 'quiet', '-p:UseSharedCompilation=false'],
            { cwd: folder, env: environment, timeout: 200000 });
        if (built.code !== 0 && /error NU1\d\d\d/.test(built.stdout + built.stderr)) {
            skip(`Microsoft.Azure.SignalR.Management cannot be had from NuGet: ${/NU1\d\d\d/.exec(built.stdout + built.stderr)[0]}`);
        }
        assert.equal(built.code, 0, built.stdout + built.stderr);
        const client = await start(other, 'ann');
        const string = `Endpoint=http://127.0.0.1;Port=${node.adminPort};AccessKey=${otherKey};Version=1.0;`;
        const third = await new SignalRClient(`${other.origin}/third`, { query: { user: 'ann' } }).start();
        const done = runProgram('dotnet', [path.join(buildDir, 'doors/bin/Management/Management.dll'), string, 'ChatHub', third.connectionId],
            { env: environment, timeout: 60000 });
        assert.equal(done.code, 0, done.stdout + done.stderr);
        assert.deepEqual(done.stdout.trim().split('\n').map((line) => line.trim()).filter((line) => line.includes(': ')), ['healthy: True',
            'connection exists: True', 'another exists: False', 'user exists: True', 'another user exists: False', 'group exists: True',
            'another group exists: False', 'user in group: False']);
        await until(() => third.frames.some(({ json }) => json.E === 'the SDK says so'), { what: 'the end' });
        assert.deepEqual(heard(third, 'say'), ['all', 'user', 'connection', 'group']);
        assert.deepEqual(heard(client, 'say'), []);
        await client.stop();
    }, { timeout: 300000 });
    await run.step('the connection string, and the walk-through with curl', async () => {
        if (!which('curl') || !which('openssl')) {
            skip('there is no curl or no openssl');
        }
        const told = runProgram(path.join(binDir, 'hubplane-service'), ['connection-string', 'chat', '--config', node.configuration]);
        assert.equal(told.code, 0, told.stderr);
        assert.equal(told.stdout, `Endpoint=http://127.0.0.1;Port=${node.adminPort};AccessKey=${keys[0]};Version=1.0;\n`);
        const client = await start(other, 'ann');
        const done = runProgram('bash', [path.join(samples, 'curl/walk_through.sh'), told.stdout.trim(), 'ChatHub', client.connectionId],
            { env: { HUBPLANE_QUERY: 'application=chat' } });
        assert.equal(done.code, 0, done.stdout + done.stderr);
        await until(() => client.frames.some(({ json }) => json.E === 'The walk is over.'), { what: 'the end of the walk' });
        assert.deepEqual(client.invocations('broadcastMessage').map(([, text]) => text), ['hello, everybody', 'hello, ann', 'hello, you', 'hello, room']);
    });
});
