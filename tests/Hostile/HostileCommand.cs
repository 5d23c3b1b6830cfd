using NetDiscovery.Hostile.Servers;

namespace NetDiscovery.Hostile;

/// <summary>The run from a command line: each server in turn, then a table.</summary>
internal static class HostileCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (HostileOptions.Parse(args) is not { } options)
        {
            Console.Error.WriteLine("Usage: see the head of tests/Hostile/run");
            return 2;
        }

        var reports = new List<HostileReport>();
        foreach (var name in options.Server == "both" ? new[] { "ours", "coturn" } : [options.Server])
        {
            await using IServerUnderTest server = name == "ours" ? await OurServer.StartAsync() : await CoturnServer.StartAsync();
            reports.Add(await HostileRun.RunAsync(server, options, Console.WriteLine));
            (server as OurServer)?.MemoryLines.ToList().ForEach(Console.WriteLine);
        }

        Console.WriteLine();
        Console.WriteLine(HostileReport.Table(reports));
        var problems = reports.SelectMany(report => report.Problems().Select(problem => (report.Server, problem))).ToList();
        problems.ForEach(found => Console.WriteLine($"{found.Server}: {found.problem}"));
        return problems.Exists(found => found.Server == "ours") ? 1 : 0;
    }
}
