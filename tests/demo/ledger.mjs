// SPDX-License-Identifier: MIT
// ledger: who must get which message, and what everybody got. Every message has a number of its own, so that each
// delivery can be accounted for.

export class Ledger {
    constructor() {
        /** number → {number, text, name, from, to: Set of members, what}. */
        this.sent = new Map();
        /** member → texts it received, in order, as told by account(). */
        this.received = new Map();
    }

    /** Enter a message before it is sent. Returns the text to send, which carries the number. */
    enter(what, from, to, name, words) {
        const number = this.sent.size + 1;
        const text = `#${number} ${words}`;
        this.sent.set(number, { number, text, name, from, to: new Set(to), what });
        return text;
    }

    /** What ${member} has received so far: [{name, text}], in order. */
    account(member, deliveries) {
        this.received.set(member, deliveries);
    }

    expectedCount(member) {
        return [...this.sent.values()].filter((message) => message.to.has(member)).length;
    }

    /** Compare: {lost, duplicated, wrong, disorder: [sentence …]}, and how many deliveries were right. */
    balance() {
        const result = { lost: [], duplicated: [], wrong: [], disorder: [], deliveries: 0 };
        const orders = [];
        for (const [member, deliveries] of this.received) {
            const seen = new Map();
            for (const { name, text } of deliveries) {
                const number = Number(/^#(\d+) /.exec(text)?.[1]);
                const message = this.sent.get(number);
                if (!message || !message.to.has(member) || message.text !== text || message.name !== name) {
                    result.wrong.push(`${member} got ${JSON.stringify({ name, text })}` +
                        (message ? `, which ${message.from} sent to ${[...message.to].join(' and ') || 'nobody'}` : ''));
                } else {
                    seen.set(number, (seen.get(number) ?? 0) + 1);
                }
            }
            for (const message of this.sent.values()) {
                const count = seen.get(message.number) ?? 0;
                result.deliveries += Math.min(count, 1);
                if (message.to.has(member) && count === 0) {
                    result.lost.push(`${member} did not get #${message.number} (${message.what}, from ${message.from})`);
                }
                for (let i = 1; i < count; i++) {
                    result.duplicated.push(`${member} got #${message.number} ${count} times`);
                }
            }
            orders.push([member, [...seen.keys()]]);
        }
        // One order for all: what two members both got, they got in the same order.
        for (const [i, [first, ours]] of orders.entries()) {
            for (const [second, theirs] of orders.slice(i + 1)) {
                const common = new Set(theirs);
                const mine = new Set(ours);
                const a = ours.filter((number) => common.has(number));
                const b = theirs.filter((number) => mine.has(number));
                const at = a.findIndex((number, index) => number !== b[index]);
                if (at >= 0) {
                    result.disorder.push(`${first} got #${a[at]} where ${second} got #${b[at]}`);
                }
            }
        }
        return result;
    }
}
