// Chromium or Firefox makes a call with itself through the relay.
// Standard input: {"browser", "page", "authority", "url", "username", "credential", "messages"}; authority is a PEM file of a private CA, or absent.
// Exit code 0: all messages arrived, over relayed candidates.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const setting = JSON.parse(await text(process.stdin));
const home = mkdtempSync(join(tmpdir(), 'netdiscovery-browser-'));
const profile = join(home, 'profile');
const call = `(${readFileSync(new URL('browser-call.js', import.meta.url), 'utf8').replace(/^\/\/.*\n/gm, '').trim()})`;

// Both browsers ask NSS about a TURN server's certificate: Chromium in the home folder, Firefox in the profile.
const trust = (folder) => {
  mkdirSync(folder, { recursive: true });
  execFileSync('certutil', ['-d', `sql:${folder}`, '-N', '--empty-password']);
  execFileSync('certutil', ['-d', `sql:${folder}`, '-A', '-t', 'C,,', '-n', 'relay', '-i', setting.authority]);
};

const chromium = async () => {
  const { chromium: engine } = await import('playwright-core');
  if (setting.authority) trust(join(home, '.pki/nssdb'));
  const browser = await engine.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    headless: true,
    env: { ...process.env, HOME: home },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  return [browser, await browser.newPage()];
};

const firefox = async () => {
  const { default: puppeteer } = await import('puppeteer-core');
  if (setting.authority) trust(profile);
  mkdirSync(profile, { recursive: true });
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    userDataDir: profile,
    env: { ...process.env, HOME: home },
    // Straight to the relay, whatever proxy the machine has for the web.
    extraPrefsFirefox: { 'media.peerconnection.ice.loopback': true, 'media.peerconnection.ice.obfuscate_host_addresses': false, 'network.proxy.type': 0 },
  });
  return [browser, await browser.newPage()];
};

let code = 0;
let browser;
try {
  let page;
  [browser, page] = await (setting.browser === 'chromium' ? chromium() : firefox());
  await page.goto(setting.page);
  const { browser: _, page: __, authority: ___, ...argument } = setting;
  const result = await page.evaluate(`${call}(${JSON.stringify(argument)})`);
  if (result.candidateType !== 'relay') throw new Error(`path: ${result.candidateType}`);
  if (result.echoes.length !== setting.messages || result.echoes.some((echo, i) => echo !== `echo message ${i}`)) throw new Error(`echoes: ${result.echoes}`);
} catch (error) {
  console.error(String(error));
  code = 1;
} finally {
  await browser?.close();
  try {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  } catch {
    // The browser's last process still writes there; the call is what counts.
  }
}

process.exit(code);
