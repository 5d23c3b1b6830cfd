using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners.Tls;

namespace NetDiscovery.Relay.Listeners;

/// <summary>STUN and TURN over TCP, or over TLS, on one address. Connections are dealt to the workers in turn.</summary>
internal sealed partial class TcpListener : IDisposable
{
    private const int Backlog = 1024;
    private static readonly TimeSpan PauseWhenExhausted = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<StreamConnection, bool> open = new();
    private readonly Socket socket;
    private readonly ImmutableArray<Worker> workers;
    private readonly ConnectionLimits limits;
    private readonly TlsHandshakes? tls;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private volatile bool disposed;
    private int next;

    /// <exception cref="SocketException">The address can't be bound.</exception>
    public TcpListener(in TransportAddress local, ImmutableArray<Worker> workers, ConnectionLimits limits, TimeProvider time, ILogger logger, TlsHandshakes? tls = null)
    {
        this.tls = tls;
        this.workers = workers;
        this.limits = limits;
        this.time = time;
        this.logger = logger;
        var endPoint = local.ToIPEndPoint();
        socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            socket.Bind(endPoint);
            socket.Listen(Backlog);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Begins to accept.</summary>
    public void Start()
    {
        using (ExecutionContext.SuppressFlow())
        {
            _ = AcceptAsync();
        }
    }

    /// <summary>Ends accepting and every connection accepted here.</summary>
    public void Dispose()
    {
        disposed = true;
        socket.Dispose();
        foreach (var connection in open.Keys)
        {
            connection.End();
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                Serve(await socket.AcceptAsync().ConfigureAwait(false));
            }
            catch (SocketException exception) when (exception.SocketErrorCode is not SocketError.OperationAborted and not SocketError.Interrupted)
            {
                // Out of descriptors, or a client that left before it was accepted.
                LogAcceptFailed(exception.SocketErrorCode);
                await Task.Delay(PauseWhenExhausted, time).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Serve(Socket accepted)
    {
        if (accepted.RemoteEndPoint is not IPEndPoint remote || accepted.LocalEndPoint is not IPEndPoint local)
        {
            accepted.Dispose();
            return;
        }

        var tuple = new FiveTuple(TransportAddress.From(remote), TransportAddress.From(local), tls is null ? Transport.Tcp : Transport.Tls);
        var worker = workers[(int)((uint)next++ % (uint)workers.Length)];
        if (limits.TryOpen(tuple.Client) is { } limit)
        {
            worker.Services.Metrics.ConnectionRefused(limit);
            worker.Services.Clients.ConnectionRefused(tuple.Client, limit);
            accepted.Dispose();
            return;
        }

        accepted.NoDelay = true;

        // A handshake computes for longer than datagrams may wait.
        var stream = tls is null ? worker.Path.Carry(accepted) : new NetworkStream(accepted, ownsSocket: true);
        _ = ServeAsync(worker, accepted, stream, tuple);
    }

    private async Task ServeAsync(Worker worker, Socket socket, Stream stream, FiveTuple tuple)
    {
        RecordGatherer? records = null;
        try
        {
            if (tls is not null)
            {
                records = new RecordGatherer(stream);
                stream = await tls.AcceptAsync(records, tuple.Client).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            worker.Services.Clients.HandshakeFailed(tuple.Client, exception);
            limits.Close(tuple.Client);
            return;
        }

        var connection = new StreamConnection(worker, socket, stream, tuple, limits, records);
        open.TryAdd(connection, true);
        if (disposed)
        {
            connection.End();
        }

        try
        {
            await connection.RunAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogConnectionFault(exception);
        }

        open.TryRemove(connection, out _);
    }

    [LoggerMessage(1302, LogLevel.Error, "A connection ended because of an error in the relay")]
    private partial void LogConnectionFault(Exception exception);

    [LoggerMessage(1301, LogLevel.Debug, "A TCP connection could not be accepted: {Error}")]
    private partial void LogAcceptFailed(SocketError error);
}
