using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>One key, one tenant. Only the key's hash stays in memory; comparison takes the same time for every wrong key.</summary>
internal sealed class OneKey : IIdentity
{
    private readonly byte[] hash;

    public OneKey(IdentityOptions options)
    {
        hash = SHA256.HashData(Encoding.UTF8.GetBytes(options.Key ?? Kept(options.Data)));
        Owner = new Caller(TenantId.Default, "key:first", Enum.GetValues<Permission>().ToHashSet());
    }

    public bool HasKey => true;

    public Caller Anonymous { get; } = new(
        TenantId.Default, "anonymous", Enum.GetValues<Permission>().Where(p => p is not (Permission.Admin or Permission.AgentsWrite)).ToHashSet());

    private Caller Owner { get; }

    public Caller? Authenticate(string key) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(key)), hash) ? Owner : null;

    /// <summary>The key in DATA/api.key (mode 0600), made on first use.</summary>
    private static string Kept(string data)
    {
        var file = Path.Combine(data, "api.key");
        if (File.Exists(file)) return File.ReadAllText(file).Trim();
        var key = "aos_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(file, options);
        writer.WriteLine(key);
        return key;
    }
}
