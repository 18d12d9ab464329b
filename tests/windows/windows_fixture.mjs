// SPDX-License-Identifier: MIT
// windows_fixture: hubplane-service.exe under Wine, its service control manager and registry, for tests. The prefix lies in
// the build folder and is kept for the next test, since making one takes many seconds; what a test installs it removes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { runProgram, tailOf, until, which, windowsBinDir } from '../support/program.mjs';
import { freePort } from '../support/ports.mjs';
import { skip } from '../support/integration.mjs';
import { WineSession } from '../support/wine_session.mjs';

const buildDir = path.join(windowsBinDir, '..'); // of the preset windows
const parameters = (name) => `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${name}\\Parameters`;

/** Codes of the service control manager. */
export const control = { pause: '2', continue: '3', interrogate: '4', paramchange: '6' };

export const windowsPath = (file) => `Z:${file.replaceAll('/', '\\')}`;

/** A farm that exists only on paper: its authority, and credentials for nodes, right and wrong ones. */
export class PaperFarm {
    constructor(folder) {
        this.folder = folder;
        fs.mkdirSync(folder, { recursive: true });
        fs.writeFileSync(this.file('index.txt'), '');
        fs.writeFileSync(this.file('ca.cnf'), `[ca]\ndefault_ca = farm\n[farm]\ndatabase = index.txt\nnew_certs_dir = .\n` +
            'default_md = sha256\nprivate_key = ca.key\ncertificate = ca.pem\npolicy = names\nrand_serial = yes\n' +
            'unique_subject = no\n[names]\ncommonName = supplied\n');
        this.#openssl('req', '-x509', ...this.#newKey('ca.key'), '-out', 'ca.pem', '-days', '3650', '-subj', '/CN=farm', '-addext',
            'basicConstraints=critical,CA:TRUE');
        this.authority = this.read('ca.pem');
    }

    file(name) {
        return path.join(this.folder, name);
    }

    read(name) {
        return fs.readFileSync(this.file(name), 'utf8');
    }

    /** The credential file of a node, valid from and until so many hours from now; its parts can be exchanged. */
    issue(name, { fromHours = -1, untilHours = 90 * 24, key, authority = this.authority } = {}) {
        const time = (hours) => new Date(Date.now() + hours * 3600000).toISOString().replace(/[-:T]|\.\d+/g, '');
        this.#openssl('req', ...this.#newKey(`${name}.key`), '-out', `${name}.csr`, '-subj', `/CN=${name}`);
        fs.writeFileSync(this.file(`${name}.ext`), `subjectAltName = URI:hubplane:node:${name},URI:hubplane:app:*\n`);
        this.#openssl('ca', '-batch', '-config', 'ca.cnf', '-notext', '-in', `${name}.csr`, '-out', `${name}.crt`,
            '-extfile', `${name}.ext`, '-startdate', time(fromHours), '-enddate', time(untilHours));
        return this.write(`${name}.pem`, [this.read(`${name}.crt`), key ?? this.read(`${name}.key`), authority].join(''));
    }

    write(name, text) {
        fs.writeFileSync(this.file(name), text, { mode: 0o600 });
        return this.file(name);
    }

    #newKey(file) {
        return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file];
    }

    #openssl(...args) {
        const done = runProgram('openssl', args, { cwd: this.folder });
        assert.equal(done.code, 0, `openssl ${args[0]}: ${done.stderr}`);
    }
}

/** A service of a name of its own. */
export class Service {
    constructor(windows, name) {
        Object.assign(this, { windows, name });
        this.folder = path.join(windows.wine.prefix, 'drive_c/ProgramData', name);
        this.log = path.join(this.folder, 'hubplane-service.log');
    }

    /** hubplane-service.exe VERB: {code, output}. */
    run(...args) {
        return this.windows.wine.run('wine', windowsPath(this.windows.program), ...args, '--name', this.name);
    }

    /** The same, which must end with 0; returns the output. */
    must(...args) {
        const done = this.run(...args);
        assert.equal(done.code, 0, `${args.join(' ')}: ${done.output}`);
        return done.output;
    }

    /** A verb of scm_tool: status lines as objects, or {error}. */
    scm(verb, ...args) {
        const done = this.windows.wine.run('wine', windowsPath(this.windows.tool), verb, this.name, ...args);
        return done.output.trim().split(/\r?\n/).filter(Boolean)
            .map((line) => Object.fromEntries([...line.matchAll(/(\w+)=([^\s]*)/g)].map(([, name, value]) => [name, value])));
    }

    state() {
        return this.scm('query')[0].state;
    }

    /** Write a value as "reg add" does; ${section} is "bridge" or "app chat", ${name} '' the default value. */
    set(section, name, value, type = 'REG_SZ') {
        this.windows.wine.registryAdd([parameters(this.name), section].filter(Boolean).join('\\'), name, value, type);
    }

    unset(section, name) {
        this.windows.wine.registryDelete(`${parameters(this.name)}\\${section}`, name);
    }

    text() {
        return fs.existsSync(this.log) ? fs.readFileSync(this.log, 'utf8') : '';
    }

    /** Wait until ${pattern} occurs in what was logged after ${from} characters. */
    async logs(pattern, from = 0) {
        await until(() => pattern.test(this.text().slice(from)),
            { what: () => `${pattern} in the log, which ends with\n${tailOf(this.log)}`, step: 50 });
    }

    /** Configure it so that it can run; ports are this.port and this.adminPort. */
    async configure(credentials, extra = []) {
        this.port = await freePort();
        this.adminPort = await freePort();
        this.must('install', '--update', '--set', 'bridge.address=127.0.0.1:9', '--set', 'app chat.key=ChatApp',
            '--set', `service.listen=127.0.0.1:${this.port}`, '--set', `service.admin=127.0.0.1:${this.adminPort}`,
            '--set', 'hub chat/ChatHub.Send=all.broadcastMessage',
            ...extra.flatMap((setting) => ['--set', setting]));
        this.must('import-credentials', windowsPath(credentials));
    }

    /** The status of /health, or 0; the connection is closed then, or a stop would wait for it. */
    health() {
        return new Promise((resolve) => {
            http.get({ host: '127.0.0.1', port: this.port, path: '/health', agent: false }, (response) => {
                response.resume().socket.once('close', () => resolve(response.statusCode));
            }).once('error', () => resolve(0));
        });
    }
}

/** Wine with everything a test needs, closed with the test. */
export async function openWindows(run, { names = ['Hubplane'], debug } = {}) {
    if (!which('wine') || !which('openssl')) {
        skip('wine or openssl is missing: ./dev setup installs them');
    }
    const wine = new WineSession(path.join(buildDir, 'wine-service'));
    const windows = { wine, program: path.join(windowsBinDir, 'hubplane-service.exe'), tool: path.join(windowsBinDir, 'scm_tool.exe') };
    run.atEnd(() => wine.close());
    if (debug) { // what Wine shall show in its log
        wine.env.WINEDEBUG += `,${debug}`;
    }
    await wine.open();
    windows.services = names.map((name) => new Service(windows, name));
    const sweep = () => {
        for (const service of windows.services) {
            service.run('uninstall', '--purge');
            wine.run('wine', 'reg', 'delete', `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${service.name}`, '/f');
            fs.rmSync(service.folder, { recursive: true, force: true });
        }
    };
    sweep(); // what a test that was killed has left
    run.atEnd(sweep);
    return windows;
}
