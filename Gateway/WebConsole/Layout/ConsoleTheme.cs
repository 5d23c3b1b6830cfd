using MudBlazor;

namespace NetDiscovery.Gateway.WebConsole.Layout;

/// <summary>Colours of the console. Text has a contrast of 4.5 or more to what it lies on, in both palettes (WCAG 2.2 AA).</summary>
internal static class ConsoleTheme
{
    private static readonly string[] Fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"];

    /// <summary>The theme.</summary>
    public static MudTheme Theme { get; } = new()
    {
        PaletteLight = new PaletteLight
        {
            Primary = "#0b57d0", PrimaryContrastText = "#ffffff",
            Secondary = "#4a5058", SecondaryContrastText = "#ffffff",
            Info = "#00639b", InfoContrastText = "#ffffff",
            Success = "#146c2e", SuccessContrastText = "#ffffff",
            Warning = "#8a5300", WarningContrastText = "#ffffff",
            Error = "#b3261e", ErrorContrastText = "#ffffff",
            Background = "#f6f7f9", Surface = "#ffffff", AppbarBackground = "#ffffff", AppbarText = "#1c1e21",
            TextPrimary = "#1c1e21", TextSecondary = "#4a5058", TextDisabled = "#6b7178", ActionDefault = "#4a5058", ActionDisabled = "#6b7178",
            LinesDefault = "#d5d9de", LinesInputs = "#6b7178", TableLines = "#d5d9de", Divider = "#d5d9de",
        },
        PaletteDark = new PaletteDark
        {
            Primary = "#8ab4f8", PrimaryContrastText = "#10131a",
            Secondary = "#b3bac2", SecondaryContrastText = "#10131a",
            Info = "#7fcfff", InfoContrastText = "#10131a",
            Success = "#7ddc95", SuccessContrastText = "#10131a",
            Warning = "#ffb95c", WarningContrastText = "#10131a",
            Error = "#ffb4ab", ErrorContrastText = "#10131a",
            Background = "#14171a", Surface = "#1f2429", AppbarBackground = "#1f2429", AppbarText = "#e6e8eb",
            TextPrimary = "#e6e8eb", TextSecondary = "#b3bac2", TextDisabled = "#8d949c", ActionDefault = "#b3bac2", ActionDisabled = "#8d949c",
            LinesDefault = "#3a4149", LinesInputs = "#8d949c", TableLines = "#3a4149", Divider = "#3a4149",
        },
        Typography = new Typography { Default = new DefaultTypography { FontFamily = Fonts }, Button = new ButtonTypography { FontFamily = Fonts, TextTransform = "none" } },
    };
}
