using System.Collections.Immutable;
using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>What is hidden in an entry before it is written.</summary>
internal sealed record PinRedaction(Redaction Level);

/// <summary>Settings of the entries by key.</summary>
public sealed class PinOptions
{
    private const int Mebi = 1024 * 1024;

    /// <summary>False: nothing is kept and nothing may be asked.</summary>
    public bool IsOn { get; set; } = true;

    /// <summary>True: who can do without goes on without what the memory knows while it does not answer, and is told so.</summary>
    public bool FailsOpen { get; set; } = true;

    /// <summary>Bytes of one value as canonical JSON, 1 to 16 MiB.</summary>
    public int ValueBytesMax { get; set; } = Mebi;

    /// <summary>Entries of one tenant, 1 to 100,000,000.</summary>
    public long EntriesMax { get; set; } = 100_000;

    /// <summary>Bytes of one tenant's values together, 1 to 1 TiB.</summary>
    public long BytesMax { get; set; } = 1024L * Mebi;

    /// <summary>Bytes of values that a node keeps at hand, 0 (none) to 16 GiB.</summary>
    public long CacheBytes { get; set; } = 32L * Mebi;

    /// <summary>False: what is done with entries is not put on the memory's own record.</summary>
    public bool IsAudited { get; set; } = true;

    /// <summary>Days that the record is kept, 1 to 3650.</summary>
    public int AuditDays { get; set; } = 90;

    /// <summary>What is hidden in an entry before it is written.</summary>
    public Redaction Redact { get; set; } = Redaction.None;

    /// <summary>Every tenant reads the entries of <see cref="IPins.Shared"/> where it has none itself.</summary>
    public bool AllReadShared { get; set; }

    /// <summary>These tenants do.</summary>
    public ImmutableHashSet<string> ReadShared { get; set; } = [];

    /// <summary>What cannot be read; a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    internal bool MayReadShared(TenantId tenant) => tenant != IPins.Shared && (AllReadShared || ReadShared.Contains(tenant.Value));

    /// <summary>Reads what docs/memory.md lists; what cannot be read is named in <see cref="Problems"/>.</summary>
    public static PinOptions Read(Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        var (problems, standard) = (new List<string>(), new PinOptions());
        var shared = setting("AOS_MEMORY_GLOBAL")?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        return new PinOptions
        {
            IsOn = Flag("MEMORY_PINS_ENABLED", standard.IsOn),
            FailsOpen = Flag("MEMORY_FAIL_OPEN", standard.FailsOpen),
            ValueBytesMax = (int)Whole("MEMORY_MAX_SIZE_BYTES", 1, 16 * Mebi, standard.ValueBytesMax),
            EntriesMax = Whole("AOS_MEMORY_ENTRIES_MAX", 1, 100_000_000, standard.EntriesMax),
            BytesMax = Whole("AOS_MEMORY_BYTES_MAX", 1, 1L << 40, standard.BytesMax),
            CacheBytes = Whole("AOS_MEMORY_CACHE_BYTES", 0, 1L << 34, standard.CacheBytes),
            IsAudited = Flag("MEMORY_AUDIT_ENABLED", standard.IsAudited),
            AuditDays = (int)Whole("AOS_MEMORY_AUDIT_DAYS", 1, 3_650, standard.AuditDays),
            Redact = Level(),
            AllReadShared = shared is ["all"],
            ReadShared = shared is ["all"] or ["none"] ? [] : [.. shared],
            Problems = problems,
        };

        bool Flag(string name, bool otherwise)
        {
            if (setting(name) is not { Length: > 0 } text) return otherwise;
            if (bool.TryParse(text, out var flag)) return flag;
            problems.Add($"{name} is '{text}'; it must be true or false.");
            return otherwise;
        }

        long Whole(string name, long from, long to, long otherwise)
        {
            if (setting(name) is not { Length: > 0 } text) return otherwise;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to) return number;
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{name} is '{text}'; it must be a whole number from {from} to {to}."));
            return otherwise;
        }

        Redaction Level()
        {
            switch (setting("AOS_MEMORY_REDACT")?.Trim().ToLowerInvariant())
            {
                case null or "" or "none": return Redaction.None;
                case "secrets": return Redaction.Secrets;
                case "personal": return Redaction.Personal;
                default:
                    problems.Add("AOS_MEMORY_REDACT is none, secrets or personal.");
                    return Redaction.None;
            }
        }
    }
}
