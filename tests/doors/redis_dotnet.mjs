// SPDX-License-Identifier: MIT
// Goal of this test: the real StackExchange.Redis, from the first that SignalR was shipped with to the newest, takes the
// endpoint for Redis; and a real server of ASP.NET SignalR 2 under Mono is a member of the farm: messages to everybody,
// groups, users and connections, and joins, cross between its clients and those of hosted hubs. Skipped, and counted, is
// what this machine lacks: a dotnet SDK, Mono, or a package.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startClient } from '../integration/service_apps.mjs';
import { integrationTest, skip } from '../support/integration.mjs';
import { freePort } from '../support/ports.mjs';
import { Program, binDir, patience, runProgram, until, which } from '../support/program.mjs';
import { publishScript } from '../support/scaleout.mjs';
import { SignalRClient, request } from '../support/signalr_client.mjs';
import { broadcast, key, password, startRedisDoor } from './redis_door.mjs';

const folder = path.dirname(fileURLToPath(import.meta.url));
const buildDir = process.env.HUBPLANE_BUILD_DIR ?? path.join(binDir, '..');
const environment = { HUBPLANE_BUILD_DIR: buildDir, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1',
    DOTNET_GENERATE_ASPNET_CERTIFICATE: 'false', DOTNET_CLI_USE_MSBUILD_SERVER: '0', MSBUILDDISABLENODEREUSE: '1' };
/** One of each generation: the handshakes of those between them are the same. */
const clients = ['1.2.6', '2.1.30', '2.6.96', '2.7.27', '2.8.16', '2.13.23', '3.4.35'];

