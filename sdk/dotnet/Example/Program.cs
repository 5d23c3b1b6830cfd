// Makes a session, joins it as both endpoints, and shows what the platform decides and passes on.
//   dotnet run --project sdk/dotnet/Example -- http://127.0.0.1:8080 AC… authToken
// Or says how the NAT in front of this machine behaves, as the 'nat' of an endpoint of POST /v1/sessions.
//   dotnet run --project sdk/dotnet/Example -- nat stun:relay.example:3478
using System.Text.Json;
using NetDiscovery.Client;
using NetDiscovery.Client.Models;
using NetDiscovery.Client.Nats;
using NetDiscovery.Client.Signaling;

if (args is ["nat", var stunUri])
{
    Console.WriteLine(JsonSerializer.Serialize(await NatProbe.DiscoverAsync(stunUri), JsonSerializerOptions.Web));
    return 0;
}

if (args is not [var url, var tenant, var authToken])
{
    Console.Error.WriteLine("Usage: example GATEWAY TENANT AUTH_TOKEN, or: example nat STUN_URI");
    return 2;
}

var gateway = new Uri(url);
using var client = new NetDiscoveryClient(gateway, Credentials.Tenant(tenant, authToken));
try
{
    var session = await client.Sessions.CreateAsync(SessionRequest.Of("alice", "bob"));
    Console.WriteLine($"session {session.Id}: {session.Decision.Mode}. {session.Decision.Reason}");

    await using var alice = await SessionConnection.JoinAsync(gateway, session.Id, session.For("alice").JoinToken);
    await using var bob = await SessionConnection.JoinAsync(gateway, session.Id, session.For("bob").JoinToken);
    Console.WriteLine($"alice may use {string.Join(", ", alice.Hello.IceServers!.SelectMany(server => server.Urls))}");

    // Each endpoint says what it found out about its NAT; then the platform can decide.
    await alice.ReportNatAsync(new Nat(Mapping: "endpoint-independent"));
    await bob.ReportNatAsync(new Nat(Mapping: "endpoint-independent"));
    await alice.SendAsync(new Description("offer", "v=0 …"));

    var (decided, offered) = (false, false);
    await foreach (var message in bob.ReadAllAsync())
    {
        Console.WriteLine(message.Type switch
        {
            "decision" => $"bob hears: {message.Mode}. {message.Reason}",
            "description" => $"bob hears from {message.From}: {message.Description!.Type}",
            _ => $"bob hears: {message.Type}",
        });
        decided |= message is { Type: "decision", Mode: "stun" };
        offered |= message.Type == "description";
        if (decided && offered)
            break;
    }

    await alice.SayGoodbyeAsync("done");
    await alice.FlushAsync();
    foreach (var step in await client.Sessions.GetTimelineAsync(session.Id))
        Console.WriteLine($"{step.At:HH:mm:ss.fff} {step.Event}: {step.Reason}");
    return 0;
}
catch (NetDiscoveryException refusal)
{
    Console.Error.WriteLine(refusal.Message);
    return 1;
}
