using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;
using NetDiscovery.ServiceDefaults.Clustering;

namespace NetDiscovery.ServiceDefaults;

/// <summary>Runs a host and turns everything that can be wrong at start into a message for a person and an exit code.</summary>
public static class HostRunner
{
    /// <summary>The builder every host starts from.</summary>
    /// <param name="args">Settings of the command line.</param>
    /// <remarks>
    /// <c>appsettings.json</c> is the one beside the program, wherever it is started from. The working folder would be watched for changes,
    /// and the data folder is often in it: each write of the database would wake the watcher.
    /// </remarks>
    public static WebApplicationBuilder CreateBuilder(string[] args) =>
        WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

    /// <summary>Builds and runs; returns when the host has stopped.</summary>
    /// <param name="build">Makes the application, with all its start-up checks.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(Func<Task<WebApplication>> build)
    {
        var stopping = CancellationToken.None;
        try
        {
            await using var app = await build();
            stopping = app.Lifetime.ApplicationStopping;
            await app.RunAsync();
            return ExitCodes.Ok;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Asked to stop while still starting, for example while waiting for the cluster.
            return ExitCodes.Ok;
        }
        catch (Exception exception) when (Explain(exception) is { } problem)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return problem.ExitCode;
        }
    }

    /// <summary>The explanation of a start-up failure, or null when it is none that a person caused.</summary>
    public static StartupException? Explain(Exception exception) => exception switch
    {
        StartupException startup => startup,
        OptionsValidationException options => new StartupException(
            "These settings are wrong:" + string.Concat(options.Failures.Select(failure => $"{Environment.NewLine}  {failure}")), ExitCodes.Settings, options),
        InvalidOperationException { InnerException: FormatException or ArgumentException } binding when binding.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal)
            => new StartupException($"These settings are wrong:{Environment.NewLine}  {binding.Message}", ExitCodes.Settings, binding),
        InvalidDataException data when data.Message.Contains("configuration", StringComparison.OrdinalIgnoreCase)
            => new StartupException($"A configuration file can't be read: {data.Message}", ExitCodes.Settings, data),
        IOException { InnerException: SocketException or Microsoft.AspNetCore.Connections.AddressInUseException } io
            => new StartupException($"{io.Message.TrimEnd('.')}. Stop the process that uses the address, or configure another one."),
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } socket
            => new StartupException($"An address is in use: {socket.Message}. Stop the process that uses it, or configure another one.", ExitCodes.Environment, socket),
        _ when ClusterStoreFailure.Explain(exception) is { } store => store,
        AggregateException aggregate => aggregate.Flatten().InnerExceptions.Select(Explain).Aggregate((StartupException?)null, Merge),
        _ => exception.InnerException is { } inner ? Explain(inner) : null,
    };

    private static StartupException? Merge(StartupException? left, StartupException? right)
    {
        if (left is null || right is null || left.Message == right.Message)
        {
            return left ?? right;
        }

        return new StartupException($"{left.Message}{Environment.NewLine}{right.Message}", Math.Min(left.ExitCode, right.ExitCode));
    }
}
