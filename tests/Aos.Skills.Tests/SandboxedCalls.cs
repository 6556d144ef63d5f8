namespace Aos.Skills.Tests;

/// <summary>The sandbox before the real skills: what reaches it, and that it leaves text alone.</summary>
[Trait("store", "none")]
public sealed class SandboxedCalls
{
    [Theory]
    [InlineData("http_call", """{"url":"http://127.0.0.1:1/","headers":{"X":"$(id)"}}""")]
    [InlineData("http_call", """{"url":"http://127.0.0.1:1/","headers":{"`id`":"x"}}""")]
    [InlineData("http_call", """{"url":"http://127.0.0.1:1/$(id)"}""")]
    [InlineData("http_call", """{"url":["http://127.0.0.1:1/../x"]}""")]
    [InlineData("webhook_send", """{"url":"http://127.0.0.1:1/","headers":{"X":"x; rm -rf /"},"body":"x"}""")]
    [InlineData("kv_set", """{"key":"x; DROP TABLE runs","value":1}""")]
    [InlineData("kv_get", """{"key":"/etc/passwd"}""")]
    [Trait("id", "SANDBOX-06")]
    [Trait("id", "W-22")]
    public async Task A_call_with_a_suspicious_parameter_is_not_made(string skill, string parameters)
    {
        using var room = new SkillRoom("127.0.0.1");

        Assert.Equal("SANDBOX_REJECTION", (await room.CallAsync(skill, parameters)).Failure?.Code);
    }

    [Theory]
    [InlineData("echo", """{"message":"`id` $(id) ../x /etc/passwd; rm -rf /"}""")]
    [InlineData("json_transform", """{"operation":"extract","data":{"../x":"`id`"},"path":"$"}""")]
    [InlineData("kv_set", """{"key":"notes","value":"use `git`, see ../README; drop table x"}""")]
    [InlineData("fs_write", """{"path":"notes.md","content":"```sh\n$(pwd)\n```"}""")]
    [InlineData("llm_invoke", """{"provider":"scripted","prompt":"What does `cat /etc/passwd; rm -rf ..` do?"}""")]
    [Trait("id", "SANDBOX-07")]
    [Trait("id", "W-22")]
    public async Task Text_for_people_and_models_is_left_alone(string skill, string parameters)
    {
        using var room = new SkillRoom();

        Assert.NotEqual("SANDBOX_REJECTION", (await room.CallAsync(skill, parameters)).Failure?.Code);
    }

    [Theory]
    [InlineData("""{"url":7}""")]
    [InlineData("""{"url":["http://127.0.0.1/"]}""")]
    [InlineData("""{"url":null}""")]
    [InlineData("""{"url":"http://127.0.0.1/","method":1}""")]
    [InlineData("""{"url":"http://127.0.0.1/","method":{"x":1}}""")]
    [Trait("id", "SANDBOX-08")]
    [Trait("id", "W-22")]
    public async Task A_method_or_url_that_is_no_text_is_a_refusal_with_a_code(string parameters)
    {
        using var room = new SkillRoom("127.0.0.1");

        Assert.Equal("INVALID_INPUT", (await room.CallAsync("http_call", parameters)).Failure?.Code);
    }

    [Fact]
    [Trait("id", "SANDBOX-09")]
    public async Task A_skill_without_an_allowed_capability_is_not_called()
    {
        using var room = new SkillRoom([], aos => Options(aos).Capabilities = ["JSON"]);

        Assert.True((await room.CallAsync("echo", "{}")).Ok);
        Assert.Equal("SANDBOX_REJECTION", (await room.CallAsync("kv_get", """{"key":"k"}""")).Failure?.Code);
    }

    [Fact]
    [Trait("id", "SANDBOX-09")]
    [Trait("id", "W-22")]
    public async Task A_registered_skill_with_a_forbidden_name_is_not_called()
    {
        var called = 0;
        using var room = new SkillRoom([], aos =>
        {
            Options(aos).Forbidden = ["Kv_Delete"];
            aos.AddSkill("shell_exec", _ => new Scripted((_, _, _) => Task.FromResult(new Contracts.SkillAnswer<ScriptOut>(new ScriptOut($"call {++called}"))), Scripted.Plain with { Name = "shell_exec" }));
        });

        Assert.Equal("SANDBOX_REJECTION", (await room.CallAsync("shell_exec", """{"name":"x"}""")).Failure?.Code);
        Assert.Equal("SANDBOX_REJECTION", (await room.CallAsync("kv_delete", """{"key":"k"}""")).Failure?.Code);
        Assert.Equal(0, called);
    }

    private static SkillsOptions Options(Contracts.AosBuilder aos) => (SkillsOptions)aos.Services.Single(service => service.ServiceType == typeof(SkillsOptions)).ImplementationInstance!;
}
