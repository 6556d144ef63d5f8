using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Storage;

/// <summary>A store with ended runs in it, and an archive that can be made to break.</summary>
internal sealed class ArchiveHouse : IAsyncDisposable
{
    internal static readonly DateTimeOffset Noon = new(2026, 3, 5, 12, 0, 0, TimeSpan.Zero);
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    internal ArchiveHouse() => House = new StoreHouse(Clock, services =>
    {
        services.AddSingleton<ArchiveFolders>(provider => new BrittleFolders(provider.GetRequiredService<StorageOptions>(), provider.GetRequiredService<ArchiveIndex>(), this));
        services.AddSingleton<IForgetsRuns>(Forgotten);
    });

    internal ManualClock Clock { get; } = new(Noon.AddDays(40));

    internal StoreHouse House { get; }

    internal Forgetting Forgotten { get; } = new();

    /// <summary>Called with the step before it is done; may throw.</summary>
    internal Action<string> Before { get; set; } = _ => { };

    internal Archivist Archivist => House.Get<Archivist>();

    internal string Folder => Path.Combine(House.Store.Data, "archive");

    internal IReadOnlyList<string> Files => Directory.Exists(Folder) ? [.. Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [];

    internal Task<ArchiveReport> ArchiveAsync() => Archivist.ArchiveAsync(Clock.GetUtcNow().AddDays(-30), cancel);

    /// <summary>Stores a run as if it had ended then.</summary>
    internal async Task<JournalAppend> EndedAsync(DateTimeOffset? at = null, RunId? parent = null, RunStatus status = RunStatus.Succeeded, string agent = "a", int events = 3, string tenant = "default", long spent = 0)
    {
        var began = at ?? Noon;
        var append = JournalConformance.Append(new RunId(Guid.CreateVersion7(began)), 0, events, began, new TenantId(tenant), House.Get<ICluster>().Lease.Node);
        append = append with
        {
            Row = append.Row with
            {
                Status = status, Owner = null, EndedAt = status.IsOver() ? began.AddMinutes(1) : null, Parent = parent, AgentId = agent, Goal = "g", Spent = Cents.FromMicros(spent),
                Labels = new Dictionary<string, string> { ["k"] = "v" }, RootHash = "f00", Workflow = "w",
            },
        };
        Assert.IsType<AppendReply.Appended>(await House.Journal.AppendAsync(append, cancel));
        return append;
    }

    internal Task<RunRow?> RowAsync(JournalAppend run) => House.Get<IRunRows>().GetAsync(run.Row.Tenant, run.Row.Id, cancel);

    /// <summary>The run's events are the very ones that were appended.</summary>
    internal async Task IsWholeAsync(JournalAppend run, bool isArchived)
    {
        var row = await RowAsync(run);
        Assert.Equal(isArchived, row?.ArchivedAt is not null);
        Assert.Equal((run.Row.Status, run.Row.Seq, run.Row.EndedAt, "g", "w"), (row!.Status, row.Seq, row.EndedAt, row.Goal, row.Workflow));
        Assert.Equal("v", row.Labels["k"]);
        foreach (var entries in new[] { await House.Journal.ReadAsync(run.Row.Id, 0, 100, cancel), await House.Journal.ReadRawAsync(run.Row.Id, 0, 100, cancel) })
        {
            Assert.Equal(run.Entries.Select(entry => (entry.Seq, entry.Kind, entry.At)), entries.Select(entry => (entry.Seq, entry.Kind, entry.At)));
            Assert.All(run.Entries.Zip(entries), pair => Assert.True(pair.First.Body.Span.SequenceEqual(pair.Second.Body.Span) && pair.First.Chain.AsSpan().SequenceEqual(pair.Second.Chain)));
        }
    }

    /// <summary>Rows of a table.</summary>
    internal long Count(string table)
    {
        using var connection = House.Store.Connect();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM {table}";
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    public ValueTask DisposeAsync() => House.DisposeAsync();

    /// <summary>Notes which runs a room was told to forget.</summary>
    internal sealed class Forgetting : IForgetsRuns
    {
        internal List<RunId> Runs { get; } = [];

        public void Forget(System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, IReadOnlyList<(TenantId Tenant, RunId Run)> runs) =>
            Runs.AddRange(runs.Select(one => one.Run));
    }

    private sealed class BrittleFolders(StorageOptions options, ArchiveIndex index, ArchiveHouse house) : ArchiveFolders(options, index)
    {
        private protected override ArchiveFolder Make(string directory, string store) => new BrittleFolder(directory, store, house);
    }

    private sealed class BrittleFolder(string directory, string store, ArchiveHouse house) : ArchiveFolder(directory, store)
    {
        internal override async Task<T> WriteAsync<T>(string name, Func<Stream, Task<T>> write, CancellationToken cancel)
        {
            house.Before("write");
            var result = await base.WriteAsync(name, async output =>
            {
                var written = await write(output);
                house.Before("sync");
                return written;
            }, cancel);
            house.Before("move");
            return result;
        }

        internal override void Delete(string name)
        {
            house.Before("delete");
            base.Delete(name);
        }
    }
}
