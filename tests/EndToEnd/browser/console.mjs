// Drives the web console in Chromium, under its Content-Security-Policy.
// Standard input: {"url": gateway, "account": id or "", "secret": text, "script": one of those below, …its own values, "screenshots": folder or null}.
// Standard output: one line of JSON: {"ok": true, …what the script saw} or {"ok": false, "error": …}.
import { chromium } from 'playwright-core';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const input = JSON.parse(await text(process.stdin));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const patience = { timeout: 60_000 };
const profile = mkdtempSync(join(tmpdir(), 'netdiscovery-chromium-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  headless: true,
  acceptDownloads: true,
  ...patience,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
browser.setDefaultTimeout(patience.timeout); // Going to a page and clicking take as long as the machine needs, too.
const complaints = [];

const open = async () => {
  const page = await browser.newPage();
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => { if (/Content Security Policy|Unhandled|unhandled/.test(message.text())) complaints.push(message.text()); });
  page.on('request', (request) => { if (!request.url().startsWith(input.url) && /^(https?|wss?):/.test(request.url()) && !request.url().startsWith(input.url.replace('http', 'ws'))) complaints.push(`asks another host: ${request.url()}`); });
  return page;
};

// By keyboard alone.
const signIn = async (page, account = input.account, secret = input.secret) => {
  await page.goto(`${input.url}/`);
  await page.focus('#account');
  await page.keyboard.type(account);
  await page.keyboard.press('Tab');
  await page.keyboard.type(secret);
  await page.keyboard.press('Enter');
  await page.waitForSelector('main h1', patience);
};

const go = async (page, path, settled = 'main h1') => {
  await page.goto(`${input.url}${path}`);
  await page.waitForSelector('main h1', patience);
  await page.waitForSelector(settled, patience);
};

const shot = async (page, name) => { if (input.screenshots) await page.screenshot({ path: join(input.screenshots, `console-${name}.png`), fullPage: true }); };

// A colour that changes keeps its old value until the frame after: however short its transition is, it has to have been drawn.
const drawn = (page) => page.evaluate(async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  await frame();
  const ending = document.getAnimations().filter((one) => one.playState === 'running' && one.effect.getComputedTiming().endTime !== Infinity);
  await Promise.all(ending.map((one) => one.finished.catch(() => {})));
  await frame();
});

const check = async (page) => {
  await drawn(page);
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.slice(0, 5).map((node) => `${node.target.join(' ')}: ${node.failureSummary}`) }));
};

const inner = (page, selector) => page.locator(selector).first().innerText(patience);
const until = (page, selector, wanted) => page.waitForFunction(
  ([selector, wanted]) => [...document.querySelectorAll(selector)].some((element) => element.textContent.includes(wanted)), [selector, wanted], patience);

