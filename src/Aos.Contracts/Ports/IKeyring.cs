namespace Aos.Contracts;

/// <summary>A public signing key.</summary>
/// <param name="Id">The first 16 hex digits of SHA-256 of <paramref name="PublicKey"/>.</param>
/// <param name="PublicKey">SubjectPublicKeyInfo (DER) of an ECDSA P-256 key.</param>
/// <param name="RetiredAt">When a newer key took over; null: it signs now.</param>
public sealed record SigningKey(string Id, byte[] PublicKey, DateTimeOffset CreatedAt, DateTimeOffset? RetiredAt);

/// <summary>
/// Keys of this house, wrapped by the master key. No secret key leaves it. Throws <see cref="KeyringLockedException"/> when
/// the master key is not the one the keys were wrapped with.
/// </summary>
public interface IKeyring
{
    /// <summary>Signs with the current signing key (ECDSA P-256, SHA-256, IEEE P1363 form), made on first use.</summary>
    Task<(string KeyId, byte[] Signature)> SignAsync(ReadOnlyMemory<byte> message, CancellationToken cancel);

    /// <summary>Public keys, newest first; retired ones stay to verify old signatures.</summary>
    Task<IReadOnlyList<SigningKey>> PublicKeysAsync(CancellationToken cancel);

    /// <summary>Makes a new signing key and retires the current one. Replies the new one.</summary>
    Task<SigningKey> RotateAsync(CancellationToken cancel);

    /// <summary>HMAC-SHA-256 under the named secret key (made on first use), for links, webhooks and key hashes.</summary>
    Task<byte[]> MacAsync(string purpose, ReadOnlyMemory<byte> message, CancellationToken cancel);

    /// <summary>Whether the named secret key was made already, by whichever node.</summary>
    Task<bool> HasAsync(string purpose, CancellationToken cancel);
}

/// <summary>The keys cannot be unwrapped: another master key was given than the one that made them.</summary>
public sealed class KeyringLockedException(string message, Exception? inner = null) : Exception(message, inner);
