using System.Text.Json;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.WebConsole.Calls;

/// <summary>The HTTP API as the pages of the console call it: for who has signed in, and never without asking whether that still holds.</summary>
public sealed class ConsoleApi(ConsoleSession session, CallDispatcher dispatcher, IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json, ILogger<ConsoleApi> logger)
{
    private static readonly ProblemBody Ended = BodyOf(ProblemCodes.Unauthenticated);

    /// <summary>Calls a route that answers with JSON, or with nothing. Never throws but for cancellation.</summary>
    public async Task<ApiAnswer<T>> CallAsync<T>(ApiCall call, CancellationToken cancellation = default) where T : class
    {
        try
        {
            return await session.FindAsync() is { } who ? await dispatcher.CallAsync<T>(who.Caller, who.Credential, call with { Client = who.Client }, cancellation) : new ApiAnswer<T>(null, Ended);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested && ClusterFailure.Classify(failure) is { } code)
        {
            ConsoleLog.LogFailure(logger, call.Operation, failure);
            return new ApiAnswer<T>(null, BodyOf(code));
        }
    }

    /// <summary>Calls a route that answers with a page of a list.</summary>
    public Task<ApiAnswer<Page<T>>> ListAsync<T>(ApiCall call, CancellationToken cancellation = default) => CallAsync<Page<T>>(call, cancellation);

    /// <summary>The body of a call, as the API reads it.</summary>
    public byte[] Body(object value) => JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), json.Value.SerializerOptions);

    /// <summary>A value as the API writes it, for people.</summary>
    public string Pretty(object value) => JsonSerializer.Serialize(value, value.GetType(), new JsonSerializerOptions(json.Value.SerializerOptions) { WriteIndented = true });

    /// <summary>A text as the API reads it; to be used only on what was checked.</summary>
    public T Read<T>(string text) => JsonSerializer.Deserialize<T>(text, json.Value.SerializerOptions)!;

    private static ProblemBody BodyOf(ProblemCode code) => new()
    {
        Type = code.Type, Title = code.Title, Status = code.Status, Instance = "", Code = code.Code, Action = code.Action, TraceId = "",
    };
}
