// SPDX-License-Identifier: MIT
// signalr_client: a SignalR 2 client written from the protocol, over each of the four transports. It does nothing by
// itself: no fallback, no automatic reconnect, so that a test decides every step and can look at every byte.
import http from 'node:http';
import https from 'node:https';
import { until } from './program.mjs';
import { WebSocketClient } from './websocket_client.mjs';

export const transports = ['webSockets', 'serverSentEvents', 'foreverFrame', 'longPolling'];

/** http.request() or https.request(), each on a socket of its own. */
function send(url, options) {
    return (url.startsWith('https:') ? https : http).request(url, { agent: false, ...options });
}

/** One HTTP request to its end: {status, reason, headers, body}. ${socket}: such as ca or localAddress. */
export function request(url, { method = 'GET', headers = {}, body, timeout = 20000, socket = {} } = {}) {
    return new Promise((resolve, reject) => {
        const sent = send(url, { ...socket, method, timeout, headers: {
            ...(body !== undefined ? { 'Content-Length': Buffer.byteLength(body) } : {}), ...headers } });
        sent.on('timeout', () => sent.destroy(new Error(`${method} ${new URL(url).pathname}: no answer in ${timeout} ms`)));
        sent.on('error', reject);
        sent.on('response', (response) => {
            const parts = [];
            response.on('data', (data) => parts.push(data)).on('error', reject).on('end', () => resolve({
                status: response.statusCode, reason: response.statusMessage, headers: response.headers,
                body: Buffer.concat(parts).toString('utf8') }));
        });
        sent.end(body);
    });
}

