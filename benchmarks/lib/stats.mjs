export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Three digits that mean something. */
export function digits(value) {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** `median (least to most)` */
export function withSpread(values) {
  return `${digits(median(values))} (${digits(Math.min(...values))} to ${digits(Math.max(...values))})`;
}

/** The median of how many times as long each round took as the same round of another contender. */
export function ratio(values, others) {
  return median(values.map((value, round) => value / others[round]));
}
