using NetDiscovery.Relay.Client;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Standalone.Check;

/// <summary><c>dotnet run --project Standalone -- check</c>: relays between two clients and compares what was sent, delivered and metered.</summary>
public static class CheckCommand
{
    /// <returns>0 when all agree, 1 when they don't, else one of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        try
        {
            var options = CheckOptions.Parse(arguments);
            await using var target = options.Url is null
                ? await PrivateInstance.StartAsync()
                : new RunningInstance(new CheckApi(options.Url, options.Tenant!, options.Token!)) as ICheckTarget;
            return await RunAsync(target.Api, options) ? ExitCodes.Ok : ExitCodes.Failure;
        }
        catch (Exception exception) when (Explain(exception) is { } problem)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return problem.ExitCode;
        }
    }

    private static async Task<bool> RunAsync(CheckApi api, CheckOptions options)
    {
        var label = $"check-{Guid.NewGuid():N}";
        var token = await api.MintAsync(label);
        Console.WriteLine($"token      {token.Id} for {api.Tenant}, relay {token.Relay} over UDP");

        var call = await CheckCall.RunAsync(token, options.Datagrams, options.Size);
        var sent = call.AToB.Sent + call.BToA.Sent;
        var delivered = call.AToB.Delivered + call.BToA.Delivered;
        var metered = await api.UsageUntilAsync(label, usage => usage.ToPeers == sent && usage.FromPeers == delivered);

        Console.WriteLine();
        Console.WriteLine($"{"",-26}{"datagrams",12}{"bytes",16}");
        Print("sent       A to B", call.AToB.Sent);
        Print("           B to A", call.BToA.Sent);
        Print("delivered  A to B", call.AToB.Delivered);
        Print("           B to A", call.BToA.Delivered);
        Print("metered    to peers", metered.ToPeers);
        Print("           from peers", metered.FromPeers);
        Console.WriteLine();

        var agree = sent == delivered && metered.ToPeers == sent && metered.FromPeers == delivered;
        Console.WriteLine(agree
            ? $"sent, delivered and metered all agree ({call.Elapsed.TotalSeconds:0.0} s)"
            : "sent, delivered and metered DISAGREE");
        return agree;
    }

    private static void Print(string what, Traffic traffic) => Console.WriteLine($"{what,-26}{traffic.Datagrams,12}{traffic.Bytes,16}");

    private static StartupException? Explain(Exception exception) => HostRunner.Explain(exception) ?? exception switch
    {
        HttpRequestException http => new StartupException($"The gateway does not answer: {http.Message}", ExitCodes.Environment, http),
        StunErrorException stun => new StartupException($"The relay refused: {stun.Message}", ExitCodes.Failure, stun),
        StunTimeoutException stun => new StartupException($"The relay does not answer: {stun.Message}", ExitCodes.Environment, stun),
        TimeoutException timeout => new StartupException(timeout.Message, ExitCodes.Failure, timeout),
        _ => null,
    };
}
