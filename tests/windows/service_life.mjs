// SPDX-License-Identifier: MIT
// Goal of this test: an administrator's day with the service: install, start without a configuration, complete it, pause,
// continue, reload, stop, uninstall; every state as the service control manager should see it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { integrationTest } from '../support/integration.mjs';
import { until } from '../support/program.mjs';
import { PaperFarm, control, openWindows, windowsPath } from './windows_fixture.mjs';

await integrationTest('service_life', async (run) => {
    const windows = await openWindows(run);
    const [service] = windows.services;
    const credentials = new PaperFarm(run.folder).issue('web01');

    await run.step('install quotes the path, takes the virtual account, starts by itself, has time at shutdown', async () => {
        service.must('install');
        const config = windows.wine.run('wine', windowsPath(windows.tool), 'config', service.name).output;
        assert.match(config, /^command="Z:\\.*\\hubplane-service\.exe" run --name "Hubplane"\r?$/m);
        assert.match(config, /^account=NT SERVICE\\Hubplane\r?$/m);
        assert.match(config, /^start=2\r?$/m);
        assert.match(config, /^preshutdown=45000\r?$/m);
    });

    await run.step('a second install says what to do and changes nothing', async () => {
        const again = service.run('install');
        assert.equal(again.code, 1);
        assert.match(again.output, /already: choose another --name, or add --update/);
    });

    await run.step('without a configuration it runs, says what is missing and waits', async () => {
        const states = service.scm('start').map((status) => status.state);
        assert.equal(states.at(-1), 'RUNNING');
        await service.logs(/\[bridge\] address is missing: name the bridge/);
        await service.logs(/\[bridge\] credentials is missing/);
        await service.logs(/the configuration was rejected: .* mistakes=3/);
        await service.logs(/waiting until the configuration is usable/);
        const check = service.run('check');
        assert.equal(check.code, 2);
        assert.match(check.output, /3 mistakes in the configuration/);
    });

    await run.step('a wrong --set is refused before anything is written', async () => {
        const wrong = service.run('install', '--update', '--set', 'bridge.adress=a:1');
        assert.equal(wrong.code, 2);
        assert.match(wrong.output, /\[bridge\] adress: unknown option; did you mean address\?/);
    });

    await run.step('when the configuration is complete it goes on by itself', async () => {
        await service.configure(credentials, ['service.drain_timeout=2s']);
        await service.logs(/started version=/);
        assert.equal(await service.health(), 200);
        assert.equal(service.state(), 'RUNNING');
    });

    await run.step('the imported key is protected, and nobody else may read its file', async () => {
        assert.equal(fs.statSync(path.join(service.folder, 'credentials.pem')).mode & 0o007, 0);
        const stored = fs.readFileSync(path.join(service.folder, 'credentials.pem'), 'utf8');
        assert.match(stored, /BEGIN HUBPLANE PROTECTED KEY/);
        assert.doesNotMatch(stored, /PRIVATE KEY/);
    });

    await run.step('credentials that others can read are a warning of import-credentials, check and the service', async () => {
        const from = service.text().length;
        const open = path.join(run.folder, 'open.pem');
        fs.copyFileSync(credentials, open);
        fs.chmodSync(open, 0o644);
        assert.match(service.must('import-credentials', windowsPath(open)), /warning: the original .* can be read by other users/);
        assert.doesNotMatch(service.must('import-credentials', windowsPath(credentials)), /warning/);
        assert.doesNotMatch(service.must('check'), /can be read by/);
        service.set('bridge', 'credentials', windowsPath(open));
        assert.match(service.must('check'), /\[bridge\] credentials ".*open\.pem" can be read by every user/);
        service.scm('control', control.paramchange);
        await service.logs(/credentials are readable by others: .*open\.pem" can be read by every user/, from);
        service.must('import-credentials', windowsPath(credentials));
    });

    await run.step('status asks both the service control manager and the node', async () => {
        const status = service.run('status');
        assert.match(status.output, /^Service +RUNNING/m);
        assert.match(status.output, /^State +NOT READY: no bridge answers/m);
        assert.match(status.output, /^chat +\S+ +waiting +0 +0 in 0 B/m);
        assert.equal(status.code, 1);
    });

    await run.step('pause turns the load balancer away, continue brings it back', async () => {
        assert.equal(service.scm('control', control.pause).length, 1);
        await until(() => service.state() === 'PAUSED', { what: 'PAUSED' });
        assert.equal(await service.health(), 503);
        service.scm('control', control.continue);
        await until(() => service.state() === 'RUNNING', { what: 'RUNNING' });
        assert.equal(await service.health(), 200);
        assert.equal(service.scm('control', control.interrogate)[0].state, 'RUNNING');
    });

    await run.step('paramchange reloads and names what needs a restart', async () => {
        const from = service.text().length;
        service.set('service', 'log_level', 'debug');
        service.set('service', 'workers', '1', 'REG_DWORD');
        service.scm('control', control.paramchange);
        await service.logs(/configuration reloaded: log_level=debug/, from);
        await service.logs(/these changed options need a restart: \[service\] workers\n/, from);
    });

    await run.step('a rejected reload leaves the node as it is', async () => {
        const from = service.text().length;
        service.set('service', 'log_level', 'loud');
        service.scm('control', control.paramchange);
        await service.logs(/Parameters\\service\\log_level.*loud/, from);
        await service.logs(/the configuration was rejected/, from);
        assert.equal(await service.health(), 200);
        service.set('service', 'log_level', 'info');
    });

    await run.step('stop drains under STOP_PENDING and reports STOPPED last', async () => {
        // A request whose body is still to come keeps the node draining.
        const socket = net.connect(service.port, '127.0.0.1');
        socket.on('error', () => {});
        socket.write('POST /signalr/send HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n');
        await new Promise((resolve) => setTimeout(resolve, 1000));
        const started = Date.now();
        const states = service.scm('stop');
        socket.destroy();
        assert.deepEqual([...new Set(states.map((status) => status.state))], ['STOP_PENDING', 'STOPPED']);
        assert.ok(states.some((status) => Number(status.hint) >= 2000), JSON.stringify(states));
        assert.ok(Date.now() - started > 1500, 'it did not wait for the request');
        assert.equal(states.at(-1).exit, '0');
        assert.match(service.text(), /service: stopped version=.*\n$/);
    });

    await run.step('start goes through START_PENDING and is RUNNING only when it listens', async () => {
        const states = service.scm('start').map((status) => status.state);
        assert.equal(states.at(-1), 'RUNNING');
        assert.ok(states.every((state) => ['START_PENDING', 'RUNNING'].includes(state)), states.join());
        assert.equal(await service.health(), 200);
        service.scm('stop');
    });

    await run.step('stopped the moment it runs, again and again', async () => {
        for (let i = 0; i < 20; i++) {
            assert.equal(service.scm('start').at(-1).state, 'RUNNING');
            assert.equal(service.scm('stop').at(-1).state, 'STOPPED');
        }
    });

    await run.step('uninstall --purge leaves nothing', async () => {
        service.scm('start');
        service.must('uninstall', '--purge');
        assert.equal(fs.existsSync(service.folder), false);
        const key = windows.wine.run('wine', 'reg', 'query', 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Hubplane');
        assert.notEqual(key.code, 0);
        const gone = service.run('uninstall');
        assert.equal(gone.code, 1);
        assert.match(gone.output, /there is no service "Hubplane"/);
    });

    await run.step('a file named at installation is what every verb reads, until an update names another', () => {
        const write = (name) => {
            const file = path.join(run.folder, `${name} file.ini`);
            fs.writeFileSync(file, `[service]\n${name} = 1\n`);
            return windowsPath(file);
        };
        const [first, second] = [write('first'), write('second')];
        service.must('install', '--config', first);
        assert.match(service.run('check').output, /first file\.ini:2: \[service\] first: unknown option/);
        service.must('install', '--update', '--config', second);
        for (const _ of ['at once', 'after an update that names none']) {
            const { output } = service.run('check');
            assert.match(output, /second file\.ini:2: \[service\] second: unknown option/);
            assert.doesNotMatch(output, /first file/);
            service.must('install', '--update');
        }
        service.must('uninstall', '--purge');
    });
});
