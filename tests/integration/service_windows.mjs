// SPDX-License-Identifier: MIT
// Goal of this test: hubplane-service.exe, run by the service control manager of Wine, is a node like any other: it
// starts, serves, shares a farm with a Linux node, reads the registry, stops cleanly, and comes back.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { startFarm } from '../support/farm.mjs';
import { integrationTest, skip } from '../support/integration.mjs';
import { binDir, until, which, windowsBinDir } from '../support/program.mjs';
import { request, transports } from '../support/signalr_client.mjs';
import { assertHeard, fence, heard, serviceApps, startClient } from './service_apps.mjs';

await integrationTest('service_windows', async (run) => {
    for (const [file, remedy] of [[path.join(binDir, 'hubplane-bridge'), 'build the preset linux too'],
        [path.join(windowsBinDir, 'hubplane-service.exe'), 'build the preset windows'], ['wine', 'install wine']]) {
        if (!which(file)) {
            skip(`${file} is missing: ${remedy}`);
        }
    }
    const farm = await startFarm(run, { nodes: 2, windows: [1], apps: serviceApps() });
    const [windows, linux] = farm.nodes;
    const wine = farm.wine;
    const exe = windows.pathFor(farm.windowsProgram);

    await run.step('the service is RUNNING and ready', () => assert.equal(wine.state(windows.serviceName), 'RUNNING'));
    for (const transport of transports) {
        await run.step(`${transport}: messages cross between Windows and Linux, both ways`, async () => {
            const [here, there] = [await startClient(windows, { transport, query: { user: 'Żółć' } }), await startClient(linux, { transport })];
            await here.invoke('ChatHub', 'Join', 'комната');
            for (let i = 0; i < 20; i++) {
                await here.invoke('ChatHub', 'Send', 'windows', `${i} 🙂`);
                await there.invoke('ChatHub', 'SendToGroup', 'комната', 'linux', `${i}`);
                await there.invoke('ChatHub', 'SendToUser', 'Żółć', 'user', `${i}`);
            }
            await fence(there, here, there);
            const own = Array.from({ length: 20 }, (_, i) => `windows: ${i} 🙂`);
            assertHeard(there, own);
            assertHeard(here, own.flatMap((line, i) => [line, `linux: ${i}`, `user: ${i}`]));
            // And a client moves from one to the other.
            here.cut();
            await there.invoke('ChatHub', 'SendToGroup', 'комната', 'missed', 'one');
            await here.reconnect(linux.url);
            await there.invoke('ChatHub', 'SendToGroup', 'комната', 'missed', 'two');
            await fence(there, here);
            assert.deepEqual(heard(here).filter((line) => line.startsWith('missed')), ['missed: one', 'missed: two']);
            await here.stop();
            await there.stop();
        });
    }
    await run.step('pause: newcomers get 503, present clients stay; continue brings both back', async () => {
        const scm = (...args) => wine.run('wine', windows.pathFor(path.join(windowsBinDir, 'scm_tool.exe')), ...args).output;
        const status = async (page) => (await request(`${windows.origin}${page}`)).status;
        const member = await startClient(windows);
        assert.match(scm('control', windows.serviceName, '2'), /state=/);
        await until(() => wine.state(windows.serviceName) === 'PAUSED', { what: 'PAUSED' });
        assert.equal(await status('/health'), 503);
        assert.equal(await status('/signalr/negotiate?clientProtocol=2.1'), 503);
        await fence(member, member);
        member.cut();
        await member.reconnect(windows.url);
        await fence(member, member);
        scm('control', windows.serviceName, '3');
        await until(() => wine.state(windows.serviceName) === 'RUNNING', { what: 'RUNNING' });
        assert.equal(await status('/health'), 200);
        assert.equal(await status('/signalr/negotiate?clientProtocol=2.1'), 200);
        await member.stop();
    });
    await run.step('sc stop drains: streams end, polls are told, the state is STOPPED', async () => {
        const members = [];
        for (const transport of transports) {
            members.push(await startClient(windows, { transport }));
        }
        const poller = members.at(-1);
        await poller.pollArrived();
        await windows.stop();
        for (const member of members) {
            await until(() => member.ended, { what: `the end of ${member.transport}` });
        }
        assert.ok(poller.frames.some((frame) => frame.json.T === 1), 'T:1');
        assert.match(fs.readFileSync(windows.log, 'utf8'), /service: stopped/);
        for (const member of members) {
            await member.reconnect(linux.url);
        }
        const sender = await startClient(linux);
        await fence(sender, ...members);
        await Promise.all([...members, sender].map((member) => member.stop()));
    });
    await run.step('sc start again: the same tokens hold', async () => {
        const member = await startClient(linux);
        await windows.start();
        member.cut();
        await member.reconnect(windows.url);
        await fence(member, member);
        await member.stop();
    });
    await run.step('the registry wins over the file', async () => {
        await windows.stop();
        const parameters = `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${windows.serviceName}\\Parameters\\service`;
        wine.registryAdd(parameters, 'name', 'from-the-registry');
        await windows.start();
        assert.match(fs.readFileSync(windows.log, 'utf8').split('service: stopped').at(-1), /name=from-the-registry/);
    });
    await run.step('the console: version, check, a bad configuration', () => {
        assert.match(wine.run('wine', exe, '--version').output, /^hubplane-service \d/m);
        assert.equal(wine.run('wine', exe, 'check', '--config', windows.pathFor(windows.configuration)).code, 0);
        const bad = path.join(run.folder, 'bad.ini');
        fs.writeFileSync(bad, `${fs.readFileSync(windows.configuration, 'utf8')}\n[service]\nlistn = 1\n`);
        const done = wine.run('wine', exe, 'check', '--config', windows.pathFor(bad));
        assert.equal(done.code, 2);
        assert.match(done.output, /listn/);
    });
});
