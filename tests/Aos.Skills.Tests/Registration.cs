using System.Text.Json;
using Aos.Contracts;

namespace Aos.Skills.Tests;

/// <summary>What the registry knows of skills.</summary>
[Trait("store", "none")]
public sealed class Registration
{
    private static readonly SkillAnswer<ScriptOut> Done = new(new ScriptOut("done"));

    public static TheoryData<string> Names()
    {
        using var room = new SkillRoom();
        return [.. room.Skills.All.Keys.Order(StringComparer.Ordinal)];
    }

    [Fact]
    [Trait("id", "A8.2-26")]
    [Trait("id", "F5.1-05")]
    [Trait("id", "F5.1-15")]
    [Trait("id", "F5.1-25")]
    [Trait("id", "F5.1-27")]
    public void A_new_skill_is_known_by_its_name()
    {
        using var room = Scripted.Room(Done);

        Assert.True(room.Skills.All.ContainsKey("scripted"));
        Assert.Equal("1.0.0", room.Skills.All["scripted"].Contract.Version);
        Assert.Contains("scripted", room.Skills.Terms.Keys);
        Assert.Contains("echo", room.Skills.All.Keys);
    }

    [Fact]
    [Trait("id", "A8.2-27")]
    [Trait("id", "F5.1-06")]
    public void A_second_skill_of_the_same_name_is_refused()
    {
        using var room = new SkillRoom([], aos => aos.AddSkill("echo", _ => new Scripted((_, _, _) => Task.FromResult(Done))));

        Assert.Contains("already registered", Assert.Throws<InvalidOperationException>(() => room.Skills).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "A8.2-08")]
    [Trait("id", "F5.1-16")]
    public void An_unknown_name_gives_nothing()
    {
        using var room = new SkillRoom();

        Assert.False(room.Skills.All.TryGetValue("nothing", out var skill));
        Assert.Null(skill);
        Assert.Equal("SKILL_NOT_FOUND", Assert.Single(room.Skills.Check("nothing", Json.EmptyObject, "p")).Code);
    }

    [Theory]
    [InlineData("1.0.0", true)]
    [InlineData("2.1.0", true)]
    [InlineData("0.1.0", true)]
    [InlineData("1.0.0-stub", true)]
    [InlineData("1.0.0-beta", true)]
    [InlineData("1.2", false)]
    [InlineData("v1.0.0", false)]
    [InlineData("01.0.0", false)]
    [Trait("id", "A8.1-11")]
    [Trait("id", "F5.1-01")]
    public void A_version_is_semantic(string version, bool isGood) =>
        Assert.Equal(isGood, ContractRules.Problem("scripted", Scripted.Plain with { Version = version }) is null);

