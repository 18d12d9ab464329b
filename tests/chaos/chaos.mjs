// SPDX-License-Identifier: MIT
// chaos: a farm under load with a random fault every few seconds, and a ledger at the end.
//   ./dev chaos [--seconds N] [--seed S] [--clients N] [--rate N] [--faults NAME,…] [--windows] [--keep]
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tailOf } from '../support/program.mjs';
import { FaultFarm } from './fault_farm.mjs';
import { Chance, crashed, faults } from './faults.mjs';

function usage(complaint) {
    console.error(`chaos: ${complaint}\n` +
        'usage: ./dev chaos [--seconds N] [--seed S] [--clients N] [--rate N] [--faults NAME,…] [--windows] [--keep]\n' +
        `faults: ${Object.keys(faults).join(' ')}`);
    process.exit(2);
}

function takeArguments(list) {
    const options = { seconds: 120, seed: Math.floor(Math.random() * 1e9), clients: 200, rate: 500, faults: Object.keys(faults) };
    for (let i = 0; i < list.length; i++) {
        const name = list[i].replace(/^--/, '');
        if (name === 'keep' || name === 'windows') {
            options[name] = true;
        } else if (name === 'faults') {
            options.faults = (list[++i] ?? '').split(',');
            options.faults.filter((fault) => !faults[fault]).forEach((fault) => usage(`no fault "${fault}"`));
        } else if (name in options && Number.isFinite(Number(list[i + 1]))) {
            options[name] = Number(list[++i]);
        } else {
            usage(`unknown argument ${list[i]}`);
        }
    }
    return options;
}

const options = takeArguments(process.argv.slice(2));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hubplane-chaos-'));
const farm = new FaultFarm(folder, { clients: options.clients, windows: options.windows });
const started = Date.now();
let faultCount = 0;

function progress(text) {
    const { up, sent, accepted, pending, missing, duplicated, disordered, refused, unknown, oldest, slowest } = farm.running.last;
    console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text.padEnd(28)} up=${up} sent=${sent} ` +
        `accepted=${accepted} pending=${pending} missing=${missing} behind=${sent - oldest} (${slowest}) duplicated=${duplicated} disordered=${disordered} ` +
        `refused=${refused} unknown=${unknown}`);
}

/** The longest time without a message being accepted, with the fault it began in. */
const longest = { ms: 0, during: '-' };
let current = '-';
let hasRedisForgotten = false;
function watch() {
    let accepted = 0;
    let since = Date.now();
    let during = current;
    return setInterval(() => {
        const now = farm.running?.last.accepted ?? 0;
        if (now > accepted) {
            accepted = now;
            since = Date.now();
            during = current;
        } else if (Date.now() - since > longest.ms) {
            Object.assign(longest, { ms: Date.now() - since, during });
        }
    }, 100);
}

/** One stream of faults, each after the one before; two streams overlap. */
async function rage(names, chance, [low, high]) {
    const end = Date.now() + options.seconds * 1000;
    for (;;) {
        await sleep(chance.between(low, high));
        if (Date.now() > end || names.length === 0) {
            return;
        }
        const name = chance.pick(names);
        const fault = faults[name];
        const ms = chance.between(...fault.ms);
        if (fault.forgets === 'bridges' && hasRedisForgotten) {
            await farm.running.catchesUp();
        }
        hasRedisForgotten = fault.forgets === 'redis' || (hasRedisForgotten && fault.forgets !== 'bridges');
        progress(`${name} ${ms}`);
        current = name;
        faultCount++;
        await fault.run(farm, ms, chance);
        const dead = crashed(farm);
        if (dead) {
            throw new Error(`${dead.name} ended by itself (${JSON.stringify(dead.program.exit)}); its log ends with\n${tailOf(dead.log)}`);
        }
    }
}

async function run() {
    await farm.start();
    const load = await farm.load({ rate: options.rate, seed: options.seed, 'quiet-ms': 15000 });
    console.log(`chaos: seed=${options.seed} clients=${options.clients} rate=${options.rate}/s logs=${folder}`);
    load.start();
    const timer = watch();
    await Promise.all([
        rage(options.faults, new Chance(options.seed), [500, 4000]),
        rage(options.faults.filter((name) => faults[name].isLight), new Chance(options.seed + 1), [1500, 8000]),
    ]);
    clearInterval(timer);
    await farm.heal();
    progress('settling');
    return load.stop();
}

let totals = null;
let isGood = false;
process.on('SIGINT', () => {
    farm.close().catch(() => {}).finally(() => process.exit(130));
});
try {
    totals = await run();
    isGood = totals.missing + totals.duplicated + totals.disordered + totals.stray + totals.ended === 0 && totals.accepted > 0;
    if (!isGood) {
        console.log(farm.running.complaints());
    }
} catch (error) {
    console.error(`chaos: ${error.message}`);
}
try {
    await farm.close();
} catch (error) {
    console.error(`chaos: ${error.message}`);
    isGood = false;
}
if (isGood && !options.keep) {
    fs.rmSync(folder, { recursive: true, force: true });
} else {
    console.log(`chaos: logs in ${folder}; this run again: ./dev chaos --seconds ${options.seconds} --seed ${options.seed}${options.windows ? ' --windows' : ''}`);
}
if (totals) {
    console.log(`chaos: longest pause ${(longest.ms / 1000).toFixed(1)} s (${longest.during}), ${totals.unknown} outcomes unknown, ` +
        `${totals.broken} transports lost, ${totals.stray} stray, ${totals.ended} clients ended`);
    console.log(`chaos: faults=${faultCount} accepted=${totals.accepted} delivered=${totals.delivered} lost=${totals.missing} ` +
        `duplicated=${totals.duplicated} disordered=${totals.disordered} refused=${totals.refused}`);
}
process.exit(isGood ? 0 : 1);
