using System.Globalization;

namespace NetDiscovery.ScaleModel;

/// <summary>Something the model takes for given, and anybody may change on the command line.</summary>
/// <param name="Name">Its option, without the dashes.</param>
/// <param name="Default">The value where nothing is said.</param>
/// <param name="Meaning">What it is, with its unit.</param>
/// <param name="Min">Smallest value that makes sense.</param>
/// <param name="Max">Largest value that makes sense.</param>
public sealed record Assumption(string Name, double Default, string Meaning, double Min = 0, double Max = 1e12)
{
    /// <summary>Reads a value of it.</summary>
    /// <exception cref="FormatException">It is no number, or out of range; the message says so.</exception>
    public double Read(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= Min && value <= Max
            ? value
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"--{Name} is '{text}': a number from {Min} to {Max}."));
}
