using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace NetDiscovery.EndToEnd;

/// <summary>One of the product's executables as a child process.</summary>
internal sealed partial class HostProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HostProcess(string name, IEnumerable<string> arguments, string? workingDirectory, string? networkNamespace)
    {
        Name = name;
        string[] command = [.. networkNamespace is null ? [] : (string[])["ip", "netns", "exec", networkNamespace], "dotnet", Path.Combine(AppContext.BaseDirectory, $"{name}.dll"), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? Path.GetTempPath(),
        };
        start.Environment["DOTNET_TieredPGO"] = "0";
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.Exited += (_, _) => Signal();
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int Id => _process.Id;

    public string Output
    {
        get
        {
            lock (_gate)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts it; in a network namespace of <c>ip netns</c>, if one is named.</summary>
    public static HostProcess Start(string name, IEnumerable<string> arguments, string? workingDirectory = null, string? networkNamespace = null) =>
        new(name, arguments, workingDirectory, networkNamespace);

    /// <summary>Runs to its end and returns exit code and output.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string name, IEnumerable<string> arguments, TimeSpan limit, string? workingDirectory = null)
    {
        await using var host = Start(name, arguments, workingDirectory);
        var exitCode = await host.ExitedAsync(limit);
        return (exitCode, host.Output);
    }

    /// <summary>Waits until <paramref name="text"/> was printed; returns all output so far.</summary>
    public async Task<string> WaitForAsync(string text, TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit);
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                var output = _output.ToString();
                if (output.Contains(text, StringComparison.Ordinal))
                {
                    return output;
                }

                changed = _changed.Task;
            }

            if (_process.HasExited)
            {
                throw new InvalidOperationException($"{Name} exited with {_process.ExitCode} before printing '{text}':\n{Output}");
            }

            try
            {
                await changed.WaitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{Name} did not print '{text}' within {limit.TotalSeconds} s:\n{Output}");
            }
        }
    }

    public async Task<int> ExitedAsync(TimeSpan? limit = null)
    {
        using var timeout = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(120));
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{Name} did not exit:\n{Output}");
        }

        return _process.ExitCode;
    }

    public void Kill() => _process.Kill();

    public void Terminate() => SendSignal(_process.Id, SigTerm);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int processId, int signal);

    private void Append(string? line)
    {
        if (line is not null)
        {
            lock (_gate)
            {
                _output.AppendLine(line);
            }

            Signal();
        }
    }

    private void Signal()
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }
}
