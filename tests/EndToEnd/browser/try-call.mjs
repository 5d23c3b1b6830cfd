// Two Chromium tabs make a call on the try-it page: video, a chat message each way, and what the page says of the path.
// Standard input: {"url": gateway, "account": id, "secret": token, "screenshot": folder or null, "hangs": true = bob's first peer connection never takes its
// offer}. Standard output: one line of JSON with what happened.
import { chromium } from 'playwright-core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const input = JSON.parse(await text(process.stdin));
const profile = mkdtempSync(join(tmpdir(), 'netdiscovery-chromium-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
});
const patience = { timeout: input.hangs ? 120_000 : 60_000 };
const textOf = (page, id) => page.locator(`#${id}`).textContent();
const until = (page, id, wanted) => page.waitForFunction(
  ([id, wanted]) => document.getElementById(id).textContent.includes(wanted), [id, wanted], patience);
const playing = (page) => page.waitForFunction(() => document.getElementById('remote').currentTime > 0.5 && document.getElementById('remote').videoWidth > 0, null, patience);
const describe = async (page) => ({
  state: await textOf(page, 'state'), path: await textOf(page, 'path'), mode: await textOf(page, 'mode'), reason: await textOf(page, 'reason'),
  nat: await textOf(page, 'nat'), log: await page.locator('#log li').allTextContents(), problem: await textOf(page, 'problem'),
});

const hangOnce = () => {
  let hung = false;
  window.RTCPeerConnection = class extends RTCPeerConnection {
    setRemoteDescription(description) {
      if (hung) return super.setRemoteDescription(description);
      hung = true;
      return new Promise(() => {});
    }
  };
};

let result;
const pages = [];
try {
  const alice = await browser.newPage();
  pages.push(alice);
  await alice.goto(`${input.url}/try`);
  await alice.fill('#account', input.account);
  await alice.fill('#secret', input.secret);
  await alice.click('#make button');
  await alice.waitForSelector('#invite:not([hidden])', patience);
  const href = await alice.locator('#other').getAttribute('href');
  const bob = await browser.newPage();
  pages.push(bob);
  if (input.hangs) await bob.addInitScript(hangOnce);
  await bob.goto(`${input.url}${href}`);

  for (const page of pages) await until(page, 'state', 'connected');
  for (const page of pages) await playing(page);
  await alice.fill('#text', 'hello bob');
  await alice.click('#say button');
  await until(bob, 'log', 'there: hello bob');
  await bob.fill('#text', 'hello alice');
  await bob.click('#say button');
  await until(alice, 'log', 'there: hello alice');
  if (input.screenshot) {
    await alice.screenshot({ path: join(input.screenshot, 'try-alice.png'), fullPage: true });
    await bob.screenshot({ path: join(input.screenshot, 'try-bob.png'), fullPage: true });
  }
  result = { ok: true, session: await alice.evaluate(() => window.session.endpoint), alice: await describe(alice), bob: await describe(bob) };
  await bob.click('#leave');
  await until(alice, 'state', 'ended');
} catch (error) {
  result = { ok: false, error: String(error), pages: await Promise.all(pages.map((page) => describe(page).catch(String))) };
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}

console.log(JSON.stringify(result));
process.exit(result.ok ? 0 : 1);
