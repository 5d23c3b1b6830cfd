using System.Diagnostics;
using System.Globalization;
using System.Text;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.Relay.Tests.Listeners.Dtls;

namespace NetDiscovery.Relay.Tests.Interop;

/// <summary>Other people's TLS and DTLS clients against a relay.</summary>
[Collection(nameof(SslObjects))]
public sealed class SecureClientTests
{
    [Theory]
    [InlineData("stun.turn", "DTLSv1.2", "-dtls1_2")]
    [InlineData("stun.turn", "ECDHE-ECDSA-CHACHA20-POLY1305", "-dtls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305")]
    [InlineData("stun.turn", "TLSv1.2", "-tls1_2")]
    [InlineData("stun.turn", "TLSv1.3", "-tls1_3")]
    [InlineData("stun.nat-discovery", "DTLSv1.2", "-dtls1_2")]
    [InlineData("stun.nat-discovery", "TLSv1.3", "-tls1_3")]
    public async Task OpenSSL_agrees_on_a_protocol_of_RFC_7443_and_gets_its_Binding_answered(string protocol, string said, params string[] options)
    {
        await using var relay = RelayFixture.Start();
        var start = new ProcessStartInfo("openssl") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments = ["s_client", .. options, "-connect", relay.TlsEndPoint.ToString(), "-alpn", $"h2,{protocol}", "-nocommands"];
        Array.ForEach(arguments, start.ArgumentList.Add);
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var output = new MemoryStream();
        try
        {
            // The handshake's report comes first; what is written before it may be lost.
            await ReadUntilAsync(process, output, Encoding.ASCII.GetBytes($"ALPN protocol: {protocol}"), limit.Token);
            byte[] request = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, .. "transaction!"u8];
            await process.StandardInput.BaseStream.WriteAsync(request, limit.Token);
            await process.StandardInput.BaseStream.FlushAsync(limit.Token);
            await ReadUntilAsync(process, output, [0x21, 0x12, 0xA4, 0x42, .. "transaction!"u8], limit.Token);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        Assert.Contains(said, Encoding.Latin1.GetString(output.ToArray()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-S")]
    [InlineData("-S", "-s")]
    public async Task Uclient_gets_back_all_it_sends_over_dtls(params string[] options)
    {
        Assert.SkipUnless(CoturnTools.Installed, "coturn's tools are not installed");
        await using var relay = RelayFixture.Start();
        var (exitCode, output) = await UclientAsync(relay, options);
        Assert.True(exitCode == 0, output);
        Assert.Contains("Total lost packets 0 (0.000000%)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Uclient_allocates_and_relays_over_tls()
    {
        Assert.SkipUnless(CoturnTools.Installed, "coturn's tools are not installed");
        await using var relay = RelayFixture.Start();
        var (exitCode, output) = await UclientAsync(relay, "-t", "-S");

        // Its own reading of TLS leaves messages lying until more bytes arrive, so that some may count as lost there.
        Assert.True(exitCode == 0, output);
        Assert.Matches("tot_recv_msgs=[1-9]", output);
    }

    private static Task<(int ExitCode, string Output)> UclientAsync(RelayFixture relay, params string[] options)
    {
        var credential = relay.Mint();

        // So few that all of a session's datagrams together fit its socket's buffer: none is lost while a busy machine lets the client wait.
        return CoturnTools.RunAsync(
            "turnutils_uclient",
            ["-y", "-c", "-n", "50", "-m", "4", "-l", "170", "-z", "5", "-p", relay.Options.TlsPort.ToString(CultureInfo.InvariantCulture), "-u", credential.Username, "-w", credential.Password, .. options, "127.0.0.1"]);
    }

    private static async Task ReadUntilAsync(Process process, MemoryStream output, byte[] awaited, CancellationToken cancel)
    {
        var buffer = new byte[4096];
        while (output.ToArray().AsSpan().IndexOf(awaited) < 0)
        {
            var count = await process.StandardOutput.BaseStream.ReadAsync(buffer, cancel);
            if (count == 0)
            {
                Assert.Fail(await process.StandardError.ReadToEndAsync(cancel));
            }

            output.Write(buffer, 0, count);
        }
    }
}
