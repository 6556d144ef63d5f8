using System.Security.Cryptography;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>Goes over the whole record: every entry's number, hash and tenant, every seal, and that nothing is missing at the end.</summary>
internal sealed class AuditCheck(AuditTable table, IKeyring keyring)
{
    private const int Page = 1_000;

    internal async Task<AuditVerdict> VerifyAsync(CancellationToken cancel)
    {
        var seals = (await table.SealsAsync(cancel)).ToDictionary(seal => seal.Place.Number);
        if (await UnsignedAsync(seals.Values, cancel) is { } unsigned) return new AuditVerdict(0, seals.Count, unsigned);
        var place = await table.StartAsync(cancel);
        var entries = 0L;
        while (true)
        {
            var page = await table.AfterAsync(place.Number, Page, cancel);
            if (page.Count == 0) break;
            foreach (var (number, tenant, body, hash) in page)
            {
                if (number != place.Number + 1) return Wrong($"entry {place.Number + 1} is missing");
                place = new AuditPlace(number, ChainHash.Next(place.Hash, body));
                if (!place.Hash.AsSpan().SequenceEqual(hash)) return Wrong($"entry {number} is not as it was written");
                if (AuditForm.Read(body).Tenant.Value != tenant) return Wrong($"entry {number} stands under another tenant than it was written for");
                if (seals.TryGetValue(number, out var seal) && !seal.Place.Hash.AsSpan().SequenceEqual(hash)) return Wrong($"entry {number} is not the one that was sealed");
                entries++;
            }
        }

        return seals.Keys.Where(number => number > place.Number).Order().FirstOrDefault() is var cut and > 0
            ? Wrong($"entry {place.Number + 1} and all after it are missing; entry {cut} was sealed")
            : new AuditVerdict(entries, seals.Count, null);

        AuditVerdict Wrong(string what) => new(entries, seals.Count, $"{char.ToUpperInvariant(what[0])}{what[1..]}.");
    }

    private async Task<string?> UnsignedAsync(IEnumerable<AuditSeal> seals, CancellationToken cancel)
    {
        var keys = (await keyring.PublicKeysAsync(cancel)).ToDictionary(key => key.Id, StringComparer.Ordinal);
        foreach (var seal in seals)
        {
            if (!keys.TryGetValue(seal.KeyId, out var key)) return $"The seal of entry {seal.Place.Number} is by a key that is not this house's.";
            using var signer = ECDsa.Create();
            signer.ImportSubjectPublicKeyInfo(key.PublicKey, out _);
            if (!signer.VerifyData(AuditSeals.Message(seal.Place), seal.Signature, HashAlgorithmName.SHA256)) return $"The seal of entry {seal.Place.Number} was not made by this house.";
        }

        return null;
    }
}
