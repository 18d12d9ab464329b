// SPDX-License-Identifier: MIT
// server_certificate: an authority and certificates for HTTPS servers on loopback, as an administrator gets them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { runProgram } from './program.mjs';

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export class ServerAuthority {
    constructor(folder) {
        this.folder = folder;
        this.key = path.join(folder, 'ca.key');
        this.certificate = path.join(folder, 'ca.pem');
        this.#openssl('req', '-x509', ...curve, '-keyout', this.key, '-out', this.certificate, '-days', '30', '-subj', '/CN=Test authority');
    }

    /** What a client needs to trust what we issue. */
    get socket() {
        return { ca: fs.readFileSync(this.certificate) };
    }

    #openssl(...args) {
        const done = runProgram('openssl', args, { cwd: this.folder });
        assert.equal(done.code, 0, done.stderr);
    }

    /** Issue a certificate for ${name}: {certificate, key, serial}, PEM texts. */
    issue(name, days = 30) {
        const file = (suffix) => path.join(this.folder, `${name}.${suffix}`);
        fs.writeFileSync(file('ext'), 'subjectAltName = DNS:localhost, IP:127.0.0.1\n');
        this.#openssl('req', ...curve, '-keyout', file('key'), '-out', file('csr'), '-subj', `/CN=${name}`);
        this.#openssl('x509', '-req', '-in', file('csr'), '-CA', this.certificate, '-CAkey', this.key, '-CAcreateserial',
            '-days', String(days), '-extfile', file('ext'), '-out', file('pem'));
        return { certificate: fs.readFileSync(file('pem'), 'utf8'), key: fs.readFileSync(file('key'), 'utf8') };
    }
}
