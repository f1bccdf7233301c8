import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SOURCES = fileURLToPath(new URL('../src/', import.meta.url));

/** From bottom to top, as in docs/architecture.md. Files in none of them come first, entry points last. */
const LAYERS = ['binding', 'diagnostics', 'arguments', 'mapping', 'memory', 'operations', 'api'];
const ENTRIES = ['index.ts', 'internal.ts'];

function layerOf(file: string): number {
  if (ENTRIES.includes(file)) return LAYERS.length;
  const [folder = ''] = file.split('/');
  return folder.endsWith('.ts') ? -1 : LAYERS.indexOf(folder);
}

const files = fs
  .readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'));

const textOf = (file: string): string => fs.readFileSync(join(SOURCES, file), 'utf8');

function importsOf(file: string, text = textOf(file)): string[] {
  return [...text.matchAll(/ from '(\.[^']+)\.js'/g)].map(([, path = '']) =>
    join(dirname(file), `${path}.ts`),
  );
}

test('the folders of the sources are the layers', () => {
  const folders = new Set(
    files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]),
  );
  expect([...folders].sort()).toEqual([...LAYERS].sort());
});

test.each(files)('%s imports only from its own layer and those below', (file) => {
  const upwards = importsOf(file).filter((path) => layerOf(path) > layerOf(file));
  expect(upwards).toEqual([]);
});

test('no file is imported by what it imports', () => {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' > '));
    if (done.has(file) || path.includes(file)) return;
    for (const each of valueImportsOf(file)) visit(each, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});

/** Imports that exist at run time: types may refer to each other. */
function valueImportsOf(file: string): string[] {
  return importsOf(file, textOf(file).replace(/(import|export) type [^;]*;/g, ''));
}
