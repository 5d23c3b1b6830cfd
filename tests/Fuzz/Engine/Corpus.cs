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

    /// <summary>Reads the files of a folder, smallest first.</summary>
    public static IEnumerable<byte[]> Load(string? folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Select(File.ReadAllBytes).OrderBy(bytes => bytes.Length).ThenBy(Convert.ToHexString) : [];

    /// <summary>Replaces the files of a folder by the inputs, named by their content.</summary>
    public static void Save(string folder, IEnumerable<byte[]> inputs)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            File.Delete(file);
        }

        foreach (var input in inputs)
        {
            File.WriteAllBytes(Path.Combine(folder, NameOf(input)), input);
        }
    }

    /// <summary>Name of an input: 16 hex digits of its SHA-256.</summary>
    public static string NameOf(ReadOnlySpan<byte> input) => Convert.ToHexStringLower(SHA256.HashData(input).AsSpan(0, 8));
}
