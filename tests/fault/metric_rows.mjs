// SPDX-License-Identifier: MIT
// metric_rows: every number that nodes and bridges owe to whoever watches a farm, and the fault in which it must move. A
// fault whose metric stands still fails its test (M-1); a metric that is missing, or of another type, fails M-1 itself.
import assert from 'node:assert/strict';
import { until } from '../support/program.mjs';

const row = (name, type, on, moves, { labels = {}, app = false } = {}) => ({ name: `hubplane_${name}`, type, on, moves, labels, app });
const node = ['node'], bridge = ['bridge'], both = ['node', 'bridge'];

/** ${on}: which programs print it; ${moves}: {node: cases, bridge: cases}, separated by blanks; ${labels}: {name: [values]} of this row. */
export const metricRows = [
    row('publish_accepted_total', 'counter', both, { node: 'M-3', bridge: 'M-3' }),
    row('publish_confirmed_total', 'counter', both, { node: 'M-3', bridge: 'M-3' }),
    row('publish_failed_total', 'counter', node, { node: 'R-14' }, { labels: { reason: ['refused', 'timed_out', 'unknown'] } }),
    row('publish_failed_total', 'counter', bridge, { bridge: 'R-14 Q-7' }, { labels: { reason: ['refused'] } }),
    row('publish_rejected_total', 'counter', node, { node: 'B-3' }, { labels: { reason: ['full', 'closed', 'invalid'] } }),
    row('publish_latency_seconds', 'histogram', both, { node: 'M-3', bridge: 'M-3' }),
    row('echo_latency_seconds', 'histogram', bridge, { bridge: 'M-3' }),
    row('spool_depth', 'gauge', node, { node: 'R-8' }),
    row('spool_oldest_age_seconds', 'gauge', node, { node: 'R-8' }),
    row('received_total', 'counter', node, { node: 'M-3' }),
    row('received_total', 'counter', bridge, { bridge: 'I-8' }, { labels: { origin: ['c', 'dotnet'] } }),
    row('last_id', 'gauge', both, { node: 'M-3', bridge: 'M-3' }, { app: true }),
    row('gap_detected_total', 'counter', bridge, { bridge: 'R-7' }),
    row('gap_filled_total', 'counter', bridge, { bridge: 'R-7' }),
    row('gap_lost_total', 'counter', both, { node: 'M-2', bridge: 'M-2' }),
    row('dup_id_total', 'counter', bridge, { bridge: 'R-11' }),
    row('id_collision_total', 'counter', bridge, { bridge: 'R-12' }),
    row('id_regression_total', 'counter', bridge, { bridge: 'M-2' }),
    row('counter_healed_total', 'counter', bridge, { bridge: 'R-3 R-15-evicted R-16' }),
    row('decode_error_total', 'counter', bridge, { bridge: 'I-2 I-9' }, { labels: { kind: ['channel', 'frame'] } }),
    // A bridge hands on what it could read itself, so nodes have nothing to count unless it is broken.
    row('decode_error_total', 'counter', node, {}, { labels: { kind: ['frame'] } }),
    row('stale_cursor_total', 'counter', node, { node: 'R-4' }),
    row('replay_messages_total', 'counter', both, { node: 'B-5-hop', bridge: 'B-5-hop' }),
    // service_reconnect (Q-3, T43) needs a history that forgets.
    row('client_overrun_total', 'counter', node, {}),
    // These two take half a minute of waiting in vain: scenario_groups does it in virtual time (C-3).
    row('ack_pending', 'gauge', node, {}),
    row('ack_timeout_total', 'counter', node, {}),
    row('unmatched_case_total', 'counter', bridge, { bridge: 'C-7' }),
    row('redis_reconnect_total', 'counter', bridge, { bridge: 'R-8' }, { labels: { reason: ['silent'] } }),
    row('redis_reconnect_total', 'counter', bridge, { bridge: 'R-1 R-7 R-kill' }, { labels: { reason: ['closed'] } }),
    row('redis_reconnect_total', 'counter', bridge, { bridge: 'R-6-readonly' }, { labels: { reason: ['replica'] } }),
    // redis_security looks at these two: behind the proxies here Redis always answers, and nobody is refused.
    row('redis_reconnect_total', 'counter', bridge, {}, { labels: { reason: ['refused', 'unreachable'] } }),
    row('redis_error_total', 'counter', bridge, { bridge: 'R-6-oom R-6-busy R-15-type' }),
    row('script_reload_total', 'counter', bridge, { bridge: 'R-5' }),
    row('links_accepted_total', 'counter', bridge, { bridge: 'B-1 B-2 B-3 B-3-hold B-5 B-6 B-freeze' }),
    row('output_buffer_cut_total', 'counter', bridge, { bridge: 'R-9' }),
    row('tls_failure_total', 'counter', node, { node: 'B-7' }, { labels: { reason: ['certificate', 'refused', 'protocol'] } }),
    row('tls_failure_total', 'counter', bridge, { bridge: 'B-7' }, { labels: { reason: ['certificate', 'refused', 'protocol', 'closed'] } }),
    // M-3 waits for it to be 1, and 0 again.
    row('degraded', 'gauge', both, {}),
    row('slow_consumer_total', 'counter', node, { node: 'Q-2' }),
];

