/** What takes longer will never finish: it is more than anything takes on a busy machine. */
const MILLISECONDS = 15_000;

export class Hang extends Error {}

/** Rejects if a promise is not settled in time. */
export async function inTime<T>(promise: Promise<T> | T, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Hang(`${what} is not over after 15 s`)), MILLISECONDS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
