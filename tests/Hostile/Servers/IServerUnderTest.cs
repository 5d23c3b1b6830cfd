using System.Net;

namespace NetDiscovery.Hostile.Servers;

/// <summary>A TURN server as a process of its own.</summary>
internal interface IServerUnderTest : IAsyncDisposable
{
    /// <summary>As the report names it.</summary>
    string Name { get; }

    /// <summary>The process whose memory and time count.</summary>
    int ProcessId { get; }

    /// <summary>UDP and TCP.</summary>
    IPEndPoint EndPoint { get; }

    /// <summary>Credentials of the legitimate clients.</summary>
    string Username { get; }

    /// <inheritdoc cref="Username"/>
    string Password { get; }
}
