/** The value below which a certain share of the values lies. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const next = sorted[Math.min(below + 1, sorted.length - 1)];
  return sorted[below] + (next - sorted[below]) * (at - below);
}

export const median = (values) => quantile(values, 0.5);

/** Three significant digits. */
export function digits(value) {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** `median (least to most)` */
export function withSpread(values) {
  return `${digits(median(values))} (${digits(Math.min(...values))} to ${digits(Math.max(...values))})`;
}

/** The time of each round relative to that of the same round of another contender. */
export const ratios = (values, others) => values.map((value, round) => value / others[round]);

/** The median of these ratios. */
export const ratio = (values, others) => median(ratios(values, others));
