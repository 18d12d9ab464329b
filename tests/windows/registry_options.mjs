// SPDX-License-Identifier: MIT
// Goal of this test: options from the registry: each type, wrong types, and that they win over the file.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { integrationTest } from '../support/integration.mjs';
import { PaperFarm, openWindows, windowsPath } from './windows_fixture.mjs';

await integrationTest('registry_options', async (run) => {
    const { services: [service] } = await openWindows(run);
    const credentials = new PaperFarm(run.folder).issue('web01');
    const file = path.join(run.folder, 'hubplane.ini');
    const check = () => service.run('check', '--config', windowsPath(file));
    const has = (output, line, origin) => assert.ok(
        output.split(/\r?\n/).some((each) => each.startsWith(`${line}  ; `) && each.endsWith(origin)), `${line} ; ${origin}\n${output}`);

    fs.writeFileSync(file, `[service]\nlisten = 127.0.0.1:1000\nworkers = 3\n[bridge]\naddress = file:7443\n` +
        `credentials = ${windowsPath(credentials)}\n[app chat]\nkey = FromFile\n[hub chat/ChatHub]\nSend = all.hello\n`);
    service.must('install');

    await run.step('the file alone', async () => {
        const { code, output } = check();
        assert.equal(code, 0, output);
        has(output, '[service] workers = 3', 'hubplane.ini:3');
        has(output, '[app chat] key = FromFile', 'hubplane.ini:8');
        has(output, '[service] log_level = info', 'default');
    });

    await run.step('REG_SZ, REG_DWORD, REG_QWORD, REG_MULTI_SZ and REG_EXPAND_SZ win over it', async () => {
        service.set('service', 'log_level', 'warn');
        service.set('service', 'workers', '2', 'REG_DWORD');
        service.set('service', 'request_max', '65536', 'REG_QWORD');
        service.set('bridge', 'address', 'one:7443\\0two:7443', 'REG_MULTI_SZ');
        service.set('service', 'log_file', '%SystemRoot%\\temp\\node.log', 'REG_EXPAND_SZ');
        service.set('app chat', 'key', 'Rødgrød');
        const { code, output } = check();
        assert.equal(code, 0, output);
        has(output, '[service] log_level = warn', 'Parameters\\service\\log_level');
        has(output, '[service] workers = 2', 'Parameters\\service\\workers');
        has(output, '[service] request_max = 64KB', 'Parameters\\service\\request_max');
        has(output, '[bridge] address = one:7443,two:7443', 'Parameters\\bridge\\address');
        has(output, '[app chat] key = Rødgrød', 'Parameters\\app chat\\key');
        assert.match(output, /log_file = C:\\windows\\temp\\node\.log/i);
        has(output, '[service] listen = 127.0.0.1:1000', 'hubplane.ini:2');
    });

    await run.step('a relative path starts in the folder of the file, or of the service if the registry has it', () => {
        fs.appendFileSync(file, '[service]\ncertificate = sub/www.pem\n');
        service.set('app chat', 'access_keys_file', 'access.keys');
        const { code, output } = check();
        assert.equal(code, 2, output);
        assert.ok(output.includes(`[service] certificate "${windowsPath(run.folder)}\\sub/www.pem": does not exist`), output);
        assert.match(output, /"C:\\ProgramData\\Hubplane\\access\.keys"/);
        fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/\[service\]\ncertificate.*\n$/, ''));
        service.unset('app chat', 'access_keys_file');
    });

    await run.step('each mistake names its registry path and what to do', async () => {
        service.set('service', 'workers', '00', 'REG_BINARY');
        service.set('service', 'log_level', '7', 'REG_DWORD');
        service.set('bridge', 'adress', 'x:1');
        service.set('nonsense', 'a', 'b');
        service.set('service', 'request_timeout', '1', 'REG_DWORD');
        service.set('service', '', 'x');
        service.set('app\\chat', 'key', 'ChatApp');
        service.set('', 'listen', '127.0.0.1:1');
        const { code, output } = check();
        assert.equal(code, 2, output);
        const at = (name) => new RegExp(`HKLM\\\\SYSTEM\\\\CurrentControlSet\\\\Services\\\\Hubplane\\\\Parameters\\\\${name}`);
        const mistake = (name, text) => assert.ok(output.split(/\r?\n/).some((line) => at(name).test(line) && text.test(line)),
            `${name} ${text}\n${output}`);
        mistake('service\\\\workers', /type that no option takes; use REG_SZ/);
        mistake('service\\\\log_level', /error.*warn.*info.*debug/);
        mistake('bridge\\\\adress', /did you mean address/);
        mistake('nonsense', /section/);
        mistake('service\\\\request_timeout', /1000|1s/);
        mistake('service:', /has a default value, which is no option/);
        mistake('app:', /has a key "chat" below it, which is not read: a section is one key .* "app chat"/);
        assert.match(output, /\\Parameters: has a value "listen", which is not read: move it into the key of its section/);
        assert.match(output, /8 mistakes in the configuration/);
    });
});
