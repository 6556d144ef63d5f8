using System.Text;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// Names of tools and ids of calls in the letters that providers take. Every other character of a name becomes <c>_</c>,
/// and a name that is another's then gets a number: what the model says is told back in the caller's own names.
/// </summary>
internal sealed class ToolNames
{
    private const int NameMax = 64;
    private readonly Dictionary<string, string> theirs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> ours = new(StringComparer.Ordinal);

    internal ToolNames(IEnumerable<string> names)
    {
        var all = names.Distinct(StringComparer.Ordinal).ToList();
        // A name that may stay as it is keeps it, whoever else would become it.
        foreach (var name in all.Where(IsPlain)) Put(name, name);
        foreach (var name in all.Where(name => !IsPlain(name))) Put(name, Free(new string([.. name.Take(NameMax).Select(c => IsPlain(c) ? c : '_')])));
    }

    internal string Theirs(string name) => theirs[name];

    /// <summary>The caller's name; a name that nobody has is given back as it is.</summary>
    internal string Ours(string name) => ours.GetValueOrDefault(name, name);

    /// <summary>The id itself where the provider takes it, else one made of it, the same each time.</summary>
    internal static string Id(string id, int max) => id.Length <= max && id.All(IsPlain) ? id : Made(id);

    /// <summary>An id of 21 characters, the same for the same text.</summary>
    internal static string Made(string of) => "call_" + ContentHash.Hex(Encoding.UTF8.GetBytes(of))[..16];

    private void Put(string name, string other)
    {
        theirs[name] = other;
        ours[other] = name;
    }

    private string Free(string name)
    {
        for (var n = 2; ; n++)
        {
            if (!ours.ContainsKey(name)) return name;
            var end = $"_{n}";
            name = (name.Length + end.Length > NameMax ? name[..(NameMax - end.Length)] : name) + end;
        }
    }

    private static bool IsPlain(string name) => name.Length <= NameMax && name.All(IsPlain);

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';
}
