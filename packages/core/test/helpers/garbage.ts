/** For the source of a child: collects garbage until a condition holds, or often enough. */
export const GARBAGE = `
  const until = async (condition) => { while (!condition()) { gc(); await turn(); } };
  const collect = async () => { for (let i = 0; i < 20; ++i) { gc(); await turn(); } };
  // What a function leaves on the stack may keep an object alive: work in one that has returned.
  const apart = (work) => new Promise((resolve) => setImmediate(() => resolve(work())));
`;
