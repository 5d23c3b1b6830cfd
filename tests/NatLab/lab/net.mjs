// The lab's network: one public segment (a bridge), a server on it, and clients behind NATs of their own.
import { execFileSync } from "node:child_process"

export const SERVER = "203.0.113.10"
export const SECOND = "203.0.113.11"
export const PUBLIC = "203.0.113.0/24"
/** How RFC 4787 describes each kind of client's network. */
export const KINDS = {
  open: { mapping: "endpoint-independent", filtering: "endpoint-independent" },
  cone: { mapping: "endpoint-independent", filtering: "endpoint-independent" },
  address: { mapping: "endpoint-independent", filtering: "address-dependent" },
  port: { mapping: "endpoint-independent", filtering: "address-and-port-dependent" },
  symmetric: { mapping: "address-and-port-dependent", filtering: "address-and-port-dependent" },
  "udp-blocked": { udpBlocked: true },
  "tls-443": { udpBlocked: true },
}

export function run(command, ...args) {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
}

export const inside = (namespace, command, ...args) => run("ip", "netns", "exec", namespace, command, ...args)

export function nft(namespace, rules) {
  execFileSync("ip", ["netns", "exec", namespace, "nft", "-f", "-"], { input: rules, stdio: ["pipe", "pipe", "pipe"] })
}

/** The public segment and the server's namespace, with counters of what its relayed ports send and get. */
export function makeCore() {
  run("ip", "link", "set", "lo", "up")
  run("ip", "link", "add", "br0", "type", "bridge")
  run("ip", "link", "set", "br0", "up")
  attach("server", SERVER)
  inside("server", "ip", "addr", "add", `${SECOND}/24`, "dev", "wan")
  nft("server", `
    table ip lab {
      counter sent { }
      counter received { }
      chain output { type filter hook output priority 0; udp sport 49152-65535 counter name sent; }
      chain input { type filter hook input priority 0; udp dport 49152-65535 counter name received; }
    }`)
}

/** UDP payload bytes that relayed ports have sent and got so far: bytes of whole packets less 28 for each packet's IPv4 and UDP headers. */
export function relayedBytes() {
  const payload = (name) => {
    const [, packets, bytes] = inside("server", "nft", "list", "counter", "ip", "lab", name).match(/packets (\d+) bytes (\d+)/)
    return Number(bytes) - 28 * Number(packets)
  }
  return { sent: payload("sent"), received: payload("received") }
}

function attach(namespace, address) {
  run("ip", "netns", "add", namespace)
  inside(namespace, "ip", "link", "set", "lo", "up")
  const outer = `v${namespace}`.slice(0, 15)
  run("ip", "link", "add", outer, "type", "veth", "peer", "name", "wan", "netns", namespace)
  run("ip", "link", "set", outer, "master", "br0", "up")
  inside(namespace, "ip", "addr", "add", `${address}/24`, "dev", "wan")
  inside(namespace, "ip", "link", "set", "wan", "up")
}

/** A client behind a NAT of a kind. Returns the namespace its programs run in, and its NAT's (null when there is none). */
export function makeClient(side, kind, number) {
  const address = `203.0.113.${20 + number}`
  if (kind === "open") {
    const client = `${side}c${number}`
    attach(client, address)
    return { client, nat: null, address }
  }

  const [client, nat, lan] = [`${side}c${number}`, `${side}n${number}`, `10.9.${number}`]
  attach(nat, address)
  run("ip", "netns", "add", client)
  inside(client, "ip", "link", "set", "lo", "up")
  inside(nat, "ip", "link", "add", "lan", "type", "veth", "peer", "name", "eth0", "netns", client)
  inside(nat, "ip", "addr", "add", `${lan}.1/24`, "dev", "lan")
  inside(nat, "ip", "link", "set", "lan", "up")
  inside(client, "ip", "addr", "add", `${lan}.2/24`, "dev", "eth0")
  inside(client, "ip", "link", "set", "eth0", "up")
  inside(client, "ip", "route", "add", "default", "via", `${lan}.1`)
  inside(nat, "sysctl", "-qw", "net.ipv4.ip_forward=1")
  nft(nat, rules(kind, `${lan}.2`))
  return { client, nat, address }
}

// Unsolicited packets for the NAT itself are dropped: a stray check would otherwise take the tuple, and Linux would map the client to another port.
function rules(kind, inner) {
  const open = kind === "cone" || kind === "address"
  const forward = {
    cone: "",
    address: "iifname lan ip protocol udp update @contacted { udp sport . ip daddr }\n iifname wan ip protocol udp udp dport . ip saddr != @contacted drop",
    port: "iifname wan ct state new drop",
    symmetric: "iifname wan ct state new drop",
    "udp-blocked": "ip protocol udp drop\n iifname wan ct state new drop",
    "tls-443": "ip protocol udp drop\n iifname lan tcp dport != { 443, 8080 } drop\n iifname wan ct state new drop",
  }[kind]
  return `
    table ip lab {
      set contacted { type inet_service . ipv4_addr; flags dynamic, timeout; timeout 5m; }
      chain prerouting { type nat hook prerouting priority dstnat; ${open ? `iifname wan meta l4proto udp dnat to ${inner}` : ""}
      }
      chain postrouting { type nat hook postrouting priority srcnat; oifname wan masquerade ${kind === "symmetric" ? "random,fully-random" : ""}
      }
      chain input { type filter hook input priority 0; iifname wan ct state new drop; }
      chain forward { type filter hook forward priority 0; ${forward}
      }
    }`
}

/** Cuts UDP between a NAT and an address; returns what mends it. */
export const cut = (nat, address) => drop(nat, `ip protocol udp ip daddr ${address} drop\n ip protocol udp ip saddr ${address} drop`)

/** Cuts a NAT off from everything but the gateway; returns what mends it. */
export const isolate = (nat) => drop(nat, "ip protocol udp drop\n iifname lan tcp dport != 8080 drop\n iifname wan tcp sport != 8080 drop")

function drop(nat, rules) {
  nft(nat, `table ip cut { chain forward { type filter hook forward priority -10\n ${rules}\n }\n }`)
  return () => nft(nat, "delete table ip cut")
}
