using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Aos.Kernel;
using Aos.Testing;

namespace Aos.Campaigns;

/// <summary>
/// An agent loop of twelve turns in a server process that is killed with SIGKILL whenever an event more is on record: three skills, one call
/// denied, one that a person approves, one that fails. It must cost what it costs undisturbed, to the last part of a cent, and replay
/// with the model's server switched off.
/// </summary>
internal static class ProcessCampaign
{
    private const string Plan = """
        {"name":"killed","budget_cents":BUDGET,"steps":[
          {"id":"a","agent":{"goal":"Find it","skills":["kv_set","kv_get","fs_read"],"approve":["kv_set"],"max_turns":12,"max_tokens":100}},
          {"id":"b","skill":"echo","params":{"message":"${{ steps.a.result }}"}}]}
        """;

    private sealed record End(string Status, string RootHash, decimal Cost, int Events, int Kills);

    internal static async Task<int> StartAsync()
    {
        var clock = Stopwatch.StartNew();
        var model = await ModelServer.OpenAsync((_, turn) => Turn(turn));
        var (calm, _, _) = await RunAsync(model, 1_000, isKilled: false);
        var (killed, replayed, output) = await RunAsync(model, 1_000, isKilled: true);
        Console.WriteLine($"an agent loop of 12 turns, its process killed with SIGKILL at each event: {killed.Kills} kills at {killed.Events} events in {clock.Elapsed.TotalSeconds:0.0} s");
        Console.WriteLine($"  {calm.Status}, {calm.Cost} cents, root {calm.RootHash[..16]} undisturbed; {killed.Status}, {killed.Cost} cents, root {killed.RootHash[..16]} killed; replay without the model: {(replayed ? "equal" : output)}");
        var isEqual = (calm.Status, calm.RootHash, calm.Cost) == (killed.Status, killed.RootHash, killed.Cost) && calm.Status == "succeeded" && killed.Kills >= 30 && replayed;
        Console.WriteLine(isEqual ? "0 mismatches" : "MISMATCH");
        return isEqual ? 0 : 1;
    }

    private static ModelTurn Turn(int turn) => turn switch
    {
        1 => ModelTurn.Call("kv_set", """{"key":"found","value":1}"""),
        2 => new ModelTurn("Two at once.", new ModelToolCall("fs_read", """{"path":"gone.txt"}"""), new ModelToolCall("http_call", """{"url":"https://erp.example/"}""")),
        12 => new ModelTurn("It is there."),
        _ => ModelTurn.Call("kv_get", $$"""{"key":"found-{{turn}}"}"""),
    };

    private static async Task<(End End, bool Replayed, string Output)> RunAsync(ModelServer model, int budget, bool isKilled)
    {
        var folder = Directory.CreateTempSubdirectory("aos-killed-");
        var server = new ServerProcess(folder.FullName, model.Origin);
        try
        {
            await server.StartAsync();
            var run = (await server.AskAsync(HttpMethod.Post, "/api/v1/runs", $$"""{"agent_id":"campaign","seed":42,"plan":{{Plan.Replace("BUDGET", $"{budget}", StringComparison.Ordinal)}}}""")).GetText("run_id")!;
            var (seen, kills) = (0, 0);
            while (await server.NextEventAsync(run, seen) is { } next)
            {
                seen = next.Seq;
                if (next.Kind == "run.ended.v1") break;
                if (isKilled)
                {
                    await server.KillAsync();
                    kills++;
                    await server.StartAsync();
                }

                if (next.Kind == "wait.started.v1") await server.AskAsync(HttpMethod.Post, $"/api/v1/runs/{run}/steps/a/approve", """{"note":"fine"}""");
            }

            var shown = await server.AskAsync(HttpMethod.Get, $"/api/v1/runs/{run}", null);
            var end = new End(shown.GetText("status")!, shown.GetText("root_hash") ?? "", shown.GetProperty("cost_cents_exact") is { ValueKind: JsonValueKind.Number } cost ? cost.GetDecimal() : decimal.Parse(shown.GetText("cost_cents_exact")!, System.Globalization.CultureInfo.InvariantCulture), seen, kills);
            await server.KillAsync();
            if (!isKilled) return (end, true, "");
            await model.DisposeAsync();
            var (code, output) = await server.CommandAsync("replay", run);
            return (end, code == 0 && output.Contains(end.RootHash, StringComparison.Ordinal), output);
        }
        finally
        {
            await server.KillAsync();
            folder.Delete(recursive: true);
        }
    }
}
