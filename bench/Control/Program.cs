// A relay's control link without the relay: its journal, its reporter and its connection to the cluster. Driven by lines on standard input, each answered by
// a line of JSON; bench/harness/lives.py is who asks.
//   lives RATE WARM SECONDS   so many allocations opened each second, each with a permission, a channel and an end, and what that took
//   hold COUNT                opens so many, each with a permission and a channel, and keeps them
//   collect PID               has the .NET process PID collect its garbage
//   release                   ends those kept
//   fleet RELAYS TENANTS      so many relays, each with a connection of its own and signs of life, in place of those there were; what follows is asked of them
//   idle SECONDS              what their signs of life take
//   churn RATE WARM SECONDS   so many allocations opened each second at each of them
//   usage COUNT WARM SECONDS  so many allocations at each of them that live and relay
//   row                       bytes of an allocation in the database
// Arguments: the settings of a relay, and --process NAME=PID for each process whose processor time, and that of its children, is told of.
// With the one argument `postgres` it is a PostgreSQL server of its own, until its standard input ends.
using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.Globalization;
using System.Text.Json;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Extensions.Logging.Abstractions;
using NetDiscovery.Control.Bench;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.ServiceDefaults;
using NetDiscovery.TestKit;

if (args is ["postgres"])
{
    await using var server = new PostgresServer();
    Tell(new { connection = await server.CreateDatabaseAsync(), pid = server.ProcessId });
    while (await Console.In.ReadLineAsync() is not null)
    {
        // Until whoever started it is gone.
    }

    return;
}

var processes = args.SkipWhile(argument => argument != "--process").Where(argument => argument != "--process").Select(pair => pair.Split('='))
    .ToDictionary(pair => pair[0], pair => int.Parse(pair[1], CultureInfo.InvariantCulture));
string[] settings = [.. args.TakeWhile(argument => argument != "--process")];
var builder = HostRunner.CreateBuilder(settings);
builder.AddServiceDefaults("netdiscovery-control-bench");
builder.AddOrleansConnection();
builder.Logging.ClearProviders().AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
builder.WebHost.UseUrls("http://127.0.0.1:0");
await using var app = builder.Build();
await app.StartAsync();

var folder = Directory.CreateTempSubdirectory("bench-control-").FullName;
var identity = new RelayIdentity("bench-control", builder.Configuration.RegionName(), Guid.NewGuid());
var memory = Memory.NewFolder();
using var journal = AllocationJournal.Open(memory, identity.Id, 1_024, TimeProvider.System, folder);
var cluster = new CountingCluster(new OrleansCluster(app.Services.GetRequiredService<IGrainFactory>(), identity));
var reporter = new AllocationReporter(cluster, identity, journal, new ControlPlanePacing(), TimeSpan.FromSeconds(new RelayOptions().UsageReportSeconds), TimeProvider.System, NullLogger<AllocationReporter>.Instance);
using var stopping = new CancellationTokenSource();
var reporting = reporter.RunAsync(stopping.Token);
var lives = new Lives(reporter, journal, Lives.CredentialsOf(16));
var held = new List<AllocationReport>();
await using var fleet = settings.Any(setting => setting.StartsWith("--ConnectionStrings:Storage=", StringComparison.Ordinal)) ? new Fleet(settings, Others) : null;
Tell(new { ready = true });
while (await Console.In.ReadLineAsync() is { } line)
{
    var words = line.Split(' ');
    switch (words[0])
    {
        case "lives":
            Tell(await LivesAsync(int.Parse(words[1], CultureInfo.InvariantCulture), Seconds(words[2]), Seconds(words[3])));
            break;
        case "hold":
            Tell(await HoldAsync(int.Parse(words[1], CultureInfo.InvariantCulture)));
            break;
        case "collect":
            Collect(int.Parse(words[1], CultureInfo.InvariantCulture));
            Tell(new { collected = true });
            break;
        case "fleet":
            Tell(await fleet!.StartAsync(int.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture)));
            break;
        case "idle":
            Tell(await fleet!.IdleAsync(Seconds(words[1])));
            break;
        case "churn":
            Tell(await fleet!.ChurnAsync(int.Parse(words[1], CultureInfo.InvariantCulture), Seconds(words[2]), Seconds(words[3])));
            break;
        case "usage":
            Tell(await fleet!.UsageAsync(int.Parse(words[1], CultureInfo.InvariantCulture), Seconds(words[2]), Seconds(words[3])));
            break;
        case "row":
            Tell(await fleet!.RowBytesAsync());
            break;
        case "release":
            held.ForEach(Lives.Close);
            await DrainedAsync(0);
            held.Clear();
            Tell(new { released = true });
            break;
    }
}

