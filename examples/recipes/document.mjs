// Writes the recipes into docs/recipes.md: each block that names a file becomes that file. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';

const PAGE = new URL('../../docs/recipes.md', import.meta.url);

const written = readFileSync(PAGE, 'utf8');
const wanted = written.replace(/^```ts (\S+)\n.*?^```$/gms, (_, name) => {
  const code = readFileSync(new URL(name, import.meta.url), 'utf8');
  return `\`\`\`ts ${name}\n${code}\`\`\``;
});

if (!process.argv.includes('--check')) {
  writeFileSync(PAGE, wanted);
} else if (written !== wanted) {
  console.error('docs/recipes.md differs from examples/recipes; run "npm run document" there');
  process.exitCode = 1;
}
