using System.Text.RegularExpressions;

namespace Aos.House.Tests;

/// <summary>What must not stand in the sources.</summary>
public sealed class Words
{
    // Split so that this file does not find itself.
    private const string Unfinished = "\\b(TO" + "DO|FIX" + "ME|HA" + "CK)\\b|NotImplemented" + "Exception|NotSupported" + "Exception\\(\"not ";

    /// <summary>Sources longer than the limit, each with its reason.</summary>
    private static readonly Dictionary<string, string> LongFiles = new(StringComparer.Ordinal);

    /// <summary>Files beside rooms and options whose types are public, each with its reason.</summary>
    private static readonly Dictionary<string, string> OpenFiles = new(StringComparer.Ordinal)
    {
        ["src/Aos.Storage/DataDirectory.cs"] = "its exceptions tell whoever starts the store that the directory is held or damaged",
    };

    private const int LinesMax = 400;

    [Fact]
    public void Nothing_is_left_unfinished() =>
        Assert.Empty(Tree.Find(Tree.Files("src", "*.cs").Concat(Tree.Files("tests", "*.cs")), Unfinished));

    [Fact]
    public void No_task_is_let_go() => Assert.Empty(Tree.Find(Tree.Files("src", "*.cs"), "\\basync void\\b|\\.GetAwaiter\\(\\)\\.GetResult\\(\\).*fire"));

    [Fact]
    public void Time_comes_from_the_injected_clock() =>
        Assert.Empty(Tree.Find(Tree.Files("src", "*.cs"), "\\bDateTime(Offset)?\\.(Utc)?Now\\b|new Timer\\(|\\.Wait\\(\\)"));

    [Fact]
    public void A_test_never_sleeps() =>
        Assert.Empty(Tree.Find(
            Tree.Files("tests", "*.cs").Where(file => !Tree.Name(file).StartsWith("tests/Aos.Chaos/", StringComparison.Ordinal) && !Tree.Name(file).StartsWith("tests/Aos.Simulation/", StringComparison.Ordinal)),
            "Task\\.De" + "lay\\(|Thread\\.Sl" + "eep\\("));

    [Fact]
    public void A_test_about_one_store_names_one_that_is_tested() =>
        Assert.Empty(Tree.Find(Tree.Files("tests", "*.cs"), "Trait\\(\"store\", (?!\"(none|sqlite|postgres|direct|pgbouncer)\"\\))"));

    [Fact]
    public void A_source_file_stays_short()
    {
        var tooLong = Tree.Files("src", "*.cs")
            .Where(file => File.ReadLines(file).Count() > LinesMax)
            .Select(Tree.Name)
            .Where(name => !LongFiles.ContainsKey(name));

        Assert.Empty(tooLong);
        Assert.All(LongFiles.Keys, name => Assert.True(File.Exists(Tree.At(name)), name));
    }

    [Fact]
    public void No_file_knows_one_machine()
    {
        var files = Tree.Files("src", "*.*").Concat(Tree.Files("tests", "*.cs")).Concat(Tree.Documents())
            .Where(file => Regex.IsMatch(file, "\\.(cs|md|csproj|props|json|ya?ml|txt|sql|razor|css)$"));

        Assert.Empty(Tree.Find(files, "[\"'` =(](/wo" + "rk/|/ho" + "me/[a-z]|/ro" + "ot/|/t" + "mp/|[A-Z]:\\\\Us" + "ers)"));
    }

    [Fact]
    public void Only_doors_are_public()
    {
        var open = new Regex("^public (sealed |static |abstract |partial |readonly )*(class|record|struct|interface|enum|delegate) (struct )?(?<name>\\w+)", RegexOptions.Multiline);
        var found = Tree.Files("src", "*.cs")
            .Where(file => !Regex.IsMatch(Tree.Name(file), "^src/Aos\\.(Kernel|Contracts|Client|Testing)/"))
            .Where(file => !Regex.IsMatch(Path.GetFileName(file), "(Room|Options)\\.cs$|^(AosServer|Program)\\.cs$"))
            .Where(file => !OpenFiles.ContainsKey(Tree.Name(file)))
            .SelectMany(file => open.Matches(File.ReadAllText(file)).Select(match => $"{Tree.Name(file)}: {match.Groups["name"].Value}"));

        Assert.Empty(found);
        Assert.All(OpenFiles.Keys, name => Assert.True(File.Exists(Tree.At(name)), name));
    }
}
