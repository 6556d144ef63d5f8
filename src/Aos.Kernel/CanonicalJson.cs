namespace Aos.Kernel;

/// <summary>Canonical JSON.</summary>
public static class CanonicalJson
{
    /// <summary>Normalised decimal text: no exponent, no trailing zeros, no negative zero.</summary>
    public static string Number(decimal value) =>
        value == 0 ? "0" : (value / 1.0000000000000000000000000000m).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
