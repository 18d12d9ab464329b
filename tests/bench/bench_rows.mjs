// SPDX-License-Identifier: MIT
// bench_rows: what each row of the table measures, its goal, and the sentence that explains it. A row that peers can be
// measured by, too, has its load, options of the generator, and what of a run is its value.
import net from 'node:net';
import { measure } from './bench_setting.mjs';
import { RedisClient } from '../support/redis_client.mjs';

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const range = (list) => [Math.min(...list), Math.max(...list)];

/** What would make the figures worthless, or a broken promise; '' when all is well. */
export function problemOf(run) {
    const problems = ['lost', 'doubled', 'errors', 'closed', 'refused'].filter((name) => run[name] > 0)
        .map((name) => `${name}=${run[name]}`);
    return problems.join(' ');
}

/** How busy the generator was, as a share of one core. */
const load = (runs) => Math.round(100 * median(runs.map((run) => run.own_cpu / run.seconds)));

/** Where the time goes: microseconds of CPU a delivery in each server of ${detail}. */
function costs(detail) {
    const each = (side, names) => names.map((name, i) =>
        `${name} ${Number((1e6 * detail[`${side}_cores`][i] / detail.per_second[side]).toPrecision(2))}`).join(', ');
    return `CPU µs a delivery: ${each('farm', farmServers)}; floor: ${each('floor', detail.floor_cores.length === 3
        ? floorServers : farmServers)}.`;
}

/** Farm and floor in turn, ${repeats} times; ${value} of each run is what counts. */
async function alternate(bench, name, { farm, floor, options, floorOptions = options, value, repeats }) {
    const runs = { farm: [], floor: [] };
    for (let i = 0; i < repeats; i++) {
        for (const [side, setting, wanted] of [['farm', farm, options], ['floor', floor, floorOptions]]) {
            bench.progress(`${name}: ${side}, ${i + 1} of ${repeats}`);
            runs[side].push(await measure(setting, wanted));
        }
    }
    const values = { farm: runs.farm.map(value), floor: runs.floor.map(value) };
    const result = { farm: median(values.farm), floor: median(values.floor) };
    const perProcess = (list) => list[0].cpu.map((_, i) => Number(median(list.map((run) => run.cpu[i] / run.seconds))
        .toFixed(3)));
    const detail = {
        farm_cores: perProcess(runs.farm), floor_cores: perProcess(runs.floor),
        per_second: { farm: median(runs.farm.map((run) => run.received / run.seconds)),
            floor: median(runs.floor.map((run) => run.received / run.seconds)) },
        p50_ms: { farm: median(runs.farm.map((run) => run.p50_ms)), floor: median(runs.floor.map((run) => run.p50_ms)) },
        p99_ms: { farm: median(runs.farm.map((run) => run.p99_ms)), floor: median(runs.floor.map((run) => run.p99_ms)) },
    };
    return {
        ...result,
        ratio: result.farm / result.floor,
        spread: { count: repeats, farm: range(values.farm), floor: range(values.floor) },
        detail,
        note: `${costs(detail)} Generator: ${load(runs.farm)} % of a core with the farm, ${load(runs.floor)} % with the floor.`,
        problem: [...runs.farm, ...runs.floor].map(problemOf).find((text) => text !== '') || undefined,
        runs,
    };
}

const farmServers = ['A', 'B', 'bridge', 'Redis'];
const floorServers = ['A', 'B', 'Redis'];
const perMillion = (run) => 1e6 * run.cpuTotal / run.received;
const perSecond = (run) => run.received / run.seconds;

const fanout = (name, describe, options, seconds) => ({
    name,
    describe: { unit: 'CPU s/M deliveries', goalIsRatio: true, ...describe },
    load: (isQuick) => ({ mode: 'fanout', bytes: 100, ...options, seconds: isQuick ? seconds / 2 : seconds }),
    value: perMillion,
    async measure(bench) {
        return alternate(bench, name, { farm: await bench.farm(), floor: await bench.floor(), value: this.value,
            repeats: bench.isQuick ? 1 : 3, options: this.load(bench.isQuick) });
    },
});

/** Counts what passes from a bridge to one node. */
class CountingWire {
    static async listen(target) {
        const self = new CountingWire();
        self.bytes = 0;
        self.server = net.createServer((client) => {
            const server = net.connect(target, '127.0.0.1');
            for (const [from, to] of [[client, server], [server, client]]) {
                from.setNoDelay(true);
                from.on('error', () => to.destroy());
                from.on('close', () => to.destroy());
                from.pipe(to);
            }
            server.on('data', (data) => self.bytes += data.length);
        });
        await new Promise((resolve) => self.server.listen(0, '127.0.0.1', resolve));
        return self;
    }

    get port() {
        return this.server.address().port;
    }

    close() {
        this.server.close();
    }
}

const chatLoad = () => ({ mode: 'chat', subscribers: 200, rate: 200, bytes: 100, seconds: 3 });

