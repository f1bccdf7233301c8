import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flavourSources, flavours, flavourTests, readTemplate } from '../src/flavours.js';
import { root, write } from '../src/output.js';

const RUNTIME = fileURLToPath(new URL('fixtures/immediate-runtime.ts', import.meta.url));
/** The entry that it would have in flavours.ts. */
const flavour = { name: 'immediate', where: 'in an immediate of the event loop' };

const MINUTES = 60_000;
const isLong = process.env.FMMAP_LONG !== undefined;
const template = readTemplate(root);

/** A repository with two packages: the real core, and the new flavour. */
let repository: string;
let folder: string;

/** Runs a tool of the repository in the new package; if it fails, its output is part of the error. */
async function tool(path: string, ...args: string[]): Promise<void> {
  const command = [join(root, 'node_modules', path), ...args];
  const env = { ...process.env, NO_COLOR: '1' };
  try {
    await promisify(execFile)(process.execPath, command, { cwd: folder, env, maxBuffer: 2 ** 26 });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${path} failed:\n${stdout}\n${stderr}`);
  }
}

beforeAll(() => {
  // Inside the real repository, where the tools are found and git ignores it.
  const ignored = join(root, 'codegen/generated');
  fs.mkdirSync(ignored, { recursive: true });
  repository = fs.mkdtempSync(join(ignored, 'fourth-'));
  fs.chmodSync(repository, 0o755); // child processes in tests may run as other users
  folder = join(repository, 'packages', flavour.name);
  fs.mkdirSync(join(folder, 'node_modules/@fmmap'), { recursive: true });
  for (const shared of ['tsconfig.base.json', 'tsup.base.ts', 'vitest.base.ts', 'packages/core']) {
    fs.symlinkSync(join(root, shared), join(repository, shared));
  }
  fs.symlinkSync(join(root, 'packages/core'), join(folder, 'node_modules/@fmmap/core'));

  // The common files of flavours, from the flavour with nothing else.
  const node = join(root, 'packages/node');
  for (const name of ['package.json', 'tsconfig.json', 'tsup.config.ts', 'vitest.config.ts']) {
    const text = fs.readFileSync(join(node, name), 'utf8');
    fs.writeFileSync(join(folder, name), text.replaceAll('@fmmap/node', `@fmmap/${flavour.name}`));
  }
  write(join(folder, 'src/generated'), flavourSources(flavour, template));
  write(join(folder, 'test/generated'), flavourTests(template));
  fs.writeFileSync(join(folder, 'src/index.ts'), `export * from './generated/index.js';\n`);
  fs.copyFileSync(RUNTIME, join(folder, 'src/runtime.ts'));
}, MINUTES);

afterAll(() => fs.rmSync(repository, { recursive: true, force: true }));

describe('a fourth flavour', () => {
  test('consists of one file of at most 60 lines and one line in the list of flavours', () => {
    expect(fs.readFileSync(RUNTIME, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(60);
    for (const each of flavours) expect(Object.keys(flavour)).toEqual(Object.keys(each));
  });

  test('type-checks, including its tests', { timeout: 2 * MINUTES }, () =>
    tool('typescript/bin/tsc'),
  );

  // The others pass the whole suite as well, so that a part of it is enough for a short run.
  const suite = [...template.tests.keys()].filter(
    (name) => /\.test\.ts$/.test(name) && (isLong || /^(open|read|write|close)/.test(name)),
  );

  test('builds, and passes the conformance suite', { timeout: 10 * MINUTES }, async () => {
    await tool('tsup/dist/cli-default.js', '--no-dts');
    const report = join(folder, 'report.json');
    const reports = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
    const files = suite.map((name) => `test/generated/${name}`);
    await tool('vitest/vitest.mjs', 'run', ...reports, ...files);

    const { success, testResults, numFailedTests, numPassedTests } = JSON.parse(
      fs.readFileSync(report, 'utf8'),
    );
    expect({ success, numFailedTests, files: testResults.length }).toEqual({
      success: true,
      numFailedTests: 0,
      files: suite.length,
    });
    expect(numPassedTests).toBeGreaterThan(suite.length);
  });
});
