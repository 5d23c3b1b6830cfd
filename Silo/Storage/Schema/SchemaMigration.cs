using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NetDiscovery.Silo.Storage.Schema;

/// <summary>One numbered step of the schema: a file <c>0001_name.sql</c> built into this assembly.</summary>
/// <param name="Version">1 and up, without gaps.</param>
/// <param name="Name">What the file is called after its number.</param>
/// <param name="Sql">Its text.</param>
public sealed record SchemaMigration(int Version, string Name, string Sql)
{
    /// <summary>SHA-256 of the text with Unix line ends, 64 hexadecimal digits: the same from every checkout.</summary>
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));

    /// <summary>The steps for an engine, in order.</summary>
    public static IReadOnlyList<SchemaMigration> Load(StorageProvider provider)
    {
        var assembly = typeof(SchemaMigration).Assembly;
        var prefix = $"{typeof(SchemaMigration).Namespace}.{provider}.";
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => Read(assembly.GetManifestResourceStream(name)!, name[prefix.Length..]))
            .OrderBy(migration => migration.Version)];
    }

    private static SchemaMigration Read(Stream stream, string fileName)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return new SchemaMigration(int.Parse(fileName.AsSpan(0, 4), CultureInfo.InvariantCulture), Path.GetFileNameWithoutExtension(fileName)[5..], reader.ReadToEnd());
    }
}
