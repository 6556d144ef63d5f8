using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace Aos.Kernel;

/// <summary>Where a request goes.</summary>
/// <param name="Host">
/// In one form, however it was written: lower case, punycode, no dot at the end; an address as it is usually written, one of IPv4
/// mapped into IPv6 as that of IPv4, without brackets and zone.
/// </param>
/// <param name="Port">1 to 65535; of a URL without one that of its scheme.</param>
public readonly record struct WebTarget(string Host, int Port)
{
    /// <summary>Null: no absolute http or https URL.</summary>
    public static WebTarget? Of(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) ? Of(uri) : null;

    /// <summary>Null: no absolute http or https URL.</summary>
    public static WebTarget? Of(Uri uri) => uri.IsAbsoluteUri && uri.Scheme is "http" or "https" && HostOf(uri) is { } host ? new WebTarget(host, uri.Port) : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");

    /// <summary>The name that is connected to is <see cref="Uri.IdnHost"/>: what is judged here is made of nothing else.</summary>
    internal static string? HostOf(Uri uri)
    {
        var host = uri.IdnHost.Trim('[', ']');
        var zone = host.IndexOf('%', StringComparison.Ordinal);
        host = (zone < 0 ? host : host[..zone]).TrimEnd('.');
        if (!IPAddress.TryParse(host, out var address)) return host.Length == 0 ? null : host.ToLowerInvariant();
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }
}

/// <summary>Which hosts may be reached.</summary>
/// <param name="Allowed">In the form of <see cref="Normal"/>. Null: all; empty: none.</param>
/// <param name="Blocked">Counts more than <paramref name="Allowed"/>.</param>
public sealed record DomainRules(ImmutableArray<string>? Allowed, ImmutableArray<string> Blocked)
{
    /// <summary>Domains of one list.</summary>
    public const int DomainsMax = 200;

    /// <summary>Characters of one domain, as given.</summary>
    public const int LengthMax = 260;

    private const string Wild = "*.";

    public static DomainRules None { get; } = new(null, []);

    public bool IsEmpty => Allowed is null && Blocked.IsDefaultOrEmpty;

    /// <summary>
    /// A domain in the form in which it is compared: <c>host</c>, <c>*.host</c> (all below the host, not the host itself), each
    /// with <c>:port</c> when wanted. Null and what is wrong with it when it is none.
    /// </summary>
    public static string? Normal(string text, out string problem)
    {
        problem = "";
        var isWild = text.StartsWith(Wild, StringComparison.Ordinal);
        if (text.Length is 0 or > LengthMax) return Wrong(out problem, $"is empty or longer than {LengthMax} characters");
        var (host, port) = Split(isWild ? text[Wild.Length..] : text);
        if (port is not null && (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65_535))
            return Wrong(out problem, "has a port that is not 1 to 65535");
        if (host.AsSpan().IndexOfAny("/\\@?#%*") >= 0 || host.Any(char.IsWhiteSpace) || !Uri.TryCreate($"http://{host}/", UriKind.Absolute, out var uri) || WebTarget.HostOf(uri) is not { } normal)
            return Wrong(out problem, "is no host name or address: for instance api.example.com, *.example.com or 192.0.2.1, with :port when wanted, without scheme, user and path");
        var isAddress = IPAddress.TryParse(normal, out _);
        if (isWild && isAddress) return Wrong(out problem, "is an address, and an address has nothing below it");
        var name = normal.Contains(':', StringComparison.Ordinal) ? $"[{normal}]" : normal;
        return $"{(isWild ? Wild : "")}{name}{(port is null ? "" : ":" + port.TrimStart('0'))}";
    }

    /// <summary>The rule that keeps a target out: <c>blocked_domains: DOMAIN</c> or <c>allowed_domains</c>; null: it may be reached.</summary>
    public string? Wall(WebTarget target)
    {
        if (!Blocked.IsDefault)
        {
            foreach (var domain in Blocked)
            {
                if (Fits(domain, target)) return $"blocked_domains: {domain}";
            }
        }

        if (Allowed is not { } allowed) return null;
        foreach (var domain in allowed)
        {
            if (Fits(domain, target)) return null;
        }

        return "allowed_domains";
    }

    private static bool Fits(ReadOnlySpan<char> domain, WebTarget target)
    {
        var colon = domain.LastIndexOf(':');
        if (colon > 0 && (domain[0] != '[' || domain[colon - 1] == ']'))
        {
            if (int.Parse(domain[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture) != target.Port) return false;
            domain = domain[..colon];
        }

        if (domain[0] == '[') domain = domain[1..^1];
        return domain.StartsWith(Wild, StringComparison.Ordinal)
            ? target.Host.AsSpan().EndsWith(domain[1..], StringComparison.Ordinal) && target.Host.Length >= domain.Length
            : domain.Equals(target.Host, StringComparison.Ordinal);
    }

    /// <summary>An address of IPv6 has colons of its own: with a port it stands in brackets.</summary>
    private static (string Host, string? Port) Split(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0) return (text, null);
        if (text[0] == '[') return text[colon - 1] == ']' ? (text[..colon], text[(colon + 1)..]) : (text, null);
        return text.IndexOf(':', StringComparison.Ordinal) == colon ? (text[..colon], text[(colon + 1)..]) : ($"[{text}]", null);
    }

    private static string? Wrong(out string problem, string what)
    {
        problem = what;
        return null;
    }
}
