using System.Data.Common;
using System.Security.Cryptography;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Runs;

/// <summary>
/// Signatures of ended attempts. An attempt is signed once, off the path of the run: what it signs is read from the journal
/// and checked before. The signature is kept, so that a journal rewritten later, chain and all, no longer fits it.
/// </summary>
internal sealed class Signatures(IDatabase database, IKeyring keyring, TimeProvider clock) : IForgetsRuns
{
    /// <summary>Runs named in one statement.</summary>
    private const int ForgetMax = 500;

    internal static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("traces", 1, "signatures and replays", """
            CREATE TABLE run_signatures (
              tenant_id TEXT NOT NULL, run_id TEXT NOT NULL, attempt BIGINT NOT NULL, seq BIGINT NOT NULL, chain_hash TEXT NOT NULL, root_hash TEXT NOT NULL,
              key_id TEXT NOT NULL, signature BLOB NOT NULL, signed_at BIGINT NOT NULL, PRIMARY KEY (tenant_id, run_id, attempt)
            );
            CREATE TABLE replays (
              tenant_id TEXT NOT NULL, id TEXT NOT NULL, run_id TEXT NOT NULL, seq BIGINT NOT NULL, mode BIGINT NOT NULL, verify_parity BIGINT NOT NULL,
              status TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (tenant_id, id)
            );
            """),
    ];

    /// <summary>The signatures of a checked record, oldest attempt first; those that are missing are made.</summary>
    internal async Task<IReadOnlyList<RunSignature>> OfAsync(TenantId tenant, RunId run, Record record, CancellationToken cancel)
    {
        await SignAsync([(tenant, run, record)], cancel);
        return await ReadAsync(tenant, run, cancel);
    }

    /// <summary>Signs what is not signed yet of these records, with one write. A record that is not as written is never signed. Replies how many.</summary>
    internal async Task<int> SignAsync(IReadOnlyList<(TenantId Tenant, RunId Run, Record Record)> records, CancellationToken cancel)
    {
        var made = new List<(TenantId, RunId, RunSignature)>();
        foreach (var (tenant, run, record) in records)
        {
            if (!record.Ok || record.Heads.Count == 0) continue;
            var kept = await ReadAsync(tenant, run, cancel);
            foreach (var head in record.Heads.Where(head => kept.All(signature => signature.Head.Attempt != head.Attempt)))
            {
                var (key, value) = await keyring.SignAsync(head.Message(run), cancel);
                made.Add((tenant, run, new RunSignature(head, key, value, clock.GetUtcNow())));
            }
        }

        return made.Count == 0 ? 0 : await KeepAsync(made, cancel);
    }

    /// <summary>With a run that is deleted for good its signatures and replays go.</summary>
    public void Forget(DbConnection connection, DbTransaction transaction, IReadOnlyList<(TenantId Tenant, RunId Run)> runs)
    {
        foreach (var tenant in runs.GroupBy(one => one.Tenant, one => one.Run.ToString()).OrderBy(group => group.Key.Value, StringComparer.Ordinal))
        {
            foreach (var part in tenant.Order(StringComparer.Ordinal).Chunk(ForgetMax))
            {
                var values = new DynamicParameters(new { tenant = tenant.Key.Value });
                for (var i = 0; i < part.Length; i++) values.Add($"r{i}", part[i]);
                var names = string.Join(", ", Enumerable.Range(0, part.Length).Select(i => $"@r{i}"));
                connection.Execute($"DELETE FROM run_signatures WHERE tenant_id = @tenant AND run_id IN ({names})", values, transaction);
                connection.Execute($"DELETE FROM replays WHERE tenant_id = @tenant AND run_id IN ({names})", values, transaction);
            }
        }
    }

    /// <summary>Null, or what is wrong: a head that is not the one that was signed, or a signature that is none of this key's.</summary>
    internal static (int Seq, string Reason)? Wrong(RunId run, Record record, IEnumerable<RunSignature> signatures, Func<string, byte[]?> publicKey)
    {
        foreach (var signature in signatures)
        {
            var (head, at) = (record.Heads.FirstOrDefault(head => head.Attempt == signature.Head.Attempt), signature.Head.Seq);
            if (head != signature.Head)
                return (at, $"Attempt {signature.Head.Attempt} of run {run} was signed at event {at} over chain {signature.Head.Chain}; the events up to there are others now.");
            if (publicKey(signature.KeyId) is not { } key || !Holds(key, head.Message(run), signature.Value))
                return (at, $"The signature of attempt {head.Attempt} of run {run} is not of key {signature.KeyId}.");
        }

        return null;
    }

    internal static bool Holds(byte[] publicKey, byte[] message, byte[] signature)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(publicKey, out _);
            return key.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private Task<int> KeepAsync(List<(TenantId Tenant, RunId Run, RunSignature Signature)> made, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            """
            INSERT INTO run_signatures (tenant_id, run_id, attempt, seq, chain_hash, root_hash, key_id, signature, signed_at)
            VALUES (@tenant, @run, @attempt, @seq, @chain, @root, @key, @value, @at) ON CONFLICT DO NOTHING
            """,
            made.OrderBy(one => one.Run.ToString(), StringComparer.Ordinal).ThenBy(one => one.Signature.Head.Attempt).Select(one => new // In one order, so that two nodes that sign the same stand in line.
            {
                tenant = one.Tenant.Value, run = one.Run.ToString(), attempt = (long)one.Signature.Head.Attempt, seq = (long)one.Signature.Head.Seq,
                chain = one.Signature.Head.Chain, root = one.Signature.Head.Root, key = one.Signature.KeyId, value = one.Signature.Value, at = one.Signature.At.UtcTicks,
            }),
            transaction),
        cancel);

    private Task<List<RunSignature>> ReadAsync(TenantId tenant, RunId run, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            using var rows = await connection.ExecuteReaderAsync(new CommandDefinition(
                """
                SELECT attempt, seq, chain_hash, root_hash, key_id, signature, signed_at FROM run_signatures
                WHERE tenant_id = @tenant AND run_id = @run ORDER BY attempt
                """,
                new { tenant = tenant.Value, run = run.ToString() }, cancellationToken: token));
            var found = new List<RunSignature>();
            while (await rows.ReadAsync(token))
            {
                found.Add(new RunSignature(
                    new RunHead(rows.GetInt32(0), rows.GetInt32(1), rows.GetString(2), rows.GetString(3)), rows.GetString(4), rows.GetFieldValue<byte[]>(5),
                    new DateTimeOffset(rows.GetInt64(6), TimeSpan.Zero)));
            }

            return found;
        },
        cancel);
}
