// SPDX-License-Identifier: MIT
// Goal of this test: the MSI installs, upgrades, refuses to downgrade and uninstalls, silently, and keeps what an administrator
// has configured.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { freePort } from '../support/ports.mjs';
import { integrationTest, skip } from '../support/integration.mjs';
import { runProgram, which } from '../support/program.mjs';
import { PaperFarm, openWindows, windowsPath } from './windows_fixture.mjs';

/** Run to the end, which must be 0; returns what was printed. */
function mustRun(command, args, options) {
    const done = runProgram(command, args, options);
    assert.equal(done.code, 0, `${command} ${args.join(' ')}\n${done.stdout}${done.stderr}`);
    return done.stdout;
}

await integrationTest('msi', async (run) => {
    for (const program of ['wixl', 'msibuild', 'osslsigncode']) {
        if (!which(program)) {
            skip(`${program} is missing: ./dev package installs it`);
        }
    }
    const windows = await openWindows(run);
    const [service] = windows.services;
    const programs = path.join(windows.wine.prefix, 'drive_c/Program Files/Hubplane');
    const credentials = new PaperFarm(run.folder).issue('web01');
    const make = (version, folder, env) => {
        mustRun(path.join(import.meta.dirname, '../../installer/windows/package.sh'),
            [windows.program, version, path.join(run.folder, folder)], { env });
        return path.join(run.folder, folder, 'hubplane-service.msi');
    };
    const packages = Object.fromEntries(['0.8.0', '0.9.0'].map((version) => [version, windowsPath(make(version, version))]));
    // The exit code of msiexec, of which the shell leaves the lowest eight bits: 1603 becomes 67.
    const msiexec = (...args) => windows.wine.run('wine', 'msiexec', ...args, '/qn').code;
    // Wine asks a service to stop but, unlike Windows, does not wait for it, and its files would then be in use.
    const stopped = (...args) => {
        service.scm('stop');
        return msiexec(...args);
    };
    const registry = () => windows.wine.run('wine', 'reg', 'query', 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Hubplane', '/s').output;
    run.atEnd(() => Object.values(packages).forEach((file) => stopped('/x', file, 'PURGE=1')));
    service.port = await freePort();

    await run.step('with a certificate, package and program are signed', () => {
        const file = (name) => path.join(run.folder, name);
        mustRun('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=Throw-away', '-addext',
            'extendedKeyUsage=codeSigning', '-keyout', file('sign.key'), '-out', file('sign.pem')]);
        const signed = make('0.9.0', 'signed', { HUBPLANE_SIGN_CERTIFICATE: file('sign.pem'), HUBPLANE_SIGN_KEY: file('sign.key') });
        mustRun('msiextract', ['-C', file('signed'), signed]);
        for (const each of [signed, file('signed/Hubplane/hubplane-service.exe')]) {
            assert.match(mustRun('osslsigncode', ['verify', '-in', each, '-CAfile', file('sign.pem')]), /Signature verification: ok/);
        }
        assert.notEqual(runProgram('osslsigncode', ['verify', '-in', file('0.9.0/hubplane-service.msi'), '-CAfile', file('sign.pem')]).code, 0);
    });

    await run.step('the program has a version in the package, without which it would never replace an older one', () => {
        assert.match(mustRun('msiinfo', ['export', path.join(run.folder, '0.9.0/hubplane-service.msi'), 'File']),
            /^ServiceExe\tService\t.*\t0\.9\.0\.0\t1033\t/m);
    });

    await run.step('a hub module is built with the header that it brings', () => {
        mustRun('msiextract', ['-C', path.join(run.folder, 'content'), path.join(run.folder, '0.9.0/hubplane-service.msi')]);
        assert.match(fs.readFileSync(path.join(run.folder, 'content/Hubplane/iis/web.config'), 'utf8'), /<rewrite>/);
        mustRun('x86_64-w64-mingw32-gcc', ['-shared', '-static', '-O2', '-I', path.join(run.folder, 'content/Hubplane/include'),
            '-o', path.join(run.folder, 'shaper.dll'), path.join(import.meta.dirname, '../../samples/shaper/shaper.c')]);
    });

    await run.step('install with properties: a running, quoted, configured service', async () => {
        assert.equal(msiexec('/i', packages['0.8.0'], 'BRIDGE=127.0.0.1:9', `CREDENTIALS=${windowsPath(credentials)}`,
            'APPKEY=ChatApp', `LISTEN=127.0.0.1:${service.port}`, `ADMIN=127.0.0.1:${await freePort()}`), 0);
        await service.logs(/started version=/);
        assert.equal(service.state(), 'RUNNING');
        assert.equal(await service.health(), 200);
        assert.match(registry(), /ImagePath +REG_SZ +"C:\\Program Files\\Hubplane\\hubplane-service\.exe" run --name Hubplane/);
        assert.match(registry(), /ObjectName +REG_SZ +NT SERVICE\\Hubplane/);
        assert.match(fs.readFileSync(path.join(service.folder, 'credentials.pem'), 'utf8'), /HUBPLANE PROTECTED KEY/);
        const source = windows.wine.run('wine', 'reg', 'query',
            'HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\Hubplane').output;
        assert.match(source, /EventMessageFile +REG_EXPAND_SZ +C:\\Program Files\\Hubplane\\hubplane-service\.exe/);
    });

    await run.step('upgrade keeps properties, options set later, and credentials', async () => {
        service.set('service', 'log_level', 'debug');
        const from = service.text().length;
        assert.equal(stopped('/i', packages['0.9.0']), 0);
        await service.logs(/started version=/, from);
        assert.equal(await service.health(), 200);
        assert.match(registry(), /address +REG_SZ +127\.0\.0\.1:9/);
        assert.match(registry(), /key +REG_SZ +ChatApp/);
        assert.match(registry(), /log_level +REG_SZ +debug/);
        assert.match(registry(), /credentials +REG_SZ/);
    });

    await run.step('a downgrade is refused after an upgrade, too, and there is one product to uninstall', async () => {
        assert.equal(msiexec('/i', packages['0.8.0']), 1603 & 0xff);
        assert.equal(await service.health(), 200);
        const installed = windows.wine.run('wine', 'reg', 'query',
            'HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall', '/s').output;
        assert.deepEqual(installed.match(/DisplayVersion +REG_SZ +\S+/g)?.map((line) => line.split(/ +/).at(-1)), ['0.9.0']);
    });

    await run.step('uninstall leaves nothing but the configuration folder', async () => {
        assert.equal(stopped('/x', packages['0.9.0']), 0);
        assert.equal(fs.existsSync(programs), false);
        assert.doesNotMatch(registry(), /ImagePath|REG_/);
        assert.equal(fs.existsSync(path.join(service.folder, 'credentials.pem')), true);
    });

    await run.step('install without properties: the service says what is missing and waits', async () => {
        const from = service.text().length;
        assert.equal(msiexec('/i', packages['0.9.0']), 0);
        assert.equal(service.state(), 'RUNNING');
        await service.logs(/\[bridge\] address is missing/, from);
    });

    await run.step('a downgrade is refused and changes nothing', async () => {
        assert.equal(msiexec('/i', packages['0.8.0']), 1603 & 0xff);
        assert.equal(service.state(), 'RUNNING');
    });

    await run.step('credentials that cannot be used fail the installation, which is rolled back', async () => {
        assert.equal(stopped('/x', packages['0.9.0']), 0);
        assert.notEqual(msiexec('/i', packages['0.9.0'], 'CREDENTIALS=C:\\nowhere.pem'), 0);
        assert.doesNotMatch(registry(), /ImagePath/);
        assert.equal(fs.existsSync(programs), false);
    });

    await run.step('uninstall with PURGE=1 leaves nothing at all', async () => {
        assert.equal(msiexec('/i', packages['0.9.0']), 0);
        assert.equal(stopped('/x', packages['0.9.0'], 'PURGE=1'), 0);
        assert.equal(fs.existsSync(programs), false);
        assert.equal(fs.existsSync(service.folder), false);
        assert.doesNotMatch(registry(), /ImagePath|REG_/);
    });
});
