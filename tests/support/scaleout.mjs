// SPDX-License-Identifier: MIT
// scaleout: the bytes SignalR servers exchange through Redis, written a second time, independently of the C code,
// so that both can be compared; and what a .NET server does with Redis.
import crypto from 'node:crypto';

const ticksAtUnixEpoch = 621355968000000000n;

/** The vectors V1 to V8 of the format reference: what the publisher passes as argument, without the id. */
const hex = (text) => Buffer.from(text.replace(/\s/g, ''), 'hex');
const idA = '11111111-2222-3333-4444-555555555555';
const idB = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const commandId = '99999999-8888-7777-6666-555555555555';
const vectorTicks = 638713838456780000n;

function varint(value) {
    const bytes = [];
    for (; value >= 0x80; value >>>= 7) {
        bytes.push((value & 0x7f) | 0x80);
    }
    return Buffer.from([...bytes, value]);
}

function text(value) {
    const bytes = Buffer.from(value, 'utf8');
    return Buffer.concat([varint(bytes.length), bytes]);
}

function i32(value) {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return bytes;
}

function i64(value) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
}

export function ticksNow() {
    return BigInt(Date.now()) * 10000n + ticksAtUnixEpoch;
}

function encodeMessage({ source, key, value = '', command = '', waitForAck = false, isAck = false, filter = '' }) {
    const bytes = Buffer.from(value, 'utf8');
    return Buffer.concat([text(source), text(key), i32(bytes.length), bytes, text(command),
        Buffer.from([waitForAck ? 1 : 0, isAck ? 1 : 0]), text(filter)]);
}

/** The frame with these messages: length, body. */
export function encodeFrame(messages, ticks = ticksNow()) {
    const body = Buffer.concat([i32(messages.length), ...messages.map(encodeMessage), i64(ticks)]);
    return Buffer.concat([i32(body.length), body]);
}

export const vectors = {
    V1: hex(`67000000010000002431313131313131312d323232322d333333332d343434342d353535353535353535353535
        09682d43686174487562240000007b2248223a2243686174487562222c224d223a22736179222c2241223a5b22
        6869225d7d00000000e0b4571eda2add08`),
    V2: hex(`bb000000010000002431313131313131312d323232322d333333332d343434342d353535353535353535353535
        1068672d436861744875622e726f6f6d31240000007b2248223a2243686174487562222c224d223a2273617922
        2c2241223a5b22c3a9225d7d0000004d632d31313131313131312d323232322d333333332d343434342d353535
        3535353535353535357c632d61616161616161612d626262622d636363632d646464642d656565656565656565
        656565e0b4571eda2add08`),
    V3: hex(`ee000000010000002461616161616161612d626262622d636363632d646464642d656565656565656565656565
        26632d31313131313131312d323232322d333333332d343434342d3535353535353535353535356a0000007b22
        57616974466f7241636b223a747275652c224964223a2239393939393939392d383838382d373737372d363636
        362d353535353535353535353535222c22436f6d6d616e6454797065223a312c2256616c7565223a2268672d43
        6861744875622e726f6f6d31227d2439393939393939392d383838382d373737372d363636362d353535353535
        353535353535010000e0b4571eda2add08`),
    V4: hex(`71000000010000002431313131313131312d323232322d333333332d343434342d353535353535353535353535
        135f5f5349474e414c525f5f5345525645525f5f000000002439393939393939392d383838382d373737372d36
        3636362d353535353535353535353535000100e0b4571eda2add08`),
    V5: hex(`77000000010000002431313131313131312d323232322d333333332d343434342d353535353535353535353535
        1c68752d436861744875622e616c696365406578616d706c652e636f6d210000007b2248223a22436861744875
        62222c224d223a2270696e67222c2241223a5b5d7d00000000e0b4571eda2add08`),
    V6: hex(`e1000000010000002431313131313131312d323232322d333333332d343434342d353535353535353535353535
        26632d31313131313131312d323232322d333333332d343434342d3535353535353535353535355d0000007b22
        57616974466f7241636b223a66616c73652c224964223a2239393939393939392d383838382d373737372d3636
        36362d353535353535353535353535222c22436f6d6d616e6454797065223a302c2256616c7565223a6e756c6c
        7d2439393939393939392d383838382d373737372d363636362d353535353535353535353535000000e0b4571e
        da2add08`),
    V7: Buffer.concat([hex(`ef0000000200000001 73 c801`), Buffer.alloc(200, 0x78),
        hex(`0100000031 000000000173026b32010000003200000000e0b4571eda2add08`)]),
    V8: hex(`0c00000000000000e0b4571eda2add08`),
};

