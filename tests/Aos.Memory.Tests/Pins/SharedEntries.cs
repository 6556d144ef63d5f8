using System.Collections.Immutable;
using Aos.Contracts;
using Aos.CostSim;
using Microsoft.Extensions.DependencyInjection;
using static Aos.Memory.Tests.PinHouse;

namespace Aos.Memory.Tests;

/// <summary>Tenant reader may read what all share.</summary>
public sealed class SharingHouse : PinHouse
{
    private protected override PinOptions Settings() => new() { ReadShared = ["reader"] };
}

/// <summary>Entries of the tenant that all may share.</summary>
public sealed class SharedEntries(SharingHouse house) : IClassFixture<SharingHouse>
{
    private static readonly Caller Admin = new(IPins.Shared, "key:admin", []) { IsHouse = true };
    private static readonly Caller Reader = new(new TenantId("reader"), "key:reader", []);

    [Fact]
    [Trait("id", "E10-15")]
    public async Task Where_the_house_says_so_a_tenant_reads_what_it_has_not_itself_and_is_told_whose_it_is()
    {
        await house.PutAsync(Admin, "config:a", """{"of":"all"}""");
        await house.PutAsync(Admin, "config:b", """{"of":"all"}""");
        await house.PutAsync(Reader, "config:b", """{"of":"reader"}""");
        for (var i = 0; i < 2; i++)
        {
            var (a, b) = ((await house.Pins.FindAsync(Reader, "config:a", Cancel))!, (await house.Pins.FindAsync(Reader, "config:b", Cancel))!);
            Assert.Equal((IPins.Shared, "all", Reader.Tenant, "reader"), (a.Tenant, a.Value.GetText("of"), b.Tenant, b.Value.GetText("of")));
        }

        Assert.Null(await house.Pins.FindAsync(house.NewTenant(), "config:a", Cancel));
        var read = await house.Memory.ReadAsync(Reader.Tenant, "run:1", ["config:a", "config:b", "config:c"], Cancel);
        Assert.Equal([IPins.Shared, Reader.Tenant, null], read.Select(one => one?.Tenant));
        Assert.All(read.Take(2), one => Assert.True(one!.Version > 0));
        Assert.Equal([null, null], await house.Memory.ReadAsync(house.NewTenant().Tenant, "run:1", ["config:a", "config:b"], Cancel));
        Assert.DoesNotContain((await house.Pins.ListAsync(Reader, new PinFilter(null, 10, 0, false), Cancel)).Pins, pin => pin.Tenant == IPins.Shared);
    }

    [Fact]
    [Trait("id", "E10-15")]
    public async Task Nobody_but_the_house_writes_what_all_share_whatever_their_tenant_is_called()
    {
        var stranger = new Caller(IPins.Shared, "key:stranger", ["admin"]);
        await house.PutAsync(Admin, "guarded", "{}");
        Assert.Equal("PERMISSION_DENIED", await house.CodeAsync(house.Pins.PutAsync(stranger, new PinWish("guarded", Json.Parse("""{"evil":1}"""), "test", null), Cancel)));
        Assert.Equal("PERMISSION_DENIED", await house.CodeAsync(house.Pins.ChangeAsync(stranger, new PinChange("guarded", [new PinEdit.Merge(Json.EmptyObject)]), Cancel)));
        Assert.Equal("PERMISSION_DENIED", (await house.Pins.PutAllAsync(stranger, [new PinWish("guarded", Json.EmptyObject, "test", null)], false, Cancel))[0].Refusal?.Code);
        Assert.Equal("PERMISSION_DENIED", (await house.Pins.DeleteAsync(stranger, "guarded", PinCondition.None, Cancel)).Refusal?.Code);
        Assert.Equal("PERMISSION_DENIED", (await house.Pins.CleanupAsync(stranger, Cancel)).Refusal?.Code);
        Assert.Equal("{}", (await house.Pins.FindAsync(Admin, "guarded", Cancel))!.Value.GetRawText());
        var refused = (await house.Audit.ListAsync(Admin, new PinAuditFilter(), Cancel)).Rows.Where(row => row.Entry.Who == "key:stranger").ToList();
        Assert.Equal((5, true), (refused.Count, refused.All(row => row.Entry is { Outcome: "refused", Code: "PERMISSION_DENIED" })));
    }
}