/** A page of metrics: {types: {family: type}, values: {line's name with labels: number}}. */
export function parseMetrics(text) {
    const types = {}, values = {};
    for (const line of text.split('\n')) {
        const type = /^# TYPE (\S+) (\S+)$/.exec(line);
        if (type) {
            assert.equal(types[type[1]], undefined, `${type[1]} is declared once`);
            types[type[1]] = type[2];
        } else if (line !== '' && !line.startsWith('#')) {
            const [, name, value] = /^(\S+(?:\{.*\})?) (-?[0-9.]+)$/.exec(line);
            assert.equal(values[name], undefined, `${name} is there once`);
            values[name] = Number(value);
        }
    }
    return { types, values };
}

/** The lines that a row has on a page, by name; a histogram counts by its count. */
export function linesOf(row, { values }) {
    const [label, wanted] = Object.entries(row.labels)[0] ?? [];
    if (label) {
        return wanted.map((value) => `${row.name}{${label}="${value}"}`);
    }
    if (row.app) {
        return Object.keys(values).filter((name) => name.startsWith(`${row.name}{app="`));
    }
    return [row.type === 'histogram' ? `${row.name}_count` : row.name];
}

export function checkRow(row, page) {
    assert.equal(page.types[row.name], row.type, `${row.name} is a ${row.type}`);
    const lines = linesOf(row, page);
    assert.ok(lines.length > 0, `${row.name} has a value`);
    lines.forEach((line) => assert.ok(page.values[line] >= 0, `${line} has a value`));
}

/** Looks at every program's page again and again, and adds up what moves; programs may be down or restarted. */
export class MetricWatch {
    #moved = { node: {}, bridge: {} };
    #last = new Map();
    #isOver = false;

    constructor(farm) {
        this.farm = farm;
        this.loop = this.#run();
    }

    async #look(server, role) {
        const response = await fetch(`http://127.0.0.1:${server.adminPort}/metrics`, { signal: AbortSignal.timeout(2000) }).catch(() => null);
        if (response?.status !== 200) {
            return;
        }
        const { values } = parseMetrics(await response.text());
        const last = this.#last.get(server) ?? { values: {} };
        const isSame = last.pid === server.program.pid;
        for (const [name, value] of Object.entries(values)) {
            // One that started anew counts from zero.
            const before = isSame ? Math.min(last.values[name] ?? 0, value) : 0;
            this.#moved[role][name] = (this.#moved[role][name] ?? 0) + (this.#last.has(server) ? value - before : 0);
        }
        this.#last.set(server, { values, pid: server.program.pid });
    }

    look() {
        return Promise.all([...this.farm.nodes.map((server) => this.#look(server, 'node').catch(() => {})),
            ...this.farm.bridges.map((server) => this.#look(server, 'bridge').catch(() => {}))]);
    }

    async #run() {
        while (!this.#isOver) {
            await this.look();
            await new Promise((resolve) => setTimeout(resolve, 250));
        }
    }

    /** Every row that must move in case ${id} has moved, or does so soon: clients may be served before the last bridge has heard. */
    async check(id) {
        this.#isOver = true;
        await this.loop;
        for (const row of metricRows) {
            for (const [role, moves] of Object.entries(row.moves)) {
                if (moves.split(' ').includes(id)) {
                    await until(async () => {
                        await this.look();
                        return linesOf(row, { values: this.#moved[role] }).some((line) => this.#moved[role][line] > 0);
                    }, { what: `${row.name} of a ${role} to move in ${id}`, step: 100 });
                }
            }
        }
    }

    close() {
        this.#isOver = true;
        return this.loop;
    }
}
