using System.Text.Json;
using Microsoft.Extensions.Options;

namespace NetDiscovery.Gateway.Json;

/// <summary>Answers of JSON, for what is asked for thousands of times a second: written in one piece with their length, where ASP.NET's own go out in chunks.</summary>
public static class JsonAnswer
{
    /// <summary>An answer.</summary>
    /// <param name="body">What is written.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="location">The header of that name; null for none.</param>
    /// <param name="options">How it is written; null for the way of the API.</param>
    public static IResult Of<T>(T body, int status = StatusCodes.Status200OK, string? location = null, JsonSerializerOptions? options = null) => new Answer<T>(body, status, location, options);

    private sealed class Answer<T>(T body, int status, string? location, JsonSerializerOptions? options) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(
                body, options ?? httpContext.RequestServices.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions);
            var response = httpContext.Response;
            response.StatusCode = status;
            response.ContentType = options is null ? "application/json; charset=utf-8" : "application/json";
            response.ContentLength = bytes.Length;
            if (location is not null)
            {
                response.Headers.Location = location;
            }

            return response.Body.WriteAsync(bytes, httpContext.RequestAborted).AsTask();
        }
    }
}