/** The same messages, for the independent encoder above. */
export const vectorMessages = {
    V1: [{ source: idA, key: 'h-ChatHub', value: '{"H":"ChatHub","M":"say","A":["hi"]}' }],
    V2: [{ source: idA, key: 'hg-ChatHub.room1', value: '{"H":"ChatHub","M":"say","A":["é"]}',
        filter: `c-${idA}|c-${idB}` }],
    V3: [{ source: idB, key: `c-${idA}`, command: commandId, waitForAck: true,
        value: `{"WaitForAck":true,"Id":"${commandId}","CommandType":1,"Value":"hg-ChatHub.room1"}` }],
    V4: [{ source: idA, key: '__SIGNALR__SERVER__', command: commandId, isAck: true }],
    V5: [{ source: idA, key: 'hu-ChatHub.alice@example.com', value: '{"H":"ChatHub","M":"ping","A":[]}' }],
    V6: [{ source: idA, key: `c-${idA}`, command: commandId,
        value: `{"WaitForAck":false,"Id":"${commandId}","CommandType":0,"Value":null}` }],
    V7: [{ source: 's', key: 'x'.repeat(200), value: '1' }, { source: 's', key: 'k2', value: '2' }],
    V8: [],
};
export { vectorTicks };

class Reader {
    constructor(bytes) {
        this.bytes = bytes;
        this.at = 0;
    }

    take(count) {
        if (this.at + count > this.bytes.length) {
            throw new Error('cut off');
        }
        this.at += count;
        return this.bytes.subarray(this.at - count, this.at);
    }

    i32() {
        return this.take(4).readInt32LE();
    }

    text() {
        let length = 0;
        for (let shift = 0, byte = 0x80; byte & 0x80; shift += 7) {
            byte = this.take(1)[0];
            length |= (byte & 0x7f) << shift;
        }
        return this.take(length).toString('utf8');
    }
}

/** A channel message taken apart: {id, body, messages, ticks, rest, trailer}. */
export function decodeChannelMessage(bytes) {
    const space = bytes.indexOf(0x20);
    const id = bytes.toString('latin1', 0, space);
    const length = bytes.readInt32LE(space + 1);
    const body = bytes.subarray(space + 5, space + 5 + length);
    const rest = bytes.subarray(space + 5 + length);
    const reader = new Reader(body);
    const messages = [];
    for (let count = reader.i32(); count > 0; count--) {
        const message = { source: reader.text(), key: reader.text() };
        message.value = reader.take(reader.i32()).toString('utf8');
        message.command = reader.text();
        message.waitForAck = reader.take(1)[0] !== 0;
        message.isAck = reader.take(1)[0] !== 0;
        message.filter = reader.text();
        messages.push(message);
    }
    const ticks = reader.take(8).readBigInt64LE();
    return { id: Number(id), idText: id, body: Buffer.from(body), messages, ticks, rest, trailer: decodeTrailer(rest) };
}

/** PROTOCOL.md section 5; null when there is none. */
export function decodeTrailer(bytes) {
    if (bytes.length < 32 || bytes.readUInt32BE(0) !== 0xf5485031) {
        return null;
    }
    return { length: bytes.readUInt32BE(4), instance: bytes.toString('hex', 8, 24),
        sequence: Number(bytes.readBigUInt64BE(24)) };
}

/** What a .NET server does to publish: one atomic INCR and PUBLISH. Returns the id. */
export async function publishAsDotnet(redis, key, frame) {
    const script = "local id = redis.call('INCR', KEYS[1])\n" +
        "local payload = string.format('%.0f', id) .. ' ' .. ARGV[1]\n" +
        "redis.call('PUBLISH', KEYS[1], payload)\nreturn id";
    return redis.command('EVAL', script, 1, key, frame);
}

/** The same for each of ${frames}, many at a time. */
export async function publishMany(redis, key, frames) {
    const script = "for _, frame in ipairs(ARGV) do redis.call('PUBLISH', KEYS[1], " +
        "string.format('%.0f', redis.call('INCR', KEYS[1])) .. ' ' .. frame) end";
    for (let at = 0; at < frames.length; at += 500) {
        await redis.command('EVAL', script, 1, key, ...frames.slice(at, at + 500));
    }
}

/** A command for a connection, as Groups.Add or /abort of a .NET server sends it. */
export function commandFrame(connectionId, type, value, { waitForAck = true, id = crypto.randomUUID() } = {}) {
    return {
        id,
        frame: encodeFrame([{ source: crypto.randomUUID(), key: `c-${connectionId}`, command: id, waitForAck,
            value: JSON.stringify({ WaitForAck: waitForAck, Id: id, CommandType: type, Value: value }) }]),
    };
}

/** The words of the script by which SignalR 2.2 and later publishes; its SHA-1 with LF is edeb7a3b…, with CRLF 5b8e3b60…. */
const publishLines = ["local newId = redis.call('INCR', KEYS[1])", "local payload = newId .. ' ' .. ARGV[1]",
    "redis.call('PUBLISH', KEYS[1], payload)", 'return {newId, ARGV[1], payload}'];

export function publishScript(lineEnd = '\n') {
    return publishLines.join(`${lineEnd}${' '.repeat(18)}`);
}

/** SHA-1 of the script that SignalR 2.2.2 and later runs after a reconnect. */
export const restoreDigest = '60a57d72ad3c5f10b4f04fe76cbc5f0cc86d1da8';
