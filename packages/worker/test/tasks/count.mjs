import { createHash } from 'node:crypto';
import { threadId } from 'node:worker_threads';

/** What it was given, and what it sees. */
export default async function look(file, ...args) {
  const sha256 = createHash('sha256').update(file.copyBytes()).digest('hex');
  return { name: file.constructor.name, length: file.length, sha256, threadId, args };
}
