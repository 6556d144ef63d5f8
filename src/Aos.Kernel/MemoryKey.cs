namespace Aos.Kernel;

/// <summary>Names of the entries of a tenant's memory.</summary>
public static class MemoryKey
{
    /// <summary>Longest key, characters.</summary>
    public const int CharsMax = 512;

    /// <summary>Why this is no key, or null. A key has 1 to 512 characters and none of <c>..</c>, <c>/</c>, <c>\</c>, NUL.</summary>
    public static string? Problem(string key)
    {
        if (key.Length is 0 or > CharsMax) return $"a key of memory has 1 to {CharsMax} characters, not {key.Length}";
        foreach (var wrong in new[] { "..", "/", "\\", "\0" })
        {
            if (key.Contains(wrong, StringComparison.Ordinal)) return $"a key of memory has no {(wrong == "\0" ? "NUL" : wrong)} in it";
        }

        return null;
    }
}
