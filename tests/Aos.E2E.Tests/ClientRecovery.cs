using Aos.Client;

namespace Aos.E2E.Tests;

/// <summary><c>Aos.Client</c> recovers a failed run.</summary>
public sealed class ClientRecovery(Served served) : IClassFixture<Served>
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    [Trait("id", "F5.56-03")]
    public async Task The_client_suggests_decides_applies_and_counts()
    {
        var client = new AosClient(served.Http);
        var failed = await client.StartRunAsync(
            new NewRun { Plan = Json.Parse("""{"steps":[{"id":"pick","skill":"json_transform","params":{"operation":"extract","data":{"a":1},"path":"$.b"}}]}"""), Wait = 20 }, cancel);
        var suggested = await client.SuggestRecoveryAsync(new RecoveryQuestion { RunId = failed.RunId }, cancel);
        var approved = await client.ApproveSuggestionAsync(suggested.Id, "path corrected", Json.Parse("""{"kind":"change_parameter","step":"pick","parameter":"path","value":"$.a"}"""), cancel);
        var fork = await client.RetryRunAsync(failed.RunId, "as suggested", approved.Id, cancel);
        var ended = await client.GetRunAsync(fork.RunId, 20, cancel);
        var applied = await client.GetSuggestionAsync(suggested.Id, cancel);
        var told = await client.SuggestRecoveryAsync(new RecoveryQuestion { ErrorCode = suggested.ErrorCode, Context = Json.Parse("""{"skill":"json_transform"}""") }, cancel);
        var rejected = await client.RejectSuggestionAsync(told.Id, cancel: cancel);
        var page = await client.ListSuggestionsAsync(new RecoveryQuery("applied", failed.RunId, Limit: 1), cancel);
        var stats = await client.GetRecoveryStatsAsync(cancel: cancel);
        var twice = await Assert.ThrowsAsync<AosException>(() => client.ApproveSuggestionAsync(told.Id, cancel: cancel));

        Assert.Equal(("proposed", "change_parameter", "DATA_NOT_FOUND", failed.RunId, 1), (suggested.Status, suggested.Action.GetText("kind"), suggested.CatalogEntryId, suggested.RunId, suggested.Attempt));
        Assert.Contains(suggested.Alternatives!, one => one.Action.GetText("kind") == "skip_step" && one.Confidence < suggested.Confidence);
        Assert.Equal((0, "approved", "path corrected"), (suggested.Outcomes, approved.Status, approved.Note));
        Assert.NotEqual(failed.RunId, fork.RunId);
        Assert.Equal("succeeded", ended.Status);
        Assert.Equal(("applied", "succeeded", fork.RunId), (applied.Status, applied.Outcome, applied.AppliedRunId));
        Assert.Equal(["approved", "applied"], applied.Decisions!.Select(one => one.Decision));
        Assert.Equal((true, suggested.Id), (told.Evidence!.Single().Recovered, told.Evidence!.Single().SuggestionId));
        Assert.Equal("rejected", rejected.Status);
        Assert.Equal((1L, suggested.Id), (page.Total, page.Candidates.Single().Id));
        Assert.Equal(2, stats.GetProperty("total").GetInt32());
        Assert.Equal((409, "INVALID_STATE"), (twice.Status, twice.Code));
    }
}
