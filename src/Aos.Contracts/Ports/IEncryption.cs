using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Bytes that only this house can read.</summary>
/// <param name="KeyId">The key of the keyring they were encrypted under.</param>
/// <param name="Bytes">nonce ‖ ciphertext ‖ tag of AES-256-GCM.</param>
public sealed record Ciphertext(string KeyId, byte[] Bytes);

/// <summary>What a ciphertext belongs to. It can be decrypted in this place only: moved anywhere else it is refused.</summary>
/// <param name="Purpose">Such as <c>secrets</c>: each has keys of its own.</param>
/// <param name="Place">Whatever tells it from the others of the tenant.</param>
public sealed record CipherPlace(string Purpose, TenantId Tenant, string Place);

/// <summary>
/// Encrypts what rooms keep at rest: authenticated (AES-256-GCM), under keys of the keyring that are derived for purpose and tenant.
/// Keys are never taken away, so what was encrypted under an earlier one stays readable. Throws <see cref="KeyringLockedException"/>
/// when the master key is not the one the keys were wrapped with.
/// </summary>
public interface IEncryption
{
    /// <summary>Under the purpose's newest key, made on first use.</summary>
    Task<Ciphertext> EncryptAsync(CipherPlace place, ReadOnlyMemory<byte> plain, CancellationToken cancel);

    /// <summary>Throws <see cref="CiphertextRefusedException"/> when it was changed, or belongs to another place.</summary>
    Task<byte[]> DecryptAsync(CipherPlace place, Ciphertext ciphertext, CancellationToken cancel);

    /// <summary>Makes a new key for the purpose and retires the one before. Replies the new one's id.</summary>
    Task<string> RotateAsync(string purpose, CancellationToken cancel);
}

/// <summary>A ciphertext that is not what was written in its place.</summary>
public sealed class CiphertextRefusedException(string message, Exception? inner = null) : Exception(message, inner);
