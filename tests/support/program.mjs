// SPDX-License-Identifier: MIT
// program: a child process with a log file, ended by pid, and never outliving its parent.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const buildFolder = new URL('../../build/', import.meta.url).pathname;
const isWindowsPreset = process.env.HUBPLANE_PRESET === 'windows';

/** Where the Linux programs are; ./dev and CTest say so. The windows preset has only the .exe, so take its sibling. */
export const binDir = isWindowsPreset
    ? process.env.HUBPLANE_NATIVE_BIN_DIR ?? path.join(process.env.HUBPLANE_BIN_DIR, '../../linux/bin')
    : process.env.HUBPLANE_BIN_DIR ?? path.join(buildFolder, 'linux/bin');

/** Where hubplane-service.exe is. */
export const windowsBinDir = isWindowsPreset ? process.env.HUBPLANE_BIN_DIR
    : process.env.HUBPLANE_WINDOWS_BIN_DIR ?? path.join(buildFolder, 'windows/bin');

/** Sanitizers, valgrind and Wine are slow: every time-out of a test is multiplied by this. */
export const patience = ['linux', undefined].includes(process.env.HUBPLANE_PRESET) ? 1 : 4;

/** What a sanitizer or a failed assert writes into a log. */
const alarms = new RegExp([
    'ERROR: (Address|Leak|Thread|Memory)Sanitizer', 'WARNING: ThreadSanitizer',
    'SUMMARY: (Address|Leak|Thread|UndefinedBehavior|Memory)Sanitizer', 'runtime error: ',
    'Assertion .* failed', 'double free or corruption', 'stack smashing detected',
].join('|'));

export function which(name) {
    if (name.includes('/')) {
        return fs.existsSync(name) ? name : null;
    }
    return (process.env.PATH ?? '').split(':').map((folder) => path.join(folder, name))
        .find((file) => fs.existsSync(file)) ?? null;
}

/** Wait until ${fn} returns something true (it may be async). Throws after ${timeout} ms. */
export async function until(fn, { what, timeout = 10000, step = 10 }) {
    const deadline = Date.now() + timeout * patience;
    for (;;) {
        const value = await fn();
        if (value) {
            return value;
        }
        if (Date.now() > deadline) {
            throw new Error(`waited ${timeout * patience} ms for ${typeof what === 'function' ? what() : what}`);
        }
        await sleep(step);
    }
}

/** The last lines of a file; what one wants to see when that program did not answer. */
export function tailOf(file, lines = 15) {
    try {
        return fs.readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } catch {
        return '(no log)';
    }
}

/** Run to the end: {code, stdout, stderr}. */
export function runProgram(command, args, { input, env, cwd, timeout = 30000 } = {}) {
    const result = spawnSync(command, args, {
        input, cwd, encoding: 'utf8', timeout: timeout * patience, maxBuffer: 64 * 1024 * 1024,
        env: { ...process.env, ...env },
    });
    if (result.error) {
        throw new Error(`${command}: ${result.error.message}`);
    }
    return { code: result.status, signal: result.signal, stdout: result.stdout, stderr: result.stderr };
}

export class Program {
    /** ${log}: the file that takes standard output and error. */
    constructor({ name, command, args = [], env = {}, cwd, log }) {
        this.name = name;
        this.log = log;
        this.exit = null;
        const file = fs.openSync(log, 'a');
        this.logStart = fs.fstatSync(file).size;
        // A session of its own, so that Ctrl-C reaches only us, and we end things in order; and the
        // kernel ends the child when we are killed.
        const guard = which('setpriv') ? ['setpriv', '--pdeathsig', 'KILL', '--'] : [];
        const [first, ...rest] = [...guard, command, ...args];
        this.child = spawn(first, rest, {
            cwd, env: { ...process.env, ...env }, detached: true, stdio: ['ignore', file, file],
        });
        fs.closeSync(file);
        this.exited = new Promise((resolve) => {
            this.child.on('error', (error) => resolve(this.exit = { code: -1, signal: null, error }));
            this.child.on('exit', (code, signal) => resolve(this.exit = { code, signal }));
        });
    }

    get pid() {
        return this.child.pid;
    }

    /** Wait for ${fn}; a program that ends meanwhile, or does not answer, is an error with its log. */
    async answers(fn, what, timeout = 15000) {
        try {
            await until(async () => {
                if (this.exit) {
                    throw new Error(`it ended with ${JSON.stringify(this.exit.code ?? this.exit.signal)}`);
                }
                return fn();
            }, { what, timeout, step: 20 });
        } catch (error) {
            throw new Error(`${this.name}: ${error.message}; its log ends with\n${tailOf(this.log)}`);
        }
    }

    signal(name) {
        if (!this.exit) {
            this.child.kill(name);
        }
    }

    async kill() {
        this.signal('SIGKILL');
        await this.exited;
    }

    /** End it politely. Returns the exit code; a program that does not end is killed and an error. */
    async stop(timeout = 20000) {
        this.signal('SIGTERM');
        const late = sleep(timeout * patience, 'late', { ref: false });
        if (await Promise.race([this.exited, late]) === 'late') {
            await this.kill();
            throw new Error(`${this.name} did not stop within ${timeout * patience} ms; its log ends with\n` +
                tailOf(this.log));
        }
        return this.exit.code;
    }

    /** What it has logged; a program started before it with the same log does not count. */
    text() {
        return fs.readFileSync(this.log).subarray(this.logStart).toString('utf8');
    }

    /** Reports of sanitizers and failed asserts, as text; empty when all is well. */
    alarm() {
        const lines = this.text().split('\n');
        const first = lines.findIndex((line) => alarms.test(line));
        return first < 0 ? '' : `${this.name}:\n${lines.slice(first, first + 60).join('\n')}`;
    }
}