/** Whether all of ${assemblies} are newer than what is in ${place}. */
function isBuilt(place, assemblies) {
    const age = (file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const newest = Math.max(...fs.readdirSync(path.join(folder, place)).map((name) => age(path.join(folder, place, name))));
    return assemblies.every((file) => age(path.join(buildDir, 'doors/bin', file)) > newest);
}

/** Build a project of ${place}, unless that has been done. Returns why it failed, or nothing. */
function dotnet(place, assemblies, ...args) {
    if (!which('dotnet')) {
        skip('there is no dotnet SDK');
    }
    if (isBuilt(place, assemblies)) {
        return '';
    }
    const done = runProgram('dotnet', [...args, '-v', 'quiet', '-p:UseSharedCompilation=false'],
        { env: environment, cwd: path.join(folder, place), timeout: 400000 / patience });
    return done.code === 0 ? '' : (done.stdout + done.stderr).match(/error [A-Z]+\d+.*/)?.[0] ?? 'the build failed';
}

/** The program of tests/doors/stackexchange as a child. */
class Application {
    lines = [];

    constructor(run, version, connection, app, script) {
        const assembly = path.join(buildDir, `doors/bin/Application${version}/Application.dll`);
        if (!fs.existsSync(assembly)) {
            skip(`StackExchange.Redis ${version} cannot be had from NuGet`);
        }
        this.child = spawn('dotnet', [assembly, connection, app, script], { env: { ...process.env, ...environment } });
        run.atEnd(() => this.child.kill('SIGKILL'));
        this.exited = new Promise((resolve) => this.child.on('exit', resolve));
        let rest = '';
        this.child.stdout.setEncoding('utf8').on('data', (data) => {
            const lines = (rest + data).split('\n');
            rest = lines.pop();
            this.lines.push(...lines.map((line) => line.trim()));
        });
        this.child.stderr.setEncoding('utf8').on('data', (data) => this.lines.push(`stderr ${data}`));
    }

    told(word) {
        return this.lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
    }

    async wait(word, count = 1) {
        try {
            await until(() => this.told(word).length >= count, { what: `${count} times "${word}"`, timeout: 30000 });
        } catch (error) {
            throw new Error(`${error.message}; it said\n${this.lines.join('\n').slice(-2000)}`);
        }
        return this.told(word);
    }

    publish(frame) {
        this.child.stdin.write(`publish ${frame.toString('hex')}\n`);
    }

    async end() {
        this.child.stdin.end();
        await this.exited;
        assert.equal(this.lines.at(-1), 'closed', this.lines.slice(-5).join('\n'));
    }
}

await integrationTest('door_redis_dotnet', async (run) => {
    const whyNot = dotnet('stackexchange', clients.map((version) => `Application${version}/Application.dll`), 'build', 'Every.proj', '-m:2', `-p:Clients="${clients.join(';')}"`);
    const farm = await startRedisDoor(run, { nodes: 2 });
    const scripts = ['\n', '\r\n'].map((lineEnd, i) => {
        const file = path.join(run.folder, `script${i}.lua`);
        fs.writeFileSync(file, publishScript(lineEnd));
        return file;
    });
    if (whyNot) {
        console.log(`         not everything could be built: ${whyNot}`);
    }

    for (const [i, version] of clients.entries()) {
        for (const more of version.startsWith('2.8') ? ['', ',protocol=resp3'] : ['']) {
            await run.step(`StackExchange.Redis ${version}${more}: both directions, keep-alives, farewell`, async () => {
                const application = new Application(run, version, `127.0.0.1:${farm.door},abortConnect=false,keepAlive=1${more}`,
                    key, scripts[i % 2]);
                await application.wait('ready');
                const near = await startClient(farm.nodes[0]);
                const far = await startClient(farm.nodes[1]);
                application.publish(broadcast('first'));
                application.publish(broadcast('second'));
                await application.wait('published', 2);
                await near.invoke('ChatHub', 'Send', 'hosted', 'hello');
                const messages = (await application.wait('message', 3)).map((hex) => Buffer.from(hex, 'hex').toString('latin1'));
                ['"first"', '"second"', '"hello"'].forEach((text, k) => assert.ok(messages[k].includes(text), messages[k]));
                for (const client of [near, far]) {
                    await client.message((message) => message.A?.[1] === 'second', 'what the application published');
                }
                const ids = application.told('published').map((line) => Number(line.split(' ')[1]));
                assert.deepEqual(messages.slice(0, 2).map((text) => Number(text.split(' ')[0])), ids);
                await Promise.all([near.stop(), far.stop()]);
                if (/^(1|2\.7|3)\./.test(version)) {
                    await new Promise((resolve) => setTimeout(resolve, 2500)); // keep-alives, one a second, of each kind
                }
                application.publish(broadcast('after a while'));
                await application.wait('published', 3);
                await application.wait('message', 4);
                assert.deepEqual(application.told('lost'), []);
                assert.deepEqual(application.told('failed'), []);
                await application.end();
            });
        }
    }
    await run.step('a password in the connection string, right and wrong', async () => {
        const right = new Application(run, '2.7.27', `127.0.0.1:${farm.lockedDoor},password=${password},abortConnect=false`,
            'LockedApp', scripts[0]);
        await right.wait('ready');
        right.publish(broadcast('locked'));
        await right.wait('message');
        await right.end();
        const wrong = new Application(run, '2.7.27',
            `127.0.0.1:${farm.lockedDoor},password=wrong,abortConnect=false,connectTimeout=1000`, 'LockedApp', scripts[0]);
        assert.match((await wrong.wait('refused'))[0], /WRONGPASS|[Aa]uth/);
        await wrong.exited;
    });
    await run.step('the node restarts: the application comes back by itself, ids go on', async () => {
        const application = new Application(run, '2.7.27', `127.0.0.1:${farm.door},abortConnect=false`, key, scripts[0]);
        await application.wait('ready');
        application.publish(broadcast('before'));
        await application.wait('message');
        await farm.nodes[0].stop();
        await application.wait('lost', 2);
        await farm.nodes[0].start();
        await application.wait('restored', 2);
        application.publish(broadcast('after'));
        const [before, after] = (await application.wait('published', 2)).map((line) => Number(line.split(' ')[1]));
        assert.ok(after > before, `${after} after ${before}`);
        await application.wait('message', 2);
        await application.end();
    });

    await run.step('a server of ASP.NET SignalR 2.4.1 under Mono is a member of the farm', async () => {
        if (!which('mono')) {
            skip('mono is not installed');
        }
        const missing = dotnet('mono', ['Server/Server.exe'], 'build', 'Server.csproj');
        if (missing.startsWith('error NU')) {
            skip(`its packages cannot be had from NuGet: ${missing}`);
        }
        assert.equal(missing, '');
        const port = await freePort();
        const server = new Program({ name: 'mono', command: 'mono', log: path.join(run.folder, 'mono.log'),
            args: [path.join(buildDir, 'doors/bin/Server/Server.exe'), `http://127.0.0.1:${port}/signalr/`,
                `127.0.0.1:${farm.door},abortConnect=true`, key, scripts[1]] });
        run.atEnd(() => server.kill());
        await server.answers(() => /listening/.test(server.text()), 'its line that it listens');
        await until(async () => (await request(`http://127.0.0.1:${port}/signalr/negotiate?clientProtocol=2.0`)).status === 200,
            { what: 'negotiate', timeout: 30000 });
        for (const transport of ['serverSentEvents', 'longPolling']) {
            const theirs = await new SignalRClient(`http://127.0.0.1:${port}/signalr`, { transport, query: { user: 'Ann' } }).start();
            const ours = await startClient(farm.nodes[1], { query: { user: 'Bob' } });
            const both = async (sender, method, ...args) => {
                await sender.invoke('ChatHub', method, ...args);
                for (const client of [theirs, ours]) {
                    await client.message((message) => message.A?.[0] === args.at(-2) && message.A[1] === args.at(-1), `${args.at(-1)}`);
                }
            };
            const alone = async (sender, receiver, other, method, ...args) => {
                await sender.invoke('ChatHub', method, ...args);
                await receiver.message((message) => message.A?.[1] === args.at(-1), `${args.at(-1)}`);
                assert.ok(!other.messages.some(({ message }) => message.A?.[1] === args.at(-1)), `${args.at(-1)} at the other`);
            };
            await both(theirs, 'Send', 'theirs', 'to all');
            await both(ours, 'Send', 'ours', 'to all');
            await alone(theirs, ours, theirs, 'SendToUser', 'Bob', 'theirs', 'to the user');
            await alone(ours, theirs, ours, 'SendToUser', 'Ann', 'ours', 'to their user');
            await alone(theirs, ours, theirs, 'SendToClient', ours.connectionId, 'theirs', 'to the connection');
            await alone(ours, theirs, ours, 'SendToClient', theirs.connectionId, 'ours', 'to their connection');
            // Groups.Add from either side for the other's client, acknowledged.
            for (const [adder, member] of [[theirs, ours], [ours, theirs]]) {
                const started = Date.now();
                await adder.invoke('ChatHub', 'JoinOther', 'room', member.connectionId);
                const elapsed = Date.now() - started;
                assert.ok(elapsed < 1000 || process.env.HUBPLANE_PRESET !== 'linux', `acknowledged after ${elapsed} ms`);
            }
            await both(theirs, 'SendToGroup', 'room', 'theirs', 'to the group');
            await both(ours, 'SendToGroup', 'room', 'ours', 'to the group');
            await theirs.invoke('ChatHub', 'LeaveOther', 'room', ours.connectionId);
            await alone(ours, theirs, ours, 'SendToGroup', 'room', 'ours', 'to who is left');
            await Promise.all([theirs.stop(), ours.stop()]);
        }
    }, { timeout: 120000 });
});
