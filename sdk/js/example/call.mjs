// One end of a call in Node: joins a session, sends a message, waits for the other end's, and says which path it took.
//   npm ci && node call.mjs GATEWAY SESSION JOIN_TOKEN MESSAGE
// Prints one line of JSON. Start it twice, with the join token of each endpoint.
import { RTCPeerConnection } from "werift"
import { WebSocket } from "ws"
import { join } from "../netdiscovery.js"

const [gateway, session, joinToken, message] = process.argv.slice(2)
if (!message) {
  console.error("Usage: node call.mjs GATEWAY SESSION JOIN_TOKEN MESSAGE")
  process.exit(2)
}

let heard, done
const finished = new Promise((resolve) => { done = resolve })
// werift leaves out loopback addresses; they are wanted where both ends and the platform run on one machine.
const configuration = ["localhost", "127.0.0.1"].includes(new URL(gateway).hostname) ? { iceAdditionalHostAddresses: ["127.0.0.1"] } : {}
const end = await join({ gateway, session, joinToken, RTCPeerConnection, WebSocket, configuration })
end.addEventListener("error", ({ detail }) => console.error(`error: ${detail.code} ${detail.detail}`))
end.addEventListener("ended", () => done())
end.addEventListener("peerconnection", ({ detail: peer }) => prepare(peer))
if (end.connection) prepare(end.connection)

await Promise.race([end.connected, finished])
const { endpoint, mode, path } = end
await finished
console.log(JSON.stringify({ endpoint, mode, path, heard }))
end.addEventListener("ended", () => process.exit())
end.leave("done")

// Says the message, and when it has heard the other end's, that it did: both know when both are done.
function prepare(peer) {
  const channel = peer.createDataChannel("chat", { negotiated: true, id: 1 })
  channel.onopen = () => channel.send(`say ${message}`)
  channel.onmessage = ({ data }) => {
    if (data === "heard") return done()
    heard = data.slice(4)
    channel.send("heard")
  }
}
