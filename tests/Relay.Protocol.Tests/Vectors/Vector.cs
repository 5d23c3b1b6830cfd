namespace NetDiscovery.Relay.Protocol.Tests.Vectors;

/// <summary>Reads the vector files beside the test assembly: hexadecimal bytes, <c>#</c> begins a comment that names the source.</summary>
internal static class Vector
{
    public static readonly string[] Names =
    [
        "rfc5769-request", "rfc5769-response-ipv4", "rfc5769-response-ipv6", "rfc5769-request-long-term", "rfc8489-request-sha256",
    ];

    public static TheoryData<string> All => [.. Names];

    public static byte[] Load(string name) =>
        Convert.FromHexString(string.Concat(Lines(name + ".hex").SelectMany(l => l.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries))));

    public static IEnumerable<string[]> LoadCsv(string name) => Lines(name).Where(l => !l.StartsWith('#')).Select(l => l.Split(','));

    private static string[] Lines(string file) => File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Vectors", file));
}
