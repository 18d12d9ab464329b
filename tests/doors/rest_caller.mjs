// SPDX-License-Identifier: MIT
// rest_caller: an application that calls the REST interface of a node.
import crypto from 'node:crypto';
import { request } from '../support/signalr_client.mjs';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JSON Web Token, signed with the text of ${key}. */
export function makeToken(key, claims, header = { alg: 'HS256', typ: 'JWT' }) {
    const text = `${part(header)}.${part(claims)}`;
    return `${text}.${crypto.createHmac(header.alg === 'HS512' ? 'sha512' : 'sha256', key).update(text).digest('base64url')}`;
}

export class RestCaller {
    /** ${family}: /api/hubs or /api/v1/hubs. */
    constructor(origin, key, { hub = 'ChatHub', family = '/api/hubs' } = {}) {
        Object.assign(this, { origin, key, hub, family });
    }

    /** The URL of an operation below the hub. */
    url(path, query = '') {
        return `${this.origin}${this.family}/${this.hub}${path}${query}`;
    }

    claims(url, changes = {}) {
        const now = Math.floor(Date.now() / 1000);
        return { nbf: now, iat: now, exp: now + 3600, aud: url.split('?')[0], ...changes };
    }

    /** ${claims}: what differs from a good token's; ${token}: another token, or none (null). */
    call(method, path, { query = '', body, headers = {}, claims, token } = {}) {
        const url = this.url(path, query);
        const bearer = token === undefined ? makeToken(this.key, this.claims(url, claims)) : token;
        return request(url, { method, timeout: 60000,
            headers: { ...(bearer === null ? {} : { Authorization: `Bearer ${bearer}` }), 'Content-Type': 'application/json', ...headers },
            body: body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) });
    }

    async status(method, path, options) {
        return (await this.call(method, path, options)).status;
    }

    /** Status and error code. */
    async outcome(method, path, options) {
        const { status, headers } = await this.call(method, path, options);
        return [status, headers['x-ms-error-code']];
    }

    send(path, target, args, options = {}) {
        return this.status('POST', `${path}/:send`, { body: { target, arguments: args }, ...options });
    }
}
