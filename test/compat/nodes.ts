import { spawnSync } from 'node:child_process';
import { connected } from '../../scripts/certificates.mjs';

/** The columns of the table: the oldest Node that we support, and the newest. */
const VERSIONS = new Map([
  [20, '20.20.2'],
  [26, '26.12.1'],
]);

export const MAJORS: readonly number[] = [...VERSIONS.keys()];
export const OWN = Number.parseInt(process.versions.node, 10);

/** The path of a Node. npx fetches any but the running one: 60 MB, which an install should not take. */
export function nodeOf(major: number): string {
  if (major === OWN) return process.execPath;
  const name = `node-${process.platform}-${process.arch}@${VERSIONS.get(major)}`;
  const args = ['--yes', `--package=${name}`, '-c', 'node -p process.execPath'];
  const options = { encoding: 'utf8', timeout: 300_000, env: connected() } as const;
  const { status, stdout, stderr } = spawnSync('npx', args, options);
  if (status !== 0) throw new Error(`npx cannot fetch ${name}: ${stderr}`);
  return stdout.trim();
}
