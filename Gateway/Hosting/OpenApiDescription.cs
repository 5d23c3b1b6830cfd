using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Gateway.Hosting;

/// <summary>What the OpenAPI document says beyond the routes: title, security schemes, the problems and headers every operation shares.</summary>
public static class OpenApiDescription
{
    private const string BearerScheme = "bearer";
    private const string BasicScheme = "basic";

    /// <summary>Adds the description to the generated document.</summary>
    public static void Configure(OpenApiOptions options)
    {
        options.ShouldInclude = static description => description.RelativePath?.StartsWith("v1/", StringComparison.Ordinal) == true;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "NetDiscovery",
                Version = ProductVersion.Text,
                Description = "Accounts, discovery configuration, tokens, sessions, allocations and usage of a STUN/TURN platform. "
                    + "Errors are problem details (RFC 9457) with a stable `code`; see /errors.",
            };
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [BearerScheme] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "The operator key, or an API key as SK….secret.",
                },
                [BasicScheme] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http, Scheme = "basic", Description = "AC… and auth token, or SK… and secret.",
                },
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            if (metadata.OfType<IAuthorizeData>().Any())
            {
                var operatorOnly = metadata.OfType<IAuthorizeData>().Any(static data => data.Policy == Policies.Operator);
                operation.Security = [Requirement(BearerScheme, context.Document)];
                if (!operatorOnly)
                {
                    operation.Security.Add(Requirement(BasicScheme, context.Document));
                }

                operation.Responses ??= [];
                operation.Responses.TryAdd("401", new OpenApiResponse { Description = ProblemCodes.Unauthenticated.Title });
                operation.Responses.TryAdd("429", new OpenApiResponse { Description = $"`{ProblemCodes.RateLimited.Code}`: {ProblemCodes.RateLimited.Title}" });
                operation.Responses.TryAdd("503", new OpenApiResponse { Description = ProblemCodes.ClusterUnavailable.Title });
            }

            foreach (var code in metadata.OfType<RefusalCodes>().SelectMany(static refusals => refusals.Codes).GroupBy(static code => code.Status))
            {
                if (operation.Responses?.TryGetValue(code.Key.ToString(System.Globalization.CultureInfo.InvariantCulture), out var response) == true)
                {
                    response.Description = string.Join("; ", code.Select(static one => $"`{one.Code}`: {one.Title}"));
                }
            }

            if (metadata.OfType<HonoursIdempotencyKey>().Any())
            {
                (operation.Parameters ??= []).Add(new OpenApiParameter
                {
                    Name = RequestSeed.Header,
                    In = ParameterLocation.Header,
                    Description = "1 to 255 printable ASCII characters. Requests of one caller with the same key have one effect and name the same resource and secrets.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = 255 },
                });
            }

            return Task.CompletedTask;
        });
    }

    private static OpenApiSecurityRequirement Requirement(string scheme, OpenApiDocument? document) =>
        new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };
}
