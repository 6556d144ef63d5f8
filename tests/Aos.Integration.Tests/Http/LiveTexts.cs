using System.Text;
using System.Text.Json;
using Aos.Client;
using Aos.Contracts;
using Aos.Egress;
using Aos.Runs;
using Aos.Skills;
using Aos.Testing;
using Microsoft.AspNetCore.Http;

namespace Aos.Integration.Tests.Http;

/// <summary>What a model writes is seen by whoever watches its run, while it writes it.</summary>
public sealed class LiveTexts : IAsyncLifetime
{
    private const string Plan = """{"name":"p","steps":[{"id":"go","await":{"signal":"go"}},{"id":"ask","skill":"llm_invoke","params":{"prompt":"Tell me","provider":"own"}}]}""";

    private readonly TaskCompletionSource mayEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private House house = null!;
    private ModelServer peer = null!;

    public async ValueTask InitializeAsync()
    {
        house = await House.OpenAsync();
        var answer = OpenAiChunks.Text($"The secret is sk-{Guid.NewGuid():N} and the tale ends.");
        var half = answer.IndexOf("data: {\"id\":\"c1\",\"choices\"", StringComparison.Ordinal);
        peer = await ModelServer.OpenAsync(async (context, _) =>
        {
            await ModelServer.StreamAsync(context, answer[..half]);
            await mayEnd.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync(answer[half..], context.RequestAborted);
        });
        house.Get<EgressOptions>().Allow = [new Uri(peer.Origin).Authority];
        typeof(ModelsOptions).GetProperty(nameof(ModelsOptions.Endpoints))!.SetValue(
            house.Get<ModelsOptions>(), new[] { new ModelEndpoint("own", ModelWire.OpenAi, peer.Origin + "/v1", null, "llama", false) });
    }

    public async ValueTask DisposeAsync()
    {
        mayEnd.TrySetResult();
        await house.DisposeAsync();
        await peer.DisposeAsync();
    }

