using System.Collections.Immutable;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>The rules of a discovery configuration; grains and relays rely on them.</summary>
public sealed class DiscoveryValidator : IBodyRules<DiscoveryConfiguration>
{
    private const int MaxTtlSeconds = 172_800;
    private const int MaxRegions = 100;
    private const int MaxPeerBlocks = 64;
    private const int MaxEndpoints = 100;
    private const int MaxUrlLength = 2048;

    private static readonly string[] Transports = ["udp", "tcp", "tls", "dtls"];
    private static readonly string[] Decisions = ["prefer-direct", "relay-only", "direct"];
    private static readonly string[] OnQuota = ["refuse", "notify"];
    private static readonly string[] OnDecisionTimeout = ["allow", "deny", "relay"];

    /// <inheritdoc/>
    public DiscoveryConfiguration Check(DiscoveryConfiguration body, FieldErrors errors)
    {
        CheckTtl(body.TokenTtlSeconds, errors);
        CheckList("regions", body.Regions, MaxRegions, region => RegionName.IsValid(region), "must be a region name: a-z, 0-9 and -, starting with a letter, at most 32", errors);
        CheckList("transports", body.Transports, Transports.Length, Transports.Contains, "must be one of udp, tcp, tls, dtls", errors);
        if (body.Transports.IsEmpty)
        {
            errors.AddUnlessKnown("transports", "must hold at least one of udp, tcp, tls, dtls");
        }

        CheckOneOf("decision", body.Decision, Decisions, errors);
        CheckQuotas(body.Quotas, errors);
        CheckUrl("callbacks.eventUrl", body.Callbacks.EventUrl, errors);
        CheckUrl("callbacks.decisionUrl", body.Callbacks.DecisionUrl, errors);
        CheckRange("callbacks.decisionTimeoutMs", body.Callbacks.DecisionTimeoutMs, 100, 10_000, errors);
        CheckOneOf("callbacks.onDecisionTimeout", body.Callbacks.OnDecisionTimeout, OnDecisionTimeout, errors);
        CheckEndpoints(body.Endpoints, errors);
        return body with
        {
            Peers = new PeerRules
            {
                Allow = Blocks("peers.allow", body.Peers.Allow, errors),
                Deny = Blocks("peers.deny", body.Peers.Deny, errors),
            },
        };
    }

    /// <summary>Reads address blocks; notes those that are none, and more than <paramref name="max"/>.</summary>
    public static ImmutableArray<string> Blocks(string field, ImmutableArray<string> blocks, FieldErrors errors, int max = MaxPeerBlocks)
    {
        if (blocks.Length > max)
        {
            errors.Add(field, $"must hold at most {max} blocks");
            return [];
        }

        var normal = ImmutableArray.CreateBuilder<string>(blocks.Length);
        for (var index = 0; index < blocks.Length; index++)
        {
            if (!Cidr.TryNormalise(blocks[index], out var block))
            {
                errors.Add($"{field}[{index}]", "must be an address block such as 10.0.0.0/8 or 2001:db8::/32");
            }
            else if (!normal.Contains(block))
            {
                normal.Add(block);
            }
        }

        return normal.ToImmutable();
    }

    private static void CheckTtl(TokenTtl ttl, FieldErrors errors)
    {
        CheckRange("tokenTtlSeconds.max", ttl.Max, 1, MaxTtlSeconds, errors);
        CheckRange("tokenTtlSeconds.default", ttl.Default, 1, Math.Clamp(ttl.Max, 1, MaxTtlSeconds), errors);
    }

    private static void CheckQuotas(Quotas quotas, FieldErrors errors)
    {
        CheckNotNegative("quotas.concurrentAllocations", quotas.ConcurrentAllocations, errors);
        CheckNotNegative("quotas.concurrentAllocationsPerCredential", quotas.ConcurrentAllocationsPerCredential, errors);
        CheckNotNegative("quotas.relayedBytesPerMonth", quotas.RelayedBytesPerMonth, errors);
        CheckNotNegative("quotas.bitsPerSecondPerAllocation", quotas.BitsPerSecondPerAllocation, errors);
        CheckNotNegative("quotas.bitsPerSecond", quotas.BitsPerSecond, errors);
        CheckNotNegative("quotas.allocatesPerSecondPerRelay", quotas.AllocatesPerSecondPerRelay, errors);
        CheckOneOf("quotas.onQuota", quotas.OnQuota, OnQuota, errors);
    }

    private static void CheckEndpoints(ImmutableSortedDictionary<string, string> endpoints, FieldErrors errors)
    {
        if (endpoints.Count > MaxEndpoints)
        {
            errors.Add("endpoints", $"must hold at most {MaxEndpoints} names");
        }

        foreach (var (name, url) in endpoints.Take(MaxEndpoints))
        {
            if (!TextRule.IsName(name))
            {
                errors.Add("endpoints", $"must have names of 1 to {TextRule.MaxLength} characters");
            }

            CheckUrl($"endpoints.{name}", url, errors);
        }
    }

    /// <summary>Notes a URL that the platform would not call; null is none to call.</summary>
    public static void CheckUrl(string field, string? url, FieldErrors errors)
    {
        if (url is not null && (url.Length > MaxUrlLength || !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http")
            || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0 || uri.Host.Length == 0))
        {
            errors.AddUnlessKnown(field, $"must be an absolute https or http URL without user or fragment, at most {MaxUrlLength} characters");
        }
    }

    private static void CheckList(string field, ImmutableArray<string> items, int max, Func<string, bool> isGood, string rule, FieldErrors errors)
    {
        if (items.Length > max)
        {
            errors.AddUnlessKnown(field, $"must hold at most {max} items");
        }

        for (var index = 0; index < Math.Min(items.Length, max); index++)
        {
            if (!isGood(items[index]))
            {
                errors.AddUnlessKnown($"{field}[{index}]", rule);
            }
            else if (items.IndexOf(items[index]) < index)
            {
                errors.AddUnlessKnown($"{field}[{index}]", "must not repeat another item");
            }
        }
    }

    private static void CheckOneOf(string field, string value, string[] allowed, FieldErrors errors)
    {
        if (!allowed.Contains(value))
        {
            errors.AddUnlessKnown(field, $"must be one of {string.Join(", ", allowed)}");
        }
    }

    private static void CheckNotNegative(string field, long? value, FieldErrors errors)
    {
        if (value < 0)
        {
            errors.AddUnlessKnown(field, "must be 0 or more, or null for no limit");
        }
    }

    private static void CheckRange(string field, long value, long min, long max, FieldErrors errors)
    {
        if (value < min || value > max)
        {
            errors.AddUnlessKnown(field, $"must be from {min} to {max}");
        }
    }
}
