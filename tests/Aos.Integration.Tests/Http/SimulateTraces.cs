using System.Text;
using System.Text.Json;
using Aos.Runs;

namespace Aos.Integration.Tests.Http;

/// <summary>A simulation gives a trace to keep, when asked for it.</summary>
public sealed class SimulateTraces : IAsyncLifetime
{
    private const string Question = """
        {"plan":[{"skill":"http_call","params":{"url":"https://a.example"}},{"skill":"nowhere"}],"seed":7,"timestamp":"2026-01-01T00:00:00Z","save_trace":true}
        """;

    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public async Task Its_trace_can_be_checked_and_names_seed_time_tenant_and_each_steps_hashes()
    {
        var body = Json.Parse(await RawAsync(Question));
        var file = body.Get("trace")!.Value;
        var trace = Trace11.Read(file);
        var verdict = RunsRoom.VerifyTrace(Encoding.UTF8.GetBytes(file.GetRawText()), null, TestContext.Current.CancellationToken);

        Assert.Equal((true, 2, "aos"), (verdict.Ok, trace.Steps.Length, verdict.Generator));
        Assert.Equal(("7", "2026-01-01T00:00:00Z", "default"), (trace.Seed, trace.Timestamp, trace.Tenant));
        Assert.Equal(["success", "failure"], trace.Steps.Select(step => step.Outcome));
        Assert.Equal([null, "SKILL_NOT_FOUND"], trace.Steps.Select(step => step.ErrorCode));
        var (steps, estimates) = (trace.Plan.Get("steps")!.Value, body.Get("step_estimates")!.Value);
        foreach (var step in trace.Steps)
        {
            Assert.Equal(PythonJson.HashData(steps[step.StepIndex]), step.InputHash);
            Assert.Equal(PythonJson.HashData(estimates[step.StepIndex]), step.OutputHash);
        }

        Assert.Equal(body.GetText("trace_id"), trace.Metadata.GetText("trace_id"));
        Assert.False(RunsRoom.VerifyTrace(
            Encoding.UTF8.GetBytes(file.GetRawText().Replace("\"failure\"", "\"success\"", StringComparison.Ordinal)), null, TestContext.Current.CancellationToken).Ok);
    }

    [Theory]
    [InlineData(Question)]
    [InlineData("""{"plan":[{"skill":"echo"},{"skill":"wait","params":{"ms":5}}],"save_trace":true}""")]
    [InlineData("""{"plan":[],"save_trace":true}""")]
    [InlineData("""{"workflow_id":"w","save_trace":true}""")]
    public async Task The_same_question_gets_the_same_bytes_and_a_trace_that_can_be_checked(string question)
    {
        var first = await RawAsync(question);
        await RawAsync("""{"plan":[{"skill":"echo"}]}""");

        Assert.Equal(first, await RawAsync(question));
        Assert.True(Trace11.Read(Json.Parse(first).Get("trace")!.Value).Verify());
    }

    [Fact]
    public async Task Seed_time_and_plan_change_its_root_and_who_does_not_ask_gets_none()
    {
        var roots = new List<string?>();
        foreach (var question in new[] { Question, Question.Replace("\"seed\":7", "\"seed\":8", StringComparison.Ordinal), Question.Replace("2026", "2027", StringComparison.Ordinal), Question.Replace("a.example", "b.example", StringComparison.Ordinal) })
            roots.Add(Json.Parse(await RawAsync(question)).Get("trace")!.Value.GetText("root_hash"));

        Assert.Equal(4, roots.Distinct().Count());
        Assert.Null(Json.Parse(await RawAsync(Question.Replace("true", "false", StringComparison.Ordinal))).Get("trace"));
    }

    private async Task<string> RawAsync(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await house.Http.PostAsync("/api/v1/runtime/simulate", content, TestContext.Current.CancellationToken);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
