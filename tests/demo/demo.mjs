// SPDX-License-Identifier: MIT
// demo: a farm of two nodes, one bridge and Redis, with the chat page of the SignalR tutorial on both nodes.
//   ./dev demo --hub NAME  another sample: ticker or shaper, whose hubs are modules
//   ./dev demo             until Ctrl-C
//   ./dev demo --check     without a person; exits 0 only if every message came exactly once
//   … --windows            the nodes as Windows services under Wine
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { missingForBrowser } from '../support/browser.mjs';
import { Farm } from '../support/farm.mjs';
import { freePort } from '../support/ports.mjs';
import { ChatSite } from './chat_site.mjs';
import { check } from './check.mjs';
import { sampleConfiguration } from './sample_configuration.mjs';

const keys = { chat: 'ChatApp', ticker: 'StockTicker', shaper: 'ShapeR' };
const friendly = { site: 8000, nodes: [8080, 8090], admins: [8081, 8091], bridge: 7443, redis: 6380 };

function usage(complaint) {
    console.error(`demo: ${complaint}\nusage: ./dev demo [--hub chat|ticker|shaper] [--check] [--windows]`);
    process.exit(2);
}

const known = ['--check', '--windows'];
const words = process.argv.slice(2);
const hubAt = words.indexOf('--hub');
const [, hub] = hubAt < 0 ? [null, 'chat'] : words.splice(hubAt, 2);
const flags = new Set(words);
if (!['chat', 'ticker', 'shaper'].includes(hub)) {
    usage(`there is no sample ${hub}`);
}
for (const flag of flags) {
    if (!known.includes(flag)) {
        usage(`unknown argument ${flag}`);
    }
}
const isCheck = flags.has('--check');
const isWindows = flags.has('--windows');
if (isCheck && hub !== 'chat') {
    usage('--check is for the chat');
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hubplane-demo-'));
const say = (line) => console.log(`demo: ${line}`);
let farm = null;
let site = null;
let isEnding = false;

/** End everything that was started, whatever happened. */
async function end(code) {
    if (isEnding) {
        return;
    }
    isEnding = true;
    await site?.close();
    try {
        await farm?.close();
    } catch (error) {
        console.error(`demo: ${error.message}`);
        code ||= 1;
    }
    if (code === 0) {
        fs.rmSync(folder, { recursive: true, force: true });
    } else {
        console.error(`demo: configurations and logs are in ${folder}`);
    }
    process.exitCode = code;
    return code;
}

async function start() {
    const missing = missingForBrowser();
    if (missing && (isCheck || !missing.startsWith('chromium'))) {
        throw new Error(missing);
    }
    // A check shares the machine with other programs; only a person profits from friendly numbers.
    const wishes = isCheck ? {} : friendly;
    const sitePort = await freePort(wishes.site);
    farm = new Farm(folder, { windows: isWindows, wishes, apps: sampleConfiguration(hub, { site: sitePort, isWindows }) });
    await farm.start(say);
    site = await ChatSite.listen(sitePort, farm.nodes, hub);
}

function explain() {
    const [bridge] = farm.bridges;
    console.log(`
Open both, in two windows; ${{ chat: 'what you write in one appears in the other', ticker: 'both watch one market',
        shaper: 'the shape you drag in one moves in the other' }[hub]}:
    ${farm.nodes.map((node) => site.page(node)).join('\n    ')}${hub === 'chat' ? `
    (?transport=webSockets, serverSentEvents or longPolling chooses one; &user=ann says who you are)` : ''}

Watch it cross:
    redis-cli -p ${farm.redis.port} subscribe ${keys[hub]}
    ${path.relative(process.cwd(), farm.bridgeProgram)} tail ${keys[hub]} --config ${bridge.configuration}
    curl ${farm.nodes.map((node) => `http://127.0.0.1:${node.adminPort}/metrics`)[0]}

Configurations and logs: ${folder}
Ctrl-C ends everything.`);
}

function onSignal() {
    console.log('');
    say('ending');
    end(0).then(() => process.exit());
}
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);

try {
    await start();
    if (isCheck) {
        const result = await check(farm, site);
        const isGood = result.isGood && await end(0) === 0;
        if (!isGood) {
            await end(1);
        }
        // The last line, whatever else had to be said.
        say(`${result.messages} messages crossed, ${result.lost} lost, ${result.duplicated} duplicated`);
        process.exit(isGood ? 0 : 1);
    }
    explain();
} catch (error) {
    if (!isEnding) {
        console.error(`demo: ${error.message}`);
        if (farm?.programs.length) {
            console.error(farm.tails());
        }
        await end(1);
        process.exit(1);
    }
}