    [Fact]
    [Trait("id", "F5.47-06")]
    [Trait("id", "F5.47-07")]
    public async Task Pieces_come_before_the_answer_is_whole_have_no_number_and_stand_in_no_journal()
    {
        var run = await StartAsync();
        using var reader = await FollowAsync(run, "");
        await SignalAsync(run);
        var seen = await UntilAsync(reader, lines => lines.Contains("event: delta"));
        Assert.Equal("running", (await house.AskAsync($"/api/v1/runs/{run}?wait=0")).Body.GetText("status"));
        mayEnd.TrySetResult();
        seen.AddRange(await UntilAsync(reader, lines => lines.Contains("event: run.ended.v1")));

        var events = Split(seen);
        var pieces = events.Where(one => one.Kind == "delta").ToList();
        Assert.Equal("The secret is [REDACTED] and the tale ends.", string.Concat(pieces.Select(piece => piece.Data.GetText("text"))));
        Assert.All(pieces, piece => Assert.Null(piece.Id));
        Assert.All(pieces, piece => Assert.Equal(("ask", "s1.-1.0", "own"), (piece.Data.GetText("step_id"), piece.Data.GetText("effect"), piece.Data.GetText("provider"))));
        Assert.Equal(Enumerable.Range(0, pieces.Count), pieces.Select(piece => piece.Data.GetProperty("n").GetInt32()));
        var kinds = events.Select(one => one.Kind).ToList();
        Assert.InRange(kinds.IndexOf("delta"), kinds.LastIndexOf("step.started.v1"), kinds.Count);
        Assert.InRange(kinds.LastIndexOf("delta"), 0, kinds.LastIndexOf("call.succeeded.v1"));
        Assert.Equal(Enumerable.Range(1, events.Count - pieces.Count), events.Where(one => one.Kind != "delta").Select(one => one.Id!.Value));
        Assert.DoesNotContain("event: delta", (await house.AskAsync($"/api/v1/runs/{run}/events")).Body.GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.47-07")]
    public async Task Who_does_not_want_them_gets_none_and_a_client_takes_up_the_events_where_it_left_them()
    {
        var run = await StartAsync();
        using var reader = await FollowAsync(run, "?deltas=false");
        var client = new AosClient(house.Http, new AosClientOptions());
        var (plain, watched) = (Task.Run(() => ListAsync(client, run, 0, deltas: false)), Task.Run(() => ListAsync(client, run, 1, deltas: true)));
        while (!house.Get<Deltas>().IsWatched(Id(run))) await Task.Yield();
        await SignalAsync(run);
        mayEnd.TrySetResult();
        var seen = await UntilAsync(reader, lines => lines.Contains("event: run.ended.v1"));

        Assert.DoesNotContain("event: delta", seen);
        Assert.DoesNotContain(await plain, message => message.Kind == "delta");
        var all = await watched;
        Assert.Equal(Enumerable.Range(2, all.Max(message => message.Seq) - 1), all.Where(message => message.Kind != "delta").Select(message => message.Seq));
        var first = all.FindIndex(message => message.Kind == "delta");
        Assert.Equal(all[first - 1].Seq, all[first].Seq);
        Assert.False(house.Get<Deltas>().IsWatched(Id(run)));
    }

    [Fact]
    [Trait("id", "F5.47-08")]
    public void Who_does_not_read_loses_pieces_and_keeps_nobody_waiting()
    {
        var deltas = house.Get<Deltas>();
        var run = Id("01900000-0000-7000-8000-000000000007");
        using var slow = deltas.Watch(TenantId.Default, run);
        using (var quick = deltas.Watch(TenantId.Default, run))
        {
            for (var i = 0; i < 1_000; i++)
            {
                deltas.Tell(new TextDelta(TenantId.Default, run, "ask", null, "own", i, "x"));
                Assert.True(quick.Deltas.TryRead(out var heard));
                Assert.Equal(i, heard.Number);
            }
        }

        Assert.Equal(Deltas.WaitingMax, slow.Deltas.Count);
        Assert.True(deltas.IsWatched(run));
    }

    [Fact]
    [Trait("id", "F5.47-09")]
    public async Task Another_tenant_hears_nothing_and_cannot_follow()
    {
        var deltas = house.Get<Deltas>();
        var run = Id("01900000-0000-7000-8000-000000000008");
        using (var stranger = deltas.Watch(new TenantId("other"), run))
        {
            deltas.Tell(new TextDelta(TenantId.Default, run, "ask", null, "own", 0, "x"));
            Assert.False(stranger.Deltas.TryRead(out _));
        }

        Assert.False(deltas.IsWatched(run));
        Assert.Equal(404, (await house.AskAsync($"/api/v1/runs/{run}/events")).Status);
    }

    private static RunId Id(string text) => RunId.TryParse(text, out var id) ? id : throw new ArgumentException(text);

    private static async Task<List<RunEventMessage>> ListAsync(AosClient client, string run, int after, bool deltas)
    {
        var all = new List<RunEventMessage>();
        await foreach (var message in client.FollowRunAsync(run, after, deltas: deltas, cancel: TestContext.Current.CancellationToken)) all.Add(message);
        return all;
    }

    private async Task<string> StartAsync()
    {
        using var content = new StringContent(Plan, Encoding.UTF8, "application/json");
        using var response = await house.Http.PostAsync(new Uri("/api/v1/runs", UriKind.Relative), content, TestContext.Current.CancellationToken);
        return Json.Parse(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).GetText("run_id")!;
    }

    private Task SignalAsync(string run) => house.AskAsync("POST", $"/api/v1/runs/{run}/signals/go", "1");

    /// <summary>Follows from the first event on; the first is there when it returns.</summary>
    private async Task<StreamReader> FollowAsync(string run, string query)
    {
        var stream = await house.Http.GetStreamAsync(new Uri($"/api/v1/runs/{run}/events{query}", UriKind.Relative), TestContext.Current.CancellationToken);
        return new StreamReader(stream, Encoding.UTF8);
    }

    private static async Task<List<string>> UntilAsync(StreamReader reader, Func<List<string>, bool> isEnough)
    {
        var lines = new List<string>();
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            lines.Add(line);
            if (line.Length == 0 && isEnough(lines)) return lines;
        }

        return lines;
    }

    private static List<(int? Id, string Kind, JsonElement Data)> Split(List<string> lines)
    {
        var events = new List<(int?, string, JsonElement)>();
        var (id, kind) = ((int?)null, "");
        foreach (var line in lines)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = int.Parse(line.AsSpan(4), System.Globalization.CultureInfo.InvariantCulture);
            else if (line.StartsWith("event: ", StringComparison.Ordinal)) kind = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal)) events.Add((id, kind, Json.Parse(line[6..])));
            else if (line.Length == 0) id = null;
        }

        return events;
    }
}
