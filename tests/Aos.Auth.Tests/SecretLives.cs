using System.Text.Json;
using Aos.Contracts;

namespace Aos.Auth.Tests;

/// <summary>Secrets from their making to their end, over HTTP: what is shown of them, and to whom.</summary>
public sealed class SecretLives : IAsyncLifetime
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
    [Trait("id", "SEC-01")]
    public async Task A_value_goes_in_and_no_answer_holds_it()
    {
        var value = SecretHouse.NewValue();
        var made = await house.PutSecretAsync(admin, "STRIPE_KEY", value, """ "expires_in":"90d","allow":{"agents":["bot"],"skills":["http_call"]} """);

        Assert.Equal((201, "STRIPE_KEY", "acme", $"key:{admin.Id}"), (made.Status, made.Text("name"), made.Text("tenant_id"), made.Text("created_by")));
        Assert.Equal(1, made["version"].GetInt64());
        Assert.Matches("^[0-9a-f]{12}$", made.Text("fingerprint"));
        Assert.Equal(["bot", "http_call"], [.. made.Texts("allow.agents"), .. made.Texts("allow.skills")]);
        Assert.Equal(TimeSpan.FromDays(90), made["expires_at"].GetDateTimeOffset() - made["created_at"].GetDateTimeOffset());
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (made["rotated_at"].ValueKind, made["last_used_at"].ValueKind));
        var (one, all) = (await house.AsAsync(admin, "GET", "/api/v1/secrets/STRIPE_KEY"), await house.AsAsync(admin, "GET", "/api/v1/secrets"));
        Assert.Equal(made.Body.GetRawText(), one.Body.GetRawText());
        Assert.Equal(one.Body.GetRawText(), all["secrets"][0].GetRawText());
        var gone = await house.AsAsync(admin, "DELETE", "/api/v1/secrets/STRIPE_KEY");
        Assert.All(new[] { made, one, all, gone }, reply => Assert.DoesNotContain(value, reply.Body.GetRawText() + string.Join(' ', reply.Headers.Values), StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "SEC-02")]
    public async Task A_new_value_is_a_new_version_and_what_is_not_said_stays()
    {
        var first = await house.PutSecretAsync(admin, "K", SecretHouse.NewValue(), """ "expires_in":"90d","allow":{"skills":["http_call"]} """);
        var next = await house.PutSecretAsync(admin, "K", SecretHouse.NewValue(), """ "overlap":"2h" """);

        Assert.Equal((200, 2), (next.Status, next["version"].GetInt64()));
        Assert.NotEqual(first.Text("fingerprint"), next.Text("fingerprint"));
        Assert.Equal(["http_call"], next.Texts("allow.skills"));
        Assert.Equal(first.Text("created_at"), next.Text("created_at"));
        var rotated = next["rotated_at"].GetDateTimeOffset();
        Assert.Equal((TimeSpan.FromHours(2), TimeSpan.FromDays(90)), (next["former_until"].GetDateTimeOffset() - rotated, next["expires_at"].GetDateTimeOffset() - rotated));

        var changed = await house.AsAsync(admin, "PUT", "/api/v1/secrets/K", """{"allow":null,"expires_in":null}""");

        Assert.Equal((200, 2, next.Text("fingerprint")), (changed.Status, changed["version"].GetInt64(), changed.Text("fingerprint")));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (changed["allow.skills"].ValueKind, changed["expires_at"].ValueKind));
    }

    [Fact]
    [Trait("id", "SEC-03")]
    public async Task Secrets_of_another_tenant_are_not_there()
    {
        var mine = await house.KeyAsync("admin", """ "tenant_id":"mine" """);
        await house.PutSecretAsync(admin, "THEIRS", SecretHouse.NewValue());
        await house.PutSecretAsync(mine, "MINE", SecretHouse.NewValue());

        Assert.Equal(["MINE"], (await house.AsAsync(mine, "GET", "/api/v1/secrets"))["secrets"].EnumerateArray().Select(secret => secret.GetText("name")));
        foreach (var (method, body) in new[] { ("GET", null), ("DELETE", null), ("PUT", """{"expires_in":"1d"}""") })
        {
            var (theirs, nobodys) = (await house.AsAsync(mine, method, "/api/v1/secrets/THEIRS", body), await house.AsAsync(mine, method, "/api/v1/secrets/NOBODY", body));
            Assert.Equal((404, "NOT_FOUND"), (theirs.Status, theirs.Text("error.code")));
            Assert.Equal(nobodys.Text("error.message"), theirs.Text("error.message")!.Replace("THEIRS", "NOBODY", StringComparison.Ordinal));
        }

        Assert.Equal(1, (await house.AsAsync(admin, "GET", "/api/v1/secrets/THEIRS"))["version"].GetInt64());
        Assert.NotEqual( // Equal values of two tenants cannot be told to be equal.
            (await house.PutSecretAsync(mine, "SAME", "the same value")).Text("fingerprint"), (await house.PutSecretAsync(admin, "SAME", "the same value")).Text("fingerprint"));
    }

    [Fact]
    [Trait("id", "SEC-05")]
    public async Task Values_have_a_largest_size_and_tenants_a_largest_number()
    {
        Assert.Equal(201, (await house.AsAsync(admin, "PUT", "/api/v1/secrets/L", SecretHouse.Body(new string('x', 65_536)))).Status);
        Assert.Equal(422, (await house.AsAsync(admin, "PUT", "/api/v1/secrets/M", SecretHouse.Body(new string('x', 65_537)))).Status);
        await house.DamageAsync(string.Concat(Enumerable.Range(1, ISecretStore.SecretsMax - 1).Select(i =>
            $"INSERT INTO secrets (tenant_id, name, version, fingerprint, created_at, created_by, updated_at, updated_by) VALUES ('acme', 'N{i}', 1, '', 0, '', 0, '');")));

        var refused = await house.AsAsync(admin, "PUT", "/api/v1/secrets/M", SecretHouse.Body("abcd"));

        Assert.Equal((409, "INVALID_STATE"), (refused.Status, refused.Text("error.code")));
        Assert.Equal(200, (await house.AsAsync(admin, "PUT", "/api/v1/secrets/L", SecretHouse.Body("abcd"))).Status);
        Assert.Equal(200, (await house.AsAsync(admin, "DELETE", "/api/v1/secrets/N1")).Status);
        Assert.Equal(201, (await house.AsAsync(admin, "PUT", "/api/v1/secrets/M", SecretHouse.Body("abcd"))).Status);
    }

    [Fact]
    [Trait("id", "SEC-06")]
    public async Task A_change_is_on_record_by_hashes_that_say_nothing_of_the_value()
    {
        var value = SecretHouse.NewValue();
        await house.PutSecretAsync(admin, "K", value);
        await house.PutSecretAsync(admin, "K", SecretHouse.NewValue());
        await house.AsAsync(admin, "DELETE", "/api/v1/secrets/K");

        var entries = (await house.AsAsync(admin, "GET", "/api/v1/rbac/audit?resource=secret"))["entries"].EnumerateArray().Reverse().ToList();

        Assert.Equal(["PUT", "PUT", "DELETE"], entries.Select(entry => entry.GetText("method")));
        Assert.Equal([null, entries[0].GetText("after"), entries[1].GetText("after")], entries.Select(entry => entry.GetText("before")));
        Assert.Null(entries[2].GetText("after"));
        var plain = ContentHash.Hex(System.Text.Encoding.UTF8.GetBytes(value));
        Assert.All(entries, entry => Assert.DoesNotContain(plain[..16], entry.GetRawText(), StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "SEC-07")]
    public async Task Of_changes_at_the_same_time_each_counts_or_is_told_that_it_does_not()
    {
        await house.PutSecretAsync(admin, "K", SecretHouse.NewValue());

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => house.AsAsync(admin, "PUT", "/api/v1/secrets/K", SecretHouse.Body(SecretHouse.NewValue()))));

        Assert.All(replies, reply => Assert.True(reply.Status is 200 or 409, reply.Body.GetRawText()));
        Assert.Equal(1 + replies.Count(reply => reply.Status == 200), (await house.AsAsync(admin, "GET", "/api/v1/secrets/K"))["version"].GetInt64());
    }
}
