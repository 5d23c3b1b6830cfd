// NetDiscovery for browsers and Node: joins a session and hands back a connected RTCPeerConnection.
// One ES module without dependencies. Types: netdiscovery.d.ts. Guide: docs/guides/javascript-sdk.md.

/** Milliseconds after both endpoints are there that an undecided session waits for a decision before it tries every path. */
const DECISION_PATIENCE = 2500
/**
 * Milliseconds between two looks at the media path, and looks in a row that saw nothing come from the other end after which it counts as broken.
 * Looks, not time alone: timers of hidden tabs run once a second, and a machine that slept has not lost its path. Data channels repeat what was lost
 * after about 0.4, 1.2, 2.8 and 5.8 s (SCTP backs off): a break noticed after a second is mended before the third of these.
 */
const LOOK_EVERY = 200
const SILENT_LOOKS = 4
/** Looks that a new path is given for its first payload: data channels that have backed off repeat every 3 s. */
const NEW_PATH_LOOKS = 18
/** Looks that a peer connection is given for its first path, 15 s, before it counts as failed. Browsers say so themselves only of checks that have begun. */
const FIRST_PATH_LOOKS = 75
/** Longest search for the NAT's behaviour, in milliseconds. */
const PROBE_PATIENCE = 1500
/** A pulse that is acknowledged by SCTP alone, one that wants an answer because this end can't count what it gets, and the answer. */
const PULSE = { plain: ".", asks: "?", answer: "!" }
const NOTHING_HEARD = { key: null, heard: 0 }
/** Data channels, negotiated out of band: one is closed at once, one shows that the path carries packets both ways. */
const NUDGE_CHANNEL = { label: "netdiscovery-nudge", id: 1021 }
const PULSE_CHANNEL = { label: "netdiscovery-pulse", id: 1022 }

/**
 * Joins a session as one of its two endpoints.
 * @param {import("./netdiscovery.d.ts").JoinOptions} options
 * @returns {Promise<Session>} resolves when the platform has said hello
 */
export async function join(options) {
  const session = new Session(options)
  await session.signaling.open()
  return session
}

/** The numbered, resumable message stream between an endpoint and the platform (docs/reference/signaling.md). */
export class Signaling extends EventTarget {
  #options
  #socket = null
  #sent = 0
  #unconfirmed = []
  #taken = null
  #timer = null
  #heardAt = 0
  #retries = 0
  #closed = false

  constructor(options) {
    super()
    this.#options = options
  }

  /** Connects; resolves with the first `hello`, rejects when the platform refuses the first connection. */
  open() {
    return new Promise((resolve, reject) => {
      this.addEventListener("hello", (event) => resolve(event.detail), { once: true })
      this.addEventListener("refused", (event) => reject(new Error(event.detail)), { once: true })
      this.#connect()
    })
  }

