// SPDX-License-Identifier: MIT
// check: the demo without a person. Members on both nodes send each other numbered messages in every way a hub can
// address somebody; a ledger says who must get what, and in the end everything must have come exactly once.
import { setTimeout as sleep } from 'node:timers/promises';
import { launchBrowser } from '../support/browser.mjs';
import { until } from '../support/program.mjs';
import { Ledger } from './ledger.mjs';
import { PageMember, ScriptedMember } from './participants.mjs';

const group = 'комната № 1 | «Ωμέγα»';
const users = ['Søren ☃', '李雷', 'Żółć 🦆', 'ann'];
const words = ['hi', 'grüß dich', 'здравствуй', '你好，世界', '🙂🙃 \u2028 </script> "quoted" \\ + & %2B'];
const burst = 25;
const answerTimeout = 15000;
const settleTime = 300;

class Round {
    constructor(title, members, ledger) {
        Object.assign(this, { title, members, ledger });
        this.inGroup = new Set();
    }

    /** A message entered into the ledger, then sent. */
    async send(what, from, to, transmit) {
        const saying = words[this.ledger.sent.size % words.length];
        const text = this.ledger.enter(what, from.title, to.map((member) => member.title), from.user, saying);
        await this.within(transmit(from.user, text), `${from.title} has no answer to its ${what}`);
    }

    async within(promise, complaint) {
        const late = sleep(answerTimeout, 'late', { ref: false });
        const result = await Promise.race([promise, late]);
        if (result === 'late') {
            throw new Error(`${complaint} after ${answerTimeout} ms`);
        }
        return result;
    }

    async everyWay(from) {
        const all = this.members;
        const others = all.filter((member) => member !== from);
        const members = all.filter((member) => this.inGroup.has(member));

        await this.send('broadcast', from, all, (name, text) => from.type(name, text));
        await this.send('message to the others', from, others, (name, text) => from.call('sendToOthers', name, text));
        await this.send('message to the caller', from, [from], (name, text) => from.call('sendToCaller', name, text));
        await this.send('message to a group', from, members, (name, text) => from.call('sendToGroup', group, name, text));
        await this.send('message to the others in a group', from, members.filter((member) => member !== from),
            (name, text) => from.call('sendToGroupOthers', group, name, text));
        for (const to of others) {
            await this.send('message to a connection', from, [to],
                (name, text) => from.call('sendToClient', to.id, name, text));
            await this.send('message to a user', from, all.filter((member) => member.user === to.user),
                (name, text) => from.call('sendToUser', to.user, name, text));
        }
    }

    /** Everybody at once. */
    async crowd() {
        await Promise.all(this.members.flatMap((from) => Array.from({ length: burst }, () =>
            this.send('broadcast among many', from, this.members, (name, text) => from.call('send', name, text)))));
    }

    async run() {
        for (const member of this.members) {
            await member.start();
        }
        for (const member of this.members) {
            await member.call('join', group);
            this.inGroup.add(member);
            await this.everyWay(member);
        }
        await this.crowd();
        const leaver = this.members[0];
        await leaver.call('leave', group);
        this.inGroup.delete(leaver);
        await this.everyWay(leaver);
        await this.settle();
        for (const member of this.members) {
            await member.stop();
        }
    }

    /** Wait until everybody has what they must get, then a moment more for what nobody should. */
    async settle() {
        for (const member of this.members) {
            let deliveries = [];
            try {
                await until(async () => {
                    deliveries = await member.read();
                    return deliveries.length >= this.ledger.expectedCount(member.title);
                }, { what: 'every message', timeout: answerTimeout, step: 50 });
            } catch {
                // The balance says what is missing.
            }
        }
        await sleep(settleTime);
        for (const member of this.members) {
            this.ledger.account(member.title, await member.read());
            if (member.complaints.length > 0) {
                throw new Error(`${member.title} complains: ${member.complaints.join('; ')}`);
            }
        }
    }
}

/**
 * Run the check on a started farm. Prints its progress; returns true when every message came exactly once. The last
 * line is "demo: N messages crossed, 0 lost, 0 duplicated" with the numbers found.
 */
export async function check(farm, site) {
    const browser = await launchBrowser();
    const [first, second] = farm.nodes;
    const page = (node, transport, user) => new PageMember({ browser, site, node, transport, user });
    const scripted = (node, user) => new ScriptedMember({ node, transport: 'foreverFrame', user });
    const rounds = [
        ...['webSockets', 'serverSentEvents', 'longPolling'].map((transport) => [transport,
            [page(first, transport, users[0]), page(second, transport, users[1])]]),
        ['foreverFrame', [scripted(first, users[0]), scripted(second, users[1])]],
        ['all four together', [page(first, 'webSockets', users[0]), page(second, 'longPolling', users[1]),
            page(second, 'serverSentEvents', users[2]), scripted(first, users[3])]],
    ];
    const totals = { messages: 0, deliveries: 0, lost: 0, duplicated: 0, faults: [] };
    try {
        for (const [title, members] of rounds) {
            const ledger = new Ledger();
            const started = Date.now();
            await new Round(title, members, ledger).run();
            const balance = ledger.balance();
            console.log(`${title}: ${ledger.sent.size} messages, ${balance.deliveries} deliveries, ` +
                `${balance.lost.length} lost, ${balance.duplicated.length} duplicated (${Date.now() - started} ms)`);
            totals.messages += ledger.sent.size;
            totals.lost += balance.lost.length;
            totals.duplicated += balance.duplicated.length;
            totals.faults.push(...balance.lost, ...balance.duplicated, ...balance.wrong, ...balance.disorder);
        }
    } finally {
        await browser.close();
    }
    for (const fault of totals.faults.slice(0, 30)) {
        console.log(`  ${fault}`);
    }
    return { ...totals, isGood: totals.faults.length === 0 };
}
