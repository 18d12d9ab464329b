// SPDX-License-Identifier: MIT
// Goal of this test: every sample works as it is: the hub modules with their pages in Chromium, the web applications in
// Node and C# (skipped, and counted, without a dotnet SDK). The chat is run by the demo's check. A module that cannot be
// loaded costs only its own hub.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChatSite } from '../demo/chat_site.mjs';
import { launchBrowser, missingForBrowser } from '../support/browser.mjs';
import { startFarm } from '../support/farm.mjs';
import { integrationTest, skip } from '../support/integration.mjs';
import { freePort } from '../support/ports.mjs';
import { Program, binDir, runProgram, until, which } from '../support/program.mjs';
import { SignalRClient, request } from '../support/signalr_client.mjs';

const samples = fileURLToPath(new URL('../../samples/', import.meta.url));
const environment = { DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1', DOTNET_GENERATE_ASPNET_CERTIFICATE: 'false',
    DOTNET_CLI_USE_MSBUILD_SERVER: '0', MSBUILDDISABLENODEREUSE: '1' };
const buildDir = process.env.HUBPLANE_BUILD_DIR ?? path.join(binDir, '..');
const key = 'the key of the samples';

/** A sample's configuration as an app ${name} at /${name}. */
function app(file, name, changes = {}) {
    let text = fs.readFileSync(path.join(samples, file), 'utf8').replaceAll('/signalr', `/${name}`);
    for (const [from, to] of Object.entries(changes)) {
        assert.ok(text.includes(from), from);
        text = text.replaceAll(from, to);
    }
    return text;
}

function startProgram(run, name, command, args) {
    const program = new Program({ name, command, args, env: environment, log: path.join(run.folder, `${name}.log`) });
    run.atEnd(() => program.kill());
    return program;
}

async function startNodeApplication(run) {
    const program = startProgram(run, 'node-application', process.execPath, [path.join(samples, 'node/chat_application.mjs'), '0', key]);
    await program.answers(() => /listening on \d+/.test(program.text()), 'its port');
    return /listening on (\d+)/.exec(program.text())[1];
}

/** Its port, or a sentence why there is none. */
async function startAspNetApplication(run) {
    if (!which('dotnet')) {
        return 'there is no dotnet SDK';
    }
    const folder = path.join(run.folder, 'aspnet');
    fs.cpSync(path.join(samples, 'aspnet'), folder, { recursive: true });
    const built = runProgram('dotnet', ['build', '-v', 'quiet', '-p:UseSharedCompilation=false', '-o', 'out'],
        { cwd: folder, env: environment, timeout: 120000 });
    if (built.code !== 0 && /NU1\d\d\d|NETSDK1\d\d\d/.test(built.stdout + built.stderr)) {
        return `dotnet cannot build an ASP.NET application here: ${/(NU|NETSDK)\d+/.exec(built.stdout + built.stderr)[0]}`;
    }
    assert.equal(built.code, 0, built.stdout + built.stderr);
    const port = await freePort();
    const program = startProgram(run, 'aspnet-application', 'dotnet',
        [path.join(folder, 'out/ChatApplication.dll'), '--urls', `http://127.0.0.1:${port}`, '--AccessKey', key]);
    await program.answers(() => /Now listening on/.test(program.text()), 'its port', 60000);
    return String(port);
}

