using Aos.Contracts;

namespace Aos.Skills.Tests.Kit;

/// <summary>A registry of a thousand skills. What it costs is measured by <c>bench/run registry</c>; here it is right at that size, and does no more than it is asked.</summary>
[Trait("store", "sqlite")]
public sealed class Scale
{
    private const int Skills = 1_000;

    [Fact]
    [Trait("id", "F5.5-01")]
    [Trait("id", "F5.5-02")]
    [Trait("id", "F5.5-03")]
    [Trait("id", "F5.5-04")]
    public void A_thousand_skills_are_registered_found_and_listed_and_built_only_when_looked_at()
    {
        var built = 0;
        using var room = new SkillRoom([], aos =>
        {
            for (var i = 0; i < Skills; i++)
            {
                var name = $"load_{i}";
                aos.AddSkill(name, _ =>
                {
                    built++;
                    return new Versioned(name, "1.0.0");
                });
            }
        });

        Assert.Equal(Skills + SkillsRoom.Own.Count, room.Skills.Terms.Count);
        Assert.Equal(0, built);
        Assert.Equal("load_999", room.Skills.Terms["load_999"].Name);
        Assert.False(room.Skills.Terms.ContainsKey("load_1000"));
        Assert.Equal(1, built);
        Assert.Equal(Skills, room.Skills.All.Keys.Count(name => name.StartsWith("load_", StringComparison.Ordinal)));
        Assert.Equal(1, built);
        Assert.Equal(Skills + SkillsRoom.Own.Count, SkillSnapshots.Of(room.Skills).GetProperty("skills").GetArrayLength());
        Assert.Equal(Skills, built);
    }

    [Fact]
    [Trait("id", "F5.5-05")]
    [Trait("id", "F5.5-06")]
    [Trait("id", "F5.5-12")]
    public void Each_of_a_hundred_skills_gives_each_of_its_ten_versions()
    {
        using var room = new SkillRoom([], aos =>
        {
            for (var i = 0; i < 100; i++) Versioned.Add(aos, $"load_{i}", [.. Enumerable.Range(0, 10).Select(minor => $"1.{minor}.0")]);
        });

        for (var i = 0; i < 100; i++)
        {
            var name = $"load_{i}";
            Assert.Equal("1.9.0", room.Skills.Terms[name].Version);
            for (var minor = 0; minor < 10; minor++)
            {
                Assert.Equal($"1.{minor}.0", Chosen(room, name, $"1.{minor}.0"));
                Assert.Equal($"1.{minor}.0", Chosen(room, name, $"1.{minor}"));
            }

            Assert.Equal("1.9.0", Chosen(room, name, "^1.4"));
        }
    }

    [Fact]
    [Trait("id", "F5.5-07")]
    [Trait("id", "F5.5-08")]
    public void The_snapshot_of_a_thousand_skills_has_each_once_and_grows_with_their_number_only()
    {
        using var hundred = Many(100);
        using var thousand = Many(Skills);

        var (small, large) = (SkillSnapshots.Of(Loaded(hundred)), SkillSnapshots.Of(Loaded(thousand)));

        Assert.Equal(Skills, large.GetProperty("skills").EnumerateArray().Select(skill => skill.GetText("name")).Distinct(StringComparer.Ordinal).Count());
        Assert.InRange(large.GetRawText().Length / (double)small.GetRawText().Length, 9.5, 10.5);
    }

    [Fact]
    [Trait("id", "F5.5-09")]
    public void Half_of_a_thousand_versions_are_switched_off()
    {
        using var room = new SkillRoom(
            [], aos =>
            {
                for (var i = 0; i < Skills; i++) aos.AddSkill($"load_{i}", "1.0.0", _ => new Versioned("never", "1.0.0"));
            },
            null, [.. Enumerable.Range(0, 500).Select(i => $"load_{i * 2}@1")]);

        Assert.Equal(500, room.Skills.All.Keys.Count(name => name.StartsWith("load_", StringComparison.Ordinal)));
        Assert.False(room.Skills.All.ContainsKey("load_0"));
        Assert.True(room.Skills.All.ContainsKey("load_1"));
    }

    [Fact]
    [Trait("id", "F5.5-10")]
    [Trait("id", "F5.5-11")]
    public void Checks_and_comparisons_at_that_size_name_the_skill_they_are_of()
    {
        using var room = Many(Skills);
        var now = SkillSnapshots.Of(Loaded(room));
        var old = Json.Parse(now.GetRawText().Replace("\"stable_fields\":[\"text\"]", "\"stable_fields\":[\"any\",\"text\"]", StringComparison.Ordinal));

        var diffs = ContractDiffs.OfSnapshots(old, now);

        Assert.Equal(Skills, diffs.Length);
        Assert.Equal(Enumerable.Range(0, Skills).Select(i => $"load_{i}").Order(StringComparer.Ordinal), diffs.Select(diff => diff.Skill));
        Assert.All(diffs, diff => Assert.Equal("stable_field_removed", Assert.Single(diff.Breaking).Type));
        Assert.All(room.Skills.Versions("load_7"), skill => Assert.True(SemanticVersion.Read(skill.Contract.Version)!.Serves(SemanticVersion.Read("1.0")!)));
    }

    [Fact]
    [Trait("id", "F5.5-13")]
    public void Tags_find_their_skills_among_a_thousand()
    {
        using var room = new SkillRoom([], aos =>
        {
            for (var i = 0; i < Skills; i++)
            {
                var (name, tags) = ($"load_{i}", new[] { (i % 2 == 0 ? "even" : "odd"), (i % 10 == 0 ? "tenth" : "rest"), (i % 5 == 0 ? "fifth" : "rest") });
                aos.AddSkill(name, _ => new Versioned(name, "1.0.0", 0, tags));
            }
        });
        int With(string tag) => room.Skills.Contracts.Count(skill => skill.Value.Tags.Contains(tag));

        Assert.Equal((500, 100, 200), (With("even"), With("tenth"), With("fifth")));
    }

    private static SkillRoom Many(int count) => new([], aos =>
    {
        for (var i = 0; i < count; i++)
        {
            var name = $"load_{i}";
            aos.AddSkill(name, _ => new Versioned(name, "1.0.0"));
        }
    });

    private static IEnumerable<SkillDescription> Loaded(SkillRoom room) => room.Skills.All.Where(skill => skill.Key.StartsWith("load_", StringComparison.Ordinal)).Select(skill => skill.Value);

    private static string Chosen(SkillRoom room, string name, string range) => room.Skills.Choose([new SkillAsk("", name, VersionRange.Read(range)!)]).Skills.Terms[name].Version;
}