  /** Sends a numbered message; it survives broken connections. */
  send(message) {
    const numbered = { ...message, seq: ++this.#sent }
    this.#unconfirmed.push(numbered)
    this.#write(numbered)
    return numbered.seq
  }

  /** Asks for fresh ICE servers; they come as a `relays` event. */
  askRelays() {
    this.#write({ type: "relays" })
  }

  /** Ends the connection. The endpoint may join again with the same token. */
  close() {
    this.#closed = true
    clearInterval(this.#timer)
    this.#socket?.close(1000)
  }

  #connect() {
    const { gateway, session, joinToken } = this.#options
    const WebSocketClass = this.#options.WebSocket ?? globalThis.WebSocket
    const url = new URL(`/v1/sessions/${session}/signaling${this.#taken === null ? "" : `?after=${this.#taken}`}`, gateway)
    url.protocol = url.protocol.replace("http", "ws")
    const socket = new WebSocketClass(url, ["netdiscovery.v1", `token.${joinToken}`])
    let greeted = false
    this.#socket = socket
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data)
      this.#heardAt = Date.now()
      if (message.type === "hello") {
        greeted = true
        this.#retries = 0
        this.#greet(message)
      }
      this.#take(message)
    }
    socket.onclose = ({ code, reason }) => {
      if (this.#socket !== socket || this.#closed) return
      clearInterval(this.#timer)
      if (code === 1000 || code === 4001) {
        this.#closed = true
        this.#tell("closed", { code, reason })
      } else if (!greeted && this.#taken === null && this.#retries >= 3) {
        this.#closed = true
        this.#tell("refused", "The platform refused the join token, or does not answer.")
      } else {
        this.#tell("reconnecting", { code, reason })
        setTimeout(() => this.#closed || this.#connect(), Math.min(5000, 100 * 2 ** this.#retries++))
      }
    }
  }

  #greet({ received, heartbeatSeconds, lostAfterSeconds }) {
    // A page that starts anew goes on with the numbers of the one before.
    if (this.#taken === null && this.#sent === 0) this.#sent = received
    this.#taken ??= 0
    this.#unconfirmed = this.#unconfirmed.filter(({ seq }) => seq > received)
    for (const message of this.#unconfirmed) this.#write(message)
    clearInterval(this.#timer)
    this.#heardAt = Date.now()
    this.#timer = setInterval(() => {
      if (Date.now() - this.#heardAt > lostAfterSeconds * 1000) this.#socket.close()
      else this.#write({ type: "ping" })
    }, heartbeatSeconds * 1000)
  }

  #take(message) {
    if (message.type === "ack") {
      this.#unconfirmed = this.#unconfirmed.filter(({ seq }) => seq > message.seq)
    } else if (message.type === "error" && message.code === "sequence_gap") {
      for (const missing of this.#unconfirmed.filter(({ seq }) => seq > message.received)) this.#write(missing)
    } else if (message.seq !== undefined && message.type !== "error") {
      if (message.seq <= this.#taken) return
      this.#taken = message.seq
      this.#tell(message.type, message)
      this.#write({ type: "ack", seq: message.seq })
      return
    }
    this.#tell(message.type, message)
  }

  #write(message) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(message))
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}

/** One endpoint of a session: signaling, NAT report, a peer connection that is kept alive over path changes. */
export class Session extends EventTarget {
  #options
  #peer = null
  #peerName = null
  #mode = "undecided"
  #reason = ""
  #iceServers = []
  #present = false
  #answering = false
  #ignoreOffer = false
  #waitingCandidates = []
  #fragments = []
  #taking = Promise.resolve()
  #era = 0
  #pulse = null
  #heard = NOTHING_HEARD
  #silenceAllowed = SILENT_LOOKS
  #pulseHeard = false
  #silentLooks = 0
  #vainLooks = 0
  #looker = null
  #reported = ""
  #decided
  #started = false
  #moving = false
  #connectedResolve

  constructor(options) {
    super()
    this.#options = options
    /** The message stream to the platform. */
    this.signaling = new Signaling(options)
    /** This endpoint's name. */
    this.endpoint = null
    /** Resolves with the peer connection once media can flow for the first time. */
    this.connected = new Promise((resolve) => { this.#connectedResolve = resolve })
    /** `direct`, `relay` or null. */
    this.path = null
    /** What was found out about this endpoint's NAT. */
    this.nat = null
    this.#decided = new Promise((resolve) => this.addEventListener("decided", resolve, { once: true }))
    this.#listen()
  }

  /** The peer connection; null until the other endpoint is there. Add tracks and channels in the `peerconnection` event. */
  get connection() { return this.#peer }

  /** What the platform decided: `stun`, `turn` or `undecided`. */
  get mode() { return this.#mode }

  /** Why, in a sentence. */
  get reason() { return this.#reason }

  /** Leaves for good. */
  leave(reason = "") {
    this.signaling.send({ type: "bye", reason })
    setTimeout(() => this.#stop(), 200)
  }

  #listen() {
    const on = (type, handle) => this.signaling.addEventListener(type, ({ detail }) => {
      Promise.resolve(handle(detail)).catch((error) => this.#tell("error", { code: "sdk", detail: String(error?.message ?? error) }))
      if (type !== "description" && type !== "candidate") this.#tell(type, detail)
    })
    on("hello", (hello) => this.#onHello(hello))
    on("presence", (presence) => this.#onPresence(presence))
    on("decision", ({ mode, reason }) => this.#onDecision(mode, reason))
    // What hangs in a peer connection that is given up must not hold up the next: only restarts wait for their turn.
    on("migrate", (asked) => asked.anew ? this.#beginAnew(asked) : this.#inOrder(() => this.#migrate(asked)))
    on("description", ({ description }) => this.#inOrder(() => this.#onDescription(description)))
    on("candidate", ({ candidate }) => this.#inOrder(() => this.#onCandidate(candidate)))
    on("bye", () => this.#stop())
    on("closed", () => this.#stop())
    for (const type of ["state", "error", "reconnecting"]) on(type, () => {})
  }

  // Browsers take descriptions and candidates one after another by themselves; in other libraries a candidate would overtake the description it belongs to.
  // What is left of a peer connection that was given up meanwhile is nobody's.
  #inOrder(take) {
    const era = this.#era
    const taken = this.#taking.then(() => era === this.#era ? take() : null).catch((error) => { if (era === this.#era) throw error })
    this.#taking = taken.catch(() => {})
    return taken
  }

  #onHello(hello) {
    this.endpoint = hello.endpoint
    this.#iceServers = hello.iceServers
    const others = hello.endpoints.filter(({ name }) => name !== hello.endpoint)
    this.#peerName ??= others[0]?.name
    this.#present = others.some(({ name, present }) => name === this.#peerName && present)
    this.#noteMode(hello.mode, hello.reason)
    if (!this.nat && this.#options.probeNat !== false) this.#probe(hello.iceServers)
    if (this.#present) this.#start()
  }

  #onPresence({ endpoint, present, resumed }) {
    if (endpoint !== this.#peerName) return
    this.#present = present
    if (!present) return
    // A peer that starts anew knows nothing of what was negotiated.
    if (!resumed && this.#peer) this.#dropPeer()
    this.#start()
  }

  async #probe(iceServers) {
    this.nat = await probeNat(iceServers, this.#options)
    this.signaling.send({ type: "nat", nat: this.nat })
    this.#tell("nat", this.nat)
  }

  #noteMode(mode, reason) {
    this.#mode = mode
    this.#reason = reason
    if (mode !== "undecided") this.dispatchEvent(new Event("decided"))
  }

  #onDecision(mode, reason) {
    const before = this.#mode
    this.#noteMode(mode, reason)
    // Decided anew before anything flows: the connection under way is turned round. Later moves come as "migrate".
    if (this.#peer && !this.path && mode !== before && mode !== "undecided") this.#migrate({ mode, reason })
  }

  // The endpoint whose name comes first offers; the other answers (perfect negotiation keeps later offers from colliding).
  async #start() {
    if (this.#started || this.endpoint > this.#peerName) return
    this.#started = true
    await Promise.race([this.#decided, new Promise((resolve) => setTimeout(resolve, DECISION_PATIENCE))])
    if (this.#started && this.#present) this.#makePeer()
  }

  #configuration() {
    const urlsOf = (server) => [server.urls].flat()
    return this.#mode === "stun"
      ? this.#configure(this.#iceServers.filter((server) => urlsOf(server).every((url) => url.startsWith("stun"))), "all")
      : this.#configure(this.#iceServers, this.#mode === "turn" ? "relay" : "all")
  }

  #configure(iceServers, iceTransportPolicy) {
    return { ...this.#options.configuration, iceServers, iceTransportPolicy }
  }

  #makePeer() {
    const PeerConnection = this.#options.RTCPeerConnection ?? globalThis.RTCPeerConnection
    const peer = new PeerConnection(this.#configuration())
    this.#peer = peer
    peer.onicecandidate = ({ candidate }) => candidate && peer === this.#peer && this.signaling.send({ type: "candidate", candidate: plainCandidate(candidate) })
    // Browsers say that negotiation is needed in the stable state only; libraries for Node also while an offer is being answered.
    peer.onnegotiationneeded = () => this.#answering || this.#inOrder(() => this.#offer(peer))
    peer.onconnectionstatechange = () => this.#look(peer)
    peer.oniceconnectionstatechange = () => this.#look(peer)
    const pulse = peer.createDataChannel(PULSE_CHANNEL.label, { negotiated: true, id: PULSE_CHANNEL.id, ordered: false, maxRetransmits: 0 })
    pulse.onmessage = ({ data }) => {
      this.#pulseHeard = true
      if (data === PULSE.asks && pulse.readyState === "open") pulse.send(PULSE.answer)
    }
    pulse.onopen = () => this.#look(peer)
    this.#pulse = pulse
    clearInterval(this.#looker)
    this.#looker = setInterval(() => this.#look(peer, true), LOOK_EVERY)
    this.#tell("peerconnection", peer)
    return peer
  }

  async #offer(peer) {
    if (peer === this.#peer && peer.signalingState === "stable") await this.#describe(peer, await peer.createOffer())
  }

  // Nothing is said of a peer connection that was given up meanwhile: the other end would take it for the one in its place.
  async #describe(peer, { type, sdp }) {
    await peer.setLocalDescription({ type, sdp: renominating(sdp) }).catch(() => peer.setLocalDescription({ type, sdp }))
    if (peer === this.#peer) this.signaling.send({ type: "description", description: { type, sdp: peer.localDescription.sdp } })
  }

  async #onDescription(description) {
    this.#answering = description.type === "offer" && !this.#peer
    try {
      await this.#takeDescription(description)
    } finally {
      this.#answering = false
    }
  }

  async #takeDescription(description) {
    const peer = this.#peer ?? this.#makePeer()
    const polite = this.endpoint > this.#peerName
    const collides = description.type === "offer" && peer.signalingState !== "stable"
    this.#ignoreOffer = !polite && collides
    if (this.#ignoreOffer) return
    await peer.setRemoteDescription({ type: description.type, sdp: this.#rank(description.sdp) })
    if (peer !== this.#peer) return
    for (const candidate of this.#waitingCandidates.splice(0)) await this.#addCandidate(peer, candidate)
    if (description.type === "offer") await this.#describe(peer, await peer.createAnswer())
  }

  async #onCandidate(told) {
    const candidate = { ...told, candidate: this.#rank(told.candidate, told.usernameFragment) }
    if (!this.#peer?.remoteDescription) {
      this.#waitingCandidates.push(candidate)
      return
    }
    try {
      await this.#addCandidate(this.#peer, candidate)
    } catch (error) {
      if (!this.#ignoreOffer) throw error
    }
  }

  // A candidate names the description it belongs to (RFC 8839 §5.4): one of a peer connection that was given up, or of an offer that was not taken, is nobody's.
  async #addCandidate(peer, candidate) {
    const fragment = candidate.usernameFragment
    if (fragment && !peer.remoteDescription.sdp.includes(`a=ice-ufrag:${fragment}`)) return
    await peer.addIceCandidate(candidate)
  }

  // Each ICE restart begins a generation of candidates, with a fragment of its own.
  #rank(text, fragment) {
    const named = fragment ?? /^a=ice-ufrag:(\S+)/m.exec(text)?.[1] ?? this.#fragments.at(-1)
    if (!this.#fragments.includes(named)) this.#fragments.push(named)
    return newestFirst(text, this.#fragments.indexOf(named))
  }

  #note({ mode, reason, iceServers }) {
    if (iceServers?.length) this.#iceServers = iceServers
    this.#mode = mode
    this.#reason = reason
  }

  // Both ends are told so before either offers again: what they were given is in order.
  #beginAnew(asked) {
    this.#note(asked)
    this.#dropPeer()
    return this.#start()
  }

  #migrate(asked) {
    this.#note(asked)
    const { mode } = asked
    const peer = this.#peer
    if (!peer) return
    // Where a direct path worked UDP works: the first try leaves out the relay's other transports, whose candidates only delay the checks.
    const quick = mode === "turn" && this.path === "direct" && !this.#moving
    this.#moving = true
    peer.setConfiguration(this.#configure(quick ? overUdp(this.#iceServers) : this.#iceServers, mode === "turn" ? "relay" : "all"))
    // One restart renews both ends' candidates.
    if (this.endpoint < this.#peerName) peer.restartIce()
  }

  // Counts looks without a sign of the other end. On a quiet path it is asked for one; where media flows nothing is sent.
  #listenTo(pair) {
    const before = this.#heard
    const moved = pair !== null && pair.key !== before.key
    const payload = this.#pulseHeard || (pair !== null && pair.heard > before.heard)
    this.#pulseHeard = false
    if (pair) this.#heard = pair
    if (moved) this.#silenceAllowed = NEW_PATH_LOOKS
    else if (payload) this.#silenceAllowed = SILENT_LOOKS
    if (moved || payload || this.#pulse.readyState !== "open") {
      this.#silentLooks = 0
      if (moved && before.key) this.#nudge()
      return
    }
    this.#silentLooks++
    this.#pulse.send(pair?.heard > 0 ? PULSE.plain : PULSE.asks)
  }

  // Where renomination is not known the controlled end of ICE takes a new pair when data comes by it, and data that waits for SCTP's next repetition may
  // come seconds later. Closing a channel sends something at once, whatever waits.
  #nudge() {
    try {
      this.#peer.createDataChannel(NUDGE_CHANNEL.label, { negotiated: true, id: NUDGE_CHANNEL.id }).close()
    } catch {
      // The one before is still closing.
    }
  }

  // Tells the platform, and whoever listens, what carries the media and whether it does.
  async #look(peer, listens = false) {
    if (peer !== this.#peer) return
    const pair = await selectedPair(peer)
    if (peer !== this.#peer) return
    if (listens) this.#listenTo(pair)
    if (listens && !this.path) this.#vainLooks++
    const silent = this.#silentLooks >= this.#silenceAllowed
    const open = this.#pulse.readyState === "open" && pair !== null
    // What comes through counts, whatever the library says of its state.
    const state = open && this.#silentLooks === 0 ? "connected"
      : peer.connectionState === "failed" || peer.iceConnectionState === "failed" || this.#vainLooks >= FIRST_PATH_LOOKS ? "failed"
      : silent || peer.iceConnectionState === "disconnected" ? "disconnected"
      : open ? "connected"
      : "checking"
    const path = pair?.path ?? null
    const report = `${state} ${path}`
    this.#tell("stats", { state, path, roundTripMilliseconds: pair?.roundTripMilliseconds ?? null, bytesSent: pair?.bytesSent ?? 0, bytesReceived: pair?.bytesReceived ?? 0 })
    if (report === this.#reported) return
    this.#reported = report
    if (state === "connected") {
      this.path = path
      this.#vainLooks = 0
      this.#moving = false
      this.#connectedResolve(peer)
    }
    const message = { type: "connectivity", state }
    if (path) message.path = path
    if (Number.isInteger(pair?.roundTripMilliseconds)) message.roundTripMilliseconds = pair.roundTripMilliseconds
    this.signaling.send(message)
    this.#tell("connectivity", { state, path })
  }

  #dropPeer() {
    this.#era++
    this.#taking = Promise.resolve()
    clearInterval(this.#looker)
    this.#peer?.close()
    this.#peer = null
    this.#started = false
    this.#reported = ""
    this.#heard = NOTHING_HEARD
    this.#silenceAllowed = SILENT_LOOKS
    this.#silentLooks = 0
    this.#vainLooks = 0
    this.#waitingCandidates = []
    this.#fragments = []
    this.path = null
  }

  #stop() {
    this.#dropPeer()
    this.signaling.close()
    this.#tell("ended", {})
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}

/**
 * Finds out how the NAT in front of this endpoint maps, from the reflexive addresses that different STUN servers see of one socket (RFC 5780 §4.3).
 * Filtering can't be seen from a browser. With one server address only, a NAT that changes nothing can't be told from one that does.
 * @returns {Promise<{mapping?: string, udpBlocked?: boolean}>}
 */
export async function probeNat(iceServers, options = {}) {
  const PeerConnection = options.RTCPeerConnection ?? globalThis.RTCPeerConnection
  const urls = iceServers.flatMap((server) => [server.urls].flat()).filter((url) => url.startsWith("stun:"))
  if (urls.length === 0) return {}
  const peer = new PeerConnection({ ...options.configuration, iceServers: urls.map((url) => ({ urls: url })) })
  const seen = []
  try {
    peer.createDataChannel("probe")
    await new Promise((resolve) => {
      setTimeout(resolve, options.probePatience ?? PROBE_PATIENCE)
      peer.onicecandidate = ({ candidate }) => {
        if (!candidate) return resolve()
        const parsed = parseCandidate(candidate.candidate)
        if (parsed?.type === "srflx") seen.push({ ...parsed, server: candidate.url ?? null })
      }
      peer.createOffer().then((offer) => peer.setLocalDescription(offer)).catch(resolve)
    })
  } finally {
    peer.close()
  }
  return judgeMappings(seen, new Set(urls.map((url) => url.replace(/^stun:/, ""))).size)
}

/** Judges reflexive addresses: of one socket, seen by several servers. */
export function judgeMappings(seen, servers) {
  if (seen.length === 0) return {}
  const sockets = new Map()
  for (const { relatedPort, address, port } of seen) {
    if (!relatedPort) continue
    if (!sockets.has(relatedPort)) sockets.set(relatedPort, new Set())
    sockets.get(relatedPort).add(`${address} ${port}`)
  }
  if ([...sockets.values()].some((mapped) => mapped.size > 1)) return { mapping: "address-and-port-dependent", udpBlocked: false }
  return servers > 1 && sockets.size > 0 ? { mapping: "endpoint-independent", udpBlocked: false } : { udpBlocked: false }
}

/**
 * Measures the time to each region's gateway and returns the regions, nearest first.
 * @param {Array<{name: string, url: string}>} regions
 */
export async function measureRegions(regions, rounds = 3) {
  const measured = await Promise.all(regions.map(async ({ name, url }) => {
    let best = Infinity
    for (let round = 0; round < rounds; round++) {
      const start = performance.now()
      try {
        await fetch(new URL("/health/live", url), { cache: "no-store" })
        best = Math.min(best, performance.now() - start)
      } catch {
        break
      }
    }
    return { name, url, milliseconds: best }
  }))
  return measured.sort((a, b) => a.milliseconds - b.milliseconds)
}

/** Reads a candidate attribute (RFC 8839 §5.1). */
export function parseCandidate(text) {
  const parts = text.replace(/^(a=)?candidate:/, "").split(" ")
  if (parts.length < 8) return null
  const after = (name) => { const at = parts.indexOf(name); return at < 0 ? undefined : parts[at + 1] }
  return { protocol: parts[2].toLowerCase(), address: parts[4], port: Number(parts[5]), type: after("typ"), relatedAddress: after("raddr"), relatedPort: Number(after("rport") ?? 0) }
}

/**
 * Asks for renomination, an ICE option of Chromium's: the controlling end may nominate again, by a number, and the other end follows the highest. Without
 * it that end follows whichever pair brought data last, and two ends may keep different pairs. Others ignore it.
 * @param {string} sdp an own session description
 */
export function renominating(sdp) {
  return sdp.replace(/^a=ice-options:(?!.*\brenomination\b)([^\r\n]*)/gm, "a=ice-options:$1 renomination")
}

/**
 * Chromium goes on with a pair that has fallen silent for 3.5 s unless another ranks higher, and after a restart the pairs of before still compete. So
 * the other end's candidates are given priorities by which those of a later generation (RFC 8445 §9) rank above all before, and within a generation by
 * type preference as ever. All are below any priority of an own candidate, because the lower of two decides the rank of a pair (RFC 8445 §6.1.2.3).
 * @param {string} text a session description or a candidate
 * @param {number} generation how many restarts came before
 */
export function newestFirst(text, generation) {
  const rank = (priority) => [2, 64, 120].filter((least) => priority >>> 24 >= least).length // relay over TCP, relay over UDP, reflexive, host
  return text.replace(/^((?:a=)?candidate:\S+ \d+ \S+) (\d+) /gm, (_, before, priority) => `${before} ${1 + 4 * Math.min(generation, 1500) + rank(priority)} `)
}

function overUdp(iceServers) {
  const servers = iceServers.map((server) => ({ ...server, urls: [server.urls].flat().filter((url) => url.startsWith("turn:") && !url.endsWith("transport=tcp")) }))
    .filter(({ urls }) => urls.length > 0)
  return servers.length > 0 ? servers : iceServers
}

function plainCandidate(candidate) {
  const { candidate: text, sdpMid, sdpMLineIndex, usernameFragment } = candidate
  const plain = { candidate: text }
  if (sdpMid != null) plain.sdpMid = sdpMid
  if (sdpMLineIndex != null) plain.sdpMLineIndex = sdpMLineIndex
  if (usernameFragment != null) plain.usernameFragment = usernameFragment
  return plain
}

async function selectedPair(peer) {
  const stats = new Map()
  const report = await peer.getStats()
  report.forEach((entry) => stats.set(entry.id, entry))
  const entries = [...stats.values()]
  const transport = entries.find(({ type, selectedCandidatePairId }) => type === "transport" && selectedCandidatePairId)
  const pair = transport ? stats.get(transport.selectedCandidatePairId)
    : entries.find(({ type, state, nominated, selected }) => type === "candidate-pair" && (selected || (state === "succeeded" && nominated)))
  if (!pair) return null
  const ends = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)]
  const relayed = ends.some((end) => end?.candidateType === "relay")
  return {
    // Not its id: some libraries make new ones for each report.
    key: ends.map((end) => `${end?.candidateType} ${end?.address ?? end?.ip} ${end?.port}`).join(),
    // Media, data and their acknowledgements, by whichever pair the other end sends them. Answers to ICE's checks don't count: they come also by pairs that carry nothing.
    heard: entries.reduce((sum, { type, bytesReceived }) => type === "candidate-pair" ? sum + (bytesReceived ?? 0) : sum, 0),
    path: relayed ? "relay" : "direct",
    roundTripMilliseconds: pair.currentRoundTripTime === undefined ? null : Math.round(pair.currentRoundTripTime * 1000),
    bytesSent: pair.bytesSent ?? 0,
    bytesReceived: pair.bytesReceived ?? 0,
  }
}
