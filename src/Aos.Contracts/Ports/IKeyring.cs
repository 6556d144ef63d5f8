namespace Aos.Contracts;

/// <summary>Keys of this house, wrapped by the master key. No key leaves it.</summary>
public interface IKeyring
{
    /// <summary>Signs with the current signing key (ECDSA P-256, SHA-256, IEEE P1363 form).</summary>
    Task<(string KeyId, byte[] Signature)> SignAsync(ReadOnlyMemory<byte> message, CancellationToken cancel);

    /// <summary>Public keys by id, as SubjectPublicKeyInfo, newest first; old ones stay to verify old signatures.</summary>
    Task<IReadOnlyList<(string KeyId, byte[] PublicKey)>> PublicKeysAsync(CancellationToken cancel);

    /// <summary>HMAC-SHA-256 under the named secret key (made on first use), for links, webhooks and key hashes.</summary>
    Task<byte[]> MacAsync(string purpose, ReadOnlyMemory<byte> message, CancellationToken cancel);
}
