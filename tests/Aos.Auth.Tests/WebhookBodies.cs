using System.Text;

namespace Aos.Auth.Tests;

/// <summary>What senders put into the bodies of their deliveries.</summary>
public sealed class WebhookBodies(OpenHouse open) : IClassFixture<OpenHouse>
{
    private readonly AuthHouse house = open.House;
    private readonly MadeKey key = open.Admin;

    [Theory]
    [InlineData("""{"labels":null}""", null)]
    [InlineData("""{"alerts":null,"labels":{"alertname":"A"}}""", "A")]
    [InlineData("""{"alerts":[{"labels":null}],"groupLabels":{"alertname":"G"}}""", "G")]
    [InlineData("""{"alerts":[{"labels":{"alertname":"First"}},{"labels":{"alertname":"Second"}}]}""", "First")]
    [InlineData("""[{"labels":{"alertname":"InList"}}]""", "InList")]
    [InlineData("""{"alerts":[],"commonLabels":{"alertname":"Common"}}""", "Common")]
    [InlineData("""{"labels":{"alertname":5,"severity":true}}""", null)]
    [InlineData("{}", null)]
    [InlineData("[]", null)]
    [InlineData("null", null)]
    [InlineData("[null,null]", null)]
    [InlineData("""{"a":{"b":{}}}""", null)]
    [InlineData("""[1,"a",{}]""", null)]
    [InlineData("""{"1":2}""", null)]
    [InlineData("""{"v":0.1000000000000000055511151231257827}""", null)]
    [InlineData("""{"v":1e999}""", null)]
    [InlineData("""{"a":1,"a":2}""", null)]
    [InlineData("""{"a":"\u0000"}""", null)]
    [InlineData("", null)]
    [InlineData("\u0000", null)]
    [Trait("id", "HOOK-alert")]
    public async Task A_body_of_any_form_is_kept_and_names_its_alert_where_it_has_one(string body, string? alert)
    {
        var hook = await house.HookAsync(key, $"HOOK_{Guid.NewGuid():N}", "null");

        var sent = await house.DeliverAsync(hook, body, "evt");

        Assert.True(sent.Status == 200, sent.Body.GetRawText());
        Assert.Equal(alert, (await house.AsAsync(key, "GET", $"/api/v1/webhooks/deliveries/{sent.Text("id")}")).Text("alertname"));
        Assert.Equal(body, Encoding.UTF8.GetString(await house.BytesOfAsync(key, $"/api/v1/webhooks/deliveries/{sent.Text("id")}/raw")));
    }
}
