using Aos.Contracts;

namespace Aos.Auth.Tests;

/// <summary>Policies over HTTP: read, replaced, reloaded from their file, explained.</summary>
public sealed class Policies : IAsyncLifetime
{
    private const string One = """{"version":"1","matrix":{"reader":{"run":["read"],"rbac":["read"]},"admin":{"run":["read","write"],"rbac":["read","reload"],"key":["read","write"]}}}""";
    private const string Two = """{"version":"2","matrix":{"reader":{"run":["read","write"],"rbac":["read"]},"admin":{"run":["read","write"],"rbac":["read","reload"],"key":["read","write"]}}}""";
    private const string Plan = """{"plan":[{"skill":"echo","params":{"n":1}}]}""";
    private readonly string file = Path.Combine(Directory.CreateTempSubdirectory("aos-policy-").FullName, "policy.json");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    [Trait("id", "C8.1-08")]
    [Trait("id", "C8.1-24")]
    [Trait("id", "C8.1-25")]
    public async Task Without_a_file_the_built_in_policy_is_in_force_and_said_to_be()
    {
        await using var house = await AuthHouse.OpenAsync();

        var info = await house.AsFirstAsync("GET", "/api/v1/rbac/info");

        Assert.Equal(("1.0.0", "built-in", "enforce"), (info.Text("version"), info.Text("source"), info.Text("mode")));
        Assert.True(info["enforce_mode"].GetBoolean());
        Assert.Equal(16, info.Text("hash")!.Length);
        Assert.Contains("infra", info.Texts("roles"));
        Assert.Contains("admin", info.Texts("roles"));
        var same = await house.AsFirstAsync("POST", "/api/v1/rbac/reload");
        Assert.Equal((200, info.Text("hash"), info.Text("hash")), (same.Status, same.Text("previous_hash"), same.Text("new_hash")));
    }

    [Fact]
    [Trait("id", "C8.1-12")]
    [Trait("id", "C8.1-13")]
    [Trait("id", "C8.1-15")]
    public async Task A_file_is_in_force_from_the_start_and_its_new_text_after_a_reload()
    {
        await File.WriteAllTextAsync(file, One, TestContext.Current.CancellationToken);
        await using var house = await AuthHouse.OpenAsync(options => options.PolicyFile = file);
        var reader = await house.KeyAsync("reader");
        Assert.Equal(403, (await house.AskAsync("POST", "/api/v1/runs", Plan, ("X-AOS-Key", reader.Text))).Status);
        var before = await house.AsFirstAsync("GET", "/api/v1/rbac/info");
        Assert.Equal(("1", file), (before.Text("version"), before.Text("source")));

        await File.WriteAllTextAsync(file, Two, TestContext.Current.CancellationToken);
        Assert.Equal(403, (await house.AskAsync("POST", "/api/v1/runs", Plan, ("X-AOS-Key", reader.Text))).Status);
        var reload = await house.AsFirstAsync("POST", "/api/v1/rbac/reload");

        Assert.Equal((200, before.Text("hash")), (reload.Status, reload.Text("previous_hash")));
        Assert.NotEqual(reload.Text("previous_hash"), reload.Text("new_hash"));
        Assert.Equal(201, (await house.AskAsync("POST", "/api/v1/runs", Plan, ("X-AOS-Key", reader.Text))).Status);
        Assert.Equal(("2", reload.Text("new_hash")), Of(await house.AsFirstAsync("GET", "/api/v1/rbac/matrix")));
    }

    [Fact]
    [Trait("id", "C8.1-14")]
    public async Task A_file_that_cannot_be_read_changes_nothing()
    {
        await File.WriteAllTextAsync(file, One, TestContext.Current.CancellationToken);
        await using var house = await AuthHouse.OpenAsync(options => options.PolicyFile = file);
        var before = await house.AsFirstAsync("GET", "/api/v1/rbac/info");
        foreach (var text in new[] { "{", "[]", """{"version":"2","matrix":{"reader":{"moon":["read"]}}}""" })
        {
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);

            var reload = await house.AsFirstAsync("POST", "/api/v1/rbac/reload");

            Assert.Equal((500, "reload_failed"), (reload.Status, reload.Text("detail.error")));
            Assert.Contains(file, reload.Text("detail.message")!, StringComparison.Ordinal);
            Assert.Equal(("1", before.Text("hash")), Of(await house.AsFirstAsync("GET", "/api/v1/rbac/info")));
        }

