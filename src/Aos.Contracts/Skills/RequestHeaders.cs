namespace Aos.Contracts;

/// <summary>Names and values of headers of requests.</summary>
public static class RequestHeaders
{
    /// <summary>Headers that the HTTP connection owns: a caller who set them could split or redirect the request.</summary>
    private static readonly HashSet<string> Owned = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Content-Length", "Host", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect",
    };

    /// <summary>Whether a text may be the value of a header: what breaks a line, or is no ASCII, is sent by none.</summary>
    public static bool IsValue(string value) => value.All(c => c == '\t' || c is >= ' ' and <= '~');

    public static bool IsOwned(string name) => Owned.Contains(name);

    /// <summary>Whether a text is a token of HTTP, as names of headers are.</summary>
    public static bool IsToken(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal));
}
