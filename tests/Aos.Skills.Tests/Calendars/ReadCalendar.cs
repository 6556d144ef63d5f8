using System.Text;
using System.Text.RegularExpressions;

namespace Aos.Skills.Tests;

/// <summary>A calendar as a reader takes it apart: written after the RFC and not after the writer.</summary>
internal sealed class ReadCalendar
{
    private readonly List<(string In, string Name, string Parameters, string Value)> lines = [];

    internal ReadCalendar(string text)
    {
        Assert.EndsWith("\r\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", text.Replace("\r\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.All(text.Split("\r\n"), line => Assert.True(Encoding.UTF8.GetByteCount(line) <= 75, line));
        var open = new Stack<string>();
        foreach (var line in text.Replace("\r\n ", "", StringComparison.Ordinal).Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var found = Regex.Match(line, "^(?<name>[A-Z-]+)(?<parameters>(;[A-Z-]+=(\"[^\"]*\"|[^\";:,]*))*):(?<value>.*)$", RegexOptions.Singleline);
            Assert.True(found.Success, line);
            var (name, value) = (found.Groups["name"].Value, found.Groups["value"].Value);
            if (name == "BEGIN") open.Push(value);
            else if (name == "END") Assert.Equal(open.Pop(), value);
            else lines.Add((open.Peek(), name, found.Groups["parameters"].Value, value));
        }

        Assert.Empty(open);
    }

    /// <summary>Parameters and value of a property of the event, or of another part; null: it has none.</summary>
    internal string? this[string name, string part = "VEVENT"] => All(name, part).SingleOrDefault();

    internal IEnumerable<string> All(string name, string part = "VEVENT") => lines.Where(line => line.In == part && line.Name == name).Select(line => $"{line.Parameters}:{line.Value}");

    /// <summary>A text as people see it.</summary>
    internal string? Text(string name) =>
        this[name]?[1..] is { } value ? Regex.Replace(value, "\\\\(.)", found => found.Groups[1].Value is "n" or "N" ? "\n" : found.Groups[1].Value) : null;
}
