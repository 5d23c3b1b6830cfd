using System.Net.Sockets;

namespace NetDiscovery.Relay.Handover;

/// <summary>The running relay's side: lets a successor wait for it, and hands it the sockets.</summary>
internal sealed partial class SuccessorWatch : IDisposable
{
    /// <summary>What a successor hears that may wait.</summary>
    public const string Welcome = "wait";

    private static readonly TimeSpan HelloLimit = TimeSpan.FromSeconds(60);

    private readonly HandoverPoint point;
    private readonly Socket listener = HandoverPoint.NewSocket();
    private readonly ILogger logger;
    private readonly Lock gate = new();
    private Socket? successor;
    private bool disposed;

    private SuccessorWatch(HandoverPoint point, ILogger logger)
    {
        this.point = point;
        this.logger = logger;
    }

    /// <summary>True while a successor waits.</summary>
    public bool HasSuccessor
    {
        get
        {
            lock (gate)
            {
                // Readable means closed: a successor says nothing more.
                return successor is not null && !successor.Poll(0, SelectMode.SelectRead);
            }
        }
    }

    /// <summary>Begins to watch; the caller owns the journal, so what an earlier process left in the way may go.</summary>
    /// <returns>Null when the system can't: then a restart is as after a kill.</returns>
    public static SuccessorWatch? TryStart(HandoverPoint point, ILogger logger)
    {
        var watch = new SuccessorWatch(point, logger);
        try
        {
            File.Delete(point.Path);
            watch.listener.Bind(new UnixDomainSocketEndPoint(point.Path));
            watch.listener.Listen(1);
            new Thread(watch.Run) { IsBackground = true, Name = "handover" }.Start();
            return watch;
        }
        catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException)
        {
            watch.LogNoHandover(exception.Message);
            watch.Dispose();
            return null;
        }
    }

    /// <summary>Gives the successor all sockets. The caller reads from them no more, and has closed the journal.</summary>
    /// <exception cref="IOException">The successor is gone.</exception>
    public void HandOver(IReadOnlyList<HandedSocket> sockets)
    {
        // Its file goes with it: the successor makes its own.
        listener.Dispose();
        DescriptorMessages.Send(successor!, sockets);
        LogHandedOver(sockets.Count);
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            successor?.Dispose();
            successor = null;
        }

        listener.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            Socket connection;
            try
            {
                connection = listener.Accept();
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return;
            }

            try
            {
                connection.ReceiveTimeout = (int)HelloLimit.TotalMilliseconds;
                var shape = HandoverPoint.Hear(connection);
                if (shape != point.Shape)
                {
                    HandoverPoint.Say(connection, $"The running relay is '{point.Shape}', the new one '{shape}': version, workers and listeners must be the same.");
                    connection.Dispose();
                    continue;
                }

                HandoverPoint.Say(connection, Welcome);
            }
            catch (SocketException)
            {
                connection.Dispose();
                continue;
            }

            lock (gate)
            {
                successor?.Dispose();
                successor = disposed ? null : connection;
            }

            LogWaits();
        }
    }

    [LoggerMessage(1291, LogLevel.Information, "A successor waits: when this relay is stopped (SIGTERM) it goes on there")]
    private partial void LogWaits();

    [LoggerMessage(1292, LogLevel.Information, "{Count} sockets were handed over to the successor")]
    private partial void LogHandedOver(int count);

    [LoggerMessage(1293, LogLevel.Warning, "This relay can't be taken over while it runs: {Problem}. A restart has a gap")]
    private partial void LogNoHandover(string problem);
}
