using System.Net;
using System.Runtime.CompilerServices;
using NetDiscovery.Client;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Cli.Doctor;

/// <summary>All checks, one after the other, each only where those before it leave something to check.</summary>
internal sealed class Examination(NetDiscoveryClient client, HttpClient gateway, ExaminationOptions options, TimeProvider time)
{
    private const int TokenSeconds = 300;
    private readonly Dictionary<string, IPAddress?> addresses = [];

    /// <summary>Runs the checks.</summary>
    /// <param name="starting">Told what is looked at next.</param>
    /// <param name="cancellation">Ends them.</param>
    public async IAsyncEnumerable<Finding> RunAsync(Action<string> starting, [EnumeratorCancellation] CancellationToken cancellation)
    {
        starting("gateway");
        var isThere = true;
        await foreach (var finding in GatewayCheck.RunAsync(gateway, time, options.Limit, cancellation))
        {
            isThere &= finding is not { Check: "gateway" or "cluster", Outcome: Outcome.Problem };
            yield return finding;
        }

        if (!isThere)
        {
            yield return Finding.Skipped("relays", "Relays can't be looked at without gateway and cluster.", "Mend the problem above, then run doctor again.");
            yield break;
        }

        starting("silos and relays");
        var (relays, seen) = await SeeAsync(cancellation);
        foreach (var finding in seen)
        {
            yield return finding;
        }

        starting("a token");
        var (token, minted) = await MintAsync(cancellation);
        yield return minted;
        if (token is null)
        {
            yield break;
        }

        try
        {
            foreach (var server in Servers(token, relays))
            {
                starting(server.ToString());
                await foreach (var finding in LookAtAsync(server, token, cancellation))
                {
                    yield return finding;
                }
            }
        }
        finally
        {
            await RevokeAsync(token);
        }
    }

    private async Task<(IReadOnlyList<RelayStatus> Relays, IReadOnlyList<Finding> Findings)> SeeAsync(CancellationToken cancellation)
    {
        try
        {
            if (!options.IsOperator)
            {
                return ([], [.. RegionCheck.Regions(await client.Relays.ListRegionsAsync(cancellation))]);
            }

            var services = await client.Relays.ListServicesAsync(cancellation);
            var relays = await client.Relays.ListAsync(cancellation);
            return (relays, [.. RegionCheck.Services(services), .. RegionCheck.Relays(relays)]);
        }
        catch (NetDiscoveryException refusal)
        {
            return ([], [Finding.Problem("relays", refusal.Message, "See that the key is the operator's (Operator:Key of the gateway), or the account's id and secret are right.")]);
        }
    }

    private async Task<(Token? Token, Finding Finding)> MintAsync(CancellationToken cancellation)
    {
        if (options is { IsOperator: true, Tenant: null })
        {
            return (null, Finding.Skipped("token", "No token was minted and no relay was tried: the operator has no quota of its own.", "Name a tenant to try relays with: --tenant AC…"));
        }

        try
        {
            var token = await client.Tokens.CreateAsync(new TokenRequest { TtlSeconds = TokenSeconds, Label = "doctor" }, options.Tenant, cancellation);
            return (token, Finding.Good("token", $"{token.Id} was minted ({token.Region}: {token.RegionReason})."));
        }
        catch (NetDiscoveryException refusal)
        {
            return (null, Finding.Problem("token", $"No token was minted: {refusal.Message}", $"The code is {refusal.Code}: /errors of the gateway says what it means."));
        }
    }

    /// <summary>What the token names, and what the relays announce that take clients; each once, in an order that stays.</summary>
    private IEnumerable<ServerAddress> Servers(Token token, IReadOnlyList<RelayStatus> relays)
    {
        var named = token.IceServers.SelectMany(static server => server.Urls).Where(static url => url.StartsWith("turn", StringComparison.Ordinal)).Select(ServerAddress.FromUri);
        var announced = relays.Where(relay => relay.Healthy && !relay.Draining && (options.Relay is null || relay.Id == options.Relay))
            .SelectMany(static relay => relay.Listeners).Select(ServerAddress.From);
        return (options.Relay is null ? named.Concat(announced) : announced).OfType<ServerAddress>().Distinct();
    }

    private async IAsyncEnumerable<Finding> LookAtAsync(ServerAddress server, Token token, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (!addresses.TryGetValue(server.Host, out var address))
        {
            (var finding, address) = await DnsCheck.RunAsync(server.Host, options.Limit, cancellation);
            addresses[server.Host] = address;
            yield return finding;
        }

        if (address is null)
        {
            yield break;
        }

        foreach (var finding in await new TurnCheck(server, address, token, time, options.Limit).RunAsync(cancellation))
        {
            yield return finding;
        }
    }

    private async Task RevokeAsync(Token token)
    {
        try
        {
            await client.Tokens.RevokeAsync(token.Id, options.Tenant, CancellationToken.None);
        }
        catch (NetDiscoveryException)
        {
            // It ends by itself in five minutes.
        }
    }
}

/// <summary>What is examined.</summary>
/// <param name="IsOperator">The caller may see relays and silos.</param>
/// <param name="Tenant">Acts for this tenant.</param>
/// <param name="Relay">Only this relay's addresses are tried; null = all.</param>
/// <param name="Limit">Longest wait for one answer.</param>
internal sealed record ExaminationOptions(bool IsOperator, string? Tenant, string? Relay, TimeSpan Limit);
