using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>An export that was made.</summary>
/// <param name="Url">Relative, signed.</param>
/// <param name="IsTruncated">True: there was more than an export holds.</param>
internal sealed record StatusExport(string Id, string Url, DateTimeOffset ExpiresAt, long Count, bool IsTruncated);

/// <summary>
/// Exports of the status history as files in DATA/exports. A link is signed over id, format and expiry
/// (<c>HMAC-SHA-256</c>, the first 32 hex digits); the file goes when its link has expired.
/// </summary>
internal sealed class StatusExports(IStatusHistory history, IKeyring keyring, HouseOptions house, TimeProvider clock) : IChore
{
    /// <summary>Records of one export; ask for less time when there are more.</summary>
    internal const int RecordsMax = 1_000_000;

    internal static readonly string[] Formats = ["csv", "jsonl"];

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private string Folder => Path.Combine(house.Data, "exports");

    public string Name => "status-exports";

    public bool IsLocal => true;

    public TimeSpan Interval => TimeSpan.FromMinutes(10);

    /// <summary>Removes files whose links have expired, and halves of a process that ended.</summary>
    public Task<int> PassAsync(CancellationToken cancel)
    {
        if (!Directory.Exists(Folder)) return Task.FromResult(0);
        var expired = new DirectoryInfo(Folder).EnumerateFiles().Where(file => file.LastWriteTimeUtc < (clock.GetUtcNow() - Lifetime).UtcDateTime).ToList();
        foreach (var file in expired) file.Delete();
        return Task.FromResult(expired.Count);
    }

    internal async Task<StatusExport> MakeAsync(StatusFilter filter, string format, CancellationToken cancel)
    {
        var id = Guid.NewGuid().ToString("N");
        Directory.CreateDirectory(Folder);
        var half = Path.Combine(Folder, $"{id}.half");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var count = 0L;
        var isTruncated = false;
        await using (var file = new StreamWriter(half, new UTF8Encoding(false), options))
        {
            if (format == "csv") await file.WriteAsync(Header);
            await history.ReadAsync(
                filter,
                async change =>
                {
                    if (count == RecordsMax) isTruncated = true;
                    if (isTruncated) return false;
                    count++;
                    await file.WriteAsync(format == "csv" ? Csv(change) : Jsonl(change));
                    return true;
                },
                cancel);
        }

        File.Move(half, PathOf(id, format));
        var expires = clock.GetUtcNow() + Lifetime;
        var seconds = expires.ToUnixTimeSeconds();
        var signature = await SignAsync(id, format, seconds, cancel);
        var url = string.Create(CultureInfo.InvariantCulture, $"/status_history/download/{id}?format={format}&expires={seconds}&sig={signature}");
        return new StatusExport(id, url, DateTimeOffset.FromUnixTimeSeconds(seconds), count, isTruncated);
    }

    /// <summary>Whether this server signed such a link and it still holds. Compared in constant time.</summary>
    internal async Task<bool> IsSignedAsync(string id, string format, long expires, string signature, CancellationToken cancel) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(await SignAsync(id, format, expires, cancel)), Encoding.UTF8.GetBytes(signature))
        && expires > clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>The file, or null when it is gone. Only asked for signed names, so no name can lead out of the folder.</summary>
    internal string? Find(string id, string format) => File.Exists(PathOf(id, format)) ? Path.GetFullPath(PathOf(id, format)) : null;

    private const string Header =
        "id,entity_type,entity_id,old_status,new_status,actor_type,actor_id,reason,tenant_id,correlation_id,metadata_json,created_at,sequence\r\n";

    private static string Csv(StatusChange change)
    {
        string?[] cells =
        [
            change.Id, change.EntityType, change.EntityId, change.OldStatus, change.NewStatus, change.ActorType, null, change.Reason, change.Tenant.Value, null,
            "{}", change.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture), change.Sequence.ToString(CultureInfo.InvariantCulture),
        ];
        return string.Join(',', cells.Select(CsvCell.Text)) + "\r\n";
    }

    private static string Jsonl(StatusChange change) => Json.Write(writer => StatusRoutes.Write(writer, change)).GetRawText() + "\n";

    private async Task<string> SignAsync(string id, string format, long expires, CancellationToken cancel)
    {
        var message = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}:{format}:{expires}"));
        return Convert.ToHexStringLower(await keyring.MacAsync("status-export", message, cancel))[..32];
    }

    private string PathOf(string id, string format) => Path.Combine(Folder, $"{id}.{format}");
}
