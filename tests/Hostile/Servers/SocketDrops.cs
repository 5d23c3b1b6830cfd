using System.Globalization;

namespace NetDiscovery.Hostile.Servers;

/// <summary>Datagrams that the kernel dropped because a UDP socket's buffer was full.</summary>
internal static class SocketDrops
{
    /// <summary>All drops at sockets on a local port, in this network namespace.</summary>
    public static long At(int port)
    {
        long sum = 0;
        foreach (var line in File.ReadLines("/proc/net/udp").Skip(1))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (int.Parse(fields[1].AsSpan(fields[1].IndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture) == port)
            {
                sum += long.Parse(fields[^1], CultureInfo.InvariantCulture);
            }
        }

        return sum;
    }
}
