using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Audit;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.RateLimits;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.WebConsole.SignIn;

namespace NetDiscovery.Gateway.WebConsole.Calls;

/// <summary>
/// Runs routes of the HTTP API inside the process, for a caller that was let in: the routes' own policies, filters, validators and answers, the rates of its key, the
/// list of changes, and the way to other regions. The console has no rules of its own, so it can't have other ones.
/// </summary>
public sealed class CallDispatcher
{
    private readonly IServiceScopeFactory scopes;
    private readonly LinkGenerator links;
    private readonly JsonSerializerOptions json;
    private readonly Lazy<Dictionary<string, RouteEndpoint>> routes;
    private readonly Lazy<RequestDelegate> pipeline;

    public CallDispatcher(IServiceProvider services, IServiceScopeFactory scopes, LinkGenerator links, IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json)
    {
        this.scopes = scopes;
        this.links = links;
        this.json = json.Value.SerializerOptions;

        // Routes are there once the application has been built.
        routes = new(() => services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(static route => route.Metadata.GetMetadata<IEndpointNameMetadata>() is not null && route.RoutePattern.RawText?.TrimStart('/').StartsWith("v1/", StringComparison.Ordinal) == true)
            .ToDictionary(static route => route.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName, StringComparer.Ordinal));
        pipeline = new(() =>
        {
            // From the inside out, in the order in which requests from outside meet them.
            RequestDelegate routing = ActivatorUtilities.CreateInstance<RegionRouting>(services, (RequestDelegate)(static context => context.GetEndpoint()!.RequestDelegate!(context))).InvokeAsync;
            RequestDelegate origin = ActivatorUtilities.CreateInstance<OriginMiddleware>(services, routing).InvokeAsync;
            RequestDelegate limited = ActivatorUtilities.CreateInstance<RateLimitMiddleware>(services, origin).InvokeAsync;
            return ActivatorUtilities.CreateInstance<ProblemMiddleware>(services, (RequestDelegate)(context => AuthorizeAsync(context, limited))).InvokeAsync;
        });
    }

    /// <summary>Makes a call.</summary>
    /// <param name="caller">Who makes it.</param>
    /// <param name="credential">What the caller has proven itself with: it goes along to other regions.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellation">The answer is not wanted any more.</param>
    public async Task<ApiAnswer<T>> CallAsync<T>(Caller caller, PresentedCredential credential, ApiCall call, CancellationToken cancellation) where T : class
    {
        var (status, body) = await RunAsync(caller, credential, call, cancellation);
        if (status >= 400)
        {
            return new ApiAnswer<T>(null, JsonSerializer.Deserialize<ProblemBody>(body, json));
        }

        return new ApiAnswer<T>(typeof(T) == typeof(Nothing) ? (T)(object)Nothing.Value : JsonSerializer.Deserialize<T>(body, json), null);
    }

    /// <summary>Makes a call whose answer is not JSON.</summary>
    /// <returns>The status and the bytes of the answer.</returns>
    public async Task<(int Status, byte[] Body)> RunAsync(Caller caller, PresentedCredential credential, ApiCall call, CancellationToken cancellation)
    {
        if (!routes.Value.TryGetValue(call.Operation, out var route))
        {
            throw new InvalidOperationException($"The API has no operation '{call.Operation}'.");
        }

        await using var scope = scopes.CreateAsyncScope();
        using var answer = new MemoryStream();
        var context = new DefaultHttpContext
        {
            RequestServices = scope.ServiceProvider,
            RequestAborted = cancellation,
            User = new ClaimsPrincipal(ConsoleCookie.Identify(caller)),
        };
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(answer));
        context.Features.Set<IHttpRequestBodyDetectionFeature>(new BodyDetection(call.Body is not null));
        context.Features.Set(caller);
        context.Features.Set(credential);
        context.SetEndpoint(route);
        context.Connection.RemoteIpAddress = call.Client;
        Fill(context.Request, route, call);
        await pipeline.Value(context);
        cancellation.ThrowIfCancellationRequested();
        await context.Response.CompleteAsync();
        return (context.Response.StatusCode, answer.ToArray());
    }

    private void Fill(HttpRequest request, RouteEndpoint route, ApiCall call)
    {
        var values = new RouteValueDictionary(call.Values);
        var address = links.GetPathByName(call.Operation, values) ?? throw new InvalidOperationException($"The call of '{call.Operation}' lacks a part of its path.");
        var query = address.IndexOf('?', StringComparison.Ordinal);
        request.Protocol = "HTTP/1.1";
        request.Scheme = "http";
        request.Host = new HostString("localhost");
        request.Method = route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0];
        request.Path = PathString.FromUriComponent(query < 0 ? address : address[..query]);
        request.QueryString = query < 0 ? QueryString.Empty : new QueryString(address[query..]);
        request.RouteValues = new RouteValueDictionary(route.RoutePattern.Parameters.Select(parameter => KeyValuePair.Create(parameter.Name, values[parameter.Name])));
        if (call.Replaces is { } version)
        {
            request.Headers.IfMatch = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");
        }

        if (call.IdempotencyKey is { } key)
        {
            request.Headers[RequestSeed.Header] = key;
        }

        if (call.Body is { } body)
        {
            request.ContentType = "application/json";
            request.ContentLength = body.Length;
            request.Body = new MemoryStream(body, writable: false);
        }
    }

    private sealed record BodyDetection(bool CanHaveBody) : IHttpRequestBodyDetectionFeature;

    // What the authorization middleware does for requests from outside.
    private static async Task AuthorizeAsync(HttpContext context, RequestDelegate next)
    {
        var services = context.RequestServices;
        var policy = await AuthorizationPolicy.CombineAsync(
            services.GetRequiredService<IAuthorizationPolicyProvider>(), context.GetEndpoint()!.Metadata.GetOrderedMetadata<IAuthorizeData>())
            ?? throw new InvalidOperationException("A route of the API requires authorization.");
        var result = await services.GetRequiredService<IAuthorizationService>().AuthorizeAsync(context.User, context, policy);
        await (result.Succeeded ? next(context) : new Problem(ProblemCodes.OperatorRequired).ExecuteAsync(context));
    }
}
