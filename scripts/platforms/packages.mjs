// Writes the packages of the table, their list in @fmmap/native, and how runtimes differ into docs/platforms.md: `node
// scripts/platforms/packages.mjs`. With `--check` it only says what is not as it should be.
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DIFFERENCES } from './conformance.mjs';
import { PLATFORMS } from './table.mjs';

const native = fileURLToPath(new URL('../../native', import.meta.url));
const own = JSON.parse(fs.readFileSync(join(native, 'package.json'), 'utf8'));

function manifest({ name, package: packageName, os, cpu, libc }) {
  const { version, homepage, bugs, repository, license, engines, publishConfig } = own;
  return {
    name: packageName,
    version,
    description: `The binary of @fmmap/native for ${name}; not for direct use`,
    homepage,
    bugs,
    repository: { ...repository, directory: `native/platforms/${name}` },
    license,
    os: [os],
    cpu: [cpu],
    libc: libc && [libc],
    engines,
    main: './fmmap.node',
    files: ['fmmap.node'],
    preferUnplugged: true, // no archive can hold what the system loads
    publishConfig,
  };
}

const readme = ({ name, package: packageName }) => `# ${packageName}

The binary of \`@fmmap/native\` for ${name}, which installs it by itself. It is not for direct use: use \`@fmmap/core\`.
`;

const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

const DOCUMENT = '../docs/platforms.md';

/** The document with the table of what the runtimes do not do as Node does. */
function platformsDocument() {
  const rows = Object.entries(DIFFERENCES).flatMap(([runtime, differences]) =>
    differences.map(({ what }) => `| ${runtime} | ${what} |`),
  );
  const table = ['| on | what is different |', '|---|---|', ...rows].join('\n');
  const text = fs.readFileSync(join(native, DOCUMENT), 'utf8');
  return text.replace(/(?<=<!-- differences -->\n).*?(?=<!-- end -->)/s, () => `${table}\n`);
}

/** What the files should be, by their paths in native/. */
function expected() {
  const optionalDependencies = Object.fromEntries(
    PLATFORMS.map((platform) => [platform.package, 'workspace:*']),
  );
  return new Map([
    ['package.json', json({ ...own, optionalDependencies })],
    [DOCUMENT, platformsDocument()],
    ...PLATFORMS.flatMap((platform) => [
      [`platforms/${platform.name}/package.json`, json(manifest(platform))],
      [`platforms/${platform.name}/README.md`, readme(platform)],
    ]),
  ]);
}

const isCheck = process.argv.includes('--check');
const differing = [];
for (const [path, text] of expected()) {
  const file = join(native, path);
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === text) continue;
  differing.push(path);
  if (isCheck) continue;
  fs.mkdirSync(dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

// A package that is not in the table, or not in load.js, by which programs and their tools find it.
const names = PLATFORMS.map(({ name }) => name);
const extra = fs.readdirSync(join(native, 'platforms')).filter((name) => !names.includes(name));
const loaded = fs.readFileSync(join(native, 'load.js'), 'utf8');
const unknown = names.filter(
  (name) => !loaded.includes(`case '${name}':\n      return require('@fmmap/native-${name}');`),
);
const problems = [
  ...(isCheck
    ? differing.map((path) => `native/${path} differs from the table: npm run platforms writes it`)
    : []),
  ...extra.map((name) => `native/platforms/${name} is not in the table`),
  ...unknown.map((name) => `native/load.js does not load ${name}`),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
