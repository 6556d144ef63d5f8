using System.Xml.Linq;

namespace Aos.House.Tests;

/// <summary>The walls between the rooms.</summary>
public sealed class Walls
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Aos.Kernel"] = [],
        ["Aos.Client"] = ["Aos.Kernel"],
        ["Aos.Contracts"] = ["Aos.Kernel", "Aos.Client"],
        ["Aos.Storage"] = ["Aos.Contracts"],
        ["Aos.Egress"] = ["Aos.Contracts"],
        ["Aos.Runs"] = ["Aos.Contracts", "Aos.Storage"],
        ["Aos.Skills"] = ["Aos.Contracts", "Aos.Storage"],
        ["Aos.CostSim"] = ["Aos.Contracts", "Aos.Storage"],
        ["Aos.Memory"] = ["Aos.Contracts", "Aos.Storage"],
        ["Aos.Failures"] = ["Aos.Contracts", "Aos.Storage"],
        ["Aos.Approvals"] = ["Aos.Contracts", "Aos.Storage"],
        ["Aos.Identity"] = ["Aos.Contracts", "Aos.Storage"],
        ["Aos.Console"] = ["Aos.Client"],
        ["Aos.App"] =
        [
            "Aos.Client", "Aos.Contracts", "Aos.Storage", "Aos.Egress", "Aos.Runs", "Aos.Skills", "Aos.CostSim", "Aos.Memory",
            "Aos.Failures", "Aos.Approvals", "Aos.Identity", "Aos.Console",
            "Aos.Testing", // not linked: its file lies in the folder kit, for those who write skills
        ],
        ["Aos.Testing"] =
        [
            "Aos.Kernel", "Aos.Contracts", "Aos.Storage", "Aos.Egress", "Aos.Runs", "Aos.Skills", "Aos.CostSim", "Aos.Memory",
            "Aos.Failures", "Aos.Approvals", "Aos.Identity",
        ],
    };

    public static TheoryData<string> Rooms() => [.. Allowed.Keys];

    internal static string Root { get; } = FindRoot();

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_project_references_only_what_it_may(string project)
    {
        var file = XDocument.Load(Path.Combine(Root, "src", project, project + ".csproj"));
        var references = file.Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!));

        Assert.All(references, reference => Assert.Contains(reference, Allowed[project]));
    }

    [Fact]
    public void Every_project_is_in_the_table()
    {
        var projects = Directory.EnumerateDirectories(Path.Combine(Root, "src")).Select(folder => Path.GetFileName(folder)!);

        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), projects.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_kernel_is_kept_pure_by_the_compiler()
    {
        var banned = File.ReadAllText(Path.Combine(Root, "src", "Aos.Kernel", "BannedSymbols.txt"));
        var props = File.ReadAllText(Path.Combine(Root, "src", "Directory.Build.props"));

        Assert.All(
            ["T:System.Threading.Tasks.Task;", "T:System.TimeProvider;", "T:System.Random;", "T:System.IO.File;", "M:System.Guid.NewGuid;"],
            symbol => Assert.Contains(symbol, banned, StringComparison.Ordinal));
        Assert.Contains("$(MSBuildProjectDirectory)/BannedSymbols.txt", props, StringComparison.Ordinal);
    }

    [Fact]
    public void The_kernel_uses_no_package()
    {
        var file = XDocument.Load(Path.Combine(Root, "src", "Aos.Kernel", "Aos.Kernel.csproj"));

        Assert.Empty(file.Descendants("PackageReference"));
    }

    [Fact]
    public void Every_event_of_a_run_is_folded()
    {
        var fold = File.ReadAllText(Path.Combine(Root, "src", "Aos.Kernel", "Runs", "Fold.cs"));
        var events = typeof(RunEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(RunEvent))).ToList();

        Assert.NotEmpty(events);
        Assert.All(events, type => Assert.Contains($"            {type.Name}", fold, StringComparison.Ordinal));
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Aos.slnx"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Aos.slnx");
        return folder;
    }
}
