// SPDX-License-Identifier: MIT
// browser: Debian's Chromium, headless, driven by playwright-core.
import { createRequire } from 'node:module';
import { which } from './program.mjs';

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'];

const packages = createRequire(new URL('../browser/package.json', import.meta.url));

/** What is missing for a browser test, as a sentence; null when nothing is. */
export function missingForBrowser() {
    if (!which('chromium')) {
        return 'chromium is not installed (./dev setup installs it)';
    }
    try {
        packages.resolve('playwright-core');
        packages.resolve('signalr/jquery.signalR.js');
        packages.resolve('jquery');
    } catch {
        return 'the npm packages of tests/browser are not installed (./dev setup installs them)';
    }
    return null;
}

/** The file of an npm package, such as jquery/dist/jquery.js. */
export function packageFile(name) {
    return packages.resolve(name);
}

export function launchBrowser() {
    const missing = missingForBrowser();
    if (missing) {
        throw new Error(missing);
    }
    return packages('playwright-core').chromium.launch({ executablePath: which('chromium'), args: flags });
}
