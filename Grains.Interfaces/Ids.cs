using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetDiscovery.Grains.Interfaces;

/// <summary>An identifier with one text form: two capital letters and 32 lower-case hexadecimal digits.</summary>
/// <typeparam name="TSelf">The identifier itself.</typeparam>
public interface IPrefixedId<TSelf> where TSelf : struct, IPrefixedId<TSelf>
{
    /// <summary>The two capital letters every text form starts with.</summary>
    static abstract string Prefix { get; }

    /// <summary>The 128 bits behind the text form.</summary>
    Guid Value { get; }

    /// <summary>Wraps 128 bits.</summary>
    static abstract TSelf From(Guid value);

    /// <summary>Reads the text form.</summary>
    /// <param name="text">Candidate text; any casing of the digits is accepted, the prefix must match exactly.</param>
    /// <param name="id">The identifier when the method returns true.</param>
    /// <returns>False when <paramref name="text"/> is not the prefix followed by 32 hexadecimal digits. Never throws.</returns>
    static bool TryParse([NotNullWhen(true)] string? text, out TSelf id)
    {
        if (text is not null && text.Length == 34 && text.StartsWith(TSelf.Prefix, StringComparison.Ordinal)
            && Guid.TryParseExact(text.AsSpan(2), "N", out var value))
        {
            id = TSelf.From(value);
            return true;
        }

        id = default;
        return false;
    }

    /// <summary>Writes the text form of <paramref name="id"/>.</summary>
    static string Format(TSelf id) => string.Create(CultureInfo.InvariantCulture, $"{TSelf.Prefix}{id.Value:N}");
}

/// <summary>Stores a <see cref="IPrefixedId{TSelf}"/> in JSON as its text form, so that SQL over stored state reads what the API shows.</summary>
/// <typeparam name="TId">The identifier type.</typeparam>
public sealed class PrefixedIdJsonConverter<TId> : JsonConverter<TId> where TId : struct, IPrefixedId<TId>
{
    /// <inheritdoc/>
    public override TId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IPrefixedId<TId>.TryParse(reader.GetString(), out var id) ? id : throw new JsonException($"Expected {TId.Prefix} and 32 hexadecimal digits.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(IPrefixedId<TId>.Format(value));
}

/// <summary>Identifies a tenant: <c>AC</c> and 32 hexadecimal digits.</summary>
[GenerateSerializer, Immutable, Alias("TenantId"), JsonConverter(typeof(PrefixedIdJsonConverter<TenantId>))]
public readonly record struct TenantId([property: Id(0)] Guid Value) : IPrefixedId<TenantId>
{
    /// <inheritdoc/>
    public static string Prefix => "AC";

    /// <inheritdoc/>
    public static TenantId From(Guid value) => new(value);

    /// <summary>A new identifier, ordered by time of creation.</summary>
    public static TenantId New() => new(Guid.CreateVersion7());

    /// <inheritdoc cref="IPrefixedId{TSelf}.TryParse"/>
    public static bool TryParse([NotNullWhen(true)] string? text, out TenantId id) => IPrefixedId<TenantId>.TryParse(text, out id);

    /// <inheritdoc/>
    public override string ToString() => IPrefixedId<TenantId>.Format(this);
}

/// <summary>Identifies an API key of a tenant: <c>SK</c> and 32 hexadecimal digits.</summary>
[GenerateSerializer, Immutable, Alias("ApiKeyId"), JsonConverter(typeof(PrefixedIdJsonConverter<ApiKeyId>))]
public readonly record struct ApiKeyId([property: Id(0)] Guid Value) : IPrefixedId<ApiKeyId>
{
    /// <inheritdoc/>
    public static string Prefix => "SK";

    /// <inheritdoc/>
    public static ApiKeyId From(Guid value) => new(value);

    /// <summary>A new random identifier.</summary>
    public static ApiKeyId New() => new(Guid.NewGuid());

    /// <inheritdoc cref="IPrefixedId{TSelf}.TryParse"/>
    public static bool TryParse([NotNullWhen(true)] string? text, out ApiKeyId id) => IPrefixedId<ApiKeyId>.TryParse(text, out id);

    /// <inheritdoc/>
    public override string ToString() => IPrefixedId<ApiKeyId>.Format(this);
}

/// <summary>Identifies a minted token, the thing that is revoked: <c>TK</c> and 32 hexadecimal digits.</summary>
[GenerateSerializer, Immutable, Alias("TokenId"), JsonConverter(typeof(PrefixedIdJsonConverter<TokenId>))]
public readonly record struct TokenId([property: Id(0)] Guid Value) : IPrefixedId<TokenId>
{
    /// <inheritdoc/>
    public static string Prefix => "TK";

    /// <inheritdoc/>
    public static TokenId From(Guid value) => new(value);

    /// <summary>A new random identifier.</summary>
    public static TokenId New() => new(Guid.NewGuid());

    /// <inheritdoc cref="IPrefixedId{TSelf}.TryParse"/>
    public static bool TryParse([NotNullWhen(true)] string? text, out TokenId id) => IPrefixedId<TokenId>.TryParse(text, out id);

    /// <inheritdoc/>
    public override string ToString() => IPrefixedId<TokenId>.Format(this);
}

/// <summary>Identifies an allocation on any relay, for ever: <c>AL</c> and 32 hexadecimal digits.</summary>
[GenerateSerializer, Immutable, Alias("AllocationId"), JsonConverter(typeof(PrefixedIdJsonConverter<AllocationId>))]
public readonly record struct AllocationId([property: Id(0)] Guid Value) : IPrefixedId<AllocationId>
{
    /// <inheritdoc/>
    public static string Prefix => "AL";

    /// <inheritdoc/>
    public static AllocationId From(Guid value) => new(value);

    /// <inheritdoc cref="IPrefixedId{TSelf}.TryParse"/>
    public static bool TryParse([NotNullWhen(true)] string? text, out AllocationId id) => IPrefixedId<AllocationId>.TryParse(text, out id);

    /// <inheritdoc/>
    public override string ToString() => IPrefixedId<AllocationId>.Format(this);
}

/// <summary>Identifies a usage trigger: <c>UT</c> and 32 hexadecimal digits.</summary>
[GenerateSerializer, Immutable, Alias("UsageTriggerId"), JsonConverter(typeof(PrefixedIdJsonConverter<UsageTriggerId>))]
public readonly record struct UsageTriggerId([property: Id(0)] Guid Value) : IPrefixedId<UsageTriggerId>
{
    /// <inheritdoc/>
    public static string Prefix => "UT";

    /// <inheritdoc/>
    public static UsageTriggerId From(Guid value) => new(value);

    /// <summary>A new random identifier.</summary>
    public static UsageTriggerId New() => new(Guid.NewGuid());

    /// <inheritdoc cref="IPrefixedId{TSelf}.TryParse"/>
    public static bool TryParse([NotNullWhen(true)] string? text, out UsageTriggerId id) => IPrefixedId<UsageTriggerId>.TryParse(text, out id);

    /// <inheritdoc/>
    public override string ToString() => IPrefixedId<UsageTriggerId>.Format(this);
}
