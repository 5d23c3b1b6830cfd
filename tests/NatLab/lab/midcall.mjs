// In mid-call: the direct path is cut and comes back; gateway and silo are killed.
import { cut, isolate } from "./net.mjs"
import { until } from "./platform.mjs"

const RESUME_WITHIN = 5_000

async function call(platform, a, b, path) {
  const session = await platform.call("POST", "/v1/sessions", { endpoints: [{ name: "alice", nat: a.nat }, { name: "bob", nat: b.nat }] })
  await a.browser.join(session.id, session.endpoints[0].joinToken)
  await b.browser.join(session.id, session.endpoints[1].joinToken)
  for (const { browser } of [a, b]) await browser.connected(path)
  for (const { browser } of [a, b]) await browser.stream(50)
  for (const { browser } of [a, b]) await browser.received(20)
  return session
}

const gaps = async (a, b) => Math.max(...await Promise.all([a, b].map(async ({ browser }) => (await browser.state()).longestGap)))

// Where the time went: the steps of both ends and the session's timeline, on one clock.
async function printSteps(platform, session, ends, start) {
  const told = (await timelineOf(platform, session)).map(({ at, event, reason }) => [Date.parse(at) - start, `platform  ${event}: ${reason}`]).filter(([at]) => at >= 0)
  const steps = (await Promise.all(ends.map(async ({ browser }, end) => (await browser.steps(start)).map(([at, what]) => [at, `${"ab"[end]}  ${what}`])))).flat()
  for (const [at, what] of [...told, ...steps].sort(([first], [second]) => first - second)) console.log(`${String(at).padStart(8)} ms  ${what}`)
}

const timelineOf = async (platform, session) => (await platform.call("GET", `/v1/sessions/${session.id}/timeline`)).items

// Waits for the same step of both ends. The first that does not come is named, with all that did come.
async function both(ends, what, wait, explain) {
  for (const [end, { browser }] of ends.entries()) {
    try {
      await wait(browser)
    } catch (error) {
      if (error.name !== "TimeoutError") throw error
      await explain()
      throw new Error(`${"ab"[end]} has not ${what} within the time limit`, { cause: error })
    }
  }
}

/** The direct path between two NATs is cut, and mended later. */
export async function cutPath(platform, a, b, trace = false) {
  const ends = [a, b]
  const session = await call(platform, a, b, "direct")
  for (const { browser } of ends) await browser.forgetGaps()
  const start = Date.now()
  const explain = () => printSteps(platform, session, ends, start)
  const mend = cut(a.network.nat, b.network.address)
  await both(ends, "moved to the relay after the cut", (browser) => browser.connected("relay"), explain)
  await both(ends, "heard the other through the relay", async (browser) => browser.received((await browser.state()).got + 20), explain)
  const toRelay = await gaps(a, b)
  mend()
  if (trace) console.log(`the path is mended after ${Date.now() - start} ms`)
  for (const { browser } of ends) await browser.forgetGaps()
  await both(ends, "returned to the direct path", (browser) => browser.connected("direct", 60_000), explain)
  await both(ends, "heard the other directly again", async (browser) => browser.received((await browser.state()).got + 20), explain)
  const back = await gaps(a, b)
  if (trace) await explain()
  const timeline = (await timelineOf(platform, session)).map(({ event }) => event)
  for (const { browser } of [a, b]) await browser.leave()
  const good = toRelay <= RESUME_WITHIN && back <= RESUME_WITHIN && timeline.includes("migrate turn") && timeline.includes("migrate stun")
  return { what: `${a.kind} × ${b.kind}: direct path cut`, good, figures: `resumed through the relay after ${toRelay} ms, longest silence on the way back ${back} ms; timeline: ${timeline.join(", ")}` }
}

/** One end is cut off from everything but signaling until restarts have been tried in vain: both make their peer connections anew. */
export async function outage(platform, a, b, trace = false) {
  const ends = [a, b]
  const session = await call(platform, a, b, "direct")
  const start = Date.now()
  const explain = () => printSteps(platform, session, ends, start)
  const mend = isolate(a.network.nat)
  await both(ends, "noticed that nothing comes through", (browser) => browser.disconnected(), explain)
  await until("the platform asks for peer connections made anew", 60_000, async () => (await timelineOf(platform, session)).some(({ reason }) => reason.includes("anew")))
  mend()
  const mended = Date.now()
  await both(ends, "connected anew", (browser) => browser.connected(null, 60_000), explain)
  await both(ends, "heard the other on the new connection", async (browser) => browser.received((await browser.state()).got + 20), explain)
  const after = Date.now() - mended
  if (trace) await explain()
  const connections = await Promise.all(ends.map(async ({ browser }) => (await browser.state()).connections))
  for (const { browser } of ends) await browser.leave()
  return { what: `${a.kind} × ${b.kind}: one end cut off from all but signaling`, good: connections.every((count) => count > 1), figures: `${connections.join(" and ")} peer connections, media again ${after} ms after the network came back` }
}

// Both ends talk over signaling from before until after; each must hear what the other said once and in order.
async function hearEachOther(a, b) {
  const said = await Promise.all([a, b].map(({ browser }) => browser.hush()))
  const heard = await Promise.all([b, a].map(({ browser }, end) => browser.heard(said[end])))
  return { said, good: heard.every((numbers, end) => numbers.length === said[end] && numbers.every((number, index) => number === index + 1)) }
}

/** A process of the control plane dies during a call; media goes on, and messages said before, meanwhile and later arrive once and in order. */
export async function killHost(platform, a, b, host, path) {
  const session = await call(platform, a, b, path)
  for (const { browser } of [a, b]) await browser.forgetGaps()
  for (const { browser } of [a, b]) await browser.talk(200)
  for (const { browser } of [a, b]) await browser.heard(3)
  await platform.kill(host)
  platform.startHost(host)
  await platform.ready(host)
  for (const { browser } of [a, b]) await browser.received((await browser.state()).got + 40)
  const silence = await gaps(a, b)
  // A renegotiation has to travel over the signaling that came back.
  await a.browser.page.evaluate(() => window.lab.session.connection.restartIce())
  await a.browser.page.waitForFunction(() => window.lab.session.connection.signalingState === "stable" && window.lab.session.connection.iceConnectionState !== "new", null, { timeout: 30_000 })
  for (const { browser } of [a, b]) await browser.received((await browser.state()).got + 20)
  const talk = await hearEachOther(a, b)
  const after = await platform.call("GET", `/v1/sessions/${session.id}`)
  for (const { browser } of [a, b]) await browser.leave()
  const good = silence < 1_000 && talk.good && after.id === session.id && after.state !== "ended"
  return { what: `${a.kind} × ${b.kind}, ${path}: ${host} killed`, good, figures: `longest silence of the media ${silence} ms, session ${after.state}, ${talk.said.join(" + ")} messages over signaling ${talk.good ? "each once and in order" : "NOT each once and in order"}` }
}
