// SPDX-License-Identifier: MIT
// Goal of this test: what the Event Log gets: stable ids with a sentence and an advice each, and an entry for whatever an
// administrator should hear of; a crash leaves a minidump without secrets as well. Wine keeps no entries, but shows what was
// reported.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { integrationTest } from '../support/integration.mjs';
import { until } from '../support/program.mjs';
import { PaperFarm, control, openWindows, windowsPath } from './windows_fixture.mjs';

const definitions = path.join(import.meta.dirname, '../../service/platform/service_event.def');
const severities = { INFO: 0x40000000, WARN: 0x80000000, ERROR: 0xC0000000 };

await integrationTest('event_log', async (run) => {
    const windows = await openWindows(run, { debug: '+eventlog' });
    const { services: [service], wine } = windows;
    const credentials = new PaperFarm(run.folder).issue('web01');
    const session = fs.statSync(wine.log).size;
    /** Wait until an entry was reported; Wine shows its level and its details, escaped. */
    const reported = (level, details) => until(() => fs.readFileSync(wine.log).subarray(session).toString('utf8')
        .replace(/\\([\\"])/g, '$1').split('\n').some((line) => line.includes(`:${level}:eventlog:ReportEventW L"`) && details.test(line)),
    { what: `an event of level ${level} with ${details}` });

    await run.step('the message table of the program has every event', () => {
        const rows = [...fs.readFileSync(definitions, 'utf8').matchAll(/^SERVICE_EVENT\((\w+), (\d+), (\w+), "[^"]*", "(.*)", "(.*)"\)$/gm)];
        assert.ok(rows.length >= 20);
        for (const [, name, number, level, sentence, advice] of rows) {
            const done = wine.run('wine', windowsPath(windows.tool), 'message', windowsPath(windows.program),
                String(severities[level] + Number(number)));
            const [first, ...rest] = done.output.replaceAll('\r', '').split('\n').filter(Boolean);
            assert.equal(first.toLowerCase(), `${sentence} <detail>`.toLowerCase(), name);
            assert.equal(rest.join(' '), advice.replaceAll('\\"', '"'), name);
        }
    });

    await run.step('a log file that cannot be opened', async () => {
        service.must('install');
        fs.mkdirSync(service.log); // a folder is in the way
        service.scm('start');
        await reported('err', /the log file "C:\\ProgramData\\Hubplane\\hubplane-service\.log" cannot be opened for writing, so nothing is logged/);
        service.scm('stop');
        fs.rmdirSync(service.log);
    });

    await run.step('credentials that an installer cannot import, since nobody sees what it prints', async () => {
        assert.equal(service.run('import-credentials', 'C:\\nowhere.pem').code, 2);
        await reported('err', /: the file "C:\\nowhere\.pem": does not exist: bring the file here, or correct the path"/);
    });

    await run.step('a configuration that is rejected; start, pause, reload, a lost bridge, stop', async () => {
        service.scm('start');
        await reported('err', /: there is no \[app NAME\] section, so nothing would be served: .* mistakes=3"/);
        await service.configure(credentials);
        service.scm('control', control.paramchange);
        await reported('trace', / version=\S+ name=\S+ port=\d+ workers=\d+ apps=1"/);
        service.set('service', 'workers', '1');
        service.scm('control', control.paramchange);
        await reported('trace', /: log_level=info drain_timeout=\d+, limits of clients and certificates"/);
        await reported('warn', /: \[service\] workers"/);
        service.scm('control', control.pause);
        await reported('trace', /: \/health answers 503, present clients stay"/);
        service.scm('control', control.continue);
        await reported('trace', /: \/health answers 200"/);
        await reported('warn', /: none has answered since the start"/);
        service.scm('stop');
        await reported('trace', /ReportEventW L" version=\d+\.\d+\.\d+"/);
    });

    await run.step('a port that is taken', async () => {
        const other = net.createServer();
        await new Promise((resolve) => other.listen(service.adminPort, '127.0.0.1', resolve));
        service.scm('start');
        await reported('err', /: service: another program listens on 127\.0\.0\.1:\d+ already; stop it, or change \[service\] admin"/);
        await new Promise((resolve) => other.close(resolve));
    });

    await run.step('a crash: an entry that names the minidump, in which there is no key', async () => {
        service.scm('start');
        assert.equal(await service.health(), 200);
        assert.equal(service.scm('crash').find((line) => line.exit)?.exit, '0xc0000005');
        await reported('err', /: exception 0xc0000005 at 0x0*10, minidump C:\\ProgramData\\Hubplane\\Hubplane-\d{8}T\d{6}Z\.dmp"/);
        const [name, ...others] = fs.readdirSync(service.folder).filter((file) => file.endsWith('.dmp'));
        assert.deepEqual(others, []);
        const dump = fs.readFileSync(path.join(service.folder, name));
        assert.equal(dump.subarray(0, 4).toString(), 'MDMP');
        const key = Buffer.from(crypto.createPrivateKey(fs.readFileSync(credentials)).export({ format: 'jwk' }).d, 'base64url');
        assert.equal(dump.includes(key), false);
        assert.equal(dump.includes(key.reverse()), false);
    });

    await run.step('after a restart of the machine the service is there by itself', async () => {
        // The delay of a delayed start, two minutes by default, which Wine 10 keeps.
        const delay = ['HKLM\\SYSTEM\\CurrentControlSet\\Control', 'AutoStartDelay'];
        wine.registryAdd(...delay, '1000', 'REG_DWORD');
        run.atEnd(() => wine.registryDelete(...delay)); // the next test has the same prefix
        await wine.close();
        await wine.open();
        await until(() => service.state() === 'RUNNING', { what: 'RUNNING' });
        assert.equal(await service.health(), 200);
    });
});
