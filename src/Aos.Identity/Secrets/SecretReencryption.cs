using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Identity;

/// <summary>Brings the values of all tenants under a new key. Stopped in between, it leaves every value readable and can be started again.</summary>
internal sealed class SecretReencryption(IDatabase database, IEncryption encryption, SecretCipher cipher)
{
    private sealed record Stored(string Name, long Version, Ciphertext Value);

    internal async Task<SecretsMoved> RunAsync(CancellationToken cancel)
    {
        var key = await encryption.RotateAsync(SecretCipher.Purpose, cancel);
        var (count, unreadable) = (0, 0);
        foreach (var tenant in await TenantsAsync(key, cancel))
        {
            foreach (var stored in await StoredAsync(tenant, key, cancel))
            {
                if (await MoveAsync(tenant, stored, cancel) is { } moved) count += moved;
                else unreadable++;
            }
        }

        return new SecretsMoved(key, count, unreadable);
    }

    /// <summary>Which tenants have values under other keys: the house's question, since the key is the house's.</summary>
    private Task<List<TenantId>> TenantsAsync(string key, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) => (await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT DISTINCT tenant_id FROM secret_versions WHERE key_id <> @key ORDER BY tenant_id", new { key }, cancellationToken: token))).Select(tenant => new TenantId(tenant)).ToList(),
        cancel);

    private Task<List<Stored>> StoredAsync(TenantId tenant, string key, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                "SELECT name, version, key_id, ciphertext FROM secret_versions WHERE tenant_id = @tenant AND key_id <> @key", new { tenant = tenant.Value, key }, cancellationToken: token));
            var found = new List<Stored>();
            while (await rows.ReadAsync(token)) found.Add(new Stored(rows.GetString(0), rows.GetInt64(1), new Ciphertext(rows.GetString(2), rows.GetFieldValue<byte[]>(3))));
            return found;
        },
        cancel);

    /// <summary>How many were moved: a value that was replaced meanwhile stays as it is. Null: it cannot be decrypted, and is left for whoever looks into that.</summary>
    private async Task<int?> MoveAsync(TenantId tenant, Stored stored, CancellationToken cancel)
    {
        string value;
        try
        {
            value = await cipher.OpenAsync(tenant, stored.Name, stored.Version, stored.Value, cancel);
        }
        catch (CiphertextRefusedException)
        {
            return null;
        }

        var next = await cipher.SealAsync(tenant, stored.Name, stored.Version, value, cancel);
        return await database.For(tenant).WriteAsync(
            (connection, transaction) => connection.Execute(
                """
                UPDATE secret_versions SET key_id = @key, ciphertext = @next
                WHERE tenant_id = @tenant AND name = @name AND version = @version AND ciphertext = @before
                """,
                new { key = next.KeyId, next = next.Bytes, tenant = tenant.Value, name = stored.Name, version = stored.Version, before = stored.Value.Bytes },
                transaction),
            cancel);
    }
}
