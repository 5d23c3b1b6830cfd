// Two Chromium tabs call each other with iceTransportPolicy "relay": data-channel messages both ways and video of the fake device.
// Standard input: {"url": page, "a": [iceServers], "b": [iceServers], "messages": n}. Standard output: one line of JSON with what happened.
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

const open = async (iceServers) => {
  const page = await browser.newPage();
  // Any page of the gateway but the console, whose headers refuse cameras.
  await page.goto(`${input.url}/docs`);
  await page.evaluate((servers) => {
    const pc = new RTCPeerConnection({ iceServers: servers, iceTransportPolicy: 'relay' });
    window.pc = pc;
    window.errors = [];
    window.received = [];
    pc.onicecandidateerror = (event) => window.errors.push(`${event.url} ${event.errorCode} ${event.errorText}`);
    window.gathered = () => new Promise((resolve) => {
      const done = () => pc.iceGatheringState === 'complete' && resolve(pc.localDescription.toJSON());
      pc.addEventListener('icegatheringstatechange', done);
      done();
    });
    window.until = async (what, condition) => {
      for (let i = 0; i < 300; i++) {
        if (await condition()) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`${what}; connection ${pc.connectionState}, errors ${window.errors.join(' | ')}`);
    };
    window.stat = async (type, condition = () => true) => [...(await pc.getStats()).values()].find((s) => s.type === type && condition(s));
    window.path = async () => {
      const pair = await window.stat('candidate-pair', (s) => s.nominated && s.state === 'succeeded');
      const candidate = async (id) => (await pc.getStats()).get(id)?.candidateType;
      return [await candidate(pair.localCandidateId), await candidate(pair.remoteCandidateId)];
    };
  }, iceServers);
  return page;
};

let result;
try {
  const a = await open(input.a);
  const b = await open(input.b);
  const offer = await a.evaluate(async () => {
    const media = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240, frameRate: 15 } });
    media.getTracks().forEach((track) => window.pc.addTrack(track, media));
    window.channel = window.pc.createDataChannel('check');
    window.channel.onmessage = (event) => window.received.push(event.data);
    await window.pc.setLocalDescription();
    return window.gathered();
  });
  const answer = await b.evaluate(async (description) => {
    window.pc.ondatachannel = (event) => {
      event.channel.onmessage = (message) => {
        window.received.push(message.data);
        event.channel.send(`echo ${message.data}`);
      };
    };
    await window.pc.setRemoteDescription(description);
    await window.pc.setLocalDescription();
    return window.gathered();
  }, offer);
  await a.evaluate(async ({ description, messages }) => {
    await window.pc.setRemoteDescription(description);
    await window.until('data channel not open', () => window.channel.readyState === 'open');
    for (let i = 0; i < messages; i++) window.channel.send(`message ${i}`);
    await window.until('echoes missing', () => window.received.length === messages);
  }, { description: answer, messages: input.messages });
  await b.evaluate(() => window.until('no video decoded', async () => ((await window.stat('inbound-rtp', (s) => s.kind === 'video'))?.framesDecoded ?? 0) >= 20));
  result = {
    ok: true,
    paths: [await a.evaluate(() => window.path()), await b.evaluate(() => window.path())],
    echoes: await a.evaluate(() => window.received),
    framesDecoded: await b.evaluate(async () => (await window.stat('inbound-rtp', (s) => s.kind === 'video')).framesDecoded),
  };
  // Closing deletes the allocations; wait a moment so that the Refresh requests leave before the browser does.
  await a.evaluate(() => { window.pc.close(); return new Promise((resolve) => setTimeout(resolve, 500)); });
  await b.evaluate(() => { window.pc.close(); return new Promise((resolve) => setTimeout(resolve, 500)); });
} catch (error) {
  result = { ok: false, error: String(error) };
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}

console.log(JSON.stringify(result));
process.exit(result.ok ? 0 : 1);
