// SPDX-License-Identifier: MIT
// sample_configuration: the configuration of a sample as a farm of several nodes needs it.
import fs from 'node:fs';

/** For Farm's ${apps}. ${site}: the port of the pages' origin. Modules are those built beside the programs. */
export function sampleConfiguration(hub, { site, isWindows = false }) {
    const text = fs.readFileSync(new URL(`../../samples/${hub}/${hub}.ini`, import.meta.url), 'utf8')
        .replaceAll(':8000', `:${site}`).replaceAll('.so', isWindows ? '.dll' : '.so');
    // One node is the market.
    return (number) => number === 1 ? text : text.replace(/^module_settings.*\n/m, '');
}
