using System.Buffers.Binary;
using System.Text;

namespace NetDiscovery.Gateway.Idempotency;

/// <summary>An answer as it goes over the wire, so that it can be given again.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="ContentType">The header of that name; empty for none.</param>
/// <param name="Location">The header of that name; empty for none.</param>
/// <param name="Body">The body.</param>
internal sealed record RecordedAnswer(int Status, string ContentType, string Location, byte[] Body) : IResult
{
    /// <summary>Runs <paramref name="result"/> and keeps what it would have sent.</summary>
    public static async Task<RecordedAnswer> OfAsync(HttpContext http, IResult result)
    {
        var response = http.Response;
        var body = response.Body;
        using var buffer = new MemoryStream();
        response.Body = buffer;
        try
        {
            await result.ExecuteAsync(http);
            await response.BodyWriter.FlushAsync();
        }
        finally
        {
            response.Body = body;
        }

        return new RecordedAnswer(response.StatusCode, response.ContentType ?? "", response.Headers.Location.ToString(), buffer.ToArray());
    }

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = ContentType.Length > 0 ? ContentType : null;
        if (Location.Length > 0)
        {
            response.Headers.Location = Location;
        }

        return Body.Length == 0 ? Task.CompletedTask : response.Body.WriteAsync(Body, httpContext.RequestAborted).AsTask();
    }

    /// <summary>2 bytes status, 2 bytes length of the media type, 2 bytes length of the location, big-endian; then the three parts.</summary>
    public byte[] ToBytes()
    {
        var (contentType, location) = (Encoding.UTF8.GetBytes(ContentType), Encoding.UTF8.GetBytes(Location));
        var bytes = new byte[6 + contentType.Length + location.Length + Body.Length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, checked((ushort)Status));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), checked((ushort)contentType.Length));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), checked((ushort)location.Length));
        contentType.CopyTo(bytes, 6);
        location.CopyTo(bytes, 6 + contentType.Length);
        Body.CopyTo(bytes, 6 + contentType.Length + location.Length);
        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    public static RecordedAnswer FromBytes(byte[] bytes)
    {
        var contentType = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(2));
        var location = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(4));
        return new RecordedAnswer(
            BinaryPrimitives.ReadUInt16BigEndian(bytes), Encoding.UTF8.GetString(bytes, 6, contentType), Encoding.UTF8.GetString(bytes, 6 + contentType, location),
            bytes[(6 + contentType + location)..]);
    }

    /// <summary>Names the status only: the body may hold a secret that is shown once.</summary>
    public override string ToString() => $"RecordedAnswer {{ Status = {Status} }}";
}
