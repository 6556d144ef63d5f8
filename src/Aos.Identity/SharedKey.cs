using Aos.Contracts;

namespace Aos.Identity;

/// <summary>The API key of nodes that were given none: the same on each, from the keyring of their database.</summary>
internal static class SharedKey
{
    private const string Purpose = "api-key";

    /// <param name="made">Is told the key when no node had asked for it before.</param>
    internal static string Of(IKeyring keyring, Action<string> made) => Task.Run(() => OfAsync(keyring, made)).GetAwaiter().GetResult();

    private static async Task<string> OfAsync(IKeyring keyring, Action<string> made)
    {
        var isNew = !await keyring.HasAsync(Purpose, CancellationToken.None);
        var mac = await keyring.MacAsync(Purpose, "first"u8.ToArray(), CancellationToken.None);
        var key = "aos_" + Convert.ToHexStringLower(mac)[..48];
        if (isNew) made(key);
        return key;
    }
}
