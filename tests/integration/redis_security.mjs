// SPDX-License-Identifier: MIT
// Goal of this test: a bridge and the Redis of an administrator who locks it up: absent, by TLS, with an ACL user, with a
// password that changes, with keys of any name, and shared with somebody else's farm. What is wrong is said in words.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { freePort } from '../support/ports.mjs';
import { Farm } from '../support/farm.mjs';
import { integrationTest } from '../support/integration.mjs';
import { Program, until, which } from '../support/program.mjs';
import { RedisClient } from '../support/redis_client.mjs';
import { encodeFrame, publishAsDotnet } from '../support/scaleout.mjs';
import { ServerAuthority } from '../support/server_certificate.mjs';
import { SignalRClient, request } from '../support/signalr_client.mjs';

const key = 'Chat {room} größe';
const apps = `[app chat]
path = /signalr
key  = ${key}
[hub chat/ChatHub]
Say = all.said($1)
`;

await integrationTest('redis_security', async (run) => {
    const authority = new ServerAuthority(run.folder);
    const strangers = fs.mkdtempSync(path.join(run.folder, 'strangers-'));
    const stranger = new ServerAuthority(strangers);
    const file = (name, text) => {
        fs.writeFileSync(path.join(run.folder, name), text, { mode: 0o600 });
        return path.join(run.folder, name);
    };
    const server = authority.issue('redis');
    const client = authority.issue('bridge');
    const clientFile = file('bridge-client.pem', client.certificate + client.key);
    const tlsPort = await freePort();

    const farm = new Farm(run.folder, { nodes: 1, bridges: 1, apps });
    run.atEnd(() => farm.close());
    const { redis, bridges: [bridge], nodes: [node] } = farm;
    redis.start = async () => redis.run(which('redis-server'), ['--port', redis.port, '--bind', '127.0.0.1', '--save', '',
        '--dir', run.folder, '--tls-port', tlsPort, '--tls-auth-clients', 'yes', '--tls-ca-cert-file', authority.certificate,
        '--tls-cert-file', file('redis-server.crt', server.certificate), '--tls-key-file', file('redis-server.key', server.key)],
    async () => (await command('PING').catch(() => '')).toString() === 'PONG', 'an answer to PING');
    /** One command on a connection of its own. */
    let password = null;
    const command = async (...parts) => {
        const connection = await RedisClient.connect(redis.port);
        try {
            if (password) {
                await connection.command('AUTH', password);
            }
            return await connection.command(...parts);
        } finally {
            connection.close();
        }
    };
    const metric = async (name) => {
        const text = (await request(`http://127.0.0.1:${bridge.adminPort}/metrics`)).body;
        return Number(text.split('\n').find((line) => line.startsWith(`${name} `)).split(' ')[1]);
    };
    const ready = () => until(async () => await node.admin('/ready') && (await request(`http://127.0.0.1:${bridge.adminPort}/ready`)).status === 200,
        { what: 'node and bridge to be ready', timeout: 30000 });
    /** The bridge with other options of [redis], from here on. */
    const restart = async (options) => {
        farm.redisOptions = options;
        await bridge.configure();
        if (bridge.isRunning) {
            await bridge.stop();
        }
        await bridge.start();
    };
    const says = (pattern) => until(() => pattern.test(bridge.program.text()), { what: () => `${pattern} in\n${bridge.program.text()}`, timeout: 20000 });
    /** A message goes through Redis and back. */
    let said = 0;
    const works = async () => {
        await ready();
        const connection = await new SignalRClient(node.url).start();
        await connection.invoke('ChatHub', 'Say', ++said);
        await connection.message((message) => message.M === 'said' && message.A[0] === said, 'what was said');
        await connection.stop();
    };
    const tls = (more = {}) => ({ address: `127.0.0.1:${tlsPort}`, tls: 'yes', tls_authority: authority.certificate, tls_certificate: clientFile, ...more });

    await farm.prepare();
    await run.step('S-1 Redis is not there at the start: it is dialed again and again, at no cost; then it comes', async () => {
        await bridge.start();
        await node.start({ wait: false });
        const open = () => fs.readdirSync(`/proc/${bridge.program.pid}/fd`).length;
        const attempts = () => metric('hubplane_redis_reconnect_total{reason="unreachable"}');
        await until(async () => await attempts() >= 6, { what: 'six attempts', timeout: 20000 });
        const [files, tried] = [open(), await attempts()];
        await until(async () => await attempts() >= tried + 6, { what: 'six more', timeout: 20000 });
        assert.ok(Math.abs(open() - files) <= 4, `${files} descriptors became ${open()}`);
        assert.equal(bridge.program.text().match(/not connected, trying again/g).length, 2, 'one line a connection');
        await redis.start();
        await works();
    });
    await run.step('T-9 blanks, braces and letters of any language in a key', async () => {
        assert.equal(Number(await command('GET', key)), said);
        assert.equal(Number(await command('ZCARD', `{${key}}:hubplane:log`)), said);
    });
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
        await run.step(`T-1 ${version}, an authority of our own, a client certificate`, async () => {
            await command('CONFIG', 'SET', 'tls-protocols', version);
            await restart(tls());
            await works();
        });
    }
    for (const [what, options, words] of [
        ['a certificate for another name', tls({ tls_server_name: 'other.example' }), /is for another host name/],
        ['a certificate of another authority', tls({ tls_authority: stranger.certificate }), /another authority issued it/],
        ['no client certificate', tls({ tls_certificate: undefined }), /the peer requires a certificate|the peer has closed|alert/],
        ['no TLS at the TLS port', { address: `127.0.0.1:${tlsPort}` }, /not connected, trying again/],
        ['TLS at the plain port', tls({ address: `127.0.0.1:${redis.port}` }), /does not speak TLS|TLS handshake/],
    ]) {
        await run.step(`T-1 ${what} is refused, in words`, async () => {
            await restart(options);
            await says(words);
            assert.equal((await request(`http://127.0.0.1:${bridge.adminPort}/ready`)).status, 503);
        });
    }
    await run.step('one that does not speak RESP3 is too old, or no Redis: it is said', async () => {
        const port = await freePort();
        const old = new Program({ name: 'old-redis', command: which('redis-server'), cwd: run.folder, log: path.join(run.folder, 'old-redis.log'),
            args: ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', run.folder, '--rename-command', 'HELLO', ''] });
        run.atEnd(() => old.kill());
        await restart({ address: `127.0.0.1:${port}` });
        await says(/this is no Redis 6\.2 or newer/);
        await old.kill();
    });
    const permissions = ['subscribe', 'ping', 'auth', 'select', 'client|setname', 'eval', 'evalsha', 'incrby', 'publish', 'get', 'set', 'zadd',
        'zrangebyscore', 'zremrangebyrank'];
    const pattern = key.replaceAll(' ', '?'); // which Redis takes for the end of a rule
    const user = (without) => command('ACL', 'SETUSER', 'hubplane', 'reset', 'on', '>secret', `~${pattern}`, `~{${pattern}}:hubplane:*`, `&${pattern}`,
        ...permissions.filter((name) => name !== without).map((name) => `+${name}`));
    const asUser = { address: `127.0.0.1:${redis.port}`, user: 'hubplane', password_file: file('user.password', 'secret\n') };
    await run.step('T-2 an ACL user with just the permissions of the page', async () => {
        await user();
        await restart(asUser);
        await works();
        assert.doesNotMatch(bridge.program.text(), /NOPERM/);
    });
    for (const missing of ['subscribe', 'ping', 'evalsha', 'publish', 'incrby']) {
        await run.step(`T-2 without ${missing}: it is named`, async () => {
            await user(missing);
            await restart(asUser);
            await until(() => bridge.program.text().includes('connected name=node1') || /node1: connected|not connected/.test(bridge.program.text()), { what: 'the node, or a refusal' });
            const connection = new SignalRClient(node.url);
            connection.start().then(() => connection.invoke('ChatHub', 'Say', 'x')).catch(() => {});
            await says(new RegExp(`(NOPERM|can't run this command|no permissions to run).*${missing}`, 'i'));
            connection.cut();
        });
    }
    await run.step('T-3 the password changes while messages flow: nothing is lost', async () => {
        await command('ACL', 'DELUSER', 'hubplane');
        const passwordFile = file('password', 'first\n');
        await command('CONFIG', 'SET', 'requirepass', 'first');
        password = 'first';
        await restart({ address: `127.0.0.1:${redis.port}`, password_file: passwordFile });
        await works();
        const [sender, listener] = [await new SignalRClient(node.url).start(), await new SignalRClient(node.url).start()];
        const sent = [];
        const say = (n) => sent.push(sender.invoke('ChatHub', 'Say', `r${n}`));
        for (let n = 0; n < 20; n++) {
            say(n);
        }
        await command('CONFIG', 'SET', 'requirepass', 'second');
        password = 'second';
        await command('CLIENT', 'KILL', 'TYPE', 'normal').catch(() => {});
        await command('CLIENT', 'KILL', 'TYPE', 'pubsub');
        await until(async () => await metric('hubplane_redis_reconnect_total{reason="refused"}') > 0, { what: 'the old password to be refused', timeout: 20000 });
        for (let n = 20; n < 40; n++) {
            say(n);
        }
        fs.writeFileSync(passwordFile, 'second\n');
        await Promise.all(sent);
        const heard = () => listener.invocations('said').map(([value]) => value).filter((value) => String(value).startsWith('r'));
        await until(() => heard().length >= 40, { what: () => `40 messages; there are ${heard()}`, timeout: 20000 });
        assert.deepEqual(heard(), Array.from({ length: 40 }, (_, n) => `r${n}`));
        [sender, listener].forEach((connection) => connection.cut());
    });
    await run.step('T-6 a farm of the same name in another database: the alarm names the cause, and ours goes on', async () => {
        const other = await RedisClient.connect(redis.port);
        await other.command('AUTH', password);
        await other.command('SELECT', 1);
        await other.command('SET', key, 500000);
        const listener = await new SignalRClient(node.url).start();
        await publishAsDotnet(other, key, encodeFrame([{ source: 'x', key: 'h-ChatHub', value: '{"H":"ChatHub","M":"said","A":["foreign"]}' }]));
        await says(/is a farm with the same key using another database\?/);
        assert.equal(await metric('hubplane_id_unbelievable_total'), 1);
        await works();
        assert.ok(!listener.invocations('said').some(([value]) => value === 'foreign'));
        listener.cut();
        other.close();
    });
});
