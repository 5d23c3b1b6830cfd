
namespace NetDiscovery.Relay.Listeners.Dtls;

/// <summary>The socket below and the relay above a <see cref="DtlsAssociations"/> table. All calls come on the worker's thread.</summary>
internal interface IDtlsPort
{
    /// <summary>Sends one datagram; its memory is reused after the call.</summary>
    void Send(in TransportAddress client, ReadOnlySpan<byte> datagram);

    /// <summary>Takes one decrypted STUN or ChannelData message; its memory is reused after the call. May answer through <see cref="DtlsClient.Send"/> at once.</summary>
    void Deliver(DtlsClient client, ReadOnlySpan<byte> message);

    /// <summary>The association of <paramref name="client"/>, once open, has ended: what it allocated ends too.</summary>
    void Ended(DtlsClient client);

    /// <returns>True while <paramref name="client"/> has an allocation: silence does not end its association then.</returns>
    bool HoldsAllocation(DtlsClient client);
}
