using System.Globalization;
using Aos.Contracts;

namespace Aos.Storage;

/// <summary>What is looked at on either store: disk, migrations, Redis.</summary>
internal static class NodeLooks
{
    private const long DiskWarnBytes = 1L << 30;
    private const long DiskProblemBytes = 100L << 20;

    /// <summary>Free space where a folder lies, or will lie.</summary>
    internal static void Disk(Looks looks, string check, string folder)
    {
        var at = Path.GetFullPath(folder);
        while (!Directory.Exists(at) && Path.GetDirectoryName(at) is { } parent) at = parent;
        var free = new DriveInfo(at).AvailableFreeSpace;
        var text = string.Create(CultureInfo.InvariantCulture, $"{free / (double)(1 << 30):0.0} GiB free for {folder}");
        if (free < DiskProblemBytes) looks.Problem(check, $"{text}: writes are about to fail.", "Free space, or move it to a larger disk.");
        else if (free < DiskWarnBytes) looks.Warn(check, $"{text}.", "Plan for more: a full disk stops all runs until there is space again.");
        else looks.Ok(check, $"{text}.");
    }

    internal static void Migrations(Looks looks, IReadOnlyList<MigrationLine> lines)
    {
        var of = lines.ToLookup(line => line.State);
        if (of[MigrationState.Changed].FirstOrDefault() is { } changed)
            looks.Problem("migrations", $"{Name(changed)} was changed after it was applied: this build does not start.", "Use the build that wrote this store.");
        if (of[MigrationState.Breaking].FirstOrDefault() is { } breaking)
            looks.Problem("migrations", $"{Name(breaking)} of a newer build breaks this one: it does not start.", "Use the newer build.");
        if (of[MigrationState.Pending].Any())
            looks.Warn("migrations", $"{of[MigrationState.Pending].Count()} not applied yet, first {Name(of[MigrationState.Pending].First())}.", "A node that starts applies them; or: aos migrate up");
        if (of[MigrationState.Newer].Any())
            looks.Warn("migrations", $"{of[MigrationState.Newer].Count()} of a newer build; this one works beside them.", "Finish the upgrade of all nodes.");
        if (lines.All(line => line.State == MigrationState.Applied)) looks.Ok("migrations", $"All {lines.Count} applied.");
    }

    internal static async Task RedisAsync(Looks looks, StorageOptions options, CancellationToken cancel)
    {
        if (options.Redis is not { } redis) return;
        await using var door = new RedisDoor(redis, TimeProvider.System);
        try
        {
            var started = TimeProvider.System.GetTimestamp();
            await door.PingAsync(cancel);
            looks.Ok("redis", string.Create(CultureInfo.InvariantCulture, $"{redis} answered in {TimeProvider.System.GetElapsedTime(started).TotalMilliseconds:0} ms, the first connection included."));
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            looks.Warn("redis", $"{redis} does not answer ({e.Message}): each node keeps to its share of the limits meanwhile.", "Start it, or check AOS_REDIS_URL; see docs/limits.md.");
        }
    }

    private static string Name(MigrationLine line) => string.Create(CultureInfo.InvariantCulture, $"{line.Room} {line.Number} ({line.Name})");
}
