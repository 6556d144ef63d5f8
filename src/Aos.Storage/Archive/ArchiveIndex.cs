using System.Data.Common;
using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Storage;

/// <summary>The tables of the archive: which run lies in which file, and what agents spent in runs that left the database.</summary>
internal sealed class ArchiveIndex(IDatabase database, IEnumerable<IForgetsRuns> rooms)
{
    private string? store;

    /// <summary>This database's own id.</summary>
    internal async ValueTask<string> StoreAsync(CancellationToken cancel) => store ??= await database.ForHouse.ReadAsync(
        async (connection, token) => await connection.ExecuteScalarAsync<string>(new CommandDefinition("SELECT id FROM archive_store", cancellationToken: token)), cancel)
        ?? throw new StoreRefusedException("The table archive_store is empty. Restore it from a backup: its one row names the folder of the archive files.");

    internal Task<(ArchivedRow Row, ArchiveFile File)?> FindAsync(RunId run, CancellationToken cancel) => database.ForHouse.ReadAsync<(ArchivedRow, ArchiveFile)?>(
        async (connection, token) =>
        {
            await using var reader = await connection.ExecuteReaderAsync(new CommandDefinition(
                $"SELECT {FileColumns}, {ArchiveTables.Columns} FROM archived_runs r JOIN archive_files f ON f.id = r.file_id WHERE r.run_id = @run",
                new { run = Columns.Id(run) }, cancellationToken: token));
            return await reader.ReadAsync(token) ? (Row(reader), File(reader)) : null;
        },
        cancel);

