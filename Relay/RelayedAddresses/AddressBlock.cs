using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>A CIDR block, ready to be matched in one compare. IPv4 is held as IPv4-mapped IPv6.</summary>
internal readonly struct AddressBlock
{
    private readonly UInt128 prefix;
    private readonly UInt128 mask;

    private AddressBlock(UInt128 address, int length)
    {
        mask = length == 0 ? UInt128.Zero : UInt128.MaxValue << (128 - length);
        prefix = address & mask;
    }

    /// <summary>Reads <c>10.0.0.0/8</c>, <c>2001:db8::/32</c> or a single address. Bits beyond the prefix length are ignored.</summary>
    public static bool TryParse(string? text, out AddressBlock block)
    {
        block = default;
        var slash = text?.IndexOf('/') ?? -1;
        if (!IPAddress.TryParse(slash < 0 ? text : text![..slash], out var address) || (address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0))
        {
            return false;
        }

        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var length = bits;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, null, out length) || length > bits))
        {
            return false;
        }

        block = new AddressBlock(ValueOf(address), length + 128 - bits);
        return true;
    }

    /// <summary>Reads what was checked before.</summary>
    /// <exception cref="FormatException"><paramref name="text"/> is not a CIDR block.</exception>
    public static AddressBlock Parse(string text) => TryParse(text, out var block) ? block : throw new FormatException($"'{text}' is not a CIDR block.");

    /// <returns>True when <paramref name="address"/> (from <see cref="ValueOf(in TransportAddress)"/>) lies in the block.</returns>
    public bool Contains(UInt128 address) => (address & mask) == prefix;

    /// <summary>The number an address is matched by.</summary>
    public static UInt128 ValueOf(in TransportAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        return ValueOf(bytes[..address.WriteAddress(bytes)]);
    }

    /// <inheritdoc cref="ValueOf(in TransportAddress)"/>
    public static UInt128 ValueOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var size);
        return ValueOf(bytes[..size]);
    }

    /// <summary>The number of an IPv4 address.</summary>
    public static UInt128 ValueOf(uint ipv4) => new(0, 0xFFFF_0000_0000UL | ipv4);

    private static UInt128 ValueOf(ReadOnlySpan<byte> bytes) => bytes.Length == 4
        ? ValueOf(BinaryPrimitives.ReadUInt32BigEndian(bytes))
        : BinaryPrimitives.ReadUInt128BigEndian(bytes);
}

/// <summary>A few CIDR blocks. Immutable.</summary>
/// <param name="blocks">The blocks.</param>
internal sealed class AddressBlockSet(params AddressBlock[] blocks)
{
    /// <summary>No block at all.</summary>
    public static AddressBlockSet Empty { get; } = new();

    /// <summary>True when there is no block.</summary>
    public bool IsEmpty => blocks.Length == 0;

    /// <summary>Makes a set of texts that were validated; what still can't be read is left out.</summary>
    public static AddressBlockSet FromValidated(IEnumerable<string> texts)
    {
        var blocks = new List<AddressBlock>();
        foreach (var text in texts)
        {
            if (AddressBlock.TryParse(text, out var block))
            {
                blocks.Add(block);
            }
        }

        return blocks.Count == 0 ? Empty : new AddressBlockSet([.. blocks]);
    }

    /// <returns>True when any block holds <paramref name="address"/>.</returns>
    public bool Contains(UInt128 address)
    {
        foreach (ref readonly var block in blocks.AsSpan())
        {
            if (block.Contains(address))
            {
                return true;
            }
        }

        return false;
    }
}
