// SPDX-License-Identifier: MIT
// Goal of this test: whatever is wrong at the start, the operator reads one clear line and gets the right exit code;
// and whatever starts first, the farm comes together by itself.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Farm } from '../support/farm.mjs';
import { integrationTest } from '../support/integration.mjs';
import { freePort } from '../support/ports.mjs';
import { patience, Program, runProgram, until } from '../support/program.mjs';
import { SignalRClient, request } from '../support/signalr_client.mjs';
import { fence, serviceApps, startClient } from './service_apps.mjs';

/**
 * Start a node with ${text}; it must end by itself with ${code}, say ${sentence} in its first lines once, and nothing
 * but a last line that sums up.
 */
function endsWith(farm, text, code, sentence, mistakes = 1) {
    const file = path.join(farm.folder, 'bad.ini');
    fs.writeFileSync(file, text);
    const done = runProgram(farm.serviceProgram, ['run', '--config', file], { timeout: 10000 });
    const output = done.stderr.trimEnd();
    assert.equal(done.code, code, `exit code; it said ${output}`);
    const lines = output.split('\n');
    const wrong = lines.filter((line) => !/service: (the configuration was rejected|could not start)/.test(line));
    assert.ok(lines.length - wrong.length <= 1, `one line that sums up; it said\n${output}`);
    assert.equal(wrong.filter((line) => sentence.test(line)).length, 1, `one line like ${sentence}; it said\n${output}`);
    assert.equal(wrong.length, mistakes, `${mistakes} mistakes; it said\n${output}`);
}

/** Connect to ${port} again and again until one is let in, ${count} at a time. Returns what ends it. */
function knock(port, count) {
    const sockets = new Set();
    let isOver = false;
    const once = () => {
        const socket = net.connect(port, '127.0.0.1');
        sockets.add(socket);
        socket.on('error', () => {
            sockets.delete(socket);
            if (!isOver) {
                setImmediate(once);
            }
        });
    };
    for (let i = 0; i < count; i++) {
        once();
    }
    return () => {
        isOver = true;
        sockets.forEach((socket) => socket.destroy());
    };
}

