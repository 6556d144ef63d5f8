namespace Aos.Kernel;

/// <summary>Patterns of keys: <c>*</c> stands for any run of characters, <c>?</c> for one, everything else for itself. A pattern fits a whole key.</summary>
public static class KeyPattern
{
    /// <summary>Time is at most key times pattern, whatever stands in them: only the newest <c>*</c> is ever tried again.</summary>
    public static bool Fits(string pattern, string key)
    {
        var (k, p, star, retry) = (0, 0, -1, 0);
        while (k < key.Length)
        {
            if (p < pattern.Length && pattern[p] == '*') (star, retry) = (p++, k);
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == key[k])) (k, p) = (k + 1, p + 1);
            else if (star >= 0) (k, p) = (++retry, star + 1);
            else return false;
        }

        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }
}