    /// <summary>The runs of one file that the index still has.</summary>
    internal Task<List<ArchivedRow>> OfAsync(Guid file, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            await using var reader = await connection.ExecuteReaderAsync(new CommandDefinition(
                $"SELECT {FileColumns}, {ArchiveTables.Columns} FROM archived_runs r JOIN archive_files f ON f.id = r.file_id WHERE r.file_id = @id ORDER BY r.run_id",
                new { id = Text(file) }, cancellationToken: token));
            var rows = new List<ArchivedRow>();
            while (await reader.ReadAsync(token)) rows.Add(Row(reader));
            return rows;
        },
        cancel);

    /// <summary>Newest end first.</summary>
    internal Task<List<ArchiveFile>> FilesAsync(int limit, CancellationToken cancel) =>
        FilesAsync("ORDER BY ended_to DESC, id DESC LIMIT @limit", new { limit }, cancel);

    /// <summary>Files all of whose runs ended before a time, oldest first.</summary>
    internal Task<List<ArchiveFile>> ExpiredAsync(DateTimeOffset before, int limit, CancellationToken cancel) =>
        FilesAsync("WHERE ended_to < @before ORDER BY ended_to, id LIMIT @limit", new { before = before.UtcTicks, limit }, cancel);

    internal Task<HashSet<Guid>> FileIdsAsync(CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) => (await connection.QueryAsync<string>(new CommandDefinition("SELECT id FROM archive_files", cancellationToken: token)))
            .Select(id => Guid.ParseExact(id, "D")).ToHashSet(),
        cancel);

    /// <summary>Forgets a file and all runs in it. Replies how many runs; 0: somebody else was first.</summary>
    internal Task<int> DeleteAsync(ArchiveFile file, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) =>
        {
            if (connection.Execute("DELETE FROM archive_files WHERE id = @id", new { id = Text(file.Id) }, transaction) == 0) return 0;
            var runs = Runs(connection, transaction, file.Id);
            foreach (var room in rooms) room.Forget(connection, transaction, runs);
            connection.Execute("DELETE FROM archived_runs WHERE file_id = @id", new { id = Text(file.Id) }, transaction);
            return runs.Count;
        },
        cancel);

    /// <summary>What an agent spent in runs that have left the database.</summary>
    internal Task<Cents> SpentAsync(TenantId tenant, string agent, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => Cents.FromMicros(await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "SELECT spent FROM archived_spending WHERE tenant_id = @tenant AND agent_id = @agent", new { tenant = tenant.Value, agent }, cancellationToken: token)) ?? 0),
        cancel);

    internal static void Insert(DbConnection connection, DbTransaction transaction, ArchiveFile file) => connection.Execute(
        $"""
        INSERT INTO archive_files (id, name, place, bytes, sha256, runs, events, ended_from, ended_to, made_at)
        VALUES (@id, @name, @place, @bytes, @sha256, @runs, @events, @from, @to, @at)
        """,
        new
        {
            id = Text(file.Id), name = file.Name, place = file.Place, bytes = file.Bytes, sha256 = file.Sha256, runs = file.Runs, events = file.Events,
            from = file.EndedFrom.UtcTicks, to = file.EndedTo.UtcTicks, at = file.MadeAt.UtcTicks,
        },
        transaction);

    internal static void Add(DbConnection connection, DbTransaction transaction, IReadOnlyList<(TenantId Tenant, string Agent, long Micros)> spending)
    {
        foreach (var (tenant, agent, micros) in spending)
        {
            connection.Execute(
                """
                INSERT INTO archived_spending (tenant_id, agent_id, spent) VALUES (@tenant, @agent, @micros)
                ON CONFLICT (tenant_id, agent_id) DO UPDATE SET spent = archived_spending.spent + excluded.spent
                """,
                new { tenant = tenant.Value, agent, micros }, transaction);
        }
    }

    /// <summary>In the order of <see cref="ArchiveTables.Columns"/>: texts, 64-bit numbers, bytes, nulls.</summary>
    internal static object?[] Values(ArchivedRow archived, DateTimeOffset at)
    {
        var row = archived.Row;
        return
        [
            Columns.Id(row.Id), row.Tenant.Value, row.AgentId, row.Workflow, row.Parent is { } parent ? Columns.Id(parent) : null, (long)row.Status, (long)row.Attempt,
            row.Spent.ToMicros(), row.Budget?.ToMicros(), (long)row.Seq, row.CreatedAt.UtcTicks, row.EndedAt!.Value.UtcTicks, row.FailureCode, row.RootHash, archived.Chain,
            Text(archived.File), archived.Block.At, (long)archived.Block.Bytes, at.UtcTicks,
        ];
    }

    private static List<(TenantId, RunId)> Runs(DbConnection connection, DbTransaction transaction, Guid file)
    {
        using var reader = connection.ExecuteReader("SELECT tenant_id, run_id FROM archived_runs WHERE file_id = @id ORDER BY run_id", new { id = Text(file) }, transaction);
        var runs = new List<(TenantId, RunId)>();
        while (reader.Read()) runs.Add((new TenantId(reader.GetString(0)), Columns.Id((byte[])reader.GetValue(1))));
        return runs;
    }

    private const string FileColumns = "f.id, f.name, f.place, f.bytes, f.sha256, f.runs, f.events, f.ended_from, f.ended_to, f.made_at";

    private const int RunFrom = 10;

    private Task<List<ArchiveFile>> FilesAsync(string which, object values, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            await using var reader = await connection.ExecuteReaderAsync(new CommandDefinition($"SELECT {FileColumns} FROM archive_files f {which}", values, cancellationToken: token));
            var files = new List<ArchiveFile>();
            while (await reader.ReadAsync(token)) files.Add(File(reader));
            return files;
        },
        cancel);

    private static ArchiveFile File(DbDataReader r) => new(
        Guid.ParseExact(r.GetString(0), "D"), r.GetString(1), r.GetString(2), r.GetInt64(3), r.GetString(4), r.GetInt64(5), r.GetInt64(6), Columns.Time(r.GetInt64(7)),
        Columns.Time(r.GetInt64(8)), Columns.Time(r.GetInt64(9)));

    private static ArchivedRow Row(DbDataReader r)
    {
        string? Optional(int column) => r.IsDBNull(RunFrom + column) ? null : r.GetString(RunFrom + column);
        long Number(int column) => r.GetInt64(RunFrom + column);
        var ended = Columns.Time(Number(11));
        var row = new RunRow
        {
            Id = Columns.Id(r.GetFieldValue<byte[]>(RunFrom)), Tenant = new TenantId(r.GetString(RunFrom + 1)), AgentId = r.GetString(RunFrom + 2), Workflow = Optional(3),
            Parent = r.IsDBNull(RunFrom + 4) ? null : Columns.Id(r.GetFieldValue<byte[]>(RunFrom + 4)), Status = (RunStatus)Number(5), Attempt = (int)Number(6),
            Spent = Cents.FromMicros(Number(7)), Budget = r.IsDBNull(RunFrom + 8) ? null : Cents.FromMicros(Number(8)), Seq = (int)Number(9), CreatedAt = Columns.Time(Number(10)),
            UpdatedAt = ended, EndedAt = ended, FailureCode = Optional(12), RootHash = Optional(13), ArchivedAt = Columns.Time(Number(18)),
        };
        return new ArchivedRow(
            row, r.GetFieldValue<byte[]>(RunFrom + 14), Guid.ParseExact(r.GetString(RunFrom + 15), "D"), new ArchiveBlock(Number(16), (int)Number(17)));
    }

    private static string Text(Guid id) => id.ToString("D", CultureInfo.InvariantCulture);
}
