// SPDX-License-Identifier: MIT
// Goal of this test: several services live on one machine under names of their own, and what goes wrong between them is said
// in one sentence.
import assert from 'node:assert/strict';
import { integrationTest } from '../support/integration.mjs';
import { PaperFarm, control, openWindows } from './windows_fixture.mjs';

await integrationTest('two_instances', async (run) => {
    const { services: [left, right] } = await openWindows(run, { names: ['Hubplane Left', 'HubplaneRight'] });
    const credentials = new PaperFarm(run.folder).issue('web01');

    await run.step('both serve, each with its folder, registry and ports', async () => {
        for (const service of [left, right]) {
            service.must('install');
            await service.configure(credentials);
            assert.equal(service.scm('start').at(-1).state, 'RUNNING');
        }
        assert.equal(await left.health(), 200);
        assert.equal(await right.health(), 200);
        assert.match(left.text(), new RegExp(`port=${left.port}`));
        assert.match(right.text(), new RegExp(`port=${right.port}`));
    });

    await run.step('stopping one leaves the other', async () => {
        assert.equal(left.scm('stop').at(-1).state, 'STOPPED');
        assert.equal(await right.health(), 200);
    });

    await run.step('the same port: one sentence, and an exit code the service control manager can act on', async () => {
        left.set('service', 'listen', `127.0.0.1:${right.port}`);
        const last = left.scm('start').at(-1);
        assert.equal(last.state, 'STOPPED');
        assert.equal(last.exit, '1066'); // ERROR_SERVICE_SPECIFIC_ERROR
        assert.equal(last.specific, '1');
        await left.logs(new RegExp(`127\\.0\\.0\\.1:${right.port}.*already`));
        await left.logs(/could not start/);
        assert.equal(await right.health(), 200);
    });

    await run.step('an address of another machine', async () => {
        left.set('service', 'listen', '192.0.2.1:8080');
        assert.equal(left.scm('start').at(-1).state, 'STOPPED');
        await left.logs(/cannot listen on 192\.0\.2\.1:8080: that is not an address of this machine; correct \[service\] listen/);
    });

    await run.step('a log file that cannot be written: it says so once and waits', async () => {
        const from = left.text().length;
        left.set('service', 'listen', `127.0.0.1:${left.port}`);
        left.set('service', 'log_file', 'Q:\\nowhere\\node.log');
        assert.equal(left.scm('start').at(-1).state, 'RUNNING');
        await left.logs(/log_file "Q:\\nowhere\\node\.log" cannot be opened for writing: correct it, or let/, from);
        left.scm('control', control.paramchange);
        left.unset('service', 'log_file');
        await left.logs(/started version=/, from);
        assert.equal(await left.health(), 200);
        assert.equal(left.text().slice(from).match(/error configuration: /g).length, 1, left.text().slice(from));
    });
});
