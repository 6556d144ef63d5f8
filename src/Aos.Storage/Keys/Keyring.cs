using System.Data.Common;
using System.Security.Cryptography;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Storage;

/// <summary>Keys as rows, read once and kept: signing keys (ECDSA P-256) and one HMAC key a purpose.</summary>
internal sealed class Keyring(IDatabase database, MasterKey master, TimeProvider clock) : IKeyring, IDisposable
{
    /// <summary>The keys belong to the house: no tenant can be named so.</summary>
    internal const string House = "*";

    private const string Signing = "signing";

    private const string Mac = "mac:";

    /// <summary>How long another node's new signing key may stay unknown here.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);

    internal static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("keys", 1, "keyring", """
            CREATE TABLE keyring (
              tenant_id TEXT NOT NULL, purpose TEXT NOT NULL, id TEXT NOT NULL, wrapped BLOB NOT NULL, public_key BLOB,
              created_at BIGINT NOT NULL, retired_at BIGINT, PRIMARY KEY (tenant_id, purpose, id)
            );
            """),
    ];

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly Dictionary<string, byte[]> secrets = new(StringComparer.Ordinal);
    private IReadOnlyList<SigningKey> keys = [];
    private ECDsa? signer;
    private long readAt;

    public async Task<(string KeyId, byte[] Signature)> SignAsync(ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            await OpenAsync(cancel);
            return (keys[0].Id, signer!.SignData(message.Span, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
        }
        finally
        {
            gate.Release();
        }
    }

    public async Task<IReadOnlyList<SigningKey>> PublicKeysAsync(CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            await OpenAsync(cancel);
            return keys;
        }
        finally
        {
            gate.Release();
        }
    }

    public async Task<SigningKey> RotateAsync(CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            await OpenAsync(cancel);
            await MakeAsync(isFirst: false, cancel);
            return keys[0];
        }
        finally
        {
            gate.Release();
        }
    }

    public async Task<byte[]> MacAsync(string purpose, ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        var name = Mac + purpose;
        await gate.WaitAsync(cancel);
        try
        {
            if (!secrets.TryGetValue(name, out var secret)) secrets[name] = secret = await SecretAsync(name, cancel);
            return HMACSHA256.HashData(secret, message.Span);
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose()
    {
        signer?.Dispose();
        gate.Dispose();
    }

    /// <summary>Whether the named secret key was made already.</summary>
    public async Task<bool> HasAsync(string purpose, CancellationToken cancel) => (await ReadAsync(Mac + purpose, cancel)).Count > 0;

    /// <summary>
    /// Whether this node's master key is that of the database's keys; makes the first key of a new database, so that a second node
    /// with another one is told at its start. Throws <see cref="KeyringLockedException"/> with what to do.
    /// </summary>
    internal Task CheckAsync(CancellationToken cancel) => MacAsync("check", ReadOnlyMemory<byte>.Empty, cancel);

    /// <summary>On a shared store a master key is made up only where nobody can have another one.</summary>
    internal async Task EnsureMasterAsync(CancellationToken cancel)
    {
        if (database.Dialect == Dialect.Sqlite || master.IsThere) return;
        var isUsed = await database.ForHouse.ReadAsync((connection, _) => connection.ExecuteScalarAsync<long>("SELECT count(*) FROM keyring WHERE tenant_id = @House", new { House }), cancel) > 0;
        if (isUsed)
            throw new KeyringLockedException("The keys in this database were made under a master key that this node does not have. Start every node with the same AOS_MASTER_KEY (the first node's may lie in its data directory as master.key).");
        if (!master.MayBeMade)
            throw new KeyringLockedException($"AOS_MASTER_KEY is not set. Nodes that share a database need the same one, at least {StorageOptions.MasterKeyCharsMin} characters: make it once (openssl rand -hex 32), keep it safe and set it on every node.");
    }

    private async Task OpenAsync(CancellationToken cancel)
    {
        if (signer is not null && (database.Dialect == Dialect.Sqlite || clock.GetElapsedTime(readAt) < Fresh)) return;
        await EnsureMasterAsync(cancel);
        var now = clock.GetTimestamp();
        var rows = await ReadAsync(Signing, cancel);
        if (rows.Count == 0) await MakeAsync(isFirst: true, cancel);
        else Use(rows);
        readAt = now;
    }

    /// <summary>A new signing key; the one before is retired in the same transaction. Of two nodes that make the first one, one does.</summary>
    private async Task MakeAsync(bool isFirst, CancellationToken cancel)
    {
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var publicKey = made.ExportSubjectPublicKeyInfo();
        var id = ContentHash.Hex(publicKey)[..16];
        var wrapped = master.Wrap(made.ExportPkcs8PrivateKey(), $"{Signing}:{id}");
        var now = clock.GetUtcNow().UtcTicks;
        await database.ForHouse.WriteAsync(
            (connection, transaction) =>
            {
                database.Lock(connection, transaction, "keyring");
                var arguments = new { now, tenant = House, purpose = Signing };
                var isThere = connection.ExecuteScalar<long>("SELECT count(*) FROM keyring WHERE tenant_id = @tenant AND purpose = @purpose", arguments, transaction) > 0;
                if (isFirst && isThere) return 0;
                connection.Execute("UPDATE keyring SET retired_at = @now WHERE tenant_id = @tenant AND purpose = @purpose AND retired_at IS NULL", arguments, transaction);
                return Insert(connection, transaction, Signing, id, wrapped, publicKey, now);
            },
            cancel);
        Use(await ReadAsync(Signing, cancel));
    }

    private void Use(List<Row> rows)
    {
        if (signer is not null && keys.Count == rows.Count && keys[0].Id == rows[0].Id) return;
        var next = ECDsa.Create();
        try
        {
            next.ImportPkcs8PrivateKey(master.Unwrap(rows[0].Wrapped, $"{Signing}:{rows[0].Id}"), out _);
        }
        catch
        {
            next.Dispose();
            throw;
        }

        (var before, signer) = (signer, next);
        before?.Dispose();
        keys = [.. rows.Select(row => new SigningKey(row.Id, row.Public, Columns.Time(row.Created), row.Retired is { } at ? Columns.Time(at) : null))];
    }

    private async Task<byte[]> SecretAsync(string name, CancellationToken cancel)
    {
        await EnsureMasterAsync(cancel);
        if (await ReadAsync(name, cancel) is [var row, ..]) return master.Unwrap(row.Wrapped, $"{name}:{row.Id}");
        var wrapped = master.Wrap(RandomNumberGenerator.GetBytes(32), $"{name}:1");
        await database.ForHouse.WriteAsync((connection, transaction) => Insert(connection, transaction, name, "1", wrapped, null, clock.GetUtcNow().UtcTicks), cancel);
        var kept = (await ReadAsync(name, cancel))[0]; // Another node may have been first: then its secret counts.
        return master.Unwrap(kept.Wrapped, $"{name}:{kept.Id}");
    }

    internal static int Insert(DbConnection connection, DbTransaction transaction, string purpose, string id, byte[] wrapped, byte[]? publicKey, long now) => connection.Execute(
        "INSERT INTO keyring (tenant_id, purpose, id, wrapped, public_key, created_at) VALUES (@tenant, @purpose, @id, @wrapped, @publicKey, @now) ON CONFLICT DO NOTHING",
        new { tenant = House, purpose, id, wrapped, publicKey, now }, transaction);

    /// <summary>Newest first: the one that is not retired leads.</summary>
    internal Task<List<Row>> ReadAsync(string purpose, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            using var rows = await connection.ExecuteReaderAsync(new CommandDefinition(
                """
                SELECT id, wrapped, public_key, created_at, retired_at FROM keyring
                WHERE tenant_id = @tenant AND purpose = @purpose ORDER BY CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END, created_at DESC, id
                """,
                new { tenant = House, purpose }, cancellationToken: token));
            var found = new List<Row>();
            while (await rows.ReadAsync(token))
            {
                found.Add(new Row(
                    rows.GetString(0), rows.GetFieldValue<byte[]>(1), rows.IsDBNull(2) ? [] : rows.GetFieldValue<byte[]>(2), rows.GetInt64(3),
                    rows.IsDBNull(4) ? null : rows.GetInt64(4)));
            }

            return found;
        },
        cancel);

    internal sealed record Row(string Id, byte[] Wrapped, byte[] Public, long Created, long? Retired);
}
