using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Data.Sqlite;

namespace Aos.Integration.Tests.Storage;

/// <summary>Runs of one agent are found without reading those of all others.</summary>
public sealed class AgentRuns : IAsyncLifetime
{
    private const string Known = "0192e1f0-0000-7000-8000-000000000007";

    private readonly StoreHouse house = new();

    public async ValueTask InitializeAsync() => await house.Get<IRunRows>().CountAsync(TenantId.Default, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Theory]
    [InlineData(Known)]
    [InlineData("a label")]
    public async Task They_are_listed_and_their_money_is_summed_whatever_the_id_looks_like(string agent)
    {
        Add(1, "default", agent, (int)RunStatus.Succeeded, spent: 3_000_000, budget: 9_000_000);
        Add(2, "default", agent, (int)RunStatus.Running, spent: 1_000_000, budget: 5_000_000);
        Add(3, "default", "0192e1f0-0000-7000-8000-000000000008", (int)RunStatus.Running, spent: 1_000_000, budget: 7_000_000);
        Add(4, "other", agent, (int)RunStatus.Running, spent: 1_000_000, budget: 7_000_000);
        var rows = house.Get<IRunRows>();
        var working = await rows.ListAsync(new RunFilter(TenantId.Default, agent, [RunStatus.Running]), TestContext.Current.CancellationToken);
        var all = await rows.ListAsync(new RunFilter(TenantId.Default, agent), TestContext.Current.CancellationToken);

        Assert.Equal([2], working.Select(row => row.Seq));
        Assert.Equal([2, 1], all.Select(row => row.Seq));
        Assert.Equal(
            new AgentSpending(new Cents(8), new Cents(5)),
            await rows.SpendingAsync(TenantId.Default, agent, new DateTimeOffset(2, TimeSpan.Zero), TestContext.Current.CancellationToken));
    }

    [Fact]
    [Trait("store", "sqlite")]
    public void An_agents_runs_are_found_by_an_index_that_labels_cost_nothing()
    {
        Assert.Contains("INDEX runs_of_agent", How(Known), StringComparison.Ordinal);
        Assert.DoesNotContain("INDEX runs_of_agent", How("a label"), StringComparison.Ordinal);
    }

    private string How(string agent)
    {
        using var connection = (SqliteConnection)house.Store.Connect();
        using var explain = connection.CreateCommand();
        explain.CommandText = $"EXPLAIN QUERY PLAN SELECT * FROM runs WHERE tenant_id = $1 AND {Schema.IsOf(agent, "$2")} ORDER BY id DESC LIMIT 10";
        explain.Parameters.AddWithValue("$1", "default");
        explain.Parameters.AddWithValue("$2", agent);
        using var reader = explain.ExecuteReader();
        return reader.Read() ? reader.GetString(3) : "";
    }

    private void Add(byte number, string tenant, string agent, int status, long spent, long budget)
    {
        var isEmbedded = house.Store.Kind == TestStoreKind.Sqlite;
        house.Store.Tamper($$"""
            INSERT INTO runs (id, {{(isEmbedded ? "owned" : "owner")}}, tenant_id, agent_id, status, labels, last_seq, attempt, spent, budget, created_at, updated_at)
            VALUES ({{(isEmbedded ? $"x'{number:X32}', 0" : $"'{number:X32}', NULL")}}, '{{tenant}}', '{{agent}}', {{status}}, '{}', {{number}}, 1, {{spent}}, {{budget}}, {{number}}, {{number}})
            """);
    }
}