/// <summary>A store that does not answer.</summary>
public sealed class MemoryOutages : IAsyncLifetime
{
    private readonly OutageHouse open = new(failsOpen: true), closed = new(failsOpen: false);

    public async ValueTask InitializeAsync()
    {
        await open.InitializeAsync();
        await closed.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        open.IsDown = closed.IsDown = false;
        await open.DisposeAsync();
        await closed.DisposeAsync();
    }

    [Fact]
    [Trait("id", "E9.1-15")]
    public async Task Who_can_do_without_is_told_where_the_house_fails_open_and_refused_where_it_does_not()
    {
        var caller = open.NewTenant();
        await open.PutAsync(caller, "costsim:history", "{}");
        var healthy = await Simulation(open).KnownAsync(caller.Tenant, null, null, Cancel);
        Assert.Equal(("cost_history", null), (string.Join(' ', healthy.Names), healthy.Degraded));
        open.IsDown = closed.IsDown = true;

        var (names, degraded) = await Simulation(open).KnownAsync(caller.Tenant, null, null, Cancel);
        Assert.Equal((0, "The memory does not answer now."), (names.Count, degraded));
        Assert.Equal((1, "The memory does not answer now."), ((await open.Memory.LookAsync(caller.Tenant, "x", ["k"], Cancel)).Found.Count(found => found is null), (await open.Memory.LookAsync(caller.Tenant, "x", ["k"], Cancel)).Degraded));
        await Assert.ThrowsAsync<JournalUnavailableException>(() => closed.Memory.LookAsync(caller.Tenant, "x", ["k"], Cancel));
        await Assert.ThrowsAsync<JournalUnavailableException>(() => Simulation(closed).KnownAsync(caller.Tenant, null, null, Cancel));
        // A read of an entry, a run's and every write never pass an outage by.
        await Assert.ThrowsAsync<JournalUnavailableException>(() => open.Pins.FindAsync(caller, "k", Cancel));
        await Assert.ThrowsAsync<JournalUnavailableException>(() => open.Memory.ReadAsync(caller.Tenant, "run:1", ["k"], Cancel));
        await Assert.ThrowsAsync<JournalUnavailableException>(() => open.PutAsync(caller, "k", "{}"));
    }

    private static SimulationMemory Simulation(OutageHouse house) =>
        new(new CostSimOptions(), new ShadowMeter(house.Get<System.Diagnostics.Metrics.IMeterFactory>()), house.Clock, house.Memory, house.Pins);

    private sealed class OutageHouse(bool failsOpen) : PinHouse
    {
        internal bool IsDown { get; set; }

        private protected override PinOptions Settings() => new() { FailsOpen = failsOpen };

        private protected override void Replace(IServiceCollection services)
        {
            var own = services.Last(service => service.ServiceType == typeof(IDatabase));
            services.AddKeyedSingleton("own", (provider, _) => own.ImplementationFactory is { } make ? (IDatabase)make(provider) : (IDatabase)ActivatorUtilities.CreateInstance(provider, own.ImplementationType!));
            services.AddSingleton<IDatabase>(provider => new DownDatabase(provider.GetRequiredKeyedService<IDatabase>("own"), () => IsDown));
        }
    }

    /// <summary>The real store, which cannot be reached while it is said to be down.</summary>
    private sealed class DownDatabase(IDatabase inner, Func<bool> isDown) : IDatabase
    {
        public Dialect Dialect => inner.Dialect;

        public ITables ForHouse => new Tables(inner.ForHouse, isDown);

        public ITables For(TenantId tenant) => new Tables(inner.For(tenant), isDown);

        public void Lock(System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, string name) => inner.Lock(connection, transaction, name);

        private sealed class Tables(ITables inner, Func<bool> isDown) : ITables
        {
            public Task<T> ReadAsync<T>(Func<System.Data.Common.DbConnection, CancellationToken, Task<T>> read, CancellationToken cancel) => isDown() ? Down<T>() : inner.ReadAsync(read, cancel);

            public Task<T> WriteAsync<T>(Func<System.Data.Common.DbConnection, System.Data.Common.DbTransaction, T> write, CancellationToken cancel) => isDown() ? Down<T>() : inner.WriteAsync(write, cancel);

            private static Task<T> Down<T>() => Task.FromException<T>(new JournalUnavailableException("It is down.", TimeSpan.FromSeconds(1)));
        }
    }
}
