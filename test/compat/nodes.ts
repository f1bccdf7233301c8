import { spawnSync } from 'node:child_process';

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
  const { FMMAP_CA_CERTS: certificates } = process.env; // as scripts/certificates.mjs keeps them
  const env = { ...process.env, ...(certificates && { NODE_EXTRA_CA_CERTS: certificates }) };
  const { status, stdout, stderr } = spawnSync('npx', args, {
    encoding: 'utf8',
    timeout: 300_000,
    env,
  });
  if (status !== 0) throw new Error(`npx cannot fetch ${name}: ${stderr}`);
  return stdout.trim();
}
