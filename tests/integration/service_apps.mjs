// SPDX-License-Identifier: MIT
// service_apps: the configuration of the apps in service.ini, and small helpers all tests of the service share.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { SignalRClient } from '../support/signalr_client.mjs';

/** service.ini; ${site}: the origin of the pages that may connect. */
export function serviceApps(site) {
    const text = fs.readFileSync(new URL('./service.ini', import.meta.url), 'utf8');
    return site ? text.replaceAll('http://127.0.0.1:8000', site) : text;
}

/** service.ini with other values in [app chat]. */
export function serviceAppsWith(values) {
    const lines = Object.entries(values).map(([name, value]) => `${name} = ${value}\n`).join('');
    return serviceApps().replace('[app chat]\n', `[app chat]\n${lines}`);
}

export async function startClient(node, options = {}) {
    return new SignalRClient(node.url, options).start();
}

/**
 * What ${client} got by broadcastMessage since ${from}: ["name: text", …]. That others have left does not count: those of
 * an earlier step may be said to have only now.
 */
export function heard(client, from = 0) {
    return client.invocations('broadcastMessage').filter(([name]) => name !== 'left').slice(from).map(([name, text]) => `${name}: ${text}`);
}

let fences = 0;

/**
 * Send one more message to everybody and wait until each client has it: since there is one order for all, whatever was
 * sent before it has then arrived, or never will. Returns its text.
 */
export async function fence(sender, ...clients) {
    const text = `fence ${++fences}`;
    await sender.invoke('ChatHub', 'Send', 'fence', text);
    for (const client of clients) {
        await client.message((message) => message.M === 'broadcastMessage' && message.A[1] === text, text);
    }
    return text;
}

/** Exactly these messages, in this order, since ${from}; fences do not count. */
export function assertHeard(client, expected, from = 0) {
    assert.deepEqual(heard(client, from).filter((line) => !line.startsWith('fence: ')), expected);
}
