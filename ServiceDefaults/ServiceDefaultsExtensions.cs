using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace NetDiscovery.ServiceDefaults;

/// <summary>Telemetry, health and logging, the same in every host.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>Tag of health checks that decide readiness; checks without it are only shown.</summary>
    public const string ReadyTag = "ready";

    // The lowest layer of configuration: appsettings, environment and command line all win over it.
    private static readonly Dictionary<string, string?> LoggingDefaults = new()
    {
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
        ["Logging:LogLevel:Orleans"] = "Warning",

        // A start that fails is explained by HostRunner, once and for a person.
        ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "None",

        // Its first check measures from the machine's boot and always complains.
        ["Logging:LogLevel:Orleans.Runtime.Watchdog"] = "Error",
    };

    /// <summary>Adds telemetry (OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, Prometheus always), health checks, console logging and <see cref="TimeProvider"/>.</summary>
    /// <param name="builder">The host being built.</param>
    /// <param name="serviceName">OpenTelemetry's <c>service.name</c>, for example <c>netdiscovery-relay</c>.</param>
    public static void AddServiceDefaults(this WebApplicationBuilder builder, string serviceName)
    {
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = LoggingDefaults });
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.UseUtcTimestamp = true;
        });
        builder.Services.AddValidatedOptions<AddressLoggingOptions, AddressLoggingOptionsValidator>(AddressLoggingOptions.Section);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddHealthChecks();

        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(serviceName, serviceVersion: ProductVersion.Text))
            .WithMetrics(metrics => metrics
                .AddMeter("NetDiscovery.*", "Microsoft.Orleans", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
                .AddPrometheusExporter());
        if (builder.Configuration.SendsTelemetry())
        {
            telemetry.WithTracing(tracing => tracing
                .AddSource("NetDiscovery.*", "Microsoft.Orleans.*")
                .AddAspNetCoreInstrumentation());
            telemetry.UseOtlpExporter();
        }
    }

    /// <summary>True where traces go to a collector. Only then are they made and carried on into grains: without, each request and each grain call would pay for spans that nobody reads.</summary>
    public static bool SendsTelemetry(this IConfiguration configuration) => !string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);

    /// <summary>Maps <c>/health/live</c> (the process runs), <c>/health/ready</c> (it can do its work) and <c>/metrics</c> (Prometheus).</summary>
    public static void MapServiceDefaults(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains(ReadyTag), ResponseWriter = WriteAsync });
        app.MapPrometheusScrapingEndpoint("/metrics");
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(JsonSerializer.Serialize(new
        {
            status = report.Status.ToString().ToLowerInvariant(),
            checks = report.Entries.ToDictionary(
                entry => entry.Key,
                entry => new { status = entry.Value.Status.ToString().ToLowerInvariant(), description = entry.Value.Description }),
        }));
    }
}
