using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>Values of secrets as ciphertext, each bound to its tenant, name and version, and their fingerprints.</summary>
internal sealed class SecretCipher(IEncryption encryption, IKeyring keyring)
{
    internal const string Purpose = "secrets";

    /// <summary>12 hex digits are enough to see a change, and too few to try values by.</summary>
    private const int FingerprintChars = 12;

    internal async Task<Ciphertext> SealAsync(TenantId tenant, string name, long version, string value, CancellationToken cancel)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        try
        {
            return await encryption.EncryptAsync(Place(tenant, name, version), bytes, cancel);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Throws <see cref="CiphertextRefusedException"/> when it is not the value that was written there.</summary>
    internal async Task<string> OpenAsync(TenantId tenant, string name, long version, Ciphertext ciphertext, CancellationToken cancel)
    {
        var bytes = await encryption.DecryptAsync(Place(tenant, name, version), ciphertext, cancel);
        try
        {
            return Encoding.UTF8.GetString(bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Equal values of two tenants, or under two names, have different ones.</summary>
    internal async Task<string> FingerprintAsync(TenantId tenant, string name, string value, CancellationToken cancel) =>
        Convert.ToHexStringLower(await keyring.MacAsync("secret-fingerprints", Encoding.UTF8.GetBytes($"{tenant}\n{name}\n{value}"), cancel))[..FingerprintChars];

    private static CipherPlace Place(TenantId tenant, string name, long version) => new(Purpose, tenant, string.Create(CultureInfo.InvariantCulture, $"{name}:{version}"));
}
