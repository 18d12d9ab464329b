// SPDX-License-Identifier: MIT
// bench: "./dev bench": every row of the table, farm and floor in the same run on the same machine.
import fs from 'node:fs';
import path from 'node:path';
import { drawChart } from './bench_chart.mjs';
import { measurePeers } from './bench_peers.mjs';
import { rows } from './bench_rows.mjs';
import { BenchFarm, BenchPair, killAll, measure, startFloor } from './bench_setting.mjs';

const isQuick = process.argv.includes('--quick');
const withPeers = process.argv.includes('--peers');
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7).split(',');
const outFolder = process.env.HUBPLANE_OUT_DIR ?? 'build';
const folder = path.resolve(outFolder, 'bench');
const started = Date.now();

function progress(text) {
    const line = `${((Date.now() - started) / 1000).toFixed(0).padStart(4)} s  ${text}`;
    if (process.stderr.isTTY) {
        process.stderr.write(`\r\x1b[K${line}`);
    } else {
        process.stderr.write(`${line}\n`);
    }
}

const settings = new Map();

/** The setting called ${name}, started when first asked for: farm, floor (coalesced or per message), or a fresh one. */
async function setting(name, start) {
    if (!settings.has(name)) {
        progress(`starting ${name}`);
        settings.set(name, await start(path.join(folder, name)));
    }
    return settings.get(name);
}

async function endSetting(name) {
    const ended = settings.get(name);
    settings.delete(name);
    await ended?.close();
}

const bench = {
    isQuick,
    progress,
    farm: () => setting('farm', (at) => BenchFarm.start(at)),
    plainFarm: () => setting('farm-plain', (at) => BenchFarm.start(at, { isPlain: true })),
    freshFarm: (name, options) => setting(name, (at) => BenchFarm.start(at, options)),
    floor: () => setting('floor', (at) => startFloor(at, ['coalesced=1'])),
    messageFloor: () => setting('floor-message', (at) => startFloor(at)),
    scriptFloor: () => setting('floor-script', (at) => startFloor(at, ['coalesced=1', 'script=1'])),
    freshFloor: (name) => setting(name, (at) => startFloor(at, ['coalesced=1'])),
    async measurePeer(name, peer, load) {
        return measure(await setting(name, (at) => BenchPair.start(at, peer)), load);
    },
    end: endSetting,
};

const show = (value) => value === null ? '–' : Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en')
    : Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);

function isReached(row) {
    const value = row.goalIsRatio ? row.ratio : row.farm;
    return value !== null && (row.goalIsMinimum ? value >= row.goal : value <= row.goal) && !row.problem;
}

function printTable(results) {
    const width = (text, size) => text.padStart(size);
    const line = (name, ...cells) => console.log(name.padEnd(16) + cells.map((cell, i) =>
        i === 4 ? `  ${cell.padEnd(22)}` : width(cell, i === 3 ? 13 : 12)).join(''));
    console.log();
    line('row', 'farm', 'floor', 'ratio', 'goal', 'unit');
    for (const row of results) {
        const goal = `${row.goalIsMinimum ? '≥' : '≤'} ${show(row.goal)}${row.goalIsRatio ? ' ×' : ''}`;
        line(row.name, show(row.farm), show(row.floor), show(row.ratio), goal,
            `${row.unit}${isReached(row) ? '' : '  MISSED'}`);
    }
    console.log();
    for (const row of results) {
        console.log(`${row.name}: ${row.sentence}${row.spread ? ` Spread over ${row.spread.count} runs: farm ` +
            `${show(row.spread.farm[0])}–${show(row.spread.farm[1])}${row.spread.floor
                ? `, floor ${show(row.spread.floor[0])}–${show(row.spread.floor[1])}` : ''}.` : ''}` +
            `${row.note ? ` ${row.note}` : ''}${row.problem ? ` PROBLEM: ${row.problem}` : ''}`);
    }
}

/** What the alternatives cost, in the unit of each row. */
function printPeers(results, { versions, absent }) {
    const names = Object.keys(versions);
    const line = (name, ...cells) => console.log(name.padEnd(16) + cells.slice(0, -1).map((cell) =>
        cell.padStart(12)).join('') + `  ${cells.at(-1)}`);
    console.log();
    line('row', 'farm', 'floor', ...names, 'unit');
    for (const row of results) {
        line(row.name, show(row.farm), show(row.floor), ...names.map((name) => show(row.peers[name] ?? null)), row.unit);
    }
    console.log('\nEach of the others: two servers and a Redis of their own, one run. As set up here none of them keeps a history, ' +
        'sends exactly once, or encrypts on the way to Redis, as the farm does.');
    names.forEach((name) => console.log(`${name}: ${versions[name]}.`));
    absent.forEach((sentence) => console.log(`not measured: ${sentence}`));
    for (const row of results) {
        row.peerProblems?.forEach((sentence) => console.log(`${row.name}: PROBLEM of ${sentence}`));
    }
}

async function main() {
    const results = [];
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    for (const row of rows) {
        if (only && !only.includes(row.name)) {
            continue;
        }
        try {
            results.push({ ...row.describe, name: row.name, peers: {}, ...await row.measure(bench) });
        } catch (error) {
            progress(`${row.name}: ${error.message}`);
            results.push({ ...row.describe, name: row.name, farm: null, floor: null, ratio: null, peers: {},
                problem: error.message });
        }
    }
    for (const name of [...settings.keys()]) {
        await endSetting(name).catch((error) => progress(error.message));
    }
    const peers = withPeers ? await measurePeers(bench, results) : undefined;
    progress('done');
    if (process.stderr.isTTY) {
        process.stderr.write('\n');
    }
    printTable(results);
    if (peers) {
        printPeers(results, peers);
    }
    const round = (value) => typeof value === 'number' ? Number(value.toPrecision(5)) : value;
    const roundAll = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, round(value)]));
    fs.writeFileSync(path.join(outFolder, 'bench.json'), `${JSON.stringify({ rows: results.map((row) => ({
        name: row.name, farm: round(row.farm), floor: round(row.floor), ratio: round(row.ratio), goal: row.goal,
        unit: row.unit, peers: roundAll(row.peers), goal_is: `${row.goalIsRatio ? 'ratio' : 'farm'} ${row.goalIsMinimum
            ? 'at least' : 'at most'}`, reached: isReached(row), spread: row.spread, detail: row.detail,
        note: row.note, problem: row.problem, peer_problems: row.peerProblems })), ...peers }, null, 1)}\n`);
    fs.writeFileSync(path.join(outFolder, 'bench.svg'), drawChart(results, Object.keys(peers?.versions ?? {})));
    console.log(`\n${path.join(outFolder, 'bench.json')} and ${path.join(outFolder, 'bench.svg')} written, ` +
        `${((Date.now() - started) / 1000).toFixed(0)} s.`);
    process.exit(results.every((row) => !row.problem) ? 0 : 1);
}

process.on('exit', killAll);
for (const name of ['SIGINT', 'SIGTERM']) {
    process.on(name, () => process.exit(130));
}
await main();
