using System.Diagnostics;

namespace Aos.E2E.Tests;

/// <summary><c>aos webhooks</c> as a user types it, against a server that is killed in between.</summary>
public sealed class WebhookCommands : InFolder
{
    private const string Key = "a-key-of-the-tests";

    [Fact]
    [Trait("id", "HOOK-cli")]
    public async Task An_endpoint_is_made_a_delivery_signed_and_posted_and_the_run_goes_on()
    {
        var (server, url) = await ServeAsync();
        using (server)
        {
            var (endpoint, run) = await EndpointAsync(url);
            var body = Aos.Write("body.json", $$"""{"data":{"run_id":"{{run}}"},"amount":5}""");

            var signed = await AtAsync(null, "webhooks", "sign", body, "--id", "evt_1", "--secret-file", Path.Combine(Folder, "hook.key"), "--key-version", "v1");
            var (status, answer) = await PostAsync(url, endpoint, body, signed.Output);
            var heard = await AtAsync(url, "runs", "events", run, "--follow", "--kind", "signal.");
            var ended = await AtAsync(url, "runs", "show", run);
            var listed = await AtAsync(url, "webhooks");
            var deliveries = await AtAsync(url, "webhooks", "deliveries", "--json");
            var whole = await AtAsync(url, "webhooks", "export", "--delivery-id", "evt_1");
            var replay = await AtAsync(url, "webhooks", "replay", answer.GetText("id")!);
            var changed = await AtAsync(url, "webhooks", "change", endpoint, "--disable");
            var removed = await AtAsync(url, "webhooks", "remove", endpoint);

            Assert.All(new[] { signed, heard, ended, listed, deliveries, whole, replay, changed, removed }, command => Assert.True(command.Code == 0, command.Errors));
            Assert.Equal((200, "stored"), (status, answer.GetText("status")));
            Assert.Equal("succeeded", ended.Json.GetText("status"));
            Assert.Single(heard.Output.Trim().Split('\n'));
            Assert.StartsWith($"/webhooks/in/{endpoint}  payments  aos, secret HOOK, signal paid to the run at data.run_id", listed.Output, StringComparison.Ordinal);
            Assert.Equal("evt_1", deliveries.Json.GetText("delivery_id"));
            Assert.Equal(5, whole.Json.GetProperty("body").GetProperty("amount").GetInt32());
            Assert.Contains("disabled", changed.Output, StringComparison.Ordinal);
            Assert.Equal(401, (await PostAsync(url, endpoint, body, signed.Output)).Status);
            Command.Terminate(server);
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    [Trait("id", "HOOK-sign")]
    public async Task What_the_command_signs_is_what_openssl_signs()
    {
        var (body, key) = (Aos.Write("body", "{\"a\": 1}"), Aos.Write("key", "s3cret\n"));
        var signed = await Aos.RunAsync("webhooks", "sign", body, "--id", "evt 1", "--timestamp", "1772366400", "--secret-file", key);
        using var openssl = Process.Start(new ProcessStartInfo("sh")
        {
            ArgumentList = { "-c", "{ printf '%s\\n%s\\n' 1772366400 'evt 1'; cat \"$0\"; } | openssl dgst -sha256 -hmac s3cret -r | cut -d' ' -f1", body }, RedirectStandardOutput = true,
        })!;
        var expected = (await openssl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim();

        Assert.Equal(64, expected.Length);
        Assert.Equal($"X-Webhook-Id: evt 1\nX-Webhook-Timestamp: 1772366400\nX-Webhook-Signature: sha256={expected}\n", signed.Output);
        Assert.Equal(2, (await Aos.RunAsync("webhooks", "sign", "nowhere", "--secret-file", key)).Code);
    }

    [Fact]
    [Trait("id", "HOOK-crash")]
    public async Task A_server_that_is_killed_as_soon_as_it_has_answered_forwards_the_delivery_once_it_is_back()
    {
        var (server, url) = await ServeAsync();
        string run;
        using (server)
        {
            (var endpoint, run) = await EndpointAsync(url);
            var body = Aos.Write("body.json", $$"""{"data":{"run_id":"{{run}}"} }""");
            var signed = await AtAsync(null, "webhooks", "sign", body, "--id", "evt_1", "--secret-file", Path.Combine(Folder, "hook.key"));
            Assert.Equal(200, (await PostAsync(url, endpoint, body, signed.Output)).Status);
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        (server, url) = await ServeAsync();
        using (server)
        {
            var events = await AtAsync(url, "runs", "events", run, "--follow", "--kind", "signal.");
            var ended = await AtAsync(url, "runs", "show", run);

            Assert.True(ended.Code == 0, ended.Errors);
            Assert.Equal("succeeded", ended.Json.GetText("status"));
            Assert.Single(events.Output.Trim().Split('\n'));
            Command.Terminate(server);
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    private async Task<(Process Server, Uri Url)> ServeAsync()
    {
        if (!Aos.Environment.Contains(("AOS_API_KEY", Key))) Aos.Environment.Add(("AOS_API_KEY", Key));
        var server = Aos.Start("serve", "--port", "0");
        return (server, await Command.AddressAsync(server, TestContext.Current.CancellationToken));
    }

    /// <summary>A secret, an endpoint, and a run that waits.</summary>
    private async Task<(string Endpoint, string Run)> EndpointAsync(Uri url)
    {
        var secret = Aos.Write("hook.key", $"{Guid.NewGuid():N}\n");
        var set = await AtAsync(url, "secrets", "set", "HOOK", "--file", secret);
        var made = await AtAsync(url, "webhooks", "create", "payments", "--secret", "HOOK", "--signal", "paid", "--run-field", "data.run_id", "--json");
        var plan = Aos.Write("plan.json", """{"name":"p","steps":[{"id":"a","await":{"signal":"paid","timeout":"1h"}}]}""");
        var started = await AtAsync(url, "run", plan, "--wait", "0");
        Assert.All(new[] { set, made }, command => Assert.True(command.Code == 0, command.Errors));
        Assert.StartsWith("run ", started.Errors, StringComparison.Ordinal);
        return (made.Json.GetText("id")!, started.Errors["run ".Length..].Split('\n')[0]);
    }

    private Task<Ended> AtAsync(Uri? url, params string[] arguments) => Aos.RunAsync(url is null ? arguments : [.. arguments, "--server", url.ToString()]);

    /// <summary>As <c>curl -H @headers --data-binary @body</c> does.</summary>
    private static async Task<(int Status, System.Text.Json.JsonElement Answer)> PostAsync(Uri url, string endpoint, string body, string headers)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, $"webhooks/in/{endpoint}")) { Content = new ByteArrayContent(await File.ReadAllBytesAsync(body, TestContext.Current.CancellationToken)) };
        foreach (var line in headers.Split('\n', StringSplitOptions.RemoveEmptyEntries)) request.Headers.TryAddWithoutValidation(line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..]);
        using var reply = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)reply.StatusCode, Json.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }
}
