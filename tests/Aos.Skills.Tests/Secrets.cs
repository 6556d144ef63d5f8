using System.Text.Json;
using Aos.Contracts;

namespace Aos.Skills.Tests;

/// <summary>Where <c>secret:NAME</c> is resolved, and where its value never comes out.</summary>
public sealed class Secrets : IDisposable
{
    private readonly string name = "T" + Guid.NewGuid().ToString("N");
    private readonly List<string> seen = [];

    public Secrets() => Environment.SetEnvironmentVariable("AOS_SECRET_" + name, "hunter2");

    public void Dispose() => Environment.SetEnvironmentVariable("AOS_SECRET_" + name, null);

    [Fact]
    public async Task A_secret_the_plan_names_reaches_the_skill_and_nothing_else()
    {
        using var room = Room(input => new SkillAnswer<ScriptOut>(
            new ScriptOut("it is " + input.Name, Json.Parse("""{"k":["hunter2"]}""")), SideEffects: [new SideEffect("t", "hunter2", false)]));
        var outcome = await CallAsync(room, $$"""{"name":"secret:{{name}}"}""");

        Assert.Equal(["hunter2"], seen);
        Assert.Equal("it is [REDACTED]", outcome.Result.GetProperty("text").GetString());
        Assert.DoesNotContain("hunter2", outcome.ToString() + outcome.Result.GetRawText() + outcome.SideEffects[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_does_not_tell_it_either()
    {
        using var answered = Room(_ => new SkillAnswer<ScriptOut>(null, FailureCatalog.Fail("HTTP_4XX", "hunter2 is wrong", null, Json.Parse("""{"said":"hunter2"}"""))));
        using var broke = Room(input => throw new InvalidOperationException(input.Name));
        var failure = (await CallAsync(answered, $$"""{"name":"secret:{{name}}"}""")).Failure!;

        Assert.DoesNotContain("hunter2", failure.Message + failure.Details!.Value.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", (await CallAsync(broke, $$"""{"name":"secret:{{name}}"}""")).Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_word_may_stand_before_it()
    {
        using var room = Room(_ => new SkillAnswer<ScriptOut>(new ScriptOut("t")));
        await CallAsync(room, $$"""{"name":"Bearer secret:{{name}}"}""");

        Assert.Equal(["Bearer hunter2"], seen);
    }

    [Theory]
    [InlineData("""{"name":"${{ steps.a.result }}"}""")]
    [InlineData("""{"name":"n"}""")]
    [InlineData(null)]
    public async Task What_came_in_with_data_is_text(string? written)
    {
        using var room = Room(_ => new SkillAnswer<ScriptOut>(new ScriptOut("t")));
        await room.CallAsync("scripted", $$"""{"name":"secret:{{name}}"}""", SkillRoom.Call(written: written));

        Assert.Equal(["secret:" + name], seen);
    }

    [Fact]
    public async Task A_skill_that_takes_none_sees_the_text()
    {
        using var room = new SkillRoom();
        var parameters = $$"""{"message":"secret:{{name}}"}""";
        var outcome = await room.CallAsync("echo", parameters, SkillRoom.Call(written: parameters));

        Assert.Equal("secret:" + name, outcome.Result.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("default", "NOBODY_SET_THIS")]
    [InlineData("other", null)]
    public async Task A_secret_the_tenant_does_not_have_is_a_clear_failure(string tenant, string? other)
    {
        using var room = Room(_ => new SkillAnswer<ScriptOut>(new ScriptOut("t")));
        var parameters = $$"""{"name":"secret:{{other ?? name}}"}""";
        var failure = (await room.CallAsync("scripted", parameters, SkillRoom.Call(tenant: tenant, written: parameters))).Failure!;

        Assert.Equal("CONFIG_INVALID", failure.Code);
        Assert.Contains(other ?? name, failure.Message, StringComparison.Ordinal);
        Assert.Empty(seen);
    }

    [Fact]
    [Trait("id", "SEC-18")]
    public async Task It_is_hidden_as_it_stands_in_a_url_and_whole_where_another_begins_like_it()
    {
        var (url, longer) = (name + "U", name + "L");
        Environment.SetEnvironmentVariable("AOS_SECRET_" + url, "a+b/c=d");
        var large = "hunter2-and-more" + new string('+', 65_000); // As large as secrets may be.
        Environment.SetEnvironmentVariable("AOS_SECRET_" + longer, large);
        try
        {
            using var room = Scripted.Room(
                (_, _, _) => Task.FromResult(new SkillAnswer<ScriptOut>(new ScriptOut($"https://x/?k=a%2Bb%2Fc%3Dd&l={large}"))), Scripted.Plain with { SecretParams = ["name", "parts"] });
            var outcome = await CallAsync(room, $$"""{"name":"secret:{{name}}","parts":[{"url":"secret:{{url}}"},{"url":"secret:{{longer}}"}]}""");

            Assert.Equal("https://x/?k=[REDACTED]&l=[REDACTED]", outcome.Result.GetProperty("text").GetString());
        }
        finally
        {
            Environment.SetEnvironmentVariable("AOS_SECRET_" + url, null);
            Environment.SetEnvironmentVariable("AOS_SECRET_" + longer, null);
        }
    }

    private static Task<StructuredOutcome> CallAsync(SkillRoom room, string parameters) =>
        room.CallAsync("scripted", parameters, SkillRoom.Call(written: parameters));

    private SkillRoom Room(Func<ScriptIn, SkillAnswer<ScriptOut>> answer) => Scripted.Room(
        (input, _, _) =>
        {
            seen.Add(input.Name);
            return Task.FromResult(answer(input));
        },
        Scripted.Plain with { SecretParams = ["name"] });
}
