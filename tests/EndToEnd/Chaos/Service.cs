using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>One process of the region, started again whenever it ends, as a service manager does.</summary>
internal sealed class Service : IAsyncDisposable
{
    private readonly Func<HostProcess> _launch;
    private readonly IPEndPoint _health;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Task _supervision;
    private HostProcess _process;
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly ConcurrentQueue<string> _waits = new();
    private Task? _held;
    private (HostProcess Successor, TaskCompletionSource Ended)? _replacement;

    public Service(string name, IPEndPoint health, Func<HostProcess> launch, TimeProvider time)
    {
        Name = name;
        _health = health;
        _launch = launch;
        _time = time;
        _process = launch();
        _supervision = SuperviseAsync();
    }

    public string Name { get; }

    /// <summary>Times it was killed on purpose.</summary>
    public int Kills { get; private set; }

    /// <summary>Of the process that runs now.</summary>
    public string Output => _process.Output;

    /// <summary>Errors that the service told of, in all its processes.</summary>
    public string Errors => string.Concat(_errors) + ErrorsOf(_process);

    /// <summary>What a relay told, in all its processes, of control events that the cluster did not take, and of those it took in the end.</summary>
    public string Waits => string.Concat(_waits) + WaitsOf(_process);

    /// <summary>When the process that runs now was started, in <see cref="Stopwatch"/> ticks; 0 for the first.</summary>
    public long StartedAt { get; private set; }

    /// <summary>SIGTERM; it starts again at once.</summary>
    public async Task RestartAsync()
    {
        var before = StartedAt;
        lock (_gate)
        {
            _held = Task.CompletedTask;
            _process.Terminate();
        }

        for (var limit = Stopwatch.StartNew(); StartedAt == before;)
        {
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(60), $"{Name} does not stop:\n{Output}");
            await Task.Delay(20);
        }
    }

    /// <summary>SIGTERM, or SIGKILL; <paramref name="successor"/>, which runs already, is the service from then on.</summary>
    public async Task ReplaceAsync(HostProcess successor, bool kill = false)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _replacement = (successor, ended);
            if (kill)
            {
                _process.Kill();
            }
            else
            {
                _process.Terminate();
            }
        }

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(60), _time);
    }

    /// <summary>SIGKILL; it does not start again.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _supervision.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Kill();
        await _process.ExitedAsync();
    }

    /// <summary>SIGKILL; it starts again after <paramref name="away"/>.</summary>
    public Task KillAsync(TimeSpan away) => KillAsync(Task.Delay(away, _time));

    /// <summary>SIGKILL; it starts again when <paramref name="away"/> has ended.</summary>
    public async Task KillAsync(Task away)
    {
        lock (_gate)
        {
            _held = away;
            Kills++;
            try
            {
                _process.Kill();
            }
            catch (InvalidOperationException)
            {
                // It has ended by itself and is about to start again.
            }
        }

        await away;
    }

    /// <summary>True when it answers that it can do its work.</summary>
    public async Task<bool> IsReadyAsync()
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            using var response = await client.GetAsync($"http://{_health}/health/ready");
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            // not listening yet
            return false;
        }
    }

    /// <summary>Waits until it answers that it can do its work.</summary>
    public async Task ReadyAsync(TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit);
        while (!await IsReadyAsync())
        {
            Assert.False(timeout.IsCancellationRequested, $"{Name} is not ready after {limit.TotalSeconds} s:\n{Output}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), _time);
        }
    }

    /// <summary>A metric as its process tells it, or why it does not.</summary>
    public async Task<string> MetricAsync(string name)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            var lines = (await client.GetStringAsync($"http://{_health}/metrics")).Split('\n');
            return lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) ?? $"no {name}";
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return $"{name}: {exception.Message}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _supervision.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _process.DisposeAsync();
        _stop.Dispose();
    }

    private static string ErrorsOf(HostProcess process)
    {
        var lines = process.Output.Split('\n');
        return string.Concat(lines.Select((line, i) => (line, i)).Where(found => found.line.Contains(" fail: ", StringComparison.Ordinal) || found.line.Contains(" crit: ", StringComparison.Ordinal))
            .TakeLast(5).Select(found => string.Join('\n', lines.Skip(found.i).Take(15)) + "\n"));
    }

    private static string WaitsOf(HostProcess process) => string.Concat(
        process.Output.Split('\n').Where(line => line.Contains("AllocationReporter[122", StringComparison.Ordinal)).TakeLast(10).Select(line => line + "\n"));

    private async Task SuperviseAsync()
    {
        while (true)
        {
            await _process.ExitedAsync(Timeout.InfiniteTimeSpan).WaitAsync(_stop.Token);
            Task held;
            lock (_gate)
            {
                if (_replacement is var (successor, ended))
                {
                    _replacement = null;
                    _ = _process.DisposeAsync().AsTask();
                    _process = successor;
                    ended.SetResult();
                    continue;
                }

                held = _held ?? Task.Delay(TimeSpan.FromMilliseconds(100), _time, _stop.Token);
                _held = null;
            }

            _errors.Enqueue(ErrorsOf(_process));
            _waits.Enqueue(WaitsOf(_process));
            await held.WaitAsync(_stop.Token);
            await _process.DisposeAsync();
            lock (_gate)
            {
                StartedAt = Stopwatch.GetTimestamp();
                _process = _launch();
            }
        }
    }
}
