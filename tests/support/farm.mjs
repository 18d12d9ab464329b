// SPDX-License-Identifier: MIT
// farm: a whole farm on loopback, of real programs: redis-server, bridges and nodes, each with its configuration and
// log in one folder. A test or the demo starts and ends each of them when it likes.
import fs from 'node:fs';
import path from 'node:path';
import { Program, binDir, runProgram, tailOf, until, which, windowsBinDir } from './program.mjs';
import { freePort } from './ports.mjs';
import { RedisClient } from './redis_client.mjs';
import { request } from './signalr_client.mjs';
import { WineProcess, WineSession } from './wine_session.mjs';

/** The chat of the tutorial and one method for each way to address somebody. */
export const chatConfiguration = fs.readFileSync(new URL('../../samples/chat/chat.ini', import.meta.url), 'utf8');

/** An INI text from {section: {name: value}}. */
function ini(sections) {
    return Object.entries(sections).map(([section, values]) => `[${section}]\n` +
        Object.entries(values).filter(([, value]) => value !== undefined)
            .map(([name, value]) => `${name} = ${value}\n`).join('')).join('');
}

/** A program this farm needs, or a sentence that says how to get it. */
function need(program, remedy) {
    const found = which(program);
    if (!found) {
        throw new Error(`${program} is missing: ${remedy}`);
    }
    return found;
}

class Server {
    constructor(farm, name) {
        this.farm = farm;
        this.name = name;
        this.log = path.join(farm.folder, `${name}.log`);
        this.program = null;
    }

    /** Start ${command} and wait until ${answers} says true. */
    async run(command, args, answers, what, env) {
        this.program = new Program({ name: this.name, command, args, env, log: this.log });
        this.farm.programs.push(this.program);
        if (answers) {
            await this.program.answers(answers, what);
        }
    }

    get isRunning() {
        return this.program !== null && this.program.exit === null;
    }

    async stop() {
        const code = await this.program.stop();
        if (code !== 0) {
            throw new Error(`${this.name} ended with ${code ?? this.program.exit.signal} when stopped; its log ends with\n` +
                tailOf(this.log));
        }
    }

    kill() {
        return this.program.kill();
    }
}

class RedisServer extends Server {
    constructor(farm) {
        super(farm, 'redis');
    }

    async start({ wait = true } = {}) {
        const command = need('redis-server', 'install the package redis-server (./dev setup does)');
        this.port ??= await freePort(this.farm.wishes.redis);
        await this.run(command, ['--port', this.port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no',
            '--daemonize', 'no', '--dir', this.farm.folder, '--loglevel', 'notice'],
        wait ? () => RedisClient.connect(this.port).then(async (client) => {
            const pong = await client.command('PING').catch(() => null);
            client.close();
            return pong === 'PONG';
        }, () => false) : null, 'an answer to PING');
    }

    connect() {
        return RedisClient.connect(this.port);
    }
}

class Bridge extends Server {
    constructor(farm, number) {
        super(farm, `bridge${number}`);
        this.number = number;
    }

    async configure() {
        for (const bridge of this.farm.bridges) {
            bridge.port ??= await freePort(bridge.number === 1 ? this.farm.wishes.bridge : 0);
        }
        this.adminPort ??= await freePort();
        this.configuration = path.join(this.farm.folder, `${this.name}.ini`);
        fs.writeFileSync(this.configuration, ini({
            bridge: { name: this.name, listen: `127.0.0.1:${this.port}`, admin: `127.0.0.1:${this.adminPort}`,
                state: this.farm.stateFolder, log_level: this.farm.logLevel,
                ...this.farm.hasPeers ? { peers: this.farm.bridges.map((bridge) => `127.0.0.1:${bridge.port}`).join(', ') } : {},
                ...this.farm.bridgeOptions },
            redis: this.farm.hasRedis ? { address: `127.0.0.1:${this.farm.redis.port}`, ...this.farm.redisOptions } : {},
        }));
    }

    /** The bridge's own verbs: ca, issue, list, revoke, status. */
    command(verb, ...args) {
        return runProgram(this.farm.bridgeProgram, [verb, ...args, '--config', this.configuration]);
    }

    async start({ wait = true } = {}) {
        await this.run(this.farm.bridgeProgram, ['run', '--config', this.configuration],
            wait ? () => /listening|started/.test(this.program.text()) : null, 'its line that it listens');
    }