await integrationTest('service_start', async (run) => {
    const farm = new Farm(run.folder, { nodes: 1, apps: serviceApps() });
    run.atEnd(() => farm.close());
    await farm.prepare();
    const [node] = farm.nodes;
    const [bridge] = farm.bridges;
    const good = fs.readFileSync(node.configuration, 'utf8');
    const starts = () => runProgram(farm.serviceProgram, ['check', '--config', node.configuration]).code;

    await run.step('a good configuration passes the check', () => assert.equal(starts(), 0));
    await run.step('help is there after a verb as well; what a verb does not take is an error', () => {
        const service = (...args) => runProgram(farm.serviceProgram, args, { timeout: 10000 });
        for (const args of [['--help'], ['help'], ['check', '--help'], ['run', '-h'], ['help', 'check']]) {
            const done = service(...args);
            assert.equal(done.code, 0, args.join(' '));
            assert.match(done.stdout, /^usage: hubplane-service VERB/, args.join(' '));
        }
        for (const [wrong, ...args] of [['again', 'run', 'again'], ['--purge', 'check', '--purge'], ['frobnicate', 'frobnicate'],
            ['--frobnicate', 'status', '--frobnicate'], ['--json', 'run', '--json']]) {
            const done = service(...args, '--config', node.configuration);
            assert.equal(done.code, 2, args.join(' '));
            assert.match(done.stderr, new RegExp(`^hubplane-service: .*${wrong}.*help`), args.join(' '));
        }
    });
    await run.step('an unknown option: line, name and a proposal, exit code 2', () =>
        endsWith(farm, good.replace('listen =', 'listn ='), 2, /bad\.ini:\d+: .*listn.*listen/));
    await run.step('an unknown section', () => endsWith(farm, `${good}\n[servce]\nname = x\n`, 2, /servce/));
    await run.step('a wrong type', () => endsWith(farm, good.replace(/workers = .*/, 'workers = many'), 2, /workers.*many/));
    await run.step('every mistake is told, not only the first', () => {
        const bad = good.replace(/workers = .*/, 'workers = many').replace('listen =', 'listn =');
        endsWith(farm, bad, 2, /listn/, 2);
        endsWith(farm, bad, 2, /many/, 2);
    });
    await run.step('a bad relay rule: file, line and column', () =>
        endsWith(farm, good.replace('Send              = all.broadcastMessage', 'Send = everyone.say'), 2,
            /bad\.ini:\d+: .*\[hub chat\/ChatHub\] Send: .*column/));
    await run.step('no app', () => endsWith(farm, good.slice(0, good.indexOf('; The apps')), 2, /no \[app NAME\] section/));
    await run.step('a proxy that is no address', () =>
        endsWith(farm, good.replace('[service]\n', '[service]\ntrusted_proxies = 192.0.2.1, proxy.example\n'), 2,
            /\[service\] trusted_proxies: "proxy\.example" is not an address such as/));
    await run.step('addresses that are none, at their line', () => {
        for (const [line, wrong] of [['listen = 127.0.0.1', '"127.0.0.1" must be HOST:PORT'], ['listen = a:1, b:99999', '"b:99999" must be'],
            ['listen =', '"" must be HOST:PORT'], ['admin = 8081', 'must be HOST:PORT']]) {
            const text = good.replace(new RegExp(`^${line.split(' ')[0]} = .*`, 'm'), line);
            const at = text.split('\n').indexOf(line) + 1;
            endsWith(farm, text, 2, new RegExp(`bad\\.ini:${at}: \\[service\\] .*${wrong}`));
        }
        endsWith(farm, good.replace(/address = .*/, 'address = redis-host'), 2, /bad\.ini:\d+: \[bridge\] address = redis-host: "redis-host" must be/);
    });
    await run.step('one address for two things', () =>
        endsWith(farm, good.replace(/^admin = .*/m, `admin = 127.0.0.1:${node.port}`), 2, /bad\.ini:\d+: \[service\] admin: .* where clients connect/));
    await run.step('an origin that no browser sends', () =>
        endsWith(farm, `${good}\n[app other]\npath = /other\norigins = https://a.example, https://b.example/\n`, 2,
            /bad\.ini:\d+: \[app other\] origins: "https:\/\/b\.example\/" is not/));
    await run.step('no bridge address', () => endsWith(farm, good.replace(/address = .*/, ''), 2, /\[bridge\] address is missing/));
    await run.step('a missing configuration file', () => {
        const done = runProgram(farm.serviceProgram, ['run', '--config', path.join(run.folder, 'none.ini')]);
        assert.equal(done.code, 2);
        assert.match(done.stderr, /none\.ini/);
    });
    await run.step('missing credentials', () =>
        endsWith(farm, good.replace(/credentials = .*/, 'credentials = nowhere.pem'), 2, /credentials ".*\/nowhere\.pem"/));
    await run.step('credentials that are no PEM', () => {
        const file = path.join(run.folder, 'junk.pem');
        fs.writeFileSync(file, 'junk\n');
        endsWith(farm, good.replace(/credentials = .*/, `credentials = ${file}`), 2, /credentials.*junk\.pem/);
    });
    await run.step('a port in use', async () => {
        const taken = net.createServer();
        await new Promise((resolve) => taken.listen(node.port, '127.0.0.1', resolve));
        try {
            endsWith(farm, good, 1, new RegExp(`127\\.0\\.0\\.1:${node.port}.*\\[service\\] listen`));
        } finally {
            taken.close();
        }
    });
    await run.step('clients that come before the start has failed do not keep it from ending', async () => {
        // Names take time to be resolved: time for clients to come.
        const file = path.join(run.folder, 'slow.ini');
        fs.writeFileSync(file, good.replace(/^listen = .*/m, `$&${', localhost:0'.repeat(15)}`));
        const taken = net.createServer();
        await new Promise((resolve) => taken.listen(node.adminPort, '127.0.0.1', resolve));
        try {
            for (let round = 0; round < 10; round++) {
                const stop = knock(node.port, 20);
                const program = new Program({ name: 'node', command: farm.serviceProgram,
                    args: ['run', '--config', file], log: path.join(run.folder, 'knocked.log') });
                try {
                    await until(() => program.exit, { what: 'the end of the node' });
                } finally {
                    stop();
                    await program.kill();
                }
                assert.equal(program.exit.code, 1, program.text());
                assert.equal(program.alarm(), '');
            }
        } finally {
            taken.close();
        }
    });
    await run.step('no verb, unknown verb, value missing', () => {
        for (const args of [[], ['dance'], ['run', '--config'], ['run', '--colour', 'red']]) {
            const done = runProgram(farm.serviceProgram, args);
            assert.equal(done.code, 2, args.join(' '));
            assert.notEqual(done.stderr, '');
        }
    });
    await run.step('version, help and sample print and succeed', () => {
        for (const args of [['version'], ['--version'], ['help'], ['--help'], ['help', 'options'], ['sample']]) {
            const done = runProgram(farm.serviceProgram, args);
            assert.equal(done.code, 0, args.join(' '));
            assert.notEqual(done.stdout, '');
        }
    });
    await run.step('the sample is a valid configuration but for what only the operator knows', () => {
        const file = path.join(run.folder, 'sample.ini');
        fs.writeFileSync(file, runProgram(farm.serviceProgram, ['sample']).stdout +
            `\n[bridge]\naddress = localhost:7443\ncredentials = ${node.credentials}\n[app one]\n`);
        const done = runProgram(farm.serviceProgram, ['check', '--config', file]);
        assert.equal(done.code, 0, done.stderr);
    });

    // The order of starting. The node goes first.
    let client = null;
    const status = (...args) => runProgram(farm.serviceProgram, ['status', '--config', node.configuration, ...args]);
    await run.step('status of a node that does not run', () => {
        const done = status();
        assert.equal(done.code, 1);
        assert.match(done.stderr, new RegExp(`No node answers at 127\\.0\\.0\\.1:${node.adminPort}`));
    });
    await run.step('a node without a bridge starts, serves, and says what it waits for', async () => {
        await node.start({ wait: false });
        await until(() => node.admin('/live'), { what: '/live' });
        assert.equal(await node.admin('/ready'), false);
        assert.equal((await request(`${node.origin}/health`)).status, 200, '/health is for load balancers');
        await until(() => /no bridge at 127\.0\.0\.1:\d+/.test(node.program.text()), { what: 'a line about the bridge' });
        const lines = node.program.text().split('\n').filter((line) => /no bridge at/.test(line));
        assert.ok(lines.length <= 2, `repeats are limited:\n${lines.join('\n')}`);
    });
    await run.step('status of a node without a bridge: a table that says so, exit code 1', () => {
        const done = status();
        assert.equal(done.code, 1);
        assert.match(done.stdout, /^State +NOT READY: no bridge answers/m);
        assert.match(done.stdout, /^Bridge +\S+, NOT LINKED$/m);
        assert.match(done.stdout, /^Certificate +expires 20\d\d-\d\d-\d\d, in \d+ days$/m);
        assert.match(done.stdout, /^chat +\S+ +waiting +0 +0 in 0 B$/m);
    });
    await run.step('negotiate works without a bridge, or refuses at once', async () => {
        const answer = await request(`${node.url}/negotiate?clientProtocol=2.1`);
        assert.ok([200, 503].includes(answer.status), `status ${answer.status}`);
    });
    await run.step('a bridge without Redis starts, takes the node, and says what it waits for', async () => {
        await bridge.start();
        await until(() => /redis/i.test(bridge.program.text()), { what: 'a line about Redis' });
        await until(() => /link.*(open|up)|bridge.*connected/i.test(node.program.text()) || bridge.isRunning,
            { what: 'the link' });
        assert.ok(bridge.isRunning && node.isRunning);
    });
    await run.step('with Redis there, everything comes together by itself', async () => {
        await farm.redis.start();
        await until(() => node.admin('/ready'), { what: '/ready', timeout: 20000 });
        client = await startClient(node);
        await fence(client, client);
    });
    await run.step('status of a node at work: clients, messages and apps, exit code 0; the same as JSON', () => {
        const done = status();
        assert.equal(done.code, 0, done.stderr);
        assert.match(done.stdout, /^State +ready$/m);
        assert.match(done.stdout, new RegExp(`^Clients at +\\S+:${node.port}, 1 connections, [1-9]\\d* sockets$`, 'm'));
        assert.match(done.stdout, /^Bridge +\S+, linked to \S+$/m);
        assert.match(done.stdout, /^Messages +[1-9]\d* published, [1-9]\d* received, [1-9]\d* sent to clients, 0 lost$/m);
        assert.match(done.stdout, /^chat +\S+ +open +[1-9]\d* +0 in 0 B$/m);
        const json = JSON.parse(status('--json').stdout);
        assert.equal(json.ready, true);
        assert.equal(json.connections, 1);
        assert.equal(json.apps[0].state, 'open');
        assert.ok(json.published > 0 && json.received > 0 && json.sent > 0 && json.uptime_ms > 0, JSON.stringify(json));
    });
    await run.step('Redis gone and back: the farm goes on', async () => {
        await farm.redis.stop();
        const pending = client.invoke('ChatHub', 'Send', 'while', 'away');
        await until(() => /redis/i.test(bridge.program.text()), { what: 'a line about Redis' });
        await farm.redis.start();
        await pending;
        await client.message((message) => message.A?.[1] === 'away', 'the message sent meanwhile', 20000);
        await fence(client, client);
        // Redis came back empty: the ids that are skipped are void, not lost.
        assert.doesNotMatch(bridge.program.text(), /messages were lost/);
        assert.doesNotMatch(node.program.text(), /messages are lost/);
    });
    await run.step('a bridge gone and back: the farm goes on', async () => {
        await bridge.kill();
        const pending = client.invoke('ChatHub', 'Send', 'no', 'bridge');
        await bridge.start();
        await pending;
        await client.message((message) => message.A?.[1] === 'bridge', 'the message sent meanwhile', 20000);
        await fence(client, client);
        assert.equal(client.invocations('broadcastMessage').filter(([, text]) => text === 'bridge').length, 1);
    });
    await run.step('SIGTERM while clients are connected: ends in time, with 0', async () => {
        const started = Date.now();
        await node.stop();
        assert.ok(Date.now() - started < 20000 * patience);
        await until(() => client.ended, { what: 'the end of the client' });
    });
    await run.step('a foreign farm\'s certificate is refused, in words', async () => {
        const other = new Farm(fs.mkdtempSync(path.join(run.folder, 'other-')), { nodes: 1 });
        await other.prepare();
        node.port = await freePort();
        node.adminPort = await freePort();
        await node.configure();
        fs.copyFileSync(other.nodes[0].credentials, node.credentials);
        await node.start({ wait: false });
        await until(() => /no bridge at/.test(node.program.text()), { what: 'a line about the refusal' });
        assert.equal(await node.admin('/ready'), false);
        assert.match(bridge.program.text(), /certificate|authority|farm/i);
        await node.stop();
    });
    await run.step('SIGTERM while a bridge is dialled that does not answer: the attempt is given up', async () => {
        let dialled = 0;
        const mute = net.createServer(() => { dialled++; }).listen(0, '127.0.0.1');
        await until(() => mute.listening, { what: 'the mute bridge' });
        const text = fs.readFileSync(node.configuration, 'utf8');
        const address = `address = 127.0.0.1:${mute.address().port}\nconnect_timeout = 60s`;
        fs.writeFileSync(node.configuration, text.replace(/^address *=.*$/m, address));
        await node.start({ wait: false });
        await until(() => dialled > 0, { what: 'an attempt' });
        await node.stop(); // waits 20 s at most
        mute.close();
    });
});
