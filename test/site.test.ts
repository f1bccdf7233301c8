import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Browser, launch, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installPackages } from '../scripts/cache.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OPTIONS = join(ROOT, 'docs/typedoc.json');
const MINUTE = 60_000;
const CHROMIUM = '/usr/bin/chromium';

const { projectDocuments: listed } = JSON.parse(fs.readFileSync(OPTIONS, 'utf8'));

let site: string;

beforeAll(() => {
  site = fs.mkdtempSync(join(tmpdir(), 'fmmap-site-'));
  const typedoc = join(ROOT, 'node_modules/typedoc/bin/typedoc');
  const args = [typedoc, '--options', OPTIONS, '--out', site];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
}, 5 * MINUTE);

afterAll(() => fs.rmSync(site, { recursive: true, force: true }));

const pages = (): string[] =>
  fs
    .readdirSync(site, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.html'));

const textOf = (path: string): string => fs.readFileSync(path, 'utf8');

const decoded = (html: string): string => html.replaceAll('&amp;', '&');

/** What a server sends for a URL. */
function fileOf(url: URL): string {
  const path = fileURLToPath(url.href.replace(/#.*/, ''));
  return path.endsWith('/') ? join(path, 'index.html') : path;
}

/** The links of a page to this site, as paths with fragments. */
function linksOf(page: string): [path: string, fragment: string][] {
  const from = pathToFileURL(join(site, page));
  return [...textOf(join(site, page)).matchAll(/ href="([^"]+)"/g)]
    .map(([, href = '']) => new URL(decoded(href), from))
    .filter(({ protocol }) => protocol === 'file:')
    .map((url) => [fileOf(url), decodeURIComponent(url.hash)]);
}

test('every document is a page of the site', () => {
  const files = fs.readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  expect(files.filter((name) => !listed.includes(name))).toEqual([]);
});

test(
  'every link leads to a page, and every anchor to a place in it',
  () => {
    const anchors = new Map<string, Set<string>>();
    const anchorsOf = (path: string): Set<string> => {
      let found = anchors.get(path);
      if (!found) {
        const ids = [...textOf(path).matchAll(/ (?:id|name)="([^"]+)"/g)];
        found = new Set(ids.map(([, id = '']) => decoded(id)));
        anchors.set(path, found);
      }
      return found;
    };
    const broken: string[] = [];
    let count = 0;
    for (const page of pages()) {
      for (const [path, fragment] of linksOf(page)) {
        ++count;
        const isThere =
          fs.existsSync(path) && (fragment === '' || anchorsOf(path).has(fragment.slice(1)));
        if (!isThere) broken.push(`${page}: ${relative(site, path)}${fragment}`);
      }
    }
    expect(broken).toEqual([]);
    expect(count).toBeGreaterThan(1000);
  },
  MINUTE,
);

// CI installs what is missing; elsewhere that is up to you.
if (process.env.CI) installPackages(['chromium']);
const hasBrowser = fs.existsSync(CHROMIUM);
if (!hasBrowser)
  console.warn('SKIPPED: the site in a browser, which needs: apt-get install chromium');

describe.skipIf(!hasBrowser)('in a browser', () => {
  let browser: Browser;
  let page: Page;
  const errors: unknown[] = [];

  beforeAll(async () => {
    browser = await launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--allow-file-access-from-files'],
      timeout: MINUTE,
    });
    page = await browser.newPage();
    page.setDefaultTimeout(MINUTE);
    await page.setViewport({ width: 1280, height: 900 });
    page.on('pageerror', (error) => errors.push(error));
  }, 2 * MINUTE);

  afterAll(async () => await browser?.close());

  const open = async (path: string): Promise<void> => {
    await page.goto(pathToFileURL(join(site, path)).href);
    await page.waitForSelector('#tsd-nav-container a');
  };

  test('the first page shows the README', async () => {
    await open('index.html');
    expect(await page.title()).toBe('fmmap');
    const text = await page.$eval('.col-content', (content) => content.textContent);
    expect(text).toContain('npm install @fmmap/core');
    const screenshot = await page.screenshot();
    expect(screenshot.length).toBeGreaterThan(50_000); // text and tables; an empty page takes 2 kB
  });

  test(
    'the navigation leads to every document and package',
    async () => {
      await open('index.html');
      const links = await page.$$eval(
        '#tsd-nav-container > li > a, #tsd-nav-container > li summary a',
        (all) => all.map(({ href, textContent }) => ({ href, name: textContent?.trim() })),
      );
      const names = links.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['@fmmap/core', '@fmmap/stream', 'Faults']));
      for (const { href, name } of links) {
        await page.goto(href);
        const heading = await page.$eval('h1', ({ textContent }) => textContent?.trim());
        expect(heading).toContain(name);
      }
    },
    2 * MINUTE,
  );

  test('the search finds methods and pages', async () => {
    await open('index.html');
    await page.keyboard.press('/');
    await page.waitForSelector('#tsd-search-input', { visible: true });
    await page.type('#tsd-search-input', 'gather');
    await page.waitForSelector('#tsd-search-results a');
    const found = await page.$$eval('#tsd-search-results a', (all) =>
      all.map(({ textContent }) => textContent),
    );
    expect(found.join(' ')).toContain('MmapFile.gather');
    expect(errors).toEqual([]);
  });
});