/** Chat, measured once for both of its rows. */
let chat;
async function measureChat(bench) {
    chat ??= alternate(bench, 'chat', { farm: await bench.farm(), floor: await bench.floor(), value: perMillion,
        repeats: bench.isQuick ? 1 : 5, options: chatLoad() }); // many short ones: a stall of the machine spoils one
    return chat;
}

async function measureInterest(bench) {
    const wires = [];
    const farm = await bench.freshFarm('farm-8', { nodes: 8, wireOf: async (port) => {
        wires.push(await CountingWire.listen(port));
        return wires.at(-1).port;
    } });
    const before = [], passed = [];
    const snapshot = (into) => () => wires.forEach((wire, i) => into[i] = wire.bytes);
    const rate = 10000, seconds = bench.isQuick ? 1 : 3;
    bench.progress('interest: 8 nodes');
    const run = await measure(farm, { mode: 'interest', bytes: 200, rate, seconds },
        { onBegin: snapshot(before), onEnd: snapshot(passed) });
    const redis = await RedisClient.connect(farm.farm.redis.port);
    const log = (await redis.command('KEYS', '*hubplane:log*'))[0];
    const sizes = (await redis.command('ZRANGE', log, '-1000', '-1')).map((message) => Buffer.byteLength(message));
    redis.close();
    await bench.end('farm-8');
    wires.forEach((wire) => wire.close());
    const each = run.received / (wires.length - 1);
    const need = each * median(sizes); // the very last ones tell that the clients have left
    const got = median(wires.slice(1).map((_, i) => passed[i + 1] - before[i + 1]));
    return { farm: got, floor: need, ratio: got / need, problem: problemOf(run) || undefined,
        detail: { bytes_per_node: wires.map((_, i) => passed[i] - before[i]), messages_per_node: each,
            message_bytes: median(sizes), published: run.sent },
        note: `${run.sent.toLocaleString('en')} messages were published, ${each} of them for each node.` };
}

/** Microseconds of the busiest thread of node B a delivery, and of all its threads, with so many ${workers}. */
async function measureWorkers(bench, workers) {
    const name = `farm-workers-${workers}`;
    bench.progress(`workers: ${workers}`);
    const farm = await bench.freshFarm(name, { workers });
    let before, after;
    const run = await measure(farm, { mode: 'fanout', bytes: 100, subscribers: 1000, inflight: 16,
        seconds: bench.isQuick ? 1 : 2 }, { onBegin: () => before = farm.threadSeconds(1), onEnd: () => after = farm.threadSeconds(1) });
    await bench.end(name);
    const used = after.map((seconds, i) => 1e6 * (seconds - before[i]) / run.received);
    return { busiest: Math.max(...used), all: used.reduce((a, b) => a + b, 0), problem: problemOf(run) };
}

