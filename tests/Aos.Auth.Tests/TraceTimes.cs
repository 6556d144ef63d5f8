using Aos.Contracts;
using Aos.Runs;

namespace Aos.Auth.Tests;

/// <summary>Traces of clients go when their time is over.</summary>
public sealed class TraceTimes
{
    private static Caller Acme { get; } = Caller.System(new TenantId("acme"));

    [Fact]
    [Trait("id", "B8-TRACE-60")]
    [Trait("store", "sqlite")]
    public async Task What_is_older_than_the_retention_is_deleted_for_every_tenant()
    {
        await using var house = new TimedHouse();
        var book = house.Get<ITraceBook>();
        await StoreAsync(book, "acme", "old");
        await StoreAsync(book, "rival", "old");
        house.Clock.Advance(TimeSpan.FromDays(29));
        await StoreAsync(book, "acme", "new");
        Assert.Equal(0, await house.PassAsync("trace-retention"));
        house.Clock.Advance(TimeSpan.FromDays(2));

        Assert.Equal(2, await house.PassAsync("trace-retention"));
        Assert.Null(await book.FindAsync(Acme, "old", TestContext.Current.CancellationToken));
        Assert.NotNull(await book.FindAsync(Acme, "new", TestContext.Current.CancellationToken));
        Assert.Equal(0, await book.CleanupAsync(Acme, TimeSpan.FromDays(3), TestContext.Current.CancellationToken));
        Assert.Equal(1, await book.CleanupAsync(Acme, TimeSpan.FromDays(1), TestContext.Current.CancellationToken));
    }

    [Theory]
    [Trait("id", "B8-TRACE-61")]
    [Trait("store", "none")]
    [InlineData("TRACE_RETENTION_DAYS", "0")]
    [InlineData("TRACE_RETENTION_DAYS", "-1")]
    [InlineData("TRACE_RETENTION_DAYS", "366")]
    [InlineData("TRACE_RETENTION_DAYS", "soon")]
    [InlineData("GITHUB_REPO", "repo")]
    [InlineData("GITHUB_REPO", "org/repo/../other")]
    [InlineData("GITHUB_API_URL", "ftp://example.com")]
    [InlineData("SLACK_MISMATCH_WEBHOOK", "not an address")]
    public void A_setting_that_is_none_is_named(string name, string value) =>
        Assert.Contains(name, Assert.Single(TraceOptions.Read(asked => asked == name ? value : null).Problems), StringComparison.Ordinal);

    [Fact]
    [Trait("id", "B8-TRACE-61")]
    [Trait("store", "none")]
    public void Without_settings_traces_are_kept_thirty_days_and_nobody_is_told()
    {
        var options = TraceOptions.Read(_ => null);

        Assert.Equal((30, false, "https://api.github.com", 0), (options.RetentionDays, options.HasGitHub, options.GitHubApi, options.Problems.Count));
    }

    private static async Task StoreAsync(ITraceBook book, string tenant, string id)
    {
        var trace = Json.Parse(Traces.With(Traces.Made(), ("trace_id", $"\"{id}\"")));
        var (stored, refusal) = await book.StoreAsync(Caller.System(new TenantId(tenant)), new TraceOrder(trace, false, null), TestContext.Current.CancellationToken);
        Assert.True(stored is not null, refusal?.Message);
    }
}
