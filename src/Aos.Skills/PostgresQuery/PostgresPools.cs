using System.Data.Common;
using System.Net;
using Aos.Contracts;
using Aos.Kernel;
using Npgsql;

namespace Aos.Skills;

/// <summary>
/// Open connections to databases of tenants, kept between calls. Where a call goes is judged anew each time; a pool leads to one judged address, for one
/// version of a connection and one set of its secrets. A newer version closes the pools of older ones, and nobody's use closes them in time.
/// </summary>
internal sealed class PostgresPools(IPostgresReach reach, IEgress egress, TimeProvider clock) : IAsyncDisposable, IDisposable
{
    /// <summary>Connections of a pool.</summary>
    internal const int ConnectionsMax = 8;

    /// <summary>Pools of a node, those in use not counted.</summary>
    internal const int PoolsMax = 200;

    private static readonly TimeSpan IdleMax = TimeSpan.FromMinutes(5);
    private readonly Lock gate = new();
    private readonly Dictionary<PoolKey, Pool> pools = [];

    /// <summary>The fingerprint is of the settings with their secrets: two values of a secret may both hold for a while.</summary>
    private readonly record struct PoolKey(TenantId Tenant, string Name, long Version, IPAddress Address, string Fingerprint);

    internal IPostgresReach Reach => reach;

    internal int Count
    {
        get
        {
            lock (gate) return pools.Count;
        }
    }

    /// <summary>A connection of its own for one call, to be disposed; or why there is none. Throws when cancelled.</summary>
    /// <param name="fresh">What was kept open so far is not to be used.</param>
    internal async Task<(PostgresLease? Lease, Failure? Failure)> OpenAsync(OpenConnection connection, PostgresPlace place, bool fresh, CancellationToken cancel)
    {
        var (addresses, refusal) = await egress.ResolveAsync(place.Host, place.Port, EgressProtocol.Postgres, cancel);
        if (refusal is not null) return (null, refusal);
        var failure = FailureCatalog.Fail("DNS_FAILURE", $"{place.Host} has no address.");
        foreach (var address in addresses)
        {
            var known = connection.Known;
            var key = new PoolKey(known.Tenant, known.Name, known.Version, address, ContentHash.Hex(connection.Settings.Raw()));
            (var lease, var told) = await OpenAsync(key, place, fresh, cancel);
            if (lease is not null) return (lease, null);
            failure = told!;
            if (failure.Code is not ("CONNECTION_REFUSED" or "CONNECTION_RESET")) break;
        }

        return (null, failure);
    }

    public void Dispose()
    {
        foreach (var pool in TakeAll()) pool.Source.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pool in TakeAll()) await pool.Source.DisposeAsync();
    }

    private IReadOnlyList<Pool> TakeAll()
    {
        lock (gate)
        {
            Pool[] all = [.. pools.Values];
            pools.Clear();
            return all;
        }
    }

    private async Task<(PostgresLease? Lease, Failure? Failure)> OpenAsync(PoolKey key, PostgresPlace place, bool fresh, CancellationToken cancel)
    {
        var (pool, outdated) = Take(key, place);
        foreach (var old in outdated) await old.Source.DisposeAsync();
        try
        {
            await pool.Slots.WaitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            await ReleaseAsync(pool);
            throw;
        }

        if (fresh) ((NpgsqlDataSource)pool.Source).Clear();
        NpgsqlConnection? connection = null;
        try
        {
            connection = (NpgsqlConnection)await pool.Source.OpenConnectionAsync(cancel);
            return (new PostgresLease(connection, FreeAsync), null);
        }
        catch (Exception e) when (e is not OperationCanceledException && reach.Told(place, e) is not null)
        {
            cancel.ThrowIfCancellationRequested();
            return (null, reach.Told(place, e));
        }
        finally
        {
            if (connection is null) await FreeAsync();
        }

        ValueTask FreeAsync()
        {
            pool.Slots.Release();
            return ReleaseAsync(pool);
        }
    }

    private (Pool Pool, IReadOnlyList<Pool> Outdated) Take(PoolKey key, PostgresPlace place)
    {
        var now = clock.GetTimestamp();
        lock (gate)
        {
            if (!pools.TryGetValue(key, out var pool)) pools.Add(key, pool = new Pool(reach.Pool(place, key.Address, ConnectionsMax)));
            pool.Users++;
            pool.LastUsed = now;
            return (pool, Outdated(key, now));
        }
    }

    /// <summary>Takes out what is not for further use, and gives those of them that nobody uses.</summary>
    private List<Pool> Outdated(PoolKey key, long now)
    {
        var idle = pools.Where(pair => pair.Value.Users == 0).OrderBy(pair => pair.Value.LastUsed).ToList();
        var tooMany = idle.Count - PoolsMax;
        List<PoolKey> gone =
        [
            .. pools.Keys.Where(other => other.Tenant == key.Tenant && other.Name == key.Name && other.Version < key.Version),
            .. idle.Where((pair, index) => index < tooMany || clock.GetElapsedTime(pair.Value.LastUsed, now) > IdleMax).Select(pair => pair.Key),
        ];
        var unused = new List<Pool>();
        foreach (var old in gone)
        {
            if (!pools.Remove(old, out var pool)) continue;
            pool.IsOut = true;
            if (pool.Users == 0) unused.Add(pool);
        }

        return unused;
    }

    private async ValueTask ReleaseAsync(Pool pool)
    {
        bool isLast;
        lock (gate)
        {
            pool.Users--;
            pool.LastUsed = clock.GetTimestamp();
            isLast = pool.IsOut && pool.Users == 0;
        }

        if (isLast) await pool.Source.DisposeAsync();
    }

    private sealed class Pool(DbDataSource source)
    {
        internal DbDataSource Source { get; } = source;

        /// <summary>Whoever finds all connections in use waits for one as long as the call may.</summary>
        internal SemaphoreSlim Slots { get; } = new(ConnectionsMax);

        internal int Users { get; set; }

        internal long LastUsed { get; set; }

        /// <summary>Not given out any more; whoever uses it last closes it.</summary>
        internal bool IsOut { get; set; }
    }
}

/// <summary>A connection that a call has for itself.</summary>
internal sealed class PostgresLease(NpgsqlConnection connection, Func<ValueTask> release) : IAsyncDisposable
{
    internal NpgsqlConnection Connection { get; } = connection;

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        await release();
    }
}
