export interface JoinOptions {
  /** Address of a gateway, for example `https://gateway.example`. */
  gateway: string | URL
  /** The session's id, `SE…`. */
  session: string
  /** This endpoint's join token. */
  joinToken: string
  /** False: no search for the NAT's behaviour. Default: true. */
  probeNat?: boolean
  /** Longest search, in milliseconds. Default: 1500. */
  probePatience?: number
  /** More of the peer connection's configuration, such as `bundlePolicy` or `certificates`. ICE servers and transport policy are the platform's. */
  configuration?: RTCConfiguration & Record<string, unknown>
  /** WebRTC of another library, in Node: `RTCPeerConnection` of `werift`. Default: the browser's. */
  RTCPeerConnection?: unknown
  /** WebSocket class, in Node before version 22: for example of `ws`. Default: the global one. */
  WebSocket?: unknown
}

export type Mode = "stun" | "turn" | "undecided"
export type Path = "direct" | "relay"
export type Connectivity = "new" | "checking" | "connected" | "disconnected" | "failed"

export interface IceServer {
  urls: string[]
  username?: string
  credential?: string
}

export interface Nat {
  mapping?: "endpoint-independent" | "address-dependent" | "address-and-port-dependent"
  filtering?: "endpoint-independent" | "address-dependent" | "address-and-port-dependent"
  udpBlocked?: boolean
}

export interface Stats {
  state: Connectivity
  path: Path | null
  roundTripMilliseconds: number | null
  bytesSent: number
  bytesReceived: number
}

/** Events: the types of messages of docs/reference/signaling.md, and `reconnecting`, `closed`, `refused`; the message is in `detail`. */
export declare class Signaling extends EventTarget {
  /** Sends a numbered message and returns its number. */
  send(message: { type: string; [member: string]: unknown }): number
  /** Asks for fresh ICE servers; they come as a `relays` event. */
  askRelays(): void
  /** Ends the connection; the endpoint may join again. */
  close(): void
}

/**
 * Events, each with a `detail`: `hello`, `presence`, `decision`, `migrate`, `state`, `nat`, `peerconnection` (a new RTCPeerConnection, in place
 * of the one before if any: add tracks and channels here), `connectivity`, `stats` (five times a second), `reconnecting`, `error`, `bye`, `ended`.
 */
export declare class Session extends EventTarget {
  readonly signaling: Signaling
  /** This endpoint's name; null before the platform has said hello. */
  readonly endpoint: string | null
  /** The peer connection; null until the other endpoint is there. */
  readonly connection: RTCPeerConnection | null
  /** Resolves once media can flow for the first time. */
  readonly connected: Promise<RTCPeerConnection>
  readonly mode: Mode
  /** Why the platform decided so, in a sentence. */
  readonly reason: string
  readonly path: Path | null
  readonly nat: Nat | null
  /** Leaves for good. */
  leave(reason?: string): void
}

/** Joins a session; resolves when the platform has said hello. */
export declare function join(options: JoinOptions): Promise<Session>

/** Finds out how the NAT in front of this endpoint maps. */
export declare function probeNat(iceServers: IceServer[], options?: Partial<JoinOptions>): Promise<Nat>

/** Judges reflexive addresses of one socket as several servers see them. */
export declare function judgeMappings(seen: Array<{ relatedPort: number; address: string; port: number }>, servers: number): Nat

/** Measures the time to each region's gateway; nearest first. */
export declare function measureRegions(regions: Array<{ name: string; url: string }>, rounds?: number): Promise<Array<{ name: string; url: string; milliseconds: number }>>

/** Reads a candidate attribute (RFC 8839 §5.1). */
export declare function parseCandidate(text: string): {
  protocol: string
  address: string
  port: number
  type?: string
  relatedAddress?: string
  relatedPort: number
} | null
