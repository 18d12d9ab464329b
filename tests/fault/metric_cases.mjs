// SPDX-License-Identifier: MIT
// metric_cases: what whoever watches a farm can rely on.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { appKey } from '../chaos/fault_farm.mjs';
import { until } from '../support/program.mjs';
import { RedisClient } from '../support/redis_client.mjs';
import { request, SignalRClient } from '../support/signalr_client.mjs';
import { encodeFrame, publishAsDotnet } from '../support/scaleout.mjs';
import { checkRow, metricRows, parseMetrics } from './metric_rows.mjs';

const pageOf = async (server) => parseMetrics((await request(`http://127.0.0.1:${server.adminPort}/metrics`)).body);
const status = async (url) => (await request(url)).status;
const say = (text) => encodeFrame([{ source: 'dotnet', key: 'h-ChatHub', value: JSON.stringify({ H: 'ChatHub', M: 'note', A: [text] }) }]);

export const metricCases = {
    'M-1': {
        title: 'both programs print every row of the list, and no more than the page says; /health, /live, /ready and /status answer',
        load: false,
        async run({ farm }) {
            const pages = { node: await pageOf(farm.nodes[0]), bridge: await pageOf(farm.bridges[0]) };
            for (const row of metricRows) {
                row.on.filter((role) => !(row.app && role === 'bridge' && pages.bridge.values.hubplane_apps === 0))
                    .forEach((role) => checkRow(row, pages[role]));
            }
            const documented = fs.readFileSync(new URL('../../installer/metrics.md', import.meta.url), 'utf8');
            for (const [role, column] of [['node', 3], ['bridge', 4]]) {
                const told = documented.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
                    .filter((cells) => cells[1]?.startsWith('`hubplane_') && cells[column] === 'yes').map((cells) => `${cells[1].slice(1, -1)} ${cells[2]}`);
                assert.deepEqual(Object.entries(pages[role].types).map(([name, type]) => `${name} ${type}`).sort(), told.sort(), `installer/metrics.md on the ${role}`);
            }
            for (const server of [...farm.nodes, ...farm.bridges]) {
                for (const page of ['/live', '/ready', '/status']) {
                    assert.equal(await status(`http://127.0.0.1:${server.adminPort}${page}`), 200, `${server.name} ${page}`);
                }
            }
            assert.equal(await status(`${farm.nodes[0].origin}/health`), 200);
        },
    },
    'M-2': {
        title: 'seven messages are lost, with the log off: every program counts seven',
        load: false,
        farm: { redisOptions: { log_messages: 'off' } },
        async run({ farm, observers }) {
            const clients = await observers();
            const redis = await RedisClient.connect(farm.redis.port);
            const first = await publishAsDotnet(redis, appKey, say('before'));
            await redis.command('INCRBY', appKey, 7);
            await publishAsDotnet(redis, appKey, say('after'));
            for (const client of clients) {
                await until(() => client.invocations('note').length === 2, { what: 'both messages', timeout: 20000 });
                assert.deepEqual(client.invocations('note'), [['before'], ['after']]);
            }
            for (const server of [...farm.nodes, ...farm.bridges]) {
                await until(async () => await farm.metric(server, 'hubplane_gap_lost_total') > 0, { what: `${server.name} to count` });
                assert.equal(await farm.metric(server, 'hubplane_gap_lost_total'), 7, server.name);
            }
            // One that comes under an id that was given up: told from a repeat.
            await redis.command('PUBLISH', appKey, Buffer.concat([Buffer.from(`${Number(first) + 1} `), say('late')]));
            await until(async () => await farm.metric(farm.bridges[0], 'hubplane_id_regression_total') === 1, { what: 'the late one to be counted' });
            clients.forEach((client) => client.cut());
            redis.close();
        },
    },
    'M-4': {
        title: 'one trace id leads from the node that sent a message through both bridges to every node',
        load: false,
        farm: { logLevel: 'debug' },
        async run({ farm, observers }) {
            const clients = await observers();
            const sender = await new SignalRClient(farm.nodes[0].url).start();
            for (const server of farm.nodes) {
                assert.ok(await farm.metric(server, 'hubplane_http_connections') > 0, `${server.name} counts its clients' sockets`);
            }
            await sender.invoke('chathub', 'All', 4711);
            for (const client of clients) {
                await until(() => client.invocations('m').length > 0, { what: 'the message' });
            }
            const [, trace, id] = await until(() => /debug .* publish accepted trace=([0-9a-f]{8}-\d+) id=(\d+)/.exec(farm.nodes[0].program.text()),
                { what: 'the node to say that it was accepted' });
            assert.ok(farm.nodes[0].program.text().includes(`publish sent trace=${trace} `));
            const texts = farm.bridges.map((bridge) => bridge.program.text());
            const [first] = texts.filter((text) => text.includes(`publish received trace=${trace} `));
            assert.ok(first?.includes(`published trace=${trace} id=${id}`), 'the bridge that published it');
            for (const bridge of farm.bridges) {
                await until(() => ['heard', 'delivered'].every((what) => bridge.program.text().includes(`${what} trace=${trace} id=${id}`)),
                    { what: `${bridge.name} to hear and deliver it` });
            }
            for (const node of farm.nodes) {
                await until(() => node.program.text().includes(`message received id=${id}`), { what: `${node.name} to receive it` });
            }
            [...clients, sender].forEach((client) => client.cut());
        },
    },
};
