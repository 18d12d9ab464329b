// SPDX-License-Identifier: MIT
// Goal of this test: an administrator can type what installer/README.md says, as written, and has a node.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { freePort } from '../support/ports.mjs';
import { integrationTest, skip } from '../support/integration.mjs';
import { runProgram, which } from '../support/program.mjs';
import { PaperFarm, openWindows } from './windows_fixture.mjs';

const root = path.join(import.meta.dirname, '../..');

/** The commands of a section of the page, a list. */
function commandsOf(section) {
    const text = fs.readFileSync(path.join(root, 'installer/README.md'), 'utf8').split(/^## /m).find((each) => each.startsWith(section));
    return [...text.matchAll(/^```bat\n([^]*?)^```/gm)].flatMap(([, block]) => block.trim().split('\n'));
}

await integrationTest('ten_minutes', async (run) => {
    if (!which('wixl') || !which('msibuild')) {
        skip('wixl or msibuild is missing: ./dev package installs them');
    }
    const windows = await openWindows(run);
    const [service] = windows.services;
    const folder = path.join(windows.wine.prefix, 'drive_c/fetched');
    fs.rmSync(folder, { recursive: true, force: true });
    const made = runProgram(path.join(root, 'installer/windows/package.sh'), [windows.program, '0.9.0', folder]);
    assert.equal(made.code, 0, made.stderr);
    fs.copyFileSync(new PaperFarm(run.folder).issue('web01'), path.join(folder, 'web01.pem'));
    service.port = await freePort();
    const adminPort = await freePort();

    /** Type the commands of a section, each of which must do what it says. Ports are chosen by the system. */
    const type = (section, expected = {}) => {
        const lines = commandsOf(section);
        assert.ok(lines.length >= 2, section);
        const script = ['@echo off', 'cd /d C:\\fetched'];
        const outputs = [];
        for (const line of lines) {
            script.push(line.replace('APPKEY=', `LISTEN=127.0.0.1:${service.port} ADMIN=127.0.0.1:${adminPort} APPKEY=`));
            // Wine's installer does not wait until a service has stopped.
            if (line.includes('msiexec /')) {
                service.scm('stop');
            }
            fs.writeFileSync(path.join(folder, 'typed.cmd'), `${script.join('\r\n')}\r\nexit /b %ERRORLEVEL%\r\n`);
            const done = windows.wine.run('wine', 'cmd', '/c', 'C:\\fetched\\typed.cmd');
            const code = Object.entries(expected).find(([part]) => line.includes(part))?.[1] ?? 0;
            assert.equal(done.code, code, `${line}: ${done.output}`);
            outputs.push(done.output);
            if (!line.startsWith('cd ')) {
                script.pop(); // only a change of the folder is for the lines that follow
            }
        }
        return outputs.join('\n');
    };

    await run.step('2. install', async () => {
        type('2. ');
        assert.equal(fs.existsSync(path.join(folder, 'web01.pem')), false);
        await service.logs(/started version=/);
        assert.equal(await service.health(), 200);
    });

    await run.step('3. see that it works', async () => {
        const printed = type('3. ', { 'service status': 1 }); // there is no bridge here
        assert.match(printed, /^\[bridge\] address = redis-host:7443 +; HKLM\\/m);
        assert.match(printed, /STATE +: 4 +RUNNING/);
        assert.match(printed, /^State +NOT READY: no bridge answers/m);
        await service.logs(/stopped version=[^]*started version=/);
        assert.match(service.run('check').output, /^\[app chat\] user = query:user +; HKLM\\/m);
    });

    await run.step('4. upgrade, and remove', () => {
        type('4. ');
        assert.equal(fs.existsSync(service.folder), false);
        assert.equal(service.scm('query')[0].error, '1060'); // ERROR_SERVICE_DOES_NOT_EXIST
    });
});