    /** Start "tail", which prints each message of the app in a line, into a log of its own. */
    tail(key) {
        const server = new Server(this.farm, `tail-${key}`);
        server.run(this.farm.bridgeProgram, ['tail', key, '--config', this.configuration]);
        return server;
    }
}

class Node extends Server {
    constructor(farm, number) {
        super(farm, `node${number}`);
        this.number = number;
    }

    async configure() {
        this.port ??= await freePort(this.farm.wishes.nodes?.[this.number - 1]);
        this.adminPort ??= await freePort(this.farm.wishes.admins?.[this.number - 1]);
        this.configuration = path.join(this.farm.folder, `${this.name}.ini`);
        this.credentials = path.join(this.farm.folder, `${this.name}.pem`);
        fs.writeFileSync(this.configuration, ini({
            service: { name: this.name, listen: `127.0.0.1:${this.port}`, admin: `127.0.0.1:${this.adminPort}`,
                workers: 2, log_level: this.farm.logLevel, ...this.serviceValues(), ...this.farm.serviceOptions },
            bridge: { address: this.farm.bridges.map((bridge) => `127.0.0.1:${bridge.port}`).join(', '),
                credentials: this.pathFor(this.credentials), ...this.farm.linkOptions },
        }) + (typeof this.farm.apps === 'function' ? this.farm.apps(this.number) : this.farm.apps));
    }

    serviceValues() {
        return {};
    }

    /** A path as this node's system writes it. */
    pathFor(file) {
        return file;
    }

    get origin() {
        return `http://127.0.0.1:${this.port}`;
    }

    get url() {
        return `${this.origin}/signalr`;
    }

    /** Whether it answers /live, /ready … with 200. */
    async admin(page) {
        try {
            return (await request(`http://127.0.0.1:${this.adminPort}${page}`, { timeout: 2000 })).status === 200;
        } catch {
            return false;
        }
    }

    async start({ wait = true } = {}) {
        await this.run(this.farm.serviceProgram, ['run', '--config', this.configuration],
            wait ? () => this.admin('/ready') : null, `/ready on port ${this.adminPort}`);
    }
}

/** A node that is hubplane-service.exe, run by the service control manager of Wine. */
class WindowsNode extends Node {
    /** Wine believes for ever that a killed service runs; the next start is therefore another service, with the same configuration. */
    get serviceName() {
        return `Hubplane${this.number}${this.kills ? `-${this.kills}` : ''}`;
    }

    serviceValues() {
        return { log_file: this.pathFor(this.log) };
    }

    pathFor(file) {
        return `Z:${file.replaceAll('/', '\\')}`;
    }

    async start({ wait = true } = {}) {
        const wine = this.farm.wine;
        if (!this.isInstalled) {
            await wine.sc('create', this.serviceName, 'binPath=', `"${this.pathFor(this.farm.windowsProgram)}" run ` +
                `--config ${this.pathFor(this.configuration)} --name ${this.serviceName}`);
            this.isInstalled = true;
        }
        await wine.sc('start', this.serviceName);
        this.program = await until(() => WineProcess.find(this.pathFor(this.configuration)), { what: `the process of ${this.serviceName}` });
        if (wait) {
            try {
                await until(() => this.admin('/ready'), { what: `/ready on port ${this.adminPort}`, timeout: 20000 });
            } catch (error) {
                throw new Error(`${this.name}: ${error.message}; its log ends with\n${tailOf(this.log)}`);
            }
        }
    }

    async stop() {
        await this.farm.wine.sc('stop', this.serviceName);
        await until(async () => await this.farm.wine.stateSoon(this.serviceName) === 'STOPPED',
            { what: `${this.serviceName} to be STOPPED`, timeout: 30000, step: 100 });
        this.program = null;
    }

    async kill() {
        this.program.signal('SIGKILL');
        await until(() => this.program.exit, { what: `${this.name} to be gone` });
        this.kills = (this.kills ?? 0) + 1;
        this.isInstalled = false;
    }
}

