using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Aos.Skills;

/// <summary>One address of mail, with the name of whose it is.</summary>
/// <param name="Name">Empty: none.</param>
/// <param name="Local">What stands before the @. Letters beyond ASCII need a server that takes them.</param>
/// <param name="Domain">In ASCII, as name servers know it.</param>
internal sealed partial record Mailbox(string Name, string Local, string Domain)
{
    private const int NameMax = 200;
    private const int LocalBytesMax = 64;
    private const int AddressBytesMax = 254;

    internal string Address => $"{Local}@{Domain}";

    internal bool IsAscii => System.Text.Ascii.IsValid(Local);

    /// <summary>Reads <c>a@b.example</c>, <c>Name &lt;a@b.example&gt;</c> or <c>"Name" &lt;a@b.example&gt;</c>; null: it is none, and why.</summary>
    internal static Mailbox? Read(string text, out string problem)
    {
        problem = "is no address such as ann@example.com or Ann <ann@example.com>";
        if (text.Any(char.IsControl))
        {
            problem = "holds a line break or another control character";
            return null;
        }

        var (name, address) = Parts(text.Trim());
        if (name.Length > NameMax) problem = $"has a name of more than {NameMax} characters";
        var at = address.LastIndexOf('@');
        if (at <= 0 || name.Length > NameMax) return null;
        var local = address[..at];
        if (!LocalForm().IsMatch(local) || local.Any(IsHidden) || Encoding.UTF8.GetByteCount(local) > LocalBytesMax) return null;
        if (AsciiDomain(address[(at + 1)..]) is not { } domain || Encoding.UTF8.GetByteCount(local) + 1 + domain.Length > AddressBytesMax) return null;
        return new Mailbox(name, local, domain);
    }

    /// <summary>The domain as name servers know it; null: it is none.</summary>
    internal static string? AsciiDomain(string domain)
    {
        try
        {
            var ascii = new IdnMapping { UseStd3AsciiRules = true }.GetAscii(domain).ToLowerInvariant();
            return DomainForm().IsMatch(ascii) ? ascii : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static (string Name, string Address) Parts(string text)
    {
        if (!text.EndsWith('>')) return ("", text);
        var open = text.LastIndexOf('<');
        if (open < 0) return ("", text);
        var name = text[..open].Trim();
        if (name.Length >= 2 && name[0] == '"' && name[^1] == '"') name = Escape().Replace(name[1..^1], "$1");
        return (name, text[(open + 1)..^1]);
    }

    /// <summary>Letters that are not seen, or turn the direction of what follows.</summary>
    private static bool IsHidden(char c) => char.IsWhiteSpace(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    [GeneratedRegex("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u0080-\\uffff-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u0080-\\uffff-]+)*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex LocalForm();

    [GeneratedRegex("^(?=.{1,253}\\z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex DomainForm();

    [GeneratedRegex("\\\\(.)", RegexOptions.CultureInvariant)]
    private static partial Regex Escape();
}
