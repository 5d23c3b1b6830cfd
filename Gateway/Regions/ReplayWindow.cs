using System.Globalization;

namespace NetDiscovery.Gateway.Regions;

/// <summary>Remembers the nonces of requests between regions for as long as their signatures are good, so that none counts twice at this gateway.</summary>
/// <remarks>At another gateway of the region a repetition would still pass: what regions ask of each other is therefore safe to repeat.</remarks>
public sealed class ReplayWindow(TimeProvider time)
{
    /// <summary>How much the clocks of two regions may differ.</summary>
    public static readonly TimeSpan MaxSkew = TimeSpan.FromSeconds(60);

    // A signature is good from MaxSkew before its time to MaxSkew after it.
    private static readonly TimeSpan Generation = 2 * MaxSkew;
    private const int MaxRemembered = 1_000_000;

    private readonly Lock gate = new();
    private HashSet<UInt128> young = [];
    private HashSet<UInt128> old = [];
    private long turnedAt = time.GetTimestamp();

    /// <param name="nonce">32 hexadecimal digits.</param>
    /// <returns>False when it was seen before, or when more than a million are remembered.</returns>
    public bool Accept(string nonce)
    {
        var number = UInt128.Parse(nonce, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        lock (gate)
        {
            var now = time.GetTimestamp();
            if (time.GetElapsedTime(turnedAt, now) >= Generation)
            {
                (old, young) = (time.GetElapsedTime(turnedAt, now) >= 2 * Generation ? [] : young, []);
                turnedAt = now;
            }

            return !old.Contains(number) && young.Count < MaxRemembered && young.Add(number);
        }
    }
}
