using System.Text.Json;
using Aos.Contracts;

namespace Aos.Skills.Tests.Kit;

/// <summary>What AOS's own skills promise, kept in a file beside this one.</summary>
[Trait("store", "sqlite")]
public sealed class Snapshots
{
    private static string File => Path.Combine(AppContext.BaseDirectory, "Kit", "skills.json");

    [Fact]
    [Trait("id", "F5.14-01")]
    public void No_skill_of_the_snapshot_is_gone_or_breaks_its_promises_without_a_major_version()
    {
        using var room = new SkillRoom();
        var now = SkillSnapshots.Of(room.Skills);

        var diffs = ContractDiffs.OfSnapshots(Json.Parse(System.IO.File.ReadAllText(File)), now);

        Assert.True(diffs.All(diff => diff.IsBumped), string.Join('\n', diffs.Where(diff => !diff.IsBumped).SelectMany(diff => diff.Changes.Select(change => $"{diff.Skill} {diff.Old} -> {diff.New}: {change.Type} {change.Path}: {change.Description}")))
            + "\nA promise was changed. Give the skill the version that this asks for, and write the snapshot anew: aos skills --snapshot tests/Aos.Skills.Tests/Kit/skills.json");
    }

    [Fact]
    [Trait("id", "F5.14-02")]
    [Trait("id", "F5.14-03")]
    public void The_snapshot_is_there_and_has_the_first_skills()
    {
        var names = Json.Parse(System.IO.File.ReadAllText(File)).GetProperty("skills").EnumerateArray().Select(skill => skill.GetText("name")!).ToList();

        Assert.Empty(new[] { "http_call", "json_transform", "llm_invoke", "kv_get", "fs_read", "webhook_send" }.Except(names));
    }

    [Fact]
    [Trait("id", "F5.1-18")]
    [Trait("id", "F5.1-19")]
    [Trait("id", "F5.65-22")]
    public void A_skill_that_comes_or_goes_comes_and_goes_in_the_snapshot()
    {
        using var before = new SkillRoom();
        using var after = new SkillRoom([], aos => Versioned.Add(aos, "greet", "1.0.0", "1.1.0"));
        var (old, now) = (SkillSnapshots.Of(before.Skills), SkillSnapshots.Of(after.Skills));

        Assert.DoesNotContain("greet", Names(old));
        Assert.Equal(["1.1.0", "1.0.0"], now.GetProperty("skills").EnumerateArray().Where(skill => skill.GetText("name") == "greet").Select(skill => skill.GetText("version")));
        Assert.Equal("skill_added", Assert.Single(Assert.Single(ContractDiffs.OfSnapshots(old, now)).Changes).Type);
        var gone = Assert.Single(ContractDiffs.OfSnapshots(now, old));
        Assert.Equal(("greet", "1.1.0", null, false), (gone.Skill, gone.Old, gone.New, gone.IsBumped));
        Assert.Equal(old.GetRawText(), SkillSnapshots.Of(before.Skills).GetRawText());
    }

    [Fact]
    [Trait("id", "F5.65-22")]
    public void A_snapshot_has_all_that_a_skill_promises()
    {
        using var room = new SkillRoom([], aos => aos.AddSkill("greet", "2.0.0", _ => new Greet2()));

        var skill = SkillSnapshots.Of(room.Skills.Versions("greet")).GetProperty("skills")[0];

        Assert.Equal(("greet", "2.0.0"), (skill.GetText("name"), skill.GetText("version")));
        Assert.Equal(ContentHash.Hex(skill.GetProperty("input_schema")), skill.GetText("input_hash"));
        Assert.Equal(ContentHash.Hex(skill.GetProperty("output_schema")), skill.GetText("output_hash"));
        var contract = skill.GetProperty("contract");
        Assert.Equal("idempotent", contract.GetText("effect"));
        Assert.Equal("""["INVALID_INPUT"]""", contract.GetProperty("failure_modes").GetRawText());
        Assert.Equal("""["who"]""", contract.GetProperty("secret_params").GetRawText());
        Assert.Equal(5_000, contract.GetProperty("timeout_ms").GetInt32());
        Assert.Equal(10_485_760, contract.GetProperty("constraints").GetProperty("input_bytes_max").GetInt32());
    }

    private static IEnumerable<string?> Names(JsonElement snapshot) => snapshot.GetProperty("skills").EnumerateArray().Select(skill => skill.GetText("name"));
}
