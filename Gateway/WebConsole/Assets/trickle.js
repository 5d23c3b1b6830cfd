// Trickle ICE (RFC 8838) against the servers of a token: which candidates come, when, and whether the relay carries anything.
const gatherFor = 15_000
const relayFor = 20_000

let current = null

/** Gathers candidates and tells the page of each as it comes; then sends a message from one connection to another through the relay. */
export async function run(page, servers, transportPolicy) {
  stop()
  const mine = current = { connections: [] }
  const tell = (name, ...values) => current === mine ? page.invokeMethodAsync(name, ...values) : Promise.resolve()
  try {
    await gather(mine, servers, transportPolicy, tell)
    if (servers.some((server) => server.credential)) await relay(mine, servers, tell)
  } catch (error) {
    await tell("Failed", String(error.message ?? error))
  } finally {
    await tell("Ended")
    close(mine)
  }
}

/** Ends a test that is running; nothing more is heard of it. */
export function stop() {
  if (current) close(current)
  current = null
}

const close = (test) => { for (const connection of test.connections.splice(0)) connection.close() }

const open = (test, configuration) => {
  const connection = new RTCPeerConnection(configuration)
  test.connections.push(connection)
  return connection
}

async function gather(test, servers, transportPolicy, tell) {
  const began = performance.now()
  const connection = open(test, { iceServers: servers, iceTransportPolicy: transportPolicy })
  connection.createDataChannel("gather")
  connection.onicecandidateerror = ({ url, errorCode, errorText }) => tell("Refused", url ?? "", errorCode, errorText ?? "", Math.round(performance.now() - began))
  const done = new Promise((resolve) => {
    connection.onicecandidate = ({ candidate }) => {
      if (!candidate || !candidate.candidate) return resolve()
      const { type, protocol, address, port, relatedAddress, relatedPort } = candidate
      tell("Found", type ?? "", protocol ?? "", `${address ?? ""}:${port ?? ""}`, relatedAddress ? `${relatedAddress}:${relatedPort}` : "", candidate.url ?? "", Math.round(performance.now() - began))
    }
  })
  await connection.setLocalDescription()
  const complete = await Promise.race([done.then(() => true), after(gatherFor, false)])
  await tell("Gathered", Math.round(performance.now() - began), complete)
}

async function relay(test, servers, tell) {
  const configuration = { iceServers: servers, iceTransportPolicy: "relay" }
  const [left, right] = [open(test, configuration), open(test, configuration)]
  left.onicecandidate = ({ candidate }) => right.addIceCandidate(candidate).catch(() => {})
  right.onicecandidate = ({ candidate }) => left.addIceCandidate(candidate).catch(() => {})
  right.ondatachannel = ({ channel }) => { channel.onmessage = ({ data }) => channel.send(data) }
  const channel = left.createDataChannel("echo")
  const opened = new Promise((resolve) => { channel.onopen = () => resolve(true) })
  await left.setLocalDescription()
  await right.setRemoteDescription(left.localDescription)
  await right.setLocalDescription()
  await left.setRemoteDescription(right.localDescription)
  if (!await Promise.race([opened, after(relayFor, false)])) return tell("Relayed", null, left.iceConnectionState)
  const sent = performance.now()
  const echoed = new Promise((resolve) => { channel.onmessage = () => resolve(performance.now() - sent) })
  channel.send("there and back")
  await tell("Relayed", await Promise.race([echoed, after(relayFor, null)]), left.iceConnectionState)
}

const after = (milliseconds, value) => new Promise((resolve) => setTimeout(resolve, milliseconds, value))
