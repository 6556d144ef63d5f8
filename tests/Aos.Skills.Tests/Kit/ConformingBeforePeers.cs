using System.Collections.Concurrent;
using Aos.Contracts;
using Aos.Egress;
using Aos.Skills.Tests.Models;
using Aos.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Aos.Skills.Tests.Kit;

/// <summary>The conformance kit over skills that ask somebody: the way out is the real one, and who is asked is a server of this machine.</summary>
public sealed class ConformingBeforePeers
{
    [Fact]
    [Trait("store", "none")]
    [Trait("id", "F5.65-31")]
    public async Task The_skills_that_speak_http_conform()
    {
        var keys = new ConcurrentDictionary<string, bool>();
        await using var peer = await Peer.StartAsync(app =>
        {
            app.MapGet("/ok", () => Results.Json(new { a = 1 }));
            app.MapGet("/slow", (HttpContext context) => new TaskCompletionSource().Task.WaitAsync(context.RequestAborted));
            app.MapPost("/slow", (HttpContext context) => new TaskCompletionSource().Task.WaitAsync(context.RequestAborted));
            app.MapGet("/status/{code}", (int code) => Results.StatusCode(code));
            app.MapPost("/status/{code}", (int code) => Results.StatusCode(code));
            app.MapPost("/echo", async (HttpContext context) =>
            {
                keys.TryAdd(context.Request.Headers["Idempotency-Key"].ToString(), true);
                await context.Response.WriteAsync(await Peer.BodyAsync(context));
            });
        });
        using var egress = new Aos.Egress.Egress(new EgressOptions { Allow = [peer.Authority] });
        var (home, call) = (peer.Origin, new HttpCall(egress, TimeProvider.System));
        string[] gets =
        [
            $"{{\"url\":\"{home}/ok\"}}", $"!HTTP_4XX {{\"url\":\"{home}/status/404\"}}", $"!HTTP_5XX {{\"url\":\"{home}/status/500\"}}", $"!RATE_LIMITED {{\"url\":\"{home}/status/429\"}}",
            $"!SERVICE_UNAVAILABLE {{\"url\":\"{home}/status/503\"}}", $"!GATEWAY_TIMEOUT {{\"url\":\"{home}/status/504\"}}", "!EGRESS_BLOCKED {\"url\":\"http://127.0.0.1:1/\"}",
            "!INVALID_INPUT {\"url\":\"ftp://example.com/\"}", $"~{{\"url\":\"{home}/slow\"}}",
        ];

        await Conforming.KeepsAsync(call, () => keys.Count, [.. gets, $"{{\"url\":\"{home}/echo\",\"method\":\"post\",\"body\":\"text\",\"headers\":{{\"X-A\":\"b\"}}}}"]);
        await Conforming.KeepsAsync(new HttpGet(call), () => keys.Count, gets);
        await Conforming.KeepsAsync(
            new WebhookSend(egress, TimeProvider.System), () => keys.Count, $"{{\"url\":\"{home}/echo\",\"body\":{{\"a\":1}},\"token\":\"t\"}}", $"!HTTP_4XX {{\"url\":\"{home}/status/410\"}}",
            $"!HTTP_5XX {{\"url\":\"{home}/status/502\"}}", $"!RATE_LIMITED {{\"url\":\"{home}/status/429\"}}", $"!SERVICE_UNAVAILABLE {{\"url\":\"{home}/status/503\"}}",
            $"!GATEWAY_TIMEOUT {{\"url\":\"{home}/status/504\"}}", "!EGRESS_BLOCKED {\"url\":\"http://127.0.0.1:1/\"}", $"~{{\"url\":\"{home}/slow\"}}");
    }

    [Fact]
    [Trait("store", "sqlite")]
    [Trait("id", "F5.65-31")]
    public async Task The_skill_that_asks_models_conforms()
    {
        await using var provider = await ModelServer.OpenAsync((context, body) => body.GetRawText() switch
        {
            var text when text.Contains("wait", StringComparison.Ordinal) => new TaskCompletionSource().Task.WaitAsync(context.RequestAborted),
            var text when text.Contains("too often", StringComparison.Ordinal) => ModelServer.RefuseAsync(context, 429, """{"error":{"message":"slow down","type":"rate_limit_error"}}"""),
            var text when text.Contains("broken", StringComparison.Ordinal) => ModelServer.RefuseAsync(context, 500, """{"error":{"message":"no","type":"server_error"}}"""),
            var text when text.Contains("stranger", StringComparison.Ordinal) => ModelServer.RefuseAsync(context, 401, """{"error":{"message":"who","type":"authentication_error"}}"""),
            _ => ModelServer.StreamAsync(context, OpenAiChunks.Text("It is four."), piece: 512),
        });
        await using var room = ModelRoom.Of(provider);

        await Conforming.KeepsAsync(
            room.Skill, null, """{"prompt":"What is 2+2?","provider":"own","max_tokens":20}""", """{"prompt":"What is 2+2?","provider":"scripted"}""",
            "!RATE_LIMITED {\"prompt\":\"too often\",\"provider\":\"own\"}", "!LLM_ERROR {\"prompt\":\"broken\",\"provider\":\"own\"}",
            "!LLM_AUTH_FAILED {\"prompt\":\"stranger\",\"provider\":\"own\"}", "!INVALID_INPUT {\"provider\":\"own\"}", "~{\"prompt\":\"wait\",\"provider\":\"own\"}");
    }
}
