// Runs core's tests by Windows' Node under Wine: `node scripts/windows/test.mjs [--node 24] [FOLDER...]`, after a build.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { debian, TREE } from './home.mjs';
import { runNode } from './run.mjs';
import { syncTree } from './tree.mjs';

const PACKAGE = 'packages/core';
const SECONDS = 240; // for a folder: a test that hangs costs the others nothing

const { values, positionals } = parseArgs({
  options: { node: { type: 'string', default: '24' } },
  allowPositionals: true,
});

await syncTree();
const inTree = (path) => join(debian, TREE, PACKAGE, path);
const isFolder = (name) =>
  fs.readdirSync(inTree(`test/${name}`)).some((file) => file.endsWith('.test.ts'));
const folders = fs
  .readdirSync(inTree('test'), { withFileTypes: true })
  .flatMap((entry) => (entry.isDirectory() && isFolder(entry.name) ? entry.name : []));

const total = { passed: 0, failed: 0, skipped: 0 };
for (const folder of positionals.length > 0 ? positionals : folders) {
  const found = run(folder);
  for (const key of Object.keys(total)) total[key] += found[key];
  console.log(
    `${folder}: ${found.passed} passed, ${found.failed} failed, ${found.skipped} not applicable`,
  );
  for (const line of found.lines) console.log(`  ${line}`);
}
console.log(
  `\nTests  ${total.passed} passed, ${total.failed} failed, ${total.skipped} not applicable on Windows`,
);
process.exitCode = total.failed === 0 ? 0 : 1;

function run(folder) {
  const report = 'windows-report.json';
  fs.rmSync(inTree(report), { force: true });
  const vitest = [
    '../../node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=json',
    `--outputFile=${report}`,
  ];
  const { text } = runNode(values.node, PACKAGE, [...vitest, `test/${folder}/`], {
    seconds: SECONDS,
  });
  if (!fs.existsSync(inTree(report))) {
    return {
      passed: 0,
      failed: 1,
      skipped: 0,
      lines: [`did not end within ${SECONDS} s`, ...text.split('\n').slice(-20)],
    };
  }
  const { testResults } = JSON.parse(fs.readFileSync(inTree(report), 'utf8'));
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const count = (...states) => tests.filter(({ status }) => states.includes(status)).length;
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const lines = [
    ...broken.map(({ name, message }) => `${name}: ${message.split('\n', 1)}`),
    ...tests
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]?.split('\n', 1)}`),
  ];
  return {
    passed: count('passed'),
    failed: count('failed') + broken.length,
    skipped: count('skipped', 'pending', 'todo'),
    lines,
  };
}
