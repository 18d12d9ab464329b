// SPDX-License-Identifier: MIT
// websocket_client: WebSocket (RFC 6455) as a test needs it: whole control over what is sent, a record of what came.
import crypto from 'node:crypto';
import http from 'node:http';
import https from 'node:https';

const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

export class WebSocketClient {
    /**
     * Resolves with the client, or rejects with an error that carries the HTTP answer as `response`. ${socket}: what
     * else the socket needs, such as ca or localAddress.
     */
    static open(url, { headers = {}, timeout = 10000, socket = {} } = {}) {
        return new Promise((resolve, reject) => {
            const key = crypto.randomBytes(16).toString('base64');
            const request = (/^(wss|https):/.test(url) ? https : http).request(url.replace(/^ws/, 'http'), {
                ...socket,
                agent: false,
                timeout,
                headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13',
                    'Sec-WebSocket-Key': key, ...headers },
            });
            request.on('timeout', () => request.destroy(new Error(`no answer to the upgrade in ${timeout} ms`)));
            request.on('error', reject);
            request.on('response', (response) => {
                let body = '';
                response.setEncoding('utf8').on('data', (data) => { body += data; }).on('end', () =>
                    reject(Object.assign(new Error(`no upgrade: ${response.statusCode} ${body}`),
                        { response: { status: response.statusCode, headers: response.headers, body } })));
            });
            request.on('upgrade', (response, socket, head) => {
                const wanted = crypto.createHash('sha1')
                    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
                if (response.headers['sec-websocket-accept'] !== wanted) {
                    socket.destroy();
                    reject(new Error('wrong Sec-WebSocket-Accept'));
                    return;
                }
                const client = new WebSocketClient(socket, response.headers);
                client.#receive(head);
                resolve(client);
            });
            request.end();
        });
    }

    onText = () => {};
    onClose = () => {};
    /** {code, reason} of the peer's Close, null before it; code 1006 when the socket just ended. */
    closed = null;
    pongs = [];
    /** What came before somebody set onText is kept until then. */
    #early = [];
    #rest = Buffer.alloc(0);
    #parts = [];
    #partsType = 0;

    constructor(socket, headers) {
        this.socket = socket;
        this.headers = headers;
        socket.setNoDelay(true);
        socket.on('data', (data) => this.#receive(data));
        socket.on('error', () => {});
        socket.on('close', () => this.#end(1006, ''));
        this.onText = (text) => this.#early.push(text);
    }

    listen(onText, onClose) {
        this.onText = onText;
        this.onClose = onClose;
        this.#early.splice(0).forEach(onText);
        if (this.closed) {
            onClose(this.closed);
        }
    }

    #end(code, reason) {
        if (!this.closed) {
            this.closed = { code, reason };
            this.onClose(this.closed);
        }
    }

    #receive(data) {
        this.#rest = Buffer.concat([this.#rest, data]);
        for (;;) {
            const bytes = this.#rest;
            if (bytes.length < 2) {
                return;
            }
            let length = bytes[1] & 0x7f;
            let at = 2;
            if (length === 126 && bytes.length >= 4) {
                length = bytes.readUInt16BE(2);
                at = 4;
            } else if (length === 127 && bytes.length >= 10) {
                length = Number(bytes.readBigUInt64BE(2));
                at = 10;
            } else if (length > 125) {
                return;
            }
            if (bytes[1] & 0x80) {
                throw new Error('a server must not mask');
            }
            if (bytes.length < at + length) {
                return;
            }
            const payload = bytes.subarray(at, at + length);
            this.#rest = Buffer.from(bytes.subarray(at + length));
            this.#frame(bytes[0] & 0x0f, (bytes[0] & 0x80) !== 0, payload);
        }
    }

    #frame(opcode, isFinal, payload) {
        if (opcode === opcodes.close) {
            const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
            this.#end(code, payload.toString('utf8', 2));
            this.sendFrame(opcodes.close, payload.subarray(0, 2));
            this.socket.end();
        } else if (opcode === opcodes.ping) {
            this.sendFrame(opcodes.pong, payload);
        } else if (opcode === opcodes.pong) {
            this.pongs.push(payload.toString('utf8'));
        } else {
            this.#partsType = opcode === 0 ? this.#partsType : opcode;
            this.#parts.push(Buffer.from(payload));
            if (isFinal) {
                const whole = Buffer.concat(this.#parts.splice(0));
                if (this.#partsType === opcodes.text) {
                    this.onText(new TextDecoder('utf-8', { fatal: true }).decode(whole));
                }
            }
        }
    }

    /** ${type}: a name of `opcodes` or a number. */
    sendFrame(type, payload = '', { isFinal = true, isMasked = true } = {}) {
        const bytes = Buffer.from(payload);
        const header = [(isFinal ? 0x80 : 0) | (opcodes[type] ?? type)];
        const mask = isMasked ? 0x80 : 0;
        if (bytes.length < 126) {
            header.push(mask | bytes.length);
        } else if (bytes.length < 65536) {
            header.push(mask | 126, bytes.length >> 8, bytes.length & 0xff);
        } else {
            const long = Buffer.alloc(8);
            long.writeBigUInt64BE(BigInt(bytes.length));
            header.push(mask | 127, ...long);
        }
        const key = isMasked ? crypto.randomBytes(4) : Buffer.alloc(0);
        const body = isMasked ? bytes.map((byte, i) => byte ^ key[i & 3]) : bytes;
        this.socket.write(Buffer.concat([Buffer.from(header), key, body]));
    }

    send(text) {
        this.sendFrame('text', text);
    }

    /** One message in frames of ${size} bytes. */
    sendFragments(text, size) {
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; at += size) {
            this.sendFrame(at === 0 ? 'text' : 0, bytes.subarray(at, at + size),
                { isFinal: at + size >= bytes.length });
        }
    }

    close(code = 1000) {
        const bytes = Buffer.alloc(2);
        bytes.writeUInt16BE(code);
        this.sendFrame('close', bytes);
    }

    /** End the TCP connection without a word. */
    cut() {
        this.socket.destroy();
    }
}
