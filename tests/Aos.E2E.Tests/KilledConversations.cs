using System.Text.Json;
using Aos.Testing;

namespace Aos.E2E.Tests;

/// <summary>An agent loop that talks to a provider over HTTP, in a process that is killed while the model thinks.</summary>
public sealed class KilledConversations : InFolder
{
    private const string Plan = """
        {"name":"p","budget_cents":200,"steps":[{"id":"a","agent":{"goal":"Count to three","skills":["kv_set","fs_read","http_call"],"max_turns":5,"max_tokens":200,
          "output_schema":{"type":"object","required":["count"],"properties":{"count":{"type":"integer"}}}}}]}
        """;

    [Theory]
    [InlineData("ANTHROPIC")]
    [InlineData("OPENAI")]
    [Trait("id", "LOOP-25")]
    public async Task It_goes_on_where_it_was(string provider)
    {
        var (asked, isDead) = (new TaskCompletionSource(), new TaskCompletionSource());
        var isFirst = true;
        await using var server = await ModelServer.OpenAsync((_, turn) =>
        {
            switch (turn)
            {
                case 1:
                    return ModelTurn.Call("kv_set", """{"key":"count","value":1}""");
                case 2:
                    return new ModelTurn("Two things at once.", new ModelToolCall("fs_read", """{"path":"gone.txt"}"""), new ModelToolCall("kv_get", """{"key":"count"}"""));
                case 3 when isFirst:
                    isFirst = false;
                    asked.SetResult();
                    isDead.Task.Wait(TestContext.Current.CancellationToken); // It thinks for longer than the process lives.
                    return ModelTurn.Refused(500, "api_error");
                case 3:
                    return new ModelTurn("I think it is three.");
                default:
                    return new ModelTurn("""{"count":3}""");
            }
        });
        Aos.Environment.Add(($"{provider}_API_KEY", "sk-test-of-this-test-only"));
        Aos.Environment.Add(($"{provider}_BASE_URL", server.Origin + (provider == "OPENAI" ? "/v1" : "")));
        Aos.Environment.Add(("AOS_EGRESS_ALLOW", new Uri(server.Origin).Authority));
        using var killed = Aos.Start("run", Aos.Write("loop.json", Plan));
        var id = await Command.RunIdAsync(killed);
        await asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        killed.Kill();
        await killed.WaitForExitAsync(TestContext.Current.CancellationToken);
        isDead.SetResult();

        var resumed = await Aos.RunAsync("runs", "resume", id);

        Assert.Equal((0, """{"count":3}"""), (resumed.Code, CanonicalJson.Text(resumed.Json)));
        Assert.Equal(5, server.Asked.Count); // Four turns, the third asked twice.
        Assert.Equal(server.Asked[2].GetRawText(), server.Asked[3].GetRawText());
        var step = (await Aos.RunAsync("runs", "show", id)).Json.GetProperty("steps")[0];
        Assert.True(step.GetProperty("cost_cents_exact").GetDecimal() > 0);
        var last = server.Asked[4].GetRawText();
        Assert.Contains("FILE_NOT_FOUND", last, StringComparison.Ordinal);
        Assert.Contains("SKILL_NOT_FOUND", last, StringComparison.Ordinal);
        Assert.Contains("It is no JSON.", last, StringComparison.Ordinal);
        Assert.Equal(0, (await Aos.RunAsync("replay", id)).Code);
    }
}
