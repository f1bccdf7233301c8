import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessorFiles } from '../src/accessors.js';
import { type NumericKind, numericKinds } from '../src/numbers.js';
import { root, write } from '../src/output.js';

// Follows the recipe for an accessor in CONTRIBUTING.md to the letter, in a copy of core.

const MINUTE = 60_000;
const text = fs.readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
const [line = '', functions = ''] = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, code]) => code,
);

let copy: string;

beforeAll(() => {
  const ignored = join(root, 'codegen/generated');
  fs.mkdirSync(ignored, { recursive: true });
  copy = fs.mkdtempSync(join(ignored, 'accessor-'));
  fs.cpSync(join(root, 'packages/core/src'), join(copy, 'src'), { recursive: true });
  for (const name of ['package.json', 'tsup.config.ts', 'node_modules']) {
    fs.symlinkSync(join(root, 'packages/core', name), join(copy, name));
  }
  fs.writeFileSync(
    join(copy, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.base.json'), include: ['src'] }),
  );
}, MINUTE);

afterAll(() => fs.rmSync(copy, { recursive: true, force: true }));

test('the recipe for an accessor works as it is written', { timeout: 2 * MINUTE }, () => {
  const uint = (bits: bigint) => [0n, 2n ** bits - 1n];
  const kind: NumericKind = new Function('uint', `return [${line}][0]`)(uint);
  write(join(copy, 'src/memory/generated'), accessorFiles([...numericKinds, kind]));
  fs.appendFileSync(join(copy, 'src/memory/integers.ts'), `\n${functions}`);

  const run = (...args: string[]) =>
    execFileSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
  run(join(root, 'node_modules/typescript/bin/tsc'));
  const bundle = ['src/index.ts', '--format', 'cjs', '--no-config', '--silent'];
  run(join(root, 'node_modules/tsup/dist/cli-default.js'), ...bundle);
  const program = `
    const { MmapFileMut } = require('./dist/index.cjs');
    const file = MmapFileMut.anonymous(16);
    file.writeUInt40LE(0x1234567890, 1);
    const writer = file.writer(8);
    writer.writeUInt40BE(0x1234567890);
    console.log(file.bytes(1, 5).toString('hex'), file.bytes(8, 5).toString('hex'));
    console.log(file.readUInt40LE(1).toString(16), file.reader(8).readUInt40BE().toString(16));
    file.close();`;
  expect(run('-e', program)).toBe('9078563412 1234567890\n1234567890 1234567890\n');
});
