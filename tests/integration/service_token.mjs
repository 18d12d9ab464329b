// SPDX-License-Identifier: MIT
// Goal of this test: real clients identify themselves with tokens that an issuer signs with each algorithm, on each
// transport; whoever does not is answered 401, and check says what is wrong with a configuration.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { startFarm } from '../support/farm.mjs';
import { integrationTest } from '../support/integration.mjs';
import { runProgram } from '../support/program.mjs';
import { SignalRClient, request, transports } from '../support/signalr_client.mjs';

const secrets = ['the primary key, 32 bytes or more', 'the secondary key, as long as that'];
const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
const inOneHour = () => Math.floor(Date.now() / 1000) + 3600;

/** A token as an issuer makes it. */
function sign(algorithm, key, claims) {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: algorithm, typ: 'JWT' })}.${part({ exp: inOneHour(), ...claims })}`;
    const signature = algorithm === 'HS256' ? crypto.createHmac('sha256', key).update(text).digest() :
        crypto.sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
}

await integrationTest('service_token', async (run) => {
    const file = (name, text) => {
        const place = path.join(run.folder, name);
        fs.writeFileSync(place, text, { mode: 0o600 });
        return place;
    };
    const pem = (pair) => pair.publicKey.export({ type: 'spki', format: 'pem' });
    const publicKeys = file('public.pem', `the login service\n${pem(rsa)}${pem(p256)}`);
    const sharedKeys = file('shared.keys', `${secrets.join('\n')}\n`);
    const farm = await startFarm(run, { apps: `
[app chat]
path = /signalr
key  = TestApp
user = token
token_keys_file = ${publicKeys}
token_audience  = https://chat.example/, chat
token_issuer    = login
[hub chat/ChatHub]
Who = return($user)
[app shared]
path = /shared
user = token
token_keys_file = ${sharedKeys}
token_user      = email
token_required  = no
[hub shared/ChatHub]
Who = return($user)
` });
    const [node] = farm.nodes;
    const claims = { iss: 'login', aud: ['mail', 'chat'], nameid: 'ann' };
    const token = sign('RS256', rsa.privateKey, claims);
    const shared = `${node.origin}/shared`;
    const who = async (url, options) => {
        const client = await new SignalRClient(url, options).start();
        const user = await client.invoke('ChatHub', 'Who');
        await client.stop();
        return user;
    };
    const bearer = (text) => ({ headers: { Authorization: `Bearer ${text}` } });

    for (const transport of transports) {
        await run.step(`${transport}: by header and by parameter`, async () => {
            assert.equal(await who(node.url, { transport, ...bearer(token) }), 'ann');
            assert.equal(await who(node.url, { transport, query: { access_token: token } }), 'ann');
        });
    }
    await run.step('every algorithm, and the second of two keys', async () => {
        assert.equal(await who(node.url, bearer(sign('ES256', p256.privateKey, claims))), 'ann');
        for (const secret of secrets) {
            assert.equal(await who(shared, bearer(sign('HS256', secret, { email: 'ann@example.org', sub: '7' }))), 'ann@example.org');
        }
        assert.equal(await who(shared, {}), undefined, 'a token is not required there');
    });
    await run.step('401 says why', async () => {
        const refused = async (url, text, reason) => {
            const answer = await request(`${url}/negotiate`, text === undefined ? {} : bearer(text));
            assert.equal(answer.status, 401, reason);
            assert.equal(answer.headers['www-authenticate'],
                reason ? `Bearer error="invalid_token", error_description="${reason}"` : 'Bearer');
        };
        const stranger = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
        await refused(node.url, undefined, '');
        await refused(node.url, 'nonsense', 'the token is malformed');
        await refused(node.url, sign('RS256', stranger.privateKey, claims), 'the signature of the token is invalid');
        await refused(node.url, sign('HS256', pem(rsa), claims), 'the token is signed in a way that is not accepted here');
        await refused(node.url, sign('RS256', rsa.privateKey, { ...claims, exp: inOneHour() - 7200 }), 'the token has expired');
        await refused(node.url, sign('RS256', rsa.privateKey, { ...claims, nbf: inOneHour() }), 'the token is not valid yet');
        await refused(node.url, sign('RS256', rsa.privateKey, { ...claims, aud: 'mail' }), 'the audience of the token is another');
        await refused(node.url, sign('RS256', rsa.privateKey, { ...claims, iss: 'me' }), 'the issuer of the token is another');
        await refused(shared, 'a.b.c', 'the token is malformed');
        const metrics = (await request(`http://127.0.0.1:${node.adminPort}/metrics`)).body;
        assert.match(metrics, /^hubplane_unauthorized_total 9$/m);
    });
    await run.step('a connection stays its user\'s', async () => {
        const client = await new SignalRClient(node.url, { transport: 'longPolling', ...bearer(token) }).start();
        client.headers = bearer(sign('RS256', rsa.privateKey, { ...claims, nameid: 'bob' })).headers;
        const answer = await request(client.transportEndpoint('/ping').replace('/ping', '/start'), { headers: client.headers });
        assert.equal(answer.status, 403);
        client.headers = bearer(token).headers;
        await client.stop();
    });
    await run.step('tokens are not logged', () => {
        assert.ok(!node.program.text().includes(token.slice(0, 30)));
    });
    await run.step('check names every mistake', () => {
        const short = file('short.keys', 'secret\n');
        const wrong = file('wrong.ini', `[bridge]\naddress = a:1\ncredentials = ${node.credentials}
[app a]\npath = /a\nuser = token\n[app b]\npath = /b\nuser = token\ntoken_keys_file = /nowhere/keys
[app c]\npath = /c\nuser = token\ntoken_keys_file = ${short}\n[app d]\npath = /d\ntoken_audience = x\ntoken_required = no
[app e]\npath = /e\nuser = tokens\n`);
        const said = runProgram(farm.serviceProgram, ['check', '--config', wrong]).stderr;
        for (const part of ['[app a] user = token needs token_keys_file', '[app b] token_keys_file "/nowhere/keys" cannot be read',
            'short.keys": a shared key has fewer than 32 characters', '[app d] token_audience: nobody looks at tokens here',
            '[app d] token_required: nobody looks at tokens here', '[app e] user: "tokens" is not none']) {
            assert.ok(said.includes(part), `${part}\nin\n${said}`);
        }
    });
});
