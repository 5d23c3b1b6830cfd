// Every pair of networks: the decision must match the table, what happens must match the decision, and the ledger must match the wire.
import { KINDS, relayedBytes } from "./net.mjs"
import { until } from "./platform.mjs"

const MESSAGES = 50
const SIZE = 1_000

/** What docs/concepts say of a pair: the table of decisions, written down a second time. */
export function expected(a, b) {
  const [x, y] = [KINDS[a], KINDS[b]]
  if (x.udpBlocked || y.udpBlocked) return "turn"
  const changing = [x, y].filter(({ mapping }) => mapping !== "endpoint-independent")
  if (changing.length === 0) return "stun"
  if (changing.length === 2) return "turn"
  const steady = x === changing[0] ? y : x
  return steady.filtering === "address-and-port-dependent" ? "turn" : "stun"
}

export async function tryPair(platform, a, b) {
  const cell = { pair: `${a.kind} × ${b.kind}`, wanted: expected(a.kind, b.kind), problems: [] }
  const check = (good, problem) => good || cell.problems.push(problem)
  const before = relayedBytes()
  const session = await platform.call("POST", "/v1/sessions", { endpoints: [{ name: "alice", nat: a.nat }, { name: "bob", nat: b.nat }] })
  cell.decision = session.decision.mode
  check(cell.decision === cell.wanted, `decided ${cell.decision}: ${session.decision.reason}`)
  const started = Date.now()
  try {
    await a.browser.join(session.id, session.endpoints[0].joinToken)
    await b.browser.join(session.id, session.endpoints[1].joinToken)
    for (const { browser } of [a, b]) await browser.connected(null)
    cell.milliseconds = Date.now() - started
    for (const { browser } of [a, b]) await browser.send(MESSAGES, SIZE)
    for (const { browser } of [a, b]) await browser.received(MESSAGES)
  } catch (error) {
    cell.problems.push(String(error).split("\n")[0])
  }

  for (const { browser, kind } of [a, b]) {
    const state = await browser.state().catch((error) => ({ events: [String(error)] }))
    cell.path = state.path
    check(state.path === (cell.wanted === "turn" ? "relay" : "direct"), `${kind} is ${state.path}: ${state.events.join(", ")}`)
    check(state.bytes === MESSAGES * SIZE, `${kind} got ${state.bytes} bytes`)
  }

  for (const { browser } of [a, b]) await browser.leave()
  await platform.call("DELETE", `/v1/sessions/${session.id}`)
  await settle(platform, session.id, before, cell, check)
  return cell
}

// The ledger is complete once the allocations have ended and their last reports have come.
async function settle(platform, session, before, cell, check) {
  const usage = () => platform.call("GET", `/v1/sessions/${session}/usage`)
  let wire, alive
  try {
    await until("ledger = wire", 20_000, async () => {
      const { totals } = await usage()
      const now = relayedBytes()
      wire = { sent: now.sent - before.sent, received: now.received - before.received }
      alive = (await platform.call("GET", `/v1/allocations?session=${session}`)).items
      return totals.bytesToPeer === wire.sent && totals.bytesFromPeer <= wire.received && alive.length === 0
    })
  } catch {
    check(false, `ledger ${JSON.stringify((await usage()).totals)}, wire ${JSON.stringify(wire)}, alive ${JSON.stringify(alive)}`)
  }

  const { totals } = await usage()
  cell.relayed = totals.bytesToPeer + totals.bytesFromPeer
  cell.wire = wire.sent
  if (cell.wanted === "stun") check(cell.relayed === 0, `${cell.relayed} bytes were relayed`)
  else check(totals.bytesToPeer >= 2 * MESSAGES * SIZE, `only ${totals.bytesToPeer} bytes in the ledger`)
}

export function print(cells) {
  console.log(`\n${"pair".padEnd(26)}${"decision".padEnd(10)}${"path".padEnd(8)}${"connected".padStart(10)}${"relayed, ledger".padStart(17)}${"to peers, wire".padStart(16)}`)
  for (const { pair, decision, path, milliseconds, relayed, wire, problems } of cells) {
    const verdict = problems.length ? `WRONG  ${problems.join("; ")}` : "ok"
    console.log(`${pair.padEnd(26)}${String(decision).padEnd(10)}${String(path).padEnd(8)}${`${milliseconds ?? "-"} ms`.padStart(10)}${String(relayed).padStart(17)}${String(wire).padStart(16)}  ${verdict}`)
  }
}
