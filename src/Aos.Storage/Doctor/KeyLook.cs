using System.Security.Cryptography;
using Aos.Contracts;

namespace Aos.Storage;

/// <summary>Whether the master key of this node is that of the store's keys.</summary>
internal static class KeyLook
{
    /// <param name="key">One of them; null: there are none yet.</param>
    internal static void At(Looks looks, StorageOptions options, (string Purpose, string Id, byte[] Wrapped)? key)
    {
        var master = new MasterKey(options);
        if (key is not { } one)
        {
            if (master.IsThere || options.DatabaseUrl is null) looks.Ok("master_key", "The store holds no keys yet.");
            else looks.Warn("master_key", "The database holds no keys yet and AOS_MASTER_KEY is not set.", "Make one (openssl rand -hex 32) and set it on every node before the first starts.");
            return;
        }

        if (!master.IsThere)
        {
            looks.Problem("master_key", "The store's keys were made under a master key that this node does not have: it does not start.", "Set the AOS_MASTER_KEY that the other nodes have.");
            return;
        }

        try
        {
            CryptographicOperations.ZeroMemory(master.Unwrap(one.Wrapped, $"{one.Purpose}:{one.Id}"));
            looks.Ok("master_key", "It opens the store's keys.");
        }
        catch (KeyringLockedException e)
        {
            looks.Problem("master_key", e.Message, "Set the AOS_MASTER_KEY that the other nodes have.");
        }
    }
}
