using System.Globalization;
using System.Text;
using Aos.Contracts;

namespace Aos.Identity;

/// <summary>Signs the end of the chain every minute in which this process has written to it, so that cutting the record off shows.</summary>
internal sealed class AuditSeals(AuditBook book, AuditTable table, IKeyring keyring, TimeProvider clock) : IChore
{
    public string Name => "audit-seals";

    public bool IsLocal => true;

    public TimeSpan Interval => TimeSpan.FromMinutes(1);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        if (book.TakeWritten() is not { } end) return 0;
        var (key, signature) = await keyring.SignAsync(Message(end), cancel);
        await table.SealAsync(new AuditSeal(end, key, signature), clock.GetUtcNow(), cancel);
        return 1;
    }

    /// <summary>What is signed.</summary>
    internal static byte[] Message(AuditPlace place) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"aos-audit:1:{place.Number}:{Convert.ToHexStringLower(place.Hash)}"));
}
