using System.Data.Common;
using Aos.Contracts;
using Aos.Runs;
using Aos.Skills;
using Aos.Storage;
using Aos.Testing;
using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Storage;

/// <summary>Two nodes write the same rows of a room at once: one wins, and the other sees what it did.</summary>
[Trait("store", "postgres")]
public sealed class RoomsAtOnce : IAsyncLifetime
{
    private readonly TestStore store = TestStore.Open((services, options) => Register(services, options));
    private readonly List<ServiceProvider> nodes = [];
    private readonly string folder = Directory.CreateTempSubdirectory("aos-node-").FullName;

    public ValueTask InitializeAsync()
    {
        for (var i = 0; i < 2; i++)
        {
            var services = new ServiceCollection();
            var options = store.Options();
            options.MasterKey = new string('m', StorageOptions.MasterKeyCharsMin);
            Register(services, options);
            nodes.Add(services.BuildServiceProvider());
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.DisposeAsync();
        await store.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_name_is_held_by_one_transaction_and_the_next_sees_what_it_wrote()
    {
        using var locked = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var first = Database(0).ForHouse.WriteAsync((connection, transaction) =>
        {
            Database(0).Lock(connection, transaction, "thing");
            locked.Set();
            go.Wait(TestContext.Current.CancellationToken);
            return Kept(connection, transaction, "first");
        }, default);
        locked.Wait(TestContext.Current.CancellationToken);

        var second = Database(1).ForHouse.WriteAsync((connection, transaction) =>
        {
            Database(1).Lock(connection, transaction, "thing");
            return Kept(connection, transaction, "second");
        }, default);
        while (!await WaitsAsync()) Assert.False(second.IsCompleted);
        go.Set();

        Assert.Equal("first", await first);
        Assert.Equal("first", await second);
    }

    [Fact]
    public async Task Transactions_that_stand_in_each_others_way_are_done_again()
    {
        await Database(0).ForHouse.WriteAsync((connection, transaction) => connection.Execute("INSERT INTO kv_usage (tenant_id, keys) VALUES ('a', 0), ('b', 0)", transaction: transaction), default);
        using var both = new Barrier(2);

        await Task.WhenAll(Bump(0, "a", "b"), Bump(1, "b", "a"));

        Assert.Equal([2L, 2L], await Database(0).ForHouse.ReadAsync(async (connection, _) => (await connection.QueryAsync<long>("SELECT keys FROM kv_usage ORDER BY tenant_id")).ToList(), default));

        Task<int> Bump(int node, string one, string other)
        {
            var isFirst = true;
            return Database(node).ForHouse.WriteAsync((connection, transaction) =>
            {
                connection.Execute("UPDATE kv_usage SET keys = keys + 1 WHERE tenant_id = @one", new { one }, transaction);
                if (isFirst) both.SignalAndWait(TestContext.Current.CancellationToken);
                isFirst = false;
                return connection.Execute("UPDATE kv_usage SET keys = keys + 1 WHERE tenant_id = @other", new { other }, transaction);
            }, default);
        }
    }

    [Fact]
    public async Task Nodes_that_start_at_once_agree_on_one_signing_key_and_one_secret_a_purpose()
    {
        var signed = await Task.WhenAll(Keyring(0).SignAsync("m"u8.ToArray(), default), Keyring(1).SignAsync("m"u8.ToArray(), default));
        var macs = await Task.WhenAll(Keyring(0).MacAsync("links", "m"u8.ToArray(), default), Keyring(1).MacAsync("links", "m"u8.ToArray(), default));

        Assert.Equal(signed[0].KeyId, signed[1].KeyId);
        Assert.Equal(macs[0], macs[1]);
        Assert.Single(await Keyring(1).PublicKeysAsync(default));
    }

    [Fact]
    public async Task Two_rotations_at_once_leave_one_key_that_signs()
    {
        await Task.WhenAll(Keyring(0).RotateAsync(default), Keyring(1).RotateAsync(default));

        var keys = await Node(0).GetRequiredService<Keyring>().PublicKeysAsync(default);
        Assert.True(keys.Count(key => key.RetiredAt is null) <= 1);
        Assert.Equal(1L, await Database(0).ForHouse.ReadAsync((connection, _) => connection.ExecuteScalarAsync<long>("SELECT count(*) FROM keyring WHERE purpose = 'signing' AND retired_at IS NULL"), default));
    }

    [Fact]
    public async Task A_node_with_another_master_key_does_not_start()
    {
        await Node(0).GetRequiredService<Keyring>().CheckAsync(default);
        foreach (var (master, says) in new[] { (new string('x', StorageOptions.MasterKeyCharsMin), "another master key"), (null, "same AOS_MASTER_KEY") })
        {
            var services = new ServiceCollection();
            var options = store.Options(folder);
            options.MasterKey = master;
            Register(services, options);
            await using var node = services.BuildServiceProvider();
            var locked = await Assert.ThrowsAsync<KeyringLockedException>(() => node.GetRequiredService<Keyring>().CheckAsync(default));
            Assert.Contains(says, locked.Message, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.EnumerateFiles(folder));
    }

    [Fact]
    public async Task An_agent_changed_by_two_nodes_keeps_both_changes()
    {
        var caller = new Caller(TenantId.Default, "test", []);
        var (agent, _) = await Agents(0).CreateAsync(caller, "a", null, new AgentSettings(), default);
        await Agents(1).FindAsync(caller.Tenant, agent!.Id, default);

        await Task.WhenAll(
            Agents(0).ChangeAsync(caller, agent.Id, it => it with { Name = "b" }, default),
            Agents(1).ChangeAsync(caller, agent.Id, it => it with { Status = AgentStatus.Paused }, default));

        var read = Assert.Single(await Agents(0).ListAsync(caller, default));
        Assert.Equal(("b", AgentStatus.Paused), (read.Name, read.Status));
    }

    [Fact]
    public async Task Another_nodes_change_is_seen_after_a_moment()
    {
        var caller = new Caller(TenantId.Default, "test", []);
        var (agent, _) = await Agents(0).CreateAsync(caller, "a", null, new AgentSettings(), default);
        await Agents(1).FindAsync(caller.Tenant, agent!.Id, default);
        await Agents(0).ChangeAsync(caller, agent.Id, it => it with { Status = AgentStatus.Paused }, default);

        Node(1).GetRequiredService<ManualClock>().Advance(AgentBook.Fresh);

        Assert.Equal(AgentStatus.Paused, (await Agents(1).FindAsync(caller.Tenant, agent.Id, default))!.Status);
    }

    [Fact]
    public async Task A_key_set_by_two_nodes_counts_both_and_one_write_twice_counts_once()
    {
        var stores = nodes.Select(node => new KvStore(new Lazy<IDatabase>(() => node.GetRequiredService<IDatabase>()), node.GetRequiredService<TimeProvider>())).ToArray();
        var written = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => stores[i % 2].SetAsync(Call($"w{i}"), "s", "k", $"\"{i}\"", null, false, default)));
        var repeated = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => stores[i % 2].SetAsync(Call("same"), "s", "k", "1", null, false, default)));

