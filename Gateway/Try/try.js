// The try-it page: one tab makes a session, both join it with the SDK and show what the platform decides.
import { join } from "/sdk/netdiscovery.js"

const $ = (id) => document.getElementById(id)
let chat = null

$("make").addEventListener("submit", (event) => {
  event.preventDefault()
  attempt(async () => {
    const authorization = `Basic ${btoa(`${$("account").value.trim()}:${$("secret").value.trim()}`)}`
    const answer = await fetch("/v1/sessions", {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ endpoints: [{ name: "alice" }, { name: "bob" }] }),
    })
    const session = await answer.json()
    if (!answer.ok) throw new Error(`${session.title}. ${session.action}`)
    const [alice, bob] = session.endpoints
    $("me").textContent = alice.name
    $("other").href = link(session.id, bob.joinToken)
    $("invite").hidden = false
    await call(session.id, alice.joinToken)
  })
})

// A link carries the session and this endpoint's join token behind the #, which browsers do not send to servers.
const link = (session, joinToken) => `/try#${new URLSearchParams({ session, joinToken })}`
const given = new URLSearchParams(location.hash.slice(1))
if (given.has("joinToken")) attempt(() => call(given.get("session"), given.get("joinToken")))

async function attempt(work) {
  try {
    $("problem").textContent = ""
    await work()
  } catch (error) {
    $("problem").textContent = error.message
  }
}

async function call(id, joinToken) {
  $("make").hidden = true
  $("call").hidden = false
  const media = await navigator.mediaDevices?.getUserMedia({ video: { width: 320, height: 240 }, audio: true }).catch(() => null)
  if (media) $("local").srcObject = media
  else log("no camera: messages only")

  const session = await join({ gateway: location.origin, session: id, joinToken })
  window.session = session
  const on = (type, show) => session.addEventListener(type, ({ detail }) => show(detail))
  $("state").textContent = "waiting for the other end"
  $("mode").textContent = session.mode
  $("reason").textContent = session.reason
  on("presence", ({ endpoint, present }) => log(`${endpoint} is ${present ? "there" : "gone"}`))
  on("decision", ({ mode, reason }) => { $("mode").textContent = mode; $("reason").textContent = reason; log(`decision: ${mode}. ${reason}`) })
  on("migrate", ({ mode, reason }) => log(`moves to ${mode}: ${reason}`))
  on("state", ({ state }) => { $("state").textContent = state; log(`session is ${state}`) })
  const showNat = (nat) => { $("nat").textContent = nat.mapping ?? "not known" }
  on("nat", showNat)
  if (session.nat) showNat(session.nat)
  on("connectivity", ({ state, path }) => { $("path").textContent = path ?? "none"; log(`this end is ${state}${path ? `, ${path}` : ""}`) })
  on("stats", ({ roundTripMilliseconds, bytesSent, bytesReceived }) => {
    $("rtt").textContent = roundTripMilliseconds === null ? "–" : `${roundTripMilliseconds} ms`
    $("bytes").textContent = `${bytesSent.toLocaleString()} sent, ${bytesReceived.toLocaleString()} received`
  })
  on("reconnecting", () => log("signaling connection lost, coming back"))
  on("error", ({ detail }) => log(`error: ${detail}`))
  on("ended", () => { $("state").textContent = "ended"; media?.getTracks().forEach((track) => track.stop()) })
  on("peerconnection", prepare)
  if (session.connection) prepare(session.connection)

  function prepare(peer) {
    media?.getTracks().forEach((track) => peer.addTrack(track, media))
    peer.ontrack = ({ streams: [stream] }) => { $("remote").srcObject = stream }
    chat = peer.createDataChannel("chat", { negotiated: true, id: 1 })
    chat.onmessage = ({ data }) => log(`there: ${data}`)
  }

  $("leave").onclick = () => session.leave("hung up")
}

$("say").addEventListener("submit", (event) => {
  event.preventDefault()
  if (chat?.readyState !== "open") return log("not connected yet")
  chat.send($("text").value)
  log(`here: ${$("text").value}`)
  $("text").value = ""
})

function log(text) {
  const entry = document.createElement("li")
  entry.textContent = `${new Date().toLocaleTimeString()} ${text}`
  $("log").append(entry)
  entry.scrollIntoView({ block: "nearest" })
}
