namespace Aos.App.Cli.Watch;

/// <summary>How wide what is drawn may be.</summary>
internal static class WatchScreen
{
    /// <summary>Where there is no terminal to ask.</summary>
    internal const int WidthDefault = 100;

    internal const int WidthMin = 60;

    internal const int WidthMax = 400;

    /// <summary>Of the terminal, else <see cref="WidthDefault"/>.</summary>
    internal static int Width
    {
        get
        {
            try
            {
                return Console.WindowWidth is > 0 and var width ? Math.Clamp(width, WidthMin, WidthMax) : WidthDefault;
            }
            catch (Exception e) when (e is IOException or PlatformNotSupportedException)
            {
                return WidthDefault;
            }
        }
    }
}
