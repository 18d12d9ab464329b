// SPDX-License-Identifier: MIT
// wine_session: a Wine prefix of our own, whose service control manager runs our services. The session must be kept
// with a persistent wineserver, or services die with the last wine command.
import fs from 'node:fs';
import { runProgram, which } from './program.mjs';

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

    async sc(...args) {
        const done = this.run('wine', 'sc', ...args);
        if (done.code !== 0) {
            throw new Error(`wine sc ${args.join(' ')} ended with ${done.code}: ${done.output}`);
        }
        return done.output;
    }

    /** RUNNING, STOPPED, START_PENDING … */
    state(service) {
        return /STATE\s*:\s*\d+\s+(\w+)/.exec(this.run('wine', 'sc', 'query', service).output)?.[1];
    }

    async close() {
        if (this.isOpen) {
            this.isOpen = false;
            this.run('wineserver', '-k');
            this.run('wineserver', '-w');
        }
    }
}
