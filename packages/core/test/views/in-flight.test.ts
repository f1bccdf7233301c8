import { describe, expect, test } from 'vitest';
import { someOf } from '../helpers/effort.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { tempDir } from '../helpers/temp.js';

// Node's thread pool works on a view while the file under it is closed or changed. In a child process,
// because a bug here is a crash, or changes in unrelated memory.

describe.each(namesIn('views/in-flight#ENDS'))(
  '%s while the thread pool works on a view',
  (end) => {
    test.each(someOf([1, 4], 2))(
      'neither crashes nor changes anything else, with %i threads',
      async (threads) => {
        const said = await hearProgram('views/in-flight#run', {
          args: [end],
          cwd: tempDir(),
          env: { UV_THREADPOOL_SIZE: String(threads) },
        });
        const outcomes = said.filter((line) => typeof line === 'object');
        expect(outcomes.length).toBeGreaterThanOrEqual(26);
        for (const [index, outcome] of outcomes.entries()) {
          const name = `${said[2 * index]}, ${index % 2 === 0 ? 'running' : 'queued'}`;
          expect(outcome, name).toEqual({ changed: 0, isIntact: true });
        }
      },
    );
  },
);
