import { largeGoals, measureOpens, smallGoals } from '../lib/opens.mjs';
import * as part from '../lib/part.mjs';

part.finish({
  title: 'Open, read one byte, close',
  about:
    'Microseconds. fmmap and C take a lock as well, which no peer does; the peers that have no unmap leave that to the collector, and what it takes then has a column of its own. Each turn starts with a warm-up of half its length.',
  tables: await measureOpens(),
  goals: [...smallGoals('4 KiB', 1.2), ...largeGoals],
});
