// SPDX-License-Identifier: MIT
// bench_peers: "./dev bench --peers": the alternatives that npm, Debian and NuGet offer, under the loads of the rows: two
// servers and a Redis of their own, publisher on one, subscribers on the other. One run each, not the farm's three.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { problemOf, rows } from './bench_rows.mjs';
import { binDir, runProgram, which } from '../support/program.mjs';

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'peers');
const buildDir = path.join(binDir, '..');
const aspnetcoreDir = path.join(buildDir, 'bench_peers/bin');
const nginxProgram = which('nginx') ?? which('/usr/sbin/nginx');
const nchanModule = '/usr/lib/nginx/modules/ngx_nchan_module.so';

function npmVersions(...names) {
    return names.map((name) => {
        const file = path.join(folder, 'node_modules', name, 'package.json');
        if (!fs.existsSync(file)) {
            throw new Error(`npm could not install ${name}`);
        }
        return `${name} ${JSON.parse(fs.readFileSync(file, 'utf8')).version}`;
    }).join(', ');
}

/** One process each, which forgets a message once it has gone to Redis ("nostore"): the cheapest that nchan offers. */
const nchanConfiguration = (port, redis, at) => `
load_module ${nchanModule};
daemon off;
master_process off;
pid ${at}/nginx-${port}.pid;
error_log stderr warn;
worker_rlimit_nofile 32768;
events { worker_connections 32768; }
http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${at}/nginx-${port};`).join(' ')}
    upstream redis { nchan_redis_server redis://127.0.0.1:${redis}; }
    server {
        listen 127.0.0.1:${port} backlog=4096;
        ${['subscriber', 'publisher'].map((role) => `
        location ~ ^/${role.slice(0, 3)}/(\\d+)$ {
            nchan_${role} websocket;
            nchan_channel_id $1;
            nchan_redis_pass redis;
            nchan_redis_storage_mode nostore;
            nchan_subscriber_first_message newest;
        }`).join('')}
    }
}
`;

/**
 * `prepare` returns the versions, or throws why it cannot be measured; `command` is that of one server, which has started
 * when a WebSocket can be opened at its `door`.
 */
const peers = [
    {
        name: 'ws',
        protocol: 'bare',
        door: '/ready',
        prepare: () => `${npmVersions('ws', 'ioredis')}, Node ${process.version.slice(1)}`,
        command: (port, redis) => [process.execPath, path.join(folder, 'ws_server.mjs'), port, redis],
    },
    {
        name: 'socket.io',
        protocol: 'socket.io',
        door: '/socket.io/?EIO=4&transport=websocket',
        prepare: () => `${npmVersions('socket.io', '@socket.io/redis-adapter', 'ioredis')}, Node ${process.version.slice(1)}`,
        command: (port, redis) => [process.execPath, path.join(folder, 'socket_io_server.mjs'), port, redis],
    },
    {
        name: 'nchan',
        protocol: 'nchan',
        door: '/pub/0',
        prepare() {
            if (!nginxProgram || !fs.existsSync(nchanModule)) {
                throw new Error('Debian\'s package libnginx-mod-nchan is not installed');
            }
            const versions = execFileSync('dpkg-query', ['-W', '-f=${Package} ${Version}\n', 'libnginx-mod-nchan', 'nginx'],
                { encoding: 'utf8' });
            return `${versions.trim().replaceAll('\n', ', ')}; messages not stored`;
        },
        command(port, redis, at) {
            const file = path.join(at, `nginx-${port}.conf`);
            fs.writeFileSync(file, nchanConfiguration(port, redis, at));
            return [nginxProgram, '-p', at, '-c', file];
        },
    },
    {
        name: 'aspnetcore',
        protocol: 'aspnetcore',
        door: '/bench',
        prepare() {
            if (!which('dotnet')) {
                throw new Error('there is no dotnet SDK');
            }
            const built = runProgram('dotnet', ['build', 'Server.csproj', '-c', 'Release', '-v', 'quiet',
                '-p:UseSharedCompilation=false'], { cwd: path.join(folder, 'aspnetcore'), timeout: 240000,
                env: { HUBPLANE_BUILD_DIR: buildDir, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1',
                    DOTNET_CLI_USE_MSBUILD_SERVER: '0', MSBUILDDISABLENODEREUSE: '1' } });
            if (built.code !== 0) {
                throw new Error((built.stdout + built.stderr).match(/error [A-Z]+\d+.*/)?.[0] ?? 'dotnet build failed');
            }
            const { libraries } = JSON.parse(fs.readFileSync(path.join(aspnetcoreDir, 'Server.deps.json'), 'utf8'));
            const [name, version] = Object.keys(libraries).find((library) =>
                library.startsWith('Microsoft.AspNetCore.SignalR.StackExchangeRedis/')).split('/');
            return `${name} ${version}, .NET SDK ${execFileSync('dotnet', ['--version'], { encoding: 'utf8' }).trim()}`;
        },
        command: (port, redis) => ['dotnet', path.join(aspnetcoreDir, 'Server.dll'), '--urls', `http://127.0.0.1:${port}`,
            '--redis', `127.0.0.1:${redis}`],
    },
];

/** One run of ${row} against ${peer}. What has failed is ended, so that the next row finds new servers. */
async function runOnce(bench, peer, row) {
    const name = row.isFresh ? `${peer.name}-fresh` : peer.name;
    let run;
    try {
        run = await bench.measurePeer(name, peer, row.load(bench.isQuick));
    } catch (error) {
        await bench.end(name);
        throw error;
    }
    if (row.isFresh) {
        await bench.end(name);
    }
    if (problemOf(run)) {
        throw new Error(problemOf(run));
    }
    return run;
}

/**
 * Adds to the `peers` of ${results}: a figure in the row's unit, or null and a sentence among `peerProblems`. Returns the
 * `versions` by peer, and a sentence for each that is `absent`.
 */
export async function measurePeers(bench, results) {
    const versions = {}, absent = [];
    for (const peer of peers) {
        bench.progress(`${peer.name}: preparing`);
        try {
            versions[peer.name] = peer.prepare();
        } catch (error) {
            absent.push(`${peer.name}: ${error.message}`);
            continue;
        }
        const runs = new Map(); // by load: two rows may have the same
        for (const result of results) {
            const row = rows.find(({ name }) => name === result.name);
            const load = row.load && JSON.stringify(row.load(bench.isQuick));
            if (!load) {
                continue;
            }
            if (!runs.has(load)) {
                bench.progress(`${peer.name}: ${row.name}`);
                runs.set(load, runOnce(bench, peer, row).catch((error) => ({ problem: error.message })));
            }
            const run = await runs.get(load);
            result.peers[peer.name] = run.problem ? null : row.value(run);
            if (run.problem) {
                (result.peerProblems ??= []).push(`${peer.name}: ${run.problem}`);
            }
        }
        await bench.end(peer.name);
    }
    return { versions, absent };
}
