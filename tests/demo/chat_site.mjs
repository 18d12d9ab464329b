// SPDX-License-Identifier: MIT
// chat_site: the web site of the demo: the page of a sample, once for each node, and the official client from npm,
// unmodified.
import fs from 'node:fs';
import http from 'node:http';
import { packageFile } from '../support/browser.mjs';

const types = { '.js': 'text/javascript; charset=utf-8', '.html': 'text/html; charset=utf-8' };

export class ChatSite {
    /** ${nodes}: [{name, url}]; the page of the first is at /node1 if that is its name. ${hub}: whose page. */
    static async listen(port, nodes, hub = 'chat') {
        const site = new ChatSite();
        const page = fs.readFileSync(new URL(`../../samples/${hub}/${hub}.html`, import.meta.url), 'utf8');
        const files = new Map([
            ['/jquery.js', [fs.readFileSync(packageFile('jquery/dist/jquery.js')), '.js']],
            ['/jquery.signalR.js', [fs.readFileSync(packageFile('signalr/jquery.signalR.js')), '.js']],
            ...nodes.map((node) => [`/${node.name}`,
                [page.replaceAll('HUB_URL', node.url).replaceAll('NODE_NAME', node.name), '.html']]),
        ]);
        site.server = http.createServer((request, response) => {
            const [body, type] = files.get(new URL(request.url, 'http://site').pathname) ?? [];
            response.writeHead(body ? 200 : 404, { 'Content-Type': types[type] ?? 'text/plain' });
            response.end(body ?? 'not here\n');
        });
        await new Promise((resolve, reject) => {
            site.server.once('error', reject);
            site.server.listen(port, '127.0.0.1', resolve);
        });
        site.origin = `http://127.0.0.1:${port}`;
        return site;
    }

    page(node, parameters = {}) {
        const query = new URLSearchParams(parameters).toString();
        return `${this.origin}/${node.name}${query ? `?${query}` : ''}`;
    }

    close() {
        this.server.closeAllConnections?.();
        return new Promise((resolve) => this.server.close(resolve));
    }
}
