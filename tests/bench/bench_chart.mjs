// SPDX-License-Identifier: MIT
// bench_chart: the table as a picture: how far each row is from its goal.

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const left = 150, width = 520, step = 34, top = 56;
const colours = ['#3b6fb6', '#8a4fa8', '#b58900', '#444'];

/** 1 = exactly at the goal; below is better, whichever way the goal points. */
function distanceOf(row) {
    const value = row.goalIsRatio ? row.ratio : row.farm;
    if (value === null || value === undefined) {
        return null;
    }
    return row.goalIsMinimum ? row.goal / value : value / row.goal;
}

/** An SVG picture of ${results}, the rows as printed; each of ${peers}, names, is a dot where its bar would end. */
export function drawChart(results, peers = []) {
    const height = top + results.length * step + (peers.length > 0 ? 64 : 40);
    const scale = (value) => left + width / 2 * Math.min(Math.max(1 + Math.log2(value) / 3, 0.02), 2);
    const bars = results.map((row, i) => {
        const distance = distanceOf(row);
        const y = top + i * step;
        const value = row.goalIsRatio ? `${row.ratio?.toFixed(2)} × floor, goal ${row.goalIsMinimum ? '≥' : '≤'} ${row.goal}`
            : `${row.farm?.toPrecision(3)} ${row.unit}, goal ${row.goalIsMinimum ? '≥' : '≤'} ${row.goal}`;
        const bar = distance === null ? '' : `<rect x="${left}" y="${y}" width="${(scale(distance) - left).toFixed(1)}" ` +
            `height="18" fill="${distance <= 1 ? '#3a8f5c' : '#c2603a'}"/>`;
        return `<text x="${left - 8}" y="${y + 14}" text-anchor="end">${escape(row.name)}</text>${bar}` +
            `<text x="${left + width + 8}" y="${y + 14}">${escape(distance === null ? row.problem ?? 'not measured' : value)}</text>`;
    });
    const dots = results.flatMap((row, i) => peers.map((name, k) => {
        const value = row.peers[name];
        const distance = typeof value === 'number' && (row.floor || !row.goalIsRatio)
            ? distanceOf({ ...row, farm: value, ratio: value / row.floor }) : null;
        return distance === null ? '' : `<circle cx="${scale(distance).toFixed(1)}" cy="${top + i * step + 4 + 3.5 * k}" ` +
            `r="4" fill="${colours[k]}"><title>${escape(name)}</title></circle>`;
    }));
    const legend = peers.map((name, k) => `<circle cx="${left + 110 * k}" cy="${height - 16}" r="4" fill="${colours[k]}"/>` +
        `<text x="${left + 110 * k + 8}" y="${height - 12}">${escape(name)}</text>`);
    return `<svg xmlns="http://www.w3.org/2000/svg" width="960" height="${height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/>
<text x="16" y="26" font-size="17">Hubplane: distance from its goals (shorter is better; a bar to the line is the goal)</text>
${[...bars, ...dots, ...legend].filter((part) => part !== '').join('\n')}
<line x1="${scale(1)}" x2="${scale(1)}" y1="${top - 10}" y2="${top + results.length * step + 10}" stroke="#333" stroke-dasharray="4 3"/>
<text x="${scale(1)}" y="${top + results.length * step + 28}" text-anchor="middle">goal</text>
</svg>
`;
}
