import { fillHeap } from '../lib/machine.mjs';
import { largeGoals, measureOpens, SIZES, smallGoals } from '../lib/opens.mjs';
import * as part from '../lib/part.mjs';

const HEAP = part.pick(100, 400); // MB
const live = fillHeap(HEAP);
const tables = await measureOpens(SIZES, part.pick(1, 5));
part.finish({
  title: `Open, read one byte, close, with ${HEAP} MB of live heap`,
  about: `Microseconds, beside ${live.length.toLocaleString('en-US')} live objects.`,
  tables,
  goals: [...smallGoals('4 KiB', 1.4), ...largeGoals],
});
