using System.Text.RegularExpressions;

namespace Aos.Skills;

/// <summary>Headers that a call may set: none by which mail finds its way, says whose it is or how it is to be read.</summary>
internal static partial class EmailHeaders
{
    private const int CountMax = 20;
    private const int ValueMax = 998;
    private const string TagPrefix = "X-Tag-";

    /// <summary>Known headers; true: their value is ASCII with a grammar of its own.</summary>
    private static readonly Dictionary<string, bool> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Auto-Submitted"] = true, ["Comments"] = false, ["Feedback-ID"] = true, ["Importance"] = true, ["In-Reply-To"] = true, ["Keywords"] = false, ["List-Help"] = true, ["List-Id"] = true,
        ["List-Unsubscribe"] = true, ["List-Unsubscribe-Post"] = true, ["Organization"] = false, ["Precedence"] = true, ["Priority"] = true, ["References"] = true, ["Sensitivity"] = true,
    };

    internal static bool IsExact(string name) => Known.GetValueOrDefault(name);

    /// <summary>Those of the call and its tags. Mail that says that a machine sent it is answered by none.</summary>
    internal static IReadOnlyList<KeyValuePair<string, string>> Read(Dictionary<string, string> headers, Dictionary<string, string> tags)
    {
        if (headers.Count + tags.Count > CountMax) throw Wrong($"headers and tags have more than {CountMax} members.");
        var all = headers.Select(header => KeyValuePair.Create(header.Key, Checked(header.Key, header.Value))).ToList();
        if (!headers.Keys.Any(name => name.Equals("Auto-Submitted", StringComparison.OrdinalIgnoreCase))) all.Add(new("Auto-Submitted", "auto-generated"));
        foreach (var (name, value) in tags)
        {
            if (!TagName().IsMatch(name) || value is null or { Length: > 256 } || value.Any(char.IsControl)) throw Wrong("tags has names of 1 to 64 letters, digits, - and _, and values of 256 characters at most, without control characters.");
            all.Add(new(TagPrefix + name, value));
        }

        return all;
    }

    private static string Checked(string name, string? value)
    {
        if (!Own().IsMatch(name) && !Known.ContainsKey(name)) throw Wrong("headers has a name that a call may not set, or that is none.");
        if (value is null or { Length: 0 or > ValueMax } || value.Any(char.IsControl)) throw Wrong($"The header {name} has no value of 1 to {ValueMax} characters without line breaks.");
        if (IsExact(name) && (value.Any(c => c is < ' ' or > '~') || value.Split(' ').Any(word => word.Length is 0 or > 900))) throw Wrong($"The header {name} takes ASCII: words of 900 characters at most, with one space between them.");
        return value;
    }

    private static EmailRefusedException Wrong(string message) => new("INVALID_INPUT", message);

    [GeneratedRegex("^X-(?!Tag-)[A-Za-z0-9-]{1,60}\\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Own();

    [GeneratedRegex("^[A-Za-z0-9_-]{1,64}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex TagName();
}
