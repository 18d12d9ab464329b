// SPDX-License-Identifier: MIT
// Goal of this test: the recipe for IIS, which cannot run here, holds together: web.config is well-formed, its rule takes
// what belongs to the service and nothing else, goes where the service listens by default, and sets only the variables
// that the page allows and the service believes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { integrationTest, skip } from '../support/integration.mjs';
import { runProgram, which } from '../support/program.mjs';

const root = path.join(import.meta.dirname, '../..');
const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');
const webConfig = 'installer/windows/web.config';

await integrationTest('iis_recipe', async (run) => {
    if (!which('xmllint')) {
        skip('xmllint is missing: ./dev setup installs it');
    }
    /** What an XPath expression says about web.config. */
    const xpath = (expression) => {
        const done = runProgram('xmllint', ['--xpath', expression, path.join(root, webConfig)]);
        assert.equal(done.code, 0, `${expression}: ${done.stderr}`);
        return done.stdout.trim();
    };
    const values = (expression) => [...xpath(expression).matchAll(/="([^"]*)"/g)].map(([, value]) => value);
    const rule = '/configuration/system.webServer/rewrite/rules/rule';

    await run.step('it is well-formed', () => {
        const done = runProgram('xmllint', ['--noout', path.join(root, webConfig)]);
        assert.equal(done.code, 0, done.stderr);
    });

    await run.step('the rule takes the app and nothing else', () => {
        const pattern = new RegExp(xpath(`string(${rule}/match/@url)`), 'i');
        for (const taken of ['signalr', 'signalr/hubs', 'signalr/negotiate', 'SignalR/connect']) {
            assert.match(taken, pattern);
        }
        for (const left of ['', 'signalrx', 'Scripts/jquery.signalR-2.4.3.js', 'api/signalr']) {
            assert.doesNotMatch(left, pattern);
        }
        assert.equal(xpath(`string(${rule}/@stopProcessing)`), 'true');
    });

    await run.step('it goes where the service listens by default, with path and query', () => {
        const [, listen] = /SERVICE_OPTION\(service, listen, "listen", ADDRESSES, "([^"]+)"/.exec(read('service/node/service_options.def'));
        assert.equal(xpath(`string(${rule}/action/@url)`), `http://${listen}/{R:0}`);
        assert.equal(xpath(`string(${rule}/action/@type)`), 'Rewrite');
        assert.equal(xpath(`count(${rule}/action/@appendQueryString)`), '0'); // on when not given
    });

    await run.step('it sets the variables that the page allows', () => {
        const allowed = [...read('installer/README.md').matchAll(/allowedServerVariables \/\+"\[name='(\w+)'\]"/g)].map(([, name]) => name);
        assert.deepEqual(values(`${rule}/serverVariables/set/@name`), allowed);
        const headers = read('service/http/http_forwarded.c');
        for (const name of allowed.filter((each) => each.startsWith('HTTP_X_FORWARDED'))) {
            const header = name.slice('HTTP_'.length).toLowerCase().split('_').map((word) => word[0].toUpperCase() + word.slice(1)).join('-');
            assert.ok(headers.includes(`"${header}"`), header);
        }
    });
});
