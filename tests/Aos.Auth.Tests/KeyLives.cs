using System.Text.Json;
using Aos.Contracts;

namespace Aos.Auth.Tests;

/// <summary>API keys from their making to their end, over HTTP.</summary>
public sealed class KeyLives : IAsyncLifetime
{
    private AuthHouse house = null!;

    public async ValueTask InitializeAsync() => house = await AuthHouse.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public async Task A_new_key_is_who_it_was_made_to_be()
    {
        var key = await house.KeyAsync("machine", """ "tenant_id":"acme","tier":"enterprise","agent_id":"bot","scopes":["run:*","trace:read"] """);

        var me = await house.AskAsync("GET", "/api/v1/me", null, ("X-API-Key", key.Text));

        Assert.Equal(200, me.Status);
        Assert.Equal(($"key:{key.Id}", "acme", "enterprise", "bot"), (me.Text("principal"), me.Text("tenant_id"), me.Text("tier"), me.Text("agent_id")));
        Assert.Equal(["machine"], me.Texts("roles"));
        Assert.Equal(["run:read", "run:write", "run:operate", "trace:read"], me.Texts("permissions"));
        Assert.False(me["is_house"].GetBoolean());
    }

    [Fact]
    public async Task The_text_of_a_key_is_in_the_answer_that_makes_it_and_nowhere_else()
    {
        var made = await house.AsFirstAsync("POST", "/api/v1/keys", """{"name":"ci","roles":["machine"]}""");
        var (id, text) = (made.Text("id")!, made.Text("key")!);

        Assert.Equal("no-store", made.Headers["Cache-Control"]);
        Assert.Equal($"/api/v1/keys/{id}", made.Headers["Location"]);
        Assert.Matches("^aos_[0-9a-f]{16}_[0-9a-f]{64}$", text);
        var secret = text[(text.LastIndexOf('_') + 1)..];
        foreach (var path in new[] { "/api/v1/keys", $"/api/v1/keys/{id}" })
        {
            var read = (await house.AsFirstAsync("GET", path)).Body.GetRawText();
            Assert.Contains(id, read, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, read, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_revoked_key_is_refused_at_once_and_told_why()
    {
        var key = await house.KeyAsync("machine");
        Assert.Equal(200, (await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", key.Text))).Status);

        var revoked = await house.AsFirstAsync("DELETE", $"/api/v1/keys/{key.Id}");

        Assert.Equal(200, revoked.Status);
        Assert.NotNull(revoked.Text("revoked_at"));
        var refused = await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", key.Text));
        Assert.Equal((401, "UNAUTHORIZED"), (refused.Status, refused.Text("error.code")));
        Assert.Equal("Bearer realm=\"aos\", error=\"invalid_token\", error_description=\"The API key has expired or was revoked\"", refused.Headers["WWW-Authenticate"]);
        Assert.Equal(revoked.Text("revoked_at"), (await house.AsFirstAsync("DELETE", $"/api/v1/keys/{key.Id}")).Text("revoked_at"));
    }

    [Fact]
    public async Task A_wrong_secret_is_not_told_that_the_id_is_there()
    {
        var (key, gone) = (await house.KeyAsync("machine"), await house.KeyAsync("machine"));
        await house.AsFirstAsync("DELETE", $"/api/v1/keys/{gone.Id}");
        string[] wrong =
        [
            $"aos_{key.Id}_{new string('0', 64)}", $"aos_{gone.Id}_{new string('0', 64)}", $"aos_{new string('0', 16)}_{new string('0', 64)}", key.Text[..^1], key.Text + "0", key.Text.ToUpperInvariant(), "x",
        ];

        var answers = new List<(int, string?, string)>();
        foreach (var text in wrong)
        {
            var reply = await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", text));
            answers.Add((reply.Status, reply.Text("error.message"), reply.Headers["WWW-Authenticate"]));
        }

        Assert.Single(answers.Distinct());
        Assert.Equal((401, "Invalid API key"), (answers[0].Item1, answers[0].Item2));
        Assert.Equal(200, (await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", key.Text))).Status);
    }

    [Fact]
    public async Task A_rotated_key_and_its_successor_both_work_until_the_overlap_is_over()
    {
        var key = await house.KeyAsync("machine", """ "scopes":["run:read"],"tier":"dev" """);

        var next = await house.AsFirstAsync("POST", $"/api/v1/keys/{key.Id}/rotate", """{"overlap":"1h"}""");

        Assert.Equal(201, next.Status);
        Assert.Equal(("dev", "test"), (next.Text("tier"), next.Text("name")));
        Assert.Equal(["run:read"], next.Texts("scopes"));
        foreach (var text in new[] { key.Text, next.Text("key")! }) Assert.Equal(200, (await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", text))).Status);
        var old = await house.AsFirstAsync("GET", $"/api/v1/keys/{key.Id}");
        Assert.Equal(next.Text("id"), old.Text("replaced_by"));
        Assert.NotNull(old.Text("expires_at"));
        Assert.Equal((409, "INVALID_STATE"), Answer(await house.AsFirstAsync("POST", $"/api/v1/keys/{key.Id}/rotate", "{}")));

        var last = await house.AsFirstAsync("POST", $"/api/v1/keys/{next.Text("id")}/rotate", """{"overlap":"0s"}""");

        Assert.Equal(401, (await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", next.Text("key")!))).Status);
        Assert.Equal(200, (await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", last.Text("key")!))).Status);
    }

    [Fact]
    public async Task Nobody_makes_a_key_that_can_do_more_than_they_can()
    {
        await house.AsFirstAsync("PUT", "/api/v1/rbac/policy", """
            {"version":"t","matrix":{"keeper":{"key":["read","write"],"run":["read"]},"reader":{"run":["read"]},"writer":{"run":["read","write"]},"admin":{"key":["read","write"],"run":["read","write"]}}}
            """);
        var keeper = await house.KeyAsync("keeper", """ "tenant_id":"acme","tier":"dev" """);
        var bound = await house.KeyAsync("keeper", """ "agent_id":"bot" """);
        Task<Reply> Make(MadeKey by, string order) => house.AskAsync("POST", "/api/v1/keys", order, ("X-AOS-Key", by.Text));

        var made = await Make(keeper, """{"name":"r","roles":["reader"],"tier":"free"}""");

        Assert.Equal((201, "acme", $"key:{keeper.Id}"), (made.Status, made.Text("tenant_id"), made.Text("created_by")));
        Assert.Equal(201, (await Make(keeper, """{"name":"w","roles":["writer"],"scopes":["run:read"],"tier":"dev"}""")).Status);
        Assert.Equal((403, "PERMISSION_DENIED"), Answer(await Make(keeper, """{"name":"w","roles":["writer"],"tier":"dev"}""")));
        Assert.Equal((403, "PERMISSION_DENIED"), Answer(await Make(keeper, """{"name":"t","roles":["reader"],"tier":"pro"}""")));
        Assert.Equal((403, "PERMISSION_DENIED"), Answer(await Make(keeper, """{"name":"h","roles":["reader"],"tier":"dev","is_house":true}""")));
        Assert.Equal((403, "PERMISSION_DENIED"), Answer(await Make(keeper, """{"name":"o","roles":["reader"],"tier":"dev","tenant_id":"other"}""")));
        Assert.Equal((403, "PERMISSION_DENIED"), Answer(await Make(bound, """{"name":"a","roles":["reader"],"tier":"pro"}""")));
        Assert.Equal(201, (await Make(bound, """{"name":"a","roles":["reader"],"tier":"pro","agent_id":"bot"}""")).Status);
    }

    [Fact]
    public async Task Keys_of_another_tenant_are_not_there()
    {
        var foreign = await house.KeyAsync("readonly", """ "tenant_id":"acme" """);
        var mine = await house.KeyAsync("admin", """ "tenant_id":"mine" """);
        Task<Reply> Ask(string method, string path) => house.AskAsync(method, path, method == "POST" ? "{}" : null, ("X-AOS-Key", mine.Text));

        var list = await Ask("GET", "/api/v1/keys");

        Assert.Equal([mine.Id], list["keys"].EnumerateArray().Select(key => key.GetText("id")!));
        var unknown = new string('f', 16);
        foreach (var (method, path) in new[] { ("GET", ""), ("DELETE", ""), ("POST", "/rotate") })
        {
            var (theirs, nobodys) = (await Ask(method, $"/api/v1/keys/{foreign.Id}{path}"), await Ask(method, $"/api/v1/keys/{unknown}{path}"));
            Assert.Equal((404, "NOT_FOUND"), Answer(theirs));
            Assert.Equal(nobodys.Text("error.message"), theirs.Text("error.message")!.Replace(foreign.Id, unknown, StringComparison.Ordinal));
        }

        Assert.Equal(200, (await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", foreign.Text))).Status);
    }

    [Fact]
    public async Task When_a_key_was_last_used_is_noted_in_passing()
    {
        var key = await house.KeyAsync("readonly");
        Assert.Null((await house.AsFirstAsync("GET", $"/api/v1/keys/{key.Id}")).Text("last_used_at"));
        await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", key.Text));

        var chore = house.Chore("key-uses");
        Assert.Equal(1, await chore.PassAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, await chore.PassAsync(TestContext.Current.CancellationToken));

        Assert.NotNull((await house.AsFirstAsync("GET", $"/api/v1/keys/{key.Id}")).Text("last_used_at"));
    }

    private static (int, string?) Answer(Reply reply) => (reply.Status, reply.Text("error.code"));
}