const formType = { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' };

export class SignalRClient {
    /** ${url}: of the hubs, such as http://127.0.0.1:8080/signalr; ${hubs}: null for a raw connection. */
    constructor(url, { transport = 'webSockets', hubs = ['ChatHub'], protocol = '2.1', query = {}, headers = {}, socket = {} } = {}) {
        Object.assign(this, { url, transport, hubs, protocol, query, headers, socket });
        this.messageId = null;
        this.groupsToken = null;
        /** Every JSON document of the receive transport: {json, text, at}. */
        this.frames = [];
        /** Every element of every M: {message, cursor}. */
        this.messages = [];
        this.keepAlives = 0;
        this.initialized = 0;
        /** Texts of a stream that are not envelopes: "initialized". */
        this.preambles = [];
        /** Why the receive transport ended: null while it is open. */
        this.ended = null;
        this.responseHeaders = null;
        this.results = new Map();
        this.nextId = 0;
        this.isPolling = false;
    }

    get connectionData() {
        return this.hubs === null ? undefined : JSON.stringify(this.hubs.map((name) => ({ name })));
    }

    /** The URL of an endpoint; undefined parameters are left out. */
    endpoint(path, extra = {}) {
        const parameters = { clientProtocol: this.protocol, ...this.query, connectionData: this.connectionData, ...extra };
        const query = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null)
            .map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
        return `${this.url}${path}?${query}`;
    }

    transportEndpoint(path, extra = {}) {
        return this.endpoint(path, { transport: this.transport, connectionToken: this.connectionToken, ...extra });
    }

    async getJson(url) {
        const response = await request(url, { headers: this.headers, socket: this.socket });
        if (response.status !== 200) {
            throw new Error(`${new URL(url).pathname}: ${response.status} ${response.body}`);
        }
        return JSON.parse(response.body);
    }

    async negotiate() {
        this.negotiation = await this.getJson(this.endpoint('/negotiate'));
        this.connectionToken = this.negotiation.ConnectionToken;
        this.connectionId = this.negotiation.ConnectionId;
        return this.negotiation;
    }

    /** negotiate, connect, wait for S, start. */
    async start() {
        await this.negotiate();
        await this.connect();
        await until(() => this.initialized > 0, { what: `S:1 on ${this.transport}` });
        const started = await this.getJson(this.transportEndpoint('/start'));
        if (started.Response !== 'started') {
            throw new Error(`/start answered ${JSON.stringify(started)}`);
        }
        return this;
    }

    connect() {
        return this.open('/connect');
    }

    /** Long polling: the server has the poll, or has refused it. */
    pollArrived() {
        return until(() => this.ended || this.receiveTransport?.isHeld, { what: 'a poll that is held' });
    }

    /** Open a receive transport again, here or on another node. */
    reconnect(url = this.url) {
        this.url = url;
        return this.open('/reconnect');
    }

    open(path) {
        this.ended = null;
        this.receiveTransport?.cut();
        const open = { webSockets: openWebSocket, serverSentEvents: openEventStream, foreverFrame: openForeverFrame,
            longPolling: openLongPoll }[this.transport];
        return open(this, path);
    }

    position() {
        return { messageId: this.messageId, groupsToken: this.groupsToken };
    }

    receive(text) {
        const json = JSON.parse(text);
        this.frames.push({ json, text, at: Date.now() });
        if (json.I !== undefined) {
            this.settle(json);
            return;
        }
        if (Object.keys(json).length === 0) {
            this.keepAlives++;
            return;
        }
        if (json.G !== undefined) {
            this.groupsToken = json.G;
        }
        if (json.C) {
            this.messageId = json.C;
        }
        for (const message of json.M ?? []) {
            this.messages.push({ message, cursor: json.C });
        }
        if (json.S && Array.isArray(json.M)) {
            this.initialized++;
        }
    }

    settle(result) {
        const waiting = this.results.get(String(result.I));
        this.results.delete(String(result.I));
        waiting?.(result);
    }

    /** Call a hub method; resolves with the whole result object {R, E, H, D, S, I}. */
    call(hub, method, args = [], { state, timeout = 15000 } = {}) {
        const id = this.nextId++;
        const text = JSON.stringify({ H: hub, M: method, A: args, I: id, ...(state ? { S: state } : {}) });
        const answer = new Promise((resolve, reject) => {
            const late = setTimeout(() => reject(new Error(`no result of ${hub}.${method} in ${timeout} ms`)), timeout);
            this.results.set(String(id), (result) => {
                clearTimeout(late);
                resolve(result);
            });
        });
        this.send(text).catch((error) => this.settle({ I: String(id), E: error.message, isTransportError: true }));
        return answer;
    }

    /** Like call(), but resolves with R and throws E. */
    async invoke(hub, method, ...args) {
        const result = await this.call(hub, method, args);
        if (result.E !== undefined) {
            throw Object.assign(new Error(result.E), { result });
        }
        return result.R;
    }

    /** Send a payload as this transport does; a result in the answer of /send is settled. */
    async send(payload) {
        if (this.transport === 'webSockets') {
            this.receiveTransport.send(payload);
            return null;
        }
        const response = await request(this.transportEndpoint('/send'), { method: 'POST', socket: this.socket,
            headers: { ...formType, ...this.headers }, body: `data=${encodeURIComponent(payload)}` });
        if (response.status !== 200) {
            throw Object.assign(new Error(`/send: ${response.status} ${response.body}`), { response });
        }
        if (response.body !== '') {
            const result = JSON.parse(response.body);
            if (result.I !== undefined) {
                this.settle(result);
            }
        }
        return response;
    }

    /** Wait for an element of M. */
    async message(predicate, what, timeout = 10000) {
        const found = await until(() => this.messages.find((entry) => predicate(entry.message)),
            { what: () => `${what}; got ${JSON.stringify(this.messages.slice(-5))}`, timeout });
        return found.message;
    }

    /** Arguments of every invocation of this client method so far, in order. */
    invocations(method) {
        return this.messages.filter((entry) => entry.message.M === method).map((entry) => entry.message.A);
    }

    /** Drop the receive transport without a word to the server. */
    cut() {
        this.isPolling = false;
        this.receiveTransport?.cut();
        this.receiveTransport = null;
    }

    abort() {
        return request(this.transportEndpoint('/abort'), { method: 'POST', headers: this.headers, body: '', socket: this.socket });
    }

    /** What a client does to leave: abort, and wait until its receive request has ended. */
    async stop() {
        const open = this.receiveTransport;
        this.isPolling = false;
        await this.abort();
        if (open && this.transport === 'longPolling') {
            await this.#pollEnds();
        } else if (open) {
            await until(() => this.ended, { what: `the end of ${this.transport} after /abort` });
        }
        this.receiveTransport = null;
    }

    /** A poll that reaches the server after /abort is one of a connection it has never heard of, and is held; what
     *  clients do then is drop it. */
    async #pollEnds() {
        try {
            await until(() => this.ended, { what: 'the end of the poll', timeout: 3000 });
        } catch {
            this.receiveTransport.cut();
            await until(() => this.ended, { what: 'the end of the dropped poll' });
        }
    }
}

