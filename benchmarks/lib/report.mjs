import { judgeGoals } from './goals.mjs';
import { digits, ratio, withSpread } from './stats.mjs';
import { summarize } from './summary.mjs';

function markdown(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** One table of a race: all contenders, and how they compare with the reference. */
function raceTable({ unit, reference, rows }) {
  const extras = [...new Set(Object.values(rows).flatMap(({ more }) => Object.keys(more)))];
  const base = rows[reference];
  const cells = Object.entries(rows).map(([name, { values, more, failure }]) => {
    if (failure) return [name, failure, '', ...extras.map(() => '')];
    const compared = base?.values.length ? `${digits(ratio(values, base.values))}x` : '';
    return [
      name,
      withSpread(values),
      compared,
      ...extras.map((key) => (more[key] ? withSpread(more[key]) : '')),
    ];
  });
  return markdown(['contender', unit, `to ${reference}`, ...extras], cells);
}

function partReport({ title, about, tables = [], plain }) {
  const parts = [`## ${title}`, about];
  for (const table of tables) parts.push(`**${table.name}**`, raceTable(table));
  for (const { head, rows } of [plain ?? []].flat()) parts.push(markdown(head, rows));
  return parts.join('\n\n');
}

function goalsReport(results) {
  const goals = judgeGoals(results);
  if (goals.length === 0) return '';
  const rows = goals.map(([what, goal, measured, verdict, reason]) => [
    what,
    goal,
    measured,
    verdict === 'missed' ? '**missed**' : verdict,
    verdict === 'met' ? '' : reason,
  ]);
  const count = (wanted) => goals.filter(([, , , verdict]) => verdict === wanted).length;
  return `## Goals

${count('met')} of ${goals.length} met, ${count('level')} level (a quarter of the rounds at least on either side), ${count('missed')} missed.

${markdown(['what', 'goal', 'measured', '', 'why'], rows)}

`;
}

function summaryReport(results) {
  const rows = summarize(results);
  if (rows.length === 0) return '';
  return `## At a glance

fmmap against what Node has itself, and against the fastest other package that maps files, which has neither locks nor a
guard against files that are cut. Where \`fs\` is ahead, use it: small files that are opened once, and logs that are written
record by record.

${markdown(['what', 'fmmap takes', 'against `fs`', 'against the best package'], rows)}

`;
}

function peersReport(installed) {
  const rows = installed.map(({ name, version, changes, failure }) => [
    `\`${name}\``,
    version,
    failure ? `does not build: ${failure}` : changes ? `builds with ${changes}` : 'builds as it is',
  ]);
  return `## Contenders

${markdown(['package', 'version', 'here'], rows)}

Bun runs \`Bun.mmap\`. C is \`baseline.c\`, by \`gcc -O2\`. All peers are called as their documentation tells.`;
}

/** The report as Markdown. */
export function report(machine, { isQuick, only, rounds }, installed, results) {
  const flags = [isQuick ? '`--quick`' : '', only ? `\`--only ${only}\`` : ''].filter(Boolean);
  return `# Results

${[machine, ...flags].join(', ')}. Made by \`npm run bench\`; compare what one run measured, not runs or machines.

Medians of ${rounds} rounds, unless a part says otherwise (least to most). In each round all contenders have their turn, starting with
another one each time; a ratio is the median of the ratios of the rounds. All results are compared: a contender that got
another one is listed as wrong.

${summaryReport(results)}${goalsReport(results)}${results.map(partReport).join('\n\n')}

${peersReport(installed)}
`;
}
