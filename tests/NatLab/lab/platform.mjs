// Silo, gateway and relay in the server's namespace, and calls of their API from there.
import { spawn } from "node:child_process"
import { mkdirSync, openSync } from "node:fs"
import { join, resolve } from "node:path"
import { inside, PUBLIC, SECOND, SERVER } from "./net.mjs"

const ROOT = resolve(import.meta.dirname, "../../..")
const OPERATOR_KEY = "nat-lab-operator-key-0123456789abcdef"
export const GATEWAY = `http://${SERVER}:8080`

export class Platform {
  #folder
  #hosts = new Map()

  constructor(folder) {
    this.#folder = folder
    mkdirSync(join(folder, "data"))
    inside("server", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=relay.lab",
      "-addext", `subjectAltName=IP:${SERVER},IP:${SECOND}`, "-keyout", join(folder, "key.pem"), "-out", this.certificate)
  }

  get certificate() { return join(this.#folder, "certificate.pem") }

  async start() {
    this.startHost("Silo")
    await this.ready("Silo")
    this.startHost("Gateway")
    this.startHost("Relay")
    await this.ready("Gateway")
    await this.ready("Relay")
    const tenant = await this.call("POST", "/v1/tenants", { name: "lab" }, `Bearer ${OPERATOR_KEY}`)
    this.authorization = `Basic ${Buffer.from(`${tenant.id}:${tenant.authToken}`).toString("base64")}`
    await until("a relay that takes clients", 30_000, async () => {
      try { await this.call("POST", "/v1/tokens", {}); return true } catch (error) { if (error.status === 503) return false; throw error }
    })
  }

  startHost(name) {
    const settings = {
      Data__Path: join(this.#folder, "data"), Operator__Key: OPERATOR_KEY, Gateway__Urls: "http://0.0.0.0:8080", Logging__LogLevel__Default: "Warning",
      Health__Urls: `http://127.0.0.1:${HEALTH[name]}`, Orleans__Endpoints__SiloPort: "11111", Orleans__Endpoints__GatewayPort: "30000",
      Relay__Id: "lab", Relay__ListenAddresses__0: SERVER, Relay__ListenAddresses__1: SECOND, Relay__AlternateAddress: SECOND, Relay__AlternatePort: "3479",
      Relay__TlsPorts__0: "443", Relay__AllowPeers__0: PUBLIC, Relay__CertificatePath: this.certificate, Relay__CertificateKeyPath: join(this.#folder, "key.pem"),
    }
    const output = openSync(join(this.#folder, `${name}.log`), "a")
    const binary = join(ROOT, name, "bin/Release/net10.0", name)
    this.#hosts.set(name, spawn("ip", ["netns", "exec", "server", binary], { cwd: this.#folder, env: { ...process.env, ...settings }, stdio: ["ignore", output, output] }))
  }

  ready(name) {
    const url = name === "Gateway" ? "http://127.0.0.1:8080/health/ready" : `http://127.0.0.1:${HEALTH[name]}/health/ready`
    return until(`${name} ready`, 180_000, () => this.#curl(["-o", "/dev/null", "-w", "%{http_code}", url]) === "200")
  }

  async kill(name) {
    const host = this.#hosts.get(name)
    const gone = new Promise((done) => host.once("exit", done))
    host.kill("SIGKILL")
    await gone
  }

  async call(method, path, body, authorization = this.authorization) {
    const answer = this.#curl([
      "-X", method, "-H", `Authorization: ${authorization}`, "-H", "Content-Type: application/json", "-w", "\n%{http_code}",
      ...(body ? ["-d", JSON.stringify(body)] : []), `http://127.0.0.1:8080${path}`])
    const cutAt = answer.lastIndexOf("\n")
    const status = Number(answer.slice(cutAt + 1))
    if (status === 0 || status >= 300) throw Object.assign(new Error(`${method} ${path}: ${answer}`), { status: status || 503 })
    return cutAt > 0 ? JSON.parse(answer.slice(0, cutAt)) : null
  }

  stop() {
    for (const host of this.#hosts.values()) host.kill("SIGTERM")
  }

  #curl(args) {
    try { return inside("server", "curl", "-s", "--max-time", "10", ...args) } catch { return "\n000" }
  }
}

const HEALTH = { Silo: 8081, Gateway: 8083, Relay: 8082 }

/** Waits for something, for as long as it may take at most. */
export async function until(what, milliseconds, check) {
  const end = Date.now() + milliseconds
  while (Date.now() < end) {
    const found = await check()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`not within ${milliseconds} ms: ${what}`)
}

/** What the .NET SDK finds out about the NAT in front of a namespace. */
export function probe(namespace) {
  return JSON.parse(inside(namespace, join(ROOT, "sdk/dotnet/Example/bin/Release/net10.0/NetDiscovery.Client.Example"), "nat", `stun:${SERVER}:3478`))
}
