using Aos.Contracts;

namespace Aos.Auth.Tests;

/// <summary>Endpoints: made, looked at, changed, taken away, and what is no endpoint.</summary>
public sealed class WebhookEndpoints : IAsyncLifetime
{
    private const string All = "/api/v1/webhooks/endpoints";
    private AuthHouse house = null!;
    private MadeKey key = null!;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync();
        key = await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """);
        await house.PutSecretAsync(key, "S", SecretHouse.NewValue());
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "HOOK-endpoints")]
    public async Task An_endpoint_is_made_found_listed_changed_and_taken_away_on_record()
    {
        var made = await house.AsAsync(key, "POST", All, """{"name":"payments","secret":"S"}""");
        var id = made.Text("id")!;
        Assert.Equal((201, "aos", 300, $"/webhooks/in/{id}"), (made.Status, made.Text("scheme"), made["window_seconds"].GetInt32(), made.Text("path")));
        Assert.Matches("^[0-9a-f]{32}$", id);
        Assert.Equal(made.Body.GetRawText(), (await house.AsAsync(key, "GET", $"{All}/{id}")).Body.GetRawText());
        var changed = await house.AsAsync(key, "PATCH", $"{All}/{id}", """{"name":"p2","window_seconds":30,"forward":{"signal":"go","run_field":"a.0.b"} }""");
        Assert.Equal((200, "p2", 30, "go", "a.0.b"), (changed.Status, changed.Text("name"), changed["window_seconds"].GetInt32(), changed.Text("forward.signal"), changed.Text("forward.run_field")));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await house.AsAsync(key, "PATCH", $"{All}/{id}", """{"forward":null}"""))["forward"].ValueKind);
        Assert.Equal(1, (await house.AsAsync(key, "GET", All))["count"].GetInt32());
        Assert.Equal(200, (await house.AsAsync(key, "DELETE", $"{All}/{id}")).Status);
        Assert.Equal(404, (await house.AsAsync(key, "DELETE", $"{All}/{id}")).Status);
        Assert.Equal(404, (await house.AsAsync(key, "PATCH", $"{All}/{id}", "{}")).Status);

        var record = (await house.AsFirstAsync("GET", "/api/v1/rbac/audit?resource=webhook&all_tenants=true"))["entries"].EnumerateArray().Where(entry => entry.GetProperty("status").GetInt32() < 300).ToList();
        Assert.Equal(["DELETE", "PATCH", "PATCH", "POST"], record.Select(entry => entry.GetText("method")!));
        Assert.Null(record[^1].GetText("before"));
        Assert.Equal(record[^1].GetText("after"), record[^2].GetText("before"));
        Assert.Null(record[0].GetText("after"));
    }

    [Fact]
    [Trait("id", "HOOK-endpoints")]
    public async Task A_tenant_has_a_hundred_endpoints_and_not_one_more()
    {
        for (var i = 0; i < IWebhookEndpoints.EndpointsMax; i++) await house.HookAsync(key, $"S{i}", "null");

        var reply = await house.AsAsync(key, "POST", All, """{"name":"one more","secret":"S"}""");

        Assert.Equal((409, "INVALID_STATE"), (reply.Status, reply.Text("error.code")));
        Assert.Contains("100 endpoints", reply.Text("error.message"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "HOOK-endpoints")]
    public async Task Each_of_making_forwarding_and_reading_is_a_permission_of_its_own()
    {
        var (hook, reader, dev) = (await house.HookAsync(key), await house.KeyAsync("readonly", """ "tenant_id":"acme" """), await house.KeyAsync("dev", """ "tenant_id":"acme" """));
        var delivery = (await house.DeliverAsync(hook, "{}", "a")).Text("id");

        Assert.Equal(200, (await house.AsAsync(reader, "GET", All)).Status);
        Assert.Equal(403, (await house.AsAsync(reader, "POST", All, """{"name":"a","secret":"S"}""")).Status);
        Assert.Equal(403, (await house.AsAsync(reader, "POST", $"/api/v1/webhooks/deliveries/{delivery}/replay")).Status);
        Assert.Equal(409, (await house.AsAsync(dev, "POST", $"/api/v1/webhooks/deliveries/{delivery}/replay")).Status);
        Assert.Equal(403, (await house.AsAsync(dev, "PATCH", $"{All}/{hook.Id}", """{"enabled":false}""")).Status);
    }
}
