// SPDX-License-Identifier: MIT
// integration: runs the steps of one integration test, one after the other, each with a time limit.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { patience } from './program.mjs';

const skippedExitCode = 77;

/** Thrown by skip(). */
class Skipped extends Error {}

/** Give up a step, or outside of steps the whole test, because something is missing here. */
export function skip(why) {
    throw new Skipped(why);
}

class Run {
    failed = 0;
    passed = 0;
    skipped = 0;
    #cleanups = [];

    constructor(folder) {
        this.folder = folder;
    }

    /** Runs at the end, last registered first; a throw is a failure. */
    atEnd(fn) {
        this.#cleanups.push(fn);
    }

    async step(title, fn, { timeout = 60000 } = {}) {
        const started = Date.now();
        let timer;
        try {
            const late = new Promise((_, reject) => {
                timer = setTimeout(() => reject(new Error(`not done in ${timeout * patience} ms`)), timeout * patience);
            });
            await Promise.race([fn(), late]);
            this.passed++;
            console.log(`ok       ${title} (${Date.now() - started} ms)`);
        } catch (error) {
            if (error instanceof Skipped) {
                this.skipped++;
                console.log(`skipped  ${title}: ${error.message}`);
            } else {
                this.failed++;
                console.log(`FAILED   ${title} (${Date.now() - started} ms)\n${indent(error.stack)}`);
            }
        } finally {
            clearTimeout(timer);
        }
    }

    async end() {
        for (const fn of this.#cleanups.reverse()) {
            try {
                await fn();
            } catch (error) {
                this.failed++;
                console.log(`FAILED   at the end\n${indent(error.stack ?? String(error))}`);
            }
        }
    }
}

function indent(text) {
    return text.split('\n').map((line) => `         ${line}`).join('\n');
}

/**
 * Run a whole test: ${body} gets a Run. Exits 0 when every step passed, 77 when skip() was called before any step ran or
 * every step was skipped, else 1. The folder of the test is removed unless something failed.
 */
export async function integrationTest(name, body) {
    const only = process.argv[2];
    const run = new Run(fs.mkdtempSync(path.join(os.tmpdir(), `${name}-`)));
    if (only) {
        const step = run.step.bind(run);
        run.step = (title, fn, options) => title.includes(only) ? step(title, fn, options) : undefined;
    }
    let whySkipped = null;
    try {
        await body(run);
    } catch (error) {
        if (error instanceof Skipped) {
            whySkipped = error.message;
        } else {
            run.failed++;
            console.log(`FAILED   ${name}\n${indent(error.stack)}`);
        }
    }
    await run.end();
    if (run.failed === 0) {
        fs.rmSync(run.folder, { recursive: true, force: true });
    } else {
        console.log(`the logs are in ${run.folder}`);
    }
    console.log(`${name}: ${run.passed} passed, ${run.failed} failed, ${run.skipped} skipped` +
        (whySkipped ? `; skipped: ${whySkipped}` : ''));
    const isSkipped = run.failed === 0 && run.passed === 0 && (whySkipped !== null || run.skipped > 0);
    process.exit(run.failed > 0 ? 1 : isSkipped ? skippedExitCode : 0);
}
