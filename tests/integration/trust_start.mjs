// SPDX-License-Identifier: MIT
// Goal of this test: whatever is wrong with credentials, clocks, ports and folders, bridge and node say in one sentence
// what it is and what to do, end with the right code, or wait and recover by themselves when it has been mended.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Farm } from '../support/farm.mjs';
import { integrationTest, skip } from '../support/integration.mjs';
import { freePort } from '../support/ports.mjs';
import { binDir, Program, runProgram, until, which } from '../support/program.mjs';
import { fence, startClient } from './service_apps.mjs';

const issueBridge = /; issue new ones where the farm's authority is: hubplane-bridge issue NAME --bridge$/;
const issueNode = /; issue new ones where the farm's authority is: hubplane-bridge issue NAME( mistakes=\d+)?$/;

const hour = 3600;
const day = 24 * hour;

/** Environment in which a program believes that it is ${seconds} from now. */
const otherTime = (seconds) => ({ LD_PRELOAD: path.join(binDir, 'clock_shift.so'), CLOCK_SHIFT_S: String(seconds) });

/** The blocks of a PEM file: certificate, key, authority. */
const blocksOf = (text) => text.match(/-----BEGIN [\s\S]*?-----END [A-Z ]+-----\n/g);

/** A command line without root's right to read and write everything. */
function asOrdinaryUser(command, args) {
    if (process.getuid() !== 0) {
        return [command, args];
    }
    const drop = ['--bounding-set', '-dac_override,-dac_read_search'];
    if (!which('setpriv') || runProgram('setpriv', [...drop, '--', 'true']).code !== 0) {
        skip('root may read everything here');
    }
    return ['setpriv', [...drop, '--', command, ...args]];
}

/** It ends by itself with ${code}, and of its first lines exactly one, but for one that sums up, is ${sentences}. */
function endsWith([command, args], code, sentences, env) {
    const done = runProgram(command, args, { timeout: 15000, env });
    const lines = done.stderr.trimEnd().split('\n')
        .filter((line) => !/ (warn|info) |service: (the configuration was rejected|could not start)|^hubplane-service: \d+ mistakes?/.test(line));
    assert.equal(done.code, code, `exit code; it said\n${done.stderr}`);
    assert.equal(lines.length, 1, `one line; it said\n${done.stderr}`);
    for (const sentence of sentences) {
        assert.match(lines[0], sentence);
    }
}

