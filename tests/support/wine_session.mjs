// SPDX-License-Identifier: MIT
// wine_session: a Wine prefix of our own, whose service control manager runs our services. The session must be kept
// with a persistent wineserver, or services die with the last wine command.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { runProgram, which } from './program.mjs';

const stateIn = (text) => /STATE\s*:\s*\d+\s+(\w+)/.exec(text)?.[1];

/** A program under Wine that somebody else started: found among the processes by its whole command line. */
export class WineProcess {
    static find(argument) {
        const pid = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).find((name) => {
            try {
                return fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(argument);
            } catch {
                return false; // it has just ended
            }
        });
        return pid ? new WineProcess(Number(pid)) : null;
    }

    constructor(pid) {
        this.pid = pid;
    }

    /** How it ended only Wine knows; null while it runs. */
    get exit() {
        return fs.existsSync(`/proc/${this.pid}`) ? null : { code: null, signal: null };
    }

    signal(name) {
        try {
            process.kill(this.pid, name);
        } catch (error) {
            if (error.code !== 'ESRCH') {
                throw error;
            }
        }
    }
}

export class WineSession {
    constructor(prefix) {
        this.prefix = prefix;
        this.log = `${prefix}.log`;
        this.env = { WINEPREFIX: prefix, WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=' };
        this.isOpen = false;
    }

    /** Output goes to files, since Wine's own background processes would keep a pipe open for ever. */
    run(program, ...args) {
        const { log } = this;
        fs.appendFileSync(log, `$ ${program} ${args.join(' ')}\n`);
        const at = fs.statSync(log).size;
        const done = runProgram('sh', ['-c', 'exec "$0" "$@" >>"$WINE_SESSION_LOG" 2>&1 </dev/null', program, ...args],
            { env: { ...this.env, WINE_SESSION_LOG: log }, timeout: 120000 });
        return { code: done.code, output: fs.readFileSync(log).subarray(at).toString('utf8') };
    }

    async open() {
        if (!which('wine') || !which('wineserver')) {
            throw new Error('wine is missing: install the packages wine and wine64 (./dev setup does)');
        }
        fs.mkdirSync(this.prefix, { recursive: true });
        this.isOpen = true;
        // A server that is still there from the first commands would not become persistent: wait until it is gone.
        for (const command of [['wineboot', '-i'], ['wine', 'winecfg', '-v', 'win10'], ['wineserver', '-w'],
            ['wineserver', '-p']]) {
            const done = this.run(...command);
            if (done.code !== 0) {
                throw new Error(`${command.join(' ')} ended with ${done.code}: ${done.output}`);
            }
        }
    }

    /** Write a value of the registry; ${name} '' the default value of the key. */
    registryAdd(key, name, value, type = 'REG_SZ') {
        this.#registry('add', key, ...(name ? ['/v', name] : ['/ve']), '/t', type, '/d', value, '/f');
    }

    registryDelete(key, name) {
        this.#registry('delete', key, '/v', name, '/f');
    }

    #registry(verb, ...args) {
        const done = this.run('wine', 'reg', verb, ...args);
        if (done.code !== 0) {
            throw new Error(`reg ${verb} ended with ${done.code}: ${done.output}`);
        }
    }

    /** sc.exe, without holding up what else this process does. */
    async sc(...args) {
        const output = `${this.prefix}.sc${this.commands = (this.commands ?? 0) + 1}`;
        const file = fs.openSync(output, 'w');
        const child = spawn('wine', ['sc', ...args], { env: { ...process.env, ...this.env }, stdio: ['ignore', file, file] });
        fs.closeSync(file);
        const code = await new Promise((resolve, reject) => child.on('error', reject).on('exit', resolve));
        const text = fs.readFileSync(output, 'utf8');
        fs.rmSync(output);
        fs.appendFileSync(this.log, `$ wine sc ${args.join(' ')}\n${text}`);
        if (code !== 0) {
            throw new Error(`wine sc ${args.join(' ')} ended with ${code}: ${text}`);
        }
        return text;
    }

    /** RUNNING, STOPPED, START_PENDING … */
    state(service) {
        return stateIn(this.run('wine', 'sc', 'query', service).output);
    }

    async stateSoon(service) {
        return stateIn(await this.sc('query', service));
    }

    async close() {
        if (this.isOpen) {
            this.isOpen = false;
            this.run('wineserver', '-k');
            this.run('wineserver', '-w');
        }
    }
}
