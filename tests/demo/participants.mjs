// SPDX-License-Identifier: MIT
// participants: the members of a check: pages in a browser, and scripted clients, with the same few verbs.
import { SignalRClient } from '../support/signalr_client.mjs';
import { until } from '../support/program.mjs';

/** A page with the chat, in Chromium. */
export class PageMember {
    constructor({ browser, site, node, transport, user }) {
        Object.assign(this, { browser, site, node, transport, user });
        this.title = `the page on ${node.name} (${transport})`;
    }

    async start() {
        this.page = await this.browser.newPage();
        this.complaints = [];
        this.page.on('pageerror', (error) => this.complaints.push(String(error)));
        this.page.on('console', (line) => line.type() === 'error' && this.complaints.push(line.text()));
        await this.page.goto(this.site.page(this.node, { transport: this.transport, user: this.user }));
        try {
            await until(async () => await this.page.textContent('#state') === `connected by ${this.transport}`,
                { what: `${this.title} to be connected`, timeout: 15000, step: 50 });
        } catch (error) {
            throw new Error(`${error.message}; it says "${await this.page.textContent('#state')}" and complains ` +
                JSON.stringify(this.complaints.slice(-5)));
        }
        this.id = await this.page.evaluate(() => globalThis.$.connection.hub.id);
    }

    /** Call a hub method as the page's script would: proxy.server.method(…). */
    call(method, ...args) {
        return this.page.evaluate(([name, list]) => new Promise((resolve, reject) => {
            globalThis.$.connection.chatHub.server[name](...list).done(() => resolve()).fail(reject);
        }), [method, args]);
    }

    /** Type into the form and press the button. */
    async type(name, text) {
        await this.page.fill('#displayname', name);
        await this.page.fill('#message', text);
        await this.page.click('#sendmessage');
    }

    /** What a person sees in the page: [{name, text}]. */
    read() {
        return this.page.$$eval('#discussion li', (items) => items.map((item) => ({
            name: item.querySelector('strong').textContent, text: item.querySelector('span').textContent })));
    }

    async stop() {
        await this.page.evaluate(() => globalThis.$.connection.hub.stop());
        await this.page.close();
    }
}

/** A scripted client; what browsers with EventSource do not do any more: forever frame. */
export class ScriptedMember {
    constructor({ node, transport, user }) {
        Object.assign(this, { node, transport, user });
        this.title = `the scripted client on ${node.name} (${transport})`;
        this.complaints = [];
    }

    async start() {
        this.client = new SignalRClient(this.node.url, { transport: this.transport, query: { user: this.user } });
        await this.client.start();
        this.id = this.client.connectionId;
    }

    call(method, ...args) {
        return this.client.invoke('chathub', method, ...args);
    }

    type(name, text) {
        return this.call('send', name, text);
    }

    async read() {
        return this.client.invocations('broadcastMessage').map(([name, text]) => ({ name, text }));
    }

    stop() {
        return this.client.stop();
    }
}
