using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.RegularExpressions;
using NetDiscovery.Silo.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Hosting;

public sealed class TracingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_callers_trace_goes_on_through_the_gateway_into_the_grain()
    {
        await using var collector = await TraceCollector.StartAsync();
        using var data = new TempFolder();
        await using var gateway = await TestGateway.StartAsync(
            builder => builder.AddSilo(),
            new Dictionary<string, string?>
            {
                ["Data:Path"] = data.Path, ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Url, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf", ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
            },
            app => app.PrepareStorageAsync());
        var (trace, span) = (ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/tenants") { Content = JsonContent.Create(new { name = "Traced" }) };
        request.Headers.Add("traceparent", $"00-{trace}-{span}-01");

        await (await gateway.Operator.SendAsync(request)).ExpectAsync(201);

        // A span begins with its trace's id; its name follows.
        var id = new byte[16];
        trace.CopyTo(id);
        var ofTrace = new Regex(Regex.Escape(Encoding.Latin1.GetString(id)) + @"[\s\S]{0,96}?ITenantGrain/", RegexOptions.CultureInvariant);
        await Eventually.EventuallyAsync(() => collector.Traces.Any(body => ofTrace.IsMatch(body)), Patience, "a span of the tenant's grain in the caller's trace reaches the collector");
    }
}
