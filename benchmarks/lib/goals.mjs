import { REASONS } from '../reasons.mjs';
import { PEERS } from './peers.mjs';
import { digits, median, quantile, ratios } from './stats.mjs';

export const isPeer = (name) => PEERS.some((peer) => peer.name === name);

/** What a contender took in each round. @param plus - A further column that counts as well. */
const costs = ({ values, more }, plus) =>
  plus ? values.map((value, round) => value + (more[plus]?.[round] ?? 0)) : values;

/** The fastest of some contenders. */
export function best(rows, names, plus) {
  const ran = names.filter((name) => rows[name] && !rows[name].failure);
  const cost = (name) => median(costs(rows[name], plus));
  return ran.sort((a, b) => cost(a) - cost(b))[0];
}

/** Whether the median of a further column is at most a certain value. */
function judgeColumn({ table, contender, column, most }, tables) {
  const row = tables.find(({ name }) => name === table).rows[contender];
  if (row.failure) return undefined;
  const what = `${table}: ${contender}, ${column}`;
  const values = row.more[column];
  return [what, `at most ${most}`, digits(median(values)), verdict(values, most), reasonFor(what)];
}

/** A goal as `[what, goal, measured, verdict, reason]`; undefined if it could not be measured. */
function judge(goal, tables) {
  if (goal.column) return judgeColumn(goal, tables);
  const { table, contender, than, most, least, plus } = goal;
  const { rows } = tables.find(({ name }) => name === table);
  const other = best(
    rows,
    than === 'peers' ? Object.keys(rows).filter(isPeer) : [than].flat(),
    plus,
  );
  if (!other || rows[contender].failure) return undefined;
  const what = `${table}: ${contender}`;
  const counted = plus ? `, with what is ${plus.split(',')[0]}` : '';
  const wide = `${than === 'peers' ? `the best peer (${other})` : `\`${other}\``}${counted}`;
  const isTime = most !== undefined;
  const times = ratios(costs(rows[contender], plus), costs(rows[other], plus));
  const measured = isTime ? median(times) : 1 / median(times);
  const goalText = isTime
    ? `at most ${most}x the time of ${wide}`
    : `at least ${least}x as fast as ${wide}`;
  const limit = isTime ? most : 1 / least;
  return [what, goalText, `${digits(measured)}x`, verdict(times, limit), reasonFor(what, than)];
}

/** 'level': missed by the median, but met in at least a quarter of the rounds. */
function verdict(values, most) {
  if (median(values) <= most) return 'met';
  return quantile(values, 0.25) <= most ? 'level' : 'missed';
}

function reasonFor(what, than) {
  return REASONS[`${what} / ${than}`] ?? REASONS[what] ?? '';
}

/** The goals of all parts. */
export function judgeGoals(results) {
  return results.flatMap(({ title, tables = [], goals = [] }) =>
    goals
      .map((goal) => judge(goal, tables))
      .filter(Boolean)
      .map(([what, ...rest]) => [`${title}, ${what}`, ...rest]),
  );
}