await integrationTest('trust_start', async (run) => {
    const farm = new Farm(run.folder, { redis: false, nodes: 1 });
    run.atEnd(() => farm.close());
    await farm.prepare();
    const [bridge] = farm.bridges;
    const [node] = farm.nodes;
    const foreignFarm = new Farm(fs.mkdtempSync(path.join(run.folder, 'foreign-')), { redis: false, nodes: 1 });
    await foreignFarm.prepare();

    const bridgeRuns = ['run', '--config', bridge.configuration];
    const nodeRuns = ['run', '--config', node.configuration];
    const bridgeFile = path.join(farm.stateFolder, 'bridge.pem');
    const issue = (args, env) => {
        const done = runProgram(farm.bridgeProgram, ['issue', ...args, '--config', bridge.configuration], { env });
        assert.equal(done.code, 0, done.stderr);
        return done.stdout;
    };
    const write = (file, text) => fs.writeFileSync(file, text, { mode: 0o600 });
    const goodNode = fs.readFileSync(node.credentials, 'utf8');
    const goodBridge = issue(['bridge1', '--bridge']);
    const other = blocksOf(issue(['other']));
    const [certificate, key, authority] = blocksOf(goodNode);

    /** "run" and "check" of both say the same about credentials. */
    const bridgeRefuses = (...sentences) => {
        endsWith([farm.bridgeProgram, bridgeRuns], 2, sentences);
        endsWith([farm.bridgeProgram, ['check', '--config', bridge.configuration]], 2, sentences);
    };
    const nodeRefuses = (...sentences) => {
        endsWith([farm.serviceProgram, nodeRuns], 2, [/\[bridge\] credentials "/, ...sentences]);
        endsWith([farm.serviceProgram, ['check', '--config', node.configuration]], 2, [/\[bridge\] credentials "/, ...sentences]);
    };

    await run.step('a second authority is not made', () => {
        const done = bridge.command('ca');
        assert.equal(done.code, 1);
        assert.match(done.stderr, /^hubplane-bridge: this farm has an authority already: .*authority\.key\n$/);
    });
    await run.step('issue needs a name, sensible days and keys', () => {
        for (const [args, sentence] of [[[], /the name of the node is missing/], [['a', 'b'], /one name at a time/],
            [['a', '--days', '0'], /--days needs a number from 1 to \d+/], [['a', '--days', 'many'], /--days needs a number/],
            [['a', '--apps', '*'], /--apps: "\*" is not a list of keys/]]) {
            const done = bridge.command('issue', ...args);
            assert.equal(done.code, 2, args.join(' '));
            assert.match(done.stderr, sentence);
            assert.equal(done.stdout, '');
        }
    });
    await run.step('issue and revoke without an authority say where to go', () => {
        const empty = fs.mkdtempSync(path.join(run.folder, 'empty-'));
        for (const [args, sentence] of [[['issue', 'web01'], /hubplane-bridge ca/], [['revoke', 'web01'], /web01/]]) {
            const done = runProgram(farm.bridgeProgram, [...args, '--state', empty]);
            assert.equal(done.code, 1, args.join(' '));
            assert.match(done.stderr, sentence);
            assert.equal(done.stderr.trimEnd().split('\n').length, 1);
        }
    });
    await run.step('a bridge whose credentials were issued elsewhere makes no farm of its own', async () => {
        const other = fs.mkdtempSync(path.join(run.folder, 'other-'));
        const on = (...args) => runProgram(farm.bridgeProgram, [...args, '--state', other]);
        const credentials = path.join(other, 'bridge.pem');
        write(credentials, bridge.command('issue', 'bridge2', '--bridge', '--days', '10').stdout);
        assert.match(on('issue', 'web01').stderr, /^hubplane-bridge: the farm's authority is not in .*; do this on the bridge where .*\n$/);
        const done = on('ca');
        assert.equal(done.code, 1);
        assert.match(done.stderr, /^hubplane-bridge: this bridge belongs to a farm already, whose authority is where .*bridge\.pem was issued; .*\n$/);
        // One that was made before the credentials came neither renews them nor goes unnoticed.
        const issued = fs.readFileSync(credentials);
        fs.rmSync(credentials);
        assert.equal(on('ca').code, 0);
        fs.writeFileSync(credentials, issued, { mode: 0o600 });
        const file = path.join(run.folder, 'other.ini');
        write(file, `[bridge]\nlisten = 127.0.0.1:0\nadmin =\nstate = ${other}\n`);
        const second = new Program({ name: 'bridge of two farms', command: farm.bridgeProgram, args: ['run', '--config', file],
            log: path.join(run.folder, 'other.log') });
        await second.answers(() => /warn bridge: the authority in .* did not issue .*bridge\.pem[^]*listening[^]*certificate of this bridge expires in/
            .test(second.text()), 'both warnings');
        assert.equal(await second.stop(), 0);
        assert.deepEqual(fs.readFileSync(credentials), issued);
    });
    await run.step('a key that goes to a file of everybody is warned about', () => {
        for (const [mask, said] of [['022', /^hubplane-bridge: warning: other users of this machine can read the file/], ['077', /^$/]]) {
            const done = runProgram('sh', ['-c', `umask ${mask}; rm -f "$2"; "$0" issue web09 --state "$1" > "$2"`, farm.bridgeProgram,
                farm.stateFolder, path.join(run.folder, 'web09.pem')]);
            assert.equal(done.code, 0, done.stderr);
            assert.match(done.stderr, said);
        }
    });

    await run.step('bridge: neither authority nor credentials', () => {
        const empty = fs.mkdtempSync(path.join(run.folder, 'empty-'));
        const file = path.join(run.folder, 'bare.ini');
        write(file, fs.readFileSync(bridge.configuration, 'utf8').replace(/state = .*/, `state = ${empty}`));
        endsWith([farm.bridgeProgram, ['run', '--config', file]], 2,
            [/cannot read the credentials .*bridge\.pem: nothing of that name exists/, /make them with: hubplane-bridge ca, then/]);
    });
    await run.step('bridge: unreadable credentials', () => {
        write(bridgeFile, goodBridge);
        fs.chmodSync(bridgeFile, 0);
        endsWith(asOrdinaryUser(farm.bridgeProgram, bridgeRuns), 2,
            [/cannot read the credentials .*permission denied; they must belong to the user that runs the bridge/]);
        fs.chmodSync(bridgeFile, 0o600);
    });
    await run.step('bridge: credentials that are none, or not whole, or a node\'s', () => {
        const [own, ownKey] = blocksOf(goodBridge);
        for (const [text, sentence] of [['junk\n', /there is no certificate/], [own + authority, /there is no readable private key/],
            [own + key + authority, /the private key does not belong to the certificate/],
            [own + ownKey + blocksOf(fs.readFileSync(foreignFarm.nodes[0].credentials, 'utf8'))[2], /authority/],
            [goodNode, /these are the credentials of the node node1, not of a bridge/]]) {
            write(bridgeFile, text);
            bridgeRefuses(sentence, issueBridge);
        }
    });
    await run.step('bridge: a state directory that it cannot write to', () => {
        write(bridgeFile, goodBridge);
        fs.chmodSync(farm.stateFolder, 0o500);
        try {
            endsWith(asOrdinaryUser(farm.bridgeProgram, bridgeRuns), 2,
                [/cannot write to the state directory .*permission denied; make it belong to the user that runs the bridge/]);
        } finally {
            fs.chmodSync(farm.stateFolder, 0o700);
        }
    });
    await run.step('bridge: expired credentials, with and without the authority to renew them', async () => {
        const past = otherTime(-2 * day);
        write(bridgeFile, issue(['bridge1', '--bridge', '--days', '1'], past));
        const authorityKey = path.join(farm.stateFolder, 'authority.key');
        fs.renameSync(authorityKey, `${authorityKey}.away`);
        bridgeRefuses(/the certificate of bridge1 expired on \d+-\d+-\d+ \d+:\d+ UTC/, issueBridge);
        fs.renameSync(`${authorityKey}.away`, authorityKey);
        await bridge.start();
        assert.match(bridge.program.text(), / info bridge: issued its own credentials /);
        await bridge.stop();
    });

    await run.step('node: missing and unreadable credentials', () => {
        fs.renameSync(node.credentials, `${node.credentials}.away`);
        nodeRefuses(/does not exist: bring the file here, or correct the path/);
        fs.renameSync(`${node.credentials}.away`, node.credentials);
        fs.chmodSync(node.credentials, 0);
        endsWith(asOrdinaryUser(farm.serviceProgram, nodeRuns), 2,
            [/credentials ".*" ?: cannot be read by the account this runs as: give it the right to read/]);
        fs.chmodSync(node.credentials, 0o600);
    });
    await run.step('node: credentials that are none, or not whole, or a bridge\'s', () => {
        for (const [text, sentence] of [['junk\n', /there is no certificate/], [certificate + authority, /there is no readable private key/],
            [certificate + other[1] + authority, /the private key does not belong to the certificate/],
            [goodBridge, /these are the credentials of the bridge bridge1, not of a node/]]) {
            write(node.credentials, text);
            nodeRefuses(sentence, issueNode);
        }
    });
    await run.step('node: credentials that have expired, or are not valid yet', () => {
        const past = otherTime(-2 * day);
        write(node.credentials, issue(['node1', '--days', '1'], past));
        nodeRefuses(/the certificate of node1 expired on \d+-\d+-\d+ \d+:\d+ UTC/, issueNode);
        write(node.credentials, issue(['node1'], otherTime(3 * day)));
        nodeRefuses(/is not valid before \d+-\d+-\d+ \d+:\d+ UTC; is the clock of this machine wrong\?/);
        write(node.credentials, goodNode);
    });
    await run.step('node: a folder for its log that it cannot write to', () => {
        const file = path.join(run.folder, 'log.ini');
        write(file, fs.readFileSync(node.configuration, 'utf8').replace('[service]\n', `[service]\nlog_file = ${run.folder}/none/x.log\n`));
        endsWith([farm.serviceProgram, ['run', '--config', file]], 2,
            [/\[service\] log_file ".*\/none\/x\.log" cannot be opened for writing: correct it, or let .* write to its folder/]);
    });

    await run.step('a second bridge, and a second node, at the same ports', async () => {
        write(bridgeFile, goodBridge);
        write(node.credentials, goodNode);
        await bridge.start();
        await node.start();
        const secondPort = async (file, configuration, free) => {
            const text = fs.readFileSync(configuration, 'utf8');
            write(file, free ? text.replace(/^listen = .*/m, `listen = 127.0.0.1:${await freePort()}`) : text);
            return ['run', '--config', file];
        };
        const file = path.join(run.folder, 'second.ini');
        endsWith([farm.bridgeProgram, await secondPort(file, bridge.configuration)], 1,
            [new RegExp(`another program listens on 127\\.0\\.0\\.1:${bridge.port} already; .*\\[bridge\\] listen`)]);
        const second = new Program({ name: 'second bridge', command: farm.bridgeProgram, log: path.join(run.folder, 'second.log'),
            args: await secondPort(file, bridge.configuration, true) });
        await second.answers(() => new RegExp('metrics and status are not served: another program ' +
            `listens on 127\\.0\\.0\\.1:${bridge.adminPort} already; .*\\[bridge\\] admin`).test(second.text()), 'a sentence, and goes on without them');
        assert.equal(await second.stop(), 0);
        endsWith([farm.serviceProgram, await secondPort(file, node.configuration)], 1,
            [new RegExp(`another program listens on 127\\.0\\.0\\.1:${node.port} already; .*\\[service\\] listen`)]);
        endsWith([farm.serviceProgram, await secondPort(file, node.configuration, true)], 1,
            [new RegExp(`another program listens on 127\\.0\\.0\\.1:${node.adminPort} already; .*\\[service\\] admin`)]);
        assert.ok(bridge.isRunning && node.isRunning);
        await node.stop();
    });
    await run.step('a node of another farm waits, and comes in with credentials of this one', async () => {
        write(node.credentials, fs.readFileSync(foreignFarm.nodes[0].credentials));
        await node.start({ wait: false });
        await until(() => /no bridge at .*is not of this farm.*another authority issued it; .*were issued by this farm's authority;/
            .test(node.program.text()), { what: 'a sentence about the foreign certificate' });
        await until(() => /refused: the peer refused our certificate: it was issued by another farm's authority/
            .test(bridge.program.text()), { what: 'the same at the bridge' });
        assert.equal(await node.admin('/ready'), false);
        write(node.credentials, goodNode);
        node.program.signal('SIGHUP');
        await until(() => node.admin('/ready'), { what: '/ready', timeout: 20000 });
    });
    await run.step('a node waits for a bridge whose clock, and so whose certificate, is wrong', async () => {
        const future = otherTime(3 * day);
        write(node.credentials, goodNode);
        await node.stop();
        await bridge.stop();
        write(bridgeFile, issue(['bridge1', '--bridge'], future));
        await bridge.run(farm.bridgeProgram, bridgeRuns, () => /listening/.test(bridge.program.text()), 'its line', future);
        await node.start({ wait: false });
        await until(() => /certificate of the peer \(bridge1\) is not valid before \d+-\d+-\d+ \d+:\d+ UTC; is a clock wrong\?/
            .test(node.program.text()), { what: 'a sentence about the clock' });
        await bridge.stop();
        write(bridgeFile, goodBridge);
        await bridge.start();
        await until(() => node.admin('/ready'), { what: '/ready', timeout: 20000 });
    });
    for (const [offset, what] of [[hour, 'ahead'], [-hour, 'behind']]) {
        await run.step(`a node whose clock is an hour ${what} serves as usual, even with new credentials`, async () => {
            await node.stop();
            write(node.credentials, issue(['node1']));
            await node.run(farm.serviceProgram, nodeRuns, () => node.admin('/ready'), '/ready', otherTime(offset));
            const client = await startClient(node);
            await fence(client, client);
            client.cut();
        });
    }
});
