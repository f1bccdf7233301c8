import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const page = fs.readFileSync(new URL('../../../docs/recipes.md', import.meta.url), 'utf8');

test('the page shows the recipes as they are', () => {
  const { status, stderr } = spawnSync(process.execPath, ['document.mjs', '--check'], {
    cwd: HERE,
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

const recipes = fs.readdirSync(HERE).filter((name) => /^[^.]+\.ts$/.test(name));

test('the page shows every recipe', () => {
  const shown = [...page.matchAll(/^```ts (\S+)$/gm)].map(([, name]) => name);
  expect(shown.sort()).toEqual(recipes.sort());
});

test('each recipe has a test', () => {
  const tests = fs.readdirSync(new URL('.', import.meta.url));
  for (const recipe of recipes.filter((name) => !name.endsWith('-worker.ts'))) {
    expect(tests).toContain(recipe.replace(/ts$/, 'test.ts'));
  }
});
