using System.Globalization;

namespace Aos.Kernel;

/// <summary>Words for messages.</summary>
internal static class Text
{
    internal static string Of(TimeSpan span) => span.TotalSeconds < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.###} s");
}
