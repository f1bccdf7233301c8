/**
 * Measures every contender once per round, starting with a different one each time, so that whatever
 * disturbs the machine disturbs all of them. The first round is a warm-up for the compiler.
 *
 * A contender returns `{ value, check }`: the measurement, where less is better, and the result
 * of its work. If its check differs from that of the `reference`, it has not done the work. Further
 * numbers go to `more`, by the heading of their column; `left` says who cannot do the work, and why.
 */
export async function race({ name, unit, reference, rounds, contenders, left = {} }) {
  const names = Object.keys(contenders);
  const rows = Object.fromEntries(names.map((one) => [one, { values: [], more: {} }]));
  for (let round = -1; round < rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const one = names[(turn + round + 1) % names.length];
      if (rows[one].failure) continue;
      try {
        record(rows[one], await contenders[one](), round >= 0);
      } catch (error) {
        rows[one].failure = `fails: ${error.message.split('\n')[0]}`;
      }
    }
  }
  const expected = rows[reference]?.check;
  for (const row of Object.values(rows)) {
    if (row.failure || expected === undefined || row.check === expected) continue;
    row.failure = `wrong: ${row.check} instead of ${expected}`;
  }
  for (const [one, why] of Object.entries(left)) rows[one] = { values: [], more: {}, failure: why };
  return { name, unit, reference, rows };
}

function record(row, { value, check, more = {} }, counts) {
  if (row.check !== undefined && check !== row.check) {
    row.failure = `wrong: ${check}, and ${row.check} before`;
  }
  row.check = check;
  if (!counts) return;
  row.values.push(value);
  for (const [key, one] of Object.entries(more)) {
    row.more[key] ??= [];
    row.more[key].push(one);
  }
}

/** A contender that does something and returns a check; its value is how many milliseconds that took. */
export const timed = (act) => async () => {
  const started = performance.now();
  const check = await act();
  return { value: performance.now() - started, check };
};