    [Fact]
    [Trait("id", "A8.1-19")]
    public void A_contract_is_sound_or_its_skill_never_runs()
    {
        Assert.NotNull(ContractRules.Problem("other", Scripted.Plain));
        Assert.NotNull(ContractRules.Problem("scripted", Scripted.Plain with { TypicalCents = -1 }));
        Assert.NotNull(ContractRules.Problem("scripted", Scripted.Plain with { TypicalLatencyMs = -1 }));
        Assert.NotNull(ContractRules.Problem("scripted", Scripted.Plain with { Cost = CostModel.Free with { BaseCents = -1 } }));
        Assert.NotNull(ContractRules.Problem("scripted", Scripted.Plain with { FailureModes = [new FailureMode("NO_SUCH_CODE", 0.1, "")] }));
        Assert.NotNull(ContractRules.Problem("scripted", Scripted.Plain with { FailureModes = [new FailureMode("TIMEOUT", 1.1, "")] }));
        Assert.Null(ContractRules.Problem("scripted", Scripted.Plain));
    }

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("id", "A8.1-10")]
    [Trait("id", "A8.2-07")]
    [Trait("id", "A8.2-09")]
    [Trait("id", "F5.1-20")]
    public void A_skill_describes_itself_in_full(string name)
    {
        using var room = new SkillRoom();
        var skill = room.Skills.All[name];

        Assert.Null(ContractRules.Problem(name, skill.Contract));
        Assert.EndsWith(".", skill.Contract.Description, StringComparison.Ordinal);
        Assert.NotEmpty(skill.Contract.Tags);
        Assert.NotEmpty(skill.Contract.StableFields);
        Assert.True(skill.Contract.TypicalLatencyMs > 0);
        var results = skill.OutputSchema.GetProperty("properties");
        Assert.All(skill.Contract.StableFields, field => Assert.True(results.TryGetProperty(field, out _), field));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Terms_and_schema_name_the_same_parameters(string name)
    {
        using var room = new SkillRoom();
        var skill = room.Skills.All[name];
        var schema = skill.InputSchema;
        var isOpen = schema.Get("additionalProperties") is not { ValueKind: JsonValueKind.False };
        var named = isOpen ? Enumerable.Empty<string>() : schema.GetProperty("properties").EnumerateObject().Select(property => property.Name);
        var required = schema.Get("required") is { } list ? list.EnumerateArray().Select(item => item.GetString()!) : [];

        Assert.Equal(named.Order(StringComparer.Ordinal), skill.Terms.KnownParams.Order(StringComparer.Ordinal));
        Assert.Equal(required.Order(StringComparer.Ordinal), skill.Terms.RequiredParams.Order(StringComparer.Ordinal));
        Assert.Empty(JsonSchema.Parse(schema).Problems);
        Assert.Empty(JsonSchema.Parse(skill.OutputSchema).Problems);
    }

    [Fact]
    [Trait("id", "A8.10-20")]
    public void The_first_skills_are_there()
    {
        using var room = new SkillRoom();

        Assert.Empty(
            new[] { "echo", "wait", "json_transform", "http_call", "http_get", "fs_read", "fs_write", "kv_get", "kv_set", "kv_delete", "webhook_send" }.Except(room.Skills.All.Keys));
    }

    [Fact]
    [Trait("id", "F5.1-10")]
    [Trait("id", "F5.1-11")]
    public void Tags_lead_to_skills()
    {
        using var room = new SkillRoom();

        Assert.Equal(
            ["kv_delete", "kv_get", "kv_set"],
            room.Skills.All.Where(skill => skill.Value.Contract.Tags.Contains("storage")).Select(skill => skill.Key).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("http_call", "DELETE", EffectClass.Idempotent)]
    [InlineData("http_call", "post", EffectClass.AtMostOnce)]
    [InlineData("http_call", "PATCH", EffectClass.AtMostOnce)]
    [Trait("id", "F5.3-09")]
    [Trait("id", "F5.3-10")]
    [Trait("id", "F5.3-11")]
    public void The_method_says_what_a_repeat_may_do_and_a_key_allows_it(string skill, string method, EffectClass effect)
    {
        using var room = new SkillRoom();
        var parameters = Json.Parse($$"""{"method":"{{method}}"}""");

        Assert.Equal(effect, room.Skills.Terms[skill].ClassOf(parameters, hasKey: false));
        Assert.Equal(EffectClass.Idempotent, room.Skills.Terms[skill].ClassOf(parameters, hasKey: true));
    }

    [Theory]
    [InlineData("""{"timeout_ms":1500}""", 1.5)]
    [InlineData("""{"timeout_seconds":2.5}""", 2.5)]
    [InlineData("""{"timeout":"10s"}""", 10)]
    [InlineData("""{"timeout":3}""", 3)]
    [InlineData("""{"timeout":"soon"}""", 30)]
    [InlineData("{}", 30)]
    public void A_call_gets_the_time_its_parameters_ask_for(string parameters, double seconds)
    {
        using var room = new SkillRoom();

        Assert.Equal(TimeSpan.FromSeconds(seconds), room.Skills.Terms["http_call"].TimeoutOf(Json.Parse(parameters)));
        Assert.Equal(TimeSpan.FromSeconds(30), room.Skills.Terms["webhook_send"].TimeoutOf(Json.Parse(parameters)));
    }
}
