using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Standalone.Hosting;

/// <summary>Tells the person who started the platform where it listens, and, once, the secrets of the first start.</summary>
public sealed class StartMessage(
    IServer server, IOptions<RelayOptions> relay, OperatorKeyFile operatorKey, FirstTenant firstTenant, StartOutput output) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        await firstTenant.EnsureAsync();
        var gateway = server.Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var text = output.Writer;
        await text.WriteLineAsync($"""

            NetDiscovery is up.
              console      {gateway}
              HTTP API     {gateway}/v1   (documentation: {gateway}/docs)
              STUN/TURN    {string.Join(", ", relay.Value.ListenAddresses)} port {relay.Value.Port} over UDP and TCP
            """);
        if (operatorKey.MadeNow)
        {
            await text.WriteLineAsync($"  operator key {operatorKey.Key}   (shown once; kept in the data folder)");
        }

        if (firstTenant.Credentials is { } tenant)
        {
            await text.WriteLineAsync($"""
                  first tenant {tenant.Id}
                  auth token   {tenant.AuthToken}   (shown once; only its hash is stored)

                Try it:
                  curl -u {tenant.Id}:{tenant.AuthToken} -H 'Content-Type: application/json' -d '{"{}"}' {gateway}/v1/tokens
                """);
        }

        await text.WriteLineAsync();
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Where <see cref="StartMessage"/> writes.</summary>
/// <param name="Writer">Standard output, or nothing for a private instance.</param>
public sealed record StartOutput(TextWriter Writer);
