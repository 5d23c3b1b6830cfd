using System.Net;
using Microsoft.Extensions.Options;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.Hosting;

/// <summary>Checks every setting of <see cref="RelayOptions"/> and reports all problems at once.</summary>
internal sealed class RelayOptionsValidator : IValidateOptions<RelayOptions>
{
    public ValidateOptionsResult Validate(string? name, RelayOptions options)
    {
        var problems = new List<string>();
        void Check(bool good, string setting, object? value, string rule)
        {
            if (!good)
            {
                problems.Add($"Relay:{setting} is '{value}': {rule}.");
            }
        }

        Check(options.Id.Length is > 0 and <= 64 && options.Id.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-'), nameof(options.Id), options.Id,
            "must be 1 to 64 of letters, digits, dot and dash");
        Check(options.ListenAddresses.Length is > 0 and <= 64, nameof(options.ListenAddresses), options.ListenAddresses.Length, "needs 1 to 64 addresses");
        CheckAddresses(problems, nameof(options.ListenAddresses), options.ListenAddresses);
        CheckAddresses(problems, nameof(options.PublicAddresses), options.PublicAddresses);
        CheckPublicAddresses(problems, options);
        Check(IsPort(options.Port), nameof(options.Port), options.Port, "must be 1 to 65535");
        Check((IsPort(options.TlsPort) && options.TlsPort != options.Port) || options.TlsPort == 0, nameof(options.TlsPort), options.TlsPort,
            "must be 1 to 65535 and differ from Relay:Port, or 0 for none");
        for (var i = 0; i < options.TlsPorts.Length; i++)
        {
            var port = options.TlsPorts[i];
            Check(IsPort(port) && port != options.Port && port != options.TlsPort && port != options.AlternatePort && Array.IndexOf(options.TlsPorts, port) == i, $"{nameof(options.TlsPorts)}:{i}", port,
                "must be 1 to 65535 and differ from every other port of the relay");
            Check(port < options.MinPort || port > options.MaxPort, $"{nameof(options.TlsPorts)}:{i}", port, "lies among the relayed ports, Relay:MinPort to Relay:MaxPort");
        }

        Check(options.AlternateAddress is null || IsSpecificAddress(options.AlternateAddress), nameof(options.AlternateAddress), options.AlternateAddress,
            "must be one IPv4 or IPv6 address of this machine");
        Check(options.AlternatePublicAddress is null || (options.AlternateAddress is not null && IsSpecificAddress(options.AlternatePublicAddress)),
            nameof(options.AlternatePublicAddress), options.AlternatePublicAddress, "must be one address that clients can reach, and goes with Relay:AlternateAddress");
        Check(options.AlternatePort is null || (IsPort(options.AlternatePort.Value) && options.AlternatePort != options.Port && options.AlternatePort != options.TlsPort),
            nameof(options.AlternatePort), options.AlternatePort, "must be 1 to 65535 and differ from Relay:Port and Relay:TlsPort");
        Check(options.AlternateAddress is null == options.AlternatePort is null, nameof(options.AlternatePort), options.AlternatePort,
            "RFC 5780 needs both Relay:AlternateAddress and Relay:AlternatePort, or neither");
        Check(options.PublicName is null || (options.PublicName.Length is > 0 and <= 253 && Uri.CheckHostName(options.PublicName) == UriHostNameType.Dns),
            nameof(options.PublicName), options.PublicName, "must be a DNS name");
        Check(options.MinPort is >= 1024 and <= 65535, nameof(options.MinPort), options.MinPort, "must be 1024 to 65535");
        Check(options.MaxPort <= 65535 && options.MaxPort >= options.MinPort, nameof(options.MaxPort), options.MaxPort, "must be Relay:MinPort to 65535");
        foreach (var (setting, port) in new[] { (nameof(options.Port), options.Port), (nameof(options.TlsPort), options.TlsPort), (nameof(options.AlternatePort), options.AlternatePort ?? 0) })
        {
            Check(port < options.MinPort || port > options.MaxPort, setting, port, "lies among the relayed ports, Relay:MinPort to Relay:MaxPort");
        }

        for (var i = 0; i < options.Alternates.Length; i++)
        {
            var (other, setting) = (options.Alternates[i], $"{nameof(options.Alternates)}:{i}");
            Check(IsSpecificAddress(other.Address), $"{setting}:{nameof(other.Address)}", other.Address, "must be one IPv4 or IPv6 address that clients can reach");
            Check(IsPort(other.Port), $"{setting}:{nameof(other.Port)}", other.Port, "must be 1 to 65535");
            Check(IsPort(other.TlsPort) || other.TlsPort == 0, $"{setting}:{nameof(other.TlsPort)}", other.TlsPort, "must be 1 to 65535, or 0 for none");
            Check(other.Domain is null || (other.Domain.Length is > 0 and <= 253 && Uri.CheckHostName(other.Domain) == UriHostNameType.Dns), $"{setting}:{nameof(other.Domain)}", other.Domain, "must be a DNS name");
        }

        ThirdPartyOptionsValidator.Check(options.ThirdParty, problems);
        Check(options.Realm.Length is > 0 and <= 127 && options.Realm.All(c => c is >= ' ' and <= '~' and not '"' and not '\\'), nameof(options.Realm), options.Realm,
            "must be 1 to 127 ASCII characters without quote and backslash");
        CheckBlocks(problems, nameof(options.AllowPeers), options.AllowPeers);
        CheckBlocks(problems, nameof(options.DenyPeers), options.DenyPeers);
        for (var i = 0; i < options.Nat64Prefixes.Length; i++)
        {
            Check(RelayedAddresses.Nat64Prefix.TryParse(options.Nat64Prefixes[i], out _), $"{nameof(options.Nat64Prefixes)}:{i}", options.Nat64Prefixes[i],
                "must be an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits such as 2001:db8:64::/96");
        }

        Check(options.Workers is >= 0 and <= 256, nameof(options.Workers), options.Workers, "must be 1 to 256, or 0 for one for each core");
        Check(Handlers.IcmpHandler.Settings.Contains(options.IcmpIndications), nameof(options.IcmpIndications), options.IcmpIndications, $"must be one of {string.Join(", ", Handlers.IcmpHandler.Settings)}");
        Check(DatagramPathChoice.Names.Contains(options.DatagramPath), nameof(options.DatagramPath), options.DatagramPath, $"must be one of {string.Join(", ", DatagramPathChoice.Names)}");
        Check(options.DatagramPath != DatagramPathChoice.Batched || DatagramPathChoice.HasBatched, nameof(options.DatagramPath), options.DatagramPath, "needs 64-bit Linux");
        Check(options.KernelPath is RelayOptions.KernelPathOff or RelayOptions.KernelPathAuto or RelayOptions.KernelPathXdp or RelayOptions.KernelPathTc, nameof(options.KernelPath), options.KernelPath,
            "must be off, auto, xdp or tc");
        Check(options.KernelChannels is >= 1 and <= 1_000_000, nameof(options.KernelChannels), options.KernelChannels, "must be 1 to 1,000,000");
        Check(options.CertificatePath is null == options.CertificateKeyPath is null, nameof(options.CertificateKeyPath), options.CertificateKeyPath,
            "Relay:CertificatePath and Relay:CertificateKeyPath come together");
        Check(options.CertificatePath is null || File.Exists(options.CertificatePath), nameof(options.CertificatePath), options.CertificatePath, "there is no such file");
        Check(options.CertificateKeyPath is null || File.Exists(options.CertificateKeyPath), nameof(options.CertificateKeyPath), options.CertificateKeyPath, "there is no such file");
        Check(options.DataPath.Length > 0 && options.DataPath.IndexOfAny(Path.GetInvalidPathChars()) < 0, nameof(options.DataPath), options.DataPath, "must be a folder");
        Check(options.JournalPath.IndexOfAny(Path.GetInvalidPathChars()) < 0, nameof(options.JournalPath), options.JournalPath, "must be a folder");
        Check(options.DrainSeconds is >= 0 and <= RelayOptions.MaxDrainSeconds, nameof(options.DrainSeconds), options.DrainSeconds, "must be 0 to 86,400");
        Check(options.UsageReportSeconds is >= 1 and <= 3600, nameof(options.UsageReportSeconds), options.UsageReportSeconds, "must be 1 to 3600");
        Check(options.JournalMegabytes is >= 8 and <= 65536, nameof(options.JournalMegabytes), options.JournalMegabytes, "must be 8 to 65536");
        Check(options.MaxConnections is >= 1 and <= 1_000_000, nameof(options.MaxConnections), options.MaxConnections, "must be 1 to 1,000,000");
        Check(options.MaxConnectionsPerSource >= 1 && options.MaxConnectionsPerSource <= options.MaxConnections, nameof(options.MaxConnectionsPerSource), options.MaxConnectionsPerSource,
            "must be 1 to Relay:MaxConnections");
        Check(options.MaxPeerConnectionsPerAllocation is >= 1 and <= 1024, nameof(options.MaxPeerConnectionsPerAllocation), options.MaxPeerConnectionsPerAllocation, "must be 1 to 1,024");
        Check(options.UnauthenticatedSeconds is >= 1 and <= 600, nameof(options.UnauthenticatedSeconds), options.UnauthenticatedSeconds, "must be 1 to 600");
        Check(options.HandshakeSeconds is >= 1 and <= 60, nameof(options.HandshakeSeconds), options.HandshakeSeconds, "must be 1 to 60");
        Check(options.MaxHandshakes is >= 1 and <= 1_000_000, nameof(options.MaxHandshakes), options.MaxHandshakes, "must be 1 to 1,000,000");
        Check(options.MaxHandshakesPerSource >= 1 && options.MaxHandshakesPerSource <= options.MaxHandshakes, nameof(options.MaxHandshakesPerSource), options.MaxHandshakesPerSource,
            "must be 1 to Relay:MaxHandshakes");
        Check(options.MaxDtlsAssociations is >= 1 and <= 1_000_000, nameof(options.MaxDtlsAssociations), options.MaxDtlsAssociations, "must be 1 to 1,000,000");
        Check(options.MaxBufferedBytes is >= 65_536 and <= 16_777_216, nameof(options.MaxBufferedBytes), options.MaxBufferedBytes, "must be 65,536 to 16,777,216");
        Check(options.UnauthenticatedPerSecond is >= 0 and <= 1_000_000, nameof(options.UnauthenticatedPerSecond), options.UnauthenticatedPerSecond, "must be 0 to 1,000,000");
        Check(options.BindingsPerSecond is >= 0 and <= 1_000_000, nameof(options.BindingsPerSecond), options.BindingsPerSecond, "must be 0 to 1,000,000");
        Check(options.AllocatesPerSecondPerTenant is >= 0 and <= 1_000_000, nameof(options.AllocatesPerSecondPerTenant), options.AllocatesPerSecondPerTenant, "must be 0 to 1,000,000");
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static bool IsPort(int port) => port is >= 1 and <= 65535;

    private static bool IsSpecificAddress(string text) =>
        IPAddress.TryParse(text, out var address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any) && !address.IsIPv4MappedToIPv6;

    private static void CheckAddresses(List<string> problems, string setting, string[] addresses)
    {
        for (var i = 0; i < addresses.Length; i++)
        {
            if (!IPAddress.TryParse(addresses[i], out var address) || address.IsIPv4MappedToIPv6)
            {
                problems.Add($"Relay:{setting}:{i} is '{addresses[i]}': must be an IPv4 or IPv6 address.");
            }
            else if (setting == nameof(RelayOptions.PublicAddresses) && !IsSpecificAddress(addresses[i]))
            {
                problems.Add($"Relay:{setting}:{i} is '{addresses[i]}': must be an address that clients can reach.");
            }
        }
    }

    private static void CheckPublicAddresses(List<string> problems, RelayOptions options)
    {
        foreach (var family in (ReadOnlySpan<System.Net.Sockets.AddressFamily>)[System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.AddressFamily.InterNetworkV6])
        {
            var listening = options.ListenAddresses.Count(Is);
            var told = options.PublicAddresses.Count(Is);
            if (told > 1 && told != listening)
            {
                problems.Add($"Relay:PublicAddresses has {told} addresses of family {family}: give one, or one for each of the {listening} in Relay:ListenAddresses.");
            }
            else if (told > 0 && listening == 0)
            {
                problems.Add($"Relay:PublicAddresses has an address of family {family}, but Relay:ListenAddresses has none.");
            }

            bool Is(string text) => IPAddress.TryParse(text, out var address) && address.AddressFamily == family;
        }
    }

    private static void CheckBlocks(List<string> problems, string setting, string[] blocks)
    {
        for (var i = 0; i < blocks.Length; i++)
        {
            if (!RelayedAddresses.AddressBlock.TryParse(blocks[i], out _))
            {
                problems.Add($"Relay:{setting}:{i} is '{blocks[i]}': must be a CIDR block such as 10.0.0.0/8 or 2001:db8::/32.");
            }
        }
    }
}
