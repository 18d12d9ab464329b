// SPDX-License-Identifier: MIT
// redis_door: a farm whose first node has a Redis endpoint, and what the tests of it share.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { serviceApps } from '../integration/service_apps.mjs';
import { startFarm } from '../support/farm.mjs';
import { freePort } from '../support/ports.mjs';
import { RedisClient } from '../support/redis_client.mjs';
import { encodeFrame, publishScript } from '../support/scaleout.mjs';

/** Key and channel of the app in service.ini. */
export const key = 'TestApp';
export const password = 'swordfish';
export const publishDigest = crypto.createHash('sha1').update(publishScript()).digest('hex');

/**
 * Two nodes. The first opens a Redis endpoint for TestApp on ${farm.door}; behind the same address is the app "second"
 * with the key SecondApp; ${farm.lockedDoor} belongs to the app "locked" and wants a password.
 */
export async function startRedisDoor(run, options = {}) {
    const door = await freePort();
    const lockedDoor = await freePort();
    const passwordFile = path.join(run.folder, 'redis.password');
    fs.writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    const withDoor = `${serviceApps().replace('[app chat]\n', `[app chat]\nredis = 127.0.0.1:${door}\n`)}
[app second]
path  = /second
key   = SecondApp
redis = 127.0.0.1:${door}

[app locked]
path                = /locked
key                 = LockedApp
redis               = 127.0.0.1:${lockedDoor}
redis_password_file = ${passwordFile}
`;
    const farm = await startFarm(run, { nodes: 1, ...options, apps: (number) => number === 1 ? withDoor : serviceApps() });
    return Object.assign(farm, { door, lockedDoor });
}

/** A connection to the door that is closed with the test. */
export async function connect(run, port) {
    const client = await RedisClient.connect(port);
    run.atEnd(() => client.close());
    return client;
}

/** What a .NET server publishes when it calls the method of every client of ChatHub. */
export function broadcast(text, target = 'h-ChatHub') {
    return encodeFrame([{ source: crypto.randomUUID(), key: target,
        value: JSON.stringify({ H: 'ChatHub', M: 'broadcastMessage', A: ['application', text] }) }]);
}

/** Publish as SignalR does from its second call on. Returns [id, argument, payload]. */
export function publish(client, frame, app = key) {
    return client.command('EVALSHA', publishDigest, 1, app, frame);
}

/** Ids of the messages a subscriber got. */
export function idsOf(messages) {
    return messages.map((bytes) => Number(bytes.subarray(0, bytes.indexOf(0x20)).toString()));
}