await integrationTest('door_samples', async (run) => {
    const [nodePort, aspNetPort] = [await startNodeApplication(run), await startAspNetApplication(run)];
    const hasAspNet = /^\d+$/.test(aspNetPort);
    const keyFile = path.join(run.folder, 'access.keys');
    fs.writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
    const application = (name, port) => app('application.ini', name,
        { '[app chat]': `[app ${name}]`, '[hub chat/': `[hub ${name}/`, '= ChatApp': `= ${name}`, 'access.keys': keyFile, ':3000': `:${port}` });
    const sitePort = await freePort();
    const farm = await startFarm(run, { nodes: 2, apps: (number) => [
        app('shaper/shaper.ini', 'shaper', { ':8000': `:${sitePort}` }),
        app('ticker/ticker.ini', 'ticker', { ':8000': `:${sitePort}`, ...(number === 1 ? {} : { 'module_settings = market': '' }) }),
        '[hub ticker/BrokenHub]\nmodule = there_is_no_such.so\n',
        application('node', nodePort), application('aspnet', hasAspNet ? aspNetPort : '1')].join('\n') });
    const [first, second] = farm.nodes;
    const start = (node, name, hub, options = {}) => new SignalRClient(`${node.origin}/${name}`, { hubs: [hub], ...options }).start();

    await run.step('a module is built with the installed header and nothing else', () => {
        const compiler = ['cc', 'gcc', 'clang'].find(which);
        if (!compiler || !which('cmake')) {
            skip('there is no C compiler or no cmake');
        }
        const installed = path.join(run.folder, 'installed');
        const mustRun = (command, args) => {
            const done = runProgram(command, args, { timeout: 60000 });
            assert.equal(done.code, 0, done.stdout + done.stderr);
        };
        mustRun('cmake', ['--install', buildDir, '--prefix', installed, '--component', 'hub-module']);
        assert.deepEqual(fs.readdirSync(installed), ['include']);
        assert.deepEqual(fs.readdirSync(path.join(installed, 'include')), ['hubplane_hub.h']);
        for (const name of ['shaper', 'ticker']) {
            mustRun(compiler, ['-shared', '-fPIC', '-O2', '-I', path.join(installed, 'include'), '-o', path.join(installed, `${name}.so`),
                path.join(samples, name, `${name}.c`)]);
        }
    });
    await run.step('ShapeR: the others are told where the shape ended, the mover is not', async () => {
        const [mover, near, far] = [await start(first, 'shaper', 'ShapeHub'), await start(first, 'shaper', 'ShapeHub'),
            await start(second, 'shaper', 'ShapeHub')];
        const moves = 200;
        for (let i = 1; i <= moves; i++) {
            await mover.invoke('ShapeHub', 'MoveShape', i, -i);
        }
        for (const client of [near, far]) {
            await client.message(({ M, A }) => M === 'shapeMoved' && A[0] === moves && A[1] === -moves, 'the last place');
            const places = client.invocations('shapeMoved').map(([x]) => x);
            assert.deepEqual(places, [...places].sort((a, b) => a - b));
            assert.ok(places.length <= moves);
        }
        assert.equal(mover.invocations('shapeMoved').length, 0);
        assert.equal((await mover.call('ShapeHub', 'MoveShape', [1])).E, 'moveShape takes x and y');
        assert.ok((await mover.call('ShapeHub', 'Other')).E);
        await Promise.all([mover, near, far].map((client) => client.stop()));
    });
    await run.step('the ticker: prices of what one subscribed to, on the market\'s node and the other', async () => {
        for (const node of [first, second]) {
            const client = await start(node, 'ticker', 'StockTickerHub');
            const all = await client.invoke('StockTickerHub', 'GetAllStocks');
            assert.deepEqual(all.map(({ Symbol }) => Symbol), ['MSFT', 'APPL', 'GOOG', 'ACME']);
            assert.ok(all.every(({ Price }) => Price > 10));
            assert.equal((await client.invoke('StockTickerHub', 'Subscribe', 'MSFT')).Symbol, 'MSFT');
            assert.equal((await client.call('StockTickerHub', 'Subscribe', ['NIX'])).E, 'There is no such stock.');
            await until(() => client.invocations('updateStockPrice').length >= 3, { what: 'three prices' });
            assert.ok(client.invocations('updateStockPrice').every(([stock]) => stock.Symbol === 'MSFT' && stock.Price > 0));
            await client.invoke('StockTickerHub', 'Unsubscribe', 'MSFT');
            await client.invoke('StockTickerHub', 'Subscribe', 'ACME');
            const from = client.invocations('updateStockPrice').length;
            await until(() => client.invocations('updateStockPrice').slice(from).some(([stock]) => stock.Symbol === 'ACME'),
                { what: 'a price of ACME' });
            await client.stop();
        }
        assert.equal(first.program.text().match(/the market is open/g).length, 1);
        assert.ok(!second.program.text().includes('the market is open'));
    });
    await run.step('a module that cannot be loaded: the service says so once and goes on without that hub', async () => {
        const lines = first.program.text().split('\n').filter((line) => line.includes('module: hub ticker/BrokenHub is not available'));
        assert.equal(lines.length, 1, lines.join('\n'));
        assert.ok(lines[0].includes('there_is_no_such.so'));
        const client = await start(first, 'ticker', 'StockTickerHub');
        assert.ok((await client.call('BrokenHub', 'Any')).E);
        assert.ok(await client.invoke('StockTickerHub', 'GetAllStocks'));
        await client.stop();
    });
    await run.step('the pages of both modules in Chromium', async () => {
        const missing = missingForBrowser();
        if (missing) {
            skip(missing);
        }
        const browser = await launchBrowser();
        const open = async (hub, node) => {
            const page = await browser.newPage();
            page.complaints = [];
            page.on('pageerror', (error) => page.complaints.push(String(error)));
            await page.goto(`http://127.0.0.1:${sitePort}/${node.name}`);
            return page;
        };
        const site = (hub) => ChatSite.listen(sitePort, farm.nodes.map(({ name, origin }) => ({ name, url: `${origin}/${hub}` })), hub);
        try {
            let pages = await site('shaper');
            const [left, right] = [await open('shaper', first), await open('shaper', second)];
            for (const page of [left, right]) {
                await page.waitForFunction(() => globalThis.document.querySelector('#state').textContent.startsWith('connected'));
            }
            await left.mouse.move(250, 200);
            await left.mouse.down();
            await left.mouse.move(420, 330, { steps: 20 });
            await left.mouse.up();
            for (const page of [left, right]) {
                await page.waitForFunction(() => globalThis.document.querySelector('#shape').style.left === '370px' &&
                    globalThis.document.querySelector('#shape').style.top === '280px');
                assert.deepEqual(page.complaints, []);
            }
            await left.close();
            await right.close();
            await pages.close();
            pages = await site('ticker');
            const page = await open('ticker', second);
            await page.click('#watch-GOOG');
            await page.waitForFunction(() => ['up', 'down'].includes(globalThis.document.querySelector('#price-GOOG').className));
            assert.equal(await page.getAttribute('#price-MSFT', 'class'), null);
            assert.deepEqual(page.complaints, []);
            await pages.close();
        } finally {
            await browser.close();
        }
    });

    const chat = async (name) => {
        const ann = await start(first, name, 'ChatHub', { query: { user: 'ann' } });
        const bob = await start(second, name, 'ChatHub', { query: { user: 'bob' } });
        await ann.message(({ M, A }) => M === 'arrived' && A[0] === 'bob', 'the word that bob is here');
        assert.equal(await ann.invoke('ChatHub', 'Send', 'ann', 'grüß dich 🙂') ?? null, null);
        for (const client of [ann, bob]) {
            await client.message(({ M, A }) => M === 'broadcastMessage' && A[1] === 'grüß dich 🙂', 'what ann said');
        }
        const refused = await bob.call('ChatHub', 'Say', ['too early']);
        assert.deepEqual([refused.E, refused.H, refused.D], ['Join a room first.', true, { code: 1 }]);
        const joined = await ann.call('ChatHub', 'Join', ['r1']);
        assert.deepEqual([joined.R, joined.S], ['welcome to r1', { room: 'r1' }]);
        await ann.message(({ M, A }) => M === 'broadcastMessage' && A[1] === 'ann is here', 'the word that ann is here');
        await ann.call('ChatHub', 'Say', ['to the room'], { state: { room: 'r1' } });
        await ann.message(({ M, A }) => M === 'broadcastMessage' && A[1] === 'to the room', 'what ann said in the room');
        assert.equal((await ann.call('ChatHub', 'Nix')).E, 'Invocation failed, status code 404');

        const nobody = new SignalRClient(`${first.origin}/${name}`, { hubs: ['ChatHub'], query: { user: 'nobody' } });
        await nobody.negotiate();
        await nobody.connect();
        assert.equal((await request(nobody.transportEndpoint('/start'))).status, 403);
        await until(() => nobody.ended, { what: 'the end of nobody' });

        await ann.stop();
        await bob.message(({ M, A }) => M === 'left' && A[0] === 'ann', 'the word that ann has left');
        assert.ok(!bob.messages.some(({ message: { A } }) => A?.[1] === 'to the room' || A?.[0] === 'nobody'));
        await bob.stop();
        assert.ok((await request(`${first.origin}/${name}/hubs`)).body.includes('"Join"'));
    };
    await run.step('a chat answered by a Node application', () => chat('node'));
    await run.step('a chat answered by an ASP.NET application', () => hasAspNet ? chat('aspnet') : skip(aspNetPort), { timeout: 90000 });
});
