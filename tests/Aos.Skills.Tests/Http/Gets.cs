using Aos.Contracts;

namespace Aos.Skills.Tests.Http;

/// <summary><c>http_get</c>, and the shell that there is none of.</summary>
[Trait("store", "none")]
public sealed class Gets
{
    [Fact]
    [Trait("id", "F5.61-01")]
    public async Task It_answers_as_http_call_does()
    {
        await using var peer = LyingPeer.Saying("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
        using var room = new SkillRoom(peer.Authority);
        var parameters = $$"""{"url":"{{peer.Origin}}/x","headers":{"X-A":"1"},"params":{"b":2},"timeout_ms":5000,"max_retries":3}""";
        var (got, called) = ((await room.CallAsync("http_get", parameters)).Result, (await room.CallAsync("http_call", parameters)).Result);

        Assert.Equal(called.EnumerateObject().Select(member => member.Name), got.EnumerateObject().Select(member => member.Name));
        foreach (var name in new[] { "status_code", "headers", "headers_hash", "body", "body_encoding", "body_hash", "url", "final_url", "warnings" })
            Assert.Equal(called.GetProperty(name).GetRawText(), got.GetProperty(name).GetRawText());
        Assert.StartsWith("GET /x?b=2 HTTP/1.1\r\n", peer.Asked[0].Head, StringComparison.Ordinal);
        Assert.Equal(peer.Asked[1].Head, peer.Asked[0].Head);
    }

    [Theory]
    [InlineData("\"method\":\"POST\"")]
    [InlineData("\"body\":\"x\"")]
    [InlineData("\"idempotency_key\":\"k\"")]
    [Trait("id", "F5.61-02")]
    public async Task It_can_only_read(string member)
    {
        using var room = new SkillRoom();

        Assert.Equal("INVALID_INPUT", (await room.CallAsync("http_get", $$"""{"url":"http://93.184.216.34/",{{member}}}""")).Failure?.Code);
        Assert.NotEmpty(room.Skills.Check("http_get", Json.Parse($$"""{"url":"http://a.example/",{{member}}}"""), ""));
    }

    [Fact]
    [Trait("id", "F5.61-03")]
    public void Its_contract_is_that_of_http_call_but_for_what_writes()
    {
        using var room = new SkillRoom();
        var (get, call) = (room.Skills.Contracts["http_get"], room.Skills.Contracts["http_call"]);

        Assert.Equal((EffectClass.Idempotent, null, "url"), (get.Effect, get.EffectParam, get.TargetParam));
        Assert.Equal(EffectClass.Idempotent, room.Skills.Terms["http_get"].ClassOf(Json.Parse("""{"method":"POST"}"""), hasKey: false));
        Assert.Equal(call.StableFields, get.StableFields);
        Assert.Equal(call.FailureModes, get.FailureModes);
        Assert.Equal("a.example", room.Skills.Target("http_get", Json.Parse("""{"url":"http://a.example/x"}"""))?.Name);
        Assert.Equal([ConnectionKinds.Http], get.ConnectionKinds);
    }

    [Fact]
    [Trait("id", "F5.61-04")]
    public async Task It_is_guarded_as_http_call_is()
    {
        using var room = new SkillRoom();

        Assert.Equal("EGRESS_BLOCKED", (await room.CallAsync("http_get", """{"url":"http://169.254.169.254/latest/meta-data/"}""")).Failure?.Code);
        Assert.Equal("CONFIG_INVALID", (await room.CallAsync("http_get", """{"url":"http://93.184.216.34/","headers":{"X-A":"secret:NONE"}}""", SkillRoom.Call(written: """{"headers":{"X-A":"secret:NONE"}}"""))).Failure?.Code);
    }

    [Theory]
    [InlineData("http_call", "PERMISSION_DENIED")]
    [InlineData("http_get", "PERMISSION_DENIED")]
    [InlineData("webhook_send", "EGRESS_BLOCKED")]
    [Trait("id", "F5.61-08")]
    public async Task It_is_off_where_http_call_is(string disabled, string code)
    {
        using var room = new SkillRoom([], null, null, disabled);

        Assert.Equal(code, (await room.CallAsync("http_get", """{"url":"http://127.0.0.1/"}""")).Failure?.Code);
        Assert.Equal(code == "PERMISSION_DENIED", room.Skills.Refusal("http_get", TenantId.Default, "a") is not null);
    }

    [Theory]
    [InlineData("shell")]
    [InlineData("shell_lite")]
    [Trait("id", "F5.61-10")]
    public async Task A_shell_is_refused_with_what_to_do_instead(string skill)
    {
        using var room = new SkillRoom();
        var failure = (await room.CallAsync(skill, """{"command":"id"}""")).Failure!;
        var reading = room.Skills.ReadPlan(Json.Parse($$"""[{"skill":"{{skill}}","params":{"command":"id"} }]"""));

        Assert.Equal(("PERMISSION_DENIED", false), (failure.Code, failure.Retryable));
        Assert.Contains("http_call", failure.Message, StringComparison.Ordinal);
        Assert.Null(reading.Plan);
        Assert.Equal(("steps[0].skill", failure.Code, failure.Message), Assert.Single(reading.Problems) is var problem ? (problem.Path, problem.Code, problem.Message) : default);
        Assert.DoesNotContain(skill, room.Skills.All.Keys);
    }

    [Fact]
    [Trait("id", "F5.61-11")]
    public async Task Nobody_brings_one_of_his_own_under_its_name()
    {
        var called = 0;
        using var room = new SkillRoom([], aos => aos.AddSkill("shell", _ => new Scripted(
            (_, _, _) => Task.FromResult(new SkillAnswer<ScriptOut>(new ScriptOut($"call {++called}"))), Scripted.Plain with { Name = "shell" })));

        Assert.Equal("SANDBOX_REJECTION", (await room.CallAsync("shell", """{"name":"x"}""")).Failure?.Code);
        Assert.Equal(0, called);
    }
}
