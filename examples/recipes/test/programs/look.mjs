// Looks at a file until it is 'end'; it must be 100,000 times the same letter before: `node look.mjs PATH`.
import { readFileSync } from 'node:fs';

for (let text = ''; text !== 'end'; ) {
  text = readFileSync(process.argv[2], 'latin1');
  if (text !== 'end' && text !== text[0]?.repeat(100_000))
    throw new Error(`saw ${text.length} bytes`);
}
console.log('saw the end');
