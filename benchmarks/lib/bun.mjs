import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * Starts Bun once, so that its compiler stays warm: `call(work, ...args)` makes bun-child.mjs do the
 * work, and returns `{ value, check }`. Undefined if there is no Bun.
 */
export function startBun(program) {
  if (!program) return undefined;
  const script = fileURLToPath(new URL('bun-child.mjs', import.meta.url));
  const child = spawn(program, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async call(...request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value: line, done } = await lines.next();
      if (done) throw new Error('Bun has ended');
      const answer = JSON.parse(line);
      if (answer.error) throw new Error(answer.error);
      return answer;
    },
    stop: () => child.stdin.end(),
  };
}
