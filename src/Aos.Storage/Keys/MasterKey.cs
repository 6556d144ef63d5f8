using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;

namespace Aos.Storage;

/// <summary>
/// The key that wraps all others: AOS_MASTER_KEY when given, else DATA/master.key (mode 0600), made on first use. Keys are
/// wrapped with AES-256-GCM under HKDF-SHA-256 of it; what a wrapped key is for is bound to it as associated data.
/// </summary>
internal sealed class MasterKey(StorageOptions options)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private readonly Lazy<byte[]> key = new(() => HKDF.DeriveKey(HashAlgorithmName.SHA256, Secret(options), 32, null, "aos.keyring.v1"u8.ToArray()));

    /// <summary>False: it would have to be made.</summary>
    internal bool IsThere => options.MasterKey is { Length: > 0 } || File.Exists(FileOf(options));

    internal bool MayBeMade => options.MakesMasterKey;

    /// <summary>nonce ‖ ciphertext ‖ tag.</summary>
    internal byte[] Wrap(ReadOnlySpan<byte> secret, string purpose)
    {
        var wrapped = new byte[NonceBytes + secret.Length + TagBytes];
        RandomNumberGenerator.Fill(wrapped.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(key.Value, TagBytes);
        aes.Encrypt(
            wrapped.AsSpan(0, NonceBytes), secret, wrapped.AsSpan(NonceBytes, secret.Length), wrapped.AsSpan(NonceBytes + secret.Length), Encoding.UTF8.GetBytes(purpose));
        return wrapped;
    }

    internal byte[] Unwrap(ReadOnlySpan<byte> wrapped, string purpose)
    {
        if (wrapped.Length < NonceBytes + TagBytes) throw Locked(purpose, null);
        var secret = new byte[wrapped.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(key.Value, TagBytes);
        try
        {
            aes.Decrypt(wrapped[..NonceBytes], wrapped[NonceBytes..^TagBytes], wrapped[^TagBytes..], secret, Encoding.UTF8.GetBytes(purpose));
            return secret;
        }
        catch (CryptographicException e)
        {
            throw Locked(purpose, e);
        }
    }

    private static KeyringLockedException Locked(string purpose, Exception? inner) => new(
        $"The key {purpose} cannot be unwrapped: it was wrapped under another master key. Start with the AOS_MASTER_KEY, or the file master.key, that this store was made with.",
        inner);

    private static string FileOf(StorageOptions options) => Path.Combine(Path.GetFullPath(options.Data), "master.key");

    private static byte[] Secret(StorageOptions options)
    {
        if (options.MasterKey is { Length: > 0 } given)
        {
            return given.Length >= StorageOptions.MasterKeyCharsMin
                ? Encoding.UTF8.GetBytes(given)
                : throw new KeyringLockedException($"AOS_MASTER_KEY has {given.Length} characters; it needs at least {StorageOptions.MasterKeyCharsMin}.");
        }

        var file = FileOf(options);
        if (File.Exists(file)) return Encoding.ASCII.GetBytes(File.ReadAllText(file).Trim());
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var made = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var stream = new FileStream(file, create);
        stream.Write(Encoding.ASCII.GetBytes(made + "\n"));
        stream.Flush(flushToDisk: true); // Before the first key is wrapped under it: a lost master key loses them all.
        return Encoding.ASCII.GetBytes(made);
    }
}