export const rows = [
    fanout('fanout_paced', { goal: 1.15,
        sentence: '1 publisher on node A sends 100 messages/s to 200 subscribers on node B: CPU of nodes, bridge and Redis ' +
            'per million deliveries.' }, { subscribers: 200, rate: 100 }, 4),
    fanout('fanout_max_200', { goal: 1.5,
        sentence: 'The same flat out, 64 messages under way; the floor writes once per client and turn.' },
    { subscribers: 200, inflight: 64 }, 2),
    fanout('fanout_max_1000', { goal: 1.5, sentence: 'Flat out to 1,000 subscribers, 16 messages under way.' },
        { subscribers: 1000, inflight: 16 }, 2),
    {
        name: 'pipe',
        describe: { unit: 'messages/s', goal: 1, goalIsRatio: true, goalIsMinimum: true,
            sentence: 'One publisher to one subscriber on the other node, 512 under way, 32 bytes; the floor makes one call ' +
                'of a Redis script (INCR, PUBLISH) for each message.' },
        load: (isQuick) => ({ mode: 'pipe', subscribers: 1, inflight: 512, bytes: 32, seconds: isQuick ? 1 : 2 }),
        value: perSecond,
        async measure(bench) {
            return alternate(bench, 'pipe', { farm: await bench.farm(), floor: await bench.scriptFloor(), value: this.value,
                repeats: bench.isQuick ? 1 : 3, options: this.load(bench.isQuick) });
        },
    },
    {
        name: 'chat_cpu',
        describe: { unit: 'CPU µs/message', goal: 1.5, goalIsRatio: true,
            sentence: '200 clients on node A send 1 message/s each to a peer on node B: CPU per message.' },
        load: chatLoad,
        value: perMillion, // seconds per million are microseconds each
        measure: measureChat,
    },
    {
        name: 'chat_p99',
        describe: { unit: 'ms', goal: 2, goalIsRatio: true,
            sentence: 'The same: 99th percentile of latency, counted from when a message was due.' },
        load: chatLoad,
        value: (run) => run.p99_ms,
        async measure(bench) {
            const { runs, detail, note, problem } = await measureChat(bench);
            const values = { farm: runs.farm.map(this.value), floor: runs.floor.map(this.value) };
            const [farm, floor] = [median(values.farm), median(values.floor)];
            return { farm, floor, ratio: farm / floor, detail, problem,
                spread: { count: runs.farm.length, farm: range(values.farm), floor: range(values.floor) },
                note: `p50: farm ${detail.p50_ms.farm.toFixed(2)} ms, floor ${detail.p50_ms.floor.toFixed(2)} ms. ${note}` };
        },
    },
    {
        name: 'idle_kib',
        describe: { unit: 'KiB/connection', goal: 2.5,
            sentence: '10,000 idle WebSocket connections subscribed to a hub: growth of the resident memory of nodes, bridge ' +
                'and Redis together.' },
        isFresh: true, // memory that an earlier row has left behind would be used again
        load: (isQuick) => ({ mode: 'idle', subscribers: isQuick ? 4000 : 10000, seconds: isQuick ? 1 : 3 }),
        value: (run) => run.memoryTotal / run.clients / 1024,
        async measure(bench) {
            const runs = {};
            for (const side of ['farm', 'floor']) {
                bench.progress(`idle_kib: ${side}`);
                const name = `${side}-idle`;
                const setting = await (side === 'farm' ? bench.freshFarm(name) : bench.freshFloor(name));
                runs[side] = await measure(setting, this.load(bench.isQuick));
                await bench.end(name).catch((error) => bench.progress(error.message));
            }
            const [farm, floor] = [runs.farm, runs.floor].map(this.value);
            const kib = (bytes) => bytes / runs.farm.clients / 1024;
            return { farm, floor, ratio: farm / floor, problem: problemOf(runs.farm) || undefined,
                detail: { kib_by_process: runs.farm.memory.map((bytes) => Number(kib(bytes).toFixed(3))) },
                note: `Of these: nodes ${kib(runs.farm.memory[0] + runs.farm.memory[1]).toFixed(2)}, bridge ` +
                    `${kib(runs.farm.memory[2]).toFixed(2)}.` };
        },
    },
    {
        name: 'storm',
        describe: { unit: 'resumes/CPU s', goal: 2000, goalIsMinimum: true,
            sentence: '5,000 clients dropped at once resume, half of them on the other node, with 100 missed messages each.' },
        async measure(bench) {
            const farm = await bench.freshFarm('farm-storm');
            bench.progress('storm');
            const run = await measure(farm, { mode: 'storm', subscribers: bench.isQuick ? 2000 : 5000, bytes: 100 });
            await bench.end('farm-storm').catch((error) => bench.progress(error.message));
            return { farm: (run.clients - 1) / run.cpuTotal, floor: null, ratio: null, problem: problemOf(run) || undefined,
                detail: { seconds: run.seconds, cpu: run.cpu, received: run.received },
                note: `${(run.clients - 1).toLocaleString('en')} resumed in ${run.seconds.toFixed(2)} s; ${run.lost} messages ` +
                    `lost, ${run.refused} clients refused.` };
        },
    },
    {
        name: 'interest',
        describe: { unit: 'bytes to a node', goal: 1.1, goalIsRatio: true,
            sentence: '8 nodes, 1 % of the messages concern each: bytes on the wire to a node, TLS included; the floor is the ' +
                'messages its clients need, as they are in Redis.' },
        measure: measureInterest,
    },
    {
        name: 'workers',
        describe: { unit: '× with 2 workers', goal: 1.5, goalIsMinimum: true,
            sentence: 'How many times as much a node can do with two workers as with one, where there are processors enough: ' +
                'flat out to 1,000 subscribers, CPU of the busiest thread of node B a delivery, with one and with two.' },
        async measure(bench) {
            const [one, two] = [await measureWorkers(bench, 1), await measureWorkers(bench, 2)];
            const show = (cost) => `${cost.busiest.toFixed(2)} of ${cost.all.toFixed(2)} µs`;
            return { farm: one.busiest / two.busiest, floor: null, ratio: null, detail: { one, two },
                problem: one.problem || two.problem || undefined,
                note: `Busiest of all threads: ${show(one)} with one, ${show(two)} with two.` };
        },
    },
    {
        name: 'tls',
        describe: { unit: 'CPU s/M deliveries', goal: 1.1, goalIsRatio: true,
            sentence: 'Paced fan-out with TLS on the link (farm) and without (floor: the same programs with encryption taken ' +
                'out by preloading).' },
        async measure(bench) {
            return alternate(bench, 'tls', { farm: await bench.farm(), floor: await bench.plainFarm(), value: perMillion,
                repeats: bench.isQuick ? 1 : 3, options: { mode: 'fanout', bytes: 100, subscribers: 200, rate: 100,
                    seconds: bench.isQuick ? 2 : 3 } });
        },
    },
];
