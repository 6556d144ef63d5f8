using System.Text.Json;
using Aos.Contracts;

namespace Aos.Auth.Tests;

/// <summary>Connections from their making to their end, over HTTP.</summary>
public sealed class ConnectionLives : IAsyncLifetime
{
    private AuthHouse house = null!;
    private MadeKey admin = null!;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync();
        admin = await house.KeyAsync("admin", """ "tenant_id":"acme" """);
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "CONN-01")]
    public async Task A_connection_is_made_read_listed_and_taken_away_with_its_secrets_as_names()
    {
        var value = SecretHouse.NewValue();
        await house.PutSecretAsync(admin, "CRM_TOKEN", value);
        var made = await house.PutConnectionAsync(admin, "crm", ConnectionHouse.Crm.TrimEnd('}', ' ') + """ } },"allow":{"agents":["bot"],"skills":["http_call"]}}""");

        Assert.Equal((201, "crm", "acme", "http", $"key:{admin.Id}"), (made.Status, made.Text("name"), made.Text("tenant_id"), made.Text("kind"), made.Text("created_by")));
        Assert.Equal((1, "secret:CRM_TOKEN"), (made["version"].GetInt64(), made.Text("settings.auth.token")));
        Assert.Equal(["bot", "http_call"], [.. made.Texts("allow.agents"), .. made.Texts("allow.skills")]);
        var (one, all) = (await house.AsAsync(admin, "GET", "/api/v1/connections/crm"), await house.AsAsync(admin, "GET", "/api/v1/connections"));
        Assert.Equal(made.Body.GetRawText(), one.Body.GetRawText());
        Assert.Equal((1, one.Body.GetRawText()), (all["count"].GetInt32(), all["connections"][0].GetRawText()));
        var gone = await house.AsAsync(admin, "DELETE", "/api/v1/connections/crm");
        Assert.Equal(made.Body.GetRawText(), gone.Body.GetRawText());
        Assert.Equal(404, (await house.AsAsync(admin, "DELETE", "/api/v1/connections/crm")).Status);
        Assert.Equal(1, (await house.AsAsync(admin, "GET", "/api/v1/secrets"))["count"].GetInt32());
        Assert.All(new[] { made, one, all, gone }, reply => Assert.DoesNotContain(value, reply.Body.GetRawText(), StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "CONN-02")]
    public async Task A_change_is_a_new_version_and_what_is_not_said_stays()
    {
        var first = await house.PutConnectionAsync(admin, "crm", ConnectionHouse.Crm);
        var allowed = await house.PutConnectionAsync(admin, "crm", """{"allow":{"agents":["bot"]}}""");
        var moved = await house.PutConnectionAsync(admin, "crm", """{"settings":{"base_url":"https://other.example.com"}}""");

        Assert.Equal((200, 2, first["settings"].GetRawText()), (allowed.Status, allowed["version"].GetInt64(), allowed["settings"].GetRawText()));
        Assert.Equal((3, """{"base_url":"https://other.example.com"}"""), (moved["version"].GetInt64(), moved["settings"].GetRawText()));
        Assert.Equal(["bot"], moved.Texts("allow.agents"));
        Assert.Equal(first.Text("created_at"), moved.Text("created_at"));
        Assert.Equal(JsonValueKind.Null, (await house.PutConnectionAsync(admin, "crm", """{"allow":null}"""))["allow.agents"].ValueKind);
        Assert.Equal(422, (await house.AsAsync(admin, "PUT", "/api/v1/connections/crm", """{"kind":"smtp"}""")).Status); // Settings of another kind are none.
        Assert.Equal("smtp", (await house.PutConnectionAsync(admin, "crm", """{"kind":"smtp","settings":{"host":"mail.example.com","from":"a@example.com"}}""")).Text("kind"));
    }

    [Fact]
    [Trait("id", "CONN-03")]
    public async Task Connections_of_another_tenant_are_not_there()
    {
        var mine = await house.KeyAsync("admin", """ "tenant_id":"mine" """);
        await house.PutConnectionAsync(admin, "theirs", ConnectionHouse.Crm);
        await house.PutConnectionAsync(mine, "mine", ConnectionHouse.Crm);

        Assert.Equal(["mine"], (await house.AsAsync(mine, "GET", "/api/v1/connections"))["connections"].EnumerateArray().Select(one => one.GetText("name")));
        foreach (var (method, path, body) in new[] { ("GET", "", null), ("DELETE", "", null), ("POST", "/test", null), ("PUT", "", """{"allow":null}""") })
        {
            var (theirs, nobodys) = (await house.AsAsync(mine, method, $"/api/v1/connections/theirs{path}", body), await house.AsAsync(mine, method, $"/api/v1/connections/nobody{path}", body));
            Assert.Equal((404, "NOT_FOUND"), (theirs.Status, theirs.Text("error.code")));
            Assert.Equal(nobodys.Text("error.message"), theirs.Text("error.message")!.Replace("theirs", "nobody", StringComparison.Ordinal));
        }

        Assert.Equal(1, (await house.AsAsync(admin, "GET", "/api/v1/connections/theirs"))["version"].GetInt64());
    }

    [Fact]
    [Trait("id", "CONN-05")]
    public async Task All_that_is_wrong_with_settings_is_named_at_once()
    {
        var reply = await house.AsAsync(
            admin, "PUT", "/api/v1/connections/a", """{"kind":"http","settings":{"base_url":"nowhere.example","auth":{"type":"basic","password":"hidden"},"timeout_ms":1,"extra":true}}""");

        Assert.Equal(
            ["settings.auth.password", "settings.auth.user", "settings.base_url", "settings.extra", "settings.timeout_ms"],
            reply["error.details.problems"].EnumerateArray().Select(problem => problem.GetText("path")).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    [Trait("id", "CONN-06")]
    public async Task Changes_and_tries_are_on_record()
    {
        await house.PutConnectionAsync(admin, "crm", """{"kind":"http","settings":{"base_url":"http://127.0.0.1:1"}}""");
        await house.PutConnectionAsync(admin, "crm", ConnectionHouse.Crm);
        await house.AsAsync(admin, "POST", "/api/v1/connections/crm/test");
        await house.AsAsync(admin, "DELETE", "/api/v1/connections/crm");

        var entries = (await house.AsAsync(admin, "GET", "/api/v1/rbac/audit?resource=connection"))["entries"].EnumerateArray().Reverse().ToList();

        Assert.Equal(["PUT", "PUT", "POST", "DELETE"], entries.Select(entry => entry.GetText("method")));
        Assert.Equal([null, entries[0].GetText("after"), null, entries[1].GetText("after")], entries.Select(entry => entry.GetText("before")));
        Assert.NotNull(entries[0].GetText("after"));
        Assert.NotEqual(entries[0].GetText("after"), entries[1].GetText("after"));
        Assert.Null(entries[3].GetText("after"));
    }

    [Fact]
    [Trait("id", "CONN-07")]
    public async Task Of_changes_at_the_same_time_each_counts_or_is_told_that_it_does_not()
    {
        await house.PutConnectionAsync(admin, "crm", ConnectionHouse.Crm);

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => house.AsAsync(admin, "PUT", "/api/v1/connections/crm", ConnectionHouse.Crm)));

        Assert.All(replies, reply => Assert.True(reply.Status is 200 or 409, reply.Body.GetRawText()));
        Assert.All(replies.Where(reply => reply.Status == 409), reply => Assert.Equal("INVALID_STATE", reply.Text("error.code")));
        Assert.Equal(1 + replies.Count(reply => reply.Status == 200), (await house.AsAsync(admin, "GET", "/api/v1/connections/crm"))["version"].GetInt64());
    }

    [Fact]
    [Trait("id", "CONN-08")]
    public async Task A_tenant_has_a_largest_number_of_connections_and_they_a_largest_size()
    {
        await house.DamageAsync(string.Concat(Enumerable.Range(1, IConnectionStore.ConnectionsMax).Select(i =>
            $$"""INSERT INTO connections (tenant_id, name, version, kind, settings, created_at, created_by, updated_at, updated_by) VALUES ('acme', 'N{{i}}', 1, 'http', '{"base_url":"https://a.example"}', 0, '', 0, '');""")));

        var refused = await house.AsAsync(admin, "PUT", "/api/v1/connections/crm", ConnectionHouse.Crm);

        Assert.Equal((409, "INVALID_STATE"), (refused.Status, refused.Text("error.code")));
        Assert.Equal(200, (await house.AsAsync(admin, "PUT", "/api/v1/connections/N1", ConnectionHouse.Crm)).Status);
        Assert.Equal(200, (await house.AsAsync(admin, "DELETE", "/api/v1/connections/N1")).Status);
        Assert.Equal(201, (await house.AsAsync(admin, "PUT", "/api/v1/connections/crm", ConnectionHouse.Crm)).Status);
        var headers = string.Join(',', Enumerable.Range(0, 9).Select(i => $"\"X-{i}\":\"{new string('v', 4_000)}\""));
        var large = await house.AsAsync(admin, "PUT", "/api/v1/connections/crm", $$$"""{"settings":{"base_url":"https://a.example","headers":{{{{headers}}}} } }""");
        Assert.Equal((422, true), (large.Status, large.Text("error.message")!.Contains("32768 bytes", StringComparison.Ordinal)));
    }
}
