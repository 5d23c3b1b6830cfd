// A Chromium in a client's namespace, with one page that joins sessions by the JavaScript SDK.
import { createRequire } from "node:module"
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { run } from "./net.mjs"
import { GATEWAY } from "./platform.mjs"

const { chromium } = createRequire(resolve(import.meta.dirname, "../../EndToEnd/browser/package.json"))("playwright-core")

export class Client {
  static async start(namespace, folder, certificate, iceLog = false) {
    const home = join(folder, namespace)
    mkdirSync(join(home, ".pki/nssdb"), { recursive: true })
    run("certutil", "-d", `sql:${home}/.pki/nssdb`, "-N", "--empty-password")
    run("certutil", "-d", `sql:${home}/.pki/nssdb`, "-A", "-t", "C,,", "-n", "lab", "-i", certificate)
    const launcher = join(home, "chromium")
    writeFileSync(launcher, `#!/bin/sh\nexec ip netns exec ${namespace} /usr/bin/chromium "$@"${iceLog ? ` 2>${join(folder, `${namespace}.ice.log`)}` : ""}\n`)
    chmodSync(launcher, 0o755)
    const context = await chromium.launchPersistentContext(join(home, "profile"), {
      executablePath: launcher, headless: true, env: { ...process.env, HOME: home },
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-features=WebRtcHideLocalIpsWithMdns", ...(iceLog ? ["--enable-logging=stderr", "--vmodule=*/webrtc/p2p/*=3"] : [])],
    })
    const client = new Client()
    client.context = context
    return client
  }

  /** Joins a session in a page of its own. */
  async join(session, joinToken) {
    this.page = await this.context.newPage()
    await this.page.goto(`${GATEWAY}/try`, { timeout: 60_000 })
    await this.page.evaluate(async ({ gateway, session, joinToken }) => {
      const { join } = await import("/sdk/netdiscovery.js")
      const lab = window.lab = { got: [], gaps: [], last: 0, events: [], steps: [], path: null, mode: null, said: 0, heard: [], connections: 0 }
      const step = (what) => lab.steps.push([Date.now(), what])
      const one = lab.session = await join({ gateway, session, joinToken, probeNat: false })
      const prepare = (peer) => {
        lab.connections++
        const channel = lab.channel = peer.createDataChannel("lab", { negotiated: true, id: 7 })
        channel.onmessage = ({ data }) => {
          const now = performance.now()
          if (lab.last) lab.gaps.push(now - lab.last)
          lab.last = now
          lab.got.push(data.length)
          if (lab.gaps.at(-1) > 500) step(`payload again after ${Math.round(lab.gaps.at(-1))} ms`)
        }
        peer.addEventListener("icecandidate", ({ candidate }) => step(candidate ? `gathered ${candidate.type} ${candidate.protocol} ${candidate.address}:${candidate.port}` : "gathered all"))
        for (const state of ["iceConnectionState", "signalingState", "iceGatheringState"]) peer.addEventListener(state.toLowerCase() + "change", () => step(`${state} ${peer[state]}`))
      }
      one.addEventListener("peerconnection", ({ detail }) => prepare(detail))
      if (one.connection) prepare(one.connection)
      for (const type of ["connectivity", "migrate", "decision", "state"]) one.addEventListener(type, ({ detail }) => step(`${type} ${detail.state ?? ""} ${detail.path ?? ""} ${detail.mode ?? ""}`))
      for (const type of ["description", "candidate"]) one.signaling.addEventListener(type, ({ detail }) => step(`heard ${type} ${detail.description?.type ?? detail.candidate.candidate}`))
      one.signaling.addEventListener("candidate", ({ detail }) => { if (detail.candidate.usernameFragment === "nobody") lab.heard.push(Number(detail.candidate.candidate.split(" ")[1])) })
      let pair = ""
      setInterval(async () => {
        if (!one.connection) return
        const stats = [...(await one.connection.getStats()).values()]
        const of = (id) => stats.find((entry) => entry.id === id)
        const chosen = of(stats.find(({ type }) => type === "transport")?.selectedCandidatePairId)
        const name = chosen ? [chosen.localCandidateId, chosen.remoteCandidateId].map((id) => `${of(id)?.candidateType} ${of(id)?.address}:${of(id)?.port}`).join(" to ") : "none"
        if (name !== pair) step(`pair ${pair = name}`)
      }, 100)
      one.addEventListener("connectivity", ({ detail }) => { lab.path = detail.state === "connected" ? detail.path : null; lab.events.push(`${detail.state} ${detail.path}`) })
      one.addEventListener("migrate", ({ detail }) => lab.events.push(`migrate ${detail.mode}`))
      one.addEventListener("error", ({ detail }) => lab.events.push(`error ${detail.code} ${detail.detail}`))
    }, { gateway: GATEWAY, session, joinToken })
  }

  /** Resolves when media flows on `path`. */
  connected(path, timeout = 30_000) {
    return this.page.waitForFunction((path) => window.lab.path && (!path || window.lab.path === path) && window.lab.channel?.readyState === "open", path, { timeout })
  }

  disconnected(timeout = 30_000) {
    return this.page.waitForFunction(() => !window.lab.path, null, { timeout })
  }

  send(count, size) {
    return this.page.evaluate(({ count, size }) => { for (let i = 0; i < count; i++) window.lab.channel.send("x".repeat(size)) }, { count, size })
  }

  /** Sends a message every so many milliseconds until told otherwise. */
  stream(every) {
    return this.page.evaluate((every) => { window.lab.stream = setInterval(() => window.lab.channel.readyState === "open" && window.lab.channel.send("x".repeat(100)), every) }, every)
  }

  /** Says numbered messages over signaling, every so many milliseconds until `hush`: candidates of no description, which the SDK takes for nobody's. */
  talk(every) {
    return this.page.evaluate((every) => {
      window.lab.talk = setInterval(() => window.lab.session.signaling.send({ type: "candidate", candidate: { candidate: `candidate:lab ${++window.lab.said}`, sdpMid: "0", usernameFragment: "nobody" } }), every)
    }, every)
  }

  /** Says no more; resolves with how many messages were said. */
  hush() {
    return this.page.evaluate(() => { clearInterval(window.lab.talk); return window.lab.said })
  }

  /** Resolves with the numbers heard, once the last of `count` is among them. */
  async heard(count, timeout = 30_000) {
    await this.page.waitForFunction((count) => window.lab.heard.includes(count), count, { timeout })
    return this.page.evaluate(() => window.lab.heard)
  }

  received(count, timeout = 30_000) {
    return this.page.waitForFunction((count) => window.lab.got.length >= count, count, { timeout })
  }

  state() {
    return this.page.evaluate(() => ({ mode: window.lab.session.mode, path: window.lab.path, connections: window.lab.connections, got: window.lab.got.length, bytes: window.lab.got.reduce((a, b) => a + b, 0), longestGap: Math.round(Math.max(0, ...window.lab.gaps)), events: window.lab.events }))
  }

  /** What happened since `start`, as `[milliseconds after it, step]`. */
  steps(start) {
    return this.page.evaluate((start) => window.lab.steps.filter(([at]) => at >= start).map(([at, what]) => [at - start, what]), start)
  }

  forgetGaps() {
    return this.page.evaluate(() => { window.lab.gaps.length = 0 })
  }

  async leave() {
    await this.page.evaluate(() => { clearInterval(window.lab.stream); window.lab.session.leave("done") }).catch(() => {})
    await this.page.close()
  }

  close() { return this.context.close() }
}