export class Farm {
    /**
     * ${folder}: for everything it writes. ${apps}: the sections of the nodes' configuration below [bridge], or a
     * function of a node's number (1, 2 …) that gives them.
     * ${windows}: true, or the numbers of the nodes that are Windows services under Wine.
     * ${peers}: whether the bridges are linked to each other.
     * ${wishes}: friendly ports {redis, bridge, nodes: [], admins: []}, taken when they are free.
     */
    constructor(folder, { nodes = 2, bridges = 1, peers = false, redis = true, windows = false, apps = chatConfiguration, wishes = {},
        logLevel = 'info', bridgeOptions = {}, redisOptions = {}, serviceOptions = {}, linkOptions = {} } = {}) {
        Object.assign(this, { folder, apps, wishes, logLevel, bridgeOptions, redisOptions, serviceOptions, linkOptions });
        this.hasRedis = redis;
        this.hasPeers = peers;
        this.stateFolder = path.join(folder, 'state');
        this.programs = [];
        this.redis = new RedisServer(this);
        this.bridges = Array.from({ length: bridges }, (_, i) => new Bridge(this, i + 1));
        const isWindows = (number) => windows === true || (Array.isArray(windows) && windows.includes(number));
        this.nodes = Array.from({ length: nodes }, (_, i) => new (isWindows(i + 1) ? WindowsNode : Node)(this, i + 1));
        const hasWindows = this.nodes.some((node) => node instanceof WindowsNode);
        this.wine = hasWindows ? new WineSession(path.join(folder, 'wine')) : null;
        this.bridgeProgram = need(path.join(binDir, 'hubplane-bridge'), 'build it first (./dev build)');
        this.serviceProgram = path.join(binDir, 'hubplane-service');
        this.windowsProgram = path.join(windowsBinDir, 'hubplane-service.exe');
        if (hasWindows) {
            need(this.windowsProgram, 'build it first (./dev build windows)');
        }
        if (this.nodes.some((node) => !(node instanceof WindowsNode))) {
            need(this.serviceProgram, 'build it first (./dev build)');
        }
    }

    /** Ports, configurations, the farm's authority and a certificate for each bridge and node. */
    async prepare() {
        fs.mkdirSync(this.stateFolder, { recursive: true, mode: 0o700 });
        if (this.hasRedis) {
            this.redis.port ??= await freePort(this.wishes.redis);
        }
        for (const bridge of this.bridges) {
            await bridge.configure();
        }
        const run = (...verb) => {
            const done = this.bridges[0].command(...verb);
            if (done.code !== 0) {
                throw new Error(`hubplane-bridge ${verb.join(' ')} ended with ${done.code}: ${done.stderr}`);
            }
            return done.stdout;
        };
        run('ca');
        for (const node of this.nodes) {
            await node.configure();
            fs.writeFileSync(node.credentials, run('issue', node.name), { mode: 0o600 });
        }
    }

    /** Everything, in the usual order. */
    async start(progress = () => {}) {
        await this.prepare();
        if (this.hasRedis) {
            await this.redis.start();
            progress(`redis-server on port ${this.redis.port}`);
        }
        for (const bridge of this.bridges) {
            await bridge.start();
            progress(`hubplane-bridge on port ${bridge.port}`);
        }
        if (this.wine) {
            progress('preparing a Wine prefix');
            await this.wine.open();
        }
        for (const node of this.nodes) {
            await node.start();
            progress(`hubplane-service ${node.name} on port ${node.port}` +
                (node instanceof WindowsNode ? ', a Windows service under Wine' : ''));
        }
        return this;
    }

    /** Stop what runs, in order. Throws when something did not end well or a sanitizer found something. */
    async close() {
        const problems = [];
        for (const server of [...this.nodes, ...this.bridges, this.redis]) {
            if (server.isRunning) {
                await server.stop().catch((error) => problems.push(error.message));
            }
        }
        await this.wine?.close();
        for (const program of this.programs) {
            if (!program.exit) {
                await program.kill();
            }
            const alarm = program.alarm();
            if (alarm && !problems.includes(alarm)) {
                problems.push(alarm);
            }
        }
        if (problems.length > 0) {
            throw new Error(problems.join('\n'));
        }
    }

    /** The last lines of every log, for a report. */
    tails(lines = 8) {
        return [...this.nodes, ...this.bridges, ...this.hasRedis ? [this.redis] : []]
            .map((server) => `${server.name} (${server.log}) ends with\n${tailOf(server.log, lines)}`).join('\n');
    }
}

/** A farm for an integration test, ended and checked with it. */
export async function startFarm(run, options) {
    const farm = new Farm(run.folder, options);
    run.atEnd(() => farm.close());
    return farm.start();
}
