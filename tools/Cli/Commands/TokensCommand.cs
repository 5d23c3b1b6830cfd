using System.CommandLine;
using NetDiscovery.Cli.Output;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Cli.Commands;

/// <summary><c>tokens</c>: credentials for STUN and TURN.</summary>
internal static class TokensCommand
{
    /// <summary>The command and those under it.</summary>
    public static Command Create(Globals globals) => new("tokens", "Credentials for STUN and TURN") { Mint(globals), Revoke(globals) };

    private static Command Mint(Globals globals)
    {
        var tenant = Arguments.ForTenant();
        var ttl = new Option<int?>("--ttl") { Description = "Lifetime in seconds", HelpName = "seconds" };
        var label = new Option<string?>("--label") { Description = "A tag: usage is kept apart by it, and it can be revoked" };
        var region = new Option<string?>("--region") { Description = "The region of the relays" };
        var peers = new Option<string[]>("--peer") { Description = "Peers it may reach, as address blocks; may be repeated", HelpName = "cidr", DefaultValueFactory = static _ => [] };
        var allocations = new Option<int?>("--max-allocations") { Description = "Allocations alive at once" };
        var bits = new Option<long?>("--bits-per-second") { Description = "For each allocation and direction" };
        var source = new Option<string?>("--source") { Description = "The only address or block a client may come from", HelpName = "cidr" };
        var command = new Command("mint", "Mint a token") { tenant, ttl, label, region, peers, allocations, bits, source };
        return globals.Action(command, async context =>
        {
            var named = context.Get(peers) ?? [];
            var scopes = new TokenScopes
            {
                Peers = named.Length == 0 ? null : named, MaxAllocations = context.Get(allocations), BitsPerSecond = context.Get(bits), SourceAddress = context.Get(source),
            };
            var token = await context.Client.Tokens.CreateAsync(
                new TokenRequest { TtlSeconds = context.Get(ttl), Label = context.Get(label), Region = context.Get(region), Scopes = scopes == new TokenScopes() ? null : scopes },
                context.Get(tenant), context.Cancellation);
            context.Printer.Item(
                token, new("TOKEN", static made => made.Id), new("USERNAME", static made => made.Username), new("CREDENTIAL", static made => made.Credential),
                new("EXPIRES", static made => Quantity.Time(made.ExpiresAt)), new("REGION", static made => $"{made.Region}: {made.RegionReason}"),
                new("URLS", static made => string.Join(' ', made.IceServers.SelectMany(static server => server.Urls))));
        });
    }

    private static Command Revoke(Globals globals)
    {
        var token = new Argument<string?>("token") { Description = "TK and 32 hexadecimal digits", Arity = ArgumentArity.ZeroOrOne };
        var label = new Option<string?>("--label") { Description = "Every token minted with this label up to now" };
        var tenant = Arguments.ForTenant();
        return globals.Action(new Command("revoke", "Revoke a token or a label everywhere; live allocations end") { token, label, tenant }, async context =>
        {
            switch (context.Find(token), context.Get(label))
            {
                case ({ } id, null):
                    await context.Client.Tokens.RevokeAsync(id, context.Get(tenant), context.Cancellation);
                    context.Printer.Done($"{id} is revoked.", new { id, revoked = true });
                    break;
                case (null, { } tag):
                    await context.Client.Tokens.RevokeLabelAsync(tag, context.Get(tenant), context.Cancellation);
                    context.Printer.Done($"All tokens labelled '{tag}' are revoked.", new { label = tag, revoked = true });
                    break;
                default:
                    throw new UsageException("Name either a token or a --label.");
            }
        });
    }
}
