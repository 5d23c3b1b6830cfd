namespace NetDiscovery.Gateway.Problems;

/// <summary>The catalogue of all problems the API answers with (docs/reference/errors.md).</summary>
public static class ProblemCodes
{
    public static readonly ProblemCode MalformedJson = new(
        "malformed_json", 400, "The body is not JSON", "Send one JSON object in UTF-8, without comments, trailing commas or repeated members.");

    public static readonly ProblemCode ValidationFailed = new(
        "validation_failed", 400, "Some fields are not acceptable", "Correct every field named in 'errors' and send the request again.");

    public static readonly ProblemCode TtlOutOfRange = new(
        "ttl_out_of_range", 400, "The lifetime is out of range", "Ask for a lifetime within the bounds given, or change tokenTtlSeconds of the discovery configuration.");

    public static readonly ProblemCode TenantRequired = new(
        "tenant_required", 400, "The request names no tenant", "An operator acts for a tenant: add ?tenant=AC… to the request.");

    public static readonly ProblemCode BadRequest = new(
        "bad_request", 400, "The request can't be understood", "Compare the request with the API description at /openapi/v1.json.");

    public static readonly ProblemCode Unauthenticated = new(
        "unauthenticated", 401, "Credentials are missing or wrong", "Send 'Authorization: Basic' with AC…:authToken or SK…:secret, or 'Authorization: Bearer' with an API key (SK….secret) or the operator key.");

    public static readonly ProblemCode JoinTokenWrong = new(
        "join_token_wrong", 401, "The join token is missing or wrong", "Offer the subprotocols netdiscovery.v1 and token.<joinToken>, with the join token from the answer that made the session.");

    public static readonly ProblemCode LinkRefused = new(
        "link_refused", 401, "The request does not prove that it comes from another region", "See 'detail'; compare Region:Name, Region:Secrets and the clocks of both regions.");

    public static readonly ProblemCode TenantSuspended = new(
        "tenant_suspended", 403, "The tenant is suspended", "Ask the operator or the parent account to make the tenant active again.");

    public static readonly ProblemCode TenantClosed = new(
        "tenant_closed", 403, "The tenant is closed", "Closed is final: use another tenant.");

    public static readonly ProblemCode SessionDenied = new(
        "session_denied", 403, "The tenant's server denied the session", "See 'detail'; the server at callbacks.decisionUrl, or at the endpoint's URL, decides.");

    public static readonly ProblemCode OperatorRequired = new(
        "operator_required", 403, "Only the operator may do this", "Call with the operator key.");

    public static readonly ProblemCode Forbidden = new(
        "forbidden", 403, "This caller may not do this", "Call with the operator key or as the parent account.");

    public static readonly ProblemCode NotFound = new(
        "not_found", 404, "There is no such resource", "Check the id; resources of other tenants look the same as missing ones.");

    public static readonly ProblemCode MethodNotAllowed = new(
        "method_not_allowed", 405, "The resource has no such method", "Use one of the methods in the Allow header.");

    public static readonly ProblemCode RegionUnavailable = new(
        "region_unavailable", 409, "The region can't be used", "Choose a region that the tenant's discovery configuration allows and /v1/regions lists.");

    public static readonly ProblemCode NestedSubAccount = new(
        "nested_sub_account", 409, "Sub-accounts have no sub-accounts", "Create the sub-account under the top account.");

    public static readonly ProblemCode ClosedIsFinal = new(
        "closed_is_final", 409, "A closed tenant can't be changed", "Create another tenant.");

    public static readonly ProblemCode LimitReached = new(
        "limit_reached", 409, "There are as many of these as there may be", "Remove what is no longer used, or wait until it has expired.");

    public static readonly ProblemCode RequestInProgress = new(
        "request_in_progress", 409, "A request with this Idempotency-Key is being answered", "Repeat the request after Retry-After; it gets the answer of the other.");

    public static readonly ProblemCode SessionEnded = new(
        "session_ended", 410, "The session has ended", "Make a new session.");

