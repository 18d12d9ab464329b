// SPDX-License-Identifier: MIT
// Goal of this test: credentials that cannot be used are refused with one sentence that says why and what to do, by
// import-credentials, by check and by the service, which waits until they can.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { integrationTest } from '../support/integration.mjs';
import { PaperFarm, control, openWindows, windowsPath } from './windows_fixture.mjs';

await integrationTest('bad_credentials', async (run) => {
    const { services: [service] } = await openWindows(run);
    const farm = new PaperFarm(path.join(run.folder, 'farm'));
    const otherFarm = new PaperFarm(path.join(run.folder, 'other'));
    const good = farm.issue('web01');
    const bad = [
        ['missing', farm.file('nowhere.pem'), /does not exist: bring the file here, or correct the path/],
        ['expired', farm.issue('old', { fromHours: -48, untilHours: -24 }), /the certificate of old expired on .* UTC; issue new ones/],
        ['of a clock that is an hour ahead', farm.issue('early', { fromHours: 1 }),
            /the certificate of early is not valid before .*; is the clock of this machine wrong\?/],
        ['with another key', farm.issue('mixed', { key: farm.read('web01.key') }), /the private key does not belong to the certificate/],
        ['with the authority of another farm', farm.issue('foreign', { authority: otherFarm.authority }),
            /the certificate of foreign does not go with the authority given beside it/],
        ['without a key', farm.write('bare.pem', farm.read('web01.crt') + farm.authority), /there is no readable private key in PEM form/],
        ['of something else', farm.write('text.pem', 'Dear administrator,\n'), /there is no certificate of an authority \(the farm's CA\) in PEM form/],
        ['protected on another machine', farm.write('moved.pem', farm.read('web01.crt') + '-----BEGIN HUBPLANE PROTECTED KEY-----\n' +
            `${Buffer.from('somebody else’s').toString('base64')}\n-----END HUBPLANE PROTECTED KEY-----\n` + farm.authority),
        /protected on another machine, or is damaged: run "hubplane-service import-credentials FILE" here/],
    ];

    service.must('install');
    for (const [what, file, sentence] of bad) {
        await run.step(`${what}: not imported`, () => {
            const done = service.run('import-credentials', windowsPath(file));
            assert.equal(done.code, 2, done.output);
            assert.match(done.output, sentence);
            assert.equal(done.output.trim().split('\n').length, 1, done.output);
            assert.equal(fs.existsSync(path.join(service.folder, 'credentials.pem')), false);
        });
    }

    await service.configure(good);
    await run.step('imported once more from where they are: nobody is told to delete them', () => {
        const output = service.must('import-credentials', 'C:\\ProgramData\\Hubplane\\credentials.pem');
        assert.match(output, /^The credentials are in "C:\\ProgramData\\Hubplane\\credentials\.pem"\.\r?\nThe service "Hubplane" uses them/);
    });

    await run.step('a service waits for its configuration: status says where to look', () => {
        service.set('bridge', 'adress', 'x:1');
        assert.match(service.run('status').output, /STOPPED[^]*sc start "Hubplane" starts it/);
        service.scm('start');
        const done = service.run('status');
        assert.equal(done.code, 1);
        assert.match(done.output, /RUNNING[^]*the configuration has mistakes: "hubplane-service check" names them/);
        service.scm('stop');
        service.unset('bridge', 'adress');
    });

    for (const [what, file, sentence] of bad) {
        await run.step(`${what}: named by check with its registry path`, () => {
            service.set('bridge', 'credentials', windowsPath(file));
            const done = service.run('check');
            assert.equal(done.code, 2, done.output);
            assert.match(done.output, /^HKLM\\SYSTEM\\CurrentControlSet\\Services\\Hubplane\\Parameters\\bridge\\credentials: \[bridge\] credentials "/m);
            assert.match(done.output, sentence);
            assert.match(done.output, /1 mistake in the configuration/);
        });
    }

    await run.step('the service says it and waits; good ones are taken on paramchange', async () => {
        service.set('bridge', 'credentials', windowsPath(farm.file('old.pem')));
        assert.equal(service.scm('start').at(-1).state, 'RUNNING');
        await service.logs(/the configuration was rejected: .*expired on/);
        await service.logs(/waiting until the configuration is usable/);
        assert.equal(await service.health(), 0);
        service.set('bridge', 'credentials', windowsPath(good));
        service.scm('control', control.paramchange);
        await service.logs(/started version=/);
        assert.equal(await service.health(), 200);
    });

    await run.step('bad ones at a reload leave the node with what it has', async () => {
        const from = service.text().length;
        service.set('bridge', 'credentials', windowsPath(farm.file('mixed.pem')));
        service.scm('control', control.paramchange);
        await service.logs(/the configuration was rejected: .*the private key does not belong to the certificate/, from);
        assert.equal(await service.health(), 200);
    });
});
