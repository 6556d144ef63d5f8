using Aos.Runs;
using Microsoft.Extensions.DependencyInjection;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Aos.Integration.Tests.Http;

/// <summary>Priorities, limits and the line as clients see them.</summary>
public sealed class Queue : IAsyncLifetime
{
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public async Task Beyond_the_limit_runs_are_queued_with_their_priority_and_begin_in_its_order()
    {
        Limit(0);
        var low = await StartAsync("""{"plan":[{"skill":"echo"}],"priority":-3}""");
        var high = await StartAsync("""{"plan":[{"skill":"echo"}],"priority":5}""");
        var queued = await SendAsync("GET", $"/api/v1/runs/{high}?wait=0");
        Assert.Equal(("queued", 5), (queued.Body.GetText("status"), queued.Body.Get("priority")!.Value.GetInt32()));
        Assert.NotNull(queued.Body.GetText("queued_at"));
        Assert.Null(queued.Body.Get("started_at"));
        var listed = (await SendAsync("GET", "/api/v1/runs?status=queued")).Body.Get("runs")!.Value.EnumerateArray().Select(row => (row.GetText("run_id")!, row.Get("priority")!.Value.GetInt32()));
        Assert.Equal([(high, 5), (low, -3)], listed);
        Assert.Contains("nova_runs_queued 2\n", await house.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);

        Limit(1);
        await StartAsync("""{"plan":[{"skill":"echo"}],"priority":-100}"""); // It brings the limit to the store.

        var (one, two) = (await SendAsync("GET", $"/api/v1/runs/{high}?wait=20"), await SendAsync("GET", $"/api/v1/runs/{low}?wait=20"));
        Assert.Equal(("succeeded", "succeeded"), (one.Body.GetText("status"), two.Body.GetText("status")));
        Assert.True(one.Body.Get("started_at")!.Value.GetDateTimeOffset() < two.Body.Get("started_at")!.Value.GetDateTimeOffset());
        var history = (await SendAsync("GET", $"/status_history/entity/run/{high}")).Body.GetRawText();
        Assert.Contains("\"queued\"", history, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "LOOP-26")]
    public async Task A_run_of_a_later_rule_was_queued_in_its_history_when_it_was_and_only_then()
    {
        const string Plan = """{"name":"p","steps":[{"id":"a","await":{"approval":{}}}]}""";
        var atOnce = await StartAsync(Plan);
        Limit(0);
        var queued = await StartAsync(Plan);

        Assert.Equal("queued", (await SendAsync("GET", $"/api/v1/runs/{queued}?wait=0")).Body.GetText("status"));
        Assert.Contains("\"queued\"", (await SendAsync("GET", $"/status_history/entity/run/{queued}")).Body.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("\"queued\"", (await SendAsync("GET", $"/status_history/entity/run/{atOnce}")).Body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_line_survives_a_restart()
    {
        Limit(0);
        var run = await StartAsync("""{"plan":[{"skill":"echo"}]}""");

        await house.RestartAsync(); // Without the limit.

        Assert.Equal("succeeded", (await SendAsync("GET", $"/api/v1/runs/{run}?wait=20")).Body.GetText("status"));
    }

    [Fact]
    public async Task A_full_line_refuses_a_start_and_says_when_to_come_again()
    {
        Limit(0);
        house.Get<RunsOptions>().QueueMax = 2;
        await StartAsync("""{"plan":[{"skill":"echo"}]}""");
        var cancelled = await StartAsync("""{"plan":[{"skill":"echo"}]}""");

        using var content = new StringContent("""{"plan":[{"skill":"echo"}]}""", Encoding.UTF8, "application/json");
        using var reply = await house.Http.PostAsync("/api/v1/runs", content);

        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)), (reply.StatusCode, reply.Headers.RetryAfter!.Delta));
        Assert.Equal("cancelled", (await SendAsync("POST", $"/api/v1/runs/{cancelled}/cancel", "{}")).Body.GetText("status"));
    }

    [Theory]
    [InlineData("101")]
    [InlineData("-101")]
    [InlineData("1.5")]
    [InlineData("\"high\"")]
    public async Task A_priority_is_a_whole_number_from_minus_100_to_100(string priority)
    {
        var reply = await SendAsync("POST", "/api/v1/runs", $$"""{"plan":[{"skill":"echo"}],"priority":{{priority}}}""");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Contains("priority", reply.Body.GetRawText(), StringComparison.Ordinal);
    }

    private void Limit(int most) => house.Get<RunsOptions>().Limits = new RunLimits([new RunLimitRule("*", null, most)]);

    private async Task<string> StartAsync(string body)
    {
        var reply = await SendAsync("POST", "/api/v1/runs", body);
        Assert.True(reply.Status == HttpStatusCode.Created, reply.Body.GetRawText());
        return reply.Body.GetText("run_id")!;
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var reply = await house.Http.SendAsync(request);
        return (reply.StatusCode, Json.Parse(await reply.Content.ReadAsStringAsync()));
    }
}
