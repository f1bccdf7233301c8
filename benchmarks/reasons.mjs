/**
 * Why a goal is missed, where the cause is known and is not to be helped: written beside the number in
 * the report. By `table: contender`, or `table: contender / than what`.
 */
export const REASONS = {
  'each record durable: fmmap / fs.appendFileSync and fsync':
    'each record waits for the device once, however it is written: see C through a map in the same table; what can be saved is the journal’s write',
};
