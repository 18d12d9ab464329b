// SPDX-License-Identifier: MIT
// Goal of this test: who belongs to the farm is decided at the command line, and running bridges and nodes follow
// within seconds: list, revoke, new certificates for node and bridge, warnings, and what the operator can look at.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Farm } from '../support/farm.mjs';
import { integrationTest } from '../support/integration.mjs';
import { until } from '../support/program.mjs';
import { request } from '../support/signalr_client.mjs';
import { assertHeard, fence, startClient } from './service_apps.mjs';

const seconds = 5000; // "within seconds": the bridge looks every second

await integrationTest('trust_farm', async (run) => {
    const farm = new Farm(run.folder, { bridges: 2, nodes: 3 });
    run.atEnd(() => farm.close());
    const [bridge, bridge2] = farm.bridges;
    const [node1, node2, node3] = farm.nodes;
    await farm.prepare();
    const only = (server) => fs.readFileSync(node3.configuration, 'utf8').replace(/^address = .*/m, `address = 127.0.0.1:${server.port}`);
    fs.writeFileSync(node3.configuration, only(bridge2));
    for (const server of [farm.redis, bridge, bridge2, node1, node2, node3]) {
        await server.start();
    }

    const command = (...args) => {
        const done = bridge.command(...args);
        assert.equal(done.code, 0, `${args.join(' ')}: ${done.stderr}`);
        return done.stdout;
    };
    const serialOf = (name) => command('list').split('\n').filter((line) => line.startsWith(`${name} `)).pop().split(/ +/)[2];
    const logged = (server, pattern, from = 0) => server.program.text().slice(from).match(pattern);
    const metric = async (name) => {
        const page = (await request(`http://127.0.0.1:${bridge.adminPort}/metrics`)).body;
        return Number(new RegExp(`^hubplane_${name} (.*)$`, 'm').exec(page)[1]);
    };
    const reload = async (server, pattern) => {
        const from = server.program.text().length;
        server.program.signal('SIGHUP');
        await until(() => logged(server, pattern, from), { what: `${pattern} after a reload` });
    };
    const secrets = () => fs.readFileSync(path.join(farm.stateFolder, 'secrets/key-ChatApp'), 'utf8').trim().split('\n');

    const client1 = await startClient(node1);
    const client2 = await startClient(node2, { transport: 'serverSentEvents' });
    await fence(client1, client2);

    await run.step('list names every certificate', () => {
        const lines = command('list').trim().split('\n');
        assert.match(lines[0], /^NAME +ROLE +SERIAL +EXPIRES +STATE +APPS$/);
        assert.deepEqual(lines.slice(1).map((line) => line.split(/ +/)).map(([name, role, , , state, apps]) =>
            [name, role, state, apps]),
        [...['node1', 'node2', 'node3'].map((name) => [name, 'node', 'valid', '*']), ['bridge1', 'bridge', 'valid', '*']]);
    });
    await run.step('status shows nodes and apps, as a table and as JSON', async () => {
        const table = command('status');
        assert.match(table, /^Bridge +bridge1 \S+, running, up \d+s$/m);
        assert.match(table, /^node1 +127\.0\.0\.1:\d+ .*ChatApp$/m);
        assert.match(table, /^ChatApp +open +\d+ +2 /m);
        const json = JSON.parse(command('status', '--json'));
        assert.deepEqual(json.nodes.map((one) => one.name).sort(), ['node1', 'node2']);
        assert.equal(json.apps[0].nodes, 2);
        assert.equal(json.ready, true);
        for (const page of ['/live', '/ready', '/metrics', '/']) {
            assert.equal((await request(`http://127.0.0.1:${bridge.adminPort}${page}`)).status, 200);
        }
        assert.equal((await request(`http://127.0.0.1:${bridge.adminPort}/x`)).status, 404);
        assert.equal((await request(`http://127.0.0.1:${bridge.adminPort}/`, { method: 'POST' })).status, 405);
        assert.equal(await metric('links'), 2);
    });
    await run.step('revoking works on every bridge, and on the link that is open', async () => {
        const nodesThere = () => JSON.parse(bridge2.command('status', '--json').stdout).nodes.map((one) => one.name);
        assert.deepEqual(nodesThere(), ['node3']);
        assert.match(command('revoke', 'node3', '--keep-secrets'), /^Revoked 1 certificate of node3; 0 apps have new token secrets\.$/m);
        await until(() => nodesThere().length === 0, { what: 'the end of the link', timeout: seconds, step: 100 });
        await until(() => logged(node3, /the certificate has been revoked; issue a new one/), { what: 'the reason' });
        await fence(client1, client2);
        await node3.stop();
        await bridge2.stop();
    });
    await run.step('a new certificate of the bridge is taken over without losing a node', async () => {
        const links = await metric('links_accepted_total');
        fs.writeFileSync(path.join(farm.stateFolder, 'bridge.pem'), command('issue', 'bridge1', '--bridge', '--days', '400'));
        await reload(bridge, /read anew/);
        await until(async () => Math.round(await metric('certificate_expires_seconds') / 86400) === 400,
            { what: 'the new date in the metrics' });
        assert.equal(await metric('links_accepted_total'), links);
        await fence(client1, client2);
    });
    await run.step('a new certificate of a node is taken over without losing a client', async () => {
        const old = serialOf('node1');
        fs.writeFileSync(node1.credentials, command('issue', 'node1', '--days', '20'));
        const fresh = serialOf('node1');
        assert.notEqual(fresh, old);
        await reload(node1, /reload|anew/i);
        assert.match(command('revoke', old, '--keep-secrets'), /^Revoked 1 certificate of .*; 0 apps have new token secrets\.$/m);
        await until(() => logged(bridge, new RegExp(`node1: connected .*${fresh.slice(0, 16)}`, 'i')),
            { what: 'the link with the new certificate', timeout: seconds });
        assert.equal(client1.ended, null, 'the client noticed nothing');
        await fence(client1, client2);
        await fence(client2, client1);
    });
    await run.step('a certificate that expires in less than 30 days is warned about', async () => {
        assert.match(bridge.program.text(), /warn node node1: its certificate expires in (19|20) days/);
        await until(async () => await metric('node_certificate_expires_seconds') < 21 * 86400, { what: 'the metric' });
        assert.doesNotMatch(bridge.program.text(), /node2: its certificate expires/);
        await until(() => logged(node1, /warn link: the certificate of this node expires soon: days_left=(19|20)$/m), { what: 'the same at the node' });
        const page = (await request(`http://127.0.0.1:${node1.adminPort}/metrics`)).body;
        const [, expires] = /^hubplane_certificate_expires_timestamp_seconds (\d+)$/m.exec(page);
        assert.equal(Math.round((expires - Date.now() / 1000) / 86400), 20);
    });
    await run.step('a revoked node is thrown out within seconds and stays out; the others notice nothing', async () => {
        const from = client2.invocations('broadcastMessage').length;
        const before = secrets();
        assert.match(command('revoke', 'node1'), /^Revoked 1 certificate of node1; 1 app has new token secrets\.$/m);
        await until(() => !JSON.parse(command('status', '--json')).nodes.some((one) => one.name === 'node1'),
            { what: 'the end of the link', timeout: seconds, step: 100 });
        await until(async () => await metric('links_revoked_total') > 3, { what: 'refusals', timeout: seconds });
        assert.match(node1.program.text(), /the certificate has been revoked; issue a new one/);
        assert.equal(await node1.admin('/ready'), false);
        await fence(client2, client2);
        assertHeard(client2, [], from);
        const after = secrets();
        const hex = (line) => line.split(' ')[0];
        assert.notEqual(hex(after[0]), hex(before[0]));
        assert.equal(hex(after[1]), hex(before[0]), 'the former secret is the previous one');
        assert.equal(command('revoke', 'node1'), 'Every certificate of node1 had been revoked before.\n');
    });
    await run.step('tokens of before are good for a while, so that clients need not start anew', async () => {
        client2.cut();
        await client2.reconnect();
        await fence(client2, client2);
    });
    await run.step('with --now they are not', async () => {
        command('issue', 'stray');
        command('revoke', 'stray', '--now');
        assert.equal(secrets().length, 1);
        await until(() => logged(bridge, /token secrets have changed count=1/), { what: 'new secrets', timeout: seconds });
        await until(async () => (await request(client2.transportEndpoint('/ping'))).status === 200 &&
            (await request(client2.transportEndpoint('/reconnect'), { timeout: 1000 }).catch(() => ({}))).status >= 400,
        { what: 'the old token refused', timeout: seconds });
        const fresh = await startClient(node2);
        await fence(fresh, fresh);
        fresh.cut();
    });
    await run.step('a new certificate lets the node in again', async () => {
        fs.writeFileSync(node1.credentials, command('issue', 'node1'));
        node1.program.signal('SIGHUP');
        await until(() => node1.admin('/ready'), { what: '/ready', timeout: 2 * seconds });
    });
    await run.step('a node opens only the apps that its certificate names', async () => {
        fs.writeFileSync(node2.credentials, command('issue', 'node2', '--apps', 'Other,ChatApp2'));
        await node2.stop();
        await node2.start({ wait: false });
        await until(() => logged(node2, /certificate does not name this app/), { what: 'the refusal' });
        assert.equal(await node2.admin('/ready'), false);
        assert.match(command('list'), /^node2 .* Other,ChatApp2$/m);
    });
    await run.step('a reload takes what may change, and names the rest', async () => {
        const text = fs.readFileSync(bridge.configuration, 'utf8');
        fs.writeFileSync(bridge.configuration, `${text.replace('log_level = info', 'log_level = warn')
            .replace(/listen = .*/, 'listen = 127.0.0.1:1')}[app News]\nhistory_max = 1MB\n`);
        await reload(bridge, /warn bridge: these changes need a restart: \[bridge\] listen, \[app News\]/);
        fs.writeFileSync(bridge.configuration, `${text}[nonsense]\n`);
        await reload(bridge, /error bridge: the new configuration is not used; it has mistakes/);
        assert.match(bridge.program.text(), /nonsense/);
        assert.doesNotMatch(bridge.program.text().split('need a restart').pop(), / info /);
        fs.writeFileSync(bridge.configuration, text);
        await reload(bridge, / info bridge: configuration and credentials were read anew/);
    });
    await run.step('credentials that cannot be used leave the old ones in use', async () => {
        const file = path.join(farm.stateFolder, 'bridge.pem');
        const good = fs.readFileSync(file);
        fs.writeFileSync(file, 'junk\n');
        await reload(bridge, /credentials of before stay in use/);
        fs.writeFileSync(file, good);
        await node1.stop();
        await node1.start();
    });
    await run.step('a bridge that has the authority renews its own certificate', async () => {
        const file = path.join(farm.stateFolder, 'bridge.pem');
        fs.writeFileSync(file, command('issue', 'bridge1', '--bridge', '--days', '10'));
        const serial = serialOf('bridge1');
        await bridge.stop();
        await bridge.start();
        await until(async () => await metric('certificate_expires_seconds') > 700 * 86400, { what: 'the new certificate' });
        assert.notEqual(serialOf('bridge1'), serial);
        assert.doesNotMatch(bridge.program.text(), /certificate of this bridge expires/);
    });
    await run.step('one that has not asks for it', async () => {
        fs.writeFileSync(path.join(farm.stateFolder, 'bridge.pem'), command('issue', 'bridge1', '--bridge', '--days', '10'));
        fs.renameSync(path.join(farm.stateFolder, 'authority.key'), path.join(run.folder, 'authority.key'));
        await bridge.stop();
        await bridge.start();
        await until(() => logged(bridge, /warn bridge: the certificate of this bridge expires in \d+ days/), { what: 'a warning' });
    });
    await run.step('without a running bridge, status says so', async () => {
        await bridge.stop();
        const done = bridge.command('status');
        assert.equal(done.code, 1);
        assert.match(done.stderr, /^hubplane-bridge: no bridge answers at 127\.0\.0\.1:\d+ .*is it running\?.*\n$/);
    });
});
