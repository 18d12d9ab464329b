// SPDX-License-Identifier: MIT
// Goal of this test: the official .NET client (Microsoft.AspNet.SignalR.Client 2.4 from NuGet) on each transport: calls,
// progress, state, groups, users, coming back on the same node and on another, and Stop(). Skipped without a dotnet SDK
// or without a package source that has the client.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeToken } from '../doors/rest_caller.mjs';
import { startFarm } from '../support/farm.mjs';
import { integrationTest, skip } from '../support/integration.mjs';
import { binDir, patience, runProgram, which } from '../support/program.mjs';
import { TcpProxy } from '../support/tcp_proxy.mjs';
import { serviceApps } from '../integration/service_apps.mjs';

const folder = path.dirname(fileURLToPath(import.meta.url));
const buildDir = process.env.HUBPLANE_BUILD_DIR ?? path.join(binDir, '..');
const environment = { HUBPLANE_BUILD_DIR: buildDir, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1',
    DOTNET_GENERATE_ASPNET_CERTIFICATE: 'false', DOTNET_CLI_USE_MSBUILD_SERVER: '0', MSBUILDDISABLENODEREUSE: '1' };

/** Build the client program, if this machine can. Returns the path of its assembly. */
function build() {
    if (!which('dotnet')) {
        skip('there is no dotnet SDK');
    }
    fs.mkdirSync(buildDir, { recursive: true });
    const run = (...args) => runProgram('dotnet', args, { env: environment, cwd: folder, timeout: 240000 });
    const restored = run('restore', 'HubplaneClientTest.csproj', '-v', 'quiet');
    if (restored.code !== 0) {
        skip(`the .NET client cannot be had from NuGet: ${(restored.stdout + restored.stderr).match(/error [A-Z]+\d+/)?.[0] ?? 'restore failed'}`);
    }
    const built = run('build', 'HubplaneClientTest.csproj', '--no-restore', '-v', 'quiet', '-p:UseSharedCompilation=false');
    if (built.code !== 0) {
        throw new Error(`dotnet build: ${built.stdout}${built.stderr}`);
    }
    return path.join(buildDir, 'dotnet/bin/HubplaneClientTest.dll');
}

await integrationTest('service_dotnet', async (run) => {
    const assembly = build();
    const key = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH';
    const keyFile = path.join(run.folder, 'access.keys');
    fs.writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
    const farm = await startFarm(run, { nodes: 2, apps: `${serviceApps()}
[app redirected]
path = /redirected
user = token
access_keys_file = ${keyFile}
[hub redirected/ChatHub]
Who = return($user)
` });
    const [node, other] = farm.nodes;
    // A web application that knows its users, and answers negotiate itself.
    const target = `${other.origin}/redirected`;
    const application = http.createServer((incoming, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify({ ProtocolVersion: '2.0', RedirectUrl: target,
            AccessToken: makeToken(key, { aud: target, exp: Math.floor(Date.now() / 1000) + 3600, 'asrs.s.uid': 'ann' }) }));
    });
    await new Promise((resolve) => application.listen(0, '127.0.0.1', resolve));
    run.atEnd(() => new Promise((resolve) => {
        application.closeAllConnections();
        application.close(resolve);
    }));
    const proxy = await TcpProxy.listen(node.port);
    run.atEnd(() => proxy.close());

    // The wire stays down for a moment: a long poll that is merely cut counts as answered and is polled again.
    const cut = (port) => {
        proxy.target = port;
        proxy.isDown = true;
        proxy.cut();
        setTimeout(() => { proxy.isDown = false; }, 300);
    };
    const wishes = {
        cut: () => cut(node.port),
        'lead to node 1': () => cut(node.port),
        'lead to node 2': () => cut(other.port),
    };
    const child = spawn('dotnet', [assembly, `${proxy.origin}/signalr`, other.url,
        `http://127.0.0.1:${application.address().port}/chat`], {
        env: { ...process.env, ...environment, HUBPLANE_PATIENCE: String(patience) }, stdio: ['pipe', 'pipe', 'pipe'] });
    run.atEnd(() => child.kill('SIGKILL'));
    let rest = '';
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (data) => { complaints += data; });
    child.stdout.setEncoding('utf8').on('data', (data) => {
        const lines = (rest + data).split('\n');
        rest = lines.pop();
        for (const line of lines) {
            const [, word, title] = /^(\w+) (.*)$/.exec(line.trim()) ?? [];
            if (word === 'do') {
                wishes[title]();
                child.stdin.write('done\n');
            } else if (word === 'ok') {
                run.passed++;
                console.log(`ok       ${title}`);
            } else if (word === 'FAILED') {
                run.failed++;
                console.log(`FAILED   ${title}`);
            } else {
                console.log(`         ${line}`);
            }
        }
    });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    if (code !== 0 && run.failed === 0) {
        throw new Error(`the client ended with ${code}: ${complaints}`);
    }
});
