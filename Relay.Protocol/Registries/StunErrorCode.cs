namespace NetDiscovery.Relay.Protocol.Registries;

/// <summary>STUN error codes as IANA lists them: 300 to 699 (RFC 8489 §14.8).</summary>
public enum StunErrorCode : ushort
{
    /// <summary>300 Try Alternate: the client should try the server in ALTERNATE-SERVER (RFC 8489).</summary>
    TryAlternate = 300,

    /// <summary>400 Bad Request: the request was malformed (RFC 8489).</summary>
    BadRequest = 400,

    /// <summary>401 Unauthenticated: credentials are missing or wrong (RFC 8489).</summary>
    Unauthenticated = 401,

    /// <summary>403 Forbidden: valid, but not permitted here (RFC 8656).</summary>
    Forbidden = 403,

    /// <summary>405 Mobility Forbidden: mobility was requested and is not allowed (RFC 8016).</summary>
    MobilityForbidden = 405,

    /// <summary>420 Unknown Attribute: a comprehension-required attribute is not understood (RFC 8489).</summary>
    UnknownAttribute = 420,

    /// <summary>437 Allocation Mismatch: there must be, or must not be, an allocation for this 5-tuple (RFC 8656).</summary>
    AllocationMismatch = 437,

    /// <summary>438 Stale Nonce: retry with the nonce given in the response (RFC 8489).</summary>
    StaleNonce = 438,

    /// <summary>440 Address Family not Supported: the server has no address of that family (RFC 8656).</summary>
    AddressFamilyNotSupported = 440,

    /// <summary>441 Wrong Credentials: not the credentials the allocation was made with (RFC 8656).</summary>
    WrongCredentials = 441,

    /// <summary>442 Unsupported Transport Protocol: REQUESTED-TRANSPORT names another protocol (RFC 8656).</summary>
    UnsupportedTransportProtocol = 442,

    /// <summary>443 Peer Address Family Mismatch: the peer is of another family than the relayed address (RFC 8656).</summary>
    PeerAddressFamilyMismatch = 443,

    /// <summary>446 Connection Already Exists: there is a connection to that peer already (RFC 6062).</summary>
    ConnectionAlreadyExists = 446,

    /// <summary>447 Connection Timeout or Failure: the peer did not accept the connection (RFC 6062).</summary>
    ConnectionTimeoutOrFailure = 447,

    /// <summary>486 Allocation Quota Reached: no more allocations with these credentials now (RFC 8656).</summary>
    AllocationQuotaReached = 486,

    /// <summary>487 Role Conflict: both agents took the same ICE role (RFC 8445).</summary>
    RoleConflict = 487,

    /// <summary>500 Server Error: a temporary fault; try again (RFC 8489).</summary>
    ServerError = 500,

    /// <summary>508 Insufficient Capacity: no relayed port or bandwidth is left (RFC 8656).</summary>
    InsufficientCapacity = 508,
}
