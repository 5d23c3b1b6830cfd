using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>A client of the fuzzed relay, and what by the rules of RFC 8656 the relay must hold of it.</summary>
internal sealed class FuzzClient(Transport transport, string address, string server, int credential)
{
    private readonly byte[] lastRequest = new byte[2048];
    private readonly byte[] nonce = new byte[NonceIssuer.Size];
    private readonly Dictionary<TransactionId, (byte[] Response, long Until)> answered = [];
    private int lastRequestLength;
    private DateTimeOffset nonceIssuedAt;

    /// <summary>Its 5-tuple.</summary>
    public FiveTuple Tuple { get; } = new(TransportAddress.Parse(address), TransportAddress.Parse(server), transport);

    /// <summary>The way back to it.</summary>
    public FuzzLeg Leg { get; } = new(transport, TransportAddress.Parse(address));

    /// <summary>The credential it uses unless a step says otherwise.</summary>
    public int Credential => credential;

    /// <summary>The allocation it was told it has.</summary>
    public ModelAllocation? Allocation { get; set; }

    /// <summary>The MOBILITY-TICKET it was told last.</summary>
    public byte[] Ticket { get; set; } = [];

    /// <summary>The last request it sent.</summary>
    public ReadOnlySpan<byte> LastRequest => lastRequest.AsSpan(0, lastRequestLength);

    /// <summary>Writes a good nonce, as a client keeps the one it was told.</summary>
    public void CopyNonce(NonceIssuer nonces, DateTimeOffset now, Span<byte> target)
    {
        if (now != nonceIssuedAt)
        {
            nonces.Write(Tuple.Client, now, SecurityFeatures.PasswordAlgorithms, nonce);
            nonceIssuedAt = now;
        }

        nonce.CopyTo(target);
    }

    /// <summary>Notes a request that, sent again within 40 s (RFC 8489 §6.3.1), gets the same response though the allocation it was about is not here any more.</summary>
    public void Answered(TransactionId request, ReadOnlySpan<byte> response, long now)
    {
        if (!answered.TryGetValue(request, out var before) || before.Until <= now)
        {
            answered[request] = (response.ToArray(), now + 400);
        }
    }

    /// <returns>The response such a request must get.</returns>
    public bool TryRecall(TransactionId request, long now, out byte[] response)
    {
        (response, var until) = answered.GetValueOrDefault(request, ([], 0));
        return until > now;
    }

    /// <summary>Begins anew.</summary>
    public void Forget()
    {
        Allocation = null;
        Ticket = [];
        answered.Clear();
        lastRequestLength = 0;
    }

    /// <summary>Keeps a request for being sent again.</summary>
    public void Remember(ReadOnlySpan<byte> request)
    {
        lastRequestLength = Math.Min(request.Length, lastRequest.Length);
        request[..lastRequestLength].CopyTo(lastRequest);
    }
}
