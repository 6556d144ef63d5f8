using Aos.Contracts;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Storage;

/// <summary>Each store keeps the promises of the journal port.</summary>
public sealed class Conformance
{
    public static TheoryData<string> Names() => [.. JournalConformance.Checks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_store_keeps_it(string name)
    {
        await using var store = new StoreHouse();
        await JournalConformance.Checks[name](new JournalConformance(store.Journal, store.Get<IRunRows>(), store.Get<ICluster>(), TimeProvider.System));
    }

    [Theory]
    [Trait("store", "none")]
    [MemberData(nameof(Names))]
    public async Task Memory_keeps_it(string name)
    {
        var journal = new MemoryJournal(TimeProvider.System);
        await JournalConformance.Checks[name](new JournalConformance(journal, journal, new MemoryNode(journal, TimeProvider.System), TimeProvider.System));
    }

    public static TheoryData<string> ClusterNames() => [.. ClusterConformance.Checks.Keys];

    [Theory]
    [MemberData(nameof(ClusterNames))]
    public async Task Two_nodes_in_memory_keep_it(string name)
    {
        var journal = new MemoryJournal(TimeProvider.System);
        var clock = new ManualClock(TimeProvider.System.GetUtcNow()); // Their hearts beat when they are told to.
        var (first, second) = (new MemoryCluster(journal, clock), new MemoryCluster(journal, clock));
        await first.JoinAsync(TestContext.Current.CancellationToken);
        await second.JoinAsync(TestContext.Current.CancellationToken);
        var check = new ClusterConformance(new(journal, journal, first), new(journal, journal, second), KillAsync, BeatAsync, TimeProvider.System);

        await ClusterConformance.Checks[name](check);

        Task KillAsync()
        {
            journal.Expire(first.Lease.Node);
            return second.BeatAsync();
        }

        async Task BeatAsync()
        {
            await first.BeatAsync();
            await second.BeatAsync();
        }
    }
}