        File.Delete(file);
        Assert.Equal(500, (await house.AsFirstAsync("POST", "/api/v1/rbac/reload")).Status);
    }

    [Fact]
    public async Task A_policy_can_be_put_without_a_file_and_is_refused_when_it_is_wrong()
    {
        await using var house = await AuthHouse.OpenAsync();

        Assert.Equal(422, (await house.AsFirstAsync("PUT", "/api/v1/rbac/policy", """{"version":"x","matrix":{"reader":{"moon":["read"]}}}""")).Status);
        Assert.Equal("1.0.0", (await house.AsFirstAsync("GET", "/api/v1/rbac/info")).Text("version"));
        Assert.Equal(200, (await house.AsFirstAsync("PUT", "/api/v1/rbac/policy", One)).Status);
        Assert.Equal(("1", "put by key:first"), ((await house.AsFirstAsync("GET", "/api/v1/rbac/info")).Text("version"), (await house.AsFirstAsync("GET", "/api/v1/rbac/info")).Text("source")));
    }

    [Fact]
    [Trait("id", "C8.1-31")]
    public async Task In_shadow_what_would_be_refused_is_allowed_counted_and_explained()
    {
        await using var house = await AuthHouse.OpenAsync(options => options.Mode = RbacMode.Shadow);
        var reader = await house.KeyAsync("readonly");

        Assert.Equal(201, (await house.AskAsync("POST", "/api/v1/runs", Plan, ("X-AOS-Key", reader.Text))).Status);

        Assert.Equal("shadow", (await house.AsFirstAsync("GET", "/api/v1/rbac/info")).Text("mode"));
        var metrics = (await house.AsFirstAsync("GET", "/metrics")).Body.GetString()!;
        Assert.Contains("""rbac_engine_decisions_total{resource="run",action="write",decision="allowed",reason="shadow:insufficient-permissions"} 1""", metrics, StringComparison.Ordinal);
        Assert.Equal("shadow:insufficient-permissions", (await house.AsFirstAsync("GET", $"/api/v1/rbac/can?key={reader.Id}&action=write&resource=run")).Text("rule"));
        Assert.Equal(401, (await house.AskAsync("POST", "/api/v1/runs", Plan)).Status);
    }

    [Fact]
    public async Task A_key_is_explained_as_it_would_be_decided()
    {
        await using var house = await AuthHouse.OpenAsync();
        var key = await house.KeyAsync("machine", """ "scopes":["run:*"] """);
        async Task<(bool, string?)> Can(string action, string resource)
        {
            var answer = await house.AsFirstAsync("GET", $"/api/v1/rbac/can?key={key.Id}&action={action}&resource={resource}");
            Assert.Equal(200, answer.Status);
            return (answer["allowed"].GetBoolean(), answer.Text("rule"));
        }

        Assert.Equal((true, "role:machine"), await Can("write", "run"));
        Assert.Equal((false, "scope"), await Can("read", "trace"));
        await house.AsFirstAsync("DELETE", $"/api/v1/keys/{key.Id}");
        Assert.Equal((false, "ended"), await Can("write", "run"));
        Assert.Equal(422, (await house.AsFirstAsync("GET", "/api/v1/rbac/can?action=fly&resource=run")).Status);
        Assert.Equal(422, (await house.AsFirstAsync("GET", "/api/v1/rbac/can?action=read")).Status);
        Assert.Equal(404, (await house.AsFirstAsync("GET", "/api/v1/rbac/can?action=read&resource=run&key=none")).Status);
        Assert.Equal("key:first", (await house.AsFirstAsync("GET", "/api/v1/rbac/can?action=read&resource=run")).Text("principal"));
    }

    private static (string?, string?) Of(Reply reply) => (reply.Text("version"), reply.Text("hash"));
}
