using System.Globalization;
using System.Text.RegularExpressions;
using Aos.Contracts;

namespace Aos.Runs;

/// <summary>A version: <c>MAJOR.MINOR.PATCH</c>, each up to 999,999,999.</summary>
internal readonly record struct ExactVersion(int Major, int Minor, int Patch)
{
    internal static ExactVersion First { get; } = new(1, 0, 0);

    /// <summary>Null: the text is none.</summary>
    internal static ExactVersion? Read(string text) => Selector.Read(text) is { Major: { } major, Minor: { } minor, Patch: { } patch } ? new ExactVersion(major, minor, patch) : null;

    internal ExactVersion Next() => this with { Patch = Patch + 1 };

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Patch}");
}

/// <summary>Which version is meant: all parts, or the highest of those that begin so.</summary>
internal sealed partial record Selector(int? Major, int? Minor, int? Patch)
{
    private static readonly Selector Latest = new(null, null, null);

    internal bool IsExact => Patch is not null;

    /// <summary><c>latest</c>, <c>2</c>, <c>2.1</c> or <c>2.1.0</c>. Null: the text is none of them.</summary>
    internal static Selector? Read(string text)
    {
        if (text == "latest") return Latest;
        if (!Parts().IsMatch(text)) return null;
        var parts = text.Split('.').Select(part => (int?)int.Parse(part, NumberStyles.None, CultureInfo.InvariantCulture)).ToArray();
        return new Selector(parts[0], parts.ElementAtOrDefault(1), parts.ElementAtOrDefault(2));
    }

    /// <summary>Name and selector of <c>NAME</c> or <c>NAME@SELECTOR</c>. Null: it is neither.</summary>
    internal static (string Name, Selector Selector)? OfReference(string reference)
    {
        var at = reference.IndexOf('@', StringComparison.Ordinal);
        var name = at < 0 ? reference : reference[..at];
        return WorkflowNames.IsName(name) && (at < 0 ? Latest : Read(reference[(at + 1)..])) is { } selector ? (name, selector) : null;
    }

    [GeneratedRegex(@"^(?:0|[1-9][0-9]{0,8})(?:\.(?:0|[1-9][0-9]{0,8})){0,2}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Parts();
}