await stopping.CancelAsync();
await reporting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
await app.StopAsync();
journal.Dispose();
Directory.Delete(memory, recursive: true);
Directory.Delete(folder, recursive: true);

async Task<object> LivesAsync(int rate, TimeSpan warm, TimeSpan measured)
{
    using var enough = new CancellationTokenSource();
    // A thread of its own, as a relay's data path has: what it takes is not the link's.
    var running = Task.Factory.StartNew(() => lives.Run(rate, enough.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    await Task.Delay(warm);
    cluster.TakeTimes();
    var (own, workers, others, began) = (Environment.CpuUsage.TotalTime, lives.ProcessorSeconds, Others(), Stopwatch.GetTimestamp());
    var (closed, events, failures, unconfirmed) = (cluster.Closed, cluster.Events, cluster.Failures, reporter.Unconfirmed);
    await Task.Delay(measured);
    var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
    var worker = (lives.ProcessorSeconds - workers) / seconds;
    var link = ((Environment.CpuUsage.TotalTime - own).TotalSeconds / seconds) - worker;
    var cores = Others().ToDictionary(pair => pair.Key, pair => (pair.Value - others[pair.Key]) / seconds);
    var times = cluster.TakeTimes();
    var figures = new
    {
        perSecond = (cluster.Closed - closed) / seconds, eventsPerSecond = (cluster.Events - events) / seconds, failures = cluster.Failures - failures,
        backlog = reporter.Unconfirmed - unconfirmed, linkCores = link, workerCores = worker, cores, p50Ms = At(times, 0.5), p99Ms = At(times, 0.99),
    };
    await enough.CancelAsync();
    await running;
    await DrainedAsync(held.Count);
    return figures;
}

async Task<object> HoldAsync(int count)
{
    var (before, began) = (cluster.Events, Stopwatch.GetTimestamp());
    for (var i = 0; i < count; i++)
    {
        held.Add(lives.Hold());

        // No faster than the silo takes them, as no relay is.
        while (((i + 1) * 3L) - (cluster.Events - before) > 30_000)
        {
            await Task.Delay(1);
        }
    }

    while (cluster.Events - before < count * 3L)
    {
        await Task.Delay(10);
    }

    return new { held = held.Count, seconds = Stopwatch.GetElapsedTime(began).TotalSeconds };
}

async Task DrainedAsync(int left)
{
    for (var limit = Stopwatch.StartNew(); reporter.Unconfirmed > left; await Task.Delay(20))
    {
        if (limit.Elapsed > TimeSpan.FromMinutes(3))
        {
            throw new TimeoutException($"{reporter.Unconfirmed - left} allocations were never confirmed.");
        }
    }
}

Dictionary<string, double> Others() => processes.ToDictionary(pair => pair.Key, pair => ProcessorTime.Of(pair.Value));

static void Collect(int process)
{
    // A session with this keyword begins with a collection of all generations: what dotnet-gcdump does.
    const long CollectHeap = 0x80_0000;
    using var session = new DiagnosticsClient(process).StartEventPipeSession(
        new EventPipeProvider("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, CollectHeap), requestRundown: false);
    session.Stop();
}

static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture));

static double At(double[] sorted, double quantile) => sorted.Length == 0 ? 0 : sorted[(int)Math.Min(sorted.Length - 1, Math.Ceiling(quantile * sorted.Length) - 1)];

static void Tell(object answer)
{
    Console.WriteLine(JsonSerializer.Serialize(answer));
    Console.Out.Flush();
}