    public static readonly ProblemCode VersionConflict = new(
        "version_conflict", 412, "The configuration has changed meanwhile", "Read it again, apply the change to what you read, and send it with the new ETag.");

    public static readonly ProblemCode BodyTooLarge = new(
        "body_too_large", 413, "The body is too large", "Send a smaller body.");

    public static readonly ProblemCode UnsupportedMediaType = new(
        "unsupported_media_type", 415, "The body's media type is not supported", "Send 'Content-Type: application/json'.");

    public static readonly ProblemCode UsernameTaken = new(
        "username_taken", 409, "There is such a credential already", "Choose another username, or remove the credential that has it.");

    public static readonly ProblemCode IdempotencyKeyReused = new(
        "idempotency_key_reused", 422, "The Idempotency-Key was used for another request", "Use a new key for each request that differs; repeat a request unchanged.");

    public static readonly ProblemCode WebSocketRequired = new(
        "websocket_required", 426, "This resource is a WebSocket", "Connect with a WebSocket client (RFC 6455).");

    public static readonly ProblemCode TooManyRequests = new(
        "too_many_requests", 429, "Too many attempts", "Wait as long as Retry-After says.");

    public static readonly ProblemCode RateLimited = new(
        "rate_limited", 429, "Too many requests of this key", "Wait as long as Retry-After says; the header RateLimit tells with each answer what is left.");

    public static readonly ProblemCode InternalError = new(
        "internal_error", 500, "The gateway failed", "Report the traceId; the same request may succeed later.");

    public static readonly ProblemCode NoRelay = new(
        "no_relay", 503, "No relay can take clients now", "Try again after Retry-After, or in another region.");

    public static readonly ProblemCode ClusterUnavailable = new(
        "cluster_unavailable", 503, "The control plane does not answer", "Repeat the request after Retry-After; a request with an Idempotency-Key has one effect however often it is sent.");

    public static readonly ProblemCode StorageUnavailable = new(
        "storage_unavailable", 503, "The change can't be stored now", "Repeat the request after Retry-After; a request with an Idempotency-Key has one effect however often it is sent.");

    public static readonly ProblemCode ControlRegionUnreachable = new(
        "control_region_unreachable", 503, "The change has to be made in another region, which can't be reached",
        "Repeat the request after Retry-After, or send it to a gateway of the region named in 'detail'. What was configured before goes on: tokens, sessions and relaying do not need that region.");

    public static readonly ProblemCode RegionUnreachable = new(
        "region_unreachable", 503, "The region that owns this can't be reached", "Repeat the request after Retry-After, or send it to a gateway of the region named in 'detail'.");

    /// <summary>Every code, in order of status.</summary>
    public static IReadOnlyList<ProblemCode> All { get; } =
    [
        MalformedJson, ValidationFailed, TtlOutOfRange, TenantRequired, BadRequest, Unauthenticated, JoinTokenWrong, LinkRefused, TenantSuspended, TenantClosed, SessionDenied, OperatorRequired,
        Forbidden, NotFound, MethodNotAllowed, RegionUnavailable, NestedSubAccount, ClosedIsFinal, LimitReached, UsernameTaken, RequestInProgress, SessionEnded, VersionConflict, BodyTooLarge, UnsupportedMediaType,
        IdempotencyKeyReused, WebSocketRequired, TooManyRequests, RateLimited, InternalError, NoRelay, ClusterUnavailable, StorageUnavailable,
        ControlRegionUnreachable, RegionUnreachable,
    ];

    /// <summary>The code for a status that was set without a body, by routing or the server.</summary>
    public static ProblemCode ForStatus(int status) => status switch
    {
        401 => Unauthenticated,
        403 => Forbidden,
        404 => NotFound,
        405 => MethodNotAllowed,
        413 => BodyTooLarge,
        415 => UnsupportedMediaType,
        429 => TooManyRequests,
        >= 500 => InternalError,
        _ => BadRequest,
    };
}
