// Makes dist/NAME.wasm of each NAME.wat.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import wabt from 'wabt';

const { parseWat } = await wabt();
const here = new URL('.', import.meta.url);
for (const name of readdirSync(here).filter((name) => name.endsWith('.wat'))) {
  const module = parseWat(name, readFileSync(new URL(name, here), 'utf8'), {
    simd: true,
    threads: true,
  });
  const { buffer } = module.toBinary({});
  writeFileSync(new URL(`dist/${name.replace('.wat', '.wasm')}`, here), buffer);
}
