using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;

namespace Aos.Storage;

/// <summary>A migration as a store remembers it.</summary>
internal sealed record AppliedMigration(string Room, int Number, string Name, string Checksum, bool Breaks);

/// <summary>What this build has, held against what a store remembers.</summary>
internal sealed class MigrationPlan
{
    private readonly List<Migration> pending = [];
    private readonly List<MigrationLine> lines = [];

    internal MigrationPlan(Dialect dialect, IEnumerable<Migration> known, IEnumerable<AppliedMigration> applied)
    {
        var rest = applied.ToDictionary(one => (one.Room, one.Number));
        foreach (var migration in known.OrderBy(one => one.Room, StringComparer.Ordinal).ThenBy(one => one.Number))
        {
            var isThere = rest.Remove((migration.Room, migration.Number), out var stored);
            if (!isThere) pending.Add(migration);
            var state = !isThere ? MigrationState.Pending : stored!.Checksum == Checksum(dialect, migration) ? MigrationState.Applied : MigrationState.Changed;
            lines.Add(new MigrationLine(migration.Room, migration.Number, migration.Name, state));
        }

        lines.AddRange(rest.Values.Select(one => new MigrationLine(one.Room, one.Number, one.Name, one.Breaks ? MigrationState.Breaking : MigrationState.Newer)));
        lines.Sort((a, b) => StringComparer.Ordinal.Compare(a.Room, b.Room) is var byRoom and not 0 ? byRoom : a.Number.CompareTo(b.Number));
    }

    /// <summary>To be run, in this order.</summary>
    internal IReadOnlyList<Migration> Pending => pending;

    /// <summary>All, by room and number.</summary>
    internal IReadOnlyList<MigrationLine> Lines => lines;

    /// <summary>Throws <see cref="StoreRefusedException"/> when this build must not work on the store.</summary>
    internal void EnsureUsable()
    {
        if (lines.Find(line => line.State == MigrationState.Changed) is { } changed)
            throw new StoreRefusedException($"Migration {changed.Room} {changed.Number} was changed after it was applied. Use the build that wrote this store.");
        if (lines.Find(line => line.State == MigrationState.Breaking) is { } newer)
            throw new StoreRefusedException($"A newer build has written this store (migration {newer.Room} {newer.Number}: {newer.Name}), and this one cannot work with it. Use that build.");
    }

    /// <summary>Of the text as the build has it, not of what a dialect makes of its words.</summary>
    internal static string Checksum(Dialect dialect, Migration migration) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dialect == Dialect.Postgres ? migration.Postgres ?? migration.Sql : migration.Sql)));
}
