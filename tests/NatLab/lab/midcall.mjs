// In mid-call: the direct path is cut and comes back; gateway and silo are killed.
import { cut } from "./net.mjs"

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

// Where the time went: the steps of both ends on one clock.
async function printSteps(ends, start) {
  const steps = (await Promise.all(ends.map(async ({ browser }, end) => (await browser.steps(start)).map(([at, what]) => [at, `${"ab"[end]}  ${what}`])))).flat()
  for (const [at, what] of steps.sort(([first], [second]) => first - second)) console.log(`${String(at).padStart(8)} ms  ${what}`)
}

/** The direct path between two NATs is cut, and mended later. */
export async function cutPath(platform, a, b, trace = false) {
  const session = await call(platform, a, b, "direct")
  for (const { browser } of [a, b]) await browser.forgetGaps()
  const start = Date.now()
  const mend = cut(a.network.nat, b.network.address)
  for (const { browser } of [a, b]) await browser.connected("relay")
  for (const { browser } of [a, b]) await browser.received((await browser.state()).got + 20)
  const toRelay = await gaps(a, b)
  mend()
  if (trace) console.log(`the path is mended after ${Date.now() - start} ms`)
  for (const { browser } of [a, b]) await browser.forgetGaps()
  for (const { browser } of [a, b]) await browser.connected("direct", 60_000)
  for (const { browser } of [a, b]) await browser.received((await browser.state()).got + 20)
  const back = await gaps(a, b)
  if (trace) await printSteps([a, b], start)
  const timeline = (await platform.call("GET", `/v1/sessions/${session.id}/timeline`)).items.map(({ event }) => event)
  for (const { browser } of [a, b]) await browser.leave()
  const good = toRelay <= RESUME_WITHIN && back <= RESUME_WITHIN && timeline.includes("migrate turn") && timeline.includes("migrate stun")
  return { what: `${a.kind} × ${b.kind}: direct path cut`, good, figures: `resumed through the relay after ${toRelay} ms, longest silence on the way back ${back} ms; timeline: ${timeline.join(", ")}` }
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
