using System.Net;
using System.Text;
using System.Text.Json;
using Aos.Skills;

namespace Aos.Integration.Tests.Http;

/// <summary>A model's calls of tools in a run, its answers recorded.</summary>
public sealed class ToolsOfModels : IAsyncLifetime
{
    private const string Script = """
        {"answers":[
          {"turn":1,"tool_calls":[{"name":"echo","arguments":{"city":"Bern"}},{"name":"gone","arguments":{}}]},
          {"turn":2,"last_contains":["BERN","no such tool"],"text":"Rain in Bern."}]}
        """;

    private const string Plan = """
        {"name":"p","budget_cents":100,"steps":[
          {"id":"ask","skill":"llm_invoke","params":{"prompt":"Rain?","tools":[{"name":"echo","input_schema":{"type":"object","required":["city"],"properties":{"city":{"type":"string"}}}}]}},
          {"id":"do","skill":"echo","params":{"city":"${{ steps.ask.result.tool_calls[0].arguments.city }}"}},
          {"id":"end","skill":"llm_invoke","params":{"messages":[{"role":"user","content":"Rain?"},
            {"role":"assistant","content":"${{ steps.ask.result.content }}","tool_calls":"${{ steps.ask.result.tool_calls }}"},
            {"role":"tool","tool_call_id":"${{ steps.ask.result.tool_calls[0].id }}","content":"${{ upper(steps.do.result.echo.city) }}"},
            {"role":"tool","tool_call_id":"${{ steps.ask.result.tool_calls[1].id }}","content":"no such tool","is_error":true}]}}]}
        """;

    private House house = null!;

    public async ValueTask InitializeAsync()
    {
        house = await House.OpenAsync();
        typeof(ModelsOptions).GetProperty(nameof(ModelsOptions.Script))!.SetValue(house.Get<ModelsOptions>(), Json.Parse(Script));
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "F5.41-50")]
    public async Task A_run_asks_calls_and_answers_and_its_record_is_proven()
    {
        var run = await PostAsync("/api/v1/runs?wait=20", Plan);
        Assert.True(run.GetText("status") == "succeeded", run.GetRawText());
        var result = run.GetProperty("outcome").GetProperty("result");
        var replay = await PostAsync($"/api/v1/runtime/replay/{run.GetText("run_id")}", "{}");

        Assert.Equal(("Rain in Bern.", "end_turn"), (result.GetText("content"), result.GetText("finish_reason")));
        Assert.True(replay.GetProperty("parity_check").GetProperty("is_parity").GetBoolean(), replay.GetRawText());
    }

    private async Task<JsonElement> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await house.Http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        return Json.Parse(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }
}
