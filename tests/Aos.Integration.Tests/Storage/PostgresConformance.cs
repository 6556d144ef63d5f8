using Aos.Contracts;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Storage;

/// <summary>PostgreSQL keeps the promises of the journal port and of the cluster, directly and through PgBouncer in transaction mode.</summary>
[Trait("store", "none")]
public sealed class PostgresConformance
{
    public static TheoryData<string, string> Names() => Through(JournalConformance.Checks.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_keeps_it(string name, string through)
    {
        await using var nodes = await PostgresNodes.OpenAsync(through);
        var node = await nodes.JoinAsync();
        await JournalConformance.Checks[name](new JournalConformance(
            node.GetRequiredService<IJournal>(), node.GetRequiredService<IRunRows>(), node.GetRequiredService<ICluster>(), TimeProvider.System));
    }

    public static TheoryData<string, string> ClusterNames() => Through(ClusterConformance.Checks.Keys);

    [Theory]
    [MemberData(nameof(ClusterNames))]
    public async Task Two_nodes_keep_it(string name, string through)
    {
        await using var pair = await PostgresPair.OpenAsync(through);
        await ClusterConformance.Checks[name](new ClusterConformance(pair.First, pair.Second, pair.KillAsync, pair.BeatAsync, TimeProvider.System));
    }

    private static TheoryData<string, string> Through(IEnumerable<string> names)
    {
        var data = new TheoryData<string, string>();
        foreach (var name in names)
        {
            data.Add(name, "AOS_TEST_POSTGRES");
            data.Add(name, "AOS_TEST_PGBOUNCER");
        }

        return data;
    }
}
