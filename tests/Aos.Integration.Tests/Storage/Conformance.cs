using Aos.Contracts;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Storage;

/// <summary>Both stores keep the promises of the journal port.</summary>
public sealed class Conformance
{
    public static TheoryData<string> Names() => [.. JournalConformance.Checks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Sqlite_keeps_it(string name)
    {
        await using var store = new SqliteHouse();
        await JournalConformance.Checks[name](new JournalConformance(store.Journal, store.Get<IRunRows>(), store.Get<ICluster>(), TimeProvider.System));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Memory_keeps_it(string name)
    {
        var journal = new MemoryJournal(TimeProvider.System);
        await JournalConformance.Checks[name](new JournalConformance(journal, journal, new MemoryNode(journal, TimeProvider.System), TimeProvider.System));
    }
}
