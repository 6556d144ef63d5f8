using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>
/// The house's own credentials: its first key and the machine token, from the environment. Only their digests stay in memory;
/// comparing takes the same time for every wrong one.
/// </summary>
internal sealed class StaticKeys
{
    private readonly byte[] first;
    private readonly byte[]? machine;

    public StaticKeys(IdentityOptions options)
    {
        first = KeyText.Digest(options.Key ?? Kept(options.Data));
        machine = options.MachineToken is { } token ? KeyText.Digest(token) : null;
    }

    internal static Caller First { get; } = new(TenantId.Default, "key:first", ["admin"]) { IsHouse = true, Tier = "unlimited" };

    internal static Caller Machine { get; } = new(TenantId.Default, "machine", ["machine"]) { Tier = "enterprise" };

    /// <summary>The first key's caller; null: it is another key.</summary>
    internal Caller? Find(string key) => CryptographicOperations.FixedTimeEquals(KeyText.Digest(key), first) ? First : null;

    internal Caller? FindMachine(string token) => machine is not null && CryptographicOperations.FixedTimeEquals(KeyText.Digest(token), machine) ? Machine : null;

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