const scripts = {
  // Every page in both palettes and on a phone, judged by axe.
  async tour() {
    const pages = [];
    const page = await open();
    const judge = async (name, path, width, colorScheme) => {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      pages.push({ path, width, colorScheme, wide, violations: await check(page) });
      await shot(page, `${input.role}-${name}-${width}-${colorScheme}`);
    };
    for (const [width, colorScheme] of [[1280, 'light'], [1280, 'dark'], [390, 'light']]) {
      await page.setViewportSize({ width, height: 844 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' }); // Colours half-way between two states are nobody's to judge.
      if (pages.length === 0) {
        await page.goto(`${input.url}/sign-in`);
        await judge('sign-in', '/sign-in', width, colorScheme);
        await signIn(page);
      }
      for (const { name, path, settled } of input.pages) {
        await go(page, path, settled);
        await judge(name, path, width, colorScheme);
      }
    }
    return { pages };
  },

  // Signs in by keyboard, goes to another page by keyboard, out again.
  async keyboard() {
    const page = await open();
    await signIn(page);
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1', null, patience);
    const met = [];
    for (let i = 0; i < 40 && met.at(-1) !== 'Sessions'; i++) {
      await page.keyboard.press('Shift+Tab');
      met.push(await page.evaluate(() => document.activeElement.textContent.trim()));
    }
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/sessions/, patience);
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1' && document.activeElement.textContent === 'Sessions', null, patience);
    const outline = await page.evaluate(() => { document.querySelector('.home').focus(); return getComputedStyle(document.querySelector('.home')).outlineStyle; });
    await page.click('text=Sign out');
    await page.waitForSelector('#account', patience);
    await page.goto(`${input.url}/sessions`);
    await page.waitForSelector('#account', patience);
    const storage = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie);
    return { met, outline, storage };
  },

  // What the overview says while a call is relayed.
  async overview() {
    const page = await open();
    await signIn(page);
    await go(page, `/?tenant=${input.tenant}`, '#region-list td');
    await until(page, '#allocations', input.allocations);
    await page.waitForFunction(() => /[1-9]/.test(document.getElementById('bit-rate')?.textContent ?? ''), null, patience);
    const seen = {};
    for (const id of ['allocations', 'bit-rate', 'packets', 'loss', 'relayed']) seen[id] = await inner(page, `#${id}`);
    seen.regions = await inner(page, '#region-list');
    seen.relays = await page.locator('#relay-list').count() ? await inner(page, '#relay-list') : null;
    return seen;
  },

  // The operator makes a tenant and suspends it.
  async tenants() {
    const page = await open();
    await signIn(page);
    await go(page, '/tenants', '#tenant-list');
    await page.fill('#new-name', input.name);
    await page.click('text="Make"');
    await page.waitForSelector('#made-account-id', patience);
    const [id, token] = [await inner(page, '#made-account-id'), await inner(page, '#made-auth-token')];
    await until(page, '#tenant-list', id);
    await page.getByLabel(`Suspend ${input.name}`, { exact: true }).click();
    await page.waitForSelector(`[aria-label="Activate ${input.name}"]`, patience);
    const row = await page.locator('#tenant-list tr', { hasText: id }).innerText();
    return { id, token, row };
  },

  // A tenant makes a key and removes it, and puts a configuration in force after being told what is wrong.
  async settings() {
    const page = await open();
    await signIn(page);
    await go(page, '/keys', '#key-list');
    await page.fill('#key-name', 'from the console');
    await page.click('text="Make a key"');
    await page.waitForSelector('#made-secret', patience);
    const [key, secret] = [await inner(page, '#made-key-id'), await inner(page, '#made-secret')];
    await go(page, '/keys', '#key-list td');
    const shownAgain = (await page.content()).includes(secret);
    await page.getByLabel('Remove the key from the console').click();
    await page.click('text="Remove it"');
    await page.waitForFunction((key) => !document.querySelector('#key-list').textContent.includes(key), key, patience);

    await go(page, '/configuration', '#field-tokenTtlSeconds-max');
    await page.fill('#field-tokenTtlSeconds-max', '999999');
    await page.press('#field-tokenTtlSeconds-max', 'Tab');
    await page.waitForSelector('#field-tokenTtlSeconds-max-wrong', patience);
    const wrong = await inner(page, '#field-tokenTtlSeconds-max-wrong');
    const described = await page.getAttribute('#field-tokenTtlSeconds-max', 'aria-invalid');
    await page.fill('#field-tokenTtlSeconds-max', '7200');
    await page.press('#field-tokenTtlSeconds-max', 'Tab');
    await page.fill('#field-tokenTtlSeconds-default', '600');
    await page.press('#field-tokenTtlSeconds-default', 'Tab');
    await page.selectOption('#field-decision', 'relay-only');
    await page.waitForSelector('#wrong', { state: 'detached', ...patience });
    await page.click('text="Put in force"');
    await until(page, '#version', '2');
    return { key, secret, shownAgain, wrong, described };
  },

  // A session of the tenant: in the list, its timeline and its drawing; then it is ended.
  async session() {
    const page = await open();
    await signIn(page);
    await go(page, '/sessions', '#session-list td');
    await page.click(`text="${input.session}"`);
    await page.waitForSelector('#timeline li', patience);
    await shot(page, 'session');
    const seen = { state: await inner(page, '#state'), decision: await inner(page, '#decision'), drawing: await page.getAttribute('#path-drawing', 'aria-label'), steps: await inner(page, '#timeline') };
    await page.click('text="End the session"');
    await page.click('text="End it"');
    await until(page, '#state', 'ended');
    return seen;
  },

  // Usage in a chart, a table and a file.
  async usage() {
    const page = await open();
    await signIn(page);
    await go(page, '/usage?granularity=hour&groupBy=label', '#usage-list td');
    await until(page, '#usage-list', input.label);
    const seen = { tokens: await inner(page, '#tokens'), bars: await page.locator('.chart rect').count() };
    const [download] = await Promise.all([page.waitForEvent('download', patience), page.click('#csv')]);
    seen.csv = readFileSync(await download.path(), 'utf8');
    return seen;
  },

  // A delivery that failed, what was sent, and sending it again.
  async deliveries() {
    const page = await open();
    await signIn(page);
    await go(page, '/deliveries', '#delivery-list td');
    await page.locator('#delivery-list button.link').last().click();
    await page.waitForSelector('#sent', patience);
    const sent = await inner(page, '#sent');
    await page.getByRole('button', { name: /^Send .* again$/ }).last().click();
    await until(page, '.mud-snackbar', 'is sent again');
    return { sent };
  },

  // The credential try-out: candidates come one by one, and the relay carries.
  async tryOut() {
    const page = await open();
    await signIn(page);
    await go(page, `/try-out${input.tenant ? `?tenant=${input.tenant}` : ''}`, '#ttl');
    await page.fill('#label', input.label);
    await page.click('text="Mint and test"');
    await until(page, '#verdict', 'there and back');
    await shot(page, 'try-out');
    const candidates = await page.locator('#candidates tbody tr').allInnerTexts();
    const verdict = await inner(page, '#verdict');
    await page.click('text="Revoke it"');
    await until(page, 'main', 'It is revoked.');
    await page.fill('#ttl', 'soon');
    await page.click('text="Mint and test"');
    await page.waitForSelector('#problem', patience);
    return { candidates, verdict, problem: await inner(page, '#problem') };
  },

  // Somebody signed in opens pages about somebody else.
  async isolation() {
    const page = await open();
    await signIn(page);
    const pages = [];
    for (const path of input.paths) {
      const answer = await page.goto(`${input.url}${path}`);
      if (answer.status() === 403) {
        pages.push({ path, status: 403, problem: await page.content(), leaks: [] });
        continue;
      }
      await page.waitForSelector('main h1', patience);
      await page.waitForSelector('#problem', patience);
      const content = await page.content();
      pages.push({ path, status: answer.status(), problem: await inner(page, '#problem'), leaks: input.secrets.filter((secret) => content.includes(secret)) });
    }
    return { pages };
  },
};

let result;
try {
  result = { ok: true, ...await scripts[input.script](), complaints };
} catch (error) {
  const pages = await Promise.all(browser.pages().map(async (page) => `${page.url()}: ${(await page.locator('body').innerText().catch(String)).slice(0, 1500)}`));
  result = { ok: false, error: String(error), complaints, pages };
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}

console.log(JSON.stringify(result));
process.exit(result.ok ? 0 : 1);
