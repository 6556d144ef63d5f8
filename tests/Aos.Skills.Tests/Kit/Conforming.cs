using Aos.Contracts;
using Aos.Testing;

namespace Aos.Skills.Tests.Kit;

/// <summary>The conformance kit: AOS's own skills keep it, and it catches those that do not.</summary>
public sealed class Conforming
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(150);

    [Fact]
    [Trait("store", "none")]
    [Trait("id", "F5.65-19")]
    public async Task A_good_skill_passes_every_check()
    {
        var log = new ConformanceLog();
        var skill = new BadSkill("none", log);

        var report = await SkillConformance.CheckAsync(
            skill, Samples(), new ConformanceOptions { Effects = () => skill.Effects, Log = log }, TestContext.Current.CancellationToken);

        Assert.True(report.Passed, report.ToString());
        Assert.Equal(
            ["contract", "input_schema", "cancellation", "outcome", "failures", "output_schema", "determinism", "idempotency", "redaction", "unknown_member", "hostile_input", "timeout"],
            report.Checks);
        Assert.EndsWith("bad: conforms", report.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("version", "contract")]
    [InlineData("unknown_stable", "contract")]
    [InlineData("unknown_secret", "contract")]
    [InlineData("throws", "hostile_input")]
    [InlineData("slow", "cancellation,timeout")]
    [InlineData("wrong_exception", "cancellation")]
    [InlineData("logs", "redaction")]
    [InlineData("secret", "redaction")]
    [InlineData("backwards", "redaction")]
    [InlineData("fails_secret", "redaction")]
    [InlineData("unlisted", "outcome,failures")]
    [InlineData("no_code", "outcome,failures,hostile_input")]
    [InlineData("random", "determinism,idempotency")]
    [InlineData("by_key", "determinism")]
    [InlineData("twice", "idempotency")]
    [InlineData("pure_effect", "idempotency")]
    [InlineData("null", "outcome")]
    [InlineData("range", "output_schema")]
    [Trait("store", "none")]
    [Trait("id", "F5.65-20")]
    public async Task Each_fault_is_caught_by_the_check_that_is_for_it(string fault, string checks)
    {
        var log = new ConformanceLog();
        var skill = new BadSkill(fault, log);
        var isAboutStopping = fault is "slow" or "wrong_exception";

        var report = await SkillConformance.CheckAsync(
            skill, Samples().Where(sample => sample.IsLong == isAboutStopping), new ConformanceOptions { Effects = () => skill.Effects, Log = log, Grace = fault == "slow" ? Short : TimeSpan.FromSeconds(5) }, TestContext.Current.CancellationToken);

        Assert.False(report.Passed);
        Assert.Contains("does not conform", report.ToString(), StringComparison.Ordinal);
        var found = report.Findings.Select(finding => finding.Check).Distinct().ToList();
        Assert.Equal(checks.Split(',').Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Fact]
    [Trait("store", "none")]
    [Trait("id", "F5.65-20")]
    public async Task A_skill_that_takes_names_it_does_not_know_is_caught()
    {
        var report = await SkillConformance.CheckAsync(new OpenSkill(), [new SkillSample("""{"text":"a"}""")], cancel: TestContext.Current.CancellationToken);

        Assert.Equal(["unknown_member"], report.Findings.Select(finding => finding.Check));
    }

    [Fact]
    [Trait("store", "none")]
    [Trait("id", "F5.65-20")]
    public async Task Without_a_sample_nothing_is_known()
    {
        var report = await SkillConformance.CheckAsync(new BadSkill("none"), [], cancel: TestContext.Current.CancellationToken);

        Assert.Equal("outcome: There is no sample: nothing was called.", Assert.Single(report.Findings).ToString());
    }

    [Fact]
    [Trait("store", "none")]
    [Trait("id", "F5.65-20")]
    public async Task A_sample_that_the_schema_refuses_is_a_finding_of_its_own()
    {
        var report = await SkillConformance.CheckAsync(new BadSkill("none"), [new SkillSample("""{"text":5}"""), new SkillSample("""{"text":5}""") { Fails = "INVALID_INPUT" }], cancel: TestContext.Current.CancellationToken);

        Assert.Equal(["input_schema"], report.Findings.Select(finding => finding.Check));
    }

    [Fact]
    [Trait("store", "none")]
    [Trait("id", "F5.65-21")]
    public async Task The_skills_without_effects_conform()
    {
        await KeepsAsync(new Echo(), """{"message":"hi","n":[1,2,{"a":null}]}""", "{}");
        await KeepsAsync(
            new JsonTransform(), """{"operation":"extract","data":{"a":[1,2]},"path":"$.a[-1]"}""", """{"query":".a | map(. + 1)","data":{"a":[1,2]}}""", """{"operation":"sort","data":[3,1,2]}""",
            """{"payload":{"a":1},"mapping":{"b":"a"}}""", "!DATA_NOT_FOUND {\"operation\":\"extract\",\"data\":{},\"path\":\"$.a\"}", "!TRANSFORM_ERROR {\"operation\":\"pick\",\"data\":5,\"keys\":[\"a\"]}");
        await KeepsAsync(new Wait(TimeProvider.System), """{"ms":1}""", "!INVALID_INPUT {}", "~{\"seconds\":3000}");
    }

    [Fact]
    [Trait("store", "sqlite")]
    [Trait("id", "F5.65-21")]
    public async Task The_skills_that_keep_things_conform()
    {
        using var room = new SkillRoom();
        await File.WriteAllTextAsync(Path.Combine(room.Workspace, "a.txt"), "text", TestContext.Current.CancellationToken);

        await KeepsAsync(new FsRead(room.Get<Workspace>()), """{"path":"a.txt"}""", "!FILE_NOT_FOUND {\"path\":\"gone.txt\"}");
        await KeepsAsync(new FsWrite(room.Get<Workspace>()), """{"path":"b.txt","content":"text"}""");
        await KeepsAsync(new KvSet(room.Get<KvStore>()), """{"key":"k","value":{"a":1}}""");
        await KeepsAsync(new KvGet(room.Get<KvStore>()), """{"key":"k"}""", """{"key":"gone","default":5}""", "!DATA_NOT_FOUND {\"key\":\"gone\"}");
        await KeepsAsync(new KvDelete(room.Get<KvStore>()), """{"key":"never"}""");
    }

    private static Task KeepsAsync<TIn, TOut>(ISkill<TIn, TOut> skill, params string[] samples)
        where TIn : class
        where TOut : class => KeepsAsync(skill, null, samples);

    /// <param name="effects">How many effects there were so far; null: nobody counts them.</param>
    internal static async Task KeepsAsync<TIn, TOut>(ISkill<TIn, TOut> skill, Func<int>? effects, params string[] samples)
        where TIn : class
        where TOut : class
    {
        var report = await SkillConformance.CheckAsync(skill, samples.Select(Read), new ConformanceOptions { Effects = effects }, TestContext.Current.CancellationToken);

        Assert.True(report.Passed, report.ToString());
    }

    /// <summary><c>!CODE {...}</c> fails, <c>~{...}</c> takes long.</summary>
    private static SkillSample Read(string text) => text[0] switch
    {
        '!' => new SkillSample(text[text.IndexOf('{', StringComparison.Ordinal)..]) { Fails = text[1..text.IndexOf(' ', StringComparison.Ordinal)] },
        '~' => new SkillSample(text[1..]) { IsLong = true },
        _ => new SkillSample(text),
    };

    private static IEnumerable<SkillSample> Samples() =>
    [
        new("""{"text":"a","token":"t"}"""),
        new("""{"text":"missing","token":"t"}""") { Fails = "DATA_NOT_FOUND" },
        new("""{"text":"long"}""") { IsLong = true },
    ];
}
