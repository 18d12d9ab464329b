// SPDX-License-Identifier: MIT
// bench_codecs: "./dev bench --codecs": instructions of each hot codec, beside the baseline that is checked in. Counted by
// callgrind, so the same on a busy machine; compilers and C libraries still differ, hence the wide tolerance.
//
//   node bench_codecs.mjs PROGRAM [--accept]      --accept: write the baseline anew
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const TOLERANCE = 1.5, SLACK = 50;
const baselineFile = path.join(path.dirname(fileURLToPath(import.meta.url)), 'bench_codecs.txt');
const [program, ...options] = process.argv.slice(2);

function output(command, ...parameters) {
    const run = spawnSync(command, parameters, { encoding: 'utf8' });
    if (run.status !== 0) {
        throw new Error(`${command}: ${run.error ?? run.stderr}`);
    }
    return run.stdout;
}

/** Instructions a round, by codec, dearest first. */
function count(file) {
    const rounds = Number(output('valgrind', '--tool=callgrind', '--toggle-collect=codec_*',
        `--callgrind-out-file=${file}`, program));
    const lines = output('callgrind_annotate', '--inclusive=yes', '--threshold=100', '--auto=no', file);
    return new Map([...lines.matchAll(/^ *([\d,]+) .*:codec_(\w+) \[/gm)].map(([, instructions, name]) =>
        [name, Math.round(instructions.replaceAll(',', '') / rounds)]));
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-codecs-'));
let counted;
try {
    if (spawnSync('valgrind', ['--version']).status !== 0) {
        console.log('skipped: valgrind is not there');
        process.exit(77);
    }
    counted = count(path.join(folder, 'callgrind.out'));
} finally {
    fs.rmSync(folder, { recursive: true, force: true });
}
if (options.includes('--accept')) {
    fs.writeFileSync(baselineFile, [...counted].map(([name, instructions]) => `${name} ${instructions}\n`).join(''));
}
const baseline = new Map(fs.readFileSync(baselineFile, 'utf8').trim().split('\n').map((line) => line.split(' ')));
const dear = [], unknown = [...baseline.keys()].filter((name) => !counted.has(name));
console.log(`${'codec'.padEnd(24)}${'instructions'.padStart(14)}${'baseline'.padStart(12)}${'ratio'.padStart(9)}`);
for (const [name, instructions] of counted) {
    const before = Number(baseline.get(name)), ratio = instructions / before;
    console.log(`${name.padEnd(24)}${String(instructions).padStart(14)}${String(before).padStart(12)}` +
        ratio.toFixed(2).padStart(9));
    if (!before) {
        unknown.push(name);
    } else if (instructions > TOLERANCE * before + SLACK) {
        dear.push(name);
    }
}
if (unknown.length > 0) {
    console.log(`Only in one of program and baseline: ${unknown.join(', ')}. Run ./dev bench --codecs --accept.`);
}
if (dear.length > 0) {
    console.log(`More than ${TOLERANCE} times as many instructions as in ${path.basename(baselineFile)}: ${dear.join(', ')}.`);
}
process.exit(unknown.length + dear.length > 0 ? 1 : 0);
