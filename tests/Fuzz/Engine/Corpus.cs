using System.Buffers.Binary;
using System.Security.Cryptography;

namespace NetDiscovery.Fuzz.Engine;

/// <summary>The inputs worth mutating: each took a branch that none before it took.</summary>
internal sealed class Corpus
{
    private readonly List<byte[]> inputs = [];

    /// <summary>Inputs.</summary>
    public int Count => inputs.Count;

    /// <summary>All inputs.</summary>
    public IReadOnlyList<byte[]> Inputs => inputs;

    /// <summary>Keeps a copy of an input.</summary>
    public void Add(ReadOnlySpan<byte> input) => inputs.Add(input.ToArray());

    /// <summary>Chooses one: the newest often, for little was made of them yet.</summary>
    public byte[] Choose(FuzzRandom random) =>
        random.Below(3) == 0 ? inputs[inputs.Count - 1 - random.Below(Math.Min(inputs.Count, 48))] : inputs[random.Below(inputs.Count)];

    /// <summary>Reads a packed corpus: each input behind its length, 2 bytes, big-endian. An absent file is an empty corpus.</summary>
    public static IReadOnlyList<byte[]> Load(string? path)
    {
        var all = new List<byte[]>();
        ReadOnlySpan<byte> rest = File.Exists(path) ? File.ReadAllBytes(path) : [];
        while (!rest.IsEmpty)
        {
            var size = BinaryPrimitives.ReadUInt16BigEndian(rest);
            all.Add(rest.Slice(2, size).ToArray());
            rest = rest[(2 + size)..];
        }

        return all;
    }

    /// <summary>Writes a packed corpus, in an order that does not depend on how it was found.</summary>
    public static void Save(string path, IEnumerable<byte[]> inputs)
    {
        using var file = File.Create(path);
        Span<byte> size = stackalloc byte[2];
        foreach (var input in inputs.OrderBy(bytes => bytes.Length).ThenBy(Convert.ToHexString, StringComparer.Ordinal))
        {
            BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)input.Length);
            file.Write(size);
            file.Write(input);
        }
    }

    /// <summary>Writes each input to a file of its own, as afl-fuzz wants them.</summary>
    public static void Unpack(IEnumerable<byte[]> inputs, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var input in inputs)
        {
            File.WriteAllBytes(Path.Combine(folder, NameOf(input)), input);
        }
    }

    /// <summary>Name of an input: 16 hex digits of its SHA-256.</summary>
    public static string NameOf(ReadOnlySpan<byte> input) => Convert.ToHexStringLower(SHA256.HashData(input).AsSpan(0, 8));
}