        Assert.Equal(Enumerable.Range(1, 8).Select(i => (long)i), written.Select(one => one.Reply!.Version).Order());
        Assert.All(repeated, one => Assert.Equal(9, one.Reply!.Version));
        Assert.Equal(1L, await Database(0).ForHouse.ReadAsync((connection, _) => connection.ExecuteScalarAsync<long>("SELECT keys FROM kv_usage"), default));
    }

    private static void Register(IServiceCollection services, StorageOptions options)
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        services.AddLogging();
        services.AddSingleton(clock);
        services.AddSingleton<TimeProvider>(clock);
        var aos = new AosBuilder(services, new ConfigurationBuilder().Build()).AddStorage(options);
        aos.Migrations(AgentBook.Migrations);
        aos.Migrations(KvSchema.Migrations);
        services.AddSingleton(new RunsOptions());
        services.AddSingleton(AgentOptions.Read(_ => null));
        services.AddSingleton<Scopes>();
        services.AddSingleton<AgentBook>();
    }

    private ServiceProvider Node(int node) => nodes[node];

    private IDatabase Database(int node) => Node(node).GetRequiredService<IDatabase>();

    private IKeyring Keyring(int node) => Node(node).GetRequiredService<IKeyring>();

    private AgentBook Agents(int node) => Node(node).GetRequiredService<AgentBook>();

    private static SkillCall Call(string key) => new(TenantId.Default, null, null, "a", key, 1, TimeSpan.FromSeconds(30));

    private static string Kept(DbConnection connection, DbTransaction transaction, string value)
    {
        var before = connection.ExecuteScalar<string>("SELECT value FROM kv WHERE tenant_id = 't'", transaction: transaction);
        if (before is null) connection.Execute("INSERT INTO kv (tenant_id, namespace, key, value, version, updated_at) VALUES ('t', 's', 'k', @value, 1, 0)", new { value }, transaction);
        return before ?? value;
    }

    private async Task<bool> WaitsAsync() => await Database(0).ForHouse.ReadAsync(
        (connection, _) => connection.ExecuteScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"), default);
}
