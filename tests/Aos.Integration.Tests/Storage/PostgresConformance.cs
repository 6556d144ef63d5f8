using Aos.Contracts;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Storage;

/// <summary>PostgreSQL keeps the promises of the journal port, directly and through PgBouncer in transaction mode.</summary>
[Trait("store", "none")]
public sealed class PostgresConformance
{
    public static TheoryData<string, string> Names()
    {
        var data = new TheoryData<string, string>();
        foreach (var name in JournalConformance.Checks.Keys)
        {
            data.Add(name, "AOS_TEST_POSTGRES");
            data.Add(name, "AOS_TEST_PGBOUNCER");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_keeps_it(string name, string through)
    {
        await using var nodes = await PostgresNodes.OpenAsync(through);
        var node = await nodes.JoinAsync();
        await JournalConformance.Checks[name](new JournalConformance(
            node.GetRequiredService<IJournal>(), node.GetRequiredService<IRunRows>(), node.GetRequiredService<ICluster>(), TimeProvider.System));
    }
}
