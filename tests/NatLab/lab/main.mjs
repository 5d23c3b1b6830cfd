import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Client } from "./browser.mjs"
import { cutPath, killHost, outage } from "./midcall.mjs"
import { print, tryPair } from "./matrix.mjs"
import { KINDS, makeClient, makeCore } from "./net.mjs"
import { Platform, probe } from "./platform.mjs"

const args = process.argv.slice(2)
const trace = args.includes("--trace")
const iceLog = args.includes("--ice-log")
const quick = args.includes("--quick")
const asked = args[args.indexOf("--pairs") + 1]
const kinds = Object.keys(KINDS)
const kills = args.includes("--kills")
const pairs = kills || args.includes("--calls") ? [["port", "symmetric"]] // a relay that has relayed before is no special case
  : args.includes("--pairs") ? asked.split(",").map((pair) => pair.split("-").length === 2 ? pair.split("-") : kinds.flatMap((a) => kinds.filter((b) => `${a}-${b}` === pair).map((b) => [a, b]))[0])
  : quick ? [["port", "port"], ["port", "symmetric"], ["open", "tls-443"]]
  : kinds.flatMap((a, index) => kinds.slice(index).map((b) => [a, b]))
const folder = mkdtempSync(join(tmpdir(), "nat-lab-"))
const clients = new Map()

async function client(platform, side, kind) {
  const name = `${side} ${kind}`
  if (!clients.has(name)) {
    const network = makeClient(side, kind, clients.size + 1)
    const nat = probe(network.client)
    for (const [property, value] of Object.entries(KINDS[kind])) {
      if (nat[property] !== value) problems.push(`the NAT of ${name} was found to be ${JSON.stringify(nat)}`)
    }
    clients.set(name, { kind, network, nat, browser: await Client.start(network.client, folder, platform.certificate, iceLog) })
    console.log(`${name.padEnd(14)} ${network.address}  found: ${nat.udpBlocked ? "UDP blocked" : `mapping ${nat.mapping}, filtering ${nat.filtering}`}`)
  }
  return clients.get(name)
}

const problems = []
makeCore()
const platform = new Platform(folder)
let failed = 0
try {
  await platform.start()
  const cells = []
  for (const [a, b] of pairs) {
    cells.push(await tryPair(platform, await client(platform, "a", a), await client(platform, "b", b)))
    print(cells.slice(-1))
  }
  print(cells)
  failed += cells.filter((cell) => cell.problems.length).length

  const calls = kills ? [] : [() => cut("port", "port")]
  if (!quick && !args.includes("--pairs")) {
    if (!kills) calls.push(() => cutOff("port", "port"))
    calls.push(() => kill("Gateway", "port", "port", "direct"), () => kill("Silo", "port", "port", "direct"),
      () => kill("Gateway", "symmetric", "symmetric", "relay"), () => kill("Silo", "symmetric", "symmetric", "relay"))
  }
  for (const one of args.includes("--pairs") ? [] : calls) {
    const { what, good, figures } = await one()
    console.log(`${good ? "ok    " : "WRONG "} ${what}: ${figures}`)
    if (!good) failed++
  }
} catch (error) {
  console.log(error)
  failed++
} finally {
  for (const { browser } of clients.values()) await browser.close().catch(() => {})
  platform.stop()
}
for (const problem of problems) console.log(`WRONG  ${problem}`)
failed += problems.length
console.log(failed ? `${failed} wrong; logs in ${folder}` : "all as decided")
if (iceLog) console.log(`what Chromium says of ICE: ${folder}/*.ice.log`)
else if (!failed) rmSync(folder, { recursive: true, force: true })
process.exit(failed ? 1 : 0)

async function cut(a, b) { return cutPath(platform, await client(platform, "a", a), await client(platform, "b", b), trace) }
async function cutOff(a, b) { return outage(platform, await client(platform, "a", a), await client(platform, "b", b), trace) }
async function kill(host, a, b, path) { return killHost(platform, await client(platform, "a", a), await client(platform, "b", b), host, path) }
