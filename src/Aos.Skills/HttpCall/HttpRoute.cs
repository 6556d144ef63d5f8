using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>The connection that a call went through, as results tell it.</summary>
internal sealed record ConnectionUsed(string Name, long Version);

/// <summary>Where a request goes and with which headers: as its parameters say, or through a connection.</summary>
internal sealed partial class HttpRoute
{
    private readonly Connection? through;

    private HttpRoute(string url, IReadOnlyDictionary<string, string> headers, OpenConnection? through) => (Url, Headers, this.through) = (url, headers, through?.Known);

    /// <summary>Absolute.</summary>
    internal string Url { get; }

    internal IReadOnlyDictionary<string, string> Headers { get; }

    internal ConnectionUsed? Used => through is null ? null : new ConnectionUsed(through.Name, through.Version);

    /// <summary>Longest time of a request through the connection; null: it sets none.</summary>
    internal TimeSpan? TimeMax => through?.Settings.Get("timeout_ms") is { } ms ? TimeSpan.FromMilliseconds(ms.GetInt32()) : null;

    internal static bool TryFind(
        string url, IReadOnlyDictionary<string, string>? headers, OpenConnection? through, [NotNullWhen(true)] out HttpRoute? route, [NotNullWhen(false)] out string? problem)
    {
        route = null;
        if (url.Any(char.IsControl))
        {
            problem = "url holds a line break or another control character.";
            return false;
        }

        var whole = through is null ? url : Below(through.Known, url);
        if (whole is null)
        {
            problem = $"url leads out of the connection {through!.Known.Name}: give a path below its base_url.";
            return false;
        }

        var all = headers ?? new Dictionary<string, string>();
        if (through is not null && !TryMerge(through, all, out all, out problem)) return false;
        problem = HttpHeaders.Problem(all);
        if (problem is not null) return false;
        route = new HttpRoute(whole, all, through);
        return true;
    }

    /// <summary>The URL as it may stand in results: where the connection leads is its own affair.</summary>
    internal string Shown(string url)
    {
        if (through is null) return url;
        var home = Home(through);
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || !IsBelow(home, uri)) return url;
        return $"connection:{through.Name}{uri.AbsoluteUri[home.AbsoluteUri.TrimEnd('/').Length..]}";
    }

    /// <summary>
    /// The absolute URL of a path below a connection's base URL; null: it leads elsewhere. A leading slash begins at the base URL, not at its
    /// host. An absolute URL counts when it lies below the base URL, as links of a peer to its next page do.
    /// </summary>
    internal static string? Below(Connection through, string url)
    {
        if (url.Any(c => char.IsControl(c) || c == '\\') || url.StartsWith("//", StringComparison.Ordinal)) return null;
        var home = Home(through);
        var place = home.AbsoluteUri.TrimEnd('/');
        var text = Absolute().IsMatch(url) ? url : url.Length == 0 || url[0] is '?' or '#' ? home.AbsoluteUri + url : $"{place}/{url.TrimStart('/')}";
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && IsBelow(home, uri) ? uri.AbsoluteUri : null;
    }

    /// <summary>The host that a call goes to; null: it cannot be told, or the call will be refused.</summary>
    /// <param name="named">The connection that the parameters name.</param>
    internal static CallTarget? Target(string url, string? named, Connection? through) =>
        through is not null ? Below(through, url) is { } whole ? CallTarget.OfUrl(whole) : null
        : named is null ? CallTarget.OfUrl(url) : null;

    private static Uri Home(Connection through) => new(through.Settings.GetText("base_url")!);

    private static bool IsBelow(Uri home, Uri uri)
    {
        if (uri.UserInfo.Length > 0 || uri.Scheme != home.Scheme || uri.IdnHost != home.IdnHost || uri.Port != home.Port) return false;
        var place = home.AbsolutePath.TrimEnd('/');
        if (uri.AbsolutePath != place && !uri.AbsolutePath.StartsWith(place + "/", StringComparison.Ordinal)) return false;
        // What the peer may take for a way up, after it has decoded the path.
        return !Uri.UnescapeDataString(uri.AbsolutePath).Split('/', '\\').Any(part => part is "." or "..");
    }

    /// <summary>The connection's headers below the call's; its credential stands above both.</summary>
    private static bool TryMerge(OpenConnection through, IReadOnlyDictionary<string, string> own, out IReadOnlyDictionary<string, string> all, [NotNullWhen(false)] out string? problem)
    {
        var merged = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in through.Settings.Get("headers") is { ValueKind: JsonValueKind.Object } defaults ? defaults.EnumerateObject().ToArray() : [])
            merged[header.Name] = header.Value.GetString()!;
        foreach (var (name, value) in own) merged[name] = value;
        all = merged;
        problem = null;
        if (Credential(through.Settings) is not { } credential) return true;
        if (own.Keys.Any(name => name.Equals(credential.Name, StringComparison.OrdinalIgnoreCase)))
        {
            problem = $"The header {credential.Name} is set by the connection {through.Known.Name}.";
            return false;
        }

        merged[credential.Name] = credential.Value;
        return true;
    }

    private static (string Name, string Value)? Credential(JsonElement settings) => settings.Get("auth") switch
    {
        { } auth when auth.GetText("type") == "bearer" => ("Authorization", "Bearer " + auth.GetText("token")),
        { } auth when auth.GetText("type") == "basic" => ("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{auth.GetText("user")}:{auth.GetText("password")}"))),
        { } auth when auth.GetText("type") == "header" => (auth.GetText("name")!, auth.GetText("value")!),
        _ => null,
    };

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*://", RegexOptions.CultureInvariant)]
    private static partial Regex Absolute();
}
