// SPDX-License-Identifier: MIT
// Goal of this test: a node that browsers reach without a proxy speaks HTTPS and WSS with its own certificate, renews it
// without losing anybody, and says what is wrong with one that cannot be used.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { Farm } from '../support/farm.mjs';
import { integrationTest } from '../support/integration.mjs';
import { runProgram, until } from '../support/program.mjs';
import { ServerAuthority } from '../support/server_certificate.mjs';
import { SignalRClient, request, transports } from '../support/signalr_client.mjs';
import { fence } from './service_apps.mjs';

await integrationTest('direct_tls', async (run) => {
    const authority = new ServerAuthority(run.folder);
    const file = path.join(run.folder, 'site.pem');
    const write = ({ certificate, key }) => fs.writeFileSync(file, certificate + key, { mode: 0o600 });
    write(authority.issue('first'));
    const farm = new Farm(run.folder, { redis: false, nodes: 1, serviceOptions: { certificate: file } });
    run.atEnd(() => farm.close());
    await farm.start();
    const [node] = farm.nodes;
    const url = `https://127.0.0.1:${node.port}/signalr`;
    const socket = authority.socket;
    /** The name in the certificate that a new connection is shown; with ${options} of tls.connect. */
    const shown = (options = {}) => new Promise((resolve, reject) => {
        const connection = tls.connect({ port: node.port, host: '127.0.0.1', ...socket, ...options }, () => {
            resolve(`${connection.getPeerCertificate().subject.CN} ${connection.getProtocol()}`);
            connection.destroy();
        });
        connection.on('error', reject);
    });
    const reload = async (pattern) => {
        const from = node.program.text().length;
        node.program.signal('SIGHUP');
        await until(() => pattern.test(node.program.text().slice(from)), { what: `${pattern} after a reload` });
    };
    const clients = [];

    await run.step('every transport works by HTTPS, WebSocket by WSS', async () => {
        for (const transport of transports) {
            clients.push(await new SignalRClient(url, { transport, socket }).start());
        }
        await fence(clients[0], ...clients);
        await fence(clients[3], ...clients);
        assert.equal((await request(`https://127.0.0.1:${node.port}/health`, { socket })).status, 200);
    });
    await run.step('TLS 1.2 and 1.3 are spoken, nothing older, and no plain HTTP', async () => {
        assert.equal(await shown(), 'first TLSv1.3');
        assert.equal(await shown({ maxVersion: 'TLSv1.2' }), 'first TLSv1.2');
        await assert.rejects(shown({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
        await assert.rejects(request(`http://127.0.0.1:${node.port}/health`));
        await assert.rejects(shown({ ca: undefined }), /certificate/, 'the client checks it');
    });
    await run.step('the client address is the socket\'s', () =>
        assert.match(node.program.text(), /connection opened .* transport=webSockets address=127\.0\.0\.1$/m));
    await run.step('a renewed certificate is used after a reload, and nobody is dropped', async () => {
        write(authority.issue('second'));
        await reload(/configuration reloaded/);
        await until(async () => await shown() === 'second TLSv1.3', { what: 'the new certificate' });
        await fence(clients[0], ...clients);
        clients.forEach((client) => assert.equal(client.ended, null, client.transport));
        const fresh = await new SignalRClient(url, { socket }).start();
        await fence(fresh, fresh, ...clients);
        fresh.cut();
    });
    await run.step('one that cannot be used leaves the one before in use, and is explained', async () => {
        const other = authority.issue('other');
        write({ certificate: authority.issue('third').certificate, key: other.key });
        await reload(/\[service\] certificate ".*": the private key does not belong to the certificate; put a certificate, .* into this file/);
        assert.equal(await shown(), 'second TLSv1.3');
        await fence(clients[0], ...clients);
        clients.forEach((client) => client.cut());
    });
    await run.step('nor does a node start with it', async () => {
        await node.stop();
        for (const [text, sentence] of [[fs.readFileSync(file), /the private key does not belong to the certificate; put/],
            ['junk\n', /there is no certificate in PEM form.*; put/], [authority.issue('fourth').certificate, /there is no readable private key/]]) {
            fs.writeFileSync(file, text, { mode: 0o600 });
            const done = runProgram(farm.serviceProgram, ['run', '--config', node.configuration]);
            assert.equal(done.code, 2, done.stderr);
            assert.match(done.stderr, sentence);
            assert.match(done.stderr, /\[service\] certificate "/);
        }
        write(authority.issue('fifth'));
        await node.start();
        assert.equal(await shown(), 'fifth TLSv1.3');
    });
});
