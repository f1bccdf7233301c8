/**
 * Why a goal is missed, where the cause is known and is not to be helped: written beside the number in
 * the report. By `table: contender`, or `table: contender / than what`.
 */
export const REASONS = {};
