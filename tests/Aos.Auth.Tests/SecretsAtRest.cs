using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>What somebody finds, and can do, who reads or writes the database.</summary>
public sealed class SecretsAtRest : IAsyncLifetime
{
    private readonly string value = SecretHouse.NewValue();
    private AuthHouse house = null!;
    private MadeKey admin = null!;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync();
        admin = await house.KeyAsync("admin", """ "tenant_id":"acme" """);
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "SEC-20")]
    public async Task The_database_does_not_hold_the_value_and_equal_values_look_different()
    {
        await house.PutSecretAsync(admin, "A", value);
        await house.PutSecretAsync(admin, "B", value);

        Assert.Equal((value, value), ((await FindAsync("acme", "A"))?.Value, (await FindAsync("acme", "B"))?.Value));
        var text = await house.TextOfAsync("secret_versions") + await house.TextOfAsync("secrets") + await house.TextOfAsync("audit_log");
        Assert.DoesNotContain(value, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(value)), text, StringComparison.Ordinal);
        var stored = new List<byte[]>();
        await house.ReadAsync("SELECT ciphertext FROM secret_versions", row => stored.Add(row.GetFieldValue<byte[]>(0)));
        Assert.Equal(2, stored.Select(Convert.ToHexStringLower).Distinct(StringComparer.Ordinal).Count());
        Assert.All(stored, bytes => Assert.Equal(12 + value.Length + 16, bytes.Length)); // Nonce and tag around it.
    }

    [Theory]
    [Trait("id", "SEC-21")]
    [InlineData("another tenant's", "UPDATE secret_versions SET tenant_id = 'mine', name = 'MINE' WHERE tenant_id = 'acme' AND name = 'A'", "mine", "MINE")]
    [InlineData("another name's", "UPDATE secret_versions SET name = 'B' WHERE tenant_id = 'acme' AND name = 'A'", "acme", "B")]
    [InlineData("another version's", "UPDATE secret_versions SET version = 2 WHERE tenant_id = 'acme' AND name = 'A'; UPDATE secrets SET version = 2 WHERE tenant_id = 'acme' AND name = 'A'", "acme", "A")]
    [InlineData("another key's", "UPDATE secret_versions SET key_id = 'ffffffffffffffff' WHERE tenant_id = 'acme' AND name = 'A'", "acme", "A")]
    [InlineData("nobody's", "DELETE FROM secret_versions WHERE tenant_id = 'acme' AND name = 'A'", "acme", "A")]
    public async Task A_value_in_a_place_where_it_was_not_written_is_refused(string whose, string damage, string tenant, string name)
    {
        var mine = await house.KeyAsync("admin", """ "tenant_id":"mine" """);
        await house.PutSecretAsync(admin, "A", value);
        foreach (var (key, victim) in new[] { (mine, "MINE"), (admin, "B") }) await house.PutSecretAsync(key, victim, SecretHouse.NewValue());
        await house.DamageAsync("DELETE FROM secret_versions WHERE name IN ('MINE', 'B')");

        await house.DamageAsync(damage);

        var answer = await FindAsync(tenant, name);
        Assert.True(answer is { Value: null, Refusal.Code: "TAMPER_DETECTED" }, whose);
        Assert.Contains(name, answer.Refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(value, answer.Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "SEC-22")]
    public async Task A_changed_byte_anywhere_is_refused()
    {
        await house.PutSecretAsync(admin, "A", value);
        byte[] stored = [];
        await house.ReadAsync("SELECT ciphertext FROM secret_versions", row => stored = row.GetFieldValue<byte[]>(0));
        foreach (var at in new[] { 0, 12, stored.Length - 1 })
        {
            var changed = stored.ToArray();
            changed[at] ^= 1;
            await house.DamageAsync($"UPDATE secret_versions SET ciphertext = {house.Literal(changed)}");
            Assert.Equal("TAMPER_DETECTED", (await FindAsync("acme", "A"))?.Refusal?.Code);
        }

        await house.DamageAsync($"UPDATE secret_versions SET ciphertext = {house.Literal(stored)}");
        Assert.Equal(value, (await FindAsync("acme", "A"))?.Value);
    }

    [Fact]
    [Trait("id", "SEC-23")]
    public async Task Values_under_earlier_keys_stay_readable_and_can_be_brought_under_the_newest()
    {
        var other = await house.KeyAsync("admin", """ "tenant_id":"other" """);
        var theirs = SecretHouse.NewValue();
        await house.PutSecretAsync(admin, "A", value);
        await house.PutSecretAsync(other, "A", theirs);
        var before = (await KeysAsync()).Single();
        var made = await house.Services.GetRequiredService<IEncryption>().RotateAsync("secrets", TestContext.Current.CancellationToken);
        await house.PutSecretAsync(admin, "B", value);
        Assert.Equal([before, made], (await KeysAsync()).Order(StringComparer.Ordinal).OrderBy(key => key == made));
        Assert.Equal((value, value), ((await FindAsync("acme", "A"))?.Value, (await FindAsync("acme", "B"))?.Value));

        var moved = await house.AsFirstAsync("POST", "/api/v1/secrets/reencrypt");

        Assert.Equal((200, 3, 0), (moved.Status, moved["reencrypted"].GetInt32(), moved["unreadable"].GetInt32()));
        Assert.Equal([moved.Text("key_id")!], await KeysAsync());
        Assert.Equal((value, value, theirs), ((await FindAsync("acme", "A"))?.Value, (await FindAsync("acme", "B"))?.Value, (await FindAsync("other", "A"))?.Value));
    }

    [Fact]
    [Trait("id", "SEC-23")]
    public async Task A_value_that_cannot_be_read_keeps_no_other_from_being_brought_along()
    {
        await house.PutSecretAsync(admin, "A", value);
        await house.PutSecretAsync(admin, "B", SecretHouse.NewValue());
        await house.DamageAsync("UPDATE secret_versions SET version = 7 WHERE name = 'B'");

        var moved = await house.AsFirstAsync("POST", "/api/v1/secrets/reencrypt");

        Assert.Equal((1, 1), (moved["reencrypted"].GetInt32(), moved["unreadable"].GetInt32()));
        Assert.Equal(value, (await FindAsync("acme", "A"))?.Value);
        Assert.Equal(403, (await house.AsAsync(admin, "POST", "/api/v1/secrets/reencrypt")).Status); // The keys are the house's.
    }

    private async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await house.ReadAsync("SELECT DISTINCT key_id FROM secret_versions", row => keys.Add(row.GetString(0)));
        return keys;
    }

    private async Task<SecretAnswer?> FindAsync(string tenant, string name) =>
        await house.Services.GetRequiredService<ISecrets>().FindAsync(new SecretAsk(new TenantId(tenant), name, "http_call", "a", null), TestContext.Current.CancellationToken);
}
