using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>Keeps all log lines of every category at every level.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<string> lines = new();

    /// <summary>All so far, as a console would show them.</summary>
    public string Text => string.Join('\n', lines);

    /// <summary>A factory that writes here, at level Trace.</summary>
    public ILoggerFactory Factory() => LoggerFactory.Create(logging => logging.AddProvider(this).SetMinimumLevel(LogLevel.Trace));

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(LogLines all, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            // The values too, which structured sinks keep beside the text.
            var values = state is IEnumerable<KeyValuePair<string, object?>> pairs ? string.Join(' ', pairs.Select(pair => $"{pair.Key}={pair.Value}")) : "";
            all.lines.Enqueue($"{logLevel} {category} {formatter(state, exception)} | {values} {exception}");
        }
    }
}
