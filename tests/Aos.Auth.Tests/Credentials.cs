namespace Aos.Auth.Tests;

/// <summary>How a caller says who it is, and what its role lets it do with the names of secrets and connections.</summary>
public sealed class Credentials(OpenHouse open) : IClassFixture<OpenHouse>
{
    private readonly AuthHouse house = open.House;
    private readonly MadeKey admin = open.Admin;

    [Theory]
    [InlineData("X-AOS-Key", "")]
    [InlineData("X-API-Key", "")]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("authorization", "bearer ")]
    public async Task Each_of_the_headers_means_the_same(string header, string prefix)
    {
        var key = await house.KeyAsync("readonly");

        Assert.Equal($"key:{key.Id}", (await house.AskAsync("GET", "/api/v1/me", null, (header, prefix + key.Text))).Text("principal"));
    }

    [Theory]
    [Trait("id", "C8.2-24")]
    [InlineData("X-Machine-Token")]
    [InlineData("Authorization-Machine")]
    public async Task The_machine_token_is_a_caller_of_its_own(string header)
    {
        var me = await house.AskAsync("GET", "/api/v1/me", null, (header, AuthHouse.MachineToken));

        Assert.Equal((200, "machine", "default"), (me.Status, me.Text("principal"), me.Text("tenant_id")));
        Assert.Equal(201, (await house.AskAsync("POST", "/api/v1/runs", """{"plan":[{"skill":"echo","params":{"n":1}}]}""", (header, AuthHouse.MachineToken))).Status);
        Assert.Equal(403, (await house.AskAsync("GET", "/api/v1/keys", null, (header, AuthHouse.MachineToken))).Status);
    }

    [Theory]
    [Trait("id", "SEC-04")]
    [InlineData("infra", 200, 200)]
    [InlineData("operator", 200, 403)]
    [InlineData("dev", 200, 403)]
    [InlineData("developer", 200, 403)]
    [InlineData("machine", 403, 403)]
    [InlineData("readonly", 403, 403)]
    public async Task A_role_sees_or_changes_names_or_neither(string role, int read, int write)
    {
        await house.PutSecretAsync(admin, "K", SecretHouse.NewValue());
        var key = await house.KeyAsync(role, """ "tenant_id":"acme" """);

        Assert.Equal(read, (await house.AsAsync(key, "GET", "/api/v1/secrets")).Status);
        Assert.Equal(read, (await house.AsAsync(key, "GET", "/api/v1/secrets/K")).Status);
        Assert.Equal(write, (await house.AsAsync(key, "PUT", "/api/v1/secrets/K", SecretHouse.Body(SecretHouse.NewValue()))).Status);
        Assert.Equal(403, (await house.AsAsync(key, "POST", "/api/v1/secrets/reencrypt")).Status);
        Assert.Equal(write, (await house.AsAsync(key, "DELETE", "/api/v1/secrets/K")).Status);
    }

    [Theory]
    [Trait("id", "CONN-04")]
    [InlineData("infra", 200, 200, 200)]
    [InlineData("operator", 200, 403, 200)]
    [InlineData("dev", 200, 403, 200)]
    [InlineData("developer", 200, 403, 200)]
    [InlineData("machine", 403, 403, 403)]
    [InlineData("readonly", 403, 403, 403)]
    public async Task A_role_sees_tries_or_changes_connections_or_nothing(string role, int read, int write, int test)
    {
        await house.PutConnectionAsync(admin, "crm", """{"kind":"http","settings":{"base_url":"http://127.0.0.1:1"}}""");
        var key = await house.KeyAsync(role, """ "tenant_id":"acme" """);

        Assert.Equal(read, (await house.AsAsync(key, "GET", "/api/v1/connections")).Status);
        Assert.Equal(read, (await house.AsAsync(key, "GET", "/api/v1/connections/crm")).Status);
        Assert.Equal(test, (await house.AsAsync(key, "POST", "/api/v1/connections/crm/test")).Status);
        Assert.Equal(write, (await house.AsAsync(key, "PUT", "/api/v1/connections/crm", ConnectionHouse.Crm)).Status);
        Assert.Equal(write, (await house.AsAsync(key, "DELETE", "/api/v1/connections/crm")).Status);
    }
}
