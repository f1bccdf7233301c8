import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';

// What stacks show, and what Node reads in a CommonJS module that an ES module imports: minifying takes either away.

const require = createRequire(import.meta.url);
const core = Object.keys(require('@fmmap/core'));

describe.each(['core', 'node', 'worker', 'stream'])('@fmmap/%s', (flavour) => {
  const path = require.resolve(`@fmmap/${flavour}`);
  const values: Record<string, unknown> = require(path);
  const own = Object.keys(values).filter((name) => flavour === 'core' || !core.includes(name));

  test('functions have the names by which they are exported', () => {
    const functions = own.filter((name) => typeof values[name] === 'function');
    expect(functions.length).toBeGreaterThan(3);
    expect(functions.map((name) => (values[name] as () => void).name)).toEqual(functions);
  });

  test('an ES module finds the names that its CommonJS exports', () => {
    const code = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(path)}))))`;
    const args = ['--input-type=module', '-e', code];
    const found = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
    expect(found).toEqual(expect.arrayContaining(own));
  });
});
