using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Auth.Tests;

/// <summary>An endpoint, and the secret that its sender has.</summary>
internal sealed record Hook(string Id, string Name, string Secret)
{
    internal string Path => $"/webhooks/in/{Id}";
}

/// <summary>The time of this machine, moved on by a test.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    internal TimeSpan Offset { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;

    internal long Seconds => GetUtcNow().ToUnixTimeSeconds();
}

/// <summary>What tests of webhooks ask a house for.</summary>
internal static class WebhookHouse
{
    internal const string Waiting = """{"plan":{"name":"p","steps":[{"id":"paid","await":{"signal":"paid","timeout":"1h"}}]}}""";

    /// <summary>Makes a secret and an endpoint that forwards to the run that the body names at run_id, unless <paramref name="forward"/> says otherwise.</summary>
    internal static async Task<Hook> HookAsync(this AuthHouse house, MadeKey key, string secret = "HOOK", string forward = """{"signal":"paid","run_field":"run_id"}""", string more = "")
    {
        var value = SecretHouse.NewValue();
        await house.PutSecretAsync(key, secret, value);
        var made = await house.AsAsync(key, "POST", "/api/v1/webhooks/endpoints", $$"""{"name":"payments","secret":"{{secret}}","forward":{{forward}}{{(more.Length > 0 ? "," + more : "")}} }""");
        Assert.True(made.Status == 201, made.Body.GetRawText());
        return new Hook(made.Text("id")!, secret, value);
    }

    internal static async Task<string> WaitingRunAsync(this AuthHouse house, MadeKey key) => (await house.AsAsync(key, "POST", "/api/v1/runs", Waiting)).Text("run_id")!;

    internal static (string Name, string Value)[] Signed(this Hook hook, string body, string id, long time, string? version = null)
    {
        var timestamp = time.ToString(CultureInfo.InvariantCulture);
        List<(string, string)> headers =
        [
            ("X-Webhook-Id", id), ("X-Webhook-Timestamp", timestamp), ("X-Webhook-Signature", WebhookSignature.Of(hook.Secret, timestamp, id, System.Text.Encoding.UTF8.GetBytes(body))),
        ];
        if (version is not null) headers.Add(("X-Webhook-Key-Version", version));
        return [.. headers];
    }

    internal static Task<Reply> DeliverAsync(this AuthHouse house, Hook hook, string body, string id, int node = 0) =>
        house.AskAsync(node, "POST", hook.Path, body, hook.Signed(body, id, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));

    /// <summary>One of the headers in another form, or (null) none of its name.</summary>
    internal static (string Name, string Value)[] With(this (string Name, string Value)[] headers, string name, string? value) =>
        [.. headers.Where(header => header.Name != name), .. value is null ? Array.Empty<(string, string)>() : [(name, value)]];

    /// <summary>Asks until the delivery stands so.</summary>
    internal static async Task<Reply> ForwardedAsync(this AuthHouse house, MadeKey key, string delivery, string state)
    {
        for (var asked = TimeProvider.System.GetTimestamp(); ;)
        {
            var reply = await house.AsAsync(key, "GET", $"/api/v1/webhooks/deliveries/{delivery}");
            if (reply.Text("forwarding.state") == state) return reply;
            Assert.True(TimeProvider.System.GetElapsedTime(asked) < TimeSpan.FromSeconds(60), reply.Body.GetRawText());
        }
    }

    /// <summary>Signals that stand in the journals of all runs.</summary>
    internal static async Task<long> SignalsAsync(this AuthHouse house)
    {
        var count = 0L;
        await house.ReadAsync("SELECT count(*) FROM journal WHERE kind = 'signal.received.v1'", row => count = row.GetInt64(0));
        return count;
    }
}
