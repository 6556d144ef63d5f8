using Aos.Contracts;

namespace Aos.Identity;

/// <summary>The API key of nodes that were given none: the same on each, from the keyring of their database.</summary>
internal static class SharedKey
{
    private const string Purpose = "api-key";

    /// <summary>Made together with the first telling, so that there is no second one.</summary>
    private const string Told = "api-key-told";

    /// <param name="made">Is told the key when no node has told it before; null: nobody is there to read it.</param>
    internal static string Of(IKeyring keyring, Action<string>? made) => Task.Run(() => OfAsync(keyring, made)).GetAwaiter().GetResult();

    private static async Task<string> OfAsync(IKeyring keyring, Action<string>? made)
    {
        var mac = await keyring.MacAsync(Purpose, "first"u8.ToArray(), CancellationToken.None);
        var key = "aos_" + Convert.ToHexStringLower(mac)[..48];
        if (made is null || await keyring.HasAsync(Told, CancellationToken.None)) return key;
        await keyring.MacAsync(Told, ReadOnlyMemory<byte>.Empty, CancellationToken.None);
        made(key);
        return key;
    }
}
