import { digits } from './stats.mjs';

const WIDTH = 760;
const LEFT = 250;
const RIGHT = 130;
const TOP = 64;
const ROW = 26;
const PLOT = WIDTH - LEFT - RIGHT;

const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .quiet { fill: #59636e; font-size: 12px }
  .value { paint-order: stroke; stroke: #fff; stroke-width: 4 }
  .grid { stroke: #d1d9e0 }
  .spread { stroke: #59636e; stroke-width: 1.5 }
  .fmmap { fill: #1a7f37 } .peer { fill: #8c959f } .limit { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 } .grid { stroke: #3d444d }
    .value { stroke: #0d1117 }
    .spread { stroke: #d1d7e0 } .fmmap { fill: #3fb950 } .peer { fill: #656c76 } .limit { fill: #4493f8 }
  }`;

const encode = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** `[position, ticks]`: the position of a value, from 0 to 1, and the labels of the axis. */
function axis(values, isLog) {
  const most = Math.max(...values);
  if (!isLog) {
    const step = 10 ** Math.floor(Math.log10(most));
    const wide = [0.2, 0.5, 1, 2].find((size) => most / (size * step) <= 6) * step;
    const end = Math.ceil(most / wide) * wide;
    const ticks = Array.from({ length: Math.round(end / wide) + 1 }, (_, n) => n * wide);
    return [(value) => value / end, ticks];
  }
  const first = Math.floor(Math.log10(Math.min(...values)) - 0.05);
  const last = Math.ceil(Math.log10(most));
  const position = (value) => Math.max(Math.log10(value) - first, 0) / (last - first);
  return [position, Array.from({ length: last - first + 1 }, (_, n) => 10 ** (first + n))];
}

function bar({ name, kind, value, least, most }, n, position, unit) {
  const y = TOP + n * ROW;
  const x = (at) => (LEFT + position(at) * PLOT).toFixed(1);
  const middle = y + ROW / 2 - 3;
  return `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${encode(name)}</text>
<rect class="${kind}" x="${LEFT}" y="${y}" width="${(position(value) * PLOT).toFixed(1)}" height="${ROW - 6}" rx="2"/>
<path class="spread" d="M${x(least)} ${middle}H${x(most)}"/>
<text class="value" x="${Number(x(Math.max(value, most))) + 8}" y="${y + 14}">${digits(value)} ${unit}</text>`;
}

/**
 * A bar for each row, `{ name, kind, value, least, most }`; the kind is a class of the style, and less
 * is better. Readable on light and dark pages.
 */
export function chart({ title, about, unit, rows, isLog }) {
  const [position, ticks] = axis(
    rows.flatMap(({ value, most }) => [value, most]),
    isLog,
  );
  const bottom = TOP + rows.length * ROW;
  const lines = ticks.map((tick) => {
    const x = (LEFT + position(tick) * PLOT).toFixed(1);
    return `<path class="grid" d="M${x} ${TOP - 6}V${bottom}"/>
<text class="quiet" x="${x}" y="${bottom + 16}" text-anchor="middle">${digits(tick)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 28}" width="${WIDTH}" role="img" aria-label="${encode(title)}">
<style>${STYLE}
</style>
<text class="title" x="8" y="22">${encode(title)}</text>
<text class="quiet" x="8" y="42">${encode(about)}</text>
${lines.join('\n')}
${rows.map((row, n) => bar(row, n, position, unit)).join('\n')}
</svg>
`;
}