async function openWebSocket(client, path) {
    const position = path === '/connect' && client.messageId === null ? {} : client.position();
    const socket = await WebSocketClient.open(client.transportEndpoint(path, { tid: 4, ...position }),
        { headers: client.headers, socket: client.socket });
    client.receiveTransport = socket;
    client.responseHeaders = socket.headers;
    socket.listen((text) => client.receive(text), (closed) => {
        if (client.receiveTransport === socket) {
            client.ended = closed;
        }
    });
}

/** A streaming response; ${onText} gets everything received so far and returns what it has not used. */
function openStream(client, path, extra, onText) {
    return new Promise((resolve, reject) => {
        const sent = send(client.transportEndpoint(path, { tid: 5, ...client.position(), ...extra }),
            { ...client.socket, headers: client.headers });
        const transport = { cut: () => sent.destroy() };
        const end = (why) => {
            if (client.receiveTransport === transport) {
                client.ended ??= { code: why };
            }
        };
        sent.on('error', (error) => {
            end(error.message);
            reject(error);
        });
        sent.on('response', (response) => {
            client.responseHeaders = response.headers;
            if (response.statusCode !== 200) {
                response.resume();
                reject(Object.assign(new Error(`${path}: ${response.statusCode}`), { response }));
                return;
            }
            client.receiveTransport = transport;
            let rest = '';
            response.setEncoding('utf8').on('data', (data) => { rest = onText(rest + data); })
                .on('error', (error) => end(error.message)).on('end', () => end('end of stream'));
            resolve();
        });
        sent.end();
    });
}

function openEventStream(client, path) {
    return openStream(client, path, {}, (text) => {
        const events = text.split(/\r\n\r\n|\n\n/);
        const rest = events.pop();
        for (const event of events) {
            if (!/^data: [^\r\n]*$/.test(event)) {
                throw new Error(`not an event of one data line: ${JSON.stringify(event)}`);
            }
            const data = event.slice('data: '.length);
            if (data === 'initialized') {
                client.preambles.push(data);
            } else {
                client.receive(data);
            }
        }
        return rest;
    });
}

function openForeverFrame(client, path) {
    return openStream(client, path, { frameId: 3 }, (text) => {
        const parts = text.split('</script>');
        const rest = parts.pop();
        for (const part of parts) {
            const script = part.slice(part.indexOf('<script>') + '<script>'.length);
            const call = /^r\(c, (.*)\);$/s.exec(script);
            if (!call) {
                client.preambles.push(part);
            } else if (/[<>]/.test(call[1])) {
                throw new Error(`unescaped in a forever frame: ${call[1]}`);
            } else {
                client.receive(call[1]);
            }
        }
        return rest;
    });
}

/** One poll; resolves with the response when it has come. */
function poll(client, path) {
    const { messageId, groupsToken } = client.position();
    const form = Object.entries({ messageId, groupsToken }).filter(([, value]) => value !== null)
        .map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
    const transport = {};
    const answer = new Promise((resolve, reject) => {
        const sent = send(client.transportEndpoint(path), { ...client.socket, method: 'POST',
            headers: { ...formType, 'Content-Length': Buffer.byteLength(form), ...client.headers } });
        transport.cut = () => sent.destroy();
        sent.on('error', reject);
        sent.on('response', (response) => {
            client.responseHeaders = response.headers;
            transport.isHeld = response.statusCode === 200; // its head comes at once, its body when there is something
            let text = '';
            response.setEncoding('utf8').on('data', (data) => { text += data; }).on('error', reject)
                .on('end', () => {
                    transport.isHeld = false;
                    resolve({ status: response.statusCode, text });
                });
        });
        sent.end(form);
    });
    client.receiveTransport = transport;
    return answer;
}

async function openLongPoll(client, path) {
    const take = (response) => {
        if (response.status !== 200) {
            throw new Error(`${path}: ${response.status} ${response.text}`);
        }
        client.pollSpaces = (client.pollSpaces ?? 0) + (response.text.length - response.text.trimStart().length);
        client.receive(response.text);
        if (client.frames.at(-1)?.json.E !== undefined) {
            client.isPolling = false; // told to stop for good
        }
    };
    const loop = async (first) => {
        const mine = client.pollLoop = {};
        client.isPolling = true;
        try {
            for (let next = first; client.isPolling && client.pollLoop === mine; next = '/poll') {
                take(await poll(client, next));
            }
            if (client.pollLoop === mine) {
                client.ended = { code: 'polled out' };
            }
        } catch (error) {
            if (client.pollLoop === mine) {
                client.ended = { code: error.message };
            }
        }
    };
    if (path === '/connect') {
        take(await poll(client, path));
        loop('/poll');
    } else {
        loop(path);
    }
}
