// SPDX-License-Identifier: MIT
// fault: one fault as a test: a farm under load, the fault, and a ledger whose zeros must be zeros.
//   node fault.mjs R-1
import { integrationTest } from '../support/integration.mjs';
import { FaultFarm } from '../chaos/fault_farm.mjs';
import { crashed } from '../chaos/faults.mjs';
import { SignalRClient } from '../support/signalr_client.mjs';
import { bridgeCases } from './bridge_cases.mjs';
import { clientCases } from './client_cases.mjs';
import { redisCases } from './redis_cases.mjs';
import { messageCases } from './message_cases.mjs';
import { MetricWatch } from './metric_rows.mjs';
import { metricCases } from './metric_cases.mjs';
import { strangerCases } from './stranger_cases.mjs';

const cases = { ...redisCases, ...bridgeCases, ...clientCases, ...messageCases, ...metricCases, ...strangerCases };

/** One observer on each node, by another client than the one that keeps the ledger. */
async function observers(farm, transport = 'webSockets') {
    return Promise.all(farm.nodes.map((node, i) =>
        new SignalRClient(node.url, { transport, query: { user: `observer${i}` } }).start()));
}

function checkLedger(totals) {
    const wrong = ['missing', 'duplicated', 'disordered', 'stray', 'ended'].filter((name) => totals[name] !== 0);
    if (wrong.length > 0 || totals.accepted === 0) {
        throw new Error(`the ledger does not balance (${wrong.join(', ')}): ${JSON.stringify(totals)}`);
    }
}

const id = process.argv[2];
const test = cases[id];
if (!test) {
    console.error(`fault: no case "${id}"; there are ${Object.keys(cases).join(' ')}`);
    process.exit(2);
}
process.argv.splice(2, 1);

await integrationTest(`fault-${id}`, async (run) => {
    const farm = new FaultFarm(run.folder, { clients: 24, ...test.farm });
    run.atEnd(() => farm.close());
    run.atEnd(() => run.failed > 0 && console.log(farm.tails(25)));
    await run.step('the farm starts', () => farm.start());
    if (run.failed > 0) {
        return;
    }
    const context = { farm, observers: (transport) => observers(farm, transport) };
    if (test.load !== false) {
        await run.step('clients connect and join', async () => {
            context.load = await farm.load({ rate: 200, 'quiet-ms': 8000, 'settle-ms': 45000, ...test.load });
        });
        context.load?.start();
    }
    const watch = new MetricWatch(farm);
    run.atEnd(() => watch.close());
    await watch.look();
    await run.step(test.title, () => test.run(context));
    await run.step('M-1 the metrics that name the fault have moved', () => watch.check(id));
    const dead = crashed(farm);
    if (dead) {
        throw new Error(`${dead.name} ended by itself: ${JSON.stringify(dead.program.exit)}`);
    }
    if (context.load) {
        await run.step('every accepted message reached everybody once, in order', async () => {
            await farm.heal();
            const totals = await context.load.stop();
            console.log(`         ${JSON.stringify(totals)}`);
            try {
                checkLedger(totals);
                test.check?.(totals);
            } finally {
                console.log(context.load.complaints());
            }
        });
    }
});
