using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;
using Dapper;

namespace Aos.Storage;

/// <summary>Keys of the keyring that encrypt: several a purpose, of which the newest is used and the others can be read with.</summary>
internal sealed class EncryptionKeys(Keyring keyring, IDatabase database, MasterKey master, TimeProvider clock) : IEncryption
{
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private readonly ConcurrentDictionary<(string Name, string Id), byte[]> known = new();

    public async Task<Ciphertext> EncryptAsync(CipherPlace place, ReadOnlyMemory<byte> plain, CancellationToken cancel)
    {
        var id = await NewestAsync(NameOf(place.Purpose), cancel);
        var key = Derived(await KeyAsync(place, id, cancel), place);
        try
        {
            var bytes = new byte[NonceBytes + plain.Length + TagBytes];
            RandomNumberGenerator.Fill(bytes.AsSpan(0, NonceBytes));
            using var aes = new AesGcm(key, TagBytes);
            aes.Encrypt(bytes.AsSpan(0, NonceBytes), plain.Span, bytes.AsSpan(NonceBytes, plain.Length), bytes.AsSpan(NonceBytes + plain.Length), Bound(place, id));
            return new Ciphertext(id, bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    public async Task<byte[]> DecryptAsync(CipherPlace place, Ciphertext ciphertext, CancellationToken cancel)
    {
        if (ciphertext.Bytes.Length < NonceBytes + TagBytes) throw Refused(place, "it is too short");
        var key = Derived(await KeyAsync(place, ciphertext.KeyId, cancel), place);
        try
        {
            var plain = new byte[ciphertext.Bytes.Length - NonceBytes - TagBytes];
            using var aes = new AesGcm(key, TagBytes);
            var bytes = ciphertext.Bytes.AsSpan();
            aes.Decrypt(bytes[..NonceBytes], bytes[NonceBytes..^TagBytes], bytes[^TagBytes..], plain, Bound(place, ciphertext.KeyId));
            return plain;
        }
        catch (CryptographicException e)
        {
            throw Refused(place, "it was changed, or was written in another place", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    public Task<string> RotateAsync(string purpose, CancellationToken cancel) => MakeAsync(NameOf(purpose), isFirst: false, cancel);

    private static string NameOf(string purpose) => "encrypt:" + purpose;

    /// <summary>Asked of the store each time: what another node made is the newest here too.</summary>
    private async Task<string> NewestAsync(string name, CancellationToken cancel) =>
        await keyring.ReadAsync(name, cancel) is [var newest, ..] ? newest.Id : await MakeAsync(name, isFirst: true, cancel);

    private async Task<byte[]> KeyAsync(CipherPlace place, string id, CancellationToken cancel)
    {
        var name = NameOf(place.Purpose);
        if (known.TryGetValue((name, id), out var key)) return key;
        await keyring.EnsureMasterAsync(cancel);
        var row = (await keyring.ReadAsync(name, cancel)).Find(one => one.Id == id)
            ?? throw Refused(place, "the keyring does not have its key");
        return known.GetOrAdd((name, id), master.Unwrap(row.Wrapped, $"{name}:{id}"));
    }

    /// <summary>Of two nodes that make the first key, one does.</summary>
    private async Task<string> MakeAsync(string name, bool isFirst, CancellationToken cancel)
    {
        await keyring.EnsureMasterAsync(cancel);
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        var wrapped = master.Wrap(RandomNumberGenerator.GetBytes(KeyBytes), $"{name}:{id}");
        var now = clock.GetUtcNow().UtcTicks;
        await database.ForHouse.WriteAsync(
            (connection, transaction) =>
            {
                database.Lock(connection, transaction, "keyring");
                var arguments = new { now, tenant = Keyring.House, purpose = name };
                var isThere = connection.ExecuteScalar<long>("SELECT count(*) FROM keyring WHERE tenant_id = @tenant AND purpose = @purpose", arguments, transaction) > 0;
                if (isFirst && isThere) return 0;
                connection.Execute("UPDATE keyring SET retired_at = @now WHERE tenant_id = @tenant AND purpose = @purpose AND retired_at IS NULL", arguments, transaction);
                return Keyring.Insert(connection, transaction, name, id, wrapped, null, now);
            },
            cancel);
        return (await keyring.ReadAsync(name, cancel))[0].Id;
    }

    private static byte[] Derived(byte[] key, CipherPlace place) => HKDF.DeriveKey(HashAlgorithmName.SHA256, key, KeyBytes, null, Framed("aos.encryption.v1", place.Purpose, place.Tenant.Value));

    private static byte[] Bound(CipherPlace place, string id) => Framed("aos.encryption.v1", place.Purpose, place.Tenant.Value, place.Place, id);

    /// <summary>Each part with its length before it, so that no two lists of parts read the same.</summary>
    private static byte[] Framed(params ReadOnlySpan<string> parts)
    {
        using var framed = new MemoryStream();
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            framed.Write(length);
            framed.Write(bytes);
        }

        return framed.ToArray();
    }

    private static CiphertextRefusedException Refused(CipherPlace place, string why, Exception? inner = null) => new(
        $"What is stored under {place.Purpose} {place.Place} of {place.Tenant} cannot be decrypted: {why}.", inner);
}
