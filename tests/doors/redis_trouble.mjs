// SPDX-License-Identifier: MIT
// Goal of this test: trouble at the Redis endpoint has a name and an end. No bridge, a full queue, a lost link, a client
// that does not read, bytes that are not RESP, a node that stops, configurations that cannot be meant.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { startClient } from '../integration/service_apps.mjs';
import { integrationTest } from '../support/integration.mjs';
import { runProgram, until } from '../support/program.mjs';
import { decodeChannelMessage, encodeFrame } from '../support/scaleout.mjs';
import { broadcast, connect, idsOf, key, publish, startRedisDoor } from './redis_door.mjs';

/** Send ${bytes} and wait for the end. Returns all that came. */
function exchange(port, bytes, { half = false } = {}) {
    return new Promise((resolve, reject) => {
        const socket = net.connect(port, '127.0.0.1');
        let answer = '';
        socket.setEncoding('latin1').on('data', (data) => { answer += data; });
        socket.on('close', () => resolve(answer)).on('error', reject);
        socket.setTimeout(20000, () => reject(new Error('the connection stays open')));
        if (half) {
            socket.end(bytes);
        } else {
            socket.write(bytes);
        }
    });
}

await integrationTest('door_redis_trouble', async (run) => {
    const farm = await startRedisDoor(run, { linkOptions: { spool_max: '64KB' } });
    const [node] = farm.nodes;
    const [bridge] = farm.bridges;
    const application = await connect(run, farm.door);
    const subscriber = await connect(run, farm.door);
    await subscriber.subscribe(key);
    const log = () => fs.readFileSync(node.log, 'utf8');

    await run.step('what is not RESP is answered with an error and closed', async () => {
        assert.match(await exchange(farm.door, 'PING\r\n'), /^-ERR Protocol error: commands are arrays.*\r\n$/);
        assert.match(await exchange(farm.door, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'), /^-ERR Protocol error/);
        assert.match(await exchange(farm.door, '*1\r\n$99999999999\r\n'), /^-ERR Protocol error: invalid bulk length/);
        assert.match(await exchange(farm.door, '*1\r\n$99999999\r\n'), /^-ERR Protocol error: the command is too large/);
        assert.match(await exchange(farm.door, '*257\r\n'), /^-ERR Protocol error: too many arguments/);
        assert.match(await exchange(farm.lockedDoor, '*1\r\n$20000\r\n'), /^-ERR Protocol error: the command is too large/);
        assert.equal(await exchange(farm.door, '*2\r\n$4\r\nECHO\r\n$5\r\nab', { half: true }), '', 'truncated');
        assert.equal(await application.command('PING'), 'PONG', 'others go on');
    });
    await run.step('a client that does not read is closed and named; the others go on', async () => {
        const lazy = net.connect(farm.door, '127.0.0.1');
        run.atEnd(() => lazy.destroy());
        lazy.on('error', () => {});
        lazy.pause();
        lazy.write(`*2\r\n$9\r\nSUBSCRIBE\r\n$${key.length}\r\n${key}\r\n`);
        const value = JSON.stringify({ H: 'Nobody', M: 'm', A: ['x'.repeat(30000)] });
        const isNamed = () => /closed: an application does not read what it has subscribed to.*slow-consumer/.test(log());
        for (let i = 0; i < 2000 && !isNamed(); i++) {
            await publish(application, encodeFrame([{ source: 's', key: 'h-Nobody', value }]));
        }
        assert.ok(isNamed(), 'named in the log');
        assert.equal(await subscriber.command('PING').then(String), 'pong,');
    });
    await run.step('the bridge is away: an error after 4 s, withdrawn; a full queue at once; then the application is woken', async () => {
        bridge.kill();
        await until(() => !bridge.isRunning, { what: 'the end of the bridge' });
        const texts = [...Array(4).keys()].map((i) => `withdrawn ${i}`);
        const started = Date.now();
        const outcomes = await Promise.all(texts.map((text) => publish(application, broadcast(text)).catch((error) => error)));
        const elapsed = Date.now() - started;
        for (const outcome of outcomes) {
            // The first may have left before the loss was noticed.
            assert.match(String(outcome), /not published, no bridge has taken the message in time|outcome unknown/);
        }
        assert.ok(elapsed >= 3900 && (elapsed < 5000 || process.env.HUBPLANE_PRESET !== 'linux'), `${elapsed} ms`);
        const large = JSON.stringify({ H: 'Nobody', M: 'm', A: ['x'.repeat(40000)] });
        const waiting = publish(application, encodeFrame([{ source: 's', key: 'h-Nobody', value: large }])).catch((error) => error);
        const full = await publish(await connect(run, farm.door), encodeFrame([{ source: 's', key: 'h-Nobody', value: large }]))
            .catch((error) => error);
        assert.match(String(full), /the queue of this node is full/);
        await waiting;
        const before = subscriber.messages.length;
        await bridge.start();
        // Not asked for by anybody: an empty frame, which .NET servers wait for after an error.
        await until(() => subscriber.messages.slice(before).some((bytes) => decodeChannelMessage(bytes).messages.length === 0),
            { what: 'the empty frame' });
        await publish(application, broadcast('back again'));
        await subscriber.message((bytes) => bytes.includes('back again'), 'the message');
        const unsure = outcomes.filter((outcome) => /outcome unknown/.test(String(outcome))).length;
        const published = texts.filter((text) => subscriber.messages.some((bytes) => bytes.includes(text)));
        assert.ok(published.length <= unsure, `withdrawn, and yet published: ${published}`);
    });
    await run.step('a lost link: what is published elsewhere meanwhile arrives, in order and once', async () => {
        const before = subscriber.messages.length;
        const member = await startClient(node);
        const logged = log().length;
        bridge.program.signal('SIGSTOP');
        const witness = await farm.redis.connect();
        for (let i = 0; i < 20; i++) {
            await witness.command('EVAL', "local id = redis.call('INCR', KEYS[1]) redis.call('PUBLISH', KEYS[1], id .. ' ' .. ARGV[1])",
                1, key, encodeFrame([{ source: crypto.randomUUID(), key: 'h-ChatHub',
                    value: JSON.stringify({ H: 'ChatHub', M: 'broadcastMessage', A: ['dotnet', `missed ${i}`] }) }]));
        }
        await until(() => /link: (lost|closed)/.test(log().slice(logged)), { what: 'the loss of the link', timeout: 20000 });
        bridge.program.signal('SIGCONT');
        await subscriber.message((bytes) => bytes.includes('missed 19'), 'the last message', 30000);
        const ids = idsOf(subscriber.messages.slice(before));
        ids.slice(1).forEach((id, i) => assert.ok(id > ids[i], `${id} after ${ids[i]}`));
        assert.equal(subscriber.messages.slice(before).filter((bytes) => bytes.includes('missed ')).length, 20);
        witness.close();
        await member.stop();
    }, { timeout: 90000 });
    await run.step('configurations that cannot be meant are explained', () => {
        const check = (...changes) => {
            const file = path.join(run.folder, 'wrong.ini');
            fs.writeFileSync(file, changes.reduce((text, [from, to]) => text.replace(from, to),
                fs.readFileSync(node.configuration, 'utf8')));
            const done = runProgram(farm.serviceProgram, ['check', '--config', file]);
            return done.code === 0 ? 'good' : done.stdout + done.stderr;
        };
        assert.equal(check(), 'good');
        assert.match(check([`redis = 127.0.0.1:${farm.door}`, 'redis = 0.0.0.0:6379']), /can be reached from other machines/);
        assert.match(check(['key   = SecondApp', `key = ${key}`]), /\[app chat\] has the key "TestApp" at 127\.0\.0\.1:\d+ already/);
        assert.equal(check([`redis = 127.0.0.1:${farm.door}\n`, '']), 'good');
        assert.match(check([`redis               = 127.0.0.1:${farm.lockedDoor}\n`, '']), /there is no redis to protect/);
        assert.match(check([`127.0.0.1:${farm.lockedDoor}`, `127.0.0.1:${farm.door}`]), /must name the same file/);
        assert.match(check([`redis = 127.0.0.1:${farm.door}`, 'redis = 6379']), /redis/);
    });
    await run.step('a node that stops answers what it has read, and closes', async () => {
        const replies = Promise.all([...Array(50).keys()].map((i) => publish(application, broadcast(`last ${i}`)).then(() => 'published',
            (error) => error.message)));
        await node.stop();
        for (const reply of await replies) {
            assert.match(reply, /^(published|closed)$/);
        }
        await until(() => application.socket.destroyed, { what: 'the end of the connection' });
    });
});
