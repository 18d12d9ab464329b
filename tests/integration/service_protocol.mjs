// SPDX-License-Identifier: MIT
// Goal of this test: a client of SignalR 2, written from the protocol, finds every endpoint, header, error and
// transport as the reference describes them. T-numbers are rows of tests/README.md.
import assert from 'node:assert/strict';
import { startFarm } from '../support/farm.mjs';
import { integrationTest } from '../support/integration.mjs';
import { until } from '../support/program.mjs';
import { SignalRClient, request, transports } from '../support/signalr_client.mjs';
import { fence, serviceAppsWith, startClient } from './service_apps.mjs';

const form = { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' };
const chat = encodeURIComponent('[{"name":"chathub"}]');

await integrationTest('service_protocol', async (run) => {
    const farm = await startFarm(run, { nodes: 2, apps: serviceAppsWith({}) });
    const [node, other] = farm.nodes;
    const get = (path, options) => request(`${node.origin}${path}`, options);
    const post = (path, body = '', headers = form) => get(path, { method: 'POST', body, headers });
    const client = (options) => startClient(node, options);
    const token = async (query = '') =>
        encodeURIComponent(JSON.parse((await get(`/signalr/negotiate?clientProtocol=2.1${query}`)).body).ConnectionToken);

    await run.step('T1 suffixes decide, in any case; whole path segments only', async () => {
        for (const path of ['/signalr/negotiate', '/SIGNALR/NEGOTIATE', '/signalr/js/negotiate', '/signalr/a/b/negotiate']) {
            const answer = await get(`${path}?clientProtocol=2.1`);
            assert.equal(answer.status, 200, path);
            assert.ok(JSON.parse(answer.body).ConnectionToken, path);
        }
        for (const path of ['/signalr/hubs', '/signalr/js', '/signalr/js/', '/signalr/HUBS']) {
            assert.match((await get(path)).body, /createHubProxies/, path);
        }
        assert.equal((await get('/echo2/negotiate')).status, 404);
        assert.equal((await get('/echo/negotiate')).status, 200);
    });
    await run.step('T2 GET and POST on every endpoint', async () => {
        const tok = await token();
        for (const [path, query] of [['negotiate', ''], ['ping', ''], ['start', `transport=longPolling&connectionToken=${tok}`],
            ['abort', `transport=longPolling&connectionToken=${tok}`]]) {
            for (const ask of [get, post]) {
                assert.equal((await ask(`/signalr/${path}?clientProtocol=2.1&connectionData=${chat}&${query}`)).status, 200, path);
            }
        }
        const member = await client({ transport: 'serverSentEvents' });
        const call = encodeURIComponent('{"H":"chathub","M":"Echo","A":["x"],"I":5}');
        const url = new URL(member.transportEndpoint('/send'));
        const answer = await get(`${url.pathname}${url.search}`, { method: 'POST', body: `data=${call}`, headers: form });
        assert.deepEqual(JSON.parse(answer.body), { R: 'x', I: '5' });
        await member.stop();
    });
    await run.step('T3 parameter names in any case, unknown ones ignored, + and %2B told apart', async () => {
        const answer = await get(`/signalr/negotiate?CLIENTPROTOCOL=1.4&ConnectionData=${chat}&foo=bar&_=1&noCache=x`);
        assert.equal(JSON.parse(answer.body).ProtocolVersion, '1.4');
        const member = await client({ transport: 'serverSentEvents' });
        const say = async (text) => {
            const url = new URL(member.transportEndpoint('/send'));
            const sent = await post(`${url.pathname}${url.search}`, `data=${text}`);
            return JSON.parse(sent.body).R;
        };
        assert.equal(await say('%7B%22H%22:%22chathub%22,%22M%22:%22Echo%22,%22A%22:[%22a+b%2Bc%22],%22I%22:1%7D'), 'a b+c');
        await member.stop();
    });
    await run.step('T4 the body of /send is a form whatever its type', async () => {
        const member = await client({ transport: 'longPolling' });
        const url = new URL(member.transportEndpoint('/send'));
        const data = `data=${encodeURIComponent('{"H":"chathub","M":"Echo","A":[1],"I":0}')}`;
        for (const headers of [{}, { 'Content-Type': 'text/plain' }, { 'Content-Type': 'application/json' }]) {
            assert.equal(JSON.parse((await post(`${url.pathname}${url.search}`, data, headers)).body).R, 1);
        }
        await member.stop();
    });
    await run.step('T5 a long poll finds its cursor in the query, else in the form; an empty query value wins', async () => {
        const member = new SignalRClient(node.url, { transport: 'longPolling' });
        await member.negotiate();
        const ask = async (path, extra, body = '') => {
            const url = new URL(member.transportEndpoint(path, extra));
            return JSON.parse((await post(`${url.pathname}${url.search}`, body)).body);
        };
        const cursor = (await ask('/connect', {})).C;
        const sender = await client();
        await sender.invoke('ChatHub', 'Send', 'poll', 'me');
        await fence(sender, sender);
        const texts = (answer) => answer.M.map((message) => message.A?.[1]);
        const inQuery = await ask('/poll', { messageId: cursor });
        assert.ok(texts(inQuery).includes('me'), JSON.stringify(inQuery));
        const inForm = await ask('/poll', {}, `messageId=${encodeURIComponent(cursor)}`);
        assert.ok(texts(inForm).includes('me'), JSON.stringify(inForm));
        let fresh = null;
        ask('/poll', { messageId: '' }, `messageId=${encodeURIComponent(cursor)}`).then((answer) => { fresh = answer; });
        await until(async () => {
            await sender.invoke('ChatHub', 'Send', 'poll', 'later');
            return fresh;
        }, { what: 'the answer to the poll', step: 100 });
        assert.deepEqual([...new Set(texts(fresh))], ['later'], 'no cursor: only what is new');
        await sender.stop();
        await member.abort();
    });
    await run.step('T6 connectionData unescaped, name or Name', async () => {
        for (const data of ['[{name:"chathub"}]', '[{"name":"chathub"}]', '[{"Name":"ChatHub"}]']) {
            const raw = data.replaceAll('"', '%22').replace('{name', '{%22name%22');
            assert.equal((await get(`/signalr/negotiate?clientProtocol=2.1&connectionData=${raw}`)).status, 200, data);
        }
    });
    await run.step('T7 a request line of 16 KiB', async () => {
        assert.equal((await get(`/signalr/negotiate?clientProtocol=2.1&x=${'y'.repeat(16300)}`)).status, 200);
    });
    await run.step('T8 nosniff everywhere, content types', async () => {
        const expected = [
            ['/signalr/negotiate', 200, 'application/json; charset=UTF-8'], ['/signalr/ping', 200, 'application/json; charset=UTF-8'],
            ['/signalr/hubs', 200, 'application/javascript; charset=UTF-8'],
            ['/jsonp/negotiate?callback=a.b', 200, 'application/javascript; charset=UTF-8'], ['/signalr/connect', 400, null],
        ];
        for (const [path, status, type] of expected) {
            const answer = await get(path);
            assert.equal(answer.status, status, path);
            assert.equal(answer.headers['x-content-type-options'], 'nosniff', path);
            if (type) {
                assert.equal(answer.headers['content-type'], type, path);
            }
        }
        for (const [transport, type] of [['serverSentEvents', 'text/event-stream'], ['foreverFrame', 'text/html; charset=UTF-8'],
            ['longPolling', 'application/json; charset=UTF-8']]) {
            const member = await client({ transport });
            assert.equal(member.responseHeaders['content-type'], type);
            assert.equal(member.responseHeaders['x-content-type-options'], 'nosniff', transport);
            const aborted = await member.abort();
            assert.match(aborted.headers['content-type'], /^text\/plain/);
            assert.equal(aborted.body, '');
        }
    });
    await run.step('T9 T10 T13 negotiate: ten fields of the right kind, none too many', async () => {
        const answer = JSON.parse((await get('/signalr/negotiate?clientProtocol=2.1')).body);
        assert.deepEqual(Object.keys(answer).sort(), ['ConnectionId', 'ConnectionTimeout', 'ConnectionToken',
            'DisconnectTimeout', 'KeepAliveTimeout', 'LongPollDelay', 'ProtocolVersion', 'TransportConnectTimeout',
            'TryWebSockets', 'Url']);
        assert.match(answer.ConnectionId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        const { ConnectionId, ConnectionToken, ProtocolVersion, ...rest } = answer;
        assert.deepEqual(rest, { Url: '/signalr', KeepAliveTimeout: 20, DisconnectTimeout: 30, ConnectionTimeout: 110,
            TryWebSockets: true, TransportConnectTimeout: 5, LongPollDelay: 0 });
    });
    await run.step('T11 clientProtocol is clamped and echoed', async () => {
        const cases = { '': '1.2', 1.2: '1.2', 1.3: '1.3', 1.4: '1.4', 1.5: '1.5', '2.0': '2.0', 0.9: '1.2', abc: '1.2', 1337: '1.2' };
        for (const [asked, expected] of Object.entries(cases)) {
            const query = asked === '' ? '' : `?clientProtocol=${asked}`;
            assert.equal(JSON.parse((await get(`/signalr/negotiate${query}`)).body).ProtocolVersion, expected, asked);
        }
        for (const asked of ['2.1', '9.9']) {
            assert.match(JSON.parse((await get(`/signalr/negotiate?clientProtocol=${asked}`)).body).ProtocolVersion, /^2\.[01]$/);
        }
    });
    await run.step('T12 JSONP: wrapped where allowed, 403 where not, bad names refused', async () => {
        assert.match((await get('/jsonp/negotiate?callback=my.fn')).body, /^my\.fn\(\{.*\}\);$/);
        assert.equal((await get('/jsonp/ping?callback=cb')).body, 'cb({ "Response": "pong" });');
        const refused = await get('/signalr/negotiate?callback=cb');
        assert.equal(refused.status, 403);
        assert.equal(refused.reason, 'Forbidden: JSONP is disabled.');
        assert.equal(refused.body, '');
        for (const bad of ['a b', '1a', 'a..b', 'alert(1)', 'a.', 'if']) {
            const answer = await get(`/jsonp/negotiate?callback=${encodeURIComponent(bad)}`);
            assert.ok(answer.status >= 400, bad);
            assert.ok(!answer.body.includes(`${bad}(`), bad);
        }
    });
    await run.step('T15 T16 T17 T19 missing and bad parameters, word for word', async () => {
        const tok = await token();
        const bad = [
            ['/connect', 'Protocol error: Unknown transport.'],
            [`/connect?transport=carrierPigeon&connectionToken=${tok}`, 'Protocol error: Unknown transport.'],
            ['/connect?transport=longPolling', 'Protocol error: Missing connection token.'],
            ['/connect?transport=longPolling&connectionToken=', 'Protocol error: Missing connection token.'],
            ['/connect?transport=longPolling&connectionToken=junk', 'The ConnectionId is in the incorrect format.'],
            [`/connect?transport=longPolling&connectionToken=${tok.slice(0, -6)}`, 'The ConnectionId is in the incorrect format.'],
            [`/connect?transport=longPolling&connectionToken=${tok[0] === 'A' ? 'B' : 'A'}${tok.slice(1)}`,
                'The ConnectionId is in the incorrect format.'],
            [`/connect?transport=webSockets&connectionToken=${tok}`, 'Not a valid web socket request.'],
            [`/send?transport=webSockets&connectionToken=${tok}`, 'Not a valid web socket request.'],
        ];
        for (const [path, text] of bad) {
            const answer = await get(`/signalr${path}`);
            assert.equal(answer.status, 400, path);
            assert.equal(answer.body, text, path);
        }
        const older = await get(`/signalr/connect?transport=webSockets&connectionToken=${tok}`, { headers: {
            Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '8', 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' } });
        assert.equal(older.status, 426);
        assert.equal(older.headers['sec-websocket-version'], '13');
        const member = await client();
        await member.invoke('ChatHub', 'Join', 'g');
        assert.ok(member.groupsToken);
        const swapped = await get(`/signalr/connect?transport=longPolling&connectionToken=${encodeURIComponent(member.groupsToken)}`);
        assert.equal(swapped.status, 400, 'a groups token is no connection token');
        for (const path of ['/start', '/abort']) {
            assert.equal((await get(`/signalr${path}?transport=webSockets&connectionToken=${tok}&connectionData=${chat}`)).status, 200, path);
        }
        await member.stop();
    });
    await run.step('T18 a token is for its user, in any letter case; user names with colons', async () => {
        const tok = await token('&user=DOM%5CAnn:x');
        const connect = (user) => get(`/signalr/connect?transport=longPolling&clientProtocol=2.1&connectionToken=${tok}${user}`);
        assert.equal((await connect('&user=DOM%5CAnn:x')).status, 200);
        assert.equal((await connect('&user=dom%5Cann:X')).status, 200);
        for (const user of ['', '&user=bob', '&user=DOM%5CAnn']) {
            const answer = await connect(user);
            assert.equal(answer.status, 403, user);
            assert.equal(answer.body, 'Unrecognized user identity.  The user identity cannot change during an active SignalR connection.');
        }
    });
    await run.step('T20 unknown, doubled or broken connectionData is an error, and the node lives on', async () => {
        for (const data of ['[{"name":"nohub"}]', '[{"name":"chathub"},{"name":"ChatHub"}]', '[{}]', '{', '[1]', '"x"']) {
            const answer = await get(`/signalr/negotiate?connectionData=${encodeURIComponent(data)}`);
            assert.ok(answer.status === 500 || answer.status === 400, `${data}: ${answer.status}`);
        }
        assert.equal((await get('/signalr/ping')).body, '{ "Response": "pong" }');
    });
    await run.step('T22 forged, foreign and truncated groups tokens: accepted, no groups', async () => {
        const owner = await client();
        await owner.invoke('ChatHub', 'Join', 'secret');
        const foreign = owner.groupsToken;
        for (const bad of ['junk', foreign, foreign.slice(0, -4)]) {
            const member = await client();
            member.groupsToken = bad;
            await member.reconnect();
            await owner.invoke('ChatHub', 'SendToGroup', 'secret', 'for', 'members');
            await fence(owner, owner, member);
            assert.equal(member.invocations('broadcastMessage').filter(([, text]) => text === 'members').length, 0);
            await member.stop();
        }
        await owner.stop();
    });
    await run.step('T23 a failing method is 200 with E, a broken invocation is not', async () => {
        const member = await client({ transport: 'serverSentEvents' });
        const result = await member.call('ChatHub', 'Fail', ['x']);
        assert.equal(result.E, "There was an error invoking Hub method 'ChatHub.Fail'.");
        for (const payload of ['', 'nonsense', '{"H":"nohub","M":"x","A":[],"I":1}',
            `{"H":"chathub","M":"x","A":[],"I":1,"S":{"a":"${'x'.repeat(4100)}"}}`]) {
            await assert.rejects(member.send(payload), /\/send: [45]\d\d/, payload.slice(0, 20));
        }
        await member.stop();
    });
    await run.step('T24 garbage on a WebSocket: no answer, and the socket stays usable', async () => {
        const member = await client();
        const before = member.frames.length;
        for (const garbage of ['', '{', '[]', '42', '{"H":"nohub","M":"x","A":[],"I":1}', '\u0000']) {
            await member.send(garbage);
        }
        assert.equal(await member.invoke('ChatHub', 'Echo', 'alive'), 'alive');
        assert.equal(member.frames.slice(before).filter((frame) => frame.json.I !== undefined).length, 1);
        await member.stop();
    });
    for (const transport of transports) {
        await run.step(`T25 the first frame of ${transport}: S:1, M:[], a cursor`, async () => {
            const started = Date.now();
            const member = new SignalRClient(node.url, { transport });
            await member.negotiate();
            await member.connect();
            await until(() => member.initialized, { what: 'S:1', timeout: 4000 });
            const { C, S, M } = member.frames[0].json;
            assert.ok(Date.now() - started < 5000);
            assert.match(C, /^s-0,[0-9A-F]+$/);
            assert.equal(S, 1);
            assert.deepEqual(M, []);
            await member.stop();
        });
    }
    await run.step('T26 T27 T29 /start raises OnConnected; its messages come first and in order', async () => {
        for (const transport of transports) {
            const member = await client({ transport, hubs: ['LifeHub'] });
            await member.invoke('LifeHub', 'SendToLobby', 4);
            await until(() => member.invocations('hello').length >= 4, { what: 'four greetings' });
            assert.deepEqual(member.invocations('hello').slice(0, 4).flat(), [1, 2, 3, 4], transport);
            await member.stop();
        }
    });
    await run.step('T28 a client before 1.4: OnConnected on /connect, the first frame after it', async () => {
        for (const transport of transports) {
            const member = new SignalRClient(node.url, { transport, hubs: ['LifeHub'], protocol: '1.3' });
            await member.negotiate();
            await member.connect();
            await until(() => member.initialized && member.invocations('hello').length >= 3, { what: `greetings on ${transport}` });
            assert.deepEqual(member.invocations('hello').flat().slice(0, 3), [1, 2, 3], transport);
            assert.equal(member.initialized, 1);
            await member.stop();
        }
    });
    await run.step('T30 T52 a newer request of the same connection ends the older, without a disconnect', async () => {
        const witness = await client({ hubs: ['LifeHub'] });
        const member = new SignalRClient(node.url, { transport: 'serverSentEvents', hubs: ['LifeHub'] });
        await member.start();
        const streams = [];
        for (const transport of ['webSockets', 'foreverFrame', 'longPolling']) {
            const next = Object.assign(new SignalRClient(node.url, { transport, hubs: ['LifeHub'] }), {
                connectionToken: member.connectionToken, connectionId: member.connectionId });
            streams.push(next);
            await next.connect();
            await until(() => next.initialized, { what: `S on ${transport}` });
        }
        await until(() => member.ended, { what: 'the end of the event stream' });
        await until(() => streams[0].ended, { what: 'the end of the WebSocket' });
        assert.equal(streams[0].ended.code, 1000);
        await until(() => streams[1].ended, { what: 'the end of the forever frame' });
        await witness.invoke('LifeHub', 'SendToLobby', 'fence');
        await until(() => witness.invocations('hello').flat().includes('fence'), { what: 'the fence' });
        assert.deepEqual(witness.invocations('goodbye'), []);
        await streams[2].stop();
        await until(() => witness.invocations('goodbye').length > 0, { what: 'goodbye' });
        assert.deepEqual(witness.invocations('goodbye'), [[member.connectionId]]);
        await witness.stop();
    });
    await run.step('T52 many connects of one connection at once finish cleanly', async () => {
        const first = new SignalRClient(node.url, { transport: 'longPolling' });
        await first.negotiate();
        const rivals = Array.from({ length: 200 }, (_, i) => Object.assign(new SignalRClient(i % 2 ? node.url : other.url, {
            transport: i % 3 ? 'longPolling' : 'serverSentEvents' }),
        { connectionToken: first.connectionToken, connectionId: first.connectionId }));
        const outcomes = await Promise.allSettled(rivals.map((rival) => rival.connect()));
        assert.equal(outcomes.filter((outcome) => outcome.status === 'rejected').length, 0,
            String(outcomes.find((outcome) => outcome.status === 'rejected')?.reason));
        rivals.forEach((rival) => rival.cut());
        await first.abort();
        const member = await client();
        await fence(member, member);
        await member.stop();
    });
    await run.step('T31 WebSocket: no subprotocol, fragments in, large out, binary and oversize end it', async () => {
        const member = await client();
        const socket = member.receiveTransport;
        assert.equal(socket.headers['sec-websocket-protocol'], undefined);
        const ask = (id, text) => JSON.stringify({ H: 'chathub', M: 'Echo', A: [text], I: id });
        socket.sendFragments(ask(100, 'grüße in Stücken 🙂'), 7);
        socket.sendFrame('ping', 'are you there');
        await until(() => member.frames.find((frame) => frame.json.I === '100'), { what: 'the echo' });
        assert.equal(member.frames.find((frame) => frame.json.I === '100').json.R, 'grüße in Stücken 🙂');
        assert.deepEqual(Object.keys(member.frames.find((frame) => frame.json.I === '100').json).sort(), ['I', 'R']);
        await until(() => socket.pongs.includes('are you there'), { what: 'a pong' });
        const long = 'ü'.repeat(30000);
        assert.equal(await member.invoke('ChatHub', 'Echo', long), long);
        socket.send(ask(101, 'x'.repeat(70000)));
        await until(() => member.ended, { what: 'the end after 70,000 bytes' });
        assert.equal(member.ended.code, 1009);
        await member.reconnect();
        member.receiveTransport.sendFrame('binary', 'abc');
        await until(() => member.ended, { what: 'the end after a binary message' });
        await member.reconnect();
        member.receiveTransport.sendFrame('text', Buffer.from([0xff, 0xfe]));
        await until(() => member.ended, { what: 'the end after invalid UTF-8' });
        assert.equal(member.ended.code, 1007);
        await member.reconnect();
        member.receiveTransport.sendFrame('text', ask(102, 'x'), { isMasked: false });
        await until(() => member.ended, { what: 'the end after an unmasked frame' });
        assert.equal(member.ended.code, 1002);
        await member.reconnect();
        assert.equal(await member.invoke('ChatHub', 'Echo', 'alive'), 'alive');
        await member.stop();
        assert.equal(member.ended.code, 1000);
        const big = await client({ transport: 'serverSentEvents' });
        const wide = 'w'.repeat(200000);
        const listener = await client();
        await big.invoke('ChatHub', 'Send', 'big', wide);
        await listener.message((message) => message.A?.[1] === wide, '200,000 bytes by WebSocket');
        await big.stop();
        await listener.stop();
    });
    await run.step('T32 server-sent events: initialized on connect and reconnect, one line an event', async () => {
        const member = await client({ transport: 'serverSentEvents' });
        assert.deepEqual(member.preambles, ['initialized']);
        await member.invoke('ChatHub', 'Send', 'two', 'lines\r\nand \u2028');
        await member.message((message) => message.A?.[1] === 'lines\r\nand \u2028', 'the two lines');
        await member.reconnect();
        await until(() => member.preambles.length === 2, { what: 'initialized again' });
        await member.stop();
    });
    await run.step('T33 forever frame: frameId checked, < and > escaped in stream and results', async () => {
        const tok = await token();
        for (const id of ['', '&frameId=', '&frameId=-1', '&frameId=4294967296', '&frameId=1x', '&frameId=alert(1)']) {
            const answer = await get(`/signalr/connect?transport=foreverFrame&connectionToken=${tok}${id}`);
            assert.ok(answer.status === 500 || answer.status === 400, id);
        }
        const member = await client({ transport: 'foreverFrame' });
        await member.invoke('ChatHub', 'Send', 'tag', '</script><b>');
        await member.message((message) => message.A?.[1] === '</script><b>', 'the tag');
        const url = new URL(member.transportEndpoint('/send'));
        const answer = await post(`${url.pathname}${url.search}`,
            `data=${encodeURIComponent('{"H":"chathub","M":"Echo","A":["<i>"],"I":0}')}`);
        assert.ok(!/[<>]/.test(answer.body), answer.body);
        assert.equal(JSON.parse(answer.body).R, '<i>');
        assert.match(member.preambles[0], /getConnection\("3"\)/);
        assert.equal(member.ended, null, 'the stream never completes on its own');
        await member.stop();
    });
    await run.step('T34 long polling: connect at once, poll held, one envelope', async () => {
        const member = await client({ transport: 'longPolling' });
        const frames = member.frames.length;
        await new Promise((resolve) => setTimeout(resolve, 500));
        assert.equal(member.frames.length, frames, 'the poll is held');
        await member.invoke('ChatHub', 'Send', 'wake', 'up');
        await member.message((message) => message.A?.[1] === 'up', 'the message');
        await member.stop();
    });
    await run.step('T35 JSONP long polling: wrapped, by GET', async () => {
        const member = new SignalRClient(`${node.origin}/jsonp`, { transport: 'longPolling' });
        await member.negotiate();
        const ask = async (path, extra) => (await request(member.transportEndpoint(path, { callback: 'cb', ...extra }))).body;
        const unwrap = (body) => JSON.parse(/^cb\((.*)\);$/.exec(body)[1]);
        const first = unwrap(await ask('/connect'));
        assert.equal(first.S, 1);
        assert.equal(unwrap(await ask('/start')).Response, 'started');
        const poll = ask('/poll', { messageId: first.C });
        const result = await ask('/send', { data: '{"H":"chathub","M":"Send","A":["a","b"],"I":7}' });
        assert.equal(unwrap(result).I, '7');
        assert.deepEqual(unwrap(await poll).M[0].A, ['a', 'b']);
        await member.abort();
    });
    await run.step('T36 L only where configured', async () => {
        const member = await client({ transport: 'longPolling' });
        assert.ok(member.frames.every((frame) => frame.json.L === undefined));
        await member.stop();
    });
    await run.step('T37 raw connections: an empty answer to /send, values as JSON', async () => {
        for (const transport of transports) {
            const member = new SignalRClient(`${node.origin}/echo`, { transport, hubs: null });
            await member.start();
            const answer = await member.send('grüß dich');
            if (answer) {
                assert.equal(answer.body, '');
                assert.equal(answer.headers['content-type'], undefined);
            }
            await until(() => member.messages.some((entry) => entry.message === 'grüß dich'), { what: 'the echo' });
            await member.reconnect();
            await until(() => member.messages.some((entry) => entry.message === 'welcome back'), { what: 'a welcome' });
            await member.stop();
        }
        const [here, there] = [new SignalRClient(`${node.origin}/shout`, { hubs: null }),
            new SignalRClient(`${other.origin}/shout`, { hubs: null, transport: 'serverSentEvents' })];
        await here.start();
        await there.start();
        await here.send('{"n":1}');
        await until(() => there.messages.length > 0, { what: 'the shout on the other node' });
        assert.deepEqual(there.messages[0].message, '{"n":1}');
        await here.stop();
        await there.stop();
    });
    await run.step('T38 T40 abort, here or elsewhere, with or without an open socket: one clean goodbye', async () => {
        const witness = await client({ hubs: ['LifeHub'] });
        const goodbyes = (id) => witness.invocations('goodbye').flat().filter((gone) => gone === id).length;
        for (const transport of transports) {
            for (const way of ['here', 'by the other node', 'after the socket closed']) {
                const member = await client({ transport, hubs: ['LifeHub'] });
                if (transport === 'longPolling') {
                    // Its poll must be there first: one that comes after the abort is a stranger's.
                    await until(() => member.invocations('hello').length >= 3, { what: 'three greetings' });
                    await member.pollArrived();
                }
                if (way === 'after the socket closed') {
                    member.cut();
                }
                if (way === 'by the other node') {
                    member.url = other.url;
                }
                const started = Date.now();
                member.isPolling = false; // as every client: no poll after the abort
                const answer = await member.abort();
                assert.equal(answer.status, 200);
                assert.ok(Date.now() - started < 3000, 'abort answers at once');
                if (way !== 'after the socket closed') {
                    await until(() => member.ended, { what: `the end of ${transport}, aborted ${way}` });
                }
                await until(() => goodbyes(member.connectionId) > 0, { what: `goodbye of ${transport}, aborted ${way}` });
                await witness.invoke('LifeHub', 'SendToLobby', member.connectionId);
                await until(() => witness.invocations('hello').flat().includes(member.connectionId), { what: 'the fence' });
                assert.equal(goodbyes(member.connectionId), 1, `goodbye of ${transport}, aborted ${way}`);
            }
        }
        await witness.stop();
    });
    await run.step('T41 ping needs no token', async () => {
        assert.equal((await get('/signalr/ping?_=1')).body, '{ "Response": "pong" }');
    });
    await run.step('CORS: listed origins are echoed with credentials, others are not', async () => {
        const from = (origin, options = {}) => get('/signalr/negotiate', { ...options, headers: { Origin: origin, ...options.headers } });
        const allowed = await from('http://127.0.0.1:8000');
        assert.equal(allowed.headers['access-control-allow-origin'], 'http://127.0.0.1:8000');
        assert.equal(allowed.headers['access-control-allow-credentials'], 'true');
        assert.match(allowed.headers.vary ?? '', /origin/i);
        const preflight = await from('http://127.0.0.1:8000', { method: 'OPTIONS', headers: {
            'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization' } });
        assert.ok([200, 204].includes(preflight.status));
        assert.match(preflight.headers['access-control-allow-headers'], /authorization/i);
        const stranger = await from('http://evil.example');
        assert.equal(stranger.headers['access-control-allow-origin'], undefined);
    });
    await run.step('bad HTTP: too long, too large, nowhere', async () => {
        assert.equal((await get(`/signalr/negotiate?x=${'y'.repeat(70000)}`)).status, 414);
        assert.equal((await get('/signalr/negotiate', { headers: { 'X-Long': 'y'.repeat(70000) } })).status, 431);
        const tok = await token();
        const big = await post(`/signalr/send?transport=longPolling&connectionToken=${tok}`, `data=${'y'.repeat(1100000)}`)
            .catch((error) => ({ status: 413, isCut: error.code }));
        assert.equal(big.status, 413);
        assert.equal((await get('/nothing/here')).status, 404);
        assert.equal((await get('/signalr/ping')).status, 200);
    });
});
