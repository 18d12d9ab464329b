// SPDX-License-Identifier: MIT
// Goal of this test: the Debian package has what an administrator expects, systemd and lintian have nothing to say
// against it, an upgrade keeps what he changed, and purging leaves nothing. It is installed below a folder of its own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { integrationTest, skip } from '../support/integration.mjs';
import { binDir, runProgram, which } from '../support/program.mjs';

const source = process.env.HUBPLANE_SOURCE_DIR ?? path.resolve(import.meta.dirname, '../..');
const exposureMax = 1.5;

function mustRun(command, args, options) {
    const done = runProgram(command, args, { timeout: 60000, ...options });
    assert.equal(done.code, 0, `${command} ${args.join(' ')}\n${done.stdout}${done.stderr}`);
    return done.stdout;
}

await integrationTest('package_deb', async (run) => {
    for (const program of ['dh', 'dpkg', 'systemd-sysusers']) {
        if (!which(program)) {
            skip(`${program} is missing (./dev setup installs it)`);
        }
    }
    if (process.getuid() !== 0) {
        skip('dpkg installs only for root');
    }
    const root = path.join(run.folder, 'root');
    const inRoot = (file) => path.join(root, file);
    const dpkg = (...args) => mustRun('dpkg', [`--root=${root}`, '--force-script-chrootless', '--force-depends', ...args]);
    const build = (version) => {
        mustRun(path.join(source, 'installer/linux/build.sh'), [path.join(binDir, 'hubplane-bridge'), version, run.folder]);
        return fs.readdirSync(run.folder).filter((name) => name.startsWith(`hubplane-bridge_${version}_`))
            .map((name) => path.join(run.folder, name))[0];
    };
    let first;

    await run.step('is built', () => {
        first = build('1.0.0');
        assert.ok(first);
    });
    await run.step('lintian finds nothing', () => {
        if (!which('lintian')) {
            skip('lintian is missing (./dev setup installs it)');
        }
        assert.equal(mustRun('lintian', ['--allow-root', first]), '');
    });
    await run.step('has program, unit, configuration, manual, user and state directory', () => {
        fs.mkdirSync(inRoot('var/lib/dpkg/info'), { recursive: true });
        fs.mkdirSync(inRoot('var/lib/dpkg/updates'));
        fs.writeFileSync(inRoot('var/lib/dpkg/status'), '');
        dpkg('--install', first);
        assert.match(mustRun(inRoot('usr/bin/hubplane-bridge'), ['version']), /^hubplane-bridge /);
        assert.equal(fs.readFileSync(inRoot('etc/hubplane/bridge.ini'), 'utf8'),
            mustRun(path.join(binDir, 'hubplane-bridge'), ['sample']));
        const [, user] = /^hubplane:x:(\d+):/m.exec(fs.readFileSync(inRoot('etc/passwd'), 'utf8'));
        const state = fs.statSync(inRoot('var/lib/hubplane'));
        assert.equal(state.uid, Number(user));
        assert.equal(state.mode & 0o777, 0o700);
        const unit = inRoot('etc/systemd/system/multi-user.target.wants/hubplane-bridge.service');
        assert.equal(fs.readlinkSync(unit), '/lib/systemd/system/hubplane-bridge.service');
    });
    await run.step('the manual page names every verb and option', () => {
        const page = mustRun('zcat', [inRoot('usr/share/man/man8/hubplane-bridge.8.gz')]);
        for (const [, verb] of mustRun(path.join(binDir, 'hubplane-bridge'), ['help']).matchAll(/^ {2}([a-z]+) /gm)) {
            assert.match(page, new RegExp(`^\\\\fB${verb}\\b`, 'm'));
        }
        for (const [, option] of fs.readFileSync(inRoot('etc/hubplane/bridge.ini'), 'utf8').matchAll(/^;(\w+) =/gm)) {
            assert.match(page, new RegExp(`^\\.B ${option} =`, 'm'));
        }
    });
    await run.step(`systemd accepts the unit, with an exposure below ${exposureMax}`, () => {
        if (!which('systemd-analyze')) {
            skip('systemd-analyze is missing');
        }
        const unit = path.join(run.folder, 'hubplane-bridge.service');
        fs.writeFileSync(unit, fs.readFileSync(inRoot('lib/systemd/system/hubplane-bridge.service'), 'utf8')
            .replace('/usr/bin/hubplane-bridge', path.join(binDir, 'hubplane-bridge')));
        const verified = runProgram('systemd-analyze', ['verify', '--man=no', unit]);
        assert.equal(verified.code, 0, verified.stderr);
        assert.doesNotMatch(verified.stderr, /hubplane/);
        const security = runProgram('systemd-analyze', ['security', '--offline=true', '--no-pager', unit]);
        const [, exposure] = /exposure level for .*: ([0-9.]+)/.exec(security.stdout);
        console.log(`         exposure ${exposure}`);
        assert.ok(Number(exposure) <= exposureMax, security.stdout);
    });
    await run.step('an upgrade keeps configuration and state', () => {
        fs.appendFileSync(inRoot('etc/hubplane/bridge.ini'), '; mine\n');
        fs.writeFileSync(inRoot('var/lib/hubplane/authority.key'), 'secret');
        dpkg('--install', build('1.0.1'));
        assert.match(fs.readFileSync(inRoot('etc/hubplane/bridge.ini'), 'utf8'), /; mine\n$/);
        assert.equal(fs.readFileSync(inRoot('var/lib/hubplane/authority.key'), 'utf8'), 'secret');
        assert.match(fs.readFileSync(inRoot('var/lib/dpkg/status'), 'utf8'), /^Version: 1\.0\.1$/m);
    });
    await run.step('removing keeps them, too', () => {
        dpkg('--remove', 'hubplane-bridge');
        assert.ok(!fs.existsSync(inRoot('usr/bin/hubplane-bridge')));
        assert.ok(fs.existsSync(inRoot('etc/hubplane/bridge.ini')));
        assert.ok(fs.existsSync(inRoot('var/lib/hubplane/authority.key')));
    });
    await run.step('purging leaves nothing', () => {
        dpkg('--purge', 'hubplane-bridge');
        const left = mustRun('find', [root, '-name', '*hubplane*']);
        assert.equal(left, '');
        assert.ok(!fs.existsSync(inRoot('etc/systemd/system/multi-user.target.wants')));
    });
});
