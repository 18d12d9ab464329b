// SPDX-License-Identifier: MIT
// Goal of this test: the Debian package has what an administrator expects, systemd and lintian have nothing to say
// against it, installer/linux.md leads from it to a running farm, an upgrade keeps what he changed, and purging leaves
// nothing. It is installed below a folder of its own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Farm } from '../support/farm.mjs';
import { integrationTest, skip } from '../support/integration.mjs';
import { freePort } from '../support/ports.mjs';
import { Program, binDir, runProgram, until, which } from '../support/program.mjs';
import { fence, startClient } from './service_apps.mjs';

const source = process.env.HUBPLANE_SOURCE_DIR ?? path.resolve(import.meta.dirname, '../..');
const page = fs.readFileSync(path.join(source, 'installer/linux.md'), 'utf8');
const exposureMax = Number(/rates its exposure ([0-9.]+)/.exec(page)[1]);
/** Every command of the page, in order. */
const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block.trim().split('\n'))
    .map((line) => line.replace(/ +# .*/, ''));

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
    /** debhelper decides, by its version, where units are. */
    const unitFile = () => ['usr/lib', 'lib'].map((folder) => inRoot(`${folder}/systemd/system/hubplane-bridge.service`)).find(fs.existsSync);
    const dpkg = (...args) => mustRun('dpkg', [`--root=${root}`, '--force-script-chrootless', '--force-depends', ...args]);
    const build = (version, program = path.join(binDir, 'hubplane-bridge')) => {
        mustRun(path.join(source, 'installer/linux/build.sh'), [program, version, run.folder]);
        return fs.readdirSync(run.folder).filter((name) => name.startsWith(`hubplane-bridge_${version}_`))
            .map((name) => path.join(run.folder, name))[0];
    };
    const version = mustRun(path.join(binDir, 'hubplane-bridge'), ['version']).trim().split(' ')[1];
    let first;

    await run.step('is built', () => {
        first = build(version); // whose changes the changelog has
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
        const wanted = inRoot('etc/systemd/system/multi-user.target.wants/hubplane-bridge.service');
        assert.ok(unitFile());
        assert.equal(inRoot(fs.readlinkSync(wanted)), unitFile());
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
    await run.step(`systemd accepts the unit, with the exposure of ${exposureMax} that the page states, or less`, () => {
        if (!which('systemd-analyze')) {
            skip('systemd-analyze is missing');
        }
        const unit = path.join(run.folder, 'hubplane-bridge.service');
        fs.writeFileSync(unit, fs.readFileSync(unitFile(), 'utf8')
            .replace('/usr/bin/hubplane-bridge', path.join(binDir, 'hubplane-bridge')));
        const verified = runProgram('systemd-analyze', ['verify', '--man=no', unit]);
        assert.equal(verified.code, 0, verified.stderr);
        assert.doesNotMatch(verified.stderr, /hubplane/);
        const security = runProgram('systemd-analyze', ['security', '--offline=true', '--no-pager', unit]);
        const [, exposure] = /exposure level for .*: ([0-9.]+)/.exec(security.stdout);
        console.log(`         exposure ${exposure}`);
        assert.ok(Number(exposure) <= exposureMax, security.stdout);
    });
    await run.step('the page leads to a running farm', async () => {
        // What stands for the machine: another root and other ports; apt and systemctl are played by this test.
        const farm = new Farm(run.folder, { nodes: 1 });
        run.atEnd(() => farm.close());
        const [node] = farm.nodes;
        const [bridge] = farm.bridges;
        await farm.redis.start();
        bridge.port = await freePort();
        bridge.adminPort = await freePort();
        await node.configure();
        const file = inRoot('etc/hubplane/bridge.ini');
        fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/^;listen =.*/m, `listen = 127.0.0.1:${bridge.port}`)
            .replace(/^;admin =.*/m, `admin = 127.0.0.1:${bridge.adminPort}`).replace(/^;state =.*/m, `state = ${inRoot('var/lib/hubplane')}`));
        const here = path.join(run.folder, 'administrator');
        fs.mkdirSync(here);
        fs.writeFileSync(path.join(here, 'hubplane-bridge'), '#!/bin/sh\nverb=$1\nshift\n' +
            `exec ${inRoot('usr/bin/hubplane-bridge')} "$verb" "$@" --config ${file}\n`, { mode: 0o755 });
        const type = (line) => mustRun('bash', ['-ec', line.replaceAll('/etc/hubplane', inRoot('etc/hubplane'))
            .replace(':6379', `:${farm.redis.port}`)], { cwd: here, env: { PATH: `${here}:${process.env.PATH}` } });
        let running;
        let said = '';
        run.atEnd(() => running?.stop());
        const played = {
            'apt-get': () => {}, // installed above
            journalctl: () => {},
            systemctl: async (verb) => {
                if (verb === 'start') {
                    running = new Program({ name: 'bridge', command: inRoot('usr/bin/hubplane-bridge'), args: ['run', '--config', file],
                        log: path.join(run.folder, 'bridge.log') });
                    await running.answers(() => /listening/.test(running.text()), 'its line that it listens');
                } else {
                    assert.equal(verb, 'reload');
                    running.signal('SIGHUP');
                    await until(() => /were read anew/.test(running.text()), { what: 'a reload' });
                }
            },
        };
        const nodeStarts = commands.indexOf('hubplane-bridge list');
        assert.ok(nodeStarts > 0, 'the page goes on after the node has been let in');
        for (const [i, line] of commands.entries()) {
            if (i === nodeStarts) {
                fs.copyFileSync(path.join(here, 'web01.pem'), node.credentials);
                fs.chmodSync(node.credentials, 0o600);
                await node.start();
                const client = await startClient(node);
                await fence(client, client);
                client.cut();
                assert.match(type('hubplane-bridge status'), /^web01 .* ChatApp$/m);
            }
            const [word, ...rest] = line.split(' ');
            said = played[word] ? await played[word](...rest) : type(word === 'hubplane-bridge' && rest[0] === 'tail'
                ? `timeout 1 ${line} || [ $? = 124 ]` : line);
            if (line === 'hubplane-bridge status') {
                assert.match(said, /^Bridge .* running, up \d+s\nNodes at .*, 0 connected\nRedis .*, connected\nCertificate  expires \d+-\d+-\d+, in 7\d\d days$/m);
            }
        }
        assert.equal(fs.statSync(path.join(here, 'web01.pem')).mode & 0o777, 0o600);
        await until(() => /certificate has been revoked/.test(node.program.text()), { what: 'the end of web01' });
        await node.stop();
        assert.equal(await running.stop(), 0);
    });
    await run.step('an upgrade keeps what was changed, and lays what is new beside it', () => {
        fs.appendFileSync(inRoot('etc/hubplane/bridge.ini'), '; mine\n');
        fs.writeFileSync(inRoot('var/lib/hubplane/authority.key'), 'secret');
        const newer = path.join(fs.mkdtempSync(path.join(run.folder, 'newer-')), 'hubplane-bridge');
        fs.writeFileSync(newer, `#!/bin/sh\n${path.join(binDir, 'hubplane-bridge')} "$@" || exit\n[ "$1" != sample ] || echo "; of the new version"\n`,
            { mode: 0o755 });
        dpkg('--force-confdef', '--force-confold', '--install', build('99.0.0', newer));
        assert.match(fs.readFileSync(inRoot('etc/hubplane/bridge.ini'), 'utf8'), /; mine\n$/);
        assert.match(fs.readFileSync(inRoot('etc/hubplane/bridge.ini.dpkg-dist'), 'utf8'), /; of the new version\n$/);
        assert.equal(fs.readFileSync(inRoot('var/lib/hubplane/authority.key'), 'utf8'), 'secret');
        assert.match(fs.readFileSync(inRoot('var/lib/dpkg/status'), 'utf8'), /^Version: 99\.0\.0$/m);
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
