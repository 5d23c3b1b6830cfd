namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>What a run found, for whoever reads the test's output, and for <c>tests/Chaos/run</c>, which prints it.</summary>
internal static class ChaosReport
{
    public static void Write(string text)
    {
        TestContext.Current.TestOutputHelper?.Write(text.EndsWith('\n') ? text : text + "\n");
        if (Environment.GetEnvironmentVariable("CHAOS_REPORT") is { Length: > 0 } path)
        {
            File.AppendAllText(path, text.EndsWith('\n') ? text : text + "\n");
        }
    }
}
