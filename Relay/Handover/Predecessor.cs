using System.Globalization;
using System.Net.Sockets;
using NetDiscovery.Relay.Listeners.Linux;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Handover;

/// <summary>The new process's side: waits until the running relay of the same id stops, or dies, and takes up its sockets.</summary>
/// <param name="process">The running relay's process; 0 = there was none, or it can't be seen from here.</param>
/// <param name="sockets">What it handed over; none when it died.</param>
internal sealed partial class Predecessor(int process, InheritedSockets sockets)
{
    private static readonly TimeSpan GoneLimit = TimeSpan.FromSeconds(20);

    /// <summary>What it handed over, until taken up.</summary>
    public InheritedSockets Sockets => sockets;

    /// <summary>There was nobody.</summary>
    public static Predecessor None { get; } = new(0, new InheritedSockets([]));

    /// <summary>Waits for as long as the running relay runs; returns at once when there is none.</summary>
    /// <exception cref="StartupException">The running relay has other listeners or workers.</exception>
    public static Predecessor Await(HandoverPoint point, ILogger logger)
    {
        using var connection = HandoverPoint.NewSocket();
        try
        {
            connection.Connect(new UnixDomainSocketEndPoint(point.Path));
            WarmUp.Run();
            HandoverPoint.Say(connection, point.Shape);
            var answer = HandoverPoint.Hear(connection);
            if (answer.Length > 0 && answer != SuccessorWatch.Welcome)
            {
                throw new StartupException($"This relay can't take over from the running one. {answer} Stop the running relay first.");
            }
        }
        catch (SocketException)
        {
            return None;
        }

        var process = LibC.PeerProcess((int)connection.Handle);
        LogWaiting(logger, process);
        var sockets = new List<HandedSocket>();
        if (!DescriptorMessages.Receive(connection, sockets))
        {
            // It died, or stopped and had no time. What it held is free when it is gone.
            WaitUntilGone(process);
        }

        LogTakesOver(logger, process, sockets.Count);
        return new Predecessor(process, new InheritedSockets(sockets));
    }

    /// <summary>Waits until the process has ended, and with it all that it still held.</summary>
    public async Task GoneAsync(TimeProvider time)
    {
        for (var start = time.GetTimestamp(); IsThere(process) && time.GetElapsedTime(start) < GoneLimit;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), time);
        }
    }

    private static void WaitUntilGone(int process) => new Predecessor(process, new InheritedSockets([])).GoneAsync(TimeProvider.System).GetAwaiter().GetResult();

    // A process that has ended and waits for its parent (state Z) holds nothing any more.
    private static bool IsThere(int process)
    {
        if (process <= 0)
        {
            return false;
        }

        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            return stat[stat.LastIndexOf(')')..] is not [_, _, 'Z' or 'X', ..];
        }
        catch (IOException)
        {
            return false;
        }
    }

    [LoggerMessage(1294, LogLevel.Information, "Waits to take over from process {ProcessId}: stop that with SIGTERM")]
    private static partial void LogWaiting(ILogger logger, int processId);

    [LoggerMessage(1295, LogLevel.Information, "Takes over from process {ProcessId} with {Sockets} sockets")]
    private static partial void LogTakesOver(ILogger logger, int processId, int sockets);
}
