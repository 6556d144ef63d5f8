using System.Security.Cryptography;
using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Storage;

/// <summary>The keyring on a real store.</summary>
public sealed class Keys : IDisposable
{
    private readonly TestStore store = TestStore.Open(Register);

    private string MasterFile => Path.Combine(store.Data, "master.key");

    public void Dispose() => store.Dispose();

    [Fact]
    public async Task A_signature_verifies_with_the_public_key_of_its_id_after_a_restart()
    {
        var (id, signature) = await InAsync(keys => keys.SignAsync("message"u8.ToArray(), default));

        var key = Assert.Single(await InAsync(keys => keys.PublicKeysAsync(default)));

        Assert.Equal(id, key.Id);
        Assert.Equal(ContentHash.Hex(key.PublicKey)[..16], key.Id);
        using var verifier = ECDsa.Create();
        verifier.ImportSubjectPublicKeyInfo(key.PublicKey, out _);
        Assert.True(verifier.VerifyData("message"u8, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
        Assert.False(verifier.VerifyData("messagf"u8, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
        Assert.Equal(id, (await InAsync(keys => keys.SignAsync("other"u8.ToArray(), default))).KeyId);
    }

    [Fact]
    public async Task The_master_key_is_made_once_and_only_its_owner_may_read_it()
    {
        await InAsync(keys => keys.PublicKeysAsync(default));
        var made = await File.ReadAllTextAsync(MasterFile, TestContext.Current.CancellationToken);
        await InAsync(keys => keys.PublicKeysAsync(default));

        Assert.Matches("^[0-9a-f]{64}\n$", made);
        Assert.Equal(made, await File.ReadAllTextAsync(MasterFile, TestContext.Current.CancellationToken));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(MasterFile));
    }

    [Fact]
    public async Task A_given_master_key_leaves_no_file_and_another_one_opens_nothing()
    {
        var given = new string('k', StorageOptions.MasterKeyCharsMin);
        var (id, _) = await InAsync(keys => keys.SignAsync("m"u8.ToArray(), default), given);
        Assert.False(File.Exists(MasterFile));
        Assert.Equal(id, (await InAsync(keys => keys.SignAsync("m"u8.ToArray(), default), given)).KeyId);

        await Assert.ThrowsAsync<KeyringLockedException>(() => InAsync(keys => keys.SignAsync("m"u8.ToArray(), default), given + "x"));
        await Assert.ThrowsAsync<KeyringLockedException>(() => InAsync(keys => keys.SignAsync("m"u8.ToArray(), default), "short"));
    }

    [Fact]
    public async Task A_rotated_key_signs_no_more_and_its_public_half_stays()
    {
        var keys = await InAsync(async keyring =>
        {
            var before = (await keyring.SignAsync("m"u8.ToArray(), default)).KeyId;
            var rotated = await keyring.RotateAsync(default);
            Assert.Equal(rotated.Id, (await keyring.SignAsync("m"u8.ToArray(), default)).KeyId);
            Assert.NotEqual(before, rotated.Id);
            return await keyring.PublicKeysAsync(default);
        });

        Assert.Equal([true, false], keys.Select(key => key.RetiredAt is null));
        Assert.Equal(keys[0].Id, (await InAsync(keyring => keyring.SignAsync("m"u8.ToArray(), default))).KeyId);
    }

    [Fact]
    public async Task A_mac_is_the_same_for_its_purpose_and_another_for_each_other()
    {
        var mac = await InAsync(keys => keys.MacAsync("links", "m"u8.ToArray(), default));

        Assert.Equal(32, mac.Length);
        Assert.Equal(mac, await InAsync(keys => keys.MacAsync("links", "m"u8.ToArray(), default)));
        Assert.NotEqual(mac, await InAsync(keys => keys.MacAsync("webhooks", "m"u8.ToArray(), default)));
        Assert.NotEqual(mac, await InAsync(keys => keys.MacAsync("links", "n"u8.ToArray(), default)));
    }

    private async Task<T> InAsync<T>(Func<IKeyring, Task<T>> use, string? master = null)
    {
        var collection = new ServiceCollection();
        var options = store.Options();
        options.MasterKey = master;
        Register(collection, options);
        await using var services = collection.BuildServiceProvider();
        return await use(services.GetRequiredService<IKeyring>());
    }

    private static void Register(IServiceCollection services, StorageOptions options)
    {
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        new AosBuilder(services, new ConfigurationBuilder().Build()).AddStorage(options);
    }
}
